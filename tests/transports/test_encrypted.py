"""TLS, and whom to trust, on real sockets."""

from __future__ import annotations

import httpx
import pytest

from ec2lite.errors import ConfigError
from senders import post, sender
from servers import answer, certificate, each, serve, stall, take

KEEPS = [each(take, answer())]


def test_tls(colour, tmp_path):
    """A server whose certificate the bundle vouches for is spoken to over TLS, again and again."""
    bundle, context = certificate(tmp_path)
    with serve(KEEPS, tls=context) as server, sender(colour, ca_bundle=bundle) as ours:
        for _ in range(3):
            assert b"hello" == ours.send(post(server.url, repeatable=True))
        assert 1 == server.connections


def test_untrusted(colour, tmp_path):
    """A server whose certificate nobody vouches for is not spoken to, and the error says why."""
    with serve(KEEPS, tls=certificate(tmp_path)[1]) as server, sender(colour) as ours:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            ours.send(post(server.url))
        assert [] == server.requests


def test_wrong_name(colour, tmp_path):
    """A good certificate for another name does not do."""
    bundle, context = certificate(tmp_path)
    with (
        serve(KEEPS, tls=context) as server,
        sender(colour, ca_bundle=bundle) as ours,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        ours.send(post(f"https://localhost:{server.port}/"))


def test_not_tls(colour):
    """A server that does not speak TLS is a ConnectError."""
    with (
        serve([b"hello, this is no TLS\r\n", stall]) as server,
        sender(colour) as ours,
        pytest.raises(httpx.ConnectError, match=r"[a-zA-Z]{4}"),
    ):
        ours.send(post(server.url.replace("http:", "https:")))


def test_missing_bundle(colour, tmp_path):
    """A bundle that is not there is a ConfigError that names it, and costs no place."""
    with sender(colour, ca_bundle=str(tmp_path / "none.pem"), max_connections=1) as ours:
        for _ in range(2):
            with pytest.raises(ConfigError, match=r"none\.pem"):
                ours.send(post("https://127.0.0.1:1/"))
