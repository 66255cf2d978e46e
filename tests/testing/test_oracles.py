"""A fake EC2 beside boto3, botocore's parser and moto."""

from __future__ import annotations

import boto3
import botocore.exceptions
import httpx
import pytest
from botocore.config import Config
from lxml import etree

import ec2lite
from ec2lite.testing import FakeEC2
from model import operation, parsed

IMAGE = "ami-12c6146b"  # one that moto knows


@pytest.fixture
def served(fake):
    """Return boto3's client on a served fake."""
    with fake.serve() as url:
        client = boto3.client(
            "ec2",
            fake.region,
            endpoint_url=url,
            aws_access_key_id=fake.credentials.access_key_id,
            aws_secret_access_key=fake.credentials.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}),
        )
        yield client
        client.close()


def states(answer, key):
    """Return the states before and after of boto3's answer."""
    return [(each["PreviousState"]["Name"], each["CurrentState"]["Name"]) for each in answer[key]]


def test_boto3(fake, served):
    """boto3 launches, stops, starts, reboots, protects, describes and terminates on a fake."""
    run = served.run_instances(
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=2,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "env", "Value": "dev"}]},
            {"ResourceType": "volume", "Tags": [{"Key": "disk", "Value": "1"}]},
        ],
        InstanceMarketOptions={"MarketType": "spot"},
    )
    ids = [each["InstanceId"] for each in run["Instances"]]
    assert ["pending", "pending"] == [each["State"]["Name"] for each in run["Instances"]]
    fake.advance(20)
    with pytest.raises(botocore.exceptions.ClientError, match="one-time Spot Instance request"):
        served.stop_instances(InstanceIds=ids)

    ids = fake.run_instances(2)
    assert [("running", "stopping")] * 2 == states(
        served.stop_instances(InstanceIds=ids), "StoppingInstances"
    )
    fake.advance(30)
    assert [("stopped", "pending")] * 2 == states(
        served.start_instances(InstanceIds=ids), "StartingInstances"
    )
    fake.advance(20)
    served.reboot_instances(InstanceIds=ids)
    served.modify_instance_attribute(InstanceId=ids[0], DisableApiTermination={"Value": True})
    found = served.describe_instance_attribute(InstanceId=ids[0], Attribute="disableApiTermination")
    assert {"Value": True} == found["DisableApiTermination"]
    tagged = served.describe_instances(Filters=[{"Name": "tag:env", "Values": ["d*"]}])
    assert 2 == sum(len(each["Instances"]) for each in tagged["Reservations"])
    pages = served.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    assert 4 == sum(len(each["Instances"]) for page in pages for each in page["Reservations"])
    assert [("running", "shutting-down")] == states(
        served.terminate_instances(InstanceIds=ids[1:]), "TerminatingInstances"
    )


@pytest.mark.parametrize("action", ["stop", "start", "terminate", "reboot"])
def test_boto3_is_refused(served, action):
    """boto3 raises the errors of a fake as it does EC2's."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        getattr(served, f"{action}_instances")(InstanceIds=["i-00000000000000bad"])

    error = caught.value.response
    assert "InvalidInstanceID.NotFound" == error["Error"]["Code"]
    assert "The instance ID 'i-00000000000000bad' does not exist" == error["Error"]["Message"]
    assert 400 == error["ResponseMetadata"]["HTTPStatusCode"]


def test_boto3_waits(fake, served):
    """boto3's waiter sees an instance stop."""
    (instance_id,) = fake.run_instances()
    served.stop_instances(InstanceIds=[instance_id])
    fake.advance(30)
    waiter = served.get_waiter("instance_stopped")
    waiter.wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 1})


def test_boto3_asks_sts(fake):
    """boto3 finds out whose keys it has."""
    with fake.serve() as url:
        sts = boto3.client(
            "sts",
            fake.region,
            endpoint_url=url,
            aws_access_key_id=fake.credentials.access_key_id,
            aws_secret_access_key=fake.credentials.secret_access_key,
        )
        found = sts.get_caller_identity()
        role = sts.assume_role(
            RoleArn="arn:aws:iam::123456789012:role/ops", RoleSessionName="night"
        )
        sts.close()

    assert ("123456789012", "arn:aws:iam::123456789012:user/fake") == (
        found["Account"],
        found["Arn"],
    )
    assert role["Credentials"]["SessionToken"]


