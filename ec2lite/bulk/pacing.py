"""EC2's token buckets, kept on this side: how long to wait until AWS will take the next batch.

AWS has two for each account, Region and action: one token for a request, and one for each instance.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from attrs import Attribute, field, frozen

from ec2lite import checks
from ec2lite.engine.locks import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ec2lite.engine.clock import Clock


def _is_positive(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse what is no number above 0. (An attrs validator.)."""
    del instance
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise checks.wrong(attribute.name, "a number above 0", checks.kind(value))
    if not 0 < value < 1e12:
        raise checks.wrong(attribute.name, "a number above 0", repr(value)[:40])


def _bucket(name: str, value: object) -> Bucket:
    """Check that a value is a bucket."""
    return checks.instance(name, value, Bucket, "a Bucket")


@frozen
class Bucket:
    """A token bucket: how many tokens it holds, and how many come back a second."""

    size: float = field(validator=_is_positive)
    refill: float = field(validator=_is_positive)


@frozen
class Pacing:
    """The quotas of an account, as ``…_many`` keeps to them.

    ``requests`` and ``instances`` are the buckets of the action; None is AWS's documented default.
    ``account`` names whose they are where the credentials do not tell: all clients of the process
    that mean the same endpoint, Region, action and account take from the same buckets.
    """

    requests: Bucket | None = field(default=None, validator=checks.optional(_bucket))
    instances: Bucket | None = field(default=None, validator=checks.optional(_bucket))
    account: str | None = field(default=None, validator=checks.optional(checks.text))


@frozen
class NoPacing:
    """No waiting: requests go out one after another, and AWS may throttle them."""


# AWS's defaults. Rebooting has no bucket of instances.
DEFAULTS: Final[dict[str, tuple[Bucket, Bucket | None]]] = {
    "StopInstances": (Bucket(50, 5), Bucket(1000, 20)),
    "StartInstances": (Bucket(5, 2), Bucket(1000, 2)),
    "TerminateInstances": (Bucket(100, 5), Bucket(1000, 20)),
    "RebootInstances": (Bucket(50, 5), None),
}
# A throttle means that others take from the same buckets, or that they are smaller than we think.
_SLOWER: Final = 0.7
_SLOWEST: Final = 0.1
_FASTER: Final = 0.02
# AWS's clock counts in steps of its own.
_MARGIN: Final = 0.002


def buckets(action: str, pacing: Pacing) -> tuple[Bucket, Bucket | None]:
    """Return the buckets of requests and of instances of an action."""
    requests, instances = DEFAULTS[action]
    return pacing.requests or requests, pacing.instances or instances


class _Level:
    """How full a bucket is. Below 0 it owes tokens that somebody waits for."""

    def __init__(self, bucket: Bucket, now: float) -> None:
        self._bucket = bucket
        self._tokens = bucket.size
        self._seen = now

    def take(self, count: int, now: float, rate: float) -> float:
        """Take tokens; return the seconds until they are there."""
        refill = self._bucket.refill * rate
        elapsed = max(now - self._seen, 0)
        self._tokens = min(self._bucket.size, self._tokens + elapsed * refill) - count
        self._seen = max(now, self._seen)
        return max(-self._tokens / refill, 0)

    def give_back(self, count: int) -> None:
        """Put tokens back that were not used."""
        self._tokens = min(self._bucket.size, self._tokens + count)

    def empty(self) -> None:
        """Believe that there are none: AWS has said so."""
        self._tokens = min(self._tokens, 0)


class Meter:
    """Both buckets of one account, Region and action, and how fast they are believed to fill."""

    def __init__(self, requests: Bucket, instances: Bucket | None, now: float) -> None:
        self._requests = _Level(requests, now)
        self._instances = None if instances is None else _Level(instances, now)
        self._rate = 1.0
        self._lock = ForkSafeLock()

    def reserve(self, count: int, now: float) -> float:
        """Take the tokens of a request for so many instances; return the seconds to wait first."""
        with self._lock.current:
            delay = self._requests.take(1, now, self._rate)
            if self._instances is not None:
                delay = max(delay, self._instances.take(count, now, self._rate))
            return delay + _MARGIN if delay else 0.0

    def give_back(self, count: int) -> None:
        """Put back the tokens of a request that was not sent."""
        with self._lock.current:
            self._requests.give_back(1)
            if self._instances is not None:
                self._instances.give_back(count)

    def refused(self, count: int) -> None:
        """Put back the instances' tokens of a refused request, which changed none of them.

        That AWS takes none for it is an assumption. If it does, it throttles, and that slows us.
        """
        with self._lock.current:
            if self._instances is not None:
                self._instances.give_back(count)

    def throttled(self) -> None:
        """Slow down."""
        with self._lock.current:
            self._rate = max(self._rate * _SLOWER, _SLOWEST)
            self._requests.empty()
            if self._instances is not None:
                self._instances.empty()

    def accepted(self) -> None:
        """Recover."""
        with self._lock.current:
            self._rate = min(self._rate + _FASTER, 1.0)


_METERS: Final[WeakKeyDictionary[Clock, dict[Hashable, Meter]]] = WeakKeyDictionary()
_LOCK: Final = ForkSafeLock()


def meter(
    clock: Clock, whose: Hashable, requests: Bucket, instances: Bucket | None, now: float
) -> Meter:
    """Return the meter that all in this process share who mean the same buckets."""
    with _LOCK.current:
        of_clock = _METERS.setdefault(clock, {})
        key = (whose, requests, instances)
        if key not in of_clock:
            of_clock[key] = Meter(requests, instances, now)
        return of_clock[key]
