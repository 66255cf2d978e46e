"""A clock that is wrong, corrected by the service's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.engine.skew import EARLIEST, LATEST, LIMIT, THRESHOLD, Skew
from ec2lite.errors import SKEWED_CODES
from samples import NOW, http_date

ONE_SECOND = timedelta(seconds=1)


def learn(skew, date, *, code="RequestExpired", sent=NOW, seconds=0.0, signed_for=None, **headers):
    """Hand an answer with that ``Date`` to a skew; return whether it asks to sign again."""
    return skew.learn(
        code,
        ({} if date is None else {"date": date}) | headers,
        sent=sent,
        received=sent + timedelta(seconds=seconds),
        signed_for=signed_for or skew.correct(sent),
    )


def test_nothing_learned():
    """A clock is taken to be right until the service says otherwise."""
    skew = Skew()

    assert (timedelta(0), NOW) == (skew.offset, skew.correct(NOW))


@pytest.mark.parametrize("by", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=9)])
@pytest.mark.parametrize("code", sorted(SKEWED_CODES))
def test_learned(by, code):
    """A complaint of the time far from ours corrects the clock by the difference."""
    skew = Skew()

    assert learn(skew, http_date(NOW + by), code=code)
    assert (by, NOW + by) == (skew.offset, skew.correct(NOW))


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (THRESHOLD, True),
        (THRESHOLD - ONE_SECOND, False),
        (ONE_SECOND - THRESHOLD, False),
        (-THRESHOLD, True),
    ],
)
def test_threshold(by, expected):
    """Less than four minutes are taken for another reason's complaint."""
    skew = Skew()

    assert expected is learn(skew, http_date(NOW + by))
    assert (by if expected else timedelta(0)) == skew.offset


def test_threshold_is_four_minutes():
    """The threshold is that of the AWS SDKs."""
    assert timedelta(minutes=4) == THRESHOLD


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "InternalError", ""])
def test_other_codes(code):
    """Only some codes are about the time."""
    skew = Skew()

    assert not learn(skew, http_date(NOW + timedelta(hours=1)), code=code)
    assert timedelta(0) == skew.offset


def test_off():
    """A correction that is turned off learns nothing."""
    skew = Skew(enabled=False)

    assert not learn(skew, http_date(NOW + timedelta(hours=1)))
    assert timedelta(0) == skew.offset


@pytest.mark.parametrize("age", ["0", "7", ""])
def test_cache(age):
    """An Age header shows that a cache answered, whose date says nothing."""
    skew = Skew()

    assert not learn(skew, http_date(NOW + timedelta(hours=1)), age=age)


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "yesterday",
        "Fri, 99 Jan 2026 03:04:05 GMT",
        "Fri, 02 Jan 999999999999 03:04:05 GMT",
        "Fri, 02 Jan 2026 03:04:05 +9999999999",
        "\x00",
    ],
)
def test_no_date(date):
    """An answer without a date that can be read teaches nothing."""
    skew = Skew()

    assert not learn(skew, date)
    assert timedelta(0) == skew.offset


@pytest.mark.usefixtures("machine_zone")
@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", ""])
def test_zones(zone):
    """A date without a zone is GMT, as every HTTP date is."""
    skew = Skew()

    assert learn(skew, f"Fri, 02 Jan 2026 05:04:05 {zone}".rstrip())
    assert timedelta(hours=2) == skew.offset


def test_other_zone():
    """A date in another zone is understood."""
    skew = Skew()

    assert learn(skew, "Fri, 02 Jan 2026 05:04:05 -0100")
    assert timedelta(hours=3) == skew.offset


def test_midpoint():
    """The date belongs to the middle between sending and receiving."""
    skew = Skew()

    assert learn(skew, http_date(NOW + timedelta(minutes=10)), seconds=60)
    assert timedelta(minutes=9, seconds=30) == skew.offset


def test_slow_answer():
    """An answer that took long is compared with the time in its middle, not with its ends."""
    skew = Skew()

    assert not learn(skew, http_date(NOW + timedelta(minutes=5)), seconds=600)
    assert learn(skew, http_date(NOW + timedelta(minutes=9)), seconds=600)
    assert timedelta(minutes=4) == skew.offset


def test_learned_before():
    """What was signed for about the right time is not the clock's fault, however wrong that is."""
    skew = Skew(offset=timedelta(hours=1))

    assert not learn(skew, http_date(NOW + timedelta(hours=1, minutes=2)))
    assert timedelta(hours=1) == skew.offset


