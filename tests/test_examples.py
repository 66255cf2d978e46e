"""The files of docs/examples and docs/iam do what they say."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from pathlib import Path

import httpx
import pytest

import ec2lite
from ec2lite.testing import FakeEC2

DOCS = Path(__file__).parent.parent / "docs"
POLICIES = sorted((DOCS / "iam").glob("*.json"))


def example(name):
    """Import a file of docs/examples."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", DOCS / f"examples/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def states(fake, ids):
    """Return the state of each instance."""
    with fake.client() as ec2:
        return [each.state.name for each in ec2.describe_instances(ids)]


def test_lambda_stops_what_bears_the_tag(monkeypatch):
    """The Lambda handler stops running instances with the tag, and no other."""
    module, fake = example("nightly_stop"), FakeEC2()
    monkeypatch.setattr(module, "ec2", fake.client())
    tagged = fake.run_instances(2, tags={"stop-at-night": "yes"})
    (other,) = fake.run_instances()
    answer = module.handler({}, None)
    assert {"stopped": sorted(tagged), "failed": {}} == {
        **answer,
        "stopped": sorted(answer["stopped"]),
    }
    assert ["running"] == states(fake, [other])


def test_lambda_without_instances(monkeypatch):
    """The Lambda handler does nothing where nothing bears the tag."""
    module, fake = example("nightly_stop"), FakeEC2()
    monkeypatch.setattr(module, "ec2", fake.client())
    assert {"stopped": [], "failed": {}} == module.handler({}, None)
    assert ["DescribeInstances"] == [call.action for call in fake.calls]


def test_lambda_tells_what_failed(monkeypatch):
    """The Lambda handler names an instance that is protected, and stops the others."""
    module, fake = example("nightly_stop"), FakeEC2()
    monkeypatch.setattr(module, "ec2", fake.client())
    (good,) = fake.run_instances(tags={"stop-at-night": "yes"})
    (protected,) = fake.run_instances(tags={"stop-at-night": "yes"}, stop_protected=True)
    answer = module.handler({}, None)
    assert [good] == answer["stopped"]
    assert [protected] == list(answer["failed"])


def test_cron_job_waits():
    """The cron job ends with 0 when everything has stopped, or when there is nothing to stop."""
    module, fake = example("cron_stop"), FakeEC2()
    ids = fake.run_instances(3, tags={"env": "dev"})
    assert 0 == module.main("env=dev", fake.client())
    assert ["stopped"] * 3 == states(fake, ids)
    assert 0 == module.main("env=dev", fake.client())


@pytest.mark.parametrize(
    ("trouble", "said"),
    [({"stop_protected": True}, "disableApiStop"), ({"stuck": "for-ever"}, "is not stopped")],
)
def test_cron_job_fails_loudly(trouble, said, capsys):
    """The cron job ends with 1 and names what is protected, or hangs."""
    module, fake = example("cron_stop"), FakeEC2()
    (bad,) = fake.run_instances(tags={"env": "dev"}, **trouble)
    assert 1 == module.main("env=dev", fake.client())
    err = capsys.readouterr().err
    assert bad in err
    assert said in err


def test_service():
    """The service tells of each instance that came through its queue what became of it."""
    module, fake = example("service"), FakeEC2()
    ids = fake.run_instances(3)
    missing = "i-0123456789abcdef0"
    told = {}

    async def tell(instance_id, what):
        told[instance_id] = what

    async def main():
        queue = asyncio.Queue()
        for each in [*ids, missing, None]:
            queue.put_nowait(each)
        async with fake.async_client() as ec2:
            await module.serve(ec2, queue, tell, workers=2)

    asyncio.run(main())
    assert dict.fromkeys(ids, "stopped") == {each: told[each] for each in ids}
    assert told[missing].startswith("failed: ")


