"""Read and write files that hold secrets, as the AWS tools that share them do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ec2lite.credentials.answers import parse_json
from ec2lite.credentials.provider import logger
from ec2lite.engine.flow import Blocking
from ec2lite.errors import CredentialsError

if TYPE_CHECKING:
    from ec2lite.engine.flow import Flow


def read(path: str | Path, what: str) -> Flow[str]:
    """Return a file's text; a ``CredentialsError`` names the file that cannot be read."""
    text = yield from _read(Path(path), what)
    if text is None:
        raise CredentialsError(f"{what} {path}: No such file or directory.")
    return text


def read_json(path: Path, what: str) -> Flow[dict[str, Any] | None]:
    """Return the JSON object in a file, or None if the file does not exist."""
    text = yield from _read(path, what)
    return None if text is None else parse_json(text, f"{what} {path}")


def _read(path: Path, what: str) -> Flow[str | None]:
    try:
        content = cast("bytes | None", (yield Blocking(lambda: _content(path))))
    except OSError as error:
        raise CredentialsError(f"{what} {path}: {error.strerror}.") from None
    except ValueError:
        raise CredentialsError(f"{what} {path} has a null character in its name.") from None
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        pass
    # Raised out here, as the error above holds the file's bytes.
    raise CredentialsError(f"{what} {path} is not UTF-8 text.")


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_json(path: Path, document: dict[str, Any]) -> Flow[None]:
    """Replace a file by a JSON object, atomically, readable by its owner only.

    A failure, in a read-only home say, is logged and not raised: the new content is valid anyway.
    """
    try:
        yield Blocking(lambda: _replace(path, json.dumps(document)))
    except OSError as error:
        logger.warning("%s could not be written: %s", path, error.strerror)


def _replace(path: Path, content: str) -> None:
    from tempfile import NamedTemporaryFile

    # It creates files with mode 0600. A reader sees the old file or the new one, never a part.
    with NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
