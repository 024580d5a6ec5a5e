"""X: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collectors._x_post import Found, entry_of, written_at
from aggregator.collectors.base import Standing, build, pack
from aggregator.collectors.x import LIMIT, X
from aggregator.errors import BadOption, MissingSecret, Unauthorized, Unreadable
from aggregator.model import Entry, GapReason, Kind, Missed, Page, Restriction
from tests.support.exchanges import Exchange, RecordedHttp, cases, plain, replayed

ADA = {"id": "12", "username": "ada", "name": "Ada"}
OLD, MIDDLE, NEW = "2123700000000000000", "2123706672739254273", "2123710000000000000"
TAG = X(tag="crews")


def post(id: str = MIDDLE, text: str = "Of #crews", /, **more: Any) -> dict[str, Any]:
    return {"id": id, "text": text, "author_id": "12", "created_at": "2026-11-20T09:15:02.000Z", **more}


def read(post: dict[str, Any]) -> Entry:
    entry = entry_of(post, {"12": ADA})
    assert entry is not None
    return entry


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://x.com/hashtag/microsolidarity", {"tag": "microsolidarity"}),
        ("https://twitter.com/hashtag/microsolidarity?src=hash", {"tag": "microsolidarity"}),
        ("https://x.com/search?q=%22crew+of+five%22&f=live", {"search": '"crew of five"'}),
        ("https://mobile.twitter.com/Ada/", {"account": "ada"}),
        ("https://x.com/ada/status/2123706672739254273", None),
        ("https://x.com/home", None),
        ("https://x.com/messages", None),
        ("https://x.com/search", None),
        ("https://example.org/hashtag/microsolidarity", None),
    ],
)
def test_pages_of_x_are_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert X.recognise(address) == options


def test_a_single_post_is_no_source_and_is_pasted_instead() -> None:
    assert "`aggregator add`" in (X.declined("https://x.com/ada/status/2123706672739254273") or "")
    assert X.declined("https://example.org/ada/status/2123706672739254273") is None


@pytest.mark.parametrize("options", [{}, {"tag": "a", "search": "b"}, {"account": "not a name"}, {"search": "a" * 600}])
def test_what_cannot_be_asked_is_said(options: Mapping[str, str]) -> None:
    with pytest.raises(BadOption):
        build(X, options)


def test_without_the_key_nothing_is_asked() -> None:
    http = RecordedHttp([])
    with pytest.raises(MissingSecret):
        list(TAG.poll(http, ""))
    assert http.asked == []


# -- one post


def test_a_long_post_has_the_text_the_links_and_the_tags_of_its_whole() -> None:
    whole = {
        "text": "A beginning and https://t.co/b #crews",
        "entities": {"urls": [{"url": "https://t.co/b", "expanded_url": "https://b.example/"}]},
    }
    for name in ("note_tweet", "note_post"):
        entry = read(post(MIDDLE, "A beginning …", **{name: whole}))
        assert (entry.text, entry.links) == ("A beginning and https://b.example/ #crews", ("https://b.example/",))


def test_the_versions_of_an_edited_post_are_one_post_known_by_the_first() -> None:
    for name in ("edit_history_tweet_ids", "edit_history_post_ids"):
        first, second = read(post(OLD, **{name: [OLD]})), read(post(MIDDLE, "Now of #crews", **{name: [OLD, MIDDLE]}))
        assert first.native_id == second.native_id == OLD
        assert (first.updated, second.updated) == (None, datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC))
        assert second.url == f"https://x.com/ada/status/{MIDDLE}"
        assert second.aliases == (f"https://x.com/i/status/{OLD}",)
        assert second.published == written_at(OLD)


def test_the_text_is_never_cut_by_places_that_count_emoji_otherwise() -> None:
    urls = [{"start": 2, "end": 5, "url": "https://t.co/a", "expanded_url": "https://a.example/"}]
    assert read(post(MIDDLE, "👩‍👩‍👧 see https://t.co/a 🧡", entities={"urls": urls})).text == "👩‍👩‍👧 see https://a.example/ 🧡"


def test_an_answer_goes_with_what_it_answers_and_a_quote_with_what_it_quotes() -> None:
    quoted, answered = {"type": "quoted", "id": "1"}, {"type": "replied_to", "id": "2"}
    assert read(post(referenced_tweets=[quoted])).in_reply_to == "https://x.com/i/status/1"
    assert read(post(referenced_posts=[quoted, answered])).in_reply_to == "https://x.com/i/status/2"


def test_a_protected_account_and_a_retweet_are_left_out() -> None:
    assert entry_of(post(), {"12": {**ADA, "protected": True}}) is None
    assert entry_of(post(referenced_tweets=[{"type": "retweeted", "id": "1"}]), {"12": ADA}) is None


def test_no_post_may_be_quoted() -> None:
    assert [entry.restrictions for case in cases("x") for page in _pages(case) for entry in page.entries if entry.restrictions != (
        Restriction.WORDLESS,
    )] == []  # fmt: skip


def _pages(case: Any) -> list[Page]:
    return [] if case.fails else list(replayed(case, RecordedHttp(case.exchanges, authorised=True)))


def test_the_time_of_a_post_stands_in_its_id() -> None:
    assert written_at(MIDDLE) == datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC)
    assert [written_at(one) for one in ("20", "", "abc", "9" * 30)] == [None] * 4


# -- asking


def answered(*posts: str, token: str = "", authors: int = 1) -> bytes:
    meta = {"result_count": len(posts), **({"newest_id": posts[0]} if posts else {}), **({"next_token": token} if token else {})}
    users = [{**ADA, "id": str(12 + number)} for number in range(authors)]
    return json.dumps({"data": [post(one) for one in posts], "includes": {"users": users}, "meta": meta}).encode()


def asked(body: bytes, status: int = 200, **params: str) -> Exchange:
    from aggregator.collectors.x import _FIELDS
    from tests.support.exchanges import settled

    query = {"query": "#crews -is:retweet", "max_results": str(LIMIT), **_FIELDS, **params}
    return Exchange(url=settled("https://api.x.com/2/tweets/search/recent", query), status=status, body=body)


def test_a_floor_older_than_a_week_is_let_go_and_the_gap_is_told_once() -> None:
    http = RecordedHttp(
        [asked(b"{}", 400, since_id=OLD), asked(answered(NEW, token="t")), asked(answered(MIDDLE), next_token="t")], authorised=True
    )
    first, second = TAG.poll(http, pack(since=OLD))
    assert (second.missed, second.cursor) == (None, pack(since=NEW))
    assert first.missed is not None
    assert (first.missed.reason, first.missed.since) == (GapReason.WITHHELD, written_at(OLD))


def test_a_week_in_which_nothing_was_written_is_no_gap_and_one_in_which_nobody_looked_is() -> None:
    """The newest post of a quiet hashtag is always older than the search reaches."""

    def poll(seen: str, date: str) -> Page:
        quiet = replace(asked(json.dumps({"meta": {"result_count": 0}}).encode()), headers={"Date": date})
        (page,) = TAG.poll(RecordedHttp([asked(b"{}", 400, since_id=OLD), quiet], authorised=True), pack(since=OLD, seen=seen))
        return page

    looked = poll("2026-12-24T06:00:00+00:00", "Thu, 24 Dec 2026 12:00:00 GMT")
    assert (looked.missed, looked.cursor) == (None, pack(seen="2026-12-24T12:00:00+00:00"))
    missed = poll("2026-12-01T06:00:00+00:00", "Thu, 24 Dec 2026 12:00:00 GMT").missed
    assert missed == Missed(
        reason=GapReason.WITHHELD, since=datetime(2026, 12, 1, 6, tzinfo=UTC), until=datetime(2026, 12, 17, 12, tzinfo=UTC)
    )


def test_a_walk_counts_as_looked_from_when_it_began_and_once_it_is_over() -> None:
    first = replace(asked(answered(NEW, token="t")), headers={"Date": "Thu, 24 Dec 2026 12:00:00 GMT"})
    second = replace(asked(answered(MIDDLE), next_token="t"), headers={"Date": "Thu, 24 Dec 2026 18:00:00 GMT"})
    cursors = [page.cursor for page in TAG.poll(RecordedHttp([first, second], authorised=True), "")]
    assert cursors[0] == pack(at="t", newest=NEW, begun="2026-12-24T12:00:00+00:00")
    assert cursors[1] == pack(since=NEW, seen="2026-12-24T12:00:00+00:00")


def test_a_first_walk_whose_place_is_known_no_more_begins_anew() -> None:
    http = RecordedHttp([asked(b"{}", 400, next_token="t"), asked(answered(NEW))], authorised=True)
    (page,) = TAG.poll(http, pack(at="t", newest=MIDDLE))
    assert page.cursor == pack(since=NEW)


def test_a_walk_that_was_cut_more_than_a_week_ago_begins_anew_and_forgets_no_gap() -> None:
    cut = pack(at="t", newest=MIDDLE, since=OLD)
    http = RecordedHttp([asked(b"{}", 400, since_id=OLD, next_token="t"), asked(answered(NEW))], authorised=True)
    (page,) = TAG.poll(http, cut)
    assert page.missed is not None
    assert page.cursor == pack(since=NEW)


def test_a_question_that_is_wrong_in_itself_is_asked_no_second_time() -> None:
    http = RecordedHttp([asked(b"{}", 400)], authorised=True)
    with pytest.raises(Unreadable):
        list(TAG.poll(http, ""))
    assert len(http.asked) == 1


def test_used_up_credits_pause_the_source_with_a_sentence_that_says_what_to_do() -> None:
    with pytest.raises(Unauthorized, match=r"credits are used up; buy some at .*`aggregator source resume`"):
        list(TAG.poll(RecordedHttp([asked(b"{}", 402)], authorised=True), ""))


@given(posts=st.integers(0, LIMIT), authors=st.integers(0, LIMIT))
def test_a_page_costs_what_came_and_never_more_than_the_manifest_says(posts: int, authors: int) -> None:
    found = Found(posts=[post(str(2123706672739254273 - number)) for number in range(posts)], authors=[ADA] * authors)
    price = X.manifest.price
    assert price is not None
    cost = found.page("", None).cost or 0
    assert cost == posts * 5_000 + authors * 10_000 <= price.page


def test_the_price_of_an_example_is_that_of_the_price_list() -> None:
    """200 posts and 120 authors are $2.20 (getting-started/pricing)."""
    assert Found(posts=[post()] * 200, authors=[ADA] * 120).page("", None).cost == 2_200_000


def test_what_x_withholds_is_said() -> None:
    assert "did not give 2" in str(plain(Found(withheld=2).page("", None)))


def test_one_refusal_of_the_embedding_service_is_of_one_post_and_nothing_but_refusals_is_of_us() -> None:
    posts = [Entry(native_id=id, url=f"https://x.com/ada/status/{id}", kind=Kind.POST) for id in (OLD, NEW)]
    said = b'{"author_name": "Ada"}'

    def http(*statuses: int) -> RecordedHttp:
        urls = [f"https://publish.x.com/oembed?url=https%3A%2F%2Fx.com%2Fada%2Fstatus%2F{id}&omit_script=1&dnt=1" for id in (OLD, NEW)]
        return RecordedHttp([Exchange(url=url, status=status, body=said) for url, status in zip(urls, statuses, strict=True)])

    assert list(TAG.recheck(http(403, 200), posts)) == [Standing(native_id=NEW, found=True)]
    with pytest.raises(Unauthorized):
        list(TAG.recheck(http(403, 403), posts))
