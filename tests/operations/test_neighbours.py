"""Start, reboot, terminate, and an instance's attributes: arguments, answers, the whole way."""

from __future__ import annotations

import httpx
import pytest

import ec2lite
from ec2lite.errors import ConfigError, ResponseError, TransportError
from ec2lite.operations.attributes import ATTRIBUTES
from ec2lite.operations.modify_instance_attribute import InstanceBlockDeviceMappingSpecification
from samples import KEYS, NAMESPACE, STOPPED

ONE = "i-1234567890abcdef0"
CHANGING = [
    (ec2lite.StopInstances, "stopping_instances"),
    (ec2lite.StartInstances, "starting_instances"),
    (ec2lite.TerminateInstances, "terminating_instances"),
]
DONE = [
    ec2lite.RebootInstances("i-1"),
    ec2lite.ModifyInstanceAttribute("i-1", disable_api_stop=False),
]
FLAG_CASES = [
    (ec2lite.StartInstances, "dry_run"),
    (ec2lite.RebootInstances, "dry_run"),
    (ec2lite.TerminateInstances, "force"),
    (ec2lite.TerminateInstances, "skip_os_shutdown"),
    (ec2lite.TerminateInstances, "dry_run"),
]
BOOLEANS = [
    "disable_api_stop",
    "disable_api_termination",
    "source_dest_check",
    "ebs_optimized",
    "ena_support",
    "enclave_options",
    "dry_run",
]
TEXTS = ["instance_type", "instance_initiated_shutdown_behavior", "sriov_net_support", "kernel"]


def parse(request, body):
    """Return the result of a document under HTTP 200."""
    return ec2lite.parse_response(request, status_code=200, headers={}, body=body)


def answer(action, content):
    """Return an answer to an action."""
    return f'<{action}Response xmlns="{NAMESPACE}">{content}</{action}Response>'.encode()


def said(request):
    """Return what a request sends."""
    return dict(request.form_pairs())


# ---- arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("request_class", "flag"), FLAG_CASES)
def test_flags(request_class, flag):
    """A flag that is not a bool is refused by its name."""
    with pytest.raises(ConfigError, match=f"^{flag} must be True, False or None, not str$"):
        request_class("i-1", **{flag: "true"})


@pytest.mark.parametrize(
    "request_class", [each for each, _ in CHANGING] + [ec2lite.RebootInstances]
)
def test_no_ids(request_class):
    """No ids would mean nothing, or everything: they are refused."""
    with pytest.raises(ConfigError, match=r"^instance_ids must be at least one id, not an empty"):
        request_class([])


def test_start_takes_additional_info():
    """What AWS reserves is sent as it was given, and has to be a string."""
    start = ec2lite.StartInstances("i-1", additional_info="a b")

    assert {"InstanceId.1": "i-1", "AdditionalInfo": "a b"} == said(start)
    with pytest.raises(ConfigError, match=r"^additional_info must be a string, not int$"):
        ec2lite.StartInstances("i-1", additional_info=1)


def test_terminate_takes_a_thousand():
    """EC2 terminates at most 1000 instances in a call; ids that are there twice count once."""
    ids = [f"i-{number}" for number in range(1000)]

    assert 1000 == len(ec2lite.TerminateInstances([*ids, "i-0"]).instance_ids)
    with pytest.raises(ConfigError, match=r"^instance_ids must be at most 1000 ids, not 1001$"):
        ec2lite.TerminateInstances([*ids, "i-x"])


def test_what_may_be_repeated():
    """Only a reboot is never sent again when the first request may have arrived."""
    assert not ec2lite.RebootInstances.repeatable
    assert all(each.repeatable for each, _ in CHANGING)
    assert ec2lite.ModifyInstanceAttribute.repeatable
    assert ec2lite.DescribeInstanceAttribute.repeatable


@pytest.mark.parametrize("name", BOOLEANS)
def test_boolean_attributes(name):
    """An attribute that is true or false takes nothing else."""
    with pytest.raises(ConfigError, match=f"^{name} must be True, False or None, not int$"):
        ec2lite.ModifyInstanceAttribute("i-1", **{name: 1})


