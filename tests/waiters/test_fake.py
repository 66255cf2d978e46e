"""Waits on a fake EC2, in both colours, on its clock: none sleeps for real."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import anyio
import pytest

import ec2lite
from colours import Colour
from ec2lite.testing import FakeEC2

COLOURS = ("sync", "asyncio", "trio")
SKIP_AT_50 = ec2lite.Escalation(skip_os_shutdown_after=50, data_loss_accepted=True)
FORCE_AT_50 = ec2lite.Escalation(50, data_loss_accepted=True)


@pytest.fixture(params=COLOURS)
def colour(request):
    """Run a test once for each colour."""
    return Colour(request.param)


class World:
    """A fake EC2 and the way to wait in it."""

    def __init__(self, colour: Colour) -> None:
        self.colour = colour
        self.fake = FakeEC2()
        self.began = self.fake.clock()

    @property
    def elapsed(self) -> float:
        """The seconds since the beginning."""
        return (self.fake.clock() - self.began).total_seconds()

    def act(self, action: str, *args: Any, **kwargs: Any) -> Any:
        """Make a call."""
        with self.fake.client() as ec2:
            found = getattr(ec2, action)(*args, **kwargs)
            return list(found) if isinstance(found, ec2lite.Listing) else found

    def wait(self, goal: str, ids: Any, **kwargs: Any) -> Any:
        """Return what a wait returns."""
        name = f"wait_until_{goal}"
        if not self.colour.is_async:
            return self.act(name, ids, **kwargs)

        async def wait() -> Any:
            async with self.fake.async_client() as ec2:
                return await getattr(ec2, name)(ids, **kwargs)

        return self.colour.run(wait)

    def failed(self, goal: str, ids: Any, **kwargs: Any) -> ec2lite.WaiterError:
        """Return the error that a wait ends in."""
        with pytest.raises(ec2lite.WaiterError) as caught:
            self.wait(goal, ids, **kwargs)
        return caught.value

    def count(self, action: str) -> int:
        """Return how often an action was asked for."""
        return sum(each.action == action for each in self.fake.calls)


@pytest.fixture
def world(colour):
    """Return a fake EC2 in which to wait in a colour."""
    return World(colour)


def test_life(world):
    """A launch, a stop, a start, its checks and its end are each waited for."""
    ids = world.fake.run_instances(3, state="pending")

    assert {"running"} == {each.state.name for each in world.wait("running", ids).values()}
    world.act("stop_instances", ids)
    stopped = world.wait("stopped", ids)
    assert ids == list(stopped)
    assert {("stopped", False)} == {(e.state.name, e.hibernated) for e in stopped.values()}
    world.act("start_instances", ids)
    assert {"ok"} == {e.instance_status.status for e in world.wait("status_ok", ids).values()}
    world.act("terminate_instances", ids)
    assert {"terminated"} == {e.state.name for e in world.wait("terminated", ids).values()}


def test_soon(world):
    """What is true already takes one look."""
    (one,) = world.fake.run_instances(state="stopped")

    assert "stopped" == world.wait("stopped", one)[one].state.name
    assert 1 <= world.elapsed <= 2
    assert ["DescribeInstanceStatus", "DescribeInstances"] == [e.action for e in world.fake.calls]


def test_hibernation(world):
    """Of each stopped instance it is told whether it hibernated or was shut down after all."""
    asleep = world.fake.run_instances(hibernation=True)
    fallen = world.fake.run_instances(hibernation=True, hibernation_fails=True)
    world.act("stop_instances", asleep + fallen, hibernate=True)

    stopped = world.wait("stopped", asleep + fallen)

    assert [True, False] == [each.hibernated for each in stopped.values()]


def test_start_that_falls_back(world):
    """A start that falls back to stopped fails at once, with EC2's reason; the others start."""
    fails = world.fake.run_instances(state="stopped", start_fails="kms")
    works = world.fake.run_instances(state="stopped")
    world.act("start_instances", fails + works)

    error = world.failed("running", fails + works)

    assert works == list(error.reached)
    assert "Client.InternalError" == error.stuck[fails[0]].state_reason.code
    assert "Client error on launch" in str(error)
    assert world.elapsed < 40


def test_just_launched(world):
    """NotFound after a launch is waited out."""
    world.fake.lag = 20
    ids = world.fake.run_instances(2, state="pending")

    assert ids == list(world.wait("running", ids))
    assert "InvalidInstanceID.NotFound" in {each.outcome for each in world.fake.calls}


