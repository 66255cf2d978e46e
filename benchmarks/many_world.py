"""A fake EC2 with instances of every kind, requests that fail, and others who use its quotas."""

from __future__ import annotations

import asyncio
import random
import re
import time
from datetime import timedelta
from pathlib import Path

import httpx

import ec2lite
from ec2lite.bulk.pacing import DEFAULTS
from ec2lite.testing import FakeEC2, VirtualClock
from ec2lite.testing.faults import Reset
from ec2lite.testing.life import Times

SLOWER = 1.02  # times as long as one alone
LATENCY = 0.1  # seconds that EC2 takes to answer
UNAVAILABLE, RESETS = 0.02, 0.005
ONE_IN = 100  # of each kind
ACTION = "StopInstances"
# What is wrong, by the outcome that is true of it.
KINDS = {
    "wrong_state": {"state": "terminated"},
    "protected": {"stop_protected": True},
    "not_hibernatable": {"hibernation": False},
    "one_time_spot": {"spot": "one-time"},
    "instance_store": {"root_device_type": "instance-store"},
    "managed": {"managed": True},
    "unauthorized": {"tags": {"owner": "somebody-else"}},
}
# A request that was carried out and whose answer was lost is sent again: then it is there already.
STOPPED = {"accepted", "already"}
OPEN = {"throttled", "not_attempted", "unknown", "failed"}


