"""What a call tells: events to ``on_event``, lines to the logger ``ec2lite``.

Where nobody listens there is no ``Telling``, so that a call pays one comparison for each occasion,
and a program that listens to nothing does not import this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define

from ec2lite.engine.context import Context
from ec2lite.events import (
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    ClockCorrected,
    RetryDecided,
)
from ec2lite.listeners import error_code, logger, tell

if TYPE_CHECKING:
    from ec2lite.errors import EC2Error
    from ec2lite.events import Event
    from ec2lite.protocol.operation import Operation


def telling_of(operation: Operation[Any], context: Context, call_id: str) -> Telling:
    """Return what tells of a call that begins now."""
    telling = Telling(operation.action, context, call_id, context.monotonic())
    endpoint = context.builder.endpoint
    telling.tell(CallStarted(call_id, operation.action, endpoint.signing_region, operation.service))
    return telling


@define(eq=False, repr=False)
class Telling:
    """What tells of one call."""

    action: str
    context: Context
    call_id: str
    started: float
    attempt_started_at: float = 0.0

    def tell(self, event: Event) -> None:
        """Pass an event on, if there is somebody to pass it on to."""
        if self.context.on_event is not None:
            tell(self.context.on_event, event)

    def attempt_started(self, attempt: int) -> None:
        """Tell that a request is about to be sent."""
        self.attempt_started_at = self.context.monotonic()
        self.tell(AttemptStarted(self.call_id, attempt))

    def attempt_ended(
        self,
        attempt: int,
        status_code: int | None,
        request_id: str | None,
        error: BaseException | None,
    ) -> None:
        """Tell how a request ended."""
        seconds = self.context.monotonic() - self.attempt_started_at
        code = None if error is None else error_code(error)
        logger.debug(
            "%s attempt %d: %s in %.3f s, request id %s",
            self.action,
            attempt,
            _outcome(status_code, error),
            seconds,
            request_id,
        )
        self.tell(
            AttemptEnded(self.call_id, attempt, status_code, code, request_id, seconds, error)
        )

    def retry_decided(self, attempt: int, delay: float, reason: str, error: EC2Error) -> None:
        """Tell that another attempt follows."""
        logger.info(
            "%s attempt %d failed (%s: %s); the next one follows in %.3f s",
            self.action,
            attempt,
            reason,
            _name(error),
            delay,
        )
        self.tell(RetryDecided(self.call_id, attempt, delay, reason))

    def clock_corrected(self) -> None:
        """Tell that the offset of the clock is another one."""
        offset = self.context.skew.offset.total_seconds()
        self.tell(ClockCorrected(self.call_id, offset))

    def call_ended(self, attempts: int, error: BaseException | None) -> None:
        """Tell how the call ended."""
        seconds = self.context.monotonic() - self.started
        self.tell(CallEnded(self.call_id, self.action, attempts, seconds, error))


def _outcome(status_code: int | None, error: BaseException | None) -> str:
    """Return an outcome in a few words; texts of answers are not among them, whatever they say."""
    status = "no answer" if status_code is None else str(status_code)
    return status if error is None else f"{status} ({_name(error)})"


def _name(error: BaseException) -> str:
    return error_code(error) or type(error).__name__
