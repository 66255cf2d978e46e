"""``ec2lite describe``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import options, output, selection
from ec2lite.cli.options import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ec2lite.operations.instance import Instance

    Column = Callable[[Instance], object]

COLUMNS: dict[str, Column] = {
    "id": lambda each: each.instance_id,
    "name": lambda each: each.tags.get("Name"),
    "state": lambda each: each.state and each.state.name,
    "type": lambda each: each.instance_type,
    "zone": lambda each: each.placement and each.placement.availability_zone,
    "address": lambda each: each.public_ip_address or each.private_ip_address or each.ipv6_address,
    "launched": lambda each: each.launch_time and _minute(each.launch_time),
    "arch": lambda each: each.architecture,
    "image": lambda each: each.image_id,
    "ipv6": lambda each: each.ipv6_address,
    "key": lambda each: each.key_name,
    "lifecycle": lambda each: each.instance_lifecycle or "on-demand",
    "platform": lambda each: each.platform_details,
    "private": lambda each: each.private_ip_address,
    "public": lambda each: each.public_ip_address,
    "reason": lambda each: each.state_transition_reason,
    "subnet": lambda each: each.subnet_id,
    "vpc": lambda each: each.vpc_id,
}
USUAL = ("id", "name", "state", "type", "zone", "address", "launched")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to describe, and which columns to show."""
    selection.add_description(parser)
    parser.add_argument(
        "--columns",
        metavar="NAME,NAME",
        help=f"default: {','.join(USUAL)}; there are also {_others()} and tag:KEY",
    )
    options.add_client(parser)


def _others() -> str:
    return ", ".join(name for name in COLUMNS if name not in USUAL)


def run(args: argparse.Namespace) -> int:
    """Show instances as a table, or as boto3 returns them."""
    given = selection.find(args)
    columns = _columns(args)
    with options.client(args) as ec2:
        found = ec2.describe_instances(**given)
        if args.json:
            output.say_json(output.merged(page.to_dict() for page in found.pages()))
            return output.DONE
        rows = [tuple(_text(show(each)) for show in columns.values()) for each in found]
    output.say(output.table([tuple(name.upper() for name in columns), *rows]))
    return output.DONE


def _columns(args: argparse.Namespace) -> dict[str, Column]:
    names: Sequence[str] = USUAL if args.columns is None else args.columns.split(",")
    return {name: _column(args.prog, name.strip()) for name in names}


def _column(prog: str, name: str) -> Column:
    key = name.removeprefix("tag:")
    if key != name:
        return lambda each: each.tags.get(key)
    if name not in COLUMNS:
        known = ", ".join([*COLUMNS, "tag:KEY"])
        raise UsageError(prog, f"--columns must be of {known}, not {name!r}")
    return COLUMNS[name]


def _text(value: object) -> str:
    return str(value) if value else "-"


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}Z"
