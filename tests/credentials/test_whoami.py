"""Who a client would be."""

from __future__ import annotations

import json

import pytest

from ec2lite.cli.main import main
from ec2lite.credentials.whoami import whoami
from ec2lite.errors import ConfigError

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def environment(monkeypatch, moto):
    """Keys in the environment, and moto for STS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    return monkeypatch


def test_whoami(environment):
    """Account, arn, provider, Region and endpoint are what the environment leads to."""
    environment.setenv("AWS_REGION", "eu-west-1")
    identity = whoami()
    assert "123456789012" == identity.account
    assert identity.arn.startswith("arn:aws:")
    assert "environment" == identity.provider
    assert "eu-west-1" == identity.region
    assert "https://ec2.eu-west-1.amazonaws.com" == identity.endpoint


def test_arguments_win(environment, moto):
    """Region and endpoint are those of the arguments, if there are any, and STS is asked there."""
    environment.setenv("AWS_REGION", "eu-west-1")
    environment.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    environment.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    identity = whoami("us-east-2", endpoint_url=moto)
    assert ("us-east-2", moto) == (identity.region, identity.endpoint)


@pytest.mark.parametrize(("name", "value"), [("region", ""), ("endpoint_url", "nowhere")])
def test_wrong_arguments(environment, name, value):
    """A wrong argument is refused by name, as by a client."""
    with pytest.raises(ConfigError, match=name):
        whoami(**{name: value})


def test_without_a_region(environment, capsys):
    """Who somebody is can be asked without a Region; what that leaves open is a dash."""
    assert 0 == main(["whoami"])
    rows = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
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
