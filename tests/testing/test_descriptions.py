"""What a fake EC2 describes: instances, their status, their attributes; filters and pages."""

from __future__ import annotations

import functools
import operator

import pytest

import ec2lite
from ec2lite.credentials.sts.assume_role import AssumeRole
from ec2lite.testing import FakeEC2, RealClock

RUNNING = {"instance-state-name": "running"}


def ids_of(listing):
    """Return the ids of what is listed."""
    return [each.instance_id for each in listing]


def test_what_an_instance_shows(fake, ec2):
    """An instance shows what it was made with."""
    (instance_id,) = fake.run_instances(
        zone="us-east-1c",
        instance_type="m7g.large",
        tags={"Name": "web <1>"},
        hibernation=True,
        spot="persistent",
        auto_scaling_group="web",
    )
    (instance,) = ec2.describe_instances(instance_id)

    assert "us-east-1c" == instance.placement.availability_zone
    assert "m7g.large" == instance.instance_type
    assert {"Name": "web <1>", "aws:autoscaling:groupName": "web"} == instance.tags
    assert instance.hibernation_options.configured
    assert "spot" == instance.instance_lifecycle
    assert instance.spot_instance_request_id.startswith("sir-")
    assert "running" == instance.state.name
    assert "xen" == instance.hypervisor


def test_zones_take_turns(fake, ec2):
    """Instances without a zone are in all zones, in turn."""
    ids = fake.run_instances(4)
    zones = [each.placement.availability_zone for each in ec2.describe_instances(ids)]

    assert ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1a"] == zones


def test_zones_of_ones_own():
    """A fake can have other zones."""
    fake = FakeEC2(region="eu-west-1", zones=["eu-west-1x"])
    fake.run_instances()
    with fake.client() as ec2:
        (instance,) = ec2.describe_instances(all_instances=True)

    assert "eu-west-1x" == instance.placement.availability_zone


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (RUNNING, [0, 1, 2, 4]),
        ({"instance-state-name": ["running", "stopped"]}, [0, 1, 2, 3, 4]),
        ({"tag:env": "dev"}, [0]),
        ({"tag:env": ["d?v", "prod*"]}, [0, 1]),
        ({"tag:env": r"d\?v"}, []),
        ({"tag-key": "env"}, [0, 1]),
        ({"tag-key": "en*", "instance-type": "m5.large"}, [1]),
        ({"instance-lifecycle": "spot"}, [2]),
        ({"instance-state-code": "80"}, [3]),
        ({"state-reason-code": "Client.UserInitiatedShutdown"}, [3]),
        ({"root-device-type": "instance-store"}, [4]),
        ({"availability-zone": "us-east-1b"}, [1, 4]),
        ({"hibernation-options.configured": "true"}, [2]),
    ],
)
def test_filters(fake, coloured, filters, expected):
    """All filters must match, each with one of its values, in which * and ? stand for others."""
    ids = [
        *fake.run_instances(tags={"env": "dev"}),
        *fake.run_instances(tags={"env": "production"}, instance_type="m5.large"),
        *fake.run_instances(spot="one-time", hibernation=True),
        *fake.run_instances(state="stopped"),
        *fake.run_instances(root_device_type="instance-store"),
    ]
    with coloured(fake) as ec2:
        assert [ids[each] for each in expected] == ids_of(ec2.describe_instances(filters=filters))


def test_pages(fake, coloured):
    """Pages have as many instances as was asked for, and together all of them once."""
    ids = fake.run_instances(12)
    with coloured(fake) as ec2:
        listing = ec2.describe_instances(all_instances=True, page_size=5)
        pages = [
            [
                each.instance_id
                for reservation in page.reservations
                for each in reservation.instances
            ]
            for page in listing.pages()
        ]

    assert [5, 5, 2] == [len(page) for page in pages]
    assert ids == functools.reduce(operator.iadd, pages, [])


