"""Nonsense for every argument there is ends in an EC2Error, or does no harm."""

from __future__ import annotations

import contextlib
import datetime as dt
import inspect
import itertools
from pathlib import Path

import httpx
import pytest

import ec2lite
from ec2lite import ConfigError, EC2Error
from samples import KEYS, STOPPED

STOP = ec2lite.StopInstances("i-1")
ENDPOINT = ec2lite.Endpoint("https://ec2.eu-west-1.amazonaws.com", "eu-west-1", "ec2")
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
# What programs pass by mistake, and what makes numbers and encoders stumble.
NONSENSE = [
    *("", " ", "x", "\0", "é", "a\nb", "\ud800", "x" * 100_000, b"x", bytearray(b"x")),
    *(0, -1, 10**400, 2**63, 1.5, float("nan"), float("inf"), 1e308, True, 1j),
    *([], [None], [[]], {}, {"a": 1}, {"InstanceIds": ["i-1"]}, (), set(), range(10**12)),
    *(object(), int, ..., Exception("x"), Path("/x"), NOW, dt.timedelta(1)),
]


class Silent(httpx.BaseTransport):
    """Reaches nobody."""

    def handle_request(self, request):
        raise httpx.ConnectError("refused", request=request)


def client(**given):
    """Return a client that reaches nobody."""
    usual = {
        "region": "eu-west-1",
        "credentials": KEYS,
        "transport": Silent(),
        "retry": ec2lite.NoRetry(),
    }
    return ec2lite.Client(**usual | given)


def check(call, argument, value):
    """Assert that a call either takes a value or ends in an error of ours."""
    with contextlib.suppress(EC2Error):
        call(**{argument: value})


def parameters(function):
    """Return the names of a function's parameters."""
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize("argument", parameters(ec2lite.Client))
def test_client(argument):
    """A client's argument is refused when the client is made, or does no harm in a call."""

    def call(**given):
        with client(**given) as ec2:
            ec2.stop_instances("i-1")

    for value in NONSENSE:
        check(call, argument, value)


METHODS = {
    "stop_instances": {"instance_ids": "i-1"},
    "start_instances": {"instance_ids": "i-1"},
    "reboot_instances": {"instance_ids": "i-1"},
    "terminate_instances": {"instance_ids": "i-1"},
    "modify_instance_attribute": {"instance_id": "i-1"},
    "describe_instance_attribute": {"instance_id": "i-1", "attribute": "disableApiStop"},
    "describe_instances": {"instance_ids": "i-1"},
    "describe_instance_status": {"instance_ids": "i-1"},
    "send": {},
    "dry_run": {},
    "listing": {},
    "with_options": {},
}


@pytest.mark.filterwarnings("ignore::ec2lite.operations.filters.UnknownFilterWarning")
@pytest.mark.parametrize(
    ("method", "argument"),
    [(name, each) for name in METHODS for each in parameters(getattr(ec2lite.Client, name))],
)
def test_method(method, argument):
    """A method's argument is refused, or the call ends in an error of ours."""
    with client() as ec2:

        def call(**given):
            made = getattr(ec2, method)(**METHODS[method] | given)
            if isinstance(made, ec2lite.Listing):
                list(made)

        for value in NONSENSE:
            check(call, argument, value)


def build(**given):
    """Build a request."""
    usual = {"request": STOP, "endpoint": ENDPOINT, "credentials": KEYS, "now": NOW}
    return ec2lite.build_request(**usual | given)


def read(**given):
    """Read an answer."""
    usual = {"request": STOP, "status_code": 200, "headers": {}, "body": STOPPED}
    return ec2lite.parse_response(**usual | given)


def signed(**given):
    """Sign with an endpoint."""
    usual = {"url": ENDPOINT.url, "signing_region": "eu-west-1", "signing_name": "ec2"}
    return build(endpoint=ec2lite.Endpoint(**usual | given))


def keys(**given):
    """Sign with keys."""
    usual = {"access_key_id": "A", "secret_access_key": "B"}
    return build(credentials=ec2lite.Credentials(**usual | given))


def transport(**given):
    """Make a transport, as both kinds of them do."""
    ec2lite.FastTransport(**given).close()


def standard(**given):
    """Make a client that retries as it is told."""
    client(retry=ec2lite.StandardRetry(**given)).close()


def adaptive(**given):
    """Make a client that slows down as it is told."""
    with client(retry=ec2lite.AdaptiveRetry(**given)) as ec2:
        ec2.stop_instances("i-1")


OTHERS = {
    build: ["request", "endpoint", "credentials", "now", "signer"],
    read: ["request", "status_code", "headers", "body"],
    signed: parameters(ec2lite.Endpoint),
    keys: parameters(ec2lite.Credentials),
    transport: ["max_connections", "keepalive_expiry", "environ"],
    standard: ["max_attempts", "dice"],
    adaptive: ["max_attempts"],
}


@pytest.mark.parametrize(
    ("call", "argument"), [(call, each) for call, names in OTHERS.items() for each in names]
)
def test_function(call, argument):
    """So it is with what is used without a client."""
    for value in NONSENSE:
        check(call, argument, value)


@pytest.mark.parametrize(
    ("call", "argument", "value", "message"),
    [
        (build, "signer", "v4", "signer must be an object with sign(), not str"),
        (read, "headers", [("a", "b")], "headers must be an object with items(), not list"),
        (read, "body", "text", "body must be bytes, not str"),
        (read, "status_code", "200", "status_code must be a whole number from 100 to 999, not str"),
        (
            transport,
            "max_connections",
            0,
            "max_connections must be a whole number from 1 to 999999999, not 0",
        ),
        (
            transport,
            "keepalive_expiry",
            None,
            "keepalive_expiry must be a number of seconds above 0 and up to 2000000, not None",
        ),
        (transport, "environ", "x", "environ must be an object with get(), not str"),
        (adaptive, "clock", 0, "clock must be a function, not int"),
        (standard, "dice", 0.5, "dice must be a function, not float"),
        (keys, "session_token", [], "session_token must be a string, not list"),
    ],
)
def test_message(call, argument, value, message):
    """The error says in the usual words what is wrong."""
    with pytest.raises(ConfigError) as caught:
        call(**{argument: value})
    assert message == str(caught.value)


def test_half_a_character():
    """What Python makes of bytes that are no UTF-8 is refused by the parameter's name."""
    with client() as ec2, pytest.raises(ConfigError) as caught:
        ec2.modify_instance_attribute("i-1", instance_type="m7g\udce4")
    expected = (
        "InstanceType.Value must be text that UTF-8 can encode, not text with half a surrogate pair"
    )
    assert expected == str(caught.value)


def test_listing_of_no_pages():
    """A request that is answered at once is not iterated over."""
    with client() as ec2, pytest.raises(ConfigError) as caught:
        ec2.listing(STOP)
    expected = "request must be an object such as DescribeInstances(...), not StopInstances"
    assert expected == str(caught.value)


def test_endless_ids():
    """Of an iterator that never ends the first wrong id is enough."""
    with client() as ec2, pytest.raises(ConfigError, match=r"instance_ids\[0\] must be a string"):
        ec2.stop_instances(itertools.count())