def test_learned_by_another():
    """A request signed before another's lesson is signed again, with the offset found anew."""
    skew = Skew(offset=timedelta(hours=1))

    assert learn(skew, http_date(NOW + timedelta(hours=1, minutes=2)), signed_for=NOW)
    assert timedelta(hours=1, minutes=2) == skew.offset


def test_clock_set_right():
    """An offset that no longer holds, because somebody set the clock, is taken back."""
    skew = Skew(offset=timedelta(hours=1))

    assert learn(skew, http_date(NOW))
    assert timedelta(0) == skew.offset


@given(
    st.timedeltas(timedelta(days=-900), timedelta(days=900)),
    st.timedeltas(timedelta(0), timedelta(minutes=5)),
)
def test_converges(by, travel):
    """After one lesson the time to sign for is right within the journey and the date's second."""
    skew = Skew()
    service = (NOW + by).replace(microsecond=0)
    arrived = service + travel / 2

    learn(skew, http_date(arrived), seconds=travel.total_seconds())

    right = NOW + travel + by
    limit = max(THRESHOLD, travel) + 2 * ONE_SECOND
    assert abs(skew.correct(NOW + travel) - right) <= limit


@given(st.text() | st.dates().map(str))
def test_any_date(date):
    """No Date header breaks a call."""
    assert learn(Skew(), date) in {True, False}


@pytest.mark.parametrize(
    ("by", "expected"), [(LIMIT, True), (LIMIT + ONE_SECOND, False), (LIMIT - ONE_SECOND, True)]
)
def test_limit(by, expected):
    """A clock that would be more than a century off is not believed to be."""
    skew = Skew()

    assert expected is learn(skew, http_date(NOW), sent=NOW - by)
    assert (by if expected else timedelta(0)) == skew.offset


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (EARLIEST, True),
        (EARLIEST - ONE_SECOND, False),
        (LATEST - ONE_SECOND, True),
        (LATEST, False),
    ],
)
def test_dates_of_real_clocks(date, expected):
    """A date that no service's clock shows is wrong itself."""
    skew = Skew()

    assert expected is learn(skew, http_date(date))


def again(skew, date, **others):
    """Hand over the second complaint of a call."""
    code, headers = "RequestExpired", {} if date is None else {"date": date}
    return skew.learn(code, headers, sent=NOW, received=NOW, signed_for=skew.correct(NOW), **others)


FORGED = timedelta(days=400)


@pytest.mark.parametrize("date", [http_date(NOW), http_date(NOW + timedelta(hours=5)), None])
def test_wrong_correction(date):
    """A call takes one correction; if the service still complains, that one is forgotten."""
    skew = Skew(offset=FORGED)

    assert again(skew, date, is_corrected=True)
    assert timedelta(0) == skew.offset
    assert not again(skew, date, is_corrected=True)
    assert timedelta(0) == skew.offset


@pytest.mark.parametrize("headers", [{}, {"date": http_date(NOW), "age": "5"}, {"date": "soon"}])
def test_forgotten(headers):
    """An offset is forgotten, too, if a complaint does not tell the time: it may be wrong."""
    skew = Skew(offset=FORGED)
    given = {"sent": NOW, "received": NOW, "signed_for": skew.correct(NOW)}

    assert skew.learn("AuthFailure", headers, **given)
    assert timedelta(0) == skew.offset


def test_right_correction():
    """A complaint at about the right time has another reason: the correction stays."""
    skew = Skew(offset=timedelta(hours=1))

    assert not again(skew, http_date(NOW + timedelta(hours=1)), is_corrected=True)
    assert timedelta(hours=1) == skew.offset


def test_forgotten_by_another():
    """An offset that another call has found meanwhile is kept, and signed with."""
    skew = Skew(offset=timedelta(hours=2))

    assert learn(skew, None, signed_for=NOW + timedelta(hours=1))
    assert timedelta(hours=2) == skew.offset


def test_last_date():
    """A date at the end of time breaks neither this call nor the next one."""
    skew = Skew()

    assert not learn(skew, "Fri, 31 Dec 9999 23:59:59 GMT")
    assert NOW + timedelta(days=1) == skew.correct(NOW + timedelta(days=1))


def test_first_clock():
    """A clock at the beginning of time does not break a call either."""
    first = datetime(1, 1, 1, tzinfo=UTC)

    assert not learn(Skew(), http_date(NOW), sent=first)
