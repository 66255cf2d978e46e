"""aiohttp's words for what httpx says: headers, time limits, proxies, errors."""

from __future__ import annotations

import functools
import math
import time
from typing import TYPE_CHECKING

import httpx

from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    import aiohttp
    import multidict
    import yarl

    from ec2lite.transports.proxies import Proxy


def headers(request: httpx.Request) -> multidict.CIMultiDict[str]:
    """Return the headers, in aiohttp's kind of dictionary. Raises ValueError if not UTF-8."""
    import multidict

    headers = multidict.CIMultiDict(
        [(_name(name), value.decode()) for name, value in request.headers.raw]
    )
    # A body that is a stream has been read, and has a length.
    headers.pop("Transfer-Encoding", None)
    return headers


@functools.lru_cache
def _name(raw: bytes) -> str:
    import multidict

    return multidict.istr(raw.decode("latin-1"))


def limits(request: httpx.Request) -> aiohttp.ClientTimeout:
    """Return the time limits of a request. Raises httpx.ConnectTimeout past its deadline."""
    import aiohttp

    timeout = request.extensions.get("timeout", {})
    deadline = request.extensions.get("deadline")
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        raise httpx.ConnectTimeout("the whole request took too long", request=request)
    return aiohttp.ClientTimeout(
        total=left,
        # The deadline ends the wait for a free connection, too.
        connect=timeout.get("pool") if left is None else None,
        sock_connect=timeout.get("connect"),
        sock_read=timeout.get("read"),
        # Else what is more than 5 s is rounded up to whole ones.
        ceil_threshold=math.inf,
    )


def proxy_url(proxy: Proxy) -> yarl.URL:
    """Return a proxy with its user and password. Raises ConfigError for SOCKS."""
    if proxy.scheme.startswith("socks"):
        raise ConfigError("aiohttp has no SOCKS: leave AiohttpTransport out, or the proxy")
    import yarl

    user, password = proxy.auth or (None, None)
    return yarl.URL.build(
        scheme=proxy.scheme, user=user, password=password, host=proxy.host, port=proxy.port
    )


@functools.cache
def errors() -> dict[type[Exception], type[httpx.TransportError]]:
    """Return what aiohttp raises and httpx's name for it; the first that fits."""
    import aiohttp
    from aiohttp.http import HttpProcessingError

    return {
        aiohttp.ConnectionTimeoutError: httpx.ConnectTimeout,
        aiohttp.ClientHttpProxyError: httpx.ProxyError,
        aiohttp.ClientConnectorError: httpx.ConnectError,
        # The whole request's too, in whatever state it was.
        TimeoutError: httpx.ReadTimeout,
        OSError: httpx.ReadError,
        # A header or URL that cannot be sent.
        ValueError: httpx.LocalProtocolError,
        aiohttp.ClientError: httpx.RemoteProtocolError,
        HttpProcessingError: httpx.RemoteProtocolError,
    }


def translated(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """Return httpx's error for one of aiohttp's, with a message in any case."""
    kind = next(ours for theirs, ours in errors().items() if isinstance(error, theirs))
    return kind(str(error) or type(error).__name__, request=request)
