"""Commands on many instances: the plan first, progress, one outcome each, a way to go on."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from ec2lite.cli import keeping, output, waiting
from ec2lite.cli.bar import Bar, duration
from ec2lite.cli.options import UsageError
from ec2lite.errors import EC2Error

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping, Sequence

    from ec2lite.bulk.many import Change, Many
    from ec2lite.bulk.outcome import BatchResult, Outcome
    from ec2lite.client import Client

FEW: Final = 50
"""So many ids go in one request, as they always did; more of them are work on many instances."""
_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is for many instances."""
    group = parser.add_argument_group("many instances")
    group.add_argument(
        "--many",
        action="store_true",
        help=f"send batches and show one outcome for each instance, as from {FEW + 1} ids on",
    )
    group.add_argument(
        "--max-failures",
        metavar="NUMBER",
        type=_failures,
        help="stop sending after more failures than this: a number, or a share such as 5%%",
    )
    group.add_argument("--resume", metavar="FILE", help="continue the work that this file records")


def check(args: argparse.Namespace, *, has_filters: bool) -> None:
    """Refuse what does not go together, before anything is sent."""
    if args.resume is not None and (has_filters or args.ids or args.instance_ids):
        raise UsageError(args.prog, "--resume must be given alone, not with ids or --filter")


def is_meant(args: argparse.Namespace, ids: Sequence[str]) -> bool:
    """Return whether ids are work on many instances, or one request."""
    return args.many or args.max_failures is not None or len(ids) > FEW


def known(args: argparse.Namespace, action: str) -> BatchResult:
    """Return what the file of ``--resume`` says; its Region is that of the command then."""
    kept = keeping.read(args.resume, action)
    args.region = args.region or kept.work.get("region")
    return kept


def nothing_left() -> int:
    """Say that a file names nothing to go on with."""
    output.complain("ec2lite: nothing is left to do\n")
    return output.DONE


def run(
    args: argparse.Namespace,
    ec2: Client,
    request: Change,
    goal: str | None = None,
    kept: BatchResult | None = None,
) -> int:
    """Act on the instances of a request, or go on with what is kept; return the exit code."""
    bar = Bar(quiet=bool(getattr(args, "quiet", False)))
    work, result = _work(args, request, kept, bar)
    if not bar.quiet:
        _say_plan(ec2, work)
    try:
        ec2.carry_out(work)
    except (EC2Error, KeyboardInterrupt) as error:
        bar.end()
        if isinstance(error, KeyboardInterrupt) or _has_begun(result):
            _show(args, result, None)
            keeping.note(error, _again(result), result.to_json, args)
        raise
    bar.end()
    try:
        if goal is not None and args.wait and result.succeeded:
            _wait(args, ec2, goal, result)
        else:
            _show(args, result, None)
    finally:
        keeping.offer(_again(result), result.to_json, args)
    return output.SAID_NO if result.failed else output.DONE


def _has_begun(result: BatchResult) -> bool:
    """Whether there is anything to show: without keys or a Region, say, nothing has begun."""
    from ec2lite.bulk.outcome import OutcomeKind

    return any(each.kind is not OutcomeKind.NOT_ATTEMPTED for each in result.outcomes.values())


def _again(result: BatchResult) -> str:
    again = len(keeping.left(result))
    return f"{again} can be asked again" if again else ""


def _work(
    args: argparse.Namespace, request: Change, kept: BatchResult | None, bar: Bar
) -> tuple[Many, BatchResult]:
    from attrs import fields

    from ec2lite.bulk import many

    kinds: dict[str, type[Many]] = {
        "StopInstances": many.StopMany,
        "StartInstances": many.StartMany,
        "RebootInstances": many.RebootMany,
        "TerminateInstances": many.TerminateMany,
    }
    names = [each.name for each in fields(type(request)) if each.name != "instance_ids"]
    flags = {name: getattr(request, name) for name in names}
    if kept is None:
        kept = _begun(request, flags)
    else:
        flags = merged(flags, kept.work.get("flags", {}))
    work = kinds[request.action](
        request.instance_ids,
        **flags,
        max_failures=args.max_failures,
        on_progress=bar.tell,
        resume=kept,
    )
    return work, kept


