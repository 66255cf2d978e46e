"""A role, assumed with other credentials: those of a profile, or of this machine.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.credentials.provider import Ask, Named, NotHere, find_first
from ec2lite.credentials.providers.container import container
from ec2lite.credentials.providers.environment import environment
from ec2lite.credentials.providers.imds import imds
from ec2lite.credentials.providers.role import assume, session_name
from ec2lite.credentials.providers.static import has_keys
from ec2lite.engine.flow import Blocking
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials

_SOURCES = {
    "Environment": environment,
    "EcsContainer": container,
    "Ec2InstanceMetadata": imds,
}


# Far below Python's limit on nested calls, and more than anybody has.
_LONGEST_CHAIN = 50


def assume_role(ask: Ask, of_a_profile: Sequence[Named]) -> Flow[Credentials]:
    """Assume the profile's ``role_arn`` with the credentials of its source.

    ``of_a_profile`` are the providers of a ``source_profile`` that has no role itself.
    """
    from ec2lite.credentials.sts.assume_role import AssumeRole

    role = ask.value("role_arn")
    if role is None:
        raise NotHere(f"profile {ask.profile} has no role_arn")
    if not _has_role(ask):
        raise NotHere(f"profile {ask.profile} assumes its role with a web identity")
    duration = _duration(ask)
    credentials = yield from _source(ask, of_a_profile)
    request = AssumeRole(
        role_arn=role,
        role_session_name=ask.value("role_session_name") or session_name(ask),
        external_id=ask.value("external_id"),
        duration_seconds=duration,
        serial_number=ask.value("mfa_serial"),
        token_code=(yield from _mfa_code(ask)),
    )
    return (yield from assume(ask, request, credentials, role))


def _has_role(ask: Ask) -> bool:
    return bool(ask.value("role_arn")) and not ask.value("web_identity_token_file")


def _duration(ask: Ask) -> int | None:
    value = ask.value("duration_seconds")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise CredentialsError(f"duration_seconds of profile {ask.profile} must be a number.")
    return int(value)


def _mfa_code(ask: Ask) -> Flow[str | None]:
    serial, mfa_token = ask.value("mfa_serial"), ask.mfa_token
    if serial is None:
        return None
    if mfa_token is None:
        raise CredentialsError(
            f"Profile {ask.profile} needs a code from the MFA device {serial}: pass mfa_token=, a "
            "function that takes the device's serial number and returns the code."
        )
    code: object = yield Blocking(lambda: mfa_token(serial))
    if not isinstance(code, str):
        raise CredentialsError(f"mfa_token must return a string, not {type(code).__name__}.")
    return code


def _source(ask: Ask, of_a_profile: Sequence[Named]) -> Flow[Credentials]:
    profile, source = ask.value("source_profile"), ask.value("credential_source")
    if profile and source:
        raise CredentialsError(
            f"Profile {ask.profile} has both source_profile and credential_source."
        )
    if source:
        return (yield from _named(ask, source))
    if profile:
        return (yield from _of_profile(ask, profile, of_a_profile))
    raise CredentialsError(
        f"Profile {ask.profile} has role_arn, but neither source_profile nor credential_source."
    )


def _named(ask: Ask, source: str) -> Flow[Credentials]:
    provider = _SOURCES.get(source)
    if provider is None:
        raise CredentialsError(
            f"credential_source of profile {ask.profile} must be one of {', '.join(_SOURCES)}, "
            f"not {source!r}."
        )
    complaint = f"The credential_source of profile {ask.profile} has no credentials:"
    found = yield from find_first(((source, provider),), ask, complaint)
    return found.credentials


def _of_profile(ask: Ask, name: str, of_a_profile: Sequence[Named]) -> Flow[Credentials]:
    if name not in ask.settings.files.profiles:
        raise CredentialsError(
            f"The source_profile {name!r} of profile {ask.profile} does not exist."
        )
    source = ask.for_source_profile(name)
    # A profile may be its own source, for its static keys. Any other return is a circle.
    own_keys = name == ask.profile and has_keys(source)
    if name in source.visited and not own_keys:
        raise CredentialsError(
            f"The source_profiles form a circle: {' -> '.join((*source.visited, name))}."
        )
    if len(source.visited) > _LONGEST_CHAIN:
        raise CredentialsError(f"More than {_LONGEST_CHAIN} roles are chained by source_profile.")
    if _has_role(source) and not has_keys(source):
        return (yield from assume_role(source, of_a_profile))
    providers = [(f"{title} ({name})", provider) for title, provider in of_a_profile]
    complaint = f"The source_profile {name!r} of profile {ask.profile} has no credentials. Asked:"
    found = yield from find_first(providers, source, complaint)
    return found.credentials
