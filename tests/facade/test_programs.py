"""Programs as people write them for boto3: the import is all that changes."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from ec2lite.testing import FakeEC2

# A function in a schedule: it finds by tag and state, and stops or starts what it finds.
SCHEDULER = """
import boto3
from botocore.exceptions import ClientError

def lambda_handler(event, context):
    ec2 = boto3.client("ec2", region_name=event["region"])
    wanted = {"stop": "running", "start": "stopped"}[event["action"]]
    filters = [
        {"Name": "tag:Schedule", "Values": ["office-hours"]},
        {"Name": "instance-state-name", "Values": [wanted]},
    ]
    response = ec2.describe_instances(Filters=filters)
    ids = [i["InstanceId"] for r in response["Reservations"] for i in r["Instances"]]
    if not ids:
        return {"statusCode": 200, "body": "nothing to do"}
    try:
        if event["action"] == "stop":
            done = ec2.stop_instances(InstanceIds=ids)["StoppingInstances"]
        else:
            done = ec2.start_instances(InstanceIds=ids)["StartingInstances"]
    except ClientError as e:
        return {"statusCode": 500, "body": e.response["Error"]["Code"]}
    return {"statusCode": 200, "body": [(d["InstanceId"], d["CurrentState"]["Name"]) for d in done]}

def run(ids):
    for action in ("stop", "start", "stop"):
        yield lambda_handler({"region": "us-east-1", "action": action}, None)
"""

# Stops one by one and goes on where one is protected, as clean-up scripts do; then lifts that.
ONE_BY_ONE = """
import boto3
import botocore.exceptions

session = boto3.Session(region_name="us-east-1")
ec2 = session.client("ec2")

def stop(instance_id):
    try:
        ec2.stop_instances(InstanceIds=[instance_id], DryRun=True)
    except botocore.exceptions.ClientError as e:
        if e.response["Error"]["Code"] != "DryRunOperation":
            return e.response["Error"]["Code"], str(e)
    try:
        response = ec2.stop_instances(InstanceIds=[instance_id], Force=False)
    except ec2.exceptions.ClientError as e:
        return e.response["Error"]["Message"], e.response["ResponseMetadata"]["HTTPStatusCode"]
    changed = response["StoppingInstances"][0]
    return changed["PreviousState"]["Name"], response["ResponseMetadata"]["HTTPStatusCode"]

def run(ids):
    for instance_id in [*ids, "i-00000000000000000"]:
        yield stop(instance_id)
    for instance_id in ids:
        named = {"InstanceId": instance_id}
        ec2.modify_instance_attribute(DisableApiStop={"Value": False}, **named)
        found = ec2.describe_instance_attribute(Attribute="disableApiStop", **named)
        yield found["DisableApiStop"]
        yield stop(instance_id)
"""

# A hook as workflow engines have one: it keeps a client, and waits in between.
HOOK = """
import boto3
from botocore.exceptions import WaiterError

class EC2Hook:
    def __init__(self, region_name):
        self.conn = boto3.session.Session(region_name=region_name).client("ec2")

    def instances(self, filters=None, ids=None):
        kwargs = {"Filters": filters or [], "InstanceIds": ids or []}
        pages = self.conn.get_paginator("describe_instances").paginate(**kwargs)
        return [i for page in pages for r in page["Reservations"] for i in r["Instances"]]

    def state(self, instance_id):
        return self.instances(ids=[instance_id])[0]["State"]["Name"]

    def wait(self, name, ids):
        try:
            waiter = self.conn.get_waiter(name)
            waiter.wait(InstanceIds=ids, WaiterConfig={"Delay": 0, "MaxAttempts": 2})
        except WaiterError as e:
            return str(e), e.last_response["Reservations"][0]["Instances"][0]["State"]["Name"]

def run(ids):
    hook = EC2Hook("us-east-1")
    yield sorted(i["InstanceType"] for i in hook.instances())
    tagged = hook.instances([{"Name": "tag-key", "Values": ["Schedule"]}])
    yield sorted(t["Value"] for i in tagged for t in i["Tags"])
    yield hook.wait("instance_running", ids)
    hook.conn.stop_instances(InstanceIds=ids[1:2])
    yield hook.state(ids[1])
    yield hook.wait("instance_stopped", ids[1:2])
    yield hook.wait("instance_running", ids[1:2])
    hook.conn.terminate_instances(InstanceIds=ids[1:2])
    yield hook.wait("instance_terminated", ids[1:2])
"""


def run(program: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what a program gives on a fake EC2 of its own."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr("ec2lite.boto3._default_session", None)
    fake = FakeEC2(seed=3)
    tags = {"Schedule": "office-hours"}
    ids = fake.run_instances(2, tags=tags)
    ids += fake.run_instances(1, stop_protected=True)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", fake.credentials.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", fake.credentials.secret_access_key)
    names: dict[str, Any] = {}
    with fake.serve() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        exec(program, names)  # one of the texts above
        return list(names["run"](ids))


@pytest.mark.parametrize("program", [SCHEDULER, ONE_BY_ONE, HOOK], ids=["scheduler", "one", "hook"])
def test_a_program(program: str, monkeypatch: pytest.MonkeyPatch):
    """A program gives the same, errors and waits included, after its line of import has changed."""
    changed = program.replace("\nimport boto3\n", "\nfrom ec2lite import boto3\n")
    assert 1 == changed.count("from ec2lite")

    theirs = run(program, monkeypatch)
    ours = run(changed, monkeypatch)

    assert theirs == ours
    assert len(theirs) > 2
