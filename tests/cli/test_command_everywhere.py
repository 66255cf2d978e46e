"""``--everywhere``: many accounts and Regions from the command line."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

import ec2lite
from ec2lite.cli import options
from ec2lite.cli.main import main
from ec2lite.testing import FakeEC2
from terminal import Terminal

ROLE = "arn:aws:iam::210987654321:role/night"
UNKNOWN = "i-0123456789abcdef0"


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Let the command line find a fake EC2, and a directory of its own."""
    made = FakeEC2(region="eu-west-1")
    monkeypatch.setattr(
        options,
        "shared",
        lambda args: {
            "transport": made.transport,
            "credentials": made.credentials,
            "clock": made.clock,
        },
    )
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def file(fake, tmp_path):
    """Return a file of two targets, one with ids and one with filters and a role."""
    ids = fake.run_instances(2)
    fake.run_instances(60, tags={"env": "dev"})
    targets = [
        {"region": "eu-west-1", "instance_ids": [*ids, UNKNOWN]},
        {
            "region": "eu-west-1",
            "filters": {"tag:env": ["dev"]},
            "max_instances": 70,
            "role_arn": ROLE,
        },
    ]
    return write(tmp_path, targets)


def write(directory, targets):
    """Write a file of targets, and return its name."""
    (directory / "targets.json").write_text(json.dumps(targets))
    return "targets.json"


def kept(tmp_path):
    """Return the name of the file that was left to resume from."""
    (file,) = tmp_path.glob("ec2lite-*.json")
    return file.name


def shortened(text):
    """Return lines with two spaces at most between columns."""
    return [re.sub(" {2,}", "  ", each) for each in text.splitlines()]


def test_stop(fake, file, capsys):
    """The plan comes first, then progress, then what there is of each outcome, then failures."""
    assert 1 == main(["stop", "--everywhere", file, "--force"])

    out, err = capsys.readouterr()
    said = "Stop in 2 targets: 3 instances by their ids, 70 at most by filters."
    assert said == err.splitlines()[0]
    lines = shortened(out)
    assert [
        "REGION  ACCOUNT  OUTCOME  INSTANCES",
        "eu-west-1  -  accepted  2",
        "eu-west-1  -  not_found  1",
        "eu-west-1  210987654321  accepted  60",
        "",
        "REGION  INSTANCE  OUTCOME  WHY",
    ] == lines[:6]
    assert lines[6].startswith(f"eu-west-1  {UNKNOWN}  not_found  ")
    assert 7 == len(lines)
    assert "true" == fake.calls[-1].parameters["Force"]


def test_start(fake, tmp_path, capsys):
    """``start`` does the same; a target in which nothing matches has no outcomes."""
    (one,) = fake.run_instances(state="stopped")
    nothing = {"region": "eu-west-1", "filters": {"tag:a": ["b"]}, "max_instances": 1}
    name = write(tmp_path, [{"region": "eu-west-1", "instance_ids": [one]}, nothing])

    assert 0 == main(["start", "--everywhere", name, "--quiet"])

    out, err = capsys.readouterr()
    assert ["eu-west-1  -  accepted  1", "eu-west-1  -  -  0"] == shortened(out)[1:]
    assert "" == err


def test_standard_input(fake, monkeypatch, capsys):
    """``-`` reads the targets from standard input."""
    (one,) = fake.run_instances()
    text = json.dumps([{"region": "eu-west-1", "instance_ids": [one]}])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    assert 0 == main(["stop", "--everywhere", "-"])
    assert "Stop in 1 target: 1 instances by their ids.\n" == capsys.readouterr().err[:44]


def test_json(fake, file, capsys):
    """``--json`` prints a line for each instance, with its place."""
    fake.fail_next("AssumeRole", "AccessDenied", status=403)

    assert 1 == main(["stop", "--everywhere", file, "--json", "--quiet"])

    lines = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert ["accepted", "accepted", "not_found", None] == [each.get("Outcome") for each in lines]
    assert [None, None, None, "210987654321"] == [each["Account"] for each in lines]
    last = lines[-1]
    assert ("eu-west-1", None, "CredentialsError") == (
        last["Region"],
        last["InstanceId"],
        last["Error"]["Code"],
    )


def test_an_error_of_a_target(fake, tmp_path, capsys):
    """The error of a target is a line of its own, exit code 1, and a file goes on with it."""
    fake.run_instances(3, tags={"env": "dev"})
    target = {"region": "eu-west-1", "filters": {"tag:env": ["dev"]}, "max_instances": 2}

    assert 1 == main(["stop", "--everywhere", write(tmp_path, [target])])

    out, err = capsys.readouterr()
    lines = shortened(out)
    assert "eu-west-1  -  error  0" == lines[1]
    assert lines[-1].startswith("eu-west-1  -  error  more than 2 instances match")
    said = f"1 of 1 targets can be asked again: ec2lite stop --resume {kept(tmp_path)}"
    assert f"ec2lite: {said}" == err.splitlines()[-1]


def test_dry_run(fake, tmp_path, capsys):
    """``--dry-run`` asks in each target; all allowed is exit code 0."""
    (one,) = fake.run_instances()
    name = write(tmp_path, [{"region": "eu-west-1", "instance_ids": [one]}])

    assert 0 == main(["stop", "--everywhere", name, "--dry-run"])
    assert "allowed" in capsys.readouterr().out


