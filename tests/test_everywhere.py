"""Many accounts and Regions: each target on its own, and all of them at once."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading

import httpx
import pytest

import ec2lite
from ec2lite import Bucket, Pacing, Target, TargetResult
from ec2lite.testing import FakeEC2, RealClock, VirtualClock

REGIONS = ("eu-west-1", "eu-north-1", "us-east-1")
# A tenth of AWS's, for tests of a tenth of the size.
SMALL = (Bucket(50, 5), Bucket(100, 2))
SLOW = Pacing(*SMALL)
ROLE = "arn:aws:iam::{}:role/night"


class World(httpx.BaseTransport):
    """One EC2 a Region, on one clock, behind one transport of each colour."""

    def __init__(self, regions=REGIONS, quotas=None):
        self.clock = VirtualClock()
        self.fakes = {
            each: FakeEC2(clock=self.clock, region=each, quotas=quotas) for each in regions
        }
        self.async_transport = AsyncWorld(self)

    def fake(self, request):
        """Return the EC2 of a request."""
        return self.fakes[request.url.host.split(".")[1]]

    def handle_request(self, request):
        """Let it answer."""
        return self.fake(request).transport.handle_request(request)

    def options(self, **more):
        """Return a client's options for this world."""
        keys = self.fakes[REGIONS[0]].credentials
        return {"clock": self.clock, "credentials": keys, "transport": self, **more}

    def passed(self):
        """Return the seconds that have passed."""
        return self.clock.passed()

    def actions(self, region=REGIONS[0]):
        """Return what a Region was asked."""
        return [each.action for each in self.fakes[region].calls]


class AsyncWorld(httpx.AsyncBaseTransport):
    """The same for those who await."""

    keeps_deadlines = True

    def __init__(self, world):
        self.world = world

    async def handle_async_request(self, request):
        """Let the EC2 of a request answer."""
        return await self.world.fake(request).async_transport.handle_async_request(request)


def stop(world, targets, **more):
    """Stop, blocking."""
    return ec2lite.stop_everywhere(targets, client_options=world.options(), **more)


def stop_async(world, targets, **more):
    """Stop, awaiting."""
    options = world.options(transport=world.async_transport)
    return asyncio.run(ec2lite.astop_everywhere(targets, client_options=options, **more))


BOTH = pytest.mark.parametrize("stop", [stop, stop_async])


def kinds(result):
    """Return the kinds of outcomes that there are."""
    return {each.kind.value for each in result.result.outcomes.values()}


@BOTH
def test_each_target_has_its_result(stop):
    """Results come in the order of the targets, each with the outcomes of its instances."""
    world = World()
    ids = {each: fake.run_instances(3) for each, fake in world.fakes.items()}
    targets = [Target(each, instance_ids=ids[each]) for each in REGIONS]

    results = stop(world, targets, force=True)

    assert targets == [each.target for each in results]
    assert [ids[each] for each in REGIONS] == [list(each.result.outcomes) for each in results]
    assert [None] * 3 == [each.error for each in results]
    assert [{"accepted"}] * 3 == [kinds(each) for each in results]
    assert "true" == world.fakes["us-east-1"].calls[0].parameters["Force"]
    regions = [each.result.work["region"] for each in results]
    assert list(REGIONS) == regions


@BOTH
def test_in_the_time_of_one(stop):
    """Ten Regions, each at its own pace, take the time of one."""
    regions = [f"eu-west-{number}" for number in range(1, 11)]
    world = World([*REGIONS, *regions[1:]], {"StopInstances": SMALL})
    targets = [Target(each, instance_ids=world.fakes[each].run_instances(140)) for each in regions]

    results = stop(world, targets, pacing=SLOW)

    assert [{"accepted"}] * 10 == [kinds(each) for each in results]
    assert 20 <= world.passed() < 20.5
    outcomes = {call.outcome for fake in world.fakes.values() for call in fake.calls}
    assert {"ok"} == outcomes


@BOTH
def test_at_most(stop):
    """``at_most`` bounds how many targets are worked on: one at a time takes the sum."""
    world = World()
    targets = [Target(each, instance_ids=world.fakes[each].run_instances(110)) for each in REGIONS]

    stop(world, targets, at_most=1, pacing=SLOW)

    assert 15 <= world.passed() < 15.5


