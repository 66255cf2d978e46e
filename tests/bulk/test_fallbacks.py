"""What else is done for a refused instance, by choice."""

from __future__ import annotations

import asyncio

import anyio
import httpx
import pytest

import ec2lite
from ec2lite.testing import FakeEC2

PUT_BACK = "stop protection was taken off and put back"
PLAIN = "stopped without hibernation"
WAITED = "waited for while pending"


def kinds(result):
    """Return the kind of each outcome, in order."""
    return [each.kind.value for each in result.outcomes.values()]


def fallbacks(result):
    """Return which fallback was taken for each, in order."""
    return [each.fallback for each in result.outcomes.values()]


def protections(fake, ids):
    """Return which of the instances are protected from being stopped."""
    with fake.client() as ec2:
        return [
            ec2.describe_instance_attribute(each, "disableApiStop").disable_api_stop for each in ids
        ]


def actions(fake):
    """Return the actions that were asked for, in order."""
    return [each.action.removesuffix("Instances") for each in fake.calls]


def answering(fake, **tricks):
    """Return a transport that does something before, or instead of, an action's n-th request."""
    counts = {}

    def handle(request):
        action = dict(httpx.QueryParams(request.content.decode()))["Action"]
        counts[action] = counts.get(action, 0) + 1
        if (trick := tricks.get(f"{action}{counts[action]}")) is not None:
            trick()
        return fake.transport.handle_request(request)

    return httpx.MockTransport(handle)


def interrupt():
    """Press Ctrl-C."""
    raise KeyboardInterrupt


def cut():
    """Cut the connection."""
    raise httpx.ReadError("reset")


def refuse():
    """Connect to nothing."""
    raise httpx.ConnectError("refused")


# --- hibernation


def test_plain_stop():
    """What cannot hibernate is stopped in the ordinary way, in batches of its own."""
    fake = FakeEC2()
    ids = [*fake.run_instances(2, hibernation=True), *fake.run_instances(3)]

    with fake.client() as ec2:
        result = ec2.stop_many(ids, hibernate=True, fall_back_to_stop=True)
        fake.advance(120)
        slept = [each.hibernated for each in ec2.describe_instances(ids)]

    assert ["accepted"] * 5 == kinds(result)
    assert [None] * 2 + [PLAIN] * 3 == fallbacks(result)
    assert [True] * 2 + [False] * 3 == slept
    flags = [each.parameters.get("Hibernate") for each in fake.calls if each.outcome == "ok"]
    assert ["true", None, None] == flags
    assert result == ec2lite.BatchResult.from_json(result.to_json())


@pytest.mark.parametrize(
    "arguments",
    [
        {"hibernate": True},
        {"hibernate": True, "override_protection": True},
        {"hibernate": True, "fall_back_to_stop": True, "dry_run": True},
    ],
)
def test_no_plain_stop(arguments):
    """Nothing falls back that was not asked to, and no dry run does."""
    fake = FakeEC2()
    ids = fake.run_instances(1)
    fake.fail_next("StopInstances", "UnsupportedHibernationConfiguration")

    with fake.client() as ec2:
        result = ec2.stop_many(ids, **arguments)

    assert (["not_hibernatable"], [None], 1) == (kinds(result), fallbacks(result), len(fake.calls))


def test_a_plain_stop_that_fails():
    """The fallback's own refusal is the outcome; nothing falls back twice."""
    fake = FakeEC2()
    ids = fake.run_instances(1)
    fake.fail_next("StopInstances", "UnsupportedHibernationConfiguration", times=2)

    with fake.client() as ec2:
        result = ec2.stop_many(ids, hibernate=True, fall_back_to_stop=True)

    assert (["not_hibernatable"], [PLAIN], 2) == (kinds(result), fallbacks(result), len(fake.calls))


def test_a_fallback_that_is_not_reached():
    """What interrupts before the fallback leaves it to the next time."""
    fake = FakeEC2()
    ids = fake.run_instances(2)
    kept = ec2lite.BatchResult()
    arguments = {"hibernate": True, "fall_back_to_stop": True, "resume": kept}

    with (
        fake.client(transport=answering(fake, StopInstances3=interrupt)) as ec2,
        pytest.raises(KeyboardInterrupt),
    ):
        ec2.stop_many(ids, batch_size=1, **arguments)
    assert ["unknown", "not_attempted"] == kinds(kept)
    assert "hibernat" in str(kept.failed[1].error)
    with fake.client() as ec2:
        ec2.stop_many(**arguments)

    assert (["accepted"] * 2, [PLAIN] * 2) == (kinds(kept), fallbacks(kept))


