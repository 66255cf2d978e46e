"""``ec2lite reboot``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import changing

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids or filters."""
    changing.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Reboot instances, or ask whether that is allowed."""
    from ec2lite.operations.reboot_instances import RebootInstances

    asked: list[str] = []

    def request(ids: list[str]) -> RebootInstances:
        asked.extend(dict.fromkeys(ids))
        return RebootInstances(ids, dry_run=args.dry_run)

    # EC2's answer does not name the instances.
    return changing.run(
        args,
        {"running"},
        request,
        lambda _: [("INSTANCE", "NOW"), *((each, "rebooting") for each in asked)],
    )
