"""The software bill of materials of the wheel (PEP 770): ``python .github/sbom.py --write``.

ec2lite is pure Python and bundles nothing, so the bill is the package itself and what it asks for.
It has no time and no serial number: two builds of one version have the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
BILL = ROOT / ".github/sbom.cdx.json"


def bill() -> str:
    """Return the bill, as CycloneDX 1.6."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version = re.search(r'"(.+)"', (ROOT / "ec2lite/_version.py").read_text("utf-8").split("=")[1])
    assert version is not None
    itself = f"pkg:pypi/ec2lite@{version[1]}"
    needed = {re.split(r"[<>=\[; ]", each)[0]: each for each in project["dependencies"]}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": itself,
                "name": "ec2lite",
                "version": version[1],
                "purl": itself,
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{name}",
                "name": name,
                "purl": f"pkg:pypi/{name}",
                "properties": [{"name": "ec2lite:requirement", "value": requirement}],
            }
            for name, requirement in needed.items()
        ],
        "dependencies": [{"ref": itself, "dependsOn": [f"pkg:pypi/{name}" for name in needed]}],
    }
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        BILL.write_text(bill(), "utf-8")
    elif bill() != BILL.read_text("utf-8"):
        sys.exit(f"{BILL} is not what pyproject.toml says: python .github/sbom.py --write")
