"""What can go wrong, as a tree.

EC2Error                            everything ec2lite raises on purpose
├── ConfigError (ValueError)        an argument, a setting or a file is wrong; nothing was sent
├── CredentialsError                no provider gave credentials; nothing was sent
├── TransportError                  no answer arrived: connection, TLS, proxy, time limit
├── ResponseError                   an answer arrived that is not the protocol's
└── ServiceError                    AWS answered, and said no
    ├── AuthFailure                 the keys or the signature were not accepted
    ├── DryRunOperation             it would have succeeded, but was a dry run
    ├── IncorrectInstanceState      the instance's state does not allow the action
    ├── InstanceIdMalformed         an id that EC2 cannot read
    ├── InstanceNotFound            an id that does not exist, or not yet
    ├── OperationNotPermitted       the instance forbids it, by its type or its protection
    ├── RequestExpired              the clock is off, or the credentials have expired
    ├── RequestLimitExceeded        throttled
    ├── UnauthorizedOperation       IAM says no
    └── UnsupportedOperation        not for this instance: one-time Spot, no hibernation

A code without a class of its own is a plain ServiceError: look at its ``code``.
Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from typing import Final

# The AWS SDKs' lists: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
THROTTLING_CODES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
# IDPCommunicationError is STS's: it did not reach the identity provider.
TRANSIENT_CODES: Final = frozenset(
    {"IDPCommunicationError", "RequestTimeout", "RequestTimeoutException"}
)
TRANSIENT_STATUSES: Final = frozenset({500, 502, 503, 504})

_BODY_SHOWN = 512


class EC2Error(Exception):
    """Base of all errors that ec2lite raises.

    ``operation`` is the API action (``"StopInstances"``) or None outside of a call, ``attempts``
    how often the request was sent, ``earlier_failures`` what the attempts before the last one
    ended in, oldest first.
    """

    operation: str | None = None
    attempts: int = 0
    earlier_failures: tuple[EC2Error, ...] = ()

    @property
    def is_throttling(self) -> bool:
        """Whether the service asked to slow down."""
        return False

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed later, unchanged."""
        return False


class ConfigError(EC2Error, ValueError):
    """An argument, an environment variable or a configuration file is wrong; nothing was sent."""


class CredentialsError(EC2Error):
    """No credentials; nothing was sent.

    ``failures`` has a pair (provider, reason) for each provider that was asked, in order.
    """

    def __init__(self, message: str, failures: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.failures = failures

    def __str__(self) -> str:
        # The last one may be what the message says already.
        others = [f"  {name}: {why}" for name, why in self.failures if why != self.args[0]]
        return "\n".join([self.args[0], *others])


class TransportError(EC2Error):
    """No answer arrived; the HTTP library's exception is the ``__cause__``.

    ``is_timeout`` tells a time limit from other failures. ``maybe_sent`` is False when the request
    surely did not reach the service, as when no connection could be opened.
    """

    def __init__(self, message: str, *, is_timeout: bool = False, maybe_sent: bool = True) -> None:
        super().__init__(message)
        self.is_timeout = is_timeout
        self.maybe_sent = maybe_sent

    @property
    def is_retryable(self) -> bool:
        """Always: a failed connection may work the next time."""
        return True


class ResponseError(EC2Error):
    """An answer that is not the protocol's: broken XML, another document, a proxy's page.

    ``status_code`` is the HTTP status, ``body`` the beginning of what arrived (512 bytes at most).
    ``is_broken`` says that the document was cut short or not well-formed, which a second attempt
    may mend.
    """

    def __init__(
        self, message: str, *, status_code: int = 0, body: bytes = b"", is_broken: bool = False
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.body: bytes = body[:_BODY_SHOWN]
        self.is_broken = is_broken

    def __str__(self) -> str:
        shown = f", beginning {self.body[:80]!r}" if self.body else ""
        where = f"{self.operation}: " if self.operation else ""
        return f"{where}{self.args[0]} (HTTP status {self.status_code}{shown})"

    @property
    def is_throttling(self) -> bool:
        """Whether the status is 429, which needs no body to be understood."""
        return self.status_code == 429

    @property
    def is_retryable(self) -> bool:
        """Whether the status is one of throttling or trouble, or a good answer was broken."""
        # A broken document with a 4xx is a proxy's or a web server's page, and will be one again.
        is_spoilt = self.is_broken and self.status_code < 300
        return is_spoilt or self.is_throttling or self.status_code in TRANSIENT_STATUSES


class ServiceError(EC2Error):
    """AWS answered, and said no.

    ``code`` is AWS's word for it, without a ``Client.`` or ``Server.`` before it, ``message`` its
    sentence, ``request_id`` what AWS's support asks for (None if the answer had none),
    ``status_code`` the HTTP status. ``errors`` holds each (code, message) of the answer; the first
    is the one that ``code`` and ``message`` show.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        request_id: str | None = None,
        status_code: int = 0,
        errors: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id
        self.status_code = status_code
        self.errors: tuple[tuple[str, str], ...] = errors or ((code, message),)

    def __str__(self) -> str:
        details = [self.code]
        if self.request_id:
            details.append(f"request id {self.request_id}")
        if self.attempts > 1:
            details.append(f"{self.attempts} attempts")
        text = f"{self.operation or 'The request'} failed: {self.message} ({', '.join(details)})"
        return "\n".join([text, *(f"  also: {say} ({code})" for code, say in self.errors[1:])])

    @property
    def is_throttling(self) -> bool:
        """Whether the service asked to slow down. The code decides; 429 is the one status."""
        return self.code in THROTTLING_CODES or self.status_code == 429

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed later, unchanged."""
        return (
            self.is_throttling
            or self.code in TRANSIENT_CODES
            or self.status_code in TRANSIENT_STATUSES
        )


class AuthFailure(ServiceError):
    """The keys or the signature were not accepted."""


class DryRunOperation(ServiceError):
    """The request would have succeeded, but ``dry_run`` was set. ``Client.dry_run`` asks calmly."""


class IncorrectInstanceState(ServiceError):
    """The state of an instance does not allow the action."""


class InstanceIdMalformed(ServiceError):
    """EC2 cannot read an instance id."""


class InstanceNotFound(ServiceError):
    """An instance does not exist, or does not yet: EC2 is eventually consistent."""


class OperationNotPermitted(ServiceError):
    """The instance forbids it: stop protection, or a type that does not support the flag."""


class RequestExpired(ServiceError):
    """The clock is off by more than AWS allows, or temporary credentials have expired."""


class RequestLimitExceeded(ServiceError):
    """The account's request rate for this action and Region is used up; ask again later."""


class UnauthorizedOperation(ServiceError):
    """IAM does not allow it. The message may carry an encoded explanation for STS to decode."""


class UnsupportedOperation(ServiceError):
    """Not for this instance: a one-time Spot request, or hibernation that was not configured."""


BY_CODE: Final[dict[str, type[ServiceError]]] = {
    "AuthFailure": AuthFailure,
    "DryRunOperation": DryRunOperation,
    "IncorrectInstanceState": IncorrectInstanceState,
    "InvalidInstanceID.Malformed": InstanceIdMalformed,
    "InvalidInstanceID.NotFound": InstanceNotFound,
    "OperationNotPermitted": OperationNotPermitted,
    "RequestExpired": RequestExpired,
    "RequestLimitExceeded": RequestLimitExceeded,
    "UnauthorizedOperation": UnauthorizedOperation,
    "UnsupportedHibernationConfiguration": UnsupportedOperation,
    "UnsupportedOperation": UnsupportedOperation,
}
