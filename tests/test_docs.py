"""The documents: their examples run, and their links lead somewhere."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import boto3
import pytest

import ec2lite
from ec2lite.cli import demonstration as demo
from ec2lite.cli.main import main

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
# The instances that the examples stop. All others do not exist.
INSTANCES = (
    "i-1234567890abcdef0",
    "i-0598c7d356eba48d7",
    "i-0aa51192b00939a2e",
    "i-0f3b7a2c9d1e45678",
)
# Those that have a name, and the tag env=dev.
DEVELOPMENT = {"web-1": "i-1234567890abcdef0", "web-2": "i-0f3b7a2c9d1e45678"}

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch, moto: str) -> None:
    """Point the environment at moto's EC2, where the examples' instances run."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", moto)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    ids = iter(INSTANCES)
    monkeypatch.setattr("moto.ec2.models.instances.random_instance_id", lambda: next(ids))
    with ec2lite.Client() as client:
        assert INSTANCES == client.send(demo.RunInstances(demo.IMAGE, len(INSTANCES)))
    aws = boto3.client("ec2", "eu-west-1", endpoint_url=moto)
    for name, instance_id in DEVELOPMENT.items():
        tags = [{"Key": "Name", "Value": name}, {"Key": "env", "Value": "dev"}]
        aws.create_tags(Resources=[instance_id], Tags=tags)
    aws.close()


@each_document
def test_examples(ec2: None, document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each ``>>>`` and each ``$ ec2lite`` does what the document says, from top to bottom."""
    text = document.read_text("utf-8")
    names: dict[str, object] = {}
    for block in _FENCED.finditer(text):
        line = text.count("\n", 0, block.start(2))
        if ">>>" in block[2]:
            run_doctest(block[2], names, document.name, line)
        elif block[1] == "console":
            run_console(block[2], capsys)


def run_doctest(block: str, names: dict[str, object], document: str, line: int) -> None:
    """Run a block of ``>>>``; the names that it makes stay for the next one."""
    test = doctest.DocTestParser().get_doctest(block, names, document, document, line)
    complaints: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test, out=complaints.append, clear_globs=False)
    assert [] == complaints, "".join(complaints)
    names.update(test.globs)


def run_console(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a block of ``$ ec2lite ...`` in this process and compare what each prints."""
    for step in block.removeprefix("$ ").split("\n$ "):
        command, _, expected = step.partition("\n")
        program, *arguments = shlex.split(command)
        assert "ec2lite" == program
        main(arguments)
        out, err = capsys.readouterr()
        assert expected.rstrip() == (out + err).rstrip()


@each_document
def test_links(document: Path) -> None:
    """Each link within the repository leads to a file, and to a heading where it names one."""
    text = _FENCED.sub("", document.read_text("utf-8"))
    for link in _LINK.findall(text):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_a_newcomer_needs_two_commands() -> None:
    """The README's first command shows the demo, its second the tests; .ci/run relies on it."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    first, second = [line for line in lines if line.startswith("python3 -m venv")]
    assert first.endswith(" && .venv/bin/ec2lite demo")
    assert second.endswith(" && .venv/bin/python -m pytest")


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to a document's headings."""
    headings = _HEADING.findall(_FENCED.sub("", document.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
