"""The token that ``aws sso login`` leaves behind, renewed where that takes no person.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ec2lite.credentials import answers, files, http
from ec2lite.credentials.provider import Ask, logger
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from datetime import datetime

    import httpx

    from ec2lite.engine.flow import Flow

_RENEW = timedelta(minutes=15)
_ANSWER = "SSO-OIDC's answer"
_NEEDED = ("refreshToken", "clientId", "clientSecret", "registrationExpiresAt")


@frozen
class Login:
    """A sign-in that a profile needs. ``session`` is None in the legacy format."""

    profile: str
    start_url: str
    region: str
    session: str | None

    @property
    def file_name(self) -> str:
        """The name that the AWS CLI gives the file of the token."""
        name = self.start_url if self.session is None else self.session
        return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest() + ".json"

    def is_over(self, why: str) -> CredentialsError:
        """Return the error that tells a person which command to run."""
        return CredentialsError(f"The SSO sign-in {why}. Run: aws sso login{self._option}")

    @property
    def _option(self) -> str:
        return "" if self.profile == "default" else f" --profile {self.profile}"


def access_token(ask: Ask, login: Login) -> Flow[str]:
    """Return a valid token, renewed if it ends soon."""
    path = Path(ask.settings.expand("~/.aws/sso/cache")) / login.file_name
    document = yield from files.read_json(path, "The SSO token file")
    if document is None:
        raise login.is_over("was not done")
    what = f"The SSO token file {path}"
    end = answers.parse_time(answers.string(document, "expiresAt", what), f"{what}: expiresAt")
    now = ask.clock()
    if login.session is not None and end - now < _RENEW and _renewable(document, now, what):
        renewed = yield from _renew(ask, login, document)
        if renewed is not None:
            yield from files.write_json(path, renewed)
            return answers.plain(renewed["accessToken"], _ANSWER)
    if end <= now:
        raise login.is_over(f"expired at {end:%Y-%m-%dT%H:%M:%SZ}")
    return answers.plain(answers.string(document, "accessToken", what), what)


def _renewable(document: dict[str, Any], now: datetime, what: str) -> bool:
    """Whether the file has all that a renewal needs, and the client's registration is valid."""
    if not all(document.get(key) for key in _NEEDED):
        return False
    ends = f"{what}: registrationExpiresAt"
    return answers.parse_time(document["registrationExpiresAt"], ends) > now


def _renew(ask: Ask, login: Login, document: dict[str, Any]) -> Flow[dict[str, Any] | None]:
    """Return the file's new content, or None if the service does not renew the token."""
    try:
        token = yield from _ask_oidc(ask, login, document)
        access = answers.string(token, "accessToken", _ANSWER)
        end = answers.later(ask.clock(), token, "expiresIn", _ANSWER)
        refresh = answers.optional(token, "refreshToken", _ANSWER)
    except CredentialsError as error:
        logger.warning("the SSO token of profile %s was not renewed: %s", login.profile, error)
        return None
    kept = {key: document[key] for key in _NEEDED}
    return {
        "startUrl": login.start_url,
        "region": login.region,
        "accessToken": access,
        "expiresAt": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        **kept,
        **({"refreshToken": refresh} if refresh else {}),
    }


def _ask_oidc(ask: Ask, login: Login, document: dict[str, Any]) -> Flow[dict[str, Any]]:
    url = ask.settings.endpoint("oidc", login.region).url
    answer = yield from http.send(ask, lambda: _request(url, document), "SSO-OIDC", http.Patience())
    if answer.status_code != 200:
        code = answers.error_code(answer.body, answer.headers)
        raise CredentialsError(f"HTTP status {answer.status_code}{code}")
    return answers.parse_json(answer.body, _ANSWER)


def _request(url: str, document: dict[str, Any]) -> httpx.Request:
    import httpx

    body = {key: document[key] for key in ("clientId", "clientSecret", "refreshToken")}
    return httpx.Request("POST", f"{url}/token", json={"grantType": "refresh_token", **body})
