"""The parser of the fast transports: against h11, against mutations, against every cut."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import h11
import httptools
import httpx
import pytest
from attrs import frozen
from hypothesis import example, given
from hypothesis import strategies as st

from ec2lite.errors import ResponseError
from ec2lite.transports.fast_parser import LONGEST_HEAD, MOST_FIELDS, ResponseParser

MOST = 1 << 20
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
AS_CHUNKS = b"2\r\nab\r\n0\r\n\r\n"


def head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """Return a head of these lines."""
    return b"\r\n".join([status, *lines, b"", b""])


# What both read in the same way, or both refuse.
ALIKE = {
    "plain": OK,
    "no field": b"HTTP/1.1 200 OK\r\n\r\nab",
    "two different lengths": head(b"Content-Length: 2", b"Content-Length: 3") + b"abc",
    "a length of nothing": head(b"Content-Length:") + b"ab",
    "a length with a sign": head(b"Content-Length: +2") + b"ab",
    "a length in hexadecimal": head(b"Content-Length: 0x2") + b"ab",
    "a length of 2**64 + 2": head(b"Content-Length: 18446744073709551618") + b"ab",
    "a length with blanks around it": head(b"Content-Length:   2   ") + b"ab",
    "no blank after the colon": head(b"Content-Length:2") + b"ab",
    "chunks": CHUNKED + AS_CHUNKS,
    "CHUNKED": head(b"TRANSFER-ENCODING: CHUNKED") + AS_CHUNKS,
    "chunks in HTTP/1.0": head(b"Transfer-Encoding: chunked", status=b"HTTP/1.0 200 OK")
    + AS_CHUNKS,
    "gzip, chunked": head(b"Transfer-Encoding: gzip, chunked") + AS_CHUNKS,
    "chunked, gzip": head(b"Transfer-Encoding: chunked, gzip") + AS_CHUNKS,
    "chunked twice": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + AS_CHUNKS,
    "identity": head(b"Transfer-Encoding: identity") + b"ab",
    "a coding of nothing": head(b"Transfer-Encoding:") + AS_CHUNKS,
    "a chunk of -2": CHUNKED + b"-2\r\nab\r\n0\r\n\r\n",
    "a chunk of 0x2": CHUNKED + b"0x2\r\nab\r\n0\r\n\r\n",
    "a chunk with an extension": CHUNKED + b"2;a=b\r\nab\r\n0\r\n\r\n",
    "an extension with a bare LF": CHUNKED + b"2;a\nb\r\nab\r\n0\r\n\r\n",
    "a chunk's size of 17 digits": CHUNKED + b"00000000000000002\r\nab\r\n0\r\n\r\n",
    "a chunk's size beyond 64 bits": CHUNKED + b"fffffffffffffffff\r\nab\r\n0\r\n\r\n",
    "chunks with bare LF": CHUNKED + b"2\nab\n0\n\n",
    "a chunk longer than it says": CHUNKED + b"2\r\nabc\r\n0\r\n\r\n",
    "a chunk's extension without end": CHUNKED + b"2;" + b"a" * 200_000,
    "a trailer": CHUNKED + b"2\r\nab\r\n0\r\nX: y\r\n\r\n",
    "a trailer that claims a coding": CHUNKED
    + b"2\r\nab\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a trailer with a bare CR": CHUNKED + b"2\r\nab\r\n0\r\nX: \ry\r\n\r\n",
    "HTTP/1.0": head(b"Content-Length: 2", status=b"HTTP/1.0 200 OK") + b"ab",
    "HTTP/1.0 that keeps alive": head(
        b"Connection: keep-alive", b"Content-Length: 2", status=b"HTTP/1.0 200 OK"
    )
    + b"ab",
    "no HTTP at all": b"hello",
    "a blank first": b" " + OK,
    "CRLF first": b"\r\n" + OK,
    "ICY": b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nab",
    "RTSP": b"RTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
    "ICE": b"ICE/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab",
    "no reason": head(b"Content-Length: 2", status=b"HTTP/1.1 200 ") + b"ab",
    "no reason and no blank": head(b"Content-Length: 2", status=b"HTTP/1.1 200") + b"ab",
    "status 99": head(b"Content-Length: 2", status=b"HTTP/1.1 99 OK") + b"ab",
    "status 000": head(b"Content-Length: 2", status=b"HTTP/1.1 000 OK") + b"ab",
    "status 099": head(b"Content-Length: 2", status=b"HTTP/1.1 099 OK") + b"ab",
    "status 999": head(b"Content-Length: 2", status=b"HTTP/1.1 999 OK") + b"ab",
    "status 2000": head(b"Content-Length: 2", status=b"HTTP/1.1 2000 OK") + b"ab",
    "status without digits": head(b"Content-Length: 2", status=b"HTTP/1.1 abc OK") + b"ab",
    "a bare CR": head(b"A: b\rX: c", b"Content-Length: 2") + b"ab",
    "CR CR LF": head(b"A: b\r", b"Content-Length: 2") + b"ab",
    "NUL in a value": head(b"A: b\0c", b"Content-Length: 2") + b"ab",
    "Latin-1 in a value": head(b"A: b\xe4c", b"Content-Length: 2") + b"ab",
    "an empty value": head(b"A:", b"Content-Length: 2") + b"ab",
    "blanks after a value": head(b"A: b \t ", b"Content-Length: 2") + b"ab",
    "a blank before the colon": head(b"Content-Length : 2") + b"ab",
    "a blank in a name": head(b"A B: c", b"Content-Length: 2") + b"ab",
    "a blank before the first field": head(b" A: c", b"Content-Length: 2") + b"ab",
    "an empty name": head(b": c", b"Content-Length: 2") + b"ab",
    "no colon": head(b"ABC", b"Content-Length: 2") + b"ab",
    "a name in UTF-8": head("Ä: c".encode(), b"Content-Length: 2") + b"ab",
    "bytes after it": OK + b"xyz",
    "CRLF after it": OK + b"\r\n",
    "a second answer": OK + OK,
    "bytes after chunks": CHUNKED + AS_CHUNKS + b"xyz",
    "CRLF after chunks": CHUNKED + AS_CHUNKS + b"\r\n",
    "line ends after chunks": CHUNKED + AS_CHUNKS + b"\n\n\r\n\r\n",
    "a second answer after chunks": CHUNKED + AS_CHUNKS + CHUNKED + b"2\r\ncd\r\n0\r\n\r\n",
    "a beginning after chunks": CHUNKED + AS_CHUNKS + b"H",
    "what looks like an end after chunks": CHUNKED + AS_CHUNKS + b"Hx\r\n\r\n",
    "close, then more": head(b"Connection: close", b"Content-Length: 2") + b"ab" + OK,
    "close among others": head(b"Connection: x, Close", b"Content-Length: 2") + b"ab",
    "close, chunks, then more": head(b"Connection: close", b"Transfer-Encoding: chunked")
    + AS_CHUNKS
    + OK,
    "100": head(status=b"HTTP/1.1 100 Continue") + OK,
    "100 with a length": head(b"Content-Length: 2", status=b"HTTP/1.1 100 Continue") + OK,
    "100 with close": head(b"Connection: close", status=b"HTTP/1.1 100 Continue") + OK,
    "200 times 103": head(b"Link: a", status=b"HTTP/1.1 103 Early Hints") * 200 + OK,
    "102 before chunks": head(b"X: y", status=b"HTTP/1.1 102 P") + CHUNKED + AS_CHUNKS,
    "101": head(b"Upgrade: x", b"Connection: upgrade", status=b"HTTP/1.1 101 S") + b"raw",
    "101 without fields": head(status=b"HTTP/1.1 101 S") + OK,
    "200 with Upgrade": head(b"Upgrade: x", b"Connection: upgrade", b"Content-Length: 2") + b"ab",
    "204 with a body": head(b"Content-Length: 2", status=b"HTTP/1.1 204 No") + b"ab",
    "204": head(status=b"HTTP/1.1 204 No"),
    "304 with a length": head(b"Content-Length: 2", status=b"HTTP/1.1 304 No"),
    "304 with chunks": head(b"Transfer-Encoding: chunked", status=b"HTTP/1.1 304 No"),
    "cut in the head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "cut in the body": head(b"Content-Length: 5") + b"ab",
    "cut in a chunk": CHUNKED + b"5\r\nab",
    "cut before the last chunk": CHUNKED + b"2\r\nab\r\n",
    "nothing": b"",
    "a head of 200 kB": head(b"A: " + b"x" * 200_000, b"Content-Length: 2") + b"ab",
    "a head without end": b"HTTP/1.1 200 OK\r\nA: " + b"x" * 200_000,
}

# What h11 puts up with and ours does not; a server that does this is broken or hostile.
STRICTER = {
    "two equal lengths": head(b"Content-Length: 2", b"Content-Length: 2") + b"ab",
    "two lengths in one field": head(b"Content-Length: 2, 2") + b"ab",
    "a length, then chunks": head(b"Content-Length: 2", b"Transfer-Encoding: chunked") + AS_CHUNKS,
    "chunks, then a length": head(b"Transfer-Encoding: chunked", b"Content-Length: 2") + AS_CHUNKS,
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nab",
    "one bare LF": head(b"A: b\nContent-Length: 2") + b"ab",
    "a control character": head(b"A: b\1c", b"Content-Length: 2") + b"ab",
    "a folded line": head(b"A: b\r\n c", b"Content-Length: 2") + b"ab",
    "a folded length": head(b"Content-Length:\r\n 2") + b"ab",
    "a folded coding": head(b"Transfer-Encoding:\r\n chunked") + AS_CHUNKS,
    "a blank after a chunk's size": CHUNKED + b"2 \r\nab\r\n0\r\n\r\n",
    "a trailer that claims a length": CHUNKED + b"2\r\nab\r\n0\r\nContent-Length: 5\r\n\r\n",
    "HTTP/0.9": head(b"Content-Length: 2", status=b"HTTP/0.9 200 OK") + b"ab",
    "HTTP/1.2": head(b"Content-Length: 2", status=b"HTTP/1.2 200 OK") + b"ab",
    "HTTP/2.0": head(b"Content-Length: 2", status=b"HTTP/2.0 200 OK") + b"ab",
    "5000 fields": head(*[b"A: b"] * 5000, b"Content-Length: 2") + b"ab",
    "interim answers without end": head(status=b"HTTP/1.1 103 E") * 6000 + OK,
}
HOSTILE = ALIKE | STRICTER


@frozen
class Verdict:
    """What a parser made of some bytes; ``why`` it refused them is no part of it."""

    status: int = 0
    fields: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    is_reusable: bool = False


REFUSED = Verdict()


def by_h11(data: bytes) -> Verdict:
    """Read an answer as httpcore has h11 do it."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=100 * 1024)
    connection.send(h11.Request(method="POST", target="/", headers=[("host", "x")]))
    connection.send(h11.EndOfMessage())
    status, fields, body = 0, (), b""
    # Its limits hold for what it waits with, so it must not get all at once.
    parts = [data[at : at + 65536] for at in range(0, len(data), 65536)]
    try:
        for number, part in enumerate([*parts, b""], 1):
            connection.receive_data(part)
            while (event := connection.next_event()) is not h11.NEED_DATA:
                if isinstance(event, h11.Response):
                    status, fields = event.status_code, tuple(event.headers)
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    goes_on = connection.their_state is h11.DONE and number == len(parts)
                    is_reusable = goes_on and not connection.trailing_data[0]
                    return Verdict(status, fields, body, is_reusable)
                elif not isinstance(event, h11.InformationalResponse):
                    return REFUSED
    except h11.RemoteProtocolError:
        pass
    return REFUSED


