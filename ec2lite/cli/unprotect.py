"""``ec2lite unprotect``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.cli import protect

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ids, and which protection is meant."""
    protect.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Take protection away from instances."""
    return protect.change(args, is_protected=False)
