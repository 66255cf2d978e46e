"""Make one call while something stands in the place of httpx's or httpcore's methods.

    python seen.py MOCK WHEN COLOUR URL [IDENTITY]

WHEN the mock begins: before ec2lite is imported, before the client is made, before its first call,
or in the middle of its life. IDENTITY is where credentials come from. Prints what the mock saw, how
many connections were attempted meanwhile, and how the call ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

STOPPED = (
    b'<StopInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>'
    b"<instancesSet><item><instanceId>i-1</instanceId><currentState><code>64</code><name>stopping"
    b"</name></currentState><previousState><code>16</code><name>running</name></previousState></item>"
    b"</instancesSet></StopInstancesResponse>"
)
ASSUMED = (
    b"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>A"
    b"</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
    b"2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
    b"</AssumeRoleWithWebIdentityResponse>"
)
KEYS = {"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t", "Code": "Success"}
KEYS["Expiration"] = "2099-01-01T00:00:00Z"
SSO = {"accessKeyId": "A", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4070908800000}

seen: list[str] = []
attempts: list[Any] = []


def audit(event: str, arguments: Any) -> None:
    """Count the connections and look-ups that are attempted."""
    if event in {"socket.connect", "socket.getaddrinfo"}:
        attempts.append(arguments)


def answer(method: str, url: str, content: bytes) -> bytes:
    """Return what the service would say."""
    seen.append(f"{method} {url.partition('://')[2].partition('/')[0].partition(':')[0]}")
    if b"Action=StopInstances" in content:
        return STOPPED
    if b"AssumeRoleWithWebIdentity" in content:
        return ASSUMED
    if "federation" in url:
        return json.dumps({"roleCredentials": SSO}).encode()
    if url.endswith("/security-credentials/"):
        return b"role"
    if url.endswith("/api/token"):
        return b"token"
    return json.dumps(KEYS).encode()


def respx(using: str, *, matches: bool = True) -> Any:
    """Return respx's router."""
    import httpx
    import respx

    router = respx.mock(assert_all_called=False, using=using)
    if matches:
        router.route().mock(
            side_effect=lambda request: httpx.Response(
                200, content=answer(request.method, str(request.url), request.content)
            )
        )
    return router


def pook(*, matches: bool = True) -> Any:
    """Return pook, and count what it answered."""
    import pook

    stack = contextlib.ExitStack()
    stack.enter_context(pook.use())
    if matches:
        # pook compares the path as text, and the URL of a request has an empty one.
        url = sys.argv[4].rstrip("/")
        expected = pook.post(url).times(5)
        expected.reply(200).body(STOPPED)
        stack.callback(lambda: seen.extend(["POST pook"] * expected.calls))
    return stack


def vcr() -> Any:
    """Return a cassette without a recording."""
    import vcr

    return vcr.use_cassette(str(Path(tempfile.mkdtemp()) / "none.yaml"), record_mode="none")


def patches(*methods: tuple[str, str, str]) -> Any:
    """Replace methods of httpx's, which take httpx's requests, or of httpcore's."""
    import httpcore
    import httpx

    stack = contextlib.ExitStack()
    packages = {"httpx": httpx, "httpcore": httpcore}
    for package, kind, method in methods:
        response = packages[package].Response
        takes_core = package == "httpcore"

        def handle(
            _: Any, request: Any, response: Any = response, takes_core: Any = takes_core, **__: Any
        ) -> Any:
            if takes_core:
                host, content = request.url.host.decode(), b"".join(list(request.stream))
                url = f"http://{host}{request.url.target.decode()}"
                return response(200, content=answer(request.method.decode(), url, content))
            content = answer(request.method, str(request.url), request.content)
            return response(200, content=content)

        async def ahandle(
            _: Any, request: Any, response: Any = response, takes_core: Any = takes_core, **__: Any
        ) -> Any:
            if takes_core:
                content = b"".join([part async for part in request.stream])
                url = f"http://{request.url.host.decode()}{request.url.target.decode()}"
                return response(200, content=answer(request.method.decode(), url, content))
            content = answer(request.method, str(request.url), request.content)
            return response(200, content=content)

        new = ahandle if kind.startswith("Async") else handle
        stack.enter_context(mock.patch.object(getattr(packages[package], kind), method, new))
    return stack


