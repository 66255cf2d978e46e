"""Whether httpx and httpcore run their own code."""

from __future__ import annotations

import functools
import subprocess
import sys
from unittest import mock

import httpcore
import httpx
import pytest
import respx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

from ec2lite.transports import genuine

WAYS = [
    (package, *way)
    for package, ways in ((httpx, genuine._WAYS["httpx"]), (httpcore, genuine._WAYS["httpcore"]))
    for way in ways
]


def test_untouched():
    """Both packages are genuine while nobody touches them."""
    assert genuine.is_genuine()
    assert genuine.sends_itself(httpx.Client)
    assert genuine.sends_itself(httpx.AsyncClient)


def test_first_time(monkeypatch):
    """The first answer is found by looking, and kept for the later ones."""
    monkeypatch.setattr(genuine, "_found", {})
    assert genuine.is_genuine()
    assert {"httpx", "httpcore"} == set(genuine._found)
    assert genuine.is_genuine()


def test_not_imported(monkeypatch):
    """A package that is not imported has nothing that could be replaced."""
    monkeypatch.delitem(sys.modules, "httpcore")
    assert genuine.is_genuine()


def wrapper(original):
    """Return what a careful patch puts in a method's place."""

    @functools.wraps(original)
    def wrapped(*args, **kwargs):
        return original(*args, **kwargs)

    return wrapped


@pytest.mark.parametrize(("package", "kind", "method"), WAYS)
@pytest.mark.parametrize("how", [wrapper, lambda _: mock.MagicMock(), lambda _: len])
def test_replaced(package, kind, method, how):
    """A replaced method is noticed, however it is disguised, and so is its return."""
    owner = getattr(package, kind)
    with mock.patch.object(owner, method, how(getattr(owner, method))):
        assert not genuine.is_genuine()
    assert genuine.is_genuine()


@pytest.mark.parametrize("name", ["httpx.HTTPTransport", "httpcore.ConnectionPool"])
def test_class_replaced(name):
    """A replaced class is noticed."""
    with mock.patch(name):
        assert not genuine.is_genuine()


def test_another_of_the_same_package():
    """A method of another class of the package's is no original."""
    other = httpx.MockTransport.handle_request
    with mock.patch.object(httpx.HTTPTransport, "handle_request", other):
        assert not genuine.is_genuine()


@pytest.mark.parametrize("using", ["httpcore", "httpx"])
def test_respx(using):
    """Respx is noticed, whichever package it mocks."""
    with respx.mock(using=using, assert_all_called=False):
        assert not genuine.is_genuine()


def test_opentelemetry():
    """OpenTelemetry's wrapper is noticed."""
    HTTPXClientInstrumentor().instrument()
    try:
        assert not genuine.is_genuine()
    finally:
        HTTPXClientInstrumentor().uninstrument()


@pytest.mark.parametrize("client", [httpx.Client, httpx.AsyncClient])
@pytest.mark.parametrize("method", ["send", "_send_single_request"])
def test_guard(client, method):
    """A guard on a client's way of sending is noticed for that client alone."""
    with mock.patch.object(client, method):
        found = {kind: genuine.sends_itself(kind) for kind in (httpx.Client, httpx.AsyncClient)}
    assert [client] == [kind for kind, is_itself in found.items() if not is_itself]


def test_imported_within():
    """What was replaced before this module was imported is noticed as well."""
    script = (
        "import httpx; httpx.HTTPTransport.handle_request = lambda self, request: None\n"
        "from ec2lite.transports import genuine; print(genuine.is_genuine())"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "False\n" == said.stdout


def test_another_class():
    """Another class, and one whose method was replaced since, are not httpx's own."""
    assert not genuine.sends_itself(type("Client", (), {}))
    assert genuine.sends_itself(httpx.Client)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", lambda *_: None)
        assert not genuine.sends_itself(httpx.Client)
    assert genuine.sends_itself(httpx.Client)
