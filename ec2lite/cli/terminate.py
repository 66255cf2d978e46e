"""``ec2lite terminate``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ec2lite.cli import changing, keeping, many, options, output, waiting
from ec2lite.cli.options import UsageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids and TerminateInstances' flags. There are no filters: what is gone is gone."""
    options.add_ids(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options.add_flag(parser, "--force", "also terminate instances that do not shut down")
    options.add_flag(parser, "--skip-os-shutdown", "do not wait for the operating system")
    waiting.add_wait(parser, "terminated")
    changing.add_dry_run(parser)
    many.add_arguments(parser)
    options.add_client(parser)


def run(args: argparse.Namespace) -> int:
    """Terminate instances once somebody has agreed, or ask whether that is allowed."""
    from ec2lite.operations.terminate_instances import TerminateInstances

    waiting.check(args)
    many.check(args, has_filters=False)
    kept = many.known(args, TerminateInstances.action) if args.resume is not None else None
    ids = options.ids(args) if kept is None else keeping.left(kept)
    if not ids:
        return many.nothing_left()
    request = TerminateInstances(
        ids,
        force=args.force,
        skip_os_shutdown=args.skip_os_shutdown,
        dry_run=args.dry_run,
    )
    if not (args.yes or args.dry_run):
        _ask(args, request.instance_ids)
    with options.client(args) as ec2:
        if kept is not None or many.is_meant(args, request.instance_ids):
            return many.run(args, ec2, request, "terminated", kept)
        return changing.send(
            args,
            ec2,
            request,
            lambda _, result: output.changes(result.terminating_instances),
            "terminated",
        )


def _ask(args: argparse.Namespace, ids: tuple[str, ...]) -> None:
    """Ask on the terminal. Raises UsageError without one, KeyboardInterrupt unless it says yes."""
    # It is None after `<&-`.
    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(args.prog, "--yes must be given where there is no terminal to ask on")
    output.complain(f"Terminate {output.one_line(', '.join(ids))}?\nThis cannot be undone. [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise KeyboardInterrupt
