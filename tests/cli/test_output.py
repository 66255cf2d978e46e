"""What the command line writes, also where it cannot write."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ec2lite.cli.main import main
from samples import STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable

    from service import Service

    Run = Callable[..., subprocess.CompletedProcess[str]]

ONE = "i-1234567890abcdef0"
FULL = Path("/dev/full")
CANNOT = "ec2lite: cannot write the output: No space left on device\n"
needs_full = pytest.mark.skipif(not FULL.exists(), reason="a device of Linux's")


def test_reader_goes_away(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed pipe is not an error: the command finishes, and its exit code reports the work."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        monkeypatch.setattr(sys, "stdout", nobody)
        assert 0 == main(["stop", ONE])
    assert 1 == len(service.forms)


@pytest.mark.parametrize("arguments", [["stop", ONE], ["--help"], ["--version"]])
def test_reader_of_a_process_goes_away(
    service: Service, process: Run, arguments: list[str]
) -> None:
    """``ec2lite ... | true`` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    done = process(
        "-m", "ec2lite", *arguments, capture_output=False, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert (0, "") == (done.returncode, done.stderr)


def test_reader_of_errors_goes_away(process: Run) -> None:
    """``ec2lite ... 2>&1 | true`` keeps its exit code."""
    reading, writing = os.pipe()
    os.close(reading)
    done = process("-m", "ec2lite", "stop", capture_output=False, stdout=writing, stderr=writing)
    os.close(writing)
    assert 2 == done.returncode


@needs_full
def test_disk_is_full(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output that cannot be written is one line on stderr, and never the service's refusal."""
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert 2 == main(["stop", ONE])
    assert CANNOT == capsys.readouterr().err


@needs_full
def test_disk_is_full_for_a_process(process: Run) -> None:
    """So is help that cannot be written."""
    with FULL.open("w") as full:
        done = process(
            "-m", "ec2lite", "--help", capture_output=False, stdout=full, stderr=subprocess.PIPE
        )
    assert (2, CANNOT) == (done.returncode, done.stderr)


@needs_full
def test_errors_cannot_be_written(process: Run) -> None:
    """An error that cannot be shown keeps its exit code, and moves nowhere else."""
    with FULL.open("w") as full:
        done = process(
            "-m", "ec2lite", "stop", capture_output=False, stdout=subprocess.PIPE, stderr=full
        )
    assert (2, "") == (done.returncode, done.stdout)


def test_no_output(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a stdout (``>&-``) the work is done all the same."""
    monkeypatch.setattr(sys, "stdout", None)
    assert 0 == main(["stop", ONE])
    assert 1 == len(service.forms)


def test_no_stderr(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a stderr (``2>&-``) an error keeps its exit code, and does not go to stdout."""
    monkeypatch.setattr(sys, "stderr", None)
    assert 2 == main(["stop"])
    assert "" == capsys.readouterr().out


@pytest.mark.usefixtures("service")
def test_output_fits_the_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stdout's encoding does not have is escaped."""
    umlaut = "i-\N{LATIN SMALL LETTER U WITH DIAERESIS}"
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    assert 0 == main(["stop", umlaut])
    assert b"INSTANCE  BEFORE   NOW\ni-\\xfc" in out.getvalue()
    sys.stdout.detach()


def test_names_do_nothing_to_the_terminal(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters in an answer are shown, not obeyed."""
    service.answer = STOPPED.replace(b"<name>running", b"<name>run&#x9b;2J")
    assert 0 == main(["stop", ONE])
    assert "run\\x9b2J" in capsys.readouterr().out