def test_managed_instances_are_hidden(fake, ec2):
    """Instances that a service manages are shown by id, or when they are asked for."""
    (instance_id,) = fake.run_instances(managed=True)
    managed = ec2.describe_instances(all_instances=True, include_managed_resources=True)
    (instance,) = managed

    assert [] == ids_of(ec2.describe_instances(all_instances=True))
    assert [instance_id] == ids_of(ec2.describe_instances(instance_id))
    assert (True, True) == (instance.operator.managed, instance.operator.hidden_by_default)


def test_status_checks_turn_ok(fake, ec2):
    """Status checks begin with a start and with a reboot, and pass two minutes and one later."""
    (instance_id,) = fake.run_instances(state="stopped")
    seen = []

    def look(passed):
        if passed:
            fake.advance(passed)
        every = ec2.describe_instance_status(instance_id, include_all_instances=True)
        seen.extend((each.instance_status.status, each.system_status.status) for each in every)

    look(0)
    ec2.start_instances(instance_id)
    look(20)
    look(119)
    look(1)
    ec2.reboot_instances(instance_id)
    look(1)
    look(120)

    names = ["not-applicable", "initializing", "initializing", "ok", "initializing", "ok"]
    assert [(name, name) for name in names] == seen


def test_status_is_of_those_that_run(fake, ec2):
    """Without a flag, the status of those that run is told, and filters choose among them."""
    running, _ = *fake.run_instances(), *fake.run_instances(state="stopped")
    fake.run_instances(state="pending")
    fake.advance(20)

    ok = {"instance-status.status": "ok"}
    assert [running] == ids_of(ec2.describe_instance_status(filters=ok))
    passed = {"system-status.reachability": "passed", "availability-zone": "us-east-1a"}
    assert [running] == ids_of(ec2.describe_instance_status(filters=passed))
    assert 2 == len(ids_of(ec2.describe_instance_status(all_instances=True)))


def test_descriptions_are_late(fake, ec2):
    """A description shows the states of some seconds ago, the answer to a stop the true ones."""
    (instance_id,) = fake.run_instances()
    fake.lag = 5
    (change,) = ec2.stop_instances(instance_id).stopping_instances
    states = []
    for _ in range(2):
        states += [each.state.name for each in ec2.describe_instances(instance_id)]
        fake.advance(5)

    assert "stopping" == change.current_state.name
    assert ["running", "stopping"] == states


def test_a_launch_is_not_found_at_once(fake, ec2):
    """An instance that was launched is not found until descriptions show it."""
    fake.lag = 5
    (instance_id,) = fake.run_instances(state="pending")
    with pytest.raises(ec2lite.InstanceNotFound):
        list(ec2.describe_instances(instance_id))
    fake.advance(5)

    assert [instance_id] == ids_of(ec2.describe_instances(instance_id))


def test_launch_time(fake, ec2):
    """A start renews the launch time."""
    (instance_id,) = fake.run_instances(state="stopped")
    ec2.start_instances(instance_id)
    (instance,) = ec2.describe_instances(instance_id)

    assert fake.clock() == instance.launch_time


def test_metal_takes_long(fake, ec2):
    """An instance without a hypervisor takes longer than ten minutes to start and to stop."""
    (instance_id,) = fake.run_instances(state="stopped", instance_type="m5.metal", xen=True)
    ec2.start_instances(instance_id)
    fake.advance(600)
    assert ["pending"] == [each.state.name for each in ec2.describe_instances(instance_id)]
    fake.advance(200)
    ec2.stop_instances(instance_id, skip_os_shutdown=True)
    fake.advance(600)

    assert ["stopping"] == [each.state.name for each in ec2.describe_instances(instance_id)]


@pytest.mark.parametrize(
    ("fails", "code"),
    [(False, "Client.UserInitiatedHibernate"), (True, "Client.UserInitiatedShutdown")],
)
def test_hibernation(fake, ec2, fails, code):
    """A state's reason tells a hibernation from a stop, and from one that fell back to a stop."""
    (instance_id,) = fake.run_instances(hibernation=True, hibernation_fails=fails)
    ec2.stop_instances(instance_id, hibernate=True)
    fake.advance(60)
    (instance,) = ec2.describe_instances(instance_id)

    assert ("stopped", code) == (instance.state.name, instance.state_reason.code)


