"""boto3's paginators, and the tokens by which they go on after ``MaxItems``.

https://boto3.amazonaws.com/v1/documentation/api/latest/guide/paginators.html
"""

from __future__ import annotations

import base64
import importlib
import json
from typing import TYPE_CHECKING, Any, Final

from ec2lite.boto3 import exceptions
from ec2lite.boto3.exceptions import kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Call = Callable[..., dict[str, Any]]

PAGED: Final = {
    "describe_instances": "Reservations",
    "describe_instance_status": "InstanceStatuses",
}
"""The methods that are answered in pages, and the list that each page has."""

_TOKEN: Final = "NextToken"  # noqa: S105 - the name of a parameter
# boto3's name for how many items of a page the caller has had.
_TAKEN: Final = "boto_truncate_amount"


class Paginator:
    """Makes iterators over the pages of one method."""

    def __init__(self, call: Call, key: str) -> None:
        self._call = call
        self._key = key

    def paginate(self, **kwargs: Any) -> PageIterator:  # noqa: ANN401 - the method's arguments
        """Return an iterable of pages.

        ``PaginationConfig`` may have PageSize, MaxItems and StartingToken.
        """
        return PageIterator(self._call, self._key, kwargs)


class PageIterator:
    """The pages of a call, each a dict. Each iteration asks anew.

    After ``MaxItems`` items, ``resume_token`` is what to go on with, as ``StartingToken``; boto3
    takes it, too, and its tokens serve here. It is None where nothing is left.
    """

    def __init__(self, call: Call, key: str, kwargs: dict[str, Any]) -> None:
        config: dict[str, Any] = kwargs.pop("PaginationConfig", None) or {}
        size, most = config.get("PageSize"), config.get("MaxItems")
        self._call = call
        self._key = key
        self._kwargs = kwargs if size is None else {**kwargs, "MaxResults": int(size)}
        self._most: int | None = None if most is None else int(most)
        self._start: str | None = config.get("StartingToken")
        self.resume_token: str | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        token, taken = (None, 0) if self._start is None else parsed(self._start)
        left, earlier = self._most, None
        for page, is_first in self._pages(token):
            if is_first and self._start is not None:
                items: list[Any] | None = page.get(self._key)
                page[self._key] = None if items is None else items[taken:]
            count = len(page.get(self._key) or ())
            if left is not None and count > left:
                page[self._key] = page[self._key][:left]
                self.resume_token = written(token, left + (taken if is_first else 0))
                yield page
                return
            yield page
            token = page.get(_TOKEN) or None
            left = None if left is None else left - count
            if left == 0:
                self.resume_token = None if token is None else written(token)
                return
            if token is not None and token == earlier:
                raise kind(exceptions.PaginationError)(
                    message=f"The same next token was received twice: { ({_TOKEN: token}) }"
                )
            earlier = token

    def _pages(self, token: str | None) -> Iterator[tuple[dict[str, Any], bool]]:
        """Return all pages from a token on, each with whether it is the first one."""
        is_first = True
        while is_first or token:
            page = self._call(**self._kwargs if token is None else {**self._kwargs, _TOKEN: token})
            token = page.get(_TOKEN)
            yield page, is_first
            is_first = False

    def build_full_result(self) -> dict[str, Any]:
        """Return the items of all pages in one dict, and ``NextToken`` if there are more."""
        result: dict[str, Any] = {}
        for page in self:
            items: list[Any] | None = page.get(self._key)
            if items is not None:
                result.setdefault(self._key, []).extend(items)
        return result if self.resume_token is None else {**result, _TOKEN: self.resume_token}

    def search(self, expression: str) -> Iterator[Any]:
        """Return what a JMESPath expression finds in each page, lists item by item.

        It needs the package jmespath, which boto3 brings and ec2lite does not.
        """
        try:
            # By its name: it is no dependency.
            jmespath = importlib.import_module("jmespath")
        except ImportError as error:
            raise ImportError(
                "search needs the package jmespath, which ec2lite does not bring:"
                " pip install jmespath"
            ) from error
        return self._found(jmespath.compile(expression))

    def _found(self, compiled: Any) -> Iterator[Any]:  # noqa: ANN401 - jmespath's class
        for page in self:
            found = compiled.search(page)
            if isinstance(found, list):
                yield from found
            else:
                yield found


def written(token: str | None, taken: int | None = None) -> str:
    """Return boto3's text for a place: a page's token, and how many of its items were taken."""
    place: dict[str, Any] = {_TOKEN: token}
    if taken is not None:
        place[_TAKEN] = taken
    return base64.b64encode(json.dumps(place).encode()).decode()


def parsed(start: str) -> tuple[str | None, int]:
    """Return a page's token, and how many of its items to leave out.

    Besides boto3's text, EC2's own tokens are taken, and those of older versions of boto3.
    """
    try:
        place = json.loads(base64.b64decode(start))
        return place[_TOKEN], place.get(_TAKEN, 0)
    except (ValueError, TypeError, LookupError, AttributeError):
        before, _, taken = start.partition("___")
        return (before if before != "None" else None, int(taken)) if taken.isdigit() else (start, 0)