def test_lag(world):
    """A stop that EC2 does not show yet is waited for."""
    ids = world.fake.run_instances(2)
    world.fake.advance(30)
    world.fake.lag = 20
    world.act("stop_instances", ids)

    assert ids == list(world.wait("stopped", ids))
    assert 80 <= world.elapsed <= 95


def test_never_stopped(world):
    """An instance that nobody stops is given 60 s."""
    ids = world.fake.run_instances(2)

    error = world.failed("stopped", ids)

    assert 60 <= world.elapsed <= 75
    assert ["running", "running"] == [each.state.name for each in error.stuck.values()]


def test_metal(world):
    """Metal takes longer than ten minutes, and is waited for."""
    (one,) = world.fake.run_instances(state="stopped", instance_type="m5.metal")
    world.act("start_instances", one)

    assert "running" == world.wait("running", one)[one].state.name
    assert 600 < world.elapsed < 740


def test_deadline(world):
    """A wait ends at its deadline, and names what is stuck."""
    ids = world.fake.run_instances(2, stuck="for-ever")
    world.act("stop_instances", ids)

    error = world.failed("stopped", ids, timeout=300)

    assert 300 == pytest.approx(world.elapsed, abs=0.01)
    assert ids == list(error.stuck)
    assert f"  {ids[0]}: stopping for 300 s (Client.UserInitiatedShutdown" in str(error)


def test_escalation(world):
    """What hangs until forced is forced; Xen's refusal of SkipOsShutdown leads to that too."""
    xen = world.fake.run_instances(xen=True, stuck="until-forced")
    nitro = world.fake.run_instances(stuck="until-forced")
    slow = world.fake.run_instances(instance_type="m5.large")
    world.act("stop_instances", xen + nitro + slow)

    escalation = ec2lite.Escalation(100, 50, data_loss_accepted=True)
    assert xen + nitro + slow == list(
        world.wait("stopped", xen + nitro + slow, escalate=escalation)
    )
    assert 100 <= world.elapsed <= 140


def test_xen(world):
    """Without a time for Force, Xen types are forced when SkipOsShutdown is refused."""
    xen = world.fake.run_instances(xen=True, stuck="until-forced")
    world.act("stop_instances", xen)

    assert xen == list(world.wait("stopped", xen, escalate=SKIP_AT_50))
    assert 50 <= world.elapsed <= 90


def test_last_step(world):
    """After the last step the error says what AWS says to do."""
    ids = world.fake.run_instances(stuck="for-ever")
    world.act("stop_instances", ids)

    error = world.failed("stopped", ids, escalate=FORCE_AT_50)

    assert "ten minutes after Force: ask AWS Support" in str(error)


def test_terminating(world):
    """What hangs in shutting-down is forced as well."""
    ids = world.fake.run_instances(stuck="until-forced")
    world.act("terminate_instances", ids)

    assert ids == list(world.wait("terminated", ids, escalate=FORCE_AT_50))


def test_protected(world):
    """What is stopping, and protected from termination, will not be terminated."""
    (free,) = world.fake.run_instances()
    (kept,) = world.fake.run_instances(termination_protected=True)
    world.act("stop_instances", [free, kept])
    world.act("terminate_instances", free)

    error = world.failed("terminated", [free, kept])

    assert [free] == list(error.reached)
    assert "disableApiTermination keeps it from being terminated" in str(error)
    assert "stopping" == error.stuck[kept].state.name


def test_view(world):
    """A view of a client waits too, in its own options."""
    (one,) = world.fake.run_instances(state="stopped")
    with world.fake.client() as ec2:
        found = ec2.with_options(timeout=5).wait_until_stopped(one)
    assert [one] == list(found)


def test_trouble(world):
    """Lost connections and throttling do not end a wait."""
    ids = world.fake.run_instances(2)
    world.act("stop_instances", ids)
    with world.fake.client() as ec2:
        ec2.describe_instance_status(ids)
    world.fake.fail_next("DescribeInstanceStatus", "RequestLimitExceeded", times=9)

    assert ids == list(world.wait("stopped", ids))
    assert 9 < world.count("DescribeInstanceStatus")


def test_lost_connections(world):
    """Once EC2 has answered, lost connections do not end a wait either."""
    ids = world.fake.run_instances(2)
    world.act("stop_instances", ids)
    told = []

    def cut(progress):
        told.append(progress)
        if len(told) == 1:
            world.fake.reset_next("DescribeInstanceStatus", times=7)

    assert ids == list(world.wait("stopped", ids, on_progress=cut))
    assert 7 == sum(each.outcome == "reset" for each in world.fake.calls)


