"""The shared files' format: scenarios, properties, and botocore's own parser as a second opinion.

What botocore reads differently, on purpose left out of the comparison:

- botocore divides a line at the first ``:`` or ``=``, ours at a ``:`` only where nothing else
  makes sense: names may have one.
- botocore knows comments on lines of their own only: ours also after white space in a line.
- botocore keeps a blank line inside of a continued value, ours does not.
- botocore refuses sections and properties that come twice: ours merges them.
- botocore takes ``[default]`` or ``[profile default]``, whichever is last: ours the latter.
- botocore takes ``[profile x]`` in the credentials file for a profile named ``profile x``.
- botocore hands ``[DEFAULT]`` down to all sections, and takes the last ``]`` of a line for the end.
- botocore keeps properties whose names are no names; nobody asks for them.
- botocore keeps the case of the keys of sub-properties.
"""

from __future__ import annotations

import logging
import re
import tempfile
from pathlib import Path

import pytest
from botocore.configloader import load_config
from botocore.exceptions import ConfigParseError
from botocore.session import Session
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ec2lite.config import Profiles, parse_profiles
from ec2lite.errors import ConfigError

NAME_CHARACTERS = "ABCXYZabcxyz0189-/.%@_:+"

# id: (config file, credentials file, the profiles in both)
PROFILES = {
    "no files": (None, None, {}),
    "empty files": ("", "", {}),
    "an empty profile": ("[profile a]", None, {"a": {}}),
    "a property": ("[profile a]\nregion = eu-west-1", None, {"a": {"region": "eu-west-1"}}),
    "no white space": ("[profile a]\nk=v", None, {"a": {"k": "v"}}),
    "white space around names": ("[ \tprofile \t a \t]\nk \t=\t v \t", None, {"a": {"k": "v"}}),
    "a tab after the kind": ("[profile\ta]", None, {"a": {}}),
    "an equals sign in a value": ("[default]\nk = a=b=", None, {"default": {"k": "a=b="}}),
    "a bracket in a value": ("[default]\nk = [x]", None, {"default": {"k": "[x]"}}),
    "letters of the world": ("[default]\nk = žluť 🐎", None, {"default": {"k": "žluť 🐎"}}),
    "a value's case is kept": ("[default]\nKey = VaLue", None, {"default": {"key": "VaLue"}}),
    "an empty value": ("[default]\nk =\nl = 1", None, {"default": {"k": "", "l": "1"}}),
    "a separator inside a value": ("[default]\nk = a\x85b", None, {"default": {"k": "a\x85b"}}),
    "carriage returns": ("[default]\r\nk = v\r\n\r\n\r\n", None, {"default": {"k": "v"}}),
    "a byte order mark": ("\ufeff[default]\nk = v", "\ufeff[b]", {"default": {"k": "v"}, "b": {}}),
    "every character of a name": (
        f"[profile {NAME_CHARACTERS}]\n{NAME_CHARACTERS} = v",
        f"[c{NAME_CHARACTERS}]",
        {NAME_CHARACTERS: {NAME_CHARACTERS.lower(): "v"}, f"c{NAME_CHARACTERS}": {}},
    ),
    # Comments
    "whole lines": ("# c\n; c\n[default]\n#c\n;\nk = v\n# c = 1", None, {"default": {"k": "v"}}),
    "after a value": (
        "[default]\nk = v # c ; c\nl = w\t;c",
        None,
        {"default": {"k": "v", "l": "w"}},
    ),
    "instead of a value": ("[default]\nk = # c", None, {"default": {"k": ""}}),
    "adjacent to a value": (
        "[default]\nk = v#1\nl =;2",
        None,
        {"default": {"k": "v#1", "l": ";2"}},
    ),
    "after a section": (
        "[profile a]# ]\n[profile b] ; c\n[profile c];",
        None,
        {"a": {}, "b": {}, "c": {}},
    ),
    "an indented line": (
        "[default]\nk = v\n  # c\n\t;c\nl = w",
        None,
        {"default": {"k": "v", "l": "w"}},
    ),
    # Continued values
    "a second line": ("[default]\nk = a\n b", None, {"default": {"k": "a\nb"}}),
    "a third line": ("[default]\nk = a\n b\n\tc \t", None, {"default": {"k": "a\nb\nc"}}),
    "blank lines end nothing": ("[default]\nk = a\n\n \t\n b", None, {"default": {"k": "a\nb"}}),
    "no comment in a line": (
        "[default]\nk = a\n b # c\n d ; e",
        None,
        {"default": {"k": "a\nb # c\nd ; e"}},
    ),
    "an equals sign in a line": ("[default]\nk = a\n l = b", None, {"default": {"k": "a\nl = b"}}),
    "a bracket in a line": ("[default]\nk = a\n [b]", None, {"default": {"k": "a\n[b]"}}),
    # Sub-properties
    "sub-properties": (
        "[default]\ns3 =\n  A = 1\n\n  b=2=",
        None,
        {"default": {"s3": {"a": "1", "b": "2="}}},
    ),
    "an empty sub-property": ("[default]\ns3 =\n  a =", None, {"default": {"s3": {"a": ""}}}),
    "comments among them": (
        "[default]\ns3 = # c\n  # c\n  a = 1 # c",
        None,
        {"default": {"s3": {"a": "1"}}},
    ),
    "the last of them wins": (
        "[default]\ns3 =\n  a = 1\n  a = 2",
        None,
        {"default": {"s3": {"a": "2"}}},
    ),
    "one without a valid name": (
        "[default]\ns3 =\n  a b = 1\n  c = 2",
        None,
        {"default": {"s3": {"c": "2"}}},
    ),
    "none with a valid name": (
        "[default]\ns3 =\n  a b = 1\nk = v",
        None,
        {"default": {"s3": {}, "k": "v"}},
    ),
    # Merging
    "sections merge": (
        "[profile a]\nk = 1\n[profile b]\n[profile a]\nl = 2",
        None,
        {"a": {"k": "1", "l": "2"}, "b": {}},
    ),
    "the last property wins": (
        "[profile a]\nk = 1\nK = 2\n[profile a]\nk = 3",
        None,
        {"a": {"k": "3"}},
    ),
    "a value replaces sub-properties": (
        "[default]\nk =\n a = 1\nk = 2",
        None,
        {"default": {"k": "2"}},
    ),
    "sub-properties replace sub-properties": (
        "[default]\nk =\n a = 1\nk =\n b = 2",
        None,
        {"default": {"k": {"b": "2"}}},
    ),
    "files merge": ("[profile a]\nk = 1", "[a]\nl = 2", {"a": {"k": "1", "l": "2"}}),
    "credentials win": ("[profile a]\nk = 1\nl = 1", "[a]\nK = 2", {"a": {"k": "2", "l": "1"}}),
    "profile default is first": (
        "[profile default]\nk = 1\n[default]\nl = 2",
        None,
        {"default": {"k": "1"}},
    ),
    "profile default is last": (
        "[default]\nl = 2\n[profile default]\nk = 1",
        None,
        {"default": {"k": "1"}},
    ),
    "profile default is empty": ("[default]\nl = 2\n[profile default]", None, {"default": {}}),
    "default of the credentials": (
        "[default]\nl = 2\n[profile default]\nk = 1",
        "[default]\nm = 3",
        {"default": {"k": "1", "m": "3"}},
    ),
    # Indented sections
    "an indented section": (
        "[default]\n  k = 1\n  l = 2\n[profile a]\n\tk = 3",
        "[a]\n    l = 4\n[b]\nk = 5",
        {"default": {"k": "1", "l": "2"}, "a": {"k": "3", "l": "4"}, "b": {"k": "5"}},
    ),
    "a value continued in it": (
        "[default]\n  k = 1\n   2\n  l = 3",
        None,
        {"default": {"k": "1\n2", "l": "3"}},
    ),
    "sub-properties in it": (
        "[default]\n  s3 =\n    a = 1\n    b = 2\n  l = 3",
        None,
        {"default": {"s3": {"a": "1", "b": "2"}, "l": "3"}},
    ),
    "less and less indented": (
        "[default]\n   k = 1\n  l = 2\n m = 3\nn = 4",
        None,
        {"default": {"k": "1", "l": "2", "m": "3", "n": "4"}},
    ),
    "an indented header": (
        "  [default]\n    k = 1\n    [profile a]\n  l = 2",
        None,
        {"default": {"k": "1"}, "a": {"l": "2"}},
    ),
    "an indented comment": ("[default]\n  # c\n  k = 1", None, {"default": {"k": "1"}}),
    # Names as the AWS CLI writes them
    "double quotes": (
        '[profile "My Mac"]\nk = 1',
        "[My Mac]\nl = 2",
        {"My Mac": {"k": "1", "l": "2"}},
    ),
    "single quotes": (
        "[profile 'Bob Dev.Administrator']\nk = 1",
        None,
        {"Bob Dev.Administrator": {"k": "1"}},
    ),
    "quotes around nothing special": (
        '[profile "a"]\nk = 1\n[profile a]\nl = 2',
        None,
        {"a": {"k": "1", "l": "2"}},
    ),
    "quotes in quotes": ('[profile "it\'s"]', "[it's]\nk = 1", {"it's": {"k": "1"}}),
    "a bracket in quotes": ('[profile "a]b"] # c', None, {"a]b": {}}),
    "an escaped space": ("[profile a\\ b]", None, {"a b": {}}),
    "other characters": ("[profile žluť!]", "[a&b]", {"žluť!": {}, "a&b": {}}),
    "colons": (
        "[default]\nk: v\nl : x=1\nm:n = 2",
        None,
        {"default": {"k": "v", "l": "x=1", "m:n": "2"}},
    ),
    "text after a section": ("[profile a] b", None, {"a": {}}),
    "a typing error that botocore forgives": ("[profiles a]", None, {"a": {}}),
    # Left out
    "a name with white space": ("[profile a b]\nk = 1\n[profile c]", None, {"c": {}}),
    "a quote that is not closed": ("[profile it's]\nk = 1\n[default]", None, {"default": {}}),
    "a prefix in the credentials": (None, "[profile a]\nk = 1\n[b]", {"b": {}}),
    "no prefix in the config": ("[a]\nk = 1", None, {}),
    "a prefix without white space": ("[profilea]\nk = 1", None, {}),
    "a prefix in capitals": ("[Profile a]\n[DEFAULT]", None, {}),
    "a kind without a name": ("[profile]\n[sso-session ]\n[services]\n[]", "[]", {}),
    "an empty name": ("[profile '']", None, {}),
    "an unknown kind": ("[plugins x]\na =\n b = c\n[default]", None, {"default": {}}),
    "an invalid key": ("[default]\na b = 1\n c\nk = v", None, {"default": {"k": "v"}}),
    "an invalid key's sub-properties": (
        "[default]\na b =\n c = 1\nk = v",
        None,
        {"default": {"k": "v"}},
    ),
    "properties end with their section": (
        "[profile a]\nk = 1\n[profile b c]\nk = 2",
        None,
        {"a": {"k": "1"}},
    ),
}


