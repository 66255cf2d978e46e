"""The tree is what the design says, and what is imported is declared."""

from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ec2lite"
# What is data, or has a session of its own that installs what it needs.
APART = ("tests/data", "tests/foreign", "tests/fuzz")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
# Modules that are not called what their distribution is called.
DISTRIBUTIONS = {
    "attr": "attrs",
    "multidict": "aiohttp",
    "vcr": "vcrpy",
    "yarl": "aiohttp",
    "opentelemetry": "opentelemetry-instrumentation-httpx",
}
# Modules that come with a distribution that is declared.
BROUGHT = {
    "_pytest": "pytest",
    "certifi": "httpx",
    "botocore": "boto3",
    "werkzeug": "moto",
    "moto": "moto",
}


def design():
    """Return the names in the design's drawing of the tree, each with its depth."""
    text = (ROOT / "docs/design.md").read_text("utf-8")
    drawing = text.split("## The house", 1)[1].split("    ec2lite/\n", 1)[1].split("\n\n", 1)[0]
    for line in drawing.splitlines():
        indent, name = re.match(r"( *)(\S+)", line).groups()
        yield (len(indent) - 6) // 2, name


def test_rooms():
    """The design's drawing has each module and package of ec2lite, and no other."""
    drawn = {name for depth, name in design() if depth == 0}
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert there == drawn


def test_rooms_within_rooms():
    """What the drawing shows in a room is there."""
    room = ""
    for depth, name in design():
        room = name if depth == 0 else room
        assert (PACKAGE / (name if depth == 0 else room + name)).exists(), name


def names(requirements):
    """Return the names of distributions."""
    return {re.match(r"[\w-]+", each)[0].lower() for each in requirements}


def imported(*directories):
    """Return the top-level modules from elsewhere that the files import, each with a file."""
    local = {path.stem for directory in directories for path in directory.rglob("*.py")}
    for path in [path for directory in directories for path in directory.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module]
            for module in modules:
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names | local | {"ec2lite"}:
                    yield top, path.relative_to(ROOT).as_posix()


def undeclared(found, declared):
    """Return what is imported without being declared."""
    return {
        (module, path)
        for module, path in found
        if DISTRIBUTIONS.get(module, module).replace("_", "-") not in declared
    }


def test_what_is_imported_is_declared():
    """ec2lite imports what is in its dependencies, or in an extra of its own."""
    extras = [requirements for extra, requirements in EXTRAS.items() if extra != "test"]
    declared = names(PROJECT["project"]["dependencies"]) | set().union(*map(names, extras))
    declared |= {module for module, bringer in BROUGHT.items() if bringer in declared}
    assert set() == undeclared(imported(PACKAGE), declared)


def test_what_tests_import_is_declared():
    """The extra ``test`` has what the tests import."""
    declared = names(PROJECT["project"]["dependencies"])
    for requirement in EXTRAS["test"]:
        inner = re.match(r"ec2lite\[(.*)\]", requirement)
        extras = inner[1].split(",") if inner else []
        declared |= names([requirement, *(each for extra in extras for each in EXTRAS[extra])])
    declared |= {module for module, bringer in BROUGHT.items() if bringer in declared}
    found = [
        each
        for each in imported(ROOT / "tests", PACKAGE)
        if each[1].startswith("tests/") and not each[1].startswith(APART)
    ]
    assert set() == undeclared(found, declared)


@pytest.mark.parametrize("requirement", PROJECT["project"]["dependencies"])
def test_dependencies_have_a_lowest_version(requirement):
    """Each dependency says from which version on it works: ``nox -s lowest`` tries those."""
    assert re.fullmatch(r"[\w-]+>=[\d.]+(,<[\d.]+)?", requirement)


def test_every_job_is_described():
    """docs/quality.md tells of each nox session, and of no other."""
    tree = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))
    sessions = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list
    }
    text = (ROOT / "docs/quality.md").read_text("utf-8")
    described = {
        name.split("-3.")[0] for name in re.findall(r"^\| `nox -s (\S+)`", text, re.MULTILINE)
    }
    assert sessions - {"lint", "docs"} == described


def unexplained(path):
    """Return the lines that silence a checker without a reason, beside it or just above it."""
    lines = ["", *path.read_text("utf-8").splitlines()]
    for above, line in itertools.pairwise(lines):
        silenced = re.search(r"#\s*(noqa|type: ignore|pyright: ignore)\b.*", line)
        has_reason = silenced and re.search(r"( - |\] # )\w", silenced[0])
        if silenced and not has_reason and not above.lstrip().startswith("#"):
            yield f"{path.relative_to(ROOT)}: {line.strip()}"


def test_silenced_checkers_have_a_reason():
    """Whoever silences a checker in ec2lite says why."""
    assert [] == [line for path in sorted(PACKAGE.rglob("*.py")) for line in unexplained(path)]


def test_first_pages_are_narrow():
    """No line of what a visitor reads first is longer than 120 columns."""
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        assert [] == [line for line in lines if len(line) > 120]
