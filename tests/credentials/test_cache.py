"""Credentials held for threads and tasks."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from attrs import define, field

from ec2lite.credentials.async_cache import AsyncCredentialCache
from ec2lite.credentials.cache import CredentialCache
from ec2lite.credentials.provider import Found
from ec2lite.engine.flow import GET_CREDENTIALS, Blocking, GetCredentials, Sleep
from ec2lite.errors import ConfigError, CredentialsError, TransportError
from ec2lite.models import Credentials
from patience import PATIENCE

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
BACKENDS = ["asyncio", "trio"]


@define
class Source:
    """Finds credentials of an hour, numbered; slowly, or not at all."""

    now: datetime = START
    calls: int = 0
    delay: float = 0.0
    error: Exception | None = None
    same: bool = False
    takes: float = 0.0  # minutes
    gate: threading.Event | None = None
    started: threading.Event = field(factory=threading.Event)

    def clock(self):
        return self.now

    def find(self, deadline=None):
        self.calls += 1
        number = 1 if self.same else self.calls
        self.started.set()
        if self.gate is not None:
            yield Blocking(self.gate.wait)
        yield Sleep(self.delay)
        self.later(self.takes)
        if self.error is not None:
            raise self.error
        end = self.now + timedelta(hours=1)
        return Found("test", Credentials(f"AKID{number}", f"secret{number}", expiration=end))

    def later(self, minutes):
        self.now += timedelta(minutes=minutes)


def held(source):
    """Return a cache for threads."""
    return CredentialCache(source.find, None, source.clock)


def aheld(source):
    """Return a cache for tasks."""
    return AsyncCredentialCache(source.find, None, source.clock)


@pytest.fixture(params=["sync", *BACKENDS])
def get(request):
    """Return a function that asks a source's cache once more, sync and async."""
    caches = {}

    def ask(source, want=GET_CREDENTIALS):
        make = held if request.param == "sync" else aheld
        cache = caches.setdefault(id(source), make(source))
        if request.param == "sync":
            return cache.get(want)
        return anyio.run(cache.get, want, backend=request.param)

    ask.caches = caches
    return ask


def test_found_once(get):
    """Credentials are found on the first use, and kept."""
    source = Source()

    assert "AKID1" == get(source).access_key_id
    assert "AKID1" == get(source).access_key_id
    assert 1 == source.calls


def test_provider(get):
    """A cache tells who gave the credentials, once there are some."""
    source = Source(error=CredentialsError("none"))
    with pytest.raises(CredentialsError):
        get(source)
    (cache,) = get.caches.values()

    assert cache.provider is None
    source.error = None
    get(source)
    assert "test" == cache.provider


def test_renewed_before_the_end(get):
    """Credentials are renewed 15 minutes before their end; keys and end change together."""
    source = Source()
    get(source)
    source.later(45)

    credentials = get(source)

    assert ("AKID2", "secret2") == (credentials.access_key_id, credentials.secret_access_key)
    assert source.now + timedelta(hours=1) == credentials.expiration


def test_failed_advisory_renewal_is_no_error(get, caplog):
    """A renewal that fails early is only logged, and not tried again for a minute."""
    source = Source()
    get(source)
    source.later(46)
    source.error = TransportError("down")

    assert ["AKID1"] * 3 == [get(source).access_key_id for _ in range(3)]
    assert 2 == source.calls
    assert "credentials were not renewed" in caplog.text

    source.later(1)
    source.error = None
    assert "AKID3" == get(source).access_key_id


def test_slow_failed_advisory_renewal_is_an_error(get):
    """A renewal that fails after the old keys have ended does not bring them back."""
    source = Source()
    get(source)
    source.later(46)
    source.error = TransportError("down")
    source.takes = 15

    with pytest.raises(TransportError, match="down"):
        get(source)


def test_failed_mandatory_renewal_is_an_error(get):
    """A renewal that fails in the last ten minutes is raised, each time anew."""
    source = Source()
    get(source)
    source.later(51)
    source.error = CredentialsError("signed out")

    for _ in range(2):
        with pytest.raises(CredentialsError, match="signed out"):
            get(source)
    source.error = None
    assert "AKID4" == get(source).access_key_id


def test_rejected_are_renewed_once(get):
    """Rejected credentials are renewed; who comes with the old ones gets the new ones."""
    source = Source()
    old = get(source)

    new = get(source, GetCredentials(rejected=old))

    assert "AKID2" == new.access_key_id
    assert new == get(source, GetCredentials(rejected=old))
    assert 2 == source.calls


