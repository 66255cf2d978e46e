"""A client's arguments, checked at once; and what follows from them, worked out on first use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from attrs import define, evolve, field

from ec2lite import checks
from ec2lite.config.endpoints import resolve_endpoint
from ec2lite.config.settings import Settings
from ec2lite.engine.clock import Clock, clock_of
from ec2lite.engine.context import Context, Timeout, as_timeout, utc_now
from ec2lite.engine.flow import Sleep
from ec2lite.engine.pacer import Pacer
from ec2lite.engine.retry import MAX_ATTEMPTS, RetryPolicy, StandardRetry
from ec2lite.engine.skew import Skew
from ec2lite.errors import ConfigError, TransportError
from ec2lite.listeners import Listener
from ec2lite.protocol.content import MAX_SIZE
from ec2lite.protocol.operation import check
from ec2lite.protocol.request import RequestBuilder, user_agent
from ec2lite.signing.signer import Signer, default_signer

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow
    from ec2lite.models import Endpoint
    from ec2lite.protocol.operation import Operation

R = TypeVar("R")
T = TypeVar("T")
FindRegion: TypeAlias = "Callable[[Settings, float | None], Flow[str]]"
# Seconds, and how many of them: longer than the metadata service takes to answer, or fails to.
_WAIT: Final = 0.05
_WAITS: Final = 200


def _url(endpoint_url: str | None) -> str | None:
    return None if endpoint_url is None else checks.url("endpoint_url", endpoint_url)


@define(eq=False, repr=False)
class Setup:
    """What a client was told, and what its environment says."""

    settings: Settings
    region: str | None = field(default=None, validator=checks.optional(checks.region))
    endpoint_url: str | None = field(default=None, converter=_url)
    use_fips: bool | None = field(default=None, validator=checks.validator(checks.flag))
    use_dualstack: bool | None = field(default=None, validator=checks.validator(checks.flag))
    retry: RetryPolicy | None = field(
        default=None, validator=checks.optional(checks.having("start"))
    )
    timeout: Timeout = field(default=None, converter=as_timeout)
    signer: Signer | None = field(default=None, validator=checks.optional(checks.having("sign")))
    user_agent_extra: str | None = field(default=None, validator=checks.optional(checks.header))
    clock: Callable[[], datetime] | None = field(
        default=None, validator=checks.optional(checks.function)
    )
    correct_clock_skew: bool = field(default=True, validator=checks.validator(checks.flag))
    max_response_size: int = field(default=MAX_SIZE, validator=checks.validator(checks.size))
    on_event: Listener | None = field(
        default=None, validator=checks.optional(checks.listener), repr=False
    )
    # Paces the calls to EC2; None if nothing does.
    pacer: Pacer | None = field(default=None, repr=False)
    find_region: FindRegion | None = field(default=None, repr=False)
    # Of a view: whose contexts it has, with another time limit, and other retries if ``retry`` is
    # given.
    parent: Setup | None = field(default=None, repr=False)
    _contexts: dict[str, Context] = field(factory=dict[str, Context], init=False, repr=False)
    # The process that asks for the Region now, and the text of its error if there was none.
    _asking: int | None = field(default=None, init=False, repr=False)
    _no_region: str | None = field(default=None, init=False, repr=False)

    def perform(
        self, flow: Callable[[Operation[R], Context], Flow[T]], operation: Operation[R]
    ) -> Flow[T]:
        """Carry out a flow, such as ``call``, in the context of the operation's service."""
        check(operation)
        context = self._contexts.get(operation.service)
        if context is None:
            began = time.monotonic()
            context = yield from self.context(operation.service, self._deadline())
            context = _shortened(context, time.monotonic() - began)
        return (yield from flow(operation, context))

    def context(self, service: str = "ec2", deadline: float | None = None) -> Flow[Context]:
        """Return what the client's calls to a service have in common; made once.

        ``deadline`` is the ``time.monotonic()`` value at which the caller stops waiting for it.
        """
        found = self._contexts.get(service)
        if found is not None:
            return found
        if self.parent is not None:
            shared = yield from self.parent.context(service, deadline or self._deadline())
            retrier = shared.retrier if self.retry is None else self.retry.start()
            own = evolve(shared, timeout=self.timeout, retrier=retrier)
            return self._contexts.setdefault(service, own)
        # STS has a global endpoint, which needs no Region.
        if service != "sts":
            yield from self.get_region(deadline)
        # Without a lock, which a forked child might find locked for ever. If two threads make it at
        # the same time, one context stays.
        return self._contexts.setdefault(service, self._make_context(service))

    def get_region(self, deadline: float | None = None) -> Flow[str | None]:
        """Return the Region; if nobody named one, ask the instance for its own, once."""
        if self.find_region is not None and not self._region():
            yield from self._ask_for_region(self.find_region, deadline or self._deadline())
        return self._region()

    def view(self, *, timeout: float | Timeout | None, retry: RetryPolicy | None) -> Setup:
        """Return the setup of a view: what is None is the parent's."""
        limit = self.timeout if timeout is None else timeout
        made: Setup = evolve(self, parent=self, timeout=limit, retry=retry)
        return made

    def _deadline(self) -> float | None:
        """Return when a call that begins now is to be over."""
        total = self.timeout.total
        return None if total is None else time.monotonic() + total

    def _ask_for_region(self, find_region: FindRegion, deadline: float | None) -> Flow[None]:
        """Ask once for the instance's Region; calls that come meanwhile wait for the answer."""
        self.settings.need_files()
        waits = _WAITS
        while self._asking == os.getpid() and waits:
            if deadline is not None and time.monotonic() >= deadline:
                raise TransportError(
                    "the time limit passed before there was a Region (another call asks for it)",
                    is_timeout=True,
                    maybe_sent=False,
                )
            waits -= 1
            yield Sleep(_WAIT)
        if self._no_region is not None:
            raise ConfigError(self._no_region)
        if self._region():
            return
        self._asking = os.getpid()
        try:
            self.settings.instance_region = yield from find_region(self.settings, deadline)
        except ConfigError as error:
            self._no_region = str(error)
            raise
        finally:
            self._asking = None

    def _region(self) -> str | None:
        return self.region or self.settings.region

    def _make_context(self, service: str) -> Context:
        return Context(
            builder=RequestBuilder(
                self.endpoint(service),
                self.signer or default_signer(),
                user_agent(self.user_agent_extra, self.settings.app_id),
            ),
            retrier=self._retry_policy().start(),
            timeout=self.timeout,
            skew=Skew(enabled=self.correct_clock_skew),
            clock=self.now,
            monotonic=self.passing.monotonic,
            max_response_size=self.max_response_size,
            on_event=self.on_event,
            pacer=self.pacer if service == "ec2" else None,
        )

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock, whose times all have a time zone."""
        return utc_now if self.clock is None else _in_utc(self.clock)

    @property
    def passing(self) -> Clock:
        """The time that calls take."""
        return clock_of(self.clock)

    def endpoint(self, service: str = "ec2") -> Endpoint:
        """Return where a service is: the arguments decide, then the environment and profile."""
        settings = self.settings
        region = self._region()
        if region is None and service == "sts":
            # As botocore does: the global endpoint needs no Region.
            region = "aws-global"
        url = self.endpoint_url or settings.endpoint_url(service)
        fips, dualstack = self.use_fips, self.use_dualstack
        # A URL wins over what the environment says of them, as in botocore's client; an argument
        # that contradicts it is refused.
        if url is None:
            fips = settings.use_fips if fips is None else fips
            dualstack = settings.use_dualstack if dualstack is None else dualstack
        return resolve_endpoint(
            region,
            service=service,
            endpoint_url=url,
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


def _shortened(context: Context, spent: float) -> Context:
    """Return a context for a call that has spent some of its time on finding the Region."""
    total = context.timeout.total
    if total is None or spent < _WAIT:
        return context
    left = max(total - spent, 0.001)
    return evolve(context, timeout=evolve(context.timeout, total=left))


def _in_utc(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    def now() -> datetime:
        time = clock()
        checks.instance("what clock() returns", time, datetime, "a datetime")
        # Nearer to the ends, sums with an offset or a time zone overflow.
        if not 1 < time.year < 9000:
            raise checks.wrong("what clock() returns", "a time of the years 2 to 8999", repr(time))
        return time if time.tzinfo else time.replace(tzinfo=UTC)

    return now
