"""``ec2lite wait``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import options, waiting

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the state, ids, and how long to wait."""
    parser.add_argument("goal", choices=waiting.GOALS, help="what to wait for")
    options.add_ids(parser)
    waiting.add_timeout(parser)
    waiting.add_quiet(parser)
    options.add_client(parser)


def run(args: argparse.Namespace) -> int:
    """Wait until instances are in a state, and show them."""
    ids = options.ids(args)
    with options.client(args) as ec2:
        return waiting.wait(args, ec2, args.goal, ids, {})