def test_signed_httpx(monkeypatch):
    """The httpx client of the example signs for API Gateway."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(200, json=["a dog"])

    module = example("signed_httpx")
    mock = httpx.MockTransport(answer)
    with module.signing_client("https://api.example", "eu-west-1", transport=mock) as client:
        assert ["a dog"] == module.pets(client)
    assert "/eu-west-1/execute-api/aws4_request" in seen[0].headers["authorization"]


def carry_out(name, fake, ids):
    """Make the call that a policy is for."""
    with fake.client() as ec2:
        if name in {"stop_by_tag", "start_encrypted", "stop_everywhere"}:
            WITH_MORE[name](ec2, fake, ids)
        elif name == "decode_authorization_message":
            ec2.send(ec2lite.DecodeAuthorizationMessage("x"))
        elif name.startswith("describe_instances") or name == "describe_instance_status":
            list(getattr(ec2, name)(ids))
        elif name == "describe_instance_attribute":
            ec2.describe_instance_attribute(ids[0], "disableApiStop")
        elif name == "modify_instance_attribute":
            ec2.modify_instance_attribute(ids[0], disable_api_stop=True)
        else:
            getattr(ec2, name)(ids)


def _by_tag(ec2, fake, ids):
    found = ec2.describe_instances(filters={"tag:env": "dev"})
    ec2.stop_instances([each.instance_id for each in found])


def _everywhere(ec2, fake, ids):
    role = "arn:aws:iam::444455556666:role/stop-at-night"
    target = ec2lite.Target(fake.region, instance_ids=ids, role_arn=role)
    options = {"transport": fake.transport, "credentials": fake.credentials, "clock": fake.clock}
    (result,) = ec2lite.stop_everywhere([target], client_options=options)
    if result.error is not None:
        raise result.error


WITH_MORE = {
    "stop_by_tag": _by_tag,
    "start_encrypted": lambda ec2, fake, ids: ec2.start_instances(ids),
    "stop_everywhere": _everywhere,
}


def actions(path):
    """Return the actions that a policy allows, without the service's name."""
    for statement in json.loads(path.read_text("utf-8"))["Statement"]:
        allowed = statement["Action"]
        for action in [allowed] if isinstance(allowed, str) else allowed:
            service, _, name = action.partition(":")
            if service != "kms":  # EC2 asks KMS itself
                yield name


def outcome(path, allowed):
    """Return the code of the error that a call ends in with these actions allowed, or None."""
    # What the role of stop_everywhere may do is the role's matter.
    granted = {*allowed, *(["StopInstances"] if path.stem == "stop_everywhere" else [])}
    fake = FakeEC2(policy=lambda call: call.action in granted)
    state = "stopped" if path.stem in {"wait_until_stopped", "start_instances"} else "running"
    ids = fake.run_instances(2, tags={"env": "dev"}, state=state)
    try:
        carry_out(path.stem, fake, ids)
    except ec2lite.ServiceError as error:
        return error.code
    except ec2lite.CredentialsError as error:
        return str(error)
    return None


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_policy_is_enough_and_smallest(path):
    """A call works with its policy's actions, and EC2 refuses it if one is taken away."""
    allowed = set(actions(path))
    # The fake cannot decode this message; it says so only to those who may ask.
    decoding = path.stem == "decode_authorization_message"
    assert ("InvalidAuthorizationMessageException" if decoding else None) == outcome(path, allowed)
    for action in allowed:
        refused = outcome(path, allowed - {action})
        assert refused is not None
        assert "Unauthorized" in refused or "AccessDenied" in refused


def test_policies_are_listed():
    """docs/permissions.md lists each policy."""
    text = (DOCS / "permissions.md").read_text("utf-8")
    assert [] == [path.name for path in POLICIES if f"iam/{path.name}" not in text]


@pytest.mark.parametrize(
    ("option", "more"),
    [
        ({"override_protection": True}, {"ModifyInstanceAttribute"}),
        ({"check": True}, {"DescribeInstances"}),
        ({"check": "protection"}, {"DescribeInstances", "DescribeInstanceAttribute"}),
    ],
)
def test_options_need_more(option, more):
    """What docs/permissions.md says of options of stop_many is needed, and is enough."""

    def is_done(granted):
        fake = FakeEC2(policy=lambda call: call.action in granted)
        (protected,) = fake.run_instances(stop_protected=True)
        try:
            result = fake.client().stop_many(protected, **option)
        except ec2lite.ServiceError as error:
            return error.code != "UnauthorizedOperation"
        (outcome,) = result.outcomes.values()
        return outcome.kind.value == (
            "accepted" if "override_protection" in option else "protected"
        )

    granted = {"StopInstances", *more}
    assert is_done(granted)
    assert [] == [each for each in more if is_done(granted - {each})]


def test_examples_are_listed():
    """docs/examples.md lists each example."""
    text = (DOCS / "examples.md").read_text("utf-8")
    there = sorted((DOCS / "examples").glob("*.py"))
    assert [] == [path.name for path in there if f"examples/{path.name}" not in text]