def test_start_in_the_morning():
    """What was stopped at night starts in the morning, in both colours."""
    world = World()
    fake = world.fakes["eu-west-1"]
    fake.run_instances(4, tags={"hours": "office"})
    targets = [Target("eu-west-1", filters={"tag:hours": ["office"]}, max_instances=9)]

    (night,) = stop(world, targets)
    fake.advance(600)
    (morning,) = ec2lite.start_everywhere(targets, client_options=world.options())
    again = world.options(transport=world.async_transport)
    (nothing,) = asyncio.run(ec2lite.astart_everywhere(targets, client_options=again))

    assert (4, 4) == (len(night.result.succeeded), len(morning.result.succeeded))
    assert (None, {}) == (nothing.error, nothing.result.outcomes)
    assert ["DescribeInstances", "StopInstances", "DescribeInstances", "StartInstances"] == (
        world.actions()[:4]
    )


@pytest.mark.parametrize(
    ("flags", "count"), [({}, 2), ({"force": True}, 3), ({"wait_for_pending": True}, 3)]
)
def test_what_filters_find(flags, count):
    """Of what filters find, what runs is stopped; what is stopping or pending, only if asked."""
    world = World()
    fake = world.fakes["eu-west-1"]
    fake.run_instances(2, tags={"env": "dev"})
    fake.run_instances(1, tags={"env": "dev"}, state="stopping", stuck="until-forced")
    fake.run_instances(1, tags={"env": "dev"}, state="stopped")
    fake.run_instances(1, tags={"env": "dev"}, state="pending")
    fake.run_instances(1, tags={"env": "prod"})
    target = Target("eu-west-1", filters={"tag:env": ["dev"]}, max_instances=5)

    (result,) = stop(world, [target], **flags)

    assert count == len(result.result.outcomes)


def test_the_fuse():
    """Where more match than may, nothing is sent for that target; the others go on."""
    world = World()
    world.fakes["eu-west-1"].run_instances(5, tags={"env": "dev"})
    world.fakes["eu-north-1"].run_instances(4, tags={"env": "dev"})
    targets = [Target(each, filters={"tag:env": ["dev"]}, max_instances=4) for each in REGIONS[:2]]

    first, second = stop(world, targets)

    assert "more than 4 instances match (max_instances); none was changed" == str(first.error)
    assert isinstance(first.error, ec2lite.ConfigError)
    assert first.result is None
    assert ["DescribeInstances"] == world.actions()
    assert 4 == len(second.result.succeeded)


def test_pages_count_together():
    """The fuse counts the matches of all pages."""
    world = World()
    world.fakes["eu-west-1"].run_instances(1010, tags={"env": "dev"})
    ask = {"filters": {"tag:env": ["dev"]}}

    (refused,) = stop(world, [Target("eu-west-1", max_instances=1009, **ask)])
    (done,) = stop(world, [Target("eu-west-1", max_instances=1010, **ask)])

    assert "more than 1009" in str(refused.error)
    assert 1010 == len(done.result.succeeded)
    assert 4 == world.actions().count("DescribeInstances")


@BOTH
def test_roles_are_assumed_once(stop):
    """A role is assumed once for its target; its session signs, and its account is paced."""
    world = World()
    ids = world.fakes["eu-west-1"].run_instances(120)
    target = Target(
        "eu-west-1",
        instance_ids=ids,
        role_arn=ROLE.format("210987654321"),
        external_id="abc",
        role_session_name="night-shift",
    )

    (result,) = stop(world, [target])

    assert ["AssumeRole", *["StopInstances"] * 3] == world.actions()
    asked = world.fakes["eu-west-1"].calls[0].parameters
    assert ("abc", "night-shift") == (asked["ExternalId"], asked["RoleSessionName"])
    assert "210987654321" == result.result.work["account"]
    assert {"accepted"} == kinds(result)


