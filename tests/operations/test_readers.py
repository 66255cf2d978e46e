"""Elements become objects, by a walk or by columns, and both say the same."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - attrs classes keep what they name
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.errors import ResponseError
from ec2lite.operations.fields import Shape, integer, nested, required, shape, tags, text, time
from ec2lite.operations.readers import items_reader, reader
from ec2lite.operations.shapes import InstanceStateChange
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from ec2lite.protocol.xml import Element


@shape
class Reason(Shape):
    """A structure that may be missing, with members that may."""

    code: int | None = integer("code")
    message: str | None = text("message")


@shape
class State(Shape):
    """A structure with a member that may not be missing."""

    name: str = required(text("name"))


@shape
class Machine(Shape):
    """All that columns can be made of."""

    id: str = required(text("id"))
    state: State = required(nested(State, "state"))
    zone: str | None = text("zone")
    size: int | None = integer("size")
    reason: Reason | None = nested(Reason, "reason")


NAMESPACES = ["", ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"', ' xmlns="urn:o&amp;x"']
TEXTS = st.sampled_from(["", "a", "b", "<![CDATA[c]]>", "d<!-- -->e", "&amp;", " "])
SIZES = st.sampled_from(["1", "1", "-2", " 3 ", "", "x"])


def element(name, content):
    """Return a strategy of one element."""
    return content.map(lambda inside: f"<{name}>{inside}</{name}>")


def elements(*parts):
    """Return a strategy of some of the elements, in any order."""
    chosen = st.tuples(*(st.none() | part for part in parts))
    return chosen.flatmap(lambda found: st.permutations([each for each in found if each])).map(
        "".join
    )


ID, ZONE = element("id", TEXTS), element("zone", TEXTS)
STATE = element("state", element("name", TEXTS))
REASON = element("reason", elements(element("code", SIZES), element("message", TEXTS)))
STRANGER = st.sampled_from(["<new>x</new>", '<zone xmlns="urn:other">o</zone>', "<!-- -->"])
ITEM = element("item", elements(ID, ZONE, ZONE, STATE, REASON, element("size", SIZES), STRANGER))
WHOLE = st.tuples(ID, STATE, element("size", st.sampled_from("123")), st.just("") | ZONE).flatmap(
    st.permutations
)
WHOLE_ITEM = element("item", WHOLE.map("".join))


def parse(content: str, namespace: str = "") -> Element:
    """Return the element that holds the items."""
    return xml.parse(f"<set{namespace}>{content}</set>".encode())


def outcome(read, *arguments):
    """Return what comes of reading: a result, or an error's text."""
    try:
        return read(*arguments)
    except ResponseError as error:
        return str(error)


def walk(root):
    """Read all items one after the other."""
    return tuple(map(reader(Machine), root.iterchildren("{*}item")))


@given(
    st.lists(ITEM | WHOLE_ITEM | st.just("<other/>"), max_size=9)
    | st.lists(WHOLE_ITEM, min_size=5, max_size=9),
    st.sampled_from(NAMESPACES),
)
def test_columns_never_differ_from_a_walk(content, namespace):
    """Whatever the order, the repetitions and the gaps, columns give the walk's result or error."""
    root = parse("".join(content), namespace)

    assert outcome(walk, root) == outcome(items_reader(Machine), root)


@pytest.mark.parametrize("number", [1, 4, 5, 6, 1000])
def test_optional_members(number):
    """A member that some items lack is None there, however many there are."""
    item = "<item><id>i</id><state><name>on</name></state>{}</item>"
    zone = item.format("<zone>a</zone><reason><code>1</code></reason>")
    content = "".join(zone if n % 3 == 0 else item.format("") for n in range(number))

    machines = items_reader(Machine)(parse(content))

    state = State("on")
    expected = [
        Machine("i", state, "a", None, Reason(1, None)) if n % 3 == 0 else Machine("i", state)
        for n in range(number)
    ]
    assert tuple(expected) == machines


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_one_object_for_each_state(namespace):
    """A thousand instances in the same state share the object that says so."""
    item = (
        "<item><instanceId>i-{}</instanceId><currentState><code>64</code><name>stopping</name>"
        "</currentState><previousState><code>64</code><name>stopping</name></previousState></item>"
    )

    changes = items_reader(InstanceStateChange)(
        parse("".join(map(item.format, range(1000))), namespace)
    )

    assert [f"i-{index}" for index in range(1000)] == [each.instance_id for each in changes]
    assert 1 == len({id(each.current_state) for each in changes})


def test_one_of_many_lacks_what_it_must_have():
    """A required member that one of many items lacks is an error that names it."""
    item = "<item><id>i</id><state><name>on</name></state></item>"
    root = parse(item * 9 + "<item><state><name>on</name></state></item>")

    with pytest.raises(ResponseError, match="id"):
        items_reader(Machine)(root)


@pytest.mark.parametrize("wrong", ["<size>x</size>", "<since>99999999999999999999</since>"])
def test_one_of_many_is_wrong(wrong):
    """A wrong value in one of many items is an error that names it, whatever is wrong with it."""

    @shape
    class Dated(Shape):
        size: int | None = integer("size")
        since: datetime | None = time("since")

    item = "<item><size>1</size><since>2026-03-11T08:12:34Z</since></item>"
    name = wrong[1 : wrong.index(">")]
    other = "<since>0</since>" if name == "size" else "<size>1</size>"
    root = parse(item * 9 + f"<item>{wrong}{other}</item>")

    with pytest.raises(ResponseError, match=f"^<{name}> is not a"):
        items_reader(Dated)(root)


def test_many_without_columns():
    """Items with a member that cannot be a column, or whose structure cannot, are read whole."""

    @shape
    class Tagged(Shape):
        id: str | None = text("id")
        tags: dict[str, str] = tags("tagSet")

    @shape
    class Holder(Shape):
        id: str | None = text("id")
        held: Tagged | None = nested(Tagged, "held")

    tagged = "<id>a</id><tagSet><item><key>k</key><value>v</value></item></tagSet>"
    flat = parse(f"<item>{tagged}</item>" * 6)
    deep = parse(f"<item><id>b</id><held>{tagged}</held></item>" * 6)

    expected = Tagged("a", {"k": "v"})
    assert (expected,) * 6 == items_reader(Tagged)(flat)
    assert (Holder("b", expected),) * 6 == items_reader(Holder)(deep)


def test_strangers_among_many():
    """An element that is no item is passed over, however many items there are."""
    item = "<item><id>i</id><state><name>on</name></state></item>"

    machines = items_reader(Machine)(parse(item * 5 + "<other/>" + item * 4))

    assert (Machine("i", State("on")),) * 9 == machines
