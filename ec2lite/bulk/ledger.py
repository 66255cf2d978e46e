"""The book of outcomes: each id has one from the beginning, and gets its own once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import evolve

from ec2lite.bulk.outcome import DRY, SUCCESSES, Outcome, OutcomeKind
from ec2lite.bulk.progress import progress
from ec2lite.errors import EC2Error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.bulk.outcome import BatchResult
    from ec2lite.bulk.progress import BatchProgress


class Ledger:
    """Writes into a result; counts what is settled, so that progress costs the same at any size."""

    def __init__(self, result: BatchResult) -> None:
        self.result: BatchResult = result
        self.failures: int = 0
        """How many instances have failed since this work began."""
        self.is_begun: bool = False
        self._by_kind: Counter[OutcomeKind] = Counter()
        self._open: set[str] = set()
        # Of each id the fallbacks that were taken, by their names.
        self._notes: dict[str, dict[str, str]] = {}

    def begin(self, instance_ids: Iterable[str], asked: Iterable[str]) -> None:
        """Give the asked ones of all ids an outcome in case that nothing comes of it.

        What was unknown before stays so, for it was sent once.
        """
        self.is_begun = True
        outcomes = self.result.outcomes
        why = EC2Error("no request was sent for the instance yet")
        self._open.update(asked)
        for each in instance_ids:
            known = outcomes.get(each)
            if each not in self._open:
                self._by_kind[outcomes[each].kind] += 1
            elif known is None or known.kind is not OutcomeKind.UNKNOWN:
                outcomes[each] = Outcome(each, OutcomeKind.NOT_ATTEMPTED, error=why)

    def settle(
        self, instance_ids: Iterable[str], kind: OutcomeKind, error: EC2Error | None = None
    ) -> None:
        """Give ids their outcome."""
        for each in instance_ids:
            self.write(Outcome(each, kind, error=error))

    def write(self, outcome: Outcome) -> None:
        """Give an id its outcome, with all that is known."""
        self._put(outcome)
        self._open.discard(outcome.instance_id)
        self._by_kind[outcome.kind] += 1
        self.failures += outcome.kind not in SUCCESSES | DRY

    def hold(self, instance_ids: Iterable[str], refusal: EC2Error) -> None:
        """Say of ids that something else is to be done for them, which was not begun yet."""
        why = EC2Error(f"the fallback was not attempted; the refusal was: {refusal}")
        for each in instance_ids:
            self._put(Outcome(each, OutcomeKind.NOT_ATTEMPTED, error=why))

    def note(self, instance_id: str, name: str, said: str) -> None:
        """Say which fallback was taken for an id, also after it has its outcome."""
        self._notes.setdefault(instance_id, {})[name] = said
        self._put(self.result.outcomes[instance_id])

    def leave(self, instance_ids: Iterable[str], why: EC2Error) -> None:
        """Say of ids that nothing more is sent, and why; what was unknown stays so."""
        for each in instance_ids:
            if self.result.outcomes[each].kind is OutcomeKind.NOT_ATTEMPTED:
                self.settle([each], OutcomeKind.NOT_ATTEMPTED, why)

    def close(self, why: EC2Error) -> None:
        """Leave all that have no outcome of their own yet."""
        self.leave(list(self._open), why)

    def has_failed(self, most: float | None) -> bool:
        """Return whether more instances failed than may: a number, or a share of them."""
        if most is None:
            return False
        share = len(self.result.outcomes) if isinstance(most, float) else 1
        return self.failures > most * share

    def progress(self, elapsed: float) -> BatchProgress:
        """Return how far the work has come after so many seconds."""
        return progress(self._by_kind, len(self.result.outcomes), elapsed)

    def _put(self, outcome: Outcome) -> None:
        notes = self._notes.get(outcome.instance_id)
        if notes:
            outcome = evolve(outcome, fallback="; ".join(notes.values()))
        self.result.outcomes[outcome.instance_id] = outcome
