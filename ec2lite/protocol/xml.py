"""XML from a stranger: parsed without its dangers, read by local names.

Local names, because AWS's namespace has a version in it and EC2-compatible clouds send others or
none; never by position, because the order of elements may vary.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, TypeAlias

from ec2lite.errors import ResponseError

if TYPE_CHECKING:
    from lxml import etree


WHITE_SPACE: Final = " \t\r\n"

Element: TypeAlias = "etree._Element"  # pyright: ignore[reportPrivateUsage] # noqa: SLF001 - lxml has no other name for it


@functools.cache
def _parser() -> etree.XMLParser:
    from lxml import etree

    # https://lxml.de/parsing.html: entities stay as they are, nothing is fetched, and libxml2's
    # limits on depth (256) and on the size of a text hold.
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def parse(body: bytes) -> Element:
    """Return the root of a document; raise ``ResponseError`` where it is none.

    The encoding it declares is honoured. A DOCTYPE is refused: the protocol has none, and entities
    need one.
    """
    from lxml import etree

    try:
        root = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError as error:
        reason = f"the answer is no well-formed XML: {error.msg}"
        raise ResponseError(reason, is_broken=True) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ResponseError("the answer has a DOCTYPE, which the protocol does not know")
    return root


def local_name(element: Element) -> str:
    """Return the element's name without its namespace."""
    # Always a str here: comments and processing instructions, whose tags are not, were removed.
    return str(element.tag).rpartition("}")[2]


def find(parent: Element, name: str) -> Element | None:
    """Return the first child of that local name."""
    return next(parent.iterchildren(f"{{*}}{name}"), None)


def child(parent: Element, name: str) -> Element:
    """Return the first child of that local name; raise ``ResponseError`` if there is none."""
    found = find(parent, name)
    if found is None:
        raise ResponseError(f"<{local_name(parent)}> has no <{name}>")
    return found


def text(parent: Element, name: str) -> str:
    """Return the text of the child of that local name; raise ``ResponseError`` if there is none."""
    return child(parent, name).text or ""
