"""What a network, a proxy or a service can do to a call, and what must come of it.

Each case is what the server does to every request until it is healed. ``docs/reliability.md`` shows
them as a table; ``python tests/reliability/table.py`` writes it there.
"""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ec2lite.engine.context import Timeout
from samples import STOPPED, fault
from servers import (
    Peer,
    Script,
    answer,
    do,
    each,
    hang_up,
    pause,
    reset,
    stall,
    take,
    take_head,
    trickle,
)

if TYPE_CHECKING:
    import ssl
    import threading

PATIENT = Timeout(connect=10.0, read=10.0, total=30.0)
# Long enough for a machine that does other things, too; short enough to wait for.
SHORT_READ = Timeout(connect=10.0, read=0.1, total=30.0)
SHORT_CALL = Timeout(connect=10.0, read=10.0, total=0.3)
MIB = 2**20
# If a parser read this file because a document told it to, an error would show this.
MARKER = "this file was read"


@frozen
class Case:
    """Something that goes wrong.

    ``does`` says what, ``steps`` does it after a request was read, ``connect`` as soon as a
    connection is open. ``ends`` is the class that the call ends in, after ``attempts``; ``says`` is
    a part of its text: of the error's, or of the state's name in the result.
    """

    does: str
    steps: Script = field(factory=list)
    ends: str = "StopInstancesResult"
    attempts: int = 1
    says: str = ""
    is_timeout: bool = False
    connect: Script = field(factory=list)
    is_deaf: bool = False
    tls: str = ""
    timeout: Timeout = PATIENT

    @property
    def outcome(self) -> str:
        """What it ends in, for people."""
        if self.ends == "StopInstancesResult":
            return "result"
        return f"`{self.ends}`, `is_timeout`" if self.is_timeout else f"`{self.ends}`"


def transport(does: str, *steps: Any, attempts: int = 3, **others: Any) -> Case:
    """Return a case in which no whole answer arrives."""
    return Case(does, list(steps), "TransportError", attempts, **others)


def late(does: str, *steps: Any, attempts: int, **others: Any) -> Case:
    """Return a case in which time runs out."""
    return transport(does, *steps, attempts=attempts, is_timeout=True, **others)


def strange(does: str, *steps: Any, attempts: int = 1, **others: Any) -> Case:
    """Return a case of an answer that is not the protocol's."""
    return Case(does, list(steps), "ResponseError", attempts, **others)


def result(does: str, *steps: Any, attempts: int = 1, **others: Any) -> Case:
    """Return a case that does not hinder the call."""
    return Case(does, list(steps), attempts=attempts, **others)


def first(times: int, *steps: Any) -> Any:
    """Do the steps to so many requests, and answer well after that."""

    def sometimes(peer: Peer) -> None:
        for step in steps if len(peer.server.requests) <= times else [good]:
            do(step, peer)

    return sometimes


def invocation(request: bytes) -> str:
    """Return the id of the call that a request belongs to."""
    head = request.lower().partition(b"amz-sdk-invocation-id:")[2]
    return head.partition(b"\r\n")[0].strip().decode()


def good(peer: Peer) -> None:
    """Answer as EC2 does, in the call's own words, so that nobody can take another's answer."""
    peer.socket.sendall(answer(document(peer.last)))


def document(request: bytes) -> bytes:
    """Return the document that answers a request: with its instance, and its call's id."""
    instance = request.partition(b"InstanceId.1=")[2].partition(b"&")[0]
    call = invocation(request).encode()
    return STOPPED.replace(b"59dbff89-35bd-4eac-99ed-be587EXAMPLE", call).replace(
        b"i-1234567890abcdef0", instance
    )


def raw(head: str, body: bytes = b"") -> bytes:
    """Return an answer whose head is written by hand, a line for each header."""
    return head.strip().replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body


def chunked(*chunks: bytes) -> bytes:
    """Return an answer in chunks, without the last one."""
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", framed)


def named(name: str, encoding: str, declared: str | None = None) -> bytes:
    """Return an answer with a state of that name, in an encoding."""
    text = STOPPED.decode().replace("stopping<", f"{name}<")
    text = text.replace('encoding="UTF-8"', f'encoding="{declared or encoding}"')
    return answer(text.encode(encoding))


