"""An EC2 of one answer, over real HTTP, for tests that look at what a whole program does."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from attrs import define, field

from samples import stopped

if TYPE_CHECKING:
    from collections.abc import Iterator


@define(eq=False)
class Service:
    """What it answers, and the forms that it was sent.

    ``answer`` is what it always answers; None is that the instances stop. ``choose``, if there is
    one, returns the answer's body for a form.
    """

    url: str = ""
    status: int = 200
    answer: bytes | None = None
    choose: Callable[[dict[str, str]], bytes] | None = None
    forms: list[dict[str, str]] = field(factory=list)
    # Each request's headers, with names in lower case, and its body.
    requests: list[tuple[dict[str, str], bytes]] = field(factory=list)

    def answer_for(self, body: str) -> bytes:
        """Keep a request's form, and return what to answer."""
        form = dict(parse_qsl(body))
        self.forms.append(form)
        return self.choose(form) if self.choose else self.answer or stopped(body)


@contextlib.contextmanager
def serve() -> Iterator[Service]:
    """Run a service on this machine."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.requests.append((headers, body))
            answer = service.answer_for(body.decode())
            self.send_response(service.status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
