"""Clients with many users, closed ones, forgotten ones, and what becomes of their connections."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import ClassVar

import anyio
import anyio.to_thread
import pytest
from attrs import frozen
from fault_cases import STOPPED, THROTTLED, good

from colours import default_only
from ec2lite import (
    AsyncClient,
    Client,
    ConfigError,
    EC2Error,
    RequestLimitExceeded,
    StandardRetry,
    StopInstances,
    TransportError,
)
from ec2lite.engine.clock import Clock
from ec2lite.engine.setup import Setup
from samples import KEYS
from servers import answer, closed_port, each, hang_up, pause, reset, serve, take, until

KEEPS = [each(take, good)]
backends = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@frozen
class Once(StopInstances):
    """A request that must not be sent twice."""

    repeatable: ClassVar[bool] = False


def arguments(server, **others):
    """Return what a client of the server is made with; its retries do not wait."""
    return {
        "region": "eu-west-1",
        "endpoint_url": server if isinstance(server, str) else server.url,
        "credentials": KEYS,
        "retry": StandardRetry(dice=lambda: 0.0),
        **others,
    }


def instance(result):
    """Return the id of the first instance in a result."""
    return result.stopping_instances[0].instance_id


def test_threads():
    """Sixty-four threads get each its own answers from one client."""
    with serve(KEEPS) as server, Client(**arguments(server)) as ec2:
        start = threading.Barrier(64)

        def work(number):
            start.wait()
            return [instance(ec2.stop_instances(f"i-{number}-{turn}")) for turn in range(4)]

        with ThreadPoolExecutor(64) as threads:
            got = list(threads.map(work, range(64)))
        assert [[f"i-{number}-{turn}" for turn in range(4)] for number in range(64)] == got
        assert server.connections <= 64
        assert 256 == len(server.requests)


@backends
def test_tasks(backend):
    """A thousand tasks get each its own answer from one client, on a hundred connections."""
    got = {}

    async def main(server):
        async with AsyncClient(**arguments(server)) as ec2, anyio.create_task_group() as group:

            async def work(number):
                got[f"i-{number}"] = instance(await ec2.stop_instances(f"i-{number}"))

            for number in range(1000):
                group.start_soon(work, number)

    with serve(KEEPS) as server:
        anyio.run(main, server, backend=backend)
        assert server.most_open <= 100
    assert {f"i-{number}": f"i-{number}" for number in range(1000)} == got


@default_only
def test_closed(colour):
    """Use after closing is a ConfigError, before anything is sent; closing twice is fine."""
    with serve(KEEPS) as server, colour.client(**arguments(server)) as ec2:
        ec2.stop_instances("i-1")
        ec2.close()
        ec2.close()
        with pytest.raises(ConfigError, match=r"^the client is closed$"):
            ec2.stop_instances("i-2")
        with pytest.raises(ConfigError, match=r"^the client is closed$"):
            ec2.dry_run(StopInstances("i-2"))
        assert 1 == len(server.requests)
        assert until(lambda: 0 == server.open_now)


def test_closed_unused(colour):
    """A client that is closed before its first call opens nothing afterwards."""
    with serve(KEEPS) as server, colour.client(**arguments(server)) as ec2:
        ec2.close()
        with pytest.raises(ConfigError, match="closed"):
            ec2.stop_instances("i-1")
        assert 0 == server.connections


def test_closed_between(monkeypatch):
    """A client that is closed between a call's beginning and its first request opens nothing."""
    ec2 = Client("eu-west-1", credentials=KEYS)
    context = Setup.context

    def closing(*arguments):
        made = yield from context(*arguments)
        ec2.close()
        return made

    monkeypatch.setattr(Setup, "context", closing)
    with ec2, pytest.raises(ConfigError, match=r"closed$"):
        ec2.stop_instances("i-1")
    assert None is ec2._owned


def test_closed_by_another_thread():
    """Threads whose client is closed meanwhile end in results or ConfigError, nothing else."""
    ends = []

    def work():
        try:
            while True:
                ec2.stop_instances("i-1")
        except Exception as error:
            ends.append(error)

    with serve(KEEPS) as server:
        ec2 = Client(**arguments(server))
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert until(lambda: len(server.requests) > 50)
        ec2.close()
        for thread in threads:
            thread.join()
        assert until(lambda: 0 == server.open_now)
    assert 8 == len(ends)
    assert all(isinstance(error, ConfigError) and "closed" in str(error) for error in ends)


@backends
def test_closed_by_another_task(backend):
    """Tasks whose client is closed meanwhile end in results or ConfigError, nothing else."""
    ends = []

    async def main(server):
        ec2 = AsyncClient(**arguments(server))

        async def work():
            try:
                while True:
                    await ec2.stop_instances("i-1")
            except Exception as error:
                ends.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(work)
            await anyio.to_thread.run_sync(until, lambda: len(server.requests) > 50)
            await ec2.close()

    with serve(KEEPS) as server:
        anyio.run(main, server, backend=backend)
        assert until(lambda: 0 == server.open_now)
    assert 8 == len(ends)
    assert all(isinstance(error, ConfigError) and "closed" in str(error) for error in ends)


@default_only
def test_closed_in_use(colour):
    """A call that is under way when the client is closed still gets its answer."""
    with (
        serve([each(take, pause(0.1), good)]) as server,
        colour.client(**arguments(server)) as ec2,
        ThreadPoolExecutor(1) as thread,
    ):
        under_way = thread.submit(ec2.stop_instances, "i-1")
        assert until(lambda: 1 == len(server.requests))
        ec2.close()
        assert "i-1" == instance(under_way.result())
        assert until(lambda: 0 == server.open_now)