# --- protection


def test_protection_is_overridden():
    """Protection is taken off, the instance stopped, and the protection put back."""
    fake = FakeEC2()
    ids = [*fake.run_instances(2), *fake.run_instances(2, stop_protected=True)]

    with fake.client() as ec2:
        result = ec2.stop_many(ids, override_protection=True)

    assert ["accepted"] * 4 == kinds(result)
    assert [None, None, PUT_BACK, PUT_BACK] == fallbacks(result)
    assert [False, False, True, True] == protections(fake, ids)


def test_protection_stays_where_nobody_overrides_it():
    """Without the choice, and in a dry run, protection is an outcome."""
    fake = FakeEC2()
    ids = fake.run_instances(1, stop_protected=True)
    fake.fail_next("StopInstances", "OperationNotPermitted")

    with fake.client() as ec2:
        assert ["protected"] == kinds(
            ec2.stop_many(ids, override_protection=False) and ec2.stop_many(ids)
        )
        ec2.stop_many(ids, override_protection=True, dry_run=True)

    assert "ModifyInstanceAttribute" not in actions(fake)


def test_override_and_refusal():
    """Protection is back also where the stop is refused for another reason."""
    fake = FakeEC2()
    ids = fake.run_instances(2, stop_protected=True)

    def refused():
        fake.fail_next("StopInstances", "UnauthorizedOperation")

    with fake.client(transport=answering(fake, StopInstances3=refused)) as ec2:
        result = ec2.stop_many(ids, override_protection=True)

    assert (["unauthorized"] * 2, [PUT_BACK] * 2) == (kinds(result), fallbacks(result))
    assert [True, True] == protections(fake, ids)


@pytest.mark.parametrize("error", ["InvalidClientTokenId", None])
def test_override_and_error(error):
    """Protection is back also where the request fails as a whole, or the caller's function."""
    fake = FakeEC2()
    ids, kept = fake.run_instances(2, stop_protected=True), ec2lite.BatchResult()
    tricks = {"StopInstances3": lambda: fake.fail_next("StopInstances", error)} if error else {}
    told = []

    def listen(progress):
        told.append(progress)
        if error is None and progress.done:
            raise ZeroDivisionError

    with (
        fake.client(transport=answering(fake, **tricks)) as ec2,
        pytest.raises(ec2lite.ServiceError if error else ZeroDivisionError),
    ):
        ec2.stop_many(ids, override_protection=True, resume=kept, on_progress=listen)

    assert [PUT_BACK] * 2 == fallbacks(kept)
    assert ["not_attempted" if error else "accepted"] * 2 == kinds(kept)
    assert [True, True] == protections(fake, ids)


@pytest.mark.parametrize("moment", ["ModifyInstanceAttribute1", "StopInstances3", "StopInstances1"])
def test_override_and_ctrl_c(moment):
    """Ctrl-C at any moment leaves no instance without its protection, and the outcome says so."""
    fake = FakeEC2()
    ids, kept = fake.run_instances(2, stop_protected=True), ec2lite.BatchResult()

    with (
        fake.client(transport=answering(fake, **{moment: interrupt})) as ec2,
        pytest.raises(KeyboardInterrupt),
    ):
        ec2.stop_many(ids, override_protection=True, resume=kept)

    assert [True, True] == protections(fake, ids)
    expected = {
        "ModifyInstanceAttribute1": (["not_attempted"] * 2, [PUT_BACK, None]),
        "StopInstances3": (["unknown"] * 2, [PUT_BACK] * 2),
        "StopInstances1": (["unknown"] * 2, [None] * 2),
    }
    assert expected[moment] == (kinds(kept), fallbacks(kept))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_override_and_cancellation(backend):
    """A cancelled task puts the protection back before it ends."""
    fake = FakeEC2()
    ids, kept = fake.run_instances(2, stop_protected=True), ec2lite.BatchResult()

    async def stop():
        with anyio.CancelScope() as scope:

            async def handle(request):
                if b"Action=Stop" in request.content and actions(fake)[-1:] == [
                    "ModifyInstanceAttribute"
                ]:
                    scope.cancel()
                    await anyio.sleep(9)
                return await fake.async_transport.handle_async_request(request)

            async with fake.async_client(transport=httpx.MockTransport(handle)) as ec2:
                await ec2.stop_many(ids, override_protection=True, resume=kept)

    anyio.run(stop, backend=backend)

    assert (["unknown"] * 2, [PUT_BACK] * 2) == (kinds(kept), fallbacks(kept))
    assert [True, True] == protections(fake, ids)


