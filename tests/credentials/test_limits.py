"""The time limit of a call, while credentials are found: silent and dripping services, queues."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest

import ec2lite
from ec2lite.credentials.resolve import resolve_credentials
from ec2lite.errors import ConfigError, TransportError
from patience import PATIENCE

LIMIT = 0.8
# Far less than any of the limits that the services have of their own.
LATE = 9.0
ROLE = "arn:aws:iam::123456789012:role/r"
CONFIG = """[profile sso]
sso_session = s
sso_account_id = 123456789012
sso_role_name = r
[sso-session s]
sso_start_url = https://x.example/start
sso_region = eu-west-1
[profile web]
role_arn = {role}
web_identity_token_file = {home}/token
[profile role]
role_arn = {role}
source_profile = keys
[profile keys]
aws_access_key_id = AKID
aws_secret_access_key = HUSH
[profile process]
credential_process = {python} -c "import time; time.sleep(60)"
"""
CASES = {
    "sso": ("sso", "AWS_ENDPOINT_URL_SSO"),
    "oidc": ("sso", "AWS_ENDPOINT_URL_SSO_OIDC"),
    "web identity": ("web", "AWS_ENDPOINT_URL_STS"),
    "assume role": ("role", "AWS_ENDPOINT_URL_STS"),
    "process": ("process", None),
    "container": (None, "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    "imds": (None, "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
}
NAMES = {"oidc": "sso", "web identity": "web identity of the profile", "imds": "instance metadata"}


class Server:
    """Takes connections, and then is silent or drips a head that never ends."""

    def __init__(self, drip):
        self.drip = drip
        self.over = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    def accept(self):
        while not self.over.is_set():
            connection, _ = self.socket.accept()
            self.threads.append(threading.Thread(target=self.serve, args=(connection,)))
            self.threads[-1].start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            if self.drip:
                connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
            while not self.over.wait(0.05):
                connection.sendall(b"x" if self.drip else b"")

    def close(self):
        self.over.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self.socket.getsockname()).close()
        for each in self.threads:
            each.join()
        self.socket.close()


@pytest.fixture(params=["silent", "dripping"])
def server(request):
    """Serve nothing, in two ways."""
    server = Server(request.param == "dripping")
    yield server
    server.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Make a home with a profile for each provider."""
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    config = CONFIG.format(role=ROLE, home=tmp_path, python=sys.executable)
    (tmp_path / ".aws" / "config").write_text(config)
    (tmp_path / "token").write_text("HUSH")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9")
    return tmp_path


def sign_in(home, end):
    """Leave the token of ``aws sso login``."""
    document = {"accessToken": "HUSH", "expiresAt": end, "refreshToken": "HUSH", "clientId": "c"}
    document |= {"clientSecret": "HUSH", "registrationExpiresAt": "2999-01-01T00:00:00Z"}
    name = hashlib.sha1(b"s").hexdigest()
    (home / ".aws" / "sso" / "cache" / f"{name}.json").write_text(json.dumps(document))


@pytest.mark.parametrize("case", CASES)
def test_call_ends_in_time(colour, home, monkeypatch, server, case):
    """A call ends at its limit, whoever is silent or drips, and the error names who it was."""
    profile, variable = CASES[case]
    sign_in(home, "2020-01-01T00:00:00Z" if case == "oidc" else "2999-01-01T00:00:00Z")
    if variable:
        monkeypatch.setenv(variable, server.url)
    with colour.client(profile=profile, timeout=LIMIT) as ec2:
        began = time.monotonic()
        with pytest.raises(TransportError, match="the time limit passed before") as caught:
            ec2.stop_instances("i-1")
        spent = time.monotonic() - began

    assert caught.value.is_timeout
    assert not caught.value.maybe_sent
    assert "StopInstances" == caught.value.operation
    assert f"({NAMES.get(case, case)}: " in str(caught.value)
    assert LIMIT * 0.9 < spent < LATE


