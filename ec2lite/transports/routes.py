"""Where a request goes, and by which way: what a transport was told of proxies and trust."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx

from ec2lite.errors import ConfigError
from ec2lite.transports.proxies import proxy_for
from ec2lite.transports.tls import ssl_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from ec2lite.transports.proxies import Proxy

CLOSED: Final = "the transport is closed"


class DetourNeeded(Exception):  # noqa: N818 - no error: another transport can
    """This request is the default transport's to send; the text says why."""


class Key(NamedTuple):
    """Where a request goes: equal for all that one connection can serve.

    ``is_direct`` is for requests that must not go through a proxy.
    """

    scheme: bytes
    host: bytes
    port: int
    is_direct: bool


class Routes:
    """What a transport was told of proxies and trust, and what follows for its connections."""

    def __init__(self, ca_bundle: str | None, environ: Mapping[str, str] | None) -> None:
        self.ca_bundle = ca_bundle
        self.environ: Mapping[str, str] = os.environ if environ is None else environ
        self._context: ssl.SSLContext | None = None
        self.is_closed = False

    def proxy(self, key: Key) -> Proxy | None:
        """Return the proxy on the way. Raises ConfigError for one that cannot be."""
        if key.is_direct:
            return None
        host = key.host.decode("ascii")
        host = f"[{host}]" if ":" in host else host
        return proxy_for(f"{key.scheme.decode('ascii')}://{host}:{key.port}/", self.environ)

    def context(self) -> ssl.SSLContext:
        """Return the context for TLS, the same for the transport's life."""
        if self._context is None:
            self._context = ssl_context(self.ca_bundle)
        return self._context

    def origin_context(self, key: Key) -> ssl.SSLContext | None:
        """Return the context for TLS with the origin.

        Raises httpx.UnsupportedProtocol, and ConfigError once the transport is closed.
        """
        if self.is_closed:
            # Since the request began to wait for its turn.
            raise ConfigError(CLOSED)
        if key.scheme not in {b"http", b"https"}:
            scheme = key.scheme.decode("ascii")
            raise httpx.UnsupportedProtocol(f"{scheme!r} is neither http nor https")
        return self.context() if key.scheme == b"https" else None

    def proxy_context(self, proxy: Proxy | None) -> ssl.SSLContext | None:
        """Return the context for TLS with the proxy, if it is spoken to over TLS."""
        return self.context() if proxy is not None and proxy.scheme == "https" else None
