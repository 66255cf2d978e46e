"""Compressed bodies."""

from __future__ import annotations

import contextlib
import gzip
import random
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.errors import ResponseError
from ec2lite.protocol.content import inflate
from patience import PATIENCE

XML = b"<?xml version='1.0'?><x>" + b"y" * 1000 + b"</x>"
LIMIT = 10_000


@given(st.binary(), st.sampled_from(["gzip", "x-gzip", "GZIP", " gzip ", "identity, gzip"]))
def test_gzip(body, encoding):
    """What gzip has compressed comes back."""
    assert body == inflate(gzip.compress(body), encoding, LIMIT)


@given(st.binary())
def test_deflate(body):
    """What zlib has compressed comes back."""
    assert body == inflate(zlib.compress(body), "deflate", LIMIT)


@given(st.binary(), st.binary())
def test_members(one, two):
    """A gzip body of several members is all of them; padding after it is ignored."""
    body = gzip.compress(one) + gzip.compress(b"") + gzip.compress(two) + b"\0\0"
    assert one + two == inflate(body, "gzip", LIMIT)


def test_twice():
    """Encodings are undone last to first."""
    assert XML == inflate(gzip.compress(zlib.compress(XML)), "deflate, gzip", LIMIT)


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("body", [b"", XML, b"\n " + XML, b"\xef\xbb\xbf" + XML])
def test_inflated_already(encoding, body):
    """A body that is XML already is left alone, whatever the header says."""
    assert body == inflate(body, encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("body", [b"\x1f", b"plain", b"\x78"])
def test_not_compressed(encoding, body):
    """A body that does not look compressed is left to whoever parses it."""
    assert body == inflate(body, encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br"])
def test_unknown(encoding):
    """An encoding that was not asked for is a ResponseError that names it."""
    name = encoding.rpartition(" ")[2]
    with pytest.raises(ResponseError, match=f"'{name}'") as caught:
        inflate(b"\x8b\x00\x80", encoding, LIMIT, status_code=200)
    assert (200, b"\x8b\x00\x80") == (caught.value.status_code, caught.value.body)
    assert not caught.value.is_broken


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_limit(compress):
    """Exactly the limit is fine, a byte more is not, and a bomb is not inflated to its end."""
    encoding = "gzip" if compress is gzip.compress else "deflate"
    assert b"x" * LIMIT == inflate(compress(b"x" * LIMIT), encoding, LIMIT)
    for size in (LIMIT + 1, 50_000_000):
        with pytest.raises(ResponseError, match="larger than 10000 bytes") as caught:
            inflate(compress(b"x" * size), encoding, LIMIT)
        assert not caught.value.is_broken


def test_limit_over_members():
    """The limit is for all members together."""
    with pytest.raises(ResponseError, match="larger than 10000 bytes"):
        inflate(gzip.compress(b"x" * LIMIT) + gzip.compress(b"x"), "gzip", LIMIT)


def test_flood_of_members():
    """Empty members without end are not followed to it."""
    start = time.monotonic()
    with pytest.raises(ResponseError, match="more than 100 members") as caught:
        inflate(gzip.compress(b"") * 500_000, "gzip", LIMIT)
    assert time.monotonic() - start < PATIENCE
    assert caught.value.is_broken


@given(st.data(), st.sampled_from(["gzip", "deflate"]))
def test_cut_short(data, encoding):
    """A body that was cut short is broken, so that a second attempt may mend it."""
    body = gzip.compress(XML) if encoding == "gzip" else zlib.compress(XML)
    cut = body[: data.draw(st.integers(2, len(body) - 1))]
    with pytest.raises(ResponseError, match="cut short") as caught:
        inflate(cut, encoding, LIMIT)
    assert caught.value.is_broken


def test_corrupt():
    """A body that does not match its checksum is broken."""
    body = bytearray(gzip.compress(XML))
    body[-6] ^= 1
    with pytest.raises(ResponseError, match="corrupt") as caught:
        inflate(bytes(body), "gzip", LIMIT)
    assert caught.value.is_broken


@given(st.binary(), st.text(st.sampled_from("gzip deflate,br"), max_size=20))
def test_anything(body, encoding):
    """Whatever comes, the end is bytes within the limit or a ResponseError."""
    with contextlib.suppress(ResponseError):
        assert len(inflate(body, encoding, LIMIT)) <= LIMIT


@pytest.mark.parametrize(
    ("body", "encoding", "message"),
    [
        (gzip.compress(XML)[:-9], "gzip", "the gzip body is cut short"),
        (gzip.compress(XML)[:10] + b"\xff" * 9, "gzip", "the gzip body is corrupt"),
        (gzip.compress(b"") * 500, "gzip", "the gzip body has more than"),
        (gzip.compress(b"x" * (LIMIT + 1)), "gzip", "the answer is larger than 10000 bytes"),
        (b"?", "br", "the body has the Content-Encoding 'br'"),
    ],
)
def test_what_is_told(body, encoding, message):
    """An error tells the HTTP status, and the beginning of what arrived or came out."""
    with pytest.raises(ResponseError, match=message) as caught:
        inflate(body, encoding, LIMIT, status_code=203)

    shown = b"x" * 512 if "larger" in message else body[:512]
    assert (203, shown) == (caught.value.status_code, caught.value.body)


def test_memory():
    """A small body that inflates to a large one takes no more memory than the limit allows."""
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(ResponseError, match=r"larger than 10000 bytes"):
        inflate(bomb, "gzip", LIMIT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1_000_000


def test_one_deflate():
    """What follows a deflated body is ignored, even if it looks like gzip."""
    assert XML == inflate(zlib.compress(XML) + gzip.compress(XML), "deflate", LIMIT)


def test_no_zlib_header():
    """Two bytes that are no multiple of 31 are no zlib header."""
    assert b"\x78\x00rest" == inflate(b"\x78\x00rest", "deflate", LIMIT)


@pytest.mark.parametrize("encoding", ["", "identity", " , identity"])
def test_no_encoding(encoding):
    """Without an encoding any body is left alone."""
    assert b"plain" == inflate(b"plain", encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip, identity", "identity, gzip", "gzip,"])
def test_encodings_of_a_list(encoding):
    """What does nothing in a list of encodings does not end it."""
    assert XML == inflate(gzip.compress(XML), encoding, LIMIT)


def test_three_encodings():
    """Three encodings are undone, one after the other."""
    body = gzip.compress(zlib.compress(gzip.compress(XML)))

    assert XML == inflate(body, "gzip, deflate, , gzip", LIMIT)


def test_nested_encodings():
    """More encodings than three are refused before any is undone."""
    body = b"not gzip"
    with pytest.raises(
        ResponseError, match=r"^the body has 1500 Content-Encodings, more than 3"
    ) as caught:
        inflate(body, ",".join(["gzip"] * 1500), LIMIT, status_code=203)

    assert (203, body[:512]) == (caught.value.status_code, caught.value.body)


def test_long_name_of_an_encoding():
    """An encoding's name is shown up to 40 characters."""
    with pytest.raises(ResponseError, match=f"Content-Encoding '{'x' * 40}', which"):
        inflate(b"?", "x" * 9999, LIMIT)


@given(st.integers(0, 3 * 65536), st.integers(0, 2))
def test_pieces(size, more):
    """A body of any size, fed in pieces, comes out whole, with what its other members hold."""
    content = random.Random(size).randbytes(size)
    bodies = [content, *[b"x"] * more]

    inflated = inflate(b"".join(map(gzip.compress, bodies)), "gzip", size + 2)

    assert b"".join(bodies) == inflated


def test_members_before_much_else():
    """What follows a member is not copied at its end: a hundred of them are quick."""
    body = gzip.compress(b"") * 99 + gzip.compress(bytes(60_000_000), 0)
    tracemalloc.start()
    assert 60_000_000 == len(inflate(body, "gzip", 64_000_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 150_000_000


def test_no_status():
    """Where no status is given, the error has none."""
    with pytest.raises(ResponseError) as caught:
        inflate(b"?", "br", LIMIT)

    assert 0 == caught.value.status_code
