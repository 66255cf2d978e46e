"""The default chain, run once, and what keeps a client to the provider that answered."""

import asyncio
import inspect
import sys

import httpx
import pytest
from attrs import evolve

from ec2lite.config.settings import Settings
from ec2lite.credentials.chain import default_chain
from ec2lite.credentials.provider import Ask
from ec2lite.credentials.resolve import aresolve_credentials, credentials_for, resolve_credentials
from ec2lite.engine.flow import GET_CREDENTIALS, GetCredentials
from ec2lite.errors import CredentialsError
from ec2lite.models import Credentials


@pytest.fixture(params=["sync", "async"])
def resolve(request):
    """Return resolve_credentials, or its twin made to block."""
    if request.param == "sync":
        return resolve_credentials
    return lambda *args, **options: asyncio.run(aresolve_credentials(*args, **options))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Make an empty home, in an environment without AWS's variables."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / ".aws").mkdir()
    return tmp_path


def refuse(request):
    """Answer nothing."""
    raise AssertionError(request.url)


def write(home, key):
    """Write a profile with that key."""
    text = f"[dev]\naws_access_key_id = {key}\naws_secret_access_key = HUSH\n"
    (home / ".aws" / "credentials").write_text(text)


def test_environment(resolve, home, monkeypatch):
    """The process's environment is where the chain begins."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "HUSH")

    assert Credentials("AKID", "HUSH") == resolve()


def test_profile(resolve, home):
    """A profile's keys are found in the home's files, with the caller's transport."""
    write(home, "AKID")

    found = resolve("dev", transport=httpx.MockTransport(refuse))

    assert Credentials("AKID", "HUSH") == found


def test_transport(resolve, home, monkeypatch):
    """What has to be sent goes through the caller's transport, which stays open."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/keys")
    asked = []

    def answer(request):
        asked.append(str(request.url))
        return httpx.Response(200, json={"AccessKeyId": "AKID", "SecretAccessKey": "HUSH"})

    class Open(httpx.MockTransport):
        def close(self):
            raise AssertionError("closed")

        async def aclose(self):
            raise AssertionError("closed")

    assert Credentials("AKID", "HUSH") == resolve(transport=Open(answer))
    assert ["http://169.254.170.2/keys"] == asked


def test_nothing(resolve, home):
    """Without any credentials the error lists who was asked."""
    with pytest.raises(CredentialsError) as caught:
        resolve()

    names = [name for name, reason in caught.value.failures]
    assert "environment" == names[0]
    assert "instance metadata" == names[-1]


def test_twins():
    """Both have the same parameters."""
    parameters = [
        [(p.name, p.kind, p.default) for p in inspect.signature(each).parameters.values()]
        for each in (resolve_credentials, aresolve_credentials)
    ]

    assert parameters[0] == parameters[1]


def test_changed_files_are_read_when_keys_are_rejected(home):
    """Keys that were exchanged in the file are found when the old ones are rejected."""
    write(home, "AKID1")
    cache = credentials_for(None, Settings(profile="dev"), httpx.MockTransport(refuse))
    old = cache.get(GET_CREDENTIALS)
    write(home, "AKID2")

    assert "AKID1" == cache.get(GET_CREDENTIALS).access_key_id
    assert "AKID2" == cache.get(GetCredentials(rejected=old)).access_key_id


def test_same_provider_renews(home):
    """Credentials are renewed by who gave them, even if a provider before it has some by now."""
    write(home, "AKID1")
    environ = {"HOME": str(home), "AWS_PROFILE": "dev"}
    cache = credentials_for(None, Settings(environ), httpx.MockTransport(refuse))
    old = cache.get(GET_CREDENTIALS)
    environ |= {"AWS_ACCESS_KEY_ID": "OTHER", "AWS_SECRET_ACCESS_KEY": "HUSH"}

    assert "AKID1" == cache.get(GetCredentials(rejected=old)).access_key_id
    assert "keys of the profile" == cache.provider


def test_making_a_chain_reads_nothing():
    """Making a chain touches no file."""
    environ = {"AWS_CONFIG_FILE": "/dev/null/nowhere"}

    assert default_chain(Settings(environ)).provider is None


def test_source_profile_of_another_name():
    """A source profile is looked up by its own name, also where it is not the active one."""
    settings = Settings({"HOME": "/nonexistent"})
    ask = Ask(settings, "default")

    assert ask.for_source_profile("base").value("anything") is None
    assert ask.for_source_profile("base").is_source
    assert not evolve(ask, profile="base").is_source


def test_no_import_of_optional_packages():
    """Nothing of the extra is imported before it is needed."""
    import subprocess

    program = "import sys, ec2lite.credentials.chain; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert b"False" == done.stdout.strip()


def test_no_import_of_what_nobody_asks():
    """Who brings credentials does not wait for the import of the providers."""
    import subprocess

    program = (
        "import sys, httpx, ec2lite\n"
        "transport = httpx.MockTransport(lambda request: httpx.Response(500))\n"
        "keys = ec2lite.Credentials('AKID', 'secret')\n"
        "client = ec2lite.Client('eu-west-1', credentials=keys, transport=transport,"
        " signer=ec2lite.SigV4(), retry=ec2lite.NoRetry())\n"
        "try: client.stop_instances('i-1')\n"
        "except ec2lite.ResponseError: print('ec2lite.credentials.chain' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert b"False" == done.stdout.strip()


def test_named_profile_leaves_the_environment_out(resolve, home, monkeypatch):
    """Who names a profile is not told what the environment, which is not asked, lacks."""
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(home / "token"))
    (home / ".aws" / "config").write_text("[profile dev]\n")
    with pytest.raises(CredentialsError) as caught:
        resolve("dev")

    assert "assume role" == caught.value.failures[0][0]
