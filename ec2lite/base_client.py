"""What both clients have in common: their arguments, what follows from them, their lifetime."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, Self, TypeVar

from attrs import evolve

from ec2lite import checks
from ec2lite.bulk import BATCH_SIZE
from ec2lite.config.settings import Settings
from ec2lite.credentials import given
from ec2lite.credentials.resolve import instance_region
from ec2lite.engine.call import call
from ec2lite.engine.clock import clock_of
from ec2lite.engine.locks import ForkSafeLock
from ec2lite.engine.setup import Setup
from ec2lite.errors import ConfigError
from ec2lite.protocol.content import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from ec2lite.bulk.many import Many
    from ec2lite.bulk.pacing import NoPacing, Pacing
    from ec2lite.bulk.plan import Plan
    from ec2lite.engine.context import Timeout
    from ec2lite.engine.flow import Flow
    from ec2lite.engine.pacer import Pacer
    from ec2lite.engine.retry import RetryPolicy
    from ec2lite.listeners import Listener
    from ec2lite.models import Credentials
    from ec2lite.protocol.operation import Operation
    from ec2lite.signing.signer import Signer

R = TypeVar("R")
T = TypeVar("T")


class FrozenCredentialsSource(Protocol):
    """An object that gives credentials as botocore's do, such as a boto3 session's."""

    def get_frozen_credentials(self) -> Any:  # noqa: ANN401 - botocore's or aiobotocore's own
        """Return an object with ``access_key``, ``secret_key`` and ``token``."""
        ...


class BaseClient(Generic[T]):
    """A client that cannot send yet; ``T`` is the class of its transport."""

    _send_method: str
    _world: Any = None  # each colour has its own
    # On the class, because __del__ also sees clients whose constructor failed.
    _closed = False
    _owned: T | None = None
    # Of a view: the client whose connections it shares, and whether the credentials are its own.
    _parent: Self | None = None
    _has_own_credentials = False

    def __init__(
        self,
        region: str | None = None,
        *,
        profile: str | None = None,
        credentials: Credentials | FrozenCredentialsSource | None = None,
        endpoint_url: str | None = None,
        use_fips: bool | None = None,
        use_dualstack: bool | None = None,
        retry: RetryPolicy | None = None,
        timeout: float | Timeout | None = None,
        transport: T | None = None,
        signer: Signer | None = None,
        user_agent_extra: str | None = None,
        clock: Callable[[], datetime] | None = None,
        mfa_token: Callable[[str], str] | None = None,
        correct_clock_skew: bool = True,
        max_response_size: int = MAX_SIZE,
        on_event: Listener | None = None,
        pacing: Pacing | NoPacing | None = None,
    ) -> None:
        if transport is not None:
            checks.having(self._send_method)("transport", transport)
        self._setup = Setup(
            settings=Settings(profile=profile, own_region=region, own_endpoint_url=endpoint_url),
            region=region,
            endpoint_url=endpoint_url,
            use_fips=use_fips,
            use_dualstack=use_dualstack,
            retry=retry,
            timeout=timeout,
            signer=signer,
            user_agent_extra=user_agent_extra,
            clock=clock,
            correct_clock_skew=correct_clock_skew,
            max_response_size=max_response_size,
            on_event=on_event,
            pacer=_pacer(pacing, clock),
            find_region=instance_region,
        )
        if credentials is not None:
            given.check(credentials)
        if mfa_token is not None:
            checks.function("mfa_token", mfa_token)
        self._credentials = credentials
        self._mfa_token = mfa_token
        self._pacing = pacing
        self._transport = transport
        self._lock = ForkSafeLock()
        self._prepare()

    def _prepare(self) -> None:
        """Make what only one of the colours has."""

    @property
    def region(self) -> str | None:
        """The Region of this client's calls; None where only instance metadata may know it.

        It is read from the environment and the profile as a call would, and so are the two below:
        what is wrong there is a ``ConfigError``.
        """
        return self._setup.settings.region

    @property
    def endpoint_url(self) -> str | None:
        """Where this client's calls to EC2 go; None without a Region."""
        return None if self.region is None else self._setup.endpoint().url

    @property
    def credentials_provider(self) -> str | None:
        """The name of the provider that gave the credentials; None before the first call.

        ``"argument"`` stands for credentials that were passed.
        """
        if self._world is not None:
            provider: str | None = self._world.credentials.provider
            return provider
        if self._parent is None or self._has_own_credentials:
            return None
        return self._parent.credentials_provider

    def with_options(
        self,
        *,
        timeout: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        credentials: Credentials | FrozenCredentialsSource | None = None,
    ) -> Self:
        """Return a view of this client that makes its calls with other options.

        What is omitted is this client's, and so are the connections. ``retry`` keeps a quota of its
        own for the view. Closing the view does nothing; it ends with this client. A wrong argument
        is a ``ConfigError``.

            ec2.with_options(timeout=5, retry=ec2lite.NoRetry()).describe_instances("i-…")
        """
        view = object.__new__(type(self))
        vars(view).update(vars(self))
        view._parent = self
        view._owned = None
        view._setup = self._setup.view(timeout=timeout, retry=retry)
        if credentials is not None:
            given.check(credentials)
            view._credentials = credentials
            view._has_own_credentials = True
            vars(view).pop("_world", None)
        return view

    def plan_stop(
        self,
        instance_ids: str | Iterable[str] | int,
        *,
        batch_size: int = BATCH_SIZE,
        pacing: Pacing | NoPacing | None = None,
    ) -> Plan:
        """Return how many requests ``stop_many`` will send, and how long that will take.

        ``instance_ids`` are ids, or how many there are. ``batch_size`` and ``pacing`` are those of
        ``stop_many``. Nothing is sent. A wrong argument is a ``ConfigError``.
        """
        return self._plan("StopInstances", instance_ids, batch_size, pacing)

    def plan_start(
        self,
        instance_ids: str | Iterable[str] | int,
        *,
        batch_size: int = BATCH_SIZE,
        pacing: Pacing | NoPacing | None = None,
    ) -> Plan:
        """Return how many requests ``start_many`` will send, and how long that will take.

        The arguments are those of ``plan_stop``.
        """
        return self._plan("StartInstances", instance_ids, batch_size, pacing)

    def plan_reboot(
        self,
        instance_ids: str | Iterable[str] | int,
        *,
        batch_size: int = BATCH_SIZE,
        pacing: Pacing | NoPacing | None = None,
    ) -> Plan:
        """Return how many requests ``reboot_many`` will send, and how long that will take.

        The arguments are those of ``plan_stop``.
        """
        return self._plan("RebootInstances", instance_ids, batch_size, pacing)

    def plan_terminate(
        self,
        instance_ids: str | Iterable[str] | int,
        *,
        batch_size: int = BATCH_SIZE,
        pacing: Pacing | NoPacing | None = None,
    ) -> Plan:
        """Return how many requests ``terminate_many`` will send, and how long that will take.

        The arguments are those of ``plan_stop``.
        """
        return self._plan("TerminateInstances", instance_ids, batch_size, pacing)

    def _plan(
        self,
        action: str,
        instance_ids: str | Iterable[str] | int,
        batch_size: int,
        pacing: Pacing | NoPacing | None,
    ) -> Plan:
        from ec2lite.bulk.plan import plan

        return plan(action, instance_ids, batch_size, self._pacing if pacing is None else pacing)

    def _paced(self, many: Many) -> Many:
        """Return work on many instances with the client's pacing, if it has none of its own."""
        if self._pacing is None or many.pacing is not None:
            return many
        return evolve(many, instance_ids=many.instance_ids or None, pacing=self._pacing)

    def _ask(self, request: Operation[R]) -> Flow[R]:
        self._check_open()
        return self._setup.perform(call, request)

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigError("the client is closed")
        if self._parent is not None:
            self._parent._check_open()  # noqa: SLF001 - of the same class

    def _shut(self) -> T | None:
        """Mark the client as closed; return what there is to close, to one thread only."""
        if self._parent is not None:
            return None
        with self._lock.current:
            self._closed = True
            owned, self._owned = self._owned, None
            return owned

    def _identity(self) -> dict[str, Any]:
        """Return what credentials are found with."""
        return {
            "credentials": self._credentials,
            "settings": self._setup.settings,
            "clock": self._setup.now,
            "mfa_token": self._mfa_token,
            "signer": self._setup.signer,
            "on_event": self._setup.on_event,
        }

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds connections and secrets, and cannot be pickled"
        )

    def __del__(self) -> None:
        if self._owned is not None and not self._closed:
            warnings.warn(f"{self!r} was never closed", ResourceWarning, stacklevel=2, source=self)


def _pacer(pacing: Pacing | NoPacing | None, clock: Callable[[], datetime] | None) -> Pacer | None:
    """Return what paces a client's calls; nothing does without being asked to."""
    if pacing is None:
        return None
    from ec2lite.bulk.plan import check_pacing
    from ec2lite.bulk.turns import turns

    check_pacing("pacing", pacing)
    return turns(pacing, clock_of(clock))
