"""Requests to services that give credentials: a few attempts, and errors that quote nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from ec2lite.engine.flow import Answer, Sleep
from ec2lite.errors import CredentialsError, ResponseError, TransportError
from ec2lite.protocol.content import inflate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from ec2lite.credentials.provider import Ask
    from ec2lite.engine.flow import Flow

_PRESENT = 3
# Seconds, as for calls to EC2: see ``Timeout``.
_LIMITS = {"connect": 3.1, "read": 60.0, "write": 60.0, "pool": 60.0}
_LONGEST = 1024 * 1024


@frozen
class Patience:
    """How often to ask, and how long to pause in between.

    ``attempts`` is for a host that cannot be reached, ``present`` for one that is there and fails:
    HTTP 429 and 5xx, a spoilt answer, or none. ``pause`` is in seconds, and doubles.
    """

    attempts: int = _PRESENT
    present: int = _PRESENT
    pause: float = 0.1


def _is_never(answer: Answer) -> bool:
    del answer
    return False


def send(
    ask: Ask,
    build: Callable[[], httpx.Request],
    what: str,
    patience: Patience,
    is_spoilt: Callable[[Answer], bool] = _is_never,
) -> Flow[Answer]:
    """Return the answer, whatever its status; raise ``UnreachableError`` if there is none.

    ``is_spoilt`` tells which answers with HTTP 200 make no sense and are worth another attempt. No
    request and no pause lasts beyond the deadline in ``ask``.
    """
    attempt = 1
    while True:
        request = build()
        _limit(request, ask, what)
        outcome = yield from _try(request, what)
        most = patience.present if _is_present(outcome) else patience.attempts
        pause = patience.pause * 2 ** (attempt - 1)
        has_time = pause < ask.seconds_left(float("inf"))
        if attempt >= most or not has_time or not _is_trouble(outcome, is_spoilt):
            break
        yield Sleep(pause)
        attempt += 1
    return _answer(outcome, what)


def _limit(request: httpx.Request, ask: Ask, what: str) -> None:
    """Limit a request to the time that it may take and that the caller waits."""
    left = ask.seconds_left(float("inf"))
    if left <= 0:
        late = UnreachableError(f"{what} was not asked: the time limit has passed.")
        late.timed_out = True
        raise late
    limits = request.extensions.get("timeout", _LIMITS)
    request.extensions["timeout"] = {name: min(limit, left) for name, limit in limits.items()}
    request.extensions["deadline"] = ask.deadline


class UnreachableError(CredentialsError):
    """No answer came. ``timed_out`` says that a host was reached, but silent."""

    timed_out = False


def direct(method: str, url: str, headers: Mapping[str, str], *, timeout: float) -> httpx.Request:
    """Return a request to a link-local address: without a proxy, and with short limits."""
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
    """Return the error to raise; it quotes nothing that was received."""
    if not _is_present(error):
        return UnreachableError(f"{what} cannot be reached: {error}")
    reason = "did not answer in time" if error.is_timeout else "broke the connection off"
    unreachable = UnreachableError(f"{what} {reason}.")
    unreachable.timed_out = error.is_timeout
    return unreachable


def _is_present(outcome: Answer | TransportError) -> bool:
    if isinstance(outcome, Answer):
        return True
    # `maybe_sent` does not believe the errors of foreign transports, which may be misnamed. Here
    # it does no harm to believe them: at worst a host is given up too early.
    unreached = type(outcome.__cause__).__name__ in {"ConnectError", "ConnectTimeout"}
    return outcome.maybe_sent and not unreached


def _is_trouble(outcome: Answer | TransportError, is_spoilt: Callable[[Answer], bool]) -> bool:
    if isinstance(outcome, TransportError):
        return True
    status = outcome.status_code
    return status == 429 or status >= 500 or (status == 200 and is_spoilt(outcome))
