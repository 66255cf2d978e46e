"""``ec2lite.boto3`` by itself: sessions, configs, pages, waits, and what it does not have."""

from __future__ import annotations

import base64
import io
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import ec2lite
from ec2lite.boto3 import exceptions
from ec2lite.boto3.config import Config, client_options
from ec2lite.boto3.pages import PageIterator, written
from ec2lite.boto3.parameters import request_for
from ec2lite.boto3.translation import translated
from ec2lite.boto3.waits import WAITS, Waiter
from servers import answer, certificate, serve, take

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {"aws_access_key_id": "AKID", "aws_secret_access_key": "a-secret"}
STATUSES = b"<DescribeInstanceStatusResponse><instanceStatusSet/></DescribeInstanceStatusResponse>"


def test_what_is_not_here():
    """What ec2lite does not do is an AttributeError that names boto3, and what comes closest."""
    ec2 = ec2lite.boto3.client("ec2", "eu-west-1", **KEYS)

    for name, nearest in {
        "start_instance": "start_instances",
        "run_instances": "start_instances",
        "waiter": "get_waiter",
    }.items():
        with pytest.raises(AttributeError, match=f"boto3's may have it.* has is {nearest}$"):
            getattr(ec2, name)
    for name, nearest in {
        "resource": "client",
        "Sesion": "Session",
        "ClientErr": "ClientError",
    }.items():
        with pytest.raises(AttributeError, match=f"boto3's may have it.* has is {nearest}$"):
            getattr(ec2lite.boto3, name)
    for name, nearest in {"resource": "client", "get_credential": "get_credentials"}.items():
        with pytest.raises(
            AttributeError, match=f"^'Session' object .*boto3's.* has is {nearest}$"
        ):
            getattr(ec2lite.boto3.Session(), name)
    with pytest.raises(ec2lite.boto3.UnknownServiceError, match="for other services use boto3"):
        ec2lite.boto3.client("s3", "eu-west-1")
    with pytest.raises(ValueError, match="for others use boto3"):
        ec2.get_waiter("volume_available")
    for unsafe in ({"verify": False}, {"use_ssl": False}):
        with pytest.raises(ValueError, match="always verifies certificates"):
            ec2lite.boto3.client("ec2", "eu-west-1", **unsafe)


def test_a_client():
    """It knows its Region, endpoint and waiters, and closes itself."""
    with ec2lite.boto3.client("ec2", "eu-west-1", **KEYS) as ec2:
        assert "eu-west-1" == ec2.meta.region_name
        assert "https://ec2.eu-west-1.amazonaws.com" == ec2.meta.endpoint_url
        assert sorted(WAITS) == ec2.waiter_names


