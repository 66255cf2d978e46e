"""One call: its attempts, its time, its credentials."""

from __future__ import annotations

import gzip
import uuid
from datetime import timedelta

import attrs
import httpx
import pytest
from attrs import frozen

from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity
from ec2lite.engine.attempts import _random_uuid, was_refused
from ec2lite.engine.call import call
from ec2lite.engine.context import Timeout
from ec2lite.engine.flow import GET_CREDENTIALS, Answer, Blocking, GetCredentials, Sleep
from ec2lite.engine.retry import StandardRetrier
from ec2lite.engine.skew import Skew
from ec2lite.errors import (
    ConfigError,
    CredentialsError,
    EC2Error,
    InstanceNotFound,
    RequestExpired,
    RequestLimitExceeded,
    ResponseError,
    ServiceError,
    TransportError,
    UnauthorizedOperation,
)
from ec2lite.operations.stop_instances import StopInstances
from samples import (
    KEYS,
    NOW,
    STOPPED,
    TEMPORARY,
    Clock,
    Script,
    context,
    fault,
    http_date,
    refusal,
    stopped,
    success,
)

STOP = StopInstances("i-1234567890abcdef0")
BROKEN = TransportError("broken")


@frozen
class Once(StopInstances):
    """An operation that must not be carried out twice."""

    repeatable = False


ONCE = Once("i-1234567890abcdef0")


@frozen
class Unsigned(StopInstances):
    """An operation that needs no credentials."""

    signed = False


@frozen
class Secretive(StopInstances):
    """An operation whose answer holds secrets."""

    confidential = True


def failed(script, *args, operation=STOP, **kwargs):
    """Return the error that a call ends in."""
    with pytest.raises(EC2Error) as caught:
        script.run(call(operation, context(*args, **kwargs)))
    return caught.value


def test_steps():
    """A call asks for credentials, then for one request to be sent, and no more."""
    flow = call(STOP, context())

    assert GET_CREDENTIALS == next(flow)
    request = flow.send(KEYS)
    assert isinstance(request, httpx.Request)
    with pytest.raises(StopIteration) as end:
        flow.send(success())

    assert "i-1234567890abcdef0" == end.value.value.stopping_instances[0].instance_id
    assert 1 == end.value.value.response_metadata.attempts
    assert () == end.value.value.response_metadata.earlier_failures


def test_request():
    """A request is signed for now with the caller's key, and knows its time limits."""
    script = Script(success())
    script.run(call(STOP, context(timeout=Timeout(connect=3, read=60, total=20))))

    request = script.requests[0]
    assert "20260102T030405Z" == request.headers["x-amz-date"]
    assert "AKIDEXAMPLE" == request.headers["authorization"]
    assert {
        "timeout": {"connect": 3, "read": 20, "write": 20, "pool": 20},
        "deadline": 1020.0,
        "repeatable": True,
    } == request.extensions


def test_no_limit():
    """Without a limit for the whole call there is no deadline."""
    script = Script(success())
    script.run(call(STOP, context(timeout=Timeout(connect=None, read=5, total=None))))

    assert script.requests[0].extensions["deadline"] is None
    expected = {"connect": None, "read": 5, "write": 5, "pool": None}
    assert expected == script.requests[0].extensions["timeout"]


def test_unsigned():
    """An operation that is not signed asks for no credentials."""
    script = Script(success())
    script.run(call(Unsigned("i-1234567890abcdef0"), context()))

    assert [] == script.wanted
    assert "authorization" not in script.requests[0].headers


def test_invocation_id():
    """The id of a call is a random UUID, written as the standard library writes it."""
    made = {_random_uuid() for _ in range(200)}

    assert 200 == len(made)
    assert made == {str(uuid.UUID(each)) for each in made}
    assert {(4, uuid.RFC_4122)} == {
        (uuid.UUID(each).version, uuid.UUID(each).variant) for each in made
    }


