"""From ec2lite's errors to boto3's."""

from __future__ import annotations

from http.client import responses
from typing import Any

from ec2lite.boto3 import exceptions
from ec2lite.boto3.exceptions import kind
from ec2lite.errors import (
    ConfigError,
    CredentialsError,
    EC2Error,
    ResponseError,
    ServiceError,
    TransportError,
)


def translated(error: EC2Error, action: str, url: str) -> Exception:
    """Return boto3's error for one of ours, which happened to an action at an endpoint."""
    if isinstance(error, ServiceError):
        return kind(exceptions.ClientError)(_response(error), action)
    if isinstance(error, CredentialsError):
        return kind(exceptions.NoCredentialsError)()
    if isinstance(error, TransportError):
        return _no_answer(error, f"{url}/")
    if isinstance(error, ResponseError):
        return _bad_answer(error, action)
    return config_error(error)


def config_error(error: EC2Error) -> Exception:
    """Return boto3's error for a wrong setting."""
    assert isinstance(error, ConfigError)  # noqa: S101 - the tree of errors has no other
    return kind(exceptions.InvalidConfigError)(error_msg=str(error))


def _response(error: ServiceError) -> dict[str, Any]:
    request_id = {} if error.request_id is None else {"RequestId": error.request_id}
    return {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {
            **request_id,
            "HTTPStatusCode": error.status_code,
            "HTTPHeaders": dict(error.headers),
            "RetryAttempts": max(error.attempts - 1, 0),
        },
    }


def _no_answer(error: TransportError, url: str) -> Exception:
    """Tell by httpx's exception what happened."""
    cause = type(error.__cause__).__name__
    if error.is_timeout:
        name = exceptions.ConnectTimeoutError if "Connect" in cause else exceptions.ReadTimeoutError
        return kind(name)(endpoint_url=url)
    if cause == "ConnectError":
        return kind(exceptions.EndpointConnectionError)(endpoint_url=url)
    if cause in {"RemoteProtocolError", "ReadError", "WriteError", "CloseError"}:
        return kind(exceptions.ConnectionClosedError)(endpoint_url=url)
    return kind(exceptions.HTTPClientError)(error=str(error))


def _bad_answer(error: ResponseError, action: str) -> Exception:
    page = error.body.strip()
    if error.status_code < 500 or not (not page or page.startswith(b"<html>")):
        return kind(exceptions.ResponseParserError)(str(error))
    # A web server's page: boto3 makes an error of its status.
    code = error.status_code
    response: dict[str, Any] = {
        "Error": {"Code": str(code), "Message": responses.get(code, "")},
        "ResponseMetadata": {
            "HTTPStatusCode": code,
            "HTTPHeaders": {},
            "RetryAttempts": max(error.attempts - 1, 0),
        },
    }
    return kind(exceptions.ClientError)(response, action)