def test_a_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A session has the profile's Region and keys, or those that were passed."""
    config = tmp_path / "config"
    config.write_text(
        "[profile dev]\nregion = eu-west-3\naws_access_key_id = AKIDDEV\n"
        "aws_secret_access_key = a-secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    dev, own = ec2lite.boto3.Session(profile_name="dev"), ec2lite.boto3.Session("AKID", "a-secret")
    bare = ec2lite.boto3.Session(region_name="eu-west-2")

    assert ("dev", "eu-west-3", ["dev"]) == (
        dev.profile_name,
        dev.region_name,
        dev.available_profiles,
    )
    assert ("AKIDDEV", "a-secret", None, None) == dev.get_credentials().get_frozen_credentials()
    assert "AKID" == own.get_credentials().access_key
    assert ("default", "eu-west-2", None) == (
        bare.profile_name,
        bare.region_name,
        bare.get_credentials(),
    )
    assert ["ec2"] == bare.get_available_services()
    assert "Session(region_name='eu-west-2')" == repr(bare)
    assert "https://ec2.eu-west-3.amazonaws.com" == dev.client("ec2").meta.endpoint_url
    found = own.get_credentials()
    assert "a-secret" not in repr(found) + repr(found.get_frozen_credentials())
    assert ec2lite.boto3.session.Session is ec2lite.boto3.Session


def test_the_default_session(monkeypatch: pytest.MonkeyPatch):
    """``setup_default_session`` says what ``client`` goes by."""
    monkeypatch.setattr(ec2lite.boto3, "_default_session", None)
    ec2lite.boto3.setup_default_session(region_name="eu-west-2")

    assert "eu-west-2" == ec2lite.boto3.client("ec2").meta.region_name


def test_keys_that_are_none():
    """Keys with a line break are an error that does not show them."""
    with pytest.raises(ec2lite.boto3.InvalidConfigError, match="line break") as caught:
        ec2lite.boto3.Session("AKID", "a-secret\n")
    assert "a-secret" not in str(caught.value)


def test_own_authorities(tmp_path: Path):
    """``verify`` may be the path of a CA bundle; the connection is closed with the client."""
    bundle, tls = certificate(tmp_path)
    with serve([take, answer(STATUSES)], tls=tls) as server:
        ec2 = ec2lite.boto3.client(
            "ec2", "eu-west-1", endpoint_url=server.url.rstrip("/"), verify=bundle, **KEYS
        )
        assert [] == ec2.describe_instance_status()["InstanceStatuses"]
        ec2.close()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, {}),
        (
            Config(connect_timeout=1, read_timeout=2, user_agent_extra="x", use_fips_endpoint=True),
            {
                "timeout": ec2lite.Timeout(connect=1, read=2, total=None),
                "user_agent_extra": "x",
                "use_fips": True,
                "use_dualstack": None,
            },
        ),
    ],
)
def test_config(config: Any, expected: dict[str, Any]):
    """A config's options become the client's."""
    assert expected == client_options(config)


@pytest.mark.parametrize(
    ("retries", "kind", "most"),
    [
        ({"mode": "adaptive"}, ec2lite.AdaptiveRetry, 3),
        ({"max_attempts": 4}, ec2lite.StandardRetry, 5),
        ({"mode": "legacy", "total_max_attempts": 2}, ec2lite.StandardRetry, 2),
    ],
)
def test_retries(retries: dict[str, Any], kind: Any, most: int):
    """boto3 counts repetitions, or all attempts; ec2lite counts attempts."""
    policy = client_options(Config(retries=retries))["retry"]

    assert (kind, most) == (type(policy), policy.max_attempts)


@pytest.mark.parametrize("name", ["proxies", "proxies_config", "client_cert"])
def test_what_a_config_must_not_have(name: str):
    """An option that ec2lite lacks, and that a program would miss without noticing, is refused."""

    class Theirs:
        read_timeout = 3

    config = Theirs()
    assert 3 == client_options(config)["timeout"].read
    setattr(config, name, {"https": "http://proxy.example"})
    with pytest.raises(ec2lite.boto3.InvalidConfigError, match=f"must have no {name}.*use boto3"):
        ec2lite.boto3.client("ec2", "eu-west-1", config=config, **KEYS)


def test_region_of_the_config():
    """A config may name the Region."""
    config = Config(region_name="eu-west-2")

    assert "eu-west-2" == ec2lite.boto3.client("ec2", config=config, **KEYS).meta.region_name


@pytest.mark.parametrize(
    ("arguments", "pairs"),
    [
        ({}, []),
        ({"InstanceIds": [], "Filters": []}, []),
        ({"MaxResults": 5, "NextToken": "t"}, [("NextToken", "t"), ("MaxResults", "5")]),
        ({"InstanceIds": ["i-1"]}, [("InstanceId.1", "i-1")]),
    ],
)
@pytest.mark.parametrize("name", ["describe_instances", "describe_instance_status"])
def test_describing(name: str, arguments: dict[str, Any], pairs: list[tuple[str, str]]):
    """Nothing is sent that the caller did not give: no size of a page, no empty list."""
    assert pairs == request_for(name, arguments).form_pairs()


@pytest.mark.parametrize(
    "data", [b"#!", bytearray(b"#!"), "#!", io.BytesIO(b"#!"), io.StringIO("#!")]
)
def test_user_data(data: Any):
    """User data is bytes, text or a file."""
    request = request_for(
        "modify_instance_attribute", {"InstanceId": "i-1", "UserData": {"Value": data}}
    )

    assert ("UserData.Value", "IyE=") in request.form_pairs()


