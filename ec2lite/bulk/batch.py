"""The flow: batch after batch, until each id has its outcome."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ec2lite.bulk import work
from ec2lite.bulk.isolation import KINDS, kind_of, named
from ec2lite.bulk.ledger import Ledger
from ec2lite.bulk.outcome import OPEN, BatchResult, Outcome, OutcomeKind
from ec2lite.bulk.pacing import NoPacing
from ec2lite.bulk.sending import NoTimeError, Owner, Sender, is_in_doubt
from ec2lite.engine.flow import GetCredentials
from ec2lite.errors import (
    EXPIRED_CODES,
    SKEWED_CODES,
    CredentialsError,
    DryRunOperation,
    EC2Error,
    ServiceError,
    TransportError,
)
from ec2lite.operations.reboot_instances import RebootInstances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ec2lite.bulk.many import Many
    from ec2lite.engine.clock import Clock
    from ec2lite.engine.context import Context
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


class Batches:
    """The batches that are left, and the outcomes known so far."""

    def __init__(self, many: Many, clock: Clock) -> None:
        self._many = many
        self._clock = clock
        self._ledger = Ledger(BatchResult() if many.resume is None else many.resume)
        self._left: deque[tuple[str, ...]] = deque()

    def flow(self, making: Flow[Context]) -> Flow[BatchResult]:
        """Send until nothing is left, or the time is over."""
        started = self._clock.monotonic()
        limit = self._many.deadline
        deadline = None if limit is None else started + limit
        try:
            sender = yield from self._prepare(making, deadline)
        except (CredentialsError, TransportError, ServiceError) as error:
            self._line_up()
            self._give_up(error)
            raise
        self._line_up()
        while self._left:
            if self._ledger.has_failed(self._many.max_failures):
                self._end(EC2Error("more instances had failed than max_failures allows"))
                break
            batch = self._left.popleft()
            try:
                yield from self._send(batch, sender)
            except NoTimeError as error:
                self._left.appendleft(batch)
                self._end(error)
            self._tell(self._clock.monotonic() - started)
        return self._ledger.result

    def _send(self, batch: tuple[str, ...], sender: Sender) -> Flow[None]:
        """Send a batch, and settle what its answer says."""
        try:
            answer = yield from sender.send(self._many.request(batch), len(batch))
        except NoTimeError:
            raise
        except EC2Error as error:
            if self._take(batch, error):
                return
            if not sender.is_over():
                self._left.appendleft(batch)
                self._give_up(error)
                raise
            self._ledger.leave(batch, error)
        except BaseException:
            # Ctrl-C, a cancelled task: nobody will read the answer.
            if sender.was_sent:
                why = EC2Error("the call was interrupted before the answer was read")
                self._ledger.settle(batch, OutcomeKind.UNKNOWN, why)
            raise
        else:
            self._accept(batch, answer)

    def _give_up(self, error: EC2Error) -> None:
        """End the work with an error, which carries the result so far."""
        self._end(error)
        error.partial = self._ledger.result

    def _prepare(self, making: Flow[Context], deadline: float | None) -> Flow[Sender]:
        """Return what sends, once it is known whose quotas and whose result these are."""
        # The batches take their tokens themselves; single calls would take them in `call`.
        context = evolve((yield from making), pacer=None)
        many, endpoint = self._many, context.builder.endpoint
        account = key = None
        if many.resume is not None or not isinstance(many.pacing, NoPacing):
            credentials = context.credentials or (yield GetCredentials(deadline=deadline))
            account, key = credentials.account_id, credentials.access_key_id
        if many.resume is not None:
            work.compare(many.resume, many, endpoint, account)
        stated = None if isinstance(many.pacing, NoPacing) else many.pacing
        named = stated.account if stated is not None else None
        owner = Owner(self._clock, endpoint.url, endpoint.signing_region, named or account or key)
        return Sender(context, owner, many.operation.action, many.pacing, deadline)

    def _line_up(self) -> None:
        """Divide what is to be asked into batches, of which none has been attempted yet."""
        outcomes, size = self._ledger.result.outcomes, self._many.size
        ids = self._many.instance_ids or tuple(outcomes)
        asked = [each for each in ids if each not in outcomes or self._is_open(outcomes[each].kind)]
        self._ledger.begin(dict.fromkeys([*outcomes, *ids]), asked)
        self._left.extend(
            tuple(asked[start : start + size]) for start in range(0, len(asked), size)
        )

    def _is_open(self, kind: OutcomeKind) -> bool:
        """Return whether an instance is asked about again."""
        if kind is OutcomeKind.UNKNOWN:
            return self._many.operation is not RebootInstances
        return kind in OPEN

    def _tell(self, elapsed: float) -> None:
        if self._many.on_progress is not None:
            self._many.on_progress(self._ledger.progress(elapsed))

    def _take(self, batch: Sequence[str], error: EC2Error) -> bool:
        """Settle what an error settles; return whether the next batch may do better."""
        if isinstance(error, DryRunOperation):
            self._ledger.settle(batch, OutcomeKind.ALLOWED, error)
        elif isinstance(error, ServiceError) and error.code not in FATAL_CODES:
            self._refused(batch, error)
        elif is_in_doubt(error):
            self._ledger.settle(batch, OutcomeKind.UNKNOWN, error)
            # Without an answer this time, the next batch may have one.
            return not isinstance(error, ServiceError | CredentialsError)
        elif error.is_throttling:
            self._ledger.settle(batch, OutcomeKind.THROTTLED, error)
        else:
            return False
        return True

    def _refused(self, batch: Sequence[str], error: ServiceError) -> None:
        culprits = named(error, batch)
        divides = error.code in KINDS or (
            error.code == "UnauthorizedOperation" and self._many.isolate_unauthorized
        )
        if culprits:
            self._ledger.settle(culprits, kind_of(error), error)
            guilty = set(culprits)
            if rest := tuple(each for each in batch if each not in guilty):
                self._left.appendleft(rest)
        elif divides and len(batch) > 1:
            half = len(batch) // 2
            self._left.extendleft((tuple(batch[half:]), tuple(batch[:half])))
        else:
            kind = kind_of(error)
            is_told = kind not in {OutcomeKind.THROTTLED, OutcomeKind.FAILED}
            unknown = not is_told and is_in_doubt(error)
            self._ledger.settle(batch, OutcomeKind.UNKNOWN if unknown else kind, error)

    def _accept(self, batch: Sequence[str], answer: Any) -> None:  # noqa: ANN401 - the four results have nothing in common
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

    def _end(self, why: EC2Error) -> None:
        """Say of what is left that it was not attempted, and why."""
        while self._left:
            self._ledger.leave(self._left.popleft(), why)
