"""Compressed bodies: their Content-Encoding is undone, within bounds.

RFC 9110, section 8.4.1; gzip is RFC 1952, deflate RFC 1950.
"""

from __future__ import annotations

import zlib
from typing import Final

from ec2lite.errors import ResponseError

MAX_SIZE: Final = 64 * 1024 * 1024
"""Bytes of an answer. The largest, DescribeInstances with 1000 instances, have about 5 MB."""

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS
# A gzip body may have several members, one after the other (RFC 1952, section 2.2).
_MEMBERS: Final = 100
# Each encoding may inflate to the limit once more; servers use one.
_ENCODINGS: Final = 3
_PIECE: Final = 64 * 1024
_NAMES: Final = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
_XML_STARTS: Final = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")


def inflate(body: bytes, encoding: str, limit: int, *, status_code: int = 0) -> bytes:
    """Return ``body`` without the Content-Encoding ``encoding``, ``limit`` bytes at most.

    A body that does not look compressed is returned as it is: whoever passes an answer on may have
    inflated it and left the header. Encodings in a list are undone last to first. Raises
    ``ResponseError`` for a body that is compressed in a way that was not asked for, is too large,
    or is broken.
    """
    names = [name for part in encoding.split(",") if (name := part.strip().lower())]
    if len(names) > _ENCODINGS:
        what = f"the body has {len(names)} Content-Encodings, more than {_ENCODINGS}"
        raise ResponseError(what, status_code=status_code, body=body)
    for name in reversed(names):
        if name == "identity" or not body or _looks_like_xml(body):
            continue
        if name not in _NAMES:
            what = f"the body has the Content-Encoding {name[:40]!r}, which was not asked for"
            raise ResponseError(what, status_code=status_code, body=body)
        body = _inflate_one(body, _NAMES[name], limit, status_code)
    return body


def _looks_like_xml(body: bytes) -> bool:
    return body[:64].lstrip().startswith(_XML_STARTS)


def _inflate_one(body: bytes, name: str, limit: int, status_code: int) -> bytes:
    if name == "gzip" and not body.startswith(_GZIP_MAGIC):
        return body
    if name == "deflate" and not _has_zlib_header(body):
        return body
    rest = memoryview(body)
    parts: list[bytes] = []
    left = limit + 1
    for _ in range(_MEMBERS):
        member = zlib.decompressobj(_GZIP if name == "gzip" else zlib.MAX_WBITS)
        try:
            rest, left = _inflate_member(member, rest, parts, left)
        except zlib.error as error:
            raise _broken(f"the {name} body is corrupt: {error}", status_code, body) from error
        if not left:
            raise ResponseError(
                f"the answer is larger than {limit} bytes after inflating",
                status_code=status_code,
                body=b"".join([part[:512] for part in parts[:512]]),
            )
        if not member.eof:
            raise _broken(f"the {name} body is cut short", status_code, body)
        if name == "deflate" or bytes(rest[:2]) != _GZIP_MAGIC:
            return parts[0] if len(parts) == 1 else b"".join(parts)
    raise _broken(f"the {name} body has more than {_MEMBERS} members", status_code, body)


def _inflate_member(
    member: zlib._Decompress,  # pyright: ignore[reportPrivateUsage] - its type has no other name
    rest: memoryview,
    parts: list[bytes],
    left: int,
) -> tuple[memoryview, int]:
    """Append what a member inflates to; return what follows it, and how many bytes are left.

    It is fed in pieces, because what is left of a piece is copied at a member's end.
    """
    while rest and left and not member.eof:
        piece = rest[:_PIECE]
        parts.append(member.decompress(piece, left))
        left -= len(parts[-1])
        rest = rest[len(piece) - len(member.unused_data) :]
    return rest, left


def _has_zlib_header(body: bytes) -> bool:
    """RFC 1950, section 2.2: method 8, and the first two bytes a multiple of 31."""
    return len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0


def _broken(message: str, status_code: int, body: bytes) -> ResponseError:
    return ResponseError(message, status_code=status_code, body=body, is_broken=True)
