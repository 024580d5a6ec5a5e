"""What every platform does when it is polled, over every recorded case.

Exact replay, nothing lost, nothing twice, and no fault taken for silence.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from aggregator import errors
from aggregator.collectors import platforms
from aggregator.collectors.base import Method, build
from aggregator.errors import Gone, RateLimited, SourceError, Unauthorized, Unavailable, Unreadable
from aggregator.model import Page
from tests.contracts.collecting import CASES, GOOD, allowed_nothing, assert_valid, at, each_case, http_for, ids, run
from tests.support.exchanges import Case, Exchange, RecordedHttp, plain, replayed

POLLED = tuple(case for case in GOOD if not case.backfill)


# -- what comes out


@each_case(GOOD)
def test_a_recording_replays_exactly(case: Case) -> None:
    assert [plain(page) for page in run(case, http_for(case))] == case.expected()


@each_case([case for case in CASES if case.fails])
def test_a_recorded_failure_is_the_error_it_should_be(case: Case) -> None:
    pages: list[Page] = []
    with pytest.raises(getattr(errors, case.fails)) as caught:
        pages.extend(replayed(case, http_for(case)))
    assert type(caught.value).__name__ == case.fails
    assert [plain(page) for page in pages] == case.expected()
    assert "\n" not in str(caught.value)
    assert not str(caught.value).endswith("."), "a fragment that composes with colons"


@each_case(GOOD)
def test_ids_addresses_and_times_are_valid(case: Case) -> None:
    assert_valid(run(case, http_for(case)))


@each_case(GOOD)
def test_only_declared_hosts_are_asked(case: Case) -> None:
    collector, http = build(platforms()[case.platform], case.options), http_for(case)
    run(case, http)
    read = b"".join(exchange.body for exchange in case.exchanges)
    for host in (urlsplit(asked).netloc for asked in http.asked):
        found = collector.manifest.method is not Method.API and host.encode() in read
        assert host in collector.hosts or found, f"{host} is neither declared nor named by a page that was read"


@each_case(GOOD)
def test_a_page_is_asked_for_only_when_it_is_wanted(case: Case) -> None:
    whole = http_for(case)
    pages = run(case, whole)
    http = http_for(case)
    reader = replayed(case, http)
    assert http.asked == []
    next(reader, None)
    assert len(pages) < 2 or len(http.asked) < len(whole.asked)


# -- the second poll


@each_case(POLLED)
def test_a_second_poll_with_the_same_replies_brings_nothing_new(case: Case) -> None:
    http = http_for(case)
    first = run(case, http)
    again = run(replace(case, cursor=first[-1].cursor if first else case.cursor), http)
    assert ids(again) <= ids(first)
    assert_valid(again)


@each_case(POLLED)
def test_replies_that_are_the_same_as_before_change_nothing(case: Case) -> None:
    http = http_for(case)
    first = run(case, http)
    after = replace(case, cursor=first[-1].cursor if first else case.cursor)
    second = run(after, http)
    settled = second[-1].cursor if second else after.cursor
    for same in (http_for(case, meddle=not_modified), http_for(case, unchanged=True)):
        third = run(replace(case, cursor=settled), same)
        assert ids(third) <= ids(first) | ids(second)
        assert not third or third[-1].cursor == settled


def not_modified(_: int, exchange: Exchange) -> Exchange:
    return replace(exchange, status=304, body=b"")


# -- cut anywhere


@each_case(GOOD)
def test_cut_after_any_page_nothing_is_lost(case: Case) -> None:
    whole = run(case, http_for(case))
    for count, page in enumerate(whole, start=1):
        rest = run(replace(case, cursor=page.cursor), http_for(case)) if page.cursor else []
        assert ids(whole[:count]) | ids(rest) >= ids(whole), f"cut after page {count}"


@each_case(GOOD)
def test_a_poll_that_is_always_cut_after_one_page_comes_to_its_end(case: Case) -> None:
    whole, cursor = run(case, http_for(case)), case.cursor
    found: list[Page] = []
    for _ in range(len(whole) + 1):
        page = next(replayed(replace(case, cursor=cursor), http_for(case)), None)
        if page is None:
            break
        found.append(page)
        cursor = page.cursor
    assert ids(found) >= ids(whole)


@each_case(GOOD)
def test_no_two_pages_with_entries_share_a_resume_point(case: Case) -> None:
    cursors = [page.cursor for page in run(case, http_for(case)) if page.entries]
    assert len(cursors) == len(set(cursors))


@each_case(GOOD)
def test_a_cursor_that_is_not_ours_is_an_error_and_not_a_fresh_start(case: Case) -> None:
    for foreign in ("[1]", "not a cursor", "7"):
        pages: list[Page] = []
        try:
            pages.extend(replayed(replace(case, cursor=foreign), http_for(case)))
        except Unreadable:
            continue
        assert all(page.cursor for page in pages), "a cursor was taken for the beginning"
        assert ids(pages) >= ids(run(case, http_for(case))), "a foreign cursor lost entries"


# -- faults


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way in which a reply goes wrong, and what must become of it."""

    change: Callable[[Exchange], Exchange]
    becomes: type[SourceError]


