"""An asyncio service: it takes ids from a queue, stops each instance, and tells when it has stopped.

One client serves all tasks; its connections are shared. Cancel ``serve`` to end it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import ec2lite

Tell = Callable[[str, str], Awaitable[None]]


async def stop(ec2: ec2lite.AsyncClient, instance_id: str, tell: Tell) -> None:
    """Stop one instance, and tell what became of it."""
    try:
        await ec2.stop_instances(instance_id)
        stopped = await ec2.wait_until_stopped(instance_id)
    except ec2lite.EC2Error as error:
        await tell(instance_id, f"failed: {error}")
    else:
        await tell(instance_id, stopped[instance_id].state.name)


async def serve(
    ec2: ec2lite.AsyncClient, queue: asyncio.Queue[str | None], tell: Tell, workers: int = 20
) -> None:
    """Stop what comes through the queue, up to ``workers`` at once, until a None comes."""

    async def work() -> None:
        while (instance_id := await queue.get()) is not None:
            await stop(ec2, instance_id, tell)
        await queue.put(None)  # for the next worker

    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(work())
