"""One script, run with boto3 and with ``ec2lite.boto3``: the same results, and the same errors."""

from __future__ import annotations

import functools
import pickle
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
import botocore.config
import botocore.exceptions
import botocore.session
import httpx
import pytest

import ec2lite.boto3
from ec2lite.boto3.parameters import ACTIONS
from ec2lite.boto3.validation import Kind, ListOf, Struct
from ec2lite.boto3.waits import MAX_ATTEMPTS, WAITS
from ec2lite.testing import FakeEC2
from servers import closed_port, hang_up, serve, stall, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
MISSING = "i-0123456789abcdef0"
# What the script has to meet, wherever it runs.
MET = {
    "dict",
    "NoneType",
    "bool",
    "ClientError",
    "WaiterError",
    "ParamValidationError",
    "TypeError",
}


def client(library: Any, url: str, **more: Any) -> Any:
    """Return an EC2 client of a library."""
    config = library.Config if library is not boto3 else botocore.config.Config
    retries = {"mode": "standard", "total_max_attempts": 2}
    options = {"region_name": "us-east-1", "endpoint_url": url, **KEYS, **more}
    return library.client("ec2", config=config(retries=retries), **options)


def outcome(library: Any, call: Callable[[], Any]) -> Any:
    """Return a call's result, or all that can be seen of its error."""
    try:
        result = call()
    except library_errors(library) as error:
        members = {name: getattr(error, name, None) for name in ("response", "operation_name")}
        last = getattr(error, "last_response", None)
        return (
            type(error).__name__,
            str(error),
            comparable(members),
            getattr(error, "kwargs", None),
            comparable(last),
        )
    return comparable(result)


def library_errors(library: Any) -> tuple[type[Exception], ...]:
    """Return what a program catches."""
    if library is boto3:
        found = botocore.exceptions
        return (found.ClientError, found.BotoCoreError, TypeError, ValueError)
    return (library.ClientError, library.BotoCoreError, TypeError, ValueError)


def comparable(value: Any) -> Any:
    """Return a value without what differs from one request to the next."""
    if isinstance(value, dict):
        dropped = {"RequestId", "date", "content-length", "x-amzn-requestid"}
        return {name: comparable(each) for name, each in value.items() if name not in dropped}
    return [comparable(each) for each in value] if isinstance(value, list) else value


