"""Quota, connections and credentials under calls whose steps are interleaved in any order.

Hypothesis chooses which call goes on, and how; a model or an invariant says what must hold.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpcore
import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ec2lite import StopInstances
from ec2lite.credentials.async_cache import AsyncCredentialCache
from ec2lite.credentials.provider import Found
from ec2lite.engine.call import call
from ec2lite.engine.flow import Answer, GetCredentials, Sleep
from ec2lite.engine.retry import StandardRetrier
from ec2lite.errors import EC2Error, TransportError
from ec2lite.models import Credentials
from ec2lite.transports import body
from ec2lite.transports.connection import AsyncConnection
from ec2lite.transports.transport import AsyncTransport
from samples import KEYS, context, refusal, success

STEPS = settings(stateful_step_count=50, deadline=None)
which = st.integers(0, 20)


class QuotaMachine(RuleBasedStateMachine):
    """Calls in flight, each a flow that is driven step by step; the model keeps the accounts."""

    @initialize(most=st.integers(1, 4), has_outages=st.booleans())
    def begin(self, most, has_outages):
        self.has_outages = has_outages
        self.retrier = StandardRetrier(most, lambda: 0.5)
        self.context = context(retrier=self.retrier)
        self.quota = 500
        # Flow -> [attempts made, what the last retry took]
        self.calls = {}

    @rule()
    def start(self):
        flow = call(StopInstances("i-1234567890abcdef0"), self.context)
        self._to_request(flow, next(flow))
        self.calls[flow] = [1, None]

    def _to_request(self, flow, effect):
        while not isinstance(effect, httpx.Request):
            assert isinstance(effect, (GetCredentials, Sleep))
            effect = flow.send(KEYS if isinstance(effect, GetCredentials) else None)

    def _pick(self, number):
        return list(self.calls)[number % len(self.calls)]

    @precondition(lambda self: self.calls)
    @rule(number=which)
    def succeed(self, number):
        self._succeed(self._pick(number))

    def _succeed(self, flow):
        _, cost = self.calls.pop(flow)
        with pytest.raises(StopIteration):
            flow.send(success())
        self.quota = min(500, self.quota + (1 if cost is None else cost))

    @precondition(lambda self: self.calls)
    @rule(number=which, how=st.sampled_from(["lost", "throttled", "broken"]))
    def fail(self, number, how):
        self._fail(self._pick(number), how)

    def _fail(self, flow, how):
        made, _ = self.calls[flow]
        cost = 5 if how == "throttled" else 14
        try:
            if how == "lost":
                effect = flow.throw(TransportError("reset"))
            else:
                answers = {"throttled": refusal("Throttling"), "broken": Answer(500, {}, b"")}
                effect = flow.send(answers[how])
        except EC2Error:
            del self.calls[flow]
            assert made == self.retrier.max_attempts or cost > self.quota
        else:
            assert made < self.retrier.max_attempts
            self.quota -= cost
            self._to_request(flow, effect)
            self.calls[flow] = [made + 1, cost]

    @precondition(lambda self: self.calls)
    @rule(number=which)
    def cancel(self, number):
        flow = self._pick(number)
        flow.close()
        del self.calls[flow]

    @rule(others=st.integers(0, 20))
    def overtaken(self, others):
        """Let other calls succeed before one that was sent again."""
        self.start()
        flow = list(self.calls)[-1]
        self._fail(flow, "lost")
        for _ in range(others):
            self.start()
            self._succeed(list(self.calls)[-1])
        if flow in self.calls:
            self._succeed(flow)

    @precondition(lambda self: self.has_outages)
    @rule(count=st.integers(1, 30))
    def outage(self, count):
        for _ in range(count):
            self.start()
            flow = list(self.calls)[-1]
            while flow in self.calls:
                self._fail(flow, "lost")

    @invariant()
    def accounts_agree(self):
        assert self.quota == self.retrier.quota.available
        assert 0 <= self.quota <= 500


class Loop:
    """An event loop that turns only when it is told to."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()

    def start(self, coroutine):
        task = self.loop.create_task(coroutine)
        self.turn()
        return task

    def turn(self):
        """Let every task go on until it waits for something that is not there."""
        self.loop.run_until_complete(self._settle())

    async def _settle(self):
        for _ in range(30):
            await asyncio.sleep(0)

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def close(self):
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.turn()
        self.loop.close()