@pytest.mark.parametrize(("config", "credentials", "expected"), PROFILES.values(), ids=PROFILES)
def test_profiles(config, credentials, expected):
    """Each rule of the format gives the profiles that it should."""
    assert expected == parse_profiles(config, credentials).profiles


def test_sessions_and_services():
    """Sections of SSO sessions and services are apart from profiles of the same name."""
    config = (
        "[profile a]\nk = 1\n"
        "[sso-session a]\nsso_region = us-east-1\n"
        "[ services\ta ]\nec2 =\n  endpoint_url = http://localhost # here\n"
        "[sso-session a]\nsso_start_url = https://x.awsapps.com/start"
    )
    assert (
        Profiles(
            profiles={"a": {"k": "1"}},
            sso_sessions={
                "a": {"sso_region": "us-east-1", "sso_start_url": "https://x.awsapps.com/start"}
            },
            services={"a": {"ec2": {"endpoint_url": "http://localhost"}}},
        )
        == parse_profiles(config)
    )  # fmt: skip


def test_sessions_of_credentials():
    """The credentials file has no sections but profiles."""
    assert Profiles() == parse_profiles(None, "[sso-session a]\n[services b]")


SECTION = "expected a section like `[default]` before the first property"
PROPERTY = "expected a property like `name = value`"
ERRORS = {
    "an unclosed section": ("# c\n[profile a", 2, "expected `]` at the end of the section's name"),
    "a property first": ("\n\nk = v", 3, SECTION),
    "a word first": ("word", 1, SECTION),
    "an indented property first": (" k = v", 1, SECTION),
    "a word": ("[a]\nk = v\nword", 3, PROPERTY),
    "a colon and no name": ("[a]\r\n: v", 2, PROPERTY),
    "a colon after no name": ("[a]\r\na b : v", 2, PROPERTY),
    "no name": ("[a]\n= v", 2, PROPERTY),
    "an equals sign in a comment": ("[a]\nk # = v", 2, PROPERTY),
    "a line continued over a section": ("[a]\nk = v\n[a]\n w", 4, PROPERTY),
    "a sub-property with a colon": ("[a]\ns3 =\n a: b", 3, PROPERTY),
    "a sub-property without =": ("[a]\ns3 =\n word", 3, PROPERTY),
    "a sub-property without a name": ("[a]\ns3 =\n = v", 3, PROPERTY),
    "a word in a section that is left out": ("[a b]\nword", 2, PROPERTY),
}


