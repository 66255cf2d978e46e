"""The tree of errors, and what they say."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from ec2lite import errors
from ec2lite.errors import (
    BY_CODE,
    THROTTLING_CODES,
    TRANSIENT_CODES,
    TRANSIENT_STATUSES,
    ConfigError,
    CredentialsError,
    EC2Error,
    RequestLimitExceeded,
    ResponseError,
    ServiceError,
    TransportError,
    UnauthorizedOperation,
)


def drawn_tree():
    """Return the pairs (class, parents' names) of the drawing in the module's docstring."""
    found = {}
    above = {0: "Exception"}
    for line in errors.__doc__.splitlines():
        match = re.match(r"([│├└─ ]*)([A-Z]\w+)(?: \((\w+)\))?\s{2,}\S", line)
        if match:
            depth = len(match[1]) // 4
            above[depth + 1] = match[2]
            found[match[2]] = [above[depth], *([match[3]] if match[3] else [])]
    return found


def test_drawing():
    """The drawing at the top of errors.py is the tree, in alphabetical order below ServiceError."""
    real = {
        name: [base.__name__ for base in each.__bases__]
        for name, each in vars(errors).items()
        if inspect.isclass(each) and issubclass(each, EC2Error)
    }

    drawn = drawn_tree()

    assert real == drawn
    codes = [name for name, bases in drawn.items() if bases == ["ServiceError"]]
    assert sorted(codes) == codes


def test_table():
    """Every class below ServiceError has registered itself for a code."""
    ours = {each for each in ServiceError.__subclasses__() if each.__module__ == errors.__name__}

    assert ours == set(BY_CODE.values())


def test_registration():
    """A class below ServiceError that names codes is the class of answers with those codes."""

    class KeyPairError(ServiceError, codes=("InvalidKeyPair.NotFound", "NoKey")):
        pass

    try:
        found = {code for code, kind in BY_CODE.items() if kind is KeyPairError}
        assert {"InvalidKeyPair.NotFound", "NoKey"} == found
    finally:
        for code in found:
            del BY_CODE[code]


def test_registered_twice():
    """A code has one class: the second one is refused, and leaves no code behind."""
    before = dict(BY_CODE)
    with pytest.raises(TypeError, match=r"^Mine: AuthFailure belongs to AuthFailure$"):
        type("Mine", (ServiceError,), {}, codes=("New", "AuthFailure"))

    assert before == BY_CODE


def everything():
    """Return an error of each kind, with all that it can carry."""
    plain = [EC2Error("x"), ConfigError("x"), CredentialsError("x", (("env", "not set"),))]
    plain += [TransportError("x", is_timeout=True, maybe_sent=False)]
    plain += [ResponseError("x", status_code=502, body=b"<html>", is_broken=True)]
    several = (("A", "x"), ("B", "y"))
    for kind in (ServiceError, *ServiceError.__subclasses__()):
        plain.append(kind("x", code="A", request_id="r", status_code=503, errors=several))
    for error in plain:
        error.operation, error.attempts = "StopInstances", 2
        error.earlier_failures = (TransportError("first"),)
    return plain


@pytest.mark.parametrize("error", everything(), ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy]
)
def test_copies(error, copied):
    """Errors survive pickling and copying whole, as they must to cross processes."""
    again = copied(error)

    assert type(error) is type(again)
    assert str(error) == str(again)
    assert error.args == again.args
    assert repr(vars(error)) == repr(vars(again))


def test_outside_of_a_call():
    """An error outside of a call has no operation, no attempts and no earlier failures."""
    error = EC2Error("x")

    assert (None, 0, ()) == (error.operation, error.attempts, error.earlier_failures)
    assert (False, False) == (error.is_throttling, error.is_retryable)


def test_config_error():
    """A wrong argument is a ValueError too, and is not worth trying again."""
    error = ConfigError("region: bad")

    assert isinstance(error, ValueError)
    assert (False, False, "region: bad") == (error.is_throttling, error.is_retryable, str(error))


def test_credentials_error():
    """Each provider that was asked has a line with its reason."""
    error = CredentialsError("no credentials", (("environment", "not set"), ("imds", "off")))

    assert "no credentials\n  environment: not set\n  imds: off" == str(error)
    assert (("environment", "not set"), ("imds", "off")) == error.failures
    assert not error.is_retryable
    assert () == CredentialsError("x").failures


def test_transport_error():
    """A failed connection may work the next time; what is not known to be unsent may be sent."""
    error = TransportError("x")

    assert (False, True) == (error.is_timeout, error.maybe_sent)
    assert (False, True) == (error.is_throttling, error.is_retryable)


@pytest.mark.parametrize(
    ("status", "is_broken", "throttling", "retryable"),
    [
        (200, False, False, False),
        (200, True, False, True),
        (301, True, False, False),
        (400, False, False, False),
        (400, True, False, False),
        (429, False, True, True),
        (500, False, False, True),
        (501, False, False, False),
        (502, False, False, True),
        (503, False, False, True),
        (504, False, False, True),
        (505, False, False, False),
    ],
)
def test_response_error(status, is_broken, throttling, retryable):
    """Without a code the status decides, and so does a document that was cut short."""
    error = ResponseError("x", status_code=status, is_broken=is_broken)

    assert (throttling, retryable) == (error.is_throttling, error.is_retryable)


def test_response_error_text():
    """The message has the status and the beginning of what arrived."""
    error = ResponseError("the answer is a <html>", status_code=200, body=b"<html>" + b"x" * 999)
    assert 512 == len(error.body)
    shown = f"the answer is a <html> (HTTP status 200, beginning {b'<html>' + b'x' * 74!r})"
    assert shown == str(error)

    error.operation = "StopInstances"
    assert f"StopInstances: {shown}" == str(error)

    error.body = b""
    assert "StopInstances: the answer is a <html> (HTTP status 200)" == str(error)


def test_long_reason():
    """What is wrong with an answer is told in 1024 characters at most."""
    error = ResponseError("x" * 2000)

    assert f"{'x' * 1024}… and 976 more characters" == str(error)


@pytest.mark.parametrize(
    ("code", "status", "throttling", "retryable"),
    [
        ("Throttling", 400, True, True),
        # EC2 throttles with 503, which alone would be taken for trouble: the code decides.
        ("RequestLimitExceeded", 503, True, True),
        ("AnyCode", 429, True, True),
        ("AnyCode", 400, False, False),
        ("InternalError", 500, False, True),
        ("InternalError", 501, False, False),
        ("RequestTimeout", 400, False, True),
        ("RequestTimeoutException", 408, False, True),
        ("PriorRequestNotComplete", 400, True, True),
    ],
)
def test_service_error(code, status, throttling, retryable):
    """The code decides about throttling and trouble, then the status."""
    error = ServiceError("x", code=code, status_code=status)

    assert (throttling, retryable) == (error.is_throttling, error.is_retryable)


def test_service_error_text():
    """The message says what failed and why, with the code, the request's id and the attempts."""
    error = ServiceError("not so", code="Odd", request_id="r-1")
    assert "The request failed: not so (Odd, request id r-1)" == str(error)

    error.operation, error.attempts = "StopInstances", 1
    assert "StopInstances failed: not so (Odd, request id r-1)" == str(error)

    error.attempts = 2
    assert "StopInstances failed: not so (Odd, request id r-1, 2 attempts)" == str(error)


def test_service_error_texts():
    """Further errors of the same answer have lines of their own; no request id, no mention."""
    errors_of_it = (("A", "first"), ("B", "second"), ("C", "third"))
    error = ServiceError("first", code="A", errors=errors_of_it)

    expected = "The request failed: first (A)\n  also: second (B)\n  also: third (C)"
    assert expected == str(error)


def test_many_errors():
    """The text shows ten errors, and says how many there are besides; none is lost."""
    errors_of_it = tuple((f"C{number}", "no") for number in range(12))
    error = ServiceError("no", code="C0", errors=errors_of_it)

    lines = [f"  also: no (C{number})" for number in range(1, 10)]
    assert ["The request failed: no (C0)", *lines, "  and 2 more errors"] == str(error).split("\n")
    assert errors_of_it == error.errors

    error = ServiceError("no", code="C0", errors=errors_of_it[:10])
    assert ["The request failed: no (C0)", *lines] == str(error).split("\n")


def test_long_message():
    """The text shows 4096 characters of each message; ``message`` has all of them."""
    error = ServiceError("x" * 4096, code="A", errors=(("A", ""), ("B", "y" * 4100)))

    cut = f"{'y' * 4096}… and 4 more characters"
    assert f"The request failed: {'x' * 4096} (A)\n  also: {cut} (B)" == str(error)
    assert 4096 == len(error.message)


ENCODED = (
    "You are not authorized to perform this operation. Encoded authorization failure message: "
)


def test_encoded_message():
    """The encoded message of a denial is found, and the text says how to read it."""
    error = UnauthorizedOperation(f"{ENCODED}4GIOHlTkIaWHQD0Q_-w", code="UnauthorizedOperation")

    assert "4GIOHlTkIaWHQD0Q_-w" == error.encoded_message
    assert str(error).endswith("\n  to read the encoded message: ec2lite explain-denial")


@pytest.mark.parametrize("message", ["no", "", ENCODED, ENCODED + " "])
def test_no_encoded_message(message):
    """Without an encoded message there is nothing to explain."""
    error = UnauthorizedOperation(message, code="UnauthorizedOperation")

    assert error.encoded_message is None
    assert f"The request failed: {message} (UnauthorizedOperation)" == str(error)


def test_encoded_message_in_a_sentence():
    """What follows the encoded message does not belong to it."""
    error = UnauthorizedOperation(f"{ENCODED}abc  and more.")

    assert "abc" == error.encoded_message


def test_service_error_alone():
    """An error that was not given a list of errors is its own list."""
    error = RequestLimitExceeded("slow", code="RequestLimitExceeded")

    assert (("RequestLimitExceeded", "slow"),) == error.errors


def test_lists():
    """The codes and statuses of throttling and trouble are botocore's."""
    from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

    throttled, transient = ThrottledRetryableChecker, TransientRetryableChecker
    assert set(throttled._THROTTLED_ERROR_CODES) == THROTTLING_CODES
    # botocore has one code in both lists, where it means throttling.
    both = {"PriorRequestNotComplete"}
    # And one of STS's has a checker of its own there.
    assert set(transient._TRANSIENT_ERROR_CODES) - both == TRANSIENT_CODES - {
        "IDPCommunicationError"
    }
    assert set(transient._TRANSIENT_STATUS_CODES) == TRANSIENT_STATUSES


def test_defaults():
    """What is not known of an answer is empty or 0."""
    response, service = ResponseError("x"), ServiceError("x")

    assert (0, b"", False) == (response.status_code, response.body, response.is_broken)
    assert response.result is None
    assert ("", None, 0) == (service.code, service.request_id, service.status_code)
    assert (("", "x"),) == service.errors


def test_credentials_error_says_it_once():
    """A reason that is the message is not repeated below it."""
    error = CredentialsError("it is broken", (("environment", "not set"), ("sso", "it is broken")))
    assert "it is broken\n  environment: not set" == str(error)
