"""Settings against botocore's session: the same files and environment, the same answers.

What differs, and is left out here: AWS_REGION, which botocore does not read; words other than true
and false, which botocore takes for false and we refuse; and an empty property, which is no setting
for us and an empty one for botocore.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import mock

from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import InvalidConfigError, ProfileNotFound
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from ec2lite.config.settings import Settings
from ec2lite.errors import ConfigError

profiles = st.sampled_from(["default", "a", "b"])
regions = st.sampled_from(["eu-west-1", "us-gov-east-1"])
urls = st.sampled_from(["http://one", "https://two:8443/path"])
words = st.sampled_from(["true", "false", "True", "FALSE"])
environments = st.fixed_dictionaries(
    {},
    optional={
        "AWS_PROFILE": profiles,
        "AWS_DEFAULT_PROFILE": profiles,
        "AWS_DEFAULT_REGION": regions,
        "AWS_ENDPOINT_URL": urls,
        "AWS_ENDPOINT_URL_EC2": urls,
        "AWS_ENDPOINT_URL_SSO_OIDC": urls,
        "AWS_USE_FIPS_ENDPOINT": words,
        "AWS_USE_DUALSTACK_ENDPOINT": words,
        "AWS_MAX_ATTEMPTS": st.sampled_from(["1", "03", "12"]),
        "AWS_CA_BUNDLE": st.just("/env.pem"),
    },
)
sections = st.fixed_dictionaries(
    {},
    optional={
        "region": regions,
        "endpoint_url": urls,
        "services": st.sampled_from(["one", "two"]),
        "use_fips_endpoint": words,
        "use_dualstack_endpoint": words,
        "max_attempts": st.just("7"),
        "ca_bundle": st.just("/file.pem"),
    },
)
services = st.dictionaries(
    st.sampled_from(["one", "two"]),
    st.dictionaries(st.sampled_from(["ec2", "sts", "sso_oidc"]), urls, min_size=1),
)


@st.composite
def configs(draw):
    """Draw the text of a config file."""
    text = ""
    for name, section in draw(st.dictionaries(profiles, sections)).items():
        text += "[default]\n" if name == "default" else f"[profile {name}]\n"
        text += "".join(f"{key} = {value}\n" for key, value in section.items())
    for name, section in draw(services).items():
        text += f"[services {name}]\n"
        text += "".join(f"{key} =\n  endpoint_url = {url}\n" for key, url in section.items())
    return text


def theirs(profile, names):
    """Return botocore's settings, or None if it refuses them."""
    session = Session(profile=profile)
    keys = ("region", "use_fips_endpoint", "use_dualstack_endpoint", "max_attempts", "ca_bundle")
    try:
        scoped = session.get_scoped_config()
        found = [session.get_config_variable(key) for key in keys]
        found += [
            ConfiguredEndpointProvider(session.full_config, scoped, name).provide()
            for name in names
        ]
    except (ProfileNotFound, InvalidConfigError):
        return None
    return [session.profile or "default", *found]


def ours(environ, profile, names):
    """Return our settings, or None if we refuse them."""
    made = Settings(environ=environ, profile=profile)
    try:
        _ = made.section
        return [
            made.profile_name,
            made.region,
            made.use_fips,
            made.use_dualstack,
            made.max_attempts,
            made.ca_bundle,
            *map(made.endpoint_url, names),
        ]
    except ConfigError:
        return None


@settings(max_examples=80)
@given(environments, configs(), st.none() | profiles)
def test_botocore_finds_the_same(environ, config, profile):
    """Profile, Region, switches, numbers and endpoint URLs are those that botocore finds."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {
            "AWS_CONFIG_FILE": f"{folder}/config",
            "AWS_SHARED_CREDENTIALS_FILE": f"{folder}/credentials",
        }
        Path(folder, "config").write_text(config)
        environ = {**environ, **paths}
        with mock.patch.dict("os.environ", environ, clear=True):
            expected = theirs(profile, ("ec2", "sts", "sso-oidc"))
        assert expected == ours(environ, profile, ("ec2", "sts", "oidc"))
