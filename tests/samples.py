"""Values that many tests use: a time, keys, answers, and a context to call in."""

from __future__ import annotations

import re
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from ec2lite.engine.context import Context, Timeout
from ec2lite.engine.flow import Answer, GetCredentials, Sleep
from ec2lite.engine.retry import StandardRetrier
from ec2lite.models import Credentials, Endpoint
from ec2lite.protocol.request import RequestBuilder

if TYPE_CHECKING:
    import httpx

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "FwoGZXIvYXdzEXAMPLETOKEN//////////="
KEYS = Credentials("AKIDEXAMPLE", SECRET)
TEMPORARY = Credentials("ASIDEXAMPLE", SECRET, TOKEN)
ENDPOINT = Endpoint("https://ec2.eu-west-1.amazonaws.com", "eu-west-1", "ec2")
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"

STOPPED = f"""<?xml version="1.0" encoding="UTF-8"?>
<StopInstancesResponse xmlns="{NAMESPACE}">
    <requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>
    <instancesSet>
        <item>
            <instanceId>i-1234567890abcdef0</instanceId>
            <currentState><code>64</code><name>stopping</name></currentState>
            <previousState><code>16</code><name>running</name></previousState>
        </item>
    </instancesSet>
</StopInstancesResponse>""".encode()


_ITEM = re.search(rb" {8}<item>.*?</item>\n", STOPPED, re.DOTALL)[0]


def stopped(form: bytes | str) -> bytes:
    """Return the answer to the body of a request: ``STOPPED``, for the instances it names."""
    pairs = parse_qsl(form if isinstance(form, str) else form.decode())
    ids = [escape(value).encode() for name, value in pairs if name.startswith("InstanceId.")]
    return STOPPED.replace(
        _ITEM, b"".join(_ITEM.replace(b"i-1234567890abcdef0", each) for each in ids)
    )


def fault(*errors: tuple[str, str], request_id: str = "ea966190-f9aa-478e-9ede-EXAMPLE") -> bytes:
    """Return EC2's error document with these codes and messages."""
    inner = "".join(
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        for code, message in errors
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>{inner}</Errors>'
        f"<RequestID>{request_id}</RequestID></Response>"
    ).encode()


def refusal(code: str, status: int = 400, headers: dict[str, str] | None = None) -> Answer:
    """Return an answer that says no with that code."""
    return Answer(status, headers or {}, fault((code, "because")))


def success() -> Answer:
    """Return the answer that AWS's documentation shows."""
    return Answer(200, {}, STOPPED)


def http_date(time: datetime) -> str:
    """Return the value of a ``Date`` header."""
    return format_datetime(time, usegmt=True)


class Clock:
    """A clock and a stopwatch that stand still until they are moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.seconds = 1000.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        """Return the stopwatch's seconds."""
        return self.seconds

    def move(self, seconds: float) -> None:
        """Let that much time pass."""
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds


class NamingSigner:
    """Signs with nothing but the names of what it was given."""

    def sign(self, **given: Any) -> dict[str, str]:
        """Return the time and the key's id as headers."""
        return {
            "x-amz-date": given["now"].strftime("%Y%m%dT%H%M%SZ"),
            "authorization": given["credentials"].access_key_id,
        }


def context(
    clock: Clock | None = None,
    *,
    max_attempts: int = 3,
    dice: float = 0.5,
    timeout: Timeout | None = None,
    **others: Any,
) -> Context:
    """Return what a call needs, with a clock that stands still and dice that fall one way."""
    clock = clock or Clock()
    return Context(
        builder=RequestBuilder(ENDPOINT, NamingSigner()),
        retrier=others.pop("retrier", None) or StandardRetrier(max_attempts, lambda: dice),
        timeout=timeout or Timeout(),
        clock=clock,
        monotonic=clock.monotonic,
        **others,
    )


class Script:
    """Drives a flow by hand, with a list of what the service does; notes what it asked for.

    An exception in the list is thrown into the flow; a pair (seconds, outcome) waits first.
    """

    def __init__(self, *outcomes: Any, clock: Clock | None = None) -> None:
        self.outcomes = list(outcomes)
        self.clock = clock
        self.keys = KEYS
        self.requests: list[httpx.Request] = []
        self.sleeps: list[float] = []
        self.wanted: list[GetCredentials] = []

    def run(self, flow: Any) -> Any:
        """Return the flow's result."""
        try:
            effect = next(flow)
            while True:
                outcome = self._outcome(effect)
                if isinstance(outcome, Exception):
                    effect = flow.throw(outcome)
                else:
                    effect = flow.send(outcome)
        except StopIteration as end:
            return end.value

    def _outcome(self, effect: Any) -> Any:
        if isinstance(effect, Sleep):
            self.sleeps.append(effect.seconds)
            if self.clock:
                self.clock.move(effect.seconds)
            return None
        if isinstance(effect, GetCredentials):
            self.wanted.append(effect)
            return self.keys
        self.requests.append(effect)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, tuple):
            seconds, outcome = outcome
            assert self.clock is not None
            self.clock.move(seconds)
        return outcome


def told(error):
    """Return all that an error tells, and what it is chained to, hidden or not."""
    text, links = "".join(traceback.format_exception(error)), [error]
    for link in links:
        links += [each for each in (link.__cause__, link.__context__) if each and each not in links]
        text += f"{link!s}{link!r}{vars(link)}"
    return text


def frames(error, besides):
    """Return the locals of all frames of an error and what it is chained to, but a file's own."""
    text, links = "", [error]
    for link in links:
        links += [each for each in (link.__cause__, link.__context__) if each and each not in links]
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if frame.f_code.co_filename != besides:
                text += "".join(f"{name}={value!r}\n" for name, value in frame.f_locals.items())
    return text
