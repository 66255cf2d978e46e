"""A client's arguments, and what follows from them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ec2lite.config.settings import Settings
from ec2lite.engine.adaptive import AdaptiveRetrier, AdaptiveRetry
from ec2lite.engine.context import Timeout, utc_now
from ec2lite.engine.flow import run
from ec2lite.engine.retry import NoRetry, StandardRetrier, StandardRetry
from ec2lite.engine.setup import Setup
from ec2lite.errors import ConfigError
from ec2lite.models import Endpoint
from ec2lite.protocol.request import user_agent
from ec2lite.signing.botocore_signer import BotocoreSigner
from samples import NOW, NamingSigner


def setup(environ=None, **arguments):
    """Return the setup of a client with these arguments, in that environment."""
    return Setup(settings=Settings(environ=environ or {}), **arguments)


def context(mine, service="ec2"):
    """Return what a setup's calls to a service have in common."""
    return run(mine.context(service), None)


def test_defaults():
    """A Region is all it takes."""
    made = context(setup(region="eu-west-1"))

    expected = Endpoint("https://ec2.eu-west-1.amazonaws.com", "eu-west-1", "ec2")
    assert expected == made.builder.endpoint
    assert isinstance(made.builder._signer, BotocoreSigner)
    assert isinstance(made.retrier, StandardRetrier)
    assert (3, Timeout()) == (made.retrier.max_attempts, made.timeout)
    assert made.clock is utc_now
    assert (True, 64 * 2**20) == (made.skew.enabled, made.max_response_size)


def test_limits():
    """The clock's correction can be turned off, and answers bounded otherwise."""
    made = context(setup(region="eu-west-1", correct_clock_skew=False, max_response_size=1000))
    assert (False, 1000) == (made.skew.enabled, made.max_response_size)


def test_made_once():
    """Threads that come at the same time get the same context."""
    mine = setup(region="eu-west-1")
    barrier = threading.Barrier(8)
    made = []

    def make():
        barrier.wait()
        made.append(context(mine))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert {id(context(mine))} == {id(each) for each in made}


def test_no_region():
    """Without a Region the first use says what to set."""
    with pytest.raises(ConfigError, match=r"pass region=, or set AWS_REGION"):
        context(setup())


@pytest.mark.parametrize(
    ("environ", "arguments", "url"),
    [
        ({"AWS_REGION": "eu-west-1"}, {}, "https://ec2.eu-west-1.amazonaws.com"),
        ({"AWS_REGION": "a"}, {"region": "eu-west-1"}, "https://ec2.eu-west-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://e"}, {"region": "eu-west-1"}, "http://e"),
        ({"AWS_ENDPOINT_URL": "http://e"}, {"region": "r", "endpoint_url": "http://a"}, "http://a"),
        ({}, {"region": "eu-west-1", "use_fips": True}, "https://ec2-fips.eu-west-1.amazonaws.com"),
        ({}, {"region": "eu-west-1", "use_dualstack": True}, "https://ec2.eu-west-1.api.aws"),
        (
            {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
            {"region": "eu-west-1"},
            "https://ec2-fips.eu-west-1.api.aws",
        ),
        (
            {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
            {"region": "eu-west-1", "use_fips": False, "use_dualstack": False},
            "https://ec2.eu-west-1.amazonaws.com",
        ),
    ],
)
def test_endpoint(environ, arguments, url):
    """Arguments decide about the endpoint, then the environment."""
    assert url == setup(environ, **arguments).endpoint().url


@pytest.mark.parametrize(
    ("environ", "retry", "kind", "most"),
    [
        ({}, None, StandardRetrier, 3),
        ({"AWS_MAX_ATTEMPTS": "7"}, None, StandardRetrier, 7),
        ({"AWS_RETRY_MODE": "standard"}, None, StandardRetrier, 3),
        ({"AWS_RETRY_MODE": "legacy"}, None, StandardRetrier, 3),
        ({"AWS_RETRY_MODE": "adaptive"}, None, AdaptiveRetrier, 3),
        ({"AWS_RETRY_MODE": "adaptive", "AWS_MAX_ATTEMPTS": "2"}, None, AdaptiveRetrier, 2),
        ({"AWS_MAX_ATTEMPTS": "7"}, StandardRetry(5), StandardRetrier, 5),
        ({"AWS_RETRY_MODE": "adaptive"}, NoRetry(), StandardRetrier, 1),
        ({}, AdaptiveRetry(4), AdaptiveRetrier, 4),
    ],
)
def test_retry(environ, retry, kind, most):
    """The argument decides about retries, then the environment."""
    retrier = context(setup(environ, region="eu-west-1", retry=retry)).retrier

    assert (kind, most) == (type(retrier), retrier.max_attempts)


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [(None, Timeout()), (5, Timeout(total=5)), (0.5, Timeout(total=0.5)), (Timeout(1, 2, 3),) * 2],
)
def test_timeout(timeout, expected):
    """A number is the limit of the whole call."""
    assert expected == context(setup(region="eu-west-1", timeout=timeout)).timeout


