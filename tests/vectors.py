"""Makes the files of docs/vectors: requests and answers of every action, for any language.

Each vector has what goes in (arguments, a key, a time; the bytes of an answer), and what ec2lite
makes of it. ``python tests/vectors.py`` makes the second part anew; with ``--draw`` the tests' own
strategies draw the first part anew, too. What they draw follows from Hypothesis's version and from
the source, whose constants it tries; so the files keep it.
"""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ec2lite
from ec2lite.boto3.parameters import ACTIONS, request_for
from ec2lite.errors import ResponseError, ServiceError
from ec2lite.explanations.answer import answered_by
from ec2lite.operations.attributes import Value
from ec2lite.operations.filters import Filter
from ec2lite.operations.members import Kind, Member, members
from ec2lite.operations.scalars import BOOLEAN, TIME
from ec2lite.operations.scalars import INTEGER as _INTEGER
from ec2lite.operations.shapes import InstanceState
from ec2lite.operations.structures import Items, Tags

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent.parent / "docs" / "vectors"
FILES = ("requests.json", "answers.json", "shapes.json")
# The facade's names of methods, by action.
METHODS = {"".join(part.title() for part in name.split("_")): name for name in ACTIONS}


# ---- what ec2lite makes of a vector --------------------------------------------------------------


def request_of(vector: dict[str, Any]) -> Any:
    """Return the request that a vector's arguments stand for, which are AWS's."""
    arguments = dict(vector["arguments"])
    if "UserData" in arguments:
        arguments["UserData"] = {"Value": base64.b64decode(arguments["UserData"]["Value"])}
    return request_for(METHODS[vector["operation"]], arguments)


def key_of(vector: dict[str, Any]) -> ec2lite.Credentials:
    """Return a vector's credentials."""
    return ec2lite.Credentials(**vector["credentials"])


def made_request(vector: dict[str, Any]) -> dict[str, Any]:
    """Return a vector of a request with what ec2lite makes of its arguments."""
    explained = ec2lite.explain(
        request_of(vector),
        endpoint=ec2lite.Endpoint(vector["url"], vector["region"], "ec2"),
        credentials=key_of(vector),
        now=datetime.fromisoformat(vector["time"]),
        show_secrets=True,
    )
    given = ("name", "operation", "arguments", "credentials", "region", "url", "time")
    return {
        **{name: vector[name] for name in given},
        "pairs": [list(pair) for pair in explained.pairs],
        "body": explained.body.decode("ascii"),
        "canonical_request": explained.canonical_request,
        "string_to_sign": explained.string_to_sign,
        "authorization": dict(explained.headers)["authorization"],
    }


def bytes_of(vector: dict[str, Any]) -> bytes:
    """Return the bytes of an answer."""
    if vector.get("body_encoding") == "base64":
        return base64.b64decode(vector["body"])
    body: str = vector["body"]
    return body.encode()


def made_answer(vector: dict[str, Any]) -> dict[str, Any]:
    """Return a vector of an answer with what ec2lite reads in it."""
    given = ("name", "operation", "status", "headers", "body", "body_encoding")
    made = {name: vector[name] for name in given if name in vector}
    try:
        result = ec2lite.parse_response(
            answered_by(f"{vector['operation']}Response"),
            status_code=vector["status"],
            headers=vector["headers"],
            body=bytes_of(vector),
        )
        values = result.to_dict()
    except ServiceError as error:
        refused = {"type": "ServiceError", "code": error.code, "message": error.message}
        return {**made, "request_id": error.request_id, "error": refused}
    except ResponseError:
        return {**made, "request_id": None, "error": {"type": "ResponseError"}}
    del values["ResponseMetadata"]
    request_id = result.response_metadata.request_id
    return {**made, "request_id": request_id, "values": plain(values)}


def plain(value: Any) -> Any:
    """Return a value as JSON has it: a time is text, in UTC."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        whole, _, fraction = value.astimezone(UTC).replace(tzinfo=None).isoformat().partition(".")
        return f"{whole}.{fraction}".rstrip("0.") + "Z" if fraction else f"{whole}Z"
    return value


# ---- the names of members -----------------------------------------------------------------------

_SCALARS = {id(BOOLEAN): "boolean", id(_INTEGER): "integer", id(TIME): "timestamp"}


def shapes() -> dict[str, Any]:
    """Return what AWS's members are called on the wire, for each action."""
    found: dict[str, Any] = {"Tag": {"Key": _text("key"), "Value": _text("value")}}
    answers = {action: getattr(ec2lite, f"{action}Result") for action in METHODS}
    for each in answers.values():
        _collect(each, found)
    requests = [getattr(ec2lite, action) for action in METHODS]
    renamed = {m.key: m.wire for cls in [*requests, Filter] for m in members(cls)}
    return {
        "version": ec2lite.StopInstances.version,
        "request_names": {key: wire for key, wire in sorted(renamed.items()) if key != wire},
        "answers": {action: cls.__name__ for action, cls in answers.items()},
        "shapes": dict(sorted(found.items())),
    }


