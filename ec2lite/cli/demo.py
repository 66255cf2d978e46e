"""``ec2lite demo``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import output

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the demo has no options."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Show ec2lite at work on a fake EC2."""
    from ec2lite.cli import demonstration

    del args
    demonstration.show(output.say)
    return output.DONE
