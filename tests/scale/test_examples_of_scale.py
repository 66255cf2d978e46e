"""The examples of docs/scale.md that need no cluster: a Lambda function and an Airflow task."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

import ec2lite
from ec2lite import Bucket, Pacing
from ec2lite.testing import FakeEC2

DOCS = Path(__file__).parent.parent.parent / "docs"
UNKNOWN = "i-0123456789abcdef0"


@pytest.fixture
def fake():
    """Return a fake EC2."""
    return FakeEC2(region="eu-west-1")


def example(name, fake):
    """Return an example's module, with clients that ask a fake."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"examples/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.OPTIONS.update(transport=fake.transport, credentials=fake.credentials, clock=fake.clock)
    return module


class Context:
    """What Lambda tells a function that may run for so many seconds."""

    def __init__(self, seconds):
        self.seconds = seconds

    def get_remaining_time_in_millis(self):
        """Return the time that is left."""
        return int(self.seconds * 1000)


def through_json(value):
    """Return a value as Step Functions passes it on."""
    return json.loads(json.dumps(value))


def test_lambda_in_one_go(fake):
    """The function stops a target, and tells what failed."""
    module = example("lambda_map", fake)
    target = {"region": "eu-west-1", "instance_ids": [*fake.run_instances(60), UNKNOWN]}

    answer = module.handler({"target": target}, Context(900))

    assert (0, {UNKNOWN: "not_found"}) == (answer["left"], answer["failed"])


def test_lambda_until_nothing_is_left(fake):
    """What there was no time for goes into the next round, as the state machine has it."""
    module = example("lambda_map", fake)
    module.OPTIONS["pacing"] = Pacing(instances=Bucket(60, 1))
    fake.run_instances(120, tags={"env": "dev"})
    target = {"region": "eu-west-1", "filters": {"tag:env": ["dev"]}, "max_instances": 2000}
    event, rounds = {"target": target}, []

    for _ in range(9):
        event = through_json(module.handler(event, Context(26)))
        rounds.append(event["left"])
        if not event["left"]:
            break
        fake.advance(30)  # as the state machine waits

    assert [70, 70, 20, 0] == rounds
    assert 1 == sum(each.action == "DescribeInstances" for each in fake.calls)
    with fake.client() as ec2:
        found = ec2.describe_instances(filters={"instance-state-name": ["stopping", "stopped"]})
        assert 120 == sum(1 for _ in found)


def test_lambda_raises_the_error_of_a_target(fake):
    """A role that may not be assumed fails the step, so that the state machine may retry."""
    module = example("lambda_map", fake)
    fake.fail_next("AssumeRole", "AccessDenied", status=403)
    target = {"region": "eu-west-1", "instance_ids": ["i-1"], "role_arn": "arn:aws:iam::1:role/x"}

    with pytest.raises(ec2lite.CredentialsError):
        module.handler({"target": target}, Context(900))


def test_lambda_where_nothing_matches(fake):
    """Where nothing matches, nothing is left."""
    module = example("lambda_map", fake)
    target = {"region": "eu-west-1", "filters": {"tag:env": ["dev"]}, "max_instances": 1}

    assert 0 == module.handler({"target": target}, Context(5))["left"]


def test_state_machine():
    """The state machine of docs/scale.md is JSON, and each state that is named is there."""
    text = (DOCS / "scale.md").read_text("utf-8")
    (machine,) = [
        json.loads(block)
        for block in re.findall(r"^```json\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        if "StartAt" in block
    ]
    for each in (machine, machine["States"]["EachTarget"]["ItemProcessor"]):
        states = each["States"]
        named = {each["StartAt"]}
        for state in states.values():
            choices = state.get("Choices", [])
            named |= {state[key] for key in ("Next", "Default") if key in state}
            named |= {choice["Next"] for choice in choices}
            assert state["Type"] == "Succeed" or {"Next", "End", "Default"} & set(state)
        assert named == set(states)


def test_airflow_task(fake):
    """The task's function stops a target and returns what there is of each outcome."""
    module = example("airflow_night", fake)
    fake.run_instances(3, tags={"hours": "office"})

    assert {"accepted": 3} == module.stop_target(module.TARGETS[0])
    assert {} == module.stop_target(module.TARGETS[0])


def test_airflow_task_fails(fake):
    """What failed fails the task: an instance's refusal, or the error of the target."""
    module = example("airflow_night", fake)
    fake.run_instances(1, tags={"hours": "office"}, stop_protected=True)
    with pytest.raises(ec2lite.BatchError, match="1 of 1 instances failed"):
        module.stop_target(module.TARGETS[0])

    fake.run_instances(200, tags={"hours": "office"})
    with pytest.raises(ec2lite.ConfigError, match="more than 200 instances match"):
        module.stop_target(module.TARGETS[0])
