"""``ec2lite whoami``, and what a client says of itself."""

from __future__ import annotations

import json

import pytest

from ec2lite.cli.main import main
from ec2lite.client import Client
from ec2lite.credentials.sts.get_caller_identity import GetCallerIdentity
from ec2lite.errors import ConfigError
from samples import KEYS, SECRET, TEMPORARY


@pytest.fixture
def environment(monkeypatch, moto):
    """Keys in the environment, and moto for STS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    return monkeypatch


def shown(out):
    """Return the rows that the command printed."""
    return dict(line.split(None, 1) for line in out.splitlines())


def test_whoami(environment, capsys):
    """Account, ARN, provider, Region and EC2's endpoint are what the environment leads to."""
    environment.setenv("AWS_REGION", "eu-west-1")
    assert 0 == main(["whoami"])
    rows = shown(capsys.readouterr().out)
    assert rows.pop("arn").startswith("arn:aws:")
    assert {
        "account": "123456789012",
        "provider": "environment",
        "region": "eu-west-1",
        "endpoint": "https://ec2.eu-west-1.amazonaws.com",
    } == rows


def test_arguments_win(environment, moto, capsys):
    """Region and endpoint are those of the options, if there are any, and STS is asked there."""
    environment.setenv("AWS_REGION", "eu-west-1")
    environment.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    environment.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert 0 == main(["whoami", "--region", "us-east-2", "--endpoint-url", moto])
    rows = shown(capsys.readouterr().out)
    assert ("us-east-2", moto) == (rows["region"], rows["endpoint"])


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [("--region", "", "region"), ("--endpoint-url", "nowhere", "endpoint_url")],
)
def test_wrong_arguments(environment, capsys, option, value, name):
    """A wrong option is refused by name."""
    assert 2 == main(["whoami", option, value])
    assert name in capsys.readouterr().err


def test_without_a_region(environment, capsys):
    """Who somebody is can be asked without a Region; what that leaves open is a dash."""
    assert 0 == main(["whoami"])
    rows = shown(capsys.readouterr().out)
    assert "-" == rows["region"] == rows["endpoint"]
    assert "environment" == rows["provider"]


def test_json(environment, capsys):
    """The command prints JSON on request, and never a secret."""
    assert 0 == main(["whoami", "--json", "--region", "eu-west-1"])
    out = capsys.readouterr().out
    assert "123456789012" == json.loads(out)["Account"]
    assert SECRET not in out


def test_without_credentials(monkeypatch, capsys):
    """Without credentials the command names the providers it asked, and exits with 2."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert 2 == main(["whoami"])
    assert "environment" in capsys.readouterr().err


def test_provider(moto, monkeypatch):
    """A client knows who gave its credentials once it has made a call; its views share that."""
    with Client("eu-west-1", credentials=KEYS, endpoint_url=moto) as ec2:
        view, other = ec2.with_options(timeout=5), ec2.with_options(credentials=TEMPORARY)
        assert None is ec2.credentials_provider is view.credentials_provider
        ec2.send(GetCallerIdentity())
        assert "argument" == ec2.credentials_provider == view.credentials_provider
        assert None is other.credentials_provider


def test_region_and_endpoint_of_a_client(monkeypatch):
    """A client tells its Region and endpoint before its first call; what is wrong is an error."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with Client(use_fips=True) as ec2:
        assert "eu-west-1" == ec2.region
        assert "https://ec2-fips.eu-west-1.amazonaws.com" == ec2.endpoint_url
    monkeypatch.setenv("AWS_REGION", "nowhere!")
    with Client() as ec2, pytest.raises(ConfigError, match="region must be"):
        _ = ec2.endpoint_url
