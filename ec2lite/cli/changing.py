"""What the commands have in common that change instances' states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ec2lite.cli import everywhere, keeping, many, options, output, selection, waiting

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Sequence

    from ec2lite.bulk.many import Change
    from ec2lite.client import Client
    from ec2lite.protocol.operation import Operation

    # What a table shows of a request and its result.
    Rows = Callable[[Any, Any], Sequence[tuple[str, ...]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids and filters, ``--dry-run``, and where to send."""
    options.add_ids(parser)
    selection.add_filters(parser)
    selection.add_max(parser)
    add_dry_run(parser)
    many.add_arguments(parser)
    options.add_client(parser)


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add ``--dry-run``."""
    options.add_flag(
        parser, "--dry-run", "only ask whether the action is allowed: exit code 0 means yes, 1 no"
    )


def run(
    args: argparse.Namespace,
    states: Collection[str],
    action: type[Change],
    flags: dict[str, Any],
    rows: Rows,
    goal: str | None = None,
) -> int:
    """Act on the ids, or on the matching instances that are in one of ``states``.

    ``rows`` makes the lines of a table from the result. ``goal`` is what ``--wait`` waits for.
    """
    selection.check(args)
    if getattr(args, "everywhere", None) is not None:
        return everywhere.run(args, action.action, flags)
    if goal is not None:
        waiting.check(args)
    if args.resume is not None:
        return resume(args, action, flags, goal)
    with options.client(args) as ec2:
        ids = selection.targets(args, ec2, states)
        if ids and many.is_meant(args, ids):
            return many.run(args, ec2, action(ids, **flags), goal)
        if ids:
            return send(args, ec2, action(ids, **flags), rows, goal)
    if args.json:
        output.say_json({})
    else:
        output.say(f"No instance that matches is {' or '.join(sorted(states))}: nothing to do.")
    return output.DONE


def resume(
    args: argparse.Namespace,
    action: type[Change],
    flags: dict[str, Any],
    goal: str | None = None,
) -> int:
    """Go on with the work that a file was kept of."""
    if hasattr(args, "everywhere") and keeping.is_of_targets(args.resume):
        return everywhere.resume(args, action.action, flags)
    kept = many.known(args, action.action)
    ids = keeping.left(kept)
    if not ids:
        return many.nothing_left()
    with options.client(args) as ec2:
        return many.run(args, ec2, action(ids, **flags), goal, kept)


def send(
    args: argparse.Namespace,
    ec2: Client,
    request: Operation[Any],
    rows: Rows,
    goal: str | None = None,
) -> int:
    """Send a request, or ask whether it is allowed, and print the answer; wait, if asked to."""
    if args.dry_run:
        return output.permission(ec2.dry_run(request), as_json=args.json)
    result = ec2.send(request)
    if not args.json:
        output.say(output.table(rows(request, result)))
    if goal is not None and args.wait:
        return waiting.wait(args, ec2, goal, request.asked_ids() or (), result.to_dict())
    if args.json:
        output.say_json(result.to_dict())
    return output.DONE
