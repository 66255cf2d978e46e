"""What a fake EC2 refuses, and in which words."""

from __future__ import annotations

import pytest

import ec2lite
from ec2lite.testing import FakeEC2

STRANGER = "i-00000000000000bad"


def refused(call, *args, **kwargs):
    """Return the code, the message and the status of a refusal."""
    with pytest.raises(ec2lite.ServiceError) as caught:
        call(*args, **kwargs)
    error = caught.value
    return error.code, error.message, error.status_code


def states(fake, ids):
    """Return the states of instances, by a client of their own."""
    with fake.client() as client:
        found = {each.instance_id: each.state.name for each in client.describe_instances(ids)}
    return [found[each] for each in ids]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([STRANGER], f"The instance ID '{STRANGER}' does not exist"),
        (
            ["i-0000bad1", STRANGER],
            f"The instance IDs 'i-0000bad1, {STRANGER}' do not exist",
        ),
    ],
)
def test_unknown_ids(fake, coloured, ids, message):
    """All ids that do not exist are named, and the good one among them is left alone."""
    (good,) = fake.run_instances()
    with coloured(fake) as ec2:
        found = refused(ec2.stop_instances, [good, *ids])

    assert ("InvalidInstanceID.NotFound", message, 400) == found
    assert ["running"] == states(fake, [good])


@pytest.mark.parametrize("bad", ["i-12345", "i-1234567G", "x"])
def test_malformed_ids(fake, ec2, bad):
    """An id that cannot be one is refused before ids that do not exist."""
    found = refused(ec2.stop_instances, [STRANGER, bad])
    assert ("InvalidInstanceID.Malformed", f'Invalid id: "{bad}"', 400) == found


STOPPED = "is not in a state from which it can be stopped"
PROTECTED = "attribute and try again."


@pytest.mark.parametrize(
    ("made", "action", "flags", "code", "message"),
    [
        (
            {"stop_protected": True},
            "stop",
            {},
            "OperationNotPermitted",
            "The instance '{}' may not be stopped. Modify its 'disableApiStop' instance "
            "attribute and try again.",
        ),
        (
            {"stop_protected": True},
            "terminate",
            {},
            "OperationNotPermitted",
            "The instance '{}' may not be terminated. Modify its 'disableApiStop' instance "
            "attribute and try again.",
        ),
        (
            {"termination_protected": True},
            "terminate",
            {},
            "OperationNotPermitted",
            "The instance '{}' may not be terminated. Modify its 'disableApiTermination' instance "
            "attribute and try again.",
        ),
        (
            {},
            "stop",
            {"hibernate": True},
            "UnsupportedHibernationConfiguration",
            "The instance can't be hibernated because it was not configured at launch for "
            "hibernation: {}",
        ),
        (
            {"spot": "one-time"},
            "stop",
            {},
            "UnsupportedOperation",
            "You can't stop the Spot Instance '{}' because it is associated with a one-time Spot "
            "Instance request.",
        ),
        (
            {"root_device_type": "instance-store"},
            "stop",
            {},
            "UnsupportedOperation",
            "The instance '{}' does not have an 'ebs' root device type and cannot be stopped.",
        ),
        (
            {"managed": True},
            "reboot",
            {},
            "OperationNotPermitted",
            "The instance '{}' is managed by an AWS service and may not be rebooted by its owner.",
        ),
        (
            {"xen": True},
            "stop",
            {"skip_os_shutdown": True},
            "OperationNotPermitted",
            "SkipOsShutdown is not supported on Xen instance types",
        ),
        (
            {"state": "pending"},
            "stop",
            {},
            "IncorrectInstanceState",
            "Instance '{}' cannot be stopped as it has never reached the 'running' state",
        ),
        ({"state": "terminated"}, "stop", {}, "IncorrectInstanceState", None),
        ({"state": "shutting-down"}, "stop", {}, "IncorrectInstanceState", None),
        ({"state": "stopping"}, "start", {}, "IncorrectInstanceState", None),
        ({"state": "terminated"}, "start", {}, "IncorrectInstanceState", None),
        ({"state": "stopped"}, "reboot", {}, "IncorrectInstanceState", None),
    ],
)
def test_what_is_refused(fake, ec2, made, action, flags, code, message):
    """A change that an instance does not allow is refused in EC2's words, and changes nobody."""
    (good,) = fake.run_instances(zone="us-east-1a", hibernation=True)
    (bad,) = fake.run_instances(zone="us-east-1a", **made)
    before = states(fake, [good, bad])
    call = getattr(ec2, f"{action}_instances")
    past = {"stop": "stopped", "start": "started", "reboot": "rebooted"}
    if message is None:
        message = f"The instance '{{}}' is not in a state from which it can be {past[action]}"

    assert (code, message.format(bad), 400) == refused(call, [good, bad], **flags)
    assert before == states(fake, [good, bad])


@pytest.mark.parametrize(
    ("made", "action", "flags", "before", "after"),
    [
        ({"spot": "persistent"}, "stop", {}, "running", "stopping"),
        ({"state": "pending"}, "stop", {"force": True}, "pending", "stopping"),
        ({"state": "stopping"}, "stop", {}, "stopping", "stopping"),
        ({"state": "stopped"}, "stop", {}, "stopped", "stopped"),
        ({"state": "pending"}, "start", {}, "pending", "pending"),
        ({"state": "running"}, "start", {}, "running", "running"),
        ({"state": "stopping"}, "terminate", {}, "stopping", "shutting-down"),
        ({"state": "stopped"}, "terminate", {}, "stopped", "shutting-down"),
        ({"state": "shutting-down"}, "terminate", {}, "shutting-down", "shutting-down"),
        ({"state": "terminated"}, "terminate", {"force": True}, "terminated", "terminated"),
        ({"stop_protected": True}, "start", {}, "running", "running"),
    ],
)
def test_what_is_accepted(fake, ec2, made, action, flags, before, after):
    """A change that is there already is accepted, and so is what AWS documents as possible."""
    (instance_id,) = fake.run_instances(**made)
    result = getattr(ec2, f"{action}_instances")(instance_id, **flags)
    ((change,),) = [value for name, value in vars_of(result).items() if name.endswith("_instances")]

    assert (before, after) == (change.previous_state.name, change.current_state.name)


