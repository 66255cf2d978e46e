"""An answer's body, whole, up to a limit and no further."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, cast

from ec2lite.errors import ResponseError

if TYPE_CHECKING:
    import httpx


class Body:
    """The chunks of a body as they come.

    One chunk is kept as it is; more are copied into one buffer, for there may be millions of them,
    and each would take 40 bytes beside its own. BytesIO hands its buffer over without a copy, so
    that a large body is in memory once.
    """

    __slots__ = ("_buffer", "_first", "_limit", "_status_code")

    def __init__(self, limit: int | None, status_code: int) -> None:
        self._limit = limit
        self._status_code = status_code
        self._first = b""
        self._buffer: BytesIO | None = None

    def add(self, chunk: bytes) -> None:
        """Take a chunk. Raises ResponseError when there are more than ``limit`` bytes."""
        if self._buffer is not None:
            self._buffer.write(chunk)
            size = self._buffer.tell()
        elif self._first:
            self._buffer = BytesIO()
            self._buffer.write(self._first)
            self.add(chunk)
            return
        else:
            self._first = chunk
            size = len(chunk)
        if self._limit is not None and size > self._limit:
            raise self._too_large()

    def whole(self) -> bytes:
        """Return all of it."""
        return self._first if self._buffer is None else self._buffer.getvalue()

    def _too_large(self) -> ResponseError:
        return ResponseError(
            f"answer larger than {self._limit} bytes",
            status_code=self._status_code,
            body=bytes((self._first if self._buffer is None else self._buffer.getbuffer())[:512]),
        )


def read(response: httpx.Response, limit: int) -> bytes:
    """Return the body as it was sent, and close its stream.

    Raises ResponseError when there are more than ``limit`` bytes, and what the stream raises.
    """
    body = Body(limit, response.status_code)
    if response.is_stream_consumed:
        # A transport of the caller's has read it, to log it, say.
        body.add(response.content)
        return body.whole()
    stream = cast("httpx.SyncByteStream", response.stream)
    try:
        for chunk in stream:
            body.add(chunk)
    finally:
        stream.close()
    return body.whole()


async def aread(response: httpx.Response, limit: int) -> bytes:
    """Return the body as it was sent, and close its stream, as ``read`` does."""
    body = Body(limit, response.status_code)
    if response.is_stream_consumed:
        body.add(response.content)
        return body.whole()
    stream = cast("httpx.AsyncByteStream", response.stream)
    try:
        async for chunk in stream:
            body.add(chunk)
    finally:
        await stream.aclose()
    return body.whole()