def _text(wire: str) -> dict[str, Any]:
    return {"wire": wire, "type": "string"}


def _collect(cls: type[Any], found: dict[str, Any]) -> None:
    if cls.__name__ in found:
        return
    written: dict[str, Any] = {}
    found[cls.__name__] = written
    for each in members(cls):
        written[each.key] = _member(each, found)


def _member(member: Member, found: dict[str, Any]) -> dict[str, Any]:
    kind = member.kind
    written = {"wire": member.wire, "type": _type(kind, found)}
    if isinstance(kind, Items | Tags):
        written["list"] = True
    if member.required:
        written["required"] = True
    return written


def _type(kind: Kind, found: dict[str, Any]) -> str:
    if isinstance(kind, Tags):
        return "Tag"
    if isinstance(kind, Items):
        return _type(kind.each, found)
    if isinstance(kind, Value):
        return _wrapped(kind, found)
    if kind.shape is not None:
        _collect(kind.shape, found)
        return kind.shape.__name__
    # The code of a state is the only member with a reader of its own, and an integer.
    is_code = kind is members(InstanceState)[0].kind
    return "integer" if is_code else _SCALARS.get(id(kind), "string")


def _wrapped(kind: Value, found: dict[str, Any]) -> str:
    inner = _type(kind.kind, found)
    name = f"{inner.title()}{kind.key}"
    found[name] = {kind.key: {"wire": kind.wire, "type": inner}}
    return name


# ---- drawing ------------------------------------------------------------------------------------

