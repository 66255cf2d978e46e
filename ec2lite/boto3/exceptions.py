"""boto3's errors: their names, texts and members.

A program that catches botocore's own errors catches these, too: where it has imported botocore, an
error is raised as a class that is botocore's as well. Nothing of botocore is imported here.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar, Final, TypeVar, cast

E = TypeVar("E", bound=Exception)


class ClientError(Exception):
    """AWS refused: ``response`` has ``Error`` with ``Code`` and ``Message``."""

    def __init__(self, error_response: dict[str, Any], operation_name: str) -> None:
        error = error_response.get("Error", {})
        code, message = error.get("Code", "Unknown"), error.get("Message", "Unknown")
        # By name: the next class may be botocore's.
        Exception.__init__(
            self,
            f"An error occurred ({code}) when calling the {operation_name} operation: {message}",
        )
        self.response: dict[str, Any] = error_response
        self.operation_name: str = operation_name

    def __reduce__(self) -> tuple[Any, ...]:
        return _client_error, (self.response, self.operation_name)


class BotoCoreError(Exception):
    """Anything else that goes wrong; ``kwargs`` are the parts of the text."""

    fmt: ClassVar[str] = "An unspecified error occurred"

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - whatever fmt names
        Exception.__init__(self, self.fmt.format(**kwargs))
        self.kwargs: dict[str, Any] = kwargs

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (_ours(type(self)), self.kwargs)


class NoCredentialsError(BotoCoreError):
    """No provider gave credentials; the ``__cause__`` says why each did not."""

    fmt = "Unable to locate credentials"


class PartialCredentialsError(BotoCoreError):
    """One of two keys is missing."""

    fmt = "Partial credentials found in {provider}, missing: {cred_var}"


class NoRegionError(BotoCoreError):
    """Nobody named a Region."""

    fmt = "You must specify a region."


class ProfileNotFound(BotoCoreError):  # noqa: N818 - boto3's name
    """The shared files have no such profile."""

    fmt = "The config profile ({profile}) could not be found"


class InvalidConfigError(BotoCoreError):
    """A setting is wrong; nothing was sent."""

    fmt = "{error_msg}"


class ParamValidationError(BotoCoreError):
    """An argument is wrong; nothing was sent. ``kwargs["report"]`` says which ones."""

    fmt = "Parameter validation failed:\n{report}"


class UnknownServiceError(BotoCoreError):
    """Another service than those that ec2lite has a client for."""

    fmt = "Unknown service: '{service_name}'. Valid service names are: {known_service_names}"


class OperationNotPageableError(BotoCoreError):
    """The operation is not answered in pages."""

    fmt = "Operation cannot be paginated: {operation_name}"


class PaginationError(BotoCoreError):
    """Pages do not end: one names itself as the next."""

    fmt = "Error during pagination: {message}"


class ConnectionError(BotoCoreError):  # noqa: A001 - boto3's name
    """There is no connection."""

    fmt = "An HTTP Client failed to establish a connection: {error}"


class EndpointConnectionError(ConnectionError):
    """Nobody answers where the endpoint should be."""

    fmt = 'Could not connect to the endpoint URL: "{endpoint_url}"'


class ConnectTimeoutError(ConnectionError):
    """To connect took too long."""

    fmt = 'Connect timeout on endpoint URL: "{endpoint_url}"'


class HTTPClientError(BotoCoreError):
    """The answer did not arrive."""

    fmt = "An HTTP Client raised an unhandled exception: {error}"


class ReadTimeoutError(HTTPClientError):
    """The answer took too long."""

    fmt = 'Read timeout on endpoint URL: "{endpoint_url}"'


class ConnectionClosedError(HTTPClientError):
    """The connection ended before the answer did."""

    fmt = (
        "Connection was closed before we received a valid response from endpoint URL: "
        '"{endpoint_url}".'
    )


class WaiterError(BotoCoreError):
    """A wait ended otherwise; ``last_response`` is what was seen last."""

    fmt = "Waiter {name} failed: {reason}"

    def __init__(self, name: str, reason: str, last_response: Any) -> None:  # noqa: ANN401 - a dict, from AWS
        BotoCoreError.__init__(self, name=name, reason=reason)
        self.last_response: Any = last_response

    def __reduce__(self) -> tuple[Any, ...]:
        kwargs = {**self.kwargs, "last_response": self.last_response}
        return _again, (_ours(type(self)), kwargs)


class ResponseParserError(Exception):
    """The answer is not EC2's."""


_BOTH: Final[dict[tuple[type, type], type]] = {}
_THEIR_MODULES: Final = {"ResponseParserError": "botocore.parsers"}


def kind(ours: type[E]) -> type[E]:
    """Return the class to raise: ours, and botocore's of that name where that is imported."""
    module = sys.modules.get(_THEIR_MODULES.get(ours.__name__, "botocore.exceptions"))
    theirs: type[Any] | None = getattr(module, ours.__name__, None)
    if theirs is None:
        return ours
    made = _BOTH.get((ours, theirs))
    if made is None:
        members = {"__module__": ours.__module__, "__doc__": ours.__doc__, "ours": ours}
        made = _BOTH[ours, theirs] = type(ours.__name__, (ours, theirs), members)
    return cast("type[E]", made)


def _ours(cls: type[BotoCoreError]) -> type[BotoCoreError]:
    ours: type[BotoCoreError] = getattr(cls, "ours", cls)
    return ours


def _again(ours: type[BotoCoreError], kwargs: dict[str, Any]) -> BotoCoreError:
    """Make an error that was pickled."""
    return kind(ours)(**kwargs)


def _client_error(response: dict[str, Any], operation_name: str) -> ClientError:
    return kind(ClientError)(response, operation_name)
