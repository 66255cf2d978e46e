"""The end of a caller's patience: a ``time.monotonic()`` value, or None for no end."""

from __future__ import annotations

import time

from ec2lite.errors import CredentialsError, TransportError


def seconds_left(deadline: float | None) -> float:
    """Return the seconds until a deadline, 0 after it."""
    return float("inf") if deadline is None else max(0.0, deadline - time.monotonic())


def out_of_time(error: Exception | None = None) -> TransportError:
    """Return the error of a caller whose time limit passed before there were credentials.

    ``error`` is what the attempt to find some ended in: it names who was asked last.
    """
    message = "the time limit passed before there were credentials"
    if isinstance(error, CredentialsError) and error.failures:
        message += f" ({': '.join(error.failures[-1])})"
    elif error is not None:
        message += f" ({error})"
    return TransportError(message, is_timeout=True, maybe_sent=False)