def test_a_role_that_may_not_be_assumed():
    """It is an error of its target alone, and names the role."""
    world = World()
    world.fakes["eu-west-1"].fail_next("AssumeRole", "AccessDenied", status=403)
    ids = world.fakes["eu-north-1"].run_instances()
    targets = [
        Target("eu-west-1", instance_ids="i-1", role_arn=ROLE.format("210987654321")),
        Target("eu-north-1", instance_ids=ids),
    ]

    refused, done = stop(world, targets)

    assert isinstance(refused.error, ec2lite.CredentialsError)
    said = "The role arn:aws:iam::210987654321:role/night could not be assumed: AssumeRole failed"
    assert str(refused.error).startswith(said)
    assert refused.result is None
    assert {"accepted"} == kinds(done)


def test_no_credentials_for_a_role(monkeypatch):
    """Where there is nothing to assume a role with, that is what the target's error says."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    world = World()
    target = Target("eu-west-1", instance_ids="i-1", role_arn=ROLE.format("210987654321"))

    (result,) = ec2lite.stop_everywhere([target], client_options=world.options(credentials=None))

    assert str(result.error).startswith("No credentials were found")


def test_a_session_that_ends_meanwhile():
    """Where a role's session ends, it is assumed again, and what is settled is not asked again."""
    world = World()
    fake = world.fakes["eu-west-1"]
    ids = fake.run_instances(1200, state="stopped")
    target = Target("eu-west-1", instance_ids=ids, role_arn=ROLE.format("210987654321"))
    slow = Pacing(instances=Bucket(100, 0.25))

    (result,) = ec2lite.start_everywhere(
        [target], client_options=world.options(), pacing=slow, deadline=100_000
    )

    assert {"accepted"} == kinds(result)
    assert 4400 <= world.passed() < 4500
    started = [each for each in fake.calls if each.action == "StartInstances"]
    assert 2 == world.actions().count("AssumeRole")
    assert 24 == sum(each.outcome == "ok" for each in started)


def test_another_refusal_of_keys_ends_the_target():
    """What looks like an ended session, but is none, is the target's error."""
    world = World()
    fake = world.fakes["eu-west-1"]
    ids = fake.run_instances(2)
    fake.fail_next("StopInstances", "RequestExpired", times=9)
    targets = [
        Target("eu-west-1", instance_ids=ids, role_arn=ROLE.format("210987654321")),
        Target("eu-west-1", instance_ids=ids, credentials=fake.credentials),
    ]

    for result in stop(world, targets, at_most=1):
        assert "RequestExpired" == result.error.code
        assert {"not_attempted"} == kinds(result)


def test_credentials_of_a_target():
    """A target's own credentials sign for it, and assume its role if it has one."""
    world = World()
    ids = world.fakes["eu-west-1"].run_instances(2)
    keys = world.fakes["eu-west-1"].credentials
    own = {"instance_ids": ids, "credentials": keys}
    targets = [
        Target("eu-west-1", **own),
        Target("eu-west-1", **own, role_arn=ROLE.format("210987654321")),
    ]
    nobody = ec2lite.Credentials("AKIANOBODY", "x")

    results = ec2lite.stop_everywhere(
        targets, client_options=world.options(credentials=nobody), at_most=1
    )

    assert [None, None] == [each.error for each in results]
    assert [{"accepted"}, {"already"}] == [kinds(each) for each in results]


def test_deadline_of_all():
    """The deadline counts from the beginning, for those too that come last."""
    world = World()
    targets = [Target(each, instance_ids=world.fakes[each].run_instances(110)) for each in REGIONS]

    first, second, third = stop(world, targets, at_most=1, deadline=7, pacing=SLOW)

    assert ({"accepted"}, {"accepted", "not_attempted"}) == (kinds(first), kinds(second))
    assert {"accepted", "not_attempted"} == kinds(third)
    assert world.passed() <= 7


def test_the_client_says_how_fast():
    """The pacing of ``client_options`` holds where the call says nothing of it."""
    world = World()
    ids = world.fakes["eu-west-1"].run_instances(40)
    slow = Pacing(instances=Bucket(10, 1))
    target = [Target("eu-west-1", instance_ids=ids)]

    ec2lite.stop_everywhere(target, client_options=world.options(pacing=slow))

    assert 30 <= world.passed() < 31


@BOTH
def test_progress(stop):
    """``on_progress`` hears of each request with its target; what it raises ends all."""
    world = World()
    target = Target("eu-west-1", instance_ids=world.fakes["eu-west-1"].run_instances(60))
    heard = []

    stop(world, [target], on_progress=lambda *both: heard.append(both))

    assert [(target, 50), (target, 60)] == [(where, how.done) for where, how in heard]
    with pytest.raises(ZeroDivisionError):
        stop(world, [target], on_progress=lambda *_: 1 / 0)


