"""What a refusal says: which ids it is about, and why. Nothing here waits or sends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ec2lite.bulk.outcome import OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ec2lite.errors import ServiceError

# EC2 has no room for a type in a zone, or on a host. Under HTTP status 500, and no id is named.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
CAPACITY_CODES: Final = frozenset(
    {
        "InsufficientCapacity",
        "InsufficientCapacityOnHost",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
    }
)
# Codes that concern instances, so that the others of a batch may do without the refused ones.
KINDS: Final[dict[str, OutcomeKind]] = {
    "InvalidInstanceID.NotFound": OutcomeKind.NOT_FOUND,
    "InvalidInstanceID.Malformed": OutcomeKind.MALFORMED,
    "IncorrectInstanceState": OutcomeKind.WRONG_STATE,
    "UnsupportedHibernationConfiguration": OutcomeKind.NOT_HIBERNATABLE,
    "OperationNotPermitted": OutcomeKind.FAILED,
    "UnsupportedOperation": OutcomeKind.FAILED,
    **dict.fromkeys(CAPACITY_CODES, OutcomeKind.NO_CAPACITY),
}
# Where one code has several meanings, words of the message tell them apart.
WORDS: Final[dict[str, tuple[tuple[str, OutcomeKind], ...]]] = {
    "OperationNotPermitted": (
        ("disableApi", OutcomeKind.PROTECTED),
        ("managed by", OutcomeKind.MANAGED),
    ),
    "UnsupportedOperation": (
        ("one-time", OutcomeKind.ONE_TIME_SPOT),
        ("root device", OutcomeKind.INSTANCE_STORE),
        ("hibernat", OutcomeKind.NOT_HIBERNATABLE),
    ),
}


def kind_of(error: ServiceError) -> OutcomeKind:
    """Return the outcome of an instance that was refused so."""
    if error.is_throttling:
        return OutcomeKind.THROTTLED
    if error.code == "UnauthorizedOperation":
        return OutcomeKind.UNAUTHORIZED
    for words, kind in WORDS.get(error.code, ()):
        if words in error.message:
            return kind
    return KINDS.get(error.code, OutcomeKind.FAILED)


def named(error: ServiceError, batch: Sequence[str]) -> list[str]:
    """Return those ids of a batch that the message of a per-instance code names.

    Messages quote other words too, so only what looks like an id is one, except where the message
    is about an id that looks like none.
    """
    if error.code not in KINDS:
        return []
    found = set(re.findall(r"(?<![\w-])i-\w+(?![\w-])", error.message))
    if error.code == "InvalidInstanceID.Malformed":
        found = set(re.findall('"([^"]+)"', error.message))
    return [each for each in batch if each in found]