def test_attempt_headers():
    """All attempts of a call have one invocation id, and each says which one it is."""
    script = Script(BROKEN, BROKEN, success())
    script.run(call(STOP, context()))
    other = Script(success())
    other.run(call(STOP, context(max_attempts=7)))

    ids = {request.headers["amz-sdk-invocation-id"] for request in script.requests}
    assert 1 == len(ids)
    assert ids != {other.requests[0].headers["amz-sdk-invocation-id"]}
    assert ["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"] == [
        request.headers["amz-sdk-request"] for request in script.requests
    ]
    assert "attempt=1; max=7" == other.requests[0].headers["amz-sdk-request"]


def test_retried():
    """A call that succeeds in the end tells what came before, oldest first."""
    script = Script(BROKEN, refusal("RequestLimitExceeded", 503), success())
    result = script.run(call(STOP, context(dice=0.5)))

    metadata = result.response_metadata
    assert 3 == metadata.attempts
    assert [TransportError, RequestLimitExceeded] == [type(e) for e in metadata.earlier_failures]
    assert [1, 2] == [error.attempts for error in metadata.earlier_failures]
    assert ["StopInstances"] * 2 == [error.operation for error in metadata.earlier_failures]
    assert [0.5 * 0.05, 0.5 * 2.0] == script.sleeps
    assert [GET_CREDENTIALS] * 3 == script.wanted


def test_bodies_are_equal():
    """Every attempt sends the same bytes, signed for its own time."""
    clock = Clock()
    script = Script((1, BROKEN), success(), clock=clock)
    script.run(call(STOP, context(clock)))

    assert script.requests[0].content == script.requests[1].content
    assert ["20260102T030405Z", "20260102T030406Z"] == [
        request.headers["x-amz-date"] for request in script.requests
    ]


def test_given_up():
    """A call that fails every time ends in its last failure, with the earlier ones."""
    first, last = TransportError("first"), TransportError("last")
    script = Script(first, refusal("InternalError", 500), last)
    error = failed(script)

    assert error is last
    assert ("StopInstances", 3) == (error.operation, error.attempts)
    assert ["first", "because"] == [each.args[0] for each in error.earlier_failures]


def test_hopeless():
    """A refusal that a repetition cannot mend ends the call at once."""
    script = Script(refusal("InvalidInstanceID.NotFound"))
    error = failed(script)

    assert InstanceNotFound is type(error)
    assert (1, "StopInstances", ()) == (error.attempts, error.operation, error.earlier_failures)
    assert [] == script.sleeps


def test_no_pause_of_nothing():
    """Where there is nothing to wait for, no sleep is asked for."""
    script = Script(BROKEN, success())
    script.run(call(STOP, context(dice=0.0)))

    assert [] == script.sleeps


def test_retry_after():
    """The service's x-amz-retry-after raises the pause; that of an earlier answer is forgotten."""
    throttled = refusal("RequestLimitExceeded", 503, {"x-amz-retry-after": "4000"})
    script = Script(throttled, BROKEN, success())
    script.run(call(STOP, context(dice=0.5)))

    assert [4.0, 0.05] == script.sleeps


def test_quota_is_settled():
    """A success refunds what its last retry took; a failure refunds nothing."""
    retrier = StandardRetrier(3, lambda: 0.0)
    Script(BROKEN, BROKEN, success()).run(call(STOP, context(retrier=retrier)))
    assert 500 - 14 == retrier.quota.available

    Script(success()).run(call(STOP, context(retrier=retrier)))
    assert 500 - 13 == retrier.quota.available

    failed(Script(BROKEN, BROKEN, BROKEN), retrier=retrier)
    assert 500 - 13 - 28 == retrier.quota.available


