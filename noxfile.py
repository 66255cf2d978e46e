"""The jobs: ``nox -s lint``, ``nox -s tests-3.12`` and so on; ``nox`` alone runs the usual ones.

CI calls these sessions, too (``.ci/run``): what a job is, is written here alone.
"""

from __future__ import annotations

import re
import shutil
import sys
from hashlib import sha256
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "tests", "docs", "coverage", "bench"]

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15", "3.14t"]
ABOUT_DOCUMENTS = ("docs", "walkthrough", "house", "examples", "reference")
SITE = "build/site"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
KINDS = (".tar.gz", ".whl")
VALID_BILL = """
import pathlib, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
text = pathlib.Path(".github/sbom.cdx.json").read_text("utf-8")
sys.exit(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) and "the bill is not valid")
"""
# Of a hundred mutants, tests must notice so many.
KILLED = 95


def group(*names: str) -> tuple[str, ...]:
    """Return the requirements of dependency groups; pip itself knows them from 25.1 on."""
    return nox.project.dependency_groups(PROJECT, *names)


def tools_without(*names: str) -> list[str]:
    """Return what the extra ``test`` asks for, without some distributions and ec2lite itself."""
    extras: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
    wanted: list[str] = []
    for each in extras["test"]:
        if each.startswith("ec2lite["):
            for extra in each.removeprefix("ec2lite[").removesuffix("]").split(","):
                wanted += extras[extra]
        elif not each.startswith(names):
            wanted.append(each)
    return wanted


def wheel(session: nox.Session) -> str:
    """Build the wheel, and return its URL."""
    directory = Path(session.create_tmp()).resolve()
    session.run("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(directory), ".")
    newest = max(directory.glob("ec2lite-*.whl"), key=lambda path: path.stat().st_mtime)
    return newest.as_uri()


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on the built wheel, with each Python there is."""
    session.install("--force-reinstall", f"ec2lite[test] @ {wheel(session)}")
    # Not `python -m pytest`, which would find the checkout before the wheel.
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, by two checkers, and that the public names are typed completely."""
    session.install(".[test]", *group("types"))
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "ec2lite", "--ignoreexternal")


@nox.session
def docs(session: nox.Session) -> None:
    """Run the documents' examples, and build the site: a link that leads nowhere is an error."""
    session.install(".[test]", *group("docs"))
    session.run("pytest", *(f"tests/test_{name}.py" for name in ABOUT_DOCUMENTS))
    session.run("sphinx-build", "-qW", "--keep-going", "-b", "html", "docs", SITE, *session.posargs)
    session.run("python", "docs/complete.py", SITE)


@nox.session
def links(session: nox.Session) -> None:
    """Ask for each page beyond the site that it links to. It needs the internet."""
    session.install(".[fast,otel]", *group("docs"))
    session.run("sphinx-build", "-q", "-b", "linkcheck", "docs", "build/links", *session.posargs)