def test_override_awaited():
    """The other colour overrides protection, too."""
    fake = FakeEC2()
    ids = fake.run_instances(2, stop_protected=True)

    async def stop():
        async with fake.async_client() as ec2:
            return await ec2.stop_many(ids, override_protection=True)

    result = asyncio.run(stop())
    assert (["accepted"] * 2, [PUT_BACK] * 2) == (kinds(result), fallbacks(result))
    assert [True, True] == protections(fake, ids)


def test_protection_that_cannot_be_put_back():
    """Where it cannot be put back, the outcome says that and why."""
    fake = FakeEC2()
    ids = fake.run_instances(1, stop_protected=True)
    tricks = {f"ModifyInstanceAttribute{number}": refuse for number in range(2, 9)}

    with fake.client(transport=answering(fake, **tricks)) as ec2:
        result = ec2.stop_many(ids, override_protection=True)

    assert ["accepted"] == kinds(result)
    assert "stop protection was taken off and not put back: no answer" in fallbacks(result)[0]
    assert [False] == protections(fake, ids)


@pytest.mark.parametrize("doubt", [False, True])
def test_protection_that_cannot_be_taken_off(doubt):
    """Where it stays on, so it says; where that is in doubt, it is put back all the same."""
    fake = FakeEC2(policy=lambda call: doubt or call.action != "ModifyInstanceAttribute")
    ids = fake.run_instances(1, stop_protected=True)
    tricks = {f"ModifyInstanceAttribute{number}": cut for number in range(1, 4)} if doubt else {}

    with fake.client(transport=answering(fake, **tricks)) as ec2:
        result = ec2.stop_many(ids, override_protection=True)

    assert ["not_attempted" if doubt else "protected"] == kinds(result)
    assert "ModifyInstanceAttribute" == result.failed[0].error.operation
    said = PUT_BACK if doubt else "stop protection was not taken off: ModifyInstanceAttribute"
    assert said in fallbacks(result)[0]
    assert [True] == protections(fake, ids)


def test_override_and_deadline():
    """After the deadline no protection is taken off; what is off is put back."""
    fake = FakeEC2()
    ids = fake.run_instances(3, stop_protected=True)
    fake.latency = 1.0

    with fake.client() as ec2:
        result = ec2.stop_many(ids, batch_size=3, override_protection=True, deadline=4.5)

    assert ["not_attempted"] * 3 == kinds(result)
    assert [PUT_BACK, "stop protection was not taken off"] == [
        fallbacks(result)[0],
        fallbacks(result)[2].split(":")[0],
    ]
    assert [True] * 3 == protections(fake, ids)


def test_override_and_max_failures():
    """Where more failed than may, no protection is taken off any more."""
    fake = FakeEC2()
    ids = [
        *fake.run_instances(1, stop_protected=True),
        *fake.run_instances(1, state="terminated"),
    ]

    with fake.client() as ec2:
        result = ec2.stop_many(ids, override_protection=True, max_failures=0)

    assert ["not_attempted", "wrong_state"] == kinds(result)
    assert "max_failures" in str(result.failed[0].error)
    assert "ModifyInstanceAttribute" not in actions(fake)


def test_overridden_in_parts():
    """No more are without protection at a time than a request has ids."""
    fake = FakeEC2()
    ids = fake.run_instances(3, stop_protected=True)

    with fake.client() as ec2:
        result = ec2.stop_many(ids, batch_size=2, override_protection=True)

    assert ["accepted"] * 3 == kinds(result)
    modify = "ModifyInstanceAttribute"
    assert [modify] * 2 + ["Stop"] + [modify] * 3 + ["Stop"] + [modify] == actions(fake)[-8:]


def test_nobody_overrides_protection_everywhere():
    """Protection is overridden in one target at a time alone."""
    target = ec2lite.Target("us-east-1", instance_ids=["i-1"])

    with pytest.raises(ec2lite.ConfigError, match=r"^override_protection must be left"):
        ec2lite.stop_everywhere([target], override_protection=True)