def status(code: int, **headers: str) -> Callable[[Exchange], Exchange]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: replace(exchange, status=code, headers={"Content-Type": "text/plain"} | named, body=b"no")


def body(content: bytes, media_type: str | None = None) -> Callable[[Exchange], Exchange]:
    headers = {"Content-Type": media_type} if media_type else None
    return lambda exchange: replace(exchange, status=200, body=content, headers=exchange.headers if headers is None else headers)


def timed_out(exchange: Exchange) -> Exchange:
    raise Unavailable(f"asking {exchange.url}: no answer within 20 s")


def cut(exchange: Exchange) -> Exchange:
    whole = exchange.body.rstrip()
    return replace(exchange, status=200, body=whole[: len(whole) * 2 // 3])


LATER = "Tue, 01 Dec 2026 07:28:00 GMT"
LOGIN = b"<!doctype html><html><head><title>Log in</title></head><body><p>Please log in.</p></body></html>"
FAULTS = {
    "401": Fault(change=status(401), becomes=Unauthorized),
    "403": Fault(change=status(403), becomes=Unauthorized),
    "404": Fault(change=status(404), becomes=Gone),
    "410": Fault(change=status(410), becomes=Gone),
    "429": Fault(change=status(429), becomes=RateLimited),
    "429 until": Fault(change=status(429, Retry_After=LATER), becomes=RateLimited),
    "500": Fault(change=status(500), becomes=Unavailable),
    "502": Fault(change=status(502), becomes=Unavailable),
    "503": Fault(change=status(503), becomes=Unavailable),
    "503 until": Fault(change=status(503, Retry_After=LATER), becomes=RateLimited),
    "time-out": Fault(change=timed_out, becomes=Unavailable),
    "cut": Fault(change=cut, becomes=Unreadable),
    "HTML": Fault(change=body(LOGIN, "text/html; charset=utf-8"), becomes=Unreadable),
    "empty": Fault(change=body(b""), becomes=Unreadable),
    "null": Fault(change=body(b"null"), becomes=Unreadable),
    "[]": Fault(change=body(b"[]"), becomes=Unreadable),
    "{}": Fault(change=body(b"{}"), becomes=Unreadable),
    "a number": Fault(change=body(b"7"), becomes=Unreadable),
    "deep": Fault(change=body(b"[" * 100_000 + b"]" * 100_000), becomes=Unreadable),
    "not text": Fault(change=body(b"\xff\xfe\x00\xd8\x00"), becomes=Unreadable),
}


@each_case([case for case in GOOD if case.exchanges])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_an_error_and_never_silence(case: Case, name: str) -> None:
    asked = http_for(case)
    run(case, asked)
    for number in range(len(asked.asked)):
        pages, error = attempt(case, http_for(case, meddle=at(number, FAULTS[name].change)))
        assert_fault(case, name, number, pages, error)


def attempt(case: Case, http: RecordedHttp) -> tuple[list[Page], SourceError | None]:
    pages: list[Page] = []
    try:
        pages.extend(replayed(case, http))
    except SourceError as error:
        return pages, error
    return pages, None


def assert_fault(case: Case, name: str, number: int, pages: list[Page], error: SourceError | None) -> None:
    place = f"request {number} of {case}, fault {name}"
    if error is None:
        said = any(page.remarks for page in pages) and not name[0].isdigit()
        assert name in allowed_nothing(case.platform) or said, f"{place}: taken for silence"
        return
    later = name.isdigit() and int(name) in platforms()[case.platform].manifest.transient
    # A 403 that means "later" is not the server's failure but its wish for rest.
    wanted = (RateLimited if name == "403" else Unavailable) if later else FAULTS[name].becomes
    assert type(error) is wanted or name in allowed_nothing(case.platform), f"{place}: {error!r}"
    assert "until" not in name or error.retry_at is not None, place
    assert len(str(error)) < 500, "a body stands in the message"


@each_case(GOOD)
def test_a_page_that_comes_a_second_time_is_an_error(case: Case) -> None:
    answers: list[Exchange] = []

    def keep(_: int, exchange: Exchange) -> Exchange:
        answers.append(exchange)
        return exchange

    run(case, http_for(case, meddle=keep))
    for number, (before, wanted) in enumerate(itertools.pairwise(answers), start=1):
        if before.body == wanted.body:
            continue
        pages, error = attempt(case, http_for(case, meddle=at(number, same_body(before))))
        assert error is not None or any(page.remarks for page in pages), f"request {number} of {case}: taken for progress"


def same_body(before: Exchange) -> Callable[[Exchange], Exchange]:
    return lambda exchange: replace(exchange, body=before.body)


@each_case(GOOD)
def test_pages_before_a_fault_have_come_out(case: Case) -> None:
    whole, asked = run(case, http_for(case)), http_for(case)
    list(itertools.islice(replayed(case, asked), len(whole)))
    last = len(asked.asked) - 1
    pages, error = attempt(case, http_for(case, meddle=at(last, FAULTS["500"].change)))
    if error is not None:
        assert pages == whole[: len(pages)]
