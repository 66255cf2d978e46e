"""Times as AWS writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ec2lite.protocol.dates import read_time
from ec2lite.signing.timestamp import timestamp

pytestmark = pytest.mark.usefixtures("machine_zone")


def test_utc():
    """The time is written without separators, to the second."""
    assert "20150830T123600Z" == timestamp(datetime(2015, 8, 30, 12, 36, 0, 999999, UTC))


def test_other_zone():
    """A time of another zone is written in UTC."""
    tokyo = timezone(timedelta(hours=9))

    assert "20150829T153600Z" == timestamp(datetime(2015, 8, 30, 0, 36, tzinfo=tokyo))


def test_no_zone():
    """A time without a zone is taken as UTC, whatever the machine's zone is."""
    assert "20150830T123600Z" == timestamp(datetime(2015, 8, 30, 12, 36))  # noqa: DTZ001 - the point


def test_read():
    """A time is read with its zone; without one it is UTC, whatever the machine's zone is."""
    expected = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)

    assert expected == read_time("2015-08-30T12:36:00Z")
    assert expected == read_time("2015-08-30T12:36:00")
    assert expected == read_time("2015-08-30T14:36:00+02:00")
    assert read_time("tomorrow") is None
