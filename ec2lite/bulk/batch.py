"""The flow: batch after batch, until each id has its outcome."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from ec2lite.bulk.isolation import KINDS, kind_of, named
from ec2lite.bulk.outcome import SUCCESSES, BatchResult, Outcome, OutcomeKind
from ec2lite.bulk.progress import progress
from ec2lite.engine.call import call
from ec2lite.errors import (
    EXPIRED_CODES,
    SKEWED_CODES,
    CredentialsError,
    EC2Error,
    ResponseError,
    ServiceError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ec2lite.bulk.many import Many
    from ec2lite.engine.context import Context
    from ec2lite.engine.flow import Flow

# Codes that the next batch would meet as well.
FATAL_CODES = SKEWED_CODES | EXPIRED_CODES | {"InvalidClientTokenId", "OptInRequired"}


class Batches:
    """The batches that are left, and the outcomes known so far."""

    def __init__(self, many: Many) -> None:
        self._many = many
        ids, size = many.instance_ids, many.batch_size
        self._left = deque(ids[start : start + size] for start in range(0, len(ids), size))
        self._known: dict[str, Outcome] = {}
        self._failures = 0

    def flow(self, making: Flow[Context]) -> Flow[BatchResult]:
        """Send until nothing is left, or the time is over."""
        context = yield from making
        started = context.monotonic()
        limit = self._many.deadline
        deadline = None if limit is None else started + limit
        while self._left:
            if self._has_failed():
                return self._result(EC2Error("more instances had failed than max_failures allows"))
            if deadline is not None and context.monotonic() >= deadline:
                break
            batch = self._left.popleft()
            try:
                answer = yield from call(self._many.request(batch), context, deadline=deadline)
            except EC2Error as error:
                is_over = deadline is not None and context.monotonic() >= deadline
                if not self._take(batch, error):
                    if not is_over:
                        self._left.appendleft(batch)
                        error.partial = self._result(error)
                        raise
                    self._settle(batch, OutcomeKind.NOT_ATTEMPTED, error)
            else:
                self._accept(batch, self._many.changes(answer))
            self._tell(context.monotonic() - started)
        return self._result(EC2Error("the deadline was over before a request was sent"))

    def _has_failed(self) -> bool:
        """Return whether more instances failed than may."""
        most = self._many.max_failures
        if most is None:
            return False
        if isinstance(most, float):
            most *= len(self._many.instance_ids)
        return self._failures > most

    def _tell(self, elapsed: float) -> None:
        listener = self._many.on_progress
        if listener is not None:
            listener(progress(self._known.values(), len(self._many.instance_ids), elapsed))

    def _take(self, batch: Sequence[str], error: EC2Error) -> bool:
        """Settle what an error settles; return whether that was anything."""
        if isinstance(error, ServiceError) and error.code not in FATAL_CODES:
            self._refused(batch, error)
        elif _is_unknown(error):
            self._settle(batch, OutcomeKind.UNKNOWN, error)
            # Without an answer this time, the next batch may have one.
            return not isinstance(error, ServiceError | CredentialsError)
        else:
            return False
        return True

    def _refused(self, batch: Sequence[str], error: ServiceError) -> None:
        culprits = named(error, batch)
        divides = error.code in KINDS or (
            error.code == "UnauthorizedOperation" and self._many.isolate_unauthorized
        )
        if culprits:
            self._settle(culprits, kind_of(error), error)
            if rest := tuple(each for each in batch if each not in self._known):
                self._left.appendleft(rest)
        elif divides and len(batch) > 1:
            half = len(batch) // 2
            self._left.extendleft((tuple(batch[half:]), tuple(batch[:half])))
        else:
            kind = kind_of(error)
            is_told = kind not in {OutcomeKind.THROTTLED, OutcomeKind.FAILED}
            unknown = not is_told and _is_unknown(error)
            self._settle(batch, OutcomeKind.UNKNOWN if unknown else kind, error)

    def _accept(self, batch: Sequence[str], changes: Iterable[Any] | None) -> None:
        """Settle what an answer accepts; None stands for an answer that names no instance."""
        if changes is None:
            self._settle(batch, OutcomeKind.ACCEPTED, None)
            return
        for each in changes:
            before, after = each.previous_state.name, each.current_state.name
            kind = OutcomeKind.ALREADY if before == after else OutcomeKind.ACCEPTED
            self._known[each.instance_id] = Outcome(each.instance_id, kind, before, after)
        if missing := [each for each in batch if each not in self._known]:
            error = EC2Error("the answer does not name the instance")
            self._settle(missing, OutcomeKind.UNKNOWN, error)

    def _settle(self, batch: Sequence[str], kind: OutcomeKind, error: EC2Error | None) -> None:
        self._failures += 0 if kind in SUCCESSES else len(batch)
        self._known.update({each: Outcome(each, kind, error=error) for each in batch})

    def _result(self, why: EC2Error) -> BatchResult:
        for batch in self._left:
            left = [each for each in batch if each not in self._known]
            self._settle(left, OutcomeKind.NOT_ATTEMPTED, why)
        return BatchResult({each: self._known[each] for each in self._many.instance_ids})


def _is_unknown(error: EC2Error) -> bool:
    """Whether one of a call's requests may have been carried out, its answer being lost."""
    return any(
        isinstance(each, ResponseError) or (isinstance(each, TransportError) and each.maybe_sent)
        for each in (*error.earlier_failures, error)
    )
