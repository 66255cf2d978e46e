"""What a call tells while it runs: the events, in order, and the lines in the log."""

from __future__ import annotations

import contextlib
import logging
import uuid
from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen

from ec2lite.engine.call import call
from ec2lite.engine.flow import Answer
from ec2lite.errors import EC2Error, RequestLimitExceeded, ResponseError, TransportError
from ec2lite.events import (
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    ClockCorrected,
    RetryDecided,
)
from ec2lite.operations.stop_instances import StopInstances
from samples import (
    NOW,
    SECRET,
    TEMPORARY,
    TOKEN,
    Clock,
    Script,
    context,
    http_date,
    refusal,
    success,
)

STOP = StopInstances("i-1234567890abcdef0")
REQUEST_ID = "59dbff89-35bd-4eac-99ed-be587EXAMPLE"
REFUSED_ID = "ea966190-f9aa-478e-9ede-EXAMPLE"


def told(*outcomes: Any, **options: Any) -> tuple[list[Any], Script]:
    """Return the events of a call that has these outcomes."""
    events: list[Any] = []
    clock = Clock()
    script = Script(*outcomes, clock=clock)
    script.keys = TEMPORARY
    flow = call(STOP, context(clock, on_event=events.append, **options))
    with contextlib.suppress(EC2Error):
        script.run(flow)
    return events, script


def test_a_call_that_works():
    """It starts, its one attempt starts and ends, it ends; the id is the one that AWS gets."""
    events, script = told((0.25, success()))
    call_id = script.requests[0].headers["amz-sdk-invocation-id"]

    assert 4 == uuid.UUID(call_id).version
    assert [
        CallStarted(call_id, "StopInstances", "eu-west-1", "ec2"),
        AttemptStarted(call_id, 1),
        AttemptEnded(call_id, 1, 200, None, REQUEST_ID, 0.25, None),
        CallEnded(call_id, "StopInstances", 1, 0.25, None),
    ] == events


def test_attempts_that_fail():
    """Each attempt says how it ended, and each retry why and when it follows."""
    broken, spoilt = TransportError("broken"), Answer(200, {}, b"<Stop")
    events, script = told(
        (0.5, refusal("RequestLimitExceeded", 503)),
        (0.5, broken),
        (0.5, spoilt),
        (0.5, refusal("InternalError", 500)),
        (0.5, success()),
        max_attempts=5,
    )
    call_id, pauses = events[0].call_id, script.sleeps
    throttled, none, bad, internal = [events[index].error for index in (2, 5, 8, 11)]

    assert [RequestLimitExceeded, TransportError, ResponseError] == [
        type(each) for each in (throttled, none, bad)
    ]
    assert none is broken
    assert [
        CallStarted(call_id, "StopInstances", "eu-west-1"),
        AttemptStarted(call_id, 1),
        AttemptEnded(call_id, 1, 503, "RequestLimitExceeded", REFUSED_ID, 0.5, throttled),
        RetryDecided(call_id, 1, pauses[0], "throttling"),
        AttemptStarted(call_id, 2),
        AttemptEnded(call_id, 2, None, None, None, 0.5, broken),
        RetryDecided(call_id, 2, pauses[1], "no answer"),
        AttemptStarted(call_id, 3),
        AttemptEnded(call_id, 3, 200, None, None, 0.5, bad),
        RetryDecided(call_id, 3, pauses[2], "bad answer"),
        AttemptStarted(call_id, 4),
        AttemptEnded(call_id, 4, 500, "InternalError", REFUSED_ID, 0.5, internal),
        RetryDecided(call_id, 4, pauses[3], "transient error"),
        AttemptStarted(call_id, 5),
        AttemptEnded(call_id, 5, 200, None, REQUEST_ID, 0.5, None),
        CallEnded(call_id, "StopInstances", 5, script.clock.seconds - 1000.0, None),
    ] == events


def test_the_last_attempt():
    """After the last attempt no retry is told of, and the call ends with its error."""
    events, _ = told(refusal("RequestLimitExceeded", 503), max_attempts=1)

    assert ["CallStarted", "AttemptStarted", "AttemptEnded", "CallEnded"] == [
        type(each).__name__ for each in events
    ]
    assert events[2].error is events[3].error
    assert 1 == events[3].attempts


def test_no_request_at_all():
    """A call that ends before its first request has no attempt."""
    missing = TransportError("no credentials in time", maybe_sent=False)
    events: list[Any] = []
    flow = call(STOP, context(Clock(), on_event=events.append))
    next(flow)
    with pytest.raises(TransportError):
        flow.throw(missing)

    assert [CallStarted, CallEnded] == [type(each) for each in events]
    assert (0, missing) == (events[1].attempts, events[1].error)


