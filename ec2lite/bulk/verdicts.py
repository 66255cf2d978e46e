"""What an answer, a refusal or the lack of both says about the instances of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ec2lite.bulk.described import GONE, changed_at, described, state_of
from ec2lite.bulk.isolation import CAPACITY_CODES, KINDS, kind_of, named
from ec2lite.bulk.outcome import Outcome, OutcomeKind
from ec2lite.bulk.sending import is_in_doubt
from ec2lite.errors import (
    EXPIRED_CODES,
    SKEWED_CODES,
    CredentialsError,
    DryRunOperation,
    EC2Error,
    ServiceError,
)
from ec2lite.operations.terminate_instances import TerminateInstances

if TYPE_CHECKING:
    from collections import deque
    from datetime import datetime

    from ec2lite.bulk.fallbacks import Fallbacks
    from ec2lite.bulk.ledger import Ledger
    from ec2lite.bulk.many import Many
    from ec2lite.bulk.sending import Sender
    from ec2lite.engine.flow import Flow

# Codes that the next batch would meet as well: keys, clock and account.
FATAL_CODES: Final = (
    SKEWED_CODES
    | EXPIRED_CODES
    | {
        "Blocked",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "OptInRequired",
        "PendingVerification",
    }
)
# EC2 looks at the ids before it does anything.
_OF_IDS: Final = {"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"}


class Verdicts:
    """Settles what is known; what has to be asked again goes back to the front of the queue."""

    def __init__(
        self,
        many: Many,
        ledger: Ledger,
        queue: deque[tuple[str, ...]],
        fallbacks: Fallbacks,
        began: datetime,
    ) -> None:
        self._many = many
        self._ledger = ledger
        self._queue = queue
        self._fallbacks = fallbacks
        self._began = began.replace(microsecond=0)
        # The type and the zone of each instance that was asked for.
        self._places: dict[str, tuple[str | None, str | None]] = {}

    def accepted(self, batch: tuple[str, ...], answer: Any) -> None:  # noqa: ANN401 - the four results have nothing in common
        """Settle what an answer accepts."""
        if self._many.changes is None:
            self._ledger.settle(batch, OutcomeKind.ACCEPTED)
            return
        missing = dict.fromkeys(batch)
        for each in getattr(answer, self._many.changes):
            before, after = each.previous_state.name, each.current_state.name
            kind = OutcomeKind.ALREADY if before == after else OutcomeKind.ACCEPTED
            self._ledger.write(Outcome(each.instance_id, kind, before, after))
            missing.pop(each.instance_id, None)
        if missing:
            error = EC2Error("the answer does not name the instance")
            self._ledger.settle(missing, OutcomeKind.UNKNOWN, error)

    def failed(self, batch: tuple[str, ...], error: EC2Error, sender: Sender) -> Flow[bool]:
        """Settle what an error settles; return whether the next batch may do better."""
        if isinstance(error, DryRunOperation):
            self._ledger.settle(batch, OutcomeKind.ALLOWED, error)
        elif isinstance(error, ServiceError) and error.code not in FATAL_CODES:
            yield from self._refused(batch, error, sender)
        elif is_in_doubt(error):
            yield from self._doubt(batch, error, sender)
            # Without an answer this time, the next batch may have one.
            return not isinstance(error, ServiceError | CredentialsError)
        elif error.is_throttling:
            self._ledger.settle(batch, OutcomeKind.THROTTLED, error)
        else:
            return False
        return True

    def _refused(self, batch: tuple[str, ...], error: ServiceError, sender: Sender) -> Flow[None]:
        kind, guilty = kind_of(error), set(named(error, batch))
        if guilty:
            self._settle([each for each in batch if each in guilty], kind, error)
            rest = tuple(each for each in batch if each not in guilty)
            if error.code not in _OF_IDS:
                rest = yield from self._without_gone(rest, sender)
            self._queue.extendleft([rest] if rest else [])
        elif self._divides(error) and len(batch) > 1:
            rest = yield from self._without_gone(batch, sender)
            parts = yield from self._parts(rest, error, sender)
            self._queue.extendleft(reversed([each for each in parts if each]))
        elif kind in {OutcomeKind.THROTTLED, OutcomeKind.FAILED} and is_in_doubt(error):
            yield from self._doubt(batch, error, sender)
        else:
            self._settle(batch, kind, error)

    def _settle(
        self, batch: list[str] | tuple[str, ...], kind: OutcomeKind, error: ServiceError
    ) -> None:
        """Settle what was refused, except where there is a fallback."""
        self._ledger.settle(self._fallbacks.without_held(batch, kind, error), kind, error)

    def _doubt(self, batch: tuple[str, ...], error: EC2Error, sender: Sender) -> Flow[None]:
        rest = yield from self._without_gone(batch, sender)
        self._ledger.settle(rest, OutcomeKind.UNKNOWN, error)

    def _divides(self, error: ServiceError) -> bool:
        """Return whether other instances of the batch may do without the refused ones."""
        if error.code == "UnauthorizedOperation":
            return self._many.isolate_unauthorized
        return error.code in KINDS

    def _parts(
        self, batch: tuple[str, ...], error: ServiceError, sender: Sender
    ) -> Flow[list[tuple[str, ...]]]:
        """Return a batch in parts: by type and zone where there is no room, else in halves."""
        if error.code in CAPACITY_CODES:
            groups = yield from self._by_place(batch, sender)
            if len(groups) > 1:
                return groups
        half = len(batch) // 2
        return [batch[:half], batch[half:]]

    def _by_place(self, batch: tuple[str, ...], sender: Sender) -> Flow[list[tuple[str, ...]]]:
        new = [each for each in batch if each not in self._places]
        if new:
            try:
                found = yield from described(sender, new)
            except EC2Error:
                # To be known it need not be: in halves it takes some requests more.
                found = {}
            for each in new:
                one = found.get(each)
                zone = one.placement.availability_zone if one and one.placement else None
                self._places[each] = (one.instance_type if one else None, zone)
        groups: dict[tuple[str | None, str | None], list[str]] = {}
        for each in batch:
            groups.setdefault(self._places[each], []).append(each)
        return [tuple(each) for each in groups.values()]

    def _without_gone(self, batch: tuple[str, ...], sender: Sender) -> Flow[tuple[str, ...]]:
        """Settle what is terminated although the request failed; return the others.

        Where protected instances are in one zone, those in other zones are terminated.
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
        """
        if self._many.operation is not TerminateInstances or self._many.dry_run:
            return batch
        try:
            found = yield from described(sender, batch)
        except EC2Error:
            return batch
        except BaseException:
            why = EC2Error("the call was interrupted before it was known what is terminated")
            self._ledger.settle(batch, OutcomeKind.UNKNOWN, why)
            raise
        gone = {each: one for each, one in found.items() if state_of(one) in GONE}
        for each, one in gone.items():
            state, since = state_of(one), changed_at(one)
            if since is not None and since < self._began:
                self._ledger.write(Outcome(each, OutcomeKind.ALREADY, state, state))
            else:
                self._ledger.write(Outcome(each, OutcomeKind.ACCEPTED, None, state))
        return tuple(each for each in batch if each not in gone)
