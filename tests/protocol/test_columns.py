"""Reading many elements by columns says what walking them says, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.errors import ResponseError
from ec2lite.operations import stop_instances
from ec2lite.protocol import columns, xml

if TYPE_CHECKING:
    from ec2lite.protocol.xml import Element

PATHS = ("item/id", "item/state/code")
NAMESPACES = ["", ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"', ' xmlns="urn:o&amp;x"']

texts = st.sampled_from(["", "a", "b", "<![CDATA[c]]>", "d<!-- -->e", "&amp;", " "])
ids = texts.map("<id>{}</id>".format)
states = st.lists(texts.map("<code>{}</code>".format) | st.just("<more/>"), max_size=3).map(
    lambda parts: f"<state>{''.join(parts)}</state>"
)
regular = st.tuples(ids, texts.map("<state><code>{}</code></state>".format)).flatmap(
    lambda parts: st.permutations(parts)
)
items = (regular | st.lists(ids | states | st.just("<new>x</new>"), max_size=4)).map(
    lambda parts: f"<item>{''.join(parts)}</item>"
)
children = st.lists(items | st.sampled_from(["<other/>", "<!-- -->", "\n"]), max_size=6)


def parse(content: str, namespace: str = "") -> Element:
    """Return the element that holds the items."""
    return xml.parse(f"<set{namespace}>{content}</set>".encode())


def walk(parent: Element) -> list[list[str]]:
    """Return the same columns, one element after the other."""
    all_items = list(parent.iterchildren("{*}item"))
    return [
        [xml.text(item, "id") for item in all_items],
        [xml.text(xml.child(item, "state"), "code") for item in all_items],
    ]


@given(content=children.map("".join), namespace=st.sampled_from(NAMESPACES))
def test_never_differs_from_a_walk(content: str, namespace: str):
    """Whatever the order, the repetitions and the gaps, columns that are read are the walk's."""
    root = parse(content, namespace)
    table = columns.read(root, PATHS)

    assert table is None or walk(root) == table


@given(parts=st.lists(regular, max_size=6), namespace=st.sampled_from(NAMESPACES))
def test_reads_regular_documents(parts: list[list[str]], namespace: str):
    """Items that have each text once are read, whatever the namespace and the order in them."""
    content = "".join(f"<item><new/>{''.join(part)}</item>" for part in parts)
    root = parse(
        content.replace("<id></id>", "<id>x</id>").replace("<code></code>", "<code>1</code>"),
        namespace,
    )

    assert walk(root) == columns.read(root, PATHS)


@pytest.mark.parametrize(
    "content",
    [
        "<item><id>1</id></item>",
        "<item><id>1</id><state/></item>",
        "<item><id/><state><code>1</code></state></item>",
        "<item><id>1</id><state><code>1</code></state></item><other/>",
        "<item><id>1</id><id>2</id><state><code>1</code></state></item><item><state><code>1</code></state></item>",
    ],
)
def test_leaves_the_irregular_to_a_walk(content: str):
    """A text that is missing or empty, a strange child, a repetition that hides a gap: None."""
    assert columns.read(parse(content), PATHS) is None


def test_one_object_for_each_state():
    """A thousand instances in the same state share the object that says so."""
    item = (
        "<item><instanceId>i-{}</instanceId><currentState><code>64</code><name>stopping</name>"
        "</currentState><previousState><code>64</code><name>stopping</name></previousState></item>"
    )
    content = "".join(map(item.format, range(1000)))
    root = xml.parse(f"<r><instancesSet>{content}</instancesSet></r>".encode())

    changes = stop_instances.StopInstances.parse(None, root, None).stopping_instances  # type: ignore[arg-type] # neither is looked at

    assert [f"i-{index}" for index in range(1000)] == [each.instance_id for each in changes]
    assert 1 == len(
        {id(each.current_state) for each in changes} | {id(each.previous_state) for each in changes}
    )


def test_a_walk_says_what_is_missing():
    """A document too irregular for columns gets the error that names the missing element."""
    root = xml.parse(
        b"<r><instancesSet><item><instanceId>i-1</instanceId></item></instancesSet></r>"
    )

    with pytest.raises(ResponseError, match="<item> has no <currentState>"):
        stop_instances.StopInstances.parse(None, root, None)  # type: ignore[arg-type] # neither is looked at
