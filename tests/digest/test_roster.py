"""Subscribers as CSV: what other programs write is read, and what is written can be read."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.roster import Roster, read, written
from aggregator.model import Subscriber, SubscriberState, Topic
from aggregator.settings import Digest, Settings, Site

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DIGEST = Digest(sender="digest@example.org", rhythms={"weekly": "0 8 * * mon", "monthly": "0 8 1 * *"})
SETTINGS = Settings(
    file=Path("sources.yaml"),
    site=Site(title="Crews"),
    topics=(Topic(id="care", title="Care", any_of=("care",)), Topic(id="crews", title="Crews", any_of=("crews",))),
    sources=(),
    digest=DIGEST,
)


def reading(raw: bytes | str) -> Roster:
    raw = raw.encode() if isinstance(raw, str) else raw
    return read(raw, file="people.csv", source="sign-up sheet", settings=SETTINGS, digest=DIGEST, now=NOW)


def people(raw: bytes | str) -> list[tuple[str, str, tuple[str, ...], str]]:
    """Address, day of consent, topics and rhythm of everybody in a file in which nothing is wrong."""
    roster = reading(raw)
    assert roster.problems == ()
    return [(one.address, f"{one.asked_at:%Y-%m-%d}", one.topics, one.rhythm) for one in roster.subscribers]


def wrong(raw: bytes | str) -> list[tuple[int | None, str, str]]:
    """Line, column and message of every problem."""
    return [(one.line, one.key, one.message) for one in reading(raw).problems]


ADA, BO = ("ada@example.org", "2025-03-01", (), "weekly"), ("bo@example.org", "2025-03-02", (), "weekly")


def test_a_row_is_somebody_who_consented() -> None:
    [one] = reading("address,consent,topics,rhythm\nAda@example.org,2025-03-01,crews care,monthly\n").subscribers
    day = datetime(2025, 3, 1, tzinfo=UTC)
    assert one == Subscriber(
        id=one.id,
        address="Ada@example.org",
        state=SubscriberState.ACTIVE,
        rhythm="monthly",
        topics=("care", "crews"),
        source="sign-up sheet",
        asked_at=day,
        confirmed_at=day,
    )
    assert len(one.id) == 16


@pytest.mark.parametrize(
    "raw",
    [
        "address,consent\nada@example.org,2025-03-01\nbo@example.org,2025-03-02\n",
        # Without the last line's end; ends of lines as Windows and old Macs write them; empty lines.
        "address,consent\nada@example.org,2025-03-01\nbo@example.org,2025-03-02",
        "address,consent\r\nada@example.org,2025-03-01\r\n\r\nbo@example.org,2025-03-02\r\n,\r\n",
        "address,consent\rada@example.org,2025-03-01\rbo@example.org,2025-03-02\r",
        # As Excel writes it: a mark at the beginning, the separator of the country, a word about it.
        b"\xef\xbb\xbfaddress;consent\r\nada@example.org;2025-03-01\r\nbo@example.org;2025-03-02\r\n",
        "sep=;\r\naddress;consent\r\nada@example.org;2025-03-01\r\nbo@example.org;2025-03-02\r\n",
        "address\tconsent\nada@example.org\t2025-03-01\nbo@example.org\t2025-03-02\n".encode("utf-16"),
        # Quoted, spaced, in another order, with columns of their own, and names that are not UTF-8.
        '"address","consent"\n"ada@example.org","2025-03-01"\n" bo@example.org "," 2025-03-02"\n',
        "Consent,Address\n2025-03-01,ada@example.org\n2025-03-02,bo@example.org\n",
        "Name;Address;Consent\nJos\xe9;ada@example.org;2025-03-01\n;bo@example.org;2025-03-02\n".encode("cp1252"),
        # As other programs call it, with times.
        "Email Address,First Name,CONFIRM_TIME\nada@example.org,Ada,2025-03-01 10:00:00\nbo@example.org,Bo,2025-03-02T23:59:59Z\n",
        'address,consent,name\nada@example.org,2025-03-01,"Ada, with\na line"\nbo@example.org,2025-03-02,\n',
    ],
)  # fmt: skip
def test_what_other_programs_write_is_read(raw: bytes | str) -> None:
    assert people(raw) == [ADA, BO]


def test_a_time_with_a_zone_is_kept_in_utc() -> None:
    [one] = reading("address,consent\nada@example.org,2025-03-01T00:30:00+02:00\n").subscribers
    assert one.asked_at == datetime(2025, 2, 28, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize("topics", ["care crews", "crews, care", "care; crews", "care|crews", " crews  care care"])
def test_topics_are_parted_by_whatever_parts_words(topics: str) -> None:
    assert people(f'address,consent,topics\nada@example.org,2025-03-01,"{topics}"\n') == [
        ("ada@example.org", "2025-03-01", ("care", "crews"), "weekly")
    ]


def test_an_address_that_stands_twice_is_taken_once_as_it_first_stands() -> None:
    roster = reading("address,consent,rhythm\nada@example.org,2025-03-01,monthly\nADA@example.org,2025-03-02,\n")
    assert [(one.address, one.rhythm) for one in roster.subscribers] == [("ada@example.org", "monthly")]
    assert roster.again == 1


def test_columns_that_nothing_needs_are_named() -> None:
    assert reading("address,Name,consent,Shoe size,\nada@example.org,Ada,2025-03-01,38,\n").unused == ("Name", "Shoe size")


# -- what is wrong


def test_everything_that_is_wrong_is_told_at_once_with_its_line() -> None:
    raw = (
        "address,consent,rhythm,topics\n"
        "ada,2025-03-01,,\n"
        "bo@example.org,,daily,cats\n"
        '"cy@example.org\n",01.03.2025,,\n'
        "dee@example.org\n"
        "eve@example.org,2025-03-01,weekly,care\n"
    )
    assert [(line, key) for line, key, _message in wrong(raw)] == [
        (2, "address"), (3, "consent"), (3, "rhythm"), (3, "topics"), (4, "consent"), (6, "consent"),
    ]  # fmt: skip


def test_messages_say_what_to_do_and_name_no_address() -> None:
    raw = "address,consent,rhythm,topics\nada at example,2025,daily,cats\nbo@example.org,,,\ndigest@example.org,2030-01-01,,\n"
    messages = [message for _line, _key, message in wrong(raw)]
    assert messages == [
        "Write one mail address, such as ada@example.org.",
        "This is no date. Write the day on which they agreed, as in 2026-11-22.",
        "There is no such rhythm. Choose one of: weekly, monthly.",
        "There is no such topic. Choose among: care, crews.",
        "There is no date of consent, and without one nobody is taken. Write the day on which they agreed, as in 2026-11-22.",
        "This is the digest's own address. Leave the line out.",
        "Consent lies in the past. Write the day on which they agreed, as in 2026-11-22.",
    ]


@pytest.mark.parametrize(("day", "good"), [(NOW, True), (NOW + timedelta(days=2), False), (datetime(1989, 12, 31, tzinfo=UTC), False)])
def test_consent_lies_in_the_past_and_not_before_there_was_mail(day: datetime, good: bool) -> None:
    assert (wrong(f"address,consent\nada@example.org,{day:%Y-%m-%d}\n") == []) is good


@pytest.mark.parametrize(
    "raw", ["", "\n\n", "ada@example.org,2025-03-01\n", "address\nada@example.org\n", "consent,name\n2025-03-01,Ada\n"]
)
def test_without_the_two_columns_nothing_is_read(raw: str) -> None:
    [(line, _key, message)] = wrong(raw)
    assert line == 1
    assert message.endswith("Begin the file with: address,consent,topics,rhythm")
    assert "ada@" not in message
    assert reading(raw).unused == ()


def test_a_row_with_more_cells_than_the_first_line_is_not_guessed_at() -> None:
    [(line, _key, message)] = wrong("address,consent\nAda, the first,ada@example.org,2025-03-01\n")
    assert (line, message) == (2, "It has 4 cells, and the first line 2. Put cells that hold the separator in quotes.")


def test_a_quote_that_was_never_closed_is_told() -> None:
    [(line, _key, message)] = wrong('address,consent\nada@example.org,"2025-03-01\n' + "bo@example.org,2025-03-02\n" * 6000)
    assert (line, message) == (2, "This line cannot be read. Save the table as CSV (UTF-8) again.")


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"address,consent\n{text}".encode("utf-8", "surrogatepass")))
def test_whatever_stands_in_a_file_it_is_read_or_told(raw: bytes) -> None:
    roster = reading(raw)
    assert roster.problems or all(one.state is SubscriberState.ACTIVE for one in roster.subscribers)


# -- writing


def reader(address: str = "ada@example.org", **rest: object) -> Subscriber:
    made = Subscriber(
        id="a" * 16,
        address=address,
        state=SubscriberState.ACTIVE,
        rhythm="monthly",
        topics=("care", "crews"),
        source="form",
        asked_at=NOW - timedelta(days=2),
        confirmed_at=NOW - timedelta(days=1),
    )
    return replace(made, **rest)  # type: ignore[arg-type]  # fields of Subscriber


def test_what_is_written_is_a_table_with_the_day_of_consent() -> None:
    assert written([reader(), reader("bo@example.org", topics=(), source='sheet "A", signed', rhythm="weekly")]) == (
        "address,consent,topics,rhythm,source,asked\r\n"
        "ada@example.org,2026-11-21T09:00:00+00:00,care crews,monthly,form,2026-11-20T09:00:00+00:00\r\n"
        'bo@example.org,2026-11-21T09:00:00+00:00,,weekly,"sheet ""A"", signed",2026-11-20T09:00:00+00:00\r\n'
    )


FORMULAS = [
    "'=1+1@example.org",
    "''ada@example.org",
    "=1+1@example.org",
    "+ada@example.org",
    "-ada@example.org",
    "=cmd|'/C'!A0@example.org",
]


@pytest.mark.parametrize("address", FORMULAS)
def test_no_cell_is_run_by_a_spreadsheet_and_the_address_comes_back_whole(address: str) -> None:
    text = written([reader(address, source='=HYPERLINK("https://evil.example")')])
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    assert [one.address for one in reading(text).subscribers] == [address]


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9=+'-]{1,12}@[a-z]{1,8}\.example", fullmatch=True),
            st.sampled_from([(), ("care",), ("care", "crews")]),
            st.sampled_from(["weekly", "monthly"]),
            st.datetimes(datetime(1991, 1, 1), datetime(2026, 11, 21), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis wants them naive
        ),
        unique_by=lambda one: one[0],
        max_size=8,
    )
)
def test_whoever_is_written_is_read_again(table: list[tuple[str, tuple[str, ...], str, datetime]]) -> None:
    everybody = [
        reader(address, topics=topics, rhythm=rhythm, confirmed_at=day.replace(microsecond=0), source="sign-up sheet")
        for address, topics, rhythm, day in table
    ]
    found = reading(written(everybody))
    assert found.problems == ()
    assert [replace(one, id="", asked_at=NOW) for one in found.subscribers] == [replace(one, id="", asked_at=NOW) for one in everybody]
    assert all(one.asked_at == one.confirmed_at for one in found.subscribers)
