"""Requests that wait for AWS's tokens, and put back those that they did not use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import evolve, field, frozen

from ec2lite.bulk.isolation import CAPACITY_CODES
from ec2lite.bulk.pacing import NoMeter, NoPacing, Pacing, meter
from ec2lite.bulk.turns import buckets_of
from ec2lite.engine.attempts import was_refused
from ec2lite.engine.call import call
from ec2lite.engine.clock import Clock
from ec2lite.engine.flow import Sleep
from ec2lite.errors import EC2Error, ResponseError, ServiceError, TransportError

if TYPE_CHECKING:
    from ec2lite.bulk.pacing import Meter
    from ec2lite.engine.context import Context
    from ec2lite.engine.flow import Flow
    from ec2lite.engine.retry import Retrier, Retry
    from ec2lite.protocol.operation import Operation

R = TypeVar("R")


class NoTimeError(EC2Error):
    """The deadline comes before the tokens; nothing was sent."""


@frozen
class Owner:
    """Whose quotas they are, and on which clock they fill."""

    clock: Clock
    url: str
    region: str | None
    account: str | None = field(repr=False)

    def meter(self, request: Operation[Any], pacing: Pacing | None) -> Meter:
        """Return what this process knows of the buckets that a request takes from."""
        whose = (self.url, self.region, request.action, self.account)
        return meter(self.clock, whose, *buckets_of(request, pacing), self.clock.monotonic())


class Sender:
    """Sends requests, each when AWS will take it; ``pacing`` is about the one action."""

    def __init__(
        self,
        context: Context,
        owner: Owner,
        action: str,
        pacing: Pacing | NoPacing | None,
        deadline: float | None,
    ) -> None:
        self._context = context
        self._owner = owner
        self._action = action
        self._pacing = pacing
        self.deadline: float | None = deadline
        self.was_sent: bool = False
        """Whether a byte of the last request may have left."""

    def send(self, request: Operation[R], count: int, *, in_time: bool = True) -> Flow[R]:
        """Return the answer to a request that is about so many instances.

        Raise ``NoTimeError`` if AWS will not take it before the deadline, unless it has to be sent
        all the same.
        """
        deadline = self.deadline if in_time else None
        tokens = self._tokens(request, count)
        self.was_sent = False
        try:
            yield from self._wait(tokens, deadline)
            context = evolve(self._context, retrier=tokens)
            result = yield from call(request, context, deadline=deadline)
        except EC2Error as error:
            self.was_sent = tokens.turns > 0
            tokens.account(error)
            raise
        except BaseException:
            self.was_sent = tokens.turns > 0
            if not self.was_sent:
                tokens.put_back()
            raise
        self.was_sent = True
        return result

    def is_over(self) -> bool:
        """Return whether the deadline has passed."""
        return self.deadline is not None and self._owner.clock.monotonic() >= self.deadline

    def _wait(self, tokens: Tokens, deadline: float | None) -> Flow[None]:
        pause = tokens.take()
        if deadline is not None and self._owner.clock.monotonic() + pause >= deadline:
            raise NoTimeError("the deadline was over before a request was sent")
        if pause:
            yield Sleep(pause)

    def _tokens(self, request: Operation[Any], count: int) -> Tokens:
        if isinstance(self._pacing, NoPacing):
            return Tokens(self._context.retrier, NoMeter(), count, self._owner.clock)
        own = self._pacing if request.action == self._action else None
        found = self._owner.meter(request, own)
        return Tokens(self._context.retrier, found, count, self._owner.clock)


class Tokens:
    """The tokens of one request and its repetitions; a retrier, for that is asked before each.

    It repeats what the client's own would, when AWS has the tokens for that. What EC2 has no room
    for is not repeated: the next second has no more.
    """

    def __init__(self, inner: Retrier, meter: Meter, count: int, clock: Clock) -> None:
        self._inner = inner
        self._meter = meter
        self._count = count
        self._clock = clock
        # Instances that a repetition takes tokens for.
        self._again = 0
        self._accounted: EC2Error | None = None
        self.turns: int = 0
        self.max_attempts: int = inner.max_attempts

    def take(self) -> float:
        """Take tokens for the first attempt; return the seconds until they are there."""
        return self._reserve(self._count)

    def put_back(self) -> None:
        """Put back what a request that was not sent has taken."""
        self._meter.give_back(self._count)

    def account(self, error: EC2Error) -> None:
        """Learn from a failure what AWS has taken."""
        if error is self._accounted:
            return
        self._accounted = error
        if error.is_throttling:
            self._meter.throttled(self._clock.monotonic())
        elif not self.turns or was_refused(error):
            self._meter.give_back(self._count)
        elif isinstance(error, ServiceError):
            # Whether one of HTTP status 5xx was carried out is not known; most are not.
            self._meter.refused(self._count)

    def reserve(self, patience: float) -> float:
        """Take the client's own next turn."""
        wait = self._inner.reserve(patience)
        self.turns += wait < patience
        return wait

    def retry(self, error: EC2Error, attempt: int, retry_after: str | None) -> Retry | None:
        """Grant what the client's policy grants, later if tokens come later."""
        if isinstance(error, ServiceError) and error.code in CAPACITY_CODES:
            return None
        granted = self._inner.retry(error, attempt, retry_after)
        if granted is None:
            return None
        self.account(error)
        # Where the answer was lost, those of the first attempt are still taken.
        is_refused = isinstance(error, ServiceError) or was_refused(error)
        self._again = self._count if is_refused else 0
        return evolve(granted, delay=max(granted.delay, self._reserve(self._again)))

    def succeeded(self, last: Retry | None) -> None:
        """Tell the client's policy."""
        self._inner.succeeded(last)

    def give_back(self, unused: Retry | None) -> None:
        """Take back a turn or a retry that no request made use of."""
        if unused is None:
            self.turns -= 1
        else:
            self._meter.give_back(self._again)
        self._inner.give_back(unused)

    def _reserve(self, count: int) -> float:
        return self._meter.reserve(count, self._clock.monotonic())


_LOST: Final = (ResponseError, TransportError)


def is_in_doubt(error: EC2Error) -> bool:
    """Whether one of a call's requests may have been carried out: no answer says that it was not.

    HTTP statuses of 5xx say only that something went wrong, except where the code says more.
    """
    return any(_may_be_done(each) for each in (*error.earlier_failures, error))


def _may_be_done(error: EC2Error) -> bool:
    if was_refused(error):
        return False
    if isinstance(error, ServiceError):
        return error.status_code >= 500 and error.code not in CAPACITY_CODES
    return isinstance(error, _LOST)
