"""When to renew credentials: decisions only, without a lock or a clock.

They are renewed before they end, so that no request is signed with keys that end on the way. In the
first window (15 to 10 minutes before the end) one caller tries, and the others keep using the old
ones; a failure is only logged. In the second window everybody waits for the new ones. The windows
are botocore's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from ec2lite.credentials.provider import Found

if TYPE_CHECKING:
    from ec2lite.models import Credentials

ADVISORY: Final = timedelta(minutes=15)
MANDATORY: Final = timedelta(minutes=10)
BACK_OFF: Final = timedelta(seconds=60)


class Renewal(Enum):
    """What to do when somebody asks for credentials."""

    KEEP = "give what is held"
    TRY = "renew if nobody else does; give what is held if that fails"
    MUST = "renew, or wait for who does; fail if that fails"


@frozen
class Held:
    """Credentials, and until when they are used without a renewal.

    ``keep_until`` and ``must_from`` are None for credentials that do not end. Before
    ``spared_until`` a rejection does not renew them, because that just gave the same ones.
    """

    found: Found
    keep_until: datetime | None = None
    must_from: datetime | None = None
    spared_until: datetime | None = None


def plan(held: Held | None, now: datetime, rejected: Credentials | None = None) -> Renewal:
    """Decide what to do with what is held at that time."""
    if held is None or _is_refused(held, now, rejected):
        return Renewal.MUST
    if held.keep_until is None or held.must_from is None or now < held.keep_until:
        return Renewal.KEEP
    return Renewal.TRY if now < held.must_from else Renewal.MUST


def _is_refused(held: Held, now: datetime, rejected: Credentials | None) -> bool:
    if rejected is None or not _same(held.found.credentials, rejected):
        return False
    return held.spared_until is None or now >= held.spared_until


def _same(one: Credentials, other: Credentials) -> bool:
    """Whether the keys are the same; a later end does not make them better."""
    return (one.access_key_id, one.secret_access_key, one.session_token) == (
        other.access_key_id,
        other.secret_access_key,
        other.session_token,
    )


def is_over(held: Held, now: datetime) -> bool:
    """Whether the credentials have ended."""
    end = held.found.credentials.expiration
    return end is not None and now >= end


def renewed(found: Found, now: datetime, before: Held | None = None) -> Held:
    """Return what is held after a renewal.

    Keys that live for 15 minutes (``aws login``) would be in a window all their life. Their windows
    are the last half and the last quarter of it.
    """
    same = before is not None and _same(before.found.credentials, found.credentials)
    spared = now + BACK_OFF if same else None
    end = found.credentials.expiration
    if end is None:
        return Held(found, spared_until=spared)
    life = end - now
    keep_until = end - min(ADVISORY, life / 2)
    return Held(found, keep_until, end - min(MANDATORY, life / 4), spared)


def kept(held: Held, now: datetime) -> Held:
    """Return what is held after an early renewal failed: the next attempt is in a minute."""
    if held.must_from is None:
        return held
    return evolve(held, keep_until=min(now + BACK_OFF, held.must_from))
