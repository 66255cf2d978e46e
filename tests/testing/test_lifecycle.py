"""Whatever is asked of a fake EC2, and whenever: its instances only do what EC2's can."""

from __future__ import annotations

import contextlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

import ec2lite
from ec2lite.testing import FakeEC2
from ec2lite.testing.life import CODES

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
CAN_FOLLOW = {
    "pending": {"running", "stopping", "stopped", "shutting-down"},
    "running": {"stopping", "shutting-down"},
    "stopping": {"stopped", "shutting-down"},
    "stopped": {"pending", "shutting-down"},
    "shutting-down": {"terminated"},
    "terminated": set(),
}
KINDS = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(sorted(CODES)),
        "stuck": st.sampled_from(["until-forced", "for-ever"]),
        "start_fails": st.just("kms"),
        "hibernation": st.booleans(),
        "auto_scaling_group": st.just("web"),
        "termination_protected": st.booleans(),
        "instance_type": st.sampled_from(["t2.micro", "m5.metal"]),
    },
)
FLAGS = st.fixed_dictionaries(
    {}, optional={"force": st.booleans(), "skip_os_shutdown": st.booleans()}
)
HIBERNATE = st.fixed_dictionaries({"hibernate": st.booleans()})
CALLS = st.one_of(
    st.tuples(st.just("stop_instances"), st.one_of(FLAGS, HIBERNATE)),
    st.tuples(st.sampled_from(["start_instances", "reboot_instances"]), st.just({})),
    st.tuples(st.just("terminate_instances"), FLAGS),
)
PAUSES = st.sampled_from([1, 5, 10, 20, 29, 30, 31, 60, 90, 600, 3601])
STEPS = st.lists(st.tuples(CALLS, st.sampled_from(["first", "all"]), PAUSES), max_size=12)


@given(kinds=st.lists(KINDS, min_size=1, max_size=3), steps=STEPS)
def test_only_what_can_follow(kinds, steps):
    """After any calls and pauses, each state came from one that it can follow, at a later time."""
    fake = FakeEC2(quotas={})
    ids = [each for kind in kinds for each in fake.run_instances(**kind)]
    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        for (method, flags), which, pause in steps:
            asked = ids[:1] if which == "first" else ids
            with contextlib.suppress(ec2lite.ServiceError):
                getattr(ec2, method)(asked, **flags)
            check(lives(fake))
            fake.advance(pause)
        check(lives(fake))
        for shown in ec2.describe_instances(all_instances=True):
            assert CODES[shown.state.name] == shown.state.code
            life = fake._fleet.instances[shown.instance_id].life
            assert shown.state.name == life.at(fake.clock()).state


def check(lives):
    """Look at what has been and is to come."""
    for phases in lives.values():
        for before, after in itertools.pairwise(phases):
            assert before.begins <= after.begins
            assert after.state in CAN_FOLLOW[before.state]


@given(kind=KINDS, steps=STEPS)
def test_refusals_change_nothing(kind, steps):
    """A refused request leaves every instance as it is, except for what AWS documents."""
    fake = FakeEC2(quotas={})
    ids = [*fake.run_instances(**kind), *fake.run_instances()]
    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        for (method, flags), which, pause in steps:
            asked = ids[:1] if which == "first" else ids
            before = lives(fake)
            try:
                getattr(ec2, method)(asked, **flags)
            except ec2lite.ServiceError:
                if method != "terminate_instances":
                    assert before == lives(fake)
            fake.advance(pause)


def lives(fake):
    """Return the phases of all instances."""
    return {each.instance_id: list(each.life.phases) for each in fake._fleet.instances.values()}