class FakeLine:
    """A connection's bytes, as far as they are counted; it knows whether it was closed."""

    deadline = None

    def __init__(self):
        self.received = 0
        self.is_closed = False
        self.stream = self.carrier = self

    def close(self):
        self.is_closed = True

    abandon = close


class Core:
    """A connection whose answers the machine gives; it never carries two requests at once."""

    def __init__(self, line):
        self.line = line
        self.waiting = None
        self.is_dead = False
        self._connection = None
        self._h11_state = self
        self.trailing_data = (b"", False)

    async def handle_async_request(self, request):
        assert not self.line.is_closed
        assert self.waiting is None
        self.waiting = asyncio.get_running_loop().create_future()
        try:
            await self.waiting
        finally:
            self.waiting = None
        self.line.received = 10
        headers = [(b"x-request", request.headers[-1][1])]
        return httpcore.Response(200, headers=headers, content=b"body")

    def is_idle(self):
        return not (self.is_dead or self.waiting)

    def has_expired(self):
        return self.is_dead


class PoolMachine(RuleBasedStateMachine):
    """Requests through an AsyncTransport with three connections, to two hosts."""

    @initialize()
    def begin(self):
        self.loop = Loop()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(AsyncConnection, "_open", lambda connection: self._open(connection))
        self.transport = AsyncTransport(max_connections=3, environ={})
        self.cores = []
        self.tasks = []
        self.responses = []

    def _open(self, connection):
        connection.close()
        connection._is_used = False
        connection._line = FakeLine()
        connection._core = Core(connection._line)
        self.cores.append(connection._core)

    def _places(self):
        homes = list(self.transport._homes.values())
        return homes[0].pool.places if homes else None

    def _waiting(self):
        return [core for core in self.cores if core.waiting is not None]

    @rule(host=st.sampled_from("ab"), repeatable=st.booleans())
    def ask(self, host, repeatable):
        number = len(self.tasks)
        request = httpx.Request(
            "POST",
            f"http://{host}.invalid",
            headers={"x-number": str(number)},
            extensions={"repeatable": repeatable},
        )

        async def send():
            return number, await self.transport.handle_async_request(request)

        self.tasks.append(self.loop.start(send()))

    @precondition(lambda self: self._waiting())
    @rule(number=which)
    def answer(self, number):
        waiting = self._waiting()
        waiting[number % len(waiting)].waiting.set_result(None)
        self._collect()

    @precondition(lambda self: self._waiting())
    @rule(number=which)
    def die(self, number):
        core = self._waiting()[number % len(self._waiting())]
        core.is_dead = True
        core.waiting.set_exception(httpcore.ReadError("reset"))
        self._collect()

    @precondition(lambda self: self.cores)
    @rule(number=which)
    def drop(self, number):
        """Close an idle connection, as servers do."""
        core = self.cores[number % len(self.cores)]
        core.is_dead = core.is_dead or core.is_idle()

    @precondition(lambda self: self.responses)
    @rule(number=which)
    def read(self, number):
        response = self.responses.pop(number % len(self.responses))
        assert b"body" == self.loop.run(body.aread(response, 10))
        self._collect()

    @precondition(lambda self: self.responses)
    @rule(number=which)
    def leave_unread(self, number):
        self.loop.run(self.responses.pop(number % len(self.responses)).aclose())
        self._collect()

    @precondition(lambda self: self.tasks)
    @rule(number=which)
    def cancel(self, number):
        self.tasks[number % len(self.tasks)].cancel()
        self._collect()

    def _collect(self):
        """Take what has arrived; each request must have got its own answer."""
        self.loop.turn()
        for index, task in enumerate(self.tasks):
            if task is None or not task.done():
                continue
            if not task.cancelled() and task.exception() is None:
                number, response = task.result()
                assert str(number) == response.headers["x-request"]
                self.responses.append(response)
            elif not task.cancelled():
                assert isinstance(task.exception(), httpx.ReadError)
            self.tasks[index] = self.loop.loop.create_future()

    @invariant()
    def bounds_hold(self):
        places = self._places()
        if places is None:
            return
        alive = [core for core in self.cores if not core.line.is_closed]
        assert len(alive) <= 3
        assert len(places._busy) == len(self._waiting()) + len(self.responses)
        assert {one._core for one in places.all()} >= set(alive)
        # Nobody waits while there is a place.
        assert len(places) == 0 or len(places._busy) == 3

    def teardown(self):
        if hasattr(self, "loop"):
            self.loop.run(self.transport.aclose())
            self.loop.close()
            self.patch.undo()


