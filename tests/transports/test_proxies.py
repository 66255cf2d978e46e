"""Which proxy a URL goes through."""

from __future__ import annotations

import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.errors import ConfigError
from ec2lite.transports.proxies import Proxy, proxy_for
from samples import told

EC2 = "https://ec2.eu-west-1.amazonaws.com/"
P = "http://proxy.example.com:3128"
FOUND = Proxy("http", "proxy.example.com", 3128)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"https_proxy": P}, P),
        ({"HTTPS_PROXY": P}, P),
        ({"ALL_PROXY": P}, P),
        ({"all_proxy": P}, P),
        ({"http_proxy": P, "HTTP_PROXY": P}, None),
        ({"https_proxy": P, "HTTPS_PROXY": "http://other"}, P),
        ({"https_proxy": P, "all_proxy": "http://other"}, P),
        ({"https_proxy": "", "HTTPS_PROXY": P, "ALL_PROXY": P}, None),
        ({"https_proxy": "  "}, None),
        ({"https_proxy": " proxy.example.com:3128 "}, P),
        ({"https_proxy": "proxy.example.com"}, "http://proxy.example.com:80"),
        ({"https_proxy": "https://proxy"}, "https://proxy:443"),
        ({"https_proxy": "socks5h://proxy"}, "socks5h://proxy:1080"),
        ({"https_proxy": "http://[::1]:3128/"}, "http://[::1]:3128"),
    ],
)
def test_variables(environ, expected):
    """The variable of the scheme goes before all_proxy, and lower case before upper case."""
    proxy = proxy_for(EC2, environ)
    assert expected == (proxy and proxy.url)


def test_cgi():
    """HTTP_PROXY in upper case is a visitor's header under CGI, and is not read."""
    environ = {"HTTP_PROXY": P}
    assert FOUND == proxy_for("http://example.com/", environ)
    assert None is proxy_for("http://example.com/", {**environ, "REQUEST_METHOD": "GET"})
    environ = {"http_proxy": P, "REQUEST_METHOD": "GET"}
    assert FOUND == proxy_for("http://example.com/", environ)


@pytest.mark.parametrize(
    ("rules", "url", "is_direct"),
    [
        ("*", EC2, True),
        ("example.com, *", EC2, True),
        ("amazonaws.com", EC2, True),
        (".amazonaws.com", EC2, True),
        ("*.amazonaws.com", EC2, True),
        ("AmazonAWS.com.", EC2, True),
        ("eu-west-1.amazonaws.com", EC2, True),
        ("aws.com", EC2, False),
        ("ec2", EC2, False),
        ("", EC2, False),
        (",, .", EC2, False),
        ("a.example b.example\tamazonaws.com", EC2, True),
        ("amazonaws.com:443", EC2, True),
        ("amazonaws.com:8443", EC2, False),
        ("amazonaws.com:8443", EC2.replace("com/", "com:8443/"), True),
        ("amazonaws.com", EC2.replace("com/", "com./"), True),
        ("169.254.169.254", "http://169.254.169.254/", True),
        ("169.254.0.0/16", "http://169.254.169.254/", True),
        ("169.254.0.0/16", "http://169.255.169.254/", False),
        ("169.254.0.0/16", EC2, False),
        ("169.254.0.0/x", "http://169.254.169.254/", False),
        ("fd00:ec2::/32", "http://[fd00:ec2::254]/", True),
        ("fd00:ec2::254", "http://[fd00:ec2::254]/", True),
        ("[fd00:ec2:0::254]", "http://[fd00:ec2::254]/", True),
        ("[fd00:ec2::254]:80", "http://[fd00:ec2::254]/", True),
        ("[fd00:ec2::254]:81", "http://[fd00:ec2::254]/", False),
    ],
)
def test_no_proxy(rules, url, is_direct):
    """no_proxy holds names, their subdomains, addresses, networks and ports."""
    for name in ("no_proxy", "NO_PROXY"):
        proxy = proxy_for(url, {"all_proxy": P, name: rules})
        assert is_direct is (proxy is None)


def test_no_proxy_lower_case_wins():
    """no_proxy goes before NO_PROXY, even when it is empty."""
    assert proxy_for(EC2, {"all_proxy": P, "no_proxy": "", "NO_PROXY": "*"})


labels = st.sampled_from(["a", "b", "example", "com", "ec2"])
names = st.lists(labels, min_size=1, max_size=4).map(".".join)


@given(names, st.lists(st.tuples(st.sampled_from(["", "."]), names).map("".join)))
def test_no_proxy_as_urllib(host, rules):
    """For names, no_proxy means what it means to urllib."""
    environ = {"http_proxy": P, "no_proxy": ",".join(rules)}
    bypass = urllib.request.proxy_bypass_environment(host, {"no": environ["no_proxy"]})
    assert bool(bypass) is (proxy_for(f"http://{host}/", environ) is None)


def test_auth():
    """User and password are unquoted, and shown nowhere."""
    proxy = proxy_for(EC2, {"https_proxy": "http://me:p%40ss@proxy:1"})
    assert proxy is not None
    assert ("me", "p@ss") == proxy.auth
    assert "p@ss" not in f"{proxy!r} {proxy.url}"
    proxy = proxy_for(EC2, {"https_proxy": "http://me@proxy:1"})
    assert proxy is not None
    assert ("me", "") == proxy.auth


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("http://me:secret@proxy:port", "https_proxy is not a URL"),
        ("http://me:secret@[::1", "https_proxy is not a URL"),
        ("http://me:secret/@proxy:3128", "https_proxy is not a URL"),
        ("http://me:secret@:3128", "https_proxy names no host"),
        ("http://me:secret@pröxy:3128", "https_proxy names no host in ASCII"),
        ("ftp://me:secret@proxy", "https_proxy has a scheme that is none of http, https"),
    ],
)
def test_wrong(value, said):
    """A value that is no proxy is a ConfigError that names the variable and not the password."""
    with pytest.raises(ConfigError, match=said) as caught:
        proxy_for(EC2, {"https_proxy": value})
    assert "secret" not in told(caught.value)
    assert None is caught.value.__cause__