def by_ours(*parts: bytes, method: str = "POST") -> Verdict:
    """Read an answer that comes in these parts, as a transport would."""
    parser = ResponseParser(method, MOST)
    try:
        for part in parts:
            parser.feed(part)
        parser.end()
    except httpx.RemoteProtocolError:
        return REFUSED
    fields = tuple((name.lower(), _as_h11(name.lower(), value)) for name, value in parser.headers)
    return Verdict(parser.status, fields, parser.body, parser.is_reusable)


def _as_h11(name: bytes, value: bytes) -> bytes:
    return value.lower() if name == b"transfer-encoding" else value


def bytewise(data: bytes) -> list[bytes]:
    """Cut bytes into single ones."""
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("name", ALIKE)
def test_alike(name):
    """Whatever is no matter of taste is read exactly as h11 reads it, or refused as h11 does."""
    assert by_h11(ALIKE[name]) == by_ours(ALIKE[name])


@pytest.mark.parametrize("name", STRICTER)
def test_stricter(name):
    """What some recipients read in one way and some in another is refused, though h11 is not."""
    assert REFUSED != by_h11(STRICTER[name])
    assert REFUSED == by_ours(STRICTER[name])


@pytest.mark.parametrize("name", [name for name, data in HOSTILE.items() if len(data) < 1000])
def test_cut_anywhere(name):
    """Where the bytes of an answer are cut changes nothing."""
    data = HOSTILE[name]
    whole = by_ours(data)
    assert whole == by_ours(*bytewise(data))
    for at in range(len(data)):
        assert whole == by_ours(data[:at], data[at:])


