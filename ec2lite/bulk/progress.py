"""What work on many instances says meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from ec2lite.bulk.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.bulk.outcome import Outcome


@frozen
class BatchProgress:
    """How far the work has come.

    - ``done``, ``total``: instances that have their outcome, and all of them.
    - ``by_kind``: how many there are of each outcome.
    - ``rate``: instances a second since the beginning; None while no time has passed.
    - ``remaining``: seconds that the rest takes at that rate; None while there is no rate.
    """

    done: int
    total: int
    by_kind: Mapping[OutcomeKind, int]
    rate: float | None
    remaining: float | None


def progress(outcomes: Iterable[Outcome], total: int, elapsed: float) -> BatchProgress:
    """Return how far the work has come after so many seconds."""
    by_kind = dict(Counter(each.kind for each in outcomes))
    done = sum(by_kind.values())
    rate = done / elapsed if done and elapsed > 0 else None
    remaining = None if rate is None else (total - done) / rate
    return BatchProgress(done, total, by_kind, rate, remaining)
