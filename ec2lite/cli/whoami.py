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
    """Ask STS whose credentials a client uses, and show where its requests go."""
    from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity

    with options.client(args) as ec2:
        identity = ec2.send(GetCallerIdentity())
        facts = {
            "account": identity.account,
            "arn": identity.arn,
            "provider": ec2.credentials_provider,
            "region": ec2.region,
            "endpoint": ec2.endpoint_url,
        }
    if args.json:
        output.say_json({name.capitalize(): value for name, value in facts.items()})
    else:
        output.say(output.table([(name, value or "-") for name, value in facts.items()]))
    return output.DONE
