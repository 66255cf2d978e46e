"""Where a command's instance ids come from."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from ec2lite.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from service import Service

ONE = "i-1234567890abcdef0"
TWO = "i-abcdef01234567890"


def sent(service: Service) -> list[str]:
    """Return the ids of the only request."""
    (form,) = service.forms
    return [value for name, value in form.items() if name.startswith("InstanceId.")]


def type_in(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let the command find this on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize(
    "arguments",
    [
        [ONE, TWO],
        ["--instance-ids", ONE, TWO],
        [ONE, "--instance-ids", TWO],
        [ONE, "--json", TWO],
        ["--instance-ids", ONE, "--instance-ids", TWO],
        ["--", ONE, TWO],
    ],
)
def test_ids_may_stand_anywhere(service: Service, arguments: list[str]) -> None:
    """Ids are arguments, values of --instance-ids, or both; before, between and after options."""
    assert 0 == main(["stop", *arguments])
    assert [ONE, TWO] == sent(service)


CONTENTS = [
    f"{ONE}\n{TWO}\n".encode(),
    f"  {ONE}\t{TWO}".encode(),
    f"{ONE}\r\n\r\n{TWO}\r\n".encode(),
    f"\ufeff{ONE} {TWO}".encode(),
    f'\n["{ONE}", "{TWO}"]\n'.encode(),
]


@pytest.mark.parametrize("content", CONTENTS)
def test_standard_input(service: Service, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """``ec2lite stop -`` reads ids that are separated by white space, or are a JSON list."""
    type_in(monkeypatch, content)
    assert 0 == main(["stop", "-"])
    assert [ONE, TWO] == sent(service)


@pytest.mark.parametrize("content", CONTENTS)
def test_file(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    """``file://NAME`` reads them from a file: relative, absolute, or in the home directory."""
    file = tmp_path / "ids.txt"
    file.write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ids.txt", str(file), "~/ids.txt"):
        service.forms.clear()
        assert 0 == main(["stop", f"file://{name}"])
        assert [ONE, TWO] == sent(service)


def test_files_and_ids_together(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ids of files and standard input take their place among the others."""
    file = tmp_path / "ids.txt"
    file.write_text("i-2 i-3")
    type_in(monkeypatch, b"i-5")
    assert 0 == main(["stop", "i-1", f"file://{file}", "--instance-ids", "i-4", "-", "i-6"])
    assert ["i-1", "i-2", "i-3", "i-4", "i-5", "i-6"] == sent(service)


def test_a_pipe(service: Service, process: Callable[..., CompletedProcess[str]]) -> None:
    """``printf ... | ec2lite stop -`` works for a real process."""
    done = process("-m", "ec2lite", "stop", "-", input=f"{ONE}\n{TWO}\n")
    assert (0, "") == (done.returncode, done.stderr)
    assert [ONE, TWO] == sent(service)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b" \n", "must name at least one instance id, but is empty"),
        (b"[]", "must name at least one instance id, but is empty"),
        (b"i-\xff", "must be UTF-8 text"),
        (b"[1]", "must be a JSON list of strings"),
        (b"[i-1]", "must be ids or a JSON list of ids: "),
        (b"[" * 100_000, "must be ids or a JSON list of ids: "),
    ],
)
def test_bad_content(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    content: bytes,
    complaint: str,
) -> None:
    """What holds no ids is refused by name, and nothing is sent."""
    type_in(monkeypatch, content)
    assert 2 == main(["stop", "-"])
    assert f"ec2lite: standard input {complaint}" in capsys.readouterr().err
    file = tmp_path / "ids"
    file.write_bytes(content)
    assert 2 == main(["stop", f"file://{file}"])
    assert f"ec2lite: {file} {complaint}" in capsys.readouterr().err
    assert [] == service.forms


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "No such file or directory"),
        (".", "Is a directory"),
        ("", "Is a directory"),
        ("a\0b", "embedded null byte"),
        ("~nobody-of-that-name/x", "Could not determine home directory"),
    ],
)
def test_no_such_file(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    name: str,
    reason: str,
) -> None:
    """A file that cannot be read is exit code 2, with the reason."""
    monkeypatch.chdir(tmp_path)
    assert 2 == main(["stop", ONE, f"file://{name}"])
    err = capsys.readouterr().err
    assert err.startswith("ec2lite: cannot read ")
    assert reason in err
    assert [] == service.forms


def test_no_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A standard input that is closed or unreadable is exit code 2."""
    monkeypatch.setattr(sys, "stdin", None)
    assert 2 == main(["stop", "-"])
    assert "standard input must be open" in capsys.readouterr().err
    with (tmp_path / "written").open("w") as unreadable:
        monkeypatch.setattr(
            sys, "stdin", io.TextIOWrapper(io.FileIO(unreadable.fileno(), closefd=False))
        )
        assert 2 == main(["stop", "-"])
    assert "cannot read standard input" in capsys.readouterr().err
