"""Dates as the web writes them, and what is no date."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.dates import Precision, parse_date, read_date

THIRD = datetime(2019, 2, 3, tzinfo=UTC)
TEN = datetime(2019, 2, 3, 10, tzinfo=UTC)
NINE = datetime(2019, 2, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Sun, 03 Feb 2019 10:00:00 GMT", TEN),
        ("Sun, 3 Feb 2019 10:00:00 +0000", TEN),
        ("Sun, 03 Feb 2019 10:00:00 +0100", NINE),
        ("Mon, 03 Feb 2019 10:00:00 GMT", TEN),  # the wrong day of the week
        ("Sunday, 03-Feb-19 10:00:00 GMT", TEN),  # RFC 850
        ("03 Feb 2019 05:00 EST", TEN),
        ("Sun, 03 Feb 2019 10:00:00 GMT+0100", NINE),
        ("Sun Feb  3 10:00:00 UTC 2019", TEN),
        ("Sun Feb 03 2019 10:00:00 GMT+0100 (CET)", NINE),
        ("2019-02-03T10:00:00Z", TEN),
        ("2019-02-03T10:00:00.000+0100", NINE),
        ("2019-02-03T10:00+01:00", NINE),
        ("2019-02-03t10:00:00z", TEN),
        ("2019-02-03 10:00:00 UTC", TEN),  # Rails
        ("2019-02-03 10:00:00 +0100", NINE),
        ("20190203T100000Z", TEN),
        ("1549188000", TEN),
        ("1549188000000", TEN),
        ("February 3, 2019 at 10:00 AM UTC", TEN),
        ("02 Feb 2019 24:00:00 GMT", THIRD),
        ("Sun, 03 Feb 2019 10:00:00 XYZ", TEN),  # no zone that anybody knows: UTC
        ("2019-02-03T10:00:00", TEN),
    ],
)
def test_an_instant_is_read_in_utc(text: str, instant: datetime) -> None:
    assert parse_date(text) == (instant, False)


@pytest.mark.parametrize(
    "text",
    [
        "2019-02-03", "2019/02/03", "2019-2-3", "20190203", "3 February 2019", "03 Feb 2019", "Feb 3, 2019", "Feb. 3, 2019",
        "February 3rd, 2019",
        "Sunday 3rd of February 2019", "3. Februar 2019", "3 février 2019", "3 de febrero de 2019", "3 febbraio 2019",
        "3 de fevereiro de 2019",
        "3 februari 2019", "3. helmikuuta 2019", "3 lutego 2019", "3 února 2019", "3 февраля 2019 г.", "3 лютого 2019", "3 Şubat 2019",
        "2019. február 3.", "2019年2月3日", "2019년 2월 3일",
    ],
)  # fmt: skip
def test_a_day_is_read_as_a_day(text: str) -> None:
    assert parse_date(text) == (THIRD, True)


@pytest.mark.parametrize("text", ["25/12/2018", "12/25/2018", "25.12.2018", "25-12-2018"])
def test_numbers_are_read_where_only_one_can_be_the_month(text: str) -> None:
    assert parse_date(text) == (datetime(2018, 12, 25, tzinfo=UTC), True)


@pytest.mark.parametrize(
    "text",
    [
        "", "03/04/2019", "3.4.2019", "2019", "2019-02", "February 2019", "yesterday", "3 days ago", "2019-02-30", "30 Feb 2019",
        "2019-13-01", "2019-02-03T25:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
        "2 listopada 2019",
        "12345", "123456789012", "version 2019-02-03", "3 Thermidor 2019", "Sun, 99 Foo 2019 10:00:00 GMT", "-0001-02-03",
    ],
)  # fmt: skip
def test_what_is_no_date_or_could_be_two_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_the_offset_is_kept_as_it_was_written() -> None:
    written = read_date("2019-02-03T10:00:00+05:30")
    assert written is not None
    assert written.at.isoformat() == "2019-02-03T10:00:00+05:30"


@pytest.mark.parametrize("text", ["2019-02-03T10:00:00", "February 3, 2019 10:00 AM", "Sun Feb  3 10:00:00 2019"])
def test_a_time_without_a_zone_is_told_apart(text: str) -> None:
    written = read_date(text)
    assert written is not None
    assert (written.at, written.precision) == (TEN, Precision.FLOATING)


_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_instants = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=_zones).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001 - hypothesis adds the zone


@given(_instants)
def test_what_the_standard_library_writes_is_read_back(at: datetime) -> None:
    assert parse_date(at.isoformat()) == (at, False)
    assert parse_date(format_datetime(at)) == (at, False)


@given(st.text(max_size=120) | st.text("0123456789-:/.TZ +JanFebmar,", max_size=40))
def test_any_text_gives_a_utc_time_or_none(text: str) -> None:
    found = parse_date(text)
    assert found is None or found[0].utcoffset() == timedelta(0)
