"""The flow: batch after batch, until each id has its outcome."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from attrs import evolve

from ec2lite.bulk import work
from ec2lite.bulk.fallbacks import Fallbacks
from ec2lite.bulk.ledger import Ledger
from ec2lite.bulk.outcome import OPEN, BatchResult, OutcomeKind
from ec2lite.bulk.pacing import NoPacing
from ec2lite.bulk.preflight import findings
from ec2lite.bulk.protection import Protection
from ec2lite.bulk.sending import NoTimeError, Owner, Sender
from ec2lite.bulk.verdicts import Verdicts
from ec2lite.engine.flow import GetCredentials
from ec2lite.errors import ConfigError, EC2Error
from ec2lite.operations.reboot_instances import RebootInstances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ec2lite.bulk.many import Many
    from ec2lite.engine.clock import Clock
    from ec2lite.engine.context import Context
    from ec2lite.engine.flow import Flow


class Batches:
    """The batches that are left, and the outcomes known so far."""

    _sender: Sender
    _verdicts: Verdicts

    def __init__(self, many: Many, clock: Clock) -> None:
        self._many = many
        self._clock = clock
        self._started = clock.monotonic()
        self._ledger = Ledger(BatchResult() if many.resume is None else many.resume)
        self._queue: deque[tuple[str, ...]] = deque()
        self._fallbacks = Fallbacks(many, self._ledger, clock)
        self._protection = Protection(self._ledger)

    @property
    def owes(self) -> bool:
        """Whether stop protection is to be put back: an interruption came before that."""
        return bool(self._protection.owed)

    def flow(self, making: Flow[Context]) -> Flow[BatchResult]:
        """Send until nothing is left, or the time is over."""
        try:
            yield from self._prepare(making)
            self._line_up()
            yield from self._check()
            yield from self._work()
            while protected := self._fallbacks.protected(self._many.size):
                yield from self._override(protected)
        except ConfigError:
            raise
        except EC2Error as error:
            if not self._ledger.is_begun:
                self._line_up()
            self._end(error)
            error.partial = self._ledger.result
            raise
        return self._ledger.result

    def restore(self) -> Flow[None]:
        """Put back the protection that an interruption left off."""
        return self._protection.put_back(self._sender)

    def _prepare(self, making: Flow[Context]) -> Flow[None]:
        """Make what sends, once it is known whose quotas and whose result these are."""
        many, limit = self._many, self._many.deadline
        deadline = None if limit is None else self._started + limit
        # The batches take their tokens themselves; single calls would take them in `call`.
        context = evolve((yield from making), pacer=None)
        endpoint = context.builder.endpoint
        account = key = None
        if many.resume is not None or not isinstance(many.pacing, NoPacing):
            credentials = context.credentials or (yield GetCredentials(deadline=deadline))
            account, key = credentials.account_id, credentials.access_key_id
        if many.resume is not None:
            work.compare(many.resume, many, endpoint, account)
        stated = None if isinstance(many.pacing, NoPacing) else many.pacing
        named = stated.account if stated is not None else None
        owner = Owner(self._clock, endpoint.url, endpoint.signing_region, named or account or key)
        began = context.skew.correct(context.clock())
        self._sender = Sender(context, owner, many.operation.action, many.pacing, deadline)
        self._verdicts = Verdicts(many, self._ledger, self._queue, self._fallbacks, began)

    def _line_up(self) -> None:
        """Divide what is to be asked into batches, of which none has been attempted yet."""
        outcomes = self._ledger.result.outcomes
        ids = self._many.instance_ids or tuple(outcomes)
        asked = [each for each in ids if each not in outcomes or self._is_open(outcomes[each].kind)]
        self._ledger.begin(dict.fromkeys([*outcomes, *ids]), asked)
        self._enqueue(asked)

    def _is_open(self, kind: OutcomeKind) -> bool:
        """Return whether an instance is asked about again."""
        if kind is OutcomeKind.UNKNOWN:
            return self._many.operation is not RebootInstances
        return kind in OPEN

    def _enqueue(self, ids: Sequence[str]) -> None:
        """Divide ids into batches; those that are stopped in another way are in others."""
        size = self._many.size
        for is_plain in (False, True):
            part = [each for each in ids if self._fallbacks.is_plain(each) is is_plain]
            for start in range(0, len(part), size):
                self._queue.append(tuple(part[start : start + size]))

    def _check(self) -> Flow[None]:
        """Say beforehand what a description says."""
        check, asked = self._many.check, [each for batch in self._queue for each in batch]
        if check and asked:
            try:
                found = yield from findings(self._sender, asked, self._many.operation, check)
            except NoTimeError as error:
                self._end(error)
            else:
                self._ledger.result.findings.update(found)

    def _work(self) -> Flow[None]:
        """Send until nothing is left but what is protected."""
        while self._queue:
            yield from self._send_all()
            self._enqueue(
                self._fallbacks.plain() or (yield from self._fallbacks.wait(self._sender))
            )

    def _override(self, protected: list[str]) -> Flow[None]:
        """Stop what is protected; put its protection back, also after an error."""
        if self._has_failed():
            return
        try:
            off = yield from self._protection.take_off(protected, self._sender)
            self._enqueue(off)
            yield from self._work()
        except Exception:
            yield from self._protection.put_back(self._sender)
            raise
        yield from self._protection.put_back(self._sender)

    def _send_all(self) -> Flow[None]:
        while self._queue and not self._has_failed():
            batch = self._queue.popleft()
            try:
                yield from self._send(batch)
            except NoTimeError as error:
                self._end(error)
            self._tell()

    def _send(self, batch: tuple[str, ...]) -> Flow[None]:
        """Send a batch, and settle what its answer says."""
        sender, verdicts = self._sender, self._verdicts
        changed = {"hibernate": None} if self._fallbacks.is_plain(batch[0]) else {}
        try:
            answer = yield from sender.send(self._many.request(batch, **changed), len(batch))
        except NoTimeError:
            raise
        except EC2Error as error:
            goes_on = yield from verdicts.failed(batch, error, sender)
            if not goes_on and not sender.is_over():
                raise
            if not goes_on:
                self._ledger.leave(batch, error)
        except BaseException:
            # Ctrl-C, a cancelled task: nobody will read the answer.
            if sender.was_sent:
                why = EC2Error("the call was interrupted before the answer was read")
                self._ledger.settle(batch, OutcomeKind.UNKNOWN, why)
            raise
        else:
            verdicts.accepted(batch, answer)

    def _has_failed(self) -> bool:
        """Return whether more failed than may; nothing more is sent then."""
        if not self._ledger.has_failed(self._many.max_failures):
            return False
        self._end(EC2Error("more instances had failed than max_failures allows"))
        return True

    def _tell(self) -> None:
        if self._many.on_progress is not None:
            elapsed = self._clock.monotonic() - self._started
            self._many.on_progress(self._ledger.progress(elapsed))

    def _end(self, why: EC2Error) -> None:
        """Say of what is left that it was not attempted, and why."""
        self._queue.clear()
        self._fallbacks.forget()
        self._ledger.close(why)
