"""Programs that print credentials."""

import sys
import time

import pytest

from ec2lite.credentials.providers.process import Program, arguments
from ec2lite.errors import CredentialsError
from samples import told


def test_timeout():
    """A program that does not end is stopped, and nothing it printed is shown."""
    program = [sys.executable, "-uc", "print('HUSH'); import time; time.sleep(60)"]
    with pytest.raises(CredentialsError, match=r"It did not end within 0\.2 seconds") as caught:
        Program(program, "It", 0.2).output()

    assert "HUSH" not in told(caught.value)


def test_stderr_is_cut():
    """Only the beginning of what a program complains is shown, and any bytes will do."""
    program = [sys.executable, "-c", "import os; os.write(2, b'\\xff' * 5000); os._exit(1)"]
    with pytest.raises(CredentialsError) as caught:
        Program(program, "It", 10).output()

    assert "It failed (exit code 1): " + "\ufffd" * 1000 == str(caught.value)


FOR_EVER = "while True: os.write({}, b'HUSH' * 9999)"


def test_endless_output():
    """A program that prints without end is stopped before it has filled the memory."""
    program = [sys.executable, "-c", f"import os\n{FOR_EVER.format(1)}"]
    with pytest.raises(CredentialsError, match="It printed more than 1048576 bytes") as caught:
        Program(program, "It", 30).output()

    assert "HUSH" not in told(caught.value)


def test_endless_complaint():
    """What it complains without end is not kept, and it ends at its limit."""
    program = [sys.executable, "-c", f"import os\n{FOR_EVER.format(2)}"]
    with pytest.raises(CredentialsError, match="It did not end within"):
        Program(program, "It", 0.3).output()


def test_closed_output():
    """A program that closes its output and goes on has its limit, too."""
    program = [sys.executable, "-c", "import os, time; os.close(1); os.close(2); time.sleep(60)"]
    with pytest.raises(CredentialsError, match="It did not end within"):
        Program(program, "It", 0.5).output()


def test_no_shell():
    """No shell sees the command."""
    command = f"{sys.executable} -c 'import sys; print(sys.argv[1:])' '$HOME' ; *"

    assert b"['$HOME', ';', '*']" == Program(arguments(command, "It"), "It", 10).output().strip()


def test_null_character():
    """A command that the system cannot be told is an error."""
    with pytest.raises(CredentialsError, match="It cannot be read: it has a null character"):
        arguments("a\0b", "It")


def test_windows():
    """Windows gets the command as it is: each program there splits it itself."""
    assert r'C:\a "b c"' == arguments(r'C:\a "b c"', "It", "win32")


@pytest.mark.parametrize(
    ("frozen", "original", "expected"),
    [
        ({}, "/system", "/bundle"),
        ({"frozen": True}, "/system", "/system"),
        ({"frozen": True, "_MEIPASS": "/bundle"}, None, None),
        ({"frozen": True}, None, "/bundle"),
    ],
)
def test_frozen_program(monkeypatch, frozen, original, expected):
    """A program started by a frozen one loads the system's libraries, not those of the bundle."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/bundle")
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    if original is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", original)
    for name, value in frozen.items():
        monkeypatch.setattr(sys, name, value, raising=False)
    program = [sys.executable, "-c", "import os; print(os.environ.get('LD_LIBRARY_PATH'))"]

    assert f"{expected}\n".encode() == Program(program, "It", 10).output()


def test_stopped_before_it_begins():
    """A program that was stopped before its thread started it is killed at once."""
    program = Program([sys.executable, "-c", "import time; time.sleep(60)"], "It", 60)
    program.stop()
    began = time.monotonic()
    with pytest.raises(CredentialsError, match="It did not end"):
        program.output()

    assert time.monotonic() - began < 30
