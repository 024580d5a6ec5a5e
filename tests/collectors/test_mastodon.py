"""Mastodon: what the contract suite cannot know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from aggregator.collectors.base import build, unpack
from aggregator.collectors.mastodon import Mastodon
from aggregator.errors import BadOption, Unauthorized, Unreadable
from aggregator.model import Page
from tests.support.exchanges import Exchange, RecordedHttp

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "mastodon"
HERE = Mastodon(server="social.example", tag="microsolidarity")
INSTANCE = "https://social.example/api/v2/instance"
TIMELINE = "https://social.example/api/v1/timelines/tag/microsolidarity?limit=40"


def status(id: str, **fields: object) -> dict[str, object]:
    account: dict[str, object] = {"acct": "ada", "url": "https://social.example/@ada", "note": "", "discoverable": None}
    plain: dict[str, object] = {"content": "<p>#microsolidarity</p>", "tags": [{"name": "microsolidarity"}], "visibility": "public"}
    return {"id": id, "url": f"https://social.example/@ada/{id}", "account": account, **plain, **fields}


def described(**feeds: str) -> Exchange:
    """What a server says of itself; `feeds` are the levels of its hashtag timelines."""
    access = {"timelines_access": {"hashtag_feeds": feeds}} if feeds else {}
    return Exchange(url=INSTANCE, body=json.dumps({"domain": "social.example", "version": "4.5.2", "configuration": access}).encode())


def polled(answers: Mapping[str, object], cursor: str = "", collector: Mastodon = HERE, **feeds: str) -> tuple[list[Page], RecordedHttp]:
    timeline = [Exchange(url=TIMELINE + query, body=json.dumps(answer).encode()) for query, answer in answers.items()]
    http = RecordedHttp([described(**feeds), *timeline])
    return list(collector.poll(http, cursor)), http


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://mastodon.social/tags/Microsolidarity", {"server": "mastodon.social", "tag": "Microsolidarity"}),
        ("https://Social.Example:8443/web/tags/%C3%A9conomie", {"server": "social.example:8443", "tag": "économie"}),
        ("https://social.example/tags/crews.rss", {"server": "social.example", "tag": "crews"}),
        ("https://blog.example/tags/crews/", None),
        ("https://social.example/@ada", None),
        ("https://social.example/tags/a/b", None),
    ],
)
def test_a_hashtag_page_is_recognised(address: str, options: Mapping[str, str] | None) -> None:
    assert Mastodon.recognise(address) == options


def test_options_are_cleaned() -> None:
    assert build(Mastodon, {"server": "https://Social.Example/about", "tag": "#Crews"}) == Mastodon(server="social.example", tag="Crews")


@pytest.mark.parametrize(("server", "tag"), [("not a host", "crews"), ("social.example", "two words"), ("ftp://social.example", "crews")])
def test_what_is_no_server_or_no_hashtag_is_refused_with_an_example(server: str, tag: str) -> None:
    with pytest.raises(BadOption, match="write"):
        build(Mastodon, {"server": server, "tag": tag})


def test_a_quiet_timeline_is_asked_for_under_one_address_only() -> None:
    _, http = polled({"": [status("11"), status("10")]}, cursor='{"newest":"11"}')
    assert http.asked == [TIMELINE]


def test_an_id_that_has_grown_longer_is_newer() -> None:
    pages, http = polled({"": [status("1000")], "&min_id=999": [status("1000")], "&min_id=1000": []}, cursor='{"newest":"999"}')
    assert len(http.asked) == 3
    assert unpack(pages[-1].cursor) == {"newest": "1000"}


def test_a_post_without_an_id_does_not_hide_a_gap() -> None:
    pages, _ = polled(
        {"": [status("30"), {"x": 1}], "&min_id=10": [status("20")], "&min_id=20": [status("30")], "&min_id=30": []}, '{"newest":"10"}'
    )
    assert {entry.native_id for page in pages for entry in page.entries} == {"20", "30"}


def test_a_server_that_ignores_min_id_is_an_error() -> None:
    top = [status("30"), status("29")]
    with pytest.raises(Unreadable, match="second time"):
        polled({"": top, "&min_id=10": top, "&min_id=30": top}, cursor='{"newest":"10"}')


@pytest.mark.parametrize("word", ["#nobot", "#NoIndex", "#nobridge", "#noarchive", "#nosearch"])
def test_words_in_a_biography_are_an_objection(word: str) -> None:
    account = {"acct": "ada", "url": "https://social.example/@ada", "note": f"<p>I am <b>{word}</b></p>"}
    pages, _ = polled({"": [status("1", account=account)], "&max_id=1": []})
    assert pages[0].entries[0].restrictions == ("no-bot",)


def test_a_longer_word_in_a_biography_is_none() -> None:
    account = {"acct": "ada", "url": "https://social.example/@ada", "note": "<p>#nobotany</p>"}
    pages, _ = polled({"": [status("1", account=account)], "&max_id=1": []})
    assert pages[0].entries[0].restrictions == ()


def test_accents_and_case_of_a_hashtag_do_not_matter() -> None:
    collector = Mastodon(server="social.example", tag="Économie")
    row = status("1", tags=[{"name": "economie"}], content="<p>x</p>")
    url = "https://social.example/api/v1/timelines/tag/%C3%89conomie?limit=40"
    http = RecordedHttp([described(), Exchange(url=url, body=json.dumps([row]).encode()), Exchange(url=f"{url}&max_id=1", body=b"[]")])
    assert [entry.native_id for page in collector.poll(http, "") for entry in page.entries] == ["1"]


def test_a_closed_server_is_named_with_what_to_do() -> None:
    http = RecordedHttp([described(), Exchange(url=TIMELINE, status=401)])
    with pytest.raises(Unauthorized, match=r"social\.example shows it to its members only; choose another server") as caught:
        list(HERE.poll(http, ""))
    assert caught.value.status == 401


@pytest.mark.parametrize(
    ("feeds", "words"),
    [
        ({"local": "disabled", "remote": "disabled"}, "shows hashtag timelines to nobody; choose another server"),
        ({"local": "authenticated", "remote": "disabled"}, "shows hashtag timelines to its members only; choose another server"),
    ],
)
def test_a_server_that_says_it_shows_visitors_nothing_is_not_asked_further(feeds: Mapping[str, str], words: str) -> None:
    http = RecordedHttp([described(**feeds), Exchange(url=TIMELINE, body=b"[]")])
    with pytest.raises(Unauthorized, match=words):
        list(HERE.poll(http, ""))
    assert http.asked == [INSTANCE]


def test_a_server_that_shows_a_part_is_asked_for_that_part_from_then_on() -> None:
    first, _ = polled({"&local=true": [status("9")], "&local=true&max_id=9": []}, local="public", remote="authenticated")
    assert first[0].remarks == ("social.example shows visitors no posts of other servers",)
    again, http = polled({"&local=true": [status("10"), status("9")]}, cursor=first[-1].cursor)
    assert http.asked == [TIMELINE + "&local=true"]
    assert unpack(again[-1].cursor) == {"newest": "10", "scope": "local"}


def test_a_server_that_closes_a_part_later_is_read_on_with_the_other_part() -> None:
    rows = json.dumps([status("10"), status("9")]).encode()
    answers = [
        Exchange(url=TIMELINE, status=401),
        described(local="public", remote="disabled"),
        Exchange(url=TIMELINE + "&local=true", body=rows),
    ]
    pages = list(HERE.poll(RecordedHttp(answers), '{"newest":"9"}'))
    assert [entry.native_id for page in pages for entry in page.entries] == ["10", "9"]
    assert unpack(pages[-1].cursor) == {"newest": "10", "scope": "local"}


def test_a_refusal_stays_one_when_the_server_does_not_say_why() -> None:
    for answer in (described(), Exchange(url=INSTANCE, status=500), Exchange(url=INSTANCE, status=304)):
        with pytest.raises(Unauthorized, match="to its members only"):
            list(HERE.poll(RecordedHttp([Exchange(url=TIMELINE, status=401), answer]), '{"newest":"9"}'))


def test_an_unknown_hashtag_is_said_and_what_was_read_of_the_server_is_kept() -> None:
    pages, _ = polled({"": []})
    assert pages[0].remarks == ("social.example knows no post with this hashtag",)
    _, http = polled({"": []}, cursor=pages[0].cursor)
    assert http.asked == [TIMELINE]


@pytest.mark.samples
def test_a_recorded_timeline_of_an_old_server_is_read_whole() -> None:
    sample = SAMPLES / "tag-timeline.json"
    if not sample.exists():
        pytest.skip("the recorded replies beside the checkout are not there")
    rows = json.loads(sample.read_text(encoding="utf-8"))
    url = "https://friends.nico/api/v1/timelines/tag/mastodon?limit=40"
    old = Exchange(url="https://friends.nico/api/v2/instance", status=404)
    answers = [old, Exchange(url=url, body=json.dumps(rows).encode()), Exchange(url=f"{url}&max_id={rows[-1]['id']}", body=b"[]")]
    http = RecordedHttp(answers)
    pages = list(Mastodon(server="friends.nico", tag="mastodon").poll(http, ""))
    assert [entry.native_id for entry in pages[0].entries] == [row["id"] for row in rows]
    assert pages[0].remarks == ()
    assert all(entry.author and entry.author.handle and "@" in entry.author.handle for entry in pages[0].entries)
