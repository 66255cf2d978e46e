"""Pages: ``MaxResults`` and ``NextToken``.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from ec2lite.testing.refusals import Refusal

if TYPE_CHECKING:
    from ec2lite.testing.instance import FakeInstance
    from ec2lite.testing.request import Request

_FEWEST: Final = 5
_MOST: Final = 1000


def check_ids(request: Request, most: int) -> None:
    """Refuse more ids than an action takes."""
    if len(request.instance_ids) > most:
        raise Refusal("InvalidParameterValue", f"The maximum number of instance IDs is {most}.")


def page(request: Request, found: list[FakeInstance]) -> tuple[list[FakeInstance], str | None]:
    """Return the page that a request asks for, and the token of the next one."""
    text = request.parameters.get("MaxResults")
    if text is not None and request.instance_ids:
        raise Refusal(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        )
    after = _number(request.parameters.get("NextToken"))
    rest = [each for each in found if each.number > after]
    size = len(rest) if text is None else _size(text)
    shown = rest[:size]
    return shown, _token(shown[-1].number) if len(rest) > size else None


def _size(text: str) -> int:
    size = int(text) if text.isascii() and text.isdigit() else 0
    if _FEWEST <= size <= _MOST:
        return size
    bound = f"less than {_MOST}" if size > _MOST else f"greater than {_FEWEST}"
    raise Refusal(
        "InvalidParameterValue",
        f"Value ( {text} ) for parameter maxResults is invalid. Expecting a value {bound}.",
    )


def _token(number: int) -> str:
    return base64.b64encode(f"after {number}".encode()).decode()


def _number(token: str | None) -> int:
    """Return the number of the last instance before a page."""
    if token is None:
        return -1
    try:
        return int(base64.b64decode(token, validate=True).decode().removeprefix("after "))
    except (binascii.Error, ValueError):
        raise Refusal("InvalidNextToken", f"The token '{token}' is invalid.") from None
