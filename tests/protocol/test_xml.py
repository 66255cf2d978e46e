"""XML from a stranger."""

from __future__ import annotations

import pytest

from ec2lite.errors import ResponseError
from ec2lite.protocol import xml

EXPANSION = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE a [<!ENTITY a0 "ha">{EXPANSION}]><a>&a9;</a>'


def test_local_names():
    """Elements are found by their local names, whatever namespace they are in."""
    root = xml.parse(b'<a xmlns="urn:1"><b/><c xmlns="urn:2">text</c><d xmlns="">none</d></a>')

    assert ["a", "text", "none", ""] == [
        xml.local_name(root),
        xml.text(root, "c"),
        xml.text(root, "d"),
        xml.text(root, "b"),
    ]


def test_first_child():
    """Of several children the first is found, and of deeper ones none."""
    root = xml.parse(b"<a><x><b>deep</b></x><b>first</b><b>second</b></a>")

    assert "first" == xml.text(root, "b")
    assert xml.find(root, "c") is None


def test_no_child():
    """A child that is not there is missed by name."""
    root = xml.parse(b'<a xmlns="urn:1"/>')

    with pytest.raises(ResponseError) as caught:
        xml.child(root, "b")

    assert "<a> has no <b>" == caught.value.args[0]
    assert not caught.value.is_broken


def test_comments():
    """Comments and processing instructions are as if they were not there."""
    root = xml.parse(b"<!-- x --><?pi y?><a><!-- z --><b>te<!-- cut -->xt</b><?pi?></a>")

    assert "text" == xml.text(root, "b")
    assert 1 == len(root)


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="iso-8859-1"?><a><b>é</b></a>'.encode("latin-1"),
        '<?xml version="1.0" encoding="UTF-16"?><a><b>é</b></a>'.encode("utf-16"),
        "\ufeff<a><b>é</b></a>".encode(),
        "<a><b>é</b></a>".encode(),
        b"<a><b>&#233;</b></a>",
        b"<a><b><![CDATA[\xc3\xa9]]></b></a>",
    ],
)
def test_encodings(body):
    """The encoding that a document declares is honoured, and UTF-8 is the default."""
    assert "é" == xml.text(xml.parse(body), "b")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"no",
        b"<a>",
        b"<a><b></a>",
        b"<a/><b/>",
        b"<a>&unknown;</a>",
        b"<a>\x00</a>",
        b"<a>\xff</a>",
        b"<a" * 100,
        b'<?xml version="1.0" encoding="klingon"?><a/>',
        # Deeper than libxml2 allows without huge_tree.
        b"<a>" * 100_000 + b"</a>" * 100_000,
        # A text larger than libxml2 allows without huge_tree.
        b"<a>" + b"x" * 10_000_001 + b"</a>",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_broken(body):
    """What is no well-formed document, or one past libxml2's bounds, may be better next time."""
    with pytest.raises(ResponseError, match=r"^the answer is no well-formed XML: ") as caught:
        xml.parse(body)

    assert caught.value.is_broken


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE a><a/>",
        LAUGHS,
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a SYSTEM "http://dtd.example/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://dtd.example/x">%x;]><a/>',
    ],
)
def test_doctype(body):
    """A document with a DOCTYPE is refused: nothing is expanded, nothing fetched."""
    with pytest.raises(ResponseError) as caught:
        xml.parse(body.encode())

    assert "passwd" not in str(caught.value)


def test_bad_xml_message():
    """The message quotes the parser, and its exception is not dragged along."""
    with pytest.raises(ResponseError) as caught:
        xml.parse(b"<a>")

    assert caught.value.__suppress_context__
