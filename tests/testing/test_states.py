"""The states of a fake EC2's instances, on its clock."""

from __future__ import annotations

import pytest

import ec2lite


def history(fake, ec2, instance_id, *, until=100, step=5):
    """Return the states that an instance goes through, and after how many seconds each is seen."""
    began, seen = fake.clock.passed(), []
    while fake.clock.passed() - began <= until:
        (instance,) = ec2.describe_instances(instance_id)
        if not seen or seen[-1][1] != instance.state.name:
            seen.append((fake.clock.passed() - began, instance.state.name))
        fake.advance(step)
    return seen


def test_a_launch(fake, ec2):
    """A launched instance is pending, and then runs."""
    (instance_id,) = fake.run_instances(state="pending")
    assert [(0, "pending"), (20, "running")] == history(fake, ec2, instance_id)


@pytest.mark.parametrize(
    ("flags", "seconds"),
    [({}, 30), ({"force": True}, 20), ({"skip_os_shutdown": True}, 10), ({"hibernate": True}, 60)],
)
def test_stopping_takes_its_time(fake, ec2, coloured, flags, seconds):
    """A stop is seen at once, and done after a time that depends on the way."""
    (instance_id,) = fake.run_instances(hibernation=True)
    with coloured(fake) as client:
        (change,) = client.stop_instances(instance_id, **flags).stopping_instances

    assert ("running", "stopping") == (change.previous_state.name, change.current_state.name)
    assert [(0, "stopping"), (seconds, "stopped")] == history(fake, ec2, instance_id)


def test_a_stop_that_hangs_until_forced(fake, ec2):
    """An instance that hangs in stopping stops once it is forced."""
    (instance_id,) = fake.run_instances(stuck="until-forced")
    ec2.stop_instances(instance_id)
    assert [(0, "stopping")] == history(fake, ec2, instance_id, until=3600, step=600)
    ec2.stop_instances(instance_id, skip_os_shutdown=True)
    assert [(0, "stopping")] == history(fake, ec2, instance_id, until=3600, step=600)
    (change,) = ec2.stop_instances(instance_id, force=True).stopping_instances

    assert "stopping" == change.previous_state.name == change.current_state.name
    assert [(0, "stopping"), (20, "stopped")] == history(fake, ec2, instance_id)


def test_a_stop_that_hangs_for_ever(fake, ec2):
    """One that hangs for ever does not stop even then."""
    (instance_id,) = fake.run_instances(stuck="for-ever")
    ec2.stop_instances(instance_id, force=True)

    assert [(0, "stopping")] == history(fake, ec2, instance_id, until=3600, step=600)


def test_a_start_that_falls_back(fake, ec2):
    """A start for which KMS refuses the key ends in stopped, with the reason."""
    (instance_id,) = fake.run_instances(state="stopped", start_fails="kms")
    ec2.start_instances(instance_id)
    assert [(0, "pending"), (20, "stopped")] == history(fake, ec2, instance_id)
    (instance,) = ec2.describe_instances(instance_id)

    assert "Client.InternalError" == instance.state_reason.code


def test_terminated_instances_are_forgotten(fake, ec2):
    """A terminated instance is described for an hour, and then not found."""
    (instance_id,) = fake.run_instances()
    ec2.terminate_instances(instance_id)
    assert [(0, "shutting-down"), (40, "terminated")] == history(fake, ec2, instance_id)
    fake.advance(3600)

    with pytest.raises(ec2lite.InstanceNotFound):
        list(ec2.describe_instances(instance_id))


@pytest.mark.parametrize("force", [5, 25])
def test_force_never_delays(fake, ec2, force):
    """A second request with force makes a stop end sooner, or when it was to end anyway."""
    (instance_id,) = fake.run_instances()
    ec2.stop_instances(instance_id)
    fake.advance(force)
    ec2.stop_instances(instance_id, force=True)

    ends = min(30 - force, 20)
    assert [(0, "stopping"), (ends, "stopped")] == history(fake, ec2, instance_id)