@pytest.mark.parametrize(("text", "line", "expected"), ERRORS.values(), ids=ERRORS)
def test_errors(text, line, expected):
    """A malformed line is an error that names the file and the line, in either file."""
    with pytest.raises(ConfigError) as caught:
        parse_profiles(text, config_name="C")
    assert f"C:{line}: {expected}" == str(caught.value)
    with pytest.raises(ConfigError) as caught:
        parse_profiles("[default]", text, credentials_name="D")
    assert f"D:{line}: {expected}" == str(caught.value)


def test_error_names():
    """Without other names, messages call the files what they usually are."""
    with pytest.raises(ConfigError, match=r"^~/\.aws/config:1: "):
        parse_profiles("[")
    with pytest.raises(ConfigError, match=r"^~/\.aws/credentials:1: "):
        parse_profiles("", "[")


def test_what_is_left_out(caplog):
    """What nobody can mean is told once, at DEBUG, with its file and line and without its text."""
    config = "[profile se cret]\n[default]\nse cret = secret\ns3 =\n  se cret = secret"
    caplog.set_level(logging.DEBUG)
    for _ in range(2):
        parse_profiles(config, "[profile secret]", config_name="C", credentials_name="D")
    section = "a section whose name is missing, or is not that of a profile here"
    expected = [
        f"C:1: ignored {section}",
        "C:3: ignored a property without a valid name",
        "C:5: ignored a property without a valid name",
        f"D:1: ignored {section}",
    ]
    assert expected == caplog.messages
    assert {logging.DEBUG} == {record.levelno for record in caplog.records}


