"""The command line, in process; and as a real process where that makes a difference."""

from __future__ import annotations

import io
import json
import os
import runpy
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest

import ec2lite
from ec2lite.cli import demo
from ec2lite.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE = "i-1234567890abcdef0"
TWO = "i-abcdef01234567890"

NO_CREDENTIALS = (
    "ec2lite: No credentials were found. Asked: environment: AWS_ACCESS_KEY_ID is not set; "
)
STOPPED = f"""<StopInstancesResponse><requestId>r-1</requestId><instancesSet><item>
<instanceId>{ONE}</instanceId><currentState><code>64</code><name>stopping</name></currentState>
<previousState><code>16</code><name>running</name></previousState></item></instancesSet>
</StopInstancesResponse>"""


def refusal(code: str, message: str) -> str:
    """Return an error document."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return f"<Response><Errors>{error}</Errors><RequestID>r-2</RequestID></Response>"


class Service:
    """An EC2 that gives one answer, and keeps the forms that it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.answer = STOPPED
        self.forms: list[dict[str, str]] = []

    def handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - self is the handler's
        """Return the class that http.server wants."""

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                service.forms.append(dict(parse_qsl(body.decode())))
                answer = service.answer.encode()
                self.send_response(service.status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        return Handler


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Point the environment at an EC2 of one answer."""
    service = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), service.handler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    use(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    yield service
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def instances(monkeypatch: pytest.MonkeyPatch, moto: str) -> tuple[str, ...]:
    """Point the environment at moto's EC2, and return the ids of two instances that run there."""
    use(monkeypatch, moto)
    with ec2lite.Client() as ec2:
        return ec2.send(demo._RunInstances(demo.IMAGE, 2))


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Say in the environment where EC2 is, and who asks."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def process(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run Python with this ec2lite, be it installed or a checkout, in this test's environment."""
    where = str(Path(ec2lite.__file__).parent.parent)
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, *arguments],
        env={**environ, "PYTHONPATH": where},
        text=True,
        timeout=60,
        check=False,
        **{"capture_output": True, **options},  # type: ignore[call-overload] # told by the caller
    )


def test_stop_prints_a_table(
    instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """The states before and now are shown, an instance a line."""
    assert 0 == main(["stop", *instances])
    first, second = instances
    expected = (
        "INSTANCE             BEFORE   NOW\n"
        f"{first}  running  stopping\n"
        f"{second}  running  stopping\n"
    )
    assert (expected, "") == capsys.readouterr()


def test_stop_as_a_process(instances: tuple[str, ...]) -> None:
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


def test_demo_as_a_process() -> None:
    """``ec2lite demo`` runs to its end and writes nothing to stderr."""
    done = process("-m", "ec2lite", "demo")
    assert (0, "") == (done.returncode, done.stderr)
    assert "Done: three instances stopped." in done.stdout


def test_json_is_what_boto3_returns(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """``--json`` prints the result's to_dict()."""
    assert 0 == main(["stop", ONE, "--json"])
    printed = json.loads(capsys.readouterr().out)
    expected = [
        {
            "InstanceId": ONE,
            "CurrentState": {"Code": 64, "Name": "stopping"},
            "PreviousState": {"Code": 16, "Name": "running"},
        }
    ]
    assert expected == printed["StoppingInstances"]
    assert "r-1" == printed["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    "arguments",
    [
        [ONE, TWO],
        ["--instance-ids", ONE, TWO],
        [ONE, "--instance-ids", TWO],
        [ONE, "--json", TWO],
        ["--instance-ids", ONE, "--instance-ids", TWO],
    ],
)
def test_ids_may_stand_anywhere(service: Service, arguments: list[str]) -> None:
    """Ids are positional, of --instance-ids, or both; before, between and after options."""
    assert 0 == main(["stop", *arguments])
    (form,) = service.forms
    assert (ONE, TWO) == (form["InstanceId.1"], form["InstanceId.2"])


def test_flags_that_are_not_given_are_not_sent(service: Service) -> None:
    """Without options, EC2's own defaults hold."""
    assert 0 == main(["stop", ONE])
    expected = {"Action": "StopInstances", "Version": "2016-11-15", "InstanceId.1": ONE}
    assert [expected] == service.forms


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("hibernate", "Hibernate"),
        ("force", "Force"),
        ("skip-os-shutdown", "SkipOsShutdown"),
    ],
)
def test_flags_are_three_valued(service: Service, option: str, name: str) -> None:
    """``--flag`` sends true and ``--no-flag`` false."""
    assert [0, 0] == [main(["stop", ONE, f"--{option}"]), main(["stop", ONE, f"--no-{option}"])]
    assert ["true", "false"] == [form[name] for form in service.forms]


