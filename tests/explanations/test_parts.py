"""What an explanation says about the answer to come."""

from __future__ import annotations

from typing import Any

import pytest

import ec2lite
from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity
from ec2lite.explanations.answer import explain_answer
from ec2lite.explanations.parts import expected, meaning
from ec2lite.protocol import state_code
from samples import ENDPOINT, KEYS, NOW, STOPPED
from vectors import METHODS

STATE = "instancesSet/item/{}State/{}".format


def explained(request: Any) -> ec2lite.Explanation:
    """Return what is explained of a request."""
    return ec2lite.explain(request, endpoint=ENDPOINT, credentials=KEYS, now=NOW)


def test_a_change_of_state():
    """Each part of the answer to StopInstances has a meaning, and so has a refusal."""
    got = dict(explained(ec2lite.StopInstances("i-1")).answer)

    assert [
        "requestId",
        "instancesSet/item/instanceId",
        STATE("current", "code"),
        STATE("current", "name"),
        STATE("previous", "code"),
        STATE("previous", "name"),
        "Errors/Error/Code",
        "Errors/Error/Message",
    ] == list(got)
    assert "the state after the request" == got[STATE("current", "name")]
    for code, name in state_code.NAMES.items():
        assert f"{code} {name}" in got[STATE("previous", "code")]


def test_they_are_the_parts_of_a_real_answer():
    """What is said before is about the same elements as what is said of the answer itself."""
    real = [
        part.path.replace("[1]", "") for part in explain_answer(STOPPED, show_secrets=True).parts
    ]

    assert sorted(real) == sorted(path for path, _ in expected("StopInstances")[:-2])


@pytest.mark.parametrize(
    ("action", "paths"),
    [
        ("RebootInstances", ["return"]),
        ("ModifyInstanceAttribute", ["return"]),
        ("DescribeInstanceAttribute", ["instanceId", "disableApiStop/value"]),
        (
            "DescribeInstances",
            [
                "reservationSet/item/reservationId",
                "reservationSet/item/instancesSet/item/instanceState/code",
                "reservationSet/item/instancesSet/item/stateReason/code",
                "nextToken",
            ],
        ),
        ("DescribeInstanceStatus", ["instanceStatusSet/item/systemStatus/status", "nextToken"]),
    ],
)
def test_other_answers(action: str, paths: list[str]):
    """The answers to other operations are known, too; interfaces repeat nothing."""
    got = dict(expected(action))

    assert [path for path in paths if path not in got] == []
    assert not [path for path in got if "nterfaceSet" in path]
    assert all(got.values())


def test_every_operation():
    """Each operation of a client has something to tell; others have nothing."""
    assert all(len(expected(action)) > 2 for action in METHODS)
    assert [] == explained(GetCallerIdentity()).answer
    assert "answer's parts" not in str(explained(GetCallerIdentity()))
    assert [] == expected("RunInstances")
    assert "" == meaning("tagSet", "key")


def test_text():
    """The text ends with the parts, one a line."""
    lines = str(explained(ec2lite.RebootInstances("i-1"))).rpartition("The answer's parts\n")[2]

    assert [
        "requestId             AWS's name for the request: AWS's support asks for it",
        "return                whether the request was carried out",
    ] == [line.strip() for line in lines.split("\n")[:2]]
