"""A clock that is wrong, corrected by the service's own.

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

# AWS tolerates 15 minutes at most; the SDKs take less than 4 for another reason's complaint.
THRESHOLD: Final = timedelta(minutes=4)
# A ``Date`` further away is wrong itself; clocks that start at 1970 or 2000 are nearer.
LIMIT: Final = timedelta(days=36525)


@define
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
    ) -> bool:
        """Take the offset from an answer that complains of the time; say whether to sign again.

        The service's ``Date`` belongs to the middle between sending and receiving. An ``Age``
        header shows that a cache answered, whose date says nothing. The complaint may be another's
        (``AuthFailure`` has many reasons) when the request was signed for about the right time.
        """
        date = None if "age" in headers else _date(headers.get("date"))
        if not self.enabled or code not in SKEWED_CODES or date is None:
            return False
        middle = sent + (received - sent) / 2
        offset = date - middle
        if abs(offset) > LIMIT or abs(date - (signed_for + (middle - sent))) < THRESHOLD:
            return False
        self.offset = offset
        return True


def _date(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        date = parsedate_to_datetime(header)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
