"""Check a built site: ``python docs/complete.py DIRECTORY``. Every public name is in its reference."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import ec2lite
import ec2lite.boto3
import ec2lite.config
import ec2lite.telemetry
import ec2lite.testing


def described(site: Path) -> set[str]:
    """Return the names of the site's inventory, which other projects' documents link by."""
    inventory = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(inventory).decode().splitlines()
    return {line.split(" ", 1)[0] for line in lines if " py:" in line}


def public() -> set[str]:
    """Return the public names, those that are in two modules once."""
    modules = ec2lite.boto3, ec2lite.config, ec2lite.telemetry, ec2lite.testing
    more = {
        f"{module.__name__}.{name}"
        for module in modules
        for name in module.__all__
        if getattr(module, name) is not getattr(ec2lite, name, None)
    }
    return {f"ec2lite.{name}" for name in ec2lite.__all__} | more


if __name__ == "__main__":
    built = Path(sys.argv[1])
    missing = public() - described(built)
    assert (built / "llms.txt").exists()
    sys.exit(f"not in the reference: {', '.join(sorted(missing))}" if missing else 0)
