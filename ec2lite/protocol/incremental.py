"""Large documents, read while they are parsed, so that never all of one is in memory as a tree.

A tree takes several times the memory of its text. So the text goes to the parser in pieces,
and after each one a collector takes out of the tree what is there in full.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ec2lite.protocol import xml

if TYPE_CHECKING:
    from lxml import etree

    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element

R = TypeVar("R", covariant=True)

PIECE: Final = 128 * 1024
"""Bytes that the parser gets at once. Smaller ones cost time, larger ones memory."""


class Collector(Protocol[R]):
    """Takes what an operation wants out of a document that grows; each answer has its own."""

    root: str
    """The name of the root; a document with another one, an error say, is left alone."""

    def collect(self, root: Element, *, is_complete: bool) -> bool:
        """Read and remove what is there in full; return whether there was anything."""
        ...

    def result(self, root: Element, metadata: ResponseMetadata) -> R:
        """Return the result: what was collected, and what the rest of the document says."""
        ...


def parse(body: bytes, collector: Collector[object], piece: int = PIECE) -> Element:
    """Return the root of a document, as ``xml.parse`` does, from which much has been taken."""
    from lxml import etree

    xml.check(body)
    try:
        root = _parse(body, collector, piece)
    except etree.XMLSyntaxError as error:
        raise xml.broken(str(error.msg)) from None
    xml.refuse_doctype(root)
    if xml.local_name(root) == collector.root:
        collector.collect(root, is_complete=True)
    return root


def _parse(body: bytes, collector: Collector[object], size: int) -> Element:
    from lxml import etree

    parser = etree.XMLPullParser(
        events=("start",),
        tag=f"{{*}}{collector.root}",
        **xml.OPTIONS,
    )
    head, start = _without_namespace(body, collector.root)
    parser.feed(head)
    root = _root(parser)
    while start < len(body):
        # Up to the end of a tag: libxml2 drops a text of blanks if it cannot see what comes next.
        end = body.find(b">", start + size - 1) + 1 or len(body)
        parser.feed(body[start:end])
        start = end
        root = _root(parser) if root is None else root
        if root is None or not collector.collect(root, is_complete=False):
            # Each look covers what was there before: look less often where there is nothing.
            size *= 2
    return parser.close()


def _root(parser: etree.XMLPullParser) -> Element | None:
    for _, element in parser.read_events():
        if element.getparent() is None:
            xml.refuse_doctype(element)
            return element
    return None


def _without_namespace(body: bytes, root: str) -> tuple[bytes, int]:
    """Return a document's beginning without the root's default namespace, and where it ended.

    We read local names, and lxml makes those a third faster than names in a namespace.
    """
    declared = re.compile(rb'([^<]*(?:<\?xml[^<>]*\?>)?\s*<%b) xmlns="[^"<]*">' % root.encode())
    found = declared.match(body, 0, 1000)
    return (b"", 0) if found is None else (found[1] + b">", found.end())
