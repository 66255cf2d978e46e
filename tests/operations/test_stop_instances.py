"""StopInstances: what goes out and what comes back."""

from __future__ import annotations

import attrs
import pytest

import ec2lite
from ec2lite.errors import ConfigError
from ec2lite.operations.stop_instances import StopInstances
from samples import NAMESPACE, STOPPED

FLAGS = {
    "hibernate": "Hibernate",
    "force": "Force",
    "skip_os_shutdown": "SkipOsShutdown",
    "dry_run": "DryRun",
}


def parse(body):
    """Return the result of a document under HTTP 200."""
    return ec2lite.parse_response(StopInstances("i-1"), status_code=200, headers={}, body=body)


def test_ids_only():
    """Flags that were not given are not sent."""
    assert [("InstanceId.1", "i-1"), ("InstanceId.2", "i-2")] == (
        StopInstances(["i-1", "i-2"]).form_pairs()
    )


@pytest.mark.parametrize("argument", FLAGS)
@pytest.mark.parametrize(("value", "sent"), [(True, "true"), (False, "false")])
def test_flags(argument, value, sent):
    """Each flag is sent under AWS's name as it was given, false too."""
    stop = StopInstances("i-1", **{argument: value})

    assert [("InstanceId.1", "i-1"), (FLAGS[argument], sent)] == stop.form_pairs()


@pytest.mark.parametrize("argument", FLAGS)
@pytest.mark.parametrize("value", [1, 0, "true", "", [], 1.0])
def test_bad_flags(argument, value):
    """A flag that is no bool is refused by its name."""
    with pytest.raises(ConfigError) as caught:
        StopInstances("i-1", **{argument: value})

    expected = f"{argument} must be True, False or None, not {type(value).__name__}"
    assert expected == str(caught.value)


def test_frozen():
    """A request is a value: equal to its like, usable as a key, not to be changed."""
    stop = StopInstances(["i-1"], force=True)

    assert {stop} == {StopInstances("i-1", force=True)}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        stop.force = False


def test_what_it_is():
    """It is an action of EC2's API that may be repeated and is signed."""
    stop = StopInstances("i-1")

    assert ("StopInstances", "ec2", "2016-11-15") == (stop.action, stop.service, stop.version)
    assert (True, True, False) == (stop.repeatable, stop.signed, stop.confidential)


def test_to_dict():
    """``to_dict`` returns what boto3 would have returned, codes of sixteen bits included."""
    body = STOPPED.replace(b"<code>16</code>", b"<code>272</code>")

    result = parse(body)

    assert {
        "StoppingInstances": [
            {
                "InstanceId": "i-1234567890abcdef0",
                "CurrentState": {"Code": 64, "Name": "stopping"},
                "PreviousState": {"Code": 272, "Name": "running"},
            }
        ],
        "ResponseMetadata": {
            "RequestId": "59dbff89-35bd-4eac-99ed-be587EXAMPLE",
            "HTTPStatusCode": 200,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        },
    } == result.to_dict()
    assert 16 == result.stopping_instances[0].previous_state.code


def test_unknown_state():
    """A state that AWS adds one day is kept as it is."""
    body = STOPPED.replace(b"<code>64</code><name>stopping", b"<code>97</code><name>dreaming")

    state = parse(body).stopping_instances[0].current_state

    assert (97, 97, "dreaming") == (state.code, state.raw_code, state.name)


def test_order():
    """Instances keep the order of the answer, and what nobody knows is passed over."""
    items = "".join(
        f"<other/><item><instanceId>{each}</instanceId><new/>"
        "<previousState><name>running</name><code>16</code></previousState>"
        "<currentState><name>stopping</name><code>64</code></currentState></item>"
        for each in ("i-2", "i-1")
    )
    body = (
        f'<StopInstancesResponse xmlns="{NAMESPACE}"><instancesSet>{items}</instancesSet>'
        "<requestId>r</requestId></StopInstancesResponse>"
    )

    changes = parse(body.encode()).stopping_instances

    assert ["i-2", "i-1"] == [change.instance_id for change in changes]


def test_none():
    """An answer may name no instance."""
    result = parse(b"<StopInstancesResponse><instancesSet/></StopInstancesResponse>")

    assert () == result.stopping_instances
