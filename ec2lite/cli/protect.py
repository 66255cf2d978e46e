"""``ec2lite protect``; ``unprotect`` takes the protection away again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ec2lite.cli import changing, options, output
from ec2lite.cli.options import UsageError

if TYPE_CHECKING:
    import argparse

    from ec2lite.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids, and which protection is meant."""
    options.add_ids(parser)
    parser.add_argument("--stop", action="store_true", help="protection from being stopped")
    parser.add_argument(
        "--termination", action="store_true", help="protection from being terminated"
    )
    changing.add_dry_run(parser)
    options.add_client(parser)


def run(args: argparse.Namespace) -> int:
    """Protect instances."""
    return change(args, is_protected=True)


def change(args: argparse.Namespace, *, is_protected: bool) -> int:
    """Set or clear protections, one a request, as EC2 takes them.

    The first refusal ends it; what was done before is printed all the same.
    """
    names = [name for name in ("stop", "termination") if getattr(args, name)]
    if not names:
        raise UsageError(args.prog, "--stop or --termination must be given")
    ids = list(dict.fromkeys(options.ids(args)))
    done: dict[str, dict[str, bool]] = {}
    with options.client(args) as ec2:
        try:
            for each in ids:
                for name in names:
                    refusal = _change(args, ec2, each, name, is_protected)
                    if refusal:
                        return refusal
                    done.setdefault(each, {})[name] = is_protected
        finally:
            _show(args, done, names)
    return output.DONE


def _change(
    args: argparse.Namespace, ec2: Client, instance_id: str, name: str, is_protected: bool
) -> int:
    from ec2lite.operations.modify_instance_attribute import ModifyInstanceAttribute

    flag: dict[str, Any] = {f"disable_api_{name}": is_protected}
    request = ModifyInstanceAttribute(instance_id, **flag, dry_run=args.dry_run)
    if args.dry_run:
        return output.permission(ec2.dry_run(request), as_json=args.json)
    ec2.send(request)
    return output.DONE


def _show(args: argparse.Namespace, done: dict[str, dict[str, bool]], names: list[str]) -> None:
    if args.dry_run or not done:
        return
    if args.json:
        found = [
            {"InstanceId": each, **{f"DisableApi{name.title()}": on for name, on in flags.items()}}
            for each, flags in done.items()
        ]
        output.say_json({"Instances": found})
        return
    words = {True: "protected", False: "unprotected", None: "-"}
    rows = [(each, *(words[flags.get(name)] for name in names)) for each, flags in done.items()]
    output.say(output.table([("INSTANCE", *(name.upper() for name in names)), *rows]))
