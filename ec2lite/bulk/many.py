"""Actions on many instances, as values: what a client's ``…_many`` methods take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from attrs import Attribute, field, frozen

from ec2lite import checks
from ec2lite.bulk.progress import BatchProgress
from ec2lite.operations.reboot_instances import RebootInstances
from ec2lite.operations.start_instances import StartInstances
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.operations.terminate_instances import TerminateInstances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.protocol.operation import Operation

BATCH_SIZE: Final = 50


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


def _is_listener(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse what cannot be called with a ``BatchProgress``. (An attrs validator.)."""
    del instance
    if value is not None:
        checks.function(attribute.name, value)
        if inspect.iscoroutinefunction(value):
            raise checks.wrong(attribute.name, "a function", "a coroutine function")


_FLAG: Final = checks.validator(checks.flag)


@frozen
class Many:
    """What to do, and to which instances."""

    instance_ids: tuple[str, ...] = field(converter=checks.instance_ids)
    batch_size: int = field(default=BATCH_SIZE, kw_only=True, validator=_is_size)
    deadline: float | None = field(
        default=None, kw_only=True, validator=checks.optional(checks.seconds)
    )
    max_failures: float | None = field(default=None, kw_only=True, validator=_is_limit)
    on_progress: Callable[[BatchProgress], object] | None = field(
        default=None, kw_only=True, validator=_is_listener, repr=False
    )
    isolate_unauthorized: bool = field(
        default=False,
        kw_only=True,
        validator=_FLAG,
    )

    def request(self, ids: tuple[str, ...]) -> Operation[Any]:
        """Return the request for some of the instances."""
        raise NotImplementedError

    def changes(self, answer: Any) -> Iterable[Any] | None:  # noqa: ANN401 - the four results have nothing in common
        """Return what an answer says of each instance; None if it names none."""
        raise NotImplementedError


@frozen
class StopMany(Many):
    """Stop any number of instances; return one outcome each.

    - ``instance_ids``: one id or any number; each has one outcome, in order.
    - ``batch_size``: ids in a request, 1 to 1000; 50 by default.
    - ``deadline``: seconds from now, above 0; then the rest is ``not_attempted``.
    - ``max_failures``: how many instances may fail, or which share of them (0.1); if more do,
      nothing more is sent, and the rest is ``not_attempted``.
    - ``on_progress``: is called with a ``BatchProgress`` after each request.
    - ``isolate_unauthorized``: halve a batch that IAM refuses, for policies that depend on tags.

    A refused instance never raises and never holds up the others: the ids that a refusal names are
    taken out and the rest is asked again at once; a batch whose refusal names none is halved.
    Where credentials, the network or the clock fail, the error is raised, and its ``partial`` is
    the ``BatchResult`` so far. A request whose answer was lost leaves ``unknown``.

    ``hibernate``, ``force`` and ``skip_os_shutdown`` are those of ``StopInstances``.
    """

    hibernate: bool | None = field(default=None, kw_only=True, validator=_FLAG)
    force: bool | None = field(default=None, kw_only=True, validator=_FLAG)
    skip_os_shutdown: bool | None = field(default=None, kw_only=True, validator=_FLAG)

    def request(self, ids: tuple[str, ...]) -> StopInstances:
        """Return the request for some of the instances."""
        return StopInstances(
            ids,
            hibernate=self.hibernate,
            force=self.force,
            skip_os_shutdown=self.skip_os_shutdown,
        )

    def changes(self, answer: Any) -> Iterable[Any] | None:  # noqa: ANN401 - as above
        """Return what an answer says of each instance."""
        changes: Iterable[Any] = answer.stopping_instances
        return changes


