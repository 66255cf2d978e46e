"""The order in which credentials are looked for.

Where AWS's documentation leaves it open, botocore's order holds.
https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from ec2lite.credentials.provider import Ask, Found, Named, first
from ec2lite.credentials.providers import web_identity
from ec2lite.credentials.providers.assume_role import assume_role
from ec2lite.credentials.providers.container import container
from ec2lite.credentials.providers.environment import environment
from ec2lite.credentials.providers.imds import imds
from ec2lite.credentials.providers.login import login
from ec2lite.credentials.providers.process import process
from ec2lite.credentials.providers.sso import sso
from ec2lite.credentials.providers.static import static

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow

OF_A_PROFILE: Final[tuple[Named, ...]] = (
    ("web identity of the profile", web_identity.from_profile),
    ("sso", sso),
    ("keys of the profile", static),
    ("login", login),
    ("process", process),
)
CHAIN: Final[tuple[Named, ...]] = (
    ("environment", environment),
    ("web identity of the environment", web_identity.from_environment),
    ("assume role", partial(assume_role, of_a_profile=OF_A_PROFILE)),
    *OF_A_PROFILE,
    ("container", container),
    ("instance metadata", imds),
)
_OF_THE_ENVIRONMENT = CHAIN[:2]


def resolve(ask: Ask, only: str | None = None) -> Flow[Found]:
    """Return the first credentials there are, and who gave them.

    ``only`` asks one provider alone: the one that gave credentials before is the one to renew them,
    so that a client never changes its identity under way.
    """
    # A profile that was named and is not there is an error, even where nobody would need it.
    _ = ask.settings.section
    # Who names a profile means it.
    left_out = _OF_THE_ENVIRONMENT if ask.settings.profile_is_explicit else ()
    chain = [each for each in CHAIN if only in {None, each[0]} and each not in left_out]
    return (yield from first(chain, ask))
