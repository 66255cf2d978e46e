"""Whether httpx and httpcore run their own code, or what somebody put in its place.

A test suite that mocks httpx replaces some of its methods, and so do guards and instrumentation. A
mocked program must never reach the network, so whoever wants to take a shorter way than httpx's
asks here first, before every request.

Comparing with what was found at import is not enough: the import may happen inside the mock. A
function itself tells where it was written: its code keeps its qualified name, its globals are its
module's. ``functools.wraps`` changes neither, and wrappers that are no functions (OpenTelemetry's,
``MagicMock``) have another type.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType
from typing import Any, Final, TypeAlias

_CLIENT: Final = (
    "send",
    "_send_handling_auth",
    "_send_handling_redirects",
    "_send_single_request",
)
_WAYS: Final = {
    "httpx": (
        *(("Client", method) for method in (*_CLIENT, "_transport_for_url")),
        *(("AsyncClient", method) for method in (*_CLIENT, "_transport_for_url")),
        ("HTTPTransport", "handle_request"),
        ("AsyncHTTPTransport", "handle_async_request"),
    ),
    "httpcore": (
        *((kind, "handle_request") for kind in ("ConnectionPool", "HTTPConnection")),
        *(
            (f"Async{kind}", "handle_async_request")
            for kind in ("ConnectionPool", "HTTPConnection")
        ),
        ("HTTP11Connection", "handle_request"),
        ("AsyncHTTP11Connection", "handle_async_request"),
    ),
}
# What was found genuine: (package, class's name, class, method's name, function).
_Place: TypeAlias = "tuple[ModuleType, str, type[Any], str, object]"
_found: dict[str, list[_Place]] = {}
# The methods of httpx's clients that were found genuine; to compare them costs a tenth.
_senders: dict[type[Any], tuple[tuple[str, object], ...]] = {}


def is_genuine() -> bool:
    """Whether nobody has replaced any part of the way that a request takes in either package.

    A package that is not imported yet has nothing that could be replaced.
    """
    return all(
        _is_unchanged(package) or _examine(package) for package in _WAYS if package in sys.modules
    )


def sends_itself(client: type[Any]) -> bool:
    """Whether ``send`` of httpx.Client or httpx.AsyncClient, and what it calls, is httpx's own."""
    own = _senders.get(client)
    if own is not None:
        return all(client.__dict__.get(method) is function for method, function in own)
    if not all(is_own(client, method) for method in _CLIENT):
        return False
    _senders[client] = tuple((method, client.__dict__[method]) for method in _CLIENT)
    return True


def is_own(kind: Any, method: str) -> bool:  # noqa: ANN401 - whatever stands in the class's place
    """Whether a class's method is the function that was written in the class's own package."""
    function = kind.__dict__.get(method) if isinstance(kind, type) else None
    return (
        type(function) is FunctionType
        and function.__code__.co_qualname == f"{kind.__qualname__}.{method}"
        and _package(function.__globals__["__name__"]) == _package(kind.__module__)
    )


def _is_unchanged(package: str) -> bool:
    """Whether all is as it was when it was found genuine; this is asked before each request."""
    found = _found.get(package)
    if found is None:
        return False
    # By identity: a wrapper may say that it equals what it wraps.
    for module, name, kind, method, function in found:
        if module.__dict__.get(name) is not kind or kind.__dict__.get(method) is not function:
            return False
    return True


def _examine(package: str) -> bool:
    module = sys.modules[package]
    found: list[_Place] = []
    for name, method in _WAYS[package]:
        kind: Any = getattr(module, name, None)
        if not is_own(kind, method):
            return False
        found.append((module, name, kind, method, kind.__dict__[method]))
    _found[package] = found
    return True


def _package(module: str) -> str:
    return module.partition(".")[0]
