"""Statuses and headers become the error whose next step fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import Gone, RateLimited, SourceError, Unauthorized, Unavailable, Unreadable, Walled
from aggregator.fetch.status import LONGEST, error_for, shown

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "https://example.org/feed"


def error(status: int, headers: dict[str, str] | None = None, *, now: datetime | None = NOW, body: bytes = b"") -> SourceError | None:
    return error_for(URL, status, headers or {}, now=now, body=body)


@pytest.mark.parametrize("status", [200, 201, 204, 206, 299, 304])
def test_good_replies_are_no_error(status: int) -> None:
    assert error(status) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, Unreadable), (305, Unreadable), (400, Unreadable), (401, Unauthorized), (403, Unauthorized), (404, Gone), (406, Unreadable),
        (408, Unavailable), (410, Gone), (418, Unreadable), (422, Unreadable), (425, Unavailable), (429, RateLimited), (500, Unavailable),
        (502, Unavailable), (503, Unavailable), (504, Unavailable), (520, Unavailable), (599, Unavailable), (999, Unavailable),
    ],
)  # fmt: skip
def test_each_status_has_its_class_and_is_kept(status: int, kind: type[SourceError]) -> None:
    found = error(status)
    assert type(found) is kind
    assert found.status == status
    assert found.retry_at is None


@pytest.mark.parametrize(
    ("header", "value", "wait"),
    [
        ("retry-after", "120", timedelta(minutes=2)),
        ("retry-after", " 120 ", timedelta(minutes=2)),
        ("retry-after", "1.5", timedelta(seconds=1.5)),
        ("retry-after", "Sun, 22 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
        ("retry-after", "Sunday, 22-Nov-26 13:00:00 GMT", timedelta(hours=1)),
        ("retry-after", "99999999999999999999", LONGEST),
        ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("retry-after", "0", None),
        ("retry-after", "-5", None),
        ("retry-after", "soon", None),
        ("retry-after", "Sun, 22 Nov 2026 11:00:00 GMT", None),
        ("x-ratelimit-reset", "2026-11-22T12:05:00.123Z", timedelta(minutes=5, milliseconds=123)),
        ("x-ratelimit-reset", str(int(NOW.timestamp()) + 60), timedelta(minutes=1)),
        ("x-ratelimit-reset", f"{NOW.timestamp() + 60:.3f}", timedelta(minutes=1)),
        ("x-ratelimit-reset", str((int(NOW.timestamp()) + 60) * 1000), timedelta(minutes=1)),
        ("x-ratelimit-reset", "9" * 20, None),
        ("ratelimit-reset", "30", timedelta(seconds=30)),
        ("ratelimit-reset", str(int(NOW.timestamp()) + 60), timedelta(minutes=1)),
        ("ratelimit", '"default";r=0;t=30', timedelta(seconds=30)),
        ("ratelimit", "limit=100, remaining=0, reset=45", timedelta(seconds=45)),
    ],
)
def test_the_servers_word_on_when_to_come_back_is_understood_and_capped(header: str, value: str, wait: timedelta | None) -> None:
    found = error(429, {header: value})
    assert type(found) is RateLimited
    assert found.retry_at == (None if wait is None else NOW + wait)


def test_retry_after_wins_over_the_reset_of_the_rate_limit() -> None:
    found = error(429, {"retry-after": "60", "x-ratelimit-reset": "2026-11-22T15:00:00Z"})
    assert found is not None
    assert found.retry_at == NOW + timedelta(minutes=1)


def test_a_503_is_a_wait_only_with_retry_after() -> None:
    assert type(error(503, {"retry-after": "60"})) is RateLimited
    assert type(error(503, {"x-ratelimit-reset": "2026-11-22T15:00:00Z"})) is Unavailable


def test_a_403_with_a_spent_limit_is_a_wait() -> None:
    found = error(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 60)})
    assert type(found) is RateLimited
    assert found.retry_at == NOW + timedelta(minutes=1)


def test_a_bot_wall_is_left_alone_for_a_day() -> None:
    by_header = error(403, {"cf-mitigated": "challenge", "content-type": "text/html"})
    by_page = error(503, {"content-type": "text/html; charset=UTF-8"}, body=b"<html><head><title>Just a moment...</title>")
    for found in (by_header, by_page):
        assert type(found) is Walled
        assert found.retry_at == NOW + timedelta(days=1)


def test_without_a_clock_no_date_is_made_from_seconds() -> None:
    in_seconds = error(429, {"retry-after": "120"}, now=None)
    as_date = error(429, {"retry-after": "Sun, 22 Nov 2026 13:00:00 GMT"}, now=None)
    assert in_seconds is not None
    assert as_date is not None
    assert in_seconds.retry_at is None
    assert as_date.retry_at == NOW + timedelta(hours=1)


def test_a_platforms_transient_statuses_are_only_unavailable() -> None:
    found = error_for(URL, 404, {}, transient=frozenset({404}), now=NOW)
    assert type(found) is Unavailable


def test_a_spent_quota_of_a_google_api_rests_until_midnight_in_california() -> None:
    body = b'{"error":{"code":403,"errors":[{"domain":"youtube.quota","reason":"quotaExceeded"}]}}'
    found = error(403, body=body)
    assert type(found) is RateLimited
    assert found.retry_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_a_wrong_key_of_a_google_api_is_the_operators_to_mend() -> None:
    body = b'{"error":{"code":400,"errors":[{"reason":"badRequest"}],"details":[{"reason":"API_KEY_INVALID"}]}}'
    assert type(error(400, body=body)) is Unauthorized


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://example.org/a?tag=x&api_key=s3cret#top", "https://example.org/a?tag=x&api_key=…"),
        ("https://ada:pw@example.org/a", "https://example.org/a"),
        ("https://example.org/a?access_token=s3cret&n=1", "https://example.org/a?access_token=…&n=1"),
        ("https://example.org/\r\nX: y", "https://example.org/X: y"),
        ("https://example.org/" + "a" * 300, "https://example.org/" + "a" * 79 + "…"),
        ("http://[broken/a?key=s3cret", "http://[broken/a?key=…"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, seen: str) -> None:
    assert shown(url) == seen


NAMES = ["retry-after", "x-ratelimit-reset", "ratelimit-reset", "ratelimit", "cf-mitigated", "content-type", "x-ratelimit-remaining"]
HEADERS = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(st.text(max_size=30), st.from_regex(r"[0-9]{1,25}(\.[0-9]{0,3})?", fullmatch=True), st.datetimes().map(str)),
)


@given(st.text(max_size=60), st.integers(100, 999), HEADERS, st.binary(max_size=60))
def test_no_reply_breaks_the_judgement_and_no_wait_is_longer_than_a_month(
    url: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    found = error_for(url, status, headers, now=NOW, body=body)
    assert (found is None) == (200 <= status < 300 or status == 304)
    if found is not None and found.retry_at is not None:
        assert NOW < found.retry_at <= NOW + LONGEST


def meta(code: int) -> bytes:
    return b'{"error":{"message":"(#%d) no","type":"OAuthException","code":%d,"fbtrace_id":"A1"}}' % (code, code)


@pytest.mark.parametrize(
    ("codes", "becomes"), [((4, 17, 32, 613), RateLimited), ((10, 190, 200), Unauthorized), ((1, 100, 1900), Unreadable)]
)
def test_meta_says_in_the_body_what_its_400_means(codes: tuple[int, ...], becomes: type[SourceError]) -> None:
    assert {type(error(400, body=meta(code))) for code in codes} == {becomes}


def test_a_wait_in_the_body_of_a_429_is_kept_and_the_header_outranks_it() -> None:
    body = b'{"message":"You are being rate limited.","retry_after":64.57,"global":false}'
    said = [error(429, body=body), error(429, {"retry-after": "90"}, body=body)]
    assert [one and one.retry_at for one in said] == [NOW + timedelta(seconds=65), NOW + timedelta(seconds=90)]