def test_quota_spent():
    """Without quota the first failure is the last."""
    retrier = StandardRetrier(3, lambda: 0.0)
    retrier.quota.available = 13
    error = failed(Script(BROKEN), retrier=retrier)

    assert (1, 13) == (error.attempts, retrier.quota.available)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(503, {}, b""), ResponseError),
        (Answer(429, {}, b""), ResponseError),
        (Answer(502, {}, b"<html/>"), ResponseError),
        (Answer(200, {}, STOPPED[:-20]), ResponseError),
        (refusal("Throttling"), ServiceError),
        (refusal("RequestTimeout"), ServiceError),
        (refusal("Odd", 500), ServiceError),
    ],
)
def test_what_is_retried(answer, kind):
    """Throttling, trouble and broken documents are tried again."""
    script = Script(answer, success())
    result = script.run(call(STOP, context()))

    assert [kind] == [type(error) for error in result.response_metadata.earlier_failures]


@pytest.mark.parametrize(
    "answer",
    [Answer(200, {}, b"<html/>"), Answer(404, {}, b"<html/>"), refusal("UnauthorizedOperation")],
)
def test_what_is_not_retried(answer):
    """Other refusals and other documents are final."""
    assert 1 == failed(Script(answer)).attempts


UNSENT = TransportError("no connection", maybe_sent=False)


@pytest.mark.parametrize(
    ("outcome", "is_repeated"),
    [
        (UNSENT, True),
        (refusal("RequestLimitExceeded", 503), True),
        (refusal("Throttling"), True),
        (Answer(429, {}, b""), True),
        (BROKEN, False),
        (TransportError("silence", is_timeout=True), False),
        (refusal("InternalError", 500), False),
        (Answer(503, {}, b""), False),
        (Answer(200, {}, b"<half"), False),
    ],
)
def test_once(outcome, is_repeated):
    """What must not happen twice is sent again only if it surely did not happen."""
    script = Script(outcome, success())
    if is_repeated:
        assert 2 == script.run(call(ONCE, context())).response_metadata.attempts
    else:
        assert 1 == failed(script, operation=ONCE).attempts
    assert script.requests[0].extensions["repeatable"] is False


def test_was_refused():
    """Only what never arrived or was throttled was surely not carried out."""
    assert was_refused(UNSENT)
    assert was_refused(ServiceError("x", code="Throttling"))
    assert not was_refused(BROKEN)
    assert not was_refused(EC2Error("x"))


def test_confidential():
    """Neither an answer that cannot be read nor one too large is quoted if it holds secrets."""
    html = Answer(200, {}, b"<html>secret</html>")
    too_large = ResponseError("answer larger than 1 bytes", status_code=200, body=b"secret")

    for outcome in (html, too_large):
        error = failed(Script(outcome), operation=Secretive("i-1"))
        assert (b"", False) == (error.body, "secret" in str(error))


def test_quoted():
    """An answer without secrets is quoted."""
    assert b"<html/>" == failed(Script(Answer(200, {}, b"<html/>"))).body


# Credentials.


def test_no_credentials():
    """Without credentials nothing is sent, and nothing is tried again."""
    reason = CredentialsError("no credentials")
    flow = call(STOP, context())
    next(flow)
    with pytest.raises(CredentialsError) as caught:
        flow.throw(reason)

    assert caught.value is reason
    assert ("StopInstances", 0) == (reason.operation, reason.attempts)


@pytest.mark.parametrize(
    "error", [TransportError("no IMDS"), ServiceError("no", code="Throttling")]
)
def test_failed_credentials(error):
    """A provider's own failure is not taken for one of the call: it has tried again itself."""
    error.operation, error.attempts = "AssumeRole", 3
    retrier = StandardRetrier(3, lambda: 0.0)
    flow = call(STOP, context(retrier=retrier))
    next(flow)
    with pytest.raises(EC2Error) as caught:
        flow.throw(error)

    assert caught.value is error
    assert ("AssumeRole", 3, 500) == (error.operation, error.attempts, retrier.quota.available)


