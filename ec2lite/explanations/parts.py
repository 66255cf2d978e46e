"""What the parts of answers mean: those that an answer has, and those that one will have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ec2lite
from ec2lite.operations.attributes import Value
from ec2lite.operations.members import Member, members
from ec2lite.operations.shapes import InstanceState
from ec2lite.operations.structures import Items
from ec2lite.protocol import state_code

if TYPE_CHECKING:
    from collections.abc import Iterator

_REQUEST_ID: Final = "AWS's name for the request: AWS's support asks for it"
MEANINGS: Final = {
    "requestId": _REQUEST_ID,
    "RequestId": _REQUEST_ID,
    "RequestID": _REQUEST_ID,
    "instanceId": "the instance that this item is about",
    "currentState/name": "the state after the request",
    "previousState/name": "the state before it; equal to the current one if nothing changed",
    "instanceState/name": "the state when EC2 answered, which may be seconds old",
    "return": "whether the request was carried out",
    "nextToken": "there is another page: send the request again with it as NextToken",
    "Message": "AWS's sentence, for people: its wording may change",
    "Type": "who is to blame, Sender or Receiver",
    "launchTime": "when the instance was last started, in UTC",
    "reason": "why the state last changed, and when",
    "stateReason/code": "why the state last changed, for programs",
    "stateReason/message": "the same, for people",
    "privateIpAddress": "kept while the instance is stopped",
    "ipAddress": "public, and another one after each start, unless it is an Elastic IP address",
    "reservationId": "the launch that the instances came from",
    "ownerId": "the account",
    "instanceStatus/status": "EC2's checks of the operating system: ok, impaired, initializing",
    "systemStatus/status": "EC2's checks of the host: ok, impaired, initializing",
}

_CODE: Final = "the state in the low byte ({}); AWS uses the high one itself".format(
    ", ".join(f"{code} {name}" for code, name in state_code.NAMES.items())
)
_VALUE: Final = "the value, if this is the attribute that was asked for"
# Interfaces say the same of themselves as the instance does.
_LEFT_OUT: Final = frozenset({"networkInterfaceSet", "secondaryInterfaceSet"})
_REFUSAL: Final = (
    (
        "Errors/Error/Code",
        "if EC2 refuses: why, for programs; the exception goes by it",
    ),
    ("Errors/Error/Message", f"if EC2 refuses: {MEANINGS['Message']}"),
)


def meaning(parent: str, name: str) -> str:
    """Return what an element means by its name and its parent's; nothing where that is unknown."""
    return MEANINGS.get(f"{parent}/{name}") or MEANINGS.get(name, "")


def expected(action: str) -> list[tuple[str, str]]:
    """Return the parts of an answer that have a meaning to tell, each a path and that meaning.

    ``item`` stands for any number of items. Of an action that ec2lite does not have, nothing is
    known.
    """
    name = f"{action}Result"
    if name not in ec2lite.__all__:
        return []
    # A result without members says no more than whether it was done.
    own = [*_parts(getattr(ec2lite, name), "", "")] or [("return", MEANINGS["return"])]
    return [("requestId", _REQUEST_ID), *own, *_REFUSAL]


def _parts(shape: type[Any], path: str, parent: str) -> Iterator[tuple[str, str]]:
    for each in members(shape):
        if each.wire not in _LEFT_OUT:
            yield from _part(shape, each, path, parent)


def _part(shape: type[Any], each: Member, path: str, parent: str) -> Iterator[tuple[str, str]]:
    kind, here = each.kind, f"{path}{each.wire}"
    if isinstance(kind, Items):
        kind, here = kind.each, f"{here}/item"
    if isinstance(kind, Value):
        yield f"{here}/{kind.wire}", _VALUE
    elif kind.shape is not None:
        yield from _parts(kind.shape, f"{here}/", each.wire)
    elif shape is InstanceState and each.wire == "code":
        yield here, _CODE
    elif meaning(parent, each.wire):
        yield here, meaning(parent, each.wire)
