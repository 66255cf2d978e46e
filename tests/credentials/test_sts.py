"""STS's operations: the form they send, the document they read, and moto's STS."""

import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from ec2lite.config.settings import Settings
from ec2lite.credentials.provider import utc_now
from ec2lite.credentials.sts.assume_role import AssumeRole
from ec2lite.credentials.sts.assume_role_with_web_identity import AssumeRoleWithWebIdentity
from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity
from ec2lite.credentials.sts.requests import caller, with_credentials
from ec2lite.engine.flow import GET_CREDENTIALS, run
from ec2lite.engine.world import SyncWorld
from ec2lite.errors import ResponseError, ServiceError, TransportError
from ec2lite.models import Credentials
from ec2lite.protocol.response import parse_response

ROLE = "arn:aws:iam::123456789012:role/deploy"
KEYS = Credentials("AKID", "HUSH")
DOCUMENT = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><Credentials><AccessKeyId>AKID</AccessKeyId><SecretAccessKey>HUSH</SecretAccessKey>
<SessionToken>TOKEN</SessionToken><Expiration>2026-01-01T12:00:00</Expiration></Credentials>
</AssumeRoleResult><ResponseMetadata><RequestId>abc</RequestId></ResponseMetadata>
</AssumeRoleResponse>"""


def read(operation, document, status_code=200):
    """Return what an operation makes of a document."""
    return parse_response(
        operation, status_code=status_code, headers={}, body=document.encode("utf-8")
    )


def test_unset_parameters_are_not_sent():
    """Only the parameters that are set are sent."""
    assert [("RoleArn", ROLE), ("RoleSessionName", "me")] == AssumeRole(ROLE, "me").form_pairs()


@pytest.mark.parametrize(
    "operation",
    [
        AssumeRole(ROLE, "me", external_id="HUSH", token_code="HUSH"),
        AssumeRoleWithWebIdentity(ROLE, "me", "HUSH"),
    ],
)
def test_repr_is_silent(operation):
    """No repr shows what is secret about a request."""
    assert "HUSH" not in repr(operation)


def test_assumed_role_without_user():
    """A time without a zone is UTC, and an answer without a user has no account."""
    result = read(AssumeRole(ROLE, "me"), DOCUMENT)

    end = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert Credentials("AKID", "HUSH", "TOKEN", end) == result.credentials
    assert "" == result.arn
    assert "abc" == result.response_metadata.request_id
    assert "HUSH" not in repr(result)


@pytest.mark.parametrize("gone", ["2026-01-01T12:00:00", "AKID", "HUSH", "TOKEN"])
def test_incomplete_answers(gone):
    """An answer that lacks something is a ResponseError that shows nothing of it."""
    with pytest.raises(ResponseError) as caught:
        read(AssumeRole(ROLE, "me"), DOCUMENT.replace(gone, ""))

    assert b"" == caught.value.body


@pytest.fixture
def ask_moto(moto_url):
    """Return a function that calls moto's STS."""
    environ = {"AWS_ENDPOINT_URL_STS": moto_url, "AWS_REGION": "eu-west-1"}
    with httpx.HTTPTransport() as transport:
        world = SyncWorld(transport, None)
        sts = caller(Settings(environ), utc_now)
        yield lambda operation, credentials: run(sts(operation, credentials), world)


def test_moto_caller_identity(ask_moto):
    """Moto's STS knows whose keys they are."""
    result = ask_moto(GetCallerIdentity(), KEYS)

    assert "123456789012" == result.account
    assert result.arn.startswith("arn:aws:")
    expected = {"Account": result.account, "Arn": result.arn, "UserId": result.user_id}
    assert expected == {key: result.to_dict()[key] for key in expected}
    assert result.to_dict()["ResponseMetadata"]["RequestId"]


def test_moto_assume_role(ask_moto):
    """Moto's STS gives a role's keys, which are then the role's."""
    result = ask_moto(AssumeRole(ROLE, "me", duration_seconds=900), KEYS)

    assert "123456789012" == result.credentials.account_id
    assert timedelta(minutes=14) < result.credentials.expiration - datetime.now(UTC)
    assert result.arn.endswith(":assumed-role/deploy/me")
    assert result.to_dict()["Credentials"]["SessionToken"] == result.credentials.session_token
    assert result.arn == ask_moto(GetCallerIdentity(), result.credentials).arn


def test_moto_web_identity(ask_moto):
    """Moto's STS gives a role's keys for a token, and the request is not signed."""
    result = ask_moto(AssumeRoleWithWebIdentity(ROLE, "me", "jwt"), None)

    assert result.credentials.session_token


def test_refusal():
    """STS's error document becomes a ServiceError."""
    fault = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>" + (
        "<Message>no</Message></Error><RequestId>abc</RequestId></ErrorResponse>"
    )
    with pytest.raises(ServiceError, match="AssumeRole failed: no") as caught:
        read(AssumeRole(ROLE, "me"), fault, 403)

    assert "AccessDenied" == caught.value.code


def test_given_credentials_answer_the_flow():
    """A flow's GetCredentials is answered on the spot; all else, failures too, is handed on."""

    def inner():
        keys = yield GET_CREDENTIALS
        try:
            yield keys
        except TransportError:
            return (yield "again")

    flow = with_credentials(inner(), KEYS)

    assert KEYS is next(flow)
    assert "again" == flow.throw(TransportError("down"))
    with pytest.raises(StopIteration) as end:
        flow.send("done")
    assert "done" == end.value.value


def test_closing_closes_the_flow_inside():
    """A flow that is given up unwinds what it wraps."""
    closed = threading.Event()

    def inner():
        try:
            yield "effect"
        finally:
            closed.set()

    flow = with_credentials(inner(), KEYS)
    next(flow)
    flow.close()

    assert closed.is_set()