def test_failed_credentials_later():
    """That holds for the credentials of a later attempt too; the error tells of the earlier one."""
    flow = call(STOP, context(dice=0.0))
    next(flow)
    flow.send(KEYS)
    assert GET_CREDENTIALS == flow.throw(TransportError("first"))
    with pytest.raises(TransportError, match=r"^no IMDS$") as caught:
        flow.throw(TransportError("no IMDS"))

    error = caught.value
    assert ("StopInstances", 1) == (error.operation, error.attempts)
    assert ["first"] == [str(each) for each in error.earlier_failures]


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_expired(code):
    """Credentials that AWS calls expired are refused once, and the call repeated without cost."""
    retrier = StandardRetrier(3, lambda: 0.0)
    script = Script(refusal(code), success())
    script.keys = TEMPORARY
    result = script.run(call(STOP, context(retrier=retrier)))

    assert [GET_CREDENTIALS, GetCredentials(rejected=TEMPORARY)] == script.wanted
    assert 2 == result.response_metadata.attempts
    assert ([], 500) == (script.sleeps, retrier.quota.available)


def test_expired_twice():
    """Credentials are refused once a call; the second complaint is final."""
    script = Script(refusal("ExpiredToken"), refusal("ExpiredToken"))
    script.keys = TEMPORARY
    error = failed(script)

    assert 2 == error.attempts
    assert 1 == len(error.earlier_failures)
    assert 2 == len(script.wanted)


def test_expired_stays_refused():
    """Attempts after the refusal ask for others than the refused credentials too."""
    script = Script(refusal("ExpiredToken"), BROKEN, success())
    script.keys = TEMPORARY
    script.run(call(STOP, context()))

    rejected = GetCredentials(rejected=TEMPORARY)
    assert [GET_CREDENTIALS, rejected, rejected] == script.wanted


def test_permanent_keys_do_not_expire():
    """Permanent keys are not looked for again: there are no others."""
    script = Script(refusal("ExpiredToken"))
    assert 1 == failed(script).attempts


def test_unrepeatable_costs_nothing():
    """What may not be repeated takes nothing from the quota."""
    retrier = StandardRetrier(3, lambda: 0.0)
    with pytest.raises(TransportError):
        Script(TransportError("reset")).run(call(Once("i-1"), context(retrier=retrier)))

    assert 500 == retrier.quota.available


def test_another_service():
    """An operation of another service is refused before anything is asked for."""
    script = Script()
    with pytest.raises(ConfigError, match="GetCallerIdentity is for sts, not for ec2"):
        script.run(call(GetCallerIdentity(), context()))


def test_expired_on_the_last_attempt():
    """There is no repetition after the last attempt, for new credentials either."""
    assert 1 == failed(Script(refusal("ExpiredToken")), max_attempts=1).attempts


def test_expired_without_credentials():
    """An unsigned request has no credentials to refuse."""
    assert 1 == failed(Script(refusal("ExpiredToken")), operation=Unsigned("i-1")).attempts


def test_other_codes_keep_credentials():
    """Only a complaint about expired credentials refuses them."""
    script = Script(refusal("UnauthorizedOperation"))
    assert UnauthorizedOperation is type(failed(script))
    assert [GET_CREDENTIALS] == script.wanted


# The clock.


def late(code="RequestExpired", **by):
    """Return a refusal whose Date is that much later than our clock."""
    return refusal(code, 400, {"date": http_date(NOW + timedelta(**by))})


