"""One answer in HTTP/1.1: bytes go in, and a whole answer or one error comes out. No I/O.

httptools, the C parser that uvicorn uses, reads the fields of a head and the chunks of a body. It
lets through what h11 refuses, so everything that decides where an answer ends is checked here:
the first bytes, the version, the status, the framing of the body, and what follows it. Where the
two disagree, the stricter one wins. The section numbers are those of RFC 9112.
"""

from __future__ import annotations

import re
from typing import Final

import httptools
import httpx

from ec2lite.transports.body import Body

# All heads of one exchange together, interim answers (100 Continue, 103 Early Hints) included:
# as much as httpcore allows h11 for one.
LONGEST_HEAD: Final = 100 * 1024
# EC2 sends about eight fields.
MOST_FIELDS: Final = 256
# Chunk sizes, chunk extensions and trailers may take this many bytes for each byte of the body, and
# LONGEST_HEAD besides. A body in chunks of one byte takes five.
_MOST_OVERHEAD: Final = 16

_BEGINNING: Final = b"HTTP/1."
_END_OF_HEAD: Final = b"\r\n\r\n"
_HTTP_1_1: Final = b"HTTP/1.1 "
_HTTP_1_0: Final = b"HTTP/1.0 "
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
# How the end of a body is known (section 6.3).
_LENGTH: Final = "length"
_CHUNKED: Final = "chunked"
_CLOSE: Final = "close"
# The statuses that never have a body, whatever the head says (section 6.3, rule 1).
_WITHOUT_BODY: Final = frozenset({204, 304})


class _Events:
    """What httptools tells of. It does not know the parser, so the two form no reference cycle."""

    __slots__ = ("chunks", "fields", "has_more", "is_complete", "is_head_read")

    def __init__(self) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []
        self.is_head_read = False
        self.is_complete = False
        self.has_more = False

    def on_message_begin(self) -> None:
        self.has_more = self.is_complete

    def on_header(self, name: bytes, value: bytes) -> None:
        # Else a trailer, which nobody needs and which may not change what the head said (6.5.1).
        if not self.is_head_read:
            self.fields.append((name, value.rstrip(b" \t")))

    def on_body(self, data: bytes) -> None:
        if not self.is_complete:
            self.chunks.append(data)

    def on_message_complete(self) -> None:
        # An interim answer is a message of its own.
        self.is_complete = self.is_head_read


