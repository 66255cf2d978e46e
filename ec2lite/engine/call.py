"""One call: sign, send, read, and again if that may help.

The flow here is the only text of it; ``run`` and ``arun`` make it sync and async.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field

from ec2lite.engine.context import Context
from ec2lite.engine.flow import Answer, Flow, GetCredentials, Sleep
from ec2lite.engine.retry import Retry
from ec2lite.errors import (
    EXPIRED_CODES,
    ConfigError,
    EC2Error,
    ResponseError,
    ServiceError,
    TransportError,
)
from ec2lite.models import Credentials
from ec2lite.protocol import response
from ec2lite.protocol.operation import Operation, check
from ec2lite.protocol.request import encode

if TYPE_CHECKING:
    import httpx


R = TypeVar("R")


def call(operation: Operation[R], context: Context, *, deadline: float | None = None) -> Flow[R]:
    """Return the operation's result, after as many attempts as it takes and policy allows.

    The call ends at ``deadline``, a ``time.monotonic()`` value, where that is sooner than the
    context's own time limit.
    """
    attempts = Attempts(operation, context, deadline)
    credentials: Credentials | None = None
    while True:
        try:
            pause = context.retrier.reserve()
            if pause > 0:
                attempts.check_time(pause)
                yield Sleep(pause)
            if operation.signed:
                credentials = context.credentials or (yield attempts.wanted_credentials)
            answer: Answer = yield attempts.request(credentials)
            result: R = attempts.read(answer)
        except EC2Error as error:
            delay = attempts.recover(error)
            if delay > 0:
                yield Sleep(delay)
        else:
            return result


@define
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
    _credentials: Credentials | None = field(default=None, init=False)
    _signed_for: datetime | None = field(default=None, init=False)
    _sent: datetime | None = field(default=None, init=False)
    _answer: Answer | None = field(default=None, init=False)
    _retry: Retry | None = field(default=None, init=False)
    _under_way: bool = field(default=False, init=False)

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

    def request(self, credentials: Credentials | None) -> httpx.Request:
        """Return the request for one more attempt, signed for now."""
        context = self.context
        remaining = self.check_time()
        self.count += 1
        self._answer, self._credentials = None, credentials
        self._sent = context.clock()
        self._signed_for = context.skew.correct(self._sent)
        most = context.retrier.max_attempts
        request = context.builder.build(
            self.operation,
            self._body,
            credentials=credentials,
            now=self._signed_for,
            headers={
                "amz-sdk-invocation-id": self._invocation,
                "amz-sdk-request": f"attempt={self.count}; max={most}",
            },
            extensions={
                "timeout": context.timeout.extension(remaining),
                "deadline": self.deadline,
                "repeatable": self.operation.repeatable,
            },
        )
        self._under_way = True
        return request

    def read(self, answer: Answer) -> Any:  # noqa: ANN401 - the R of the operation, which call() knows
        """Return what the answer means and settle the account; raise what went wrong."""
        self._answer = answer
        result = response.read(
            self.operation,
            answer.status_code,
            answer.headers,
            answer.body,
            attempts=self.count,
            earlier_failures=tuple(self.failures),
            max_size=self.context.max_response_size,
        )
        self.context.retrier.succeeded(self._retry)
        return result

    def recover(self, error: EC2Error) -> float:
        """Return the seconds to wait before the next attempt; raise the error if none may help."""
        under_way, self._under_way = self._under_way, False
        if isinstance(error, TransportError) and not under_way and self.count:
            # Credentials were not found in time, but an earlier attempt was sent with old ones.
            error.maybe_sent = True
        # A request for credentials, STS's say, has told its own story.
        if under_way or error.operation is None:
            self._tell(error)
        delay = self._delay(error) if under_way else None
        if delay is None or not self._in_time(delay):
            raise error
        self.failures.append(error)
        return delay

    def _tell(self, error: EC2Error) -> None:
        """Write on the error what it happened to."""
        error.operation = self.operation.action
        error.attempts = self.count
        error.earlier_failures = tuple(self.failures)
        if self.operation.confidential and isinstance(error, ResponseError):
            error.body = b""

    def _delay(self, error: EC2Error) -> float | None:
        repaired = self._repair(error)
        return self._repeat(error) if repaired is None else repaired

    def _repair(self, error: EC2Error) -> float | None:
        """Mend the clock or the credentials if the service complained about those."""
        if not isinstance(error, ServiceError):
            return None
        # Also after the last attempt: the next call is better for it.
        learned = self._learn_skew(error)
        if self.count >= self.context.retrier.max_attempts:
            return None
        if learned:
            return 0.0
        used = self._credentials
        is_temporary = used is not None and used.session_token is not None
        can_renew = is_temporary and self.context.credentials is None
        if error.code not in EXPIRED_CODES or not can_renew or self.wanted_credentials.rejected:
            return None
        self.wanted_credentials = GetCredentials(rejected=used, deadline=self.deadline)
        return 0.0

    def _learn_skew(self, error: ServiceError) -> bool:
        return (
            self._answer is not None
            and self._sent is not None
            and self._signed_for is not None
            and self.context.skew.learn(
                error.code,
                self._answer.headers,
                sent=self._sent,
                received=self.context.clock(),
                signed_for=self._signed_for,
            )
        )

    def _repeat(self, error: EC2Error) -> float | None:
        """Ask the retry policy, unless a repetition could do a thing twice."""
        headers = {} if self._answer is None else self._answer.headers
        retrier = self.context.retrier
        # What may not be repeated is told as a last attempt: to learn from, and to grant nothing.
        is_last = not (self.operation.repeatable or was_refused(error))
        count = retrier.max_attempts if is_last else self.count
        granted = retrier.retry(error, count, headers.get("x-amz-retry-after"))
        if granted is None:
            return None
        self._retry = granted
        return granted.delay

    def check_time(self, wait: float = 0.0) -> float | None:
        """Return the seconds left after waiting so long; raise ``TransportError`` if none are."""
        if self.deadline is None:
            return None
        remaining = self.deadline - self.context.monotonic() - wait
        if remaining <= 0:
            raise TransportError(
                f"the time limit{self._limit()} leaves no time for attempt {self.count + 1}",
                is_timeout=True,
                maybe_sent=self.count > 0,
            )
        return remaining

    def _in_time(self, delay: float) -> bool:
        """Whether an attempt after that delay would still have time."""
        return self.deadline is None or self.context.monotonic() + delay < self.deadline

    def _limit(self) -> str:
        total = self.context.timeout.total
        return "" if total is None else f" of {total:g} s"


def _random_uuid() -> str:
    """Return a UUID of version 4 (RFC 9562), as the standard library's but without its import."""
    number = int.from_bytes(os.urandom(16)) & ~(0xF000_C000 << 48) | 0x4000_8000 << 48
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def was_refused(error: EC2Error) -> bool:
    """Whether the request surely was not carried out: it never arrived, or was throttled."""
    if isinstance(error, TransportError):
        return not error.maybe_sent
    return error.is_throttling
