"""What a wait says while it goes on, and what it may do to instances that hang."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import field, frozen

from ec2lite import checks
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from ec2lite.operations.instance import Instance  # noqa: TC004 - it takes long to make

T = TypeVar("T")


@frozen
class Progress(Generic[T]):
    """How far a wait has come.

    - ``waiting``: the state of each instance that is still waited for, by its id: EC2's word for
      it, the result of a status check that has not passed, ``not found``, or ``unknown`` where
      nobody has asked yet.
    - ``reached``: the instances that are there, as they were last seen.
    - ``elapsed``, ``remaining``: seconds since the wait began, and until it ends.
    - ``stuck``: those that cannot get there any more; None for one that EC2 does not describe.
    """

    waiting: Mapping[str, str]
    reached: Mapping[str, T]
    elapsed: float
    remaining: float
    stuck: Mapping[str, Instance | None] = field(factory=dict[str, "Instance | None"])


@frozen
class Escalation:
    """When a wait hurries instances that stay in ``stopping`` or ``shutting-down``.

    - ``force_after``: seconds after which ``Force`` is sent: the instance cannot write what is
      in its caches to disk any more, and file systems may be damaged.
    - ``skip_os_shutdown_after``: seconds after which ``SkipOsShutdown`` is sent: the operating
      system does not shut down, and what is in memory is lost. EC2 refuses that for Xen types,
      which are sent ``Force`` instead: after ``force_after``, or at once if that is None.
    - ``data_loss_accepted``: has to be True. Without it an escalation is refused.

    Seconds are counted from the beginning of the wait. Each step is sent once to an instance, when
    it has just been seen in the state that it hangs in: a wait never stops a running machine.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/TroubleshootingInstancesStopping.html
    """

    force_after: float | None = field(default=None, validator=checks.optional(checks.seconds))
    skip_os_shutdown_after: float | None = field(
        default=None, validator=checks.optional(checks.seconds)
    )
    data_loss_accepted: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.data_loss_accepted is not True:
            shown = (
                "False"
                if self.data_loss_accepted is False
                else checks.kind(self.data_loss_accepted)
            )
            raise checks.wrong("data_loss_accepted", "True for an escalation", shown)
        if self.force_after is None and self.skip_os_shutdown_after is None:
            raise ConfigError(
                "Escalation must be given force_after or skip_os_shutdown_after, not neither"
            )
