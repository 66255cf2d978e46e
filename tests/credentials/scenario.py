"""Scenario folders: an environment, files, recorded traffic and what is to come of it.

``env.json`` is the whole environment, ``fs/`` the files (``{fs}`` and ``{python}`` stand for where
they are and for this interpreter), ``http-traffic.json`` the requests in order, with their answers.
``test-case.json`` has a ``promise`` and what is expected: ``expect`` or ``error``. Every
secret has the word HUSH in it.
"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from attrs import define, evolve, field

from ec2lite.config.settings import Settings
from ec2lite.credentials.chain import Chain, default_chain
from ec2lite.engine.flow import Sleep
from ec2lite.engine.world import AsyncWorld, SyncWorld

FOLDER = Path(__file__).parent.parent / "data" / "credentials"
NAMES = sorted(path.name for path in FOLDER.iterdir())
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
_ERRORS = {
    "connect": httpx.ConnectError,
    "connect-timeout": httpx.ConnectTimeout,
    "read-timeout": httpx.ReadTimeout,
    "broken": httpx.RemoteProtocolError,
}


@define
class Scenario:
    """One folder, laid out in a directory of its own."""

    case: dict[str, Any]
    settings: Settings
    root: Path
    traffic: list[dict[str, Any]]
    sleeps: list[float] = field(factory=list)

    def chain(self) -> Chain:
        """Return the default chain, at noon of a certain day, with dice that show their middle."""
        code = self.case.get("mfa")
        mfa_token = None if code is None else (lambda serial: code)
        chain = default_chain(self.settings, clock=lambda: NOW, mfa_token=mfa_token)
        chain.ask = evolve(chain.ask, dice=lambda: 0.5)
        return chain

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Check a request against the record, and return the recorded answer."""
        assert self.traffic, f"one request too many: {request.method} {request.url}"
        exchange = self.traffic.pop(0)
        _check(request, exchange["request"])
        response = exchange["response"]
        if "error" in response:
            raise _ERRORS[response["error"]](response.get("text", "down"))
        return httpx.Response(
            response["status"],
            headers=response.get("headers"),
            stream=httpx.ByteStream(response["body"].encode()),
        )

    def transport(self) -> httpx.MockTransport:
        """Return a transport that answers from the record, sync and async."""
        return httpx.MockTransport(self.answer)

    def world(self) -> SyncWorld:
        """Return a world that does not sleep."""
        return Waking(self.transport(), None, sleeps=self.sleeps)

    def async_world(self) -> AsyncWorld:
        """Return a world that does not sleep."""
        return AsyncWaking(self.transport(), None, sleeps=self.sleeps)


@define
class Waking(SyncWorld):
    """Notes how long it should sleep, and does not."""

    sleeps: list[float] = field(kw_only=True)

    def perform(self, effect: object) -> object:
        if isinstance(effect, Sleep):
            return self.sleeps.append(effect.seconds)
        return SyncWorld.perform(self, effect)


@define
class AsyncWaking(AsyncWorld):
    """Notes how long it should sleep, and does not."""

    sleeps: list[float] = field(kw_only=True)

    async def perform(self, effect: object) -> object:
        if isinstance(effect, Sleep):
            return self.sleeps.append(effect.seconds)
        return await AsyncWorld.perform(self, effect)


def fails(name: str) -> bool:
    """Whether a scenario ends in an error."""
    return "error" in json.loads((FOLDER / name / "test-case.json").read_text("utf-8"))


def lay_out(name: str, directory: Path) -> Scenario:
    """Return a scenario whose files are in ``directory``."""
    folder = FOLDER / name
    root = directory / "fs"
    root.mkdir()
    for source in sorted((folder / "fs").rglob("*")):
        target = root / source.relative_to(folder / "fs")
        if source.is_dir():
            target.mkdir()
        else:
            shutil.copyfile(source, target)
            text = source.read_text("utf-8")
            target.write_text(fill(text, root), "utf-8")
    environment = json.loads(fill((folder / "env.json").read_text("utf-8"), root))
    case = json.loads((folder / "test-case.json").read_text("utf-8"))
    traffic = json.loads((folder / "http-traffic.json").read_text("utf-8"))
    return Scenario(case, Settings(environment, case.get("profile")), root, traffic)


def fill(text: str, root: Path) -> str:
    """Put in where the files are, and this interpreter."""
    return text.replace("{fs}", str(root)).replace("{python}", sys.executable)


def _check(request: httpx.Request, expected: dict[str, Any]) -> None:
    assert (expected["method"], expected["url"]) == (request.method, str(request.url))
    assert expected.get("direct", False) == request.extensions.get("direct", False)
    for name, value in expected.get("headers", {}).items():
        assert value == request.headers.get(name)
    for name, value in expected.get("headers_contain", {}).items():
        assert value in request.headers[name]
    assert all(name in request.headers for name in expected.get("has_headers", []))
    if "timeout" in expected:
        assert {expected["timeout"]} == set(request.extensions["timeout"].values())
    if "json" in expected:
        assert expected["json"] == json.loads(request.content)
    form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    for name, value in expected.get("form", {}).items():
        assert value == form.get(name)
