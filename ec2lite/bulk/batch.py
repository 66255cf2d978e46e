"""The flow: batch after batch, until each id has its outcome."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from attrs import evolve

from ec2lite import checks
from ec2lite.bulk.isolation import KINDS, kind_of, named
from ec2lite.bulk.outcome import DRY, OPEN, SUCCESSES, BatchResult, Outcome, OutcomeKind
from ec2lite.bulk.pacing import Meter, NoPacing, Pacing, buckets, meter
from ec2lite.bulk.progress import progress
from ec2lite.engine.call import call
from ec2lite.engine.flow import GetCredentials, Sleep
from ec2lite.errors import (
    EXPIRED_CODES,
    SKEWED_CODES,
    CredentialsError,
    DryRunOperation,
    EC2Error,
    ResponseError,
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
    from ec2lite.models import Endpoint

# Codes that the next batch would meet as well.
FATAL_CODES = SKEWED_CODES | EXPIRED_CODES | {"InvalidClientTokenId", "OptInRequired"}


class Batches:
    """The batches that are left, and the outcomes known so far."""

    def __init__(self, many: Many, clock: Clock) -> None:
        self._many = many
        self._clock = clock
        self._result = BatchResult() if many.resume is None else many.resume
        self._left: deque[tuple[str, ...]] = deque()
        self._failures = 0
        self._deadline: float | None = None
        self._meter: Meter | None = None

    def flow(self, making: Flow[Context]) -> Flow[BatchResult]:
        """Send until nothing is left, or the time is over."""
        started = self._clock.monotonic()
        if self._many.deadline is not None:
            self._deadline = started + self._many.deadline
        try:
            context = yield from self._prepare(making)
        except (CredentialsError, TransportError, ServiceError) as error:
            self._line_up()
            self._give_up(error)
            raise
        self._line_up()
        while self._left:
            if self._has_failed():
                self._end(EC2Error("more instances had failed than max_failures allows"))
                break
            batch = self._left.popleft()
            pause = self._reserve(batch)
            if self._is_over(pause):
                self._left.appendleft(batch)
                break
            if pause:
                yield Sleep(pause)
            yield from self._send(batch, context)
            self._tell(self._clock.monotonic() - started)
        self._end(EC2Error("the deadline was over before a request was sent"))
        return self._result

    def _send(self, batch: tuple[str, ...], context: Context) -> Flow[None]:
        """Send a batch, and settle what its answer says."""
        request = self._many.request(batch)
        try:
            answer = yield from call(request, context, deadline=self._deadline)
        except EC2Error as error:
            if self._take(batch, error):
                return
            if not self._is_over():
                self._left.appendleft(batch)
                self._give_up(error)
                raise
            self._skip(batch, error)
        except BaseException:
            # Ctrl-C, a cancelled task: nobody will read the answer.
            why = EC2Error("the call was interrupted before the answer was read")
            self._settle(batch, OutcomeKind.UNKNOWN, why)
            raise
        else:
            self._accept(batch, answer)

    def _is_over(self, pause: float = 0) -> bool:
        """Return whether the deadline has passed, or will have after a pause."""
        return self._deadline is not None and self._clock.monotonic() + pause >= self._deadline

    def _give_up(self, error: EC2Error) -> None:
        """End the work with an error, which carries the result so far."""
        self._end(error)
        error.partial = self._result

    def _reserve(self, batch: Sequence[str]) -> float:
        """Take a batch's tokens; return the seconds until AWS will have them."""
        return self._meter.reserve(len(batch), self._clock.monotonic()) if self._meter else 0.0

    def _prepare(self, making: Flow[Context]) -> Flow[Context]:
        """Return the context, once it is known whose quotas and whose result these are."""
        # The batches take their tokens here; single calls would take them in `call`.
        context = evolve((yield from making), pacer=None)
        pacing = self._many.pacing or Pacing()
        if self._many.resume is None and isinstance(pacing, NoPacing):
            return context
        credentials = context.credentials or (yield GetCredentials(deadline=self._deadline))
        endpoint = context.builder.endpoint
        if self._many.resume is not None:
            self._compare(endpoint, credentials.account_id)
        if isinstance(pacing, Pacing):
            account = pacing.account or credentials.account_id or credentials.access_key_id
            action = self._many.operation.action
            whose = (endpoint.url, endpoint.signing_region, action, account)
            both, now = buckets(action, pacing), self._clock.monotonic()
            self._meter = meter(self._clock, whose, *both, now)
        return context

    def _line_up(self) -> None:
        """Divide what is to be asked into batches, of which none has been attempted yet."""
        outcomes = self._result.outcomes
        why = EC2Error("no request was sent for the instance yet")
        asked: list[str] = []
        for each in self._many.instance_ids or tuple(outcomes):
            known = outcomes.get(each)
            if known is None or self._is_open(known.kind):
                asked.append(each)
        for each in asked:
            if each not in outcomes or outcomes[each].kind is not OutcomeKind.UNKNOWN:
                outcomes[each] = Outcome(each, OutcomeKind.NOT_ATTEMPTED, error=why)
        size = self._many.size
        self._left.extend(
            tuple(asked[start : start + size]) for start in range(0, len(asked), size)
        )

    def _is_open(self, kind: OutcomeKind) -> bool:
        """Return whether an instance is asked about again."""
        if kind is OutcomeKind.UNKNOWN:
            return self._many.operation is not RebootInstances
        return kind in OPEN

    def _compare(self, endpoint: Endpoint, account: str | None) -> None:
        """Record what is asked, and where; raise ConfigError if the result is of something else."""
        work = {
            "action": self._many.operation.action,
            "endpoint": endpoint.url,
            "region": endpoint.signing_region,
            "account": account,
            "flags": self._many.flags(),
        }
        before = self._result.work
        for name, value in work.items():
            known = before.get(name, value)
            is_unknown = name == "account" and (known is None or value is None)
            if known != value and not is_unknown:
                raise checks.wrong("resume", f"a result of {name} {value!r}", f"of {known!r}")
        before.update({**work, "account": account or before.get("account")})

    def _has_failed(self) -> bool:
        """Return whether more instances failed than may."""
        most = self._many.max_failures
        if most is None:
            return False
        if isinstance(most, float):
            most *= len(self._result.outcomes)
        return self._failures > most

    def _tell(self, elapsed: float) -> None:
        listener = self._many.on_progress
        if listener is not None:
            left = {each for batch in self._left for each in batch}
            outcomes = self._result.outcomes
            known = [each for each in outcomes.values() if each.instance_id not in left]
            listener(progress(known, len(outcomes), elapsed))

    def _take(self, batch: Sequence[str], error: EC2Error) -> bool:
        """Settle what an error settles; return whether that was anything."""
        if self._meter is not None and isinstance(error, ServiceError):
            if error.is_throttling:
                self._meter.throttled()
            else:
                self._meter.refused(len(batch))
        if isinstance(error, DryRunOperation):
            self._settle(batch, OutcomeKind.ALLOWED, error)
        elif isinstance(error, ServiceError) and error.code not in FATAL_CODES:
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
            if rest := tuple(each for each in batch if each not in culprits):
                self._left.appendleft(rest)
        elif divides and len(batch) > 1:
            half = len(batch) // 2
            self._left.extendleft((tuple(batch[half:]), tuple(batch[:half])))
        else:
            kind = kind_of(error)
            is_told = kind not in {OutcomeKind.THROTTLED, OutcomeKind.FAILED}
            unknown = not is_told and _is_unknown(error)
            self._settle(batch, OutcomeKind.UNKNOWN if unknown else kind, error)

    def _accept(self, batch: Sequence[str], answer: Any) -> None:  # noqa: ANN401 - the four results have nothing in common
        """Settle what an answer accepts."""
        if self._meter is not None:
            self._meter.accepted()
        if self._many.changes is None:
            self._settle(batch, OutcomeKind.ACCEPTED, None)
            return
        missing = dict.fromkeys(batch)
        for each in getattr(answer, self._many.changes):
            before, after = each.previous_state.name, each.current_state.name
            kind = OutcomeKind.ALREADY if before == after else OutcomeKind.ACCEPTED
            outcome = Outcome(each.instance_id, kind, before, after)
            self._result.outcomes[each.instance_id] = outcome
            missing.pop(each.instance_id, None)
        if missing:
            error = EC2Error("the answer does not name the instance")
            self._settle(list(missing), OutcomeKind.UNKNOWN, error)

    def _settle(self, batch: Sequence[str], kind: OutcomeKind, error: EC2Error | None) -> None:
        self._failures += 0 if kind in SUCCESSES | DRY else len(batch)
        self._result.outcomes.update({each: Outcome(each, kind, error=error) for each in batch})

    def _end(self, why: EC2Error) -> None:
        """Say of what is left that it was not attempted, and why."""
        while self._left:
            self._skip(self._left.popleft(), why)

    def _skip(self, batch: Sequence[str], why: EC2Error) -> None:
        outcomes = self._result.outcomes
        left = [each for each in batch if outcomes[each].kind is OutcomeKind.NOT_ATTEMPTED]
        self._settle(left, OutcomeKind.NOT_ATTEMPTED, why)


def _is_unknown(error: EC2Error) -> bool:
    """Whether one of a call's requests may have been carried out, its answer being lost."""
    return any(
        isinstance(each, ResponseError) or (isinstance(each, TransportError) and each.maybe_sent)
        for each in (*error.earlier_failures, error)
    )