def test_rejected_and_nothing_new(get):
    """Credentials that come back the same are not asked for again within a minute."""
    source = Source(same=True)
    old = get(source)
    source.later(5)

    keys = [get(source, GetCredentials(rejected=old)).access_key_id for _ in range(5)]

    assert ["AKID1"] * 5 == keys
    assert 2 == source.calls


def test_threads_find_once():
    """64 threads that need credentials at once find them once."""
    source = Source(delay=0.05)
    cache = held(source)
    with ThreadPoolExecutor(64) as pool:
        keys = {each.access_key_id for each in pool.map(lambda _: cache.get(), range(64))}

    assert {"AKID1"} == keys
    assert 1 == source.calls


@pytest.mark.parametrize("backend", BACKENDS)
def test_tasks_find_once(backend):
    """1000 tasks that need credentials at once find them once."""
    source = Source(delay=0.01)
    cache = aheld(source)
    keys = []

    async def ask():
        keys.append((await cache.get()).access_key_id)

    async def main():
        async with anyio.create_task_group() as group:
            for _ in range(1000):
                group.start_soon(ask)

    anyio.run(main, backend=backend)

    assert ["AKID1"] * 1000 == keys
    assert 1 == source.calls


def test_threads_share_a_failure():
    """Threads that waited for a renewal that failed fail with it, instead of trying themselves."""
    source = Source(delay=0.1, error=CredentialsError("signed out", (("sso", "expired"),)))
    cache = held(source)

    def ask(_):
        with pytest.raises(CredentialsError, match="signed out") as caught:
            cache.get()
        return caught.value

    with ThreadPoolExecutor(64) as pool:
        errors = list(pool.map(ask, range(64)))

    assert source.calls < 10
    assert {(("sso", "expired"),)} == {error.failures for error in errors}


class OddError(Exception):
    """An error that cannot be copied, of the caller's own mfa_token."""

    def __init__(self, device, reason):
        super().__init__(f"{device}: {reason}")


def test_threads_share_a_foreign_failure():
    """An error that is not ours reaches all threads that waited, as it is."""
    source = Source(delay=0.1, error=OddError("mfa", "no battery"))
    cache = held(source)

    def ask(_):
        with pytest.raises(OddError, match="no battery"):
            cache.get()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))

    assert source.calls < 10


@pytest.mark.parametrize("backend", BACKENDS)
def test_tasks_share_a_failure(backend):
    """Tasks that waited for a renewal that failed fail with it, each with an error of its own."""
    source = Source(delay=0.01, error=ConfigError("wrong"))
    cache = aheld(source)
    errors = []

    async def ask():
        try:
            await cache.get()
        except ConfigError as error:
            errors.append(error)

    async def main():
        async with anyio.create_task_group() as group:
            for _ in range(1000):
                group.start_soon(ask)

    anyio.run(main, backend=backend)

    assert 1 == source.calls
    assert 1000 == len({id(error) for error in errors})


def test_threads_go_on_with_the_old():
    """While one thread renews early, the others get what is still valid without waiting."""
    source = Source()
    cache = held(source)
    cache.get()
    source.later(46)
    source.gate, source.started = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(cache.get)
        assert source.started.wait(5)
        keys = {cache.get().access_key_id for _ in range(10)}
        source.gate.set()

        assert {"AKID1"} == keys
        assert "AKID2" == renewal.result(5).access_key_id
    assert "AKID2" == cache.get().access_key_id
    assert 2 == source.calls


def test_threads_wait_in_the_last_minutes():
    """In the last ten minutes all threads wait for the one that renews."""
    source = Source()
    cache = held(source)
    cache.get()
    source.later(51)
    source.delay = 0.05
    with ThreadPoolExecutor(16) as pool:
        keys = {each.access_key_id for each in pool.map(lambda _: cache.get(), range(16))}

    assert {"AKID2"} == keys
    assert 2 == source.calls


