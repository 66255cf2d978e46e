"""``ec2lite explain-denial``."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest

from ec2lite.cli.main import main
from samples import fault

if TYPE_CHECKING:
    from pathlib import Path

    from service import Service

CONTEXT = {
    "principal": {"id": "AIDA", "name": "bob", "arn": "arn:aws:iam::123456789012:user/bob"},
    "action": "ec2:StopInstances",
    "resource": "arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
    "conditions": {"items": []},
}
DENIAL = {
    "allowed": False,
    "explicitDeny": True,
    "matchedStatements": {
        "items": [
            {"statementId": "NoStops", "effect": "DENY"},
            {"statementId": "", "sourcePolicyId": "policy"},
            {},
            "odd",
        ]
    },
    "context": CONTEXT,
}


def answer(message: str) -> bytes:
    """Return STS's answer with a decoded message."""
    return (
        "<DecodeAuthorizationMessageResponse><DecodeAuthorizationMessageResult>"
        f"<DecodedMessage>{escape(message)}</DecodedMessage></DecodeAuthorizationMessageResult>"
        "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"
        "</DecodeAuthorizationMessageResponse>"
    ).encode()


@pytest.fixture
def sts(service: Service) -> Service:
    """Let the service decode."""
    service.answer = answer(json.dumps(DENIAL))
    return service


def test_the_reason_comes_first(sts: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """It says why, who, what, on what, and by which statements."""
    assert 0 == main(["explain-denial", "ENCODED"])
    expected = (
        "reason     a statement denies it\n"
        "principal  arn:aws:iam::123456789012:user/bob\n"
        "action     ec2:StopInstances\n"
        "resource   arn:aws:ec2:eu-west-1:123456789012:instance/i-1\n"
        "statement  NoStops\n"
        "statement  policy\n"
        "statement  (without a name)\n"
        "statement  (without a name)\n"
    )
    assert (expected, "") == capsys.readouterr()
    (form,) = sts.forms
    assert ("DecodeAuthorizationMessage", "ENCODED") == (form["Action"], form["EncodedMessage"])


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"explicitDeny": false, "context": 1}', "reason  no statement allows it\n"),
        ('{"context": {"action": "a", "principal": []}}', "action  a\n"),
        ('{"other": 1}', "message  {'other': 1}\n"),
        ("[1]", "message  [1]\n"),
        ("no JSON", "message  no JSON\n"),
    ],
)
def test_documents_that_lack_something(
    sts: Service, capsys: pytest.CaptureFixture[str], document: str, expected: str
) -> None:
    """What is missing is left out; a document of another kind is shown as it is."""
    sts.answer = answer(document)
    assert 0 == main(["explain-denial", "ENCODED"])
    assert expected == capsys.readouterr().out


def test_json(sts: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json it is the whole document."""
    assert 0 == main(["explain-denial", "--json", "ENCODED"])
    assert {"DecodedMessage": DENIAL} == json.loads(capsys.readouterr().out)


ERROR = "ec2lite: StopInstances failed: No. Encoded authorization failure message: ENCODED (Unauth"


@pytest.mark.parametrize("given", ["ENCODED", ERROR, " ENCODED\n"])
def test_where_the_message_comes_from(
    sts: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str
) -> None:
    """It is an argument, --encoded-message, a file or standard input: alone or in its error."""
    file = tmp_path / "error"
    file.write_text(given)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    for arguments in ([given], ["--encoded-message", given], [f"file://{file}"], ["-"]):
        assert 0 == main(["explain-denial", *arguments])
    assert ["ENCODED"] * 4 == [form["EncodedMessage"] for form in sts.forms]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [([], "the encoded message must be given"), ([" "], "the encoded message must not be empty")],
)
def test_no_message(
    sts: Service, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    """Without a message it is exit code 2, and nothing is sent."""
    assert 2 == main(["explain-denial", *arguments])
    assert f"ec2lite: {complaint}; see ec2lite explain-denial --help\n" == capsys.readouterr().err
    assert [] == sts.forms


def test_not_permitted(sts: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Who may not decode is told so, with exit code 1."""
    sts.status, sts.answer = 403, fault(("AccessDenied", "Not you."))
    assert 1 == main(["explain-denial", "ENCODED"])
    assert "DecodeAuthorizationMessage failed: Not you." in capsys.readouterr().err
