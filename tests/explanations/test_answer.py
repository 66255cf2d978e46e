"""What an answer's parts mean."""

from __future__ import annotations

import pytest

import ec2lite
from ec2lite.explanations.answer import Part, explain_answer
from ec2lite.protocol import state_code
from samples import fault, stopped

OPERATIONS = {
    each.__name__
    for each in (getattr(ec2lite, name) for name in ec2lite.__all__)
    if isinstance(each, type) and issubclass(each, ec2lite.Operation)
} - {"Operation"}


def parts(body: bytes, **more: bool) -> dict[str, tuple[str, str]]:
    """Return the text and the meaning of each path."""
    return {each.path: (each.text, each.meaning) for each in explain_answer(body, **more).parts}


def test_a_result():
    """Each item says what happened; the code's low byte is the state, the high byte is AWS's."""
    got = explain_answer(
        b"<StopInstancesResponse xmlns='http://ec2.amazonaws.com/doc/2016-11-15/'>"
        b"<requestId>r-1</requestId><instancesSet><item><instanceId>i-1</instanceId>"
        b"<currentState><code>64</code><name>stopping</name></currentState>"
        b"<previousState><code>272</code><name>running</name></previousState>"
        b"</item></instancesSet></StopInstancesResponse>"
    )

    item = "instancesSet/item[1]"
    assert (
        "<StopInstancesResponse> is the answer to StopInstances.",
        "ec2lite returns it as StopInstancesResult.",
    ) == got.sentences
    assert (
        Part("requestId", "r-1", "AWS's name for the request: AWS's support asks for it"),
        Part(f"{item}/instanceId", "i-1", "the instance that this item is about"),
        Part(f"{item}/currentState/code", "64", "stopping"),
        Part(f"{item}/currentState/name", "stopping", "the state after the request"),
        Part(
            f"{item}/previousState/code",
            "272",
            "16 in its low byte; AWS uses the high one (1) itself: running",
        ),
        Part(
            f"{item}/previousState/name",
            "running",
            "the state before it; equal to the current one if nothing changed",
        ),
    ) == got.parts
    assert got.to_dict()["parts"][0] == {
        "path": "requestId",
        "text": "r-1",
        "meaning": "AWS's name for the request: AWS's support asks for it",
    }
    assert list(got.sentences) == got.to_dict()["sentences"]


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        *((str(code), name) for code, name in state_code.NAMES.items()),
        ("96", "a state that ec2lite does not know"),
        ("70000", "the state code '70000' is not a 16-bit integer"),
    ],
)
def test_states(code: str, meaning: str):
    """A state's code has its name, one that is new has none, and what is no code is said."""
    body = f"<StopInstancesResponse><currentState><code>{code}</code><name>x</name></currentState>"
    got = parts(f"{body}</StopInstancesResponse>".encode())

    assert (code, meaning) == got["currentState/code"]


@pytest.mark.parametrize(
    ("code", "kind", "again"),
    [
        ("InvalidInstanceID.NotFound", "InstanceNotFound", "only if the status is 500"),
        ("RequestLimitExceeded", "RequestLimitExceeded", "means throttling"),
        ("RequestTimeout", "ServiceError", "means a passing failure"),
        ("Odd", "ServiceError", "only if the status is 500"),
    ],
)
def test_an_error(code: str, kind: str, again: str):
    """An error says which exception it is, and whether the request is sent again."""
    got = explain_answer(fault((code, "No.")))

    assert f"ec2lite raises it as {kind}." == got.sentences[1]
    assert again in got.sentences[2]
    named = getattr(ec2lite, kind).__doc__.partition("\n")[0] if kind != "ServiceError" else ""
    assert (code, named) in parts(fault((code, "No."))).values()


@pytest.mark.parametrize("action", sorted(OPERATIONS))
def test_every_operation(action: str):
    """The answers of all operations are known, and what cannot be read is said."""
    name = f"{action}Response"
    got = explain_answer(f"<{name}>text</{name}>".encode())

    assert f"<{name}> is the answer to {action}." == got.sentences[0]
    assert got.sentences[1].startswith(("ec2lite cannot read it: ", "ec2lite returns it as "))
    assert () == got.parts


@pytest.mark.parametrize("name", ["StopInstances", "TargetResponse", "OperationResponse"])
def test_no_such_operation(name: str):
    """A document is an answer if it is named after an operation, and only then."""
    expected = f"<{name}> is not the answer to an operation that ec2lite has."
    assert (expected,) == explain_answer(f"<{name}/>".encode()).sentences


def test_another_document():
    """A document of another service is taken apart all the same."""
    got = explain_answer(b"<RunInstancesResponse><a><b>c</b></a></RunInstancesResponse>")

    assert ("<RunInstancesResponse> is not the answer to an operation that ec2lite has.",) == (
        got.sentences
    )
    assert (Part("a/b", "c", ""),) == got.parts


def test_secrets():
    """Keys that STS sends and user data are hidden, unless they were asked for."""
    body = (
        b"<R><Credentials><SecretAccessKey>s3cret</SecretAccessKey><SessionToken>t0ken"
        b"</SessionToken></Credentials><userData><value>cGFzcw==</value></userData></R>"
    )

    assert {("***", "")} == set(parts(body).values())
    assert {"s3cret", "t0ken", "cGFzcw=="} == {
        text for text, _ in parts(body, show_secrets=True).values()
    }


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"<!DOCTYPE a><a/>"])
def test_no_answer(body: bytes):
    """What is no XML of the protocol is a ``ResponseError``."""
    with pytest.raises(ec2lite.ResponseError):
        explain_answer(body)


def test_a_whole_answer_is_read():
    """An answer that ec2lite can read is said to be its result."""
    got = explain_answer(stopped("InstanceId.1=i-1"))

    assert "ec2lite returns it as StopInstancesResult." == got.sentences[1]
