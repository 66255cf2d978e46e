"""Endpoints: botocore's own rule sets, evaluated by botocore, against ours."""

from __future__ import annotations

import itertools
import re
import string

import httpx
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import create_loader
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from ec2lite import checks
from ec2lite.config import endpoints
from ec2lite.config.endpoints import find_partition, resolve_endpoint
from ec2lite.config.partitions import PARTITIONS
from ec2lite.errors import ConfigError
from ec2lite.models import Endpoint

LOADER = create_loader()
DATA = LOADER.load_data("partitions")
BOTOCORE_NAMES = {
    "ec2": "ec2",
    "sts": "sts",
    "oidc": "sso-oidc",
    "sso": "sso",
    "signin": "signin",
}
# What the service model says of the operations that credentials need.
CONTEXT = {"sts": {"UseGlobalEndpoint": False}, "signin": {"IsControlPlane": False}}
PROVIDERS = {
    ours: EndpointProvider(LOADER.load_service_model(theirs, "endpoint-rule-set-1"), DATA)
    for ours, theirs in BOTOCORE_NAMES.items()
}
KNOWN = [region for one in DATA["partitions"] for region in one["regions"]]
INVENTED = [
    *("eu-moon-7", "us-mars-12", "mx-north-1", "cn-south-9", "us-gov-north-3", "us-iso-north-1"),
    *("us-isob-far-2", "eu-isoe-north-4", "us-isof-west-5", "eusc-de-west-2", "eusc-fr-west-1"),
    *("xx-moon-1", "local", "RegionOne", "US-EAST-1", "us-gov", "1", "a" * 63, "s3-external-1"),
    *("fips-us-east-1", "us-east-1-fips", "us-gov-west-1-fips", "fips-aws-global", "eu-west-1a"),
]
FLAGS = (False, True)


def can_be_a_region(region):
    """Whether botocore's data or the look of a name says that it is a Region's."""
    if any(re.match(one["regionRegex"], region) for one in DATA["partitions"]):
        return True
    return re.fullmatch("[a-z]{2,}(-[a-z]+)+-[1-9][0-9]?", region) is not None


def theirs(region, service, use_fips, use_dualstack, endpoint_url):
    """Return botocore's URL and signing region, or None for an error.

    The client's part is done here: it rewrites pseudo-Regions. And so is what ec2lite refuses, as
    botocore makes up hosts for names that are no Region's.
    """
    plain = region.replace("fips-", "").replace("-fips", "")
    if endpoint_url is None:
        region, use_fips = plain, use_fips or plain != region
        is_global = (region, service) == ("aws-global", "sts") and not (use_fips or use_dualstack)
        if not (is_global or can_be_a_region(region)):
            return None
    region = plain
    given_ones = {"Region": region, "UseFIPS": use_fips, "UseDualStack": use_dualstack}
    if endpoint_url:
        given_ones["Endpoint"] = endpoint_url
    try:
        found = PROVIDERS[service].resolve_endpoint(**given_ones, **CONTEXT.get(service, {}))
    except EndpointProviderError:
        return None
    scheme = found.properties.get("authSchemes", [{}])[0]
    return found.url, scheme.get("signingRegion", region)


def ours(region, service, use_fips, use_dualstack, endpoint_url):
    """Return our URL and signing region, or None for an error."""
    try:
        found = resolve_endpoint(
            region,
            service=service,
            use_fips=use_fips,
            use_dualstack=use_dualstack,
            endpoint_url=endpoint_url,
        )
    except ConfigError:
        return None
    return found.url, found.signing_region


@pytest.mark.parametrize("service", BOTOCORE_NAMES)
def test_botocore_resolves_the_same(service):
    """Each Region, known or invented, with each combination of options is where botocore says."""
    overrides = (None, "http://localhost:4566")
    cases = [
        (region, service, *rest)
        for region in KNOWN + INVENTED
        for rest in itertools.product(FLAGS, FLAGS, overrides)
    ]
    assert {case: theirs(*case) for case in cases} == {case: ours(*case) for case in cases}


patterns = st.sampled_from([one["regionRegex"] for one in DATA["partitions"]])
letters = string.ascii_lowercase + string.digits + "-"
regions = patterns.flatmap(lambda one: st.from_regex(one, fullmatch=True, alphabet=letters))
regions |= st.text(letters, min_size=1, max_size=63)
regions = regions.filter(lambda one: len(one) < 64 and one == one.strip("-"))


@settings(max_examples=60)
@given(regions, st.sampled_from(list(BOTOCORE_NAMES)), st.booleans(), st.booleans())
def test_botocore_resolves_future_regions_the_same(region, service, use_fips, use_dualstack):
    """A Region that nobody knows is where botocore looks for it, by its pattern."""
    case = (region, service, use_fips, use_dualstack, None)
    assert theirs(*case) == ours(*case)


