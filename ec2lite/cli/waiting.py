"""Waiting on the command line: options, progress, and what is shown at the end."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from ec2lite import checks
from ec2lite.cli import output
from ec2lite.cli.options import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ec2lite.client import Client
    from ec2lite.operations.instance import Instance
    from ec2lite.waiters import Wait
    from ec2lite.waiting.progress import Progress

GOALS: Final = ("running", "stopped", "terminated", "status-ok")


def add_wait(parser: argparse.ArgumentParser, goal: str) -> None:
    """Add ``--wait`` and what goes with it, to a command after which instances become ``goal``."""
    parser.add_argument("--wait", action="store_true", help=f"wait until they are {goal}")
    add_timeout(parser)
    add_quiet(parser)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add ``--timeout``."""
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, help="of the wait; 1800 by default"
    )


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add ``--quiet``."""
    parser.add_argument("--quiet", action="store_true", help="show no progress of the wait")


def check(args: argparse.Namespace) -> None:
    """Refuse what does not go together, before anything is sent."""
    if args.wait and args.dry_run:
        raise UsageError(args.prog, "--wait must be given without --dry-run")
    for name in ("timeout", "quiet"):
        if getattr(args, name) and not args.wait:
            raise UsageError(args.prog, f"--{name} must be given with --wait")


def wait(
    args: argparse.Namespace,
    ec2: Client,
    goal: str,
    ids: Sequence[str],
    answer: dict[str, Any],
) -> int:
    """Wait, show what was reached however the wait ends, and return the exit code.

    With ``--json`` that is added to ``answer``, so that there is one document.
    """
    progress = _progress(args, goal)
    wait = _wait(goal, ids, args.timeout, progress)
    try:
        ec2.wait(wait)
    finally:
        progress.end()
        _show(args, goal, progress.reached, answer)
    return output.DONE


def _wait(goal: str, ids: Sequence[str], timeout: float | None, progress: _Progress) -> Wait[Any]:
    from ec2lite import waiters

    waits: dict[str, Callable[..., Wait[Any]]] = {
        "running": waiters.WaitUntilRunning,
        "stopped": waiters.WaitUntilStopped,
        "terminated": waiters.WaitUntilTerminated,
        "status-ok": waiters.WaitUntilStatusOk,
    }
    limit = waiters.PATIENCE if timeout is None else timeout
    return waits[goal](ids, timeout=limit, on_progress=progress.tell)


def _show(
    args: argparse.Namespace, goal: str, reached: Mapping[str, Any], answer: dict[str, Any]
) -> None:
    if args.json:
        name = "InstanceStatuses" if goal == "status-ok" else "Instances"
        output.say_json({**answer, name: [each.to_dict() for each in reached.values()]})
    elif reached:
        output.say(output.table(_rows(goal, reached)))


def _rows(goal: str, reached: Mapping[str, Any]) -> list[tuple[str, ...]]:
    if goal != "stopped":
        return [("INSTANCE", "NOW"), *((each, goal) for each in reached)]
    rows = [(each, goal, _hibernated(instance)) for each, instance in reached.items()]
    return [("INSTANCE", "NOW", "HIBERNATED"), *rows]


def _hibernated(instance: Instance) -> str:
    return "yes" if instance.hibernated else "no"


class _Progress:
    """Keeps what was reached, and shows nothing."""

    def __init__(self, goal: str) -> None:
        self._goal = goal
        self.reached: Mapping[str, Any] = {}

    def tell(self, progress: Progress[Any]) -> None:
        """Show how far a wait has come."""
        self.reached = progress.reached

    def end(self) -> None:
        """Show no more."""

    def _line(self, progress: Progress[Any]) -> str:
        from ec2lite.waiting.report import counted

        reached, waiting, stuck = map(len, (progress.reached, progress.waiting, progress.stuck))
        said = [f"{reached} of {reached + waiting + stuck} {self._goal}"]
        if waiting:
            said.append(counted(progress.waiting.values()))
        if stuck:
            said.append(f"{stuck} stuck")
        return output.one_line(", ".join(said))


class _Lines(_Progress):
    """Shows each change on a line, with the time."""

    def tell(self, progress: Progress[Any]) -> None:
        """Add a line."""
        from datetime import UTC, datetime

        super().tell(progress)
        output.complain(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {self._line(progress)}\n")


class _Rewritten(_Progress):
    """Shows the last change, on one line of a terminal."""

    def tell(self, progress: Progress[Any]) -> None:
        """Write the line again, as much of it as there is room for."""
        import shutil

        super().tell(progress)
        width = shutil.get_terminal_size().columns - 1
        line = f"{self._line(progress)} ({progress.elapsed:.0f} s)"
        output.complain(f"\r{line[:width]}\x1b[K")

    def end(self) -> None:
        """Clear the line."""
        output.complain("\r\x1b[K")


def _progress(args: argparse.Namespace, goal: str) -> _Progress:
    if args.quiet:
        return _Progress(goal)
    # It is None after `2>&-`; a terminal that cannot move its cursor is called dumb.
    is_terminal = sys.stderr and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return _Rewritten(goal) if is_terminal else _Lines(goal)


def _seconds(text: str) -> float:
    try:
        return checks.seconds("it", float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number of seconds above 0, not {text!r}"
        ) from None
