"""The token buckets of AWS, kept on this side."""

from __future__ import annotations

import asyncio
import gc
import weakref

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ec2lite
from ec2lite import Bucket, NoPacing, Pacing
from ec2lite.bulk.pacing import Meter, meter
from ec2lite.engine.clock import Clock
from ec2lite.testing import FakeEC2


def kinds(result):
    """Return the kinds of outcomes that there are."""
    return {each.kind.value for each in result.outcomes.values()}


@given(
    st.lists(st.tuples(st.integers(1, 50), st.floats(0, 30)), max_size=60),
    st.floats(0.5, 20),
    st.integers(50, 200),
)
def test_never_more_than_the_bucket_has(turns, refill, size):
    """Whoever waits as long as the meter says never takes a token that is not there."""
    paced = Meter(Bucket(1000, 1000), Bucket(size, refill), 0.0)
    now, tokens, seen = 0.0, float(size), 0.0
    for count, idle in turns:
        now += idle
        now += paced.reserve(count, now)
        tokens = min(size, tokens + (now - seen) * refill)
        seen = now
        assert tokens >= count - 1e-6
        tokens -= count


def test_both_buckets_count():
    """The bucket that has less decides; without one of instances, the requests' does."""
    assert 1.002 == Meter(Bucket(1, 1), Bucket(9, 9), 0.0).reserve(18, 0.0)
    paced = Meter(Bucket(1, 0.5), None, 0.0)
    assert [0.0, 2.002] == [paced.reserve(99, 0.0), paced.reserve(99, 0.0)]
    paced.refused(99)
    paced.throttled(0.0)
    assert paced.reserve(1, 0.0) > 4


def test_learns_from_throttles():
    """A throttle slows down, to a tenth at most; quiet lets it recover, soon and then slowly."""

    def pause(now):
        first = paced.reserve(10, now)
        return paced.reserve(10, now) - first

    paced = Meter(Bucket(100, 100), Bucket(10, 10), 0.0)
    assert 0.0 == paced.reserve(10, 0.0)
    usual = pause(0.0)
    paced.throttled(0.0)
    paced.throttled(0.5)
    slower, near, back, past = pause(0.5), pause(750), pause(1500), pause(2000)
    for second in range(20):
        paced.throttled(2000 + 2 * second)
    slowest = pause(2040)

    expected = [1, 1 / 0.7, 1 / (1 - 0.3 / 8), 1, 1, 10]
    assert expected == pytest.approx([usual, slower, near, back, past, slowest], rel=0.01)
    assert not paced.is_new(2040)
    assert paced.is_new(100_000)
    assert 1 == pytest.approx(pause(100_000) + paced.reserve(10, 100_000) * 0, rel=0.01)


def test_refused_requests_leave_the_tokens():
    """A refusal puts the instances' tokens back, and no more than the bucket holds."""
    paced = Meter(Bucket(9, 9), Bucket(10, 1), 0.0)
    assert 0.0 == paced.reserve(10, 0.0)
    paced.refused(10)
    paced.refused(10)
    assert 0.0 == paced.reserve(10, 0.0)
    assert 10.002 == paced.reserve(10, 0.0)


class _Equal(Clock):
    """A clock that cannot be hashed, and is equal to all others."""

    def __eq__(self, other):
        return True


def test_old_meters_go():
    """Of meters that nobody uses, only those are kept that remember something."""
    clock, bucket = Clock(), Bucket(1, 1)
    used = meter(clock, "used", bucket, None, 0.0)
    busy = weakref.ref(meter(clock, "busy", bucket, None, 0.0))
    busy().reserve(1, 0.0)
    idle = [weakref.ref(meter(clock, number, bucket, None, 0.0)) for number in range(254)]
    gc.collect()
    assert all(each() is not None for each in idle)

    meter(clock, "one more", bucket, None, 0.0)
    gc.collect()

    assert {None} == {each() for each in idle}
    assert busy() is not None
    assert used is meter(clock, "used", bucket, None, 0.0)


def test_what_is_remembered():
    """A meter is as new when its buckets are full again, and not before."""
    paced = Meter(Bucket(9, 1), Bucket(20, 1), 0.0)
    paced.reserve(20, 0.0)

    assert [False, False, True] == [paced.is_new(each) for each in (8, 19, 20)]


def test_shared_by_those_who_mean_the_same():
    """One meter for a clock, an owner and buckets; it goes with its clock, whatever equals that."""
    clock, other = _Equal(), _Equal()
    bucket = Bucket(1, 1)
    one = meter(clock, "a", bucket, None, 0.0)
    assert one is meter(clock, "a", Bucket(1, 1), None, 5.0)
    others = [
        meter(other, "a", bucket, None, 0.0),
        meter(clock, "b", bucket, None, 0.0),
        meter(clock, "a", bucket, bucket, 0.0),
    ]
    assert one not in others
    gone = weakref.ref(one)
    del one, clock, others
    gc.collect()
    assert gone() is None


def test_thousands_are_not_throttled():
    """Three thousand instances stop at AWS's pace, in the time that is planned, unthrottled."""
    fake = FakeEC2()
    ids = fake.run_instances(3000)
    before = fake.clock()

    with fake.client() as ec2:
        plan = ec2.plan_stop(ids)
        result = ec2.stop_many(ids)

    assert {"accepted"} == kinds(result)
    assert (60, 60) == (plan.requests, len(fake.calls))
    assert {"ok"} == {call.outcome for call in fake.calls}
    took = (fake.clock() - before).total_seconds()
    assert (3000 - 1000) / 20 <= took <= plan.seconds * 1.02


