"""Large documents, read while they are parsed."""

from __future__ import annotations

import gzip

import pytest

import ec2lite
from ec2lite.errors import ResponseError, ServiceError
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.operations.reservations import Reservations
from ec2lite.protocol import incremental
from ec2lite.protocol.xml import MAX_TAGS
from samples import fault

EVERYTHING = DescribeInstances(all_instances=True)


def document(count, *, per_reservation=1, head="", root="DescribeInstancesResponse", attributes=""):
    """Return an answer with so many instances."""
    items = [
        f"<item><instanceId>i-{number}</instanceId><keyName>clé</keyName></item>\n"
        for number in range(count)
    ]
    groups = [items[n : n + per_reservation] for n in range(0, count, per_reservation)]
    inside = "".join(
        f"<item><instancesSet>{''.join(group)}</instancesSet><ownerId>1</ownerId></item>"
        for group in groups
    )
    return (
        f"{head}<{root}{attributes}><reservationSet>{inside}</reservationSet>"
        f"<nextToken>t</nextToken></{root}>"
    )


def read(body, **headers):
    """Return the result of a document."""
    return ec2lite.parse_response(EVERYTHING, status_code=200, headers=headers, body=body)


class Watched(Reservations):
    """Knows the most instances that were ever in the tree at once."""

    def __init__(self):
        super().__init__()
        self.most = 0

    def collect(self, root, *, is_complete):
        self.most = max(self.most, sum(1 for _ in root.iter("{*}instanceId")))
        return super().collect(root, is_complete=is_complete)


@pytest.mark.parametrize("per_reservation", [1, 20_000])
def test_small_tree(per_reservation):
    """The tree never holds more than a piece has, be it one reservation or thousands."""
    collector = Watched()
    body = document(20_000, per_reservation=per_reservation).encode()

    root = incremental.parse(body, collector, 10_000)

    assert 20_000 == len(collector.result(root, None).instances)
    assert 0 < collector.most < 200
    assert ["reservationSet", "nextToken"] == [child.tag for child in root]
    assert 0 == len(root[0])


@pytest.mark.parametrize(
    ("attributes", "head"),
    [
        ("", ""),
        (' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"', ""),
        (' xmlns="a" xmlns:b="b"', '<?xml version="1.0"?>'),
        (" xmlns='a'", "\ufeff<?xml version='1.0' encoding='UTF-8'?>\n"),
        (' xmlns="a"', "\ufeff<?xml version='1.0' encoding='UTF-8'?>\n"),
        (' b="1" xmlns="a"', "<?xml version='1.0'?><!-- c -->"),
    ],
)
def test_namespaces(attributes, head):
    """The beginning may be written in any way."""
    result = read(document(3, attributes=attributes, head=head).encode())

    assert ["i-0", "i-1", "i-2"] == [each.instance_id for each in result.instances]
    assert ("clé", "t") == (result.instances[0].key_name, result.next_token)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16", "utf-16-be"])
def test_encodings(encoding):
    """The encoding that a document declares is honoured, in however many pieces it comes."""
    name = encoding.removesuffix("-be")
    body = document(9000, head=f'<?xml version="1.0" encoding="{name}"?>').encode(encoding)
    body = b"\xfe\xff" + body if encoding == "utf-16-be" else body

    result = read(body)

    assert len(body) > 2 * incremental.PIECE
    assert {"clé"} == {each.key_name for each in result.instances}
    assert 9000 == len(result.instances)


def test_compressed():
    """A compressed answer is inflated first."""
    body = gzip.compress(document(9000).encode())

    assert 9000 == len(read(body, **{"content-encoding": "gzip"}).instances)


@pytest.mark.parametrize("count", [3, 9000])
def test_cut_short(count):
    """A document that ends too early is broken, which a second attempt may mend."""
    with pytest.raises(ResponseError, match="not well-formed XML") as caught:
        read(document(count).encode()[:-20])

    assert caught.value.is_broken


@pytest.mark.parametrize("count", [3, 9000])
def test_doctype(count):
    """A DOCTYPE is refused, and no entity in it is looked at."""
    head = '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>'

    with pytest.raises(ResponseError, match="DOCTYPE"):
        read(document(count, head=head).encode())


def test_too_many_tags():
    """The bounds of all documents hold for those in pieces."""
    body = b"<DescribeInstancesResponse>" + b"<a/>" * MAX_TAGS

    with pytest.raises(ResponseError, match="more than 2000000 tags"):
        read(body)


def test_other_document():
    """Another document is left alone, and refused by its name."""
    with pytest.raises(ResponseError, match="<ListResponse>, not a <DescribeInstancesResponse>"):
        read(document(9000, root="ListResponse").encode())


def test_large_fault():
    """An error document of many pieces is an error; what it quotes is not taken for a result."""
    quoted = "<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>"
    body = fault(("Odd", "x" * 300_000)).replace(b"</Errors>", f"</Errors>{quoted}".encode())

    with pytest.raises(ServiceError) as caught:
        read(body)

    assert "Odd" == caught.value.code


def test_nothing_to_take():
    """A document in which nothing is to be taken is not looked through after each piece."""

    class Counted(Watched):
        looks = 0

        def collect(self, root, *, is_complete):
            self.looks += 1
            return super().collect(root, is_complete=is_complete)

    collector = Counted()
    body = b"<DescribeInstancesResponse>" + b"<a/>" * 100_000 + b"</DescribeInstancesResponse>"

    root = incremental.parse(body, collector, 1000)

    assert 100_000 == len(root)
    assert collector.looks < 12


def test_empty():
    """No bytes are no document."""
    with pytest.raises(ResponseError, match="not well-formed"):
        read(b"")


def test_comments():
    """Comments and instructions are as if they were not there, in a document that grows, too."""
    body = document(3).replace("clé", "cl<!-- x -->é<?pi y?>").encode()

    assert ["clé"] * 3 == [each.key_name for each in read(body).instances]
