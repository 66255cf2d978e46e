"""Settings: which source wins, what is refused, and that nothing is read too early."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from botocore.session import Session

from ec2lite.config.profiles import Profiles
from ec2lite.config.settings import Settings
from ec2lite.errors import ConfigError


@pytest.fixture
def make(tmp_path):
    """Return a function that makes settings from an environment and the files' texts."""

    def make(environ=None, config=None, credentials=None, profile=None):
        paths = {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }
        for path, text in zip(paths.values(), (config, credentials), strict=True):
            if text is not None:
                Path(path).write_bytes(text.encode())
        return Settings(environ={**paths, **(environ or {})}, profile=profile)

    return make


def test_nothing_is_read_before_use():
    """Making settings looks neither at the environment nor at files."""
    settings = Settings(environ=object(), profile="a")
    assert "Settings(profile='a')" == repr(settings)


def test_environ_is_the_process_environment(monkeypatch):
    """Without an environment of their own, settings look at the process's, as it is then."""
    settings = Settings()
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "eu-west-1" == settings.region
    assert os.environ is settings.environ


@pytest.mark.parametrize(("value", "expected"), [("", None), (" \t", None), (" a ", " a ")])
def test_env(value, expected):
    """An empty or blank variable counts as not set; others are as they are."""
    assert expected == Settings(environ={"A": value}).env("A")
    assert Settings(environ={}).env("A") is None


@pytest.mark.parametrize(
    ("profile", "environ", "expected"),
    [
        (None, {}, "default"),
        (None, {"AWS_PROFILE": "b"}, "b"),
        (None, {"AWS_DEFAULT_PROFILE": "c"}, "c"),
        (None, {"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": "c"}, "c"),
        (None, {"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": " "}, "b"),
        ("a", {"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": "c"}, "a"),
    ],
)
def test_profile_name(profile, environ, expected, monkeypatch):
    """The caller's profile wins, then the environment's two variables in botocore's order."""
    settings = Settings(environ=environ, profile=profile)
    assert expected == settings.profile_name
    assert (profile is not None) is settings.profile_is_explicit
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.setenv(name, environ.get(name, "").strip())
        if not environ.get(name, "").strip():
            monkeypatch.delenv(name)
    assert expected == (Session(profile=profile).profile or "default")


def test_files_are_read_once(make, tmp_path):
    """Both files are parsed on first use and remembered."""
    settings = make({}, "[default]\nregion = a", "[b]\nk = v")
    expected = Profiles({"default": {"region": "a"}, "b": {"k": "v"}})
    assert expected == settings.files
    (tmp_path / "config").write_text("[broken")
    assert settings.files is settings.files


def test_files_are_not_read_for_the_environment(make):
    """A setting that the environment has needs no file, not even a readable one."""
    settings = make({"AWS_REGION": "eu-west-1"}, "[broken")
    assert "eu-west-1" == settings.region


def test_default_files(tmp_path):
    """Without variables, the files are those in the home directory of the environment."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\nregion = eu-west-1")
    (tmp_path / ".aws" / "credentials").write_text("[default]\nk = v")
    settings = Settings(environ={"HOME": str(tmp_path), "AWS_CONFIG_FILE": " "})
    assert {"region": "eu-west-1", "k": "v"} == settings.section


def test_expand(monkeypatch):
    """A tilde is the environment's HOME, else the system's; other paths stay as they are."""
    settings = Settings(environ={"HOME": "/h"})
    assert "/h/.aws" == settings.expand("~/.aws")
    assert "/h" == settings.expand("~")
    assert "/a/~" == settings.expand("/a/~")
    assert "~nobody-of-this-name/a" == settings.expand("~nobody-of-this-name/a")
    monkeypatch.setenv("HOME", "/elsewhere")
    monkeypatch.setenv("USERPROFILE", "/elsewhere")
    assert "/elsewhere/.aws" == Settings(environ={}).expand("~/.aws")


@pytest.mark.parametrize("path", ["missing", "file/missing"])
def test_missing_files(tmp_path, path):
    """A file that is not there is an empty one, also where its directory is none."""
    (tmp_path / "file").write_text("")
    path = str(tmp_path / path)
    environ = {"AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": path}
    assert Profiles() == Settings(environ=environ).files
    assert {} == Settings(environ=environ).section


def test_file_in_another_encoding(tmp_path):
    """A file that is not UTF-8 is an error that names it and hides its bytes."""
    (tmp_path / "c").write_bytes(b"[default]\naws_secret_access_key = s\xe9cret")
    settings = Settings(environ={"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "c"), "HOME": "/-"})
    with pytest.raises(ConfigError) as caught:
        _ = settings.files
    assert f"{tmp_path / 'c'} is not UTF-8 (at byte 35)" == str(caught.value)
    assert caught.value.__context__ is None


def test_byte_order_mark_on_disk(make):
    """Editors of Windows write a byte order mark and carriage returns, which do no harm."""
    settings = make({}, "\ufeff[default]\r\nregion = eu-west-1\r\n")
    assert "eu-west-1" == settings.region


def test_malformed_file(make, tmp_path):
    """An error in a file names the file by its real path."""
    with pytest.raises(ConfigError, match=f"^{tmp_path}/credentials:2: "):
        _ = make({}, "[default]", "\n[default").section


@pytest.mark.parametrize("where", [{"profile": "x"}, {"environ": {"AWS_PROFILE": "x"}}])
def test_unknown_profile(make, tmp_path, where):
    """A profile that was named but is nowhere is an error with its name, the files, the others."""
    settings = make(**where, config="[profile b]\n[default]", credentials="[a]")
    with pytest.raises(ConfigError) as caught:
        _ = settings.section
    expected = (
        f"profile 'x' is neither in {tmp_path}/config nor in {tmp_path}/credentials; "
        "profiles there: a, b, default"
    )
    assert expected == str(caught.value)


def test_unknown_default_profile(make):
    """A default profile may be missing, unless it was asked for by name."""
    assert {} == make({}).section
    with pytest.raises(ConfigError, match=r"'default'.+profiles there: none$"):
        _ = make(profile="default").section


def test_value(make):
    """The environment wins over the profile's key; an empty one counts as not set."""
    config = "[default]\nk = file\nempty ="
    assert "env" == make({"V": "env"}, config).value("V", "k")
    assert "file" == make({"V": " "}).value("V", "k")
    assert "file" == make().value(None, "k")
    assert make().value("V", None) is None
    assert make().value("V", "empty") is None
    assert make().value("V", "other") is None