@pytest.mark.parametrize(
    ("region", "service"),
    [("eu-west-1", "ec2"), ("us-east-1", "sts"), ("cn-north-1", "oidc"), ("us-gov-west-1", "sso")],
)
def test_botocore_client_signs_for_the_same(region, service):
    """URL, signing region and signing name are those of botocore's client."""
    session = Session()
    session.set_credentials("a", "b")
    client = session.create_client(BOTOCORE_NAMES[service], region_name=region)
    signer = client._request_signer
    expected = Endpoint(client.meta.endpoint_url, signer.region_name, signer.signing_name)
    assert expected == resolve_endpoint(region, service=service)


def test_signing_names():
    """Each service has the signing name of botocore's model."""
    expected = {}
    for name, theirs_name in BOTOCORE_NAMES.items():
        metadata = LOADER.load_service_model(theirs_name, "service-2")["metadata"]
        expected[name] = metadata.get("signingName", metadata["endpointPrefix"])
    found = {name: resolve_endpoint("eu-west-1", service=name).signing_name for name in expected}
    assert expected == found


def test_find_partition():
    """A Region without a partition of its own is looked for in the first."""
    assert "aws-cn" == find_partition("aws-cn-global").name
    assert "aws-iso-f" == find_partition("us-isof-south-1").name
    assert "aws" == find_partition("nowhere").name


@pytest.mark.parametrize("flag", ["use_fips", "use_dualstack"])
def test_missing_variants(monkeypatch, flag):
    """A partition that lacks FIPS or dual-stack endpoints is an error that names it."""
    lacking = PARTITIONS[0]._replace(supports_fips=False, supports_dualstack=False)
    monkeypatch.setattr(endpoints, "PARTITIONS", (lacking,))
    with pytest.raises(ConfigError, match=r"^the partition aws has no (FIPS|dual-stack) endpoints"):
        resolve_endpoint("eu-west-1", **{flag: True})
    assert "https://ec2.eu-west-1.amazonaws.com" == resolve_endpoint("eu-west-1").url


@pytest.mark.parametrize("flag", ["use_fips", "use_dualstack"])
def test_variants_of_an_override(flag):
    """An endpoint URL of the caller's own has no variants: the error names both arguments."""
    with pytest.raises(ConfigError, match=f"^{flag} must not be True together with"):
        resolve_endpoint("eu-west-1", endpoint_url="http://localhost", **{flag: True})


@pytest.mark.parametrize("endpoint_url", [None, "http://localhost"])
def test_no_region(endpoint_url):
    """Without a Region there is nothing to sign for: the error says what to set."""
    with pytest.raises(ConfigError) as caught:
        resolve_endpoint(None, endpoint_url=endpoint_url)
    expected = (
        "no Region: pass region=, or set AWS_REGION, AWS_DEFAULT_REGION, or `region` in the profile"
    )
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    "region",
    ["", "-a", "a-", "a.b", "a/b", "a@b", "a b", "eu_west_1", "eu-west-1\n", "é-1", "٣", "a" * 64],
)
def test_wrong_region(region):
    """A Region that is no host label is an error, as it would end up in a host name."""
    for endpoint_url in (None, "http://localhost"):
        with pytest.raises(
            ConfigError, match=r"^region must be the name of a Region, such as eu-west-1, not "
        ):
            resolve_endpoint(region, endpoint_url=endpoint_url)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"region": 5}, r"^region must be a string, not int$"),
        (
            {"region": "eu-west-1", "endpoint_url": b"http://h"},
            r"^endpoint_url must be a string, not bytes",
        ),
    ],
)
def test_no_strings(arguments, message):
    """What is no string is refused by name."""
    with pytest.raises(ConfigError, match=message):
        resolve_endpoint(**arguments)


def test_wrong_service():
    """An unknown service is an error that lists the known ones."""
    with pytest.raises(ConfigError, match=r"^service must be one of ec2, sts, .+, not 's3'$"):
        resolve_endpoint("eu-west-1", service="s3")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:4566", "http://localhost:4566"),
        ("https://ec2.example.com/", "https://ec2.example.com"),
        ("http://[::1]:8080/a/b//", "http://[::1]:8080/a/b"),
        ("HTTP://Localhost", "HTTP://Localhost"),
        ("http://127.0.0.1/services/Cloud", "http://127.0.0.1/services/Cloud"),
        ("https://xn--bcher-kva.example:", "https://xn--bcher-kva.example:"),
        ("http://ec2_mock.", "http://ec2_mock."),
    ],
)
def test_endpoint_url(url, expected):
    """An endpoint URL is taken as it is, without a slash at its end."""
    endpoint = Endpoint(expected, "eu-west-1", "ec2")
    assert endpoint == resolve_endpoint("eu-west-1", endpoint_url=url)


