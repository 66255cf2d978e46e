"""EC2's quotas: token buckets of requests and of instances, for each action.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ec2lite.bulk.pacing import Bucket
from ec2lite.testing.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


Quotas: TypeAlias = "Mapping[str, tuple[Bucket, Bucket | None]]"

# Descriptions with neither filters nor pages have smaller buckets than the others.
WHOLE: Final = "without filters or pages"
_DESCRIBE: Final = (Bucket(100, 20), None)
_DESCRIBE_WHOLE: Final = (Bucket(50, 10), None)
AWS_QUOTAS: Final[dict[str, tuple[Bucket, Bucket | None]]] = {
    "StopInstances": (Bucket(50, 5), Bucket(1000, 20)),
    "StartInstances": (Bucket(5, 2), Bucket(1000, 2)),
    "TerminateInstances": (Bucket(100, 5), Bucket(1000, 20)),
    "RebootInstances": (Bucket(50, 5), None),
    "DescribeInstances": _DESCRIBE,
    "DescribeInstanceStatus": _DESCRIBE,
    f"DescribeInstances {WHOLE}": _DESCRIBE_WHOLE,
    f"DescribeInstanceStatus {WHOLE}": _DESCRIBE_WHOLE,
}


class Levels:
    """How full the buckets are."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._levels: dict[tuple[str, int], tuple[float, datetime]] = {}

    def take_request(self, action: str, now: datetime, *, is_whole: bool) -> None:
        """Take a token for a request, or refuse it."""
        whole = f"{action} {WHOLE}"
        name = whole if is_whole and whole in self._quotas else action
        self._take(name, 0, 1, now)

    def take_instances(self, action: str, count: int, now: datetime) -> None:
        """Take a token for each instance, or refuse the request.

        Only what would be carried out takes these. AWS does not say so: an assumption.
        """
        self._take(action, 1, count, now)

    def _take(self, name: str, which: int, count: int, now: datetime) -> None:
        bucket = self._quotas.get(name, (None, None))[which]
        if bucket is None:
            return
        level, filled = self._levels.get((name, which), (bucket.size, now))
        level = min(bucket.size, level + bucket.refill * (now - filled).total_seconds())
        is_enough = level >= count
        self._levels[name, which] = (level - count if is_enough else level, now)
        if not is_enough:
            raise Refusal("RequestLimitExceeded")
