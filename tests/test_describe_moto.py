"""Describing instances of a whole EC2, moto's, over HTTP: pages, filters, and a scheduler."""

from __future__ import annotations

import time

import boto3
import pytest

from ec2lite.errors import InstanceNotFound
from model import same
from samples import KEYS

IMAGE = "ami-12c6146b"


@pytest.fixture
def theirs(moto):
    """Return a boto3 client of the same EC2."""
    return boto3.client(
        "ec2",
        "eu-west-1",
        endpoint_url=moto,
        aws_access_key_id=KEYS.access_key_id,
        aws_secret_access_key=KEYS.secret_access_key,
    )


@pytest.fixture
def launch(theirs):
    """Return a function that launches instances with tags, and returns their ids."""

    def run(count, **tags):
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        specification = [{"ResourceType": "instance", "Tags": pairs}] if pairs else []
        made = theirs.run_instances(
            ImageId=IMAGE,
            MinCount=count,
            MaxCount=count,
            InstanceType="t3.micro",
            TagSpecifications=specification,
        )
        return [each["InstanceId"] for each in made["Instances"]]

    return run


@pytest.fixture
def ec2(moto, colour):
    """Return a client of each colour."""
    with colour.client("eu-west-1", credentials=KEYS, endpoint_url=moto) as client:
        yield client


def ids(items):
    """Return the ids of instances or statuses."""
    return [each.instance_id for each in items]


def test_by_id(ec2, launch):
    """Instances are described by id, and others are not."""
    first, _, third = launch(3)

    assert {first, third} == set(ids(ec2.describe_instances([first, third])))


def test_missing(ec2):
    """An id that does not exist is an error."""
    with pytest.raises(InstanceNotFound):
        list(ec2.describe_instances("i-00000000000000000"))


def test_by_filter(ec2, launch):
    """Filters all have to match, each by one of its values."""
    dev = launch(2, env="dev")
    launch(1, env="prod")

    found = ids(ec2.describe_instances(filters={"tag:env": ["dev", "test"]}))

    assert set(dev) == set(found)
    assert [] == ids(
        ec2.describe_instances(filters={"tag:env": "dev", "instance-state-name": "stopped"})
    )


def test_many_pages(ec2, launch):
    """Many instances come page by page, each once."""
    launched = [each for _ in range(12) for each in launch(2)]  # moto's pages have reservations

    pages = list(ec2.describe_instances(all_instances=True, page_size=5).pages())

    assert 3 == len(pages)
    assert sorted(launched) == sorted(ids(each for page in pages for each in page.instances))


def test_same_as_boto3(ec2, launch, theirs):
    """A whole answer is boto3's dict, key for key, but for how it came."""
    launch(2, Name="web", env="dev")
    expected = theirs.describe_instances()
    del expected["ResponseMetadata"]

    (page,) = ec2.describe_instances(all_instances=True).pages()
    result = page.to_dict()
    del result["ResponseMetadata"]

    assert expected == result
    assert same(result, expected)


def test_status(ec2, launch):
    """Statuses are those of running instances, or of all where that is asked for."""
    running, stopped = launch(2)
    ec2.stop_instances(stopped)

    found = ec2.describe_instance_status(all_instances=True)
    assert [(running, "ok", "ok")] == [
        (each.instance_id, each.instance_status.status, each.system_status.status) for each in found
    ]
    every = ec2.describe_instance_status([running, stopped], include_all_instances=True)
    assert {(running, "running"), (stopped, "stopped")} == {
        (each.instance_id, each.instance_state.name) for each in every
    }


def wait_until(ec2, wanted, state):
    """Ask until all instances are in a state; a program would wait longer between two calls."""
    for _ in range(200):
        states = {each.state.name for each in ec2.describe_instances(wanted)}
        if states == {state}:
            return
        time.sleep(0.02)
    pytest.fail(f"they are {states}, not {state}")


def test_scheduler(ec2, launch):
    """A scheduler finds by tag, stops, waits by hand, and starts again: no member is missing."""
    office = launch(3, schedule="office-hours", Name="web")
    always = launch(1, schedule="always")
    running = {"tag:schedule": "office-hours", "instance-state-name": ["running"]}

    evening = ids(ec2.describe_instances(filters=running))
    assert set(office) == set(evening)
    ec2.stop_instances(evening)
    wait_until(ec2, evening, "stopped")

    asleep = list(ec2.describe_instances(evening))
    assert {80} == {each.state.code for each in asleep}
    assert {False} == {each.hibernated for each in asleep}
    assert {"web"} == {each.tags["Name"] for each in asleep}
    assert ["running"] == [each.state.name for each in ec2.describe_instances(always)]

    morning = ids(ec2.describe_instances(filters={**running, "instance-state-name": "stopped"}))
    ec2.start_instances(morning)
    wait_until(ec2, office, "running")

    assert set(office) == set(ids(ec2.describe_instances(filters=running)))
