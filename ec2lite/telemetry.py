"""What calls tell: the events that ``on_event=`` gets."""

from __future__ import annotations

from ec2lite.events import (
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    ClockCorrected,
    CredentialsRenewed,
    Event,
    RetryDecided,
)

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "CallEnded",
    "CallStarted",
    "ClockCorrected",
    "CredentialsRenewed",
    "Event",
    "RetryDecided",
]
