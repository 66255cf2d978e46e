"""Every action on instances: the same requests and answers as botocore's."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ec2lite
import model
from asked import ASKS, MODIFIES, REBOOTS, STARTS, TERMINATES, parameters
from ec2lite.errors import ResponseError
from ec2lite.operations.attributes import ATTRIBUTES
from ec2lite.operations.instance_attributes import DescribeInstanceAttributeResult
from ec2lite.operations.members import members
from ec2lite.operations.paging import Paged
from ec2lite.protocol.request import encode
from strategies import STOPS, change_trees, documents, shuffled


@given(STOPS | STARTS | REBOOTS | TERMINATES | MODIFIES | ASKS)
def test_requests(request):
    """The body has the pairs that botocore's serializer makes, each once."""
    theirs = model.serialized(request.action, parameters(request))

    ours = parse_qsl(encode(request).decode("ascii"), keep_blank_values=True, strict_parsing=True)

    assert theirs == dict(ours)
    assert len(theirs) == len(ours)


@pytest.mark.parametrize(
    "request_class", [ec2lite.StopInstances, ec2lite.StartInstances, ec2lite.TerminateInstances]
)
@given(data=st.data())
def test_changes_of_state(request_class, data):
    """``to_dict`` is botocore's parse, in any namespace and order, with strange elements too."""
    action = request_class.action
    body = data.draw(change_trees(action).flatmap(shuffled).flatmap(documents))
    theirs = model.parsed(action, body)

    ours = dict_of(request_class("i-1"), body)

    assert theirs == ours
    assert model.same(ours, theirs)


@given(model.answers("DescribeInstanceAttribute").flatmap(documents), st.sampled_from(ATTRIBUTES))
def test_attributes(body, attribute):
    """Each attribute that is there is read as botocore reads it, those without a value too."""
    theirs = model.parsed("DescribeInstanceAttribute", body)

    ours = dict_of(ec2lite.DescribeInstanceAttribute("i-1", attribute), body)

    assert theirs == ours
    assert model.same(ours, theirs)


def test_no_attribute_is_missing():
    """The result has every member of botocore's model, under the same wire name."""
    shape = model.operation("DescribeInstanceAttribute").output_shape
    theirs = {key: member.serialization["name"] for key, member in shape.members.items()}

    assert theirs == {m.key: m.wire for m in members(DescribeInstanceAttributeResult)}


def test_attribute_names():
    """The attributes are those of botocore's model."""
    shape = model.operation("DescribeInstanceAttribute").input_shape

    assert set(shape.members["Attribute"].enum) == set(ATTRIBUTES)


@pytest.mark.parametrize(
    "request_class",
    [
        ec2lite.StopInstances,
        ec2lite.StartInstances,
        ec2lite.RebootInstances,
        ec2lite.TerminateInstances,
        ec2lite.ModifyInstanceAttribute,
        ec2lite.DescribeInstanceAttribute,
        ec2lite.DescribeInstances,
        ec2lite.DescribeInstanceStatus,
    ],
)
def test_no_parameter_is_missing(request_class):
    """The request has every member of botocore's model."""
    shape = model.operation(request_class.action).input_shape
    paging = {"MaxResults"} if issubclass(request_class, Paged) else set()

    assert set(shape.members) == {member.key for member in members(request_class)} | paging


def dict_of(request, body):
    """Return the dict of a document, without how it came."""
    result = ec2lite.parse_response(request, status_code=200, headers={}, body=body).to_dict()
    assert "RequestId" in result["ResponseMetadata"] or b"requestId" not in body
    del result["ResponseMetadata"]
    return result


@pytest.mark.parametrize("action", ["StopInstances", "StartInstances", "TerminateInstances"])
@given(data=st.data())
def test_a_change_that_lacks_something(action, data):
    """An answer that lacks a required member is an error that names it, wherever it is missing."""
    name, inside = data.draw(change_trees(action).filter(lambda tree: tree[1][-1][1]))
    items = list(inside[-1][1])
    place = data.draw(st.integers(0, len(items) - 1))
    members = list(items[place][1])
    gone = members.pop(data.draw(st.integers(0, 2)))[0]
    items[place] = ("item", members)
    body = data.draw(documents((name, [*inside[:-1], ("instancesSet", items)])))

    with pytest.raises(ResponseError, match=f"<item> has no <{gone}>"):
        dict_of(getattr(ec2lite, action)("i-1"), body)
