"""What the commands have in common that change instances' states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ec2lite.cli import options, output, selection

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Sequence

    from ec2lite.client import Client
    from ec2lite.protocol.operation import Operation

    Rows = Callable[[Any], Sequence[tuple[str, ...]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids and filters, ``--dry-run``, and where to send."""
    options.add_ids(parser)
    selection.add_filters(parser)
    selection.add_max(parser)
    add_dry_run(parser)
    options.add_client(parser)


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add ``--dry-run``."""
    options.add_flag(parser, "--dry-run", "only ask whether it is allowed: exit code 0 yes, 1 no")


def run(
    args: argparse.Namespace,
    states: Collection[str],
    request: Callable[[list[str]], Operation[Any]],
    rows: Rows,
) -> int:
    """Act on the ids, or on the matching instances that are in one of ``states``.

    ``rows`` makes the lines of a table from the result.
    """
    selection.check(args)
    with options.client(args) as ec2:
        ids = selection.targets(args, ec2, states)
        if ids:
            return send(args, ec2, request(ids), rows)
    if args.json:
        output.say_json({})
    else:
        output.say(f"No instance that matches is {' or '.join(sorted(states))}: nothing to do.")
    return output.DONE


def send(args: argparse.Namespace, ec2: Client, request: Operation[Any], rows: Rows) -> int:
    """Send a request, or ask whether it is allowed, and print the answer."""
    if args.dry_run:
        return output.permission(ec2.dry_run(request), as_json=args.json)
    result = ec2.send(request)
    if args.json:
        output.say_json(result.to_dict())
    else:
        output.say(output.table(rows(result)))
    return output.DONE
