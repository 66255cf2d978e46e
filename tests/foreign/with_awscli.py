"""The AWS CLI on a fake EC2: ``nox -s foreign`` installs it and runs this file."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ec2lite.testing import FakeEC2, RealClock


@pytest.fixture
def fake():
    """Return a fake EC2 whose instances change state within a second."""
    return FakeEC2(clock=RealClock(speed=60))


@pytest.fixture
def aws(fake):
    """Return what runs an AWS CLI command, in a process of its own, against the fake."""
    with fake.serve() as url:
        settings = {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": fake.region,
            "AWS_DEFAULT_REGION": fake.region,
            "AWS_ACCESS_KEY_ID": fake.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": fake.credentials.secret_access_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }

        def run(*arguments, service="ec2"):
            command = [sys.executable, "-m", "awscli", service, *arguments, "--output", "json"]
            return subprocess.run(
                command, env={**os.environ, **settings}, capture_output=True, text=True
            )

        yield run


def told(done):
    """Return what a command printed, which has to have succeeded."""
    assert (0, "") == (done.returncode, done.stderr)
    return json.loads(done.stdout) if done.stdout else None


def test_a_life(fake, aws):
    """Its commands and its waits take two instances from running to terminated."""
    ids = fake.run_instances(2, tags={"env": "dev"})
    several = ("--instance-ids", *ids)

    found = told(aws("describe-instances", "--filters", "Name=tag:env,Values=dev"))
    stopping = told(aws("stop-instances", *several))["StoppingInstances"]
    told(aws("wait", "instance-stopped", *several))
    stopped = told(aws("describe-instance-status", "--include-all-instances", *several))
    starting = told(aws("start-instances", *several))["StartingInstances"]
    told(aws("wait", "instance-running", *several))
    told(aws("reboot-instances", *several))
    told(aws("wait", "instance-status-ok", *several))
    told(aws("terminate-instances", *several))
    told(aws("wait", "instance-terminated", *several))

    described = [each for every in found["Reservations"] for each in every["Instances"]]
    assert set(ids) == {each["InstanceId"] for each in described}
    assert [{"Key": "env", "Value": "dev"}] == described[0]["Tags"]
    assert {"stopping"} == {each["CurrentState"]["Name"] for each in stopping}
    assert {"stopped"} == {each["InstanceState"]["Name"] for each in stopped["InstanceStatuses"]}
    assert {"pending"} == {each["CurrentState"]["Name"] for each in starting}
    assert {"ok"} == {each.outcome for each in fake.calls}


def test_what_is_refused(fake, aws):
    """It shows the fake's codes and messages as it shows EC2's."""
    (instance_id,) = fake.run_instances()
    missing = "i-0123456789abcdef0"

    lost = aws("stop-instances", "--instance-ids", instance_id, missing)
    dry = aws("stop-instances", "--instance-ids", instance_id, "--dry-run")

    assert "(InvalidInstanceID.NotFound) when calling the StopInstances operation" in lost.stderr
    assert f"The instance ID '{missing}' does not exist" in lost.stderr
    assert "(DryRunOperation)" in dry.stderr
    assert [255, 255] == [lost.returncode, dry.returncode]


def test_attributes_pages_and_who_calls(fake, aws):
    """It protects an instance, follows pages, and learns who it is."""
    ids = fake.run_instances(7)
    one = ("--instance-id", ids[0])

    told(aws("modify-instance-attribute", *one, "--disable-api-stop"))
    told_of = told(aws("describe-instance-attribute", *one, "--attribute", "disableApiStop"))
    refused = aws("stop-instances", "--instance-ids", ids[0])
    pages = told(aws("describe-instances", "--page-size", "5"))
    caller = told(aws("get-caller-identity", service="sts"))

    assert {"Value": True} == told_of["DisableApiStop"]
    assert "(OperationNotPermitted)" in refused.stderr
    assert 7 == sum(len(each["Instances"]) for each in pages["Reservations"])
    assert 2 == sum(each.action == "DescribeInstances" for each in fake.calls)
    assert {"UserId", "Account", "Arn"} == set(caller)
