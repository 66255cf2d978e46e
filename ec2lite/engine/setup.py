"""A client's arguments, checked at once; and what follows from them, worked out on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import define, field

from ec2lite import checks
from ec2lite.config.endpoints import resolve_endpoint
from ec2lite.config.settings import Settings
from ec2lite.engine.context import Context, Timeout, as_timeout, utc_now
from ec2lite.engine.retry import MAX_ATTEMPTS, RetryPolicy, StandardRetry
from ec2lite.engine.skew import Skew
from ec2lite.protocol.content import MAX_SIZE
from ec2lite.protocol.request import RequestBuilder, user_agent
from ec2lite.signing.signer import Signer, default_signer

if TYPE_CHECKING:
    from ec2lite.models import Endpoint


def _url(endpoint_url: str | None) -> str | None:
    return None if endpoint_url is None else checks.url("endpoint_url", endpoint_url)


@define(eq=False)
class Setup:
    """What a client was told, and what its environment says."""

    settings: Settings
    region: str | None = field(validator=checks.optional(checks.region))
    endpoint_url: str | None = field(converter=_url)
    use_fips: bool | None = field(validator=checks.validator(checks.flag))
    use_dualstack: bool | None = field(validator=checks.validator(checks.flag))
    retry: RetryPolicy | None = field(validator=checks.optional(checks.having("start")))
    timeout: Timeout = field(converter=as_timeout)
    signer: Signer | None = field(validator=checks.optional(checks.having("sign")))
    user_agent_extra: str | None = field(validator=checks.optional(checks.header))
    clock: Callable[[], datetime] | None = field(validator=checks.optional(checks.function))
    correct_clock_skew: bool = field(default=True, validator=checks.validator(checks.flag))
    max_response_size: int = field(default=MAX_SIZE, validator=checks.validator(checks.size))
    _context: Context | None = field(default=None, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def context(self) -> Context:
        """Return what the client's calls have in common; made once, by one thread."""
        if self._context is None:
            with self._lock:
                if self._context is None:
                    self._context = self._make_context()
        return self._context

    def _make_context(self) -> Context:
        return Context(
            builder=RequestBuilder(
                self.endpoint(),
                self.signer or default_signer(),
                user_agent(self.user_agent_extra),
            ),
            retrier=self._retry_policy().start(),
            timeout=self.timeout,
            skew=Skew(enabled=self.correct_clock_skew),
            clock=self.now,
            max_response_size=self.max_response_size,
        )

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock, whose times all have a time zone."""
        return utc_now if self.clock is None else _in_utc(self.clock)

    def endpoint(self) -> Endpoint:
        """Return where the requests go: the arguments decide, then the environment and profile."""
        settings = self.settings
        fips = settings.use_fips if self.use_fips is None else self.use_fips
        dualstack = settings.use_dualstack if self.use_dualstack is None else self.use_dualstack
        return resolve_endpoint(
            self.region or settings.region,
            endpoint_url=self.endpoint_url or settings.endpoint_url("ec2"),
            use_fips=bool(fips),
            use_dualstack=bool(dualstack),
        )

    def _retry_policy(self) -> RetryPolicy:
        if self.retry is not None:
            return self.retry
        most = self.settings.max_attempts or MAX_ATTEMPTS
        if self.settings.retry_mode == "adaptive":
            from ec2lite.engine.adaptive import AdaptiveRetry

            return AdaptiveRetry(max_attempts=most)
        return StandardRetry(max_attempts=most)


def _in_utc(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    def now() -> datetime:
        time = clock()
        checks.instance("what clock() returns", time, datetime, "a datetime")
        # Nearer to the ends, sums with an offset or a time zone overflow.
        if not 1 < time.year < 9000:
            raise checks.wrong("what clock() returns", "a time of the years 2 to 8999", repr(time))
        return time if time.tzinfo else time.replace(tzinfo=UTC)

    return now
