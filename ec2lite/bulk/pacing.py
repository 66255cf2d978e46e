"""EC2's token buckets, kept on this side: how long to wait until AWS will take the next batch.

AWS has two for each account, Region and action: one token for a request, and one for each instance.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary, finalize

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
# The rate is cut, and grows back along CUBIC's curve (RFC 9438): soon near to what it was, then
# slowly past that, where the next throttle is to be expected.
_SLOWER: Final = 0.7
_SLOWEST: Final = 0.1
_RECOVERY: Final = 1500.0
# Throttles of requests that were under way together are one sign.
_TOGETHER: Final = 1.0
# AWS's clock counts in steps of its own.
_MARGIN: Final = 0.002
# So many meters of one clock are kept, and only those that have something to remember beyond that.
_KEPT: Final = 256


def buckets(action: str, pacing: Pacing | None) -> tuple[Bucket, Bucket | None]:
    """Return the buckets of requests and of instances of an action."""
    requests, instances = DEFAULTS[action]
    if pacing is None:
        return requests, instances
    return pacing.requests or requests, pacing.instances or instances


def batch_limit(action: str, batch_size: int, pacing: Pacing | NoPacing | None) -> int:
    """Return how many ids a request may have: one larger than the bucket would never be taken."""
    if isinstance(pacing, NoPacing):
        return batch_size
    _, instances = buckets(action, pacing)
    return batch_size if instances is None else max(1, min(batch_size, int(instances.size)))


class _Level:
    """How full a bucket is. Below 0 it owes tokens that somebody waits for."""

    def __init__(self, bucket: Bucket, now: float) -> None:
        self._bucket = bucket
        self._tokens = bucket.size
        self._seen = now

    def take(self, count: int, now: float, rate: float) -> float:
        """Take tokens; return the seconds until they are there."""
        self._tokens = self._filled(now, rate) - count
        self._seen = max(now, self._seen)
        return max(-self._tokens / (self._bucket.refill * rate), 0)

    def give_back(self, count: int) -> None:
        """Put tokens back that were not used."""
        self._tokens = min(self._bucket.size, self._tokens + count)

    def empty(self, now: float) -> None:
        """Believe that there are none: AWS has said so."""
        self._tokens = min(self._tokens, 0)
        self._seen = max(now, self._seen)

    def is_full(self, now: float) -> bool:
        """Return whether it has all its tokens again."""
        return self._filled(now, 1.0) >= self._bucket.size

    def _filled(self, now: float, rate: float) -> float:
        elapsed = max(now - self._seen, 0)
        return min(self._bucket.size, self._tokens + elapsed * self._bucket.refill * rate)


class Meter:
    """Both buckets of one account, Region and action, and how fast they are believed to fill."""

    def __init__(self, requests: Bucket, instances: Bucket | None, now: float) -> None:
        self._requests = _Level(requests, now)
        self._instances = None if instances is None else _Level(instances, now)
        # The rate at which AWS throttled last, and when; none if that is over.
        self._ceiling = 1.0
        self._throttled_at: float | None = None
        self._lock = ForkSafeLock()

    def reserve(self, count: int, now: float) -> float:
        """Take the tokens of a request for so many instances; return the seconds to wait first."""
        with self._lock.current:
            rate = self._rate(now)
            delay = self._requests.take(1, now, rate)
            if self._instances is not None:
                delay = max(delay, self._instances.take(count, now, rate))
            return delay + _MARGIN if delay else 0.0

    def give_back(self, count: int) -> None:
        """Put back the tokens of a request that was not sent."""
        with self._lock.current:
            self._requests.give_back(1)
        self.refused(count)

    def refused(self, count: int) -> None:
        """Put back the instances' tokens of a refused request, which changed none of them.

        That AWS takes none for it is an assumption. If it does, it throttles, and that slows us.
        """
        with self._lock.current:
            if self._instances is not None:
                self._instances.give_back(count)

    def throttled(self, now: float) -> None:
        """Slow down; quiet lets it recover."""
        with self._lock.current:
            if self._throttled_at is None or now - self._throttled_at > _TOGETHER:
                self._ceiling = self._rate(now)
                self._throttled_at = now
            self._requests.empty(now)
            if self._instances is not None:
                self._instances.empty(now)

    def is_new(self, now: float) -> bool:
        """Return whether there is nothing to remember: a new one would be equal."""
        with self._lock.current:
            is_full = self._instances is None or self._instances.is_full(now)
            return is_full and self._requests.is_full(now) and self._rate(now) == 1

    def _rate(self, now: float) -> float:
        """Return which part of the documented refill is believed in."""
        if self._throttled_at is None:
            return 1.0
        curve = ((now - self._throttled_at - _RECOVERY) / _RECOVERY) ** 3
        rate = self._ceiling * (1 + (1 - _SLOWER) * curve)
        if rate >= 1:
            self._throttled_at = None
        return min(max(rate, _SLOWEST), 1.0)


class NoMeter(Meter):
    """Tokens without end: what ``NoPacing`` takes from."""

    def __init__(self) -> None:
        """Have no buckets."""

    def reserve(self, count: int, now: float) -> float:
        """Never wait."""
        del count, now
        return 0.0

    def give_back(self, count: int) -> None:
        """Miss nothing."""

    def refused(self, count: int) -> None:
        """Miss nothing."""

    def throttled(self, now: float) -> None:
        """Learn nothing."""


class _Meters:
    """The meters of one clock."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Meter] = {}
        # Also those that somebody still uses although there is nothing to remember.
        self._all: WeakValueDictionary[Hashable, Meter] = WeakValueDictionary()

    def get(self, key: Hashable, requests: Bucket, instances: Bucket | None, now: float) -> Meter:
        found = self._all.get(key)
        if found is None:
            self._all[key] = found = Meter(requests, instances, now)
        if key not in self._kept and len(self._kept) >= _KEPT:
            # Access keys that are renewed leave one meter each.
            self._kept = {name: each for name, each in self._kept.items() if not each.is_new(now)}
        self._kept[key] = found
        return found


# By the clock's identity: what inherits from Clock may compare as it likes.
_METERS: Final[dict[int, _Meters]] = {}
_LOCK: Final = ForkSafeLock()


def meter(
    clock: Clock, whose: Hashable, requests: Bucket, instances: Bucket | None, now: float
) -> Meter:
    """Return the meter that all in this process share who mean the same buckets."""
    with _LOCK.current:
        of_clock = _METERS.get(id(clock))
        if of_clock is None:
            of_clock = _METERS[id(clock)] = _Meters()
            finalize(clock, _METERS.pop, id(clock), None).atexit = False
        return of_clock.get((whose, requests, instances), requests, instances, now)
