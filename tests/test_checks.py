"""Arguments that are refused before anything is sent."""

from __future__ import annotations

import asyncio
import functools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ec2lite
from ec2lite import checks
from ec2lite.bulk.many import StopMany
from ec2lite.errors import ConfigError
from ec2lite.waiters import WaitUntilStopped
from strategies import ODD_IDS


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("i-1", ("i-1",)),
        (["i-1", "i-2"], ("i-1", "i-2")),
        (("i-1",), ("i-1",)),
        ({"i-1"}, ("i-1",)),
        ({"i-1": 1}.keys(), ("i-1",)),
        (["i-2", "i-1", "i-2", "i-1"], ("i-2", "i-1")),
        # EC2-compatible clouds have ids of their own kinds.
        (["VM 7/é", "0b7c9f9c-8d38-4f5c"], ("VM 7/é", "0b7c9f9c-8d38-4f5c")),
        ("x" * 255, ("x" * 255,)),
    ],
)
def test_ids(ids, expected):
    """Ids are kept as they are, in their order and once each; a lone string is one id."""
    assert expected == checks.instance_ids(ids)


def test_iterator():
    """Ids that can be read only once are read once."""
    assert ("i-1", "i-2") == checks.instance_ids(iter(["i-1", "i-2"]))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "instance_ids must be at least one id, not an empty list"),
        ((), "instance_ids must be at least one id, not an empty list"),
        ("", "instance_ids must be an id, not an empty string"),
        (["i-1", " \t"], "instance_ids[1] must be an id, not a blank string"),
        (None, "instance_ids must be a list of strings, not None"),
        (7, "instance_ids must be a list of strings, not int"),
        (b"i-1", "instance_ids must be a list of strings, not bytes"),
        (bytearray(b"i-1"), "instance_ids must be a list of strings, not bytearray"),
        (memoryview(b"i-1"), "instance_ids must be a list of strings, not memoryview"),
        ({"InstanceIds": ["i-1"]}, "instance_ids must be a list of strings, not dict"),
        ({}, "instance_ids must be a list of strings, not dict"),
        (["i-1", None], "instance_ids[1] must be a string, not None"),
        ([b"i-1"], "instance_ids[0] must be a string, not bytes"),
        ([["i-1"]], "instance_ids[0] must be a string, not list"),
        (["i-1\n"], "instance_ids[0] must be printable, not 'i-1\\n'"),
        (["i-1", "i-\x002"], "instance_ids[1] must be printable, not 'i-\\x002'"),
        (["i-\x7f"], "instance_ids[0] must be printable, not 'i-\\x7f'"),
        (["i-\u2028"], "instance_ids[0] must be printable, not 'i-\\u2028'"),
        # No UTF-8 can be made of half a surrogate pair.
        (["i-\ud800"], "instance_ids[0] must be printable, not 'i-\\ud800'"),
        (["x" * 256], "instance_ids[0] must be an id of at most 255 characters, not one of 256"),
    ],
    ids=repr,
)
def test_bad_ids(ids, message):
    """What is no id is refused by its place in the argument."""
    with pytest.raises(ConfigError) as caught:
        checks.instance_ids(ids)

    assert message == str(caught.value)


@given(st.lists(ODD_IDS, min_size=1))
def test_once_each(ids):
    """Whatever the ids, none is lost, none is doubled, and the first of each keeps its place."""
    unique = checks.instance_ids(ids)

    assert sorted(set(ids)) == sorted(unique)
    assert sorted(unique, key=ids.index) == list(unique)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("dev", ("dev",)), ("", ("",)), (["b", "a", "b"], ("b", "a", "b")), ([], ())],
)
def test_strings(value, expected):
    """Strings are kept as they are; a lone one is a list of one."""
    assert expected == checks.strings(value, "values")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "values must be a list of strings, not int"),
        ({"a": "b"}, "values must be a list of strings, not dict"),
        (["a", 5], "values[1] must be a string, not int"),
    ],
)
def test_no_strings(value, message):
    """What is not a list of strings is refused by its place in the argument."""
    with pytest.raises(ConfigError) as caught:
        checks.strings(value, "values")

    assert message == str(caught.value)


def test_instance_id():
    """A single id is checked under its own name."""
    assert "i-1" == checks.instance_id("i-1")
    with pytest.raises(ConfigError, match=r"^instance_id must be a string, not list$"):
        checks.instance_id(["i-1"])


@pytest.mark.parametrize("name", ["eu-west-1", "us-gov-west-1", "us-iso-east-1", "xx-new-south-12"])
def test_aws_region(name):
    """Every Region of AWS's has a name of words and a number, those to come as well."""
    assert name == checks.aws_region("region", name)


@pytest.mark.parametrize(
    "name",
    ["us-east-1a", "EU-WEST-1", "nowhere", "us-east", "eu-west-0", "1", "aws-global", "eu-1"],
)
def test_no_aws_region(name):
    """A zone, a word in capitals or half a name is not a Region of AWS's."""
    expected = f"region must be the name of a Region, such as eu-west-1, not {name!r}"
    with pytest.raises(ConfigError) as caught:
        checks.aws_region("region", name)

    assert expected == str(caught.value)


def test_long_value():
    """A message shows the beginning of a long value."""
    with pytest.raises(ConfigError) as caught:
        checks.region("region", "a b" * 1000)

    assert len(str(caught.value)) < 200


@given(st.text(max_size=300) | st.integers() | st.floats() | st.none() | st.binary())
def test_any_value(value):
    """Whatever is checked, it is returned, or refused in the one grammar."""
    for check in [
        checks.text,
        checks.flag,
        checks.whole,
        checks.seconds,
        checks.header,
        checks.region,
        checks.function,
        functools.partial(checks.key, is_header=True),
        functools.partial(checks.key, is_header=False),
    ]:
        try:
            found = check("it", value)
        except ConfigError as error:
            message = str(error)
        else:
            assert value is found
            continue
        assert re.fullmatch(r"it must be .+, not .+", message)


class Awaiting:
    async def __call__(self, progress):
        """Await something."""


@pytest.mark.parametrize("listener", [asyncio.sleep, Awaiting()], ids=["function", "object"])
@pytest.mark.parametrize(
    "make",
    [
        lambda it: ec2lite.Client("eu-west-1", on_event=it),
        lambda it: WaitUntilStopped("i-1", on_progress=it),
        lambda it: StopMany("i-1", on_progress=it),
    ],
    ids=["call", "wait", "many"],
)
def test_listeners_are_not_awaited(make, listener):
    """A listener that would have to be awaited is refused, of whatever it would be told."""
    with pytest.raises(ConfigError, match="must be a function that is not awaited, not a corou"):
        make(listener)
