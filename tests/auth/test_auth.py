"""SigV4Auth: any httpx client's requests, signed and, where that helps, signed again."""

from __future__ import annotations

import gc
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

import ec2lite
from colours import Colour
from ec2lite.auth import UNSIGNED
from samples import KEYS, SECRET
from servers import answer, serve, take

SUITE = Path(__file__).parent.parent / "data" / "sigv4" / "vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(SUITE.read_text("ascii"))
# httpx escapes what these have on the wire; httpx's ``target`` extension sends it as it is.
RAW_TARGETS = {"get-space": "/example space/", "get-utf8": "/ሴ"}
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
# What answers say of the time is believed from 2016 on.
LATER = datetime(2024, 2, 29, 12, 36, tzinfo=UTC)
URL = "https://example.amazonaws.com/"
DATE = "%a, %d %b %Y %H:%M:%S GMT"
colours = pytest.mark.parametrize("colour", ["sync", "asyncio", "trio"], indirect=True)


def auth_for(service: str = "service", region: str | None = "us-east-1", **changes: Any) -> Any:
    """Return a SigV4Auth with fixed keys and a fixed clock, unless given others."""
    return ec2lite.SigV4Auth(
        service, region, **{"credentials": KEYS, "clock": lambda: NOW, **changes}
    )


def send(
    colour: Colour, auth: ec2lite.SigV4Auth, respond: Any, *requests: Any
) -> list[httpx.Response]:
    """Send requests by a real client of a colour, whose transport answers by a function."""
    if not colour.is_async:
        with httpx.Client(auth=auth, transport=httpx.MockTransport(respond)) as client:
            return [client.request(**each) for each in requests]

    async def ask() -> list[httpx.Response]:
        transport = httpx.MockTransport(respond)
        async with httpx.AsyncClient(auth=auth, transport=transport) as client:
            return [await client.request(**each) for each in requests]

    result: list[httpx.Response] = colour.run(ask)
    return result


def get(url: str = URL, **more: Any) -> dict[str, Any]:
    """Return the arguments of a request."""
    return {"method": "GET", "url": url, **more}


def kept(sent: list[httpx.Request]) -> Any:
    """Return what answers 200 and keeps a copy of what was sent."""

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(
            httpx.Request(request.method, request.url, headers=request.headers.multi_items())
        )
        return httpx.Response(200)

    return respond


def script(sent: list[httpx.Headers], *answers: httpx.Response) -> Any:
    """Return what gives these answers in turn, and keeps the headers that were sent."""
    left = iter(answers)

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.copy())
        return next(left)

    return respond


def refusal(code: str = "", status: int = 403, **headers: str) -> httpx.Response:
    """Return a refusal in JSON."""
    return httpx.Response(status, json={"__type": f"com.amazon#{code}"}, headers=headers)


def signed_names(headers: httpx.Headers) -> list[str]:
    """Return the names of the signed headers."""
    names: str = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    return names.split(";")


@pytest.mark.parametrize("colour", ["sync", "asyncio"], indirect=True)
@pytest.mark.parametrize("signer", [None, ec2lite.SigV4()], ids=["default", "SigV4"])
def test_signs_as_aws_published(colour, signer):
    """Every request of AWS's test suite leaves httpx with the signature that AWS gives for it."""
    for vector in VECTORS:
        raw = RAW_TARGETS.get(vector["name"])
        request = {
            "method": vector["method"],
            "url": vector["url"],
            "headers": vector["headers"],
            "content": vector["body"].encode(),
            "extensions": {} if raw is None else {"target": raw.encode()},
        }
        credentials = ec2lite.Credentials("AKIDEXAMPLE", SECRET, vector["session_token"])
        sent: list[httpx.Headers] = []
        auth = auth_for(vector["service"], credentials=credentials, signer=signer)
        send(colour, auth, script(sent, httpx.Response(200)), request)

        assert vector["authorization"] == sent[0]["authorization"], vector["name"]
        assert vector["session_token"] == sent[0].get("x-amz-security-token")


