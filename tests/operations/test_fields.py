"""A field that is said once is read, shown as boto3 shows it, and sent."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

import ec2lite
from ec2lite.errors import ConfigError, ResponseError
from ec2lite.models import ResponseMetadata
from ec2lite.operations.fields import (
    Result,
    Shape,
    boolean,
    checked,
    integer,
    items,
    known,
    nested,
    read_result,
    required,
    sent,
    shape,
    source,
    tags,
    text,
    time,
    value,
)
from ec2lite.operations.readers import reader
from ec2lite.operations.scalars import BOOLEAN, BYTES, INTEGER, TEXT, TIME
from ec2lite.operations.structures import Items, Structure, Tags, form_pairs
from ec2lite.protocol import xml
from samples import STOPPED


@shape
class Disk(Shape):
    """A structure of its own."""

    name: str = required(text("deviceName"))
    size: int | None = integer("size")


@shape
class Thing(Shape):
    """A member of every kind."""

    thing_id: str = required(text("thingId"))
    count: int | None = integer("count")
    is_on: bool | None = boolean("on", key="On")
    since: datetime | None = time("since")
    letters: tuple[str, ...] | None = value("letters", lambda text: tuple(text))
    disk: Disk | None = nested(Disk, "disk")
    disks: tuple[Disk, ...] = items(Disk, "diskSet")
    names: tuple[str, ...] = items(str, "nameSet")
    tags: dict[str, str] = tags("tagSet")
    secret: str | None = text("secret", secret=True)


WHOLE = """<thing>
  <thingId>t-1</thingId><count>7</count><on>true</on><since>2026-03-11T08:12:34.000Z</since>
  <letters>ab</letters><disk><deviceName>a</deviceName></disk>
  <diskSet><item><deviceName>b</deviceName><size>1</size></item></diskSet>
  <nameSet><item>x</item><item/></nameSet>
  <tagSet><item><key>k</key><value>v</value></item></tagSet><secret>hush</secret>
</thing>"""
EMPTY = "<thing><thingId/><disk><deviceName/></disk><diskSet/><nameSet/><tagSet/></thing>"


def read(document, cls=Thing):
    """Return the object that a document holds."""
    return reader(cls)(xml.parse(document.encode()))


def member(name, inside):
    """Return a thing with one more member."""
    return read(f"<thing><thingId>t</thingId><{name}>{inside}</{name}></thing>")


# ---- read, and shown as boto3 does --------------------------------------------------------------


def test_every_kind():
    """Each member is a plain value; boto3's keys follow from the attributes' names."""
    thing = read(WHOLE)

    since = datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC)
    disk = Disk("b", 1)
    assert thing == Thing(
        "t-1", 7, True, since, ("a", "b"), Disk("a"), (disk,), ("x", ""), {"k": "v"}, "hush"
    )
    assert {
        "ThingId": "t-1",
        "Count": 7,
        "On": True,
        "Since": since,
        "Letters": ("a", "b"),
        "Disk": {"Name": "a"},
        "Disks": [{"Name": "b", "Size": 1}],
        "Names": ["x", ""],
        "Tags": [{"Key": "k", "Value": "v"}],
        "Secret": "hush",
    } == thing.to_dict()


def test_absent():
    """What the document lacks is None or empty, and not in boto3's dict."""
    thing = read("<thing><thingId>t</thingId></thing>")

    assert thing == Thing("t")
    assert (None, None, None, (), (), {}) == (
        *(thing.count, thing.is_on, thing.disk, thing.disks, thing.names, thing.tags),
    )
    assert {"ThingId": "t"} == thing.to_dict() == Thing("t").to_dict()


def test_empty():
    """What is there and empty is in boto3's dict: a text, a structure, a list, tags."""
    assert {
        "ThingId": "",
        "Disk": {"Name": ""},
        "Disks": [],
        "Names": [],
        "Tags": [],
    } == read(EMPTY).to_dict()


def test_tags_are_a_dict_of_ones_own():
    """Tags can be changed without changing another thing's, and are shown once there are any."""
    first, second = read("<t><thingId>1</thingId></t>"), read("<t><thingId>2</thingId></t>")
    first.tags["a"] = "b"

    assert isinstance(second.tags, dict)
    assert {} == second.tags


