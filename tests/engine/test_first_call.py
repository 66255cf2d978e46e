"""The first async call: what it loads is loaded off the event loop's thread, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import anyio
import pytest

import ec2lite
from ec2lite.engine.first_call import FirstCall
from samples import KEYS
from service import serve

SCRIPT = """
import builtins, json, sys, threading
import asyncio
import ec2lite
CALL, URL, COLOUR = sys.argv[1:]
LOOP = threading.get_ident()
on_loop, elsewhere = set(), set()
real = builtins.__import__
HEAVY = ("httpx", "httpcore", "h11", "lxml", "botocore")

def watching(name, *rest, **more):
    root = name.partition(".")[0]
    if root in HEAVY and name not in sys.modules:
        (on_loop if threading.get_ident() == LOOP else elsewhere).add(root)
    return real(name, *rest, **more)

async def describe(client):
    async for _ in client.describe_instances(all_instances=True):
        pass

async def main():
    client = ec2lite.AsyncClient("eu-west-1", endpoint_url=URL,
        credentials=ec2lite.Credentials("a", "b"), retry=ec2lite.NoRetry())
    builtins.__import__ = watching
    import ec2lite.transports.tls as tls
    made = tls.ssl_context
    contexts = []

    def make(*given):
        contexts.append(threading.get_ident() == LOOP)
        return made(*given)

    tls.ssl_context = make
    async def one():
        try:
            await (client.stop_instances("i-1") if CALL == "call" else describe(client))
        except ec2lite.EC2Error as error:
            said.append(type(error).__name__)
    said = []
    if COLOUR == "asyncio":
        await asyncio.gather(*(one() for _ in range(20)))
    else:
        import trio
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(one)
    await client.close()
    print(json.dumps([sorted(on_loop), sorted(elsewhere), contexts, sorted(set(said))]))

if COLOUR == "asyncio":
    asyncio.run(main())
else:
    import trio
    trio.run(main)
"""


@pytest.mark.parametrize("way", ["asyncio", "trio"])
@pytest.mark.parametrize("call", ["call", "listing"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loaded_in_a_thread(tmp_path, call, way, scheme):
    """Twenty first calls at once import nothing heavy, and make no TLS context, on the loop."""
    with serve() as service:
        url = service.url if scheme == "http" else "https://127.0.0.1:9"
        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT, call, url, way],
            env=environ,
            capture_output=True,
            text=True,
        )
    assert 0 == ran.returncode, ran.stderr
    on_loop, elsewhere, contexts, _ = json.loads(ran.stdout)

    assert [] == on_loop
    assert {"httpx", "httpcore", "lxml"} <= set(elsewhere)
    assert (scheme == "https") == (False in contexts[:1])


def test_once():
    """However many calls wait, and however often, the function runs once."""
    ran = []
    first = FirstCall(lambda: ran.append(threading.get_ident()))

    async def many():
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(first.wait)

    anyio.run(many)
    anyio.run(many, backend="trio")

    assert 1 == len(ran)
    assert ran != [threading.get_ident()]


@pytest.mark.parametrize("way", ["asyncio", "trio"])
def test_cancelled(way):
    """A call that is cancelled while it waits leaves the others waiting."""
    free = threading.Event()
    first = FirstCall(lambda: free.wait(20) and None)
    arrived = []

    async def patient():
        await first.wait()
        arrived.append(True)

    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(patient)
            with anyio.move_on_after(0.05) as scope:
                await first.wait()
            assert scope.cancelled_caught
            free.set()

    anyio.run(main, backend=way)

    assert [True] == arrived


def test_child():
    """A forked child, which has none of its parent's threads, loads by itself."""
    ran = []
    first = FirstCall(lambda: ran.append(1))
    first._started = (os.getpid() - 1, first._start())
    anyio.run(first.wait)

    assert 2 == len(ran)


def test_what_fails_is_told_by_the_call(colour):
    """A bundle that cannot be read is no trouble of loading, but of the call."""
    with (
        colour.client("eu-west-1", endpoint_url="https://127.0.0.1:9", credentials=KEYS) as client,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_CA_BUNDLE", "/nowhere")
        with pytest.raises(ec2lite.ConfigError, match="/nowhere"):
            client.stop_instances("i-1")
