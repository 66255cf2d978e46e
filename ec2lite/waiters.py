"""Waits, as values: what a client's ``wait_until_…`` methods take, and what they say of it.

The loop that carries them out is in ``ec2lite.waiting``, and is imported by the first wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from attrs import Attribute, field, frozen

from ec2lite import checks
from ec2lite.waiting.progress import Escalation, Progress

if TYPE_CHECKING:
    # Named in the bases below, as texts: these classes take long to make.
    from ec2lite.operations.instance import Instance  # noqa: F401 - in a text
    from ec2lite.operations.instance_status import InstanceStatus  # noqa: F401 - in a text

T = TypeVar("T")

PATIENCE = 1800.0
"""Seconds: a metal instance needs more than ten minutes to start or to stop."""


def _is_escalation(wait: Wait[Any], attribute: Attribute[Any], value: object) -> None:
    """Refuse what does not hurry instances, and any where there is nothing to hurry."""
    if value is None:
        return
    if not wait.can_escalate:
        raise checks.wrong(attribute.name, "None where nothing is to stop", checks.kind(value))
    checks.instance(attribute.name, value, Escalation, "an Escalation or None")


@frozen
class Wait(Generic[T]):
    """What to wait for: ``T`` is what is known of an instance that is there."""

    goal: ClassVar[str]
    """The state to wait for, or ``status-ok``."""
    can_escalate: ClassVar[bool] = False

    instance_ids: tuple[str, ...] = field(converter=checks.instance_ids)
    timeout: float = field(
        default=PATIENCE, kw_only=True, validator=checks.validator(checks.seconds)
    )
    on_progress: Callable[[Progress[T]], object] | None = field(
        default=None, kw_only=True, validator=checks.optional(checks.listener), repr=False
    )
    escalate: Escalation | None = field(default=None, kw_only=True, validator=_is_escalation)


@frozen
class WaitUntilRunning(Wait["Instance"]):
    """Wait until instances are running; return each as it was last seen, by its id.

    - ``instance_ids``: one id or several. Only those that are not running yet are asked about.
    - ``timeout``: seconds, above 0 and up to 2,000,000; 1800 by default. A metal instance needs
      more than ten minutes.
    - ``on_progress``: is called with a ``Progress`` after each change.
    - ``escalate``: None. There is nothing to hurry.

    An instance that is shutting down or terminated cannot run again, and neither can one that was
    pending and went back to ``stopped``, as it does where EBS may not use the key of a volume. One
    that is not found, or still ``stopped`` after its start was accepted, is given 60 seconds: EC2
    is eventually consistent. The wait goes on for the others, and then raises ``WaiterError``,
    which has those that are running too. So it does when the time is over.

    The caller needs ec2:DescribeInstanceStatus and ec2:DescribeInstances. An interruption stops the
    wait, not the instances.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
    """

    goal: ClassVar[str] = "running"


@frozen
class WaitUntilStopped(Wait["Instance"]):
    """Wait until instances are stopped; return each as it was last seen, by its id.

    ``Instance.hibernated`` tells which of them were asked to hibernate, and which were shut down.

    - ``instance_ids``: one id or several. Only those that are not stopped yet are asked about.
    - ``timeout``: seconds, above 0 and up to 2,000,000; 1800 by default.
    - ``on_progress``: is called with a ``Progress`` after each change.
    - ``escalate``: an ``Escalation``, to hurry what stays in ``stopping``; data may be lost.

    An instance that is shutting down or terminated cannot be stopped any more. One that is not
    found, or still ``running`` after its stop was accepted, is given 60 seconds. The wait goes on
    for the others, and then raises ``WaiterError``, which has those that are stopped too. So it
    does when the time is over.

    The caller needs ec2:DescribeInstanceStatus and ec2:DescribeInstances. An interruption stops the
    wait, not the instances.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html
    """

    goal: ClassVar[str] = "stopped"
    can_escalate: ClassVar[bool] = True


@frozen
class WaitUntilTerminated(Wait["Instance"]):
    """Wait until instances are terminated; return each as it was last seen, by its id.

    - ``instance_ids``: one id or several. Only those that are not terminated yet are asked about.
    - ``timeout``: seconds, above 0 and up to 2,000,000; 1800 by default.
    - ``on_progress``: is called with a ``Progress`` after each change.
    - ``escalate``: an ``Escalation``, to hurry what stays in ``shutting-down``; data may be lost.

    An instance that is ``stopping`` and is protected from being stopped or terminated will not be
    terminated. One that is not found, or whose state is still that of before, is given 60 seconds.
    The wait goes on for the others, and then raises ``WaiterError``, which has those that are
    terminated too. So it does when the time is over.

    The caller needs ec2:DescribeInstanceStatus and ec2:DescribeInstances, and for the protection of
    those that are stopping ec2:DescribeInstanceAttribute; without it they are waited for.
    An interruption stops the wait, not the instances.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
    """

    goal: ClassVar[str] = "terminated"
    can_escalate: ClassVar[bool] = True


@frozen
class WaitUntilStatusOk(Wait["InstanceStatus"]):
    """Wait until instances run and pass their status checks; return each one's status, by its id.

    Both checks have to say ``ok``: that of the instance, and that of the system below it.

    - ``instance_ids``: one id or several. Only those that do not pass yet are asked about.
    - ``timeout``: seconds, above 0 and up to 2,000,000; 1800 by default.
    - ``on_progress``: is called with a ``Progress`` after each change.
    - ``escalate``: None. There is nothing to hurry.

    What cannot run cannot pass, as ``wait_until_running`` says. A check that fails is waited for:
    it may pass later. ``WaiterError`` names those that do not pass when the time is over.

    The caller needs ec2:DescribeInstanceStatus, and ec2:DescribeInstances for those that fail. An
    interruption stops the wait, not the instances.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
    """

    goal: ClassVar[str] = "status-ok"
