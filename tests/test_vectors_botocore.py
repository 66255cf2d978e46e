"""docs/vectors, compared with botocore and with their own schema."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.parsers import EC2QueryParser

import model
import vectors

SCHEMA: dict[str, Any] = vectors.read("schema.json")
REQUESTS: list[dict[str, Any]] = vectors.read("requests.json")
ANSWERS: list[dict[str, Any]] = vectors.read("answers.json")


def test_requests():
    """The form is the one that botocore's serializer makes of the same arguments."""
    for vector in REQUESTS:
        arguments = dict(vector["arguments"])
        if "UserData" in arguments:
            arguments["UserData"] = {"Value": base64.b64decode(arguments["UserData"]["Value"])}
        theirs = model.serialized(vector["operation"], arguments)

        assert {name: str(value) for name, value in theirs.items()} == dict(vector["pairs"])
        ours = parse_qsl(vector["body"], keep_blank_values=True, strict_parsing=True)
        assert list(map(tuple, vector["pairs"])) == ours, vector["name"]


def test_signatures():
    """Canonical request, string to sign and signature are botocore's, for the same headers."""
    for vector in REQUESTS:
        key, stamp = vector["credentials"], vector["time"].replace("-", "").replace(":", "")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Amz-Date": stamp,
        }
        if key["session_token"] is not None:
            headers["X-Amz-Security-Token"] = key["session_token"]
        signer = SigV4Auth(Credentials(*key.values()), "ec2", vector["region"])
        request = AWSRequest("POST", vector["url"], headers, vector["body"].encode())
        request.context["timestamp"] = stamp
        canonical = signer.canonical_request(request)
        to_sign = signer.string_to_sign(request, canonical)

        assert canonical == vector["canonical_request"], vector["name"]
        assert to_sign == vector["string_to_sign"], vector["name"]
        assert vector["authorization"].endswith(f"Signature={signer.signature(to_sign, request)}")
        assert f"Credential={signer.scope(request)}," in vector["authorization"]


def test_answers():
    """Values are those that botocore's parser makes of the same bytes."""
    compared = 0
    for vector in ANSWERS:
        # Its parser is for UTF-8 alone, and its HTTP library inflates.
        if "values" in vector and "body_encoding" not in vector:
            theirs = model.parsed(vector["operation"], vectors.bytes_of(vector))
            assert vectors.plain(theirs) == vector["values"], vector["name"]
            compared += 1
    assert compared >= 40


def test_refusals():
    """Codes and messages are those that botocore's parser finds, but for the side to blame."""
    for vector in ANSWERS:
        error = vector.get("error", {})
        if error.get("type") != "ServiceError" or vector["status"] < 300:
            continue
        raw = {"body": vectors.bytes_of(vector), "headers": {}, "status_code": vector["status"]}
        theirs = EC2QueryParser().parse(raw, None)["Error"]
        code = theirs["Code"].strip().removeprefix("Client.").removeprefix("Server.")

        assert (code, theirs["Message"] or "") == (error["code"], error["message"]), vector["name"]


@pytest.mark.parametrize("name", vectors.FILES)
def test_schema(name: str):
    """Each file is what the schema says."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    kind = {"requests.json": "request", "answers.json": "answer"}.get(name)
    part = (
        {"type": "array", "items": {"$ref": f"#/$defs/{kind}"}}
        if kind
        else {"$ref": "#/$defs/shapes"}
    )
    jsonschema.validate(vectors.read(name), SCHEMA)
    jsonschema.validate(vectors.read(name), {**part, "$defs": SCHEMA["$defs"]})


@pytest.mark.parametrize(
    ("vector", "change"),
    [
        (REQUESTS[0], {"operation": "RunInstances"}),
        (REQUESTS[0], {"body": "\u00e4"}),
        (REQUESTS[0], {"authorization": "Basic"}),
        (REQUESTS[0], {"extra": 1}),
        (ANSWERS[0], {"error": {"type": "ResponseError"}}),
        (ANSWERS[0], {"status": "200"}),
    ],
)
def test_schema_refuses(vector: dict[str, Any], change: dict[str, Any]):
    """The schema refuses what is not a vector."""
    jsonschema.validate([vector], SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**vector, **change}], SCHEMA)


def test_drawing(monkeypatch: pytest.MonkeyPatch):
    """Drawing anew gives vectors of the same kinds, of which the files can be made."""
    monkeypatch.setattr(vectors, "EXAMPLES", 3)
    requests, answers = vectors.drawn_requests(), vectors.drawn_answers()

    assert {each["operation"] for each in requests} == set(vectors.METHODS)
    assert {each["operation"] for each in answers} == set(vectors.METHODS)
    for name, text in vectors.made(requests, answers).items():
        jsonschema.validate(json.loads(text), SCHEMA, cls=jsonschema.Draft202012Validator)
        assert text.isascii(), name
