"""Credentials of a container: ECS, EKS Pod Identity, Greengrass, CloudShell.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ec2lite.credentials import answers, files, http
from ec2lite.credentials.provider import Ask, NotHere
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials

_RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
_FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - a variable's name
_ECS = "169.254.170.2"
# The hosts of ECS and EKS Pod Identity. Only they and loopback may get the token in plain text.
_HOSTS = frozenset({_ECS, "169.254.170.23", "fd00:ec2::23", "localhost"})
_TIMEOUT = 2.0
_PATIENCE = http.Patience(pause=1.0)
_WHAT = "The container credentials endpoint"


def container(ask: Ask) -> Flow[Credentials]:
    """Ask the endpoint that ``AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`` or ``_FULL_URI`` names."""
    url = _url(ask)
    headers = {"accept": "application/json"}
    if token := (yield from _token(ask)):
        headers["authorization"] = token
    answer = yield from http.send(
        ask,
        lambda: http.direct("GET", url, headers, timeout=_TIMEOUT),
        _WHAT,
        _PATIENCE,
        answers.is_not_json,
    )
    if answer.status_code != 200:
        code = answers.error_code(answer.body, answer.headers)
        raise CredentialsError(f"{_WHAT} answered HTTP status {answer.status_code}{code}.")
    document = answers.parse_json(answer.body, f"{_WHAT}'s answer")
    return answers.keys(document, f"{_WHAT}'s answer")


def _url(ask: Ask) -> str:
    if path := ask.env(_RELATIVE):
        if not path.startswith("/"):
            raise CredentialsError(f"{_RELATIVE} must begin with a slash.")
        return _sendable(f"http://{_ECS}{path}", _RELATIVE)
    url = ask.env(_FULL)
    if url is None:
        raise NotHere(f"neither {_RELATIVE} nor {_FULL} is set")
    check_host(url)
    return _sendable(url, _FULL)


def _sendable(url: str, name: str) -> str:
    """Return a URL if the HTTP library accepts it; its own errors are not ours."""
    import httpx

    try:
        _ = httpx.URL(url).host
    except (httpx.InvalidURL, UnicodeError):
        raise CredentialsError(f"{name} is not a URL.") from None
    return url


def check_host(url: str) -> None:
    """Refuse a URL that would send the token in plain text to a host that must not have it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise CredentialsError(f"{_FULL} is not a URL.") from None
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and (host in _HOSTS or _is_loopback(host)):
        return
    allowed = ", ".join(sorted(_HOSTS))
    raise CredentialsError(
        f"{_FULL} must be https, or name a loopback address or one of {allowed}, not {host!r}."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _token(ask: Ask) -> Flow[str | None]:
    name, path = _TOKEN, ask.env(f"{_TOKEN}_FILE")
    token = ask.env(_TOKEN)
    if path:
        # EKS replaces the file every hour, so read it each time.
        name = f"{_TOKEN}_FILE"
        token = (yield from files.read(ask.settings.expand(path), name)).strip()
    return answers.plain(token, name) if token else None
