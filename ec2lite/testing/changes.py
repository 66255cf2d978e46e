"""What an action does to one instance: whether its state allows that, and what follows when.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from ec2lite.testing import refusals
from ec2lite.testing.life import HIBERNATE, KMS, SHUTDOWN

if TYPE_CHECKING:
    from datetime import datetime

    from ec2lite.testing.instance import FakeInstance
    from ec2lite.testing.life import Times


@frozen
class Way:
    """How to stop or terminate: what the request's flags say."""

    hibernate: bool = False
    force: bool = False
    skip_os_shutdown: bool = False


# --- what EC2 looks at before it changes anything: all of these, for all ids


def check_start(instance: FakeInstance, now: datetime, way: Way) -> None:
    """Refuse to start what is going down."""
    del way
    _check_managed(instance, "started")
    if instance.state(now) in {"stopping", "shutting-down", "terminated"}:
        raise refusals.wrong_state(instance.instance_id, "started")


def check_stop(instance: FakeInstance, now: datetime, way: Way) -> None:
    """Refuse to stop what cannot be, or not in this way."""
    _check_managed(instance, "stopped")
    _check_xen(instance, way)
    name, state = instance.instance_id, instance.state(now)
    if instance.root_device_type != "ebs":
        raise refusals.instance_store(name)
    if instance.spot == "one-time":
        raise refusals.one_time_spot(name)
    if instance.stop_protected:
        raise refusals.protected(name, "stopped", "disableApiStop")
    if way.hibernate and not instance.hibernation:
        raise refusals.not_hibernatable(name)
    if state in {"shutting-down", "terminated"}:
        raise refusals.wrong_state(name, "stopped")
    if state == "pending" and not way.force and not instance.life.has_run(now):
        raise refusals.never_ran(name)


def check_terminate(instance: FakeInstance, now: datetime, way: Way) -> None:
    """Refuse to terminate what is not its owner's to terminate; protection is seen to by zone."""
    del now
    _check_managed(instance, "terminated")
    _check_xen(instance, way)


def protection(instance: FakeInstance) -> str | None:
    """Return the attribute that keeps an instance from being terminated."""
    if instance.termination_protected:
        return "disableApiTermination"
    return "disableApiStop" if instance.stop_protected else None


def check_reboot(instance: FakeInstance, now: datetime, way: Way) -> None:
    """Refuse to reboot what does not run; terminated instances are ignored, as documented."""
    del way
    _check_managed(instance, "rebooted")
    if instance.state(now) in {"stopping", "stopped", "shutting-down"}:
        raise refusals.wrong_state(instance.instance_id, "rebooted")


def _check_managed(instance: FakeInstance, changed: str) -> None:
    if instance.managed:
        raise refusals.managed(instance.instance_id, changed)


def _check_xen(instance: FakeInstance, way: Way) -> None:
    if way.skip_os_shutdown and instance.is_xen:
        raise refusals.xen()


# --- what then happens


def start(instance: FakeInstance, now: datetime, way: Way, times: Times) -> None:
    """Start a stopped instance; one that runs or will run stays as it is."""
    del way
    if instance.state(now) != "stopped":
        return
    seconds = times.metal if instance.is_metal else times.pending
    end: _Coming = (seconds, "running", None)
    if instance.start_fails == "kms":
        end = (seconds, "stopped", KMS)
    instance.life.change(now, (0, "pending", None), end)
    instance.restarted = now


def stop(instance: FakeInstance, now: datetime, way: Way, times: Times) -> None:
    """Stop an instance. One that is stopping is only hurried on, where the way is harder."""
    state = instance.state(now)
    is_harder = way.force or way.skip_os_shutdown
    if state == "stopped" or (state == "stopping" and not is_harder):
        return
    reason = SHUTDOWN
    if way.hibernate and not instance.hibernation_fails:
        reason = HIBERNATE
    begins: list[_Coming] = []
    if state == "stopping":
        reason = instance.life.at(now).reason or reason
    else:
        begins = [(0.0, "stopping", reason)]
    _change(instance, now, begins, (_stopping(instance, way, times), "stopped", reason), way)


def terminate(instance: FakeInstance, now: datetime, way: Way, times: Times) -> None:
    """Terminate an instance, for ever."""
    state = instance.state(now)
    is_harder = way.force or way.skip_os_shutdown
    if state == "terminated" or (state == "shutting-down" and not is_harder):
        return
    is_new = state != "shutting-down"
    begins: list[_Coming] = [(0.0, "shutting-down", SHUTDOWN)] if is_new else []
    seconds = times.forced if is_harder else times.shutting_down
    _change(instance, now, begins, (seconds, "terminated", SHUTDOWN), way)


def reboot(instance: FakeInstance, now: datetime, way: Way, times: Times) -> None:
    """Reboot an instance: its state stays, its status checks begin anew."""
    del way, times
    if instance.state(now) == "running":
        instance.rebooted = now


_Coming: TypeAlias = "tuple[float, str, tuple[str, str] | None]"


def _change(
    instance: FakeInstance, now: datetime, begins: list[_Coming], end: _Coming, way: Way
) -> None:
    """Let the end come so many seconds from now, or sooner where it was to come sooner anyway."""
    life = instance.life
    seconds, state, reason = end
    coming = [phase.begins for phase in life.phases if phase.begins > now]
    if coming and not begins:
        seconds = min(seconds, (coming[0] - now).total_seconds())
    ends = [] if _hangs(instance, way) else [(seconds, state, reason)]
    if begins or ends:
        life.change(now, *begins, *ends)


def _hangs(instance: FakeInstance, way: Way) -> bool:
    """Whether it stays where it is: nothing short of force helps, or nothing at all."""
    return instance.stuck == "for-ever" or (instance.stuck == "until-forced" and not way.force)


def _stopping(instance: FakeInstance, way: Way, times: Times) -> float:
    if instance.is_metal:
        return times.metal
    if way.skip_os_shutdown:
        return times.skipping_os
    if way.hibernate:
        return times.hibernating
    return times.forced if way.force else times.stopping