@pytest.mark.parametrize("name", [name for name, data in HOSTILE.items() if len(data) >= 1000])
def test_long_ones_bytewise(name):
    """Limits hold for bytes that trickle, too."""
    data = HOSTILE[name]
    assert by_ours(data) == by_ours(*[data[at : at + 50] for at in range(0, len(data), 50)])


lines = st.sampled_from(
    [
        b"Content-Length: 2",
        b"content-length: 2",
        b"Content-Length: 3",
        b"Transfer-Encoding: chunked",
        b"transfer-encoding: Chunked",
        b"Transfer-Encoding: identity",
        b"Connection: close",
        b"Connection: keep-alive",
        b"Connection: upgrade",
        b"Upgrade: h2c",
        b"Server: AmazonEC2",
        b"A:",
        b" b",
        b"Date: Wed, 25 Nov 2026 09:35:06 GMT",
    ]
)
statuses = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 100 C", b"HTTP/1.1 204 N", b"HTTP/1.1 503"]
)
heads = st.builds(lambda status, fields: head(*fields, status=status), statuses, st.lists(lines))
bodies = st.sampled_from([b"", b"ab", AS_CHUNKS, b"1\r\na\r\n1\r\nb\r\n0\r\nX: y\r\n\r\n", OK])
answers = st.builds(
    lambda heads, body: b"".join(heads) + body, st.lists(heads, min_size=1, max_size=3), bodies
)
spoils = st.tuples(
    st.integers(0, 400),
    st.integers(0, 3),
    st.sampled_from(
        [b"", b"\r", b"\n", b"\r\n", b" ", b":", b"\0", b"1", b"x", b"\t", b"\xff", b";"]
    )
    | st.binary(max_size=3),
)