@pytest.mark.parametrize("name", TEXTS)
def test_text_attributes(name):
    """An attribute that is a text takes nothing else."""
    with pytest.raises(ConfigError, match=f"^{name} must be a string, not bool$"):
        ec2lite.ModifyInstanceAttribute("i-1", **{name: True})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "ModifyInstanceAttribute must be given exactly one attribute, not nothing"),
        (
            {"disable_api_stop": True, "groups": "sg-1"},
            "ModifyInstanceAttribute must be given exactly one attribute, "
            "not disable_api_stop and groups",
        ),
        (
            {"disable_api_stop": True, "attribute": "kernel", "value": "x"},
            "ModifyInstanceAttribute must be given exactly one attribute, "
            "not disable_api_stop and attribute",
        ),
        (
            {"dry_run": True},
            "ModifyInstanceAttribute must be given exactly one attribute, not nothing",
        ),
        ({"attribute": "kernel"}, "attribute and value must be given together, not one of them"),
        ({"value": "x"}, "attribute and value must be given together, not one of them"),
        ({"groups": []}, "groups must be at least one group, not an empty list"),
        ({"groups": 1}, "groups must be a list of strings, not int"),
        (
            {"block_device_mappings": []},
            "block_device_mappings must be at least one mapping, not an empty list",
        ),
        ({"block_device_mappings": 1}, "block_device_mappings must be a list of mappings, not int"),
        (
            {"block_device_mappings": [{"DeviceName": "x"}]},
            "block_device_mappings[0] must be an object of "
            "InstanceBlockDeviceMappingSpecification, not dict",
        ),
        ({"user_data": "text"}, "user_data must be bytes, not str"),
    ],
)
def test_one_attribute(changes, message):
    """One attribute a call, of its kind: anything else is refused before anything is sent."""
    with pytest.raises(ConfigError) as caught:
        ec2lite.ModifyInstanceAttribute("i-1", **changes)

    assert message == str(caught.value)


@pytest.mark.parametrize("value", [None, "", " ", 5, ["i-1"], "i\n"])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: ec2lite.ModifyInstanceAttribute(value, disable_api_stop=True),
        lambda value: ec2lite.DescribeInstanceAttribute(value, "kernel"),
    ],
)
def test_one_instance(make, value):
    """One instance a call, and its id has to be one."""
    with pytest.raises(ConfigError, match=r"^instance_id must be "):
        make(value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("disable_api_stop", "'disableApiStop'"),
        ("DisableApiStop", "'disableApiStop'"),
        ("disableApiTerminate", "'disableApiTermination'"),
        ("usrData", "'userData'"),
        ("", f"one of {', '.join(ATTRIBUTES)}"),
        ("ebs-optimized", "'ebsOptimized'"),
    ],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda name: ec2lite.DescribeInstanceAttribute("i-1", name),
        lambda name: ec2lite.ModifyInstanceAttribute("i-1", attribute=name, value="x"),
    ],
)
def test_unknown_attribute(make, name, expected):
    """A name that AWS does not have is refused, with the nearest one that it has."""
    with pytest.raises(ConfigError) as caught:
        make(name)

    assert f"attribute must be {expected}, not {name!r}" == str(caught.value)


def test_attribute_of_another_type():
    """An attribute's name is a string."""
    with pytest.raises(ConfigError, match=r"^attribute must be a string, not None$"):
        ec2lite.DescribeInstanceAttribute("i-1", None)


def test_long_attribute():
    """A name that is none is shown as far as the names that AWS has go, and further."""
    with pytest.raises(ConfigError) as caught:
        ec2lite.DescribeInstanceAttribute("i-1", "x" * 200)

    assert str(caught.value).endswith(f", not {'x' * 80!r}")


def test_user_data():
    """User data are sent in base64, and no repr shows them."""
    by_name = ec2lite.ModifyInstanceAttribute("i-1", user_data=b"\x00hush")
    by_value = ec2lite.ModifyInstanceAttribute("i-1", attribute="userData", value="hush")

    assert {"InstanceId": "i-1", "UserData.Value": "AGh1c2g="} == said(by_name)
    assert {"InstanceId": "i-1", "Attribute": "userData", "Value": "hush"} == said(by_value)
    assert "hush" not in repr(by_name) + repr(by_value)


def test_lists():
    """A lone group is one group; mappings are numbered."""
    groups = ec2lite.ModifyInstanceAttribute("i-1", groups="sg-1")
    volume = InstanceBlockDeviceMappingSpecification("/dev/sdh", delete_on_termination=True)
    mappings = ec2lite.ModifyInstanceAttribute("i-1", block_device_mappings=iter([volume]))

    assert {"InstanceId": "i-1", "GroupId.1": "sg-1"} == said(groups)
    assert {
        "InstanceId": "i-1",
        "BlockDeviceMapping.1.DeviceName": "/dev/sdh",
        "BlockDeviceMapping.1.Ebs.DeleteOnTermination": "true",
    } == said(mappings)


# ---- answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("request_class", "name"), CHANGING)
def test_changes(request_class, name):
    """An answer tells each instance's state before and after, and which instances it names."""
    body = STOPPED.replace(b"StopInstances", request_class.action.encode())

    result = parse(request_class(ONE), body)

    (change,) = getattr(result, name)
    states = (change.previous_state.name, change.current_state.name)
    assert (ONE, "running", "stopping") == (change.instance_id, *states)
    assert (ONE,) == request_class(ONE).answered_ids(result)


@pytest.mark.parametrize("done", DONE, ids=lambda each: each.action)
@pytest.mark.parametrize("content", ["<return>true</return>", "<return> true\n</return>", ""])
def test_done(done, content):
    """An answer that says true, or nothing but who answered, is a result that says no more."""
    result = parse(done, answer(done.action, f"<requestId>r-1</requestId>{content}"))

    assert "r-1" == result.response_metadata.request_id
    assert ["ResponseMetadata"] == list(result.to_dict())
    assert () == done.answered_ids(result)