def test_other_tools(caplog):
    """Sections that other tools read are not worth a word."""
    caplog.set_level(logging.DEBUG)
    config = "[plugins]\nlogin = awscli_login\n[preview]\ncloudfront = true\n[granted x]\na b = 1\n"

    assert Profiles() == parse_profiles(config)
    assert [] == [text for text in caplog.messages if "section" in text]


def test_repr():
    """The repr of what was parsed shows the sections' names, and no values."""
    parsed = parse_profiles("[profile b]\nk = v\n[sso-session s]\n[services t]", "[a]\nk = v")
    expected = "Profiles(profiles=['a', 'b'], sso_sessions=['s'], services=['t'])"
    assert expected == repr(parsed)


names = st.just("default") | st.text(
    st.sampled_from(NAME_CHARACTERS.replace(":", "")), min_size=1, max_size=8
)
keys = names.map(str.lower)
printable = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
values = (
    st.text(printable, max_size=12).map(str.strip).filter(lambda v: " #" not in v and " ;" not in v)
)
# A value that is a comment would be none.
values = values.filter(lambda value: not value.startswith(("#", ";")))
lines = (
    st.text(printable, min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda v: v and v[0] not in "#;")
)
texts = st.tuples(values.filter(bool), st.lists(lines, max_size=2)).map(
    lambda v: "\n".join([v[0], *v[1]])
)
properties = st.one_of(values, texts, st.dictionaries(keys, values, min_size=1, max_size=3))
sections = st.dictionaries(names, st.dictionaries(keys, properties, max_size=4), max_size=3)
indents = st.sampled_from([" ", "    ", "\t"])
comments = st.sampled_from(["", "# [c]\n", ";c = 1\n", "  # c\n"])
newlines = st.sampled_from(["\n", "\r\n"])


