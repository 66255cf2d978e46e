"""What became of each instance, and of all of them."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, Final

from attrs import field, frozen

from ec2lite.errors import BY_CODE, BatchError, ConfigError, EC2Error, ServiceError


class OutcomeKind(StrEnum):
    """What became of one instance."""

    ACCEPTED = "accepted"
    ALREADY = "already"
    NOT_FOUND = "not_found"
    MALFORMED = "malformed"
    WRONG_STATE = "wrong_state"
    PROTECTED = "protected"
    NOT_HIBERNATABLE = "not_hibernatable"
    ONE_TIME_SPOT = "one_time_spot"
    INSTANCE_STORE = "instance_store"
    MANAGED = "managed"
    UNAUTHORIZED = "unauthorized"
    NO_CAPACITY = "no_capacity"
    THROTTLED = "throttled"
    NOT_ATTEMPTED = "not_attempted"
    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    FAILED = "failed"


SUCCESSES: Final = frozenset({OutcomeKind.ACCEPTED, OutcomeKind.ALREADY})
# Neither a success, for nothing was done, nor a failure.
DRY: Final = frozenset({OutcomeKind.ALLOWED})
# What is asked again when a result is resumed. The rest is settled.
OPEN: Final = frozenset(
    {
        OutcomeKind.THROTTLED,
        OutcomeKind.NOT_ATTEMPTED,
        OutcomeKind.UNKNOWN,
        OutcomeKind.FAILED,
    }
)


@frozen
class Outcome:
    """What became of one instance.

    The states are the names that EC2 answered with, and None where it named none. ``error`` says
    why, and is None for ``accepted`` and ``already`` alone; that of ``allowed`` is EC2's answer to
    a dry run. ``unknown`` means that a request was sent, and its answer was lost or not waited for.
    ``fallback`` says which fallbacks were taken, and whether stop protection was put back; None if
    there was no need of any.
    """

    instance_id: str
    kind: OutcomeKind
    previous_state: str | None = None
    current_state: str | None = None
    error: EC2Error | None = field(default=None, eq=False)
    fallback: str | None = None


@frozen
class BatchResult:
    """One outcome for each id, in the order of the ids.

    ``work`` says what was asked: action, endpoint, Region, account (None where the credentials do
    not tell) and flags. An empty result that is given as ``resume`` is filled as outcomes become
    known, and stays with the caller, whatever interrupts the call. ``findings`` has what
    ``check=True`` found out beforehand: sentences, by the id.
    """

    outcomes: dict[str, Outcome] = field(factory=dict[str, Outcome])
    work: dict[str, Any] = field(factory=dict[str, Any])
    findings: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])

    @property
    def succeeded(self) -> tuple[Outcome, ...]:
        """The instances that accepted the action, or had no need of it."""
        return tuple(each for each in self.outcomes.values() if each.kind in SUCCESSES)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """All others, except what a dry run found allowed."""
        return tuple(each for each in self.outcomes.values() if each.kind not in SUCCESSES | DRY)

    def raise_for_failures(self) -> None:
        """Raise ``BatchError`` with the distinct errors, if an instance failed."""
        failed = self.failed
        if failed:
            errors = {id(each.error): each.error for each in failed if each.error is not None}
            said = f"{len(failed)} of {len(self.outcomes)} instances failed"
            raise BatchError(said, list(errors.values()))

    def to_json(self) -> str:
        """Return all of it as JSON."""
        outcomes = [_members(each) for each in self.outcomes.values()]
        return json.dumps({"work": self.work, "findings": self.findings, "outcomes": outcomes})

    @classmethod
    def from_json(cls, text: str) -> BatchResult:
        """Return what ``to_json`` wrote; a ``ConfigError`` if it did not.

        An error keeps its message; a refusal of AWS also its code, request id and status.
        """
        try:
            said = json.loads(text)
            work, read = dict(said["work"]), [_outcome(each) for each in said["outcomes"]]
            findings = {each: tuple(texts) for each, texts in said.get("findings", {}).items()}
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ConfigError("text must be what to_json() returned, not something else") from None
        return cls({each.instance_id: each for each in read}, work, findings)


def error_members(error: EC2Error) -> dict[str, Any]:
    """Return what JSON keeps of an error."""
    if not isinstance(error, ServiceError):
        return {"message": str(error)}
    return {
        "message": error.message,
        "code": error.code,
        "request_id": error.request_id,
        "status_code": error.status_code,
    }


def error_from(members: dict[str, Any]) -> EC2Error:
    """Return the error that JSON kept."""
    code = members.get("code")
    if code is None:
        return EC2Error(members["message"])
    return BY_CODE.get(code, ServiceError)(**members)


def _members(outcome: Outcome) -> dict[str, Any]:
    return {
        "instance_id": outcome.instance_id,
        "kind": outcome.kind.value,
        "previous_state": outcome.previous_state,
        "current_state": outcome.current_state,
        "error": None if outcome.error is None else error_members(outcome.error),
        "fallback": outcome.fallback,
    }


def _outcome(members: dict[str, Any]) -> Outcome:
    said = members["error"]
    return Outcome(
        instance_id=members["instance_id"],
        kind=OutcomeKind(members["kind"]),
        previous_state=members["previous_state"],
        current_state=members["current_state"],
        error=None if said is None else error_from(said),
        fallback=members.get("fallback"),
    )
