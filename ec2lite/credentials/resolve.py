"""What gives a client its credentials: fixed ones, the caller's object, or the default chain.

The chain is imported only where it is needed: a client with given credentials starts 8 ms sooner.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ec2lite.config.endpoints import NO_REGION
from ec2lite.config.settings import Settings
from ec2lite.credentials import given
from ec2lite.engine.context import Timeout, utc_now
from ec2lite.engine.flow import GetCredentials
from ec2lite.errors import ConfigError, CredentialsError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from ec2lite.credentials.provider import Clock
    from ec2lite.engine.flow import Flow
    from ec2lite.engine.world import AsyncCredentialsSource, CredentialsSource
    from ec2lite.listeners import Listener
    from ec2lite.models import Credentials
    from ec2lite.signing.signer import Signer


def credentials_for(
    credentials: object,
    settings: Settings,
    transport: httpx.BaseTransport,
    *,
    clock: Clock = utc_now,
    mfa_token: Callable[[str], str] | None = None,
    signer: Signer | None = None,
    on_event: Listener | None = None,
) -> CredentialsSource:
    """Return what gives credentials to threads.

    ``credentials`` is what the caller passed: ``Credentials``, an object with botocore's
    ``get_frozen_credentials()`` or what that returns, or None for the default chain. Anything else
    is a ``ConfigError``.
    """
    if credentials is None:
        from ec2lite.credentials.cache import CredentialCache
        from ec2lite.credentials.chain import default_chain

        find = default_chain(settings, clock=clock, mfa_token=mfa_token, signer=signer).find
        return CredentialCache(find, transport, clock, on_event)
    given.check(credentials)
    fixed = given.fixed(credentials)
    return given.Foreign(credentials) if fixed is None else given.Fixed(fixed)


def async_credentials_for(
    credentials: object,
    settings: Settings,
    transport: httpx.AsyncBaseTransport,
    *,
    clock: Clock = utc_now,
    mfa_token: Callable[[str], str] | None = None,
    signer: Signer | None = None,
    on_event: Listener | None = None,
) -> AsyncCredentialsSource:
    """Return what gives credentials to tasks, as ``credentials_for`` does for threads."""
    if credentials is None:
        from ec2lite.credentials.async_cache import AsyncCredentialCache
        from ec2lite.credentials.chain import default_chain

        find = default_chain(settings, clock=clock, mfa_token=mfa_token, signer=signer).find
        return AsyncCredentialCache(find, transport, clock, on_event)
    given.check(credentials)
    fixed = given.fixed(credentials)
    return given.AsyncForeign(credentials) if fixed is None else given.AsyncFixed(fixed)


def instance_region(settings: Settings, deadline: float | None) -> Flow[str]:
    """Return the Region that the instance's metadata service names.

    Raises a ``ConfigError`` that says how to set one, and why there is none.
    """
    from ec2lite.credentials.provider import Ask, NotHere
    from ec2lite.credentials.providers.imds import region

    ask = Ask(settings, settings.profile_name, deadline=deadline)
    try:
        return (yield from region(ask))
    except (NotHere, CredentialsError) as error:
        why = str(error)
    # Raised out here, as the frames of the error above hold the token.
    if ask.seconds_left(1) == 0:
        message = f"the time limit passed before there was a Region ({why})"
        raise TransportError(message, is_timeout=True, maybe_sent=False)
    raise ConfigError(f"{NO_REGION}; the instance metadata service has none: {why}")


def resolve_credentials(
    profile: str | None = None, *, transport: httpx.BaseTransport | None = None
) -> Credentials:
    """Run the default chain once, and return the credentials it finds.

    ``profile`` is one of the shared files; it then wins over keys in the environment.
    ``transport`` sends what has to be sent, and is the caller's to close. Raises
    ``CredentialsError``, which tells why each provider gave none, ``ConfigError``, or
    ``TransportError`` after 150 seconds, the time limit of a call.
    """
    settings = Settings(profile=profile)
    if transport is not None:
        return credentials_for(None, settings, transport).get(_by_then())
    from ec2lite.transports.transport import Transport

    with Transport(ca_bundle=settings.ca_bundle) as own:
        return credentials_for(None, settings, own).get(_by_then())


async def aresolve_credentials(
    profile: str | None = None, *, transport: httpx.AsyncBaseTransport | None = None
) -> Credentials:
    """Run the default chain once, as ``resolve_credentials`` does, awaiting."""
    settings = Settings(profile=profile)
    if transport is not None:
        return await async_credentials_for(None, settings, transport).get(_by_then())
    from ec2lite.transports.transport import AsyncTransport

    async with AsyncTransport(ca_bundle=settings.ca_bundle) as own:
        return await async_credentials_for(None, settings, own).get(_by_then())


def _by_then() -> GetCredentials:
    return GetCredentials(deadline=time.monotonic() + (Timeout().total or 0))
