"""A program that prints credentials: ``credential_process``.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

import os
import selectors
import shlex
import sys
import time
from typing import IO, TYPE_CHECKING, cast

from ec2lite.credentials import answers
from ec2lite.credentials.provider import Ask, NotHere
from ec2lite.engine.flow import Blocking
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from subprocess import Popen

    from ec2lite.engine.flow import Flow
    from ec2lite.models import Credentials

TIMEOUT = 60.0
_STDERR_SHOWN = 1000
# Bytes. Credentials are a few thousand; who prints without end would fill the memory.
_MOST_PRINTED = 1024 * 1024
_PART = 64 * 1024


def process(ask: Ask) -> Flow[Credentials]:
    """Run the profile's ``credential_process``, for 60 seconds at most, and read what it prints."""
    command = ask.value("credential_process")
    if command is None:
        raise NotHere(f"profile {ask.profile} has no credential_process")
    what = f"The credential_process of profile {ask.profile}"
    program = arguments(command, what)
    timeout = ask.seconds_left(TIMEOUT)
    running = Program(program, what, timeout)
    try:
        output = cast("bytes", (yield Blocking(running.output)))
    finally:
        # A cancelled task leaves the worker thread behind; the program must not live on with it.
        running.stop()
    document = answers.parse_json(output, f"What {what[0].lower()}{what[1:]} printed")
    if document.get("Version") != 1:
        raise CredentialsError(f"{what} must print Version 1, and did not.")
    # Here the token has another name than elsewhere.
    document["Token"] = document.get("SessionToken")
    return answers.keys(document, what, account_id=ask.value("aws_account_id"))


def arguments(command: str, what: str, platform: str = sys.platform) -> str | list[str]:
    """Split a command as a shell would; Windows programs split their command lines themselves."""
    if "\0" in command:
        raise CredentialsError(f"{what} cannot be read: it has a null character.")
    if platform == "win32":
        return command
    try:
        return shlex.split(command)
    except ValueError as error:
        raise CredentialsError(f"{what} cannot be read: {error}.") from None


class Program:
    """A program that runs for ``timeout`` seconds at most, or until somebody stops it."""

    def __init__(self, arguments: str | Sequence[str], what: str, timeout: float) -> None:
        self._arguments = arguments
        self._what = what
        self._timeout = timeout
        self._process: Popen[bytes] | None = None
        self._is_stopped = False

    def output(self) -> bytes:
        """Return what it prints. If it fails, the error shows its stderr, never its stdout."""
        done = self._run()
        if done is None:
            raise CredentialsError(f"{self._what} did not end within {self._timeout:.3g} seconds.")
        code, printed, complaint = done
        if code:
            said = complaint.decode("utf-8", "replace").strip()[:_STDERR_SHOWN]
            raise CredentialsError(f"{self._what} failed (exit code {code}): {said}")
        return printed

    def stop(self) -> None:
        """Kill it, also if it has not begun or has ended already."""
        self._is_stopped = True
        if self._process is not None:
            self._process.kill()

    def _run(self) -> tuple[int, bytes, bytes] | None:
        from subprocess import TimeoutExpired

        with self._start() as process:
            self._process = process
            try:
                printed, complaint = self._listen(process, 0 if self._is_stopped else self._timeout)
            except TimeoutExpired:
                # It may hold what the program printed so far, so it must not become another error's
                # context.
                return None
            finally:
                process.kill()
        if len(printed) > _MOST_PRINTED:
            raise CredentialsError(f"{self._what} printed more than {_MOST_PRINTED} bytes.")
        return process.returncode, printed, complaint

    def _listen(self, process: Popen[bytes], seconds: float) -> tuple[bytes, bytes]:
        """Return what a program prints and what it complains, as far as it matters.

        Raises ``TimeoutExpired``.
        """
        if os.name == "nt":  # pragma: no cover - no selector there waits for a pipe
            return process.communicate(timeout=seconds)
        from subprocess import TimeoutExpired

        end = time.monotonic() + seconds
        heard = {process.stdout: bytearray(), process.stderr: bytearray()}
        with selectors.DefaultSelector() as selector:
            for pipe in heard:
                selector.register(cast("IO[bytes]", pipe), selectors.EVENT_READ)
            while selector.get_map():
                left = end - time.monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    raise TimeoutExpired(self._what, seconds)
                for key, _ in ready:
                    data = os.read(key.fd, _PART)
                    if not data:
                        selector.unregister(key.fileobj)
                    if len(kept := heard[cast("IO[bytes]", key.fileobj)]) <= _MOST_PRINTED:
                        kept += data
                if len(heard[process.stdout]) > _MOST_PRINTED:
                    break
            else:
                process.wait(max(0.0, end - time.monotonic()))
        return bytes(heard[process.stdout]), bytes(heard[process.stderr])

    def _start(self) -> Popen[bytes]:
        from subprocess import PIPE, Popen

        try:
            return Popen(self._arguments, stdout=PIPE, stderr=PIPE, env=_environment())  # noqa: S603 - the user's own configuration says what to run
        except OSError as error:
            reason = error.strerror
        # Raised out here, as the frames of the error above hold the command.
        raise CredentialsError(f"{self._what} could not be started: {reason}.")


def _environment() -> dict[str, str] | None:
    """Return the program's environment; None is this process's own.

    PyInstaller points the loader at the libraries of the frozen program, and keeps the variable's
    former value under another name. Programs of the system need the system's libraries.
    https://pyinstaller.org/en/stable/common-issues-and-pitfalls.html
    """
    if not getattr(sys, "frozen", False):
        return None
    environ = dict(os.environ)
    name = "LIBPATH" if sys.platform.startswith("aix") else "LD_LIBRARY_PATH"
    original = environ.get(f"{name}_ORIG")
    if original is not None:
        environ[name] = original
    elif hasattr(sys, "_MEIPASS"):
        environ.pop(name, None)
    return environ
