"""What a call tells while it is under way, to the callable that is passed as ``on_event=``.

A call is CallStarted, then for each attempt AttemptStarted and AttemptEnded, between two attempts
RetryDecided, and at its end CallEnded. Each that starts also ends, whatever happens. ``call_id`` is
the same for all events of a call, and is sent to AWS as ``amz-sdk-invocation-id``.
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen


@frozen
class CallStarted:
    """A call begins: an action in a Region, of a service (``"ec2"``, ``"sts"``)."""

    call_id: str
    action: str
    region: str
    service: str = "ec2"


@frozen
class AttemptStarted:
    """A request is about to be sent: the call's first (``attempt`` is 1) or a repetition."""

    call_id: str
    attempt: int


@frozen
class AttemptEnded:
    """A request was answered, or was not.

    ``status_code`` is None where no answer came. ``code`` is AWS's code where AWS refused,
    ``request_id`` AWS's name for the request. ``error`` is None for a good answer, an ``EC2Error``,
    or what interrupted the call: GeneratorExit stands for a cancellation.
    """

    call_id: str
    attempt: int
    status_code: int | None
    code: str | None
    request_id: str | None
    seconds: float
    error: BaseException | None


@frozen
class RetryDecided:
    """Another attempt follows the one of that number, after ``delay`` seconds.

    ``reason`` is ``"throttling"``, ``"clock"`` (it was wrong, and is corrected), ``"credentials"``
    (they expired, and are renewed), ``"no answer"``, ``"transient error"`` (AWS says so, by code or
    status) or ``"bad answer"`` (it could not be read).
    """

    call_id: str
    attempt: int
    delay: float
    reason: str


@frozen
class ClockCorrected:
    """From now on requests are signed for this machine's time plus ``offset`` seconds."""

    call_id: str
    offset: float


@frozen
class CredentialsRenewed:
    """The credentials chain gave others than before; ``provider`` says which provider did."""

    provider: str


@frozen
class CallEnded:
    """A call has ended, after ``attempts`` requests. ``error`` is as in ``AttemptEnded``."""

    call_id: str
    action: str
    attempts: int
    seconds: float
    error: BaseException | None


Event: TypeAlias = (
    CallStarted
    | AttemptStarted
    | AttemptEnded
    | RetryDecided
    | ClockCorrected
    | CredentialsRenewed
    | CallEnded
)
