"""A role, assumed with an identity provider's token: EKS service accounts, CI systems.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.credentials import files
from ec2lite.credentials.provider import Ask, NotHere
from ec2lite.credentials.providers.role import assume, session_name
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials

_VARIABLES = {
    "web_identity_token_file": "AWS_WEB_IDENTITY_TOKEN_FILE",
    "role_arn": "AWS_ROLE_ARN",
    "role_session_name": "AWS_ROLE_SESSION_NAME",
}


def from_environment(ask: Ask) -> Flow[Credentials]:
    """Assume the role of ``AWS_ROLE_ARN`` with the token in ``AWS_WEB_IDENTITY_TOKEN_FILE``."""
    if ask.env("AWS_WEB_IDENTITY_TOKEN_FILE") is None:
        raise NotHere("AWS_WEB_IDENTITY_TOKEN_FILE is not set")
    return (yield from _assume(ask))


def from_profile(ask: Ask) -> Flow[Credentials]:
    """Assume the profile's ``role_arn`` with the token in its ``web_identity_token_file``."""
    if ask.value("web_identity_token_file") is None:
        raise NotHere(f"profile {ask.profile} has no web_identity_token_file")
    return (yield from _assume(ask))


def _assume(ask: Ask) -> Flow[Credentials]:
    from ec2lite.credentials.sts.assume_role_with_web_identity import (
        AssumeRoleWithWebIdentity,
    )

    role = _setting(ask, "role_arn")
    if role is None:
        raise CredentialsError(
            "There is a web identity token file, but no role to assume: set AWS_ROLE_ARN, or "
            f"role_arn in profile {ask.profile}."
        )
    path = _setting(ask, "web_identity_token_file") or ""
    token = yield from files.read(ask.settings.expand(path), "The web identity token file")
    request = AssumeRoleWithWebIdentity(
        role_arn=role,
        # Read the file each time: the identity provider replaces it before the token expires.
        web_identity_token=token.strip(),
        role_session_name=_setting(ask, "role_session_name") or session_name(ask),
    )
    return (yield from assume(ask, request, None, role))


def _setting(ask: Ask, key: str) -> str | None:
    """Return one of the three settings, from the environment first, as botocore does.

    For a profile that was named, by the caller or as a source, the environment does not count.
    """
    by_name = ask.settings.profile_is_explicit or ask.is_source
    value = None if by_name else ask.env(_VARIABLES[key])
    return value or ask.value(key)
