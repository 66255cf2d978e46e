"""Which library waits: asyncio (uvloop too) or trio. Found out when something is to be awaited."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ec2lite.transports.stream import Carrier


def on_asyncio() -> bool:
    """Whether the caller is a task of asyncio's."""
    asyncio = sys.modules.get("asyncio")
    try:
        # Not get_running_loop: there is one around trio, too, when trio is a guest of it.
        return asyncio is not None and asyncio.current_task() is not None
    except RuntimeError:
        return False


def event_loop() -> object:
    """Return what the present event loop is known by. Raises ConfigError where there is none."""
    if on_asyncio():
        return sys.modules["asyncio"].get_running_loop()
    trio = sys.modules.get("trio")
    if trio is None:
        raise ConfigError("AsyncClient needs an event loop of asyncio's or trio's")
    token: object = trio.lowlevel.current_trio_token()
    return token


async def connect(host: str, port: int, end: float | None) -> Carrier:
    """Open a connection to the first address that answers. Raises OSError."""
    if on_asyncio():
        from ec2lite.transports import asyncio_socket

        return await asyncio_socket.connect(host, port, end)
    from ec2lite.transports import trio_socket

    return await trio_socket.connect(host, port, end)


def at_the_end(clean_up: Callable[[], None]) -> object:
    """Call a function when the present event loop ends, as long as what is returned is kept."""
    if on_asyncio():
        from ec2lite.transports import asyncio_socket

        return asyncio_socket.at_the_end(clean_up)
    from ec2lite.transports import trio_socket

    trio_socket.at_the_end(clean_up)
    return None
