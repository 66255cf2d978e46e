"""A response's body, read up to a limit and no further, and its stream closed in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ec2lite.errors import ResponseError
from ec2lite.protocol.content import MAX_SIZE

if TYPE_CHECKING:
    import httpx


def read(response: httpx.Response, limit: int = MAX_SIZE) -> bytes:
    """Return the body as it was sent, and close its stream.

    Raises ResponseError when there are more than ``limit`` bytes, and what the stream raises.
    """
    if response.is_stream_consumed:
        return _already_read(response, limit)
    chunks: list[bytes] = []
    size = 0
    stream = cast("httpx.SyncByteStream", response.stream)
    try:
        for chunk in stream:
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                raise _too_large(response, limit, chunks)
    finally:
        stream.close()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def aread(response: httpx.Response, limit: int = MAX_SIZE) -> bytes:
    """Return the body as it was sent, and close its stream, as ``read`` does."""
    if response.is_stream_consumed:
        return _already_read(response, limit)
    chunks: list[bytes] = []
    size = 0
    stream = cast("httpx.AsyncByteStream", response.stream)
    try:
        async for chunk in stream:
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                raise _too_large(response, limit, chunks)
    finally:
        await stream.aclose()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _already_read(response: httpx.Response, limit: int) -> bytes:
    """Return what a transport of the caller's has read: to log it, say."""
    if len(response.content) > limit:
        raise _too_large(response, limit, [response.content])
    return response.content


def _too_large(response: httpx.Response, limit: int, chunks: list[bytes]) -> ResponseError:
    # The error shows 512 bytes: joining all of them would take the memory once more.
    beginning = b"".join(chunk[:512] for chunk in chunks[:512])
    return ResponseError(
        f"answer larger than {limit} bytes", status_code=response.status_code, body=beginning
    )
