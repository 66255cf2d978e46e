"""``ec2lite terminate``."""

from __future__ import annotations

import io
import os
import pty
import sys
from typing import TYPE_CHECKING

import pytest

import ec2lite
from ec2lite.cli.main import main
from samples import stopped
from terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    from service import Service

ONE = "i-1234567890abcdef0"


@pytest.fixture
def terminated(service: Service) -> Service:
    """Let the service answer that an instance shuts down."""
    answer = stopped(f"InstanceId.1={ONE}").replace(b"StopInstances", b"TerminateInstances")
    service.answer = answer.replace(b">stopping<", b">shutting-down<")
    return service


def test_yes(instances: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """With --yes it does not ask."""
    assert 0 == main(["terminate", instances[0], "--yes"])
    shown = f"{instances[0]}  running  shutting-down"
    assert [shown] == capsys.readouterr().out.splitlines()[1:]


def test_flags(terminated: Service) -> None:
    """Its flags are sent as for ``stop``."""
    assert 0 == main(["terminate", ONE, "--yes", "--force", "--no-skip-os-shutdown"])
    (form,) = terminated.forms
    assert ("true", "false") == (form["Force"], form["SkipOsShutdown"])


@pytest.mark.parametrize("answer", ["y\n", "YES\n", " yes \n"])
def test_agreed(
    terminated: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
) -> None:
    """On a terminal it names the instances and asks, on stderr."""
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert 0 == main(["terminate", ONE])
    assert f"Terminate {ONE}?\nThis cannot be undone. [y/N] " == capsys.readouterr().err
    assert 1 == len(terminated.forms)


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yesterday\n"])
def test_not_agreed(terminated: Service, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Anything but yes sends nothing, with exit code 130."""
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert 130 == main(["terminate", ONE])
    assert [] == terminated.forms


@pytest.mark.parametrize("stdin", [None, io.StringIO("y\n")])
def test_no_terminal(
    terminated: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stdin: io.StringIO | None,
) -> None:
    """Without a terminal it needs --yes, with exit code 2."""
    monkeypatch.setattr(sys, "stdin", stdin)
    assert 2 == main(["terminate", ONE])
    complaint = "ec2lite: --yes must be given where there is no terminal to ask on; see"
    assert complaint == capsys.readouterr().err[: len(complaint)]
    assert [] == terminated.forms


def test_dry_run_does_not_ask(
    instances: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--dry-run needs no agreement: it changes nothing."""
    monkeypatch.setattr(sys, "stdin", None)
    assert 0 == main(["terminate", instances[0], "--dry-run"])
    assert capsys.readouterr().out.startswith("allowed: ")


def test_a_real_terminal(
    terminated: Service, process: Callable[..., CompletedProcess[str]]
) -> None:
    """A process whose stdin is a terminal asks, and reads the answer there."""
    person, terminal = pty.openpty()
    os.write(person, b"y\n")
    done = process("-m", "ec2lite", "terminate", ONE, stdin=terminal)
    os.close(person)
    os.close(terminal)
    assert 0 == done.returncode
    assert done.stderr.endswith("[y/N] ")
    assert ONE in done.stdout
    assert ec2lite.TerminateInstances.action == terminated.forms[0]["Action"]