def render(section, indent, comment):
    """Write a section's properties as a file has them."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield f"{key} =\n"
            yield from (f"{comment}{indent}{k}={v}\n" for k, v in value.items())
        else:
            yield f"{key} = {f'{chr(10)}{comment}{indent}'.join(value.split(chr(10)))}\n"
        yield comment


@st.composite
def files(draw, kinds=("profile ",)):
    """Draw the text of a file and what is in it, by kind."""
    found, text = {kind: draw(sections) for kind in kinds}, ""
    for kind, content in found.items():
        for name, section in content.items():
            is_default = (kind, name) == ("profile ", "default")
            text += f"[{'' if is_default else kind}{name}]\n"
            text += "".join(render(section, draw(indents), draw(comments)))
    return text.replace("\n", draw(newlines)), found


configs = files(("profile ", "sso-session ", "services "))
credential_files = files(("",))


@given(configs, credential_files)
def test_everything_comes_back(config, credentials):
    """What was written into the files is what is read from them, and credentials win."""
    text, found = config
    secrets, found_secrets = credentials
    merged = {**found["profile "]}
    for name, section in found_secrets[""].items():
        merged[name] = {**merged.get(name, {}), **section}
    expected = Profiles(merged, found["sso-session "], found["services "])
    assert expected == parse_profiles(text, secrets)


@settings(max_examples=60)
@given(configs, credential_files)
@example(("[default]\nk = v\n[profile a]\n", None), ("[default]\nl = w\n[a]\n", None))
def test_botocore_reads_the_same(config, credentials):
    """Where the two formats agree, botocore finds the same sections with the same values."""
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, "config"), Path(folder, "credentials")
        for path, (text, _) in zip(paths, (config, credentials), strict=True):
            path.write_bytes(text.encode())
        session = Session()
        session.set_config_variable("config_file", str(paths[0]))
        session.set_config_variable("credentials_file", str(paths[1]))
        theirs = session.full_config
    ours = parse_profiles(config[0], credentials[0])
    assert theirs["profiles"] == ours.profiles
    assert theirs["sso_sessions"] == ours.sso_sessions
    assert theirs["services"] == ours.services


HEADERS = [
    *("[default]", "[profile a]", "[profile b] # c", "[sso-session a]", "[services a]"),
    *('[profile "c d"]', "[profile 'C d']", '[sso-session "e f"]', "[services 'e f']"),
    *("[profile a b]", "[profile]", "[profile it's]", '[profile "it\'s"]', "[profile g\\ h]"),
    *("[plugins]", "[granted x]", "[a]"),
]
loose_lines = st.builds(
    "{}{}".format,
    st.sampled_from(["", "", " ", "  ", "    ", "\t"]),
    st.sampled_from(HEADERS)
    | st.builds(
        "{}{}{}".format,
        st.sampled_from(["k", "l", "m", "Region", "s3", "ec2", "endpoint_url"]),
        st.sampled_from(["=", " = ", ":", ": ", " : "]),
        st.sampled_from(["", "v", "http://x/?a=b", "a:b", "[c]", "'q'"]),
    )
    | st.sampled_from(["", "# c", "; c = 1", "word", "[profile a"]),
)


@settings(max_examples=300)
@given(st.lists(loose_lines, max_size=12).map("\n".join))
@example("[default]\n    region = eu-west-1\n    s3 =\n        k = v\n    l = w")
def test_what_botocore_reads_is_read(text):
    """A config file that botocore reads, however loose, says the same to ec2lite."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config")
        path.write_text(text)
        try:
            theirs = load_config(str(path))
        except ConfigParseError:
            return
    ours = parse_profiles(text)
    for kind in ("profiles", "sso_sessions", "services"):
        expected = {name: plain(section) for name, section in theirs[kind].items()}
        assert expected == getattr(ours, kind)


def plain(section):
    """Return a section of botocore's with keys in lower case, and no blank lines in values."""
    result = {}
    for key, value in section.items():
        if isinstance(value, dict):
            value = {k.lower(): v for k, v in value.items() if not re.search("[: ?]", k)}
        else:
            value = re.sub("\n+", "\n", value)
        result[key] = value
    return result


@given(st.text(st.sampled_from("[]=#; \t\r\nab:\ufeff\x85é"), max_size=60))
def test_any_text(text):
    """Whatever the text, it is parsed or refused with a ConfigError."""
    try:
        parsed = parse_profiles(f"[default]\n{text}", text)
    except ConfigError:
        return
    assert all(key == key.lower() for one in parsed.profiles.values() for key in one)


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_not_a_text(name):
    """What is not a text is refused by the argument's name, without showing it."""
    with pytest.raises(ConfigError, match=f"^{name} must be the text of a file, not bytes$"):
        parse_profiles(**{name: b"[default]"})
