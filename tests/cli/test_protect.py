"""``ec2lite protect`` and ``unprotect``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ec2lite.cli.main import main
from samples import fault

if TYPE_CHECKING:
    from service import Service

CHANGED = (
    b"<ModifyInstanceAttributeResponse><return>true</return></ModifyInstanceAttributeResponse>"
)


@pytest.fixture
def changed(service: Service) -> Service:
    """Let the service answer that an attribute was changed."""
    service.answer = CHANGED
    return service


@pytest.mark.parametrize(("command", "value"), [("protect", "true"), ("unprotect", "false")])
def test_both(
    changed: Service, capsys: pytest.CaptureFixture[str], command: str, value: str
) -> None:
    """Each protection of each instance is one request, and a cell of the table."""
    assert 0 == main([command, "i-1", "i-2", "i-1", "--stop", "--termination"])
    sent = [
        (form["InstanceId"], name, form[name])
        for form in changed.forms
        for name in form
        if name.endswith(".Value")
    ]
    expected = [
        (each, f"DisableApi{name}.Value", value)
        for each in ("i-1", "i-2")
        for name in ("Stop", "Termination")
    ]
    assert expected == sent
    word = f"{command}ed"
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [["INSTANCE", "STOP", "TERMINATION"], ["i-1", word, word], ["i-2", word, word]] == shown


def test_json(changed: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json it has boto3's names of the attributes."""
    assert 0 == main(["protect", "i-1", "--termination", "--json"])
    expected = {"Instances": [{"InstanceId": "i-1", "DisableApiTermination": True}]}
    assert expected == json.loads(capsys.readouterr().out)


def test_a_refusal_in_the_middle(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """What was done before a refusal is printed; nothing is sent after it."""
    refused = fault(("IncorrectState", "No."))
    service.choose = lambda form: refused if form["InstanceId"] == "i-2" else CHANGED
    assert 1 == main(["protect", "i-1", "i-2", "i-3", "--stop"])
    out, err = capsys.readouterr()
    assert [["INSTANCE", "STOP"], ["i-1", "protected"]] == [
        line.split() for line in out.splitlines()
    ]
    assert err.startswith("ec2lite: ModifyInstanceAttribute failed: No. (IncorrectState")
    assert ["i-1", "i-2"] == [form["InstanceId"] for form in service.forms]


def test_a_refusal_of_the_second_protection(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """A protection that was not changed is a dash."""
    refused = fault(("IncorrectState", "No."))
    service.choose = lambda form: CHANGED if "DisableApiStop.Value" in form else refused
    assert 1 == main(["protect", "i-1", "--stop", "--termination"])
    assert ["i-1", "protected", "-"] == capsys.readouterr().out.splitlines()[1].split()


def test_nothing_done(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the first is refused, there is no table."""
    service.status, service.answer = 400, fault(("IncorrectState", "No."))
    assert 1 == main(["protect", "i-1", "--stop"])
    assert "" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "exit_code", "word"),
    [("DryRunOperation", 0, "allowed"), ("UnauthorizedOperation", 1, "not allowed")],
)
def test_dry_run(
    service: Service,
    capsys: pytest.CaptureFixture[str],
    code: str,
    exit_code: int,
    word: str,
) -> None:
    """--dry-run asks for each; the first refusal ends it."""
    service.status, service.answer = 412, fault((code, "Said."))
    assert exit_code == main(["protect", "i-1", "--stop", "--termination", "--dry-run"])
    said = f"{word}: Said. ({code})"
    assert [said] * (1 if exit_code else 2) == capsys.readouterr().out.splitlines()


def test_for_real(instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever is protected from termination is not terminated until that is taken away."""
    assert 0 == main(["protect", instances[0], "--termination"])
    assert 1 == main(["terminate", instances[0], "--yes"])
    assert "OperationNotPermitted" in capsys.readouterr().err
    assert 0 == main(["unprotect", instances[0], "--termination"])
    assert 0 == main(["terminate", instances[0], "--yes"])


@pytest.mark.parametrize("command", ["protect", "unprotect"])
def test_which_protection(
    changed: Service, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Without --stop or --termination it is exit code 2, and nothing is sent."""
    assert 2 == main([command, "i-1"])
    complaint = f"ec2lite: --stop or --termination must be given; see ec2lite {command} --help\n"
    assert complaint == capsys.readouterr().err
    assert [] == changed.forms