_EXAMPLE = {
    "access_key_id": "AKIDEXAMPLE",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "session_token": None,
}
_ONE, _TWO = "i-1234567890abcdef0", "i-0598c7d356eba48d7"
# Requests of each action that a reader can follow; the others are drawn.
_READABLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("stop two, by force", "StopInstances", {"InstanceIds": [_ONE, _TWO], "Force": True}),
    ("start one", "StartInstances", {"InstanceIds": [_ONE]}),
    ("reboot one", "RebootInstances", {"InstanceIds": [_ONE]}),
    ("terminate, dry run", "TerminateInstances", {"InstanceIds": [_ONE], "DryRun": True}),
    (
        "describe by tag",
        "DescribeInstances",
        {"Filters": [{"Name": "tag:env", "Values": ["dev", "test & trial"]}], "MaxResults": 1000},
    ),
    (
        "status, of a stopped one too",
        "DescribeInstanceStatus",
        {"InstanceIds": [_ONE], "IncludeAllInstances": True},
    ),
    (
        "protect from being stopped",
        "ModifyInstanceAttribute",
        {"InstanceId": _ONE, "DisableApiStop": {"Value": True}},
    ),
    (
        "security groups",
        "ModifyInstanceAttribute",
        {"InstanceId": _ONE, "Groups": ["sg-1", "sg-2"]},
    ),
    ("user data", "ModifyInstanceAttribute", {"InstanceId": _ONE, "UserData": {"Value": "IyE="}}),
    (
        "keep a volume",
        "ModifyInstanceAttribute",
        {
            "InstanceId": _ONE,
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": False}}
            ],
        },
    ),
    (
        "describe an attribute",
        "DescribeInstanceAttribute",
        {"InstanceId": _ONE, "Attribute": "disableApiStop"},
    ),
)
_PLACES = (
    ("https://ec2.eu-west-1.amazonaws.com/", "eu-west-1"),
    ("https://ec2.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
    ("https://cloud.example/services/Cloud", "us-east-1"),
    ("http://127.0.0.1:5000/", "mars-south-7"),
)
EXAMPLES = 60
_DRAWN = 5
_LONGEST = 4000


def drawn_requests() -> list[dict[str, Any]]:
    """Return vectors with what goes in: a readable one of each action, and drawn ones."""
    from hypothesis import strategies as st

    import asked
    from strategies import CREDENTIALS, STOPS, TIMES

    strategies = {
        "StopInstances": STOPS,
        "StartInstances": asked.STARTS,
        "RebootInstances": asked.REBOOTS,
        "TerminateInstances": asked.TERMINATES,
        "DescribeInstances": asked.DESCRIBES,
        "DescribeInstanceStatus": asked.STATUSES,
        "ModifyInstanceAttribute": asked.MODIFIES,
        "DescribeInstanceAttribute": asked.ASKS,
    }
    found = [_vector(*each) for each in _READABLE]
    for action, strategy in strategies.items():
        parts = st.tuples(strategy, CREDENTIALS, TIMES, st.sampled_from(_PLACES))
        for number, (request, key, time, (url, region)) in enumerate(_draw(parts), 1):
            arguments = _in_order(asked.parameters(request), request.form_pairs())
            found.append(
                {
                    **_vector(f"{action}, drawn {number}", action, arguments),
                    "credentials": {name: getattr(key, name) for name in _EXAMPLE},
                    "region": region,
                    "url": url,
                    "time": plain(time.replace(microsecond=0)),
                }
            )
    return found


def _vector(name: str, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
    url, region = _PLACES[0]
    return {
        "name": name,
        "operation": action,
        "arguments": arguments,
        "credentials": _EXAMPLE,
        "region": region,
        "url": url,
        "time": "2026-01-02T03:04:05Z",
    }


def _in_order(value: Any, pairs: list[tuple[str, str]], prefix: str = "") -> Any:
    """Return arguments with each dict in the order of its pairs, and bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [_in_order(each, pairs, f"{prefix}.{n}") for n, each in enumerate(value, 1)]
    if not isinstance(value, dict):
        return value
    names, places = shapes()["request_names"], [f"{name}." for name, _ in pairs]
    below = {key: f"{prefix}.{names.get(key, key)}".lstrip(".") for key in value}

    def place(key: str) -> int:
        return next(n for n, name in enumerate(places) if name.startswith(f"{below[key]}."))

    return {key: _in_order(value[key], pairs, below[key]) for key in sorted(value, key=place)}


def drawn_answers() -> list[dict[str, Any]]:
    """Return vectors with what goes in: written ones, and drawn ones of each action."""
    import written_answers
    from strategies import documents, fault_trees, shuffled

    faults = fault_trees().flatmap(shuffled).flatmap(documents)
    return [
        *written_answers.ANSWERS,
        *(each for action in METHODS for each in _answers(action, action, 200, _trees(action))),
        *_answers("a refusal", "StopInstances", 400, faults),
    ]


def _answers(name: str, action: str, status: int, strategy: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{name}, drawn {number}",
            "operation": action,
            "status": status,
            "headers": {},
            "body": body.decode(),
        }
        for number, body in enumerate(_draw(strategy), 1)
    ]


def _trees(action: str) -> Any:
    """Return what draws answers to an action."""
    import model
    from strategies import change_trees, documents, shuffled

    if action.startswith("Describe"):
        return model.answers(action).flatmap(documents)
    if action in {"RebootInstances", "ModifyInstanceAttribute"}:
        done = (f"{action}Response", [("requestId", "r-1"), ("return", "true")])
        return shuffled(done).flatmap(documents)
    return change_trees(action).flatmap(shuffled).flatmap(documents)


def _draw(strategy: Any) -> list[Any]:
    """Return some examples that are neither short nor long."""
    import hypothesis

    found: list[Any] = []

    @hypothesis.seed(2026)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def collect(example: Any) -> None:
        if len(repr(example)) <= _LONGEST and example not in found:
            found.append(example)

    collect()
    longer = sorted(found, key=lambda example: len(repr(example)))[len(found) // 2 :]
    return longer[:: -(-len(longer) // _DRAWN)]


# ---- files --------------------------------------------------------------------------------------


def read(name: str) -> Any:
    """Return what is in one of the files."""
    return json.loads((FOLDER / name).read_text("utf-8"))


def text(content: Any) -> str:
    """Return a file's text: ASCII, so that no character in it can hide or turn others around."""
    return json.dumps(content, indent=1) + "\n"


def made(requests: Iterable[dict[str, Any]], answers: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the text of each file, for vectors of which what goes in is known."""
    contents = [[*map(made_request, requests)], [*map(made_answer, answers)], shapes()]
    return dict(zip(FILES, map(text, contents), strict=True))


def main(arguments: list[str]) -> None:
    """Write the files."""
    if "--draw" in arguments:
        texts = made(drawn_requests(), drawn_answers())
    else:
        texts = made(read("requests.json"), read("answers.json"))
    for name, content in texts.items():
        (FOLDER / name).write_text(content, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
