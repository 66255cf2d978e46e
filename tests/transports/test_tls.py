"""Whom to trust."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import certifi
import pytest

from ec2lite.errors import ConfigError
from ec2lite.transports.tls import ssl_context
from servers import certificate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_default():
    """By default certifi's authorities are trusted, and names and authorities are checked."""
    context = ssl_context()
    expected = ssl.create_default_context(cafile=certifi.where())
    assert len(expected.get_ca_certs()) == len(context.get_ca_certs())
    assert ssl.CERT_REQUIRED == context.verify_mode
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_one_for_all():
    """There is one context for each bundle in the process."""
    assert ssl_context() is ssl_context()
    assert ssl_context(certifi.where()) is ssl_context(certifi.where())


def test_bundle(tmp_path):
    """With a bundle, only its authorities are trusted."""
    assert 1 == len(ssl_context(certificate(tmp_path)[0]).get_ca_certs())


def test_directory(tmp_path):
    """A directory of hashed certificates does as well."""
    assert ssl.CERT_REQUIRED == ssl_context(str(tmp_path)).verify_mode


@pytest.mark.parametrize("content", [None, b"", b"no certificate\n"])
def test_bad_bundle(tmp_path, content):
    """A bundle that is missing, empty or something else is a ConfigError that names it."""
    path: Path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"the CA bundle '.*bundle\.pem' cannot be read"):
        ssl_context(str(path))


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"])
def test_bad_name(tmp_path, name):
    """A bundle of a name that there cannot be is a ConfigError, not a broken connection."""
    with pytest.raises(ConfigError, match=r"the CA bundle '.*' cannot be read"):
        ssl_context(str(tmp_path / name))


def test_bad_environment(tmp_path, monkeypatch):
    """An SSL_CERT_FILE that is missing is a ConfigError that names the variable."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
        ssl_context()
