"""What can go wrong, as a tree.

EC2Error                              everything ec2lite raises on purpose
├── ConfigError (ValueError)          an argument, a setting or a file is wrong; nothing was sent
├── CredentialsError                  no provider gave credentials; nothing was sent
├── TransportError                    no answer arrived: connection, TLS, proxy, time limit
├── ResponseError                     an answer arrived that does not follow the protocol
├── WaiterError                       a wait ended before all its instances got there
├── BatchError (ExceptionGroup)       some of many instances failed
└── ServiceError                      AWS answered, and refused
    ├── AuthFailure                   the keys or the signature were not accepted
    ├── DryRunOperation               the request would have succeeded, but was a dry run
    ├── IncorrectInstanceState        the state of the instance does not allow the action
    ├── InstanceIdMalformed           EC2 cannot read an id
    ├── InstanceNotFound              an id does not exist, or does not exist yet
    ├── InsufficientInstanceCapacity  EC2 has no room for the instance in its zone at the moment
    ├── OperationNotPermitted         the type or the protection of the instance forbids the action
    ├── RequestExpired                the clock is off, or the credentials have expired
    ├── RequestLimitExceeded          too many requests: throttled
    ├── UnauthorizedOperation         IAM does not allow the action
    └── UnsupportedOperation          the instance cannot do it: one-time Spot, no hibernation

A code without a class of its own is a plain ServiceError: look at its ``code``.
Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

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
# Temporary credentials that have expired. EC2 uses RequestExpired for a wrong clock as well.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#CommonErrors
EXPIRED_CODES: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
# A signature that was made for another time than the service's, among other reasons.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-clock-skew-correction.html
SKEWED_CODES: Final = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)

BY_CODE: Final[dict[str, type[ServiceError]]] = {}
"""The class of each code that has one; filled by the classes themselves."""

_BODY_SHOWN = 512
_REASON_SHOWN = 1024
_TEXT_SHOWN = 4096
_ERRORS_SHOWN = 10
_ENCODED = "Encoded authorization failure message: "


class EC2Error(Exception):
    """Base of all errors that ec2lite raises.

    ``operation`` is the API action (``"StopInstances"``) or None outside of a call, ``attempts``
    how often the request was sent, ``earlier_failures`` how the attempts before the last one
    ended, oldest first.
    """

    operation: str | None = None
    attempts: int = 0
    earlier_failures: tuple[EC2Error, ...] = ()
    # Of an error that ends a call for many instances: the BatchResult so far.
    partial: Any = None

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
        # The last reason may be the message itself.
        others = [f"  {name}: {why}" for name, why in self.failures if why != self.args[0]]
        return "\n".join([self.args[0], *others])


class TransportError(EC2Error):
    """No answer arrived; the HTTP library's exception is the ``__cause__``.

    ``is_timeout`` tells a time limit from other failures. ``maybe_sent`` is False when the request
    certainly did not reach the service, as when no connection could be opened.
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
    """An answer that does not follow the protocol: broken XML, another document, a proxy's page.

    ``status_code`` is the HTTP status, ``body`` the beginning of what arrived (512 bytes at most).
    ``is_broken`` says that the document was cut short or is not well-formed, so a second attempt
    may succeed. ``result`` is None, or what the answer said where it could be read but does not
    belong to the request, as when it names other instances.
    """

    result: object = None

    def __init__(
        self, message: str, *, status_code: int = 0, body: bytes = b"", is_broken: bool = False
    ) -> None:
        super().__init__(_cut(message, _REASON_SHOWN))
        self.status_code = status_code
        self.body: bytes = body[:_BODY_SHOWN]
        self.is_broken = is_broken

    def __str__(self) -> str:
        shown = f", beginning {self.body[:80]!r}" if self.body else ""
        where = f"{self.operation}: " if self.operation else ""
        # A member that is read later, or an element by itself, came under no status.
        came = f" (HTTP status {self.status_code}{shown})" if self.status_code else ""
        return f"{where}{self.args[0]}{came}"

    @property
    def is_throttling(self) -> bool:
        """Whether the status is 429, which needs no body to be understood."""
        return self.status_code == 429

    @property
    def is_retryable(self) -> bool:
        """Whether the status is one of throttling or trouble, or a good answer was broken."""
        # A broken document with a 4xx is the page of a proxy or web server, and will come again.
        is_spoilt = self.is_broken and self.status_code < 300
        return is_spoilt or self.is_throttling or self.status_code in TRANSIENT_STATUSES


