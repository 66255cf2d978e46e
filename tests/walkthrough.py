"""Makes the blocks of docs/protocol.md: one StopInstances call, byte by byte.

The steps are the functions of ``ec2lite.signing``; a test compares their texts with botocore's.
Rewrite the document: ``python -m tests.walkthrough``.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import ec2lite
from ec2lite.protocol.request import encode, user_agent
from ec2lite.signing import sigv4
from ec2lite.signing.key import derive, steps

DOCUMENT = Path(__file__).parent.parent / "docs" / "protocol.md"
_BLOCK = re.compile(r"(<!-- made: ([a-z-]+) -->\n```\w*\n)(.*?)(```\n)", re.DOTALL)

# AWS's example key: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-examples.html
CREDENTIALS = ec2lite.Credentials(
    "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "EXAMPLE-SESSION-TOKEN"
)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIME, DAY = "20260102T030405Z", "20260102"
REGION = "eu-west-1"
ENDPOINT = ec2lite.resolve_endpoint(REGION)
REQUEST = ec2lite.StopInstances(["i-1234567890abcdef0", "i-0598c7d356eba48d7"], force=True)

ANSWER = """\
<?xml version="1.0" encoding="UTF-8"?>
<StopInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>
    <instancesSet>
        <item>
            <instanceId>i-1234567890abcdef0</instanceId>
            <currentState><code>64</code><name>stopping</name></currentState>
            <previousState><code>16</code><name>running</name></previousState>
        </item>
        <item>
            <instanceId>i-0598c7d356eba48d7</instanceId>
            <currentState><code>64</code><name>stopping</name></currentState>
            <previousState><code>272</code><name>running</name></previousState>
        </item>
    </instancesSet>
</StopInstancesResponse>
"""
REFUSAL = """\
<?xml version="1.0" encoding="UTF-8"?>
<Response>
    <Errors>
        <Error>
            <Code>InvalidInstanceID.NotFound</Code>
            <Message>The instance ID 'i-1234567890abcdef0' does not exist</Message>
        </Error>
    </Errors>
    <RequestID>ea966190-f9aa-478e-9ede-example</RequestID>
</Response>
"""


def canonical_request() -> str:
    """Return what is signed of the request: method, path, query, headers, and the body's hash."""
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "host": ENDPOINT.url.removeprefix("https://"),
        "x-amz-date": TIME,
        "x-amz-security-token": CREDENTIALS.session_token,
    }
    return sigv4.canonical_request("POST", ENDPOINT.url, headers, encode(REQUEST))


def string_to_sign() -> str:
    """Return the algorithm, the time, the scope, and the hash of the canonical request."""
    return sigv4.string_to_sign(canonical_request(), TIME, sigv4.scope(DAY, REGION, "ec2"))


def signing_keys() -> list[tuple[str, bytes]]:
    """Return the steps from the secret to the key of that day, Region and service."""
    return list(steps(CREDENTIALS.secret_access_key, DAY, REGION, "ec2"))


def signature() -> str:
    """Return the signature."""
    key = derive(CREDENTIALS.secret_access_key, DAY, REGION, "ec2")
    return sigv4.signature(key, string_to_sign())


def http_request() -> str:
    """Return what ec2lite sends, as text; the versions in User-Agent are left out."""
    request = ec2lite.build_request(REQUEST, endpoint=ENDPOINT, credentials=CREDENTIALS, now=NOW)
    headers = [f"{name}: {value}" for name, value in request.headers.items()]
    lines = [f"{request.method} / HTTP/1.1", *headers, "", request.content.decode()]
    return "\n".join(lines).replace(user_agent(), "ec2lite/… lang/python#…")


def result() -> ec2lite.StopInstancesResult:
    """Return what ec2lite makes of the answer."""
    body = ANSWER.encode()
    return ec2lite.parse_response(REQUEST, status_code=200, headers={}, body=body)


def refusal() -> str:
    """Return what ec2lite says of the refusal."""
    try:
        ec2lite.parse_response(REQUEST, status_code=400, headers={}, body=REFUSAL.encode())
    except ec2lite.InstanceNotFound as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("the refusal was not refused")


def blocks() -> dict[str, str]:
    """Return the text of each block of the document, by its name."""
    return {
        "pairs": "\n".join(f"{name:14}{value}" for name, value in REQUEST.form_pairs()),
        "body": encode(REQUEST).decode(),
        "canonical-request": canonical_request(),
        "string-to-sign": string_to_sign(),
        "signing-key": "\n".join(f"{part:14}{key.hex()}" for part, key in signing_keys()),
        "signature": signature(),
        "http-request": http_request(),
        "answer": ANSWER.rstrip(),
        "result": "\n".join(map(repr, result().stopping_instances)),
        "dict": json.dumps(result().to_dict(), indent=2),
        "refusal": REFUSAL.rstrip(),
        "error": refusal(),
    }


def made(document: str) -> str:
    """Return the document with its blocks made anew; KeyError for a block nobody makes."""
    texts = blocks()
    return _BLOCK.sub(lambda found: f"{found[1]}{texts[found[2]]}\n{found[4]}", document)


def names(document: str) -> list[str]:
    """Return the names of the document's blocks, in order."""
    return [found[2] for found in _BLOCK.finditer(document)]


if __name__ == "__main__":
    DOCUMENT.write_text(made(DOCUMENT.read_text("utf-8")), "utf-8")
