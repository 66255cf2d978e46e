"""A client's methods, made from request classes: one line in each colour.

    stop_instances: Final = late(lambda: method(ec2lite.StopInstances))

is a method with the parameters, the docstring and the result of the class, for whoever calls it and
for ``help``, editors and type checkers. ``ParamSpec`` carries the parameters; ``Final`` lets type
checkers infer the type, which ``pyright --verifytypes`` asks for in a published package.
"""

from __future__ import annotations

import importlib
import inspect
import re
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ec2lite.bulk.many import Many
    from ec2lite.bulk.outcome import BatchResult
    from ec2lite.client import AsyncClient, Client
    from ec2lite.engine.pages import AsyncListing, Listing
    from ec2lite.operations.paging import Paged
    from ec2lite.protocol.operation import Operation
    from ec2lite.waiters import Wait

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
F = TypeVar("F")


class _Late:
    """What makes a method when somebody asks for it, and puts that in its own place.

    A client has many methods, and a program calls few: each needs classes whose making costs a
    cold start a millisecond.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, instance: object, owner: type[Any]) -> Any:  # noqa: ANN401 - a method
        # Two threads may make one each; either is right.
        setattr(self._owner, self._name, self._make())
        return getattr(owner if instance is None else instance, self._name)


def late(make: Callable[[], F]) -> F:
    """Return the method that ``make`` returns, which is made when it is first asked for."""
    return cast("F", _Late(make))


class LateModule:
    """A module that is imported when one of its names is first used."""

    def __init__(self, name: str) -> None:
        self._module = name

    def __getattr__(self, name: str) -> object:
        value: object = getattr(importlib.import_module(self._module), name)
        return value


def method(request: Callable[P, Operation[R]]) -> Callable[Concatenate[Client, P], R]:
    """Return the method of ``Client`` that sends such a request."""

    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.send(request(*args, **kwargs))

    return dressed(call, request, "Client")


def async_method(
    request: Callable[P, Operation[R]],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, R]]:
    """Return the method of ``AsyncClient`` that sends such a request."""

    async def call(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.send(request(*args, **kwargs))

    return dressed(call, request, "AsyncClient")


def listing(request: Callable[P, Paged[R, T]]) -> Callable[Concatenate[Client, P], Listing[R, T]]:
    """Return the method of ``Client`` that iterates over the items of such a request."""

    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Listing[R, T]:
        return self.listing(request(*args, **kwargs))

    return dressed(call, request, "Client", _listing_of("Listing", request))


def async_listing(
    request: Callable[P, Paged[R, T]],
) -> Callable[Concatenate[AsyncClient, P], AsyncListing[R, T]]:
    """Return the method of ``AsyncClient`` that iterates over the items of such a request."""

    def call(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncListing[R, T]:
        return self.listing(request(*args, **kwargs))

    return dressed(call, request, "AsyncClient", _listing_of("AsyncListing", request))


def waiter(wait: Callable[P, Wait[T]]) -> Callable[Concatenate[Client, P], dict[str, T]]:
    """Return the method of ``Client`` that carries out such a wait."""

    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> dict[str, T]:
        return self.wait(wait(*args, **kwargs))

    return dressed(call, wait, "Client", _known_by_id(wait))


def async_waiter(
    wait: Callable[P, Wait[T]],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, dict[str, T]]]:
    """Return the method of ``AsyncClient`` that carries out such a wait."""

    async def call(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> dict[str, T]:
        return await self.wait(wait(*args, **kwargs))

    return dressed(call, wait, "AsyncClient", _known_by_id(wait))


def many(request: Callable[P, Many]) -> Callable[Concatenate[Client, P], BatchResult]:
    """Return the method of ``Client`` that acts on many instances."""

    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> BatchResult:
        return self.carry_out(request(*args, **kwargs))

    return dressed(call, request, "Client", "BatchResult")


def async_many(
    request: Callable[P, Many],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, BatchResult]]:
    """Return the method of ``AsyncClient`` that acts on many instances."""

    async def call(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> BatchResult:
        return await self.carry_out(request(*args, **kwargs))

    return dressed(call, request, "AsyncClient", "BatchResult")


def _known_by_id(wait: object) -> str:
    (item,) = cast("Any", wait).__orig_bases__[0].__args__
    return f"dict[str, {item.__forward_arg__}]"


def _listing_of(name: str, request: object) -> str:
    page, item = cast("Any", request).__orig_bases__[0].__args__
    return f"{name}[{page.__forward_arg__}, {item.__forward_arg__}]"


def dressed(function: F, request: object, owner: str, returns: object = None) -> F:
    """Give a client's method the name, the docstring and the signature that come from its request.

    ``returns`` is what the signature says is returned: the operation's result, if not given.
    """
    made, cls = cast("Any", function), cast("Any", request)
    signature = inspect.signature(cls)
    result = cls.__orig_bases__[0].__args__[0] if returns is None else returns
    result = getattr(result, "__forward_arg__", result)  # a class that is imported when needed
    self = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    made.__doc__ = cls.__doc__
    made.__module__ = "ec2lite.client"
    made.__name__ = _snake(cls.__name__)
    made.__qualname__ = f"{owner}.{made.__name__}"
    made.__signature__ = signature.replace(
        parameters=[self, *signature.parameters.values()], return_annotation=result
    )
    made.__annotations__ = {**cls.__init__.__annotations__, "return": result}
    return function


def _snake(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