def test_without_pacing():
    """NoPacing sends at once, and AWS throttles."""
    fake = FakeEC2()
    ids = fake.run_instances(3000)

    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        result = ec2.stop_many(ids, pacing=NoPacing(), resume=ec2lite.BatchResult())

        alone = ec2.stop_many(ids[0], pacing=NoPacing())

    assert {"accepted", "throttled"} == kinds(result)
    assert {"throttled"} == kinds(alone)


def test_two_clients_share():
    """Two clients of one account take from the same buckets, in both colours."""
    fake = FakeEC2()
    ids = fake.run_instances(2000)

    async def later():
        async with fake.async_client() as ec2:
            return await ec2.stop_many(ids[1000:])

    with fake.client() as ec2:
        assert {"accepted"} == kinds(ec2.stop_many(ids[:1000]))
    assert {"accepted"} == kinds(asyncio.run(later()))
    assert 40 == len(fake.calls)


def test_others_take_from_the_buckets():
    """Where others empty the buckets, throttles slow down what follows, and it gets there."""
    fake = FakeEC2()
    ids, others = fake.run_instances(1500), fake.run_instances(500)

    with fake.client(retry=ec2lite.NoRetry()) as ec2:
        ec2.stop_many(others, pacing=Pacing(account="another"))
        result = ec2.stop_many(ids)
        while "throttled" in kinds(result):
            ec2.stop_many(resume=result)

    assert {"accepted"} == kinds(result)


def test_deadline_before_the_tokens():
    """Where the deadline comes before the tokens, nothing waits for it in vain."""
    fake = FakeEC2()
    ids = fake.run_instances(1100)
    before = fake.clock()

    with fake.client() as ec2:
        result = ec2.stop_many(ids, deadline=1)

    assert {"accepted", "not_attempted"} == kinds(result)
    assert (fake.clock() - before).total_seconds() < 1


def test_small_buckets():
    """A batch is never larger than the bucket, which would never have so many tokens."""
    fake = FakeEC2(quotas={"StopInstances": (Bucket(50, 5), Bucket(10, 2))})
    own = Pacing(instances=Bucket(10, 2))

    with fake.client() as ec2:
        result = ec2.stop_many(fake.run_instances(30), pacing=own)

    assert {"accepted"} == kinds(result)
    assert 3 == len(fake.calls)


def test_no_credentials():
    """Where credentials cannot be had, each id is there as not attempted."""
    kept = ec2lite.BatchResult()

    def refuse():
        raise ValueError("none today")

    source = type("Source", (), {"get_frozen_credentials": lambda self: refuse()})()
    fake = FakeEC2()
    with (
        fake.client(credentials=source) as ec2,
        pytest.raises(ec2lite.CredentialsError) as caught,
    ):
        ec2.stop_many(["i-1", "i-2"], resume=kept)

    assert caught.value.partial is kept
    assert ["i-1", "i-2"] == list(kept.outcomes)
    assert {"not_attempted"} == kinds(kept)
    assert [] == fake.calls


def test_plans():
    """A plan names the requests and the seconds, for a number as for ids; nothing is sent."""
    fake = FakeEC2()

    with fake.client() as ec2:
        plans = {
            "stop": ec2.plan_stop(50_000),
            "start": ec2.plan_start(2_000),
            "reboot": ec2.plan_reboot(50_000),
            "terminate": ec2.plan_terminate(["i-1", "i-2"], batch_size=1),
        }
        unpaced = ec2.plan_stop(120, pacing=NoPacing())

    assert [1000, 40, 1000, 2] == [each.requests for each in plans.values()]
    seconds = [(50_000 - 1000) / 20, (2_000 - 1000) / 2, (1000 - 50) / 5, 0]
    assert seconds == pytest.approx([each.seconds for each in plans.values()], rel=0.01)
    assert (3, 0.0, 120) == (unpaced.requests, unpaced.seconds, unpaced.instances)
    assert [f"{name.capitalize()}Instances" for name in plans] == [
        each.action for each in plans.values()
    ]
    assert [] == fake.calls


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Bucket(0, 1), "size"),
        (lambda: Bucket(1, True), "refill"),
        (lambda: Bucket(1, float("nan")), "refill"),
        (lambda: Pacing(requests=5), "requests"),
        (lambda: Pacing(account=5), "account"),
        (lambda: FakeEC2().client().plan_stop(-1), "instance_ids"),
        (lambda: FakeEC2().client().plan_stop(1, batch_size=0), "batch_size"),
        (lambda: FakeEC2().client().plan_stop(1, pacing=5), "pacing"),
        (lambda: FakeEC2().client().stop_many("i-1", pacing=5), "pacing"),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_wrong_arguments(make, name):
    """What cannot be meant is refused by its name."""
    with pytest.raises(ec2lite.ConfigError, match=rf"^{name} must be"):
        make()


def test_values():
    """Buckets and plans are values."""
    assert Bucket(1, 2) == attrs.evolve(Bucket(1, 3), refill=2)
    assert "Plan(action='StopInstances', instances=1, requests=1, seconds=0.0)" == repr(
        ec2lite.Plan("StopInstances", 1, 1, 0.0)
    )


@pytest.mark.parametrize("latency", [0.0, 1.0])
def test_slow_answers_cost_no_tokens(latency):
    """The bucket makes up for answers that are late: the work takes what the plan says."""
    fake = FakeEC2()
    ids = fake.run_instances(3000)
    fake.latency = latency
    before = fake.clock.monotonic()

    with fake.client() as ec2:
        planned = ec2.plan_stop(ids).seconds
        assert {"accepted"} == kinds(ec2.stop_many(ids))

    assert planned <= fake.clock.monotonic() - before <= planned * 1.01 + latency