@pytest.mark.parametrize(
    "code", ["AuthFailure", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"]
)
def test_skew(code):
    """A clock that is wrong is corrected by the service's, and the request signed again."""
    skew = Skew()
    retrier = StandardRetrier(3, lambda: 0.0)
    script = Script(late(code, hours=1), success())
    script.run(call(STOP, context(skew=skew, retrier=retrier)))

    assert ["20260102T030405Z", "20260102T040405Z"] == [
        request.headers["x-amz-date"] for request in script.requests
    ]
    # The clock is no reason to ask for other credentials, or to pay for a retry.
    assert [GET_CREDENTIALS] * 2 == script.wanted
    assert ([], 500) == (script.sleeps, retrier.quota.available)
    assert timedelta(hours=1) == skew.offset


def test_skew_is_remembered():
    """The next call to the endpoint is signed for the corrected time at once."""
    skew = Skew()
    Script(late(hours=-2), success()).run(call(STOP, context(skew=skew)))
    script = Script(success())
    script.run(call(STOP, context(skew=skew)))

    assert "20260102T010405Z" == script.requests[0].headers["x-amz-date"]


def test_skew_midpoint():
    """The service's date belongs to the middle of sending and receiving."""
    clock = Clock()
    skew = Skew()
    answer = late(minutes=30)
    script = Script((10, answer), success(), clock=clock)
    script.run(call(STOP, context(clock, skew=skew)))

    assert timedelta(minutes=30, seconds=-5) == skew.offset


def test_skew_on_the_last_attempt():
    """The last attempt's complaint is final, but the next call has learned from it."""
    skew = Skew()
    error = failed(Script(late(hours=1)), skew=skew, max_attempts=1)

    assert RequestExpired is type(error)
    assert timedelta(hours=1) == skew.offset


def test_forged_correction():
    """A forged date costs an attempt: the service's complaint takes it back."""
    skew = Skew()
    forged = late(days=400)
    script = Script(forged, late(days=0), success())
    script.run(call(STOP, context(skew=skew)))

    assert ["20260102T030405Z", "20270206T030405Z", "20260102T030405Z"] == [
        request.headers["x-amz-date"] for request in script.requests
    ]
    assert timedelta(0) == skew.offset


def test_one_correction_a_call():
    """A call whose clock is corrected takes no second correction."""
    skew = Skew()
    script = Script(late(days=400), late(days=800), late(days=400), success())
    error = failed(script, skew=skew, max_attempts=9)

    assert RequestExpired is type(error)
    assert 3 == error.attempts
    assert timedelta(0) == skew.offset


def test_skew_off():
    """With the correction turned off, a complaint about the time is final."""
    skew = Skew(enabled=False)
    error = failed(Script(late("AuthFailure", hours=1)), skew=skew)

    assert (1, timedelta(0)) == (error.attempts, skew.offset)


def test_expired_with_a_good_clock():
    """RequestExpired at about the right time is about the credentials."""
    script = Script(late(minutes=3), success())
    script.keys = TEMPORARY
    script.run(call(STOP, context()))

    assert [GET_CREDENTIALS, GetCredentials(rejected=TEMPORARY)] == script.wanted


# Time.


def test_deadline_beats_retry():
    """A retry that would pass the deadline is not waited for: the failure is raised at once."""
    clock = Clock()
    script = Script((9, refusal("RequestLimitExceeded", 503)), clock=clock)
    retrier = StandardRetrier(3, lambda: 1.0)
    error = failed(script, clock, retrier=retrier, timeout=Timeout(total=10))

    assert RequestLimitExceeded is type(error)
    assert [] == script.sleeps
    # It was not made, so it costs nothing.
    assert 500 == retrier.quota.available


def test_deadline_allows_retry():
    """A retry that begins before the deadline is made, with what time is left."""
    clock = Clock()
    script = Script((8, refusal("RequestLimitExceeded", 503)), success(), clock=clock)
    script.run(call(STOP, context(clock, dice=1.0, timeout=Timeout(total=10))))

    assert [1.0] == script.sleeps
    assert {"connect": 1, "read": 1, "write": 1, "pool": 1} == (
        script.requests[1].extensions["timeout"]
    )
    assert 1010.0 == script.requests[1].extensions["deadline"]


def test_deadline_before_the_request():
    """Credentials that took all the time end the call before it is sent."""
    clock = Clock()
    retrier = StandardRetrier(3, lambda: 0.0)
    flow = call(STOP, context(clock, retrier=retrier, timeout=Timeout(total=2.5)))
    next(flow)
    clock.move(2.5)
    with pytest.raises(TransportError) as caught:
        flow.send(KEYS)

    error = caught.value
    assert "the time limit of 2.5 s leaves no time for attempt 1" == str(error)
    assert (True, False) == (error.is_timeout, error.maybe_sent)
    assert ("StopInstances", 0, 500) == (error.operation, error.attempts, retrier.quota.available)


def test_deadline_before_a_second_request():
    """When the time is over before a repetition, the first one may have been carried out."""
    clock = Clock()
    flow = call(STOP, context(clock, dice=0.0, timeout=Timeout(total=5)))
    next(flow)
    flow.send(KEYS)
    flow.throw(BROKEN)
    clock.move(5)
    with pytest.raises(TransportError, match=r"^the time limit of 5 s leaves no time") as caught:
        flow.send(KEYS)

    assert (True, 1) == (caught.value.maybe_sent, caught.value.attempts)
    assert (BROKEN,) == caught.value.earlier_failures


class Queue(StandardRetrier):
    """Lets requests wait for their turn."""

    def __init__(self, max_attempts, dice):
        super().__init__(max_attempts, dice)
        self.pause = 3.0

    def reserve(self, patience):
        return self.pause


@pytest.mark.parametrize("pause", [0.001, 3.0])
def test_turn(pause):
    """A request waits for its turn before it asks for credentials."""
    queue = Queue(3, lambda: 0.0)
    queue.pause = pause
    flow = call(STOP, context(retrier=queue))

    assert Sleep(pause) == next(flow)
    assert GET_CREDENTIALS == flow.send(None)


def test_turn_too_late():
    """A turn that would come after the deadline is not waited for."""
    flow = call(STOP, context(retrier=Queue(3, lambda: 0.0), timeout=Timeout(total=3)))

    with pytest.raises(TransportError, match=r"leaves no time for attempt 1$"):
        next(flow)


def test_turn_without_limit():
    """Without a limit any turn is waited for."""
    flow = call(STOP, context(retrier=Queue(3, lambda: 0.0), timeout=Timeout(total=None)))

    assert Sleep(3.0) == next(flow)


class Turns(StandardRetrier):
    """Counts the turns that are taken and not given back."""

    taken = 0

    def reserve(self, patience):
        assert patience > 0
        self.taken += 1
        return 1.0

    def give_back(self, unused):
        if unused is None:
            self.taken -= 1
        else:
            super().give_back(unused)


def unused_turn():
    """Return a call whose turn has come, its retrier and its clock."""
    clock, turns = Clock(), Turns(3, lambda: 1.0)
    flow = call(STOP, context(clock, retrier=turns, timeout=Timeout(total=10)))
    assert Sleep(1.0) == next(flow)
    assert 1 == turns.taken
    return flow, turns, clock


def test_turn_of_a_cancelled_call():
    """A call that is cancelled while it waits gives its turn back."""
    flow, turns, _ = unused_turn()
    flow.close()

    assert 0 == turns.taken


def test_turn_without_credentials():
    """A call that finds no credentials gives its turn back."""
    flow, turns, _ = unused_turn()
    flow.send(None)
    with pytest.raises(CredentialsError):
        flow.throw(CredentialsError("none"))

    assert 0 == turns.taken


def test_turn_without_time():
    """A call that has no time left for its request gives its turn back."""
    flow, turns, clock = unused_turn()
    flow.send(None)
    clock.move(10)
    with pytest.raises(TransportError, match=r"^the time limit of 10 s leaves no time"):
        flow.send(KEYS)

    assert 0 == turns.taken


def test_turn_used():
    """A turn that a request has used is not given back, whatever the end."""
    turns = Turns(3, lambda: 1.0)
    Script(BROKEN, success()).run(call(STOP, context(retrier=turns)))
    assert 2 == turns.taken

    flow, turns, _ = unused_turn()
    flow.send(None)
    flow.send(KEYS)
    flow.close()
    assert 1 == turns.taken


def test_retry_of_a_cancelled_call():
    """A call that is cancelled before its retry gives that back, and keeps no turn."""
    flow, turns, _ = unused_turn()
    flow.send(None)
    flow.send(KEYS)
    assert Sleep(0.05) == flow.throw(BROKEN)
    assert 500 - 14 == turns.quota.available
    flow.close()

    assert (1, 500) == (turns.taken, turns.quota.available)


def test_no_time_at_all():
    """A call whose deadline is over asks for no turn."""
    turns = Turns(3, lambda: 1.0)
    flow = call(STOP, context(retrier=turns), deadline=1000.0)
    with pytest.raises(TransportError, match=r"leaves no time for attempt 1$"):
        next(flow)

    assert 0 == turns.taken


# Answers to other requests.


def named(*ids):
    """Return an answer that names these instances."""
    body = stopped("&".join(f"InstanceId.{n}={each}" for n, each in enumerate(ids, 1)))
    return Answer(200, {}, body)


def test_answer_to_another_request():
    """An answer that names other instances is an error that holds it; its connection is closed."""
    flow = call(StopInstances(["i-1", "i-2"]), context())
    next(flow)
    flow.send(KEYS)
    discarded = []
    answer = attrs.evolve(named("i-1", "i-3"), discard=lambda: discarded.append(True))
    with pytest.raises(ResponseError) as caught:
        flow.send(answer)

    assert [True] == discarded
    error = caught.value
    assert "the answer names instances that were not asked for: 'i-3'" == error.args[0]
    assert ["i-1", "i-3"] == [each.instance_id for each in error.result.stopping_instances]
    assert ("StopInstances", 1, 200) == (error.operation, error.attempts, error.status_code)
    assert answer.body[:512] == error.body


def test_many_others():
    """Five of the other instances are shown."""
    flow = call(StopInstances("i-1"), context())
    next(flow)
    flow.send(KEYS)
    with pytest.raises(ResponseError) as caught:
        flow.send(named(*(f"i-{n}" for n in range(10, 17))))

    shown = "'i-10', 'i-11', 'i-12', 'i-13', 'i-14' and 2 more"
    assert caught.value.args[0].endswith(f"not asked for: {shown}")


def test_answer_to_another_request_is_no_success():
    """Such an answer earns no quota, and is not asked for again."""
    retrier = StandardRetrier(3, lambda: 0.0)
    Script(BROKEN, success()).run(call(STOP, context(retrier=retrier)))
    retrier.quota.available = 400
    error = failed(Script(named("i-3")), retrier=retrier)

    assert (ResponseError, 400) == (type(error), retrier.quota.available)


@pytest.mark.parametrize("answer", [named("I-1", "i-2"), named("i-2"), named(), named("i-1 ")])
def test_own_answer(answer):
    """Upper case, space around an id, and instances that are not named are not held against it."""
    result = Script(answer).run(call(StopInstances(["i-1", "i-2"]), context()))

    assert 1 == result.response_metadata.attempts


# Reading.


def padded(size, headers=None):
    """Return a good answer with a body of that many bytes."""
    return Answer(200, headers or {}, STOPPED + b" " * (size - len(STOPPED)))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (padded(256 * 1024), False),
        (padded(256 * 1024 + 1), True),
        (padded(4 * 1024, {"content-encoding": "gzip"}), False),
        (padded(4 * 1024 + 1, {"content-encoding": "gzip"}), True),
    ],
)
def test_large_answers(answer, expected):
    """An answer that takes long to read is read where it blocks no event loop."""
    flow = call(STOP, context())
    next(flow)
    flow.send(KEYS)
    try:
        effect = flow.send(answer)
    except StopIteration as end:
        effect, result = None, end.value
    else:
        with pytest.raises(StopIteration) as end:
            flow.send(effect.function())
        result = end.value.value

    assert expected is isinstance(effect, Blocking)
    assert "i-1234567890abcdef0" == result.stopping_instances[0].instance_id


