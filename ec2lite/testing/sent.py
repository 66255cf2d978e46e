"""An HTTP request as it arrived, and the answer to it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Sent:
    """A request. Names of headers are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@frozen
class Reply:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
