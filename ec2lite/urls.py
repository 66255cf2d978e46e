"""Which URLs and hosts can be an endpoint's: what is wrong with a URL, in words.

A URL is taken apart here, because what ``urllib.parse`` accepts depends on the patch release of
Python.
"""

from __future__ import annotations

import re
from typing import Final

LABEL: Final = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
"""A pattern: one label of a host's name."""

_LONGEST_URL: Final = 2048  # far below what httpx refuses
_LONGEST_HOST: Final = 253  # RFC 1035, section 2.3.4, without the final dot
_HOST: Final = re.compile(rf"{LABEL}(?:\.{LABEL})*\.?")
_BYTE: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
# A name whose last label is a number is read as an IPv4 address (WHATWG URL, section 3.5).
_ENDS_IN_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0[Xx][0-9A-Fa-f]*)\.?")
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]*))?")


def problem(url: str) -> str | None:
    """Return what is wrong with a URL of printable characters, without showing it; else None."""
    if len(url) > _LONGEST_URL:
        return f"one of {len(url)} characters"
    if "\\" in url:
        return "one with a backslash"
    scheme, mark, rest = url.partition("://")
    if not mark:
        return "one without http:// or https://"
    if scheme.lower() not in {"http", "https"}:
        return "one of another scheme"
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    return _authority_problem(authority) or _path_problem(rest)


def _authority_problem(authority: str) -> str | None:
    if "@" in authority:
        return "one with a user name or password"
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return "one with a malformed host or port"
    host, port = match.groups()
    if not host:
        return "one without a host"
    if not is_host(host):
        return "one with a malformed host"
    if port and not (len(port) <= 5 and 0 < int(port) <= 65535):
        return "one with a port that is not from 1 to 65535"
    return None


def _path_problem(path: str) -> str | None:
    before, mark, _ = path.partition("#")
    if "?" in before:
        return "one with a query (`?`)"
    return "one with a fragment (`#`)" if mark else None


def is_host(host: str) -> bool:
    """Whether a text is a host's name in ASCII, an IPv4 address, or an IPv6 address in brackets.

    Other letters are ``xn--…`` in the signed ``host`` header, so they have to be so here.
    """
    if host.startswith("["):
        return _is_ipv6(host[1:-1])
    if _ENDS_IN_NUMBER.fullmatch(host):
        return _IPV4.fullmatch(host) is not None
    if _HOST.fullmatch(host) is None or len(host.removesuffix(".")) > _LONGEST_HOST:
        return False
    return all(map(_is_label, host.lower().split(".")))


def _is_ipv6(address: str) -> bool:
    # Imported here, as most clients need no URL but AWS's own.
    from ipaddress import IPv6Address

    try:
        IPv6Address(address)
    except ValueError:
        return False
    return True


def _is_label(label: str) -> bool:
    """Whether a label that claims to be an encoded one (RFC 5890) can be decoded."""
    if not label.startswith("xn--"):
        return True
    try:
        decoded = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    return not decoded.isascii()
