"""What is said to proxies, byte by byte, and over real sockets."""

from __future__ import annotations

import contextlib

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.transports.handshakes import handshake
from ec2lite.transports.proxies import Proxy
from senders import post, sender
from servers import Peer, answer, certificate, each, serve, take, tunnel

SOCKS = Proxy("socks5", "proxy.example.com", 1080)
SOCKS_WITH_PASSWORD = Proxy("socks5", "proxy.example.com", 1080, ("me", "secret"))
HTTP = Proxy("http", "proxy.example.com", 8080, ("me", "p@ss"))
CONNECTED = b"\5\0\0\1" + bytes(6)


def talk(proxy, heard, host="ec2.example.com", port=443):
    """Return what is said to a proxy that answers with those bytes, and what of them is left."""
    said, steps = b"", handshake(proxy, host, port)
    wanted = next(steps)
    try:
        while True:
            if isinstance(wanted, bytes):
                said += wanted
                wanted = next(steps)
            elif len(heard) < wanted:
                return said, heard
            else:
                part, heard = heard[:wanted], heard[wanted:]
                wanted = steps.send(part)
    except StopIteration:
        return said, heard


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("ec2.example.com", b"\3\x0fec2.example.com"),
        ("192.0.2.7", b"\1\xc0\0\2\7"),
        ("2001:db8::1", b"\4\x20\1\x0d\xb8" + bytes(11) + b"\1"),
    ],
)
def test_socks(host, address):
    """SOCKS5 is asked for the host as it is: RFC 1928, sections 3 to 5."""
    expected = b"\5\1\0" + b"\5\1\0" + address + b"\1\xbb"
    assert (expected, b"") == talk(SOCKS, b"\5\0" + CONNECTED, host)


@pytest.mark.parametrize("bound", [b"\1" + bytes(4), b"\4" + bytes(16), b"\3\7example"])
def test_socks_bound_address(bound):
    """Not a byte more is taken than the answer has, whatever kind of address is in it."""
    heard = b"\5\0" + b"\5\0\0" + bound + b"\0\0"
    assert b"the origin's" == talk(SOCKS, heard + b"the origin's")[1]


def test_socks_password():
    """User and password are given if they are asked for: RFC 1929."""
    said, _ = talk(SOCKS_WITH_PASSWORD, b"\5\2" + b"\1\0" + CONNECTED)
    assert said.startswith(b"\5\2\0\2" + b"\1\2me\6secret" + b"\5\1\0\3")
    assert b"secret" not in talk(SOCKS_WITH_PASSWORD, b"\5\0" + CONNECTED)[0]


REFUSED = [
    (SOCKS, b"\4\0", "does not speak SOCKS5"),
    (SOCKS, b"HT", "does not speak SOCKS5"),
    (SOCKS, b"\5\xff", "authentication that was not offered"),
    (SOCKS, b"\5\2", "authentication that was not offered"),
    (SOCKS, b"\5\0" + b"\4\0\0\1", "does not speak SOCKS5"),
    (SOCKS, b"\5\0" + b"\5\0\0\2", "does not speak SOCKS5"),
    (SOCKS, b"\5\0" + b"\5\5\0\1", "connection refused"),
    (SOCKS, b"\5\0" + b"\5\x63\0\1", "reply 99"),
    (SOCKS_WITH_PASSWORD, b"\5\2" + b"\1\1", "refused the user or the password"),
    (Proxy("socks5", "p", 1, ("", "x")), b"\5\2", "1 to 255 bytes"),
    (Proxy("socks5", "p", 1, ("me", "x" * 256)), b"\5\2", "1 to 255 bytes"),
    (HTTP, b"SSH-2.0-OpenSSH\r\n\r\n", "does not speak HTTP"),
    (HTTP, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000, "too long"),
    (HTTP, b"HTTP/1.1 403 No\x1b[2J way\r\n\r\n", r"403 No\[2J way"),
    (HTTP, b"HTTP/1.1 502\r\n\r\n", "502$"),
    # A proxy that says what it was told.
    (HTTP, b"HTTP/1.1 502 heard bWU6cEBzcw==\r\n\r\n", "502$"),
    (HTTP, b"HTTP/1.1 407 p@ss is wrong\r\n\r\n", "407$"),
    (HTTP, b"HTTP/1.1 502 " + b"y" * 5000 + b"\r\n\r\n", "502 y{200}$"),
]


