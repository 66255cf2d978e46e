"""``ec2lite explain``."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ec2lite.cli.explain import COMMANDS
from ec2lite.cli.explainer import EXAMPLE
from ec2lite.cli.main import main
from samples import fault, stopped

if TYPE_CHECKING:
    from pathlib import Path

ID = "i-1234567890abcdef0"
SECRET, TOKEN = "a-secret", "a-token"
ARGUMENTS = {
    "describe": ["--filter", "tag:env=dev"],
    "status": ["--all"],
    "protect": [ID, "--stop"],
    "unprotect": [ID, "--stop"],
}
ACTIONS = {
    "stop": "StopInstances",
    "start": "StartInstances",
    "reboot": "RebootInstances",
    "terminate": "TerminateInstances",
    "describe": "DescribeInstances",
    "status": "DescribeInstanceStatus",
    "protect": "ModifyInstanceAttribute",
    "unprotect": "ModifyInstanceAttribute",
}
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put keys and a Region into the environment."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


def explained(capsys: Capture, *arguments: str) -> Any:
    """Return the JSON that is printed."""
    assert 0 == main(["explain", *arguments, "--json"])
    out, err = capsys.readouterr()
    assert "" == err
    return json.loads(out)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command(name: str, capsys: Capture):
    """Each command shows the request that it would send, and sends nothing."""
    got = explained(capsys, name, *ARGUMENTS.get(name, [ID]))

    assert ["Action", ACTIONS[name]] == got["pairs"][0]
    assert f"Action={ACTIONS[name]}&Version=2016-11-15&" in got["body"]
    assert "https://ec2.eu-west-1.amazonaws.com" == got["url"]


def test_options_of_the_command(capsys: Capture):
    """Its own options count, before it and after it."""
    got = explained(capsys, "--region", "us-west-2", "stop", "--force", ID, "--dry-run")

    assert [["InstanceId.1", ID], ["Force", "true"], ["DryRun", "true"]] == got["pairs"][2:]
    assert "https://ec2.us-west-2.amazonaws.com" == got["url"]


def test_text(capsys: Capture):
    """The text has all parts, and no secret unless that was asked for."""
    assert 0 == main(["explain", "stop", ID, "--force"])
    out, err = capsys.readouterr()

    assert "" == err
    assert "  InstanceId.1 = i-1234567890abcdef0\n" in out
    assert "\nCanonical request\n  POST\n  /\n" in out
    assert "\nString to sign\n  AWS4-HMAC-SHA256\n" in out
    assert '-H "x-amz-security-token: $AWS_SESSION_TOKEN"' in out
    assert not any(each in out for each in (SECRET, TOKEN))
    assert 0 == main(["explain", "stop", ID, "--show-secrets"])
    assert f"x-amz-security-token: {TOKEN}\n" in capsys.readouterr().out


def test_what_a_terminal_would_obey(capsys: Capture):
    """What came with an argument and would change the terminal is escaped."""
    assert 0 == main(["explain", "describe", "--filter", "tag:a=\x1b[2J"])

    assert "  Filter.1.Value.1 = \\x1b[2J\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({}, "to find your credentials would take a request or a program"),
        ({"AWS_EC2_METADATA_DISABLED": "true"}, "No credentials were found"),
    ],
)
def test_without_keys(
    variables: dict[str, str], reason: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
):
    """Nobody is asked for credentials: AWS's example signs, and that is said."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert 0 == main(["explain", "stop", ID])
    out, err = capsys.readouterr()
    assert f"Credential={EXAMPLE.access_key_id}/" in out
    assert err.startswith(f"ec2lite: signed with the keys of AWS's documentation: {reason}")


def test_a_role_is_not_assumed(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The keys of a profile that has a role would not sign the request, so they sign nothing."""
    config = tmp_path / "config"
    config.write_text(
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = keys\n"
        "[profile keys]\naws_access_key_id = AKIDKEYS\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for profile, key in (("role", EXAMPLE.access_key_id), ("keys", "AKIDKEYS")):
        assert 0 == main(["explain", "--profile", profile, "stop", ID])
        assert f"Credential={key}/" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "a command or --response must be given"),
        (["demo"], "the command must be of stop, start, "),
        (["stop"], "no instance ids are given"),
        (["stop", ID, "--loud"], "unrecognized arguments: --loud"),
        (["--response"], "expected one argument"),
        (["--response", "/nowhere.xml"], "cannot read /nowhere.xml"),
    ],
)
def test_wrong_arguments(arguments: list[str], expected: str, capsys: Capture):
    """A wrong command line is exit code 2, and says what is wrong."""
    assert 2 == main(["explain", *arguments])
    assert expected in capsys.readouterr().err


def test_no_region(capsys: Capture, monkeypatch: pytest.MonkeyPatch):
    """Without a Region nobody is asked for one."""
    monkeypatch.delenv("AWS_REGION")

    assert 2 == main(["explain", "stop", ID])
    assert "Region" in capsys.readouterr().err


def test_help(capsys: Capture):
    """Both forms are shown by --help, and a command's own options by its own."""
    assert 0 == main(["explain", "--help"])
    assert "--response FILE" in capsys.readouterr().out
    assert 0 == main(["explain", "stop", "--help"])
    assert "--skip-os-shutdown" in capsys.readouterr().out


def test_an_answer(capsys: Capture, tmp_path: Path):
    """An answer of a file is explained as a table, or as JSON."""
    file = tmp_path / "answer.xml"
    file.write_bytes(stopped("InstanceId.1=i-1"))

    assert 0 == main(["explain", "--response", str(file)])
    out, err = capsys.readouterr()
    assert "" == err
    assert out.startswith("<StopInstancesResponse> is the answer to StopInstances.\n")
    assert "instancesSet/item[1]/currentState/code" in out
    got = explained(capsys, f"--response={file}")
    assert "instancesSet/item[1]/instanceId" in [each["path"] for each in got["parts"]]


def test_an_answer_from_standard_input(capsys: Capture, monkeypatch: pytest.MonkeyPatch):
    """``-`` is standard input; a document without parts has no table."""
    for body in (fault(("RequestLimitExceeded", "Slow down.")), b"<a/>"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
        assert 0 == main(["explain", "--response", "-"])
        assert "<" in capsys.readouterr().out


def test_no_answer(capsys: Capture, tmp_path: Path):
    """What is no answer is an error, not a traceback."""
    file = tmp_path / "page.html"
    file.write_bytes(b"404")

    assert 1 == main(["explain", "--response", str(file)])
    assert "not well-formed XML" in capsys.readouterr().err
