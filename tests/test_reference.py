"""The reference has each public name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ec2lite
import ec2lite.boto3
import ec2lite.config
import ec2lite.telemetry
import ec2lite.testing

REFERENCE = Path(__file__).parent.parent / "docs/reference"
MODULES = [ec2lite, ec2lite.boto3, ec2lite.config, ec2lite.telemetry, ec2lite.testing]


def described(module):
    """Return the names of a module that the reference has."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(REFERENCE.glob("*.rst")))
    name = re.escape(module.__name__)
    return re.findall(rf"^\.\. auto(?!module)\w+:: {name}\.(\w+)$", text, re.MULTILINE)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_name_is_there(module):
    """The reference has each public name once, and no other; add yours to docs/reference."""
    here = [
        name
        for name in module.__all__
        if module is ec2lite or getattr(module, name) is not getattr(ec2lite, name, None)
    ]
    assert sorted(here) == sorted(described(module))


def test_every_page_is_listed():
    """The reference's first page lists the others."""
    listed = set((REFERENCE / "index.rst").read_text("utf-8").split())
    assert [] == [
        path.stem for path in REFERENCE.glob("*.rst") if path.stem not in listed | {"index"}
    ]
