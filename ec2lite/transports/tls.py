"""Whom to trust: one SSL context for each certificate bundle, shared by the whole process.

A context costs some 20 ms and half a megabyte, so it is made at the first https connection. The
authority of a certificate and the name in it are always checked; there is no switch for that.
"""

from __future__ import annotations

import functools
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

# A bundle that is renewed keeps its path; what changes are these.
_State: TypeAlias = "tuple[int, int, int, int] | None"


def ssl_context(
    ca_bundle: str | None = None, environ: Mapping[str, str] | None = None
) -> ssl.SSLContext:
    """Return the context that trusts ``ca_bundle``, a PEM file or a directory of hashed ones.

    Without one: what SSL_CERT_FILE or SSL_CERT_DIR in ``environ`` names (default: ``os.environ``),
    else certifi's bundle, as httpx does. A bundle that has changed since is read anew. Raises
    ConfigError when it is missing or unreadable.
    """
    if ca_bundle is not None:
        return _from_bundle("the CA bundle", ca_bundle, _state(ca_bundle))
    environ = os.environ if environ is None else environ
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if path := environ.get(name):
            return _from_bundle(name, path, _state(path))
    return _default()


def _state(path: str) -> _State:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_dev, found.st_mtime_ns, found.st_size


@functools.cache
def _default() -> ssl.SSLContext:
    import httpx

    return _strict(httpx.create_ssl_context(trust_env=False))


# The last ones: a bundle may be renewed every hour for years.
@functools.lru_cache(maxsize=8)
def _from_bundle(what: str, path: str, state: _State) -> ssl.SSLContext:
    del state
    try:
        if Path(path).is_dir():
            context = ssl.create_default_context(capath=path)
        else:
            context = ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError: no certificate in it. ValueError: a null character in it.
        raise ConfigError(f"{what} {path!r} cannot be read: {error}") from error
    return _strict(context)


def _strict(context: ssl.SSLContext) -> ssl.SSLContext:
    """Set what Python or OpenSSL's configuration may have left open."""
    # Debian's Python leaves the minimum to the machine's configuration.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    # RFC 9110, section 4.3.4: a name counts only as a subjectAltName.
    context.hostname_checks_common_name = False
    context.set_alpn_protocols(["http/1.1"])
    return context