class World:
    """One account and Region. ``share`` is which part of its quotas others leave to us."""

    def __init__(self, count, *, share=1.0, faults=True, seed=1, clock=None, region="us-east-1"):
        self.dice = random.Random(seed)
        # What was terminated is to be the same at the end as at the beginning.
        times = Times(memory=1e9)
        self.fake = FakeEC2(policy=self.permits, seed=seed, clock=clock, region=region, times=times)
        self.fake.latency = LATENCY
        self.began = self.fake.clock.passed()
        self._denied = set()
        self.truth = self._truth(count)
        self.ids = list(self.truth)
        self.calls = []
        self._stopping = []
        self._share = share
        self._faults = faults
        self._foreign = set()
        if share < 1:
            self._others()
        self._answer, self.fake.answer = self.fake.answer, self.answer

    def _truth(self, count):
        one = max(1, count // ONE_IN)
        ids = dict.fromkeys((f"i-{n:017x}" for n in range(one)), "not_found")
        ids |= dict.fromkeys((f"ebs{n:05}" for n in range(one)), "malformed")
        for kind, given in KINDS.items():
            made = self.fake.run_instances(one, **{"hibernation": True, **given})
            ids |= dict.fromkeys(made, kind)
        self._denied = {each for each, kind in ids.items() if kind == "unauthorized"}
        rest = max(1, count - len(ids))
        ids |= dict.fromkeys(self.fake.run_instances(rest, hibernation=True), "accepted")
        order = list(ids)
        self.dice.shuffle(order)
        return {each: ids[each] for each in order}

    def permits(self, call):
        return call.action != ACTION or self._denied.isdisjoint(call.instance_ids)

    def answer(self, sent, **given):
        """Answer as EC2 does, or fail as networks do; others come in between."""
        if "signed_for" in given:  # over HTTP, where only the machine's clock would go on
            self.fake.advance(LATENCY)
        self._let_others()
        lot, is_lost = self.dice.random(), False
        if self._faults:
            is_lost = lot < RESETS / 2
            if RESETS / 2 <= lot < RESETS:
                self.fake.reset_next(ACTION)
            elif RESETS <= lot < RESETS + UNAVAILABLE:
                self.fake.fail_next(ACTION, "ServiceUnavailable", status=503)
        before = len(self.fake.calls)
        try:
            reply = self._answer(sent, **given)
        finally:
            (call,) = self.fake.calls[before:]
            self.calls.append(call.outcome)
            if call.outcome == "ok":
                self._stopping.append((self.passed(), len(call.instance_ids)))
            self.fake.calls.clear()
        if is_lost:
            raise Reset
        return reply

    def _others(self):
        """Begin with buckets that are full, and take our share of nothing from them."""
        requests, instances = DEFAULTS[ACTION]
        part = 1 - self._share
        # One request a second, with as many instances as keep both buckets at their part.
        self._size = round(instances.refill * part / (requests.refill * part))
        self._every = 1 / (requests.refill * part)
        self._next = self._every
        mine = self.fake.run_instances(1, hibernation=True)
        self._other_ids = mine * self._size
        self.others = [0, 0]

    def _let_others(self):
        """Take from the quotas what others have asked for since."""
        if self._share == 1:
            return
        levels = self.fake._service._levels  # noqa: SLF001 - their requests need no answers
        start = self.fake.clock() - timedelta(seconds=self.passed())
        while self._next <= self.passed():
            now = start + timedelta(seconds=self._next)
            self._next += self._every
            self.others[0] += 1
            try:
                levels.take_request(ACTION, now, is_whole=False)
                levels.take_instances(ACTION, self._size, now)
            except Exception:  # noqa: BLE001 - the fake's refusal
                self.others[1] += 1

    def passed(self):
        return self.fake.clock.passed() - self.began

    def took(self):
        """Return the seconds until the last request was answered."""
        return self.passed()

    def allowed(self, share=1.0):
        """Return the seconds that AWS's quota of instances takes, from a full bucket."""
        _, instances = DEFAULTS[ACTION]
        return (len(self.truth) - instances.size) / (instances.refill * share)

    def progress(self):
        """Return how many instances had been told to stop, by the time."""
        done, points = 0, [(0.0, 0)]
        for moment, count in self._stopping:
            done += count
            points.append((moment, done))
        return points

    def compare(self, outcomes):
        """Return how many outcomes are not true, and how many say that they do not know."""
        assert list(outcomes) == self.ids
        states = self.states()
        wrong = left = 0
        for each, kind in self.truth.items():
            said = outcomes[each]
            said = said if isinstance(said, str) else said.kind.value
            is_stopped = states.get(each) in {"stopping", "stopped"}
            if said in OPEN:
                left += 1
            elif kind == "accepted":
                wrong += said not in STOPPED or not is_stopped
            else:
                wrong += said != kind or is_stopped
        return wrong, left

    def states(self):
        """Return the state of each instance, as the fake describes it."""
        now = self.fake.clock()
        return {each.instance_id: each.state(now) for each in self.fake._fleet.all(now)}  # noqa: SLF001 - describing 50,000 takes a minute


class Regions(httpx.AsyncBaseTransport):
    """Several worlds behind one transport, by the Region in the host's name."""

    keeps_deadlines = True

    def __init__(self, worlds):
        self._worlds = worlds

    async def handle_async_request(self, request):
        region = request.url.host.split(".")[1]
        return await self._worlds[region].fake.async_transport.handle_async_request(request)


def everywhere(count, each):
    """Stop instances in several Regions at once; say how long that took beside one of them."""
    clock = VirtualClock()
    names = [f"eu-west-{number}" for number in range(1, count + 1)]
    worlds = {n: World(each, clock=clock, region=n, seed=i) for i, n in enumerate(names)}
    options = {
        "clock": clock,
        "transport": Regions(worlds),
        "credentials": worlds[names[0]].fake.credentials,
    }
    targets = [ec2lite.Target(name, instance_ids=world.ids) for name, world in worlds.items()]
    stopping = ec2lite.astop_everywhere(
        targets, client_options=options, hibernate=True, isolate_unauthorized=True
    )
    results = asyncio.run(stopping)
    took = clock.passed()
    wrong = sum(worlds[one.target.region].compare(one.result.outcomes)[0] for one in results)
    assert wrong == 0
    alone = 0.0
    for seed, name in enumerate(names):
        world = World(each, region=name, seed=seed)
        with world.fake.client() as ec2:
            ec2.stop_many(world.ids, hibernate=True, isolate_unauthorized=True)
        alone = max(alone, world.passed())
    assert took <= alone * SLOWER
    return (
        f"{count} Regions with {each:,} instances each at once took {took:,.0f} s, and the slowest"
        f" of them alone {alone:,.0f} s. No outcome was wrong."
    )


def targets(count, each=50):
    """Stop instances of so many targets; say what that takes of this machine."""
    clock = VirtualClock()
    fake = FakeEC2(clock=clock, quotas={}, region="eu-west-1")
    ids = [fake.run_instances(each) for _ in range(count)]
    wanted = [ec2lite.Target("eu-west-1", instance_ids=some) for some in ids]
    options = {"clock": clock, "transport": fake.transport, "credentials": fake.credentials}
    before, began = resident(), time.process_time()
    results = ec2lite.stop_everywhere(
        wanted, client_options=options, pacing=ec2lite.NoPacing(), at_most=32
    )
    assert all(len(one.result.succeeded) == each for one in results)
    took, grown = time.process_time() - began, resident() - before
    return (
        f"{count:,} targets with {each} instances each, in one process: {took:.1f} s of CPU and"
        f" {grown:.0f} MiB more memory, the fake EC2's own part included."
    )


def resident():
    """Return the most memory that this process has had, in MiB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