@colours
@pytest.mark.parametrize(
    ("service", "expected"),
    [("es", None), ("s3", sha256(b"one, two").hexdigest())],
)
def test_streams(colour, service, expected):
    """A stream is read, signed and sent with its length; only S3 gets its hash as a header."""
    sent: list[httpx.Request] = []

    def parts():
        yield from (b"one, ", b"two")

    async def aparts():
        for part in parts():
            yield part

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    body = aparts() if colour.is_async else parts()
    send(colour, auth_for(service), respond, get(method="PUT", content=body))
    whole: list[httpx.Headers] = []
    send(
        colour,
        auth_for(service),
        script(whole, httpx.Response(200)),
        get(method="PUT", content=b"one, two"),
    )

    (request,) = sent
    assert b"one, two" == request.content
    assert "8" == request.headers["content-length"]
    assert "transfer-encoding" not in request.headers
    assert expected == request.headers.get("x-amz-content-sha256")
    assert whole[0]["authorization"] == request.headers["authorization"]


@colours
@pytest.mark.parametrize("service", ["s3", "es"])
def test_unsigned_payload(colour, service):
    """With ``unsigned_payload`` a stream is left alone, said to be unsigned, and not repeated."""
    read: list[bytes] = []
    sent: list[httpx.Headers] = []

    def parts():
        read.append(b"part")
        yield b"part"

    async def aparts():
        for part in parts():
            yield part

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.copy())
        assert [] == read
        return refusal("RequestTimeTooSkewed", date=(LATER + timedelta(hours=1)).strftime(DATE))

    # MockTransport reads every request; this one leaves them alone.
    class Transport(httpx.MockTransport):
        def handle_request(self, request):
            return self.handler(request)

        async def handle_async_request(self, request):
            return self.handler(request)

    auth = auth_for(service, unsigned_payload=True, clock=lambda: LATER)
    if colour.is_async:

        async def ask():
            async with httpx.AsyncClient(auth=auth, transport=Transport(respond)) as client:
                return [await client.put(URL, content=aparts()), await client.put(URL)]

        responses = colour.run(ask)
    else:
        with httpx.Client(auth=auth, transport=Transport(respond)) as client:
            responses = [client.put(URL, content=parts()), client.put(URL)]

    assert [403, 403] == [each.status_code for each in responses]
    assert ["UNSIGNED-PAYLOAD"] == list({each["x-amz-content-sha256"] for each in sent})
    # What was learned from the refusal of the stream serves the request after it.
    assert ["20240229T123600Z", "20240229T133600Z"] == [each["x-amz-date"] for each in sent]
    assert "x-amz-content-sha256" in signed_names(sent[0])


def test_headers():
    """What httpx adds and proxies may change is not signed; all else is, and old marks go."""
    sent: list[httpx.Request] = []
    headers = {
        "Authorization": "Basic bmV2ZXI=",
        "X-Amz-Date": "19700101T000000Z",
        "X-Amz-Security-Token": "old",
        "X-Amz-Target": "Service.Action",
        "Content-Type": "text/plain",
        "Traceparent": "00-1-2-03",
    }
    with httpx.Client(auth=auth_for(), transport=httpx.MockTransport(kept(sent))) as client:
        client.post(URL, headers=headers, content=b"body")

    (request,) = sent
    assert ["content-type", "host", "x-amz-date", "x-amz-target"] == signed_names(request.headers)
    assert "x-amz-security-token" not in request.headers
    assert ["20150830T123600Z"] == request.headers.get_list("x-amz-date")
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert {"accept", "accept-encoding", "connection", "content-length", "user-agent"} < UNSIGNED


def test_a_body_hash_of_the_caller():
    """A hash header that the caller sets is signed in place of the body's, as by botocore."""
    signatures = set()
    for signer in (None, ec2lite.SigV4()):
        sent: list[httpx.Headers] = []
        for body in (b"one", b"two"):
            auth = auth_for("aoss", signer=signer)
            headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
            request = get(method="PUT", content=body, headers=headers)
            send(Colour("sync"), auth, script(sent, httpx.Response(200)), request)
        signatures |= {each["authorization"] for each in sent}

    assert 1 == len(signatures)


@pytest.mark.parametrize(
    ("service", "url", "wire"),
    [
        ("es", "/a,b/_search?q=a b+c", "/a,b/_search?q=a%20b%20c"),
        ("es", "/?a=x=y&b&c=%7e%2b/", "/?a=x%3Dy&b&c=~%2B%2F"),
        ("es", "/?", "/?"),
        ("s3", "/key+of (one),*!/é%2f%41/", "/key%2Bof%20%28one%29%2C%2A%21/%C3%A9%2FA/"),
        ("s3", "/a//b/%2E%2E/c?acl", "/a//b/%2E%2E/c?acl"),
        ("s3", "", "/"),
    ],
)
def test_what_goes_on_the_wire(service, url, wire):
    """Queries, and paths of S3, are sent as AWS writes them when it checks the signature."""
    sent: list[httpx.Request] = []
    with httpx.Client(auth=auth_for(service), transport=httpx.MockTransport(kept(sent))) as client:
        client.get(f"https://example.amazonaws.com{url}")

    assert wire == sent[0].url.raw_path.decode()