def test_a_cancelled_call():
    """A call that is cut off in the middle of an attempt ends both."""
    events: list[Any] = []
    flow = call(STOP, context(Clock(), on_event=events.append))
    next(flow)
    flow.send(TEMPORARY)
    flow.close()

    assert [CallStarted, AttemptStarted, AttemptEnded, CallEnded] == [type(each) for each in events]
    assert isinstance(events[2].error, GeneratorExit)
    assert isinstance(events[3].error, GeneratorExit)
    assert None is events[2].status_code


def test_a_corrected_clock():
    """A corrected clock is told of, and is the reason of the retry."""
    date = {"date": http_date(NOW + timedelta(hours=1))}
    events, _ = told(refusal("RequestExpired", headers=date), success())

    call_id = events[0].call_id
    assert [ClockCorrected(call_id, 3600.0), RetryDecided(call_id, 1, 0.0, "clock")] == events[3:5]


def test_expired_credentials():
    """Credentials that AWS refuses are the reason of the retry."""
    events, _ = told(refusal("ExpiredToken"), success())

    assert RetryDecided(events[0].call_id, 1, 0.0, "credentials") == events[3]


@frozen
class Odd(StopInstances):
    """Somebody's operation, whose result has no metadata."""

    def parse(self, root: Any, metadata: Any) -> Any:
        return "done"

    def answered_ids(self, result: Any) -> tuple[str, ...]:
        return ()


def test_a_result_of_any_kind():
    """An operation's result needs no metadata."""
    events: list[Any] = []
    script = Script(success())
    assert "done" == script.run(call(Odd("i-1234567890abcdef0"), context(on_event=events.append)))
    assert (200, None) == (events[2].status_code, events[2].request_id)


def test_a_listener_that_fails(caplog: pytest.LogCaptureFixture):
    """What the listener raises is logged, and does the call no harm."""

    def fail(event: object) -> None:
        raise ValueError("no")

    result = Script(success()).run(call(STOP, context(on_event=fail)))

    assert "i-1234567890abcdef0" == result.stopping_instances[0].instance_id
    assert 4 == len(caplog.records)
    assert "on_event failed for CallStarted" == caplog.records[0].getMessage()
    assert {"ec2lite"} == {each.name for each in caplog.records}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (
            logging.DEBUG,
            [
                (
                    "DEBUG",
                    "StopInstances attempt 1: 503 (RequestLimitExceeded) in 0.500 s, "
                    f"request id {REFUSED_ID}",
                ),
                (
                    "INFO",
                    "StopInstances attempt 1 failed (throttling: RequestLimitExceeded); "
                    "the next one follows in 0.500 s",
                ),
                (
                    "DEBUG",
                    "StopInstances attempt 2: no answer (TransportError) in 0.000 s, "
                    "request id None",
                ),
                (
                    "INFO",
                    "StopInstances attempt 2 failed (no answer: TransportError); "
                    "the next one follows in 0.050 s",
                ),
                ("DEBUG", f"StopInstances attempt 3: 200 in 0.250 s, request id {REQUEST_ID}"),
            ],
        ),
        (
            logging.INFO,
            [
                (
                    "INFO",
                    "StopInstances attempt 1 failed (throttling: RequestLimitExceeded); "
                    "the next one follows in 0.500 s",
                ),
                (
                    "INFO",
                    "StopInstances attempt 2 failed (no answer: TransportError); "
                    "the next one follows in 0.050 s",
                ),
            ],
        ),
        (logging.WARNING, []),
    ],
)
def test_log(level: int, expected: list[tuple[str, str]], caplog: pytest.LogCaptureFixture):
    """At DEBUG there is a line an attempt, at INFO one a retry, and no secret in any."""
    script = Script(
        (0.5, refusal("RequestLimitExceeded", 503)),
        TransportError("broken"),
        (0.25, success()),
        clock=(clock := Clock()),
    )
    script.keys = TEMPORARY
    with caplog.at_level(level, "ec2lite"):
        script.run(call(STOP, context(clock, dice=0.5)))

    lines = [(each.levelname, each.getMessage()) for each in caplog.records]
    assert {"ec2lite"} >= {each.name for each in caplog.records}
    assert expected == lines
    assert not any(secret in line for _, line in lines for secret in (SECRET, TOKEN))
