"""The Region of the instance, which its metadata service names where nobody else does."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import httpx
import pytest

import ec2lite
from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity
from ec2lite.errors import ConfigError, TransportError
from patience import PATIENCE
from samples import KEYS, stopped

ASSUMED = """<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKID</AccessKeyId>
<SecretAccessKey>HUSH</SecretAccessKey><SessionToken>TOKEN</SessionToken>
<Expiration>2999-01-01T12:00:00Z</Expiration></Credentials></AssumeRoleResult>
</AssumeRoleResponse>"""


class Instance:
    """An instance in a Region, with EC2 and STS around it."""

    def __init__(self, region="eu-south-2", delay=0.0):
        self.region = region
        self.delay = delay
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = []
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.asked.append(f"{request.method} {request.url.host}{request.url.path}")
        if request.url.path == "/latest/api/token":
            time.sleep(self.delay)
            assert self.may_answer.wait(60)
            return httpx.Response(200, text="HUSH")
        if request.url.path == "/latest/meta-data/placement/region":
            assert request.extensions["direct"]
            known = self.region is not None
            return httpx.Response(200 if known else 404, text=self.region or "")
        action = parse_qs(request.content.decode())["Action"][0]
        return httpx.Response(
            200, text=ASSUMED if action == "AssumeRole" else stopped(request.content).decode()
        )

    def arguments(self, **more):
        """Return a client's arguments."""
        given = {"credentials": KEYS, "retry": ec2lite.NoRetry()}
        return {"transport": httpx.MockTransport(self), **given, **more}


TOKEN = "PUT 169.254.169.254/latest/api/token"
REGION = "GET 169.254.169.254/latest/meta-data/placement/region"
EC2 = "POST ec2.eu-south-2.amazonaws.com/"


def test_last_resort(colour):
    """Without a Region anywhere else the instance's is asked for, once."""
    instance = Instance("eu-south-2\n")
    with colour.client(**instance.arguments()) as ec2:
        ec2.stop_instances("i-1")
        ec2.stop_instances("i-1")

    assert [TOKEN, REGION, EC2, EC2] == instance.asked


@pytest.mark.parametrize("where", ["argument", "AWS_REGION", "config"])
def test_not_asked(colour, monkeypatch, tmp_path, where):
    """A Region that is set is used, and the service is not asked."""
    instance = Instance()
    (tmp_path / "config").write_text("[default]\nregion = eu-south-2\n")
    if where == "config":
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    if where == "AWS_REGION":
        monkeypatch.setenv("AWS_REGION", "eu-south-2")
    region = "eu-south-2" if where == "argument" else None
    with colour.client(**instance.arguments(region=region)) as ec2:
        ec2.stop_instances("i-1")

    assert [EC2] == instance.asked


def test_asked_once_by_many():
    """Threads that start at the same time ask once, and the others wait for the answer."""
    instance = Instance(delay=0.2)
    with (
        ec2lite.Client(**instance.arguments()) as ec2,
        ThreadPoolExecutor(20) as pool,
    ):
        list(pool.map(lambda _: ec2.stop_instances("i-1"), range(20)))

    assert 1 == instance.asked.count(REGION)
    assert 20 == instance.asked.count(EC2)


@pytest.mark.parametrize("name", [None, "-", "eu west"])
def test_none_there(colour, name):
    """An instance that knows no Region is asked once; the error says how to set one, and why."""
    instance = Instance(name)
    with colour.client(**instance.arguments()) as ec2:
        for _ in range(2):
            with pytest.raises(
                ConfigError,
                match=r"^no Region: pass region=, .*; the instance metadata service has none: .",
            ):
                ec2.stop_instances("i-1")

    assert [TOKEN, REGION] == instance.asked


def test_many_hear_of_one_failure():
    """Threads that waited for an answer that was none do not ask again."""
    instance = Instance(None, delay=0.2)

    def stop(_):
        with pytest.raises(ConfigError, match=r"^no Region"):
            ec2.stop_instances("i-1")

    with (
        ec2lite.Client(**instance.arguments()) as ec2,
        ThreadPoolExecutor(20) as pool,
    ):
        list(pool.map(stop, range(20)))

    assert [TOKEN, REGION] == instance.asked


def test_disabled(colour, monkeypatch):
    """AWS_EC2_METADATA_DISABLED is honoured, and the error says so."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    instance = Instance()
    with (
        colour.client(**instance.arguments()) as ec2,
        pytest.raises(ConfigError, match="disabled by AWS_EC2_METADATA_DISABLED"),
    ):
        ec2.stop_instances("i-1")

    assert [] == instance.asked


def test_a_file_might_say_otherwise(colour, monkeypatch):
    """With a config file that cannot be read, no other Region is taken instead of its own."""
    monkeypatch.setenv("AWS_CONFIG_FILE", "/proc/self/mem")
    instance = Instance()
    with (
        colour.client(**instance.arguments()) as ec2,
        pytest.raises(ConfigError, match=r"^cannot read /proc/self/mem"),
    ):
        ec2.stop_instances("i-1")

    assert [] == instance.asked


def test_sts_needs_none(colour):
    """A call to STS without a Region goes to the global endpoint, and asks nobody for one."""
    instance = Instance()
    with colour.client(**instance.arguments()) as ec2, pytest.raises(ec2lite.ResponseError):
        ec2.send(GetCallerIdentity())

    assert ["POST sts.amazonaws.com/"] == instance.asked


def test_roles_are_assumed_there(colour, monkeypatch, tmp_path):
    """Roles are assumed at the STS of the instance's Region, too."""
    (tmp_path / "config").write_text(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = keys\n"
        "[profile keys]\naws_access_key_id = AKID\naws_secret_access_key = HUSH\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    instance = Instance()
    with colour.client(**instance.arguments(credentials=None)) as ec2:
        ec2.stop_instances("i-1")

    assert [TOKEN, REGION, "POST sts.eu-south-2.amazonaws.com/", EC2] == instance.asked


def test_within_the_limit(colour):
    """Asking for the Region is a part of the call, whose limit holds."""
    instance = Instance(delay=0.4)
    began = time.monotonic()
    with (
        colour.client(**instance.arguments(timeout=0.2)) as ec2,
        pytest.raises(TransportError, match="time limit") as caught,
    ):
        ec2.stop_instances("i-1")

    assert caught.value.is_timeout
    assert EC2 not in instance.asked
    assert time.monotonic() - began < PATIENCE


def test_waiting_within_the_limit():
    """So is waiting for another thread that asks; a view has its own limit."""
    instance = Instance()
    instance.may_answer.clear()

    def stop(ec2):
        with pytest.raises(TransportError, match="before there was a Region") as caught:
            ec2.stop_instances("i-1")
        assert caught.value.is_timeout

    with ec2lite.Client(**instance.arguments(timeout=20)) as ec2, ThreadPoolExecutor(9) as pool:
        asking = pool.submit(ec2.stop_instances, "i-1")
        while not instance.asked:
            time.sleep(0.01)
        list(pool.map(stop, [ec2.with_options(timeout=0.2)] * 8))
        assert not asking.done()
        instance.may_answer.set()
        asking.result()

    assert [TOKEN, REGION, EC2] == instance.asked


def test_whoever_asked_is_gone():
    """After a fork in the middle of asking, the child asks for itself."""
    instance = Instance()
    with ec2lite.Client(**instance.arguments()) as ec2:
        ec2._setup._asking = 1  # another process
        ec2.stop_instances("i-1")

    assert [TOKEN, REGION, EC2] == instance.asked
