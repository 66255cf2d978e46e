"""The time as SigV4 writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(now: datetime) -> str:
    """Return the basic ISO 8601 form that SigV4 signs, ``20150830T123600Z``, in UTC.

    A datetime without a time zone is taken as UTC, as botocore's own are.
    """
    return (now.astimezone(UTC) if now.tzinfo else now).strftime("%Y%m%dT%H%M%SZ")