def merged(flags: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return the flags of work that goes on: those given now, else those of before."""
    return {name: before.get(name) if value is None else value for name, value in flags.items()}


def _begun(request: Change, flags: dict[str, Any]) -> BatchResult:
    """Return a result that says enough to go on, even if nothing is ever sent."""
    from ec2lite.bulk.outcome import BatchResult, Outcome, OutcomeKind

    why = EC2Error("no request was sent for the instance yet")
    outcomes = {
        each: Outcome(each, OutcomeKind.NOT_ATTEMPTED, error=why) for each in request.instance_ids
    }
    return BatchResult(outcomes, {"action": request.action, "flags": flags})


def _say_plan(ec2: Client, work: Many) -> None:
    """Say on stderr what is about to happen, and how long it takes at least."""
    ids = work.instance_ids
    name = work.operation.action.removesuffix("Instances")
    plan = getattr(ec2, f"plan_{name.lower()}")(len(ids))
    requests = "1 request" if plan.requests == 1 else f"{plan.requests} requests"
    instances = "1 instance" if len(ids) == 1 else f"{len(ids)} instances"
    least = f", {duration(plan.seconds)} at least" if plan.seconds >= 1 else ""
    asks = "Ask whether to" if work.dry_run else name
    verb = f" {name.lower()}" if work.dry_run else ""
    output.complain(f"{asks}{verb} {instances}: {requests}{least}.\n")


def _wait(args: argparse.Namespace, ec2: Client, goal: str, result: BatchResult) -> None:
    """Wait for those that accepted; then show the outcomes, and what was reached."""
    ids = [each.instance_id for each in result.succeeded]
    waiting.follow(args, ec2, goal, ids, lambda reached: _show(args, result, (goal, reached)))


def _show(
    args: argparse.Namespace, result: BatchResult, reached: tuple[str, Mapping[str, Any]] | None
) -> None:
    """Show the outcomes: a JSON line each, or how many there are of each, and the failures."""
    if args.json:
        for each in result.outcomes.values():
            output.say_line(line(each, reached))
        return
    counts = Counter(each.kind.value for each in result.outcomes.values())
    rows = [(kind, str(count)) for kind, count in counts.most_common()]
    output.say(output.table([("OUTCOME", "INSTANCES"), *rows]))
    show_failures([("INSTANCE", "OUTCOME", "WHY")], map(row, result.failed))
    if reached is not None:
        goal, there = reached
        output.say(f"{len(there)} of {len(result.succeeded)} are {goal}.")


def show_failures(heading: list[tuple[str, ...]], rows: Iterable[tuple[str, ...]]) -> None:
    """Show the first failures, and how many more there are."""
    listed = list(rows)
    if listed:
        output.say()
        output.say(output.table([*heading, *listed[:_SHOWN]]))
    if len(listed) > _SHOWN:
        output.say(f"and {len(listed) - _SHOWN} more: --json shows all")


def row(each: Outcome) -> tuple[str, ...]:
    """Return an outcome as a line of a table."""
    why = "" if each.error is None else output.error_members(each.error)["Message"]
    return each.instance_id, each.kind.value, why


def line(each: Outcome, reached: tuple[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Return an outcome as ``--json`` shows it."""
    error = each.error
    shown: dict[str, Any] = {
        "InstanceId": each.instance_id,
        "Outcome": each.kind.value,
        "PreviousState": each.previous_state,
        "CurrentState": each.current_state,
        "Error": error and output.error_members(error),
    }
    if reached is not None and each.instance_id in reached[1]:
        shown["CurrentState"] = reached[0]
    return shown


def _failures(text: str) -> float:
    """Return a number of instances, or a share of them."""
    import argparse

    if re.fullmatch("[0-9]{1,9}", text):
        return int(text)
    share = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]+)?)%", text)
    if share is None or float(share[1]) == 0:
        raise argparse.ArgumentTypeError(f"must be a number or a share such as 5%, not {text!r}")
    return float(share[1]) / 100
