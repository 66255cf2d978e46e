"""From what a caller passes to where credentials come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve

from ec2lite.config.settings import Settings
from ec2lite.credentials import given, sts
from ec2lite.credentials.cache import AsyncCredentialCache, CredentialCache
from ec2lite.credentials.chain import resolve
from ec2lite.credentials.provider import Ask, Clock, Found, utc_now
from ec2lite.engine.flow import GET_CREDENTIALS
from ec2lite.models import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from ec2lite.engine.flow import Flow
    from ec2lite.engine.world import AsyncCredentialsSource, CredentialsSource


@define
class Search:
    """The default chain, for a client's life: who gave credentials once is asked again."""

    ask: Ask
    provider: str | None = None

    def flow(self) -> Flow[Found]:
        """Return a flow that finds credentials."""
        found = yield from resolve(self.ask, self.provider)
        self.provider = found.provider
        # The next time the files are read again: somebody may have changed the keys.
        self.ask = evolve(self.ask, settings=evolve(self.ask.settings))
        return found


def search(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    mfa_token: Callable[[str], str] | None = None,
) -> Search:
    """Return the default chain for the settings' profile. It reads nothing yet."""
    return Search(
        Ask(settings, settings.profile_name, sts.caller(settings, clock), clock, mfa_token)
    )


def source(
    credentials: object,
    settings: Settings,
    transport: httpx.BaseTransport,
    *,
    clock: Clock = utc_now,
    mfa_token: Callable[[str], str] | None = None,
) -> CredentialsSource:
    """Return where a client's credentials come from, for threads.

    ``credentials`` is what the caller passed: ``Credentials``, an object with botocore's
    ``get_frozen_credentials()``, or None for the default chain. Anything else is a ``ConfigError``.
    """
    if credentials is None:
        find = search(settings, clock=clock, mfa_token=mfa_token).flow
        return CredentialCache(find, transport, clock)
    given.check(credentials)
    if isinstance(credentials, Credentials):
        return given.Fixed(credentials)
    return given.Foreign(credentials)


def async_source(
    credentials: object,
    settings: Settings,
    transport: httpx.AsyncBaseTransport,
    *,
    clock: Clock = utc_now,
    mfa_token: Callable[[str], str] | None = None,
) -> AsyncCredentialsSource:
    """Return where a client's credentials come from, for tasks; as ``source``."""
    if credentials is None:
        find = search(settings, clock=clock, mfa_token=mfa_token).flow
        return AsyncCredentialCache(find, transport, clock)
    given.check(credentials)
    if isinstance(credentials, Credentials):
        return given.AsyncFixed(credentials)
    return given.AsyncForeign(credentials)


def resolve_credentials(
    profile: str | None = None, *, transport: httpx.BaseTransport | None = None
) -> Credentials:
    """Run the default chain once, and return the credentials it finds.

    ``profile`` is one of the shared files; it then wins over keys in the environment.
    ``transport`` sends what has to be sent, and is the caller's to close. Raises
    ``CredentialsError``, which tells why each provider gave none, or ``ConfigError``.
    """
    settings = Settings(profile=profile)
    if transport is not None:
        return source(None, settings, transport).get(GET_CREDENTIALS)
    from ec2lite.engine.transport import Transport

    with Transport(ca_bundle=settings.ca_bundle) as own:
        return source(None, settings, own).get(GET_CREDENTIALS)


async def aresolve_credentials(
    profile: str | None = None, *, transport: httpx.AsyncBaseTransport | None = None
) -> Credentials:
    """Run the default chain once, awaiting; as ``resolve_credentials``."""
    settings = Settings(profile=profile)
    if transport is not None:
        return await async_source(None, settings, transport).get(GET_CREDENTIALS)
    from ec2lite.engine.transport import AsyncTransport

    async with AsyncTransport(ca_bundle=settings.ca_bundle) as own:
        return await async_source(None, settings, own).get(GET_CREDENTIALS)
