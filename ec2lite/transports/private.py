"""The private names of httpx, httpcore and h11 that the transports touch: all, and only here.

Everything that is made for httpx works on ec2lite because httpx's and httpcore's own code handles
its requests; only the assignment of connections is ours. That takes a few names that are nobody's
promise. Where one is missing, or the code that must use it no longer does, a transport refuses to
be made: the alternative would be httpcore's own pool, without deadlines and without our checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx

from ec2lite.errors import ConfigError
from ec2lite.transports.genuine import is_own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

_HTTPX: Final = (
    (httpx.HTTPTransport, "handle_request", ("_pool",)),
    (httpx.AsyncHTTPTransport, "handle_async_request", ("_pool",)),
)
_POOL: Final = (
    "_requests",
    "_optional_thread_lock",
    "_assign_requests_to_connections",
    "_close_connections",
)
_CLIENT: Final = ("_transport_for_url", "_send_single_request")
_ACQUIRED: Final = "_connection_acquired"


def check() -> None:
    """Raise ConfigError where a name is missing. Asked whenever a transport is made."""
    missing = [*_unused(), *_absent()]
    if missing:
        raise _refusal(", ".join(missing))


def _refusal(what: str) -> ConfigError:
    import httpcore

    return ConfigError(
        f"httpx {httpx.__version__} with httpcore {httpcore.__version__} lacks {what}: install "
        "httpx>=0.28,<1 and httpcore>=1.0.8,<1.1"
    )


def _unused() -> Iterator[str]:
    """Yield what httpx's and httpcore's own methods do not use any more."""
    import httpcore

    pools = (
        (httpcore.ConnectionPool, "handle_request", _POOL),
        (httpcore.AsyncConnectionPool, "handle_async_request", _POOL),
    )
    for kind, method, names in (*_HTTPX, *pools):
        # What somebody has put in a method's place has its own way, and none to the network.
        if is_own(kind, method):
            code: CodeType = getattr(kind, method).__code__
            yield from (f"{kind.__name__}.{name}" for name in names if name not in code.co_names)


def _absent() -> Iterator[str]:
    import httpcore

    for client in (httpx.Client, httpx.AsyncClient):
        yield from (f"{client.__name__}.{name}" for name in _CLIENT if not hasattr(client, name))
    origin = httpcore.Origin(b"http", b"localhost", 80)
    if not hasattr(httpcore.HTTPConnection(origin), "_connection"):
        yield "HTTPConnection._connection"
    try:
        unread(httpcore.HTTP11Connection(origin, httpcore.NetworkStream()))
    except AttributeError:
        yield "HTTP11Connection._h11_state.trailing_data"


def take_over(pool: Any, requests: object, lock: object) -> None:  # noqa: ANN401 - of either colour
    """Put another queue of requests into a pool, and another lock."""
    pool._requests = requests  # noqa: SLF001 - see above
    pool._optional_thread_lock = lock  # noqa: SLF001 - see above


def transport_for(client: Any, url: httpx.URL) -> Any:  # noqa: ANN401 - of either colour
    """Return the transport by which an httpx client would send to a URL."""
    return client._transport_for_url(url)  # noqa: SLF001 - see above


def wake_by(request: Any, turn: Any) -> None:  # noqa: ANN401 - httpcore's PoolRequest, of either colour
    """Let a request wait for its connection by a ``turn``, which has ``set()`` and ``wait()``."""
    if not hasattr(request, _ACQUIRED):
        raise _refusal(f"PoolRequest.{_ACQUIRED}")
    request._connection_acquired = turn  # noqa: SLF001 - see above


def unread(core: Any) -> bytes:  # noqa: ANN401 - httpcore has several classes of connections
    """Return what h11 holds beyond the answer of a connection that has been used."""
    while (below := getattr(core, "_connection", None)) is not None:
        core = below
    data: bytes = core._h11_state.trailing_data[0]  # noqa: SLF001 - see above
    return data
