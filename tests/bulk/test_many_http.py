"""Many instances over real HTTP: on a fake EC2, and on moto for what moto knows."""

from __future__ import annotations

import boto3
import pytest

from colours import Colour
from ec2lite import Bucket, Pacing
from ec2lite.testing import FakeEC2
from samples import KEYS

# A hundredth of fifty thousand, with quotas that nobody has to wait for.
COUNT = 500
PLENTY = (Bucket(5000, 500), Bucket(5000, 500))
KINDS = {
    "wrong_state": {"state": "terminated"},
    "protected": {"stop_protected": True},
    "not_hibernatable": {"hibernation": False},
    "one_time_spot": {"spot": "one-time"},
    "instance_store": {"root_device_type": "instance-store"},
    "managed": {"managed": True},
    "unauthorized": {"tags": {"owner": "somebody-else"}},
}


@pytest.mark.parametrize("name", ["sync", "asyncio"])
def test_each_has_the_true_outcome(name):
    """Of 500 instances, one in a hundred of each kind is refused so; faults change no outcome."""
    denied = set()
    fake = FakeEC2(
        quotas={"StopInstances": PLENTY},
        policy=lambda call: denied.isdisjoint(call.instance_ids),
    )
    truth = {f"i-{number:017x}": "not_found" for number in range(5)}
    truth |= {f"ebs{number}": "malformed" for number in range(5)}
    for kind, flags in KINDS.items():
        made = fake.run_instances(COUNT // 100, **{"hibernation": True, **flags})
        truth |= dict.fromkeys(made, kind)
    denied.update(each for each, kind in truth.items() if kind == "unauthorized")
    good = fake.run_instances(COUNT - len(truth), hibernation=True)
    # In turns, so that each batch has some of each.
    ids = sorted([*truth, *good], key=lambda each: each[::-1])
    truth |= dict.fromkeys(good, "accepted")
    fake.fail_next("StopInstances", "ServiceUnavailable", times=2, status=503)
    fake.reset_next("StopInstances")

    with (
        fake.serve() as url,
        Colour(name).client(fake.region, credentials=fake.credentials, endpoint_url=url) as ec2,
    ):
        result = ec2.stop_many(
            ids, hibernate=True, isolate_unauthorized=True, pacing=Pacing(*PLENTY)
        )

    assert ids == list(result.outcomes)
    assert truth == {each.instance_id: each.kind.value for each in result.outcomes.values()}
    stopped = [call for call in fake.calls if call.outcome == "ok"]
    assert sorted(good) == sorted(each for call in stopped for each in call.instance_ids)


@pytest.mark.parametrize("name", ["sync", "asyncio"])
def test_moto_agrees(moto, name):
    """On moto, too, what is there stops, what is not is not found, and what is protected stays."""
    keys = {"aws_access_key_id": KEYS.access_key_id, "aws_secret_access_key": "x"}
    theirs = boto3.client("ec2", "eu-west-1", endpoint_url=moto, **keys)
    made = theirs.run_instances(ImageId="ami-12c6146b", MinCount=12, MaxCount=12)
    ids = [each["InstanceId"] for each in made["Instances"]]
    protection = {"Value": True}
    theirs.modify_instance_attribute(InstanceId=ids[0], DisableApiTermination=protection)
    missing = "i-0123456789abcdef0"

    with Colour(name).client("eu-west-1", credentials=KEYS, endpoint_url=moto) as ec2:
        stopped = ec2.stop_many([*ids, missing], batch_size=5)
        ended = ec2.terminate_many(ids, batch_size=5)
        states = {each.instance_id: each.state.name for each in ec2.describe_instances(ids)}

    def kinds(result):
        return [each.kind.value for each in result.outcomes.values()]

    assert ["accepted"] * 12 + ["not_found"] == kinds(stopped)
    assert ["protected"] + ["accepted"] * 11 == kinds(ended)
    assert ["stopped"] + ["terminated"] * 11 == [states[each] for each in ids]
