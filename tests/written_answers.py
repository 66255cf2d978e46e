"""Answers for docs/vectors that no strategy draws: documented ones, and wrong ones."""

from __future__ import annotations

import base64
import gzip
from typing import Any

from samples import NAMESPACE, STOPPED, fault


def _answer(
    name: str,
    body: str | bytes,
    status: int = 200,
    *,
    operation: str = "StopInstances",
    **headers: str,
) -> dict[str, Any]:
    vector = {"name": name, "operation": operation, "status": status, "headers": headers}
    try:
        return {**vector, "body": body.decode() if isinstance(body, bytes) else body}
    except UnicodeDecodeError:
        return {**vector, "body": base64.b64encode(body).decode(), "body_encoding": "base64"}


def _done(action: str, inside: str) -> str:
    return f'<{action}Response xmlns="{NAMESPACE}">{inside}</{action}Response>'


_TEXT = STOPPED.decode()
_DIRTY = _TEXT.replace("<code>16</code>", "<code>272</code>")
_UMLAUT = _TEXT.replace("<name>running", "<name>l\u00e4uft")
_GZIP = {"content-encoding": "gzip"}
_TOKEN = "<requestId>r-1</requestId><reservationSet/><nextToken>eyJ2IjoiMiJ9</nextToken>"

_INSTANCE = """<requestId>r-1</requestId><reservationSet><item>
    <reservationId>r-1234567890abcdef0</reservationId><ownerId>123456789012</ownerId><groupSet/>
    <instancesSet><item>
        <instanceId>i-1234567890abcdef0</instanceId>
        <instanceState><code>80</code><name>stopped</name></instanceState>
        <reason>User initiated (2026-01-02 03:04:05 GMT)</reason>
        <stateReason>
            <code>Client.UserInitiatedHibernate</code>
            <message>Client.UserInitiatedHibernate: User initiated hibernate</message>
        </stateReason>
        <instanceType>m7g.large</instanceType>
        <launchTime>2026-01-01T00:00:00.000Z</launchTime>
        <ebsOptimized>true</ebsOptimized>
        <blockDeviceMapping><item>
            <deviceName>/dev/sda1</deviceName>
            <ebs><volumeId>vol-1</volumeId><attachTime>2025-12-31T23:59:59.5Z</attachTime></ebs>
        </item></blockDeviceMapping>
        <tagSet>
            <item><key>Name</key><value>web-1</value></item>
            <item><key>env</key><value/></item>
        </tagSet>
        <somethingNew>that nobody knows yet</somethingNew>
    </item></instancesSet>
</item></reservationSet>"""

ANSWERS = [
    _answer("stopped, as AWS documents it", _TEXT),
    _answer("a state whose code has a high byte", _DIRTY),
    _answer("compressed with gzip", gzip.compress(STOPPED, mtime=0), **_GZIP),
    _answer("gzip is declared, and somebody has undone it", _TEXT, **_GZIP),
    _answer(
        "a declared encoding: ISO-8859-1",
        _UMLAUT.replace("UTF-8", "ISO-8859-1").encode("latin-1"),
    ),
    _answer(
        "UTF-16, with a mark of the order", _UMLAUT.replace("UTF-8", "UTF-16").encode("utf-16")
    ),
    _answer(
        "rebooted", _done("RebootInstances", "<return>true</return>"), operation="RebootInstances"
    ),
    _answer(
        "no return, which is taken for true",
        _done("ModifyInstanceAttribute", ""),
        operation="ModifyInstanceAttribute",
    ),
    _answer(
        "stop protection is on",
        _done(
            "DescribeInstanceAttribute",
            "<requestId>r-1</requestId><instanceId>i-1234567890abcdef0</instanceId>"
            "<disableApiStop><value>true</value></disableApiStop>",
        ),
        operation="DescribeInstanceAttribute",
    ),
    _answer(
        "user data that nobody set",
        _done("DescribeInstanceAttribute", "<userData/>"),
        operation="DescribeInstanceAttribute",
    ),
    _answer(
        "an instance that hibernates",
        _done("DescribeInstances", _INSTANCE),
        operation="DescribeInstances",
    ),
    _answer(
        "an empty page, with another one",
        _done("DescribeInstances", _TOKEN),
        operation="DescribeInstances",
    ),
    _answer(
        "the request's id in a header",
        _TEXT.replace("requestId>", "other>"),
        **{"x-amzn-requestid": "r-2"},
    ),
    _answer(
        "no such instance",
        fault(
            ("InvalidInstanceID.NotFound", "The instance ID 'i-1234567890abcdef0' does not exist")
        ),
        400,
    ),
    _answer(
        "throttled, which comes with 503",
        fault(("RequestLimitExceeded", "Request limit exceeded.")),
        503,
    ),
    _answer(
        "a dry run that would have succeeded",
        fault(("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")),
        412,
    ),
    _answer("an error document under 200", fault(("InternalError", "An internal error")), 200),
    _answer(
        "the side that is to blame before the code",
        fault(("Client.UnauthorizedOperation", "You are not authorized.")),
        403,
    ),
    _answer(
        "two errors: the first one counts",
        fault(("AuthFailure", "first"), ("Other", "second")),
        401,
    ),
    _answer("an error document without an error", "<Response><Errors/></Response>", 400),
    _answer("cut short", _TEXT[:200]),
    _answer("nothing", ""),
    _answer("a page of HTML", "<html><body>Bad Gateway</body></html>", 502),
    _answer("a page of HTML under 200", "<html><body>Log in, please</body></html>"),
    _answer("the answer to another action", _TEXT.replace("StopInstances", "StartInstances")),
    _answer("a success with the status of a failure", _TEXT, 500),
    _answer("a redirect", "", 302, location="https://elsewhere.example/"),
    _answer("a member that no answer may lack", _TEXT.replace("instanceId>", "other>")),
    _answer("a code that is no number", _TEXT.replace("<code>16</code>", "<code>x</code>")),
    _answer("a DOCTYPE", _TEXT.replace("<Stop", '<!DOCTYPE x [<!ENTITY e "e">]><Stop', 1)),
    _answer(
        "not carried out",
        _done("RebootInstances", "<return>false</return>"),
        operation="RebootInstances",
    ),
]
