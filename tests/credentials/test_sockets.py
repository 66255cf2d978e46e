"""The metadata services over real sockets."""

import json
import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest

from ec2lite.config.settings import Settings
from ec2lite.credentials.resolve import async_credentials_for, credentials_for
from ec2lite.errors import CredentialsError
from ec2lite.transports.transport import AsyncTransport, Transport
from patience import PATIENCE

# Whatever went through it would fail.
DEAD_PROXY = {"http_proxy": "http://127.0.0.1:9", "all_proxy": "http://127.0.0.1:9"}
KEYS = {
    "AccessKeyId": "AKID",
    "SecretAccessKey": "HUSH",
    "Token": "HUSH",
    "Expiration": f"{datetime.now(UTC) + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}",
}


class Metadata(BaseHTTPRequestHandler):
    """An instance's metadata service, and a container's, as AWS documents them."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.server.log.append(self.command + " " + self.path)
        if self.server.silent:
            time.sleep(1.5)
        valid = self.path == "/latest/api/token"
        valid = valid and self.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
        self.answer(200 if valid else 400, "HUSH-TOKEN")

    def do_GET(self):
        self.server.log.append(self.command + " " + self.path)
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path == "/container":
            self.answer(
                200 if self.headers["authorization"] == "HUSH-JWT" else 401, json.dumps(KEYS)
            )
        elif self.headers["x-aws-ec2-metadata-token"] != "HUSH-TOKEN":
            self.answer(401, "")
        elif self.path == roles:
            self.answer(200, "web")
        else:
            self.answer(200 if self.path == roles + "web" else 404, json.dumps(KEYS))

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """Serve metadata on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    server.daemon_threads = True
    server.log, server.silent = [], False
    server.handle_error = lambda *args: None  # clients that hang up are what is tested
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["sync", "asyncio", "trio"])
def find(request):
    """Return a function that runs the default chain over real sockets."""

    def ask(environ):
        if request.param == "sync":
            with Transport(environ=DEAD_PROXY) as transport:
                return credentials_for(None, Settings(environ), transport).get()
        return anyio.run(aask, environ, backend=request.param)

    async def aask(environ):
        async with AsyncTransport(environ=DEAD_PROXY) as transport:
            return await async_credentials_for(None, Settings(environ), transport).get()

    return ask


def url(server, path=""):
    """Return a URL of the server."""
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_instance(server, find, caplog):
    """The metadata service is asked past any proxy, and no log at DEBUG shows what it said."""
    caplog.set_level(logging.DEBUG)
    credentials = find({"AWS_EC2_METADATA_SERVICE_ENDPOINT": url(server)})

    roles = "/latest/meta-data/iam/security-credentials/"
    assert "AKID" == credentials.access_key_id
    assert ["PUT /latest/api/token", f"GET {roles}", f"GET {roles}web"] == server.log
    assert "HUSH" not in caplog.text


def test_container(server, find, tmp_path, caplog):
    """A container's endpoint is asked past any proxy, and no log at DEBUG shows a secret."""
    caplog.set_level(logging.DEBUG)
    (tmp_path / "token").write_text("HUSH-JWT")
    credentials = find(
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": url(server, "/container"),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
        }
    )

    assert "AKID" == credentials.access_key_id
    assert ["GET /container"] == server.log
    assert "HUSH" not in caplog.text


def test_silent_instance(server, find):
    """A token that does not come within the time set is given up, with a hint."""
    server.silent = True
    environ = {
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": url(server),
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "1",
    }
    started = time.monotonic()
    with pytest.raises(CredentialsError, match="hop limit"):
        find(environ)

    assert 0.9 < time.monotonic() - started < PATIENCE


def test_nobody_there(find):
    """An endpoint where nobody listens is given up at once."""
    with pytest.raises(CredentialsError, match=r"instance metadata: .* cannot be reached"):
        find({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9"})
