"""``Client(pacing=…)``: single calls, pages and waits take from the buckets, too."""

from __future__ import annotations

import asyncio

import pytest

import ec2lite
from ec2lite import Bucket, NoPacing, Pacing
from ec2lite.testing import FakeEC2

SLOW = {"StopInstances": (Bucket(2, 1), Bucket(10, 1))}
OURS = Pacing(requests=Bucket(2, 1), instances=Bucket(10, 1))


def passed(fake: FakeEC2) -> float:
    """Return the seconds that have passed on a fake's clock."""
    return fake.clock.passed()


def outcomes(fake: FakeEC2) -> set[str]:
    """Return how the requests ended."""
    return {call.outcome for call in fake.calls}


def test_single_calls_wait_for_both_buckets() -> None:
    """Calls in a row wait for tokens of requests and of instances, and none is throttled."""
    fake = FakeEC2(quotas=SLOW)
    ids = fake.run_instances(15)
    with fake.client(pacing=OURS) as ec2:
        for each in ids[:5]:
            ec2.stop_instances(each)
        assert 3 <= passed(fake) < 3.1
        ec2.stop_instances(ids[5:])
    assert 5 <= passed(fake) < 5.1
    assert {"ok"} == outcomes(fake)


def test_without_pacing_nobody_waits() -> None:
    """By default, and with NoPacing, single calls go at once, and AWS throttles."""
    for pacing in (None, NoPacing()):
        fake = FakeEC2(quotas=SLOW)
        ids = fake.run_instances(3)
        with fake.client(pacing=pacing, retry=ec2lite.NoRetry()) as ec2:
            ec2.stop_instances(ids[0])
            ec2.stop_instances(ids[1])
            with pytest.raises(ec2lite.RequestLimitExceeded):
                ec2.stop_instances(ids[2])
        assert 0 == passed(fake)


def test_the_buckets_are_those_of_many() -> None:
    """What single calls took is not there for stop_many, in another client and colour."""
    fake = FakeEC2(quotas=SLOW)
    ids = fake.run_instances(10)

    async def stop_the_rest() -> ec2lite.BatchResult:
        async with fake.async_client(pacing=OURS) as ec2:
            return await ec2.stop_many(ids[2:], batch_size=1)

    with fake.client(pacing=OURS) as ec2:
        ec2.stop_instances(ids[0])
        ec2.stop_instances(ids[1])
        assert 0 == passed(fake)
        assert 8 <= ec2.plan_stop(10, batch_size=1).seconds < 8.1
    result = asyncio.run(stop_the_rest())

    assert 8 == len(result.succeeded)
    assert 8 <= passed(fake) < 8.1
    assert {"ok"} == outcomes(fake)


def test_many_takes_its_tokens_once() -> None:
    """stop_many of a paced client takes as long as of any other."""
    took = []
    for pacing in (None, Pacing()):
        fake = FakeEC2()
        with fake.client(pacing=pacing) as ec2:
            ec2.stop_many(fake.run_instances(1500))
        took.append(passed(fake))
    assert took[0] == pytest.approx(took[1])


def test_what_a_method_says_goes_before() -> None:
    """``pacing=`` of a method goes before that of its client; a resumed result has no ids."""
    fake = FakeEC2(quotas={})
    ids = fake.run_instances(30)
    kept = ec2lite.BatchResult()
    with fake.client(pacing=OURS) as ec2:
        ec2.stop_many(ids, pacing=NoPacing(), resume=kept, deadline=1)
        assert (0, 1) == (passed(fake), len(fake.calls))
        assert 0.0 == ec2.plan_stop(30, pacing=NoPacing()).seconds
        for each in ids[:20]:
            kept.outcomes[each] = ec2lite.Outcome(each, ec2lite.OutcomeKind.NOT_ATTEMPTED)
        ec2.stop_many(resume=kept)
    assert 10 <= passed(fake) < 10.1