def script(ec2: Any, ids: list[str]) -> Iterator[Callable[[], Any]]:
    """Return the calls of a script, good ones and bad ones, in order."""
    one, two, three = ids
    now = {"WaiterConfig": {"Delay": 0, "MaxAttempts": 2}}
    dev = [{"Name": "tag:env", "Values": ["dev"]}]
    call = functools.partial
    yield call(ec2.describe_instances)
    yield call(ec2.describe_instances, InstanceIds=[one, two])
    yield call(ec2.describe_instances, Filters=dev)
    yield call(ec2.describe_instances, InstanceIds=[], Filters=[])
    yield call(ec2.describe_instances, InstanceIds=[MISSING])
    yield call(ec2.describe_instances, InstanceIds=["nonsense"])
    yield call(ec2.describe_instance_status, InstanceIds=ids)
    yield call(ec2.describe_instance_status, IncludeAllInstances=True)
    yield call(ec2.stop_instances, InstanceIds=[one], DryRun=True)
    yield call(ec2.stop_instances, InstanceIds=[one, two], Force=True, Hibernate=False)
    yield call(ec2.get_waiter("instance_stopped").wait, InstanceIds=[one, two], **now)
    yield call(ec2.get_waiter("instance_running").wait, InstanceIds=[one], **now)
    yield call(ec2.stop_instances, InstanceIds=[MISSING])
    yield call(ec2.start_instances, InstanceIds=[one])
    yield call(ec2.get_waiter("instance_running").wait, InstanceIds=[one], **now)
    yield call(ec2.get_waiter("instance_running").wait, InstanceIds=[MISSING], **now)
    yield call(ec2.get_waiter("instance_stopped").wait, InstanceIds=[MISSING], **now)
    yield call(ec2.get_waiter("instance_stopped").wait, InstanceIds=[one], **now)
    yield call(ec2.get_waiter("instance_exists").wait, Filters=dev, **now)
    yield call(ec2.get_waiter("instance_status_ok").wait, InstanceIds=[one], **now)
    yield call(ec2.get_waiter("system_status_ok").wait, InstanceIds=[one], **now)
    yield call(ec2.reboot_instances, InstanceIds=[one])
    yield call(ec2.modify_instance_attribute, InstanceId=two, DisableApiStop={"Value": True})
    yield call(ec2.describe_instance_attribute, InstanceId=two, Attribute="disableApiStop")
    yield call(ec2.modify_instance_attribute, InstanceId=two, InstanceType={"Value": "m1.small"})
    yield call(ec2.describe_instance_attribute, InstanceId=two, Attribute="instanceType")
    yield call(ec2.modify_instance_attribute, InstanceId=two, UserData={"Value": b"#!"})
    yield call(ec2.modify_instance_attribute, InstanceId=two, UserData={"Value": "text"})
    yield call(ec2.describe_instance_attribute, InstanceId=two, Attribute="userData")
    yield call(ec2.modify_instance_attribute, InstanceId=MISSING, EbsOptimized={"Value": True})
    yield call(ec2.terminate_instances, InstanceIds=[three])
    yield call(ec2.get_waiter("instance_terminated").wait, InstanceIds=[three], **now)
    yield call(ec2.get_waiter("instance_stopped").wait, InstanceIds=[three], **now)
    yield call(list, ec2.get_paginator("describe_instances").paginate())
    paginator = ec2.get_paginator("describe_instance_status")
    yield call(paginator.paginate(IncludeAllInstances=True).build_full_result)
    yield call(list, paginator.paginate(PaginationConfig={"PageSize": 5, "MaxItems": 1}))
    some = paginator.paginate(IncludeAllInstances=True, PaginationConfig={"MaxItems": 1})
    yield call(some.build_full_result)
    yield call(getattr, some, "resume_token")
    rest = {"StartingToken": some.resume_token, "PageSize": 5}
    rest = paginator.paginate(IncludeAllInstances=True, PaginationConfig=rest)
    yield call(list, rest)
    yield call(list, rest.search("InstanceStatuses[].InstanceState.Name"))
    # Wrong arguments.
    yield call(ec2.stop_instances)
    yield call(ec2.stop_instances, [one])
    yield call(ec2.stop_instances, InstanceIds=one)
    yield call(ec2.stop_instances, InstanceIds=[1, one, None], Foo=1, Force="yes")
    yield call(ec2.describe_instances, Filters=[{"Nam": "a", "Values": "b"}, 1], MaxResults="5")
    yield call(ec2.describe_instance_attribute, InstanceId=one)
    yield call(ec2.modify_instance_attribute, InstanceId=one, DisableApiStop=True)
    yield call(ec2.modify_instance_attribute, InstanceId=one, UserData={"Value": 1, "x": 2})
    yield call(ec2.get_paginator, "stop_instances")
    yield call(ec2.can_paginate, "stop_instances")
    yield call(ec2.can_paginate, "describe_instances")


def launch(moto: str) -> list[str]:
    """Return the ids of three instances on moto, where there are no others."""
    httpx.post(f"{moto}/moto-api/reset", trust_env=False, timeout=60).raise_for_status()
    aws = boto3.client("ec2", "us-east-1", endpoint_url=moto, **KEYS)
    made = aws.run_instances(ImageId="ami-12c6146b", MinCount=3, MaxCount=3)["Instances"]
    ids = [each["InstanceId"] for each in made]
    aws.create_tags(Resources=ids[:1], Tags=[{"Key": "env", "Value": "dev"}])
    aws.close()
    return ids


# What moto draws by lot for each instance.
_DRAWN = re.compile(
    r"""
    \b (?: i | r | vol | eni | ami | subnet | vpc | sg | eni-attach | eipassoc ) - [0-9a-f]{8,}
    | \b [0-9a-f]{8} (?: -[0-9a-f]{4} ){3} -[0-9a-f]{12}
    | \b (?: \d{1,3} [.-] ){3} \d{1,3}
    | (?: [0-9a-f]{2} : ){5} [0-9a-f]{2}
    """,
    re.VERBOSE,
)


