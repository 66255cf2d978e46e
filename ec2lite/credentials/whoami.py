"""Which credentials, Region and endpoint a client with these arguments would use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ec2lite.config.settings import Settings
from ec2lite.credentials.cache import CredentialCache
from ec2lite.credentials.chain import default_chain
from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity
from ec2lite.engine.call import call
from ec2lite.engine.flow import run
from ec2lite.engine.setup import Setup
from ec2lite.engine.world import SyncWorld
from ec2lite.transports.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Identity:
    """Who a client is, without a secret; ``region`` and ``endpoint`` may be unknown."""

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
    """Ask STS who a client with these arguments is; raise what its calls would raise."""
    settings = Settings(profile=profile, own_region=region, own_endpoint_url=endpoint_url)
    setup = Setup(settings, region, endpoint_url)
    with Transport(ca_bundle=settings.ca_bundle) as transport:
        cache = CredentialCache(default_chain(settings, mfa_token=mfa_token).find, transport)
        result = run(setup.perform(call, GetCallerIdentity()), SyncWorld(transport, cache))
    endpoint = None if settings.region is None else setup.endpoint().url
    return Identity(result.account, result.arn, str(cache.provider), settings.region, endpoint)