def test_mappings():
    """A mapping of a block device is a dict of dicts."""
    mapping = {"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": True}}
    request = request_for(
        "modify_instance_attribute", {"InstanceId": "i-1", "BlockDeviceMappings": [mapping]}
    )

    assert ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true") in request.form_pairs()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("stop_instances", {"InstanceIds": []}),
        ("describe_instances", {"Filters": [{"Name": "tag:a"}]}),
        ("modify_instance_attribute", {"InstanceId": "i-1"}),
    ],
)
def test_what_ec2lite_refuses(name: str, arguments: dict[str, Any]):
    """What ec2lite refuses before it is sent is a ParamValidationError as well."""
    with pytest.raises(ec2lite.boto3.ParamValidationError, match="must") as caught:
        request_for(name, arguments)
    assert isinstance(caught.value.__cause__, ec2lite.ConfigError)


def page(number: int, token: str | None) -> dict[str, Any]:
    """Return a page of two items."""
    following = {} if token is None else {"NextToken": token}
    return {"Reservations": [2 * number, 2 * number + 1], **following}


def pages(asked: list[dict[str, Any]], **config: Any) -> PageIterator:
    """Return an iterator over three pages; ``asked`` is filled with what it asks for."""

    def call(**arguments: Any) -> dict[str, Any]:
        asked.append(arguments)
        number = int(arguments.get("NextToken", 0))
        return page(number, str(number + 1) if number < 2 else None)

    return PageIterator(call, "Reservations", {"PaginationConfig": config})


def test_pages():
    """Pages follow their tokens; MaxItems cuts the last one and ends it."""
    asked: list[dict[str, Any]] = []

    assert {"Reservations": [0, 1, 2, 3, 4, 5]} == pages(asked).build_full_result()
    asked.clear()
    assert [0, 1, 2] == pages(asked, MaxItems="3").build_full_result()["Reservations"]
    assert [{}, {"NextToken": "1"}] == asked
    asked.clear()
    assert [page(2, None)] == list(pages(asked, PageSize="2", StartingToken="2"))
    assert [{"MaxResults": 2, "NextToken": "2"}] == asked


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 6])
def test_pages_that_go_on(most: int):
    """With the token after MaxItems, the next iteration goes on where the last one ended."""
    found: list[int] = []
    token: str | None = None
    for _ in range(7):
        here = pages([], MaxItems=most, StartingToken=token)
        found += here.build_full_result()["Reservations"]
        token = here.resume_token
        if token is None:
            break

    assert [0, 1, 2, 3, 4, 5] == found


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("1", [2, 3, 4, 5]),
        ("1___1", [3, 4, 5]),
        ("None___1", [1, 2, 3, 4, 5]),
        (written("1"), [2, 3, 4, 5]),
        (written("1", 1), [3, 4, 5]),
        (written(None, 5), [2, 3, 4, 5]),
    ],
)
def test_starting_tokens(start: str, expected: list[int]):
    """A token may be boto3's, an old one of boto3's, or EC2's own."""
    assert {"Reservations": expected} == pages([], StartingToken=start).build_full_result()


def test_ec2s_own_tokens_are_json_too():
    """EC2's tokens are base64 of JSON as boto3's are; they are sent as they are."""
    own = base64.b64encode(b'{"v":"2","c":"x","s":"1"}').decode()
    asked: list[dict[str, Any]] = []

    with pytest.raises(ValueError, match="invalid literal"):  # of the pages above
        list(pages(asked, StartingToken=own))
    assert [{"NextToken": own}] == asked


def test_pages_without_end():
    """Two pages that name the same next one are an error, as with boto3."""
    endless = PageIterator(lambda **_: page(0, "1"), "Reservations", {})

    with pytest.raises(ec2lite.boto3.PaginationError, match="same next token was received twice"):
        list(endless)


def test_search_without_jmespath(monkeypatch: pytest.MonkeyPatch):
    """Where jmespath is not installed, the error says what to install."""
    monkeypatch.setitem(sys.modules, "jmespath", None)

    with pytest.raises(ImportError, match="pip install jmespath"):
        pages([]).search("Reservations[]")