def test_closed_at_once_by_many():
    """Threads that close a client at the same time do not get in each other's way."""
    for _ in range(20):
        ec2 = Client("eu-west-1", credentials=KEYS)
        ec2._open()
        with ThreadPoolExecutor(4) as threads:
            for closing in [threads.submit(ec2.close) for _ in range(4)]:
                closing.result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_fork():
    """A child opens connections of its own, and its parent goes on with the old one."""
    with serve(KEEPS) as server, Client(**arguments(server)) as ec2:
        ec2.stop_instances("i-parent")
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the child
            try:
                mine = instance(ec2.stop_instances("i-child"))
                ec2.close()
                os._exit(0 if mine == "i-child" else 1)
            finally:
                os._exit(2)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert "i-parent" == instance(ec2.stop_instances("i-parent"))
        assert 2 == server.connections


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_no_pickle(kind, way):
    """A client is neither pickled nor copied, and the refusal shows no secret."""
    with pytest.raises(TypeError, match="holds connections and secrets") as caught:
        way(kind("eu-west-1", credentials=KEYS))
    assert "secret" not in str(caught.value).replace("secrets", "")


def test_never_closed():
    """A client that was used and never closed warns, naming itself."""
    with serve(KEEPS) as server:
        ec2 = Client(**arguments(server))
        ec2.stop_instances("i-1")
        left = [ec2._owned, ec2]
        del ec2
        with pytest.warns(ResourceWarning, match=r"\.Client object at .* was never closed"):
            left.pop()
        left[0].close()


@backends
def test_never_closed_async(backend):
    """An AsyncClient that was used and never closed warns, too."""

    async def main(server):
        ec2 = AsyncClient(**arguments(server))
        await ec2.stop_instances("i-1")
        left = [ec2._owned, ec2]
        del ec2
        with pytest.warns(ResourceWarning, match=r"AsyncClient object at .* was never closed"):
            left.pop()
        await left[0].aclose()

    with serve(KEEPS) as server:
        anyio.run(main, server, backend=backend)


def test_never_used():
    """A client that was never used, or whose arguments were refused, has nothing to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Client("eu-west-1")
        with pytest.raises(ConfigError):
            Client("eu-west-1", timeout=-1)
        gc.collect()


@pytest.mark.parametrize("end", [hang_up, reset])
def test_stale(colour, end):
    """A request that dies on a kept connection is sent again at once, and costs no attempt."""
    with (
        serve([take, good, take, end], KEEPS) as server,
        colour.client(**arguments(server, retry=StandardRetry(max_attempts=1))) as ec2,
    ):
        ec2.stop_instances("i-1")
        result = ec2.stop_instances("i-2")
        assert "i-2" == instance(result)
        assert (1, ()) == (
            result.response_metadata.attempts,
            result.response_metadata.earlier_failures,
        )
        assert (3, 2) == (len(server.requests), server.connections)


@pytest.mark.parametrize("end", [hang_up, reset])
def test_stale_unrepeatable(colour, end):
    """One that must not be repeated is not: it may have arrived before the connection died."""
    with (
        serve([take, good, take, end], KEEPS) as server,
        colour.client(**arguments(server)) as ec2,
    ):
        ec2.stop_instances("i-1")
        with pytest.raises(TransportError) as caught:
            ec2.send(Once("i-2"))
        assert (1, True) == (caught.value.attempts, caught.value.maybe_sent)
        assert 2 == len(server.requests)
        assert "i-3" == instance(ec2.send(Once("i-3")))


@pytest.mark.parametrize(
    "trouble", [[hang_up], [answer(b"", "500 x")], [answer(STOPPED)[:200], reset]]
)
def test_unrepeatable(colour, trouble):
    """What must not be repeated is sent once when nobody knows whether it was carried out."""
    with serve([take, *trouble, hang_up]) as server, colour.client(**arguments(server)) as ec2:
        with pytest.raises(EC2Error) as caught:
            ec2.send(Once("i-1"))
        assert (1, 1) == (caught.value.attempts, len(server.requests))


def test_unrepeatable_throttled(colour):
    """A request that was throttled was not carried out, so it may be sent again."""
    with (
        serve([take, answer(THROTTLED, "503 x"), take, good]) as server,
        colour.client(**arguments(server)) as ec2,
    ):
        result = ec2.send(Once("i-1"))
        assert ("i-1", 2) == (instance(result), result.response_metadata.attempts)


def test_unrepeatable_refused(colour):
    """A request that found no connection did not arrive, so it may be sent again."""
    url = f"http://127.0.0.1:{closed_port()}"
    with colour.client(**arguments(url)) as ec2, pytest.raises(TransportError) as caught:
        ec2.send(Once("i-1"))
    assert (3, False) == (caught.value.attempts, caught.value.maybe_sent)


class Sleepless(Clock):
    """The machine's clock; nobody may sleep by it."""

    def __call__(self):
        """Return the time to sign for."""
        return datetime.now(UTC)

    def sleep(self, seconds):
        """Fail."""
        raise AssertionError(seconds)

    async def asleep(self, seconds):
        """Fail."""
        raise AssertionError(seconds)


def test_deadline_beats_retry(colour):
    """A retry that would begin after the call's time is over is not waited for."""
    with (
        serve([each(take, answer(THROTTLED, "503 x", x_amz_retry_after="4000"))]) as server,
        colour.client(**arguments(server, timeout=3.0, clock=Sleepless())) as ec2,
    ):
        with pytest.raises(RequestLimitExceeded) as caught:
            ec2.stop_instances("i-1")
        assert 1 == caught.value.attempts
