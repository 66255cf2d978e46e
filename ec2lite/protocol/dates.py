"""Times in AWS's answers."""

from __future__ import annotations

from datetime import UTC, datetime


def read_time(text: str) -> datetime | None:
    """Return the time that an ISO 8601 text names; None if it names none. Without a zone it is UTC.

    None rather than an error, for the standard library's quotes the text, and secrets stray.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