def bomb() -> bytes:
    """Return a gigabyte of zeros, gzipped to one MiB.

    A block that was flushed wholly knows nothing of those before it, so one is made a thousand
    times from the same bytes.
    """
    compressor = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    start = compressor.compress(bytes(MIB)) + compressor.flush(zlib.Z_FULL_FLUSH)
    block = compressor.compress(bytes(MIB)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return start + block * 1023 + compressor.flush()


def laughs() -> bytes:
    """Return a document of a kilobyte that means a gigabyte."""
    entities = ['<!ENTITY l0 "ha">']
    entities += [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<!DOCTYPE r [{''.join(entities)}]><r>&l9;</r>".encode()


def reading(uri: str) -> bytes:
    """Return a document that wants a file or a URL to be put into it."""
    text = STOPPED.decode().replace("stopping<", "&x;<")
    return text.replace("?>\n", f'?>\n<!DOCTYPE r [<!ENTITY x SYSTEM "{uri}">]>\n').encode()


def calling_back(peer: Peer) -> None:
    """Answer with a document whose DTD is to be fetched from this very server."""
    dtd = f'<!DOCTYPE r SYSTEM "{peer.server.url}x.dtd">'.encode()
    peer.socket.sendall(answer(STOPPED.replace(b"?>\n", b"?>\n" + dtd)))


def zipped(body: bytes) -> bytes:
    """Return an answer whose body is said to be gzipped."""
    return answer(body, Content_Encoding="gzip")


def pouring(total: int) -> Any:
    """Send a body of that many bytes."""

    def pour(peer: Peer) -> None:
        peer.socket.sendall(raw(f"HTTP/1.1 200 OK\nContent-Length: {total}"))
        for _ in range(total // MIB):
            peer.socket.sendall(b" " * MIB)

    return pour


def part(data: bytes, end: bytes, more: int = 3) -> bytes:
    """Return the beginning of an answer, up to a little behind some bytes."""
    return data[: data.index(end) + len(end) + more]


GOOD = answer(STOPPED)
ZIPPED = gzip.compress(STOPPED, mtime=0)
PAGE = b"<html><head><title>Sign in</title></head><body><p>Welcome</p></body></html>"
SLOPPY = b"<!doctype html><html><head><title>Sign in</head><body>Welcome<br></body></html>"
STATE = fault(("IncorrectInstanceState", "The instance is not in a state for that"))
THROTTLED = fault(("RequestLimitExceeded", "Request limit exceeded."))
JUNK = random.Random(2).randbytes(4096)
HERE = Path(__file__).as_uri()
DECLARATION = b"<?xml"

CONNECTION = [
    transport("refuses connections", is_deaf=True),
    transport("resets a connection at once", connect=[reset]),
    transport("resets in the middle of the request", connect=[take_head, reset]),
    transport("resets after the request", reset),
    transport("closes after the request", hang_up),
    transport("resets in the status line", b"HTTP/1.1 20", reset),
    transport("resets in the headers", part(GOOD, b"Content-Le"), reset),
    transport("resets in the body", part(GOOD, b"<instancesSet>"), reset),
    late("accepts a connection and never reads", connect=[stall], attempts=3, timeout=SHORT_READ),
    late("never answers: `read`", stall, attempts=3, timeout=SHORT_READ),
    late("never answers: `total`", stall, attempts=1, timeout=SHORT_CALL),
    late("falls silent in the body", GOOD[:200], stall, attempts=3, timeout=SHORT_READ),
    late("sends the head byte by byte", trickle(GOOD), attempts=1, timeout=SHORT_CALL),
    late(
        "sends the body byte by byte",
        part(GOOD, DECLARATION),
        trickle(STOPPED),
        attempts=1,
        timeout=SHORT_CALL,
    ),
    late(
        "sends `100 Continue` without end",
        each(b"HTTP/1.1 100 Continue\r\n\r\n", pause(0.001)),
        attempts=1,
        timeout=SHORT_CALL,
    ),
]
TLS = [
    transport("has a certificate that nobody vouches for", tls="unknown", says="self-signed"),
    transport("has a certificate for another host", tls="elsewhere", says="mismatch"),
    transport("speaks plain HTTP where TLS is expected", tls="none", connect=[GOOD]),
    transport("closes in the TLS handshake", tls="none", connect=[take_head, hang_up]),
    late(
        "falls silent in the TLS handshake",
        tls="none",
        connect=[stall],
        attempts=3,
        timeout=Timeout(connect=0.2, read=10.0, total=30.0),
    ),
]
HTTP = [
    transport("sends garbage", JUNK, hang_up),
    transport("sends a line that is no status line", b"hello\r\n\r\n", hang_up),
    transport("speaks HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18), hang_up),
    transport(
        "sends 100,000 headers",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(100_000)),
        hang_up,
    ),
    transport("sends a header of 1 MiB", b"HTTP/1.1 200 OK\r\nx: " + b"y" * MIB, hang_up),
    transport("has a null byte in a header", raw("HTTP/1.1 200 OK\nX: \0\nContent-Length: 0")),
    transport("has a blank in a header's name", raw("HTTP/1.1 200 OK\nX y: z\nContent-Length: 0")),
    result("has latin-1 in a header", answer(STOPPED, X_Note="café").decode().encode("latin-1")),
    result("speaks HTTP/1.0 and closes", raw("HTTP/1.0 200 OK", STOPPED), hang_up),
    result("gives no reason phrase", GOOD.replace(b"200 OK", b"200 ")),
    result("answers `100 Continue` first", b"HTTP/1.1 100 Continue\r\n\r\n", GOOD),
    result(
        "answers `102` and `103` first", raw("HTTP/1.1 102 x"), raw("HTTP/1.1 103 x\nLink: y"), GOOD
    ),
    transport("answers `101 Switching Protocols`", raw("HTTP/1.1 101 x\nUpgrade: x")),
    # In one packet: an answer that comes on its own, after the next request, looks like its answer.
    result("answers twice", GOOD + GOOD),
    result("answers one and a half times", GOOD + GOOD[:40]),
    result("answers before the request is sent", connect=[GOOD, take]),
]
BODY = [
    transport("cuts the body short", part(GOOD, b"<item>"), hang_up, says="without sending"),
    transport(
        "claims a `Content-Length` too large by one",
        raw(f"HTTP/1.1 200 OK\nContent-Length: {len(STOPPED) + 1}", STOPPED),
        hang_up,
    ),
    strange(
        "claims a `Content-Length` too small by one",
        raw(f"HTTP/1.1 200 OK\nContent-Length: {len(STOPPED) - 1}", STOPPED),
        attempts=3,
        says="not well-formed XML",
    ),
    transport(
        "has a `Content-Length` that is no number", raw("HTTP/1.1 200 OK\nContent-Length: x")
    ),
    transport("has a negative `Content-Length`", raw("HTTP/1.1 200 OK\nContent-Length: -1")),
    transport(
        "has two `Content-Length`s that differ",
        raw("HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2", b"xx"),
    ),
    result("sends chunks", chunked(STOPPED[:100], STOPPED[100:], b"")),
    result("sends chunks of one byte", chunked(*[bytes([c]) for c in STOPPED], b"")),
    transport("has a chunk size that is no number", chunked(STOPPED) + b"zz\r\n"),
    transport("has a chunk longer than it says", chunked(STOPPED)[:-2] + b"more\r\n0\r\n\r\n"),
    transport("closes before the last chunk", chunked(STOPPED), hang_up),
    transport("has an unknown `Transfer-Encoding`", raw("HTTP/1.1 200 OK\nTransfer-Encoding: x")),
    result("compresses, though not asked to", zipped(ZIPPED)),
    result("names a compression and sends none", zipped(STOPPED)),
    strange("corrupts the gzip", zipped(ZIPPED[:40] + b"\0\0\0" + ZIPPED[43:]), attempts=3),
    strange("cuts the gzip short", zipped(ZIPPED[:-20]), attempts=3, says="cut short"),
    strange("compresses with brotli", answer(JUNK, Content_Encoding="br"), says="not asked for"),
    strange("sends 100 MiB", pouring(100 * MIB), says="larger than 67108864 bytes"),
    strange("sends 1 GiB, gzipped to 1 MiB", zipped(bomb()), says="after inflating"),
]
DOCUMENTS = [
    strange("sends nothing under 200", answer(b""), attempts=3),
    Case(
        "sends an error document under 200", [answer(STATE)], "IncorrectInstanceState", says="state"
    ),
    strange("sends a page under 200", answer(PAGE), says="<html>"),
    strange("sends a page that is no XML under 200", answer(SLOPPY), attempts=3),
    strange("sends another action's answer", answer(STOPPED.replace(b"Stop", b"Start"))),
    strange(
        "sends a captive portal's `302`", answer(PAGE, "302 Found", Location="http://x.invalid")
    ),
    strange("answers `204` without a body", raw("HTTP/1.1 204 No Content"), attempts=3),
    Case(
        "answers `400` with an error document", [answer(STATE, "400 x")], "IncorrectInstanceState"
    ),
    strange("answers `400` without a document", answer(b"", "400 x")),
    strange("answers `400` with a page", answer(PAGE, "400 x")),
    *(
        strange(f"answers `{status}` without a document", answer(b"", f"{status} x"), attempts=3)
        for status in (429, 500, 502, 503, 504)
    ),
    strange("answers `502` with a page", answer(PAGE, "502 x"), attempts=3),
    Case(
        "throttles: `503`, RequestLimitExceeded",
        [answer(THROTTLED, "503 x")],
        "RequestLimitExceeded",
        3,
    ),
    result("declares latin-1 and sends it", named("arrêt", "iso-8859-1"), says="arrêt"),
    result("declares UTF-16 and sends it", named("arrêt", "utf-16"), says="arrêt"),
    result("begins with a byte order mark", named("arrêt", "utf-8-sig", "utf-8"), says="arrêt"),
    strange("declares UTF-8 and sends latin-1", named("arrêt", "latin-1", "utf-8"), attempts=3),
    strange("declares an encoding that nobody knows", named("x", "utf-8", "x-none"), attempts=3),
    strange("sends a billion laughs", answer(laughs()), attempts=3),
    strange("wants a file put into the document", answer(reading(HERE)), says="DOCTYPE"),
    strange("wants a DTD fetched from a URL", calling_back, says="DOCTYPE"),
    strange("nests a million elements", answer(b"<a>" * 1_000_000), attempts=3),
    strange(
        "repeats an attribute 10,000 times", answer(b"<a" + b" b='c'" * 10_000 + b"/>"), attempts=3
    ),
    strange("leaves out what must be there", answer(b"<StopInstancesResponse/>")),
    strange("sends a state code that is no number", answer(STOPPED.replace(b">64<", b">sixty<"))),
]
PASSING = [
    result("resets once", first(1, reset), attempts=2),
    result("resets twice", first(2, reset), attempts=3),
    result("throttles once", first(1, answer(THROTTLED, "503 x")), attempts=2),
    result("answers `500` twice", first(2, answer(b"", "500 x")), attempts=3),
    result("cuts the body short once", first(1, GOOD[:300], hang_up), attempts=2),
]
GROUPS = {
    "The connection": CONNECTION,
    "TLS": TLS,
    "HTTP": HTTP,
    "The body": BODY,
    "The document": DOCUMENTS,
    "Trouble that passes": PASSING,
}
CASES = [case for group in GROUPS.values() for case in group]


def script(case: Case, healed: threading.Event, contexts: dict[str, ssl.SSLContext]) -> Script:
    """Return what the server does: the case's steps, and good answers once it is healed.

    ``contexts`` are the TLS contexts that cases name; ``good`` is the one to be trusted.
    """

    def play(peer: Peer) -> None:
        if case.tls and (healed.is_set() or case.tls != "none"):
            context = contexts["good" if healed.is_set() else case.tls]
            peer.socket = context.wrap_socket(peer.socket, server_side=True)
        if not healed.is_set():
            for step in case.connect:
                do(step, peer)
        while True:
            take(peer)
            for step in [good] if healed.is_set() else case.steps:
                do(step, peer)

    return [play]
