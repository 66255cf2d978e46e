"""Which proxy a URL goes through, from the environment, as curl and urllib read it.

``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``, each also in upper case; the lower
case one wins, and when empty means "none". ``HTTP_PROXY`` in upper case is ignored under CGI
(``REQUEST_METHOD`` is set), where a ``Proxy:`` header of the visitor's would set it.
See https://curl.se/docs/manpage.html#ENVIRONMENT and ``urllib.request.getproxies_environment``.
The system settings of macOS and Windows are not asked: a program should not change its route with
them unseen.
"""

from __future__ import annotations

import base64
import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote, urlsplit

from attrs import field, frozen

from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMES: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_PORTS: Final = {"http": 80, "https": 443}


@frozen
class Proxy:
    """A proxy server. ``auth`` is (user, password), never shown."""

    scheme: str
    host: str
    port: int
    auth: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its URL, without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def authorization(self) -> str | None:
        """The value of a Proxy-Authorization header: RFC 7617, with UTF-8 as it prefers."""
        if self.auth is None:
            return None
        return "Basic " + base64.b64encode(":".join(self.auth).encode()).decode("ascii")


def proxy_for(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that requests to ``url`` go through, or None to connect directly.

    Raises ConfigError, naming the variable but not its value, which may hold a password.
    """
    target = urlsplit(url)
    for name in _names(target.scheme, environ):
        if name in environ:
            if not environ[name].strip() or _bypassed(target, environ):
                return None
            return _parse(name, environ[name].strip())
    return None


def _names(scheme: str, environ: Mapping[str, str]) -> Iterator[str]:
    yield f"{scheme}_proxy"
    if scheme != "http" or "REQUEST_METHOD" not in environ:
        yield f"{scheme}_proxy".upper()
    yield from ("all_proxy", "ALL_PROXY")


def _parse(name: str, value: str) -> Proxy:
    split = _split(value if "://" in value else f"http://{value}")
    if split is None:
        raise ConfigError(f"{name} is not a URL: write http://host:port")
    host, port = split.hostname, split.port
    if not (host and host.isascii()):
        raise ConfigError(f"{name} names no host in ASCII: write http://host:port")
    if split.scheme not in SCHEMES:
        raise ConfigError(f"{name} has a scheme that is none of {', '.join(SCHEMES)}")
    auth = None
    if split.username is not None:
        auth = (unquote(split.username), unquote(split.password or ""))
    return Proxy(split.scheme, host, port or SCHEMES[split.scheme], auth)


def _split(url: str) -> SplitResult | None:
    try:
        split = urlsplit(url)
        _ = split.port
    except ValueError:
        # Its message shows a part of the URL, so it must not become the context of another error.
        return None
    return split


def _bypassed(target: SplitResult, environ: Mapping[str, str]) -> bool:
    rules = environ.get("no_proxy", environ.get("NO_PROXY", ""))
    host = (target.hostname or "").rstrip(".")
    port = target.port or _PORTS.get(target.scheme)
    # curl separates by commas and by blanks, urllib by commas only.
    return any(_matches(rule.lower(), host, port) for rule in rules.replace(",", " ").split())


def _matches(rule: str, host: str, port: int | None) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        return _is_within(host, rule)
    rule, wanted = _split_port(rule)
    if wanted is not None and wanted != str(port):
        return False
    rule = rule.removeprefix("*").strip(".")
    return bool(rule) and (host == rule or host.endswith(f".{rule}") or _same_ip(host, rule))


def _split_port(rule: str) -> tuple[str, str | None]:
    """Take ``:8080`` off a rule. An IPv6 address has colons of its own, so it needs brackets."""
    if rule.startswith("["):
        host, _, rest = rule[1:].partition("]")
        return host, rest.removeprefix(":") or None
    if rule.count(":") == 1:
        host, _, port = rule.partition(":")
        return host, port
    return rule, None


def _is_within(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _same_ip(host: str, rule: str) -> bool:
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(rule)
    except ValueError:
        return False
