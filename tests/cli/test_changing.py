"""``ec2lite stop``, ``start`` and ``reboot``: ids, or filters with a limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from ec2lite.cli.main import main
from samples import stopped

if TYPE_CHECKING:
    from service import Service

BLUE, RED = "--filter=tag:team=blue", "--filter=tag:team=red"


@pytest.fixture
def aws(instances: tuple[str, ...], moto: str):
    """Return boto3's client of the EC2 that the command line uses."""
    client = boto3.client("ec2", "eu-west-1", endpoint_url=moto, config=Config(retries={}))
    yield client
    client.close()


@pytest.fixture
def fleet(aws, instances: tuple[str, ...]) -> dict[str, str]:
    """Return three instances of team blue by their states, and one of team red."""
    image = aws.describe_instances()["Reservations"][0]["Instances"][0]["ImageId"]
    more = aws.run_instances(ImageId=image, MinCount=2, MaxCount=2)["Instances"]
    first, second, third, red = [*instances, *(each["InstanceId"] for each in more)]
    blue = {"Key": "team", "Value": "blue"}
    aws.create_tags(Resources=[first, second, third], Tags=[blue])
    aws.create_tags(Resources=[red], Tags=[{"Key": "team", "Value": "red"}])
    aws.stop_instances(InstanceIds=[third])
    return {"running": first, "also running": second, "stopped": third, "red": red}


def states(aws) -> dict[str, str]:
    """Return the state of each instance."""
    return {
        each["InstanceId"]: each["State"]["Name"]
        for page in aws.describe_instances()["Reservations"]
        for each in page["Instances"]
    }


