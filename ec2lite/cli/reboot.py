"""``ec2lite reboot``."""

from __future__ import annotations

import argparse

from ec2lite.cli import changing
from ec2lite.cli.options import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids or filters."""
    parser.add_argument("--wait", action="store_true", help=argparse.SUPPRESS)
    changing.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Reboot instances, or ask whether that is allowed."""
    from ec2lite.operations.reboot_instances import RebootInstances

    if args.wait:
        raise UsageError(args.prog, "--wait must not be given: a reboot never leaves `running`")
    # EC2's answer does not name the instances.
    return changing.run(
        args,
        {"running"},
        RebootInstances,
        {"dry_run": args.dry_run},
        lambda request, _: [
            ("INSTANCE", "NOW"),
            *((each, "rebooting") for each in request.instance_ids),
        ],
    )
