"""DescribeInstances: what an instance is, whole and in odd answers."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

import ec2lite
from ec2lite.errors import InstanceNotFound, ResponseError
from ec2lite.operations import readers
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.operations.instance import Instance, Placement, StateReason
from ec2lite.operations.instance_parts import GroupIdentifier, Operator
from ec2lite.operations.shapes import InstanceState
from ec2lite.protocol import xml
from samples import NAMESPACE, fault

EVERYTHING = DescribeInstances(all_instances=True)
ANSWERS = Path(__file__).parent.parent / "data" / "answers"


def parse(body, status=200):
    """Return the result of a document."""
    return ec2lite.parse_response(EVERYTHING, status_code=status, headers={}, body=body)


def answer(*items, more=""):
    """Return an answer with a reservation of these instances."""
    inside = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<DescribeInstancesResponse xmlns="{NAMESPACE}"><requestId>r-1</requestId>'
        f"<reservationSet><item><reservationId>r-9</reservationId><instancesSet>{inside}"
        f"</instancesSet></item></reservationSet>{more}</DescribeInstancesResponse>"
    ).encode()


def instance(item=""):
    """Return the instance of that XML."""
    (only,) = parse(answer(f"<instanceId>i-1</instanceId>{item}")).instances
    return only


def state(name, code=80):
    """Return the XML of a state."""
    return f"<instanceState><code>{code}</code><name>{name}</name></instanceState>"


# ---- members ------------------------------------------------------------------------------------


def test_absent():
    """What the answer lacks is None, an empty tuple or an empty dict, and not in ``to_dict``."""
    lone = instance()

    values = attrs.asdict(lone, recurse=False)
    assert "i-1" == values.pop("instance_id")
    assert b"<item><instanceId>i-1</instanceId></item>" == values.pop("raw")
    assert {} == values.pop("tags")
    assert {None, ()} == {value or value for value in values.values()}
    assert {"InstanceId": "i-1"} == lone.to_dict()


def test_present():
    """What the answer has is read: scalars, times with a zone, structures and lists of them."""
    found = instance(
        f"{state('running', 16)}<reason/><launchTime>2026-03-11T08:12:34.000Z</launchTime>"
        "<ebsOptimized>true</ebsOptimized><amiLaunchIndex>3</amiLaunchIndex>"
        "<placement><availabilityZone>eu-west-1a</availabilityZone></placement>"
        "<tagSet><item><key>env</key><value>dev</value></item></tagSet>"
        "<groupSet><item><groupId>sg-1</groupId><groupName>web</groupName></item></groupSet>"
        "<operator><managed>true</managed><principal>eks.amazonaws.com</principal></operator>"
        "<networkInterfaceSet><item><attachment><deviceIndex>0</deviceIndex></attachment></item>"
        "</networkInterfaceSet>"
    )

    assert InstanceState(16, "running") == found.state
    assert "" == found.state_transition_reason
    assert datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC) == found.launch_time
    assert (True, 3) == (found.ebs_optimized, found.ami_launch_index)
    assert Placement(availability_zone="eu-west-1a") == found.placement
    assert {"env": "dev"} == found.tags
    assert (GroupIdentifier("sg-1", "web"),) == found.security_groups
    assert Operator(managed=True, principal="eks.amazonaws.com") == found.operator
    assert 0 == found.network_interfaces[0].attachment.device_index


@pytest.mark.parametrize("list_", ["<tagSet/>", "<tagSet>\n   </tagSet>"])
def test_no_tags(list_):
    """Tags are a dict however the answer says that there are none; boto3 tells the difference."""
    assert {} == instance(list_).tags
    assert [] == instance(list_).to_dict()["Tags"]
    assert "Tags" not in instance().to_dict()


def test_unknown_values():
    """States, lifecycles and other names that EC2 adds one day are kept as they are."""
    found = instance(
        f"{state('dreaming', 97)}<instanceLifecycle>lunar</instanceLifecycle>"
        "<monitoring><state>half</state></monitoring><newMember>7</newMember>"
    )

    assert (97, "dreaming") == (found.state.code, found.state.name)
    assert ("lunar", "half") == (found.instance_lifecycle, found.monitoring.state)
    assert "7" == xml.parse(found.raw).findtext("newMember")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("", None),
        (state("running", 16), None),
        (
            state("stopping", 64)
            + "<stateReason><code>Client.UserInitiatedHibernate</code></stateReason>",
            None,
        ),
        (state("stopped"), False),
        (state("stopped") + "<stateReason/>", False),
        (
            state("stopped")
            + "<stateReason><code>Client.UserInitiatedShutdown</code></stateReason>",
            False,
        ),
        (
            state("stopped")
            + "<stateReason><code>Client.UserInitiatedHibernate</code></stateReason>",
            True,
        ),
    ],
)
def test_hibernated(item, expected):
    """Whether it was hibernated is known of a stopped instance only."""
    assert expected is instance(item).hibernated


@pytest.mark.parametrize(
    ("item", "code", "name", "expected"),
    [
        ("<name>stopped</name>", -1, "stopped", {"Name": "stopped"}),
        ("<code>80</code>", 80, "", {"Code": 80}),
        ("", -1, "", {}),
    ],
)
def test_half_a_state(item, code, name, expected):
    """A state without a code or a name, as some clouds send it, is what there is of it."""
    found = instance(f"<instanceState>{item}</instanceState>")

    assert isinstance(found.state, InstanceState)
    assert (code, code, name) == (found.state.raw_code, found.state.code, found.state.name)
    assert {"InstanceId": "i-1", "State": expected} == found.to_dict()


def test_no_id():
    """An instance without an id, which EC2 never sends, has an empty one, and boto3's dict none."""
    (found,) = parse(answer("")).instances

    assert "" == found.instance_id
    assert {} == found.to_dict()


