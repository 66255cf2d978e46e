"""Answers on their way out: closing one gives its connection back to the transport.

A connection may carry another request only if the answer was read to its end and closed without a
disturbance; else it is closed.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol, cast

import httpx

from ec2lite.transports.route import CAUGHT, Reply, translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator


def response(answer: Reply, stream: Body | AsyncBody) -> httpx.Response:
    """Return an answer as httpx's response, whose stream must be closed."""
    return httpx.Response(
        answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions
    )


class _SyncRelease(Protocol):
    def __call__(self, *, whole: bool) -> None: ...


class _AsyncRelease(Protocol):
    def __call__(self, *, whole: bool) -> Awaitable[None]: ...


class Body(httpx.SyncByteStream):
    """An answer's body; closing it gives the connection back."""

    def __init__(self, answer: Reply, request: httpx.Request, release: _SyncRelease) -> None:
        self._answer = answer
        self._request = request
        self._release: _SyncRelease | None = release
        self._is_whole = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.stream
            self._is_whole = True
        except CAUGHT as error:
            raise translated(error, self._request) from error

    def close(self) -> None:
        """Give the connection back, if the answer was read to its end; else close it."""
        release, self._release = self._release, None
        if release is not None:
            # Not whole while it is being closed: a KeyboardInterrupt may come in the middle of it,
            # and httpcore calls a connection idle before it has made it so.
            whole, self._is_whole = self._is_whole, False
            try:
                self._answer.close()
                self._is_whole = whole
            finally:
                release(whole=self._is_whole)


class AsyncBody(httpx.AsyncByteStream):
    """An answer's body; closing it gives the connection back.

    Its own iterator: an asynchronous generator that is left in the middle has to be finished by
    somebody, and trio warns of it.
    """

    def __init__(
        self,
        answer: Reply,
        request: httpx.Request,
        release: _AsyncRelease,
    ) -> None:
        self._answer = answer
        self._request = request
        self._release: _AsyncRelease | None = release
        self._is_whole = False
        self._chunks: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._chunks = aiter(self._answer.stream)
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(cast("AsyncIterator[bytes]", self._chunks))
        except StopAsyncIteration:
            self._is_whole = True
            raise
        except CAUGHT as error:
            raise translated(error, self._request) from error

    async def aclose(self) -> None:
        """Give the connection back, if the answer was read to its end; else close it."""
        release, self._release = self._release, None
        if release is not None:
            whole, self._is_whole = self._is_whole, False
            try:
                await self._answer.aclose()
                await self._finish()
                self._is_whole = whole
            finally:
                await release(whole=self._is_whole)

    async def _finish(self) -> None:
        """Run httpcore's generators to their end; what they read from is closed by now."""
        if self._chunks is not None:
            with contextlib.suppress(*CAUGHT):
                async for _ in self._chunks:
                    pass