def test_signer():
    """The caller's signer is used as it is."""
    signer = NamingSigner()

    assert signer is context(setup(region="eu-west-1", signer=signer)).builder._signer


def test_user_agent():
    """What the caller adds stands at the end of the user agent."""
    fixed = dict(context(setup(region="eu-west-1", user_agent_extra="app/1")).builder._fixed)

    assert user_agent("app/1").encode() == fixed[b"user-agent"]


def test_app_id():
    """The name of the program comes from the environment, as in AWS's SDKs."""
    mine = setup({"AWS_SDK_UA_APP_ID": "night-stop"}, region="eu-west-1")
    fixed = dict(context(mine).builder._fixed)

    assert fixed[b"user-agent"].endswith(b" app/night-stop")


@pytest.mark.parametrize("extra", ["a\r\nX-Evil: 1", "a\x00", "é", "a\x7f"])
def test_bad_user_agent(extra):
    """What would break a header is refused by name."""
    with pytest.raises(
        ConfigError, match=r"^user_agent_extra must be printable ASCII, not text with a "
    ):
        setup(user_agent_extra=extra)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"region": ""}, r"^region must be the name of a Region, such as eu-west-1, not ''$"),
        ({"region": "eu west"}, r"^region must be"),
        ({"region": "a.b"}, r"^region must be"),
        ({"region": "-a"}, r"^region must be"),
        ({"region": "x" * 64}, r"^region must be"),
        ({"region": "evil.example/"}, r"^region must be"),
        ({"region": "a\n"}, r"^region must be"),
        (
            {"endpoint_url": "ftp://x"},
            r"^endpoint_url must be an http:// or https:// URL .*, not one of another scheme$",
        ),
        (
            {"endpoint_url": "cloud.example"},
            r"^endpoint_url must be .*, not one without http:// or https://$",
        ),
        ({"endpoint_url": ""}, r"^endpoint_url must be .*, not one without http:// or https://$"),
        ({"endpoint_url": "https://"}, r"^endpoint_url must be .*, not one without a host"),
        (
            {"endpoint_url": "https://u:p@h"},
            r"^endpoint_url must be .*, not one with a user name or password$",
        ),
        ({"endpoint_url": "https://h?q"}, r"^endpoint_url must be .*, not one with a query"),
        ({"endpoint_url": "https://h/#f"}, r"^endpoint_url must be .*, not one with a fragment"),
        ({"endpoint_url": "https://h:99999"}, r"^endpoint_url must be .*, not one with a port"),
        (
            {"endpoint_url": "https://h\r\nX: y"},
            r"^endpoint_url must be .*, not one with a line break$",
        ),
        ({"timeout": 0}, r"^timeout must be a number of seconds above 0 and up to 2000000, not 0$"),
        (
            {"timeout": "5"},
            r"^timeout must be a number of seconds above 0 and up to 2000000, not str$",
        ),
        (
            {"max_response_size": 0},
            r"^max_response_size must be a whole number from 1 to 2147483647, not 0$",
        ),
        (
            {"max_response_size": 1.5},
            r"^max_response_size must be a whole number from .*, not 1.5$",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    """A wrong argument is refused by name when the client is made."""
    with pytest.raises(ConfigError, match=message):
        setup(**arguments)


@pytest.mark.parametrize(
    "time", [NOW, NOW.replace(tzinfo=None), NOW.astimezone(timezone(timedelta(hours=9)))]
)
def test_clock(time):
    """The caller's clock is used; a time without a zone is taken as UTC."""
    told = context(setup(region="eu-west-1", clock=lambda: time)).clock()

    assert (NOW, True) == (told, told.tzinfo is not None)


def test_wrong_clock():
    """A clock that returns no datetime, as ``time.time`` does not, is refused by name."""
    with pytest.raises(
        ConfigError, match=r"^what clock\(\) returns must be a datetime, not float$"
    ):
        context(setup(region="eu-west-1", clock=lambda: 0.0)).clock()


@pytest.mark.parametrize(
    "time", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)]
)
def test_clock_far_away(time):
    """A time at the end of the calendar, where sums overflow, is refused."""
    with pytest.raises(ConfigError, match=r"^what clock\(\) returns must be a time of the years"):
        context(setup(region="eu-west-1", clock=lambda: time)).clock()


def test_nothing_is_read():
    """Nothing of the environment is looked at before the first use."""

    class Untouched(dict):
        def get(self, *args):
            raise AssertionError(args)

    setup(Untouched(), region="eu-west-1")


def test_today():
    """A client signs for the time of this machine."""
    told = context(setup(region="eu-west-1")).clock()

    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)