# ---- what is wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("<amiLaunchIndex>x</amiLaunchIndex>", "<amiLaunchIndex> is not an integer: 'x'"),
        ("<launchTime>soon</launchTime>", "<launchTime> is not a time: 'soon'"),
        (state("running", "abc"), "the state code 'abc' is not a 16-bit integer"),
        (state("running", 65536), "the state code '65536' is not a 16-bit integer"),
    ],
)
def test_wrong(item, message):
    """A member that cannot be read is a ResponseError that names it."""
    with pytest.raises(ResponseError) as caught:
        instance(item)

    assert message == caught.value.args[0]
    assert ("DescribeInstances", 200) == (caught.value.operation, caught.value.status_code)


def test_wrong_later():
    """A nested member that is read later says so then, each time; the others can be read."""
    found = instance("<cpuOptions><coreCount>many</coreCount></cpuOptions><keyName>k</keyName>")

    assert "k" == found.key_name
    for _ in range(2):
        with pytest.raises(ResponseError, match="<coreCount> is not an integer: 'many'"):
            found.cpu_options  # noqa: B018 - reading it is the point
    with pytest.raises(ResponseError, match="<coreCount>"):
        found.to_dict()


def test_fault():
    """An error document is an error, however large it is and whatever its status."""
    filler = ("Padding", "x" * 300_000)
    body = fault(("InvalidInstanceID.NotFound", "no such instance"), filler)

    with pytest.raises(InstanceNotFound, match="no such instance"):
        parse(body)


# ---- values -------------------------------------------------------------------------------------


def test_later_members():
    """Members that are read later are the same from many threads, copies and pickles."""
    found = instance("<cpuOptions><coreCount>2</coreCount></cpuOptions>")

    with ThreadPoolExecutor(8) as threads:
        read = set(threads.map(lambda _: found.cpu_options.core_count, range(64)))

    assert {2} == read
    for twin in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert found == twin
        assert found.to_dict() == twin.to_dict()
    assert found != instance("<cpuOptions><coreCount>4</coreCount></cpuOptions>")


def test_pickled_absence():
    """An instance that was pickled still knows which lists its answer lacked."""
    found = pickle.loads(pickle.dumps(instance("<licenseSet/>")))

    assert {"InstanceId": "i-1", "Licenses": []} == found.to_dict()


def test_many_unknown_members():
    """However many names a service makes up, what is remembered of them is bounded."""
    strangers = "".join(f"<new{number}/>" for number in range(1500))

    assert "k" == instance(f"{strangers}<keyName>k</keyName>").key_name
    table = readers.ByTag({"known": 1})
    assert {None} == {table[f"new{number}"] for number in range(1500)}
    assert (1000, 1) == (len(table), table["known"])


def test_no_such_attribute():
    """A misspelled attribute is an AttributeError, before and after reading."""
    found = instance()

    with pytest.raises(AttributeError, match="no attribute 'cpu_option'"):
        found.cpu_option  # noqa: B018 - reading it is the point


def test_made_by_hand():
    """An instance can be made without an answer, for a test, say."""
    made = Instance(instance_id="i-7", state=InstanceState(80, "stopped"), tags={"env": "dev"})

    assert made.cpu_options is None
    assert () == made.network_interfaces
    assert b"" == made.raw
    assert {
        "InstanceId": "i-7",
        "Tags": [{"Key": "env", "Value": "dev"}],
        "State": {"Code": 80, "Name": "stopped"},
    } == made.to_dict()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.tags = {}


# ---- pages --------------------------------------------------------------------------------------


def test_result():
    """A page has its reservations, their instances in order, and the next page's token."""
    one = (
        "<item><ownerId>1</ownerId><instancesSet><item><instanceId>i-{}</instanceId></item><x/>"
        "</instancesSet></item>"
    )
    body = (
        f"<DescribeInstancesResponse><reservationSet>{one.format(2)}{one.format(1)}"
        "<item/><strange/></reservationSet><nextToken>t</nextToken></DescribeInstancesResponse>"
    )

    result = parse(body.encode())

    assert ["i-2", "i-1"] == [each.instance_id for each in result.instances]
    assert ["1", "1", None] == [each.owner_id for each in result.reservations]
    assert "t" == result.next_token
    assert {"Reservations": 3, "NextToken": 1, "ResponseMetadata": 3} == {
        key: len(value) for key, value in result.to_dict().items()
    }