def test_large_refusal():
    """What is wrong with a large answer is judged as with a small one."""
    broken = padded(300_000)
    broken = Answer(200, {}, broken.body[:-1] + b"<")
    flow = call(STOP, context(dice=0.0))
    next(flow)
    flow.send(KEYS)
    reading = flow.send(broken)
    with pytest.raises(ResponseError) as caught:
        reading.function()

    assert GET_CREDENTIALS == flow.throw(caught.value)


def test_large_answer_too_late():
    """A result does not come after the time limit, however long reading it takes."""
    clock = Clock()
    flow = call(STOP, context(clock, timeout=Timeout(total=5)))
    next(flow)
    flow.send(KEYS)
    reading = flow.send(padded(300_000))
    clock.move(5)
    with pytest.raises(TransportError) as caught:
        flow.send(reading.function())

    assert "the time limit of 5 s was over before the answer was read" == str(caught.value)
    assert (True, True) == (caught.value.is_timeout, caught.value.maybe_sent)


def test_large_answer_without_limit():
    """Without a limit a large answer is never late."""
    flow = call(STOP, context(timeout=Timeout(total=None)))
    next(flow)
    flow.send(KEYS)
    reading = flow.send(padded(300_000))
    with pytest.raises(StopIteration):
        flow.send(reading.function())


