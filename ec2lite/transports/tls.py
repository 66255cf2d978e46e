"""Whom to trust: one SSL context for each certificate bundle, shared by the whole process.

A context costs some 20 ms and half a megabyte, so it is made at the first https connection. The
authority of a certificate and the name in it are always checked; there is no switch for that.
"""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

from ec2lite.errors import ConfigError


@functools.cache
def ssl_context(ca_bundle: str | None = None) -> ssl.SSLContext:
    """Return the context that trusts ``ca_bundle``, a PEM file or a directory of hashed ones.

    Without one: what SSL_CERT_FILE or SSL_CERT_DIR names, else certifi's bundle, as httpx does.
    Raises ConfigError when the bundle is missing or unreadable.
    """
    context = _default() if ca_bundle is None else _from_bundle(ca_bundle)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _default() -> ssl.SSLContext:
    import httpx

    try:
        return httpx.create_ssl_context()
    except OSError as error:
        raise ConfigError(f"SSL_CERT_FILE or SSL_CERT_DIR cannot be read: {error}") from error


def _from_bundle(path: str) -> ssl.SSLContext:
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError: no certificate in it. ValueError: a null character in it.
        raise ConfigError(f"the CA bundle {path!r} cannot be read: {error}") from error