def both(package: str, kind: str, method: str, twin: str) -> Any:
    """Replace a method and its async twin."""
    return functools.partial(patches, (package, kind, method), (package, f"Async{kind}", twin))


def opentelemetry() -> Any:
    """Return OpenTelemetry's instrumentation, and tell the names of its spans."""
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    stack = contextlib.ExitStack()
    stack.callback(HTTPXClientInstrumentor().uninstrument)
    stack.callback(lambda: seen.extend(span.name for span in spans.get_finished_spans()))
    return stack


MOCKS = {
    "respx": functools.partial(respx, "httpcore"),
    "respx using httpx": functools.partial(respx, "httpx"),
    "respx unmatched": functools.partial(respx, "httpcore", matches=False),
    "respx using httpx unmatched": functools.partial(respx, "httpx", matches=False),
    "pook": pook,
    "pook unmatched": functools.partial(pook, matches=False),
    "vcrpy unmatched": vcr,
    "HTTPTransport": both("httpx", "HTTPTransport", "handle_request", "handle_async_request"),
    "ConnectionPool": both("httpcore", "ConnectionPool", "handle_request", "handle_async_request"),
    "HTTPConnection": both("httpcore", "HTTPConnection", "handle_request", "handle_async_request"),
    "Client.send": both("httpx", "Client", "send", "send"),
    "Client._send_single_request": both(
        "httpx", "Client", "_send_single_request", "_send_single_request"
    ),
    "OpenTelemetry": opentelemetry,
}
WHENS = ("import", "client", "call", "life")


def identity(kind: str) -> dict[str, Any]:
    """Return what a client finds its credentials by."""
    import ec2lite

    home = Path(os.environ["HOME"])
    (home / ".aws" / "sso" / "cache").mkdir(parents=True, exist_ok=True)
    if kind == "keys":
        return {"credentials": ec2lite.Credentials("A", "s")}
    if kind == "container":
        os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1:9/"
    if kind == "metadata":
        os.environ.pop("AWS_EC2_METADATA_DISABLED", None)
    if kind == "sts":
        (home / "token").write_text("token")
        os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"] = str(home / "token")
        os.environ["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/x"
    if kind == "sso":
        url = "https://start.example.com/start"
        (home / ".aws" / "config").write_text(
            f"[default]\nsso_start_url={url}\nsso_region=eu-west-1\nsso_account_id=123456789012\n"
            "sso_role_name=x\n"
        )
        name = hashlib.sha1(url.encode()).hexdigest()
        token = {"accessToken": "t", "expiresAt": "2099-01-01T00:00:00Z", "startUrl": url}
        (home / ".aws" / "sso" / "cache" / f"{name}.json").write_text(json.dumps(token))
    return {}


async def main(name: str, when: str, colour: str, url: str, kind: str = "keys") -> None:
    """Make the call, and print what happened."""
    stack = contextlib.ExitStack()
    begin = functools.partial(_begin, stack, name)
    end = "result"
    if when == "import":
        begin()
    import ec2lite

    if when == "client":
        begin()
    made: Any = ec2lite.Client if colour == "sync" else ec2lite.AsyncClient
    # Our own signer, because importing botocore's takes long.
    options: dict[str, Any] = {"retry": ec2lite.NoRetry(), "signer": ec2lite.SigV4()}
    client = made("eu-west-1", endpoint_url=url, **options, **identity(kind))
    if when == "call":
        begin()
    if when == "life":
        await _call(client)
        begin()
    try:
        await _call(client)
    except Exception as error:
        end = type(error).__name__
    stack.close()
    closing = client.close()
    if closing is not None:
        await closing
    print(json.dumps({"seen": seen, "attempts": len(attempts), "end": end}))


def _begin(stack: contextlib.ExitStack, name: str) -> None:
    stack.enter_context(MOCKS[name]())
    attempts.clear()


async def _call(client: Any) -> None:
    result = client.stop_instances(["i-1"])
    if not hasattr(result, "stopping_instances"):
        await result


if __name__ == "__main__":
    # httpx and httpcore import these only where they are installed. That takes a third of the time.
    sys.modules |= dict.fromkeys(("trio", "click", "rich"))
    sys.addaudithook(audit)
    asyncio.run(main(*sys.argv[1:]))