def test_a_wait_that_sleeps(monkeypatch: pytest.MonkeyPatch):
    """Between two looks it sleeps for the delay, and not after the last one."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    states = ["pending", "stopping", "stopped"]

    def describe(**_: Any) -> dict[str, Any]:
        return {"Reservations": [{"Instances": [{"State": {"Name": states.pop(0)}}]}]}

    waiter = Waiter(WAITS["instance_terminated"], describe)
    with pytest.raises(ec2lite.boto3.WaiterError, match='"pending" at least once'):
        waiter.wait(InstanceIds=["i-1"])
    assert [] == slept
    waiter = Waiter(WAITS["instance_stopped"], describe)
    waiter.wait(InstanceIds=["i-1"], WaiterConfig={"Delay": 3})
    assert [3] == slept


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (ec2lite.CredentialsError("none"), exceptions.NoCredentialsError, "Unable to locate"),
        (ec2lite.ConfigError("region must be"), exceptions.InvalidConfigError, "region must be"),
        (ec2lite.ResponseError("odd"), exceptions.ResponseParserError, "odd"),
        (
            ec2lite.ResponseError("odd", status_code=500, body=b"{}"),
            exceptions.ResponseParserError,
            "odd",
        ),
        (ec2lite.TransportError("no"), exceptions.HTTPClientError, "unhandled exception: no"),
        (
            ec2lite.TransportError("no", is_timeout=True),
            exceptions.ReadTimeoutError,
            "Read timeout",
        ),
        (ec2lite.ServiceError("no", code="Odd"), exceptions.ClientError, r"\(Odd\).*Stop.*: no"),
    ],
)
def test_translated(error: ec2lite.EC2Error, kind: type[Exception], text: str):
    """Each of ec2lite's errors is one of boto3's."""
    got = translated(error, "StopInstances", "https://ec2")

    assert isinstance(got, kind)
    with pytest.raises(kind, match=text):
        raise got


def test_a_connection_that_takes_too_long():
    """A time limit for connecting has an error of its own."""
    error = ec2lite.TransportError("no", is_timeout=True)
    error.__cause__ = httpx.ConnectTimeout("slow")

    got = translated(error, "StopInstances", "https://ec2")
    assert 'Connect timeout on endpoint URL: "https://ec2/"' == str(got)


ALONE = """
import pickle, sys
sys.modules["botocore"] = None
from ec2lite import boto3
ec2 = boto3.client("ec2", "eu-west-1", aws_access_key_id="AKID", aws_secret_access_key="s")
try:
    ec2.stop_instances(InstanceIds="i-1")
except boto3.ParamValidationError as error:
    assert type(error) is boto3.ParamValidationError
    assert str(error) == str(pickle.loads(pickle.dumps(error)))
print(*[name for name in sys.modules if name.startswith(("botocore.", "boto3", "s3transfer"))])
"""


def test_botocore_that_is_not_imported(monkeypatch: pytest.MonkeyPatch):
    """Where the program has not imported botocore, an error is only ours."""
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    got = translated(ec2lite.CredentialsError("none"), "StopInstances", "https://ec2")

    assert ec2lite.boto3.NoCredentialsError is type(got)


def test_without_botocore():
    """The facade needs no boto3 and no botocore, and imports none."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, check=False
    )

    assert (0, "\n", "") == (done.returncode, done.stdout, done.stderr)


def test_errors_that_a_program_makes():
    """A test of somebody's may raise these errors, as boto3's are raised in tests."""
    error = ec2lite.boto3.ClientError({"Error": {"Code": "Odd"}}, "StopInstances")
    plain = ec2lite.boto3.ClientError({}, "StopInstances")

    assert "An error occurred (Odd) when calling the StopInstances operation: Unknown" == str(error)
    assert "An error occurred (Unknown) when calling the StopInstances operation: Unknown" == str(
        plain
    )
    assert error.response == pickle.loads(pickle.dumps(error)).response
    assert "An unspecified error occurred" == str(ec2lite.boto3.BotoCoreError())
