"""Wrong clocks and expired credentials, mended on the way, over real sockets."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from fault_cases import good

from ec2lite import RequestExpired, ServiceError, StandardRetry
from samples import KEYS, fault, http_date
from servers import answer, each, serve, take


def header(request, name):
    """Return the value of a request's header."""
    head = request.lower().partition(b"\r\n" + name.lower() + b":")[2]
    return head.partition(b"\r\n")[0].strip().decode()


def arguments(server, **others):
    """Return what a client of the server is made with; its retries do not wait."""
    retry = StandardRetry(dice=lambda: 0.0)
    return {"region": "eu-west-1", "endpoint_url": server.url, "retry": retry, **others}


def attempts(ec2):
    """Return how many attempts a call took."""
    return ec2.stop_instances("i-1").response_metadata.attempts


def elsewhen(off, code="RequestExpired", **headers):
    """Be a service whose clock is off by that much, and which is strict about it."""

    def check(peer):
        now = datetime.now(UTC) + off
        signed = datetime.fromisoformat(header(peer.last, b"x-amz-date").upper())
        if abs(signed - now) < timedelta(minutes=5):
            good(peer)
        else:
            said = fault((code, "Request has expired."))
            peer.socket.sendall(answer(said, "400 x", Date=http_date(now), **headers))

    return [each(take, check)]


@pytest.mark.parametrize("code", ["RequestExpired", "AuthFailure", "SignatureDoesNotMatch"])
@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(days=-400)])
def test_skew(colour, off, code):
    """A wrong clock costs one attempt, once: the next call of any thread is signed rightly."""
    with (
        serve(elsewhen(off, code)) as server,
        colour.client(**arguments(server, credentials=KEYS)) as ec2,
    ):
        assert 2 == attempts(ec2)
        with ThreadPoolExecutor(8) as threads:
            assert [1] * 16 == list(threads.map(attempts, [ec2] * 16))


def test_skew_off(colour):
    """The correction can be turned off."""
    with (
        serve(elsewhen(timedelta(hours=1), "AuthFailure")) as server,
        colour.client(**arguments(server, credentials=KEYS, correct_clock_skew=False)) as ec2,
    ):
        for calls in (1, 2):
            with pytest.raises(ServiceError) as caught:
                ec2.stop_instances("i-1")
            assert (1, calls) == (caught.value.attempts, len(server.requests))


def test_skew_from_cache(colour):
    """The date of an answer that a cache kept says nothing."""
    with (
        serve(elsewhen(timedelta(hours=1), "AuthFailure", Age="3600")) as server,
        colour.client(**arguments(server, credentials=KEYS)) as ec2,
    ):
        with pytest.raises(ServiceError) as caught:
            ec2.stop_instances("i-1")
        assert 1 == caught.value.attempts


def handing_out(peer):
    """Be a container's endpoint: keys with a number, one more for each request."""
    number = len(peer.server.requests)
    keys = {
        "AccessKeyId": f"AKID{number}",
        "SecretAccessKey": "secret",
        "Token": f"token-{number}",
        "Expiration": f"{datetime.now(UTC) + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}",
    }
    peer.socket.sendall(answer(json.dumps(keys).encode()))


def taking(token, code):
    """Be a service that knows one session's token, and finds all others expired."""

    def check(peer):
        if header(peer.last, b"x-amz-security-token") == token:
            good(peer)
        else:
            peer.socket.sendall(answer(fault((code, "The token has expired.")), "400 x"))

    return [each(take, check)]


@pytest.mark.parametrize("code", ["RequestExpired", "ExpiredToken"])
def test_expired(colour, monkeypatch, code):
    """Temporary credentials that are refused are fetched anew, once for all threads."""
    with serve(taking("token-2", code)) as server, serve([each(take, handing_out)]) as container:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{container.url}keys")
        with colour.client(**arguments(server)) as ec2, ThreadPoolExecutor(8) as threads:
            assert set(threads.map(attempts, [ec2] * 8)) <= {1, 2}
            assert 2 == len(container.requests)
            assert 1 == attempts(ec2)
            assert 2 == len(container.requests)


def test_expired_for_good(colour, monkeypatch):
    """Credentials that are refused again are not fetched a third time."""
    service = serve(taking("none", "RequestExpired"))
    with service as server, serve([each(take, handing_out)]) as container:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{container.url}keys")
        with colour.client(**arguments(server)) as ec2:
            with pytest.raises(RequestExpired) as caught:
                ec2.stop_instances("i-1")
            assert (2, 1) == (caught.value.attempts, len(caught.value.earlier_failures))
        assert 2 == len(container.requests)
