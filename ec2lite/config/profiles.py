"""The shared config and credentials files: text in, profiles out.

The format is that of the AWS SDKs, which is stricter than an INI file. The rules:

- A line that begins with ``[`` opens a section, which goes on until the next one. Sections of the
  same name are one section; of properties of the same name the last one counts.
- The config file has ``[default]``, ``[profile name]``, ``[sso-session name]`` and
  ``[services name]``. If ``[profile default]`` is there, ``[default]`` is left out.
- The credentials file has ``[name]``. Its properties win over the config file's.
- A name is letters, digits and ``-/.%@_:+``. What has another name, or is of another kind, is left
  out with a warning in the log.
- ``#`` and ``;`` begin a comment at the start of a line, and after white space. After a section's
  ``]`` they need no white space. In a continued line only a whole line can be a comment.
- A line that begins with white space continues the value above, joined by a newline. If that value
  is empty, such lines are sub-properties.

Messages name the file and the line, never what stands there: it may be a secret in a wrong place.
https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TypeAlias

from attrs import Factory, define, field, frozen

from ec2lite import checks
from ec2lite.errors import ConfigError

Value: TypeAlias = str | dict[str, str]
Section: TypeAlias = dict[str, Value]
Sections: TypeAlias = dict[str, Section]

_KINDS = frozenset({"profile", "sso-session", "services"})
_NAME = r"[A-Za-z0-9\-/.%@_:+]+"


def _names(sections: Sections) -> str:
    return repr(sorted(sections))


@frozen
class Profiles:
    """What the two files say.

    Each is a dict from a section's name to its properties: keys in lower case, values strings, or
    dicts of strings where a property has sub-properties. The repr shows the names alone.
    """

    profiles: Sections = field(factory=dict[str, Section], repr=_names)
    sso_sessions: Sections = field(factory=dict[str, Section], repr=_names)
    services: Sections = field(factory=dict[str, Section], repr=_names)


def parse_profiles(
    config: str | None = None,
    credentials: str | None = None,
    *,
    config_name: str = "~/.aws/config",
    credentials_name: str = "~/.aws/credentials",
) -> Profiles:
    """Parse the texts of the config and the credentials file; None is a file that is not there.

    ``config_name`` and ``credentials_name`` are what messages call the files. A ``ConfigError``
    names the file and line of a ``[`` without ``]``, of a property without a name or ``=``, or of
    one that stands before any section.
    """
    _need_text("config", config)
    _need_text("credentials", credentials)
    found = _Reader(config_name, _config_section).read(config or "")
    secrets = _Reader(credentials_name, _credentials_section).read(credentials or "")
    profiles = {**found["default"], **found["profile"]}
    for name, section in secrets["profile"].items():
        profiles[name] = {**profiles.get(name, {}), **section}
    return Profiles(profiles, found["sso-session"], found["services"])


def _need_text(name: str, value: object) -> None:
    """Refuse what untyped callers pass."""
    if not (value is None or isinstance(value, str)):
        raise checks.wrong(name, "the text of a file", checks.kind(value))


def _config_section(title: str) -> tuple[str, str] | None:
    """Return the kind and the name of a section of the config file; None leaves it out."""
    if title == "default":
        return "default", "default"
    kind, _, name = title.replace("\t", " ").partition(" ")
    return (kind, name.strip()) if kind in _KINDS else None


def _credentials_section(title: str) -> tuple[str, str]:
    return "profile", title


def _uncomment(line: str) -> str:
    return re.split(r"\s[#;]", line, maxsplit=1)[0]


@define
class _Reader:
    """Reads one file, line by line."""

    file: str
    classify: Callable[[str], tuple[str, str] | None]
    found: dict[str, Sections] = Factory(lambda: {kind: {} for kind in ("default", *_KINDS)})
    number: int = 0
    section: Section | None = None
    # Where the last property went; what is left out goes to a dict that nobody keeps.
    target: Section = field(factory=dict[str, Value])
    key: str | None = None

    def read(self, text: str) -> dict[str, Sections]:
        # Not splitlines(), which also splits at characters that may be part of a value.
        for self.number, line in enumerate(re.split(r"\r\n?|\n", text.removeprefix("\ufeff")), 1):
            stripped = line.strip()
            if not stripped or stripped[0] in "#;":
                continue
            if line[0].isspace():
                self.go_on(stripped)
            elif line[0] == "[":
                self.open(line)
            else:
                self.set(line)
        return self.found

    def open(self, line: str) -> None:
        title, bracket, rest = _uncomment(line)[1:].partition("]")
        if not bracket:
            raise self.error("expected `]` at the end of the section's name")
        if rest.strip() and rest.lstrip()[0] not in "#;":
            raise self.error("expected nothing after `]` but a comment")
        kind, name = self.classify(title.strip()) or ("", "")
        if re.fullmatch(_NAME, name):
            self.section = self.found[kind].setdefault(name, {})
        else:
            self.warn("a section of another kind, or without a valid name")
            self.section = {}
        self.key = None

    def set(self, line: str) -> None:
        if self.section is None:
            raise self.error("expected a section like `[default]` before the first property")
        self.key, value, is_valid = self.split(line)
        self.target = self.section if is_valid else {}
        self.target[self.key] = value

    def go_on(self, line: str) -> None:
        if self.key is None:
            raise self.error("white space begins the line, but there is no property to continue")
        before = self.target[self.key]
        if isinstance(before, str) and before:
            self.target[self.key] = f"{before}\n{line}"
            return
        nested = before or {}
        self.target[self.key] = nested
        key, value, is_valid = self.split(line)
        if is_valid:
            nested[key] = value

    def split(self, line: str) -> tuple[str, str, bool]:
        """Return the key, the value, and whether the key is a valid name."""
        name, equals, value = _uncomment(line).partition("=")
        key = name.strip().lower()
        if not key or not equals:
            raise self.error("expected a property like `name = value`")
        is_valid = re.fullmatch(_NAME, key) is not None
        if not is_valid:
            self.warn("a property without a valid name")
        return key, value.strip(), is_valid

    def error(self, what: str) -> ConfigError:
        return ConfigError(f"{self.file}:{self.number}: {what}")

    def warn(self, what: str) -> None:
        logger = logging.getLogger(__name__)
        logger.warning("%s:%d: ignored %s", self.file, self.number, what)
