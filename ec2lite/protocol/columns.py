"""Many elements of one kind, read column by column: a fifth of the time of walking each.

libxml2 collects the texts of a column in one go; a walk makes a Python object for every element on
its way.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from ec2lite.protocol.xml import Element


def read(parent: Element, paths: Iterable[str]) -> list[list[str]] | None:
    """Return a column of texts for each path, such as ``item/state/code``, one for every child.

    Names are those of ``parent``'s own namespace. None stands for a document that is less regular,
    and has to be walked: a child that is something else, lacks a text, or has an empty one.
    """
    namespace = str(parent.tag).rpartition("}")[0][1:]
    columns: list[list[str]] = [_compiled(path, namespace)(parent) for path in paths]
    # A path finds one text in each child at most. So columns that are as long as there are children
    # have exactly one from each, and a place in one belongs to the same place in the others.
    if any(len(column) != len(parent) for column in columns):
        return None
    return columns


@functools.lru_cache(maxsize=32)  # the namespace is the service's to choose
def _compiled(path: str, namespace: str) -> etree.XPath:
    from lxml import etree

    prefix = "n:" if namespace else ""
    first, *rest = path.split("/")
    steps = [f"{prefix}{first}", *(f"{prefix}{name}[1]" for name in rest), "text()[1]"]
    return etree.XPath(
        "/".join(steps),
        namespaces={"n": namespace} if namespace else None,
        regexp=False,
        # Strings that know their element keep the whole document alive, and take longer to make.
        smart_strings=False,
    )