@colours
def test_clock(colour):
    """A machine whose clock is an hour slow signs again, and later requests at once right."""
    sent: list[httpx.Headers] = []
    late = (LATER + timedelta(hours=1)).strftime(DATE)
    respond = script(
        sent,
        refusal("InvalidSignatureException", date=late),
        httpx.Response(200, text="pets"),
        httpx.Response(200),
    )
    first, second = send(colour, auth_for(clock=lambda: LATER), respond, get(), get())

    assert "pets" == first.text
    assert [403] == [each.status_code for each in first.history]
    assert [] == second.history
    assert ["20240229T123600Z", "20240229T133600Z", "20240229T133600Z"] == [
        each["x-amz-date"] for each in sent
    ]


@pytest.mark.parametrize(
    ("answered", "attempts"),
    [
        (refusal("RequestTimeTooSkewed"), 2),
        (httpx.Response(403, headers={"x-amzn-errortype": "RequestExpired:http://aws/"}), 2),
        (httpx.Response(403, text="<Error><Code>RequestTimeTooSkewed</Code></Error>"), 2),
        (httpx.Response(400, json={"code": "RequestInTheFuture"}), 2),
        (refusal("AccessDeniedException"), 1),
        (httpx.Response(403, json={"message": "Forbidden"}), 1),
        (refusal("RequestTimeTooSkewed", status=500), 1),
    ],
    ids=["JSON", "header", "XML", "code", "denied", "message", "status"],
)
def test_which_refusals_are_about_the_time(answered, attempts):
    """Services write their codes in headers, JSON or XML; other refusals are left as they are."""
    sent: list[httpx.Headers] = []
    answered.headers["date"] = (LATER - timedelta(minutes=20)).strftime(DATE)
    respond = script(sent, answered, httpx.Response(200))
    send(Colour("sync"), auth_for(clock=lambda: LATER), respond, get())

    assert attempts == len(sent)


def test_a_head_is_refused_without_a_document():
    """The answer to a HEAD has no code, so that its date alone tells of a wrong clock."""
    for minutes, attempts in ((20, 2), (0, 1)):
        sent: list[httpx.Headers] = []
        date = (LATER + timedelta(minutes=minutes)).strftime(DATE)
        respond = script(sent, httpx.Response(403, headers={"date": date}), httpx.Response(200))
        send(Colour("sync"), auth_for("s3", clock=lambda: LATER), respond, get(method="HEAD"))

        assert attempts == len(sent)


def test_a_clock_that_is_not_to_be_corrected():
    """``correct_clock_skew=False`` takes the service's refusal as it is."""
    sent: list[httpx.Headers] = []
    refused = refusal("RequestTimeTooSkewed", date=(LATER + timedelta(hours=1)).strftime(DATE))
    auth = auth_for(clock=lambda: LATER, correct_clock_skew=False)
    send(Colour("sync"), auth, script(sent, refused), get())

    assert 1 == len(sent)


def test_refusals_without_end():
    """Whoever answers each attempt with another date ends it after three."""
    sent: list[httpx.Headers] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers.copy())
        date = LATER + timedelta(hours=len(sent))
        return refusal("RequestExpired", date=date.strftime(DATE))

    token = ec2lite.Credentials("AKID", "secret", "token")
    (response,) = send(
        Colour("sync"), auth_for(clock=lambda: LATER, credentials=token), respond, get()
    )

    assert 403 == response.status_code
    assert 3 == len(sent)


def keys(number: int) -> bytes:
    """Return a container endpoint's answer with keys of that number."""
    return answer(
        json.dumps(
            {
                "AccessKeyId": f"AKID{number}",
                "SecretAccessKey": "secret",
                "Token": f"token{number}",
                "Expiration": "2099-01-01T00:00:00Z",
            }
        ).encode()
    )


