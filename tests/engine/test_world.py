"""The worlds in which flows run."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import anyio
import httpx
import pytest

from ec2lite.engine.flow import GET_CREDENTIALS, Answer, Blocking, Sleep, arun, run
from ec2lite.engine.world import AsyncWorld, SyncWorld
from ec2lite.errors import CredentialsError, ResponseError, TransportError
from samples import KEYS

REQUEST = httpx.Request("POST", "https://cloud.example:8443/path", content=b"body")


class Source:
    """Gives the same credentials to everyone."""

    def get(self, want):
        return KEYS if want is GET_CREDENTIALS else None


class AsyncSource:
    async def get(self, want):
        return Source().get(want)


def ask(effect):
    """Want one thing, and return what came of it."""
    return (yield effect)


def perform(colour, effect, handler=None, **kwargs):
    """Return the outcome of one effect in the world of a colour."""
    transport = httpx.MockTransport(handler)
    if colour.is_async:
        world = AsyncWorld(transport, AsyncSource(), **kwargs)
        return colour.run(arun, ask(effect), world)
    return run(ask(effect), SyncWorld(transport, Source(), **kwargs))


def failing(error):
    """Return a handler that raises."""

    def handle(request):
        raise error

    return handle


def test_send(colour):
    """A request becomes an answer, with header names in lower case and equal ones joined."""

    def handle(request):
        assert b"body" == request.content
        headers = [("X-One", "1"), ("x-two", "a"), ("X-Two", "b"), ("x-odd", "é")]
        return httpx.Response(
            503, headers=[(k, v.encode("latin-1")) for k, v in headers], content=b"answer"
        )

    answer = perform(colour, REQUEST, handle)

    headers = {"x-one": "1", "x-two": "a, b", "x-odd": "é", "content-length": "6"}
    assert Answer(503, headers, b"answer") == answer


def test_too_large(colour):
    """An answer larger than the world allows is refused."""
    with pytest.raises(ResponseError, match=r"larger than 3 bytes"):
        perform(
            colour, REQUEST, lambda _: httpx.Response(200, content=b"1234"), max_response_size=3
        )


def test_credentials(colour):
    """Credentials are the source's, who is told which are wanted."""
    assert KEYS == perform(colour, GET_CREDENTIALS)


def test_sleep(colour):
    """A sleep takes its time."""
    started = time.monotonic()

    assert perform(colour, Sleep(0.02)) is None
    assert time.monotonic() - started >= 0.02


def test_blocking(colour):
    """A function that may block runs in place, or in another thread where others await."""
    thread = perform(colour, Blocking(threading.get_ident))

    assert colour.is_async is (thread != threading.get_ident())


def test_blocking_fails(colour):
    """What a blocking function raises is the flow's to handle."""

    def fail():
        raise CredentialsError("none")

    with pytest.raises(CredentialsError, match=r"^none$"):
        perform(colour, Blocking(fail))


