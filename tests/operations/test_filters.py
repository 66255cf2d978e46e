"""Filters: what a caller may write, and the names that EC2 has."""

from __future__ import annotations

import html
import re
import warnings

import attrs
import pytest

import model
from ec2lite.errors import ConfigError
from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.operations.filters import (
    Filter,
    UnknownFilterWarning,
    instance_names,
    nearest,
    status_names,
)

PAIRS = [("Filter.1.Name", "tag:env"), ("Filter.1.Value.1", "dev"), ("Filter.1.Value.2", "")]


def pairs_of(filters):
    """Return the form pairs of filters, without that of the page's size."""
    return DescribeInstances(filters=filters).form_pairs()[:-1]


@pytest.mark.parametrize(
    "write",
    [
        lambda: {"tag:env": ["dev", ""]},
        lambda: {"tag:env": ("dev", "")},
        lambda: {"tag:env": iter(["dev", ""])},
        lambda: [Filter("tag:env", ["dev", ""])],
        lambda: (each for each in [Filter("tag:env", ["dev", ""])]),
        lambda: Filter("tag:env", ("dev", "")),
    ],
)
def test_forms(write):
    """Filters may be a dict, Filter objects, or one of them; empty values are sent."""
    assert PAIRS == pairs_of(write())


def test_lone_string():
    """A lone string is one value, not one for each of its letters."""
    assert Filter("tag:env", ["dev"]) == Filter("tag:env", "dev")
    assert (Filter("tag:env", ["dev"]),) == DescribeInstances(filters={"tag:env": "dev"}).filters


def test_same_name_twice():
    """Filters of one name are sent as they were given: an instance has to match each."""
    filters = [Filter("tag:env", "a*"), Filter("tag:env", "*b")]

    assert filters == list(DescribeInstances(filters=filters).filters)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({}, "filters must be at least one filter, not empty"),
        ([], "filters must be at least one filter, not empty"),
        ("tag:env", "filters must be a dict or a list of Filter, not str"),
        (7, "filters must be a dict or a list of Filter, not int"),
        (["tag:env"], "filters[0] must be a Filter, not str"),
        ([Filter("vpc-id", "v"), {}], "filters[1] must be a Filter, not dict"),
        (
            {"vpc-id": []},
            "filters['vpc-id'].values must be at least one value, not an empty list",
        ),
        ({"vpc-id": None}, "filters['vpc-id'].values must be a list of strings, not None"),
        (
            {"ebs-optimized": True},
            "filters['ebs-optimized'].values must be a list of strings, not bool",
        ),
        ({"vpc-id": ["v", 1]}, "filters['vpc-id'].values[1] must be a string, not int"),
        ({1: ["v"]}, "filters[1].name must be a string, not int"),
        ({" ": ["v"]}, "filters[' '].name must be the name of a filter, not a blank string"),
        (
            {"vpc-id": ["v"] * 150, "subnet-id": ["s"] * 51},
            "filters must be 200 values at most, EC2's limit, not 201",
        ),
    ],
)
def test_refused(filters, message):
    """What EC2 would not understand is refused by name, before anything is sent."""
    with pytest.raises(ConfigError) as caught:
        DescribeInstances(filters=filters)

    assert message == str(caught.value)


def test_most_values():
    """Two hundred values are as many as EC2 takes, and pass."""
    request = DescribeInstances(filters={"vpc-id": ["v"] * 150, "subnet-id": ["s"] * 50})

    assert 202 == len([name for name, _ in request.form_pairs() if name.startswith("Filter")])


@pytest.mark.parametrize("values", [[], (), {}])
def test_filter_without_values(values):
    """A filter without values is refused: EC2 would take it for none."""
    with pytest.raises(ConfigError):
        Filter("tag:env", values)


# ---- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "count", "names"),
    [
        ("DescribeInstances", 136, instance_names()),
        ("DescribeInstanceStatus", 18, status_names()),
    ],
)
def test_names(action, count, names):
    """The names are those that botocore's model lists."""
    text = model.operation(action).input_shape.members["Filters"].documentation
    theirs = {html.unescape(each) for each in re.findall("<li> <p> <code>([^<]+)</code>", text)}

    assert theirs == names
    assert count == len(names)


@pytest.mark.parametrize("name", [*sorted(instance_names() - {"tag:<key>"}), "tag:a", "tag:a:b"])
def test_known(name):
    """A name that EC2 has passes without a warning, and so does a tag of any key."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DescribeInstances(filters={name: "x"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("instance-state", "instance-state-name"),
        ("instance_state_name", "instance-state-name"),
        ("Instance-State-Name", "instance-state-name"),
        ("tags:env", "tag:<key>"),
        ("Tag:aws:autoscaling:groupName", "tag:<key>"),
        ("tags:aws:autoscaling:groupName", "tag:<key>"),
        ("tag:", "tag:<key>"),
        ("availability-zones", "availability-zone"),
        ("vpc", "vpc-id"),
        ("§", "vpc-id"),
    ],
)
def test_unknown(name, expected):
    """A name that EC2 does not have is a warning that tells the nearest one, and is sent."""
    with pytest.warns(UnknownFilterWarning) as caught:
        request = DescribeInstances(filters={name: "x"})

    message = f"EC2 has no filter {name!r}; the nearest is {expected!r}"
    assert [message] == [str(each.message) for each in caught]
    assert ("Filter.1.Name", name) in request.form_pairs()


def test_where_the_warning_points():
    """The warning is of the line that made the request, not of one of ec2lite's."""
    with pytest.warns(UnknownFilterWarning) as caught:
        DescribeInstances(filters={"vpc": "x"})

    assert [__file__] == [each.filename for each in caught]


def test_one_warning():
    """A request is warned of once, however often it is changed or paged through."""
    with pytest.warns(UnknownFilterWarning):
        request = DescribeInstances(filters={"instance-stat-name": "x"})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        attrs.evolve(request, dry_run=True)
        list(request.calls())


def test_names_of_status():
    """DescribeInstanceStatus has names of its own, and no tags."""
    with pytest.warns(UnknownFilterWarning, match="the nearest is 'system-status.status'"):
        DescribeInstanceStatus(filters={"status.status": "ok"})
    with pytest.warns(UnknownFilterWarning, match="'tag:code'; the nearest is 'event.code'"):
        DescribeInstanceStatus(filters={"tag:code": "dev"})


def test_nearest_is_known():
    """Whatever is nearest is a name that EC2 has."""
    assert nearest("", status_names()) in status_names()