def test_odd_tags():
    """Of two equal keys the last one counts; what a tag lacks is empty."""
    thing = member(
        "tagSet",
        "<item><key>a</key><value>1</value></item><item><value>2</value><key>a</key></item>"
        "<item><key>b</key></item><other><key>c</key></other><item><value>3</value></item>"
        "<item><key>d</key><value/></item>",
    )

    assert {"a": "2", "b": "", "": "3", "d": ""} == thing.tags


def test_strangers_in_a_list():
    """What is no item of a list is passed over."""
    assert ("x",) == member("nameSet", "<item>x</item><other>y</other>").names


def test_first_of_two():
    """Of two elements of one name, the first is read."""
    assert "a" == read("<t><thingId>a</thingId><thingId>b</thingId></t>").thing_id


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-11T08:12:34Z", datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC)),
        ("2026-03-11T08:12:34.5Z", datetime(2026, 3, 11, 8, 12, 34, 500000, tzinfo=UTC)),
        (" 2026-03-11T08:12:34Z\n", datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC)),
        ("2026-03-11 08:12:34", datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC)),
        ("2026-03-11T08:12:34", datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC)),
        ("2026-03-11T10:12:34+02:00", datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC)),
        ("2026-03-11", datetime(2026, 3, 11, tzinfo=UTC)),
        ("Wed, 11 Mar 2026 08:12:34 GMT", datetime(2026, 3, 11, 8, 12, 34, tzinfo=UTC)),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1773216754.25", datetime(2026, 3, 11, 8, 12, 34, 250000, tzinfo=UTC)),
        ("-1", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("20260311", datetime(1970, 8, 23, 11, 51, 51, tzinfo=UTC)),
        ("", None),
        (" ", None),
    ],
)
def test_times(machine_zone, written, expected):
    """A time is aware wherever the machine is; one without a zone is UTC, an empty one None."""
    since = member("since", written).since

    assert expected == since
    assert since is None or since.tzinfo is not None


@pytest.mark.parametrize(
    ("written", "expected"),
    [("7", 7), (" -7 ", -7), ("+7", 7), ("007", 7), ("", None), (" ", None)],
)
def test_integers(written, expected):
    """An integer may have a sign and white space around it; an empty one is None."""
    assert expected == member("count", written).count


@pytest.mark.parametrize("written", ["True", "1", "", " true", "false"])
def test_booleans(written):
    """What is not exactly true is False, as botocore has it."""
    assert member("on", written).is_on is False


@pytest.mark.parametrize(
    "written", ["abc", "1_000", "1.0", "\u0663", "\u20037", "--1", "9" * 21, "1e3"]
)
def test_no_integer(written):
    """A wrong integer is an error that names it, and shows it."""
    with pytest.raises(ResponseError) as caught:
        member("count", written)

    assert f"<count> is not an integer: {written!r}" == str(caught.value)


@pytest.mark.parametrize(
    "written", ["soon", "2026-13-01T00:00:00Z", "9" * 20, "1e5", "inf", "T", "\u20030"]
)
def test_no_time(written):
    """So is a wrong time, also one beyond the calendar."""
    with pytest.raises(ResponseError) as caught:
        member("since", written)

    assert f"<since> is not a time: {written!r}" == str(caught.value)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30))
def test_any_time(written):
    """Whatever stands there is a time, nothing, or an error of ours."""
    element = xml.parse(b"<since/>")
    try:
        element.text = written
    except ValueError:
        return  # no XML can hold it
    try:
        found = TIME.reader()(element)
    except ResponseError:
        return
    assert found is None or found.tzinfo is not None


