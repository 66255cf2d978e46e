"""What an API action is: a name, form pairs to send, a document to read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast

import attrs

from ec2lite import checks
from ec2lite.errors import ConfigError

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

    def to_json(self) -> str:
        """Return the action and the parameters that are given, as JSON."""
        import json  # not before it is needed: every program imports this module

        given = {
            each.name: _plain(getattr(self, each.name))
            for each in attrs.fields(cast("Any", type(self)))
            if getattr(self, each.name) != each.default
        }
        return json.dumps({"action": self.action, "parameters": given})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what ``to_json`` wrote; a ``ConfigError`` if that is no request of this class."""
        import json

        try:
            said = json.loads(text)
            action, members = said["action"], dict(said["parameters"])
            given = {name: cls.from_plain(name, value) for name, value in members.items()}
            if action == cls.action:
                return cls(**given)
        except ConfigError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            action = "something else"
        raise checks.wrong("text", f"what to_json() of {cls.action} returned", f"of {action}")

    @classmethod
    def from_plain(cls, name: str, value: Any) -> Any:  # noqa: ANN401 - JSON's, and any parameter's
        """Return a parameter of which ``to_json`` wrote ``value``."""
        del name
        if not isinstance(value, dict):
            return value
        from binascii import a2b_base64

        return a2b_base64(cast("dict[str, str]", value)["base64"])

    @abstractmethod
    def parse(self, root: Element, metadata: ResponseMetadata) -> R:
        """Read the document of a successful answer; raise ``ResponseError`` where it is wrong."""


def _plain(value: object) -> object:
    """Return a parameter as JSON can hold it."""
    if isinstance(value, bytes):
        from binascii import b2a_base64

        return {"base64": b2a_base64(value, newline=False).decode("ascii")}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in cast("list[object]", value)]
    if attrs.has(type(value)):
        return attrs.asdict(cast("Any", value))
    return value


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