def test_ctrl_c_and_resume(fake, file, monkeypatch, capsys, tmp_path):
    """Ctrl-C leaves a file of all targets, with the flags; --resume goes on with it."""
    answer = fake.transport.handle_request
    monkeypatch.setattr(
        fake.transport,
        "handle_request",
        lambda request: answer(request) if len(fake.calls) < 3 else interrupt(),
    )

    assert 130 == main(["stop", "--everywhere", file, "--skip-os-shutdown"])

    out, err = capsys.readouterr()
    name = kept(tmp_path)
    assert f"targets can be asked again: ec2lite stop --resume {name}" in err.splitlines()[-1]
    monkeypatch.setattr(fake.transport, "handle_request", answer)
    assert 1 == main(["stop", "--resume", name])
    out, err = capsys.readouterr()
    assert "eu-west-1  210987654321  accepted  60" in shortened(out)
    assert 1 == main(["stop", "--resume", name, "--quiet"])
    stops = [each for each in fake.calls if each.action == "StopInstances"]
    assert {"true"} == {each.parameters["SkipOsShutdown"] for each in stops}


def interrupt():
    """Be Ctrl-C."""
    raise KeyboardInterrupt


def test_ctrl_c_at_once(fake, tmp_path, monkeypatch, capsys):
    """Targets that were not begun count as not done."""
    name = write(tmp_path, [{"region": "eu-west-1", "instance_ids": ["i-1"]}] * 3)
    monkeypatch.setattr(fake.transport, "handle_request", lambda request: interrupt())

    assert 130 == main(["stop", "--everywhere", name])
    assert "3 of 3 targets can be asked again" in capsys.readouterr().err


def test_bar(fake, tmp_path, monkeypatch):
    """The bar adds up what the targets tell."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    fake.latency = 1.0
    targets = [{"region": "eu-west-1", "instance_ids": fake.run_instances(100)} for _ in "12"]

    assert 0 == main(["stop", "--everywhere", write(tmp_path, targets)])

    drawn = terminal.getvalue().split("\r")[1:]
    assert any("100 of 200, " in each and "/s, " in each and " s left" in each for each in drawn)
    assert "200 of 200" in drawn[-2]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "targets.json must be a JSON list of targets: "),
        ("{}", "targets.json must be a JSON list of at least one target"),
        ("[]", "targets.json must be a JSON list of at least one target"),
        ("[5]", "target 0 of targets.json: a target must be a JSON object, not int"),
        (
            '[{"region": "eu-west-1", "filters": {"tag:a": ["b"]}}]',
            "target 0 of targets.json: max_instances must be a number, not None",
        ),
    ],
)
def test_bad_files(fake, tmp_path, capsys, content, complaint):
    """A file that lists no targets is refused: exit code 2, and nothing is sent."""
    (tmp_path / "targets.json").write_text(content)

    assert 2 == main(["stop", "--everywhere", "targets.json"])
    assert capsys.readouterr().err.startswith(f"ec2lite: {complaint}")
    assert [] == fake.calls


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"targets": 5}', "f must be a file that `--resume` has written, not something else"),
        ('{"targets": [5]}', "f must be a file that `--resume` has written, not something else"),
        ('{"targets": [], "action": "StartInstances"}', "f must be of StopInstances, not of"),
        (
            '{"targets": [], "flags": 5}',
            "f must be a file that `--resume` has written, not something else",
        ),
        ("5", "f must be a file that `--resume` has written, not something else"),
    ],
)
def test_bad_files_to_resume(fake, tmp_path, capsys, content, complaint):
    """A file that was kept of something else is refused."""
    (tmp_path / "f").write_text(content)

    assert 2 == main(["stop", "--resume", "f"])
    assert capsys.readouterr().err.startswith(f"ec2lite: {complaint}")


def test_no_such_file(fake, capsys):
    """A file that is not there is said to be so."""
    assert 2 == main(["stop", "--resume", "nowhere"])
    assert "ec2lite: cannot read nowhere: No such file or directory\n" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["i-1"], "--everywhere must be given without ids"),
        (["--filter", "a=b", "--max", "1"], "--everywhere must be given without ids"),
        (["--region", "eu-west-1"], "--everywhere must be given without ids"),
        (["--resume", "f"], "--everywhere must be given without ids"),
        (["--wait"], "--wait must be given without --everywhere"),
        (["--timeout", "5"], "--wait must be given without --everywhere"),
    ],
)
def test_misuse(fake, file, capsys, arguments, complaint):
    """What does not go together is refused, and nothing is sent."""
    assert 2 == main(["stop", "--everywhere", file, *arguments])
    assert capsys.readouterr().err.startswith(f"ec2lite: {complaint}")
    assert [] == fake.calls


def test_explain(fake, file, capsys):
    """What goes to many places is not explained, and above all not sent."""
    assert 2 == main(["explain", "stop", "--everywhere", file])
    assert "must be tried with --dry-run, not explained" in capsys.readouterr().err
    assert [] == fake.calls


def test_arguments_of_a_client(monkeypatch, capsys, tmp_path):
    """The profile and the endpoint of the command line are those of all targets."""
    fake = FakeEC2(region="eu-west-1")
    (one,) = fake.run_instances()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", fake.credentials.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", fake.credentials.secret_access_key)
    monkeypatch.chdir(tmp_path)
    name = write(tmp_path, [{"region": "eu-west-1", "instance_ids": [one]}])

    with fake.serve() as url:
        assert 0 == main(["stop", "--everywhere", name, "--endpoint-url", url])
    assert ec2lite.StopInstances.action == fake.calls[0].action
