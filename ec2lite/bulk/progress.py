"""What work on many instances says meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from ec2lite.bulk.outcome import OutcomeKind


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


def progress(by_kind: Mapping[OutcomeKind, int], total: int, elapsed: float) -> BatchProgress:
    """Return how far the work has come after so many seconds."""
    done = sum(by_kind.values())
    rate = done / elapsed if done and elapsed > 0 else None
    remaining = None if rate is None else (total - done) / rate
    return BatchProgress(done, total, dict(by_kind), rate, remaining)