@BOTH
def test_interrupted_and_resumed(stop):
    """A list that was given as ``resume`` keeps what is known; with it the work goes on."""
    world = World()
    targets = [Target(each, instance_ids=world.fakes[each].run_instances(60)) for each in REGIONS]
    kept = []

    def interrupt(target, progress):
        if target.region == "eu-north-1":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop(world, targets, at_most=1, on_progress=interrupt, resume=kept)
    assert [60, 60, 0] == [len(each.result.outcomes) for each in kept]
    assert ({"accepted"}, {"accepted", "not_attempted"}) == (kinds(kept[0]), kinds(kept[1]))
    copied = [TargetResult.from_json(each.to_json()) for each in kept]

    assert copied is stop(world, targets, resume=copied)
    assert [{"accepted"}] * 3 == [kinds(each) for each in copied]
    assert [2, 2, 2] == [len(fake.calls) for fake in world.fakes.values()]


def test_resume_asks_about_what_was_found():
    """A target with filters is not searched again once it has outcomes."""
    world = World()
    fake = world.fakes["eu-west-1"]
    fake.run_instances(3, tags={"env": "dev"})
    target = Target("eu-west-1", filters={"tag:env": ["dev"]}, max_instances=4)
    fake.fail_next("StopInstances", "RequestLimitExceeded", times=3)
    (first,) = stop(world, [target])
    assert {"throttled"} == kinds(first)
    fake.run_instances(3, tags={"env": "dev"})

    (second,) = stop(world, [target], resume=[first])

    assert {"accepted"} == kinds(second)
    assert 3 == len(second.result.outcomes)


def test_errors_of_before_are_tried_again():
    """A target that failed before anything was known begins anew."""
    world = World()
    target = Target("eu-west-1", instance_ids=world.fakes["eu-west-1"].run_instances())
    before = TargetResult(target, None, ec2lite.EC2Error("once"))

    (result,) = stop(world, [target], resume=[before])

    assert (None, {"accepted"}) == (result.error, kinds(result))


def test_over_real_connections():
    """Threads that share one transport stop instances over HTTP."""
    fake = FakeEC2(region="eu-west-1", clock=RealClock())
    targets = [Target("eu-west-1", instance_ids=fake.run_instances(2)) for _ in range(4)]
    before = threading.active_count()

    with fake.serve() as url:
        options = {"endpoint_url": url, "credentials": fake.credentials}
        results = ec2lite.stop_everywhere(targets, client_options=options, at_most=2)

    assert [{"accepted"}] * 4 == [kinds(each) for each in results]
    assert before == threading.active_count()


# --- values


EXAMPLES = [
    Target("eu-west-1", instance_ids=["i-1", "i-2"]),
    Target("eu-west-1", filters={"tag:env": ["dev", "test"]}, max_instances=7),
    Target(
        "eu-west-1",
        instance_ids="i-1",
        role_arn=ROLE.format("1"),
        external_id="x",
        role_session_name="y",
    ),
]


@pytest.mark.parametrize("target", EXAMPLES)
def test_targets_travel(target):
    """A target is the same after pickle and after JSON."""
    assert target == pickle.loads(pickle.dumps(target))
    assert target == Target.from_json(target.to_json())


def test_filters_as_people_write_them():
    """JSON may have filters as a dict of names and values."""
    text = '{"region": "eu-west-1", "filters": {"tag:env": ["dev"]}, "max_instances": 1}'
    expected = Target("eu-west-1", filters={"tag:env": ["dev"]}, max_instances=1)
    assert expected == Target.from_json(text)


def test_keys_stay():
    """A target that holds credentials refuses JSON and pickle, and shows no secret."""
    keys = ec2lite.Credentials("AKIAIOSFODNN7EXAMPLE", "the-secret")
    target = Target("eu-west-1", instance_ids="i-1", credentials=keys)

    with pytest.raises(TypeError, match="a Target that holds credentials cannot be pickled"):
        pickle.dumps(target)
    with pytest.raises(ec2lite.ConfigError, match=r"^credentials must be None"):
        target.to_json()
    with pytest.raises(ec2lite.ConfigError, match=r"^credentials must be None"):
        TargetResult(target, None).to_json()
    assert "secret" not in repr(target)