@pytest.mark.parametrize("done", DONE, ids=lambda each: each.action)
@pytest.mark.parametrize("content", ["false", "", "TRUE", "\u2003true", "x" * 50])
def test_not_done(done, content):
    """An answer that says anything but true is an error, which shows how that begins."""
    with pytest.raises(ResponseError) as caught:
        parse(done, answer(done.action, f"<return>{content}</return>"))

    assert f"the answer says <return>{content[:40]}</return>, not true" == caught.value.args[0]


@pytest.mark.parametrize(
    ("content", "name", "value", "theirs"),
    [
        ("<disableApiStop><value>true</value></disableApiStop>", "disable_api_stop", True, True),
        ("<userData><value>aA==</value></userData>", "user_data", "aA==", "aA=="),
        ("<instanceType><value/></instanceType>", "instance_type", "", ""),
    ],
)
def test_attribute(content, name, value, theirs):
    """An attribute is a plain value; boto3's dict has it one level down."""
    request = ec2lite.DescribeInstanceAttribute("i-1", "kernel")

    result = parse(request, answer(request.action, f"<instanceId>i-1</instanceId>{content}"))

    key = "".join(part.capitalize() for part in name.split("_"))
    assert value == getattr(result, name)
    assert {"InstanceId": "i-1", key: {"Value": theirs}} == without_metadata(result)
    assert () == result.without_value
    assert ("i-1",) == request.answered_ids(result)


def test_attribute_without_value():
    """An attribute that nobody set is None, and named; boto3's dict has an empty structure."""
    request = ec2lite.DescribeInstanceAttribute("i-1", "userData")

    result = parse(request, answer(request.action, "<userData/><enclaveOptions/>"))

    assert (None, None, None) == (result.user_data, result.enclave_options, result.instance_id)
    assert ("EnclaveOptions", "UserData") == result.without_value
    assert {"EnclaveOptions": {}, "UserData": {}} == without_metadata(result)
    assert () == request.answered_ids(result)


def test_secret_answers():
    """User data are in no repr of a result, and no error quotes an answer that may hold them."""
    request = ec2lite.DescribeInstanceAttribute("i-1", "userData")
    body = answer(request.action, "<userData><value>hush</value></userData>")

    assert "hush" not in repr(parse(request, body))
    with pytest.raises(ResponseError) as caught:
        parse(request, body[:-3])
    assert b"" == caught.value.body


def without_metadata(result):
    """Return boto3's dict without how the answer came."""
    theirs = result.to_dict()
    del theirs["ResponseMetadata"]
    return theirs


# ---- the whole way ------------------------------------------------------------------------------


@pytest.fixture
def ec2(colour, moto):
    """Return a client of moto's EC2, in each colour."""
    with colour.client("eu-west-1", credentials=KEYS, endpoint_url=moto) as client:
        yield client


@pytest.fixture
def instance(moto):
    """Return the id of an instance that runs on moto."""
    import boto3

    ec2 = boto3.client(
        "ec2",
        region_name="eu-west-1",
        endpoint_url=moto,
        aws_access_key_id=KEYS.access_key_id,
        aws_secret_access_key=KEYS.secret_access_key,
    )
    reply = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, UserData="#!/bin/sh")
    return reply["Instances"][0]["InstanceId"]


def test_a_life(ec2, instance):
    """An instance is rebooted, stopped, started and terminated over real HTTP."""
    assert ec2.reboot_instances(instance).response_metadata.request_id
    (stopped,) = ec2.stop_instances(instance).stopping_instances
    (started,) = ec2.start_instances([instance]).starting_instances
    (ended,) = ec2.terminate_instances([instance], skip_os_shutdown=False).terminating_instances

    assert [("running", "stopping"), ("stopped", "pending"), ("running", "shutting-down")] == [
        (each.previous_state.name, each.current_state.name) for each in (stopped, started, ended)
    ]


def test_attributes(ec2, instance):
    """What is changed is described afterwards."""
    ec2.modify_instance_attribute(instance, disable_api_termination=True)
    ec2.modify_instance_attribute(instance, source_dest_check=False)

    names = ("disableApiTermination", "sourceDestCheck", "userData")
    described = [ec2.describe_instance_attribute(instance, name) for name in names]

    assert described[0].disable_api_termination is True
    assert described[1].source_dest_check is False
    assert "IyEvYmluL3No" == described[2].user_data
    assert "IyEvYmluL3No" not in repr(described[2])
    with pytest.raises(ec2lite.OperationNotPermitted):
        ec2.terminate_instances(instance)


def test_reboot_is_sent_once(colour):
    """A reboot whose answer is lost is not sent again, and the error says that it may have run."""
    requests = []

    def lose(request):
        requests.append(request)
        raise httpx.ReadError("gone")

    given = {"region": "eu-west-1", "credentials": KEYS, "transport": httpx.MockTransport(lose)}
    with colour.client(**given) as client, pytest.raises(TransportError) as caught:
        client.reboot_instances("i-1")

    assert 1 == len(requests)
    assert caught.value.maybe_sent