def test_long_values_are_cut():
    """An error shows no more than the beginning of a wrong value."""
    with pytest.raises(ResponseError) as caught:
        member("count", "x" * 1000)

    assert f"<count> is not an integer: {'x' * 40!r}" == str(caught.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("<thing/>", "<thing> has no <thingId>"),
        ("<a:thing xmlns:a='urn:a'/>", "<thing> has no <thingId>"),
        ("<thing><thingId/><disk/></thing>", "<disk> has no <deviceName>"),
        ("<thing><thingId/><diskSet><item/></diskSet></thing>", "<item> has no <deviceName>"),
    ],
)
def test_missing(document, message):
    """A document that lacks a required member is refused by the names of both."""
    with pytest.raises(ResponseError) as caught:
        read(document)

    assert message == str(caught.value)


def test_declared_here():
    """Each way to declare a field takes its own options."""

    @shape
    class Inner(Shape):
        code: int = required(value("innerCode", int, key="InnerKey"))
        name: str = known("innerName")

    @shape
    class Outer(Shape):
        needed: str = required(text("n", key="N1"))
        hidden: str = required(text("h", secret=True))
        numbers: tuple[str, ...] = required(items(str, "numberSet", key="N2"))
        word: str | None = text("w", key="W1")
        whole: int | None = integer("i", key="I1")
        flag: bool | None = boolean("b", key="B1")
        when: datetime | None = time("t", key="T1")
        labels: dict[str, str] = tags("tagSet", key="L1")
        inner: Inner | None = nested(Inner, "inner", key="S1")
        inners: tuple[Inner, ...] = items(Inner, "innerSet", key="S2")
        late: Inner | None = nested(Inner, "late", key="L2", later=True)
        lates: tuple[Inner, ...] = items(Inner, "lateSet", key="L3", later=True)
        raw: bytes = source()

    inner = "<innerCode>1</innerCode><innerName>x</innerName>"
    document = (
        "<outer><n>1</n><h>hush</h><numberSet><item>2</item></numberSet><w>3</w><i>4</i>"
        "<b>true</b><t>0</t><tagSet><item><key>k</key><value>v</value></item></tagSet>"
        f"<inner>{inner}</inner><innerSet><item>{inner}</item></innerSet>"
        f"<late>{inner}</late><lateSet><item><innerCode>1</innerCode></item></lateSet></outer>"
    )
    outer = read(document, Outer)

    assert document.encode() == outer.raw
    shown = {"InnerKey": 1, "Name": "x"}
    assert {
        "N1": "1",
        "Hidden": "hush",
        "N2": ["2"],
        "W1": "3",
        "I1": 4,
        "B1": True,
        "T1": datetime(1970, 1, 1, tzinfo=UTC),
        "L1": [{"Key": "k", "Value": "v"}],
        "S1": shown,
        "S2": [shown],
        "L2": shown,
        "L3": [{"InnerKey": 1}],
    } == outer.to_dict()
    assert ("", "x") == (outer.lates[0].name, outer.inner.name)
    assert "hush" not in repr(outer)
    assert "raw" not in repr(outer)
    assert outer == attrs.evolve(outer, raw=b"")
    assert hash(outer) == hash(attrs.evolve(outer, labels={}, raw=b""))
    assert outer != attrs.evolve(outer, hidden="")
    with pytest.raises(TypeError):
        Outer("1", "2")
    with pytest.raises(AttributeError, match=r"^'Outer' object has no attribute 'nothing'$"):
        outer.nothing  # noqa: B018 - the access is the point


def test_declared_without_options():
    """Without options a member is shown, read at once, and has the key of its attribute's name."""

    @shape
    class Plain(Shape):
        a_text: str | None = text("a")
        a_number: int | None = integer("b")
        a_flag: bool | None = boolean("c")
        a_value: int | None = value("d", int)
        a_list: tuple[str, ...] = items(str, "e")
        labels: dict[str, str] = tags("f")

    plain = read("<p><a>1</a><b>2</b><c>x</c><d>3</d><e><item>4</item></e><f/></p>", Plain)

    assert {
        "AText": "1",
        "ANumber": 2,
        "AFlag": False,
        "AValue": 3,
        "AList": ["4"],
        "Labels": [],
    } == plain.to_dict()
    assert "a_text='1'" in repr(plain)
    assert hash(plain) != hash(attrs.evolve(plain, a_text="2"))
    with pytest.raises(ResponseError, match=r"^<d> is not a value: 'x'$"):
        read("<p><d>x</d></p>", Plain)


