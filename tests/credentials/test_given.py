"""Credentials that the caller brings."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import botocore.credentials
import httpx
import pytest

import ec2lite
from ec2lite.config.settings import Settings
from ec2lite.credentials.async_cache import AsyncCredentialCache
from ec2lite.credentials.cache import CredentialCache
from ec2lite.credentials.resolve import async_credentials_for, credentials_for
from ec2lite.engine.flow import GetCredentials
from ec2lite.errors import ConfigError, CredentialsError
from ec2lite.models import Credentials
from samples import STOPPED

KEYS = Credentials("AKID", "HUSH")


class Awaited:
    """Stands for aiobotocore's credentials, which are awaited."""

    async def get_frozen_credentials(self):
        return botocore.credentials.ReadOnlyCredentials("AKID", "HUSH", None, "123456789012")


class Broken:
    """Fails as botocore's do that cannot be renewed."""

    def get_frozen_credentials(self):
        raise RuntimeError("signed out")


def renewing():
    """Return botocore's renewing credentials, about to expire, and the count of renewals."""
    calls = []

    def renew():
        calls.append(1)
        end = datetime.now(UTC) + timedelta(hours=1)
        return {
            "access_key": f"AKID{len(calls)}",
            "secret_key": "HUSH",
            "token": "HUSH",
            "expiry_time": end.isoformat(),
        }

    now = datetime.now(UTC)
    return botocore.credentials.RefreshableCredentials(
        "AKID0", "HUSH", "HUSH", now, renew, "test"
    ), calls


def ask(credentials, want=None, *, colour="sync"):
    """Return what the source made of ``credentials`` gives."""
    args = () if want is None else (want,)
    if colour == "sync":
        return credentials_for(credentials, Settings({}), None).get(*args)
    return asyncio.run(async_credentials_for(credentials, Settings({}), None).get(*args))


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_fixed(colour):
    """Credentials that were passed are given as they are, rejected or not."""
    assert KEYS is ask(KEYS, colour=colour)
    assert KEYS is ask(KEYS, GetCredentials(rejected=KEYS), colour=colour)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_botocore_static(colour):
    """Botocore's plain credentials will do."""
    theirs = botocore.credentials.Credentials("AKID", "HUSH", "TOKEN", account_id="123456789012")

    assert Credentials("AKID", "HUSH", "TOKEN", None, "123456789012") == ask(theirs, colour=colour)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_botocore_renewing(colour):
    """Botocore's renewing credentials are asked each time, and renew themselves."""
    theirs, calls = renewing()

    assert "AKID1" == ask(theirs, colour=colour).access_key_id
    assert "AKID1" == ask(theirs, colour=colour).access_key_id
    assert 1 == len(calls)


def test_awaited():
    """An object whose get_frozen_credentials is a coroutine function is awaited."""
    assert Credentials("AKID", "HUSH", None, None, "123456789012") == ask(Awaited(), colour="async")


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_foreign_failure(colour):
    """What such an object raises becomes a CredentialsError that names it."""
    with pytest.raises(CredentialsError, match="RuntimeError") as caught:
        ask(Broken(), colour=colour)

    assert (("argument", "signed out"),) == caught.value.failures


@pytest.mark.parametrize("make", [credentials_for, async_credentials_for])
def test_nothing_that_gives_credentials(make):
    """Anything else is refused by name before it is needed."""
    with pytest.raises(ConfigError, match=r"get_frozen_credentials.* not str"):
        make("AKID", Settings({}), None)


def test_none_is_the_default_chain():
    """No credentials mean the default chain, which reads nothing before it is asked."""
    assert isinstance(credentials_for(None, Settings({}), None), CredentialCache)
    assert isinstance(async_credentials_for(None, Settings({}), None), AsyncCredentialCache)


@pytest.mark.parametrize("make", [credentials_for, async_credentials_for])
@pytest.mark.parametrize("credentials", [KEYS, Awaited(), renewing()[0], None])
def test_repr_is_silent(make, credentials):
    """No repr of a source shows a secret."""
    assert "HUSH" not in repr(make(credentials, Settings({}), None))


class Frozen(NamedTuple):
    """What botocore's ``get_frozen_credentials()`` returns."""

    access_key: str = "AKIDFROZEN"
    secret_key: str = "frozen-secret"
    token: str | None = "frozen-token"


def test_frozen_credentials(colour):
    """What ``get_frozen_credentials()`` returns may be passed itself, as Airflow's hook does."""
    sent = []

    def respond(request):
        sent.append(request)
        return httpx.Response(200, content=STOPPED)

    transport = httpx.MockTransport(respond)
    with colour.client("eu-west-1", credentials=Frozen(), transport=transport) as client:
        client.stop_instances("i-1234567890abcdef0")

    assert "Credential=AKIDFROZEN/" in sent[0].headers["authorization"]
    assert "frozen-token" == sent[0].headers["x-amz-security-token"]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (Frozen, "credentials must be ec2lite.Credentials or an object with"),
        (Frozen(access_key=None), "access_key_id must be a string, not None"),
    ],
)
def test_wrong_frozen_credentials(wrong, expected):
    """A class, or keys that are none, are refused at once."""
    with pytest.raises(ec2lite.ConfigError, match=expected):
        ec2lite.Client("eu-west-1", credentials=wrong)