def test_a_hurried_hibernation(fake, ec2):
    """The reason stays that of the first request, where a second one hurries the stop."""
    (instance_id,) = fake.run_instances(hibernation=True)
    ec2.stop_instances(instance_id, hibernate=True)
    ec2.stop_instances(instance_id, force=True)
    fake.advance(20)
    (instance,) = ec2.describe_instances(instance_id)

    expected = ("stopped", "Client.UserInitiatedHibernate")
    assert expected == (instance.state.name, instance.state_reason.code)


def test_members_are_replaced(fake, ec2):
    """An Auto Scaling group terminates a member that stops, and launches another."""
    (member,) = fake.run_instances(auto_scaling_group="web", tags={"a": "b"}, stuck="until-forced")
    ec2.stop_instances(member)
    ec2.stop_instances(member, force=True)
    fake.advance(60)
    assert [member] == ids_of(ec2.describe_instances(all_instances=True))
    fake.advance(30)
    old, new = ec2.describe_instances(all_instances=True)
    assert ("shutting-down", "pending") == (old.state.name, new.state.name)
    assert old.tags == new.tags
    fake.advance(40)

    states = [each.state.name for each in ec2.describe_instances([member, new.instance_id])]
    assert ["terminated", "running"] == states


def test_members_that_start_again_stay(fake, ec2):
    """A member that runs again before it was replaced stays; one that is terminated is replaced."""
    (member,) = fake.run_instances(auto_scaling_group="web")
    ec2.stop_instances(member)
    fake.advance(30)
    ec2.start_instances(member)
    fake.advance(300)
    assert [member] == ids_of(ec2.describe_instances(all_instances=True))
    ec2.terminate_instances(member)
    fake.advance(90)

    _, new = ec2.describe_instances(all_instances=True)
    assert "pending" == new.state.name


def test_attributes(fake, coloured):
    """An attribute that was changed is described so."""
    (instance_id,) = fake.run_instances(state="stopped")
    with coloured(fake) as ec2:
        for name, wire, value in [
            ("disable_api_stop", "disableApiStop", True),
            ("disable_api_termination", "disableApiTermination", True),
            ("instance_type", "instanceType", "m7g.large"),
            ("source_dest_check", "sourceDestCheck", False),
            ("ebs_optimized", "ebsOptimized", True),
            ("enclave_options", "enclaveOptions", True),
            ("instance_initiated_shutdown_behavior", "instanceInitiatedShutdownBehavior", "stop"),
        ]:
            ec2.modify_instance_attribute(instance_id, **{name: value})
            found = ec2.describe_instance_attribute(instance_id, wire)
            assert value == getattr(found, name)
        ec2.modify_instance_attribute(instance_id, user_data=b"#!/bin/sh")
        assert "IyEvYmluL3No" == ec2.describe_instance_attribute(instance_id, "userData").user_data
        ec2.modify_instance_attribute(instance_id, attribute="disableApiStop", value="false")
        ec2.stop_instances(instance_id)


@pytest.mark.parametrize("name", ["userData", "kernel"])
def test_attributes_without_a_value(fake, ec2, name):
    """What nobody has set has no value."""
    (instance_id,) = fake.run_instances()
    found = ec2.describe_instance_attribute(instance_id, name)

    assert 1 == len(found.without_value)


@pytest.mark.parametrize("name", ["groupSet", "blockDeviceMapping", "productCodes"])
def test_attributes_that_are_lists(fake, ec2, name):
    """Lists are empty, and a change of one is accepted."""
    (instance_id,) = fake.run_instances()
    found = ec2.describe_instance_attribute(instance_id, name).to_dict()
    ec2.modify_instance_attribute(instance_id, groups=["sg-1"])
    ec2.modify_instance_attribute(
        instance_id,
        block_device_mappings=[
            ec2lite.InstanceBlockDeviceMappingSpecification("/dev/xvda", delete_on_termination=True)
        ],
    )

    assert [[]] == [value for key, value in found.items() if isinstance(value, list)]


