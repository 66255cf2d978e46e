"""Where the shared files cannot be read: what the chain does without them, and what it says."""

from __future__ import annotations

import httpx
import pytest

from ec2lite.config.settings import Settings
from ec2lite.credentials.resolve import credentials_for
from ec2lite.errors import ConfigError, CredentialsError

UNREADABLE = "/proc/self/mem"
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "HUSH"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/keys"}


def find(environ, profile=None):
    """Return the credentials that the default chain finds."""

    def answer(request):
        return httpx.Response(200, json={"AccessKeyId": "OTHER", "SecretAccessKey": "HUSH"})

    environ = {"HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", **environ}
    return credentials_for(None, Settings(environ, profile), httpx.MockTransport(answer)).get()


def test_the_environment_needs_no_file():
    """Keys in the environment are used though the config file cannot be read."""
    assert "AKID" == find({"AWS_CONFIG_FILE": UNREADABLE, **KEYS}).access_key_id


@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_never_another_identity(variable):
    """A file that cannot be read ends the chain, before the container's role is taken instead."""
    with pytest.raises(ConfigError, match=rf"^cannot read {UNREADABLE}: Input/output error$"):
        find({variable: UNREADABLE, **CONTAINER})

    assert "OTHER" == find({variable: "/nonexistent/file", **CONTAINER}).access_key_id


def test_passed_over_files_are_mentioned(tmp_path):
    """Where there are no credentials, the error tells of the folder that stands for a file."""
    with pytest.raises(CredentialsError) as caught:
        find({"AWS_CONFIG_FILE": str(tmp_path)})

    note = f"passed over {tmp_path}: Is a directory"
    assert ("shared files", note) == caught.value.failures[-1]
    assert f"\n  shared files: {note}" in str(caught.value)


def test_no_file_is_nothing_to_mention():
    """A file that is just not there is not worth a word."""
    with pytest.raises(CredentialsError) as caught:
        find({})

    assert "shared files" not in dict(caught.value.failures)
