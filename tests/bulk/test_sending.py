"""What becomes of AWS's tokens, and of what a lost answer leaves in doubt."""

from __future__ import annotations

from types import SimpleNamespace

import attrs
import httpx
import pytest

import ec2lite
from ec2lite import Bucket, NoRetry, Pacing
from ec2lite.bulk.verdicts import FATAL_CODES
from ec2lite.testing import FakeEC2, VirtualClock


def kinds(result):
    """Return the kind of each outcome, in order."""
    return [each.kind.value for each in result.outcomes.values()]


def seconds(fake, act):
    """Return how long something takes on the fake's clock."""
    before = fake.clock.monotonic()
    act()
    return fake.clock.monotonic() - before


class Interrupting(VirtualClock):
    """A clock on which somebody presses Ctrl-C during the first pause."""

    pressed = False

    def sleep(self, seconds):
        """Interrupt once."""
        if seconds and not self.pressed:
            self.pressed = True
            raise KeyboardInterrupt
        super().sleep(seconds)


def test_a_deadline_puts_the_tokens_back():
    """What the deadline keeps from being sent leaves its tokens to the next one."""
    fake = FakeEC2()
    ids = fake.run_instances(1100)

    with fake.client() as ec2:
        result = ec2.stop_many(ids, deadline=1)
        fake.advance(5.1)
        assert 0 == seconds(fake, lambda: ec2.stop_many(resume=result))

    assert {"accepted"} == set(kinds(result))


def test_an_interrupted_pause_puts_the_tokens_back():
    """Ctrl-C while it waits for tokens: nothing was sent, and the tokens are there."""
    fake = FakeEC2(clock=Interrupting())
    ids, kept = fake.run_instances(1050), ec2lite.BatchResult()

    with fake.client() as ec2:
        with pytest.raises(KeyboardInterrupt):
            ec2.stop_many(ids, resume=kept)
        assert ["accepted"] * 1000 + ["not_attempted"] * 50 == kinds(kept)
        fake.advance(2.6)
        assert 0 == seconds(fake, lambda: ec2.stop_many(resume=kept))


def test_what_never_arrived_puts_the_tokens_back():
    """Where no connection can be made AWS has taken nothing, however often that is tried."""
    fake = FakeEC2()
    ids = fake.run_instances(1000)
    fails = iter([True, True, True])

    def refuse(request):
        if next(fails, False):
            raise httpx.ConnectError("refused")
        return fake.transport.handle_request(request)

    with fake.client(transport=httpx.MockTransport(refuse)) as ec2:
        with pytest.raises(ec2lite.TransportError):
            ec2.stop_many(ids, batch_size=1000)
        assert 0 == seconds(fake, lambda: ec2.stop_many(ids, batch_size=1000))


def test_credentials_that_fail_put_the_tokens_back():
    """Where the keys are gone before the request is signed, nothing was sent."""
    fake = FakeEC2()
    ids = fake.run_instances(1000)
    keys = fake.credentials
    frozen = SimpleNamespace(
        access_key=keys.access_key_id, secret_key=keys.secret_access_key, token=None
    )
    given = iter([frozen])
    source = SimpleNamespace(get_frozen_credentials=lambda: next(given))

    with fake.client(credentials=source) as ec2, pytest.raises(ec2lite.CredentialsError) as error:
        ec2.stop_many(ids, batch_size=1000)
    with fake.client() as ec2:
        assert 0 == seconds(fake, lambda: ec2.stop_many(ids, batch_size=1000))

    assert {"not_attempted"} == set(kinds(error.value.partial))


def test_a_repetition_waits_for_its_tokens():
    """A throttled request is repeated when the bucket has what it takes, and succeeds."""
    fake = FakeEC2(quotas={"StopInstances": (Bucket(50, 5), Bucket(100, 20))})
    ids = fake.run_instances(200)

    with fake.client(retry=ec2lite.StandardRetry(dice=lambda: 0.0)) as ec2:
        result = ec2.stop_many(ids, batch_size=100)

    assert {"accepted"} == set(kinds(result))
    assert ["ok", "RequestLimitExceeded", "ok"] == [each.outcome for each in fake.calls]


