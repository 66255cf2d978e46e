"""An answer, part by part, and what each part means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

import ec2lite
from ec2lite.errors import BY_CODE, EC2Error, ServiceError
from ec2lite.explanations.parts import meaning
from ec2lite.explanations.request import HIDDEN
from ec2lite.protocol import faults, response, state_code, xml
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ec2lite.protocol.xml import Element

# STS's keys; and user data, in which people keep passwords.
SECRETS: Final = frozenset({"SecretAccessKey", "SessionToken", "userData"})


@frozen
class Part:
    """An element with a text: where it is, what it says, and what that means (may be empty)."""

    path: str
    text: str
    meaning: str


@frozen
class ExplainedAnswer:
    """What an answer is, in sentences, and its parts in the document's order."""

    sentences: tuple[str, ...]
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        parts = [{"path": p.path, "text": p.text, "meaning": p.meaning} for p in self.parts]
        return {"sentences": list(self.sentences), "parts": parts}


def explain_answer(body: bytes, *, show_secrets: bool = False) -> ExplainedAnswer:
    """Return what the body of an answer means. ``ResponseError`` if it is no XML of the protocol.

    Keys and user data are hidden, unless ``show_secrets`` is true.
    """
    root = xml.parse(body)
    hidden = frozenset[str]() if show_secrets else SECRETS
    return ExplainedAnswer(tuple(_sentences(root, body)), tuple(_parts(root, "", hidden)))


def answered_by(document: str) -> Operation[Any] | None:
    """Return a request of the action whose answer a document is; None if ec2lite has no such.

    The request has no arguments: none are needed to read an answer.
    """
    action = document.removesuffix("Response")
    if action == document or f"{action}Result" not in ec2lite.__all__:
        return None
    cls: type[Operation[Any]] = getattr(ec2lite, action)
    return cls.__new__(cls) if Operation in cls.__mro__ else None


def _sentences(root: Element, body: bytes) -> Iterator[str]:
    name = xml.local_name(root)
    if faults.is_fault(root):
        yield f"<{name}> is an error document: AWS refused the request."
        yield from _fault(faults.parse(root, status_code=0, request_id=None))
        return
    request = answered_by(name)
    if request is None:
        yield f"<{name}> is not the answer to an operation that ec2lite has."
        return
    yield f"<{name}> is the answer to {request.action}."
    try:
        result = response.read(request, 200, {}, body)
    except EC2Error as error:
        yield f"ec2lite cannot read it: {error.args[0]}."
    else:
        yield f"ec2lite returns it as {type(result).__name__}."


def _fault(error: ServiceError) -> Iterator[str]:
    yield f"ec2lite raises it as {type(error).__name__}."
    if error.is_throttling:
        yield "The code means throttling: ec2lite waits, and sends the request again."
    elif error.is_retryable:
        yield "The code means a passing failure: ec2lite sends the request again."
    else:
        yield "ec2lite sends the request again only if the status is 500, 502, 503 or 504."


def _parts(element: Element, path: str, hidden: frozenset[str]) -> Iterator[Part]:
    counts: dict[str, int] = {}
    for child in element:
        name = xml.local_name(child)
        counts[name] = counts.get(name, 0) + 1
        step = f"{name}[{counts[name]}]" if name == "item" else name
        below = f"{path}/{step}" if path else step
        if len(child):
            yield from _parts(child, below, hidden)
        else:
            parent = xml.local_name(element)
            text = HIDDEN if hidden & {name, parent} else child.text or ""
            yield Part(below, text, _meaning(parent, name, text))


def _meaning(parent: str, name: str, text: str) -> str:
    if name == "code" and parent.endswith("State"):
        return _state(text)
    if name == "Code":
        return _error_code(text)
    return meaning(parent, name)


def _state(text: str) -> str:
    """Return what a state's code means: its low byte, for the high one is AWS's own."""
    try:
        raw = state_code.decode(text)
    except EC2Error as error:
        return str(error)
    low = raw & 0xFF
    known = state_code.NAMES.get(low, "a state that ec2lite does not know")
    high = f" in its low byte; AWS uses the high one ({raw >> 8}) itself" if raw > low else ""
    return f"{low}{high}: {known}" if high else known


def _error_code(text: str) -> str:
    kind = BY_CODE.get(text.removeprefix("Client.").removeprefix("Server."))
    return "" if kind is None or kind.__doc__ is None else kind.__doc__.partition("\n")[0]
