"""XML from a stranger: parsed without its dangers, read by local names.

Local names, because AWS's namespace has a version in it and EC2-compatible clouds send others or
none; never by position, because the order of elements may vary.

A parser and a compiled XPath hold a lock while they work, so each thread has its own. A large
answer in one thread then holds up no other, and a process that is forked while other threads parse
has no lock that nobody will ever release.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict

from ec2lite.errors import ConfigError, ResponseError

if TYPE_CHECKING:
    from lxml import etree


WHITE_SPACE: Final = " \t\r\n"

Element: TypeAlias = "etree._Element"  # pyright: ignore[reportPrivateUsage] # noqa: SLF001 - lxml has no other name for it


class _Options(TypedDict):
    resolve_entities: bool
    no_network: bool
    load_dtd: bool
    huge_tree: bool
    remove_comments: bool
    remove_pis: bool
    remove_blank_text: bool


# https://lxml.de/parsing.html: entities stay as they are, nothing is fetched, and libxml2's limits
# on depth (256) and on the size of a text hold.
OPTIONS: Final[_Options] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    # Half of the time of parsing goes into the indentation.
    "remove_blank_text": True,
}

# A thousand instances with fifty tags each have half a million elements and next to no attributes.
# libxml2 makes 130 bytes of each element, text and attribute; compressed, that takes a thousandth
# of it on the wire.
MAX_TAGS: Final = 2_000_000
MAX_EQUALS_SIGNS: Final = 500_000

# White space, then a tag in an encoding that extends ASCII, a mark of the order of bytes, or a wide
# encoding's first byte. EBCDIC begins with none of them.
_START: Final = re.compile(rb"\s*(?:<|\xef\xbb\xbf|\xff\xfe|\xfe\xff|\0)")
_DECLARED: Final = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([^\"'>]*)")
_WIDE: Final = re.compile(r"(?i)utf-?(?:16|32)(?:[lb]e)?|(?:iso-10646-)?ucs-?[24]")
# Bytes that stand for themselves in all encodings that extend ASCII; not in UTF-7 or EBCDIC.
_PROBE: Final = "+ADw-<"
_MOST_XPATHS: Final = 128  # namespaces are the service's to choose

_thread = threading.local()


def load() -> None:
    """Import lxml, so that answers can be read; raise ``ConfigError`` where that is not possible.

    Call it before a request is sent: a stopped instance whose answer nobody can read is worse than
    an error.
    """
    try:
        _parser()
    except ImportError as error:
        raise ConfigError(f"lxml, which reads the answers, cannot be loaded: {error}") from error


def parse(body: bytes) -> Element:
    """Return the root of a document; raise ``ResponseError`` where there is none.

    The encoding that it declares is honoured. A DOCTYPE is refused: the protocol has none, and
    entities need one. White space between elements is dropped.
    """
    from lxml import etree

    check(body)
    try:
        root = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError as error:
        raise broken(str(error.msg)) from None
    refuse_doctype(root)
    return root


def parse_own(document: bytes) -> Element:
    """Return the root of a document that lxml wrote: what it was made of has been checked."""
    from lxml import etree

    return etree.fromstring(document, _parser())


def refuse_doctype(root: Element) -> None:
    """Raise ``ResponseError`` for a document with a DOCTYPE."""
    if root.getroottree().docinfo.internalDTD is not None:
        raise ResponseError("the answer has a DOCTYPE, which the protocol does not have")


def check(body: bytes) -> None:
    """Raise ``ResponseError`` for a document of more tags or attributes than any answer has.

    Bytes are counted, before an object is made of each. Encodings are refused in which a tag may
    begin with another byte than ``<``.
    """
    if _START.match(body) is None:
        raise broken("it does not begin with a tag")
    declared = _DECLARED.match(body)
    if declared is not None and not _is_counted(declared[1].decode("latin-1")):
        raise broken(f"the encoding {declared[1][:40].decode('latin-1')!r} is not supported")
    if body.count(b"<") > MAX_TAGS:
        raise ResponseError(f"the answer has more than {MAX_TAGS} tags")
    if body.count(b"=") > MAX_EQUALS_SIGNS:
        raise ResponseError(f"the answer has more than {MAX_EQUALS_SIGNS} equals signs")


def _is_counted(encoding: str) -> bool:
    """Whether tags begin with a byte ``<`` in an encoding."""
    if encoding in {"UTF-8", "utf-8"} or _WIDE.fullmatch(encoding):
        return True
    try:
        return _PROBE.encode("ascii").decode(encoding) == _PROBE
    except (LookupError, ValueError):
        return False


def broken(reason: str) -> ResponseError:
    """Return the error for a document that cannot be parsed."""
    # Some of libxml2's reasons are two lines.
    said = " ".join(reason[:200].split())
    return ResponseError(f"the answer is not well-formed XML: {said}", is_broken=True)


def _parser() -> etree.XMLParser:
    try:
        parser: etree.XMLParser = _thread.parser
    except AttributeError:
        parser = _thread.parser = _new_parser()
    return parser


def _new_parser() -> etree.XMLParser:
    from lxml import etree

    return etree.XMLParser(**OPTIONS)


def xpath(expression: str, namespace: str = "") -> etree.XPath:
    """Return a compiled XPath for this thread; in it, ``n:`` stands for the namespace."""
    try:
        compiled: dict[tuple[str, str], etree.XPath] = _thread.xpaths
    except AttributeError:
        compiled = _thread.xpaths = {}
    key = (expression, namespace)
    found = compiled.get(key)
    if found is None:
        if len(compiled) >= _MOST_XPATHS:
            compiled.clear()
        found = compiled[key] = _new_xpath(expression, namespace)
    return found


def _new_xpath(expression: str, namespace: str) -> etree.XPath:
    from lxml import etree

    return etree.XPath(
        expression,
        namespaces={"n": namespace} if namespace else None,
        regexp=False,
        # Strings that know their element keep the whole document alive, and take longer to make.
        smart_strings=False,
    )


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
