"""The session that ``aws login`` leaves behind (``login_session`` in a profile).

Its keys live for 15 minutes. Renewing them takes a signature by a key of its own (DPoP, RFC 9449).
https://docs.aws.amazon.com/sdkref/latest/guide/feature-login-credentials.html
"""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ec2lite.credentials import answers, files, http
from ec2lite.credentials.provider import Ask, NotHere
from ec2lite.credentials.providers import dpop
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    import httpx

    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials

# botocore uses the keys of the file while they are valid for longer than this.
_RENEW = timedelta(minutes=5)
_WHAT = "AWS Sign-In"
_ANSWER = "AWS Sign-In's answer"
_SIGN_IN_AGAIN = {
    "TOKEN_EXPIRED": "The session of `aws login` has expired.",
    "USER_CREDENTIALS_CHANGED": "The password of the user that signed in has changed.",
}


def login(ask: Ask) -> Flow[Credentials]:
    """Give the keys of the profile's ``login_session``, renewed if they are about to expire."""
    session = ask.value("login_session")
    if session is None:
        raise NotHere(f"profile {ask.profile} has no login_session")
    path = cache_path(ask, session)
    what = f"The file of `aws login`, {path}"
    document = yield from files.read_json(path, "The file of `aws login`,")
    if document is None:
        raise CredentialsError(f"Nobody is signed in. {_again(ask)}")
    held = _credentials(document, what)
    now = ask.clock()
    if held.expiration is not None and held.expiration - now > _RENEW:
        return held
    if dpop.is_available():
        renewed = yield from _renew(ask, document, what)
        yield from files.write_json(path, renewed)
        return _credentials(renewed, what)
    if held.expiration is not None and held.expiration > now:
        return held
    raise CredentialsError(
        f"The keys of `aws login` have expired. Renewing them needs the package cryptography: "
        f"pip install 'ec2lite[login]'. Or let the AWS CLI renew them: put `credential_process = "
        f"aws configure export-credentials --profile {ask.profile} --format process` into another "
        f"profile, and use that one."
    )


def cache_path(ask: Ask, session: str) -> Path:
    """Return the file of a session: ``AWS_LOGIN_CACHE_DIRECTORY``, or ``~/.aws/login/cache``."""
    folder = os.path.expandvars(ask.env("AWS_LOGIN_CACHE_DIRECTORY") or "~/.aws/login/cache")
    name = hashlib.sha256(session.encode()).hexdigest() + ".json"
    return Path(ask.settings.expand(folder)) / name


def _again(ask: Ask) -> str:
    option = "" if ask.profile == "default" else f" --profile {ask.profile}"
    return f"Run: aws login{option}"


def _credentials(document: dict[str, Any], what: str) -> Credentials:
    token = answers.members(document, "accessToken", what)
    end = answers.string(token, "expiresAt", what)
    return answers.credentials(
        what,
        answers.string(token, "accessKeyId", what),
        answers.string(token, "secretAccessKey", what),
        answers.string(token, "sessionToken", what),
        answers.parse_time(end, f"{what}: expiresAt"),
        answers.optional(token, "accountId", what),
    )


def _renew(ask: Ask, document: dict[str, Any], what: str) -> Flow[dict[str, Any]]:
    """Return the file's next content."""
    for key in ("refreshToken", "clientId", "dpopKey"):
        answers.string(document, key, what)
    url = _endpoint(ask, document) + "/v1/token"
    answer = yield from http.send(ask, lambda: _request(ask, url, document), _WHAT, http.Patience())
    if answer.status_code != 200:
        raise _refusal(ask, answer.status_code, answers.error_code(answer.body, answer.headers))
    output = answers.parse_json(answer.body, _ANSWER)
    keys = answers.members(output, "accessToken", _ANSWER)
    end = answers.later(ask.clock(), output, "expiresIn", _ANSWER)
    names = ("accessKeyId", "secretAccessKey", "sessionToken")
    renewed = {name: answers.string(keys, name, _ANSWER) for name in names}
    renewed["expiresAt"] = f"{end:%Y-%m-%dT%H:%M:%SZ}"
    return document | {
        "accessToken": document["accessToken"] | renewed,
        "refreshToken": answers.string(output, "refreshToken", _ANSWER),
    }


def _refusal(ask: Ask, status: int, code: str) -> CredentialsError:
    name = code.strip(" ()")
    if name in _SIGN_IN_AGAIN:
        return CredentialsError(f"{_SIGN_IN_AGAIN[name]} {_again(ask)}")
    hint = (
        " The user or role lacks permission for signin:CreateOAuth2Token."
        if name == "INSUFFICIENT_PERMISSIONS"
        else ""
    )
    return CredentialsError(f"{_WHAT} did not renew the keys: HTTP status {status}{code}.{hint}")


def _endpoint(ask: Ask, document: dict[str, Any]) -> str:
    # Older sign-ins did not record their Region.
    region = answers.optional(document, "signInRegion", "The file of `aws login`")
    return ask.settings.endpoint("signin", region or ask.settings.region).url


def _request(ask: Ask, url: str, document: dict[str, Any]) -> httpx.Request:
    import httpx

    # A proof is valid for one request, so each attempt makes its own.
    proof = dpop.proof(document["dpopKey"], url, ask.clock())
    body = {
        "clientId": document["clientId"],
        "grantType": "refresh_token",
        "refreshToken": document["refreshToken"],
    }
    return httpx.Request("POST", url, json=body, headers={"DPoP": proof})