def vars_of(result):
    """Return the fields of a result."""
    return {name: getattr(result, name) for name in result.__slots__ if hasattr(result, name)}


@pytest.mark.parametrize("state", ["pending", "running", "terminated"])
def test_reboots(fake, ec2, state):
    """A reboot leaves the state as it is; terminated instances are ignored."""
    (instance_id,) = fake.run_instances(state=state)
    ec2.reboot_instances(instance_id)

    assert [state] == states(fake, [instance_id])


def test_terminating_is_not_all_or_nothing(fake, ec2):
    """A protected instance saves those of its zone; those of others are terminated all the same."""
    near, far = (fake.run_instances(zone=each)[0] for each in ("us-east-1a", "us-east-1b"))
    (kept,) = fake.run_instances(zone="us-east-1a", termination_protected=True)

    code, message, _ = refused(ec2.terminate_instances, [near, far, kept])

    assert ("OperationNotPermitted", True) == (code, kept in message)
    assert ["running", "shutting-down", "running"] == states(fake, [near, far, kept])


def test_capacity(fake, ec2):
    """A start finds no place for a type in a zone, for nobody of the request; others start."""
    ids = fake.run_instances(2, state="stopped", zone="us-east-1a")
    fake.no_capacity.add(("t3.micro", "us-east-1a"))
    found = refused(ec2.with_options(retry=ec2lite.NoRetry()).start_instances, ids)
    assert ("InsufficientInstanceCapacity", 500) == (found[0], found[2])
    assert ["stopped", "stopped"] == states(fake, ids)

    fake.no_capacity.clear()
    ec2.start_instances(ids)
    assert ["pending", "pending"] == states(fake, ids)


def test_no_capacity_for_one(fake, ec2):
    """An instance that was made so finds no place either."""
    (instance_id,) = fake.run_instances(state="stopped", start_fails="InsufficientInstanceCapacity")
    with pytest.raises(ec2lite.InsufficientInstanceCapacity):
        ec2.with_options(retry=ec2lite.NoRetry()).start_instances(instance_id)


def test_dry_run(fake, ec2):
    """A dry run that is permitted says so under 412, and changes nothing."""
    ids = fake.run_instances(2)
    with pytest.raises(ec2lite.DryRunOperation) as caught:
        ec2.stop_instances(ids, dry_run=True)

    assert 412 == caught.value.status_code
    assert "Request would have succeeded, but DryRun flag is set." == caught.value.message
    assert ["running", "running"] == states(fake, ids)


def test_policy(coloured):
    """The policy sees each call, and what it denies is not carried out; STS decodes why."""
    fake = FakeEC2(policy=lambda call: call.action != "StopInstances")
    (instance_id,) = fake.run_instances()
    with coloured(fake) as ec2:
        assert not ec2.dry_run(ec2lite.StopInstances(instance_id)).allowed
        code, message, status = refused(ec2.stop_instances, instance_id)
        encoded = message.rpartition(" ")[2]
        decoded = ec2.send(ec2lite.DecodeAuthorizationMessage(encoded)).decoded_message

    assert ("UnauthorizedOperation", 403) == (code, status)
    assert message.startswith(
        "You are not authorized to perform this operation. Encoded authorization failure message: "
    )
    assert '"action":"ec2:StopInstances"' in decoded
    assert instance_id in decoded
    assert ["running"] == states(fake, [instance_id])


def test_policies_see_the_ids():
    """A policy can decide by the ids of a call."""
    asked = []
    fake = FakeEC2(policy=lambda call: asked.append(call.instance_ids) or True)
    ids = fake.run_instances(2)
    with fake.client() as ec2:
        ec2.stop_instances(ids)

    assert [ids] == asked


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "up"},
        {"zone": "us-east-1z"},
        {"spot": "once"},
        {"root_device_type": "tape"},
        {"stuck": "sometimes"},
        {"start_fails": "KMS"},
        {"n": 0},
    ],
)
def test_arguments(fake, wrong):
    """What an instance cannot be is refused by the argument's name."""
    ((name, value),) = wrong.items()
    with pytest.raises(ec2lite.ConfigError, match=rf"^{name} must be .*, not {value!r}$"):
        fake.run_instances(**wrong)


@pytest.mark.parametrize("times", [0, "1"])
def test_times(fake, times):
    """A fault comes at least once."""
    with pytest.raises(ec2lite.ConfigError, match=r"^times must be a whole number"):
        fake.fail_next("StopInstances", "Unavailable", times=times)
    with pytest.raises(ec2lite.ConfigError, match=r"^times must be a whole number"):
        fake.reset_next("StopInstances", times)


def test_the_clock_can_wait():
    """A function that only tells the time is no clock for a fake."""
    with pytest.raises(ec2lite.ConfigError, match=r"^clock must be a VirtualClock or a RealClock"):
        FakeEC2(clock=lambda: None)