class ResponseParser:
    """Reads the answer to one request.

    ``method`` is the request's, ``max_size`` the most bytes that the body may have, None for any
    number. ``version``, ``status``, ``reason``, ``headers`` and ``body`` are the answer's once
    ``is_complete``; ``is_reusable`` then says whether the connection may carry another request.
    ``has_begun`` says whether any byte came.
    """

    __slots__ = (
        "_body",
        "_events",
        "_framing",
        "_head",
        "_left",
        "_max_size",
        "_method",
        "_overhead",
        "_parser",
        "_size",
        "_tail",
        "has_begun",
        "headers",
        "is_complete",
        "is_reusable",
        "reason",
        "status",
        "version",
    )

    def __init__(self, method: str, max_size: int | None) -> None:
        self._method = method
        self._max_size = max_size
        self._events = _Events()
        self._parser: httptools.HttpResponseParser
        self._framing: str | None = None
        self._head = b""
        self._body: Body
        self._left = 0
        # Bytes of the body that came in chunks, and bytes that are not of the body.
        self._size = 0
        self._overhead = 0
        self._tail = b""
        self.has_begun: bool = False
        self.is_complete: bool = False
        self.is_reusable: bool = False
        self.status: int = 0
        self.reason: bytes = b""
        self.version: bytes = b""
        self.headers: list[tuple[bytes, bytes]] = []

    @property
    def body(self) -> bytes:
        """The body, without its chunks."""
        return self._body.whole()

    def feed(self, data: bytes) -> None:
        """Take the next bytes, however they were cut.

        Bytes after a complete answer leave it as it is, and make the connection unfit for another.
        Raises httpx.RemoteProtocolError, and ResponseError for a body that is too large.
        """
        if not data:
            return
        if self.is_complete:
            self.is_reusable = False
            return
        self.has_begun = True
        if self._framing is None:
            data = self._feed_heads(data)
        if self._framing is _LENGTH:
            self._feed_length(data)
        elif self._framing is _CHUNKED:
            self._feed_chunks(data)
        elif self._framing is _CLOSE:
            self._body.add(data)

    def end(self) -> None:
        """Take the end of the connection. Raises httpx.RemoteProtocolError if it is too early."""
        if self._framing is _CLOSE:
            self.is_complete = True
        if not self.is_complete:
            what = "a whole answer" if self.has_begun else "an answer"
            raise httpx.RemoteProtocolError(
                f"the server closed the connection without sending {what}"
            )

    def _feed_heads(self, data: bytes) -> bytes:
        """Read the interim answers and the final head; return what follows them."""
        known = len(self._head)
        data = self._head + data
        while (end := data.find(_END_OF_HEAD, max(0, known - 3))) >= 0:
            end += len(_END_OF_HEAD)
            head, data, known = data[:end], data[end:], 0
            self._count_overhead(end)
            self._read_head(head)
            if self._framing is not None:
                self._head = b""
                return data
        if not _BEGINNING.startswith(data[: len(_BEGINNING)]):
            raise _refused("it does not begin with HTTP/1.")
        if self._overhead + len(data) > LONGEST_HEAD:
            raise _refused(f"its head has more than {LONGEST_HEAD} bytes")
        if _BARE_LF.search(data):
            # Said at once: to a server that ends its lines so, the head is complete.
            raise _refused("a line of its head does not end in CRLF")
        self._head = data
        return b""

    def _count_overhead(self, size: int) -> None:
        self._overhead += size
        if self._overhead > LONGEST_HEAD:
            raise _refused(f"its head has more than {LONGEST_HEAD} bytes")

    def _read_head(self, head: bytes) -> None:
        """Read one head; it is the final one if it leaves a framing behind."""
        _check_text(head)
        # A new one each time: it takes nothing more after an interim answer that says "close".
        self._parser = httptools.HttpResponseParser(self._events)
        try:
            self._parser.feed_data(head)
        except httptools.HttpParserError as error:
            raise _refused(str(error)) from error
        self.status = self._parser.get_status_code()
        if self.status < 100:
            raise _refused("its status is less than 100")
        events = self._events
        fields = events.fields
        if len(fields) > MOST_FIELDS:
            raise _refused(f"its head has more than {MOST_FIELDS} fields")
        framing, length, is_last = _frame(fields)
        if self.status < 200:
            fields.clear()
            return
        events.is_head_read = True
        self.headers = fields
        self.version = head[:8]
        self.reason = head[13 : head.index(b"\r")]
        if self._method == "HEAD" or self.status in _WITHOUT_BODY:
            framing, length = _LENGTH, 0
        self._body = Body(self._max_size, self.status)
        self._framing, self._left = framing, length
        self.is_reusable = not is_last and framing is not _CLOSE and head.startswith(_HTTP_1_1)

    def _feed_length(self, data: bytes) -> None:
        if len(data) > self._left:
            self.is_reusable = False
            data = data[: self._left]
        self._left -= len(data)
        self._body.add(data)
        self.is_complete = not self._left

    def _feed_chunks(self, data: bytes) -> None:
        events = self._events
        self._overhead += len(data)
        self._tail = (self._tail + data[-5:])[-5:]
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not events.is_complete:
                raise _refused(str(error)) from error
            events.has_more = True
        # Joined each time: an object for each chunk of two bytes would take twenty times its size.
        chunk = b"".join(events.chunks)
        events.chunks.clear()
        self._body.add(chunk)
        self._overhead -= len(chunk)
        self._size += len(chunk)
        if self._overhead > LONGEST_HEAD + _MOST_OVERHEAD * self._size:
            raise _refused("its chunks are nearly empty")
        if events.is_complete:
            self.is_complete = True
            # httptools skips line ends between two messages without a word.
            ends_here = self._tail.endswith(_END_OF_HEAD) and self._tail[:1] not in b"\r\n"
            self.is_reusable = self.is_reusable and ends_here and not events.has_more


def _check_text(head: bytes) -> None:
    if not head.startswith((_HTTP_1_1, _HTTP_1_0)):
        raise _refused("it does not begin with HTTP/1.1 or HTTP/1.0")
    lines = head.count(b"\r\n")
    if lines != head.count(b"\n") or lines != head.count(b"\r"):
        # Some recipients end a line there and others do not (section 2.2).
        raise _refused("its head has a CR or LF that ends no line")
    if head.startswith(b"101", 9):
        raise _refused("it switches to another protocol")


def _frame(fields: list[tuple[bytes, bytes]]) -> tuple[str, int, bool]:
    """Return how a body ends, its length if it is said, and whether the connection ends with it.

    What could be read in two ways is refused (section 11.2).
    """
    lengths: list[bytes] = []
    codings: list[bytes] = []
    is_last = False
    for name, value in fields:
        name = name.lower()
        if name == b"content-length":
            lengths.append(value)
        elif name == b"transfer-encoding":
            codings.append(value.lower())
        elif name == b"connection":
            is_last = is_last or b"close" in [each.strip() for each in value.lower().split(b",")]
    if len(lengths) > 1 or (codings and (lengths or codings != [b"chunked"])):
        raise _refused("its head gives the length of its body in two ways, or in an unknown one")
    if codings:
        return _CHUNKED, 0, is_last
    if lengths:
        return _LENGTH, int(lengths[0]), is_last
    return _CLOSE, 0, is_last


def _refused(why: str) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError(f"the answer is not HTTP: {why}")
