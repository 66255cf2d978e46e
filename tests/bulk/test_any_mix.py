"""Any mix of instances, in any order, under any fault and at any moment of an interruption."""

from __future__ import annotations

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ec2lite
from ec2lite.testing import FakeEC2

KINDS = {
    "accepted": {},
    "already": {"state": "stopped"},
    "wrong_state": {"state": "terminated"},
    "protected": {"stop_protected": True},
    "one_time_spot": {"spot": "one-time"},
    "instance_store": {"root_device_type": "instance-store"},
    "managed": {"managed": True},
    "not_found": None,
    "malformed": None,
}
UNSETTLED = {"not_attempted", "unknown", "throttled", "failed"}
FAULTS = ["reset", "lost", "throttled", "broken", "fatal", "interrupted", "interrupted late"]
CODES = {"throttled": "RequestLimitExceeded", "broken": "InternalError", "fatal": "Blocked"}
# What may have become of an instance whose request met a fault.
LEAVES = {
    "reset": {"unknown"},
    "lost": {"unknown"},
    "throttled": {"throttled"},
    "broken": {"unknown"},
    "fatal": {"not_attempted"},
    "interrupted": {"unknown", "not_attempted"},
    "interrupted late": {"unknown", "not_attempted"},
}


class Interrupted(BaseException):
    """What is pressed, or thrown into a task."""


class Line:
    """The way to a fake: it watches what is sent, and has a fault at the n-th request."""

    def __init__(self, fake, kept, faults):
        self.fake, self.kept, self.faults = fake, kept, dict(faults)
        self.sent = 0
        self.changed = {}

    def __call__(self, request):
        """Answer a request."""
        form = httpx.QueryParams(request.content.decode())
        ids = [value for name, value in form.items() if name.startswith("InstanceId")]
        settled = [each for each in ids if self.kept.outcomes[each].kind not in UNSETTLED]
        # What puts protection back comes after the outcome.
        assert [] == settled or form["Action"] != "StopInstances"
        self.sent += 1
        fault = self.faults.get(self.sent)
        if fault == "interrupted":
            raise Interrupted
        if fault == "reset":
            raise httpx.ReadError("reset")
        if fault in CODES:
            self.fake.fail_next(form["Action"], CODES[fault])
        answer = self.fake.transport.handle_request(request)
        if answer.status_code == 200:
            self.changed.update(dict.fromkeys(ids, fault))
        if fault == "lost":
            raise httpx.ReadError("reset")
        if fault == "interrupted late":
            raise Interrupted
        return answer


def launched(fake, mix):
    """Return the ids of a mix, with what is true of each."""
    truth = {}
    for number, kind in enumerate(mix):
        if KINDS[kind] is not None:
            (name,) = fake.run_instances(1, **KINDS[kind])
        else:
            name = f"i-{number:017x}" if kind == "not_found" else f"ebs{number}"
        truth[name] = kind
    return truth


def act(ids, line, colour, **options):
    """Stop instances; an error leaves what is known in ``kept``."""
    fake = line.fake
    retry = ec2lite.StandardRetry(dice=lambda: 0.0) if options.pop("retries") else ec2lite.NoRetry()
    transport = httpx.MockTransport(line)
    try:
        if colour == "sync":
            with fake.client(transport=transport, retry=retry) as ec2:
                ec2.stop_many(ids, resume=line.kept, **options)
        else:

            async def stop():
                async with fake.async_client(transport=transport, retry=retry) as ec2:
                    await ec2.stop_many(ids, resume=line.kept, **options)

            anyio.run(stop, backend=colour)
    except (ec2lite.EC2Error, Interrupted):
        pass


@pytest.mark.parametrize("colour", ["sync", "asyncio"])
@settings(max_examples=25, deadline=None)
@given(
    mix=st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=12),
    size=st.integers(1, 6),
    faults=st.dictionaries(st.integers(1, 8), st.sampled_from(FAULTS), max_size=3),
    retries=st.booleans(),
    most=st.none() | st.integers(0, 3),
)
def test_any_mix(colour, mix, size, faults, retries, most):
    """Each id has one outcome, the true one; nothing settled is sent; the next time ends it."""
    fake, kept = FakeEC2(), ec2lite.BatchResult()
    truth = launched(fake, mix)
    line = Line(fake, kept, faults)

    act(list(truth), line, colour, batch_size=size, retries=retries, max_failures=most)

    assert list(truth) == list(kept.outcomes)
    may_be_left = {"not_attempted"}.union(*(LEAVES[each] for each in faults.values()))
    for name, outcome in kept.outcomes.items():
        kind = outcome.kind.value
        # What an answer that was lost has stopped is stopping when it is asked about again.
        again = {"already"} if line.changed.get(name, "") != "" and faults else set()
        assert kind in {truth[name], *may_be_left, *again}
        assert kind != "accepted" or name in line.changed
        assert kind not in {"not_attempted", "throttled"} or line.changed.get(name) is None
        assert (outcome.error is None) == (kind in {"accepted", "already"})
    line.faults = {}
    act(None, line, colour, batch_size=size, retries=retries)

    for name, outcome in kept.outcomes.items():
        stopped = {"accepted", "already"}
        ends = stopped if truth[name] in stopped and faults else {truth[name]}
        assert outcome.kind.value in ends
    before = line.sent
    act(None, line, colour, batch_size=size, retries=retries)
    assert before == line.sent


@settings(max_examples=25, deadline=None)
@given(
    mix=st.lists(st.sampled_from(["accepted", "protected", "wrong_state"]), min_size=1, max_size=5),
    size=st.integers(1, 4),
    faults=st.dictionaries(st.integers(1, 12), st.sampled_from(FAULTS), max_size=3),
    retries=st.booleans(),
)
def test_protection_comes_back(mix, size, faults, retries):
    """Whatever happens while protection is off, it is on again, or the outcome says that not."""
    fake, kept = FakeEC2(), ec2lite.BatchResult()
    truth = launched(fake, mix)

    line = Line(fake, kept, faults)
    act(list(truth), line, "sync", batch_size=size, retries=retries, override_protection=True)

    with fake.client() as ec2:
        for name, kind in truth.items():
            described = ec2.describe_instance_attribute(name, "disableApiStop")
            said = kept.outcomes[name].fallback or ""
            is_back = "not put back" not in said
            assert is_back or faults
            assert described.disable_api_stop is (kind == "protected") or not is_back
            assert kind == "protected" or not said
            if not faults and kind == "protected":
                assert "accepted" == kept.outcomes[name].kind


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 120),
    size=st.integers(1, 50),
    bad=st.sets(st.integers(0, 119), max_size=6),
    is_named=st.booleans(),
)
def test_how_many_requests(count, size, bad, is_named):
    """The bound of the document: k + ceil(n / size), and the halvings where no id is named."""
    fake = FakeEC2()
    ids = fake.run_instances(count)
    bad = {each for each in bad if each < count}
    for number in bad:
        options = {"stop_protected": True} if is_named else {"xen": True}
        (ids[number],) = fake.run_instances(1, **options)

    with fake.client() as ec2:
        result = ec2.stop_many(ids, batch_size=size, skip_os_shutdown=None if is_named else True)

    halvings = 0 if is_named else 2 * (size - 1).bit_length()
    assert len(fake.calls) <= -(-count // size) + len(bad) * (halvings or 1)
    kind = "protected" if is_named else "failed"
    expected = [kind if number in bad else "accepted" for number in range(count)]
    assert expected == [each.kind.value for each in result.outcomes.values()]
