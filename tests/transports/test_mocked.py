"""What is made for httpx sees every request, each in a process of its own.

A mocked test that reached the network could stop real machines.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import seen
from servers import answer, each, serve, take

SCRIPT = Path(seen.__file__)
KEEPS = [each(take, answer(seen.STOPPED))]
UNMATCHED = [name for name in seen.MOCKS if "unmatched" in name]
MATCHED = [name for name in seen.MOCKS if "unmatched" not in name and name != "OpenTelemetry"]
colours = pytest.mark.parametrize("way", ["sync", "asyncio"])
whens = pytest.mark.parametrize("when", seen.WHENS)


def run(home, *arguments, **environ):
    """Return what the script says."""
    kept = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(home)}
    said = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert 0 == said.returncode, said.stderr
    return json.loads(said.stdout)


@colours
@whens
@pytest.mark.parametrize("name", MATCHED)
def test_seen(tmp_path, name, when, way):
    """A mock, a patch or a guard gets the request, whenever it begins, and nothing is connected."""
    with serve(KEEPS) as server:
        said = run(tmp_path, name, when, way, server.url)
        assert ("result", 0) == (said["end"], said["attempts"])
        assert 1 == len(said["seen"])
        assert int(when == "life") == server.connections


@colours
@whens
@pytest.mark.parametrize("name", UNMATCHED)
def test_unmatched(tmp_path, name, when, way):
    """A mock that knows nothing of a request ends it: nothing is connected."""
    with serve(KEEPS) as server:
        said = run(tmp_path, name, when, way, server.url)
        assert 0 == said["attempts"]
        assert said["end"] != "result"
        assert int(when == "life") == len(server.requests)


@colours
@pytest.mark.parametrize("proxy", ["http://", "socks5://"])
@pytest.mark.parametrize("name", MATCHED)
def test_seen_behind_a_proxy(tmp_path, name, proxy, way):
    """Behind a proxy, too."""
    with serve(KEEPS) as server:
        environ = {"http_proxy": server.url.replace("http://", proxy)}
        said = run(tmp_path, name, "call", way, "http://ec2.example.com/", **environ)
        assert ("result", 0) == (said["end"], said["attempts"])
        assert 1 == len(said["seen"])
        assert 0 == server.connections


@colours
@pytest.mark.parametrize("kind", ["container", "metadata", "sts", "sso"])
@pytest.mark.parametrize("name", ["respx", "respx using httpx", "HTTPTransport", "Client.send"])
def test_credentials_seen(tmp_path, name, kind, way):
    """Requests for credentials are seen as well."""
    said = run(tmp_path, name, "import", way, "http://ec2.example.com/", kind)
    assert ("result", 0) == (said["end"], said["attempts"])
    assert "POST ec2.example.com" == said["seen"][-1]
    assert len(said["seen"]) >= 2


@colours
@whens
def test_opentelemetry(tmp_path, when, way):
    """OpenTelemetry's httpx instrumentation makes its spans."""
    with serve(KEEPS) as server:
        said = run(tmp_path, "OpenTelemetry", when, way, server.url)
        assert ("result", ["POST"]) == (said["end"], said["seen"])


PYTEST_HTTPX = """
import asyncio, ec2lite, pytest

CLIENT = ec2lite.Client("eu-west-1", endpoint_url={url!r},
    credentials=ec2lite.Credentials("a", "b"), retry=ec2lite.NoRetry())
ACLIENT = ec2lite.AsyncClient("eu-west-1", endpoint_url={url!r},
    credentials=ec2lite.Credentials("a", "b"), retry=ec2lite.NoRetry())

def test_matched(httpx_mock):
    httpx_mock.add_response(content={stopped!r})
    CLIENT.stop_instances("i-1")

@pytest.mark.httpx_mock(assert_all_requests_were_expected=False)
def test_unmatched(httpx_mock):
    with pytest.raises(ec2lite.TransportError):
        CLIENT.stop_instances("i-1")
    CLIENT.close()

def test_async(httpx_mock):
    httpx_mock.add_response(content={stopped!r})
    asyncio.run(stop())

async def stop():
    async with ACLIENT:
        await ACLIENT.stop_instances("i-1")
"""


def test_pytest_httpx(tmp_path):
    """pytest-httpx gets the first request of a process, and what it does not know goes nowhere."""
    with serve(KEEPS) as server:
        path = tmp_path / "test_it.py"
        path.write_text(PYTEST_HTTPX.format(url=server.url, stopped=seen.STOPPED))
        said = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert 0 == said.returncode, said.stdout
        assert 0 == server.connections