def neutral(value: Any, names: dict[str, str]) -> Any:
    """Return a value in which ids, addresses and times are numbered as they first appear."""
    if isinstance(value, dict):
        return {name: neutral(value[name], names) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [neutral(each, names) for each in value]
    if isinstance(value, str):
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", value)
        return _DRAWN.sub(lambda found: names.setdefault(found[0], f"<{len(names)}>"), text)
    return type(value) if isinstance(value, datetime) else value


def outcomes(library: Any, url: str, ids: list[str], **keys: Any) -> list[Any]:
    """Return what the steps of the script give with a library."""
    ec2 = client(library, url, **keys)
    names = dict.fromkeys((MISSING,), "missing")
    names |= {each: f"instance {number}" for number, each in enumerate(ids)}
    found = [neutral(outcome(library, step), names) for step in script(ec2, ids)]
    ec2.close()
    return found


def test_same_results(moto: str):
    """Every step of a script gives the same with both: dicts, and errors with all members."""
    kept = {library: outcomes(library, moto, launch(moto)) for library in (boto3, ec2lite.boto3)}

    found = "\n".join(differences(kept[boto3], kept[ec2lite.boto3]))
    assert not found, found
    # Else both might only have met the same refusal.
    assert MET <= kinds(kept[boto3])
    assert 13 <= sum(isinstance(each, dict) for each in kept[boto3])


def kinds(found: list[Any]) -> set[str]:
    """Return what a script met: the types of results and the names of errors."""
    names = {each[0] for each in found if isinstance(each, list) and len(each) == 5}
    return names | {type(each).__name__ for each in found if not isinstance(each, list)}


def differences(theirs: Any, ours: Any, where: str = "") -> Iterator[str]:
    """Return where two values differ, and how."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted({*theirs, *ours}):
            below = f"{where}.{name}"
            yield from differences(theirs.get(name, "nothing"), ours.get(name, "nothing"), below)
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(*pair, f"{where}[{number}]")
    elif theirs != ours:
        yield f"{where}: boto3 gives {theirs!r}, ec2lite {ours!r}"


def test_same_results_on_the_fake():
    """On the fake EC2, whose states take their time, every step gives the same with both, too."""
    kept = {}
    for library in (boto3, ec2lite.boto3):
        fake = FakeEC2(seed=7)
        ids = [*fake.run_instances(1, tags={"env": "dev"}), *fake.run_instances(2)]
        keys = {"aws_secret_access_key": fake.credentials.secret_access_key}
        with fake.serve() as url:
            kept[library] = outcomes(library, url, ids, **keys)

    found = "\n".join(differences(kept[boto3], kept[ec2lite.boto3]))
    assert not found, found
    # Else both might only have met the same refusal.
    assert MET <= kinds(kept[boto3])
    assert 13 <= sum(isinstance(each, dict) for each in kept[boto3])


MODEL = botocore.session.get_session().get_service_model("ec2")


def shape_of(shape: Any) -> Any:
    """Return botocore's shape in a form that ours has, too."""
    if shape.type_name == "structure":
        members = {name: shape_of(each) for name, each in shape.members.items()}
        return members, sorted(shape.required_members)
    return [shape_of(shape.member)] if shape.type_name == "list" else shape.type_name


def kind_of(kind: Kind) -> Any:
    """Return one of our kinds in that form."""
    if isinstance(kind, Struct):
        return {name: kind_of(each) for name, each in kind.members.items()}, sorted(kind.required)
    if isinstance(kind, ListOf):
        return [kind_of(kind.kind)]
    names = {(str,): "string", (bool,): "boolean", (int,): "integer"}
    return names.get(kind.types, "blob")


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_same_parameters(name: str):
    """Each method takes botocore's members, of botocore's types, and in its order."""
    action = "".join(part.title() for part in name.split("_"))
    expected = MODEL.operation_model(action).input_shape

    assert shape_of(expected) == kind_of(ACTIONS[name].parameters)


def test_same_waiters():
    """Waiters have botocore's paths, states, delays and numbers of attempts."""
    model = botocore.session.get_session().get_waiter_model("ec2")
    for key, wait in WAITS.items():
        theirs = model.get_waiter(wait.name)
        acceptors = [(each.state, each.expected) for each in theirs.acceptors]
        paths = {each.argument for each in theirs.acceptors if each.matcher != "error"}

        assert (wait.delay, MAX_ATTEMPTS) == (theirs.delay, theirs.max_attempts)
        assert (
            wait.method
            == "describe_"
            + {
                "DescribeInstances": "instances",
                "DescribeInstanceStatus": "instance_status",
            }[theirs.operation]
        )
        failures = tuple(expected for state, expected in acceptors if state == "failure")
        assert failures == wait.failures
        assert wait.is_retried == (("retry", "InvalidInstanceID.NotFound") in acceptors)
        if key == "instance_exists":
            assert {f"length({wait.path}) > `0`"} == paths
        else:
            assert {wait.path} == paths
            assert ("success", wait.wanted) in acceptors


@pytest.mark.parametrize(
    "call",
    [
        lambda library: library.client("ec2"),
        lambda library: library.client("ec2", "us-east-1", aws_access_key_id="AKID"),
        lambda library: library.client("ec2", "us-east-1", aws_secret_access_key="secret"),
        lambda library: library.Session(profile_name="nobody"),
        lambda library: library.client("ec2", "us-east-1").stop_instances(InstanceIds=["i-1"]),
    ],
)
def test_same_errors_without_settings(call: Any, monkeypatch: pytest.MonkeyPatch):
    """What is missing is the same error with both."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(ec2lite.boto3, "_default_session", None)
    theirs, ours = [
        outcome(library, functools.partial(call, library)) for library in (boto3, ec2lite.boto3)
    ]

    assert theirs == ours


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([take, hang_up], "ConnectionClosedError"),
        ([take, b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>"], "ClientError"),
        ([take, b"HTTP/1.1 503 Slow\r\ncontent-length: 0\r\n\r\n"], "ClientError"),
        ([take, stall], "ReadTimeoutError"),
    ],
)
def test_same_errors_of_the_network(script: Any, expected: str):
    """A broken connection, a web server's page, a time limit: the same error with both."""
    found = []
    for library in (boto3, ec2lite.boto3):
        config = botocore.config.Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            read_timeout=0.2 if stall in script else 60,
        )
        with serve(script) as server:
            url = server.url.rstrip("/")
            ec2 = library.client("ec2", "us-east-1", endpoint_url=url, config=config, **KEYS)
            with pytest.raises(getattr(botocore.exceptions, expected)) as caught:
                ec2.stop_instances(InstanceIds=["i-1"])
            ec2.close()
        response = comparable(getattr(caught.value, "response", None))
        if response:
            response["ResponseMetadata"].pop("MaxAttemptsReached", None)
            response["ResponseMetadata"].pop("HTTPHeaders")
        text = re.sub(r":\d+", "", str(caught.value)).replace(" (reached max retries: 0)", "")
        found.append((type(caught.value).__name__, text, response))

    assert found[0] == found[1]
    assert expected == found[0][0]