@colours
def test_expired_credentials_are_renewed(colour, monkeypatch):
    """The default chain finds the credentials, and others when the service says they expired."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    sent: list[httpx.Headers] = []
    respond = script(
        sent, refusal("ExpiredTokenException", 400), httpx.Response(200), httpx.Response(200)
    )
    # One request a connection: nothing stays open, for nobody would close it.
    with serve([take, keys(1)], [take, keys(2)]) as server:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url)
        send(colour, ec2lite.SigV4Auth("es"), respond, get(), get())
        gc.collect()

    assert ["token1", "token2", "token2"] == [each["x-amz-security-token"] for each in sent]
    assert ["eu-west-1"] * 3 == [each["authorization"].split("/")[2] for each in sent]
    assert 2 == len(server.requests)
    assert all(b"connection: close" in each.lower() for each in server.requests)


def test_fixed_credentials_that_expired():
    """Where there are no other credentials, an expired token's refusal is not answered."""
    sent: list[httpx.Headers] = []
    for credentials in (KEYS, ec2lite.Credentials("AKID", "secret", "token")):
        respond = script(sent, refusal("ExpiredTokenException"))
        send(Colour("sync"), auth_for(credentials=credentials), respond, get())

    assert 2 == len(sent)


@colours
def test_no_credentials(colour, monkeypatch):
    """Without credentials the error is the chain's, and nothing is sent."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def respond(request: httpx.Request) -> httpx.Response:
        raise AssertionError("sent")

    with pytest.raises(ec2lite.CredentialsError):
        send(colour, auth_for(credentials=None), respond, get())
    with pytest.raises(ec2lite.ConfigError, match="metadata service has none"):
        send(colour, auth_for(region=None), respond, get())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"service": " "}, "service must be the signing name of a service, not a blank string"),
        ({"service": None}, "service must be a string, not None"),
        ({"region": "eu west"}, "region must be "),
        ({"credentials": "AKID"}, "credentials must be "),
        ({"mfa_token": 1}, "mfa_token must be a function"),
        ({"unsigned_payload": "no"}, "unsigned_payload must be True, False or None"),
        ({"signer": 1}, "signer must be an object with sign"),
        ({"clock": 1}, "clock must be a function"),
    ],
)
def test_wrong_arguments(arguments, expected):
    """A wrong argument is named when the object is made."""
    with pytest.raises(ec2lite.ConfigError, match=expected.replace("(", "")):
        ec2lite.SigV4Auth(**{"service": "es", "mfa_token": len, **arguments})


class BadSigner:
    """A signer whose headers cannot be sent."""

    def sign(self, **_: Any) -> dict[str, str]:
        return {"authorization": "schön"}


@pytest.mark.parametrize(
    ("auth", "extensions", "expected"),
    [
        (auth_for(signer=BadSigner()), {}, "what the signer returns must be printable ASCII"),
        (auth_for(), {"target": b"/\xff"}, "the target of the request must be UTF-8"),
    ],
)
def test_what_cannot_be_signed(auth, extensions, expected):
    """What cannot be signed or sent is an error before anything is sent."""
    with pytest.raises(ec2lite.ConfigError, match=expected):
        send(Colour("sync"), auth, None, get(extensions=extensions))


def test_no_secrets():
    """The object shows no secret."""
    assert SECRET not in repr(vars(auth_for())) + repr(auth_for())


def test_over_real_http(colour):
    """A request and its body arrive over a real connection as they were signed."""
    auth = auth_for("es")
    with serve([take, answer(b"pets")]) as server:
        if colour.is_async:

            async def ask() -> bytes:
                async with httpx.AsyncClient(auth=auth, trust_env=False) as client:
                    return (await client.put(f"{server.url}a/b?c=d e", json={"a": 1})).content

            content = colour.run(ask)
        else:
            with httpx.Client(auth=auth, trust_env=False) as client:
                content = client.put(f"{server.url}a/b?c=d e", json={"a": 1}).content
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    names = {name.lower(): value for name, value in lines.items()}
    host = names["host"]
    expected = ec2lite.SigV4().sign(
        method="PUT",
        url=f"http://{host}/a/b?c=d%20e",
        headers={"content-type": "application/json", "host": host},
        body=body,
        credentials=KEYS,
        region="us-east-1",
        service="es",
        now=NOW,
    )

    assert b"pets" == content
    assert head.startswith(b"PUT /a/b?c=d%20e HTTP/1.1")
    assert expected["authorization"] == names["authorization"]
