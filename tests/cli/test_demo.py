"""The demo, for real: a fake EC2 in this process."""

from __future__ import annotations

import os
import re

import pytest

from ec2lite.cli import demonstration as demo
from ec2lite.cli.main import main
from ec2lite.testing import VirtualClock


@pytest.fixture(scope="module")
def shown() -> str:
    """Return what the demo prints; on a virtual clock, so that its waits take no time."""
    said: list[str] = []
    demo.show(said.append, VirtualClock())
    return "\n".join(said)


def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """``ec2lite demo`` needs nothing but ec2lite, and is done in seconds."""
    assert 0 == main(["demo"])
    out, err = capsys.readouterr()
    assert "" == err
    assert re.search(r"\nDone: \d+ requests, all of them to the fake EC2\.\n$", out)


def test_three_instances_live(shown: str) -> None:
    """Three instances are launched, stopped or hibernated, started and terminated."""
    ids = re.findall(r"^   (i-[0-9a-f]{17})$", shown, re.MULTILINE)
    assert 3 == len(set(ids))
    stops = re.findall(r"^   (i-\w+)  running -> stopping$", shown, re.MULTILINE)
    assert ids == stops[:3]
    assert ids == re.findall(r"^   (i-\w+)  stopped -> pending$", shown, re.MULTILINE)
    assert ids == re.findall(r"^   (i-\w+)  running -> shutting-down$", shown, re.MULTILINE)
    assert "hibernated=True" in shown


@pytest.mark.parametrize(
    "text",
    [
        "allowed=True: Request would have succeeded",
        f"InstanceNotFound: StopInstances failed: The instance ID '{demo.UNKNOWN}'",
        "Nothing has happened to the others: 3 are running",
        "s: 3 running",
        "s: 2 stopping",
        "s: 2 stopped",
        "s: 3 terminated",
        "stopped by force",
    ],
)
def test_it_is_told(shown: str, text: str) -> None:
    """Permission, a bad id among good ones, each wait's progress and a forced stop are told."""
    assert text in shown


def test_force_comes_after_a_minute(shown: str) -> None:
    """The instance that hangs stops only after it was forced."""
    told = shown.partition("\n6.")[2].partition("\n7.")[0]
    (seconds,) = re.findall(r"after +(\d+) s: 1 stopped", told)
    assert 60 < int(seconds) < 120


def test_the_wire_is_shown_without_secrets(shown: str) -> None:
    """The first stop's request and answer are shown, but no signature."""
    assert "\n   > POST / HTTP/1.1\n   > host: ec2.eu-west-1.amazonaws.com\n" in shown
    assert "   > Action=StopInstances&Version=2016-11-15&InstanceId.1=i-" in shown
    assert "   < HTTP/1.1 200 OK\n" in shown
    assert "   < <StopInstancesResponse xmlns=" in shown
    assert "Signature=(hidden)\n" in shown
    assert not re.search("[0-9a-f]{64}", shown)


def test_lines_are_short(shown: str) -> None:
    """What went over the wire is folded to fit a screen."""
    wire = [line for line in shown.splitlines() if line.startswith(("   >", "   <"))]
    assert 100 >= max(map(len, wire))


def test_nobodys_settings_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's variables and files and the proxies of this machine play no part, and stay."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/missing/config")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://missing.invalid")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    before, said = dict(os.environ), []
    demo.show(said.append, VirtualClock())
    assert "AKIAREAL" not in "\n".join(said)
    assert before == dict(os.environ)


def test_it_can_be_broken_off() -> None:
    """The environment is restored when the demo is broken off."""

    def say(text: str) -> None:
        if text.startswith("\n2."):
            raise KeyboardInterrupt

    before = dict(os.environ)
    with pytest.raises(KeyboardInterrupt):
        demo.show(say, VirtualClock())
    assert before == dict(os.environ)
