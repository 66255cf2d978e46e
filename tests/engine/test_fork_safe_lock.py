"""Locks in a forked child."""

from __future__ import annotations

import os
import threading

import pytest

from ec2lite.engine.locks import ForkSafeLock, _renew_all
from ec2lite.engine.retry import StandardRetry
from ec2lite.errors import TransportError


def test_one_at_a_time():
    """What one thread holds another one waits for."""
    lock, inside, seen = ForkSafeLock(), threading.Event(), []

    def enter():
        inside.set()
        with lock.current:
            seen.append("second")

    with lock.current:
        thread = threading.Thread(target=enter)
        thread.start()
        inside.wait()
        seen.append("first")
    thread.join()

    assert ["first", "second"] == seen


def test_left_by_an_exception():
    """An exception opens the lock."""
    lock = ForkSafeLock()
    with pytest.raises(ZeroDivisionError), lock.current:
        raise ZeroDivisionError

    with lock.current:
        pass


def forked(function):
    """Return the exit status of a child that runs a function."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover - in a process of its own
        threading.Timer(20, os._exit, (2,)).start()
        function()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_fork():
    """A child finds a lock open that another thread of its parent's held."""
    retrier = StandardRetry().start()
    retrier.retry(TransportError("x"), 1, None)
    held, done = threading.Event(), threading.Event()

    def hold():
        with retrier.quota._lock.current:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        assert 0 == forked(lambda: retrier.succeeded(None))
    finally:
        done.set()
        thread.join()


def test_all_are_renewed():
    """What the child of a fork runs opens every lock there is."""
    locks = [ForkSafeLock(), ForkSafeLock()]
    for lock in locks:
        lock.current.acquire()
    _renew_all()
    for lock in locks:
        with lock.current:
            pass


def test_renewed():
    """A lock is forgotten with its owner."""
    lock = ForkSafeLock()
    with lock.current:
        lock.renew()
        with lock.current:
            pass
        lock.current.acquire()
