"""What a client's first async call needs, loaded in a thread while the event loop goes on.

The imports and the TLS context take 150 ms and more. On the event loop nothing else would run
meanwhile; and a loop that imports the same modules would wait for the thread's import lock. So all
first calls wait for the thread before they import anything.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import define, field

from ec2lite.engine.flow import AsyncPerformer, Sleep
from ec2lite.transports.loops import on_asyncio

if TYPE_CHECKING:
    from ec2lite.config.settings import Settings
    from ec2lite.engine.flow import Effect, Flow
    from ec2lite.signing.signer import Signer

R = TypeVar("R")

# They import the rest: httpx.
_MODULES: Final = (
    "anyio.to_thread",
    "ec2lite.engine.world",
    "ec2lite.protocol.response",
)


def load(settings: Settings, signer: Signer | None, url: str | None, needs_transport: bool) -> None:
    """Import what a call needs, and make the TLS context if the endpoint's ``url`` needs one.

    ``needs_transport`` says that the client was given no transport of the caller's.

    What fails here fails again in the call, which says so.
    """
    with contextlib.suppress(Exception):
        for name in _MODULES:
            importlib.import_module(name)
        if needs_transport:
            # Which imports httpcore and h11.
            importlib.import_module("ec2lite.transports.transport")
        from ec2lite.protocol import xml
        from ec2lite.signing.signer import default_signer
        from ec2lite.transports.tls import ssl_context

        xml.load()
        if signer is None:
            default_signer()
        ca_bundle = settings.ca_bundle
        if url is None or url.startswith("https:"):
            ssl_context(ca_bundle)


@define(eq=False)
class FirstCall:
    """Runs a function once in a thread, and lets any number of calls wait for its end."""

    function: Callable[[], None]
    # The process it was started in, because a forked child has none of its parent's threads.
    _started: tuple[int, Future[None]] | None = field(default=None, init=False, repr=False)

    async def wait(self) -> None:
        """Start the thread if that is still to be done, and wait for its end."""
        done = self._start()
        if done.done():
            return
        if on_asyncio():
            import asyncio

            # Shielded: a cancelled call must not cancel what the others wait for.
            await asyncio.shield(asyncio.wrap_future(done))
            return
        import trio

        await trio.to_thread.run_sync(done.result, abandon_on_cancel=True)

    def _start(self) -> Future[None]:
        pid = os.getpid()
        if self._started is not None and self._started[0] == pid:
            return self._started[1]
        done: Future[None] = Future()
        # Started before it is kept: interrupted in between, the next call starts another one.
        threading.Thread(target=self._run, args=(done,), daemon=True).start()
        self._started = (pid, done)
        return done

    def _run(self, done: Future[None]) -> None:
        try:
            self.function()
        finally:
            done.set_result(None)


@define
class LaterWorld:
    """A world that is made, awaiting, when the first effect is to be done."""

    make: Callable[[], Awaitable[AsyncPerformer]]

    async def perform(self, effect: Effect) -> object:
        """Do it in the world that was made."""
        world = await self.make()
        return await world.perform(effect)


def after_loading(flow: Flow[R]) -> Flow[R]:
    """Return a flow whose first effect gives ``LaterWorld`` the occasion to load."""
    yield Sleep(0)
    return (yield from flow)
