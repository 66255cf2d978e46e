"""Documents as EC2 writes them: values to XML, whose elements come in any order.

A document is a dict of elements, a list of ``<item>``s, or a text; None is left out.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from random import Random

    from ec2lite.testing.refusals import Refusal

Document: TypeAlias = (
    "Mapping[str, Document] | Sequence[Mapping[str, Document]] | str | int | bool | None"
)
NAMESPACE: Final = "http://ec2.amazonaws.com/doc/2016-11-15/"
STS_NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
_PROLOGUE: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def answer(action: str, content: Mapping[str, Document], request_id: str, dice: Random) -> bytes:
    """Return the document of a success."""
    inside = _inside({"requestId": request_id, **content}, dice)
    text = f'{_PROLOGUE}<{action}Response xmlns="{NAMESPACE}">{inside}</{action}Response>'
    return text.encode()


def sts_answer(action: str, content: Mapping[str, Document], request_id: str) -> bytes:
    """Return the document of a success of STS, which wraps what it says."""
    inside = _inside(content, None)
    return (
        f'<{action}Response xmlns="{STS_NAMESPACE}"><{action}Result>{inside}</{action}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        f"</{action}Response>"
    ).encode()


def failure(refusal: Refusal, request_id: str) -> bytes:
    """Return the document of a refusal."""
    return (
        f"{_PROLOGUE}<Response><Errors><Error><Code>{escape(refusal.code)}</Code>"
        f"<Message>{escape(refusal.message)}</Message></Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    ).encode()


def sts_failure(refusal: Refusal, request_id: str) -> bytes:
    """Return the document of a refusal of STS's."""
    return (
        f'<ErrorResponse xmlns="{STS_NAMESPACE}"><Error><Type>Sender</Type>'
        f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _inside(value: Document, dice: Random | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return escape(str(value))
    if isinstance(value, Mapping):
        pairs = [(name, each) for name, each in value.items() if each is not None]
        if dice is not None:
            dice.shuffle(pairs)
        return "".join([f"<{name}>{_inside(each, dice)}</{name}>" for name, each in pairs])
    assert value is not None  # noqa: S101 - left out above
    return "".join([f"<item>{_inside(each, dice)}</item>" for each in value])