@frozen
class StartMany(Many):
    """Start any number of instances; return one outcome each.

    - ``instance_ids``: one id or any number; each has one outcome, in order.
    - ``batch_size``: ids in a request, 1 to 1000; 50 by default.
    - ``deadline``: seconds from now, above 0; then the rest is ``not_attempted``.
    - ``max_failures``: how many instances may fail, or which share of them (0.1); if more do,
      nothing more is sent, and the rest is ``not_attempted``.
    - ``on_progress``: is called with a ``BatchProgress`` after each request.
    - ``isolate_unauthorized``: halve a batch that IAM refuses, for policies that depend on tags.

    A refused instance never raises and never holds up the others: the ids that a refusal names are
    taken out and the rest is asked again at once; a batch whose refusal names none is halved.
    Where credentials, the network or the clock fail, the error is raised, and its ``partial`` is
    the ``BatchResult`` so far. A request whose answer was lost leaves ``unknown``.

    """

    def request(self, ids: tuple[str, ...]) -> StartInstances:
        """Return the request for some of the instances."""
        return StartInstances(ids)

    def changes(self, answer: Any) -> Iterable[Any] | None:  # noqa: ANN401 - as above
        """Return what an answer says of each instance."""
        changes: Iterable[Any] = answer.starting_instances
        return changes


@frozen
class RebootMany(Many):
    """Reboot any number of instances; return one outcome each.

    - ``instance_ids``: one id or any number; each has one outcome, in order.
    - ``batch_size``: ids in a request, 1 to 1000; 50 by default.
    - ``deadline``: seconds from now, above 0; then the rest is ``not_attempted``.
    - ``max_failures``: how many instances may fail, or which share of them (0.1); if more do,
      nothing more is sent, and the rest is ``not_attempted``.
    - ``on_progress``: is called with a ``BatchProgress`` after each request.
    - ``isolate_unauthorized``: halve a batch that IAM refuses, for policies that depend on tags.

    A refused instance never raises and never holds up the others: the ids that a refusal names are
    taken out and the rest is asked again at once; a batch whose refusal names none is halved.
    Where credentials, the network or the clock fail, the error is raised, and its ``partial`` is
    the ``BatchResult`` so far. A request whose answer was lost leaves ``unknown``.

    A request that may have arrived is never sent again.
    """

    def request(self, ids: tuple[str, ...]) -> RebootInstances:
        """Return the request for some of the instances."""
        return RebootInstances(ids)

    def changes(self, answer: Any) -> Iterable[Any] | None:  # noqa: ANN401 - as above
        """Return None: EC2 names no instance."""
        del answer
        return None


@frozen
class TerminateMany(Many):
    """Terminate any number of instances; return one outcome each.

    - ``instance_ids``: one id or any number; each has one outcome, in order.
    - ``batch_size``: ids in a request, 1 to 1000; 50 by default.
    - ``deadline``: seconds from now, above 0; then the rest is ``not_attempted``.
    - ``max_failures``: how many instances may fail, or which share of them (0.1); if more do,
      nothing more is sent, and the rest is ``not_attempted``.
    - ``on_progress``: is called with a ``BatchProgress`` after each request.
    - ``isolate_unauthorized``: halve a batch that IAM refuses, for policies that depend on tags.

    A refused instance never raises and never holds up the others: the ids that a refusal names are
    taken out and the rest is asked again at once; a batch whose refusal names none is halved.
    Where credentials, the network or the clock fail, the error is raised, and its ``partial`` is
    the ``BatchResult`` so far. A request whose answer was lost leaves ``unknown``.

    ``force`` and ``skip_os_shutdown`` are those of ``TerminateInstances``.
    """

    force: bool | None = field(default=None, kw_only=True, validator=_FLAG)
    skip_os_shutdown: bool | None = field(default=None, kw_only=True, validator=_FLAG)

    def request(self, ids: tuple[str, ...]) -> TerminateInstances:
        """Return the request for some of the instances."""
        return TerminateInstances(ids, force=self.force, skip_os_shutdown=self.skip_os_shutdown)

    def changes(self, answer: Any) -> Iterable[Any] | None:  # noqa: ANN401 - as above
        """Return what an answer says of each instance."""
        changes: Iterable[Any] = answer.terminating_instances
        return changes
