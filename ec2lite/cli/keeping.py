"""The file that work on many instances leaves when it is not done: ``--resume`` goes on with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ec2lite.cli import options, output
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from ec2lite.bulk.outcome import BatchResult


def read(name: str, action: str) -> BatchResult:
    """Return the result in a file; a ``ConfigError`` if it is of another action."""
    from ec2lite.bulk.outcome import BatchResult

    text = options.text(f"file://{name}")
    try:
        kept = BatchResult.from_json(text)
        dict(kept.work.get("flags", {}))
    except (ConfigError, TypeError, ValueError):
        raise ConfigError(f"{name} must be a file that ec2lite kept, not something else") from None
    done = kept.work.get("action", action)
    if done != action:
        raise ConfigError(f"{name} must be of {action}, not of {done}")
    return kept


def left(kept: BatchResult) -> list[str]:
    """Return the ids that are asked again."""
    from ec2lite.bulk.outcome import OPEN, OutcomeKind

    is_reboot = kept.work.get("action") == "RebootInstances"
    again = OPEN - {OutcomeKind.UNKNOWN} if is_reboot else OPEN
    return [each for each, outcome in kept.outcomes.items() if outcome.kind in again]


def offer(result: BatchResult, args: argparse.Namespace) -> None:
    """Keep what can be asked again, and say how, once the work has ended."""
    if said := _keep(result, args):
        output.complain(f"ec2lite: {said}\n")


def note(error: BaseException, result: BatchResult, args: argparse.Namespace) -> None:
    """Do so where an error or Ctrl-C ended the work: the text goes with the error's."""
    if said := _keep(result, args):
        error.add_note(said)


def _keep(result: BatchResult, args: argparse.Namespace) -> str:
    again = len(left(result))
    if not again or args.dry_run:
        return ""
    command = args.prog
    try:
        path = _write(result.to_json(), command.split()[-1], args.resume)
    except OSError as error:
        return f"{again} can be asked again, but no file could be kept: {error.strerror}"
    return f"{again} can be asked again: {command} --resume {path}"


def _write(text: str, command: str, name: str | None) -> Path:
    """Write a file, here or else where temporary files are, and return its path."""
    if name is not None:
        return _replace(Path(name).expanduser(), text)
    file = f"ec2lite-{command}-{output.stamp().replace(':', '')}-{os.getpid()}.json"
    try:
        return _replace(Path(file), text)
    except OSError:
        import tempfile

        return _replace(Path(tempfile.gettempdir()) / file, text)


def _replace(path: Path, text: str) -> Path:
    """Write a file as a whole: interrupted, the one before is still there."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, "utf-8")
    beside.replace(path)
    return path
