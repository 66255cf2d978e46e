"""What every test has: no settings of this machine, no network beyond it, and both colours."""

from __future__ import annotations

import functools
import importlib.util
import ipaddress
import os
import re
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import hypothesis
import pytest

from colours import LOOPS, NAMES, Colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# No limits of time: the machines that run the tests are shared, and their clocks say little.
UNTIMED = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.register_profile("quick", UNTIMED, max_examples=8)
hypothesis.settings.register_profile("default", UNTIMED, max_examples=50)
hypothesis.settings.register_profile("ci", UNTIMED, max_examples=300)
hypothesis.settings.register_profile("thorough", UNTIMED, max_examples=5000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_HAS_ORACLE = importlib.util.find_spec("boto3") is not None


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what compares with boto3 or botocore where boto3 is not installed.

    So it is for the lowest versions of the dependencies, and where there is no botocore.
    """
    if _HAS_ORACLE or collection_path.suffix != ".py":
        return None
    oracle = r"^ *(import|from) (boto3|botocore|moto|model)\b|BotocoreSigner|generate_partitions"
    return re.search(oracle, collection_path.read_text("utf-8"), re.MULTILINE) is not None


_PROXY_VARIABLES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home directory in which there is nothing."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, empty_home: Path) -> None:
    """Hide what this machine's environment and home directory say about AWS and proxies."""
    for name in list(os.environ):
        if name.upper().startswith("AWS_") or name.lower() in _PROXY_VARIABLES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(empty_home))
    monkeypatch.setenv("USERPROFILE", str(empty_home))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that looks up a name or opens a connection beyond this machine."""
    for method in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, method, _guarded(getattr(socket.socket, method)))
    look_up = socket.getaddrinfo

    def getaddrinfo(host: bytes | str | None, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or _is_local(name):
            return look_up(host, *args, **kwargs)
        if name.endswith(".invalid"):  # RFC 6761: there is no such host, and nobody needs asking
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise AssertionError(f"a test looked up {name}")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(connect)
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_local(address[0]):
            raise AssertionError(f"a test connected to {address}")
        return connect(self, address)

    return guarded


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(params=["UTC", "JST-9", "PST8PDT"])
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run a test on machines in several time zones."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Return the URL of an EC2 that moto plays, over real HTTP on this machine."""
    pytest.importorskip("moto")
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_url: str) -> str:
    """Return the URL of moto's EC2, emptied of what other tests left there."""
    httpx.post(f"{moto_url}/moto-api/reset", trust_env=False, timeout=60).raise_for_status()
    return moto_url


@pytest.fixture(params=NAMES)
def colour(request: pytest.FixtureRequest) -> Colour:
    """Run a test once for each way to use ec2lite."""
    return Colour(request.param)


@pytest.fixture(params=LOOPS)
def loop(request: pytest.FixtureRequest) -> Colour:
    """Run a test once for each kind of event loop."""
    return Colour(request.param)
