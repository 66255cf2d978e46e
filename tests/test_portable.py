"""Nothing needs what POSIX alone has: it works with that taken away, as on Windows."""

from __future__ import annotations

import os
import subprocess
import sys

WITHOUT_POSIX = r"""
import asyncio, http.server, logging, os, pkgutil, signal, socket, ssl, subprocess, sys, tempfile
import anyio, httpx, lxml.etree  # they and Python itself know where they run
import anyio._backends._asyncio

for name in ("trio", "anyio._backends._trio", "cryptography.hazmat.bindings._rust"):
    try:
        __import__(name)
    except ImportError:
        pass

for name in ("fork", "forkpty", "register_at_fork", "getuid", "geteuid", "getgid", "getegid"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
for name in ("SIGPIPE", "SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "pthread_sigmask", "setitimer"):
    if hasattr(signal, name):
        delattr(signal, name)

import ec2lite

for module in pkgutil.walk_packages(ec2lite.__path__, "ec2lite."):
    try:
        __import__(module.name)
    except ImportError as error:
        # What belongs to an extra that is not installed, or to botocore.
        if error.name is None or error.name.partition(".")[0] not in OPTIONAL:
            raise
"""
CALLS = r"""
from ec2lite.cli.main import main
from ec2lite.testing import FakeEC2

fake = FakeEC2()
ids = fake.run_instances(3)
with fake.client() as ec2:
    ec2.stop_instances(ids)
    ec2.wait_until_stopped(ids)
    assert 3 == len(ec2.start_many(ids).succeeded)

async def stop():
    async with fake.async_client() as ec2:
        await ec2.wait_until_running(ids)
        return await ec2.stop_instances(ids)

assert 3 == len(asyncio.run(stop()).stopping_instances)
with fake.serve() as url:
    os.environ |= {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": fake.region,
        "AWS_ACCESS_KEY_ID": fake.credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": fake.credentials.secret_access_key,
    }
    with ec2lite.Client() as ec2:  # the real transport, over real sockets
        assert 3 == len(list(ec2.describe_instances(ids)))
    assert 0 == main(["describe", *ids])
print("all done")
"""
OPTIONAL = {"botocore", "cryptography", "httptools", "opentelemetry", "trio"}


def run(program):
    """Run a program in a process of its own, and return what it printed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
    environment["COVERAGE_PROCESS_START"] = ""
    done = subprocess.run(
        [sys.executable, "-c", f"OPTIONAL = {OPTIONAL!r}\n{program}"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_imports_and_calls_without_posix():
    """All modules are imported, and calls of both colours and the command line work, without it."""
    assert run(WITHOUT_POSIX + CALLS).endswith("all done\n")


def test_the_test_would_notice():
    """The parts are really gone: a program that uses one of them fails."""
    checked = "import os, signal\nassert not hasattr(os, 'fork') and not hasattr(signal, 'SIGPIPE')"
    refused = "\ntry:\n    import fcntl\nexcept ImportError:\n    print('gone')"
    assert "gone\n" == run(WITHOUT_POSIX + checked + refused)
