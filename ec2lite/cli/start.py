"""``ec2lite start``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import changing, everywhere, output, waiting

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids or filters, and StartInstances' parameters."""
    parser.add_argument("--additional-info", metavar="TEXT", help="reserved by AWS")
    waiting.add_wait(parser, "running")
    changing.add_arguments(parser)
    everywhere.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Start instances, or ask whether that is allowed."""
    from ec2lite.operations.start_instances import StartInstances

    return changing.run(
        args,
        {"stopped"},
        StartInstances,
        {"additional_info": args.additional_info, "dry_run": args.dry_run},
        lambda _, result: output.changes(result.starting_instances),
        "running",
    )
