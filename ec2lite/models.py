"""The values that every call has: credentials, an endpoint, and how the answer came."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ec2lite import checks
from ec2lite.errors import EC2Error

if TYPE_CHECKING:
    from attrs import Attribute


def _key(instance: object, attribute: Attribute[Any], value: object) -> None:
    del instance
    is_optional = attribute.default is None
    # An empty token is what programs have that read it from an environment variable.
    if not (is_optional and (value is None or value == "")):
        checks.key(attribute.name, value, is_header=attribute.name != "secret_access_key")


@frozen
class Credentials:
    """An AWS access key, permanent or temporary.

    ``session_token`` comes with temporary keys, ``expiration`` is when they end (a timezone-aware
    datetime), ``account_id`` the twelve digits of the account where the provider knows them.
    The repr shows neither the secret nor the token. None has spaces or line breaks, and the key's
    id and the token are ASCII; a ``ConfigError`` says which one is not so.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/security-creds.html
    """

    access_key_id: str = field(validator=_key)
    secret_access_key: str = field(validator=_key, repr=False)
    session_token: str | None = field(default=None, validator=_key, repr=False)
    expiration: datetime | None = None
    account_id: str | None = None


@frozen
class Endpoint:
    """Where a service is, and what to sign requests to it for.

    ``url`` has a scheme, a host, and at most a port and a path besides; a ``ConfigError`` says what
    is wrong with it.
    """

    url: str = field(validator=checks.validator(checks.url))
    signing_region: str = field(validator=checks.validator(checks.header))
    signing_name: str = field(validator=checks.validator(checks.header))


@frozen
class ResponseMetadata:
    """How the answer came.

    ``request_id`` is AWS's name for the request (None if the answer had none), ``headers`` have
    lower-case names, ``attempts`` counts the requests sent, this answer's included, and
    ``earlier_failures`` holds what the attempts before it ended in, oldest first.
    """

    request_id: str | None
    status_code: int
    headers: dict[str, str] = field(hash=False)
    attempts: int = 1
    earlier_failures: tuple[EC2Error, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what boto3 returns for it."""
        request_id = {} if self.request_id is None else {"RequestId": self.request_id}
        return {
            **request_id,
            "HTTPStatusCode": self.status_code,
            "HTTPHeaders": dict(self.headers),
            "RetryAttempts": self.attempts - 1,
        }
