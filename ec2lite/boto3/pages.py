"""boto3's paginators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Call = Callable[..., dict[str, Any]]

PAGED: Final = {
    "describe_instances": "Reservations",
    "describe_instance_status": "InstanceStatuses",
}
"""The methods that are answered in pages, and the list that each page has."""


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
    """The pages of a call, each a dict. Each iteration asks anew."""

    def __init__(self, call: Call, key: str, kwargs: dict[str, Any]) -> None:
        config: dict[str, Any] = kwargs.pop("PaginationConfig", None) or {}
        self._call = call
        self._key = key
        self._kwargs = kwargs
        self._page_size: int | None = config.get("PageSize")
        self._most: int | None = config.get("MaxItems")
        self._token: str | None = config.get("StartingToken")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        asked = dict(self._kwargs)
        if self._page_size is not None:
            asked["MaxResults"] = self._page_size
        if self._token is not None:
            asked["NextToken"] = self._token
        left = self._most
        while True:
            page = self._call(**asked)
            if left is not None:
                page = {**page, self._key: page.get(self._key, [])[:left]}
                left -= len(page[self._key])
            yield page
            token = page.get("NextToken")
            if not token or left == 0:
                return
            asked["NextToken"] = token

    def build_full_result(self) -> dict[str, Any]:
        """Return the items of all pages in one dict."""
        return {self._key: [each for page in self for each in page.get(self._key, [])]}
