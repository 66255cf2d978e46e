"""One exchange over one stream: a request's bytes out, a whole answer in. httptools reads it.

What holds for the default transport holds here: a request is sent once more, on a new connection,
if the server had dropped the one that was used before while it was idle.
"""

from __future__ import annotations

import functools
import re
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from ec2lite.transports.deadline import LATE, end_of
from ec2lite.transports.exchanges import Exchanges
from ec2lite.transports.fast_parser import ResponseParser
from ec2lite.transports.routes import DetourNeeded, Key
from ec2lite.transports.stream import PART, Stream, start_tls

if TYPE_CHECKING:
    from collections.abc import Callable

    from ec2lite.transports.routes import Routes
    from ec2lite.transports.steps import Steps
    from ec2lite.transports.stream import Carrier
    from ec2lite.transports.turn import AsyncTurn, Turn

_PORTS: Final = {b"http": 80, b"https": 443}
# RFC 9110, section 5.6.2.
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class Order:
    """A request as it goes out, its limits, and the connection that it got.

    ``content`` is the whole body. Raises httpx.LocalProtocolError for what cannot be sent.
    """

    __slots__ = (
        "__weakref__",
        "connection",
        "data",
        "deadline",
        "extensions",
        "is_repeatable",
        "key",
        "method",
        "timeouts",
        "turn",
    )

    def __init__(self, request: httpx.Request, content: bytes) -> None:
        url, extensions = request.url, request.extensions
        scheme = url.raw_scheme
        port = url.port or _PORTS.get(scheme, 0)
        self.key: Key = Key(scheme, url.raw_host, port, bool(extensions.get("direct")))
        self.method: str = request.method
        self.data: bytes = _head(request, content) + content
        self.extensions: dict[str, Any] = extensions
        self.timeouts: dict[str, float | None] = extensions.get("timeout", {})
        self.deadline: float | None = extensions.get("deadline")
        self.is_repeatable: bool = bool(extensions.get("repeatable"))
        self.connection: Any = None
        self.turn: Turn | AsyncTurn | None = None

    def assign_to_connection(self, connection: Any) -> None:  # noqa: ANN401 - Places knows none
        """Take a connection, and wake up whoever waits for one."""
        self.connection = connection
        if self.turn is not None:
            self.turn.set()

    def end(self, step: str) -> float | None:
        """Return when a step must be over. Raises TimeoutError when time is over already."""
        return end_of(self.timeouts.get(step), self.deadline)

    def parser(self) -> ResponseParser:
        """Return what will read the answer."""
        return ResponseParser(self.method, self.extensions.get("max_response_size"))

    def late(self, kind: type[httpx.TimeoutException], step: str) -> httpx.TimeoutException:
        """Return the error of a step that took too long."""
        timeout = self.timeouts.get(step)
        if timeout is None or (self.deadline is not None and time.monotonic() >= self.deadline):
            return kind(LATE)
        return kind(f"the server was silent for {timeout:g} s")


def _head(request: httpx.Request, content: bytes) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    is_framed = False
    for name, value in request.headers.raw:
        lower = _lower(name)
        if lower in _FRAMING:
            if lower == b"transfer-encoding":
                # The body is here as a whole, whatever it was.
                continue
            is_framed = True
            if value != b"%d" % len(content):
                raise httpx.LocalProtocolError("the body differs from its Content-Length")
        lines.append(name + b": " + value)
    if content and not is_framed:
        lines.append(b"Content-Length: %d" % len(content))
    head = b"\r\n".join(lines)
    if head.count(b"\n") >= len(lines) or head.count(b"\r") >= len(lines) or b"\0" in head:
        raise httpx.LocalProtocolError("a header has a line end or a null character in it")
    return head + b"\r\n\r\n"


@functools.lru_cache(maxsize=256)
def _lower(name: bytes) -> bytes:
    """Return a header's name in lower case. Raises httpx.LocalProtocolError."""
    if not _TOKEN.fullmatch(name):
        raise httpx.LocalProtocolError(f"{name!r} is not the name of a header")
    return name.lower()


def _may_repeat(error: Exception, order: Order, parser: ResponseParser) -> bool:
    """Whether a request that got lost on a used connection may be sent again."""
    is_lost = isinstance(error, httpx.ReadError | httpx.RemoteProtocolError)
    return is_lost and not parser.has_begun and order.is_repeatable


def _not_connected(error: Exception, who: str) -> httpx.TransportError:
    if isinstance(error, TimeoutError):
        return httpx.ConnectTimeout(f"{who}: {str(error) or 'it did not answer in time'}")
    return httpx.ConnectError(f"{who}: {error}")


class FastConnection(Exchanges):
    """A connection of either colour; it connects, by ``dial``, when it is first used."""

    _stream: Stream | None = None

    def __init__(self, key: Key, routes: Routes, dial: Callable[..., Any]) -> None:
        super().__init__(key, routes)
        self._dial = dial

    def _carrier(self) -> Carrier | None:
        return None if self._stream is None else self._stream.carrier

    def exchange(self, order: Order) -> Steps[ResponseParser]:
        """Send a request and return its whole answer."""
        was_clean = self._take()
        parser = order.parser()
        used = self._stream
        if was_clean and used is not None and used.poll() is None:
            try:
                return (yield from self._talk(used, order, parser))
            except httpx.TransportError as error:
                if not _may_repeat(error, order, parser):
                    raise
        opened = yield from self._open(order)
        return (yield from self._talk(opened, order, parser))

    def _open(self, order: Order) -> Steps[Stream]:
        """Connect. Raises DetourNeeded if there is a proxy on the way."""
        self.close()
        if self._routes.proxy(self.key) is not None:
            raise DetourNeeded("a proxy is on the way")
        context = self._routes.origin_context(self.key)
        host = who = self.key.host.decode("ascii")
        try:
            end = order.end("connect")
            self._stream = opened = Stream((yield self._dial, host, self.key.port, end))
            if context is not None:
                who = f"TLS with {host}"
                self._stream = opened = yield from start_tls(opened, context, host, end)
        except (OSError, ValueError) as error:
            raise _not_connected(error, who) from error
        return opened

    def _talk(self, peer: Stream, order: Order, parser: ResponseParser) -> Steps[ResponseParser]:
        try:
            yield from peer.send(order.data, order.end("write"))
        except TimeoutError as error:
            raise order.late(httpx.WriteTimeout, "write") from error
        except OSError:
            # A server may refuse early and close: its answer is there to be read.
            pass
        try:
            while not parser.is_complete:
                data = yield from peer.receive(PART, order.end("read"))
                if data:
                    parser.feed(data)
                else:
                    parser.end()
        except TimeoutError as error:
            raise order.late(httpx.ReadTimeout, "read") from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error
        self.is_clean: bool = parser.is_reusable
        return parser
