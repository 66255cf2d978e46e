"""From an answer to a result or an error."""

from __future__ import annotations

import gzip

import pytest
from attrs import frozen
from hypothesis import example, given
from hypothesis import strategies as st

import ec2lite
from ec2lite.errors import ConfigError, DryRunOperation, EC2Error, InstanceNotFound, ResponseError
from ec2lite.models import ResponseMetadata
from ec2lite.operations.shapes import InstanceState, InstanceStateChange
from ec2lite.operations.stop_instances import StopInstances, StopInstancesResult
from ec2lite.protocol import response
from samples import STOPPED, fault
from strategies import mutations

STOP = StopInstances("i-1234567890abcdef0")
REQUEST_ID = "59dbff89-35bd-4eac-99ed-be587EXAMPLE"


@frozen
class Secretive(StopInstances):
    """An operation whose answer holds secrets."""

    confidential = True


def parse(body, status=200, headers=None, operation=STOP):
    """Return what the public function makes of an answer."""
    return ec2lite.parse_response(operation, status_code=status, headers=headers or {}, body=body)


def refused(*args, **kwargs):
    """Return the ResponseError that an answer ends in."""
    with pytest.raises(ResponseError) as caught:
        parse(*args, **kwargs)
    return caught.value


def test_result():
    """The answer that AWS's documentation shows becomes a result, without a client."""
    result = parse(STOPPED, headers={"Content-Type": "text/xml;charset=UTF-8"})

    expected = StopInstancesResult(
        (
            InstanceStateChange(
                "i-1234567890abcdef0",
                current_state=InstanceState(64, "stopping"),
                previous_state=InstanceState(16, "running"),
            ),
        ),
        response_metadata=ResponseMetadata(
            REQUEST_ID, 200, {"content-type": "text/xml;charset=UTF-8"}
        ),
    )
    assert expected == result


def test_counts():
    """A result knows how many attempts it took, and what they ended in."""
    earlier = (EC2Error("first"),)

    result = response.read(STOP, 200, {}, STOPPED, attempts=2, earlier_failures=earlier)

    assert 2 == result.response_metadata.attempts
    assert earlier == result.response_metadata.earlier_failures


@pytest.mark.parametrize("status", [200, 201, 299])
def test_success_statuses(status):
    """Any status of success is one."""
    assert status == parse(STOPPED, status).response_metadata.status_code


@pytest.mark.parametrize("status", [300, 301, 399])
def test_redirect(status):
    """A redirect is not followed; the error says where it led, and is final."""
    error = refused(b"", status, {"location": "https://portal.example/"})
    message = "the answer is a redirect to 'https://portal.example/', which is not followed"
    assert (message, False) == (error.args[0], error.is_retryable)


def test_redirect_to_nowhere():
    """Where a redirect leads is shown in 200 characters, and that it leads nowhere, too."""
    assert "'nowhere'" in refused(b"", 302).args[0]
    long = refused(b"", 302, {"location": "x" * 300}).args[0]
    assert f"'{'x' * 200}'" in long


@pytest.mark.parametrize("status", [101, 199, 400, 503])
def test_failed_success(status):
    """A document of success under another status is not the protocol's."""
    error = refused(STOPPED, status)

    assert "the answer is a <StopInstancesResponse> with the status of a failure" == error.args[0]
    assert status == error.status_code


@pytest.mark.parametrize("status", [200, 400, 500])
def test_fault(status):
    """AWS's no is a no under any status, with all that is known about it."""
    with pytest.raises(InstanceNotFound) as caught:
        parse(fault(("InvalidInstanceID.NotFound", "gone"), request_id="r-1"), status)

    error = caught.value
    assert ("StopInstances", 1, status, "r-1") == (
        error.operation,
        error.attempts,
        error.status_code,
        error.request_id,
    )
    assert "StopInstances failed: gone (InvalidInstanceID.NotFound, request id r-1)" == str(error)


def test_dry_run():
    """A dry run that would have succeeded is the error that the API answers with."""
    with pytest.raises(DryRunOperation):
        parse(fault(("DryRunOperation", "would have succeeded")), 412)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html><body>Sign in</body></html>", "a <html>, not a <StopInstancesResponse>"),
        (b"<StartInstancesResponse/>", "a <StartInstancesResponse>, not a <StopInst"),
        (b"<stopinstancesresponse/>", "a <stopinstancesresponse>, not"),
        (b"<StopInstancesResponse/>", "<StopInstancesResponse> has no <instancesSet>"),
        (b"", "not well-formed XML"),
        (b"plain", "not well-formed XML"),
        (STOPPED[:-9], "not well-formed XML"),
        (b"<Response/>", "an error document without an error"),
        (STOPPED.replace(b"<code>16</code>", b"<code>?</code>"), "the state code '?'"),
        (STOPPED.replace(b"<code>16</code>", b"<code/>"), "the state code ''"),
        (STOPPED.replace(b"<code>16</code>", b""), "<previousState> has no <code>"),
        (STOPPED.replace(b"instanceId", b"id"), "<item> has no <instanceId>"),
        (STOPPED.replace(b"currentState", b"state"), "<item> has no <currentState>"),
        (STOPPED.replace(b"previousState", b"state"), "<item> has no <previousState>"),
        (STOPPED.replace(b"name>", b"n>"), "State> has no <name>"),
    ],
)
def test_other_documents(body, message):
    """What is not the answer to this operation is refused, and says why, and how it begins."""
    error = refused(body, 203)

    assert message in error.args[0]
    assert ("StopInstances", 1, 203, body[:512]) == (
        error.operation,
        error.attempts,
        error.status_code,
        error.body,
    )


