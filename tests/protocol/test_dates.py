"""Times as SigV4 writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ec2lite.protocol.dates import timestamp

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
