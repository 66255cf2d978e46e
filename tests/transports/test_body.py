"""Bodies, read up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from ec2lite.errors import ResponseError
from ec2lite.transports import body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A stream that counts what was taken from it, and knows that it was closed."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks
        self.taken = 0
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.taken += 1
            yield chunk

    def __aiter__(self) -> AsyncIterator[bytes]:
        return Async(iter(self))

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


class Async:
    """An iterator, made asynchronous."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> Async:
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise StopAsyncIteration


def sync(response: httpx.Response, limit: int) -> bytes:
    """Read a body, blocking."""
    return body.read(response, limit)


def awaited(response: httpx.Response, limit: int) -> bytes:
    """Read a body, awaiting."""
    return anyio.run(body.aread, response, limit)


either = pytest.mark.parametrize("read", [sync, awaited])


@either
@pytest.mark.parametrize("chunks", [(), (b"hello",), (b"he", b"", b"llo")])
def test_read(read, chunks):
    """The chunks are joined, up to exactly the limit, and the stream is closed."""
    stream = Chunks(*chunks)
    assert b"".join(chunks) == read(httpx.Response(200, stream=stream), 5)
    assert stream.is_closed


@either
def test_raw(read):
    """The body is given as it was sent; inflating it is for the protocol."""
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Chunks(b"raw"))
    assert b"raw" == read(response, 5)


@either
def test_too_large(read):
    """What is beyond the limit is not read, and the error shows status and beginning."""
    stream = Chunks(b"abc", b"def", b"ghi")
    with pytest.raises(ResponseError, match="larger than 5 bytes") as caught:
        read(httpx.Response(502, stream=stream), 5)
    assert (502, b"abcdef") == (caught.value.status_code, caught.value.body)
    assert 2 == stream.taken
    assert stream.is_closed


@either
def test_already_read(read):
    """A response that a caller's transport has read is taken as it was read."""
    response = httpx.Response(200, stream=Chunks(b"hel", b"lo"))
    response.read()
    assert b"hello" == read(response, 5)
    with pytest.raises(ResponseError, match="larger than 4 bytes"):
        read(response, 4)
