"""What ``ec2lite demo`` shows: ec2lite at work on an EC2 embedded in this process.

The demo talks to no AWS and uses nobody's settings or keys: it passes endpoint and credentials
itself, and hides AWS's variables and files while it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import threading
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
from attrs import define, frozen

from ec2lite.client import AsyncClient, Client
from ec2lite.errors import ConfigError, InstanceNotFound
from ec2lite.models import Credentials
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.protocol import xml
from ec2lite.protocol.operation import Operation
from ec2lite.transports.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ec2lite.models import ResponseMetadata
    from ec2lite.operations.stop_instances import StopInstancesResult
    from ec2lite.protocol.xml import Element

    Say = Callable[[str], None]

REGION = "eu-west-1"
# AWS's own example of a key. It is temporary, so that the demo has a token to hide.
CREDENTIALS = Credentials("AKIAIOSFODNN7EXAMPLE", "demo-secret", "demo-session-token")
UNKNOWN = "i-00000000000000bad"
IMAGE = "ami-12c6146b"  # one that moto knows
WIDTH = 90
# A long line may be folded here: between words, form pairs and elements.
SEAMS = re.compile("(?<=[ &])|(?<=>)(?=<)")


@frozen
class RunInstances(Operation[tuple[str, ...]]):
    """An operation that ec2lite does not have. Calling it takes no more than this."""

    action: ClassVar[str] = "RunInstances"
    repeatable: ClassVar[bool] = False

    image_id: str
    count: int

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return the image and how many instances to launch."""
        count = str(self.count)
        return [("ImageId", self.image_id), ("MinCount", count), ("MaxCount", count)]

    def parse(self, root: Element, metadata: ResponseMetadata) -> tuple[str, ...]:
        """Return the instances' ids."""
        del metadata
        items = xml.child(root, "instancesSet").iterchildren("{*}item")
        return tuple(xml.text(item, "instanceId") for item in items)


@define
class _Tap(httpx.BaseTransport):
    """A transport that keeps the last request and response."""

    inner: httpx.BaseTransport
    request: httpx.Request | None = None
    response: httpx.Response | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        self.response = self.inner.handle_request(request)
        self.response.read()
        return self.response

    def close(self) -> None:
        self.inner.close()


def show(say: Say) -> None:
    """Run the demo; ``say`` prints a text. Raises ``ConfigError`` if moto is not installed."""
    with _no_settings(), _embedded_ec2() as url:
        say(f"An embedded EC2 listens on {url}. Nothing here talks to AWS.")
        with (
            contextlib.closing(_Tap(Transport())) as tap,
            Client(REGION, credentials=CREDENTIALS, endpoint_url=url, transport=tap) as ec2,
        ):
            _steps(say, ec2, tap, url)
        say("\nDone: three instances stopped. The embedded EC2 is shut down.")


def _steps(say: Say, ec2: Client, tap: _Tap, url: str) -> None:
    say("\n1. Launch three instances, with an operation written in this demo")
    ids = ec2.send(RunInstances(IMAGE, 3))
    say("\n".join(f"   {each}" for each in ids))

    say("\n2. Ask first: client.dry_run(StopInstances([...]))")
    answer = ec2.dry_run(StopInstances(ids))
    say(f"   allowed={answer.allowed}: {answer.message}")

    say("\n3. Stop two: client.stop_instances([...])")
    say(_changes(ec2.stop_instances(ids[:2])))
    say("\n   What went over the wire, with secrets hidden and long lines folded:\n")
    say(_wire(tap))

    say("\n4. Stop the third, async: await client.stop_instances([...])")
    say(_changes(asyncio.run(_stop_async(url, ids[2]))))

    say(f"\n5. Stop one that does not exist: {UNKNOWN}")
    try:
        ec2.stop_instances(UNKNOWN)
    except InstanceNotFound as error:
        say(f"   {type(error).__name__}: {error}")


async def _stop_async(url: str, instance_id: str) -> StopInstancesResult:
    async with AsyncClient(REGION, credentials=CREDENTIALS, endpoint_url=url) as ec2:
        return await ec2.stop_instances(instance_id)


def _changes(result: StopInstancesResult) -> str:
    return "\n".join(
        f"   {change.instance_id}  {change.previous_state.name} -> {change.current_state.name}"
        for change in result.stopping_instances
    )


def _wire(tap: _Tap) -> str:
    """Return the last request and response as they were sent, with secrets hidden."""
    assert tap.request is not None and tap.response is not None  # noqa: S101, PT018 - for mypy
    request, response = tap.request, tap.response
    sent = ["POST / HTTP/1.1", *_headers(request.headers), "", request.content.decode()]
    status = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
    received = [status, *_headers(response.headers), "", *response.text.splitlines()]
    return "\n".join([*map(_folded, repeat(">"), sent), "", *map(_folded, repeat("<"), received)])


def _folded(mark: str, line: str) -> str:
    rows = [""]
    for piece in SEAMS.split(line):
        if rows[-1] and len(rows[-1] + piece) > WIDTH:
            rows.append("  ")
        rows[-1] += piece
    return "\n".join(f"   {mark} {row}".rstrip() for row in rows)


def _headers(headers: httpx.Headers) -> list[str]:
    return [f"{name}: {_hidden(name, value)}" for name, value in headers.items()]


def _hidden(name: str, value: str) -> str:
    if name == "x-amz-security-token":
        return "(hidden)"
    before, mark, _ = value.partition("Signature=")
    return f"{before}{mark}(hidden)" if name == "authorization" else value


@contextlib.contextmanager
def _no_settings() -> Generator[None]:
    """Hide AWS's variables and files, and proxies, from ec2lite and moto."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _embedded_ec2() -> Generator[str]:
    """Run moto's server on a free port of the loopback interface; yield its URL."""
    try:
        import moto.moto_server.werkzeug_app as moto  # pyright: ignore[reportMissingTypeStubs] - it has none
        from werkzeug.serving import WSGIRequestHandler, make_server
    except ImportError as error:
        raise ConfigError("the demo needs moto: pip install 'ec2lite[demo]'") from error

    # Not ThreadedMotoServer, which logs each request to stderr.
    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ANN401 - werkzeug's
            pass

    app = moto.DomainDispatcherApplication(moto.create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