def test_waits_and_pages_take_tokens() -> None:
    """A wait's looks and a description's pages come out of the buckets of descriptions."""
    quotas = {
        "DescribeInstances": (Bucket(100, 20), None),
        "DescribeInstances without filters or pages": (Bucket(50, 10), None),
    }
    fake = FakeEC2(quotas=quotas)
    (first, *_) = fake.run_instances(101 * 5)
    with fake.client(pacing=Pacing(), retry=ec2lite.NoRetry()) as ec2:
        assert 505 == sum(1 for _ in ec2.describe_instances(all_instances=True, page_size=5))
        assert 0.05 <= passed(fake) < 0.1
        for _ in range(51):
            list(ec2.describe_instances(first))
        assert 0.15 <= passed(fake) < 0.2
        ec2.wait_until_running(first)
        ec2.dry_run(ec2lite.StopInstances(first))
    assert {"ok", "DryRunOperation"} == outcomes(fake)


def test_other_actions_have_the_buckets_of_changes() -> None:
    """An action without buckets of its own has AWS's usual ones."""
    fake = FakeEC2(quotas={"ModifyInstanceAttribute": (Bucket(50, 5), None)})
    (one,) = fake.run_instances()
    with fake.client(pacing=OURS, retry=ec2lite.NoRetry()) as ec2:
        for number in range(51):
            ec2.modify_instance_attribute(one, disable_api_stop=bool(number % 2))
    assert 0.2 <= passed(fake) < 0.25
    assert {"ok"} == outcomes(fake)


def test_learns_and_puts_back() -> None:
    """A throttle slows the next call down; a refusal gives the instance's token back."""
    fake = FakeEC2(quotas={})
    one, other = fake.run_instances(2)
    pacing = Pacing(requests=Bucket(100, 100), instances=Bucket(1, 1))
    with fake.client(pacing=pacing, retry=ec2lite.NoRetry()) as ec2:
        for _ in range(3):
            with pytest.raises(ec2lite.InstanceNotFound):
                ec2.stop_instances("i-0123456789abcdef0")
        assert 0 == passed(fake)
        fake.fail_next("StopInstances", "RequestLimitExceeded")
        with pytest.raises(ec2lite.RequestLimitExceeded):
            ec2.stop_instances(one)
        ec2.stop_instances(other)
    assert passed(fake) > 1 / 0.7


def test_attempts_take_tokens_each() -> None:
    """Each attempt of a call takes a token, and a lost answer puts nothing back."""
    fake = FakeEC2(quotas={})
    ids = fake.run_instances(2)
    with fake.client(pacing=Pacing(requests=Bucket(1, 0.01), instances=Bucket(9, 9))) as ec2:
        fake.reset_next("StopInstances")
        ec2.with_options(timeout=500).stop_instances(ids)
    assert 100 <= passed(fake) < 105
    assert 2 == len(fake.calls)


def test_no_time_for_the_pause() -> None:
    """A call whose time limit comes before its tokens fails at once, unsent, and takes none."""
    fake = FakeEC2(quotas={})
    (one,) = fake.run_instances()
    with fake.client(pacing=Pacing(requests=Bucket(1, 0.1)), timeout=5) as ec2:
        ec2.stop_instances(one)
        for _ in range(9):
            with pytest.raises(ec2lite.TransportError) as caught:
                ec2.stop_instances(one)
            assert (True, False) == (caught.value.is_timeout, caught.value.maybe_sent)
        assert (0, 1) == (passed(fake), len(fake.calls))
        ec2.with_options(timeout=15).stop_instances(one)
    assert 10 <= passed(fake) < 11


def test_sts_is_not_paced() -> None:
    """Calls to other services, and calls that nobody signs, are not AWS's EC2 calls."""
    fake = FakeEC2(quotas={})
    unsigned = type("Unsigned", (ec2lite.RebootInstances,), {"signed": False})
    pacing = Pacing(requests=Bucket(1, 0.001))
    with fake.client(pacing=pacing, retry=ec2lite.NoRetry()) as ec2:
        for _ in range(3):
            ec2.send(ec2lite.GetCallerIdentity())
            with pytest.raises(ec2lite.ServiceError):
                ec2.send(unsigned("i-1"))
    assert 0 == passed(fake)


@pytest.mark.parametrize("client", [ec2lite.Client, ec2lite.AsyncClient])
def test_wrong_pacing(client) -> None:
    """What does not say how fast to go is refused when the client is made."""
    with pytest.raises(ec2lite.ConfigError, match="pacing must be Pacing, NoPacing or None"):
        client("eu-west-1", pacing=5)
