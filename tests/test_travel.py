"""What goes to other processes: requests, plans, targets and results do, clients do not."""

from __future__ import annotations

import pickle

import attrs
import pytest

import ec2lite
from ec2lite import BatchResult, Filter, Plan
from ec2lite.testing import FakeEC2

REQUESTS = [
    ec2lite.StopInstances(["i-1", "i-2"], hibernate=True, dry_run=False),
    ec2lite.StartInstances("i-1", additional_info="x"),
    ec2lite.RebootInstances(["i-1"]),
    ec2lite.TerminateInstances(["i-1"], force=True),
    ec2lite.DescribeInstances(["i-1"]),
    ec2lite.DescribeInstances(filters=[Filter("tag:a", ["b", "c"]), Filter("tag:a", "d")]),
    ec2lite.DescribeInstances(all_instances=True, page_size=7, next_token="t"),
    ec2lite.DescribeInstanceStatus(filters={"event.code": "x"}, include_all_instances=True),
    ec2lite.ModifyInstanceAttribute("i-1", user_data=b"\x00\xff"),
    ec2lite.ModifyInstanceAttribute("i-1", disable_api_stop=False),
    ec2lite.ModifyInstanceAttribute("i-1", groups=["sg-1", "sg-2"]),
    ec2lite.ModifyInstanceAttribute(
        "i-1",
        block_device_mappings=[
            ec2lite.InstanceBlockDeviceMappingSpecification("/dev/sda1", delete_on_termination=True)
        ],
    ),
    ec2lite.DescribeInstanceAttribute("i-1", "disableApiStop"),
    ec2lite.GetCallerIdentity(),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda each: each.action)
def test_requests(request_):
    """A request is the same after pickle and after JSON, and sends the same."""
    for copy in (
        pickle.loads(pickle.dumps(request_)),
        type(request_).from_json(request_.to_json()),
    ):
        assert request_ == copy
        assert request_.form_pairs() == copy.form_pairs()


@attrs.frozen
class Own(ec2lite.Operation[int]):
    """An operation of somebody's own."""

    action = "Own"
    number: int
    names: tuple[str, ...] = attrs.field(default=(), converter=tuple)

    def form_pairs(self):
        """Send nothing."""
        return []

    def parse(self, root, metadata):
        """Read nothing."""
        return 0


def test_operations_of_others():
    """Operations that ec2lite does not have become JSON without further ado."""
    assert Own(5, ["a"]) == Own.from_json(Own(5, ["a"]).to_json())
    assert '{"action": "Own", "parameters": {"number": 5}}' == Own(5).to_json()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "5",
        "{}",
        '{"action": "StartInstances", "parameters": {"instance_ids": ["i-1"]}}',
        '{"action": "StopInstances", "parameters": {"ids": ["i-1"]}}',
        '{"action": "StopInstances", "parameters": {"instance_ids": []}}',
        '{"action": "StopInstances", "parameters": {}}',
    ],
)
def test_other_texts(text):
    """What is no such request is a ConfigError."""
    with pytest.raises(ec2lite.ConfigError):
        ec2lite.StopInstances.from_json(text)


def test_what_a_text_is_of():
    """The error says of which action a text is, as far as that is known."""
    with pytest.raises(ec2lite.ConfigError) as caught:
        ec2lite.StopInstances.from_json(ec2lite.RebootInstances("i-1").to_json())
    said = "text must be what to_json() of StopInstances returned, not of RebootInstances"
    assert said == str(caught.value)


def test_plans():
    """A plan is the same after pickle and after JSON."""
    with FakeEC2().client() as ec2:
        plan = ec2.plan_stop(5000)
    assert plan == pickle.loads(pickle.dumps(plan))
    assert plan == Plan.from_json(plan.to_json())
    for text in ("", "5", '{"action": "x"}'):
        with pytest.raises(ec2lite.ConfigError, match=r"^text must be what to_json"):
            Plan.from_json(text)


def test_results():
    """A result is the same after pickle and after JSON, with the words of its errors."""
    fake = FakeEC2()
    with fake.client() as ec2:
        result = ec2.stop_many([*fake.run_instances(2), "i-0123456789abcdef0"])

    for copy in (pickle.loads(pickle.dumps(result)), BatchResult.from_json(result.to_json())):
        assert (result, result.failed) == (copy, copy.failed)
        (failed,) = copy.failed
        assert isinstance(failed.error, ec2lite.InstanceNotFound)
        assert result.failed[0].error.message == failed.error.message


@pytest.mark.parametrize("make", ["client", "async_client"])
def test_clients_stay(make):
    """A client refuses to be pickled, and says why."""
    client = getattr(FakeEC2(), make)()
    said = f"^{type(client).__name__} holds connections and secrets, and cannot be pickled$"
    with pytest.raises(TypeError, match=said):
        pickle.dumps(client)