@st.composite
def mutated(draw):
    """Draw an answer and spoil a few places in it."""
    data = draw(answers | st.sampled_from([data for data in HOSTILE.values() if len(data) < 500]))
    for at, size, new in draw(st.lists(spoils, max_size=3)):
        at %= len(data) + 1
        data = data[:at] + new + data[at + size :]
    return data


@st.composite
def cut(draw):
    """Draw a spoilt answer and a way to cut it."""
    data = draw(mutated())
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return data, [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@given(cut())
def test_mutated(drawn):
    """A spoilt answer is refused, or is what h11 reads; and how it was cut does not matter."""
    data, parts = drawn
    ours = by_ours(data)
    assert ours in (by_h11(data), REFUSED)
    assert ours == by_ours(*parts)


@given(st.lists(st.binary(max_size=100)))
@example([b"HTTP/1.1 200 OK\r\n\r\n", b"", b"\0"])
def test_any_bytes(parts):
    """Whatever arrives ends in an answer or in the one error."""
    assert by_ours(*parts) == by_ours(b"".join(parts))


@given(heads)
def test_keeps_alive_as_httptools_would(data):
    """A connection is never kept that httptools would not keep."""
    told = []

    class Events:
        def on_headers_complete(self):
            told.append(parser.should_keep_alive())

    parser = httptools.HttpResponseParser(Events())
    ours = by_ours(data, method="HEAD")
    if ours.is_reusable:
        parser.feed_data(data)
        # httptools knows of no HEAD: a body without a length would last until the end.
        framed = {b"content-length", b"transfer-encoding"} & {name for name, _ in ours.fields}
        assert told[-1] or (not framed and ours.status != 204)


def test_head():
    """The answer to HEAD has no body, whatever its head says."""
    data = head(b"Content-Length: 2")
    assert Verdict(200, ((b"content-length", b"2"),), b"", True) == by_ours(data, method="HEAD")
    assert b"" == by_ours(CHUNKED, method="HEAD").body


def test_reason():
    """The reason phrase is handed out, for those who print it."""
    parser = ResponseParser("POST", MOST)
    parser.feed(head(b"Content-Length: 0", status=b"HTTP/1.1 503 Service Unavailable"))
    assert (503, b"Service Unavailable") == (parser.status, parser.reason)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "the server closed the connection without sending an answer"),
        (b"HTTP/1.1 2", "the server closed the connection without sending a whole answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP: it does not begin with HTTP/1."),
        (head(b"x"), "the answer is not HTTP: Invalid header token"),
        (STRICTER["5000 fields"], "the answer is not HTTP: its head has more than 256 fields"),
        (ALIKE["101"], "the answer is not HTTP: it switches to another protocol"),
    ],
)
def test_messages(data, why):
    """An error says what is wrong with the answer."""
    parser = ResponseParser("POST", MOST)

    def read():
        parser.feed(data)
        parser.end()

    with pytest.raises(httpx.RemoteProtocolError) as caught:
        read()
    assert why == str(caught.value)


