"""The turns of single calls: ``Client(pacing=…)`` takes their tokens where ``…_many`` does.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, frozen

from ec2lite.bulk.pacing import DEFAULTS, Bucket, Meter, NoPacing, Pacing, buckets, meter
from ec2lite.engine.clock import Clock
from ec2lite.errors import ServiceError
from ec2lite.operations.paging import Paged

if TYPE_CHECKING:
    from ec2lite.errors import EC2Error
    from ec2lite.models import Credentials, Endpoint
    from ec2lite.protocol.operation import Operation

# AWS's buckets of requests for the actions that have none of their own.
_READING: Final = Bucket(100, 20)
_READING_WHOLE: Final = Bucket(50, 10)
_CHANGING: Final = Bucket(50, 5)
_READERS: Final = ("Describe", "Get", "List", "Search")


@define
class Turn:
    """The tokens of one request."""

    pause: float
    _meter: Meter
    _count: int
    _clock: Clock

    def give_back(self) -> None:
        """Put them back, because no request was sent."""
        self._meter.give_back(self._count)

    def settle(self, error: EC2Error | None) -> None:
        """Learn from how the request ended; None is success."""
        if error is None:
            return
        if error.is_throttling:
            self._meter.throttled(self._clock.monotonic())
        elif isinstance(error, ServiceError):
            self._meter.refused(self._count)


@frozen
class Turns:
    """Hands out the turns of a client, for every request that it sends to EC2.

    The buckets of ``pacing`` hold for stop, start, reboot and terminate; AWS's hold for the rest.
    """

    pacing: Pacing
    clock: Clock

    def take(self, operation: Operation[Any], endpoint: Endpoint, credentials: Credentials) -> Turn:
        """Take the tokens of one request."""
        action = operation.action
        account = self.pacing.account or credentials.account_id or credentials.access_key_id
        whose = (endpoint.url, endpoint.signing_region, action, account)
        requests, instances = buckets_of(operation, self.pacing)
        count = 0 if instances is None else len(operation.asked_ids() or ())
        now = self.clock.monotonic()
        shared = meter(self.clock, whose, requests, instances, now)
        return Turn(shared.reserve(count, now), shared, count, self.clock)


def buckets_of(operation: Operation[Any], pacing: Pacing | None) -> tuple[Bucket, Bucket | None]:
    """Return the buckets that a request takes from."""
    if operation.action in DEFAULTS:
        return buckets(operation.action, pacing)
    if not operation.action.startswith(_READERS):
        return _CHANGING, None
    # A description by ids alone has neither filters nor pages.
    is_whole = isinstance(operation, Paged) and operation.instance_ids and not operation.filters
    return _READING_WHOLE if is_whole else _READING, None


def turns(pacing: Pacing | NoPacing | None, clock: Clock) -> Turns | None:
    """Return what paces a client's calls; None if nothing does."""
    return Turns(pacing, clock) if isinstance(pacing, Pacing) else None