def test_a_repetition_that_the_deadline_forbids_puts_its_tokens_back():
    """A repetition for which there is no time takes nothing from those who come later."""
    fake = FakeEC2(quotas={})
    ids = fake.run_instances(100)
    pacing = Pacing(instances=Bucket(100, 10))
    fake.fail_next("StopInstances", "ServiceUnavailable")

    with fake.client(retry=ec2lite.StandardRetry(dice=lambda: 1.0)) as ec2:
        result = ec2.stop_many(ids, batch_size=100, pacing=pacing, deadline=0.01)
        assert 0 == seconds(fake, lambda: ec2.stop_many(ids, batch_size=100, pacing=pacing))

    assert {"unknown"} == set(kinds(result))


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("act", ["stop_many", "reboot_many"])
def test_something_went_wrong(act, status):
    """HTTP status 5xx does not say that nothing was done; a reboot is then never sent again."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    action = "StopInstances" if act == "stop_many" else "RebootInstances"
    fake.fail_next(action, "InternalError", status=status)

    with fake.client(retry=NoRetry()) as ec2:
        result = getattr(ec2, act)(ids, resume=ec2lite.BatchResult())
        assert ["unknown"] * 2 == kinds(result)
        getattr(ec2, act)(resume=result)

    assert ["accepted" if act == "stop_many" else "unknown"] * 2 == kinds(result)


def test_a_refusal_of_another_kind():
    """A refusal under 4xx whose code nobody knows has failed: nothing was done."""
    fake = FakeEC2()
    fake.fail_next("StopInstances", "Strange")

    with fake.client() as ec2:
        assert ["failed"] == kinds(ec2.stop_many(fake.run_instances()))


def test_too_many_requests_without_a_document():
    """HTTP status 429 is a throttle, whatever its body."""
    fake = FakeEC2()
    transport = httpx.MockTransport(lambda _: httpx.Response(429))

    with fake.client(transport=transport, retry=NoRetry()) as ec2:
        assert ["throttled"] == kinds(ec2.stop_many("i-1"))


@pytest.mark.parametrize("code", sorted(FATAL_CODES))
def test_codes_of_the_request(code):
    """What every batch would meet ends the work after one request."""
    fake = FakeEC2()
    ids = fake.run_instances(4)
    fake.fail_next("StopInstances", code, status=403)

    with fake.client() as ec2, pytest.raises(ec2lite.ServiceError) as caught:
        ec2.stop_many(ids, batch_size=1)

    assert (["not_attempted"] * 4, 1) == (kinds(caught.value.partial), len(fake.calls))


@pytest.mark.parametrize("is_view", [False, True])
@pytest.mark.parametrize("act", ["stop_many", "wait_until_stopped"])
def test_a_closed_client(act, is_view):
    """Neither work on many instances nor a wait begins on a closed client, or a view of one."""
    fake = FakeEC2()
    ec2 = fake.client()
    view = ec2.with_options(timeout=5) if is_view else ec2
    ec2.close()

    with pytest.raises(ec2lite.ConfigError, match="closed"):
        getattr(view, act)("i-1")

    assert [] == fake.calls


def test_progress_costs_the_same_at_any_size():
    """What is told counts what is settled, in a resumed result as well."""
    fake, seen = FakeEC2(), []
    ids = [*fake.run_instances(3), "i-00000000000000000"]

    with fake.client() as ec2:
        result = ec2.stop_many(ids[2:], resume=ec2lite.BatchResult())
        ec2.stop_many(ids, resume=result, batch_size=1, on_progress=seen.append)

    assert [(3, 4), (4, 4)] == [(each.done, each.total) for each in seen]
    assert {"accepted": 3, "not_found": 1} == seen[-1].by_kind


def test_what_was_unknown_stays_unknown():
    """What was sent once and is not reached again was not without an attempt."""
    fake = FakeEC2()
    ids, kept = fake.run_instances(2), ec2lite.BatchResult()
    fake.reset_next("StopInstances")

    with fake.client(retry=NoRetry()) as ec2:
        ec2.stop_many(ids[0], resume=kept)
        fake.fail_next("StopInstances", "Blocked")
        with pytest.raises(ec2lite.ServiceError):
            ec2.stop_many(ids, batch_size=1, resume=kept)

    assert ["unknown", "not_attempted"] == kinds(kept)


def test_unpaced_work_learns_nothing():
    """Without pacing there is nothing to put back, whatever the error."""
    fake = FakeEC2()
    ids = fake.run_instances(1)
    fake.reset_next("StopInstances")

    with fake.client() as ec2:
        keys = attrs.evolve(fake.credentials, account_id="1")
        with fake.client(credentials=keys) as other:
            assert ["accepted"] == kinds(other.stop_many(ids, pacing=ec2lite.NoPacing()))
        transport = httpx.MockTransport(Interrupted())
        with fake.client(transport=transport) as third, pytest.raises(KeyboardInterrupt):
            third.stop_many(ids, pacing=ec2lite.NoPacing())
        assert ["already"] == kinds(ec2.stop_many(ids))


class Interrupted:
    """Answers no request."""

    def __call__(self, request):
        """Be interrupted."""
        raise KeyboardInterrupt


def test_no_room():
    """Where EC2 has no room for an instance it is not asked again a second later."""
    fake = FakeEC2()
    ids = fake.run_instances(state="stopped", start_fails="InsufficientInstanceCapacity")

    with fake.client() as ec2:
        assert ["no_capacity"] == kinds(ec2.start_many(ids))

    assert 1 == len(fake.calls)
