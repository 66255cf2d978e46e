"""The partition table: not older than botocore's."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

GENERATOR = Path(__file__).parent.parent / "generate_partitions.py"


def test_table_is_up_to_date():
    """The table is what botocore's data gives; if not, run tests/generate_partitions.py."""
    module = runpy.run_path(str(GENERATOR))
    assert module["TARGET"].read_text(encoding="utf-8") == module["generate"]()


def test_imports_are_light():
    """Settings and endpoints load neither an HTTP library, an XML library nor botocore."""
    code = (
        "import sys, ec2lite.config.settings\n"
        "heavy = {'httpx', 'lxml', 'botocore', 'asyncio', 'ssl', 'configparser'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "[]\n" == done.stdout
