"""What imports what: one direction, botocore in one place, and nothing heavy early."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ec2lite

ROOT = Path(ec2lite.__file__).parent
# From the top of the house to its ground; a room imports its own and those after it.
ROOMS = [
    ("cli", "__main__"),
    ("boto3", "testing"),
    ("everywhere", "targets", "auth"),
    ("client", "base_client", "methods"),
    ("bulk", "waiters", "waiting", "explanations", "telemetry"),
    ("credentials",),
    ("engine",),
    ("config",),
    ("operations",),
    ("protocol",),
    ("signing",),
    ("transports",),
    ("models", "events", "listeners"),
    ("checks",),
    ("errors", "urls", "_version"),
]
FLOORS = {name: floor for floor, names in enumerate(ROOMS) for name in names}
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))


def room(module):
    """Return the room of a module, or nothing for the package itself."""
    return module.removeprefix("ec2lite").removeprefix(".").partition(".")[0]


def imports(path):
    """Return (module, at the top level) for each import of a file, TYPE_CHECKING's included."""
    tree = ast.parse((ROOT / path).read_text())
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            inside |= {id(each) for each in ast.walk(node)}
    for node in ast.walk(tree):
        is_early = id(node) not in inside
        if isinstance(node, ast.Import):
            yield from ((alias.name, is_early) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            if node.module == "ec2lite":
                for alias in node.names:
                    is_room = alias.name in FLOORS
                    yield f"ec2lite.{alias.name}" if is_room else "ec2lite", is_early
            else:
                yield node.module, is_early


@pytest.mark.parametrize("path", [path for path in FILES if path != "__init__.py"])
def test_direction(path):
    """A room imports nothing from above it."""
    own = FLOORS[path.removesuffix(".py").partition("/")[0]]
    imported = [module for module, _ in imports(path) if module.partition(".")[0] == "ec2lite"]

    above = [module for module in imported if room(module) and FLOORS[room(module)] < own]

    assert [] == above


def test_the_fake_is_apart():
    """Nobody but the command line imports the fake EC2."""
    importers = {
        room(path.removesuffix(".py").replace("/", "."))
        for path in FILES
        for module, _ in imports(path)
        if room(module) == "testing"
    }

    assert importers <= {"testing", "cli"}


def test_public_names_are_late():
    """The package itself imports its rooms when a name is used, and for type checkers."""
    early = [module for module, is_early in imports("__init__.py") if is_early]

    assert ["__future__", "ec2lite._version", "importlib", "typing"] == sorted(early)


def test_botocore():
    """One file imports botocore, when it is needed."""
    importers = {
        (path, is_early)
        for path in FILES
        for module, is_early in imports(path)
        if module.partition(".")[0] in {"botocore", "boto3", "s3transfer"}
    }

    assert {("signing/botocore_signer.py", False)} == importers


def loaded(code):
    """Return the packages that are loaded after some code has run in a new Python."""
    script = f"{code}\nimport sys; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT.parent,
    )
    return {name.partition(".")[0] for name in run.stdout.split()}


HEAVY = {"httpx", "httpcore", "lxml", "botocore", "boto3", "attr", "attrs", "anyio", "h11", "ssl"}


def test_import_is_light():
    """``import ec2lite`` loads none of its dependencies."""
    assert set() == HEAVY & loaded("import ec2lite; ec2lite.__version__")


def test_errors_are_light():
    """To catch an error, no dependency is needed."""
    assert set() == HEAVY & loaded("import ec2lite; ec2lite.InstanceNotFound")


def test_requests_are_light():
    """A client can be made before anything of the network or botocore is loaded."""
    code = "import ec2lite; ec2lite.StopInstances('i-1'); ec2lite.Credentials('a', 'b')"

    assert set() == {"lxml", "botocore", "boto3", "httpx", "anyio"} & loaded(code)


FAST = """
import ec2lite, socket, sys
refusing = socket.socket()
refusing.bind(("127.0.0.1", 0))
ec2 = ec2lite.Client(
    "eu-west-1", credentials=ec2lite.Credentials("a", "b"), signer=ec2lite.SigV4(),
    endpoint_url=f"http://127.0.0.1:{refusing.getsockname()[1]}",
    transport=ec2lite.FastTransport(environ={}), retry=ec2lite.NoRetry(),
)
try:
    ec2.stop_instances("i-1")
except ec2lite.TransportError:
    pass
refusing.close()
print(*[name.replace(".", "/") for name in sys.modules])
"""


def test_a_call_is_light():
    """A call loads the classes of its own action, and a client with a transport no other one."""
    pytest.importorskip("httptools")
    names = loaded(FAST)

    assert {"httpx", "ec2lite/operations/stop_instances"} <= names
    others = {
        "anyio",
        "asyncio",
        "botocore",
        "h11",
        "httpcore",
        "ec2lite/bulk/many",
        "ec2lite/operations/start_instances",
        "ec2lite/transports/transport",
        "ec2lite/waiters",
    }
    assert set() == others & names
