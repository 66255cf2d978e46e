"""What a wait takes, what it refuses before anything is sent, and how it looks to callers."""

from __future__ import annotations

import inspect
import pickle

import pytest

import ec2lite
from ec2lite.waiters import (
    WaitUntilRunning,
    WaitUntilStatusOk,
    WaitUntilStopped,
    WaitUntilTerminated,
)
from ec2lite.waiting.progress import Progress

WAITS = {
    "running": WaitUntilRunning,
    "stopped": WaitUntilStopped,
    "terminated": WaitUntilTerminated,
    "status_ok": WaitUntilStatusOk,
}
ESCALATION = ec2lite.Escalation(600, data_loss_accepted=True)

each_wait = pytest.mark.parametrize("cls", WAITS.values())
each_client = pytest.mark.parametrize("client", [ec2lite.Client, ec2lite.AsyncClient])


def refusal(function, *args, **kwargs):
    """Return the message of the ConfigError that arguments end in."""
    with pytest.raises(ec2lite.ConfigError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


@each_client
@pytest.mark.parametrize("goal", WAITS)
def test_signature(client, goal):
    """Each method shows its parameters and what it returns, and the docstring of its wait."""
    method = getattr(client, f"wait_until_{goal}")
    kind = "InstanceStatus" if goal == "status_ok" else "Instance"

    assert [
        ("instance_ids", inspect.Parameter.empty),
        ("timeout", 1800.0),
        ("on_progress", None),
        ("escalate", None),
    ] == [(each.name, each.default) for each in inspect.signature(method).parameters.values()][1:]
    assert f"dict[str, {kind}]" == inspect.signature(method).return_annotation
    assert WAITS[goal].__doc__ == method.__doc__
    assert f"{client.__name__}.wait_until_{goal}" == method.__qualname__
    assert (client is ec2lite.AsyncClient) == inspect.iscoroutinefunction(method)


@each_wait
def test_ids(cls):
    """A lone string is one id, each id is waited for once, and none never means all."""
    assert ("i-1",) == cls("i-1").instance_ids
    assert ("i-2", "i-1") == cls(["i-2", "i-1", "i-2"]).instance_ids
    assert "instance_ids must be at least one id, not an empty list" == refusal(cls, [])


@each_wait
@pytest.mark.parametrize("timeout", [0, -1, 2_000_001, None, True, "5", float("nan")])
def test_timeout(cls, timeout):
    """The time is a number of seconds above 0; without limit there is no wait."""
    assert 1800.0 == cls("i-1").timeout
    assert refusal(cls, "i-1", timeout=timeout).startswith("timeout must be a number of seconds")


@each_wait
def test_listener(cls):
    """Progress is told to a function, which is not awaited."""

    async def listen(progress):
        """Do nothing."""

    assert "on_progress must be a function, not int" == refusal(cls, "i-1", on_progress=1)
    assert "on_progress must be a function that is not awaited, not a coroutine function" == (
        refusal(cls, "i-1", on_progress=listen)
    )
    assert print is cls("i-1", on_progress=print).on_progress


@pytest.mark.parametrize("cls", [WaitUntilRunning, WaitUntilStatusOk])
def test_nothing_to_escalate(cls):
    """What is to run is not hurried on its way down."""
    assert "escalate must be None where nothing is to stop, not Escalation" == (
        refusal(cls, "i-1", escalate=ESCALATION)
    )
    assert cls("i-1", escalate=None).escalate is None


@pytest.mark.parametrize("cls", [WaitUntilStopped, WaitUntilTerminated])
def test_escalation(cls):
    """What is to stop may be hurried, by an Escalation."""
    assert ESCALATION is cls("i-1", escalate=ESCALATION).escalate
    assert "escalate must be an Escalation or None, not dict" == refusal(cls, "i-1", escalate={})


def test_data_loss():
    """An escalation is refused until somebody says that data may be lost, and when."""
    accepted = "data_loss_accepted must be True for an escalation, not "

    assert f"{accepted}False" == refusal(ec2lite.Escalation, 600)
    assert f"{accepted}False" == refusal(ec2lite.Escalation, 600, data_loss_accepted=False)
    assert f"{accepted}int" == refusal(ec2lite.Escalation, 600, data_loss_accepted=1)
    assert "Escalation must be given force_after or skip_os_shutdown_after, not neither" == (
        refusal(ec2lite.Escalation, data_loss_accepted=True)
    )
    for name in ("force_after", "skip_os_shutdown_after"):
        message = refusal(ec2lite.Escalation, data_loss_accepted=True, **{name: 0})
        assert message.startswith(f"{name} must be a number of seconds above 0")
    made = ec2lite.Escalation(skip_os_shutdown_after=5, data_loss_accepted=True)
    assert (None, 5) == (made.force_after, made.skip_os_shutdown_after)


def test_values():
    """A wait shows what it waits for, and progress is a plain value."""
    assert "WaitUntilStopped(instance_ids=('i-1',), timeout=5, escalate=None)" == repr(
        WaitUntilStopped("i-1", timeout=5, on_progress=print)
    )
    assert {} == Progress({}, {}, 0.0, 1.0).stuck


def test_error():
    """A WaiterError is an EC2Error that can be made by its message, copied and pickled."""
    bare = ec2lite.WaiterError("late")
    full = ec2lite.WaiterError("late", stuck={"i-1": None}, reached={"i-2": 2})
    copy = pickle.loads(pickle.dumps(full))

    assert isinstance(bare, ec2lite.EC2Error)
    assert ({}, {}, "late") == (bare.stuck, bare.reached, str(bare))
    assert ({"i-1": None}, {"i-2": 2}, "late") == (copy.stuck, copy.reached, str(copy))
    assert not full.is_retryable
