"""``ec2lite stop``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import options, output

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids and StopInstances' flags."""
    options.add_ids(parser)
    options.add_flag(parser, "--hibernate", "write memory to disk first")
    options.add_flag(parser, "--force", "shut down gracefully, then hard")
    options.add_flag(parser, "--skip-os-shutdown", "do not wait for the operating system")
    options.add_flag(parser, "--dry-run", "only ask whether it is allowed: exit code 0 yes, 1 no")
    options.add_client(parser)


def run(args: argparse.Namespace) -> int:
    """Stop instances, or ask whether that is allowed."""
    from ec2lite.operations.stop_instances import StopInstances

    request = StopInstances(
        options.ids(args),
        hibernate=args.hibernate,
        force=args.force,
        skip_os_shutdown=args.skip_os_shutdown,
        dry_run=args.dry_run,
    )
    with options.client(args) as ec2:
        if args.dry_run:
            return output.permission(ec2.dry_run(request), as_json=args.json)
        result = ec2.send(request)
    if args.json:
        output.say_json(result.to_dict())
    else:
        output.say(output.changes(result.stopping_instances))
    return output.DONE
