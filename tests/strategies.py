"""What Hypothesis makes for the tests: requests, answers and their XML."""

from __future__ import annotations

import string
from datetime import UTC, datetime

from hypothesis import strategies as st

from ec2lite.models import Credentials
from ec2lite.operations.stop_instances import StopInstances

# Whatever XML 1.0 can carry, without the white space that parsers normalise.
XML_TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"),
    max_size=12,
)
XML_NAMES = st.text(string.ascii_letters, min_size=1, max_size=8)
NAMESPACES = st.sampled_from(
    [
        None,
        "http://ec2.amazonaws.com/doc/2016-11-15/",
        "http://ec2.amazonaws.com/doc/2016-11-15",
        "http://cloud.example/doc/2010-08-31/",
    ]
)
WHITE_SPACE = st.sampled_from(["", " ", "\n    ", "\t\r\n"])

INSTANCE_IDS = st.text(string.hexdigits.lower(), min_size=8, max_size=17).map("i-{}".format)
# EC2-compatible clouds have other ids than AWS; whatever can be printed is sent.
# Without what str.isprintable() refuses: control characters and separators other than a space.
PRINTABLE = st.characters(exclude_categories=["C", "Z"])
ODD_IDS = st.text(PRINTABLE | st.just(" "), min_size=1, max_size=20).filter(str.strip)
FLAGS = st.sampled_from([None, True, False])
STATE_CODES = st.integers(0, 0xFFFF)

STOPS = st.builds(
    StopInstances,
    st.lists(INSTANCE_IDS | ODD_IDS, min_size=1, max_size=5),
    hibernate=FLAGS,
    force=FLAGS,
    skip_os_shutdown=FLAGS,
    dry_run=FLAGS,
)

TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
CREDENTIALS = st.builds(
    Credentials,
    st.text(string.ascii_uppercase + string.digits, min_size=16, max_size=20),
    st.text(string.ascii_letters + string.digits + "/+", min_size=40, max_size=40),
    st.none() | st.text(string.ascii_letters + string.digits + "/+=", min_size=1, max_size=60),
)
REGIONS = st.sampled_from(["eu-west-1", "us-east-1", "cn-north-1", "mars-south-7"])
_HOSTS = st.sampled_from(["ec2.eu-west-1.amazonaws.com", "127.0.0.1", "[::1]", "Cloud.Example"])
_PORTS = st.sampled_from(["", ":80", ":443", ":5000"])
_PATHS = st.sampled_from(["", "/ec2", "/services/Cloud", "/a%20b/c", "/a//b/../c", "/~x/é"])
URLS = st.builds("{}://{}{}{}".format, st.sampled_from(["http", "https"]), _HOSTS, _PORTS, _PATHS)

# A tree of elements: a name, and its text or its children.
Tree = tuple[str, "str | list[Tree]"]


def _state(name: str) -> st.SearchStrategy[Tree]:
    written = st.tuples(WHITE_SPACE, STATE_CODES, WHITE_SPACE)
    code = written.map(lambda parts: ("code", "".join(map(str, parts))))
    said = (XML_TEXT | st.sampled_from(["running", "stopping"])).map(lambda text: ("name", text))
    return st.tuples(code, said).map(lambda members: (name, list(members)))


_CHANGES = st.tuples(
    (INSTANCE_IDS | XML_TEXT).map(lambda each: ("instanceId", each)),
    _state("currentState"),
    _state("previousState"),
).map(lambda members: ("item", list(members)))

_STRANGERS: st.SearchStrategy[Tree] = st.tuples(
    XML_NAMES.map("new{}".format),
    XML_TEXT | st.lists(st.tuples(XML_NAMES, XML_TEXT), min_size=1, max_size=2),
)


@st.composite
def shuffled(draw: st.DrawFn, tree: Tree) -> Tree:
    """Return a tree with its children in another order, and elements that nobody knows yet."""
    name, inside = tree
    if isinstance(inside, str):
        return tree
    strangers = draw(st.lists(_STRANGERS, max_size=1))
    children = [draw(shuffled(child)) for child in inside] + strangers
    if name == "instancesSet":  # a list: its order means something, and botocore takes any child
        return name, children[: len(inside)]
    if name == "Errors":  # the first one decides
        return name, children
    return name, draw(st.permutations(children))


@st.composite
def documents(draw: st.DrawFn, tree: Tree) -> bytes:
    """Return the XML of a tree, in some namespace and with some white space between elements."""
    namespace = draw(NAMESPACES)
    gap = draw(WHITE_SPACE)
    prefix = draw(st.sampled_from(["", "ec2:"])) if namespace else ""
    declared = f' xmlns{":ec2" if prefix else ""}="{namespace}"' if namespace else ""
    head = draw(st.sampled_from(["", '<?xml version="1.0" encoding="UTF-8"?>\n']))
    return (head + _write(tree, prefix, gap, declared)).encode()


def _write(tree: Tree, prefix: str, gap: str, attributes: str = "") -> str:
    name, inside = tree
    if isinstance(inside, str):
        content = inside.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    else:
        content = "".join(gap + _write(child, prefix, gap) for child in inside) + gap
    return f"<{prefix}{name}{attributes}>{content}</{prefix}{name}>"


@st.composite
def change_trees(draw: st.DrawFn, action: str) -> Tree:
    """Return the elements of an answer that holds changes of state, in AWS's order."""
    changes = draw(st.lists(_CHANGES, max_size=4))
    request_id = draw(st.none() | XML_TEXT.filter(bool))
    members: list[Tree] = [] if request_id is None else [("requestId", request_id)]
    return f"{action}Response", [*members, ("instancesSet", changes)]


STOP_ANSWERS = change_trees("StopInstances").flatmap(shuffled).flatmap(documents)

ERROR_CODES = st.sampled_from(
    ["InvalidInstanceID.NotFound", "RequestLimitExceeded", "UnauthorizedOperation", "NewCode"]
)
_PREFIXES = st.sampled_from(["", "Client.", "Server."])


@st.composite
def fault_trees(draw: st.DrawFn) -> Tree:
    """Return the elements of EC2's error document, with one error or more."""
    errors: list[Tree] = [
        ("Error", [("Code", draw(_PREFIXES) + draw(ERROR_CODES)), ("Message", draw(XML_TEXT))])
        for _ in range(draw(st.integers(1, 3)))
    ]
    return "Response", [("Errors", errors), ("RequestID", draw(XML_TEXT.filter(bool)))]


@st.composite
def mutations(draw: st.DrawFn, good: bytes) -> bytes:
    """Return bytes with a few places changed, cut out, doubled or cut off."""
    broken = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(broken)))
        end = draw(st.integers(start, min(len(broken), start + 12)))
        broken[start:end] = draw(
            st.sampled_from([b"", b"<", b">", b"</", b"&", b'"', b"\x00", b"\xff", b"<!--", b"]]>"])
            | st.binary(max_size=4)
            | st.just(bytes(broken[start:end]) * 2)
        )
    return bytes(broken[: draw(st.integers(0, len(broken)) | st.just(len(broken)))])
