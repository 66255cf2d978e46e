"""Waiting on the command line: options, progress, and what is shown at the end."""

from __future__ import annotations

import argparse
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
        "--timeout", metavar="SECONDS", type=_seconds, help="for the wait; default: 1800"
    )


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add ``--quiet``."""
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def check(args: argparse.Namespace) -> None:
    """Refuse what does not go together, before anything is sent."""
    if args.wait and args.dry_run:
        raise UsageError(args.prog, "--wait must be given without --dry-run")
    if args.timeout and not args.wait:
        raise UsageError(args.prog, "--timeout must be given with --wait")
    if args.quiet and not (args.wait or args.many or args.resume):
        raise UsageError(args.prog, "--quiet must be given with --wait")


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
    follow(args, ec2, goal, ids, lambda reached: _show(args, goal, reached, answer))
    return output.DONE


def follow(
    args: argparse.Namespace,
    ec2: Client,
    goal: str,
    ids: Sequence[str],
    show: Callable[[Mapping[str, Any]], None],
) -> None:
    """Wait, with progress; ``show`` what was reached however the wait ends."""
    progress = _progress(args, goal)
    wait = _wait(goal, ids, args.timeout, progress)
    try:
        ec2.wait(wait)
    finally:
        progress.end()
        show(progress.reached)


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
        super().tell(progress)
        output.complain(f"{output.stamp()} {self._line(progress)}\n")


class _Rewritten(_Progress):
    """Shows the last change, on one line of a terminal."""

    def tell(self, progress: Progress[Any]) -> None:
        """Write the line again, as much of it as there is room for."""
        super().tell(progress)
        output.rewrite(f"{self._line(progress)} ({progress.elapsed:.0f} s)")

    def end(self) -> None:
        """Clear the line."""
        output.rewrite("")


def _progress(args: argparse.Namespace, goal: str) -> _Progress:
    if args.quiet:
        return _Progress(goal)
    return _Rewritten(goal) if output.can_rewrite() else _Lines(goal)


def _seconds(text: str) -> float:
    try:
        return checks.seconds("it", float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a number of seconds above 0, not {text!r}"
        ) from None