def test_nobody_listens_on_the_port():
    """Where nobody listens, the error names the endpoint, with both."""
    url, found = f"http://127.0.0.1:{closed_port()}", []
    for library in (boto3, ec2lite.boto3):
        ec2 = client(library, url)
        with pytest.raises(botocore.exceptions.EndpointConnectionError) as caught:
            ec2.stop_instances(InstanceIds=["i-1"])
        found.append((str(caught.value), caught.value.kwargs["endpoint_url"]))
        ec2.close()

    assert found[0] == found[1]


def test_botocores_classes_catch_ours(moto: str):
    """A program that catches botocore's errors catches these; pickled ones are the same again."""
    ec2 = client(ec2lite.boto3, moto)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        ec2.stop_instances(InstanceIds=[MISSING])
    with pytest.raises(botocore.exceptions.BotoCoreError) as wrong:
        ec2.stop_instances()
    with pytest.raises(botocore.exceptions.WaiterError) as stuck:
        ec2.get_waiter("instance_running").wait(
            InstanceIds=[MISSING], WaiterConfig={"Delay": 0, "MaxAttempts": 1}
        )
    ec2.close()

    assert isinstance(refused.value, ec2.exceptions.ClientError)
    assert isinstance(refused.value.__cause__, ec2lite.InstanceNotFound)
    for caught in (refused.value, wrong.value, stuck.value):
        again = pickle.loads(pickle.dumps(caught))
        assert type(caught) is type(again)
        assert (str(caught), vars(caught)) == (str(again), vars(again))


def stop_at_night(ec2: Any) -> list[str]:
    """Do what schedulers do: find by tag, stop, wait; boto3's or ours, it cannot tell."""
    found = [
        instance["InstanceId"]
        for page in ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "tag:env", "Values": ["dev"]}]
        )
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] == "running"
    ]
    try:
        changes = ec2.stop_instances(InstanceIds=[*found, MISSING])
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "InvalidInstanceID.NotFound":
            raise
        changes = ec2.stop_instances(InstanceIds=found)
    ids = [each["InstanceId"] for each in changes["StoppingInstances"]]
    ec2.get_waiter("instance_stopped").wait(InstanceIds=ids, WaiterConfig={"Delay": 0})
    return [f"{ids.index(each)} stopped" for each in ids]


def test_a_scheduler(moto: str):
    """A scheduler's loop does the same with both."""
    done = []
    for library in (boto3, ec2lite.boto3):
        launch(moto)
        ec2 = client(library, moto)
        done.append(stop_at_night(ec2))
        ec2.close()

    assert [["0 stopped"], ["0 stopped"]] == done
