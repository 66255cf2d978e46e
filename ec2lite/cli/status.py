"""``ec2lite status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import options, output, selection

if TYPE_CHECKING:
    import argparse

    from ec2lite.operations.instance_status import InstanceStatus

HEADINGS = ("INSTANCE", "STATE", "SYSTEM CHECK", "INSTANCE CHECK", "EBS CHECK", "ZONE", "EVENTS")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to describe."""
    selection.add_description(parser)
    options.add_flag(parser, "--include-all-instances", "also those that are not running")
    options.add_client(parser)


def run(args: argparse.Namespace) -> int:
    """Show status checks and scheduled events as a table, or as boto3 returns them."""
    given = selection.find(args)
    with options.client(args) as ec2:
        found = ec2.describe_instance_status(
            **given, include_all_instances=args.include_all_instances
        )
        if args.json:
            output.say_json(output.merged(page.to_dict() for page in found.pages()))
            return output.DONE
        rows = [_row(each) for each in found]
    output.say(output.table([HEADINGS, *rows]))
    return output.DONE


def _row(each: InstanceStatus) -> tuple[str, ...]:
    checks = (each.system_status, each.instance_status, each.attached_ebs_status)
    values = (
        each.instance_id,
        each.instance_state and each.instance_state.name,
        *(check and check.status for check in checks),
        each.availability_zone,
        ", ".join(event.code for event in each.events if event.code),
    )
    return tuple(value or "-" for value in values)
