"""Every provider, from the environment, files and traffic of ``tests/data/credentials``."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import re
import sys
from datetime import datetime

import pytest
import scenario

import samples
from ec2lite.credentials.async_cache import AsyncCredentialCache
from ec2lite.credentials.cache import CredentialCache
from ec2lite.engine.flow import arun, run
from ec2lite.errors import CredentialsError, EC2Error


def drive(case: scenario.Scenario, colour: str):
    """Run the default chain to its end."""
    if colour == "sync":
        return run(case.chain().find(), case.world())
    return asyncio.run(arun(case.chain().find(), case.async_world()))


@pytest.fixture
def laid_out(name, tmp_path, monkeypatch):
    """Lay a scenario out, ready to be run."""
    case = scenario.lay_out(name, tmp_path)
    if case.case.get("without_cryptography"):
        monkeypatch.setitem(sys.modules, "cryptography", None)
    return case


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("name", scenario.NAMES)
def test_scenario(laid_out, name, colour):
    """Each scenario ends as its test-case.json says, sync and async."""
    case = laid_out.case

    if "error" in case:
        with pytest.raises(EC2Error) as caught:
            drive(laid_out, colour)
        _check_error(case, caught.value)
    else:
        found = drive(laid_out, colour)
        assert case["expect"] == _as_json(found)

    assert [] == laid_out.traffic, "requests that were not sent"
    if "sleeps" in case:
        assert case["sleeps"] == laid_out.sleeps
    for path, expected in case.get("files_after", {}).items():
        file = laid_out.root / path
        document = json.loads(file.read_text())
        assert expected == {key: document[key] for key in expected}
        assert 0o600 == file.stat().st_mode & 0o777
        assert [file] == list(file.parent.iterdir())


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("name", scenario.NAMES)
def test_no_secret_is_told(laid_out, name, colour, caplog):
    """No repr, log, error or traceback shows a secret, however a scenario ends."""
    caplog.set_level(logging.DEBUG)
    told = [repr(laid_out.chain())]
    try:
        told.append(repr(drive(laid_out, colour)))
    except EC2Error as error:
        told.append(samples.told(error))
    told += [record.getMessage() for record in caplog.records]
    told += [record.exc_text or "" for record in caplog.records]

    assert "HUSH" not in "\n".join(told)


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("name", [name for name in scenario.NAMES if scenario.fails(name)])
def test_no_secret_in_frames(laid_out, name, colour):
    """No frame of an error has a secret among its locals, which error trackers show."""
    chain = laid_out.chain()
    if colour == "sync":
        cache = CredentialCache(chain.find, None, chain.ask.clock)
        cache._world = laid_out.world()
        get = cache.get
    else:
        cache = AsyncCredentialCache(chain.find, None, chain.ask.clock)
        cache._world = laid_out.async_world()
        get = functools.partial(asyncio.run, cache.get())

    with pytest.raises(EC2Error) as caught:
        get()

    assert "HUSH" not in samples.frames(caught.value, besides=__file__)


def _check_error(case, error):
    expected_type = case.get("error_type", "CredentialsError")
    assert expected_type in {each.__name__ for each in type(error).__mro__}
    for part in case["error"]:
        assert part in str(error)
    if isinstance(error, CredentialsError):
        assert error.failures
        assert all(re.search(r"\w", name) and reason for name, reason in error.failures)


def _as_json(found):
    keys = found.credentials
    end = keys.expiration
    assert end is None or isinstance(end, datetime)
    return {
        "provider": found.provider,
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "session_token": keys.session_token,
        "expiration": end and f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "account_id": keys.account_id,
    }