def test_value_with_sub_properties(make):
    """Indented settings where one value belongs are an error that names the key and profile."""
    with pytest.raises(ConfigError, match=r"^region of profile 'default' must have one value"):
        _ = make({}, "[default]\nregion =\n  a = b").region


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, "a"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "b"}, "b"),
        ({}, "c"),
        ({"AWS_PROFILE": "other"}, None),
    ],
)
def test_region(make, environ, expected):
    """AWS_REGION wins over AWS_DEFAULT_REGION, and that over the profile's region."""
    assert expected == make(environ, "[default]\nregion = c\n[profile other]").region


BOOLEANS = {
    "use_fips": ("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
    "use_dualstack": ("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
}


@pytest.mark.parametrize("name", BOOLEANS)
def test_booleans(make, name):
    """A boolean is true or false in any case, or not set; all else is an error that says where."""
    variable, key = BOOLEANS[name]
    assert getattr(make(), name) is None
    assert getattr(make({variable: "TRUE"}, f"[default]\n{key} = false"), name) is True
    assert getattr(make(), name) is False
    with pytest.raises(ConfigError, match=f"^{variable} must be true or false$"):
        getattr(make({variable: "1"}), name)
    with pytest.raises(ConfigError, match=f"^{key} of profile 'default' must be true or false$"):
        getattr(make({}, f"[default]\n{key} = yes"), name)


def test_app_id(make):
    """The variable comes first, then the profile's key."""
    assert "env" == make({"AWS_SDK_UA_APP_ID": "env"}, "[default]\nsdk_ua_app_id = own").app_id
    assert "own" == make({}, "[default]\nsdk_ua_app_id = own").app_id
    assert make({}, "").app_id is None


def test_max_attempts(make):
    """A number comes from the variable, else from the profile, else is not set."""
    assert make().max_attempts is None
    assert 5 == make({"AWS_MAX_ATTEMPTS": "5"}, "[default]\nmax_attempts = 7").max_attempts
    assert 7 == make().max_attempts


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "three", "٣", "1_0", " 3", "1" * 5000])
def test_wrong_max_attempts(make, value):
    """What is no whole number from 1 on is an error that names the variable."""
    with pytest.raises(ConfigError, match=r"^AWS_MAX_ATTEMPTS must be a whole number from 1$"):
        _ = make({"AWS_MAX_ATTEMPTS": value}).max_attempts


def test_integer_minimum(make):
    """A number may be 0 unless the caller says otherwise."""
    assert 0 == make({"N": "0"}).integer("N", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", None), ("standard", "standard"), ("Adaptive", "adaptive"), ("legacy", "standard")],
)
def test_retry_mode(make, value, expected):
    """The retry mode is standard or adaptive; botocore's legacy mode means standard."""
    assert expected == make({"AWS_RETRY_MODE": value}).retry_mode


def test_wrong_retry_mode(make):
    """An unknown retry mode is an error that says where it stands."""
    with pytest.raises(ConfigError, match=r"^retry_mode of profile 'default' must be standard or"):
        _ = make({}, "[default]\nretry_mode = often").retry_mode


