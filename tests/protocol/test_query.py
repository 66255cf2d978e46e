"""The form body of a request."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.errors import ConfigError
from ec2lite.protocol import query

WRITABLE = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def test_body():
    """The action and the version come first, then the pairs in their order."""
    body = query.encode("StopInstances", "2016-11-15", [("InstanceId.1", "i-1"), ("Force", "true")])

    assert b"Action=StopInstances&Version=2016-11-15&InstanceId.1=i-1&Force=true" == body


def test_no_pairs():
    """An action without parameters is its name and version."""
    assert b"Action=A&Version=1" == query.encode("A", "1", [])


def test_escapes():
    """Whatever is not unreserved in RFC 3986 is percent-encoded as UTF-8, a space included."""
    body = query.encode("A", "1", [("X", "aZ09-_.~ +/&=%é\n")])

    assert b"Action=A&Version=1&X=aZ09-_.~%20%2B%2F%26%3D%25%C3%A9%0A" == body


@given(st.lists(WRITABLE, max_size=5))
def test_reversible(values):
    """Every reader of forms gets back the values that were written."""
    body = query.encode("A", "1", [("X", value) for value in values])

    decoded = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)

    assert [("Action", "A"), ("Version", "1"), *(("X", value) for value in values)] == decoded


@pytest.mark.parametrize("half", [0xD800, 0xDB12, 0xDFFF])
def test_half_a_surrogate_pair(half):
    """Text that UTF-8 cannot encode is refused by its name, and is not shown."""
    with pytest.raises(ConfigError) as caught:
        query.encode("A", "1", [("X", "plain"), ("Y.2", f"a{chr(half)}b")])

    expected = "Y.2 must be text that UTF-8 can encode, not text with half a surrogate pair"
    assert expected == str(caught.value)


def test_neighbours_of_surrogates():
    """The characters just beside the surrogates are sent as they are."""
    assert b"Action=A&Version=1&X=%ED%9F%BF%EE%80%80%2F" == query.encode(
        "A", "1", [("X", "\ud7ff\ue000/")]
    )
