"""IAM Identity Center, signed in to with ``aws sso login``.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ec2lite.credentials import answers, http
from ec2lite.credentials.provider import Ask, NotHere, text
from ec2lite.credentials.providers import sso_token
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    import httpx

    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials

_WHAT = "IAM Identity Center"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEEDED = ("sso_role_name", "sso_account_id", "sso_start_url", "sso_region")


@frozen
class _Role:
    """What to ask the portal for."""

    login: sso_token.Login
    name: str
    account_id: str
    endpoint: str = field(kw_only=True)


def sso(ask: Ask) -> Flow[Credentials]:
    """Give the keys of the profile's ``sso_role_name`` in its ``sso_account_id``."""
    role = _role(ask)
    token = yield from sso_token.access_token(ask, role.login)
    answer = yield from http.send(ask, lambda: _request(role, token), _WHAT, http.Patience())
    if answer.status_code == 401:
        raise role.login.is_over("is no longer accepted")
    if answer.status_code != 200:
        code = answers.error_code(answer.body, answer.headers)
        raise CredentialsError(
            f"{_WHAT} gave no credentials for role {role.name} in account {role.account_id}: "
            f"HTTP status {answer.status_code}{code}."
        )
    return _credentials(answers.parse_json(answer.body, f"{_WHAT}'s answer"), role)


def _role(ask: Ask) -> _Role:
    if not (ask.value("sso_role_name") or ask.value("sso_account_id")):
        raise NotHere(f"profile {ask.profile} has neither sso_role_name nor sso_account_id")
    session = ask.value("sso_session")
    values = {key: value for key in _NEEDED if (value := ask.value(key))}
    if session:
        _merge(ask, session, values)
    if missing := [key for key in _NEEDED if key not in values]:
        raise CredentialsError(
            f"Profile {ask.profile} is configured for SSO, but lacks {', '.join(missing)}."
        )
    region = values["sso_region"]
    login = sso_token.Login(ask.profile, values["sso_start_url"], region, session)
    endpoint = ask.settings.endpoint("sso", region).url
    return _Role(login, values["sso_role_name"], values["sso_account_id"], endpoint=endpoint)


def _merge(ask: Ask, session: str, values: dict[str, str]) -> None:
    section = ask.settings.files.sso_sessions.get(session)
    if section is None:
        raise CredentialsError(
            f"Profile {ask.profile} names the sso_session {session!r}, which does not exist."
        )
    for key in _NEEDED:
        value = text(section, key)
        if value is None:
            continue
        if values.setdefault(key, value) != value:
            raise CredentialsError(
                f"{key} of profile {ask.profile} contradicts that of its sso_session {session!r}."
            )


def _request(role: _Role, token: str) -> httpx.Request:
    import httpx

    return httpx.Request(
        "GET",
        f"{role.endpoint}/federation/credentials",
        params={"role_name": role.name, "account_id": role.account_id},
        headers={"x-amz-sso_bearer_token": token, "accept": "application/json"},
    )


def _credentials(document: dict[str, Any], role: _Role) -> Credentials:
    what = f"{_WHAT}'s answer"
    keys = answers.members(document, "roleCredentials", what)
    return answers.credentials(
        what,
        answers.string(keys, "accessKeyId", what),
        answers.string(keys, "secretAccessKey", what),
        answers.string(keys, "sessionToken", what),
        answers.later(_EPOCH, keys, "expiration", what, timedelta(milliseconds=1)),
        role.account_id,
    )