def test_start(aws, instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """``start`` starts what is stopped, and shows the states."""
    aws.stop_instances(InstanceIds=[instances[0]])
    assert 0 == main(["start", instances[0]])
    line = f"{instances[0]}  stopped  pending"
    assert ["INSTANCE             BEFORE   NOW", line] == capsys.readouterr().out.splitlines()
    assert "running" == states(aws)[instances[0]]


def test_start_sends_its_parameters(service: Service) -> None:
    """--additional-info and --no-dry-run are sent; what is not given is not."""
    service.answer = b"<StartInstancesResponse><instancesSet/></StartInstancesResponse>"
    assert 0 == main(["start", "i-1", "--additional-info", "x", "--no-dry-run"])
    assert 0 == main(["start", "i-1"])
    plain = {"Action": "StartInstances", "Version": "2016-11-15", "InstanceId.1": "i-1"}
    assert [{**plain, "AdditionalInfo": "x", "DryRun": "false"}, plain] == service.forms


def test_reboot(instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """``reboot`` names what was asked for, each once, as EC2's answer does not."""
    first, second = instances
    assert 0 == main(["reboot", first, second, first])
    shown = ["INSTANCE             NOW", f"{first}  rebooting", f"{second}  rebooting"]
    assert shown == capsys.readouterr().out.splitlines()


def test_reboot_as_json(instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """With --json it is what boto3 returns."""
    assert 0 == main(["reboot", instances[0], "--json"])
    assert {"ResponseMetadata"} == set(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("command", ["stop", "start", "reboot"])
def test_dry_run(
    fleet: dict[str, str], aws, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """--dry-run asks for what the filter finds, and changes nothing."""
    before = states(aws)
    assert 0 == main([command, BLUE, "--max", "3", "--dry-run"])
    assert capsys.readouterr().out.startswith("allowed: ")
    assert before == states(aws)


def test_stop_by_filter(fleet: dict[str, str], aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what matches, what runs is stopped, and nothing else."""
    assert 0 == main(["stop", BLUE, "--max", "3"])
    shown = {line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]}
    assert {fleet["running"], fleet["also running"]} == shown
    assert "running" == states(aws)[fleet["red"]]


def test_start_by_filter(fleet: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Of what matches, what is stopped is started, and nothing else."""
    assert 0 == main(["start", BLUE, "--max", "3", "--json"])
    (change,) = json.loads(capsys.readouterr().out)["StartingInstances"]
    assert fleet["stopped"] == change["InstanceId"]


@pytest.mark.parametrize("command", ["stop", "start", "reboot"])
def test_more_matches_than_the_limit(
    fleet: dict[str, str], aws, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Where more match than --max allows, nothing is sent, and the exit code is 2."""
    before = states(aws)
    assert 2 == main([command, BLUE, "--max", "2"])
    complaint = "ec2lite: more than 2 instances match (--max); nothing was changed"
    assert capsys.readouterr().err.startswith(complaint)
    assert before == states(aws)


def test_filters_add_up(fleet: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Another name narrows the matches down; another value of one name widens them."""
    narrow = [BLUE, "--filters", f"Name=instance-id,Values={fleet['running']},{fleet['red']}"]
    assert 0 == main(["stop", *narrow, "--max", "1"])
    assert fleet["running"] in capsys.readouterr().out
    assert 0 == main(["stop", BLUE, RED, "--max", "4"])
    shown = capsys.readouterr().out
    assert (True, True) == (fleet["also running"] in shown, fleet["red"] in shown)


def test_nothing_to_do(fleet: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing that matches can be changed, that is said, with exit code 0."""
    assert 0 == main(["start", RED, "--max", "9"])
    said = "No instance that matches is stopped: nothing to do.\n"
    assert (said, "") == capsys.readouterr()
    assert 0 == main(["stop", "--filter", "tag:team=none", "--max", "9", "--json"])
    assert {} == json.loads(capsys.readouterr().out)


def described(state: str) -> bytes:
    """Return the description of one instance."""
    return (
        "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
        "<instanceId>i-1</instanceId><instanceState><code>64</code>"
        f"<name>{state}</name></instanceState></item></instancesSet></item></reservationSet>"
        "</DescribeInstancesResponse>"
    ).encode()


@pytest.mark.parametrize(
    ("flags", "actions"),
    [
        ([], ["DescribeInstances"]),
        (["--hibernate"], ["DescribeInstances"]),
        (["--force"], ["DescribeInstances", "StopInstances"]),
        (["--skip-os-shutdown"], ["DescribeInstances", "StopInstances"]),
    ],
)
def test_what_is_stopping_is_stopped_harder(
    service: Service, flags: list[str], actions: list[str]
) -> None:
    """A stop that is under way is changed only by the flags that make it harder."""
    service.choose = lambda form: (
        described("stopping")
        if form["Action"] == "DescribeInstances"
        else stopped("InstanceId.1=i-1")
    )
    assert 0 == main(["stop", BLUE, "--max", "1", *flags])
    assert actions == [form["Action"] for form in service.forms]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["stop", BLUE], "--filter must be given with --max; see ec2lite stop --help"),
        (
            ["start", BLUE, "--max", "0"],
            "argument --max: must be a whole number from 1 on, not",
        ),
        (["reboot", BLUE, "--max", "x"], "argument --max: must be a whole number from 1 on"),
        (["stop", "i-1", BLUE, "--max", "1"], "ids and --filter must not be given together"),
        (["stop", "--instance-ids", "i-1", BLUE, "--max", "1"], "ids and --filter must not be"),
        (["stop", "i-1", "--max", "1"], "--max must be given with --filter"),
        (["stop", "--max", "1"], "--max must be given with --filter"),
        (["stop", "--filter", "tag:team", "--max", "1"], "argument --filter: must be NAME=VALUE"),
        (["stop", "--filter", "=x", "--max", "1"], "argument --filter: must be NAME=VALUE"),
        (
            ["stop", "--filters", "a=b", "--max", "1"],
            "argument --filters: must be Name=",
        ),
        (
            ["stop", "--filters", "Name=a", "--max", "1"],
            "argument --filters: must be Name=",
        ),
        (["terminate", BLUE], "unrecognized arguments: --filter=tag:team=blue"),
    ],
)
def test_misuse(
    service: Service, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    """What does not go together is exit code 2, and nothing is sent."""
    assert 2 == main(arguments)
    assert f"ec2lite: {complaint}" == capsys.readouterr().err[: len(f"ec2lite: {complaint}")]
    assert [] == service.forms


def test_an_unknown_filter_is_a_warning(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """A filter's name that EC2 does not have is a line on stderr, with the nearest one."""
    service.answer = described("running")
    assert 0 == main(["start", "--filter", "instance-sate-name=running", "--max", "1"])
    said = "ec2lite: warning: EC2 has no filter 'instance-sate-name'; the nearest is "
    err = capsys.readouterr().err
    assert said == err[: len(said)]
    assert 1 == err.count("\n")
