"""The jobs: ``nox -s lint``, ``nox -s tests-3.12`` and so on; ``nox`` alone does what CI does."""

from __future__ import annotations

import json
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "tests", "docs", "coverage", "bench"]


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests on the built wheel, with each Python there is."""
    wheels = Path(session.create_tmp())
    session.run("pip", "wheel", "--no-deps", "--wheel-dir", str(wheels), ".")
    newest = max(wheels.glob("ec2lite-*.whl"), key=lambda wheel: wheel.stat().st_mtime)
    session.install("--force-reinstall", f"ec2lite[test] @ {newest.resolve().as_uri()}")
    # Not `python -m pytest`, which would find the checkout before the wheel.
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install(".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, by two checkers, and that the public names are typed completely."""
    session.install(".[dev]")
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "ec2lite", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """Run the documents' examples and check their links."""
    session.install(".[test]")
    session.run("pytest", "tests/test_docs.py", "tests/test_walkthrough.py", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests and ask for every line and branch."""
    session.install(".[test]")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "report")


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks: briefly, or as the arguments say."""
    session.install(".[dev]")
    session.run("python", "benchmarks/run.py", *(session.posargs or ["--smoke"]))


@nox.session
def mutants(session: nox.Session) -> None:
    """Break protocol/ and the retries in every small way: tests must notice nine of ten."""
    session.install(".[test]", "mutmut>=3.8,<4")
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")
    session.run("mutmut", "export-cicd-stats")
    counts = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text())
    unnoticed = counts["survived"] + counts["no_tests"]
    session.log(f"{unnoticed} of {counts['total']} mutants went unnoticed")
    if unnoticed > counts["total"] / 10:
        session.error("too many mutants went unnoticed")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Throw bytes at parse_response: for ten minutes, or as the arguments say."""
    session.install(".[dev]")
    found = session.create_tmp()
    arguments = session.posargs or ["-max_total_time=600", "-max_len=8192"]
    session.run(
        "python", "tests/fuzz/fuzz_parse_response.py", *arguments, found, "tests/fuzz/corpus"
    )


@nox.session
def soak(session: nox.Session) -> None:
    """Make 200,000 calls with faults, and see whether anything leaks or gets lost."""
    session.install(".[test]")
    session.run("python", "tests/soak.py", *session.posargs)
