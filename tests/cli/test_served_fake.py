"""``ec2lite fake``: a fake EC2 for other programs."""

from __future__ import annotations

import re
import signal
import socket
import threading

import pytest

import ec2lite
from ec2lite.cli import output
from ec2lite.cli.main import main
from ec2lite.testing import FakeEC2


class Visitor(threading.Thread):
    """A program that asks a fake for all instances, and then interrupts it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.url = ""
        self.states: list[str] = []

    def run(self) -> None:
        try:
            keys = FakeEC2().credentials
            with ec2lite.Client("eu-west-1", credentials=keys, endpoint_url=self.url) as ec2:
                found = list(ec2.describe_instances(all_instances=True))
            self.states = [each.state.name for each in found if each.state]
        finally:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_it_listens_until_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how to point programs at it, answers them, and ends with Ctrl-C."""
    visitor = Visitor()
    say = output.say

    def say_and_visit(text: str = "", end: str = "\n") -> None:
        say(text, end)
        if url := re.search(r"AWS_ENDPOINT_URL=(\S+)", text):
            visitor.url = url[1]
            visitor.start()

    monkeypatch.setattr(output, "say", say_and_visit)
    # A shell starts what runs in the background with SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert 0 == main(["fake", "--instances", "2", "--region", "eu-west-1"])
    finally:
        signal.signal(signal.SIGINT, before)
    visitor.join()
    out, err = capsys.readouterr()

    assert ["running", "running"] == visitor.states
    assert "" == err
    assert f"export AWS_ENDPOINT_URL={visitor.url}\nexport AWS_REGION=eu-west-1\n" in out
    assert "export AWS_ACCESS_KEY_ID=AKIA" in out
    assert 2 == len(re.findall(r"^i-[0-9a-f]{17}$", out, re.MULTILINE))
    assert out.endswith("\nThe fake EC2 has stopped.\n")


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """A port on which somebody else listens is one line on stderr and exit code 2."""
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        port = tcp.getsockname()[1]
        assert 2 == main(["fake", "--port", str(port), "--instances", "0"])

    out, err = capsys.readouterr()
    assert ("", 1) == (out, err.count("\n"))
    assert err.startswith(f"ec2lite: cannot listen on port {port}: ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "65536"], "--port must be a whole number from 0 to 65535, not 65536"),
        (["--instances", "-1"], "--instances must be a whole number from 0 to 100000, not -1"),
        (["--speed", "0"], "speed must be a number above 0, not 0.0"),
        (["--region", "a/b"], "region must be the name of a Region"),
    ],
)
def test_misuse(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    """What cannot be is refused before anything listens."""
    assert 2 == main(["fake", *arguments])
    assert capsys.readouterr().err.startswith(f"ec2lite: {complaint}")
