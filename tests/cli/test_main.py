"""The command line as a whole: commands, exit codes, errors, help."""

from __future__ import annotations

import json
import runpy
import sys
from typing import TYPE_CHECKING

import pytest

import ec2lite
from ec2lite.cli.main import COMMANDS, main
from samples import fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from service import Service

ONE = "i-1234567890abcdef0"


def test_as_a_process(
    instances: tuple[str, ...], process: Callable[..., CompletedProcess[str]]
) -> None:
    """``python -m ec2lite`` does what ``ec2lite`` does."""
    done = process("-m", "ec2lite", "stop", "--json", instances[0])
    assert (0, "") == (done.returncode, done.stderr)
    (change,) = json.loads(done.stdout)["StoppingInstances"]
    assert instances[0] == change["InstanceId"]


def test_python_m_exits_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m ec2lite`` ends with main's exit code."""
    monkeypatch.setattr(sys, "argv", ["ec2lite", "nonsense"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("ec2lite", run_name="__main__")
    assert 2 == end.value.code


def test_importing_main_does_nothing() -> None:
    """A tool that imports every module does not start the program."""
    assert main is runpy.run_module("ec2lite.__main__")["main"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--region", "eu-west-3"], []),
        ([], ["--region", "eu-west-3"]),
        (["--region=eu-west-3"], []),
        (["--json", "--region", "eu-west-3"], []),
        (["--region", "stop"], ["--region", "eu-west-3"]),
    ],
)
def test_options_before_or_after_the_command(
    service: Service, monkeypatch: pytest.MonkeyPatch, before: list[str], after: list[str]
) -> None:
    """``ec2lite --region X stop`` is ``ec2lite stop --region X``, and the last one wins."""
    seen = []
    client = ec2lite.Client.__init__
    monkeypatch.setattr(
        ec2lite.Client,
        "__init__",
        lambda self, region, **given: seen.append(region) or client(self, region, **given),
    )
    assert 0 == main([*before, "stop", ONE, *after])
    assert ["eu-west-3"] == seen


def test_where_to_send_is_an_option(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """--endpoint-url, --region and --profile reach the client."""
    url = service.url
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text(
        f"[profile nightly]\nregion = eu-north-1\nendpoint_url = {url}\n"
        "aws_access_key_id = key\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert 0 == main(["stop", ONE, "--endpoint-url", url, "--region", "eu-west-3"])
    assert 0 == main(["--profile", "nightly", "stop", ONE])
    assert 2 == len(service.forms)


def test_a_no_of_the_service(
    instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A refusal of EC2's is one line on stderr and exit code 1."""
    assert 1 == main(["stop", "i-00000000000000bad"])
    out, err = capsys.readouterr()
    assert "" == out
    assert 1 == err.count("\n")
    assert err.startswith("ec2lite: StopInstances failed: The instance ID 'i-00000000000000bad'")


def test_several_errors_are_one_line(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Every error of the answer is shown, all in one line, and nothing moves a terminal."""
    service.status = 400
    service.answer = fault(("A", "one"), ("B", "two\n@"), request_id="r-2").replace(
        b"@", b"&#x9b;2J"
    )
    assert 1 == main(["stop", ONE])
    expected = "ec2lite: StopInstances failed: one (A, request id r-2); also: two; \\x9b2J (B)\n"
    assert expected == capsys.readouterr().err


def test_a_no_of_the_service_as_json(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json an error has boto3's members, and the exit code, on stderr."""
    service.status = 403
    service.answer = fault(("UnauthorizedOperation", "Not you."), request_id="r-2")
    assert 1 == main(["--json", "stop", ONE])
    out, err = capsys.readouterr()
    expected = {
        "Error": {"Code": "UnauthorizedOperation", "Message": "Not you."},
        "RequestId": "r-2",
        "ExitCode": 1,
    }
    assert ("", expected) == (out, json.loads(err))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["stop", "--json"], "UsageError", "no instance ids are given; see ec2lite stop --help"),
        (["stop", "--json", "--nope", ONE], "UsageError", "unrecognized arguments: --nope; see"),
        (["--json", "halt"], "UsageError", "'halt' is not a command; see ec2lite --help"),
        (["stop", ONE, "--json"], "ConfigError", "no Region: use --region, or set AWS_REGION"),
    ],
)
def test_misuse_as_json(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: str,
    message: str,
) -> None:
    """With --json, wrong usage and configuration are JSON, too."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert 2 == main(arguments)
    out, err = capsys.readouterr()
    said = json.loads(err)
    assert message == said["Error"].pop("Message")[: len(message)]
    assert ("", {"Error": {"Code": code}, "RequestId": None, "ExitCode": 2}) == (out, said)


def test_json_after_two_dashes_is_an_id(capsys: pytest.CaptureFixture[str]) -> None:
    """What follows ``--`` is no option, and errors stay text."""
    assert 2 == main(["stop", "--nope", "--", "--json"])
    assert capsys.readouterr().err.startswith("ec2lite: unrecognized arguments: --nope")


def test_nobody_answers(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """A connection that fails is exit code 1."""
    assert 1 == main(["stop", ONE, "--endpoint-url", "http://127.0.0.1:1"])
    assert capsys.readouterr().err.startswith("ec2lite: no answer from 127.0.0.1:1: ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["stpo"], "ec2lite: 'stpo' is not a command (did you mean stop?); see ec2lite --help"),
        (["--nope", "stpo"], "ec2lite: unrecognized arguments: --nope; see ec2lite --help"),
        (["--nope", "stop", ONE], "ec2lite: unrecognized arguments: --nope; see ec2lite stop"),
        (["--region"], "ec2lite: argument --region: expected one argument; see ec2lite --help"),
        (["stop"], "ec2lite: no instance ids are given; see ec2lite stop --help"),
        (["stop", ONE, "--f"], "ec2lite: unrecognized arguments: --f; see ec2lite stop --help"),
        (["stop", ONE, "--region"], "ec2lite: argument --region: expected one argument; see"),
        (["stop", ONE], "ec2lite: no Region: use --region, or set AWS_REGION"),
        (["stop", ONE, "--region", "a/b"], "ec2lite: region must be"),
        (["stop", ONE, "--profile", "none"], "ec2lite: profile 'none' is neither in"),
        (
            ["demo", "--region", "x"],
            "ec2lite: unrecognized arguments: --region x; see ec2lite demo",
        ),
    ],
)
def test_misuse(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    complaint: str,
) -> None:
    """Wrong usage and configuration are one line on stderr and exit code 2."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert 2 == main(arguments)
    out, err = capsys.readouterr()
    assert ("", 1) == (out, err.count("\n"))
    assert complaint == err[: len(complaint)]


def test_no_credentials(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there are no credentials, each provider's reason has a line of its own."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert 2 == main(["stop", ONE, "--region", "eu-west-1"])
    out, err = capsys.readouterr()
    first, *reasons = err.splitlines()
    assert "" == out
    assert first.startswith("ec2lite: No credentials were found")
    assert len(first) <= 200
    assert "  environment: AWS_ACCESS_KEY_ID is not set" in reasons
    assert all(line.startswith("  ") for line in reasons)


def test_interrupted(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C is exit code 130, without a traceback."""

    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ec2lite.Client, "send", interrupt)
    assert 130 == main(["stop", ONE])
    assert ("", "ec2lite: interrupted\n") == capsys.readouterr()


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """--version prints the version; the process's own arguments are the default."""
    monkeypatch.setattr(sys, "argv", ["ec2lite", option])
    assert 0 == main()
    assert (f"ec2lite {ec2lite.__version__}\n", "") == capsys.readouterr()


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_no_command(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Bare ``ec2lite`` prints its help on stderr, with exit code 2."""
    assert 2 == main(arguments)
    out, err = capsys.readouterr()
    assert 0 == main(["--help"])
    assert ("", capsys.readouterr().out) == (out, err)


@pytest.mark.parametrize(
    "arguments", [["--help"], *([each, "--help"] for each in COMMANDS)], ids=" ".join
)
def test_help_is_quick(process: Callable[..., CompletedProcess[str]], arguments: list[str]) -> None:
    """--help imports nothing of what only a call needs."""
    done = process(
        "-c",
        "import sys; from ec2lite.cli.main import main; code = main(sys.argv[1:]);"
        "print({'attrs', 'httpx', 'lxml', 'botocore', 'asyncio', 'json'} & set(sys.modules), code)",
        *arguments,
    )
    assert done.stdout.startswith("usage: ec2lite")
    assert done.stdout.endswith("\nset() 0\n")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """``ec2lite --help`` lists the commands with what they do."""
    assert 0 == main(["--help"])
    out = capsys.readouterr().out
    listed = {line.split()[0]: line for line in out.splitlines() if line.startswith("  ")}
    for name, summary in COMMANDS.items():
        assert listed[name].endswith(f"  {summary}")


@pytest.fixture
def role_with_mfa(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, moto: str) -> None:
    """Configure a role that needs a code from an MFA device."""
    config = tmp_path / "config"
    config.write_text(
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = keys\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\nregion = eu-west-1\n"
        "[profile keys]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)


def test_asks_for_the_mfa_code(
    role_with_mfa: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A role that needs an MFA code gets it from the person at the terminal."""
    asked: list[str] = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "123456")
    assert 0 == main(["whoami", "--profile", "role"])
    assert ["Code of the MFA device arn:aws:iam::123456789012:mfa/me: "] == asked
    assert "assume role" in capsys.readouterr().out


def test_nobody_to_ask_for_the_mfa_code(
    role_with_mfa: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal there is no code, and the error says so."""

    def nobody(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", nobody)
    assert 2 == main(["stop", "i-1", "--profile", "role"])
    assert "there is no terminal" in capsys.readouterr().err