class WaiterError(EC2Error):
    """A wait ended before all its instances got there: its time is over, or some cannot.

    ``stuck`` has an ``Instance`` for each id that did not get there, as it was last described, or
    None where it was not; ``reached`` has those that did, as the wait would have returned them. The
    message names up to ten of the stuck ones, each with its state, the reason and for how long; it
    counts the others.
    """

    def __init__(
        self,
        message: str,
        *,
        stuck: Mapping[str, Any] | None = None,
        reached: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        # Instances and their statuses, which this module does not know.
        self.stuck: dict[str, Any] = dict(stuck or {})
        self.reached: dict[str, Any] = dict(reached or {})


class BatchError(EC2Error, ExceptionGroup[EC2Error]):
    """Some of many instances failed; ``exceptions`` has the distinct errors."""


class ServiceError(EC2Error):
    """AWS answered, and refused.

    ``code`` is AWS's code, without a ``Client.`` or ``Server.`` before it, ``message`` its
    sentence, ``request_id`` what AWS's support asks for (None if the answer had none),
    ``status_code`` the HTTP status, ``headers`` the answer's, with lower-case names. ``errors``
    holds each (code, message) of the answer; ``code`` and ``message`` are those of the first.
    ``str()`` shows ten of them, and 4096 characters of each message.

    A subclass names its codes: ``class InstanceNotFound(ServiceError, codes=("…",))``. Answers with
    such a code are raised as that class.
    """

    def __init_subclass__(cls, *, codes: tuple[str, ...] = ()) -> None:
        """Register the class for its codes."""
        taken = [code for code in codes if code in BY_CODE]
        if taken:
            raise TypeError(f"{cls.__name__}: {taken[0]} belongs to {BY_CODE[taken[0]].__name__}")
        BY_CODE.update(dict.fromkeys(codes, cls))

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        request_id: str | None = None,
        status_code: int = 0,
        errors: tuple[tuple[str, str], ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id
        self.status_code = status_code
        self.errors: tuple[tuple[str, str], ...] = errors or ((code, message),)
        self.headers: dict[str, str] = headers or {}

    def __str__(self) -> str:
        details = [self.code]
        if self.request_id:
            details.append(f"request id {self.request_id}")
        if self.attempts > 1:
            details.append(f"{self.attempts} attempts")
        said = f"{self.operation or 'The request'} failed: {_cut(self.message)}"
        others = [f"  also: {_cut(say)} ({code})" for code, say in self.errors[1:_ERRORS_SHOWN]]
        if len(self.errors) > _ERRORS_SHOWN:
            others.append(f"  and {len(self.errors) - _ERRORS_SHOWN} more errors")
        return "\n".join([f"{said} ({', '.join(details)})", *others])

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


class AuthFailure(ServiceError, codes=("AuthFailure",)):
    """The keys or the signature were not accepted."""


class DryRunOperation(ServiceError, codes=("DryRunOperation",)):
    """The request would have succeeded, but ``dry_run`` was set.

    ``Client.dry_run`` returns this outcome instead of raising it.
    """


class IncorrectInstanceState(ServiceError, codes=("IncorrectInstanceState",)):
    """The state of an instance does not allow the action."""


class InstanceIdMalformed(ServiceError, codes=("InvalidInstanceID.Malformed",)):
    """EC2 cannot read an instance id."""


class InstanceNotFound(ServiceError, codes=("InvalidInstanceID.NotFound",)):
    """An instance does not exist, or does not exist yet: EC2 is eventually consistent."""


class InsufficientInstanceCapacity(ServiceError, codes=("InsufficientInstanceCapacity",)):
    """EC2 has no room for the instance in its zone at the moment. Wait, or change its type.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html
    """


class OperationNotPermitted(ServiceError, codes=("OperationNotPermitted",)):
    """The instance forbids the action: stop protection, or a type that does not support a flag."""


class RequestExpired(ServiceError, codes=("RequestExpired",)):
    """The clock is off by more than AWS allows, or temporary credentials have expired."""


class RequestLimitExceeded(ServiceError, codes=("RequestLimitExceeded",)):
    """The account's request rate for this action and Region is used up; ask again later."""


class UnauthorizedOperation(ServiceError, codes=("UnauthorizedOperation",)):
    """IAM does not allow the action.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """

    @property
    def encoded_message(self) -> str | None:
        """The encoded explanation, for STS's DecodeAuthorizationMessage; None if there is none."""
        _, mark, encoded = self.message.partition(_ENCODED)
        return encoded.split()[0] if mark and encoded.strip() else None

    def __str__(self) -> str:
        if self.encoded_message is None:
            return super().__str__()
        return f"{super().__str__()}\n  to read the encoded message: ec2lite explain-denial"


class UnsupportedOperation(
    ServiceError, codes=("UnsupportedOperation", "UnsupportedHibernationConfiguration")
):
    """The instance cannot do it: a one-time Spot request, or hibernation is not configured."""


def _cut(text: str, most: int = _TEXT_SHOWN) -> str:
    """Return a text, cut where it would fill the screen."""
    more = len(text) - most
    return text if more <= 0 else f"{text[:most]}… and {more} more characters"
