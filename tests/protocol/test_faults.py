"""Error documents."""

from __future__ import annotations

import pytest

from ec2lite import errors
from ec2lite.errors import BY_CODE, InstanceNotFound, ResponseError, ServiceError
from ec2lite.protocol import faults, xml
from samples import fault

STS = b"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>ExpiredTokenException</Code><Message>old</Message></Error><RequestId>r</RequestId>
</ErrorResponse>"""


def parse(body):
    """Return the exception for a document."""
    return faults.parse(xml.parse(body), status_code=400, request_id="r-1")


def test_ec2():
    """EC2's document becomes the exception of its code, with all that it said."""
    error = parse(fault(("InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist")))

    assert InstanceNotFound is type(error)
    assert "InvalidInstanceID.NotFound" == error.code
    assert "The instance ID 'i-1' does not exist" == error.message
    assert 400 == error.status_code
    assert "r-1" == error.request_id


def test_sts():
    """STS's document is read too."""
    error = parse(STS)

    assert ("ExpiredTokenException", "old") == (error.code, error.message)


def test_several():
    """Of several errors the first decides, and all are kept in order."""
    error = parse(fault(("UnauthorizedOperation", "no"), ("Server.NewCode", "not at all")))

    assert errors.UnauthorizedOperation is type(error)
    assert (("UnauthorizedOperation", "no"), ("NewCode", "not at all")) == error.errors


def test_many():
    """A hundred errors are kept; texts are cut where none of AWS's ends."""
    error = parse(fault(*[("C" * 300, "m" * 70_000)] * 200))

    assert 100 == len(error.errors)
    assert ("C" * 256, "m" * 65_536) == error.errors[99]
    assert len(str(error)) < 50_000


@pytest.mark.parametrize("prefix", ["", "Client.", "Server."])
def test_prefix(prefix):
    """The side that is to blame is left off the code, whichever it is."""
    error = parse(fault((prefix + "InvalidInstanceID.NotFound", "")))

    assert InstanceNotFound is type(error)
    assert "InvalidInstanceID.NotFound" == error.code


@pytest.mark.parametrize("code", BY_CODE)
def test_classes(code):
    """Each code of the table gives its class."""
    assert BY_CODE[code] is type(parse(fault((code, "because"))))


def test_unknown_code():
    """A code without a class of its own is a plain ServiceError."""
    error = parse(fault(("Unheard.Of", "because")))

    assert ServiceError is type(error)
    assert "Unheard.Of" == error.code


@pytest.mark.parametrize("message", [b"", b"<Message/>", b"<Message></Message>"])
def test_no_message(message):
    """An error without a message has an empty one."""
    error = parse(
        b"<Response><Errors><Error><Code>C</Code>" + message + b"</Error></Errors></Response>"
    )

    assert ("C", "") == (error.code, error.message)


def test_no_code():
    """An error without a code is not the protocol's."""
    with pytest.raises(ResponseError, match=r"<Error> has no <Code>"):
        parse(b"<Response><Errors><Error><Message>m</Message></Error></Errors></Response>")


@pytest.mark.parametrize("body", [b"<Response/>", b"<Response><Errors/></Response>"])
def test_no_error(body):
    """An error document without an error is not the protocol's."""
    with pytest.raises(
        ResponseError, match=r"^the answer is an error document without an error in it$"
    ):
        parse(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<Response/>", True),
        (b'<Response xmlns="urn:1"/>', True),
        (b"<ErrorResponse/>", True),
        (b"<StopInstancesResponse/>", False),
        (b"<html/>", False),
    ],
)
def test_is_fault(body, expected):
    """EC2's and STS's error documents are told from others by their root's name."""
    assert expected is faults.is_fault(xml.parse(body))
