"""One call: sign, send, read, and again if that may help.

The flow here is its only text; ``run`` and ``arun`` make it sync and async. ``Attempts`` decides.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, TypeVar

from ec2lite.engine.attempts import Attempts
from ec2lite.engine.flow import Answer, Blocking, Flow, Sleep
from ec2lite.errors import EC2Error, ResponseError
from ec2lite.protocol.operation import Operation, strays

if TYPE_CHECKING:
    from ec2lite.engine.context import Context
    from ec2lite.models import Credentials

R = TypeVar("R")

# Reading more than that takes milliseconds, in which an event loop would do nothing else.
LARGE: Final = 256 * 1024
LARGE_COMPRESSED: Final = 4 * 1024  # up to a thousand times as many bytes
_IDS_SHOWN: Final = 5


def call(operation: Operation[R], context: Context, *, deadline: float | None = None) -> Flow[R]:
    """Return the operation's result, after as many attempts as it takes and policy allows.

    The call ends at ``deadline``, a ``time.monotonic()`` value, where that is sooner than the
    context's own time limit.
    """
    attempts = Attempts(operation, context, deadline)
    credentials: Credentials | None = None
    try:
        while True:
            try:
                yield from _wait_for_turn(attempts, context)
                if operation.signed:
                    credentials = context.credentials or (yield attempts.wanted_credentials)
                answer: Answer = yield attempts.request(credentials)
                result: R
                if is_large(answer):
                    result = yield Blocking(functools.partial(attempts.read, answer))
                    attempts.check_read_in_time()
                else:
                    result = attempts.read(answer)
                if others := strays(operation, result):
                    answer.discard()
                    raise _answer_of_another(others, answer, result)
                attempts.succeeded(result)
            except EC2Error as error:
                delay = attempts.recover(error)
                if delay > 0:
                    yield Sleep(delay)
            else:
                return result
    except BaseException as error:
        attempts.failed(error)
        raise
    finally:
        attempts.give_back()


def _wait_for_turn(attempts: Attempts, context: Context) -> Flow[None]:
    """Wait until the retry policy and the client's pacing let one more request go."""
    pause = attempts.reserve()
    if pause > 0:
        yield Sleep(pause)
    if context.pacer is None or not attempts.operation.signed:
        return
    whose = context.credentials or (yield attempts.wanted_credentials)
    pause = attempts.take_tokens(context.pacer, whose)
    if pause > 0:
        yield Sleep(pause)


def is_large(answer: Answer) -> bool:
    """Whether reading an answer takes so long that an event loop should not wait for it."""
    is_compressed = "content-encoding" in answer.headers
    return len(answer.body) > (LARGE_COMPRESSED if is_compressed else LARGE)


def _answer_of_another(others: list[str], answer: Answer, result: object) -> ResponseError:
    more = f" and {len(others) - _IDS_SHOWN} more" if len(others) > _IDS_SHOWN else ""
    shown = ", ".join(repr(each[:40]) for each in others[:_IDS_SHOWN])
    error = ResponseError(
        f"the answer names instances that were not asked for: {shown}{more}",
        status_code=answer.status_code,
        body=answer.body,
    )
    error.result = result
    return error
