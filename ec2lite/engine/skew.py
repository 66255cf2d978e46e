"""A wrong clock of this machine, corrected by the service's.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-clock-skew-correction.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from attrs import define

from ec2lite.errors import SKEWED_CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

# AWS tolerates 15 minutes at most; the SDKs take less than 4 for a complaint of another reason.
THRESHOLD: Final = timedelta(minutes=4)
# Clocks without a battery start at 1970 or 2000; no clock is a century off.
LIMIT: Final = timedelta(days=36525)
# A date outside of these years is wrong or forged: the API's version is of 2016.
EARLIEST: Final = datetime(2016, 11, 15, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


@define(eq=False, repr=False)
class Skew:
    """How far this machine's clock is behind an endpoint's; one for all calls to that endpoint."""

    enabled: bool = True
    # Replaced as a whole, so that threads need no lock.
    offset: timedelta = timedelta(0)

    def correct(self, now: datetime) -> datetime:
        """Return the endpoint's time when this machine's clock says ``now``."""
        return now + self.offset if self.offset else now

    def learn(
        self,
        code: str,
        headers: Mapping[str, str],
        *,
        sent: datetime,
        received: datetime,
        signed_for: datetime,
        is_corrected: bool = False,
    ) -> bool:
        """Learn from an answer that complains of the time; return whether to sign again.

        The offset is taken from the service's ``Date``, which belongs to the middle between sending
        and receiving. A request that was signed for about that time was refused for another reason
        (``AuthFailure`` has many). ``is_corrected`` says that this call has had its correction:
        anybody on the way can forge one, so a second complaint is a reason to forget the offset,
        not to take another.
        """
        if not self.enabled or code not in SKEWED_CODES:
            return False
        middle = sent + (received - sent) / 2
        used = signed_for - sent
        date = _service_date(headers, middle)
        if date is not None:
            if abs(date - (middle + used)) < THRESHOLD:
                return False
            if not is_corrected:
                self.offset = date - middle
                return True
        if not used:
            return False
        if self.offset == used:
            self.offset = timedelta(0)
        return True


def _service_date(headers: Mapping[str, str], middle: datetime) -> datetime | None:
    """Return the service's time, if the answer tells one that a real clock would show.

    An ``Age`` header shows that a cache answered, whose date says nothing.
    """
    date = None if "age" in headers else _date(headers.get("date"))
    if date is None or not EARLIEST <= date < LATEST or abs(date - middle) > LIMIT:
        return None
    return date


def _date(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        date = parsedate_to_datetime(header)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
