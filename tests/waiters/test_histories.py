"""Waits while instances live any life that a fake EC2 can give them."""

from __future__ import annotations

import contextlib

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

import ec2lite
from colours import Colour
from ec2lite.testing import FakeEC2, VirtualClock
from ec2lite.testing.life import Times

STATES = ("pending", "running", "stopping", "stopped", "shutting-down", "terminated")
GOALS = {"running": "running", "stopped": "stopped", "terminated": "terminated", "status_ok": "ok"}
ACTIONS = ("start_instances", "stop_instances", "terminate_instances", "reboot_instances")


class EventfulClock(VirtualClock):
    """A virtual clock on which things happen while somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.events = []

    def sleep(self, seconds):
        """Move, and let happen what happens meanwhile."""
        super().sleep(self.rest(seconds))

    async def asleep(self, seconds):
        """Do the same, awaiting."""
        await super().asleep(self.rest(seconds))

    def rest(self, seconds):
        """Return what is left of a pause after what happens in it."""
        end = self.passed() + seconds
        while self.events and self.events[0][0] <= end:
            moment, happen = self.events.pop(0)
            super().sleep(max(0.0, moment - self.passed()))
            happen()
        return max(0.0, end - self.passed())


def instances():
    """Return a strategy for what an instance is like."""
    return st.fixed_dictionaries(
        {"state": st.sampled_from(STATES)},
        optional={
            "stuck": st.sampled_from(["until-forced", "for-ever"]),
            "start_fails": st.just("kms"),
            "xen": st.just(True),
            "termination_protected": st.just(True),
            "hibernation": st.just(True),
            "instance_type": st.sampled_from(["m5.large", "m5.metal"]),
        },
    )


def happenings():
    """Return a strategy for what somebody else does, and when."""
    return st.lists(
        st.tuples(st.floats(0, 150), st.sampled_from(ACTIONS), st.integers(0, 2)), max_size=4
    )


def act(ec2, action, instance_id):
    """Do something, if EC2 lets it."""
    with contextlib.suppress(ec2lite.ServiceError):
        getattr(ec2, action)(instance_id)


def wait(fake, colour, goal, ids, timeout, listen):
    """Return what a wait returns in a colour."""
    name = f"wait_until_{goal}"
    if not colour.is_async:
        with fake.client() as ec2:
            return getattr(ec2, name)(ids, timeout=timeout, on_progress=listen)

    async def waited():
        async with fake.async_client() as ec2:
            return await getattr(ec2, name)(ids, timeout=timeout, on_progress=listen)

    return colour.run(waited)


@hypothesis.settings(max_examples=60)
@given(
    goal=st.sampled_from(sorted(GOALS)),
    kinds=st.lists(instances(), min_size=1, max_size=3),
    events=happenings(),
    timeout=st.floats(3, 400),
    latency=st.sampled_from([0.0, 0.0, 0.3]),
    lag=st.sampled_from([0.0, 0.0, 8.0]),
    unknown=st.booleans(),
    colour=st.sampled_from([Colour("sync"), Colour("asyncio"), Colour("trio")]),
)
def test_any_history(goal, kinds, events, timeout, latency, lag, unknown, colour):
    """A wait ends by its deadline plus one request, with success exactly if all got there."""
    clock = EventfulClock()
    fake = FakeEC2(clock=clock, quotas={})
    ids = [fake.run_instances(**kind)[0] for kind in kinds]
    asked = [*ids, "i-0123456789abcdef0"] if unknown else ids
    fake.lag = lag
    told = []
    with fake.client() as other:
        for moment, action, which in sorted(events):
            each = ids[which % len(ids)]
            clock.events.append((moment, lambda a=action, e=each: act(other, a, e)))
        before = len(fake.calls)
        fake.latency = latency
        began = clock.passed()
        try:
            result = wait(fake, colour, goal, asked, timeout, told.append)
            stuck = {}
        except ec2lite.WaiterError as error:
            result, stuck = error.reached, error.stuck
        took = clock.passed() - began

    assert took <= timeout + latency + 1e-3, fake.calls[before:]
    # Everybody is accounted for once, in the order of the question.
    assert set(asked) == set(result) | set(stuck)
    assert not set(result) & set(stuck)
    assert list(result) == [each for each in asked if each in result]
    # Who is said to be there was there when it was described.
    for each in result.values():
        if goal == "status_ok":
            assert ("ok", "ok") == (each.instance_status.status, each.system_status.status)
        else:
            assert GOALS[goal] == each.state.name
    assert "i-0123456789abcdef0" not in result
    # Who is said to be stuck was not there, when it was described last.
    for each in stuck.values():
        assert each is None or each.state.name != GOALS[goal]
    # What was told of last is what the wait came to.
    if told:
        assert {} == told[-1].waiting
        assert set(result) == set(told[-1].reached)
        assert set(stuck) == set(told[-1].stuck)


@hypothesis.settings(max_examples=40)
@given(
    goal=st.sampled_from(sorted(GOALS)),
    kinds=st.lists(instances(), min_size=1, max_size=3),
    timeout=st.floats(3, 400),
)
def test_undisturbed(goal, kinds, timeout):
    """Where nobody interferes, who is stuck will not get there: the deadline excepted."""
    fake = FakeEC2(quotas={}, times=Times(memory=1e6))
    ids = [fake.run_instances(**kind)[0] for kind in kinds]
    began = fake.clock.passed()
    with fake.client() as ec2:
        try:
            getattr(ec2, f"wait_until_{goal}")(ids, timeout=timeout)
        except ec2lite.WaiterError as error:
            stuck = list(error.stuck)
        else:
            stuck = []
        took = fake.clock.passed() - began
        if stuck and took < timeout - 0.1:
            fake.advance(2000)
        statuses = ec2.describe_instance_status(ids, include_all_instances=True)
        there = {
            each.instance_id
            for each in statuses
            if GOALS[goal]
            == (each.instance_status.status if goal == "status_ok" else each.instance_state.name)
        }
    assert not there & set(stuck)