def test_progress(world):
    """Progress is told of each change."""
    ids = world.fake.run_instances(2)
    world.act("stop_instances", ids)
    told = []

    world.wait("stopped", ids, on_progress=told.append)

    assert [dict.fromkeys(ids, "stopping"), {}] == [each.waiting for each in told]
    assert [[], ids] == [list(each.reached) for each in told]


def test_wrong_argument(world):
    """A wrong argument is refused before anything is sent."""
    with pytest.raises(ec2lite.ConfigError):
        world.wait("stopped", [])
    assert [] == world.fake.calls


def test_closed(world):
    """A client that is closed does not wait."""
    ec2 = world.fake.client()
    ec2.close()
    with pytest.raises(ec2lite.ConfigError, match="the client is closed") as caught:
        ec2.wait_until_stopped("i-1")
    assert [] == getattr(caught.value, "__notes__", [])


def test_note_on_errors(world):
    """An error that ends a wait notes what was reached until then."""
    ids = [*world.fake.run_instances(state="stopped"), *world.fake.run_instances()]

    def deny(progress):
        world.fake.fail_next("DescribeInstanceStatus", "UnauthorizedOperation")

    with pytest.raises(ec2lite.UnauthorizedOperation) as caught:
        world.wait("stopped", ids, on_progress=deny)

    assert [
        f"1 of 2 reached stopped\n  stopped: {ids[0]}\n  still waited for (1 running): {ids[1]}"
    ] == caught.value.__notes__


def test_no_note_on_its_own_error(world):
    """A WaiterError says that itself."""
    error = world.failed("stopped", world.fake.run_instances(), timeout=1)
    assert not hasattr(error, "__notes__")


# --- interruptions


def test_ctrl_c():
    """Ctrl-C stops the wait, not the instances, and says what was reached."""
    world = World(Colour("sync"))
    ids = [*world.fake.run_instances(state="stopped"), *world.fake.run_instances()]
    world.act("stop_instances", ids)

    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        world.wait("stopped", ids, on_progress=interrupt)

    (note,) = caught.value.__notes__
    assert note.startswith(f"1 of 2 reached stopped\n  stopped: {ids[0]}\n")
    world.fake.advance(100)
    assert {"stopped"} == {e.state.name for e in world.act("describe_instances", ids)}


def test_cancelled_task():
    """A task that is cancelled leaves at once; its error notes what was reached."""

    async def main():
        world = World(Colour("asyncio"))
        ids = world.fake.run_instances(2)
        with world.fake.client() as ec2:
            ec2.stop_instances(ids)
        async with world.fake.async_client() as ec2:
            task = asyncio.create_task(
                ec2.wait_until_stopped(ids, on_progress=lambda progress: task.cancel())
            )
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
        calls = len(world.fake.calls)
        await asyncio.sleep(0)
        assert calls == len(world.fake.calls)
        return ids, caught.value, world

    ids, error, world = asyncio.run(main())

    assert [f"0 of 2 reached stopped\n  still waited for (2 stopping): {ids[0]}, {ids[1]}"] == (
        error.__notes__
    )
    assert world.count("DescribeInstanceStatus") <= 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled_scope(backend):
    """So does a wait in a scope that is cancelled, on both event loops; the instances go on."""

    async def main():
        fake = FakeEC2()
        ids = fake.run_instances(2)
        async with fake.async_client() as ec2:
            await ec2.stop_instances(ids)
            with anyio.CancelScope() as scope:
                await ec2.wait_until_stopped(ids, on_progress=lambda progress: scope.cancel())
            assert scope.cancelled_caught
            fake.advance(60)
            return [each.state.name async for each in ec2.describe_instances(ids)]

    assert ["stopped", "stopped"] == anyio.run(main, backend=backend)


def test_waits_at_once():
    """Waits of several tasks share the clock, and each ends in its own time."""

    async def main():
        fake = FakeEC2()
        first, second = fake.run_instances(2)
        async with fake.async_client() as ec2:
            await ec2.stop_instances(first)
            await ec2.terminate_instances(second)
            return await asyncio.gather(
                ec2.wait_until_stopped(first), ec2.wait_until_terminated(second)
            )

    stopped, terminated = asyncio.run(main())
    assert ["stopped"] == [each.state.name for each in stopped.values()]
    assert ["terminated"] == [each.state.name for each in terminated.values()]


def test_light():
    """The loop of a wait is loaded by the first wait, not with the client."""
    import subprocess

    code = "import sys, ec2lite; ec2lite.Client; print('ec2lite.waiting.loop' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False" == run.stdout.strip()
