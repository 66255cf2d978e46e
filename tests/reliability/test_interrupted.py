"""Calls that are given up in the middle, and the call after them."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
import warnings

import anyio
import anyio.to_thread
import pytest
from fault_cases import document, good, invocation

import ec2lite
from ec2lite import AsyncClient, Client
from ec2lite.transports.transport import Transport
from samples import KEYS
from servers import answer, each, serve, take, until

backends = pytest.mark.parametrize("backend", ["asyncio", "trio"])
# Before the answer, in its status line, at the end of its head, in its body.
stages = pytest.mark.parametrize("sent", [0, 8, 40, 200])


def arguments(server):
    """Return what a client of the server is made with."""
    return {"region": "eu-west-1", "endpoint_url": server.url, "credentials": KEYS}


def halting(sent, halt):
    """Answer, but the first request in two parts, with a call of ``halt`` between them."""

    def step(peer):
        data = answer(document(peer.last))
        peer.socket.sendall(data[:sent])
        if len(peer.server.requests) == 1:
            halt()
            peer.wait(0.1)
        peer.socket.sendall(data[sent:])

    return [each(take, step)]


def check(result, server, instance):
    """Assert that a result is the one to the last request."""
    assert instance == result.stopping_instances[0].instance_id
    assert invocation(server.requests[-1]) == result.response_metadata.request_id
    assert 1 == result.response_metadata.attempts
    assert 2 == server.connections


@backends
@stages
def test_cancelled(backend, sent):
    """After a cancelled call the next one gets its own answer, on a connection of its own."""
    halted = threading.Event()

    async def main(server):
        async with AsyncClient(**arguments(server)) as ec2, anyio.create_task_group() as group:
            group.start_soon(ec2.stop_instances, "i-1")
            await anyio.to_thread.run_sync(halted.wait)
            group.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                check(await ec2.stop_instances("i-2"), server, "i-2")

    with serve(halting(sent, halted.set)) as server:
        anyio.run(main, server, backend=backend)


def interrupt():
    """Do what Ctrl-C does."""
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def _can_be_interrupted():
    """Take SIGINT as Python does by default: who started the tests may have had it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_can_be_interrupted")
@pytest.mark.skipif(os.name == "nt", reason="os.kill ends the process there")
@stages
def test_interrupted(sent):
    """After Ctrl-C in a call the next one gets its own answer, on a connection of its own."""
    with serve(halting(sent, interrupt)) as server, Client(**arguments(server)) as ec2:
        with pytest.raises(KeyboardInterrupt):
            ec2.stop_instances("i-1")
        check(ec2.stop_instances("i-2"), server, "i-2")


@pytest.mark.usefixtures("_can_be_interrupted")
@pytest.mark.skipif(os.name == "nt", reason="os.kill ends the process there")
@backends
@stages
def test_interrupted_loop(backend, sent):
    """After Ctrl-C in an event loop the client goes on in another one."""
    with serve(halting(sent, interrupt)) as server:
        ec2 = AsyncClient(**arguments(server))
        with pytest.raises(KeyboardInterrupt):
            anyio.run(ec2.stop_instances, "i-1", backend=backend)

        async def again():
            async with ec2:
                return await ec2.stop_instances("i-2")

        check(anyio.run(again, backend=backend), server, "i-2")


def interrupted(call, after):
    """Make a call that Ctrl-C may strike after so many seconds; return whether it did."""
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        try:
            call()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False


@pytest.fixture
def _alarms_interrupt():
    """Take SIGALRM as SIGINT; measure no coverage, whose lock an interruption would leave locked.

    Between two instructions that no ``try`` can cover a socket is lost to the garbage collector,
    whose warning is no failure.
    """
    tracer, before = sys.gettrace(), signal.signal(signal.SIGALRM, signal.default_int_handler)
    sys.settrace(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()
    sys.settrace(tracer)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_alarms_interrupt")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer here")
@pytest.mark.parametrize("kind", [Transport, ec2lite.FastTransport])
def test_interrupted_anywhere(kind, monkeypatch):
    """Wherever Ctrl-C strikes in a call that fetches credentials, the next one gets its own answer.

    No lock stays held, and no connection keeps its place.
    """
    with serve([each(take, good)]) as server, kind() as transport:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
        given = arguments(server) | {"credentials": None, "transport": transport, "timeout": 20}
        with Client(**given) as ec2:

            def call(instance):
                ec2._world.credentials._state.held = None
                return ec2.stop_instances(instance)

            ec2.stop_instances("i-0")
            began = time.perf_counter()
            call("i-0")
            usual = time.perf_counter() - began
            struck, answered = 0, []
            for part in range(1, 100):
                struck += interrupted(lambda: call("i-1"), usual * part / 100)
                result = call("i-2")
                assert "i-2" == result.stopping_instances[0].instance_id
                answered.append(result.response_metadata.request_id)
                assert 1 == result.response_metadata.attempts
            assert struck > 10
            # Each is the answer of a call of its own, though one interrupted may arrive late.
            assert len(answered) == len(set(answered))
            asked = {invocation(request) for request in server.requests if b"=i-2" in request}
            assert asked == set(answered)
            gc.collect()
            # One for the calls, and one for credentials, which no proxy may see.
            assert f"<{kind.__name__}: 2 connections>" == repr(transport)
            assert until(lambda: 2 == server.open_now)
