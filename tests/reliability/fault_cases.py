"""What a network, a proxy or a service can do to a call, and what must come of it.

Each case is what the server does to every request until it is healed. ``docs/reliability.md`` shows
them as a table; ``python tests/reliability/table.py`` writes it there.
"""

from __future__ import annotations

import gzip
import json
import random
import socket
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
SHORT_CALL = Timeout(connect=10.0, read=10.0, total=0.6)
MIB = 2**20
# Credentials, and what else metadata services give: a token, and a role's name.
GIVEN = json.dumps(
    {
        "AccessKeyId": "AKID",
        "SecretAccessKey": "HUSH",
        "Token": "HUSH",
        "Expiration": "2999-01-01T00:00:00Z",
    }
).encode()
# If a parser read this file because a document told it to, an error would show this.
MARKER = "this file was read"


@frozen
class Case:
    """Something that goes wrong.

    ``does`` says what, ``steps`` does it after a request was read, ``connect`` as soon as a
    connection is open. ``ends`` is the class that the call ends in, after ``attempts``; ``says`` is
    a part of its text: of the error's, or of the state's name in the result.

    ``proxy`` is the scheme of a proxy on the way: the server is that, too, and ``connect`` is what
    it does when it is asked to connect. ``sources`` are the variables that name the server as one
    that gives credentials, and ``steps`` what it does to who asks for them.
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
    proxy: str = ""
    sources: tuple[str, ...] = ()
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
    """Answer as EC2 does, in the call's own words, so that nobody can take another's answer.

    Who asks for credentials gets some.
    """
    is_call = peer.last.startswith(b"POST")
    peer.socket.sendall(answer(document(peer.last) if is_call else GIVEN))


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


def hear(peer: Peer) -> None:
    """Read what comes, whatever it is."""
    peer.last = peer.receive()


def proxied(does: str, *steps: Any, **others: Any) -> Case:
    """Return a case of a proxy that opens no way to the service."""
    fields: dict[str, Any] = {"attempts": 3, "tls": "good", "proxy": "http", **others}
    return Case(does, [], "TransportError", connect=list(steps), **fields)


def unanswered(does: str, *steps: Any, **others: Any) -> Case:
    """Return a case in which no credentials are found, and nothing is sent to EC2."""
    return Case(does, list(steps), "TransportError", 0, is_timeout=True, **others)


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
OPENED = raw("HTTP/1.1 200 Connection established")
# A reply of SOCKS5: connected, to an address that nobody asks for.
SOCKS_OPENED = b"\5\0\0\1" + bytes(6)
# The beginning of a handshake's first record, of which the rest drips.
RECORD = b"\x16\x03\x03\x3f\xff"
IMPATIENT = Timeout(connect=0.2, read=10.0, total=30.0)
CONTAINER = ("AWS_CONTAINER_CREDENTIALS_FULL_URI",)
INSTANCE = ("AWS_EC2_METADATA_SERVICE_ENDPOINT",)


def two_records(peer: Peer) -> None:
    """Answer twice, each in a TLS record of its own, and both in one packet where that is known."""
    cork = getattr(socket, "TCP_CORK", None)
    if cork is not None:
        peer.socket.setsockopt(socket.IPPROTO_TCP, cork, 1)
    for data in (answer(document(peer.last)), GOOD):
        peer.socket.sendall(data)
    if cork is not None:
        peer.socket.setsockopt(socket.IPPROTO_TCP, cork, 0)


TLS = [
    transport("has a certificate that nobody vouches for", tls="unknown", says="self-signed"),
    transport("has a certificate for another host", tls="elsewhere", says="mismatch"),
    transport("speaks plain HTTP where TLS is expected", tls="none", connect=[GOOD]),
    transport("closes in the TLS handshake", tls="none", connect=[take_head, hang_up]),
    transport("has a certificate without `subjectAltName`", tls="nameless"),
    late(
        "falls silent in the TLS handshake",
        tls="none",
        connect=[stall],
        attempts=3,
        timeout=IMPATIENT,
    ),
    late(
        "sends the TLS handshake byte by byte",
        tls="none",
        connect=[take_head, RECORD, trickle(bytes(5000))],
        attempts=1,
        timeout=SHORT_CALL,
    ),
    result("answers twice, in two TLS records at once", two_records, tls="good"),
]
PROXY = [
    proxied("wants a password", answer(b"", "407 Authentication Required"), says="407"),
    proxied("redirects", answer(b"", "302 Found", Location="http://x.invalid"), says="302"),
    proxied("speaks no HTTP", b"hello\r\n\r\n", hang_up, says="does not speak HTTP"),
    proxied("closes", hang_up, says="closed the connection"),
    proxied("resets", reset),
    proxied("never answers", stall, is_timeout=True, timeout=IMPATIENT),
    proxied(
        "answers byte by byte", trickle(OPENED), is_timeout=True, attempts=1, timeout=SHORT_CALL
    ),
    proxied(
        "sends `100 Continue` without end",
        each(b"HTTP/1.1 100 Continue\r\n\r\n", pause(0.001)),
        is_timeout=True,
        attempts=1,
        timeout=SHORT_CALL,
    ),
    proxied("forges an answer before TLS begins", OPENED + GOOD, says="TLS with"),
    proxied(
        "forges one behind 64 KiB of other bytes",
        OPENED + bytes(64 * 1024 - len(OPENED)) + GOOD,
        says="TLS with",
    ),
    proxied(
        "forwards the TLS handshake byte by byte",
        OPENED,
        take_head,
        RECORD,
        trickle(bytes(5000)),
        is_timeout=True,
        attempts=1,
        timeout=SHORT_CALL,
    ),
    proxied("(SOCKS5) speaks another version", b"\4\0", proxy="socks5", says="SOCKS5"),
    proxied("(SOCKS5) closes after a byte", b"\5", hang_up, proxy="socks5"),
    proxied("(SOCKS5) wants an unknown kind of login", b"\5\x77", proxy="socks5"),
    proxied("(SOCKS5) refuses the password", b"\5\2", hear, b"\1\1", proxy="socks5"),
    proxied(
        "(SOCKS5) does not reach the service",
        *(b"\5\0", hear, b"\5\5\0\1" + bytes(6)),
        proxy="socks5",
    ),
    proxied(
        "(SOCKS5) forges an answer before TLS begins",
        *(b"\5\0", hear, SOCKS_OPENED + GOOD),
        proxy="socks5",
        says="TLS with",
    ),
]
CREDENTIALS = [
    unanswered("(container) never answers", stall, sources=CONTAINER, timeout=SHORT_CALL),
    unanswered(
        "(container) answers byte by byte", trickle(GOOD), sources=CONTAINER, timeout=SHORT_CALL
    ),
    unanswered("(instance) never answers", stall, sources=INSTANCE, timeout=SHORT_CALL),
    unanswered(
        "(instance) answers byte by byte", trickle(GOOD), sources=INSTANCE, timeout=SHORT_CALL
    ),
    Case(
        "(container) answers `404`",
        [answer(b"<html>", "404 Not Found")],
        "CredentialsError",
        0,
        says="HTTP status 404",
        sources=CONTAINER,
    ),
    Case(
        "(instance) has no role",
        [answer(b"", "404 Not Found")],
        "CredentialsError",
        0,
        says="404",
        sources=INSTANCE,
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
    transport(
        "answers `102` without end, as fast as it can",
        each(b"HTTP/1.1 102 x\r\n\r\n" * 1000),
        says="head",
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
    strange("compresses 1,500 times", answer(ZIPPED, Content_Encoding="gzip, " * 1500 + "gzip")),
    strange("sends a gzip of 1,000 members", zipped(gzip.compress(b"") * 1000), attempts=3),
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
    strange("names another instance", answer(STOPPED.replace(b"i-12", b"i-34")), says="asked for"),
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
        "sends 3 million elements, gzipped to 12 KiB",
        zipped(
            gzip.compress(
                STOPPED.replace(b"<instancesSet>", b"<instancesSet>" + b"<a/>" * 3_000_000)
            )
        ),
        says="more than 2000000 tags",
    ),
    strange(
        "sends 600,000 attributes, gzipped",
        zipped(gzip.compress(b"<a" + b" b=''" * 600_000 + b"/>")),
        says="more than 500000 equals signs",
    ),
    Case(
        "lists 10,000 errors",
        [answer(fault(*[("IncorrectInstanceState", "The instance is not stopped")] * 10_000))],
        "IncorrectInstanceState",
        says="and 90 more errors",
    ),
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
    "A proxy": PROXY,
    "A source of credentials": CREDENTIALS,
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
        if case.proxy:
            open_way(peer, case, healed)
        if case.tls and (healed.is_set() or case.tls != "none"):
            context = contexts["good" if healed.is_set() else case.tls]
            peer.socket = context.wrap_socket(peer.socket, server_side=True)
        if not healed.is_set() and not case.proxy:
            for step in case.connect:
                do(step, peer)
        while True:
            take(peer)
            for step in [good] if healed.is_set() else case.steps:
                do(step, peer)

    return [play]


def open_way(peer: Peer, case: Case, healed: threading.Event) -> None:
    """Be a proxy that is asked to connect, and connect to this very server."""
    # Asked once: the test may heal the server while this connection ends.
    is_healed = healed.is_set()
    is_http = case.proxy == "http"
    do(take if is_http else hear, peer)
    steps: Script = [OPENED] if is_http else [b"\5\2", hear, b"\1\0", hear, SOCKS_OPENED]
    for step in steps if is_healed else case.connect:
        do(step, peer)
    if not is_healed:
        # Whatever the client says to that, TLS's first record perhaps, goes no further.
        hear(peer)
        hang_up(peer)