NO_SCHEME = "one without http:// or https://"
SCHEME = "one of another scheme"
NO_HOST = "one without a host"
HOST = "one with a malformed host"
MALFORMED = "one with a malformed host or port"
PORT = "one with a port that is not from 1 to 65535"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", NO_SCHEME),
        ("localhost:4566", NO_SCHEME),
        ("//localhost", NO_SCHEME),
        ("ftp://localhost", SCHEME),
        ("file:///etc", SCHEME),
        ("http://", NO_HOST),
        ("http:///path", NO_HOST),
        ("http://:80", NO_HOST),
        ("http:localhost", NO_SCHEME),
        ("http://localhost:0", PORT),
        ("http://bücher.example", HOST),
        ("http://a%2fb", HOST),
        ("http://${HOST}", HOST),
        ("http://[::]]", MALFORMED),
        ("http://localhost:port", MALFORMED),
        ("http://localhost:65536", PORT),
        ("http://localhost:٣", MALFORMED),
        ("http://localhost:000080", PORT),
        ("http://[::1", MALFORMED),
        ("http://user:secret@localhost", "one with a user name or password"),
        ("http://@localhost", "one with a user name or password"),
        ("http://localhost?a=secret", "one with a query (`?`)"),
        ("http://localhost/?", "one with a query (`?`)"),
        ("http://localhost/#a", "one with a fragment (`#`)"),
        ("http://localhost#", "one with a fragment (`#`)"),
        ("http://local host", "one with a space"),
        (" http://localhost", "one with a space"),
        ("http://localhost\n", "one with a line break"),
        ("http://localhost\\@evil", "one with a backslash"),
        ("http://local\u200bhost", "one with a character that is not printable"),
    ],
)
def test_wrong_endpoint_url(url, expected):
    """An error says what is wrong with an endpoint URL, and does not show it."""
    with pytest.raises(ConfigError) as caught:
        resolve_endpoint("eu-west-1", endpoint_url=url)
    url_of = "an http:// or https:// URL of a host, a port and a path"
    assert f"endpoint_url must be {url_of}, not {expected}" == str(caught.value)


@pytest.mark.parametrize("netloc", ["[::1]x", "[::1%25eth0]", "[1::2::3]", "[127.0.0.1]", "[v1.a]"])
def test_wrong_address(netloc):
    """Brackets around anything but an IPv6 address are an error, whatever Python makes of them."""
    with pytest.raises(
        ConfigError, match=r"^endpoint_url must be .*, not one with a malformed host"
    ):
        resolve_endpoint("eu-west-1", endpoint_url=f"http://{netloc}")


@pytest.mark.parametrize(
    "host",
    [
        "a..b",
        ".a",
        "-a",
        "a-",
        "a" * 64,
        ".".join(["a" * 60] * 5),
        "256.1.1.1",
        "1.2.3",
        "01.2.3.4",
        "1.2.3.4.",
        "0x7f.1",
        "a.1",
        "xn--é",
        "xn--",
        "xn--a-",
        "xn--99999999",
    ],
)
def test_no_host(host):
    """A name that no resolver can look up, or an address of another notation, is refused."""
    with pytest.raises(ConfigError, match=r"not one with a malformed host$"):
        resolve_endpoint("eu-west-1", endpoint_url=f"http://{host}")


@given(st.text("/@?#[]:\\ a1.%-é_{xn", max_size=12).map("http://".__add__))
def test_any_endpoint_url(url):
    """Whatever the URL, it is refused with a ConfigError, or httpx accepts it too."""
    try:
        found = checks.url("endpoint_url", url)
    except ConfigError:
        return
    assert found == checks.url("endpoint_url", found)
    assert httpx.URL(f"{found}/").host


def test_endless_url():
    """A URL that no HTTP library would take is refused for its length."""
    with pytest.raises(ConfigError, match=r"^endpoint_url must be .*, not one of 2068 characters$"):
        resolve_endpoint("eu-west-1", endpoint_url="https://example.com/" + "x" * 2048)


@pytest.mark.parametrize("service", ["ec2", "sts"])
@pytest.mark.parametrize("region", ["fips-us-east-1", "us-east-1-fips", "us-gov-west-1-fips"])
def test_botocore_client_rewrites_pseudo_regions(region, service):
    """A pseudo-Region is FIPS in the Region it names, as botocore's client has it."""
    session = Session()
    session.set_credentials("a", "b")
    client = session.create_client(service, region_name=region)
    found = resolve_endpoint(region, service=service)

    assert (client.meta.endpoint_url, client.meta.region_name) == (found.url, found.signing_region)


@pytest.mark.parametrize("region", ["eu-west-1a", "aws-global", "local", "us-west-2-lax-1a", "EU"])
def test_no_host_is_made_up(region):
    """What cannot be a Region is refused where a host name would be made of it, and only there."""
    with pytest.raises(ConfigError, match=r"^region must be the name of a Region, .* not '"):
        resolve_endpoint(region)

    assert region == resolve_endpoint(region, endpoint_url="http://localhost").signing_region


@pytest.mark.parametrize("flag", ["use_fips", "use_dualstack"])
def test_global_sts_has_no_variants(flag):
    """Without a Region there is no FIPS and no dual-stack endpoint of STS."""
    with pytest.raises(ConfigError, match=r"^no Region: .*; the global STS has no FIPS"):
        resolve_endpoint("aws-global", service="sts", **{flag: True})
