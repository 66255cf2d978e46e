"""boto3's calls, names, dicts and errors, for what ec2lite does.

    from ec2lite import boto3

    ec2 = boto3.client("ec2", region_name="eu-west-1")
    ec2.stop_instances(InstanceIds=["i-1234567890abcdef0"])

A program that does no more than that needs no other change. What ec2lite does not do is an
AttributeError, or the error that boto3 has for it, and names boto3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ec2lite.boto3 import exceptions as exceptions
from ec2lite.boto3 import session as session
from ec2lite.boto3.config import Config
from ec2lite.boto3.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    NoCredentialsError,
    NoRegionError,
    OperationNotPageableError,
    PaginationError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    UnknownServiceError,
    WaiterError,
)
from ec2lite.boto3.missing import missing
from ec2lite.boto3.session import Session

if TYPE_CHECKING:
    from ec2lite.boto3.client import EC2

__all__ = [
    "BotoCoreError",
    "ClientError",
    "Config",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "HTTPClientError",
    "InvalidConfigError",
    "NoCredentialsError",
    "NoRegionError",
    "OperationNotPageableError",
    "PaginationError",
    "ParamValidationError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "ReadTimeoutError",
    "Session",
    "UnknownServiceError",
    "WaiterError",
    "client",
    "setup_default_session",
]

_default_session: Session | None = None


def setup_default_session(**kwargs: Any) -> None:  # noqa: ANN401 - Session's arguments
    """Make the session that ``client`` uses, with the arguments of ``Session``."""
    global _default_session
    _default_session = Session(**kwargs)


def client(*args: Any, **kwargs: Any) -> EC2:  # noqa: ANN401 - Session.client's arguments
    """Return a client of the default session; the arguments are those of ``Session.client``."""
    return _session().client(*args, **kwargs)


def _session() -> Session:
    """Return the default session, made when it is first needed."""
    global _default_session
    if _default_session is None:
        _default_session = Session()
    return _default_session


# Type checkers know the names from above; seeing this, they would take any other for an object.
if not TYPE_CHECKING:  # pragma: no branch - TYPE_CHECKING is False when running

    def __getattr__(name: str) -> NoReturn:
        """Say where that is which is not here."""
        raise missing(f"module {__name__!r}", name, __all__)
