"""XML from a stranger."""

from __future__ import annotations

import sys
import threading

import pytest

from ec2lite.errors import ConfigError, ResponseError
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


def test_no_lxml(monkeypatch):
    """Where lxml cannot be loaded, that is a ConfigError before anything is sent."""
    monkeypatch.setattr(xml, "_thread", threading.local())
    monkeypatch.setitem(sys.modules, "lxml", None)
    with pytest.raises(ConfigError, match=r"^lxml, which reads the answers, cannot be loaded: "):
        xml.load()


def test_white_space():
    """White space between elements is dropped, and that in a text is kept."""
    root = xml.parse(b"<a>\n <b> </b>\n <c> x\n</c>\n</a>")

    assert [None, " ", " x\n"] == [root.text, xml.text(root, "b"), xml.text(root, "c")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_tags_without_end(encoding):
    """More tags than any answer has are refused before an object is made of each."""
    xml.check(f"<a>{'<a/>' * (xml.MAX_TAGS - 2)}</a>".encode(encoding))
    with pytest.raises(ResponseError, match=r"more than 2000000 tags") as caught:
        xml.check(f"<a>{'<a/>' * (xml.MAX_TAGS - 1)}</a>".encode(encoding))

    assert not caught.value.is_broken


def test_attributes_without_end():
    """More attributes than any answer has are refused."""
    body = b"<a" + b" b=''" * xml.MAX_EQUALS_SIGNS + b"/>"
    xml.check(body)
    with pytest.raises(ResponseError, match=r"more than 500000 equals signs"):
        xml.check(body + b"=")


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="IBM037"?><a/>'.encode("cp037"),
        b'<?xml version="1.0" encoding="IBM037"?>' + "<a/>".encode("cp037"),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/>',
        b"<?xml version='1.0' encoding='base64'?><a/>",
        b"<?xml version='1.0' encoding='\xff'?><a/>",
        "\ufeff<?xml version='1.0' encoding='UTF-7'?>+ADw-a/>".encode(),
    ],
)
def test_uncounted_encodings(body):
    """An encoding in which tags could not be counted is refused."""
    with pytest.raises(
        ResponseError, match=r"is not supported|does not begin with a tag"
    ) as caught:
        xml.parse(body)

    assert caught.value.is_broken


@pytest.mark.parametrize(
    "encoding", ["Shift_JIS", "windows-1252", "KOI8-R", "US-ASCII", "ISO-8859-15"]
)
def test_other_encodings(encoding):
    """Encodings that extend ASCII are honoured."""
    body = f"<?xml version='1.0' encoding='{encoding}'?><a><b>x</b></a>".encode("ascii")

    assert "x" == xml.text(xml.parse(body), "b")


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-16LE", "utf-32", "ISO-10646-UCS-2", "UCS-4"])
def test_wide_doctype(encoding):
    """A DOCTYPE is found in encodings of wide characters too."""
    codec = {"ISO-10646-UCS-2": "utf-16", "UCS-4": "utf-32"}.get(encoding, encoding)
    body = f"<?xml version='1.0' encoding='{encoding}'?><!DOCTYPE a><a/>".encode(codec)
    with pytest.raises(ResponseError, match=r"has a DOCTYPE|not well-formed"):
        xml.parse(body)


def test_threads_have_their_own():
    """Each thread has a parser and XPaths of its own, and keeps them."""
    own = {id(xml._parser()), id(xml.xpath("a"))}
    assert own == {id(xml._parser()), id(xml.xpath("a"))}

    others = []
    thread = threading.Thread(target=lambda: others.extend([xml._parser(), xml.xpath("a")]))
    thread.start()
    thread.join()

    assert own.isdisjoint(map(id, others))


def test_xpath():
    """``n`` is the namespace; texts come as plain strings."""
    root = xml.parse(b'<a xmlns="urn:1"><b>x</b><b>y</b></a>')

    texts = xml.xpath("n:b/text()", "urn:1")(root)

    assert ["x", "y"] == texts
    assert {str} == set(map(type, texts))
    assert [] == xml.xpath("b/text()")(root)


def test_xpaths_are_bounded():
    """A service that changes its namespace with every answer fills no memory."""
    for number in range(1000):
        xml.xpath("n:a", f"urn:{number}")

    assert len(xml._thread.xpaths) <= 128


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
    with pytest.raises(ResponseError, match=r"^the answer is not well-formed XML: ") as caught:
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