def test_no_dry_run_is_sent(service: Service) -> None:
    """``--no-dry-run`` stops the instance, and says so to the service."""
    assert 0 == main(["stop", ONE, "--no-dry-run"])
    assert "false" == service.forms[0]["DryRun"]


def test_where_to_send_is_an_option(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """--endpoint-url, --region and --profile reach the client."""
    url = os.environ["AWS_ENDPOINT_URL_EC2"]
    for name in ("AWS_ENDPOINT_URL_EC2", "AWS_REGION"):
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    config.write_text(
        f"[profile nightly]\nregion = eu-north-1\nendpoint_url = {url}\n"
        "aws_access_key_id = key\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert 0 == main(["stop", ONE, "--endpoint-url", url, "--region", "eu-west-3"])
    assert 0 == main(["stop", ONE, "--profile", "nightly"])
    assert 2 == len(service.forms)


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_dry_run_that_is_allowed(
    instances: tuple[str, ...], capsys: pytest.CaptureFixture[str], as_json: list[str]
) -> None:
    """--dry-run says that it is allowed, with exit code 0, and stops nothing."""
    assert 0 == main(["stop", *instances, "--dry-run", *as_json])
    message = "Request would have succeeded, but DryRun flag is set."
    out = capsys.readouterr().out
    if as_json:
        printed = json.loads(out)
        assert {"Allowed", "Code", "Message", "RequestId"} == set(printed)
        assert (True, message) == (printed["Allowed"], printed["Message"])
    else:
        assert f"allowed: {message} (DryRunOperation)\n" == out
    main(["stop", *instances])
    assert 2 == capsys.readouterr().out.count(" running ")


def test_dry_run_that_is_not_allowed(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """--dry-run says that it is not allowed, with exit code 1."""
    service.status, service.answer = 403, refusal("UnauthorizedOperation", "Not you.")
    assert 1 == main(["stop", ONE, "--dry-run"])
    assert ("not allowed: Not you. (UnauthorizedOperation)\n", "") == capsys.readouterr()


def test_a_no_of_the_service(
    instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """What EC2 refuses is one line on stderr and exit code 1."""
    assert 1 == main(["stop", "i-00000000000000bad"])
    out, err = capsys.readouterr()
    assert "" == out
    assert 1 == err.count("\n")
    assert err.startswith("ec2lite: StopInstances failed: The instance ID 'i-00000000000000bad'")


def test_several_errors_are_one_line(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Each error of the answer is told, all in one line, and without what moves a terminal."""
    service.status = 400
    both = "<Error><Code>B</Code><Message>two\n&#x9b;2J</Message></Error></Errors>"
    service.answer = refusal("A", "one").replace("</Errors>", both)
    assert 1 == main(["stop", ONE])
    expected = "ec2lite: StopInstances failed: one (A, request id r-2); also: two; \\x9b2J (B)\n"
    assert expected == capsys.readouterr().err


def test_nobody_answers(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A connection that fails is exit code 1."""
    assert 1 == main(["stop", ONE, "--endpoint-url", "http://127.0.0.1:1"])
    assert capsys.readouterr().err.startswith("ec2lite: no answer from 127.0.0.1:1: ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "ec2lite: the following arguments are required: COMMAND; see ec2lite --help"),
        (["halt"], "ec2lite: argument COMMAND: invalid choice: 'halt'"),
        (["stop"], "ec2lite: instance_ids: at least one id is needed"),
        (["stop", ONE, "--f"], "ec2lite stop: unrecognized arguments: --f; see ec2lite stop"),
        (["stop", ONE, "--region"], "ec2lite stop: argument --region: expected one argument"),
        (["stop", ONE], "ec2lite: no Region: use --region, or set AWS_REGION"),
        (["stop", ONE, "--region", "a/b"], "ec2lite: region must be letters"),
        (["stop", ONE, "--region", "eu-west-1"], NO_CREDENTIALS),
        (["stop", ONE, "--profile", "none"], "ec2lite: profile 'none' is neither in"),
    ],
)
def test_misuse(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    complaint: str,
) -> None:
    """Wrong usage, configuration and credentials are one line on stderr and exit code 2."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert 2 == main(arguments)
    out, err = capsys.readouterr()
    assert ("", 1) == (out, err.count("\n"))
    assert err.startswith(complaint)


def test_interrupted(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C is exit code 130, without a traceback."""

    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ec2lite.Client, "send", interrupt)
    assert 130 == main(["stop", ONE])
    assert ("", "ec2lite: interrupted\n") == capsys.readouterr()


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints the version; the process's own arguments are the default."""
    monkeypatch.setattr(sys, "argv", ["ec2lite", "--version"])
    assert 0 == main()
    assert (f"ec2lite {ec2lite.__version__}\n", "") == capsys.readouterr()


@pytest.mark.parametrize("arguments", [["--help"], ["stop", "--help"], ["demo", "--help"]])
def test_help_is_quick(arguments: list[str]) -> None:
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
    assert "\n  stop    Stop instances\n" in out
    assert "\n  whoami  Show whose" in out
    assert "\n  demo    See it at work" in out


def test_reader_goes_away(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Output that nobody reads any more changes neither the work nor its exit code."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        assert 0 == main(["stop", ONE])
    assert 1 == len(service.forms)


@pytest.mark.parametrize("arguments", [["stop", ONE], ["--help"], ["--version"]])
def test_reader_goes_away_from_a_process(service: Service, arguments: list[str]) -> None:
    """``ec2lite ... | true`` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    done = process(
        "-m", "ec2lite", *arguments, capture_output=False, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert (0, "") == (done.returncode, done.stderr)


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux's")
def test_disk_is_full(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output that cannot be written is one line on stderr, and no refusal of the service's."""
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert 2 == main(["stop", ONE])
    said = "ec2lite: cannot write the output: No space left on device\n"
    assert said == capsys.readouterr().err


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux's")
def test_disk_is_full_for_a_process() -> None:
    """So is help that cannot be written."""
    with FULL.open("w") as full:
        done = process(
            "-m", "ec2lite", "--help", capture_output=False, stdout=full, stderr=subprocess.PIPE
        )
    said = "ec2lite: cannot write the output: No space left on device\n"
    assert (2, said) == (done.returncode, done.stderr)


def test_no_output(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a stdout (``>&-``) the work is done all the same."""
    monkeypatch.setattr(sys, "stdout", None)
    assert 0 == main(["stop", ONE])
    assert 1 == len(service.forms)


def test_output_fits_the_encoding(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stdout's encoding does not have is escaped."""
    service.answer = STOPPED.replace(ONE, "i-\N{LATIN SMALL LETTER U WITH DIAERESIS}")
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    assert 0 == main(["stop", ONE])
    assert b"INSTANCE  BEFORE   NOW\ni-\\xfc" in out.getvalue()
    sys.stdout.detach()


def test_names_do_nothing_to_the_terminal(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters in an answer are shown, not obeyed."""
    service.answer = STOPPED.replace("<name>running", "<name>run&#x9b;2J")
    assert 0 == main(["stop", ONE])
    assert "run\\x9b2J" in capsys.readouterr().out


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
    assert "no terminal to ask" in capsys.readouterr().err
