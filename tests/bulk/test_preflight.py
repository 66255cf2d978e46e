"""What a description says before many instances are changed."""

from __future__ import annotations

import httpx
import pytest

import ec2lite
from ec2lite.testing import FakeEC2

KINDS = {
    "will be replaced": {"auto_scaling_group": "web"},
    "fleet": {"tags": {"aws:ec2:fleet-id": "fleet-1"}},
    "Spot Fleet": {"tags": {"aws:ec2spot:fleet-request-id": "sfr-1"}},
    "store": {"root_device_type": "instance-store"},
    "spot": {"spot": "one-time"},
    "managed": {"managed": True},
    "mac": {"instance_type": "mac2.metal"},
    "terminated": {"state": "terminated"},
    "protected": {"stop_protected": True},
    "usual": {},
}


def launched(fake):
    """Return an instance of each kind, and an id that is none's."""
    ids = {kind: fake.run_instances(1, **values)[0] for kind, values in KINDS.items()}
    return {**ids, "missing": "i-00000000000000000"}


STOP = {
    "will be replaced": ("is in the Auto Scaling group web, which may replace it",),
    "fleet": ("is in the EC2 Fleet fleet-1, which may replace it",),
    "Spot Fleet": ("is in the Spot Fleet sfr-1, which may replace it",),
    "store": ("has an instance store for its root device, and cannot be stopped",),
    "spot": ("is a Spot Instance, which cannot be stopped if its request was a one-time one",),
    "managed": ("is managed by eks.amazonaws.com, which alone may change it",),
    "mac": ("is on a Mac host, which is scrubbed after a stop and starts nothing meanwhile",),
    "terminated": ("is terminated",),
    "missing": ("is not described: it does not exist, or not yet",),
}
OF_STOPS = {"store", "spot", "mac"}
REPLACED = {"will be replaced", "fleet", "Spot Fleet"}


@pytest.mark.parametrize(
    ("action", "left_out"),
    [
        ("stop", set()),
        ("terminate", OF_STOPS),
        ("start", OF_STOPS | REPLACED),
        ("reboot", OF_STOPS | REPLACED),
    ],
)
def test_findings(action, left_out):
    """Before anything is sent one description names what will not change, or will be replaced."""
    fake = FakeEC2()
    ids = launched(fake)

    with fake.client() as ec2:
        result = getattr(ec2, f"{action}_many")(list(ids.values()), check=True, dry_run=True)

    expected = {ids[kind]: said for kind, said in STOP.items() if kind not in left_out}
    assert expected == result.findings
    assert "DescribeInstances" == fake.calls[0].action
    assert 1 == sum(each.action.startswith("Describe") for each in fake.calls)
    assert result == ec2lite.BatchResult.from_json(result.to_json())


def test_protection_is_asked_for_on_demand():
    """Which are protected is in a call for each instance, made only if it is asked for."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    (ids[1],) = fake.run_instances(1, stop_protected=True, termination_protected=True)

    with fake.client() as ec2:
        stop = ec2.stop_many(ids, check="protection", dry_run=True)
        asked = [each.action for each in fake.calls].count("DescribeInstanceAttribute")
        end = ec2.terminate_many(ids, check="protection", dry_run=True)
        start = ec2.start_many(ids, check="protection", dry_run=True)

    set_ = "is protected: {} is set".format
    assert ({ids[1]: (set_("disableApiStop"),)}, 2) == (stop.findings, asked)
    assert {ids[1]: (set_("disableApiTermination"), set_("disableApiStop"))} == end.findings
    assert {} == start.findings


def test_what_was_settled_is_not_looked_at():
    """A resumed result keeps its findings; only what is asked again is described again."""
    fake = FakeEC2()
    ids = fake.run_instances(2, auto_scaling_group="web")
    kept = ec2lite.BatchResult()

    with fake.client() as ec2:
        ec2.stop_many(ids[0], check=True, resume=kept)
        ec2.stop_many(ids, check=True, resume=kept)
        ec2.stop_many(check=True, resume=kept)

    assert ids == list(kept.findings)
    looks = [each for each in fake.calls if each.action == "DescribeInstances"]
    assert [[ids[0]], [ids[1]]] == [
        [value for name, value in each.parameters.items() if name.startswith("Filter.1.Value")]
        for each in looks
    ]


def test_nobody_may_look():
    """Where the description is refused nothing is sent: the caller wanted to know before."""
    fake = FakeEC2(policy=lambda call: not call.action.startswith("Describe"))
    ids = fake.run_instances(2)

    with fake.client() as ec2, pytest.raises(ec2lite.UnauthorizedOperation) as caught:
        ec2.stop_many(ids, check=True)

    kinds = [each.kind.value for each in caught.value.partial.outcomes.values()]
    assert (["not_attempted"] * 2, 1) == (kinds, len(fake.calls))


def test_no_time_to_look():
    """Where the deadline comes before the description, nothing was attempted."""
    fake = FakeEC2()
    ids = fake.run_instances(201)
    fake.latency = 1.0

    with fake.client() as ec2:
        result = ec2.stop_many(ids, check=True, deadline=1.0)

    assert {"not_attempted"} == {each.kind.value for each in result.outcomes.values()}
    assert {} == result.findings
    assert {"DescribeInstances"} == {each.action for each in fake.calls}


def test_a_description_that_says_little():
    """What the answer leaves out is no finding."""
    fake = FakeEC2()
    body = (
        '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>r</requestId><reservationSet><item><instancesSet><item>"
        "<instanceId>i-1</instanceId><operator><managed>true</managed></operator>"
        "</item></instancesSet></item></reservationSet></DescribeInstancesResponse>"
    )

    def handle(request):
        if b"Describe" in request.content:
            return httpx.Response(200, text=body)
        return fake.transport.handle_request(request)

    with fake.client(transport=httpx.MockTransport(handle)) as ec2:
        result = ec2.stop_many("i-1", check=True)

    said = "is managed by an AWS service, which alone may change it"
    assert {"i-1": (said,)} == result.findings
