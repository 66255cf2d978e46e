"""aiobotocore on a fake EC2: ``nox -s foreign`` installs it and runs this file."""

from __future__ import annotations

import asyncio

import pytest
from aiobotocore.session import get_session

from ec2lite.testing import FakeEC2, RealClock

SOON = {"Delay": 1, "MaxAttempts": 30}


def on(fake, program):
    """Run a coroutine function with a client on a served fake; return what it returns."""

    async def with_client(url):
        options = {
            "region_name": fake.region,
            "endpoint_url": url,
            "aws_access_key_id": fake.credentials.access_key_id,
            "aws_secret_access_key": fake.credentials.secret_access_key,
        }
        async with get_session().create_client("ec2", **options) as ec2:
            return await program(ec2)

    with fake.serve() as url:
        return asyncio.run(with_client(url))


def test_a_life():
    """Its calls and waiters take two instances from running to terminated."""
    fake = FakeEC2(clock=RealClock(speed=30))
    ids = fake.run_instances(2)

    async def live(ec2):
        answers = [await ec2.stop_instances(InstanceIds=ids)]
        for waiter, change in [
            ("instance_stopped", ec2.start_instances),
            ("instance_running", ec2.reboot_instances),
            ("instance_status_ok", ec2.terminate_instances),
        ]:
            await ec2.get_waiter(waiter).wait(InstanceIds=ids, WaiterConfig=SOON)
            answers.append(await change(InstanceIds=ids))
        waiter = ec2.get_waiter("instance_terminated")
        await waiter.wait(InstanceIds=ids, WaiterConfig=SOON)
        return answers

    stopping, starting, _, terminating = on(fake, live)

    def states(changes):
        return {each["InstanceId"]: each["CurrentState"]["Name"] for each in changes}

    assert dict.fromkeys(ids, "stopping") == states(stopping["StoppingInstances"])
    assert dict.fromkeys(ids, "pending") == states(starting["StartingInstances"])
    assert dict.fromkeys(ids, "shutting-down") == states(terminating["TerminatingInstances"])
    assert {"ok"} == {each.outcome for each in fake.calls}


def test_many_at_once():
    """Calls side by side are all answered, each about its own instance."""
    fake = FakeEC2(quotas={})
    ids = fake.run_instances(40)

    async def stop_all(ec2):
        return await asyncio.gather(*(ec2.stop_instances(InstanceIds=[each]) for each in ids))

    answers = on(fake, stop_all)

    assert ids == [each["StoppingInstances"][0]["InstanceId"] for each in answers]


def test_pages_and_refusals():
    """It follows pages, repeats what was throttled or cut, and raises what was refused."""
    fake = FakeEC2()
    fake.run_instances(12)
    fake.fail_next("DescribeInstances", "RequestLimitExceeded")
    fake.reset_next("DescribeInstances")

    async def look(ec2):
        pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
        found = [each async for each in pages]
        with pytest.raises(ec2.exceptions.ClientError, match="InvalidInstanceID"):
            await ec2.stop_instances(InstanceIds=["i-0123456789abcdef0"])
        return found

    reservations = [each for page in on(fake, look) for each in page["Reservations"]]

    assert 12 == sum(len(each["Instances"]) for each in reservations)
    assert ["RequestLimitExceeded", "reset", "ok", "ok", "ok", "InvalidInstanceID.NotFound"] == [
        each.outcome for each in fake.calls
    ]
