"""Which instances a command is about: ids, or filters with a limit."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from ec2lite.cli import everywhere, many, options
from ec2lite.cli.options import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ec2lite.client import Client

Filters = dict[str, list[str]]


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add ``--filter``, and ``--filters`` as the AWS CLI takes it."""
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        type=_parsed_by(_filter),
        metavar="NAME=VALUE",
        help="such as tag:env=dev; repeat it for more names, or for more values of one",
    )
    parser.add_argument(
        "--filters",
        nargs="+",
        action="extend",
        default=[],
        type=_parsed_by(_aws_filter),
        metavar="Name=NAME,Values=VALUE",
        help="the same, as the AWS CLI takes it",
    )


def add_description(parser: argparse.ArgumentParser) -> None:
    """Add what commands take that describe: ids, filters, or all."""
    options.add_ids(parser)
    add_filters(parser)
    parser.add_argument("--all", action="store_true", help="all instances of the Region")
    options.add_flag(
        parser,
        "--include-managed-resources",
        "also instances that AWS services run for the account",
    )


def add_max(parser: argparse.ArgumentParser) -> None:
    """Add ``--max``, without which no filter changes anything."""
    parser.add_argument(
        "--max",
        type=_parsed_by(_positive),
        metavar="NUMBER",
        help="with --filter: if more instances match, change none of them",
    )


def filters(args: argparse.Namespace) -> Filters:
    """Return the filters of both options; what is given twice has the values of both."""
    found: Filters = {}
    for name, values in [*args.filter, *args.filters]:
        found.setdefault(name, []).extend(values)
    return found


def find(args: argparse.Namespace) -> dict[str, Any]:
    """Return what a describing command passes on: ids and filters, or that all are meant."""
    ids = options.ids(args) if args.ids or args.instance_ids else None
    chosen = filters(args) or None
    if not (ids or chosen or args.all):
        raise UsageError(args.prog, "ids, --filter or --all must be given")
    if args.all and (ids or chosen):
        raise UsageError(args.prog, "--all must be given alone, not with ids or --filter")
    return {
        "instance_ids": ids,
        "filters": chosen,
        "all_instances": args.all,
        "include_managed_resources": args.include_managed_resources,
    }


def check(args: argparse.Namespace) -> None:
    """Refuse what does not go together, before anything is sent."""
    many.check(args, has_filters=bool(args.filter or args.filters))
    has_ids, has_filters = bool(args.ids or args.instance_ids), bool(args.filter or args.filters)
    everywhere.check(args, has_instances=has_ids or has_filters)
    if has_ids and has_filters:
        raise UsageError(args.prog, "ids and --filter must not be given together")
    if has_filters and args.max is None:
        raise UsageError(args.prog, "--filter must be given with --max")
    if args.max is not None and not has_filters:
        raise UsageError(args.prog, "--max must be given with --filter")


def targets(args: argparse.Namespace, ec2: Client, states: Collection[str]) -> list[str]:
    """Return the ids that are given; or of the instances that match, those in one of the states.

    Raises UsageError if more match than ``--max`` allows, whatever their state.
    """
    chosen = filters(args)
    if not chosen:
        return options.ids(args)
    found: list[str] = []
    for number, instance in enumerate(ec2.describe_instances(filters=chosen)):
        if number == args.max:
            raise UsageError(
                args.prog, f"more than {args.max} instances match (--max); nothing was changed"
            )
        if instance.state is not None and instance.state.name in states:
            found.append(instance.instance_id)
    return found


def _parsed_by(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Let argparse show a parser's own message, without the parser's name."""

    def parsed(text: str) -> Any:  # noqa: ANN401 - argparse's
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


def _filter(text: str) -> tuple[str, list[str]]:
    name, mark, value = text.partition("=")
    if not (name and mark):
        raise ValueError(f"must be NAME=VALUE, not {text!r}")
    return name, [value]


def _aws_filter(text: str) -> tuple[str, list[str]]:
    match = re.fullmatch(r"Name=(?P<name>[^,]+),Values=(?P<values>.+)", text)
    if match is None:
        raise ValueError(f"must be Name=NAME,Values=VALUE[,VALUE ...], not {text!r}")
    return match["name"], match["values"].split(",")


def _positive(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) == 0:
        raise ValueError(f"must be a whole number from 1 on, not {text!r}")
    return int(text)