class Kept(httpx.BaseTransport):
    """A transport that keeps the answers."""

    def __init__(self, inner):
        self.inner = inner
        self.answers = []

    def handle_request(self, request):
        response = self.inner.handle_request(request)
        self.answers.append((response.status_code, dict(response.headers), response.read()))
        return response


def bare(value):
    """Return boto3's dict without what is about the answer itself."""
    return {key: each for key, each in value.items() if key != "ResponseMetadata"}


def questions(ids):
    """Return a request for each action."""
    return [
        ec2lite.StopInstances(ids),
        ec2lite.StartInstances(ids[:1]),
        ec2lite.RebootInstances(ids[2:]),
        ec2lite.TerminateInstances(ids[2:]),
        ec2lite.DescribeInstances(all_instances=True),
        ec2lite.DescribeInstanceStatus(all_instances=True, include_all_instances=True),
        ec2lite.ModifyInstanceAttribute(ids[0], disable_api_stop=True),
        ec2lite.DescribeInstanceAttribute(ids[0], "disableApiStop"),
    ]


def strangers(element, shape):
    """Return the names of the elements that botocore's model does not have."""
    if shape.type_name == "list":
        return [name for item in element for name in strangers(item, shape.member)]
    if shape.type_name != "structure":
        return []
    known = {each.serialization.get("name", name): each for name, each in shape.members.items()}
    found = []
    for child in element:
        name = etree.QName(child).localname
        found += strangers(child, known[name]) if name in known else [name]
    return found


@pytest.mark.parametrize("number", range(8))
def test_botocore_reads_the_same(number):
    """Botocore's parser reads in each document what ours does, and its model has each element."""
    fake = FakeEC2(seed=number)
    ids = fake.run_instances(3, tags={"a": "<&>"}, hibernation=True, spot="persistent")
    fake.run_instances(managed=True, state="pending", auto_scaling_group="web")
    kept = Kept(fake.transport)
    request = questions(ids)[number]
    with fake.client(transport=kept) as ec2:
        ours = ec2.send(request).to_dict()
    ((_, _, body),) = kept.answers

    assert bare(ours) == parsed(request.action, body)
    shape = operation(request.action).output_shape
    expected = ["return", "requestId"] if shape is None else ["requestId"]
    root = etree.fromstring(body)
    names = (
        [etree.QName(each).localname for each in root] if shape is None else strangers(root, shape)
    )
    assert sorted(expected) == sorted(names)


def outcome(url, keys, steps):
    """Return what an EC2 answers to these steps."""
    seen = []
    with ec2lite.Client("us-east-1", credentials=keys, endpoint_url=url) as ec2:
        for name, ids, flags in steps:
            try:
                result = getattr(ec2, f"{name}_instances")(ids, **flags)
            except ec2lite.ServiceError as error:
                seen.append((name, error.code))
            else:
                answer = result.to_dict()
                changed = [key for key in answer if key.endswith("Instances")]
                seen.append((name, [states(answer, key) for key in changed]))
    return seen


def test_moto_agrees(fake, moto):
    """Where moto follows EC2, the fake does as moto does: states before and after, and refusals.

    moto knows no time between two states, so that only changes of instances at rest are compared.
    """
    keys = fake.credentials
    boto = boto3.client(
        "ec2",
        "us-east-1",
        endpoint_url=moto,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
    )
    run = boto.run_instances(ImageId=IMAGE, MinCount=3, MaxCount=3)
    boto.close()
    theirs = [each["InstanceId"] for each in run["Instances"]]
    ours = fake.run_instances(3)

    def steps(ids):
        return [
            ("stop", ids[:2], {}),
            ("stop", ["i-00000000000000bad"], {}),
            ("stop", ids[2:], {"dry_run": True}),
            ("start", ["i-00000000000000bad", *ids], {}),
            ("reboot", ids[2:], {}),
            ("terminate", ids[2:], {}),
        ]

    with fake.serve() as url:
        assert outcome(moto, keys, steps(theirs)) == outcome(url, keys, steps(ours))