class CredentialsMachine(RuleBasedStateMachine):
    """Tasks that want credentials, and a provider whose answers the machine gives."""

    @initialize()
    def begin(self):
        self.loop = Loop()
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.cache = AsyncCredentialCache(self._find, self, lambda: self.now)
        self.asked = None
        self.made = 0
        self.tasks = []
        self.last = None

    def _find(self, deadline):
        found = yield httpx.Request("GET", "http://provider.invalid", extensions={})
        return Found("test", found_credentials(found))

    async def handle_async_request(self, request):
        assert self.asked is None, "two renewals at once"
        self.asked = asyncio.get_running_loop().create_future()
        try:
            return await self.asked
        finally:
            self.asked = None

    @rule(rejected=st.booleans())
    def get(self, rejected):
        want = GetCredentials(rejected=self.last if rejected else None)

        async def get():
            credentials = await self.cache.get(want)
            assert credentials.expiration > self.now
            return credentials

        self.tasks.append(self.loop.start(get()))
        self._collect()

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.last is not None)
    @rule(minutes=st.sampled_from([16, 12, 5]))
    def near(self, minutes):
        """Move to shortly before the end of the credentials that were given last."""
        self.now = max(self.now, self.last.expiration - timedelta(minutes=minutes))

    @precondition(lambda self: self.asked is not None)
    @rule(minutes=st.sampled_from([15, 60, 360]))
    def renew(self, minutes):
        self.made += 1
        end = self.now + timedelta(minutes=minutes)
        self.asked.set_result(httpx.Response(200, content=f"{self.made} {end.isoformat()}"))
        self._collect()
        # All who waited were served by this one renewal.
        assert self.asked is None
        assert [] == self.tasks

    @precondition(lambda self: self.asked is not None)
    @rule()
    def fail(self):
        self.asked.set_exception(httpx.ReadError("reset"))
        self._collect()

    @precondition(lambda self: self.tasks)
    @rule(number=which)
    def cancel(self, number):
        self.tasks[number % len(self.tasks)].cancel()
        self._collect()

    def _collect(self):
        self.loop.turn()
        for task in [task for task in self.tasks if task.done()]:
            self.tasks.remove(task)
            if task.cancelled():
                continue
            if task.exception() is None:
                self.last = task.result()
            else:
                assert isinstance(task.exception(), TransportError), task.exception()

    @invariant()
    def somebody_renews(self):
        """Who waits, waits for a renewal that is under way."""
        if getattr(self, "tasks", None):
            assert self.asked is not None

    def teardown(self):
        if hasattr(self, "loop"):
            self.loop.close()


def found_credentials(answer):
    """Return the credentials that an answer of the machine's stands for."""
    number, end = answer.body.decode().split()
    return Credentials(f"AKID{number}", "secret", expiration=datetime.fromisoformat(end))


TestQuota = QuotaMachine.TestCase
TestPool = PoolMachine.TestCase
TestCredentials = CredentialsMachine.TestCase
TestQuota.settings = TestPool.settings = TestCredentials.settings = STEPS
