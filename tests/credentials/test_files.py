"""Files that hold secrets."""

import os

import pytest

from ec2lite.credentials import files
from ec2lite.engine.flow import run
from ec2lite.engine.world import SyncWorld
from ec2lite.errors import CredentialsError
from samples import told

WORLD = SyncWorld(None, None)


def test_not_text(tmp_path):
    """A file that is not UTF-8 is named, and its bytes are not shown."""
    path = tmp_path / "token"
    path.write_bytes(b"HUSH\xff")
    with pytest.raises(CredentialsError, match=r"The file .*token is not UTF-8") as caught:
        run(files.read(path, "The file"), WORLD)

    assert "HUSH" not in told(caught.value)


@pytest.mark.parametrize("name", ["a\0b", "a" * 300, "."])
def test_odd_names(tmp_path, name):
    """A file that nobody can read is an error that says why, also where it need not be there."""
    for read in (files.read, files.read_json):
        with pytest.raises(CredentialsError, match=r"null character|too long|directory"):
            run(read(tmp_path / name, "The file"), WORLD)


@pytest.mark.parametrize("name", ["nothing", "file/nothing"])
def test_no_such_file(tmp_path, name):
    """A file that need not be there is None when it is not."""
    (tmp_path / "file").touch()

    assert run(files.read_json(tmp_path / name, "The file"), WORLD) is None


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch, caplog):
    """A write that fails is logged, changes nothing and leaves nothing behind."""
    path = tmp_path / "token.json"
    path.write_text("{}")

    def fail(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    run(files.write_json(path, {"a": "HUSH"}), WORLD)

    assert [path] == list(tmp_path.iterdir())
    assert "{}" == path.read_text()
    assert f"{path} could not be written: No space left on device" in caplog.messages
