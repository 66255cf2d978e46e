"""botocore's model of EC2, and what Hypothesis makes of it: requests and answers of any action."""

from __future__ import annotations

import functools
from typing import Any

import botocore.session
from botocore.parsers import EC2QueryParser
from botocore.serialize import create_serializer
from hypothesis import strategies as st

from strategies import XML_NAMES, XML_TEXT, Tree

_INTEGERS = st.sampled_from(["0", "-1", "16", "65535", " 5 ", "+7", "007"]) | st.integers(
    -(10**12), 10**12
).map(str)
_CODES = st.integers(0, 0xFFFF).map(str)
_BOOLEANS = st.sampled_from(["true", "false", "TRUE", "True", "1", "", " true"])
# All with a zone: ours are aware always, botocore's only where the text is.
_TIMES = st.sampled_from(
    [
        "2026-03-11T08:12:34.000Z",
        "2026-03-11T08:12:34Z",
        "2026-12-31T23:59:59.123456Z",
        "2026-03-11T08:12:34+02:00",
        "2026-03-11T08:12:34.5-11:30",
        " 2026-03-11T08:12:34Z\n",
        "Wed, 11 Mar 2026 08:12:34 GMT",
        "1773216754",
        "1773216754.25",
    ]
)
_SCALARS = {
    "string": XML_TEXT | st.sampled_from([" ", "  two\nlines ", "i-1", "running", "true"]),
    "integer": _INTEGERS,
    "boolean": _BOOLEANS,
    "timestamp": _TIMES,
}


@functools.cache
def operation(name: str) -> Any:
    """Return botocore's model of an action; it takes long to load."""
    return _service().operation_model(name)


@functools.cache
def _service() -> Any:
    return botocore.session.Session().get_service_model("ec2")


def parsed(name: str, body: bytes) -> dict[str, Any]:
    """Return what botocore makes of an answer, without how it came."""
    raw = {"body": body, "headers": {}, "status_code": 200}
    result: dict[str, Any] = EC2QueryParser().parse(raw, operation(name).output_shape)
    del result["ResponseMetadata"]
    return result


def serialized(name: str, parameters: dict[str, Any]) -> dict[str, str]:
    """Return the form pairs that botocore makes of parameters."""
    request = create_serializer("ec2").serialize_to_request(parameters, operation(name))
    body: dict[str, str] = request["body"]
    return body


@st.composite
def answers(draw: st.DrawFn, name: str) -> Tree:
    """Return an answer with any of the members that botocore's model has for it, in any order.

    Optional members may be absent, lists empty, and there are members that nobody knows yet.
    """
    inside = draw(_members(operation(name).output_shape))
    return f"{name}Response", [*inside, ("requestId", "r-1")]


@st.composite
def _members(draw: st.DrawFn, shape: Any) -> list[Tree]:
    names = list(shape.members)
    if shape.name == "Tag":
        chosen = draw(st.permutations(names))  # a tag has a key and a value
    else:
        # Lists of instances rather often: with all else absent there is little to compare.
        wanted = [
            each for each in ("Reservations", "Instances", "InstanceStatuses") if each in names
        ]
        chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=7))
        chosen = draw(st.permutations(sorted({*chosen, *draw(st.sampled_from([wanted, []]))})))
    inside = [draw(_member(shape, each)) for each in chosen]
    return draw(st.permutations([*inside, *draw(st.lists(_STRANGERS, max_size=1))]))


_STRANGERS: st.SearchStrategy[Tree] = st.tuples(
    XML_NAMES.map("new{}".format),
    XML_TEXT | st.lists(st.tuples(XML_NAMES.map("x{}".format), XML_TEXT), max_size=2),
)


@st.composite
def _member(draw: st.DrawFn, parent: Any, name: str) -> Tree:
    shape = parent.members[name]
    wire = shape.serialization.get("name", name)
    if shape.type_name == "structure":
        return wire, draw(_members(shape))
    if shape.type_name == "list":
        return wire, draw(_items(shape.member))
    if parent.name == "InstanceState" and name == "Code":
        return wire, draw(_CODES)
    return wire, draw(_SCALARS[shape.type_name])


@st.composite
def _items(draw: st.DrawFn, each: Any) -> list[Tree]:
    count = draw(st.integers(0, 3))
    if each.name == "Tag":  # with keys of their own, for a dict has each once
        return [("item", draw(_tag(f"k{n}"))) for n in range(count)]
    if each.type_name == "structure":
        return [("item", draw(_members(each))) for _ in range(count)]
    return [("item", draw(_SCALARS[each.type_name])) for _ in range(count)]


def _tag(key: str) -> st.SearchStrategy[list[Tree]]:
    value = (XML_TEXT | st.just("")).map(lambda text: ("value", text))
    return value.flatmap(lambda pair: st.permutations([("key", key), pair]))


def same(ours: Any, theirs: Any) -> bool:
    """Whether two values are equal, types included."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)
