"""``ec2lite stop``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import changing, everywhere, options, output, waiting

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids or filters, and StopInstances' flags."""
    options.add_flag(parser, "--hibernate", "write memory to disk first")
    options.add_flag(parser, "--force", "try a graceful shutdown, then stop hard")
    options.add_flag(parser, "--skip-os-shutdown", "do not wait for the operating system")
    waiting.add_wait(parser, "stopped")
    changing.add_arguments(parser)
    everywhere.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Stop instances, or ask whether that is allowed."""
    from ec2lite.operations.stop_instances import StopInstances

    # These two also take effect while a graceful stop is under way.
    is_hard = args.force or args.skip_os_shutdown
    return changing.run(
        args,
        {"running", "stopping"} if is_hard else {"running"},
        StopInstances,
        {
            "hibernate": args.hibernate,
            "force": args.force,
            "skip_os_shutdown": args.skip_os_shutdown,
            "dry_run": args.dry_run,
        },
        lambda _, result: output.changes(result.stopping_instances),
        "stopped",
    )
