"""The file that work on many instances leaves when it is not done: ``--resume`` goes on with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ec2lite.cli import options, output
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ec2lite.bulk.outcome import BatchResult
    from ec2lite.targets import TargetResult


def is_of_targets(name: str) -> bool:
    """Return whether a file was kept of work in many targets."""
    return "targets" in _document(name)


def read(name: str, action: str) -> BatchResult:
    """Return the result in a file; a ``ConfigError`` if it is of another action."""
    from ec2lite.bulk.outcome import BatchResult

    try:
        kept = BatchResult.from_json(options.text(f"file://{name}"))
    except ConfigError:
        raise _not_kept(name) from None
    _check(name, kept.work, action)
    return kept


def read_targets(name: str, action: str) -> tuple[list[TargetResult], dict[str, Any]]:
    """Return the results in a file, and the flags of the work."""
    import json

    from ec2lite.targets import TargetResult

    said = _document(name)
    try:
        kept = [TargetResult.from_json(json.dumps(each)) for each in said["targets"]]
    except (ConfigError, TypeError):
        raise _not_kept(name) from None
    return kept, _check(name, said, action)


def _document(name: str) -> dict[str, Any]:
    import json

    try:
        said: dict[str, Any] = dict(json.loads(options.text(f"file://{name}")))
    except (ValueError, TypeError, RecursionError) as error:
        if isinstance(error, ConfigError):  # there is no such file
            raise
        raise _not_kept(name) from None
    return said


def _check(name: str, said: dict[str, Any], action: str) -> dict[str, Any]:
    """Return the flags; raise ``ConfigError`` if they are of another action."""
    done, flags = said.get("action", action), said.get("flags", {})
    if done != action:
        raise ConfigError(f"{name} must be of {action}, not of {done}")
    if not isinstance(flags, dict):
        raise _not_kept(name)
    return cast("dict[str, Any]", flags)


def _not_kept(name: str) -> ConfigError:
    return ConfigError(f"{name} must be a file that `--resume` has written, not something else")


def left(kept: BatchResult) -> list[str]:
    """Return the ids that are asked again."""
    from ec2lite.bulk.outcome import OPEN, OutcomeKind

    is_reboot = kept.work.get("action") == "RebootInstances"
    again = OPEN - {OutcomeKind.UNKNOWN} if is_reboot else OPEN
    return [each for each, outcome in kept.outcomes.items() if outcome.kind in again]


def offer(what: str, text: Callable[[], str], args: argparse.Namespace) -> None:
    """Keep what can be asked again, and say how, once the work has ended.

    ``what`` says what that is, and nothing if there is none; ``text`` writes it.
    """
    if said := _keep(what, text, args):
        output.complain(f"ec2lite: {said}\n")


def note(
    error: BaseException, what: str, text: Callable[[], str], args: argparse.Namespace
) -> None:
    """Do so where an error or Ctrl-C ended the work: the text goes with the error's."""
    if said := _keep(what, text, args):
        error.add_note(said)


def _keep(what: str, text: Callable[[], str], args: argparse.Namespace) -> str:
    if not what or args.dry_run:
        return ""
    command = args.prog
    try:
        path = _write(text(), command.split()[-1], args.resume)
    except OSError as error:
        return f"{what}, but no file could be kept: {error.strerror}"
    return f"{what}: {command} --resume {path}"


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
