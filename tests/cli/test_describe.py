"""``ec2lite describe`` and ``status``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from ec2lite.cli.main import main

if TYPE_CHECKING:
    from service import Service


@pytest.fixture
def aws(instances: tuple[str, ...], moto: str):
    """Return boto3's client of the EC2 that the command line uses."""
    client = boto3.client("ec2", "eu-west-1", endpoint_url=moto, config=Config(retries={}))
    tags = [{"Key": "Name", "Value": "web one"}, {"Key": "env", "Value": "dev"}]
    client.create_tags(Resources=instances[:1], Tags=tags)
    yield client
    client.close()


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table."""
    return [re.split(r" {2,}", line) for line in text.splitlines()]


def test_table(aws, instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Id, name tag, state, type, zone, address and launch of each instance are shown."""
    assert 0 == main(["describe", *instances])
    heading, first, second = rows(capsys.readouterr().out)
    assert ["ID", "NAME", "STATE", "TYPE", "ZONE", "ADDRESS", "LAUNCHED"] == heading
    theirs = aws.describe_instances(InstanceIds=instances[:1])["Reservations"][0]["Instances"][0]
    expected = [
        instances[0],
        "web one",
        "running",
        theirs["InstanceType"],
        theirs["Placement"]["AvailabilityZone"],
        theirs["PublicIpAddress"],
        f"{theirs['LaunchTime']:%Y-%m-%d %H:%M}Z",
    ]
    assert expected == first
    assert [instances[1], "-", "running"] == second[:3]


def test_json_is_what_boto3_returns(
    aws, instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """--json has boto3's members, times in ISO 8601 as the AWS CLI prints them."""
    assert 0 == main(["describe", "--all", "--json"])
    ours = json.loads(capsys.readouterr().out)["Reservations"]
    theirs = aws.describe_instances()["Reservations"]
    assert json.loads(json.dumps(theirs, default=lambda time: time.isoformat())) == ours


@pytest.mark.parametrize(
    "arguments",
    [
        ["--filter", "tag:env=dev"],
        ["--filters", "Name=tag:env,Values=dev,test"],
        ["--filter", "tag:env=dev", "--filter", "instance-state-name=running"],
    ],
)
def test_filters(
    aws, instances: tuple[str, ...], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Filters choose the instances."""
    assert 0 == main(["describe", *arguments, "--columns", "id"])
    assert f"ID\n{instances[0]}\n" == capsys.readouterr().out


def test_columns(aws, instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """--columns chooses columns, tags among them, in any order."""
    assert 0 == main(["describe", instances[0], "--columns", "tag:env, state,lifecycle,tag:none"])
    expected = [["TAG:ENV", "STATE", "LIFECYCLE", "TAG:NONE"], ["dev", "running", "on-demand", "-"]]
    assert expected == rows(capsys.readouterr().out)


def test_every_column(aws, instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Each column that the help names can be shown."""
    from ec2lite.cli.describe import COLUMNS

    assert 0 == main(["describe", instances[0], "--columns", ",".join(COLUMNS)])
    heading, row = rows(capsys.readouterr().out)
    assert [name.upper() for name in COLUMNS] == heading
    assert len(heading) == len(row)
    assert 0 == main(["describe", "--help"])
    told = capsys.readouterr().out
    assert [] == [name for name in COLUMNS if name not in told]


def page(*ids: str, token: str = "") -> bytes:
    """Return a page of instances of which hardly anything is known."""
    items = "".join(f"<item><instanceId>{each}</instanceId></item>" for each in ids)
    return (
        "<DescribeInstancesResponse><requestId>r</requestId><reservationSet><item>"
        f"<instancesSet>{items}</instancesSet></item></reservationSet>"
        f"<nextToken>{token}</nextToken></DescribeInstancesResponse>"
    ).encode()


def test_pages(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """All pages are one table, or one JSON document."""
    service.choose = lambda form: page("i-2") if "NextToken" in form else page("i-1", token="t")
    assert 0 == main(["describe", "--all", "--columns", "id,name,state,zone,address,launched"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [["i-1", *"-----"], ["i-2", *"-----"]] == lines
    assert 0 == main(["describe", "--all", "--json"])
    whole = json.loads(capsys.readouterr().out)
    found = [each["InstanceId"] for one in whole["Reservations"] for each in one["Instances"]]
    assert (["i-1", "i-2"], None) == (found, whole.get("NextToken"))


@pytest.mark.parametrize("command", ["describe", "status"])
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "ids, --filter or --all must be given; see ec2lite"),
        (["--all", "i-1"], "--all must be given alone, not with ids or --filter"),
        (["--all", "--filter", "tag:a=b"], "--all must be given alone, not with ids or --filter"),
    ],
)
def test_selection(
    service: Service,
    capsys: pytest.CaptureFixture[str],
    command: str,
    arguments: list[str],
    complaint: str,
) -> None:
    """Without a selection, or with two that contradict each other, it is exit code 2."""
    assert 2 == main([command, *arguments])
    assert f"ec2lite: {complaint}" == capsys.readouterr().err[: len(f"ec2lite: {complaint}")]
    assert [] == service.forms


def test_unknown_column(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """A column that there is not is exit code 2, and the others are named."""
    assert 2 == main(["describe", "--all", "--columns", "id,colour"])
    err = capsys.readouterr().err
    assert err.startswith("ec2lite: --columns must be of id, name, ")
    assert "tag:KEY, not 'colour'" in err
    assert [] == service.forms


def test_options_are_sent(service: Service) -> None:
    """--include-managed-resources and --include-all-instances reach EC2."""
    service.choose = lambda form: (
        page() if form["Action"] == "DescribeInstances" else b"<DescribeInstanceStatusResponse/>"
    )
    assert 0 == main(["describe", "--all", "--include-managed-resources"])
    assert 0 == main(["status", "i-1", "--include-all-instances"])
    assert "true" == service.forms[0]["IncludeManagedResources"]
    assert "true" == service.forms[1]["IncludeAllInstances"]


STATUS = b"""<DescribeInstanceStatusResponse><instanceStatusSet><item>
<instanceId>i-1</instanceId><availabilityZone>eu-west-1a</availabilityZone>
<instanceState><code>16</code><name>running</name></instanceState>
<systemStatus><status>ok</status></systemStatus>
<instanceStatus><status>impaired</status></instanceStatus>
<eventsSet><item><code>instance-stop</code></item><item><code>system-reboot</code></item>
<item/></eventsSet></item>
<item><instanceId>i-2</instanceId></item></instanceStatusSet></DescribeInstanceStatusResponse>"""


def test_status_table(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Checks and events are shown; what EC2 does not say is a dash."""
    service.answer = STATUS
    assert 0 == main(["status", "i-1", "i-2"])
    events = "instance-stop, system-reboot"
    expected = [
        ["INSTANCE", "STATE", "SYSTEM CHECK", "INSTANCE CHECK", "EBS CHECK", "ZONE", "EVENTS"],
        ["i-1", "running", "ok", "impaired", "-", "eu-west-1a", events],
        ["i-2", "-", "-", "-", "-", "-", "-"],
    ]
    assert expected == rows(capsys.readouterr().out)


def test_status_for_real(
    aws, instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """--json is what boto3 returns."""
    assert 0 == main(["status", *instances, "--json"])
    ours = json.loads(capsys.readouterr().out)["InstanceStatuses"]
    theirs = aws.describe_instance_status(InstanceIds=instances)["InstanceStatuses"]
    assert json.loads(json.dumps(theirs, default=lambda time: time.isoformat())) == ours
