"""What an API action is: a name, form pairs to send, a document to read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from ec2lite import checks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.incremental import Collector
    from ec2lite.protocol.xml import Element

R = TypeVar("R")


class Operation(ABC, Generic[R]):
    """A request to AWS's Query protocol; ``R`` is the class of its result.

    Subclasses are attrs classes whose fields are the action's parameters. Writing one is all it
    takes to call an action that ec2lite does not know: ``Client.send`` accepts any.
    """

    __slots__ = ()

    action: ClassVar[str]
    """AWS's name for it, sent as ``Action``."""
    service: ClassVar[str] = "ec2"
    version: ClassVar[str] = "2016-11-15"
    """The version of the API's model, sent as ``Version``."""
    repeatable: ClassVar[bool] = True
    """Whether the request may be sent again when the first one may have arrived."""
    signed: ClassVar[bool] = True
    confidential: ClassVar[bool] = False
    """Whether the answer holds secrets: no error quotes it then."""

    @abstractmethod
    def form_pairs(self) -> list[tuple[str, str]]:
        """Return the parameters as they are sent, without ``Action`` and ``Version``."""

    def collector(self) -> Collector[R] | None:
        """Return what reads a large answer while it is being parsed; None reads it whole."""
        return None

    def asked_ids(self) -> tuple[str, ...] | None:
        """Return the ids of the instances that the request names; None if it names none."""
        several: tuple[str, ...] | None = getattr(self, "instance_ids", None)
        if several is not None:
            return several
        lone: str | None = getattr(self, "instance_id", None)
        return None if lone is None else (lone,)

    def answered_ids(self, result: R) -> Iterable[str | None]:
        """Return the ids of the instances that a result names.

        A client refuses a result that names others than were asked for: it is the answer to another
        request.
        """
        del result
        return ()

    @abstractmethod
    def parse(self, root: Element, metadata: ResponseMetadata) -> R:
        """Read the document of a successful answer; raise ``ResponseError`` where it is wrong."""


def check(request: object) -> None:
    """Refuse what is not a request: an operation's class, say, or its name."""
    if not isinstance(request, Operation):
        raise checks.wrong("request", "an object such as StopInstances(...)", checks.kind(request))


def strays(request: Operation[R], result: R) -> list[str]:
    """Return the ids that a result names and the request does not, upper and lower case alike."""
    asked = request.asked_ids()
    if asked is None:
        return []
    answered = tuple(request.answered_ids(result))
    if answered == asked:
        return []
    others = set(answered).difference(asked)
    known = {each.casefold() for each in asked} if others else set[str]()
    return sorted(each for each in others if each and each.strip().casefold() not in known)