# --- pending


@pytest.mark.parametrize("lag", [0, 10])
def test_pending(lag):
    """Pending instances are stopped when they run, also if they are described late."""
    fake = FakeEC2()
    ids = [*fake.run_instances(1), *fake.run_instances(2, state="pending")]

    with fake.client() as ec2:
        assert ["wrong_state"] * 2 == kinds(ec2.stop_many(ids[1:]))
        fake.lag = lag
        result = ec2.stop_many(ids, wait_for_pending=True)

    # With the lag the just launched ones are not found at all.
    found = ["not_found" if lag else "accepted"] * 2
    assert ["accepted", *found] == kinds(result)
    assert [None] + [None if lag else WAITED] * 2 == fallbacks(result)


def test_what_is_not_pending():
    """What is in a wrong state and not pending is not waited for."""
    fake = FakeEC2()
    ids = [*fake.run_instances(1, state="terminated"), *fake.run_instances(1, state="stopping")]
    before = fake.clock()

    with fake.client() as ec2:
        stopped = ec2.stop_many(ids[0], wait_for_pending=True)
        started = ec2.start_many(ids[1], wait_for_pending=True)

    assert (["wrong_state"], ["wrong_state"]) == (kinds(stopped), kinds(started))
    assert before == fake.clock()


def test_pending_for_too_long():
    """After half an hour, or where nobody may look, the refusal is the outcome."""
    fake = FakeEC2()
    fake.fail_next("DescribeInstances", "ServiceUnavailable", times=3)
    ids = fake.run_instances(1, state="pending", instance_type="m7i.metal-24xl")
    before = fake.clock.monotonic()
    never = FakeEC2(policy=lambda call: not call.action.startswith("Describe"))

    def still(request):
        if b"Action=Stop" in request.content:
            return fake.transport.handle_request(request)
        return httpx.Response(503)

    with fake.client(transport=httpx.MockTransport(still), retry=ec2lite.NoRetry()) as ec2:
        result = ec2.stop_many(ids, wait_for_pending=True)
    with never.client() as ec2:
        other = ec2.stop_many(never.run_instances(1, state="pending"), wait_for_pending=True)

    assert (["wrong_state"], ["wrong_state"]) == (kinds(result), kinds(other))
    assert 1790 < fake.clock.monotonic() - before <= 1800


@pytest.mark.parametrize(("latency", "deadline"), [(0.0, 2.0), (2.0, 8.0), (2.0, 2.0)])
def test_pending_at_the_deadline(latency, deadline):
    """The deadline ends the wait, and leaves the instance to the next time."""
    fake = FakeEC2()
    fake.latency = latency
    ids = fake.run_instances(1, state="pending", instance_type="m7i.metal-24xl")

    with fake.client() as ec2:
        result = ec2.stop_many(ids, wait_for_pending=True, deadline=deadline)
        assert ["not_attempted"] == kinds(result)
        fake.latency = 0.0
        ec2.stop_many(resume=result, wait_for_pending=True)

    assert (["accepted"], [WAITED]) == (kinds(result), fallbacks(result))


def test_all_of_them():
    """An instance may need each fallback, and says so."""
    fake = FakeEC2()
    ids = [
        *fake.run_instances(1, state="pending", stop_protected=True),
        *fake.run_instances(1, state="pending", hibernation=True),
        *fake.run_instances(1, stop_protected=True, hibernation=True),
    ]

    with fake.client() as ec2:
        result = ec2.stop_many(
            ids,
            hibernate=True,
            fall_back_to_stop=True,
            override_protection=True,
            wait_for_pending=True,
        )

    assert ["accepted"] * 3 == kinds(result)
    assert [f"{PUT_BACK}; {PLAIN}", WAITED, PUT_BACK] == fallbacks(result)
    assert [True, False, True] == protections(fake, ids)


@pytest.mark.parametrize(
    "name", ["fall_back_to_stop", "override_protection", "wait_for_pending", "check"]
)
def test_wrong_arguments(name):
    """What is neither yes nor no is refused."""
    fake = FakeEC2()

    with fake.client() as ec2, pytest.raises(ec2lite.ConfigError, match=f"^{name} must be True"):
        ec2.stop_many("i-1", **{name: None})

    assert [] == fake.calls
