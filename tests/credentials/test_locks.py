"""The locks of the caches: interrupted, forked, and shared by event loops."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from ec2lite.credentials.async_cache import AsyncCredentialCache
from ec2lite.credentials.cache import CredentialCache
from ec2lite.credentials.provider import Found
from ec2lite.engine.flow import Blocking, Sleep
from ec2lite.models import Credentials
from patience import PATIENCE

INTERRUPTED = """
import random, signal, sys, threading
from ec2lite.credentials.cache import CredentialCache
from ec2lite.credentials.provider import Found
from ec2lite.engine.flow import Sleep
from ec2lite.models import Credentials

def find(deadline):
    yield Sleep(0.0)
    return Found("test", Credentials("AKID", "secret"))

random.seed(1)
cache = CredentialCache(find, None)
cache.get()
interrupts = 0
signal.signal(signal.SIGALRM, signal.default_int_handler)
for _ in range(6000):
    cache._state.held = None
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 1e-4))
        cache.get()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupts += 1
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            pass
assert interrupts > 300, interrupts
cache._state.held = None
found = []
thread = threading.Thread(target=lambda: found.append(cache.get()), daemon=True)
thread.start()
thread.join(20)
assert found, "the lock is held"
"""


class Finder:
    """Finds credentials of an hour, slowly or not at all."""

    def __init__(self, delay=0.0, gate=None):
        self.delay = delay
        self.gate = gate
        self.started = threading.Event()
        self.calls = 0

    def find(self, deadline=None):
        self.calls += 1
        self.started.set()
        if self.gate is not None:
            yield Blocking(self.gate.wait)
        yield Sleep(self.delay)
        end = datetime.now(UTC) + timedelta(hours=1)
        return Found("test", Credentials(f"AKID{self.calls}", "secret", expiration=end))


def test_interrupts_leave_the_lock_free():
    """However often Ctrl-C strikes while credentials are found, the next thread can find some."""
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)

    assert (0, b"") == (done.returncode, done.stderr)


def test_forked_child_has_a_lock_of_its_own():
    """A child that is forked while a thread of its parent renews finds credentials for itself."""
    gate = threading.Event()
    finder = Finder(gate=gate)
    cache = CredentialCache(finder.find, None)
    thread = threading.Thread(target=cache.get)
    thread.start()
    assert finder.started.wait(5)
    child = os.fork()
    if child == 0:
        finder.gate = None
        threading.Timer(10, os._exit, (2,)).start()
        os._exit(0 if cache.get().access_key_id else 1)
    status = os.waitpid(child, 0)[1]
    gate.set()
    thread.join()

    assert 0 == status
    assert "AKID1" == cache.get().access_key_id


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_abandoned_loop(backend):
    """A loop that was given up in the middle of a renewal does not keep the next one waiting."""
    finder = Finder(delay=60)
    cache = AsyncCredentialCache(finder.find, None)
    loop = asyncio.new_event_loop()
    task = loop.create_task(cache.get())
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()
    finder.delay = 0

    assert "AKID2" == anyio.run(cache.get, backend=backend).access_key_id
    with pytest.raises(RuntimeError):
        task.get_coro().throw(RuntimeError)


def test_loops_at_the_same_time():
    """Loops in several threads share a cache, asyncio's and trio's, each with its own lock."""
    finder = Finder(delay=0.2)
    cache = AsyncCredentialCache(finder.find, None)
    found, errors = [], []

    async def many():
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(one)

    async def one():
        found.append((await cache.get()).access_key_id)

    def run(number):
        try:
            anyio.run(many, backend=("asyncio", "trio")[number % 2])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert [] == errors
    assert 160 == len(found)
    assert finder.calls <= 8


def test_signal_handler_may_call():
    """A signal handler that needs credentials while its own thread renews them gets some."""
    finder = Finder()
    cache = CredentialCache(finder.find, None)
    nested = []

    def find(deadline=None):
        if not nested:
            nested.append(None)
            nested.append(cache.get().access_key_id)
        return finder.find(deadline)

    cache._find = find
    began = time.monotonic()

    assert "AKID2" == cache.get().access_key_id
    assert [None, "AKID1"] == nested
    assert time.monotonic() - began < PATIENCE
