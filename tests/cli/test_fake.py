"""``ec2lite fake``: a fake EC2 for other programs."""

from __future__ import annotations

import re
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

import ec2lite
from ec2lite.cli.main import main
from ec2lite.testing import FakeEC2

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def port() -> Iterator[int]:
    """Return a port that was free a moment ago."""
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        return tcp.getsockname()[1]


class Visitor(threading.Thread):
    """A program that uses the fake as soon as it listens, and then interrupts it."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.states: list[str] = []

    def run(self) -> None:
        try:
            self.look()
        finally:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def look(self) -> None:
        """Ask for all instances, once somebody listens."""
        while not self.is_open():
            time.sleep(0.01)
        keys, url = FakeEC2().credentials, f"http://127.0.0.1:{self.port}"
        with ec2lite.Client("eu-west-1", credentials=keys, endpoint_url=url) as ec2:
            self.states = [
                each.state.name for each in ec2.describe_instances(all_instances=True) if each.state
            ]

    def is_open(self) -> bool:
        """Say whether somebody listens; a fake that ended early has nobody."""
        with socket.socket() as tcp:
            return tcp.connect_ex(("127.0.0.1", self.port)) == 0


def test_it_listens_until_it_is_interrupted(capsys: pytest.CaptureFixture[str], port: int) -> None:
    """It says how to point programs at it, answers them, and ends with Ctrl-C."""
    visitor = Visitor(port)
    visitor.start()
    arguments = ["--port", str(port), "--instances", "2", "--region", "eu-west-1"]
    assert 0 == main(["fake", *arguments])
    visitor.join()
    out, err = capsys.readouterr()

    assert ["running", "running"] == visitor.states
    assert "" == err
    assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}\nexport AWS_REGION=eu-west-1\n" in out
    assert "export AWS_ACCESS_KEY_ID=AKIA" in out
    assert 2 == len(re.findall(r"^i-[0-9a-f]{17}$", out, re.MULTILINE))
    assert out.endswith("\nThe fake EC2 is gone.\n")


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
        (["--speed", "0"], "--speed must be a number of seconds above 0"),
        (["--region", "a/b"], "region must be the name of a Region"),
    ],
)
def test_misuse(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    """What cannot be is refused before anything listens."""
    assert 2 == main(["fake", *arguments])
    assert capsys.readouterr().err.startswith(f"ec2lite: {complaint}")