def test_long_answer():
    """Of a long answer the first 512 bytes are kept."""
    assert 512 == len(refused(b"<html>" + b"x" * 1000 + b"</html>").body)


def test_confidential():
    """No error quotes the answer to an operation whose answers hold secrets."""
    for body in (b"secret", b"<html>secret</html>", b"\x1f\x8bsecret"):
        error = refused(body, operation=Secretive("i-1"), headers={"content-encoding": "gzip"})

        assert b"" == error.body
        assert "secret" not in str(error)


def test_compressed():
    """An answer that comes compressed is inflated."""
    result = parse(gzip.compress(STOPPED), headers={"Content-Encoding": "gzip"})

    assert REQUEST_ID == result.response_metadata.request_id


def test_size():
    """What inflates to more than the limit is refused."""
    with pytest.raises(ResponseError, match=r"larger than 100 bytes"):
        response.read(STOP, 200, {"content-encoding": "gzip"}, gzip.compress(STOPPED), max_size=100)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<requestId>a</requestId>", "a"),
        ("<RequestID>a</RequestID>", "a"),
        ("<RequestId>a</RequestId>", "a"),
        ("<ResponseMetadata><RequestId>a</RequestId></ResponseMetadata>", "a"),
        ("<ResponseMetadata/>", "h"),
        ("<other><requestId>a</requestId></other>", "h"),
        ("", "h"),
    ],
)
def test_request_id(inside, expected):
    """The request's id is found where EC2, STS and gateways put it."""
    body = f"<StopInstancesResponse>{inside}<instancesSet/></StopInstancesResponse>".encode()

    result = parse(body, headers={"X-Amzn-RequestId": "h"})

    assert expected == result.response_metadata.request_id


def test_no_request_id():
    """An answer without a request id has none."""
    body = b"<StopInstancesResponse><instancesSet/></StopInstancesResponse>"

    assert parse(body).response_metadata.request_id is None


def test_long_request_id():
    """A request id is looked for among a hundred elements, and cut at 256 characters."""
    start, end = b"<StopInstancesResponse>", b"<instancesSet/></StopInstancesResponse>"
    found = b"<requestId>%s</requestId>" % (b"r" * 300)

    assert "r" * 256 == parse(start + b"<x/>" * 99 + found + end).response_metadata.request_id
    assert parse(start + b"<x/>" * 100 + found + end).response_metadata.request_id is None


HEADERS = st.dictionaries(
    st.sampled_from(["content-encoding", "Date", "content-type", "x-amzn-requestid", "odd"])
    | st.text(max_size=5),
    st.sampled_from(["gzip", "deflate", "br", "identity, gzip", "text/xml"]) | st.text(max_size=9),
    max_size=3,
)
BODIES = st.one_of(
    st.binary(max_size=200),
    mutations(STOPPED),
    mutations(fault(("A", "b"), ("Client.InvalidInstanceID.NotFound", "c"))),
    mutations(gzip.compress(STOPPED)),
    mutations(f'<?xml version="1.0" encoding="UTF-16"?>{STOPPED.decode()[38:]}'.encode("utf-16")),
)


@given(st.integers(100, 599), HEADERS, BODIES)
@example(200, {}, b"<a:StopInstancesResponse/>")
@example(
    200, {}, b"<StopInstancesResponse><instancesSet>&x;</instancesSet></StopInstancesResponse>"
)
def test_anything(status, headers, body):
    """Whatever arrives ends in a result or an EC2Error, and in nothing else."""
    try:
        parse(body, status, headers)
    except EC2Error as error:
        said = (error.operation, error.attempts, bool(str(error)))
    else:
        said = ("StopInstances", 1, 200 <= status < 300)
    assert ("StopInstances", 1, True) == said


def test_no_request():
    """What is no request is refused by name."""
    with pytest.raises(ConfigError, match=r"^request must be an object such as StopInstances"):
        ec2lite.parse_response(StopInstances, status_code=200, headers={}, body=STOPPED)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("status_code", 99, "status_code must be a whole number from 100 to 999, not 99"),
        ("status_code", 1000, "status_code must be a whole number from 100 to 999, not 1000"),
        ("status_code", "200", "status_code must be a whole number from 100 to 999, not str"),
        ("headers", [("a", "b")], "headers must be an object with items(), not list"),
        ("body", "<a/>", "body must be bytes, not str"),
    ],
)
def test_wrong_arguments(argument, value, message):
    """An argument that cannot be a part of an answer is refused by name."""
    given = {"status_code": 200, "headers": {}, "body": STOPPED} | {argument: value}
    with pytest.raises(ConfigError) as caught:
        ec2lite.parse_response(STOP, **given)

    assert message == str(caught.value)


def test_headers_of_a_fault():
    """An error has the headers of the answer, by lower-case names."""
    with pytest.raises(InstanceNotFound) as caught:
        parse(fault(("InvalidInstanceID.NotFound", "no")), 400, {"X-Some": "thing"})

    assert {"x-some": "thing"} == caught.value.headers