def test_late_members_are_not_read_early():
    """What is wrong in a member that is read later is an error when somebody asks for it."""

    @shape
    class Late(Shape):
        disk: Disk | None = nested(Disk, "disk", later=True)
        disks: tuple[Disk, ...] = items(Disk, "diskSet", later=True)
        raw: bytes = source()

    root = xml.parse(b"<a><l><disk/></l>tail<l><diskSet><item/></diskSet></l></a>")
    one, other = map(reader(Late), root)

    assert b"<l><disk/></l>" == one.raw
    with pytest.raises(ResponseError, match=r"^<disk> has no <deviceName>$"):
        one.disk  # noqa: B018 - the access is the point
    with pytest.raises(ResponseError, match=r"^<item> has no <deviceName>$"):
        other.disks  # noqa: B018 - the access is the point


def test_late_members_are_read_once():
    """A member that is read later is looked for in the element's own XML, and then kept."""

    @shape
    class Late(Shape):
        first: Disk | None = nested(Disk, "first", later=True)
        others: tuple[Disk, ...] = items(Disk, "otherSet", later=True)
        raw: bytes = source()

    late = read("<l><first><deviceName>a</deviceName></first></l>", Late)

    assert Disk("a") == late.first
    assert late.first is late.first
    assert () == late.others
    assert {"First": {"Name": "a"}} == late.to_dict()
    assert (None, (), b"") == (Late().first, Late().others, Late().raw)


