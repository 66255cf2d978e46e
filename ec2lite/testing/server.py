"""A fake EC2 on the loopback interface, over real HTTP: for boto3, the AWS CLI, other languages."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, cast

from ec2lite.testing.faults import Reset
from ec2lite.testing.sent import Reply, Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_LARGEST: Final = 16 * 1024 * 1024
# Do not linger: closing sends a reset instead of an orderly end.
_RESET: Final = struct.pack("ii", 1, 0)


class _Server(ThreadingHTTPServer):
    """A server that ends its connections when it ends."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, address: tuple[str, int], answer: Callable[[Sent], Reply]) -> None:
        super().__init__(address, _Handler)
        self.answer: Callable[[Sent], Reply] = answer
        self._open: set[Any] = set()
        self._changing = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's
        """Serve a connection in a thread."""
        with self._changing:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's
        """End a connection."""
        with self._changing:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's
        """Say nothing of clients that went away."""

    def end(self) -> None:
        """Stop, and end the connections that clients keep open."""
        self.shutdown()
        with self._changing:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection, with any number of requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a request."""
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= _LARGEST):
            self.send_error(411)
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            reply = cast("_Server", self.server).answer(Sent("POST", self.path, headers, body))
        except Reset:
            self._reset()
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
        """Say nothing."""

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()


@contextlib.contextmanager
def serving(host: str, port: int, answer: Callable[[Sent], Reply]) -> Generator[str]:
    """Serve until the block ends; yield the URL."""
    server = _Server((host, port), answer)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="FakeEC2"
    )
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.end()
        thread.join()
