"""One outcome for each of many instances, on the fake EC2."""

from __future__ import annotations

import asyncio

import attrs
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ec2lite
from ec2lite.bulk.progress import progress
from ec2lite.testing import FakeEC2

KINDS = {
    "accepted": {},
    "already": {"state": "stopped"},
    "wrong_state": {"state": "terminated"},
    "protected": {"stop_protected": True},
    "one_time_spot": {"spot": "one-time"},
    "instance_store": {"root_device_type": "instance-store"},
    "managed": {"managed": True},
}


def launched(fake, kind, number):
    """Return the id of an instance for which stop_many has that outcome."""
    if kind == "not_found":
        return f"i-{number:017x}"
    if kind == "malformed":
        return f"ebs{number}"
    return fake.run_instances(1, **KINDS[kind])[0]


def kinds(result):
    """Return the kind of each outcome, in order."""
    return [each.kind.value for each in result.outcomes.values()]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([*KINDS, "not_found", "malformed"]), min_size=1, max_size=25),
    st.integers(1, 12),
)
def test_each_has_the_true_outcome(mix, size):
    """Each id of any mix has its outcome; a refused one costs at most one more request."""
    fake = FakeEC2()
    ids = [launched(fake, kind, number) for number, kind in enumerate(mix)]

    with fake.client() as ec2:
        result = ec2.stop_many(ids, batch_size=size)

    bad = sum(kind not in {"accepted", "already"} for kind in mix)
    assert (mix, ids) == (kinds(result), list(result.outcomes))
    assert len(fake.calls) <= bad + -(-len(ids) // size)


def test_awaited():
    """The other colour has the same outcomes."""
    fake = FakeEC2()
    ids = [*fake.run_instances(3), "i-00000000000000000"]

    async def stop():
        async with fake.async_client() as ec2:
            return await ec2.stop_many(ids)

    assert ["accepted"] * 3 + ["not_found"] == kinds(asyncio.run(stop()))


@pytest.mark.parametrize("action", ["start", "reboot", "terminate"])
def test_the_other_actions(action):
    """Each action does what it says, and tells which id it could not find."""
    fake = FakeEC2()
    ids = fake.run_instances(3, state="stopped" if action == "start" else "running")

    with fake.client() as ec2:
        result = getattr(ec2, f"{action}_many")([*ids, "i-00000000000000000"])

    assert ["accepted"] * 3 + ["not_found"] == kinds(result)
    assert result.succeeded + result.failed == tuple(result.outcomes.values())


def test_a_lost_answer_to_a_reboot():
    """What may have been rebooted is unknown, and is never sent again; the rest is sent."""
    fake = FakeEC2()
    ids = fake.run_instances(4)
    fake.reset_next("RebootInstances")

    with fake.client() as ec2:
        result = ec2.reboot_many(ids, batch_size=2)

    assert ["unknown", "unknown", "accepted", "accepted"] == kinds(result)
    assert 2 == len(fake.calls)


def test_an_error_of_the_request():
    """Keys that are refused end it, and the error carries what was done before."""
    fake = FakeEC2()
    ids = fake.run_instances(4)
    fake.fail_next("StopInstances", "InvalidClientTokenId")

    with fake.client() as ec2, pytest.raises(ec2lite.ServiceError) as caught:
        ec2.stop_many(ids, batch_size=2)

    assert ["not_attempted"] * 4 == kinds(caught.value.partial)
    assert 1 == len(fake.calls)


@pytest.mark.parametrize(("isolate", "sent"), [(False, 1), (True, 3)])
def test_unauthorized(isolate, sent):
    """IAM's refusal concerns the batch, which is halved on demand only."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    fake.fail_next("StopInstances", "UnauthorizedOperation", times=3)

    with fake.client() as ec2:
        result = ec2.stop_many(ids, isolate_unauthorized=isolate)

    assert (["unauthorized"] * 2, sent) == (kinds(result), len(fake.calls))


def test_throttled():
    """Throttling to the end is an outcome, and no reason to halve."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    fake.fail_next("StopInstances", "RequestLimitExceeded", times=9)

    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        result = ec2.stop_many(ids)

    assert (["throttled"] * 2, 1) == (kinds(result), len(fake.calls))


def test_deadline():
    """What the deadline leaves no time for is not attempted."""
    fake = FakeEC2()
    ids = fake.run_instances(4)
    fake.latency = 1.0

    with fake.client() as ec2:
        result = ec2.stop_many(ids, batch_size=1, deadline=2.5)

    assert "accepted" == kinds(result)[0]
    assert "not_attempted" == kinds(result)[-1]


def test_json():
    """A result comes back from JSON; other texts are refused."""
    fake = FakeEC2()
    fake_ids = [*fake.run_instances(2), "i-00000000000000000"]
    with fake.client() as ec2:
        result = ec2.stop_many(fake_ids)

    back = ec2lite.BatchResult.from_json(result.to_json())

    assert result == back
    assert str(result.failed[0].error) == str(back.failed[0].error).replace(
        "The request", "StopInstances", 1
    )
    with pytest.raises(ec2lite.ConfigError, match="to_json"):
        ec2lite.BatchResult.from_json("[1]")


def test_raise_for_failures():
    """Failures raise a group of the distinct errors; where there are none, nothing is raised."""
    fake = FakeEC2()
    with fake.client() as ec2:
        good, bad = ec2.stop_many(fake.run_instances(1)), ec2.stop_many("i-00000000000000000")

    good.raise_for_failures()
    with pytest.raises(ec2lite.BatchError) as caught:
        bad.raise_for_failures()
    assert [ec2lite.InstanceNotFound] == [type(each) for each in caught.value.exceptions]
    assert isinstance(caught.value, ec2lite.EC2Error)


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "InvalidClientTokenId"])
def test_a_lost_answer_before_a_refusal(code):
    """Where an answer was lost and the second request refused, what happened is unknown."""
    fake = FakeEC2()
    ids = fake.run_instances(3)
    fake.reset_next("StopInstances")
    fake.fail_next("StopInstances", code, times=9)

    with fake.client() as ec2:
        try:
            result = ec2.stop_many(ids, batch_size=2)
        except ec2lite.ServiceError as error:
            result = error.partial

    last = "not_attempted" if code == "InvalidClientTokenId" else "throttled"
    assert ["unknown", "unknown", last] == kinds(result)