def test_threads_leave_in_time(home, monkeypatch, server):
    """Threads that wait for another's renewal leave in time, each by its own limit."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
    with ec2lite.Client(timeout=LIMIT) as ec2, ThreadPoolExecutor(8) as pool:

        def stop(_):
            began = time.monotonic()
            with pytest.raises(TransportError, match="time limit"):
                ec2.stop_instances("i-1")
            return time.monotonic() - began

        slowest = max(pool.map(stop, range(8)))

    assert slowest < LATE


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_leave_in_time(home, monkeypatch, server, backend):
    """Tasks that wait for another's renewal leave in time, each by its own limit."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
    spent = []

    async def stop(ec2):
        began = time.monotonic()
        with pytest.raises(TransportError, match="time limit"):
            await ec2.stop_instances("i-1")
        spent.append(time.monotonic() - began)

    async def main():
        async with ec2lite.AsyncClient(timeout=LIMIT) as ec2, anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(stop, ec2)

    anyio.run(main, backend=backend)

    assert 8 == len(spent)
    assert max(spent) < LATE


def write_program(home):
    """Configure a program that runs for a minute; return the file that names its process."""
    pid = home / "pid"
    program = home / "program.sh"
    program.write_text(f"echo $$ > '{pid}'\nexec sleep 60\n")
    config = home / ".aws" / "config"
    config.write_text(f"[default]\ncredential_process = /bin/sh {program}\n")
    return pid


def test_program_is_killed(colour, home):
    """A credential_process that is still running at the limit does not live on."""
    pid = write_program(home)
    with colour.client(timeout=2) as ec2, pytest.raises(TransportError, match="time limit"):
        ec2.stop_instances("i-1")

    assert is_gone(pid)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_program_of_a_cancelled_task_is_killed(home, backend):
    """A task that is cancelled leaves at once, and its credential_process does not live on."""
    pid = write_program(home)

    async def main():
        async with ec2lite.AsyncClient() as ec2:
            began = time.monotonic()
            with anyio.move_on_after(2):
                await ec2.stop_instances("i-1")
            return time.monotonic() - began

    assert anyio.run(main, backend=backend) < PATIENCE
    assert is_gone(pid)


def is_gone(pid):
    """Whether a process is gone, after a moment that it may take."""
    for _ in range(100):
        if not Path("/proc", pid.read_text().strip()).exists():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_nobody_at_the_mfa_device(home, monkeypatch, backend):
    """A task does not wait for a person longer than its limit."""
    config = home / ".aws" / "config"
    config.write_text(
        CONFIG.format(role=ROLE, home=home, python="") + "[default]\nmfa_serial = m\n"
    )
    config.write_text(
        f"[default]\nrole_arn = {ROLE}\nsource_profile = keys\nmfa_serial = m\n"
        "[profile keys]\naws_access_key_id = AKID\naws_secret_access_key = HUSH\n"
    )
    over = threading.Event()

    async def main():
        async with ec2lite.AsyncClient(
            timeout=LIMIT, mfa_token=lambda _: str(over.wait(60))
        ) as ec2:
            began = time.monotonic()
            with pytest.raises(TransportError, match="time limit") as caught:
                await ec2.stop_instances("i-1")
            return caught.value.is_timeout, time.monotonic() - began

    try:
        is_timeout, spent = anyio.run(main, backend=backend)
    finally:
        over.set()

    assert is_timeout
    assert spent < LATE


class Slow:
    """Credentials of somebody else's, which take long."""

    def __init__(self, over):
        self.over = over

    def get_frozen_credentials(self):
        self.over.wait(60)
        raise ConfigError("over")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_slow_object(home, backend):
    """A task does not wait for an object of the caller's longer than its limit."""
    over = threading.Event()

    async def main():
        async with ec2lite.AsyncClient(credentials=Slow(over), timeout=LIMIT) as ec2:
            with pytest.raises(TransportError, match="time limit"):
                await ec2.stop_instances("i-1")

    began = time.monotonic()
    try:
        anyio.run(main, backend=backend)
    finally:
        over.set()

    assert time.monotonic() - began < LATE


def test_resolving_has_a_limit(home, monkeypatch, server):
    """resolve_credentials gives up after the time that a call has by default."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
    monkeypatch.setattr("ec2lite.credentials.resolve.Timeout", lambda: ec2lite.Timeout(total=LIMIT))
    began = time.monotonic()
    with pytest.raises(TransportError, match="time limit"):
        resolve_credentials()

    assert time.monotonic() - began < LATE
