"""Calls that are answered in pages, iterated over: page by page, or item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from ec2lite import checks
from ec2lite.engine.flow import AsyncIteration, Emit, Iteration, Stream
from ec2lite.operations.paging import Paged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ec2lite.engine.flow import AsyncPerformer, Flow, Performer

R = TypeVar("R")
T = TypeVar("T")
E = TypeVar("E")


def stream(
    request: Paged[R, T],
    ask: Callable[[Paged[R, T]], Flow[R]],
    emitted: Callable[[R], Iterable[E]],
) -> Stream[E]:
    """Ask for page after page, and emit what ``emitted`` returns for each.

    ``ask`` is a call: each page has a time limit and retries of its own.
    """
    for part in request.calls():
        followed = {part.next_token} if part.next_token else set[str]()
        following: Paged[R, T] | None = part
        while following is not None:
            page = yield from ask(following)
            for each in emitted(page):
                yield Emit(each)
            following = following.after(page, followed)
            del page  # or two pages would be in memory while the next one is read


def _check(request: object) -> None:
    """Refuse what has no pages."""
    if not isinstance(request, Paged):
        raise checks.wrong(
            "request", "an object such as DescribeInstances(...)", checks.kind(request)
        )


class Listing(Generic[R, T]):
    """What a call with pages returns: ``for`` gives the items, ``pages()`` the results.

    Nothing is sent before the first item is asked for. A page is asked for when the one before it
    is used up, so a ``break`` ends the asking. Each iteration asks anew.
    """

    def __init__(
        self,
        request: Paged[R, T],
        ask: Callable[[Paged[R, T]], Flow[R]],
        world: Callable[[], Performer],
    ) -> None:
        _check(request)
        self._request = request
        self._ask = ask
        self._world = world

    def __iter__(self) -> Iteration[T]:
        return Iteration(stream(self._request, self._ask, self._request.items), self._world())

    def pages(self) -> Iteration[R]:
        """Iterate over the results instead, each of which has ``response_metadata``."""
        return Iteration(stream(self._request, self._ask, _itself), self._world())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._request!r}>"


class AsyncListing(Generic[R, T]):
    """What a call with pages returns: ``async for`` gives the items, ``pages()`` the results.

    It behaves as ``Listing`` does.
    """

    def __init__(
        self,
        request: Paged[R, T],
        ask: Callable[[Paged[R, T]], Flow[R]],
        world: Callable[[], AsyncPerformer],
    ) -> None:
        _check(request)
        self._request = request
        self._ask = ask
        self._world = world

    def __aiter__(self) -> AsyncIteration[T]:
        items = stream(self._request, self._ask, self._request.items)
        return AsyncIteration(items, self._world())

    def pages(self) -> AsyncIteration[R]:
        """Iterate over the results instead, each of which has ``response_metadata``."""
        return AsyncIteration(stream(self._request, self._ask, _itself), self._world())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._request!r}>"


def _itself(page: R) -> tuple[R]:
    return (page,)
