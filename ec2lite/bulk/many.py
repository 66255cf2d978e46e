"""Actions on many instances, as values: what a client's ``…_many`` methods take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias

from attrs import Attribute, field, fields, frozen

from ec2lite import checks
from ec2lite.bulk import BATCH_SIZE
from ec2lite.bulk.outcome import BatchResult
from ec2lite.bulk.pacing import NoPacing, Pacing, batch_limit
from ec2lite.bulk.plan import check_pacing
from ec2lite.bulk.progress import BatchProgress
from ec2lite.operations.reboot_instances import RebootInstances
from ec2lite.operations.start_instances import StartInstances
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.operations.terminate_instances import TerminateInstances

if TYPE_CHECKING:
    from ec2lite.protocol.operation import Operation

Change: TypeAlias = StopInstances | StartInstances | RebootInstances | TerminateInstances


def _is_size(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse what is no size of a batch. (An attrs validator.)."""
    del instance
    checks.whole(attribute.name, value, most=1000)


def _is_limit(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse what is neither a number of failures nor a share. (An attrs validator.)."""
    del instance
    if isinstance(value, float):
        if not 0 < value < 1:
            raise checks.wrong(attribute.name, "a share between 0 and 1", repr(value))
    elif value is not None:
        checks.whole(attribute.name, value, least=0)


def _ids(ids: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return ids once each; none at all if they are left out. (An attrs converter.)."""
    return () if ids is None else checks.instance_ids(ids)


def _result(name: str, value: object) -> BatchResult:
    """Check that a value is a result to go on with."""
    return checks.instance(name, value, BatchResult, "a BatchResult")


def _switch(name: str, value: object) -> bool:
    """Check that a value is True or False."""
    return checks.instance(name, value, bool, "True or False")


def _is_check(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse what does not say what to look at beforehand. (An attrs validator.)."""
    del instance
    if value != "protection":
        checks.instance(attribute.name, value, bool, 'True, False or "protection"')


_FLAG: Final = checks.validator(checks.flag)
_SWITCH: Final = checks.validator(_switch)


@frozen
class Many:
    """What to do, and to which instances."""

    operation: ClassVar[type[Change]]
    # The attribute of its result that tells of each instance; None where none does.
    changes: ClassVar[str | None] = None

    instance_ids: tuple[str, ...] = field(default=None, converter=_ids)
    batch_size: int = field(default=BATCH_SIZE, kw_only=True, validator=_is_size)
    deadline: float | None = field(
        default=None, kw_only=True, validator=checks.optional(checks.seconds)
    )
    max_failures: float | None = field(default=None, kw_only=True, validator=_is_limit)
    on_progress: Callable[[BatchProgress], object] | None = field(
        default=None, kw_only=True, validator=checks.optional(checks.listener), repr=False
    )
    resume: BatchResult | None = field(
        default=None, kw_only=True, validator=checks.optional(_result), repr=False
    )
    isolate_unauthorized: bool = field(default=False, kw_only=True, validator=_SWITCH)
    pacing: Pacing | NoPacing | None = field(
        default=None, kw_only=True, validator=checks.validator(check_pacing)
    )
    dry_run: bool | None = field(default=None, kw_only=True, validator=_FLAG)
    check: bool | Literal["protection"] = field(default=False, kw_only=True, validator=_is_check)
    wait_for_pending: bool = field(default=False, kw_only=True, validator=_SWITCH)

    def __attrs_post_init__(self) -> None:
        if not self.instance_ids and not (self.resume and self.resume.outcomes):
            raise checks.wrong("instance_ids", "given, or known from resume", "left out")

    @property
    def size(self) -> int:
        """How many ids a request has."""
        return batch_limit(self.operation.action, self.batch_size, self.pacing)

    def request(self, ids: tuple[str, ...], **flags: bool | None) -> Operation[Any]:
        """Return the request for some of the instances, with some flags other than all have."""
        said: dict[str, Any] = {**self.flags(), **flags}
        return self.operation(ids, **said)

    def flags(self) -> dict[str, Any]:
        """Return what every request says besides the ids."""
        names = [each.name for each in fields(self.operation) if each.name != "instance_ids"]
        return {name: getattr(self, name) for name in names}


@frozen
class StopMany(Many):
    """Stop any number of instances; return one outcome each.

    - ``instance_ids``: one id or any number; each has one outcome, in order.
    - ``batch_size``: ids in a request, 1 to 1000; 50 by default.
    - ``deadline``: seconds from now, above 0; then the rest is ``not_attempted``.
    - ``max_failures``: how many instances may fail, or which share of them (0.1); if more do,
      nothing more is sent, and the rest is ``not_attempted``.
    - ``on_progress``: is called with a ``BatchProgress`` after each request.
    - ``resume``: a result to go on with, an empty ``BatchResult()`` to begin with: it is filled as
      outcomes become known. Then ``instance_ids`` may be left out; what is settled is not sent.
    - ``isolate_unauthorized``: halve a batch that IAM refuses, for policies that depend on tags.
    - ``pacing``: ``Pacing`` with the account's own quotas, or ``NoPacing()``; by default AWS's.
    - ``dry_run``: ask for each batch whether it would be ``allowed``; nothing is changed.
    - ``check``: describe the instances first, and say in the result's ``findings`` which will not
      change, or will be replaced; ``"protection"`` asks for the protection of each, too.
    - ``wait_for_pending``: ask again about instances that were pending when they no longer are, up
      to 30 minutes later.

    A refused instance never raises and never holds up the others: the ids that a refusal names are
    taken out and the rest is asked again at once; a batch whose refusal names none is halved.
    Where credentials, the network or the clock fail, the error is raised, and its ``partial`` is
    the ``BatchResult`` so far. A request whose answer was lost leaves ``unknown``.

    ``hibernate``, ``force`` and ``skip_os_shutdown`` are those of ``StopInstances``.

    - ``fall_back_to_stop``: with ``hibernate``, stop what cannot hibernate in the ordinary way.
    - ``override_protection``: take stop protection off what has it, stop it, and put it back,
      whatever happens. ``Outcome.fallback`` says whether it is back.
    """

    operation: ClassVar[type[Change]] = StopInstances
    changes: ClassVar[str | None] = "stopping_instances"

    hibernate: bool | None = field(default=None, kw_only=True, validator=_FLAG)
    force: bool | None = field(default=None, kw_only=True, validator=_FLAG)
    skip_os_shutdown: bool | None = field(default=None, kw_only=True, validator=_FLAG)
    fall_back_to_stop: bool = field(default=False, kw_only=True, validator=_SWITCH)
    override_protection: bool = field(default=False, kw_only=True, validator=_SWITCH)


@frozen
class StartMany(Many):
    """Start any number of instances; return one outcome each.

    - ``instance_ids``: one id or any number; each has one outcome, in order.
    - ``batch_size``: ids in a request, 1 to 1000; 50 by default.
    - ``deadline``: seconds from now, above 0; then the rest is ``not_attempted``.
    - ``max_failures``: how many instances may fail, or which share of them (0.1); if more do,
      nothing more is sent, and the rest is ``not_attempted``.
    - ``on_progress``: is called with a ``BatchProgress`` after each request.
    - ``resume``: a result to go on with, an empty ``BatchResult()`` to begin with: it is filled as
      outcomes become known. Then ``instance_ids`` may be left out; what is settled is not sent.
    - ``isolate_unauthorized``: halve a batch that IAM refuses, for policies that depend on tags.
    - ``pacing``: ``Pacing`` with the account's own quotas, or ``NoPacing()``; by default AWS's.
    - ``dry_run``: ask for each batch whether it would be ``allowed``; nothing is changed.
    - ``check``: describe the instances first, and say in the result's ``findings`` which will not
      change, or will be replaced; ``"protection"`` asks for the protection of each, too.
    - ``wait_for_pending``: ask again about instances that were pending when they no longer are, up
      to 30 minutes later.

    A refused instance never raises and never holds up the others: the ids that a refusal names are
    taken out and the rest is asked again at once; a batch whose refusal names none is halved.
    Where credentials, the network or the clock fail, the error is raised, and its ``partial`` is
    the ``BatchResult`` so far. A request whose answer was lost leaves ``unknown``.

    ``additional_info`` is that of ``StartInstances``. Where EC2 has no room, DescribeInstances
    tells the types and zones of a batch, by which it is divided; then it is halved.
    """

    operation: ClassVar[type[Change]] = StartInstances
    changes: ClassVar[str | None] = "starting_instances"

    additional_info: str | None = field(
        default=None, kw_only=True, validator=checks.optional(checks.text)
    )


@frozen
class RebootMany(Many):
    """Reboot any number of instances; return one outcome each.

    - ``instance_ids``: one id or any number; each has one outcome, in order.
    - ``batch_size``: ids in a request, 1 to 1000; 50 by default.
    - ``deadline``: seconds from now, above 0; then the rest is ``not_attempted``.
    - ``max_failures``: how many instances may fail, or which share of them (0.1); if more do,
      nothing more is sent, and the rest is ``not_attempted``.
    - ``on_progress``: is called with a ``BatchProgress`` after each request.
    - ``resume``: a result to go on with, an empty ``BatchResult()`` to begin with: it is filled as
      outcomes become known. Then ``instance_ids`` may be left out; what is settled is not sent.
    - ``isolate_unauthorized``: halve a batch that IAM refuses, for policies that depend on tags.
    - ``pacing``: ``Pacing`` with the account's own quotas, or ``NoPacing()``; by default AWS's.
    - ``dry_run``: ask for each batch whether it would be ``allowed``; nothing is changed.
    - ``check``: describe the instances first, and say in the result's ``findings`` which will not
      change, or will be replaced; ``"protection"`` asks for the protection of each, too.
    - ``wait_for_pending``: ask again about instances that were pending when they no longer are, up
      to 30 minutes later.

    A refused instance never raises and never holds up the others: the ids that a refusal names are
    taken out and the rest is asked again at once; a batch whose refusal names none is halved.
    Where credentials, the network or the clock fail, the error is raised, and its ``partial`` is
    the ``BatchResult`` so far. A request whose answer was lost leaves ``unknown``.

    A request that may have arrived is never sent again.
    """

    operation: ClassVar[type[Change]] = RebootInstances


@frozen
class TerminateMany(Many):
    """Terminate any number of instances; return one outcome each.

    - ``instance_ids``: one id or any number; each has one outcome, in order.
    - ``batch_size``: ids in a request, 1 to 1000; 50 by default.
    - ``deadline``: seconds from now, above 0; then the rest is ``not_attempted``.
    - ``max_failures``: how many instances may fail, or which share of them (0.1); if more do,
      nothing more is sent, and the rest is ``not_attempted``.
    - ``on_progress``: is called with a ``BatchProgress`` after each request.
    - ``resume``: a result to go on with, an empty ``BatchResult()`` to begin with: it is filled as
      outcomes become known. Then ``instance_ids`` may be left out; what is settled is not sent.
    - ``isolate_unauthorized``: halve a batch that IAM refuses, for policies that depend on tags.
    - ``pacing``: ``Pacing`` with the account's own quotas, or ``NoPacing()``; by default AWS's.
    - ``dry_run``: ask for each batch whether it would be ``allowed``; nothing is changed.
    - ``check``: describe the instances first, and say in the result's ``findings`` which will not
      change, or will be replaced; ``"protection"`` asks for the protection of each, too.
    - ``wait_for_pending``: ask again about instances that were pending when they no longer are, up
      to 30 minutes later.

    A refused instance never raises and never holds up the others: the ids that a refusal names are
    taken out and the rest is asked again at once; a batch whose refusal names none is halved.
    Where credentials, the network or the clock fail, the error is raised, and its ``partial`` is
    the ``BatchResult`` so far. A request whose answer was lost leaves ``unknown``.

    ``force`` and ``skip_os_shutdown`` are those of ``TerminateInstances``. A request that fails may
    have terminated a part of its instances: DescribeInstances tells which.
    """

    operation: ClassVar[type[Change]] = TerminateInstances
    changes: ClassVar[str | None] = "terminating_instances"

    force: bool | None = field(default=None, kw_only=True, validator=_FLAG)
    skip_os_shutdown: bool | None = field(default=None, kw_only=True, validator=_FLAG)
