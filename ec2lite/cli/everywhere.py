"""``--everywhere``: ``stop`` and ``start`` in the accounts and Regions that a file names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from ec2lite.cli import keeping, many, options, output
from ec2lite.cli.bar import Bar
from ec2lite.cli.options import UsageError
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from ec2lite.bulk.progress import BatchProgress
    from ec2lite.targets import Target, TargetResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the file of targets."""
    parser.add_argument(
        "--everywhere",
        metavar="FILE",
        help="do it in many accounts and Regions: a JSON list of targets",
    )


def check(args: argparse.Namespace, *, has_instances: bool) -> None:
    """Refuse what does not go together, before anything is sent."""
    if getattr(args, "everywhere", None) is None:
        return
    if has_instances or args.resume is not None or args.region is not None:
        message = "--everywhere must be given without ids, --filter, --region and --resume"
        raise UsageError(args.prog, message)
    _check_work(args)


def _check_work(args: argparse.Namespace) -> None:
    if args.wait or args.timeout:
        raise UsageError(args.prog, "--wait must be given without --everywhere")
    if hasattr(args, "client_class"):
        raise UsageError(args.prog, "--everywhere must be tried with --dry-run, not explained")


def run(args: argparse.Namespace, action: str, flags: dict[str, Any]) -> int:
    """Do it in the targets of a file; return the exit code."""
    return _work(args, action, flags, _targets(args.everywhere), [])


def resume(args: argparse.Namespace, action: str, flags: dict[str, Any]) -> int:
    """Go on with the work that a file was kept of."""
    _check_work(args)
    kept, before = keeping.read_targets(args.resume, action)
    targets = [each.target for each in kept]
    return _work(args, action, many.merged(flags, before), targets, kept)


def _work(
    args: argparse.Namespace,
    action: str,
    flags: dict[str, Any],
    targets: list[Target],
    kept: list[TargetResult],
) -> int:
    from ec2lite.everywhere import start_everywhere, stop_everywhere

    act = stop_everywhere if action == "StopInstances" else start_everywhere
    bar = _Bar(quiet=args.quiet)
    if not args.quiet:
        _say_plan(action, targets)

    def text() -> str:
        return _text(action, flags, kept)

    try:
        act(
            targets,
            client_options=options.shared(args),
            on_progress=bar.hear,
            resume=kept,
            max_failures=args.max_failures,
            **flags,
        )
    except KeyboardInterrupt as error:
        bar.end()
        _show(args, kept)
        keeping.note(error, _again(kept, has_ended=False), text, args)
        raise
    bar.end()
    _show(args, kept)
    keeping.offer(_again(kept, has_ended=True), text, args)
    is_good = all(each.error is None and not (each.result and each.result.failed) for each in kept)
    return output.DONE if is_good else output.SAID_NO


class _Bar(Bar):
    """Shows how far all targets have come together."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._heard: dict[int, BatchProgress] = {}

    def hear(self, target: Target, progress: BatchProgress) -> None:
        """Add up what the targets tell. The slowest one decides how long it takes."""
        from ec2lite.bulk.progress import BatchProgress

        self._heard[id(target)] = progress
        heard = self._heard.values()
        rates = [each.rate for each in heard if each.rate is not None and each.done < each.total]
        remaining = [each.remaining for each in heard if each.remaining is not None]
        self.tell(
            BatchProgress(
                done=sum(each.done for each in heard),
                total=sum(each.total for each in heard),
                by_kind={},
                rate=sum(rates) if rates else None,
                remaining=max(remaining, default=None),
            )
        )


def _targets(name: str) -> list[Target]:
    """Return the targets that a file lists."""
    import json

    from ec2lite.targets import Target

    text = options.text(name if name == "-" else f"file://{name}")
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name} must be a JSON list of targets: {error}") from None
    if not isinstance(listed, list) or not listed:
        raise ConfigError(f"{name} must be a JSON list of at least one target")
    found: list[Target] = []
    for number, each in enumerate(cast("list[object]", listed)):
        try:
            found.append(Target.from_dict(each))
        except ConfigError as error:
            raise ConfigError(f"target {number} of {name}: {error}") from None
    return found


def _say_plan(action: str, targets: Sequence[Target]) -> None:
    """Say on stderr what is about to happen."""
    named = sum(len(each.instance_ids or ()) for each in targets)
    most = sum(each.max_instances or 0 for each in targets)
    counts = [f"{named} instances by their ids"] if named else []
    counts += [f"{most} at most by filters"] if most else []
    places = "1 target" if len(targets) == 1 else f"{len(targets)} targets"
    verb = action.removesuffix("Instances")
    output.complain(f"{verb} in {places}: {', '.join(counts)}.\n")


def _text(action: str, flags: dict[str, Any], kept: Sequence[TargetResult]) -> str:
    import json

    results = [json.loads(each.to_json()) for each in kept]
    return json.dumps({"action": action, "flags": flags, "targets": results})


def _again(kept: Sequence[TargetResult], *, has_ended: bool) -> str:
    left = sum(1 for each in kept if not _is_done(each, has_ended=has_ended))
    if not left:
        return ""
    return f"{left} of {len(kept)} targets can be asked again"


def _is_done(each: TargetResult, *, has_ended: bool) -> bool:
    """Return whether there is nothing to do any more. Before the end, no outcomes are no sign."""
    if each.error is not None or each.result is None:
        return False
    return not keeping.left(each.result) and (has_ended or bool(each.result.outcomes))


def _show(args: argparse.Namespace, kept: Sequence[TargetResult]) -> None:
    """Show a JSON line for each outcome and error, or how many there are of each, and failures."""
    if args.json:
        for each in kept:
            for shown in _lines(each):
                output.say_line({**_place(each), **shown})
        return
    rows = [row for each in kept for row in _counts(each)]
    output.say(output.table([("REGION", "ACCOUNT", "OUTCOME", "INSTANCES"), *rows]))
    heading: list[tuple[str, ...]] = [("REGION", "INSTANCE", "OUTCOME", "WHY")]
    many.show_failures(heading, (row for each in kept for row in _failures(each)))


def _place(each: TargetResult) -> dict[str, Any]:
    return {"Region": each.target.region, "Account": _account(each)}


def _account(each: TargetResult) -> str | None:
    """Return whose instances they are, as far as that is known."""
    known: str | None = None if each.result is None else each.result.work.get("account")
    role = each.target.role_arn
    return known or (role.split(":")[4] if role is not None and role.count(":") > 4 else None)


def _lines(each: TargetResult) -> Iterator[dict[str, Any]]:
    if each.result is not None:
        yield from map(many.line, each.result.outcomes.values())
    if each.error is not None:
        yield {"InstanceId": None, "Error": output.error_members(each.error)}


def _counts(each: TargetResult) -> Iterator[tuple[str, ...]]:
    place = (each.target.region, _account(each) or "-")
    outcomes = () if each.result is None else each.result.outcomes.values()
    for kind, count in Counter(outcome.kind.value for outcome in outcomes).most_common():
        yield (*place, kind, str(count))
    if not outcomes:
        yield (*place, "-" if each.error is None else "error", "0")


def _failures(each: TargetResult) -> Iterator[tuple[str, ...]]:
    region = each.target.region
    if each.error is not None:
        yield region, "-", "error", output.error_members(each.error)["Message"]
    if each.result is not None:
        for failed in each.result.failed:
            yield (region, *many.row(failed))
