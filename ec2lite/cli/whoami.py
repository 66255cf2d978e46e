"""``ec2lite whoami``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import options, output

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says who asks, and where."""
    options.add_client(parser)


def run(args: argparse.Namespace) -> int:
    """Ask STS whose credentials a client would use."""
    import attrs

    from ec2lite.credentials.whoami import whoami

    identity = whoami(
        args.region,
        profile=args.profile,
        endpoint_url=args.endpoint_url,
        mfa_token=options.mfa_token,
    )
    facts = attrs.asdict(identity)
    if args.json:
        output.say_json({name.capitalize(): value for name, value in facts.items()})
    else:
        output.say(output.table([(name, value or "-") for name, value in facts.items()]))
    return output.DONE
