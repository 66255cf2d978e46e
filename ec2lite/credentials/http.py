"""Requests to what hands out credentials: a few attempts, and errors that quote nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from ec2lite.engine.flow import Answer, Sleep
from ec2lite.errors import CredentialsError, ResponseError, TransportError
from ec2lite.protocol.content import inflate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from ec2lite.engine.flow import Flow

_PRESENT = 3
_LONGEST = 1024 * 1024


@frozen
class Patience:
    """How often to ask, and how long to wait in between.

    ``attempts`` are made where nobody answers, ``present`` where somebody is there but has
    trouble: HTTP 429 and 5xx, or an answer that does not come. ``pause`` is in seconds; it doubles.
    """

    attempts: int = _PRESENT
    present: int = _PRESENT
    pause: float = 0.1


def send(build: Callable[[], httpx.Request], what: str, patience: Patience) -> Flow[Answer]:
    """Return the answer, whatever its status; raise ``UnreachableError`` where there is none."""
    attempt = 1
    while True:
        outcome = yield from _try(build(), what)
        limit = patience.present if _is_present(outcome) else patience.attempts
        if not _is_trouble(outcome) or attempt >= limit:
            break
        yield Sleep(patience.pause * 2 ** (attempt - 1))
        attempt += 1
    return _answer(outcome, what)


class UnreachableError(CredentialsError):
    """No answer came. ``timed_out`` says that somebody was there, but silent."""

    timed_out = False


def direct(method: str, url: str, headers: Mapping[str, str], *, timeout: float) -> httpx.Request:
    """Return a request to an address of this machine: through no proxy, and not patient."""
    import httpx

    limits = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
    extensions = {"direct": True, "timeout": limits}
    return httpx.Request(method, url, headers=headers, extensions=extensions)


def _try(request: httpx.Request, what: str) -> Flow[Answer | TransportError]:
    try:
        answer = cast("Answer", (yield request))
        encoding = answer.headers.get("content-encoding", "")
        return evolve(answer, body=inflate(answer.body, encoding, _LONGEST))
    except TransportError as error:
        return error
    except ResponseError as error:
        reason = error.args[0]
    # Raised out here, as the error above holds the beginning of what was received.
    raise CredentialsError(f"{what}: {reason}.")


def _answer(outcome: Answer | TransportError, what: str) -> Answer:
    if isinstance(outcome, TransportError):
        raise _unreachable(what, outcome) from None
    return outcome


def _unreachable(what: str, error: TransportError) -> UnreachableError:
    """Return the error to raise, which quotes nothing that was received."""
    if not error.maybe_sent:
        return UnreachableError(f"{what} cannot be reached: {error}")
    reason = "did not answer in time" if error.is_timeout else "broke the connection off"
    unreachable = UnreachableError(f"{what} {reason}.")
    unreachable.timed_out = error.is_timeout
    return unreachable


def _is_present(outcome: Answer | TransportError) -> bool:
    return isinstance(outcome, Answer) or outcome.maybe_sent


def _is_trouble(outcome: Answer | TransportError) -> bool:
    if isinstance(outcome, TransportError):
        return True
    return outcome.status_code == 429 or outcome.status_code >= 500