@pytest.mark.parametrize(
    ("error", "is_timeout", "maybe_sent"),
    [
        (httpx.ConnectError("refused"), False, False),
        (httpx.ConnectTimeout("slow"), True, False),
        (httpx.PoolTimeout("full"), True, False),
        (httpx.ProxyError("no"), False, False),
        (httpx.UnsupportedProtocol("ftp"), False, False),
        (httpx.ReadError("reset"), False, True),
        (httpx.WriteError("reset"), False, True),
        (httpx.ReadTimeout("silence"), True, True),
        (httpx.WriteTimeout("stuck"), True, True),
        (httpx.RemoteProtocolError("garbage"), False, True),
        (httpx.LocalProtocolError("ours"), False, True),
        (httpx.CloseError("closing"), False, True),
        (httpx.StreamClosed(), False, True),
        (OSError("broken"), False, True),
        (ConnectionResetError("reset"), False, True),
        (TimeoutError("too long"), True, True),
        (ssl.SSLError("handshake"), False, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_no_answer(colour, error, is_timeout, maybe_sent):
    """What means that no answer came is a TransportError, and knows what may have been sent."""
    with pytest.raises(TransportError) as caught:
        perform(colour, REQUEST, failing(error))

    told = caught.value
    assert (is_timeout, maybe_sent) == (told.is_timeout, told.maybe_sent)
    assert told.__cause__ is error
    assert f"no answer from cloud.example:8443: {type(error).__name__}: {error}" == str(told)


def test_no_words(colour):
    """An exception without a message is told by its name."""
    with pytest.raises(TransportError) as caught:
        perform(colour, REQUEST, failing(TimeoutError()))

    assert "no answer from cloud.example:8443: TimeoutError" == str(caught.value)


@pytest.mark.parametrize("error", [ZeroDivisionError(), RuntimeError("bug"), httpx.InvalidURL("")])
def test_other_exceptions(colour, error):
    """What is no failed connection stays what it is."""
    with pytest.raises(type(error)) as caught:
        perform(colour, REQUEST, failing(error))

    assert (error, None) == (caught.value, caught.value.__cause__)


def test_body_breaks_off(colour):
    """A connection that breaks in the middle of the answer is a TransportError too."""

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self):
            yield b"half"
            raise httpx.ReadError("reset")

        async def __aiter__(self):
            yield b"half"
            raise httpx.ReadError("reset")

    with pytest.raises(TransportError, match=r"ReadError: reset$"):
        perform(colour, REQUEST, lambda _: httpx.Response(200, stream=Stream()))


class Silence(httpx.AsyncBaseTransport):
    """Never answers, and knows of no time limits."""

    async def handle_async_request(self, request):
        await anyio.sleep_forever()


@pytest.mark.parametrize("left", [0.02, -1.0])
def test_deadline(loop, left):
    """The deadline of a call ends a request, even on a transport that knows nothing of it."""

    def request():
        extensions = {"deadline": time.monotonic() + left}
        return httpx.Request("POST", "https://cloud.example", extensions=extensions)

    with pytest.raises(TransportError) as caught:
        loop.run(arun, ask(request()), AsyncWorld(Silence(), AsyncSource()))

    assert (True, True) == (caught.value.is_timeout, caught.value.maybe_sent)


class Ends(httpx.AsyncBaseTransport):
    """Ends a request at its deadline by itself, a little late."""

    keeps_deadlines = True

    async def handle_async_request(self, request):
        await anyio.sleep(request.extensions["deadline"] - time.monotonic() + 0.05)
        raise httpx.ReadTimeout("by itself", request=request)


def test_deadline_of_the_transport(loop):
    """A transport that keeps deadlines is left to keep them."""
    extensions = {"deadline": time.monotonic() + 0.01}
    request = httpx.Request("POST", "https://cloud.example", extensions=extensions)
    world = AsyncWorld(Ends(), AsyncSource())

    with pytest.raises(TransportError, match="by itself"):
        loop.run(arun, ask(request), world)


def test_cancelled(loop):
    """A cancellation from outside is no TransportError."""

    async def main():
        with anyio.move_on_after(0.02) as scope:
            await arun(ask(REQUEST), AsyncWorld(Silence(), AsyncSource()))
        return scope.cancelled_caught

    assert loop.run(main)


@pytest.mark.parametrize("ours", [False, True])
def test_aiohttps_connect_timeout_is_not_believed(ours):
    """A request over httpx-aiohttp may have arrived, whatever the error is called; ours tells."""

    class ElsewhereError(Exception):
        __module__ = "aiohttp.client_exceptions"

    def fail(request):
        raise httpx.ConnectTimeout("Server disconnected") from ElsewhereError()

    transport = httpx.MockTransport(fail)
    transport.keeps_deadlines = ours
    world = AsyncWorld(transport, None)
    with pytest.raises(TransportError) as caught:
        anyio.run(world.perform, httpx.Request("GET", "http://example.com/"))
    assert caught.value.maybe_sent is not ours


def discard(colour, **extensions):
    """Discard the answer of a transport whose responses have these extensions."""
    answer = perform(
        colour, REQUEST, lambda _: httpx.Response(200, content=b"", extensions=extensions)
    )
    assert answer.discard() is None


class Stream:
    """A stream of httpcore's."""

    def __init__(self, own):
        self.own = own

    def get_extra_info(self, name):
        """Return the socket."""
        return {"socket": self.own}[name]


def test_discard(colour):
    """The connection of an answer is closed by what our transports give for that."""
    closed = []
    discard(colour, discard=lambda: closed.append(True), network_stream=None)

    assert [True] == closed


def test_discard_of_other_transports(colour):
    """The socket of another transport of httpx's is shut down, and left to that to be closed."""
    here, there = socket.socketpair()
    with here, there:
        discard(colour, network_stream=Stream(here))
        assert b"" == there.recv(1)
        assert here.fileno() >= 0


def test_nothing_to_discard(colour):
    """An answer that came by no connection, or by one that is closed, has none to be ended."""
    discard(colour)
    discard(colour, network_stream=Stream(None))
    here, there = socket.socketpair()
    there.close()
    here.close()
    discard(colour, network_stream=Stream(here))


def test_replaced_send(colour, monkeypatch):
    """Where ``send`` of httpx's client is replaced, a request goes through it, and not past it."""
    seen = []

    def send(self, request, **options):
        seen.append((request.method, options["stream"], options["follow_redirects"]))
        return httpx.Response(200, content=b"guarded")

    async def asend(self, request, **options):
        return send(self, request, **options)

    monkeypatch.setattr(httpx.Client, "send", send)
    monkeypatch.setattr(httpx.AsyncClient, "send", asend)

    answer = perform(colour, REQUEST, failing(AssertionError("it went past the guard")))

    assert b"guarded" == answer.body
    assert [("POST", True, False)] == seen