def test_results_travel():
    """A result is the same after pickle and JSON, its errors as texts."""
    world = World()
    fake = world.fakes["eu-west-1"]
    targets = [
        Target("eu-west-1", instance_ids=[*fake.run_instances(), "i-0123456789abcdef0"]),
        Target("eu-west-1", filters={"instance-state-name": ["running"]}, max_instances=1),
    ]
    fake.run_instances(3)
    results = stop(world, targets, at_most=1)

    for each in results:
        for copy in (TargetResult.from_json(each.to_json()), pickle.loads(pickle.dumps(each))):
            assert (each.target, each.result) == (copy.target, copy.result)
            assert str(each.error) == str(copy.error)
    assert [True, True] == [results[0].error is None, results[1].result is None]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "5", "{}", '{"target": {}, "result": 5, "error": null}', '{"target": 1}'],
)
def test_other_texts(text):
    """What is no result or target is a ConfigError."""
    with pytest.raises(ec2lite.ConfigError):
        TargetResult.from_json(text)
    with pytest.raises(ec2lite.ConfigError):
        Target.from_json(text)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "a target must have a region"),
        ({"region": "eu-west-1", "ids": []}, "a target must not have ids"),
        ({"region": "eu-west-1", "filters": [5]}, "a target must have a region, and filters"),
        ({"region": "eu-west-1", "filters": [{}]}, "a target must have a region, and filters"),
    ],
)
def test_members(members, message):
    """What a target does not have, or needs, is said."""
    with pytest.raises(ec2lite.ConfigError, match=f"^{message}"):
        Target.from_json(json.dumps(members))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "a target must have instance_ids or filters, not neither"),
        ({"instance_ids": ["i-1"], "filters": {"a": "b"}}, "a target must have .*, not both"),
        ({"instance_ids": []}, "instance_ids must be at least one id"),
        ({"filters": {}, "max_instances": 1}, "filters must be at least one filter"),
        ({"filters": {"tag:a": ["b"]}}, "max_instances must be a number, not None"),
        ({"filters": {"tag:a": ["b"]}, "max_instances": 0}, "max_instances must be a whole"),
        ({"instance_ids": "i-1", "max_instances": 1}, "max_instances must be None where"),
        ({"instance_ids": "i-1", "external_id": "x"}, "role_arn must be given with"),
        ({"instance_ids": "i-1", "role_arn": 5}, "role_arn must be a string"),
        ({"instance_ids": "i-1", "credentials": "x"}, "credentials must be ec2lite.Credentials"),
        ({"region": "a/b", "instance_ids": "i-1"}, "region must be the name of a Region"),
    ],
)
@pytest.mark.filterwarnings("ignore::ec2lite.UnknownFilterWarning")
def test_wrong_targets(arguments, message):
    """What cannot be meant is refused when the target is made."""
    with pytest.raises(ec2lite.ConfigError, match=f"^{message}"):
        Target(**{"region": "eu-west-1", **arguments})


ONE = EXAMPLES[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"targets": ONE}, "targets must be a list of Targets, not Target"),
        ({"targets": ["eu-west-1"]}, r"targets\[0\] must be a Target, not str"),
        ({"at_most": 0}, "at_most must be a whole number from 1"),
        ({"on_progress": 5}, "on_progress must be a function"),
        ({"override_protection": True}, "override_protection must be left to stop_many"),
        ({"deadline": 0}, "deadline must be a number of seconds"),
        ({"client_options": 5}, "client_options must be a dict, not int"),
        ({"client_options": {"region": "eu-west-1"}}, "client_options must be without region"),
        ({"resume": [TargetResult(EXAMPLES[1], None)]}, "resume must be results of the same"),
    ],
)
def test_wrong_arguments(arguments, message):
    """What cannot be meant is refused before anything is sent."""
    with pytest.raises(ec2lite.ConfigError, match=f"^{message}"):
        ec2lite.stop_everywhere(**{"targets": [ONE], **arguments})


def test_no_targets():
    """Of no targets there are no results, and nobody is asked."""
    assert [] == ec2lite.stop_everywhere([])