@pytest.mark.parametrize(("proxy", "heard", "said"), REFUSED, ids=range(len(REFUSED)))
def test_refused(proxy, heard, said):
    """A refusal, and another language, are a ProxyError that says so without the password."""
    with pytest.raises(httpcore.ProxyError, match=said) as caught:
        talk(proxy, heard)
    assert "secret" not in str(caught.value)
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize(
    ("proxy", "heard"),
    [
        (HTTP, b"HTTP/1.1 407 no\r\n\r\n"),
        (HTTP, b"SSH-2.0-OpenSSH\r\n\r\n"),
        (SOCKS_WITH_PASSWORD, b"\5\2" + b"\1\1"),
        (SOCKS_WITH_PASSWORD, b"\5\2" + b"\1\0" + b"\5\5\0\1"),
    ],
)
def test_no_password_among_variables(proxy, heard):
    """Who records the variables of a traceback records no password of a proxy."""
    with pytest.raises(httpcore.ProxyError) as caught:
        talk(proxy, heard)
    ours = [each for each in caught.traceback if each.path.name == "handshakes.py"]
    variables = repr([each.frame.f_locals for each in ours])
    assert "Proxy(" in variables
    assert not any(secret in variables for secret in ("secret", "p@ss", "bWU6cEBzcw"))


def test_socks_long_name():
    """A name that SOCKS5 cannot say is refused."""
    with pytest.raises(httpcore.ProxyError, match="longer than SOCKS5"):
        talk(SOCKS, b"\5\0", "x" * 256)


@pytest.mark.parametrize(("host", "target"), [("a.example", "a.example"), ("::1", "[::1]")])
def test_connect(host, target):
    """CONNECT names the origin, and interim answers are skipped: RFC 9110, section 9.3.6."""
    heard = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 Connection established\r\n\r\nTLS"
    said, left = talk(HTTP, heard, host, 8443)
    expected = (
        f"CONNECT {target}:8443 HTTP/1.1\r\nHost: {target}:8443\r\n"
        "Proxy-Authorization: Basic bWU6cEBzcw==\r\n\r\n"
    )
    assert (expected.encode(), b"TLS") == (said, left)
    assert b"Authorization" not in talk(Proxy("http", "p", 1), heard)[0]


@given(st.sampled_from([SOCKS, SOCKS_WITH_PASSWORD, HTTP]), st.binary(max_size=64))
def test_whatever_is_heard(proxy, heard):
    """Whatever a proxy says, the handshake ends, waits for more, or is a ProxyError."""
    with contextlib.suppress(httpcore.ProxyError):
        talk(proxy, heard)


def exactly(size: int) -> object:
    """Return a step that reads so many bytes."""

    def read(peer: Peer) -> None:
        while len(peer.rest) < size:
            peer.rest += peer.receive()
        peer.rest = peer.rest[size:]

    return read


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_socks_proxy(colour, tmp_path, scheme):
    """A request goes through a SOCKS proxy, its TLS to the origin within, and is kept."""
    bundle, context = certificate(tmp_path)
    with serve([each(take, answer())], tls=context) as server:
        script = [exactly(3), b"\5\0", exactly(10), CONNECTED, tunnel(server.port)]
        with serve(script) as proxy:
            environ = {"https_proxy": f"{scheme}://127.0.0.1:{proxy.port}"}
            with sender(colour, environ=environ, ca_bundle=bundle) as ours:
                for _ in range(2):
                    assert b"hello" == ours.send(post(server.url))
            assert (1, 1) == (proxy.connections, server.connections)


@pytest.mark.parametrize(
    "script",
    [
        [exactly(3), b"\5\0", exactly(10), b"\5\2\0\1"],
        [exactly(3), b"\5"],
        [exactly(3), b"nonsense"],
    ],
    ids=["refuses", "goes away", "speaks another language"],
)
def test_socks_proxy_refuses(colour, script):
    """A SOCKS proxy that refuses, goes away or talks nonsense is a ProxyError without a secret."""
    with serve(script) as proxy:
        environ = {"all_proxy": f"socks5://me:secret@127.0.0.1:{proxy.port}"}
        if len(script) > 2:
            environ = {"all_proxy": f"socks5://127.0.0.1:{proxy.port}"}
        with sender(colour, environ=environ) as ours:
            with pytest.raises(httpx.ProxyError) as caught:
                ours.send(post("http://192.0.2.7/"))
            assert "secret" not in repr(caught.value)
            assert "0 connections" in repr(ours.transport)


def test_plain_text_before_tls(colour, tmp_path):
    """Bytes that a proxy sends in plain text before the handshake are never read after it."""
    bundle, context = certificate(tmp_path)
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
    with serve([each(take, answer())], tls=context) as server:
        with serve([take, opened + forged, tunnel(server.port)]) as proxy:
            environ = {"https_proxy": f"http://127.0.0.1:{proxy.port}"}
            with (
                sender(colour, environ=environ, ca_bundle=bundle) as ours,
                pytest.raises(httpx.ConnectError),
            ):
                ours.send(post(server.url))
        assert [] == server.requests
