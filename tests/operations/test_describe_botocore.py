"""DescribeInstances and DescribeInstanceStatus: the same requests and answers as botocore's."""

from __future__ import annotations

import contextlib
from urllib.parse import parse_qsl

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ec2lite
import model
from asked import DESCRIBES, STATUSES, parameters
from ec2lite.errors import EC2Error
from ec2lite.models import ResponseMetadata
from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.operations.instance_status import DescribeInstanceStatusResult
from ec2lite.operations.members import members
from ec2lite.operations.reservations import DescribeInstancesResult
from ec2lite.protocol import incremental, xml
from ec2lite.protocol.request import encode
from strategies import documents, mutations

EVERYTHING = DescribeInstances(all_instances=True)
EVERY_STATUS = DescribeInstanceStatus(all_instances=True)
METADATA = ResponseMetadata("r-1", 200, {})


def dict_of(request, body):
    """Return the dict of a document, without how it came."""
    result = ec2lite.parse_response(request, status_code=200, headers={}, body=body).to_dict()
    del result["ResponseMetadata"]
    return result


# ---- answers ------------------------------------------------------------------------------------


@given(model.answers("DescribeInstances").flatmap(documents))
def test_instances(body):
    """``to_dict`` is botocore's parse for each member there is, key for key, types included."""
    theirs = model.parsed("DescribeInstances", body)
    ours = dict_of(EVERYTHING, body)

    assert theirs == ours
    assert model.same(ours, theirs)


@given(model.answers("DescribeInstanceStatus").flatmap(documents))
def test_statuses(body):
    """``to_dict`` is botocore's parse for each member there is, key for key, types included."""
    theirs = model.parsed("DescribeInstanceStatus", body)
    ours = dict_of(EVERY_STATUS, body)

    assert theirs == ours
    assert model.same(ours, theirs)


def structures(shape, cls):
    """Return the model's structures and our classes, side by side."""
    yield shape, cls
    for member in members(cls):
        inner = shape.members[member.key]
        inner = inner.member if inner.type_name == "list" else inner
        ours = member.kind.shape or getattr(getattr(member.kind, "each", None), "shape", None)
        if ours is not None:
            yield from structures(inner, ours)


@pytest.mark.parametrize(
    ("action", "result"),
    [
        ("DescribeInstances", DescribeInstancesResult),
        ("DescribeInstanceStatus", DescribeInstanceStatusResult),
    ],
)
def test_no_member_is_missing(action, result):
    """Each structure has every member of botocore's model, under the same wire name."""
    for shape, cls in structures(model.operation(action).output_shape, result):
        theirs = {k: m.serialization.get("name", k) for k, m in shape.members.items()}
        assert theirs == {member.key: member.wire for member in members(cls)}, cls


@given(
    model.answers("DescribeInstances").flatmap(documents),
    st.sampled_from([1, 2, 7, 50, 300, 10_000]),
)
def test_in_pieces(body, piece):
    """A document gives the same instances in pieces of any size as when it is read whole."""
    whole = EVERYTHING.parse(xml.parse(body), METADATA)

    collector = EVERYTHING.collector()
    root = incremental.parse(body, collector, piece)
    pieces = collector.result(root, METADATA)

    assert whole == pieces
    assert whole.to_dict() == pieces.to_dict()
    for one, other in zip(whole.instances, pieces.instances, strict=True):
        assert contents(one.raw) == contents(other.raw)


@pytest.mark.parametrize("piece", [1, 2, 3, 60, 61, 62, 63, 64])
def test_blanks_in_pieces(piece):
    """A text of blanks is kept, wherever a document is cut."""
    body = (
        b"<DescribeInstancesResponse><reservationSet><item><instancesSet><item> <reason> </reason>"
        b"<tagSet><item><key> </key><value>  </value></item></tagSet></item></instancesSet></item>"
        b"</reservationSet></DescribeInstancesResponse>"
    )
    collector = EVERYTHING.collector()
    root = incremental.parse(body, collector, piece)

    (instance,) = collector.result(root, METADATA).instances

    assert (" ", {" ": "  "}) == (instance.state_transition_reason, instance.tags)


def contents(raw):
    """Return what is in an element: local names, texts, and what is inside."""
    element = xml.parse(raw) if isinstance(raw, bytes) else raw
    return xml.local_name(element), element.text, [contents(child) for child in element]


@given(
    model.answers("DescribeInstances").flatmap(documents).flatmap(mutations),
    st.sampled_from([1, 64, 10_000]),
)
def test_broken_instances(body, piece):
    """Whatever the bytes, there is a result or an EC2Error, at once or when a member is read."""
    with contextlib.suppress(EC2Error):
        collector = EVERYTHING.collector()
        root = incremental.parse(body, collector, piece)
        assert isinstance(collector.result(root, METADATA).to_dict(), dict)


@given(model.answers("DescribeInstanceStatus").flatmap(documents).flatmap(mutations))
def test_broken_statuses(body):
    """Whatever the bytes, there is a result or an EC2Error."""
    with contextlib.suppress(EC2Error):
        assert isinstance(dict_of(EVERY_STATUS, body), dict)


# ---- requests -----------------------------------------------------------------------------------


@given(DESCRIBES | STATUSES)
def test_body(request):
    """The body has the pairs that botocore's serializer makes, each once."""
    theirs = model.serialized(request.action, parameters(request))

    ours = parse_qsl(encode(request).decode("ascii"), keep_blank_values=True, strict_parsing=True)

    assert {name: str(value) for name, value in theirs.items()} == dict(ours)
    assert len(theirs) == len(ours)


@given(DESCRIBES)
def test_evolve(request):
    """A request can be changed as attrs classes are, and stays what it was otherwise."""
    assert request == attrs.evolve(request)
    assert "t" == attrs.evolve(request, next_token="t").next_token
