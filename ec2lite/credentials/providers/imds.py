"""Credentials of an instance's role, and the instance's Region, from its metadata service.

Version 2 of the service only.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import define, evolve, field

from ec2lite import checks
from ec2lite.credentials import answers, http
from ec2lite.credentials.provider import Ask, NotHere
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ec2lite.engine.flow import Answer, Flow
    from ec2lite.models import Credentials

_TOKEN = "/latest/api/token"  # noqa: S105 - a path
_ROLES = "/latest/meta-data/iam/security-credentials/"
_REGION = "/latest/meta-data/placement/region"
_MODES = {"ipv4": "http://169.254.169.254", "ipv6": "http://[fd00:ec2::254]"}
_SIX_HOURS = "21600"
_WHAT = "The instance metadata service"
_HOP_LIMIT = (
    " In a container, the instance's metadata hop limit must be 2 or more: "
    "aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2"
)
_NO_TOKEN = {
    400: "it refused the request for a token (HTTP status 400)",
    403: "it is disabled for this instance (HTTP status 403)",
    404: "it knows no session tokens (HTTP status 404); version 1 is not supported",
    405: "it knows no session tokens (HTTP status 405); version 1 is not supported",
}


@define
class _Service:
    """Where the metadata service is, how often to ask it, and the token that it gave."""

    ask: Ask
    url: str
    timeout: float
    patience: http.Patience
    token: str | None = field(default=None, repr=False)


def imds(ask: Ask) -> Flow[Credentials]:
    """Ask the metadata service for a token, the role's name and the role's keys."""
    service = _service(ask)
    role = _first_line((yield from _get(service, _ROLES, answers.is_empty)))
    body = yield from _get(service, _ROLES + quote(role), answers.is_not_json)
    document = answers.parse_json(body, f"{_WHAT}'s answer")
    if "SecretAccessKey" not in document:
        raise NotHere(f"it gave no keys{answers.error_code(body, {})}")
    return extended(answers.keys(document, f"{_WHAT}'s answer"), ask.clock(), ask.dice())


def region(ask: Ask) -> Flow[str]:
    """Ask the metadata service for the instance's Region; raise ``NotHere`` without one."""
    name = _first_line((yield from _get(_service(ask), _REGION, answers.is_empty)))
    try:
        return checks.region("region", name)
    except ConfigError:
        raise NotHere("the name of its Region cannot be read") from None


def _first_line(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip().partition("\n")[0].strip()


def extended(credentials: Credentials, now: datetime, dice: float) -> Credentials:
    """Postpone the expiration of keys that the service has not renewed in time.

    They may still work, and AWS's SDKs do the same while the service is down. The chain asks for
    them again in 17 to 25 minutes.
    """
    later = timedelta(minutes=17 + 8 * dice)
    if credentials.expiration is None or now + later < credentials.expiration:
        return credentials
    return evolve(credentials, expiration=now + later)


def _service(ask: Ask) -> _Service:
    if (ask.env("AWS_EC2_METADATA_DISABLED") or "").lower() == "true":
        raise NotHere("disabled by AWS_EC2_METADATA_DISABLED")
    timeout, attempts = _number(ask, "timeout"), _number(ask, "num_attempts")
    # Off EC2 nobody answers, and one attempt of one second is enough. On EC2, try again.
    patience = http.Patience(attempts, attempts) if attempts else http.Patience(attempts=1)
    return _Service(ask, _url(ask), timeout or 1, patience)


def _number(ask: Ask, what: str) -> int | None:
    key = f"metadata_service_{what}"
    return ask.settings.integer(f"AWS_{key.upper()}", key, minimum=1)


def _url(ask: Ask) -> str:
    key = "ec2_metadata_service_endpoint"
    variable = key.upper()
    mode = ask.settings.value(f"AWS_{variable}_MODE", f"{key}_mode")
    if mode is None:
        ipv6 = ask.settings.boolean("AWS_IMDS_USE_IPV6", "imds_use_ipv6")
        mode = "ipv6" if ipv6 else "ipv4"
    if mode.lower() not in _MODES:
        raise ConfigError(f"AWS_{variable}_MODE ({key}_mode) must be IPv4 or IPv6")
    url = ask.settings.value(f"AWS_{variable}", key)
    return _MODES[mode.lower()] if url is None else checks.url(f"AWS_{variable} ({key})", url)


def _get(service: _Service, path: str, is_spoilt: Callable[[Answer], bool]) -> Flow[bytes]:
    """Return what is at a path, with a new token if the service refuses the one in hand."""
    answer = yield from _get_once(service, path, is_spoilt)
    if answer.status_code == 401:
        service.token = None
        answer = yield from _get_once(service, path, is_spoilt)
    if path == _ROLES and answer.status_code == 404:
        raise NotHere("the instance has no IAM role (HTTP status 404)")
    if answer.status_code != 200:
        raise NotHere(f"{path.removeprefix('/latest')} got HTTP status {answer.status_code}")
    if answers.is_empty(answer):
        raise NotHere(f"{path.removeprefix('/latest')} got an empty answer")
    return answer.body


def _get_once(service: _Service, path: str, is_spoilt: Callable[[Answer], bool]) -> Flow[Answer]:
    if service.token is None:
        service.token = yield from _token(service)
    headers = {"x-aws-ec2-metadata-token": service.token}
    try:
        return (yield from _send(service, "GET", path, headers, is_spoilt))
    except http.UnreachableError as error:
        raise NotHere(error.args[0]) from None


def _token(service: _Service) -> Flow[str]:
    headers = {"x-aws-ec2-metadata-token-ttl-seconds": _SIX_HOURS}
    try:
        answer = yield from _send(service, "PUT", _TOKEN, headers, answers.is_empty)
    except http.UnreachableError as error:
        # An answer that this caller did not wait for says nothing about hops.
        was_awaited = error.timed_out and service.ask.seconds_left(1) > 0
        raise NotHere(f"{error.args[0]}{_HOP_LIMIT if was_awaited else ''}") from None
    if answer.status_code != 200:
        reason = _NO_TOKEN.get(answer.status_code)
        raise NotHere(reason or f"the token request got HTTP status {answer.status_code}")
    token = answer.body.decode("ascii", "replace").strip()
    if not (token and token.isprintable() and token.isascii()):
        raise NotHere("its token cannot be read")
    return token


def _send(
    service: _Service,
    method: str,
    path: str,
    headers: dict[str, str],
    is_spoilt: Callable[[Answer], bool],
) -> Flow[Answer]:
    return http.send(
        service.ask,
        lambda: http.direct(method, service.url + path, headers, timeout=service.timeout),
        _WHAT,
        service.patience,
        is_spoilt,
    )