@pytest.mark.parametrize(
    ("made", "change", "code"),
    [
        ({}, {"instance_type": "m7g.large"}, "IncorrectInstanceState"),
        ({"managed": True}, {"disable_api_stop": True}, "OperationNotPermitted"),
        ({}, {"attribute": "disableApiStop", "value": "perhaps"}, "InvalidParameterValue"),
        (
            {},
            {"instance_initiated_shutdown_behavior": "explode"},
            "InvalidParameterValue",
        ),
    ],
)
def test_changes_that_are_refused(fake, ec2, made, change, code):
    """A change that the state, the owner or the value does not allow is refused."""
    (instance_id,) = fake.run_instances(**made)
    with pytest.raises(ec2lite.ServiceError) as caught:
        ec2.modify_instance_attribute(instance_id, **change)

    assert code == caught.value.code


def test_identities(fake, coloured):
    """STS says who asks, lets them be somebody else, and ends that when it expires."""
    with coloured(fake) as ec2:
        own = ec2.send(ec2lite.GetCallerIdentity())
        role = AssumeRole("arn:aws:iam::210987654321:role/ops", "night", duration_seconds=900)
        session = ec2.send(role)
    with coloured(fake, credentials=session.credentials) as other:
        theirs = other.send(ec2lite.GetCallerIdentity())
        assert [] == list(other.describe_instances(all_instances=True))
        fake.advance(901)
        with pytest.raises(ec2lite.RequestExpired):
            list(other.describe_instances(all_instances=True))
        with pytest.raises(ec2lite.ServiceError) as caught:
            other.send(ec2lite.GetCallerIdentity())

    assert ("123456789012", "arn:aws:iam::123456789012:user/fake") == (own.account, own.arn)
    assert "arn:aws:sts::210987654321:assumed-role/ops/night" == theirs.arn
    assert "ExpiredToken" == caught.value.code


@pytest.mark.parametrize(
    "changed",
    [{"role_arn": "ops"}, {"role_session_name": "?"}, {"duration_seconds": 899}],
)
def test_roles_that_are_refused(fake, ec2, changed):
    """STS refuses roles, sessions and durations that cannot be."""
    given = {"role_arn": "arn:aws:iam::210987654321:role/ops", "role_session_name": "night"}
    with pytest.raises(ec2lite.ServiceError) as caught:
        ec2.send(AssumeRole(**{**given, **changed}))

    assert "ValidationError" == caught.value.code


def test_roles_are_denied():
    """The policy decides about roles too, and GetCallerIdentity needs nobody's permission."""
    fake = FakeEC2(policy=lambda call: False)
    with fake.client() as ec2:
        ec2.send(ec2lite.GetCallerIdentity())
        with pytest.raises(ec2lite.ServiceError) as caught:
            ec2.send(AssumeRole("arn:aws:iam::210987654321:role/ops", "night"))

    assert ("AccessDenied", 403) == (caught.value.code, caught.value.status_code)


@pytest.mark.parametrize("message", ["x", "eA==", "eJz7DwABAAEA"])
def test_messages_that_are_none(fake, ec2, message):
    """STS decodes only what EC2 has encoded."""
    with pytest.raises(ec2lite.ServiceError) as caught:
        ec2.send(ec2lite.DecodeAuthorizationMessage(message))

    assert "InvalidAuthorizationMessageException" == caught.value.code


def test_a_real_clock_is_not_moved():
    """Only a virtual clock can be moved."""
    fake = FakeEC2(clock=RealClock(speed=100))
    with pytest.raises(ec2lite.ConfigError, match=r"^clock must be a VirtualClock to be moved$"):
        fake.advance(1)
