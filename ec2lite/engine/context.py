"""What a client's calls have in common: made once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import field, frozen

from ec2lite import checks
from ec2lite.engine.pacer import Pacer
from ec2lite.engine.retry import Retrier
from ec2lite.engine.skew import Skew
from ec2lite.listeners import Listener
from ec2lite.models import Credentials
from ec2lite.protocol import xml
from ec2lite.protocol.content import MAX_SIZE
from ec2lite.protocol.request import RequestBuilder


@frozen
class Timeout:
    """Time limits in seconds; None is no limit.

    ``connect`` is for opening a connection, TLS included (3.1 s, the AWS SDKs' standard default:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-smart-config-defaults.html), ``read``
    for each wait for the service (60 s, as in botocore), ``total`` for the whole call with its
    retries and pauses (150 s: two such waits and the time between them).
    """

    connect: float | None = field(default=3.1, validator=checks.optional(checks.seconds))
    read: float | None = field(default=60.0, validator=checks.optional(checks.seconds))
    total: float | None = field(default=150.0, validator=checks.optional(checks.seconds))

    def extension(self, remaining: float | None) -> dict[str, float | None]:
        """Return httpx's ``timeout`` extension for an attempt with so much time left."""
        connect, read = _sooner(self.connect, remaining), _sooner(self.read, remaining)
        return {"connect": connect, "read": read, "write": read, "pool": remaining}


def as_timeout(limit: float | Timeout | None) -> Timeout:
    """Return the limits that ``Client(timeout=…)`` stands for: seconds in all, or the usual."""
    if isinstance(limit, Timeout):
        return limit
    return Timeout() if limit is None else Timeout(total=checks.seconds("timeout", limit))


def _sooner(limit: float | None, remaining: float | None) -> float | None:
    if limit is None or remaining is None:
        return remaining if limit is None else limit
    return min(limit, remaining)


def utc_now() -> datetime:
    """Return the time of this machine's clock."""
    return datetime.now(UTC)


@frozen(eq=False, repr=False)
class Context:
    """What a call needs to know besides its operation.

    ``credentials`` sign every request; None asks the world for them. ``pacer`` hands out the tokens
    that each request needs; None lets all of them go at once.
    """

    builder: RequestBuilder
    retrier: Retrier
    timeout: Timeout = field(factory=Timeout)
    skew: Skew = field(factory=Skew)
    clock: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    max_response_size: int = MAX_SIZE
    credentials: Credentials | None = field(default=None, repr=False)
    on_event: Listener | None = field(default=None, repr=False)
    pacer: Pacer | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        # lxml reads the answers: without it nothing may be sent.
        xml.load()
