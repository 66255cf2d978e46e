"""Who a client would be, for a person who wonders which credentials are at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ec2lite import checks
from ec2lite.config.settings import Settings
from ec2lite.credentials.cache import CredentialCache
from ec2lite.credentials.search import search
from ec2lite.credentials.sts import requests as sts
from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity
from ec2lite.engine.context import utc_now
from ec2lite.engine.flow import run
from ec2lite.engine.world import SyncWorld
from ec2lite.transports.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Identity:
    """What is worth knowing and no secret; ``region`` and ``endpoint`` may be unknown."""

    account: str
    arn: str
    provider: str
    region: str | None
    endpoint: str | None


def whoami(
    region: str | None = None,
    *,
    profile: str | None = None,
    endpoint_url: str | None = None,
    mfa_token: Callable[[str], str] | None = None,
) -> Identity:
    """Ask STS who a client with these arguments would be. Raises what a call would raise."""
    # As with the AWS CLI, the URL is that of the service that is asked, and here that is STS.
    settings = Settings(
        profile=profile,
        own_region=None if region is None else checks.region("region", region),
        own_endpoint_url=None if endpoint_url is None else checks.url("endpoint_url", endpoint_url),
    )
    with Transport(ca_bundle=settings.ca_bundle) as transport:
        cache = CredentialCache(search(settings, mfa_token=mfa_token).flow, transport)
        asking = sts.caller(settings, utc_now)(GetCallerIdentity(), cache.get())
        result = run(asking, SyncWorld(transport, cache))
    endpoint = None if settings.region is None else settings.endpoint("ec2", settings.region).url
    return Identity(result.account, result.arn, str(cache.provider), settings.region, endpoint)
