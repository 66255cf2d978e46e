"""STS's operations: the form they send, the document they read, and moto's STS."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

import ec2lite
from ec2lite.config.settings import Settings
from ec2lite.credentials.provider import Ask
from ec2lite.credentials.providers import role
from ec2lite.credentials.sts.assume_role import AssumeRole
from ec2lite.credentials.sts.assume_role_with_web_identity import AssumeRoleWithWebIdentity
from ec2lite.credentials.sts.decode_authorization_message import DecodeAuthorizationMessage
from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity
from ec2lite.engine.flow import run
from ec2lite.engine.world import SyncWorld
from ec2lite.errors import ConfigError, ResponseError, ServiceError, TransportError
from ec2lite.models import Credentials
from ec2lite.protocol.response import parse_response
from samples import KEYS

ROLE = "arn:aws:iam::123456789012:role/deploy"
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
        ask = Ask(Settings(environ), "default")
        yield lambda operation, credentials: run(role.call_sts(ask, operation, credentials), world)


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


def test_decoded_message():
    """DecodeAuthorizationMessage sends the message as it is, and returns the JSON it stands for."""
    operation = DecodeAuthorizationMessage("HUSH-=")
    result = read(
        operation,
        "<DecodeAuthorizationMessageResponse><DecodeAuthorizationMessageResult><DecodedMessage>"
        '{"HUSH":1}</DecodedMessage></DecodeAuthorizationMessageResult><ResponseMetadata>'
        "<RequestId>abc</RequestId></ResponseMetadata></DecodeAuthorizationMessageResponse>",
    )

    assert [("EncodedMessage", "HUSH-=")] == operation.form_pairs()
    assert '{"HUSH":1}' == result.decoded_message == result.to_dict()["DecodedMessage"]
    assert "abc" == result.to_dict()["ResponseMetadata"]["RequestId"]
    assert "HUSH" not in repr(operation) + repr(result)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"x", "encoded_message must be a string, not bytes"),
        (None, "encoded_message must be a string, not None"),
        ("", "encoded_message must be 1 to 10240 characters, not 0 of them"),
        ("x" * 10241, "encoded_message must be 1 to 10240 characters, not 10241 of them"),
    ],
)
def test_message_that_cannot_be_decoded(message, expected):
    """A message that STS would refuse is refused by name, and not shown."""
    with pytest.raises(ConfigError) as caught:
        DecodeAuthorizationMessage(message)

    assert expected == str(caught.value)


def test_client_calls_sts(colour, monkeypatch, moto):
    """A client sends an operation of STS to STS, and one of EC2 to EC2, each at its endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:9")
    with colour.client("eu-west-1", credentials=KEYS, retry=ec2lite.NoRetry()) as ec2:
        account = ec2.send(GetCallerIdentity()).account
        with pytest.raises(TransportError):
            ec2.stop_instances("i-1")

    assert "123456789012" == account


def test_one_url_for_all_services(colour, monkeypatch, tmp_path, moto):
    """With ``endpoint_url=`` the roles of a profile are assumed there, too, and not at AWS."""
    config = tmp_path / "config"
    config.write_text(
        f"[profile role]\nrole_arn = {ROLE}\nsource_profile = keys\n"
        "[profile keys]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = HUSH\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with colour.client("eu-west-1", profile="role", endpoint_url=moto) as ec2:
        result = ec2.send(GetCallerIdentity())

    assert ":assumed-role/deploy/ec2lite-session-" in result.arn


def test_without_a_region_sts_is_the_global_one(colour):
    """Who somebody is can be asked without a Region."""
    asked = []

    def answer(request):
        asked.append(str(request.url))
        return httpx.Response(500)

    given = {"credentials": KEYS, "transport": httpx.MockTransport(answer)}
    with (
        colour.client(**given, retry=ec2lite.NoRetry()) as ec2,
        pytest.raises(ResponseError),
    ):
        ec2.send(GetCallerIdentity())

    assert ["https://sts.amazonaws.com"] == asked


def test_retries_share_a_quota():
    """All calls to STS that a chain makes pay their retries from one quota."""
    ask = Ask(Settings({}), "default")
    other = ask.for_source_profile("base")

    assert ask.retrier is other.retrier
    assert ask.retrier is not Ask(Settings({}), "default").retrier
