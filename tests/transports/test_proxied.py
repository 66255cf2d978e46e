"""Requests through proxies, on real sockets."""

from __future__ import annotations

import httpx
import pytest

from senders import post, sender
from servers import answer, certificate, each, serve, take, tunnel

KEEPS = [each(take, answer())]


def test_forward_proxy(colour):
    """A request for http is sent to the proxy, with the proxy's user and password."""
    with serve(KEEPS) as proxy:
        environ = {"http_proxy": f"http://me:p%40ss@127.0.0.1:{proxy.port}"}
        with sender(colour, environ=environ) as ours:
            for _ in range(2):
                assert b"hello" == ours.send(post("http://ec2.example.com/"))
        assert 1 == proxy.connections
        assert proxy.requests[0].startswith(b"POST http://ec2.example.com/ HTTP/1.1\r\n")
        assert b"Proxy-Authorization: Basic bWU6cEBzcw==" in proxy.requests[0]


def test_tunnel(colour, tmp_path):
    """A request for https goes through a tunnel, which is kept."""
    bundle, context = certificate(tmp_path)
    with serve(KEEPS, tls=context) as server:
        opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
        with serve([take, opened, tunnel(server.port)]) as proxy:
            environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
            with sender(colour, environ=environ, ca_bundle=bundle) as ours:
                for _ in range(2):
                    assert b"hello" == ours.send(post(server.url))
                assert (1, 1) == (proxy.connections, server.connections)
                ours.send(post(server.url, direct=True))
                assert (1, 2) == (proxy.connections, server.connections)
            assert proxy.requests[0].startswith(b"CONNECT 127.0.0.1:")


def test_https_proxy(colour, tmp_path):
    """A proxy may be spoken to over TLS, and a tunnel through it is TLS within TLS."""
    bundle, context = certificate(tmp_path)
    opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
    with (
        serve(KEEPS, tls=context) as server,
        serve(KEEPS, [take, opened, tunnel(server.port)], tls=context) as proxy,
        sender(colour, environ={"all_proxy": proxy.url}, ca_bundle=bundle) as ours,
    ):
        assert b"hello" == ours.send(post("http://ec2.example.com/"))
        for _ in range(2):
            assert b"hello" == ours.send(post(server.url))
        assert 2 == proxy.connections


def test_tunnel_refused(colour):
    """A proxy that refuses is a ProxyError with its words, and without the password."""
    with serve([take, answer(b"", "407 Proxy Authentication Required")]) as proxy:
        environ = {"https_proxy": f"http://me:secret@127.0.0.1:{proxy.port}"}
        with sender(colour, environ=environ) as ours:
            with pytest.raises(httpx.ProxyError, match="407 Proxy Auth") as caught:
                ours.send(post("https://ec2.example.com/"))
            assert "secret" not in repr(caught.value)
            assert "0 connections" in repr(ours.transport)


def test_proxy_from_process(colour, monkeypatch):
    """Without an environment given, the process's is read."""
    with serve(KEEPS) as proxy, sender(colour, environ=None) as ours:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        assert b"hello" == ours.send(post("http://ec2.example.com/"))
