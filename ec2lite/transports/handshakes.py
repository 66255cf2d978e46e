"""What is said to a proxy until it has opened a way to the origin: CONNECT, and SOCKS5.

Generators without I/O. They yield bytes to send, or how many bytes they must have next and are sent
those. No byte more is asked for than the proxy's answer has, so what follows it is the origin's
(or fails in the TLS handshake). They raise httpcore.ProxyError when the proxy refuses, or speaks
another language; user and password are in no error.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Final, TypeAlias

import httpcore

if TYPE_CHECKING:
    from ec2lite.transports.proxies import Proxy

Handshake: TypeAlias = Generator[bytes | int, bytes, None]

_LONGEST_HEAD: Final = 16 * 1024
_LONGEST_REASON: Final = 200
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n")

_SOCKS: Final = 5
_NO_AUTHENTICATION: Final = 0
_PASSWORD: Final = 2
_IPV4, _NAME, _IPV6 = 1, 3, 4
# RFC 1928, section 6.
_REPLIES: Final = {
    1: "general failure",
    2: "connection not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}


def handshake(proxy: Proxy, host: str, port: int) -> Handshake:
    """Return what is to be said to a proxy to reach a host and port."""
    if proxy.scheme.startswith("socks"):
        return _socks5(proxy, host, port)
    return _connect(proxy, host, port)


def _connect(proxy: Proxy, host: str, port: int) -> Handshake:
    """Open a tunnel: RFC 9110, section 9.3.6."""
    # In no variable of this function's: programs record those of tracebacks.
    yield _request(proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    status, reason = 100, ""
    while status < 200:
        status, reason = yield from _read_head()
    if status >= 300:
        if _tells_secrets(proxy, reason):
            reason = ""
        raise httpcore.ProxyError(f"{status} {reason[:_LONGEST_REASON]}".rstrip())


def _request(proxy: Proxy, target: str) -> bytes:
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    return "\r\n".join([*lines, "", ""]).encode()


def _tells_secrets(proxy: Proxy, reason: str) -> bool:
    """Whether a proxy that says what it was told says the password."""
    secrets = [(proxy.authorization or "").rpartition(" ")[2], *(proxy.auth or ())[1:]]
    return any(secret and secret in reason for secret in secrets)


def _read_head() -> Generator[bytes | int, bytes, tuple[int, str]]:
    """Read an answer's head, byte by byte as curl does, and return its status and reason."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        head += yield 1
        if len(head) > _LONGEST_HEAD:
            raise httpcore.ProxyError("the head of the proxy's answer is too long")
    status = _STATUS.match(head)
    if status is None:
        raise httpcore.ProxyError("the proxy does not speak HTTP")
    reason = (status[2] or b"").decode("ascii", "ignore")
    return int(status[1]), "".join(filter(str.isprintable, reason))


def _socks5(proxy: Proxy, host: str, port: int) -> Handshake:
    """Ask for a connection: RFC 1928, and RFC 1929 for user and password."""
    methods = [_NO_AUTHENTICATION] if proxy.auth is None else [_NO_AUTHENTICATION, _PASSWORD]
    yield bytes([_SOCKS, len(methods), *methods])
    version, method = yield 2
    if version != _SOCKS:
        raise httpcore.ProxyError("the proxy does not speak SOCKS5")
    if method not in methods:
        raise httpcore.ProxyError("the proxy wants a kind of authentication that was not offered")
    if method == _PASSWORD:
        yield from _authenticate(proxy)
    yield bytes([_SOCKS, 1, 0]) + _address(host) + port.to_bytes(2)
    version, reply, _, kind = yield 4
    if version != _SOCKS:
        raise httpcore.ProxyError("the proxy does not speak SOCKS5")
    if reply:
        reason = _REPLIES.get(reply, f"reply {reply}")
        raise httpcore.ProxyError(f"the proxy could not connect: {reason}")
    if kind == _NAME:
        size = (yield 1)[0]
    elif kind in {_IPV4, _IPV6}:
        size = 4 if kind == _IPV4 else 16
    else:
        raise httpcore.ProxyError("the proxy does not speak SOCKS5")
    # The address from which it connected, and the port.
    yield size + 2


def _authenticate(proxy: Proxy) -> Handshake:
    user, password = (part.encode() for part in proxy.auth or ("", ""))
    if not 0 < len(user) < 256 or not 0 < len(password) < 256:
        raise httpcore.ProxyError("SOCKS5 takes a user and a password of 1 to 255 bytes each")
    yield bytes([1, len(user)]) + user + bytes([len(password)]) + password
    del password
    _, status = yield 2
    if status:
        raise httpcore.ProxyError("the proxy refused the user or the password")


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode()
        if len(name) > 255:
            raise httpcore.ProxyError("the host's name is longer than SOCKS5 can say") from None
        return bytes([_NAME, len(name)]) + name
    return bytes([_IPV4 if address.version == 4 else _IPV6]) + address.packed