@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_ca_bundle(make, blank):
    """A blank path of a CA bundle is refused by name, wherever it is set."""
    for environ, config, name in (
        ({"AWS_CA_BUNDLE": blank}, "", "AWS_CA_BUNDLE"),
        ({"REQUESTS_CA_BUNDLE": blank}, "", "REQUESTS_CA_BUNDLE"),
        ({}, f"[default]\nca_bundle = {blank}", "ca_bundle of profile 'default'"),
    ):
        with pytest.raises(ConfigError) as caught:
            _ = make(environ, config).ca_bundle
        expected = "must be the path of a CA bundle, not blank or indented settings"
        assert f"{name} {expected}" == str(caught.value)


def test_ca_bundle(make):
    """AWS_CA_BUNDLE wins, then the profile's, then what Requests reads; `~` is expanded."""
    home = {"HOME": "/h"}
    assert make(home).ca_bundle is None
    assert "/r" == make({"REQUESTS_CA_BUNDLE": "/r"}).ca_bundle
    config = "[default]\nca_bundle = ~/ca.pem"
    assert "/h/ca.pem" == make({**home, "REQUESTS_CA_BUNDLE": "/r"}, config).ca_bundle
    assert "/e" == make({"AWS_CA_BUNDLE": "/e", "REQUESTS_CA_BUNDLE": "/r"}).ca_bundle


SERVICES = """\
[default]
services = mine
endpoint_url = http://profile
[profile plain]
endpoint_url = http://plain/
[profile lost]
services = nowhere
[services mine]
ec2 =
  endpoint_url = http://services-ec2
sso_oidc =
  endpoint_url = http://services-oidc
sts =
sso =
  region = a
signin = word
"""


BOTH = {"AWS_ENDPOINT_URL_EC2": "http://ec2", "AWS_ENDPOINT_URL": "http://all"}
IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


@pytest.mark.parametrize(
    ("environ", "service", "expected"),
    [
        (BOTH, "ec2", "http://ec2"),
        (BOTH, "sts", "http://all"),
        ({"AWS_ENDPOINT_URL_SSO_OIDC": "http://oidc"}, "oidc", "http://oidc"),
        ({"AWS_ENDPOINT_URL_SSO": "http://sso"}, "sso", "http://sso"),
        ({"AWS_ENDPOINT_URL_SIGNIN": "http://signin"}, "signin", "http://signin"),
        ({}, "ec2", "http://services-ec2"),
        ({}, "oidc", "http://services-oidc"),
        ({}, "sts", "http://profile"),
        ({}, "sso", "http://profile"),
        ({}, "signin", "http://profile"),
        ({"AWS_PROFILE": "plain"}, "ec2", "http://plain"),
        ({"AWS_PROFILE": "none"}, "ec2", None),
        ({**BOTH, IGNORE: "true"}, "ec2", None),
        ({IGNORE: "false"}, "ec2", "http://services-ec2"),
    ],
)
def test_endpoint_url(make, environ, service, expected):
    """The service's variable wins, then the general one, the services section, the profile."""
    settings = make(environ, f"{SERVICES}[profile none]\n")
    assert expected == settings.endpoint_url(service)


def test_endpoint_url_ignored_in_the_profile(make):
    """The profile can turn configured endpoint URLs off, those of the environment too."""
    config = "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://profile"
    assert make({"AWS_ENDPOINT_URL": "http://all"}, config).endpoint_url() is None


def test_missing_services_section(make):
    """A services section that is not there is an error, if it is needed."""
    settings = make({"AWS_PROFILE": "lost"}, SERVICES)
    with pytest.raises(ConfigError, match=r"^services of profile 'lost' .+ \[services nowhere\]"):
        settings.endpoint_url()
    settings = make({"AWS_PROFILE": "lost", "AWS_ENDPOINT_URL": "http://all"})
    assert "http://all" == settings.endpoint_url()


@pytest.mark.parametrize(
    ("environ", "config", "where"),
    [
        ({"AWS_ENDPOINT_URL_EC2": "localhost"}, "", "AWS_ENDPOINT_URL_EC2"),
        ({"AWS_ENDPOINT_URL": "localhost"}, "", "AWS_ENDPOINT_URL"),
        ({}, "[default]\nendpoint_url = localhost", "endpoint_url of profile 'default'"),
        (
            {},
            "[default]\nservices = a\n[services a]\nec2 =\n endpoint_url = localhost",
            r"endpoint_url of ec2 in \[services a\]",
        ),
    ],
)
def test_wrong_endpoint_url(make, environ, config, where):
    """What is no URL is an error that says where it stands."""
    with pytest.raises(
        ConfigError, match=f"^{where} must be .*, not one without http:// or https://$"
    ):
        make(environ, config).endpoint_url()


def test_profile_that_is_no_text():
    """A profile that is not a string is refused by name."""
    with pytest.raises(ConfigError, match=r"^profile must be a string, not list$"):
        Settings(profile=["dev"])


def test_profile_without_a_name(make):
    """An empty profile is the name of none, not of the default one."""
    with pytest.raises(ConfigError, match=r"^profile '' is neither in"):
        _ = make(config="[default]\nregion = eu-west-1\n", profile="").section
