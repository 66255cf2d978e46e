"""What ``ec2lite demo`` shows: ec2lite at work on a fake EC2 in this process.

The demo talks to no AWS and uses nobody's settings or keys: it passes everything itself, and hides
AWS's variables and files while it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections import Counter
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, Final

import httpx
from attrs import define, frozen

from ec2lite.client import Client
from ec2lite.errors import InstanceNotFound
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.protocol import xml
from ec2lite.protocol.operation import Operation
from ec2lite.testing import FakeEC2, RealClock
from ec2lite.waiting.progress import Escalation

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from ec2lite.models import ResponseMetadata
    from ec2lite.operations.shapes import InstanceStateChange
    from ec2lite.protocol.xml import Element
    from ec2lite.testing import VirtualClock
    from ec2lite.waiting.progress import Progress

    Say = Callable[[str], None]

SPEED: Final = 100.0  # how many of the fake's seconds are one of the reader's
UNKNOWN: Final = "i-00000000000000bad"
IMAGE: Final = "ami-12c6146b"  # one that moto knows too
WIDTH: Final = 90
# A long line may be folded here: between words, form pairs and elements.
_SIGNATURE: Final = re.compile("Signature=[0-9a-f]+")
SEAMS: Final = re.compile("(?<=[ &])|(?<=>)(?=<)")


@frozen
class RunInstances(Operation[tuple[str, ...]]):
    """An operation that ec2lite does not have. Calling it takes no more than this."""

    action: ClassVar[str] = "RunInstances"
    repeatable: ClassVar[bool] = False

    image_id: str
    count: int
    can_hibernate: bool = False

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return the image, and how many instances to launch."""
        count = str(self.count)
        pairs = [("ImageId", self.image_id), ("MinCount", count), ("MaxCount", count)]
        if self.can_hibernate:
            pairs.append(("HibernationOptions.Configured", "true"))
        return pairs

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


def show(say: Say, clock: RealClock | VirtualClock | None = None) -> None:
    """Run the demo; ``say`` prints a text. Its time runs a hundred times as fast by default."""
    fake = FakeEC2(region="eu-west-1", clock=RealClock(speed=SPEED) if clock is None else clock)
    tap = _Tap(fake.transport)
    with _no_settings(), fake.client(transport=tap) as ec2:
        say("A fake EC2 runs in this process, faster than AWS's. Nothing here talks to AWS.")
        _Demo(say, fake, ec2, tap).run()
        say(f"\nDone: {len(fake.calls)} requests, all of them to the fake EC2.")


@define
class _Demo:
    """The steps, which share what they are about."""

    say: Say
    fake: FakeEC2
    ec2: Client
    tap: _Tap
    ids: tuple[str, ...] = ()

    def run(self) -> None:
        """Show all steps."""
        self.launch()
        self.ask_first()
        self.stop()
        asyncio.run(self.hibernate())
        self.escalate()
        self.start()
        self.terminate()

    def launch(self) -> None:
        """Launch instances, and wait."""
        self.say("\n1. Launch three instances, with an operation written in this demo")
        self.ids = self.ec2.send(RunInstances(IMAGE, 3, can_hibernate=True))
        self.say("\n".join(f"   {each}" for each in self.ids))
        self.ec2.wait_until_running(self.ids, on_progress=self.progress)

    def ask_first(self) -> None:
        """Ask for permission, and for too much."""
        self.say("\n2. Ask first: client.dry_run(StopInstances([...]))")
        answer = self.ec2.dry_run(StopInstances(self.ids))
        self.say(f"   allowed={answer.allowed}: {answer.message}")

        self.say(f"\n3. Stop them with one that does not exist: {UNKNOWN}")
        try:
            self.ec2.stop_instances([*self.ids, UNKNOWN])
        except InstanceNotFound as error:
            self.say(f"   {type(error).__name__}: {error}")
        running = {"instance-state-name": "running"}
        left = sum(1 for _ in self.ec2.describe_instances(filters=running))
        self.say(f"   Nothing has happened to the others: {left} are running")

    def stop(self) -> None:
        """Stop two, and show the wire."""
        self.say("\n4. Stop two: client.stop_instances([...])")
        result = self.ec2.stop_instances(self.ids[:2])
        self.say(_changes(result.stopping_instances))
        self.say("\n   What went over the wire, with secrets hidden and long lines folded:\n")
        self.say(_wire(self.tap))
        self.say("\n   and wait: client.wait_until_stopped([...], on_progress=...)")
        self.ec2.wait_until_stopped(self.ids[:2], on_progress=self.progress)

    async def hibernate(self) -> None:
        """Hibernate the third, async."""
        last = self.ids[2]
        self.say(
            "\n5. Hibernate the third, async: await client.stop_instances(..., hibernate=True)"
        )
        async with self.fake.async_client() as ec2:
            self.say(_changes((await ec2.stop_instances(last, hibernate=True)).stopping_instances))
            found = await ec2.wait_until_stopped(last, on_progress=self.progress)
        self.say(f"   hibernated={found[last].hibernated}")

    def escalate(self) -> None:
        """Force what hangs."""
        self.say("\n6. One hangs while it stops: force it after a minute, and accept lost data")
        (stuck,) = self.fake.run_instances(stuck="until-forced")
        self.say(_changes(self.ec2.stop_instances(stuck).stopping_instances))
        hurry = Escalation(force_after=60, data_loss_accepted=True)
        self.ec2.wait_until_stopped(stuck, escalate=hurry, on_progress=self.progress)
        self.say(f"   {stuck}  stopped by force")

    def start(self) -> None:
        """Start all."""
        self.say("\n7. Start all: client.start_instances([...])")
        self.say(_changes(self.ec2.start_instances(self.ids).starting_instances))
        self.ec2.wait_until_running(self.ids, on_progress=self.progress)

    def terminate(self) -> None:
        """Terminate all."""
        self.say("\n8. Terminate all: client.terminate_instances([...])")
        self.say(_changes(self.ec2.terminate_instances(self.ids).terminating_instances))
        self.ec2.wait_until_terminated(self.ids, on_progress=self.progress)

    def progress(self, progress: Progress[Any]) -> None:
        """Say how far a wait has come."""
        waiting = Counter(progress.waiting.values())
        there = Counter(each.state.name for each in progress.reached.values())
        self.say(f"   after {progress.elapsed:3.0f} s: {_counted(waiting + there)}")


def _counted(states: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in states.items())


def _changes(changes: Iterable[InstanceStateChange]) -> str:
    return "\n".join(
        f"   {change.instance_id}  {change.previous_state.name} -> {change.current_state.name}"
        for change in changes
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
    hidden = "Signature=(hidden)"
    return [f"{name}: {_SIGNATURE.sub(hidden, value)}" for name, value in headers.items()]


@contextlib.contextmanager
def _no_settings() -> Generator[None]:
    """Hide AWS's variables and files, and proxies, from ec2lite."""
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