@nox.session
def spelling(session: nox.Session) -> None:
    """Look for words that are usually misspelt."""
    session.install(*group("spelling"))
    session.run("codespell", *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Ask PyPI about known vulnerabilities of the dependencies, and look through the workflows."""
    session.install(".[fast,login,otel,trio]", *group("audit"))
    session.run("zizmor", "--offline", "--pedantic", ".github")
    session.run("pip-audit", "--skip-editable", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Open the built site in a Chromium without a window. Debian's package is ``chromium``."""
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        session.skip(f"none of {', '.join(CHROMIUMS)} is in PATH")
    session.install(".[fast,otel]", *group("docs", "browser"))
    session.run("sphinx-build", "-qW", "-b", "html", "docs", SITE)
    session.run("python", "docs/browse.py", SITE, chromium)


@nox.session
def release(session: nox.Session) -> None:
    """Build what is published, twice, check it, and run the demo where nothing else is installed.

    An argument is the tag that the version must be called.
    """
    session.install(*group("release"))
    version = re.findall(r'"(.+)"', Path("ec2lite/_version.py").read_text("utf-8"))[-1]
    if session.posargs and session.posargs != [f"v{version}"]:
        session.error(f"the tag is {session.posargs[0]}, and the version {version}")
    session.run("python", ".github/sbom.py")
    session.run("python", "-c", VALID_BILL)
    built = [build(session, directory) for directory in ("dist", "build/again")]
    if len(built[0]) != len(KINDS) or built[0] != built[1]:
        session.error(f"two builds differ: {built}")
    files = [f"dist/{name}" for name in built[0]]
    session.run("twine", "check", "--strict", *files)
    (only,) = [each for each in files if each.endswith(".whl")]
    session.run("check-wheel-contents", only)
    # All but an address of the authors, who take reports on the site of the repository.
    session.run("pyroma", "--min", "8", ".")
    bare = session.create_tmp()
    session.run("python", "-m", "venv", "--clear", bare)
    python = Path(bare) / ("Scripts" if sys.platform == "win32" else "bin")
    session.run(f"{python}/pip", "install", "--quiet", only, external=True)
    session.run(f"{python}/ec2lite", "demo", external=True)


def build(session: nox.Session, directory: str) -> dict[str, str]:
    """Build sdist and wheel into an empty directory, and return the digest of each."""
    shutil.rmtree(directory, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", directory, ".", silent=True)
    found = sorted(path for path in Path(directory).iterdir() if path.name.endswith(KINDS))
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in found}


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests and ask for every line and branch."""
    session.install(".[test]")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "report")


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks: briefly, or as the arguments say."""
    session.install(".[test]", *group("bench"))
    session.run("python", "benchmarks/run.py", *(session.posargs or ["--smoke"]))


@nox.session
def lowest(session: nox.Session) -> None:
    """Run tests with the lowest versions of the dependencies that pyproject.toml allows.

    tests/conftest.py leaves out what compares with botocore, whose newest version is the oracle.
    """
    dependencies: list[str] = PROJECT["project"]["dependencies"]
    pins = [each.partition(",")[0].replace(">=", "==") for each in dependencies]
    session.install(".", *pins, *tools_without("boto3", "moto"))
    session.run("pip", "list")
    session.run("pytest", *session.posargs)


@nox.session
def nobotocore(session: nox.Session) -> None:
    """Run tests without botocore: SigV4() signs, and nothing else changes."""
    dependencies: list[str] = PROJECT["project"]["dependencies"]
    needed = [each for each in dependencies if not each.startswith("botocore")]
    session.install("--no-deps", ".")
    session.install(*needed, *tools_without("boto3", "moto"))
    session.run("python", "-c", "import importlib.util as u; assert not u.find_spec('botocore')")
    session.run("pytest", *session.posargs)


@nox.session
@nox.parametrize("program", ["aiobotocore", "awscli"])
def foreign(session: nox.Session, program: str) -> None:
    """Let the AWS CLI or aiobotocore work on a fake EC2. Each needs a botocore of its own."""
    session.install(".", program, *tools_without("boto3", "moto"))
    session.run("pytest", f"tests/foreign/with_{program}.py", *session.posargs)


@nox.session
def prereleases(session: nox.Session) -> None:
    """Run the tests with the newest dependencies, pre-releases included. It may fail: read it."""
    session.install("--pre", "--upgrade", ".[test]")
    session.run("pip", "list")
    session.run("pytest", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Break the protocol, signing, the operations and the retries in every small way.

    Arguments are names of mutants, for a part of them: ``nox -s mutants -- "ec2lite.protocol.*"``.
    """
    session.install(".[test]", *group("mutants"))
    # Few examples for each property: what lives on is asked again, with all of them.
    session.run("mutmut", "run", *session.posargs, env={"HYPOTHESIS_PROFILE": "quick"})
    session.run("python", "tests/mutants.py", str(KILLED))


@nox.session
def fuzz(session: nox.Session) -> None:
    """Throw bytes at parse_response: for ten minutes, or as the arguments say."""
    if sys.platform != "linux" or sys.version_info >= (3, 14):
        session.skip("atheris has no wheels for this Python")
    session.install(".", *group("fuzz"))
    found = session.create_tmp()
    arguments = session.posargs or ["-max_total_time=600", "-max_len=8192"]
    session.run(
        "python", "tests/fuzz/fuzz_parse_response.py", *arguments, found, "tests/fuzz/corpus"
    )


@nox.session
def dask(session: nox.Session) -> None:
    """Stop targets on a Dask cluster of processes, as docs/scale.md does."""
    session.install(".[test]", *group("scale"))
    session.run("pytest", "tests/scale/on_dask.py", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Make 200,000 calls with faults, and see whether anything leaks or gets lost."""
    session.install(".")
    session.run("python", "tests/soak.py", *session.posargs)
