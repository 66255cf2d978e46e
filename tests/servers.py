"""A server on a real socket that does to each connection what a script says.

    with serve([take, answer(b"hello")], [take, reset]) as server:
        ...  # the first connection is answered, every later one is reset

A script is a list of steps. A step is bytes, which are sent as they are, or a function of the
``Peer``, which may read, wait and break things. After its last step a connection is closed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import ipaddress
import socket
import ssl
import struct
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Step: TypeAlias = "bytes | Callable[[Peer], None]"
Script: TypeAlias = "list[Step]"


class Gone(Exception):  # noqa: N818 - the end of a script, no error
    """The client has closed its end, or the server is to end."""


@define(eq=False)
class Server:
    """What a test sees of a server: where it is, and what came."""

    port: int
    scheme: str = "http"
    requests: list[bytes] = field(factory=list)
    connections: int = 0
    open_now: int = 0
    most_open: int = 0
    over: threading.Event = field(factory=threading.Event)
    hears: threading.Event = field(factory=threading.Event)
    listener: socket.socket = field(kw_only=True, repr=False)
    lock: threading.Lock = field(factory=threading.Lock)

    def hear(self) -> None:
        """Accept connections from now on."""
        self.listener.listen(512)
        self.hears.set()

    @property
    def url(self) -> str:
        """The URL of its root."""
        return f"{self.scheme}://127.0.0.1:{self.port}/"


@define(eq=False)
class Peer:
    """One connection, as a script's steps see it."""

    socket: socket.socket
    server: Server
    rest: bytes = b""
    last: bytes = b""

    def receive(self) -> bytes:
        """Return some bytes; raise Gone at the end."""
        if data := self.socket.recv(65536):
            return data
        raise Gone

    def wait(self, seconds: float) -> None:
        """Sleep, unless the server is to end."""
        if self.server.over.wait(seconds):
            raise Gone


def take(peer: Peer) -> None:
    """Read a request to the end of its body."""
    data = peer.rest
    while b"\r\n\r\n" not in data:
        data += peer.receive()
    head, _, rest = data.partition(b"\r\n\r\n")
    size = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            size = int(line.partition(b":")[2])
    while len(rest) < size:
        rest += peer.receive()
    peer.rest = rest[size:]
    peer.last = head + b"\r\n\r\n" + rest[:size]
    peer.server.requests.append(peer.last)


def take_head(peer: Peer) -> None:
    """Read some of a request, and leave the rest in the socket."""
    peer.last = peer.socket.recv(16)


def answer(body: bytes = b"hello", status: str = "200 OK", **headers: str) -> bytes:
    """Return a good answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def each(*steps: Step) -> Step:
    """Do the steps over and over, for each request of a kept connection."""

    def forever(peer: Peer) -> None:
        while True:
            for step in steps:
                do(step, peer)

    return forever


def pause(seconds: float) -> Step:
    """Do nothing for a while."""
    return lambda peer: peer.wait(seconds)


def stall(peer: Peer) -> None:
    """Do nothing until the client gives up."""
    peer.socket.settimeout(0.01)
    while not peer.server.over.is_set():
        try:
            peer.receive()
        except TimeoutError:
            continue


def trickle(data: bytes, every: float = 0.02) -> Step:
    """Send byte after byte."""

    def slowly(peer: Peer) -> None:
        for start in range(len(data)):
            peer.socket.sendall(data[start : start + 1])
            peer.wait(every)

    return slowly


def hang_up(peer: Peer) -> None:
    """Close in the usual way."""
    raise Gone


def reset(peer: Peer) -> None:
    """Close in a way that the client sees as a reset."""
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise Gone


def tunnel(port: int) -> Step:
    """Connect the client with another server, both ways."""

    def pipe(peer: Peer) -> None:
        with socket.create_connection(("127.0.0.1", port)) as other:
            back = threading.Thread(target=_copy, args=(other, peer.socket))
            back.start()
            _copy(peer.socket, other)
            back.join()

    return pipe


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    # Also when the source was reset: what waits at the other end must hear of it.
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def serve(
    *scripts: Script, tls: ssl.SSLContext | None = None, deaf: bool = False
) -> Iterator[Server]:
    """Run a server: a script for each connection, the last one for all that follow.

    A deaf one refuses connections until it is told to ``hear``.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = Server(port, "https" if tls else "http", listener=listener)
        if not deaf:
            server.hear()
        threads: list[threading.Thread] = []
        acceptor = threading.Thread(target=_accept, args=(listener, server, scripts, tls, threads))
        acceptor.start()
        try:
            yield server
        finally:
            server.over.set()
            server.hears.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


def _accept(
    listener: socket.socket,
    server: Server,
    scripts: tuple[Script, ...],
    tls: ssl.SSLContext | None,
    threads: list[threading.Thread],
) -> None:
    server.hears.wait()
    while not server.over.is_set():
        try:
            connection = listener.accept()[0]
        except OSError:
            return
        script = scripts[min(server.connections, len(scripts) - 1)]
        server.connections += 1
        thread = threading.Thread(target=_play, args=(connection, server, script, tls))
        threads.append(thread)
        thread.start()


def _play(
    connection: socket.socket, server: Server, script: Script, tls: ssl.SSLContext | None
) -> None:
    with server.lock:
        server.open_now += 1
        server.most_open = max(server.most_open, server.open_now)
    watcher = threading.Thread(target=_cut_off, args=(connection, server), daemon=True)
    watcher.start()
    try:
        with contextlib.suppress(OSError, Gone):
            peer = Peer(connection, server)
            if tls is not None:
                peer.socket = tls.wrap_socket(connection, server_side=True)
            for step in script:
                do(step, peer)
    finally:
        with contextlib.suppress(OSError):
            peer.socket.close()
        connection.close()
        with server.lock:
            server.open_now -= 1


def _cut_off(connection: socket.socket, server: Server) -> None:
    """Wake up a thread that reads when the test is over."""
    server.over.wait()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def do(step: Step, peer: Peer) -> None:
    """Carry out one step."""
    if isinstance(step, bytes):
        peer.socket.sendall(step)
    else:
        step(peer)


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait until a condition holds, and return whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


@functools.cache
def certificate(
    directory: Path, address: str = "127.0.0.1", *, has_names: bool = True
) -> tuple[str, ssl.SSLContext]:
    """Make a CA bundle (its path) and the context of a server at an IP which it vouches for.

    Without names there is no subjectAltName, only the subject's common name.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    common = f"ec2lite tests, {address}" if has_names else address
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if has_names:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    made = builder.sign(key, hashes.SHA256())
    bundle, private = directory / "ca.pem", directory / "key.pem"
    bundle.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle, private)
    return str(bundle), context
