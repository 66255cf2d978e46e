"""No secret leaves by a log, a repr, a message or a traceback."""

from __future__ import annotations

import contextlib
import logging
import traceback

import httpx
import pytest

import ec2lite
from ec2lite.engine.attempts import Attempts
from ec2lite.errors import EC2Error
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.signing.botocore_signer import _Request
from samples import SECRET, STOPPED, TEMPORARY, TOKEN, context, fault

NO_RETRY = ec2lite.NoRetry()
ANSWERS = [
    httpx.Response(200, content=STOPPED),
    httpx.Response(403, content=fault(("UnauthorizedOperation", "no"))),
    httpx.Response(200, content=b"<html/>"),
    httpx.Response(500),
]


def hidden(text):
    """Assert that neither the secret nor the token is in a text."""
    assert SECRET not in text
    assert TOKEN not in text
    return True


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer.status_code))
def test_logs(colour, caplog, answer):
    """Not even with every logger at its lowest level does a call log the secret or the token."""
    caplog.set_level(1)
    for name in ("ec2lite", "botocore", "botocore.auth", "httpx", "httpcore", "asyncio"):
        caplog.set_level(1, name)
    transport = httpx.MockTransport(lambda _: answer)
    with colour.client(
        "eu-west-1", credentials=TEMPORARY, transport=transport, retry=NO_RETRY
    ) as ec2:
        logging.getLogger("ec2lite").debug("the logs are captured")
        with contextlib.suppress(EC2Error):
            ec2.stop_instances("i-1")

    assert "the logs are captured" in caplog.text
    assert hidden(caplog.text + "".join(str(vars(record)) for record in caplog.records))


def test_real_logs(colour, caplog, moto):
    """The same holds on a real connection, where httpcore logs what it does."""
    caplog.set_level(1)
    with (
        colour.client("eu-west-1", credentials=TEMPORARY, endpoint_url=moto) as ec2,
        contextlib.suppress(EC2Error),
    ):
        ec2.stop_instances("i-1234567890abcdef0")

    # httpcore logs the headers that it receives; those that it sends it does not.
    assert hidden(caplog.text)


def test_reprs():
    """The repr of nothing that holds a secret shows it."""
    attempts = Attempts(StopInstances("i-1"), context())
    attempts.request(TEMPORARY)
    headers = {"x-amz-security-token": TOKEN}
    request = _Request("POST", "https://e", headers, b"", {})
    with ec2lite.Client("eu-west-1", credentials=TEMPORARY) as client:
        shown = [repr(each) for each in (TEMPORARY, attempts, request, client)]

    assert all(hidden(text) for text in shown)


def test_request_repr():
    """A request shows its method and URL alone, and httpx hides the authorization."""
    request = ec2lite.build_request(
        StopInstances("i-1"),
        endpoint=ec2lite.resolve_endpoint("eu-west-1"),
        credentials=TEMPORARY,
        now=context().clock(),
    )

    assert hidden(repr(request))
    assert SECRET not in repr(request.headers)


@pytest.mark.parametrize(
    "answer",
    [*ANSWERS[1:], httpx.ConnectError("refused"), httpx.LocalProtocolError("Illegal header")],
    ids=str,
)
def test_errors(colour, answer):
    """Neither an error nor its traceback shows the secret or the token."""

    def handle(request):
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = httpx.MockTransport(handle)
    with (
        colour.client(
            "eu-west-1", credentials=TEMPORARY, transport=transport, retry=NO_RETRY
        ) as ec2,
        pytest.raises(EC2Error) as caught,
    ):
        ec2.stop_instances("i-1")

    error = caught.value
    text = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert hidden(text)