def test_other_exceptions():
    """What is no EC2Error is not the call's to judge: it goes through as it is."""
    flow = call(STOP, context())
    next(flow)
    flow.send(KEYS)
    with pytest.raises(ZeroDivisionError):
        flow.throw(ZeroDivisionError())


def test_bad_answer_from_signer():
    """A signer's refusal is final."""

    class Signer:
        def sign(self, **given):
            raise ConfigError("not today")

    mine = context()
    mine.builder._signer = Signer()
    flow = call(STOP, mine)
    next(flow)
    with pytest.raises(ConfigError, match=r"^not today$") as caught:
        flow.send(KEYS)

    assert ("StopInstances", 0) == (caught.value.operation, caught.value.attempts)


def test_several_errors():
    """All errors of an answer are kept, the first one deciding."""
    body = fault(("InvalidInstanceID.NotFound", "a"), ("UnauthorizedOperation", "b"))
    error = failed(Script(Answer(400, {}, body)))

    assert InstanceNotFound is type(error)
    assert (("InvalidInstanceID.NotFound", "a"), ("UnauthorizedOperation", "b")) == error.errors


def test_size_limit():
    """The context's limit on the size of an answer holds after inflating."""
    answer = Answer(200, {"content-encoding": "gzip"}, gzip.compress(STOPPED))
    error = failed(Script(answer), max_response_size=100)

    assert "larger than 100 bytes" in str(error)


