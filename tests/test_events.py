"""``on_event`` of a client, in both colours."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

import ec2lite
from colours import Colour
from ec2lite.events import AttemptEnded, CallEnded, CallStarted, CredentialsRenewed
from ec2lite.testing import FakeEC2
from samples import SECRET, TOKEN, fault, stopped
from servers import answer, serve, take

colours = pytest.mark.parametrize("colour", ["sync", "asyncio", "trio"], indirect=True)


def stop(colour: Colour, fake: FakeEC2, instance_id: str, **options: Any) -> Any:
    """Stop an instance by a client of a colour."""
    if not colour.is_async:
        with fake.client(**options) as client:
            return client.stop_instances(instance_id)

    async def ask() -> Any:
        async with fake.async_client(**options) as client:
            return await client.stop_instances(instance_id)

    return colour.run(ask)


@colours
def test_a_call(colour: Colour):
    """Both colours tell the same of a call, throttled once, and of an error."""
    fake = FakeEC2()
    (machine,) = fake.run_instances(1)
    fake.fail_next("StopInstances", "RequestLimitExceeded", status=503)
    events: list[Any] = []
    result = stop(colour, fake, machine, on_event=events.append)
    with pytest.raises(ec2lite.InstanceNotFound) as caught:
        stop(colour, fake, "i-0123456789abcdef0", on_event=events.append)

    assert [
        "CallStarted",
        "AttemptStarted",
        "AttemptEnded",
        "RetryDecided",
        "AttemptStarted",
        "AttemptEnded",
        "CallEnded",
        "CallStarted",
        "AttemptStarted",
        "AttemptEnded",
        "CallEnded",
    ] == [type(each).__name__ for each in events]
    assert result.response_metadata.request_id == events[5].request_id
    assert caught.value is events[10].error
    assert "InvalidInstanceID.NotFound" == events[9].code
    assert 2 == len({each.call_id for each in events})


def test_views_tell_too():
    """A view of a client has its listener, and a page of a listing is a call."""
    fake = FakeEC2()
    fake.run_instances(2)
    events: list[Any] = []
    with fake.client(on_event=events.append) as client:
        list(client.with_options(timeout=5).describe_instances(all_instances=True))

    started = [each for each in events if isinstance(each, CallStarted)]
    assert ["DescribeInstances"] == [each.action for each in started]
    assert ["us-east-1"] == [each.region for each in started]


@colours
def test_renewed_credentials(colour: Colour, monkeypatch: pytest.MonkeyPatch):
    """Credentials that the chain renews are told of, once, and not the first ones."""

    def keys(number: int) -> bytes:
        end = datetime.now(UTC) + timedelta(hours=number)
        document = {
            "AccessKeyId": f"AKID{number}",
            "SecretAccessKey": SECRET,
            "Token": TOKEN,
            "Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        }
        return answer(json.dumps(document).encode())

    def respond(request: httpx.Request) -> httpx.Response:
        if "AKID1/" in request.headers["authorization"]:
            return httpx.Response(400, content=fault(("ExpiredToken", "It expired.")))
        return httpx.Response(200, content=stopped(request.content))

    events: list[Any] = []
    options = {"on_event": events.append, "transport": _Mixed(respond)}
    with serve([take, keys(1)], [take, keys(2)]) as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
        with colour.client("eu-west-1", **options) as client:
            client.stop_instances("i-1")
            client.stop_instances("i-1")

    assert [CredentialsRenewed("container")] == [
        each for each in events if isinstance(each, CredentialsRenewed)
    ]
    assert [None, None] == [each.error for each in events if isinstance(each, CallEnded)]
    assert SECRET not in repr(events)
    assert TOKEN not in repr(events)


class _Mixed(httpx.MockTransport):
    """Answers for EC2, and lets what goes to this machine through."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "127.0.0.1":
            return super().handle_request(request)
        with httpx.Client(trust_env=False) as client:
            return client.send(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "127.0.0.1":
            return await super().handle_async_request(request)
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.send(request)


def _fail(event: object) -> None:
    raise RuntimeError("mine")


def _fail_twice(event: object) -> None:
    try:
        _fail(event)
    except RuntimeError as error:
        raise LookupError("mine, too") from error


@pytest.mark.parametrize("listener", [_fail, _fail_twice])
def test_a_listener_that_fails(caplog: pytest.LogCaptureFixture, listener: Any):
    """The log shows what the listener raised, and nothing that AWS said; the call goes on."""
    fake = FakeEC2()
    (machine,) = fake.run_instances(1)
    fake.fail_next("StopInstances", "InternalError")

    result = stop(Colour("sync"), fake, machine, on_event=listener)

    assert machine == result.stopping_instances[0].instance_id
    assert "on_event failed for RetryDecided" in caplog.text
    assert "RuntimeError: mine" in caplog.text
    assert (listener is _fail_twice) == ("LookupError: mine, too" in caplog.text)
    assert "An internal error has occurred" not in caplog.text


def test_nobody_listens(caplog: pytest.LogCaptureFixture):
    """Without a listener and with the usual level of the log, nothing is logged."""
    fake = FakeEC2()
    (machine,) = fake.run_instances(1)
    stop(Colour("sync"), fake, machine)

    assert [] == [each for each in caplog.records if each.levelno < logging.WARNING]


async def _coroutine(event: object) -> None:
    """Await something."""


class _Awaiting:
    async def __call__(self, event: object) -> None:
        """Await something."""


@pytest.mark.parametrize("client", [ec2lite.Client, ec2lite.AsyncClient])
@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        ("print", "on_event must be a function, not str"),
        (_coroutine, "on_event must be a function that is not awaited, not a coroutine function"),
        (_Awaiting(), "on_event must be a function that is not awaited, not a coroutine function"),
    ],
)
def test_wrong_listeners(client: Any, listener: Any, expected: str):
    """What cannot be called, or would have to be awaited, is refused."""
    with pytest.raises(ec2lite.ConfigError, match=expected):
        client("eu-west-1", on_event=listener)


def test_where_they_are():
    """The events are in ``ec2lite.telemetry`` and ``ec2lite.events``, which load by themselves."""
    assert AttemptEnded is ec2lite.telemetry.AttemptEnded
    assert AttemptEnded is ec2lite.events.AttemptEnded
    assert set(ec2lite.telemetry.__all__) >= {"CallStarted", "CallEnded", "CredentialsRenewed"}
