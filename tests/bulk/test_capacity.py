"""Starts for which there is no room, and terminations that are not all or nothing."""

from __future__ import annotations

import re

import httpx
import pytest

import ec2lite
from ec2lite.testing import FakeEC2

GOOD = "running"


def kinds(result):
    """Return the kind of each outcome, in order."""
    return [each.kind.value for each in result.outcomes.values()]


def sent(fake, action):
    """Return how many requests there were for an action."""
    return sum(each.action == action for each in fake.calls)


def without_descriptions(call):
    """Permit all but descriptions."""
    return not call.action.startswith("Describe")


def test_no_room_in_a_zone():
    """Batches are parted by type and zone: the others start, the full zone's have no capacity."""
    fake = FakeEC2()
    ids = fake.run_instances(30, state="stopped")
    fake.no_capacity.add(("t3.micro", "us-east-1b"))

    with fake.client() as ec2:
        result = ec2.start_many(ids)
        zones = {
            each.instance_id: each.placement.availability_zone
            for each in ec2.describe_instances(ids)
        }

    expected = ["no_capacity" if zones[each] == "us-east-1b" else "accepted" for each in ids]
    assert expected == kinds(result)
    assert all(each.error.code == "InsufficientInstanceCapacity" for each in result.failed)
    # One of all, one of each of the two other zones, and the ten of this one in halves.
    assert 1 + 2 + (2 * 10 - 1) == sent(fake, "StartInstances")


@pytest.mark.parametrize("policy", [None, without_descriptions])
def test_no_room_for_some(policy):
    """Within a type and zone those are found for which there is no room, also undescribed."""
    fake = FakeEC2(policy=policy)
    ids = fake.run_instances(16, state="stopped", zone="us-east-1a")
    full = {"start_fails": "InsufficientInstanceCapacity", "zone": "us-east-1a"}
    ids[3], ids[12] = fake.run_instances(2, state="stopped", **full)

    with fake.client() as ec2:
        result = ec2.start_many(ids)

    expected = ["no_capacity" if number in {3, 12} else "accepted" for number in range(16)]
    assert expected == kinds(result)
    assert 1 == sent(fake, "DescribeInstances") or policy is not None


def test_types_are_told_apart():
    """A type without room leaves the others of its zone alone."""
    fake = FakeEC2()
    ids = [
        fake.run_instances(1, state="stopped", zone="us-east-1a", instance_type=each)[0]
        for each in ["p5.48xlarge", "t3.micro"] * 2
    ]
    fake.no_capacity.add(("p5.48xlarge", "us-east-1a"))

    with fake.client() as ec2:
        result = ec2.start_many(ids)

    assert ["no_capacity", "accepted"] * 2 == kinds(result)
    assert 1 + 1 + 3 == sent(fake, "StartInstances")


def protected_zone(fake):
    """Return instances of three zones, of which one of the first zone is protected."""
    ids = [
        *fake.run_instances(3, zone="us-east-1a"),
        *fake.run_instances(3, zone="us-east-1b"),
        *fake.run_instances(1, zone="us-east-1b", state="shutting-down"),
        *fake.run_instances(1, zone="us-east-1c", state="terminated"),
    ]
    (ids[1],) = fake.run_instances(zone="us-east-1a", termination_protected=True)
    return ids


def test_terminated_in_other_zones():
    """What a refused request has terminated is accepted; what was gone before it, already."""
    fake = FakeEC2()
    ids = protected_zone(fake)
    fake.advance(30)

    with fake.client() as ec2:
        result = ec2.terminate_many(ids)

    assert [
        *("accepted", "protected", "accepted"),
        *("accepted", "accepted", "accepted"),
        *("already", "already"),
    ] == kinds(result)
    assert [None, "shutting-down"] == [
        result.outcomes[ids[3]].previous_state,
        result.outcomes[ids[3]].current_state,
    ]
    assert 2 == sent(fake, "TerminateInstances")


def test_terminated_undescribed():
    """Without the permission to describe, the others are asked for again."""
    fake = FakeEC2(policy=without_descriptions)
    ids = protected_zone(fake)

    with fake.client() as ec2:
        result = ec2.terminate_many(ids)

    assert {"accepted", "already", "protected"} == set(kinds(result))
    assert "protected" == kinds(result)[1]


def test_terminated_without_an_answer():
    """Where the answer was lost, a description tells what was terminated; else it is unknown."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    lost = []

    def lose(request):
        answer = fake.transport.handle_request(request)
        if b"Action=Terminate" in request.content:
            lost.append(request)
            raise httpx.ReadError("reset")
        return answer

    with fake.client(transport=httpx.MockTransport(lose), retry=ec2lite.NoRetry()) as ec2:
        result = ec2.terminate_many(ids)
    fake.reset_next("TerminateInstances")
    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        other = ec2.terminate_many(fake.run_instances(1))

    assert (["accepted"] * 2, 1) == (kinds(result), len(lost))
    assert ["unknown"] == kinds(other)


def test_a_dry_run_of_a_termination():
    """A dry run describes nothing: nothing can have been terminated."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    fake.fail_next("TerminateInstances", "InternalError", times=3)

    with fake.client() as ec2:
        assert ["unknown"] * 2 == kinds(ec2.terminate_many(ids, dry_run=True))

    assert 0 == sent(fake, "DescribeInstances")


def test_a_description_without_a_time():
    """Where EC2 does not say when an instance was terminated, the request is believed to have."""
    fake = FakeEC2()
    ids = [*fake.run_instances(1, termination_protected=True, zone="us-east-1a")]
    ids += fake.run_instances(1, state="shutting-down", zone="us-east-1b")
    fake.advance(5)

    def handle(request):
        answer = fake.transport.handle_request(request)
        body = answer.read().replace(b"User initiated", b"Server.SpotInstanceTermination")
        return httpx.Response(answer.status_code, content=re.sub(rb"\(\d.*?GMT\)", b"", body))

    with fake.client(transport=httpx.MockTransport(handle)) as ec2:
        assert ["protected", "accepted"] == kinds(ec2.terminate_many(ids))


def test_interrupted_while_it_looks():
    """Ctrl-C before it is known what a refused request has terminated leaves that unknown."""
    fake = FakeEC2()
    ids, kept = protected_zone(fake), ec2lite.BatchResult()

    def interrupt(request):
        if b"Action=Describe" in request.content:
            raise KeyboardInterrupt
        return fake.transport.handle_request(request)

    with (
        fake.client(transport=httpx.MockTransport(interrupt)) as ec2,
        pytest.raises(KeyboardInterrupt),
    ):
        ec2.terminate_many(ids, resume=kept)

    assert ["unknown", "protected"] + ["unknown"] * 6 == kinds(kept)


def test_ids_that_mean_more():
    """An id with a wildcard is never described, for it would be all that match."""
    fake = FakeEC2()
    ids = [*fake.run_instances(2), "i-*"]

    with fake.client() as ec2:
        result = ec2.stop_many(ids, check=True)

    assert {"i-*": ("is not described: it does not exist, or not yet",)} == result.findings
    assert "i-*" not in fake.calls[0].parameters.values()


def test_many_are_described_in_parts():
    """A filter has at most 200 values."""
    fake = FakeEC2()
    ids = [*fake.run_instances(450), "i-00000000000000000"]

    with fake.client() as ec2:
        result = ec2.stop_many(ids, check=True, batch_size=500)

    assert ["i-00000000000000000"] == list(result.findings)
    assert 3 == sent(fake, "DescribeInstances")