@pytest.mark.parametrize("backend", BACKENDS)
def test_tasks_go_on_with_the_old(backend):
    """While one task renews early, the others get what is still valid without waiting."""
    source = Source()
    cache = aheld(source)
    keys = []

    async def main():
        await cache.get()
        source.later(46)
        source.delay = 0.05
        async with anyio.create_task_group() as group:
            group.start_soon(cache.get)
            await anyio.sleep(0.01)
            keys.extend([(await cache.get()).access_key_id for _ in range(10)])
        keys.append((await cache.get()).access_key_id)

    anyio.run(main, backend=backend)

    assert [*["AKID1"] * 10, "AKID2"] == keys
    assert 2 == source.calls


@pytest.mark.parametrize("backend", BACKENDS)
def test_cancelled_renewal_is_taken_over(backend):
    """A task that is cancelled while it renews leaves the lock to the next one."""
    source = Source(delay=5)
    cache = aheld(source)
    keys = []

    async def main():
        with anyio.move_on_after(0.02):
            await cache.get()
        source.delay = 0
        keys.append((await cache.get()).access_key_id)

    anyio.run(main, backend=backend)

    assert ["AKID2"] == keys


@pytest.mark.parametrize("backend", BACKENDS)
def test_survives_event_loops(backend):
    """A cache may serve one event loop after the other."""
    source = Source()
    cache = aheld(source)

    for number in (1, 2):
        credentials = anyio.run(cache.get, backend=backend)
        assert f"AKID{number}" == credentials.access_key_id
        source.later(51)


def test_hot_path_takes_no_lock():
    """Fresh credentials are given though another thread holds the lock."""
    source = Source(now=datetime.now(UTC))
    cache = held(source)
    cache.get()
    taken, over = threading.Event(), threading.Event()

    def hold():
        with cache._lock():
            taken.set()
            over.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(5)
    try:
        # Who waited for the lock would fail at once.
        assert "AKID1" == cache.get(in_time(0)).access_key_id
    finally:
        over.set()
        thread.join()


def in_time(seconds=0.3):
    """Return what a call with that limit wants."""
    return GetCredentials(deadline=time.monotonic() + seconds)


@pytest.mark.parametrize("colour", ["sync", *BACKENDS])
def test_early_renewal_leaves_time_for_the_call(colour):
    """A renewal that is not due yet takes at most half of the call's time."""
    source = Source()
    cache = held(source) if colour == "sync" else aheld(source)
    deadlines = []

    def find(deadline):
        deadlines.append(deadline)
        # On threads the flow keeps the deadline itself, as those of the providers do.
        return source.find() if colour == "sync" else sleep()

    def sleep():
        yield Sleep(60)

    def ask(want):
        return cache.get(want) if colour == "sync" else anyio.run(cache.get, want, backend=colour)

    ask(GET_CREDENTIALS)
    source.later(46)
    source.error = TransportError("down")
    cache._find = find
    began = time.monotonic()

    assert "AKID1" == ask(GetCredentials(deadline=began + 0.6)).access_key_id
    assert time.monotonic() - began < PATIENCE
    assert began + 0.29 < deadlines[0] < began + 0.59


@pytest.mark.parametrize("colour", ["sync", *BACKENDS])
def test_failure_at_the_limit_is_the_callers_own(colour):
    """What fails because one caller has no more time is tried again by the next one."""
    source = Source(error=TransportError("HUSH is not said"))
    cache = held(source) if colour == "sync" else aheld(source)
    want = in_time(0)

    def ask():
        return cache.get(want) if colour == "sync" else anyio.run(cache.get, want, backend=colour)

    with pytest.raises(TransportError, match="limit passed before there were cred") as caught:
        ask()

    assert (True, False) == (caught.value.is_timeout, caught.value.maybe_sent)
    assert 0 == cache._state.failures


@pytest.mark.parametrize("backend", BACKENDS)
def test_task_is_late(backend):
    """A task whose finder does not keep its deadline leaves all the same."""
    cache = aheld(Source(delay=60))
    began = time.monotonic()
    with pytest.raises(TransportError, match="the time limit passed") as caught:
        anyio.run(cache.get, in_time(), backend=backend)

    assert caught.value.is_timeout
    assert time.monotonic() - began < PATIENCE


def test_thread_does_not_wait_longer():
    """A thread that waits for another's renewal leaves at its own limit."""
    source = Source(gate=threading.Event())
    cache = held(source)
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(cache.get)
        assert source.started.wait(5)
        with pytest.raises(TransportError, match="the time limit passed"):
            cache.get(in_time())
        source.gate.set()

        assert "AKID1" == renewal.result(5).access_key_id
    assert "AKID1" == cache.get(in_time()).access_key_id
