"""docs/signing.md: its first example runs as it stands, and its signatures are right."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import respx

import ec2lite

if TYPE_CHECKING:
    import httpx
    import pytest

PAGE = Path(__file__).parent.parent.parent / "docs" / "signing.md"
CONFIG = """
[profile search]
aws_access_key_id = AKIDSEARCH
aws_secret_access_key = another-secret
"""


def test_the_first_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """API Gateway and OpenSearch are called with httpx and ec2lite alone, each signed for it."""
    config = tmp_path / "config"
    config.write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    example = re.search(r"```python\n(import httpx\n.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert example is not None
    code = compile(example[1], str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {}
    with respx.mock:
        gateway = respx.get(host__regex="execute-api").respond(json=["a cat"])
        search = respx.post(host__regex=r"\.es\.").respond(json={"hits": 1})
        done = eval(code, names)  # the page's own code
        assert inspect.iscoroutine(done)
        asyncio.run(_awaited(done))

    assert ["a cat"] == names["pets"]
    assert {"hits": 1} == names["found"].json()
    assert ("AKIDEXAMPLE", "execute-api") == signed_for(gateway.calls.last.request, "a-secret")
    assert ("AKIDSEARCH", "es") == signed_for(search.calls.last.request, "another-secret")


async def _awaited(coroutine: Any) -> None:
    await coroutine


def signed_for(request: httpx.Request, secret: str) -> tuple[str, str]:
    """Return whose key signed a request, and for which service; the signature has to be right."""
    from datetime import datetime

    said = request.headers["authorization"]
    key, _, region, service, _ = re.search(r"Credential=([^,]*),", said)[1].split("/")
    signed = re.search(r"SignedHeaders=([^,]*),", said)[1].split(";")
    again = ec2lite.SigV4().sign(
        method=request.method,
        url=str(request.url),
        headers={name: request.headers[name] for name in signed if name != "x-amz-date"},
        body=request.content,
        credentials=ec2lite.Credentials(key, secret),
        region=region,
        service=service,
        now=datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%S%z"),
    )
    assert said == again["authorization"]
    return key, service
