"""``ec2lite stop``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ec2lite.cli.main import main
from samples import fault

if TYPE_CHECKING:
    from service import Service

ONE = "i-1234567890abcdef0"


def test_prints_a_table(instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """The states before and now are shown, an instance a line."""
    assert 0 == main(["stop", *instances])
    first, second = instances
    expected = (
        "INSTANCE             BEFORE   NOW\n"
        f"{first}  running  stopping\n"
        f"{second}  running  stopping\n"
    )
    assert (expected, "") == capsys.readouterr()


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
    assert "59dbff89-35bd-4eac-99ed-be587EXAMPLE" == printed["ResponseMetadata"]["RequestId"]


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
    service.status, service.answer = 403, fault(("UnauthorizedOperation", "Not you."))
    assert 1 == main(["stop", ONE, "--dry-run"])
    assert ("not allowed: Not you. (UnauthorizedOperation)\n", "") == capsys.readouterr()