def test_no_network():
    """Where no connection can be made, the error carries that nothing was attempted."""
    with (
        ec2lite.Client(
            region="us-east-1",
            endpoint_url="http://127.0.0.1:1",
            credentials=ec2lite.Credentials("AKIDEXAMPLE", "secret"),
            retry=ec2lite.NoRetry(),
        ) as ec2,
        pytest.raises(ec2lite.TransportError) as caught,
    ):
        ec2.stop_many(["i-1", "i-2"])

    assert ["not_attempted"] * 2 == kinds(caught.value.partial)


def test_no_network_until_the_deadline():
    """What could not be sent before the deadline is not attempted, and nothing is raised."""
    fake = FakeEC2()

    def refuse(request):
        fake.advance(5)
        raise httpx.ConnectError("refused")

    with fake.client(transport=httpx.MockTransport(refuse)) as ec2:
        result = ec2.stop_many(["i-1", "i-2"], batch_size=1, deadline=3)

    assert ["not_attempted"] * 2 == kinds(result)
    assert all(each.error for each in result.failed)


def test_an_answer_without_an_instance():
    """An instance that the answer leaves out is unknown, in JSON as well."""
    fake = FakeEC2()
    body = (
        '<StopInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>r</requestId><instancesSet/></StopInstancesResponse>"
    )

    with fake.client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    ) as ec2:
        result = ec2.stop_many("i-1")

    assert ["unknown"] == kinds(result)
    back = ec2lite.BatchResult.from_json(result.to_json())
    assert str(result.failed[0].error) == str(back.failed[0].error)


