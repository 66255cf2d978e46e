"""Rewrites ec2lite/config/partitions.py from botocore's data.

Run it from anywhere: ``python tests/generate_partitions.py``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import create_loader

TARGET = Path(__file__).parent.parent / "ec2lite" / "config" / "partitions.py"

HEADER = '''"""AWS's partitions, in the order in which a Region is looked for in them.

Generated from botocore's data by ``python tests/generate_partitions.py``: change nothing here.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Partition(NamedTuple):
    """A partition: a set of Regions with accounts and host names of their own.

    ``pattern`` matches its Regions, known and future; ``extra_regions`` are those that it does not
    match. ``suffix`` ends its host names, ``dualstack_suffix`` those that speak IPv6 too, and
    ``signin_suffix`` those of AWS Sign-In. ``global_region`` is where its global services are.
    """

    name: str
    pattern: str
    suffix: str
    dualstack_suffix: str
    signin_suffix: str
    global_region: str
    supports_fips: bool
    supports_dualstack: bool
    extra_regions: tuple[str, ...]


PARTITIONS: Final[tuple[Partition, ...]] = (
'''


def signin_suffix(region: str, data: dict[str, Any]) -> str:
    """Ask the rules of AWS Sign-In, which have the suffixes in them."""
    rules = create_loader().load_service_model("signin", "endpoint-rule-set-1")
    found = EndpointProvider(rules, data).resolve_endpoint(
        Region=region, UseFIPS=False, UseDualStack=False
    )
    return found.url.removeprefix(f"https://{region}.signin.")


def entry(partition: dict[str, Any], data: dict[str, Any]) -> str:
    """Write one partition as Python."""
    outputs = partition["outputs"]
    pattern = re.compile(partition["regionRegex"])
    values = {
        "name": partition["id"],
        "pattern": partition["regionRegex"],
        "suffix": outputs["dnsSuffix"],
        "dualstack_suffix": outputs["dualStackDnsSuffix"],
        "signin_suffix": signin_suffix(outputs["implicitGlobalRegion"], data),
        "global_region": outputs["implicitGlobalRegion"],
        "supports_fips": outputs["supportsFIPS"],
        "supports_dualstack": outputs["supportsDualStack"],
        "extra_regions": tuple(sorted(r for r in partition["regions"] if not pattern.match(r))),
    }
    lines = (f"        {name}={literal(value)},\n" for name, value in values.items())
    return f"    Partition(\n{''.join(lines)}    ),\n"


def literal(value: object) -> str:
    """Write a value as ruff would format it."""
    if isinstance(value, tuple):
        return "(" + "".join(f"{literal(one)}," for one in value) + ")"
    if not isinstance(value, str):
        return repr(value)
    return f'r"{value}"' if "\\" in value else f'"{value}"'


def generate() -> str:
    """Return what the file should be."""
    data = create_loader().load_data("partitions")
    return HEADER + "".join(entry(one, data) for one in data["partitions"]) + ")\n"


if __name__ == "__main__":
    TARGET.write_text(generate(), encoding="utf-8")
