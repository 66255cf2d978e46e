"""Arguments that are refused before anything is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.errors import ConfigError
from ec2lite.operations import arguments
from strategies import ODD_IDS


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("i-1", ("i-1",)),
        (["i-1", "i-2"], ("i-1", "i-2")),
        (("i-1",), ("i-1",)),
        ({"i-1": 1}, ("i-1",)),
        (["i-2", "i-1", "i-2", "i-1"], ("i-2", "i-1")),
        # EC2-compatible clouds have ids of their own kinds.
        (["VM 7/é", "0b7c9f9c-8d38-4f5c"], ("VM 7/é", "0b7c9f9c-8d38-4f5c")),
        ("x" * 255, ("x" * 255,)),
    ],
)
def test_ids(ids, expected):
    """Ids are kept as they are, in their order and once each; a lone string is one id."""
    assert expected == arguments.instance_ids(ids)


def test_iterator():
    """Ids that can be read only once are read once."""
    assert ("i-1", "i-2") == arguments.instance_ids(iter(["i-1", "i-2"]))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "instance_ids: at least one id is needed"),
        ((), "instance_ids: at least one id is needed"),
        ("", "instance_ids[0]: the id is empty"),
        (["i-1", " \t"], "instance_ids[1]: the id is empty"),
        (None, "instance_ids: a list of strings is needed, not NoneType"),
        (7, "instance_ids: a list of strings is needed, not int"),
        (b"i-1", "instance_ids: a list of strings is needed, not bytes"),
        (["i-1", None], "instance_ids[1]: a string is needed, not NoneType"),
        ([b"i-1"], "instance_ids[0]: a string is needed, not bytes"),
        ([["i-1"]], "instance_ids[0]: a string is needed, not list"),
        (["i-1\n"], "instance_ids[0]: 'i-1\\n' has control characters"),
        (["i-1", "i-\x002"], "instance_ids[1]: 'i-\\x002' has control characters"),
        (["i-\x7f"], "instance_ids[0]: 'i-\\x7f' has control characters"),
        (["i-\u2028"], "instance_ids[0]: 'i-\\u2028' has control characters"),
        # No UTF-8 can be made of half a surrogate pair.
        (["i-\ud800"], "instance_ids[0]: 'i-\\ud800' has control characters"),
        (["x" * 256], "instance_ids[0]: the id is longer than 255 characters"),
    ],
    ids=repr,
)
def test_bad_ids(ids, message):
    """What is no id is refused by its place in the argument."""
    with pytest.raises(ConfigError) as caught:
        arguments.instance_ids(ids)

    assert message == str(caught.value)


@given(st.lists(ODD_IDS, min_size=1))
def test_once_each(ids):
    """Whatever the ids, none is lost, none is doubled, and the first of each keeps its place."""
    unique = arguments.instance_ids(ids)

    assert sorted(set(ids)) == sorted(unique)
    assert sorted(unique, key=ids.index) == list(unique)