def test_given_credentials():
    """With credentials in the context nobody is asked for any, and a complaint is final."""
    script = Script(refusal("ExpiredToken"))
    error = failed(script, credentials=TEMPORARY)

    assert [] == script.wanted
    assert 1 == error.attempts
    assert "ASIDEXAMPLE" == script.requests[0].headers["authorization"]


@pytest.mark.parametrize(
    ("total", "deadline", "expected"),
    [(20, 1010.0, 1010.0), (20, 1030.0, 1020.0), (None, 1010.0, 1010.0), (20, None, 1020.0)],
)
def test_deadline(total, deadline, expected):
    """A call ends at its limit or the caller's deadline; so does the wait for credentials."""
    script = Script(success())
    script.run(call(STOP, context(timeout=Timeout(total=total)), deadline=deadline))

    assert expected == script.requests[0].extensions["deadline"]
    assert [expected] == [want.deadline for want in script.wanted]


def test_deadline_without_a_limit():
    """A call that is out of time before its first attempt says so, also without a limit."""
    flow = call(STOP, context(timeout=Timeout(total=None)), deadline=1000.0)
    with pytest.raises(TransportError, match=r"^the time limit leaves no time for attempt 1$"):
        next(flow)


def test_renewal_out_of_time_after_an_attempt():
    """Where a renewal takes too long after an attempt, the request may have arrived."""
    late = TransportError("late", is_timeout=True, maybe_sent=False)
    flow = call(STOP, context())
    next(flow)
    flow.send(TEMPORARY)
    assert GetCredentials(rejected=TEMPORARY) == flow.send(refusal("ExpiredToken"))
    with pytest.raises(TransportError) as caught:
        flow.throw(late)

    assert caught.value.maybe_sent
    assert ("StopInstances", 1) == (caught.value.operation, caught.value.attempts)