@given(st.sets(st.integers(0, 49), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_refusals_that_name_nobody(bad):
    """A batch whose refusal names no id is halved, within the bound that the document gives."""
    fake = FakeEC2()
    ids = fake.run_instances(50)
    for number in bad:
        ids[number] = fake.run_instances(xen=True)[0]

    with fake.client() as ec2:
        result = ec2.stop_many(ids, skip_os_shutdown=True)

    expected = ["failed" if number in bad else "accepted" for number in range(50)]
    assert expected == kinds(result)
    assert len(fake.calls) <= 1 + len(bad) * 14  # 2 * log2(50) + 2, rounded up


@pytest.mark.parametrize("most", [1, 0.2])
def test_max_failures(most):
    """After more failures than allowed nothing is sent; until then everything is."""
    fake = FakeEC2()
    ids = [f"i-{number:017x}" for number in range(2)] + fake.run_instances(4)

    with fake.client() as ec2:
        stopped = ec2.stop_many(ids, batch_size=2, max_failures=most)
        whole = ec2.stop_many(ids, batch_size=2, max_failures=2)

    assert ["not_found"] * 2 + ["not_attempted"] * 4 == kinds(stopped)
    assert "max_failures" in str(stopped.failed[-1].error)
    assert ["not_found"] * 2 + ["accepted"] * 4 == kinds(whole)


def test_progress():
    """Each request is told of, with the rate and what remains at that rate."""
    fake = FakeEC2()
    seen = []
    fake.latency = 0.5

    with fake.client() as ec2:
        ec2.stop_many(fake.run_instances(4), batch_size=2, on_progress=seen.append)

    assert [(2, 4, {"accepted": 2}), (4, 4, {"accepted": 4})] == [
        (each.done, each.total, each.by_kind) for each in seen
    ]
    assert [each.done / each.rate * (4 / each.done - 1) for each in seen] == pytest.approx(
        [each.remaining for each in seen]
    )


def test_no_rate_without_time():
    """Before any time has passed there is no rate."""
    assert progress({}, 4, 0) == ec2lite.BatchProgress(0, 4, {}, None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_failures": 1.5},
        {"max_failures": -1},
        {"on_progress": 1},
        {"on_progress": asyncio.sleep},
        {"batch_size": 0},
        {"deadline": 0},
    ],
)
def test_wrong_arguments(wrong):
    """What cannot be meant is refused by its name, and nothing is sent."""
    fake = FakeEC2()
    (name,) = wrong

    with fake.client() as ec2, pytest.raises(ec2lite.ConfigError, match=f"^{name} must be"):
        ec2.stop_many("i-1", **wrong)

    assert [] == fake.calls


def test_resume():
    """A result that is given is filled, and goes on: what is settled is not sent again."""
    fake = FakeEC2()
    ids = [*fake.run_instances(3), "i-00000000000000000"]
    fake.fail_next("StopInstances", "InvalidClientTokenId")
    kept = ec2lite.BatchResult()

    with fake.client() as ec2:
        with pytest.raises(ec2lite.ServiceError):
            ec2.stop_many(ids, batch_size=2, resume=kept)
        assert (["not_attempted"] * 4, ids) == (kinds(kept), list(kept.outcomes))
        again = ec2.stop_many(resume=ec2lite.BatchResult.from_json(kept.to_json()), batch_size=2)
        sent = len(fake.calls)
        whole = ec2.stop_many(resume=again)
        more = ec2.stop_many([*ids, *fake.run_instances(1)], resume=whole)

    assert ["accepted"] * 3 + ["not_found"] + ["accepted"] == kinds(whole)
    assert more is whole is again
    assert sent + 1 == len(fake.calls)


def test_resume_says_what_was_asked():
    """A result names the action, where it was asked, and how; to go on otherwise is refused."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    kept = ec2lite.BatchResult()
    with fake.client() as ec2:
        ec2.stop_many(ids, resume=kept, force=True)
        assert {"StopInstances", fake.region} <= set(map(str, kept.work.values()))
        assert kept.work["flags"] == {
            "dry_run": None,
            "force": True,
            "hibernate": None,
            "skip_os_shutdown": None,
        }
        for act, flags in [
            (ec2.stop_many, {}),
            (ec2.start_many, {}),
            (ec2.stop_many, {"hibernate": True}),
        ]:
            with pytest.raises(ec2lite.ConfigError, match=r"^resume must be a result of"):
                act(resume=kept, **flags)
    assert 1 == len(fake.calls)


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [("1", "2", None), (None, "2", "2"), ("1", None, "1"), ("1", "1", "1")],
)
def test_resume_with_an_account(before, now, kept):
    """Another account is refused, where both are known; one that is known is kept."""
    fake = FakeEC2()
    ids = fake.run_instances(1)
    result = ec2lite.BatchResult()

    def stop(account):
        keys = attrs.evolve(fake.credentials, account_id=account)
        with fake.client(credentials=keys) as ec2:
            ec2.stop_many(ids, resume=result)

    stop(before)
    if kept is None:
        with pytest.raises(ec2lite.ConfigError, match="account '2'"):
            stop(now)
    else:
        stop(now)
        assert kept == result.work["account"]


def test_reboots_of_unknown_outcome_are_settled():
    """What may have been rebooted is not sent again when a result is resumed; a stop is."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    rebooted, stopped = ec2lite.BatchResult(), ec2lite.BatchResult()
    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        for act, action, result in [
            (ec2.reboot_many, "RebootInstances", rebooted),
            (ec2.stop_many, "StopInstances", stopped),
        ]:
            fake.reset_next(action)
            act(ids, resume=result)
            assert ["unknown"] * 2 == kinds(result)
            act(resume=result)

    assert (["unknown"] * 2, ["accepted"] * 2) == (kinds(rebooted), kinds(stopped))


def test_interrupted():
    """A Ctrl-C leaves in the caller's hands what is known; what was under way is unknown."""
    fake = FakeEC2()
    ids = fake.run_instances(4)
    kept = ec2lite.BatchResult()
    requests = []

    def interrupt(request):
        requests.append(request)
        if len(requests) == 2:
            raise KeyboardInterrupt
        return fake.transport.handle_request(request)

    with (
        fake.client(transport=httpx.MockTransport(interrupt)) as ec2,
        pytest.raises(KeyboardInterrupt),
    ):
        ec2.stop_many(ids, batch_size=1, resume=kept)

    assert ["accepted", "unknown", "not_attempted", "not_attempted"] == kinds(kept)


def test_a_listener_that_raises():
    """An error of the caller's own function is the caller's, and nothing that is known is lost."""
    fake = FakeEC2()
    kept = ec2lite.BatchResult()

    with fake.client() as ec2, pytest.raises(ZeroDivisionError):
        ec2.stop_many(fake.run_instances(2), batch_size=1, resume=kept, on_progress=lambda _: 1 / 0)

    assert ["accepted", "not_attempted"] == kinds(kept)


def test_dry_run():
    """A dry run asks for each batch, and changes nothing; a yes is no failure, and no success."""
    fake = FakeEC2(policy=lambda call: call.action != "StartInstances")
    ids = fake.run_instances(3)

    with fake.client() as ec2:
        yes = ec2.stop_many(ids, batch_size=2, dry_run=True, max_failures=0)
        no = ec2.start_many(ids, dry_run=True)
        states = {each.instance_id: each.state.name for each in ec2.describe_instances(ids)}

    assert (["allowed"] * 3, (), ()) == (kinds(yes), yes.succeeded, yes.failed)
    assert all(isinstance(each.error, ec2lite.DryRunOperation) for each in yes.outcomes.values())
    assert ["unauthorized"] * 3 == kinds(no)
    assert dict.fromkeys(ids, "running") == states


def test_additional_info():
    """What start_instances may say, start_many says as well."""
    fake = FakeEC2()

    with fake.client() as ec2:
        ec2.start_many(fake.run_instances(1, state="stopped"), additional_info="x")

    assert "x" == fake.calls[0].parameters["AdditionalInfo"]


@pytest.mark.parametrize("resume", [None, ec2lite.BatchResult()])
def test_no_ids(resume):
    """Ids may be left out only where a result names some."""
    fake = FakeEC2()

    with fake.client() as ec2, pytest.raises(ec2lite.ConfigError, match=r"^instance_ids must be"):
        ec2.stop_many(resume=resume)
    with fake.client() as ec2, pytest.raises(ec2lite.ConfigError, match=r"^resume must be"):
        ec2.stop_many("i-1", resume=1)
