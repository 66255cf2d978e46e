"""The same retries as botocore's standard mode."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import botocore.exceptions
from attrs import frozen
from botocore.httpsession import HTTPClientError
from botocore.retries import quota, standard
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.engine.call import call
from ec2lite.engine.flow import Answer
from ec2lite.engine.retry import StandardRetrier
from ec2lite.errors import EC2Error, TransportError
from ec2lite.models import ResponseMetadata
from ec2lite.protocol.operation import Operation
from samples import Script, context, fault


@frozen
class Ping(Operation[ResponseMetadata]):
    """An operation with nothing in it."""

    action = "Ping"

    def form_pairs(self):
        return []

    def parse(self, root, metadata):
        return metadata


@frozen
class Happening:
    """What one attempt ends in: a status with an error's code, or None for no answer."""

    status: int | None
    code: str | None = None
    retry_after: str | None = None


CODES = st.sampled_from(
    [
        "RequestLimitExceeded",
        "Throttling",
        "PriorRequestNotComplete",
        "RequestTimeout",
        "RequestTimeoutException",
        "InternalError",
        "UnauthorizedOperation",
        "InvalidInstanceID.NotFound",
    ]
)
STATUSES = st.sampled_from([400, 403, 408, 429, 500, 501, 502, 503, 504, 505])
HEADERS = st.one_of(
    st.none(),
    st.integers(-10, 40_000).map(str),
    st.sampled_from(["", " 7000 ", "+7000", "7_000", "7e3", "7.5", "x", "9" * 25, "9" * 400]),
)
HAPPENINGS = st.one_of(
    st.builds(Happening, STATUSES, CODES, HEADERS),
    st.builds(Happening, st.just(200), st.none(), HEADERS),
    st.just(Happening(None)),
)
# A call is a list of what its attempts would end in; those after its end are not used.
DICE = st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=4)
CALLS = st.lists(st.lists(HAPPENINGS, min_size=5, max_size=5), min_size=1, max_size=6)


OPERATION = SimpleNamespace(
    name="Ping", error_shapes=[], service_model=SimpleNamespace(service_name="ec2")
)


class Botocore:
    """botocore's standard mode as its client and endpoint use it."""

    def __init__(self, max_attempts, capacity, dice):
        adapter = standard.RetryEventAdapter()
        detector = standard.ThrottlingErrorDetector(adapter)
        self.quota = quota.RetryQuota(capacity)
        self.checker = standard.RetryQuotaChecker(self.quota, detector)
        policy = standard.RetryPolicy(
            standard.StandardRetryConditions(max_attempts=max_attempts),
            standard.ExponentialBackoff(
                random=dice, service_name="ec2", throttling_detector=detector
            ),
        )
        self.handler = standard.RetryHandler(policy, adapter, self.checker, "ec2")

    def call(self, happenings):
        """Return the delays of one call, and how many attempts it took."""
        request_context = {"retries": {}}
        delays = []
        for attempt, happening in enumerate(happenings, 1):
            response, caught = self.outcome(happening)
            delay = self.handler.needs_retry(
                response=response,
                attempts=attempt,
                operation=OPERATION,
                caught_exception=caught,
                request_dict={"context": request_context},
            )
            if delay is None:
                if response is not None:
                    self.checker.release_retry_quota(request_context, response[0])
                return delays, attempt
            delays.append(delay)
        raise AssertionError("the call has no end")

    def outcome(self, happening):
        """Return what botocore's endpoint would hand to its retry handler."""
        if happening.status is None:
            return None, HTTPClientError(error=botocore.exceptions.ClientError)
        headers = {}
        if happening.retry_after is not None:
            headers["x-amz-retry-after"] = happening.retry_after
        http = SimpleNamespace(status_code=happening.status, headers=headers)
        parsed = {} if happening.code is None else {"Error": {"Code": happening.code}}
        return (http, parsed), None


def answer(happening):
    """Return what our flow is sent for the same thing."""
    if happening.status is None:
        return TransportError("no answer")
    body = b"<PingResponse/>" if happening.code is None else fault((happening.code, "m"))
    header = happening.retry_after
    headers = {} if header is None else {"x-amz-retry-after": header}
    return Answer(happening.status, headers, body)


@given(CALLS, st.integers(1, 5), st.sampled_from([0, 13, 30, 60, 500]), DICE)
def test_same(calls, max_attempts, capacity, dice):
    """The same failures and dice give the same delays, attempts and quota, call after call."""
    our_dice, their_dice = itertools.cycle(dice), itertools.cycle(dice)
    retrier = StandardRetrier(max_attempts, lambda: next(our_dice))
    retrier.quota = type(retrier.quota)(capacity)
    theirs = Botocore(max_attempts, capacity, lambda: next(their_dice))

    for happenings in calls:
        script = Script(*map(answer, happenings))
        try:
            attempts = script.run(call(Ping(), context(retrier=retrier))).attempts
        except EC2Error as error:
            attempts = error.attempts
        expected_delays, expected_attempts = theirs.call(happenings)

        # A flow does not ask for a sleep of no time at all.
        assert [delay for delay in expected_delays if delay > 0] == script.sleeps
        assert expected_attempts == attempts == len(script.requests)
        assert theirs.quota.available_capacity == retrier.quota.available
