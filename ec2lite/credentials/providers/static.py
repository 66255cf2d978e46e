"""Keys in a profile.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.credentials.answers import credentials
from ec2lite.credentials.provider import Ask, NotHere
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials


def static(ask: Ask) -> Flow[Credentials]:
    """Give ``aws_access_key_id``, ``aws_secret_access_key`` and ``aws_session_token``."""
    key = ask.value("aws_access_key_id")
    if key is None:
        raise NotHere(f"profile {ask.profile} has no aws_access_key_id")
    secret = ask.value("aws_secret_access_key")
    if secret is None:
        raise CredentialsError(
            f"Profile {ask.profile} has an aws_access_key_id, but no aws_secret_access_key."
        )
    return credentials(
        f"Profile {ask.profile}",
        key,
        secret,
        ask.value("aws_security_token") or ask.value("aws_session_token"),
        None,
        ask.value("aws_account_id"),
    )
    yield  # makes it a flow, though it needs nothing


def has_keys(ask: Ask) -> bool:
    """Whether the profile has keys, or one of the two."""
    return bool(ask.value("aws_access_key_id") or ask.value("aws_secret_access_key"))