def test_refused_at_once():
    """What cannot become an answer any more is refused before the server goes on."""
    for data in (b"hello", b"\r\n", b"HTTP/1.1 200 OK\nA", b"HTTP/1.1 200 OK\r\n" + b"x" * 102400):
        with pytest.raises(httpx.RemoteProtocolError):
            ResponseParser("POST", MOST).feed(data)


@pytest.mark.parametrize("size", [LONGEST_HEAD, LONGEST_HEAD + 1])
def test_longest_head(size):
    """A head of the greatest length is read, and a byte more is refused."""
    room = size - len(head(b"A: ", b"Content-Length: 0"))
    data = head(b"A: " + b"x" * room, b"Content-Length: 0")
    assert (size > LONGEST_HEAD) == (by_ours(data) == REFUSED)
    assert by_ours(data) == by_ours(data[:1000], data[1000:])


@pytest.mark.parametrize("number", [MOST_FIELDS, MOST_FIELDS + 1])
def test_most_fields(number):
    """As many fields as are allowed are read, and one more is refused."""
    data = head(*[b"A: b"] * (number - 1), b"Content-Length: 0")
    assert (number > MOST_FIELDS) == (by_ours(data) == REFUSED)


LARGE = {
    "length": [head(b"Content-Length: 11") + b"x" * 11],
    "chunks": [CHUNKED + b"6\r\nxxxxxx\r\n", b"5\r\nxxxxx\r\n0\r\n\r\n"],
    "close": [head() + b"x" * 6, b"x" * 5],
    "close at once": [head() + b"x" * 11],
}


@pytest.mark.parametrize("parts", LARGE.values(), ids=LARGE)
def test_too_large(parts):
    """A body of the greatest size is read; one byte more is an error that shows the beginning."""
    allowed = ResponseParser("POST", 11)
    refusing = ResponseParser("POST", 10)
    for part in parts[:-1]:
        refusing.feed(part)
    for part in parts:
        allowed.feed(part)
    assert b"x" * 11 == allowed.body
    with pytest.raises(ResponseError, match=r"^answer larger than 10 bytes") as caught:
        refusing.feed(parts[-1])
    assert 200 == caught.value.status_code
    assert b"x" * len(caught.value.body) == caught.value.body


def test_small_chunks():
    """A body in chunks of two bytes takes no more memory than twice the body."""
    size = 1 << 20
    parser = ResponseParser("POST", size)
    data = b"2\r\nab\r\n" * 8192
    tracemalloc.start()
    parser.feed(CHUNKED)
    for _ in range(size // 2 // 8192):
        parser.feed(data)
    parser.feed(b"0\r\n\r\n")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert b"ab" * (size // 2) == parser.body
    assert most < 2.5 * size


def test_trickle():
    """A body that comes in single bytes takes no more memory than twice the body."""
    size = 1 << 16
    parser = ResponseParser("POST", size)
    parser.feed(head(b"Content-Length: %d" % size))
    tracemalloc.start()
    for _ in range(size):
        parser.feed(b"x")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert b"x" * size == parser.body
    assert most < 2.5 * size


@pytest.mark.parametrize("data", [OK, CHUNKED + AS_CHUNKS, CHUNKED + b"x", b"x"])
def test_no_cycle(data):
    """A parser is gone when nobody needs it any more, without the garbage collector."""

    class Watched(ResponseParser):
        __slots__ = ("__weakref__",)

    gc.disable()
    try:
        parser = Watched("POST", MOST)
        gone = weakref.ref(parser)
        try:
            parser.feed(data)
        except httpx.RemoteProtocolError as error:
            error.__traceback__ = None
            del error
        del parser
        assert gone() is None
    finally:
        gc.enable()
