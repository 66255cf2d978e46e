"""What EC2 refuses a request with: codes, HTTP statuses, and the texts that name the culprits.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

STATUSES: Final = {
    "AuthFailure": 401,
    "UnauthorizedOperation": 403,
    "AccessDenied": 403,
    "InvalidClientTokenId": 403,
    "SignatureDoesNotMatch": 403,
    "ExpiredToken": 403,
    "DryRunOperation": 412,
    "InsufficientInstanceCapacity": 500,
    "InternalError": 500,
    "InternalFailure": 500,
    "RequestLimitExceeded": 503,
    "ServiceUnavailable": 503,
    "Unavailable": 503,
}
MESSAGES: Final = {
    "AuthFailure": "AWS was not able to validate the provided access credentials",
    "DryRunOperation": "Request would have succeeded, but DryRun flag is set.",
    "InsufficientInstanceCapacity": (
        "We currently do not have sufficient capacity in the Availability Zone you requested."
    ),
    "InternalError": "An internal error has occurred",
    "RequestExpired": "Request has expired.",
    "RequestLimitExceeded": "Request limit exceeded.",
    "UnauthorizedOperation": (
        "You are not authorized to perform this operation. Encoded authorization failure message: "
    ),
}


class Refusal(Exception):  # noqa: N818 - it is no error of the fake's
    """An error document: its code, its message, and its HTTP status."""

    def __init__(self, code: str, message: str | None = None, status: int | None = None) -> None:
        self.code: str = code
        self.message: str = MESSAGES.get(code, f"{code}.") if message is None else message
        self.status: int = STATUSES.get(code, 400) if status is None else status
        super().__init__(f"{self.code}: {self.message}")


def not_found(ids: Sequence[str]) -> Refusal:
    """Return the refusal for ids that EC2 does not know: it names all of them."""
    shown = ", ".join(ids)
    text = f"IDs '{shown}' do" if len(ids) > 1 else f"ID '{shown}' does"
    return Refusal("InvalidInstanceID.NotFound", f"The instance {text} not exist")


def malformed(instance_id: str) -> Refusal:
    """Return the refusal for an id that cannot be one."""
    return Refusal("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')


def wrong_state(instance_id: str, changed: str) -> Refusal:
    """Return the refusal for a change that the state does not allow; ``changed`` as in stopped."""
    return Refusal(
        "IncorrectInstanceState",
        f"The instance '{instance_id}' is not in a state from which it can be {changed}",
    )


def never_ran(instance_id: str) -> Refusal:
    """Return the refusal to stop what has only just been launched."""
    return Refusal(
        "IncorrectInstanceState",
        f"Instance '{instance_id}' cannot be stopped as it has never reached the 'running' state",
    )


def protected(instance_id: str, changed: str, attribute: str) -> Refusal:
    """Return the refusal that an attribute of the instance causes."""
    return Refusal(
        "OperationNotPermitted",
        f"The instance '{instance_id}' may not be {changed}. Modify its '{attribute}' instance "
        "attribute and try again.",
    )


def not_hibernatable(instance_id: str) -> Refusal:
    """Return the refusal to hibernate what was not launched for that."""
    return Refusal(
        "UnsupportedHibernationConfiguration",
        "The instance can't be hibernated because it was not configured at launch for "
        f"hibernation: {instance_id}",
    )


def one_time_spot(instance_id: str) -> Refusal:
    """Return the refusal to stop a Spot Instance that nobody would start again."""
    return Refusal(
        "UnsupportedOperation",
        f"You can't stop the Spot Instance '{instance_id}' because it is associated with a "
        "one-time Spot Instance request.",
    )


def instance_store(instance_id: str) -> Refusal:
    """Return the refusal to stop what has no EBS volume to come back from."""
    return Refusal(
        "UnsupportedOperation",
        f"The instance '{instance_id}' does not have an 'ebs' root device type and cannot be "
        "stopped.",
    )


def managed(instance_id: str, changed: str) -> Refusal:
    """Return the refusal for what belongs to an AWS service; an assumption, AWS has no text."""
    return Refusal(
        "OperationNotPermitted",
        f"The instance '{instance_id}' is managed by an AWS service and may not be {changed} by "
        "its owner.",
    )


def xen() -> Refusal:
    """Return the refusal to skip the operating system's shutdown. It names no id."""
    return Refusal("OperationNotPermitted", "SkipOsShutdown is not supported on Xen instance types")
