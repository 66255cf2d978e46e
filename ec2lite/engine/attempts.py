"""The attempts of one call: each one's request and answer, and whether another one may help.

Nothing here waits or sends: the flow in ``call`` does.
"""

from __future__ import annotations

import logging
import math
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from ec2lite.engine.context import Context
from ec2lite.engine.flow import Answer, GetCredentials
from ec2lite.engine.pacer import Pacer, Tokens
from ec2lite.engine.retry import Retry
from ec2lite.errors import (
    EXPIRED_CODES,
    ConfigError,
    EC2Error,
    ResponseError,
    ServiceError,
    TransportError,
)
from ec2lite.listeners import logger
from ec2lite.models import Credentials
from ec2lite.protocol import response
from ec2lite.protocol.operation import Operation, check
from ec2lite.protocol.request import encode

if TYPE_CHECKING:
    import httpx

    from ec2lite.engine.telling import Telling  # noqa: TC004 - imported where somebody listens


@frozen(eq=False, repr=False)
class Attempt:
    """What one request was signed with: by whom, when it left, and for what time."""

    credentials: Credentials | None
    sent: datetime
    signed_for: datetime


@define(eq=False, repr=False)
class Attempts:
    """The attempts of one call: what was tried so far, and what that means for the next."""

    operation: Operation[Any]
    context: Context
    deadline: float | None = None
    count: int = 0
    failures: list[EC2Error] = field(factory=list[EC2Error])
    wanted_credentials: GetCredentials = field(init=False)
    _body: bytes = field(init=False, repr=False)
    _invocation: str = field(init=False)
    # The attempt that is under way, and the answer to it.
    _attempt: Attempt | None = field(default=None, init=False)
    _answer: Answer | None = field(default=None, init=False)
    # What the retry policy granted last, and whether a request made use of it.
    _retry: Retry | None = field(default=None, init=False)
    _has_unused_retry: bool = field(default=False, init=False)
    _has_unused_turn: bool = field(default=False, init=False)
    _is_clock_corrected: bool = field(default=False, init=False)
    # What the client's pacing gave for the attempt, and whether a request made use of it.
    _tokens: Tokens | None = field(default=None, init=False, repr=False)
    _has_unused_tokens: bool = field(default=False, init=False)
    # Why another attempt follows.
    _reason: str = field(default="", init=False)
    # None if nobody listens.
    _telling: Telling | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check(self.operation)
        service = self.context.builder.endpoint.signing_name
        if self.operation.service != service:
            raise ConfigError(
                f"{self.operation.action} is for {self.operation.service}, not for {service}"
            )
        total = self.context.timeout.total
        self._body = encode(self.operation)
        # One id for all attempts lets AWS tell a repetition from a second call.
        self._invocation = _random_uuid()
        if total is not None:
            own = self.context.monotonic() + total
            self.deadline = own if self.deadline is None else min(self.deadline, own)
        self.wanted_credentials = GetCredentials(deadline=self.deadline)
        if self.context.on_event is not None or logger.isEnabledFor(logging.INFO):
            from ec2lite.engine.telling import telling_of

            self._telling = telling_of(self.operation, self.context, self._invocation)

    def reserve(self) -> float:
        """Take the next turn to send; return the seconds until it comes."""
        remaining = self._check_time()
        patience = math.inf if remaining is None else remaining
        wait = self.context.retrier.reserve(patience)
        if wait >= patience:
            raise self._no_time()
        self._has_unused_turn = True
        return wait

    def take_tokens(self, pacer: Pacer, credentials: Credentials) -> float:
        """Take what the client's pacing asks for; return the seconds until it is there."""
        self._tokens = pacer.take(self.operation, self.context.builder.endpoint, credentials)
        self._has_unused_tokens = True
        if not self._is_in_time(self._tokens.pause):
            raise self._no_time()
        return self._tokens.pause

    def request(self, credentials: Credentials | None) -> httpx.Request:
        """Return the request for one more attempt, signed for now."""
        context = self.context
        remaining = self._check_time()
        self._answer = None
        sent = context.clock()
        attempt = Attempt(credentials, sent, context.skew.correct(sent))
        number = self.count + 1
        request = context.builder.build(
            self.operation,
            self._body,
            credentials=credentials,
            now=attempt.signed_for,
            headers={
                "amz-sdk-invocation-id": self._invocation,
                "amz-sdk-request": f"attempt={number}; max={context.retrier.max_attempts}",
            },
            extensions={
                "timeout": context.timeout.extension(remaining),
                "deadline": self.deadline,
                "repeatable": self.operation.repeatable,
            },
        )
        self.count, self._attempt = number, attempt
        self._has_unused_turn = self._has_unused_retry = self._has_unused_tokens = False
        if self._telling is not None:
            self._telling.attempt_started(number)
        return request

    def read(self, answer: Answer) -> Any:  # noqa: ANN401 - the R of the operation, which call() knows
        """Return what the answer means; raise what went wrong."""
        self._answer = answer
        return response.read(
            self.operation,
            answer.status_code,
            answer.headers,
            answer.body,
            attempts=self.count,
            earlier_failures=tuple(self.failures),
            max_size=self.context.max_response_size,
        )

    def succeeded(self, result: object) -> None:
        """Report the success to the retry policy, and tell of it."""
        self.context.retrier.succeeded(self._retry)
        self._attempt = None
        if self._tokens is not None:
            self._tokens.settle(None)
        if self._telling is not None:
            # Other people's operations may have any result.
            metadata = getattr(result, "response_metadata", None)
            self._tell_end(None, getattr(metadata, "request_id", None))
            self._telling.call_ended(self.count, None)

    def failed(self, error: BaseException) -> None:
        """Tell that the call ends with an error, whatever kind of error it is."""
        if self._telling is not None:
            if self._attempt is not None:
                self._tell_end(error)
            self._telling.call_ended(self.count, error)

    def check_read_in_time(self) -> None:
        """Raise ``TransportError`` if reading the answer took longer than the call may."""
        remaining = self._remaining()
        if remaining is not None and remaining <= 0:
            raise TransportError(
                f"the time limit{self._limit()} was over before the answer was read",
                is_timeout=True,
            )

    def recover(self, error: EC2Error) -> float:
        """Return the seconds to wait before the next attempt; raise the error if none may help."""
        attempt, self._attempt = self._attempt, None
        if isinstance(error, TransportError) and not attempt and self.count:
            # Credentials were not found in time, but an earlier attempt was sent with old ones.
            error.maybe_sent = True
        # A request for credentials, to STS say, has described itself.
        if attempt or error.operation is None:
            self._describe(error)
        if attempt:
            self._tell_end(error)
            if self._tokens is not None:
                self._tokens.settle(error)
        delay = self._delay(error, attempt) if attempt else None
        if delay is None or not self._is_in_time(delay):
            raise error
        self.failures.append(error)
        if self._telling is not None:
            self._telling.retry_decided(self.count, delay, self._reason, error)
        return delay

    def give_back(self) -> None:
        """Give back what the retry policy and the pacing granted, and no request made use of."""
        if self._has_unused_retry:
            self.context.retrier.give_back(self._retry)
        if self._has_unused_turn:
            self.context.retrier.give_back(None)
        if self._has_unused_tokens and self._tokens is not None:
            self._tokens.give_back()

    def _describe(self, error: EC2Error) -> None:
        """Write on the error what it happened to."""
        error.operation = self.operation.action
        error.attempts = self.count
        error.earlier_failures = tuple(self.failures)
        if self.operation.confidential and isinstance(error, ResponseError):
            error.body = b""

    def _tell_end(self, error: BaseException | None, request_id: str | None = None) -> None:
        if self._telling is None:
            return
        status = None if self._answer is None else self._answer.status_code
        if request_id is None:
            request_id = getattr(error, "request_id", None)
        self._telling.attempt_ended(self.count, status, request_id, error)

    def _delay(self, error: EC2Error, attempt: Attempt) -> float | None:
        if isinstance(error, ServiceError):
            # After the last attempt as well: the next call is better for it.
            is_clock_mended = self._mend_clock(error, attempt)
            if self.count >= self.context.retrier.max_attempts:
                return None
            if is_clock_mended or self._mend_credentials(error, attempt):
                self._reason = "clock" if is_clock_mended else "credentials"
                return 0.0
        return self._repeat(error)

    def _mend_clock(self, error: ServiceError, attempt: Attempt) -> bool:
        """Whether the service complained about the time, and the next attempt has another."""
        is_mended = self._answer is not None and self.context.skew.learn(
            error.code,
            self._answer.headers,
            sent=attempt.sent,
            received=self.context.clock(),
            signed_for=attempt.signed_for,
            is_corrected=self._is_clock_corrected,
        )
        self._is_clock_corrected |= is_mended
        if is_mended and self._telling is not None:
            self._telling.clock_corrected()
        return is_mended

    def _mend_credentials(self, error: ServiceError, attempt: Attempt) -> bool:
        """Whether the service says that the credentials expired, and others may be had."""
        used = attempt.credentials
        is_temporary = used is not None and used.session_token is not None
        can_renew = is_temporary and self.context.credentials is None
        if error.code not in EXPIRED_CODES or not can_renew or self.wanted_credentials.rejected:
            return False
        self.wanted_credentials = GetCredentials(rejected=used, deadline=self.deadline)
        return True

    def _repeat(self, error: EC2Error) -> float | None:
        """Ask the retry policy, unless a repetition could do a thing twice."""
        headers = {} if self._answer is None else self._answer.headers
        retrier = self.context.retrier
        # Report a failure that must not be repeated as that of the last attempt: the policy learns
        # from it and grants no retry.
        is_last = not (self.operation.repeatable or was_refused(error))
        count = retrier.max_attempts if is_last else self.count
        granted = retrier.retry(error, count, headers.get("x-amz-retry-after"))
        if granted is None:
            return None
        self._retry, self._has_unused_retry = granted, True
        self._reason = _reason_of(error)
        return granted.delay

    def _remaining(self) -> float | None:
        """Return the seconds that are left for the call; None is no limit."""
        return None if self.deadline is None else self.deadline - self.context.monotonic()

    def _check_time(self) -> float | None:
        """Return the seconds that are left; raise ``TransportError`` if there are none."""
        remaining = self._remaining()
        if remaining is not None and remaining <= 0:
            raise self._no_time()
        return remaining

    def _is_in_time(self, delay: float) -> bool:
        """Whether an attempt after that delay would still have time."""
        remaining = self._remaining()
        return remaining is None or delay < remaining

    def _no_time(self) -> TransportError:
        return TransportError(
            f"the time limit{self._limit()} leaves no time for attempt {self.count + 1}",
            is_timeout=True,
            maybe_sent=self.count > 0,
        )

    def _limit(self) -> str:
        total = self.context.timeout.total
        return "" if total is None else f" of {total:g} s"


def _random_uuid() -> str:
    """Return a UUID of version 4 (RFC 9562), as the standard library's but without its import."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def was_refused(error: EC2Error) -> bool:
    """Whether the request certainly was not carried out: it never arrived, or was throttled."""
    if isinstance(error, TransportError):
        return not error.maybe_sent
    return error.is_throttling


def _reason_of(error: EC2Error) -> str:
    """Return why an attempt is repeated that the retry policy repeats."""
    if error.is_throttling:
        return "throttling"
    if isinstance(error, TransportError):
        return "no answer"
    return "transient error" if isinstance(error, ServiceError) else "bad answer"
