"""The shared files as they stand on disk: missing, forbidden, folders, unreadable."""

from __future__ import annotations

import logging
import os
import traceback
from pathlib import Path

import pytest

from ec2lite.config.settings import Settings
from ec2lite.errors import ConfigError

NOBODY = 65534


def as_nobody(check):
    """Run a check in a process of a user who owns nothing."""
    if os.geteuid() != 0:
        check()
        return
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setuid(NOBODY)
            check()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert 0 == os.waitpid(child, 0)[1]


@pytest.fixture
def home(tmp_path):
    """Return a home that everybody may enter, with an ``.aws``."""
    for each in (tmp_path, *list(tmp_path.parents)[:3]):
        if each.stat().st_uid == os.geteuid() and each != Path("/tmp"):
            each.chmod(0o755)
    (tmp_path / ".aws").mkdir()
    return tmp_path


def settings(home, **environ):
    """Return the settings of that home."""
    return Settings({"HOME": str(home), **environ})


def test_forbidden_folder(home):
    """A folder that this user may not enter counts as if it were not there, with a note."""
    (home / ".aws" / "config").write_text("[default]\nregion = eu-west-1\n")
    (home / ".aws").chmod(0)

    def check():
        made = settings(home)
        assert made.region is None
        made.need_files()
        notes = tuple(f"~/.aws/{name}: Permission denied" for name in ("config", "credentials"))
        assert notes == made.shared_files.passed_over

    as_nobody(check)


def test_forbidden_file(home):
    """A file that is there and forbidden is an error for whoever needs it, and for nobody else."""
    (home / ".aws" / "config").write_text("[profile dev]\nregion = eu-west-1\n")
    (home / ".aws" / "config").chmod(0)

    def check():
        made = settings(home, AWS_REGION="eu-west-2")
        assert "eu-west-2" == made.region
        assert made.endpoint_url() is None
        with pytest.raises(ConfigError, match=r"^cannot read ~/\.aws/config: Permission denied$"):
            made.need_files()
        with pytest.raises(ConfigError, match=r"'dev' is neither .* \(not read: ~/\.aws/config: "):
            _ = settings(home, AWS_PROFILE="dev").section

    as_nobody(check)


def test_folder(home, caplog):
    """A folder where a file should be, as ``docker run -v`` makes one, is passed over."""
    caplog.set_level(logging.DEBUG)
    (home / ".aws" / "config").mkdir()
    (home / ".aws" / "credentials").write_text("[default]\nregion = eu-west-1\n")
    made = settings(home)

    assert "eu-west-1" == made.region
    made.need_files()
    assert ("~/.aws/config: Is a directory",) == made.shared_files.passed_over
    assert ["passed over ~/.aws/config: Is a directory"] == caplog.messages


@pytest.mark.parametrize("path", ["loop", "a" * 300, "a\0b"])
def test_odd_paths(home, path):
    """A path that leads to no file counts as absent, however the system puts it."""
    (home / "loop").symlink_to(home / "loop")
    made = settings(home, AWS_CONFIG_FILE=str(home / path))

    assert {} == made.section
    made.need_files()
    assert 1 == len(made.shared_files.passed_over)


def test_broken_disk(home, caplog):
    """A file that the system fails to read is not taken for an empty one."""
    caplog.set_level(logging.DEBUG)
    made = settings(home, AWS_CONFIG_FILE="/proc/self/mem")

    assert made.region is None
    with pytest.raises(ConfigError, match=r"^cannot read /proc/self/mem: Input/output error$"):
        made.need_files()
    assert ["cannot read /proc/self/mem: Input/output error"] == caplog.messages
