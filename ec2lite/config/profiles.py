"""The shared config and credentials files: text in, profiles out.

The format is that of the AWS SDKs; where botocore reads more, so does this. The rules:

- ``[`` opens a section, which goes on until the next one. Sections of the same name are one
  section; of properties of the same name the last one counts.
- The config file has ``[default]``, ``[profile name]``, ``[sso-session name]`` and
  ``[services name]``. If ``[profile default]`` is there, ``[default]`` is left out. A name with
  spaces stands in quotes. Sections of other kinds belong to other tools.
- The credentials file has ``[name]``, without quotes. Its properties win over the config file's.
- A property is ``name = value``, or ``name: value``. Its name is letters, digits and ``-/.%@_:+``.
- ``#`` and ``;`` begin a comment at the start of a line, and after white space. In a continued line
  only a whole line can be a comment.
- A line that is indented more than the property above continues its value, joined by a newline. If
  that value is empty, such lines are sub-properties.

Messages name the file and the line, never what stands there: it may be a secret in a wrong place.
https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TypeAlias, cast

from attrs import Factory, define, field, frozen

from ec2lite import checks
from ec2lite.errors import ConfigError

Value: TypeAlias = str | dict[str, str]
Section: TypeAlias = dict[str, Value]
Sections: TypeAlias = dict[str, Section]

_KINDS = ("profile", "sso-session", "services")
_NAME = r"[A-Za-z0-9\-/.%@_:+]+"
# A bracket between quotes belongs to the name. What follows the last bracket is ignored.
_HEADER = re.compile(r"""\[((?:"[^"]*"|'[^']*'|[^\]])*?)\]""")
_told: set[str] = set()


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
    """Return the kind and the name of a section of the config file; None for another tool's."""
    if title == "default":
        return "default", "default"
    # As in botocore, "profiles dev" is a profile, too.
    kind = next((kind for kind in _KINDS if title.startswith(kind)), None)
    if kind is None:
        return None
    words = _words(title)
    return kind, words[1] if len(words) == 2 else ""


def _words(title: str) -> list[str]:
    """Split a title as a shell would, which is how the AWS CLI quotes names."""
    if not re.search(r"[\"'\\]", title):
        return re.split(r"[ \t]+", title)
    import shlex

    try:
        return shlex.split(title)
    except ValueError:
        return []


def _credentials_section(title: str) -> tuple[str, str]:
    is_of_the_config_file = title.startswith(tuple(f"{kind} " for kind in _KINDS))
    return "profile", "" if is_of_the_config_file else title


def _uncomment(line: str) -> str:
    return re.split(r"\s[#;]", line, maxsplit=1)[0]


@define(eq=False, repr=False)
class _Reader:
    """Reads one file, line by line."""

    file: str
    classify: Callable[[str], tuple[str, str] | None]
    found: dict[str, Sections] = Factory(lambda: {kind: {} for kind in ("default", *_KINDS)})
    number: int = 0
    section: Section | None = None
    # Where the last property went. What is left out goes to a dict that nobody keeps.
    target: Section = field(factory=dict[str, Value])
    key: str | None = None
    indent: int = 0

    def read(self, text: str) -> dict[str, Sections]:
        # Not splitlines(), which also splits at characters that may be part of a value.
        for self.number, line in enumerate(re.split(r"\r\n?|\n", text.removeprefix("\ufeff")), 1):
            stripped = line.strip()
            if not stripped or stripped[0] in "#;":
                continue
            indent = len(line) - len(line.lstrip())
            if self.key is not None and indent > self.indent:
                self.go_on(stripped)
            elif stripped[0] == "[":
                self.open(stripped)
            else:
                self.indent = indent
                self.set(stripped)
        return self.found

    def open(self, line: str) -> None:
        header = _HEADER.match(line)
        if header is None:
            raise self.error("expected `]` at the end of the section's name")
        kind, name = self.classify(header[1].strip()) or ("", "")
        if name:
            self.section = self.found[kind].setdefault(name, {})
        else:
            self.section = {}
            if kind:
                self.tell("a section whose name is missing, or is not that of a profile here")
        self.key = None

    def set(self, line: str) -> None:
        if self.section is None:
            raise self.error("expected a section like `[default]` before the first property")
        self.key, value, is_valid = self.split(line, colon=True)
        self.target = self.section if is_valid else {}
        self.target[self.key] = value

    def go_on(self, line: str) -> None:
        key = cast("str", self.key)
        before = self.target[key]
        if isinstance(before, str) and before:
            self.target[key] = f"{before}\n{line}"
            return
        nested = before or {}
        self.target[key] = nested
        key, value, is_valid = self.split(line)
        if is_valid:
            nested[key] = value

    def split(self, line: str, *, colon: bool = False) -> tuple[str, str, bool]:
        """Return the key, the value, and whether the key is a valid name."""
        line = _uncomment(line)
        name, sign, value = line.partition("=")
        key = name.strip().lower()
        is_valid = re.fullmatch(_NAME, key) is not None
        if colon and not (sign and is_valid):
            # A name may have a colon. It separates only where the line makes no sense otherwise.
            before, mark, after = line.partition(":")
            if mark and re.fullmatch(_NAME, before.strip()):
                return before.strip().lower(), after.strip(), True
        if not key or not sign:
            raise self.error("expected a property like `name = value`")
        if not is_valid:
            self.tell("a property without a valid name")
        return key, value.strip(), is_valid

    def error(self, what: str) -> ConfigError:
        return ConfigError(f"{self.file}:{self.number}: {what}")

    def tell(self, what: str) -> None:
        """Log what is left out, once: each new client reads the files again."""
        line = f"{self.file}:{self.number}: ignored {what}"
        if line not in _told:
            _told.add(line)
            logging.getLogger(__name__).debug("%s", line)
