"""Read the config and the credentials file from disk.

A path without a readable file counts as absent: nothing is there, or a folder (``docker run -v``
makes one of a missing file), or a parent folder that this user may not enter. A file that exists
and cannot be read is different: it may name the credentials that are meant, so whoever needs it
must not go on without it. Both are logged at DEBUG.
"""

from __future__ import annotations

import logging
import os
from typing import Final

from attrs import define, field, frozen

from ec2lite.config.profiles import Profiles, parse_profiles
from ec2lite.errors import ConfigError

_logger: Final = logging.getLogger(__name__)


@frozen(eq=False, repr=False)
class SharedFiles:
    """What both files say, and why a file was passed over or could not be read."""

    profiles: Profiles
    passed_over: tuple[str, ...]
    unreadable: tuple[str, ...]


def read(config: tuple[str, str], credentials: tuple[str, str]) -> SharedFiles:
    """Read both files; each is given by its name in messages and its path.

    A ``ConfigError`` names the file that is not UTF-8, or the line that is malformed.
    """
    reader = _FileReader()
    profiles = parse_profiles(
        reader.read(*config),
        reader.read(*credentials),
        config_name=config[0],
        credentials_name=credentials[0],
    )
    return SharedFiles(profiles, tuple(reader.passed_over), tuple(reader.unreadable))


@define(eq=False, repr=False)
class _FileReader:
    passed_over: list[str] = field(factory=list[str])
    unreadable: list[str] = field(factory=list[str])

    def read(self, name: str, path: str) -> str | None:
        """Return a file's text, or None if there is no file that can be read."""
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes twice the time
                content = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            self._note(name, path, error)
            return None
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            position = error.start
        # Raised out here, as the error above holds the file's bytes.
        raise ConfigError(f"{name} is not UTF-8 (at byte {position})")

    def _note(self, name: str, path: str, error: OSError | ValueError) -> None:
        reason = str(getattr(error, "strerror", None) or error)
        notes = self.unreadable if _is_file(path) else self.passed_over
        notes.append(f"{name}: {reason}")
        what = "cannot read" if notes is self.unreadable else "passed over"
        _logger.debug("%s %s: %s", what, name, reason)


def _is_file(path: str) -> bool:
    """Whether a file exists at a path: anything but a folder."""
    try:
        # Not `os.path.isfile`: pipes are read, too.
        status = os.stat(path)  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return False
    import stat

    return not stat.S_ISDIR(status.st_mode)
