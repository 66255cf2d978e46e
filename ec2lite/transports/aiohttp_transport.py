"""A transport over aiohttp, the extra ``[aiohttp]``: for hundreds of calls at once, on asyncio.

aiohttp reads HTTP in C and schedules fewer callbacks than what is written in Python. This is no
more than the translation: of its errors, of the deadline, of our own trust and proxies. What is
different from ``AsyncTransport``: a POST that dies on a connection which the server dropped while
it was idle is not sent once more here, but left to the retry policy; and there is no SOCKS.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from typing import TYPE_CHECKING, Any, Final, NoReturn

import httpx

from ec2lite.errors import ConfigError
from ec2lite.transports import aiohttp_terms as terms
from ec2lite.transports.lifetime import KEEPALIVE, MAX_CONNECTIONS
from ec2lite.transports.proxies import proxy_for
from ec2lite.transports.tls import ssl_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp
    import yarl

# What aiohttp would add to a request; it is signed, and goes out as it is.
_NOT_ADDED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
# URLs kept; an endpoint needs one or two.
_TARGETS: Final = 256


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends requests through aiohttp: ``AsyncClient(transport=ec2lite.AiohttpTransport())``.

    One for many tasks, on asyncio only. ``max_connections`` bounds the connections over all
    origins, ``keepalive_expiry`` is for how many seconds an idle one is kept, ``ca_bundle`` a
    PEM file or directory of authorities to trust instead of the usual ones (AWS_CA_BUNDLE is
    not asked), ``environ`` where the proxies are read (default: ``os.environ``). Close it, with
    ``aclose``, in the event loop that it was used in. Raises httpx's TransportErrors, and
    ConfigError for a bad proxy or bundle, on trio, once closed, and without aiohttp.
    """

    keeps_deadlines: Final = True

    def __init__(
        self,
        *,
        max_connections: int = MAX_CONNECTIONS,
        keepalive_expiry: float = KEEPALIVE,
        ca_bundle: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        # Better missed here than in the first call.
        if importlib.util.find_spec("aiohttp") is None:
            raise ConfigError(
                "AiohttpTransport needs another package: pip install 'ec2lite[aiohttp]'"
            )
        self._max_connections = max_connections
        self._keepalive = keepalive_expiry
        self._ca_bundle = ca_bundle
        self._environ = os.environ if environ is None else environ
        self._targets: dict[object, tuple[yarl.URL, dict[str, Any]]] = {}
        self._sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}
        self._is_closed = False

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds connections and cannot be pickled or copied")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response as soon as its headers are there."""
        if self._is_closed:
            raise ConfigError("the AiohttpTransport is closed")
        session = self._sessions.get(_running_loop()) or await self._open()
        url, options = self._target(request)
        limits = terms.limits(request)
        try:
            response = await session.request(
                request.method,
                url,
                data=await request.aread() or None,
                headers=terms.headers(request),
                timeout=limits,
                allow_redirects=False,
                **options,
            )
        except tuple(terms.errors()) as error:
            raise terms.translated(error, request) from error
        return httpx.Response(
            response.status, headers=response.raw_headers, stream=_Body(response, request)
        )

    async def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        session = self._sessions[_running_loop()] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._max_connections, keepalive_timeout=self._keepalive
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NOT_ADDED,
            auto_decompress=False,
        )
        await self._close_where(lambda loop: loop.is_closed())
        return session

    def _target(self, request: httpx.Request) -> tuple[yarl.URL, dict[str, Any]]:
        url, is_direct = request.url, bool(request.extensions.get("direct"))
        key = (url.raw_scheme, url.netloc, url.raw_path, is_direct)
        target = self._targets.get(key)
        if target is None:
            if len(self._targets) >= _TARGETS:
                self._targets.clear()
            target = self._targets[key] = self._new_target(request, is_direct=is_direct)
        return target

    def _new_target(
        self, request: httpx.Request, *, is_direct: bool
    ) -> tuple[yarl.URL, dict[str, Any]]:
        import yarl

        url = request.url
        if url.scheme not in {"http", "https"}:
            text = f"{url.scheme!r} is neither http nor https"
            raise httpx.UnsupportedProtocol(text, request=request)
        options: dict[str, Any] = {}
        proxy = None if is_direct else proxy_for(str(url), self._environ)
        if proxy is not None:
            options["proxy"] = terms.proxy_url(proxy)
        if "https" in {url.scheme, proxy and proxy.scheme}:
            options["ssl"] = ssl_context(self._ca_bundle)
        # Without user and password, which httpx's transports ignore, too.
        text = f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}"
        return yarl.URL(text, encoded=True), options

    async def aclose(self) -> None:
        """Close the connections of this event loop. Twice is fine."""
        self._is_closed = True
        await self._close_where(lambda loop: loop.is_closed() or loop is _running_loop())

    async def _close_where(self, fits: Callable[[asyncio.AbstractEventLoop], bool]) -> None:
        for loop, session in list(self._sessions.items()):
            if fits(loop):
                del self._sessions[loop]
                await session.close()


class _Body(httpx.AsyncByteStream):
    """An answer's body, as it was sent. aiohttp takes the connection back at its end."""

    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._response.content.readany()
        except tuple(terms.errors()) as error:
            raise terms.translated(error, self._request) from error
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Close the connection, if the answer was not read to its end."""
        if not self._response.closed:
            self._response.close()


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigError("aiohttp runs on asyncio only: leave AiohttpTransport out") from None