# ---- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [WHOLE, EMPTY, "<thing><thingId>t</thingId></thing>"])
def test_copies(document):
    """Copies and pickles are equal, hash the same, and give the same dict."""
    thing = read(document)

    for twin in (copy.copy(thing), copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
        assert thing == twin
        assert hash(thing) == hash(twin)
        assert thing.to_dict() == twin.to_dict()


def test_compared():
    """Things are equal by their members, and a member that differs makes them differ."""
    thing = read(WHOLE)

    assert thing == read(WHOLE)
    for name in ("count", "tags", "secret", "disks"):
        assert thing != attrs.evolve(thing, **{name: None})
    assert thing.tags is not read(WHOLE).tags


def test_frozen():
    """A shape is not changed."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        read(WHOLE).count = 8


def test_secrets_are_not_shown():
    """A secret member is in no repr; the others are."""
    assert "hush" not in repr(read(WHOLE))
    assert "count=7, is_on=True" in repr(read(WHOLE))


def test_results():
    """A whole result can be copied, pickled, compared and hashed, and so can how it came."""
    result = ec2lite.parse_response(
        ec2lite.StopInstances("i-1"), status_code=200, headers={"a": "b"}, body=STOPPED
    )

    for twin in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert {result} == {twin}
        assert result.to_dict() == twin.to_dict()


def test_metadata_comes_last():
    """boto3's dict of a result ends in how the answer came."""

    @shape
    class Answer(Result):
        thing: Disk | None = nested(Disk, "thing")

    root = xml.parse(b"<a><thing><deviceName>x</deviceName></thing></a>")
    result = read_result(Answer, root, ResponseMetadata("r", 200, {}))

    assert "r" == result.response_metadata.request_id
    assert ["Thing", "ResponseMetadata"] == list(result.to_dict())


# ---- sent ---------------------------------------------------------------------------------------


@frozen(field_transformer=checked)
class Part:
    """A structure in a request."""

    name: str = field(metadata=sent("Name", TEXT))
    values: tuple[str, ...] = field(default=(), metadata=sent("Value", Items(TEXT)))


@frozen(field_transformer=checked)
class Order:
    """A request with a parameter of every kind."""

    text: str | None = field(default=None, metadata=sent("Text", TEXT))
    count: int | None = field(default=None, metadata=sent("Count", INTEGER))
    flag: bool | None = field(default=None, metadata=sent("Flag", BOOLEAN))
    since: datetime | None = field(default=None, metadata=sent("Since", TIME))
    data: bytes | None = field(default=None, metadata=sent("Data", BYTES))
    part: Part | None = field(default=None, metadata=sent("Part", Structure(Part)))
    parts: tuple[Part, ...] | None = field(
        default=None, metadata=sent("Filter", Items(Structure(Part)))
    )
    tags: dict[str, str] | None = field(default=None, metadata=sent("Tag", Tags()))
    local: int = 0


@pytest.mark.parametrize(
    ("given_", "pairs"),
    [
        ({}, {}),
        ({"local": 1}, {}),
        ({"text": ""}, {"Text": ""}),
        ({"count": -7}, {"Count": "-7"}),
        ({"flag": False}, {"Flag": "false"}),
        ({"flag": True}, {"Flag": "true"}),
        ({"data": b"\x00"}, {"Data": "AA=="}),
        ({"since": datetime(2026, 1, 2, 3, 4, 5)}, {"Since": "2026-01-02T03:04:05Z"}),  # noqa: DTZ001 - the point
        (
            {"since": datetime(2026, 1, 2, 3, 4, 5, 6, timezone(timedelta(hours=2)))},
            {"Since": "2026-01-02T01:04:05.000006Z"},
        ),
        ({"part": Part("a")}, {"Part.Name": "a"}),
        (
            {"part": Part("a", ("b", "c"))},
            {"Part.Name": "a", "Part.Value.1": "b", "Part.Value.2": "c"},
        ),
        (
            {"parts": (Part("a", ("b",)), Part("c", ("d", "e")))},
            {
                "Filter.1.Name": "a",
                "Filter.1.Value.1": "b",
                "Filter.2.Name": "c",
                "Filter.2.Value.1": "d",
                "Filter.2.Value.2": "e",
            },
        ),
        ({"parts": ()}, {}),
        (
            {"tags": {"a": "b", "c": ""}},
            {"Tag.1.Key": "a", "Tag.1.Value": "b", "Tag.2.Key": "c", "Tag.2.Value": ""},
        ),
    ],
)
def test_pairs(machine_zone, given_, pairs):
    """Each kind is sent as EC2 reads it, nested with dots, lists numbered from one."""
    assert list(pairs.items()) == form_pairs(Order(**given_))


def test_request_declared_here():
    """A request's field is checked by its kind, and sent unless it is left out."""

    @frozen(field_transformer=checked)
    class Wanted:
        name: str = field(metadata=sent("Wire", TEXT))
        count: int | None = field(default=None, metadata=sent("Count", INTEGER))
        other: object = None

    assert [("Wire", "a"), ("Count", "2")] == form_pairs(Wanted("a", 2, 3))
    assert [("Prefix.Wire", "a")] == form_pairs(Wanted("a"), "Prefix.")
    with pytest.raises(ConfigError, match=r"^name must be a string, not int$"):
        Wanted(1)
    with pytest.raises(ConfigError, match=r"^count must be an integer, not str$"):
        Wanted("a", "b")


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"text": 1}, "text must be a string, not int"),
        ({"count": "1"}, "count must be an integer, not str"),
        ({"count": True}, "count must be an integer, not bool"),
        ({"flag": 1}, "flag must be True, False or None, not int"),
        ({"since": "now"}, "since must be a time, not str"),
        ({"data": "text"}, "data must be bytes, not str"),
        ({"part": {}}, "part must be an object of Part, not dict"),
        ({"parts": [Part("a")]}, "parts must be a tuple, not list"),
        ({"parts": (Part("a"), 1)}, "parts[1] must be an object of Part, not int"),
        ({"tags": [("a", "b")]}, "tags must be a dict, not list"),
    ],
)
def test_wrong_arguments(given_, message):
    """What is not of a parameter's kind is refused by its name and place."""
    with pytest.raises(ConfigError) as caught:
        Order(**given_)

    assert message == str(caught.value)


def test_needed_argument():
    """None is no value of a parameter that has no default."""
    with pytest.raises(ConfigError, match=r"^name must be a string, not None$"):
        Part(None)


def test_bytes_in_an_answer():
    """Bytes are in base64 in an answer, too."""

    @shape
    class Blob(Shape):
        data: bytes | None = value("data", BYTES.convert)

    assert b"\x00" == read("<blob><data>AA==</data></blob>", Blob).data
