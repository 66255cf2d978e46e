"""The same requests and answers as botocore makes and reads."""

from __future__ import annotations

import functools
from unittest import mock
from urllib.parse import parse_qsl

import botocore.auth
import botocore.credentials
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.parsers import EC2QueryParser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

import ec2lite
from ec2lite.errors import ServiceError
from ec2lite.models import Endpoint
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.protocol.request import encode
from strategies import (
    CREDENTIALS,
    REGIONS,
    STOP_ANSWERS,
    STOPS,
    TIMES,
    URLS,
    documents,
    fault_trees,
    shuffled,
)

STOP = StopInstances("i-1")
HEADERS = st.sampled_from(
    [
        {},
        {"Content-Type": "text/xml"},
        {"Date": "x", "x-amzn-RequestId": "h", "Server": "AmazonEC2"},
    ]
)


@functools.cache
def model():
    """Return botocore's model of StopInstances, which takes long to load."""
    return botocore.session.Session().get_service_model("ec2").operation_model("StopInstances")


def parameters(stop):
    """Return what botocore's users would write for a request."""
    flags = {
        "Hibernate": stop.hibernate,
        "Force": stop.force,
        "SkipOsShutdown": stop.skip_os_shutdown,
        "DryRun": stop.dry_run,
    }
    given_flags = {name: value for name, value in flags.items() if value is not None}
    return {"InstanceIds": list(stop.instance_ids), **given_flags}


@given(STOPS)
def test_body(stop):
    """The body has the pairs that botocore's serializer makes, each once."""
    theirs = create_serializer("ec2").serialize_to_request(parameters(stop), model())["body"]

    ours = parse_qsl(encode(stop).decode("ascii"), strict_parsing=True)

    assert set(theirs.items()) == set(ours)
    assert len(theirs) == len(ours)


@given(STOPS, URLS, REGIONS, CREDENTIALS, TIMES)
def test_signature(stop, url, region, credentials, now):
    """The headers of authentication are those that botocore's own add_auth makes."""
    request = ec2lite.build_request(
        stop, endpoint=Endpoint(url, region, "ec2"), credentials=credentials, now=now
    )

    key = botocore.credentials.Credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    theirs = AWSRequest(
        method="POST",
        url=str(request.url),
        data=request.content,
        headers={"content-type": request.headers["content-type"]},
    )
    naive = now.replace(tzinfo=None)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=naive):
        botocore.auth.SigV4Auth(key, "ec2", region).add_auth(theirs)

    expected = {name.lower(): value for name, value in theirs.headers.items()}
    assert expected == {name: request.headers[name] for name in expected}
    assert ("x-amz-security-token" in expected) == bool(credentials.session_token)


@given(STOP_ANSWERS, HEADERS)
def test_result(body, headers):
    """``to_dict`` is botocore's parse, in any namespace and order, with strange elements too."""
    raw = {"body": body, "headers": headers, "status_code": 200}
    theirs = EC2QueryParser().parse(raw, model().output_shape)
    # botocore's endpoint adds this, and its parser knows no request ids in headers.
    theirs["ResponseMetadata"]["RetryAttempts"] = 0
    if "x-amzn-RequestId" in headers:
        theirs["ResponseMetadata"].setdefault("RequestId", "h")

    result = ec2lite.parse_response(STOP, status_code=200, headers=headers, body=body)

    assert theirs == result.to_dict()


@given(fault_trees().flatmap(shuffled).flatmap(documents), st.sampled_from([400, 412, 503]))
def test_fault(body, status):
    """Code, message and request id of an error are botocore's, the code's prefix aside."""
    raw = {"body": body, "headers": {}, "status_code": status}
    theirs = EC2QueryParser().parse(raw, model().output_shape)

    try:
        ours = ec2lite.parse_response(STOP, status_code=status, headers={}, body=body)
    except ServiceError as error:
        ours = (error.code, error.message, error.request_id)

    code = theirs["Error"]["Code"].removeprefix("Client.").removeprefix("Server.")
    request_id = theirs["ResponseMetadata"]["RequestId"]
    assert (code, theirs["Error"]["Message"] or "", request_id) == ours