def test_growing():
    """Of a document that grows, each instance is taken out once it is there in full."""
    item = "<item><instanceId>i-{}</instanceId></item>"
    closed = "<item><ownerId>1</ownerId><instancesSet>{}</instancesSet></item>"
    items = "".join(map(item.format, range(3)))
    root = xml.parse(
        f"<a><reservationSet>{closed.format(items)}{closed.format(items)}</reservationSet></a>".encode()
    )
    collector = EVERYTHING.collector()

    assert collector.collect(root, is_complete=False)
    (growing,) = root[0]
    assert ["i-2"] == [each.findtext("instanceId") for each in growing[1]]
    assert not collector.collect(root, is_complete=False)
    assert collector.collect(root, is_complete=True)
    assert 0 == len(root[0])
    result = collector.result(root, parse(answer()).response_metadata)
    assert ["i-0", "i-1", "i-2"] * 2 == [each.instance_id for each in result.instances]
    assert not collector.collect(xml.parse(b"<a/>"), is_complete=True)


def test_no_reservations():
    """A page may have no instances, and the answer no list of them."""
    assert (
        ()
        == parse(
            b"<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>"
        ).instances
    )
    result = parse(b"<DescribeInstancesResponse/>")

    assert () == result.reservations
    assert "Reservations" not in result.to_dict()


# ---- other clouds: data/answers/README.md says where their shapes come from ----------------------


def cloud(name):
    """Return the instances of another cloud's answer, and their dicts, which can all be made."""
    result = parse((ANSWERS / f"{name}.xml").read_bytes())
    result.to_dict()
    return result.instances


def test_openstack():
    """An old namespace, a state of nova's own and groups without names are no trouble."""
    (found,) = cloud("openstack")

    assert ("i-0000000a", 0, "error") == (found.instance_id, found.state.code, found.state.name)
    assert datetime(2012, 2, 29, 23, 59, 59, tzinfo=UTC) == found.launch_time
    assert ("", {}, ()) == (found.key_name, found.tags, found.block_device_mappings)
    assert ("nova", None) == (found.placement.availability_zone, found.private_ip_address)


def test_eucalyptus():
    """A reason in brackets and a monitoring state of Eucalyptus's own are kept as they are."""
    (found,) = cloud("eucalyptus")

    assert ("i-3C1D07E5", "running") == (found.instance_id, found.state.name)
    assert "NORMAL:  -- [UPDATE]" == found.state_transition_reason
    assert ("false", "eki-55667788") == (found.monitoring.state, found.kernel_id)


def test_cloudstack():
    """A blank state is one of which nothing is known; the request's id comes last."""
    (found,) = cloud("cloudstack")

    assert (-1, "") == (found.state.code, found.state.name)
    assert {} == found.to_dict()["State"]
    assert datetime(2014, 3, 1, 8, 30, 5, tzinfo=UTC) == found.launch_time
    assert "default" == found.security_groups[0].group_name
    metadata = parse((ANSWERS / "cloudstack.xml").read_bytes()).response_metadata
    assert "0fd5cbb2-6cb1-4a2c-a5f2-b3dc8bb0d1c4" == metadata.request_id


def test_outscale():
    """Reservations without instances and empty texts are no trouble."""
    (found,) = cloud("outscale")

    assert ("pending", 0, "") == (found.state.name, found.ami_launch_index, found.public_dns_name)
    assert ("attaching", True) == (
        found.block_device_mappings[0].ebs.status,
        found.block_device_mappings[0].ebs.delete_on_termination,
    )
    assert [] == found.to_dict()["NetworkInterfaces"]


def test_nifty():
    """Ids that look like names, states of the cloud's own and empty flags are no trouble."""
    (found,) = cloud("nifty")

    assert ("batch01", "warning", 96) == (found.instance_id, found.state.name, found.state.code)
    assert (None, StateReason(code="", message="")) == (found.ami_launch_index, found.state_reason)
    assert datetime(2022, 7, 1, 9, tzinfo=UTC) == found.launch_time
    assert timedelta(hours=9) == found.block_device_mappings[0].ebs.attach_time.utcoffset()
    interface = found.network_interfaces[0]
    assert (1, None) == (interface.attachment.device_index, interface.attachment.attach_time)
    assert interface.source_dest_check is False
    assert None is found.public_ip_address
    assert "203.0.113.1" == xml.parse(found.raw).findtext("{*}IpAddress")


def test_prefixed():
    """A prefixed namespace, a state without a code and empty numbers are no trouble."""
    (found,) = cloud("prefixed")

    assert ("4711", "stopped", False) == (found.instance_id, found.state.name, found.hibernated)
    assert {"env": ""} == found.tags
    assert found.ami_launch_index is None
    assert timedelta(hours=2) == found.launch_time.utcoffset()


def test_bare():
    """An answer without a namespace, with ids and tags alone, is enough."""
    one, two = cloud("bare")

    assert ("i-1", {"Name": "one"}, None) == (one.instance_id, one.tags, one.state)
    assert ("i-2", {}, None) == (two.instance_id, two.tags, two.placement)
