"""Mentions as they are read from standard input."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Kind
from aggregator.pipeline.mention_lines import addresses_in, answers_of, mention_of

PAGE = "https://garden.example/crews"


def test_all_but_the_id_can_be_left_out() -> None:
    found = mention_of({"id": "m1", "url": None, "title": "", "links": None})
    assert (found.entry.native_id, found.entry.kind, found.identity.subject) == ("m1", Kind.ARTICLE, "urn:mention:m1")
    assert mention_of({"id": 7}).entry.native_id == "7"
    assert answers_of([found])[0].keys() == {"id", "story", "evidence"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({}, '"id"'),
        ({"id": ""}, '"id"'),
        ({"id": True}, '"id"'),
        ({"id": "1", "title": 7}, '"title" is int'),
        ({"id": "1", "links": {"a": 1}}, '"links" is not a list'),
        ({"id": "1", "links": [1]}, '"links" is not a list'),
        ({"id": "1", "published": 2025}, '"published" is not text'),
    ],
)
def test_what_cannot_be_read_says_what_to_write(line: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mention_of(line)


@pytest.mark.parametrize(
    ("platform", "url", "kind"),
    [
        ("mastodon", "https://social.example/@ada/117648005660672001", Kind.POST),
        ("mastodon", "https://social.example/notes/9abc", Kind.POST),
        (None, "https://bsky.app/profile/ada.example/post/3n2", Kind.POST),
        ("reddit", "https://www.reddit.com/r/x/comments/1p2abcd/crews/", Kind.POST),
        ("reddit", "https://www.reddit.com/r/x/comments/1p2abcd/crews/kx12345/", Kind.COMMENT),
        ("Hacker News", "https://news.ycombinator.com/item?id=1", Kind.POST),
        ("loomio", "https://www.loomio.com/d/AbCdEf12/x", Kind.THREAD),
        ("loomio", "https://www.loomio.com/d/AbCdEf12/x/3", Kind.COMMENT),
        ("discourse", "https://forum.example/t/x/12", Kind.THREAD),
        ("discourse", "https://forum.example/t/x/12/3", Kind.COMMENT),
        ("youtube", "https://youtu.be/aDWuHsyznf4", Kind.VIDEO),
        ("youtube", "https://www.youtube.com/watch?v=aDWuHsyznf4&lc=Ugx1", Kind.COMMENT),
        ("anchor", "https://anchor.fm/crew/episodes/x-e186q95", Kind.EPISODE),
        ("spotify", "https://open.spotify.com/episode/0abcdefghijklmnopqrstu", Kind.EPISODE),
        ("podcast", "https://crew.example/12", Kind.EPISODE),
        ("medium", "https://medium.com/@ada/x-7c6e7ce63e01", Kind.ARTICLE),
        ("blog", PAGE, Kind.ARTICLE),
        ("something new", PAGE, Kind.ARTICLE),
    ],
)
def test_the_kind_follows_from_the_address_and_the_platform(platform: str | None, url: str, kind: Kind) -> None:
    assert mention_of({"id": "1", "platform": platform, "url": url}).entry.kind is kind


def test_a_kind_that_is_said_is_believed() -> None:
    assert mention_of({"id": "1", "url": PAGE, "kind": "post"}).entry.kind is Kind.POST
    assert mention_of({"id": "1", "url": PAGE, "kind": "poem"}).entry.kind is Kind.ARTICLE


def test_addresses_in_text_and_markup_are_links() -> None:
    shared = mention_of({"id": "1", "platform": "x", "url": "https://x.com/ada/status/1", "text": f"Read ({PAGE})."})
    assert shared.identity.subject == PAGE
    marked_up = mention_of({"id": "1", "platform": "x", "url": "https://x.com/ada/status/1", "html": f'<p><a href="{PAGE}">read</a></p>'})
    assert marked_up.identity.subject == PAGE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.example/b, and www.c.example/d!", ("https://a.example/b", "www.c.example/d")),
        ("(https://en.wikipedia.org/wiki/Crew_(group))", ("https://en.wikipedia.org/wiki/Crew_(group)",)),
        ("<https://a.example/b>", ("https://a.example/b",)),
        ("https://a.example/long-na…", ()),
        ("no address. none", ()),
        (r"https://www.youtube.com/watch?v=aDWu\_syznf4", (r"https://www.youtube.com/watch?v=aDWu\_syznf4",)),
    ],
)
def test_addresses_lose_the_punctuation_behind_them(text: str, found: tuple[str, ...]) -> None:
    assert addresses_in(text) == found


def test_a_text_with_markup_is_read_as_html() -> None:
    text = (
        '<p>Pods</p><p><a href="https://www.youtube.com/watch?v=aDWuHsyznf4&amp;t=3"><span class="invisible">https://</span>'
        '<span class="ellipsis">www.youtube.com/watch?v=aDWuHs</span><span class="invisible">yznf4&amp;t=3</span></a></p>'
    )
    mention = mention_of({"id": "1", "platform": "mastodon", "text": text})
    assert mention.entry.links == ("https://www.youtube.com/watch?v=aDWuHsyznf4&t=3",)
    assert (mention.entry.text, mention.entry.html) == ("Pods", text)
    assert mention.identity.subject == "https://youtube.com/watch?v=aDWuHsyznf4"
    assert mention_of({"id": "2", "text": "a <b, https://example.org/c> d"}).entry.html is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://youtu.be/aDWuHsyznf_", ("https://youtu.be/aDWuHsyznf_",)),
        ("a_b: https://youtu.be/aDWuHsyznf_.", ("https://youtu.be/aDWuHsyznf_",)),
        ("_https://example.org/a_", ("https://example.org/a",)),
        ("so: _see https://example.org/a_, please", ("https://example.org/a",)),
    ],
)
def test_a_low_line_at_the_end_belongs_to_an_address_unless_it_closes_an_emphasis(text: str, found: tuple[str, ...]) -> None:
    assert addresses_in(text) == found


def test_an_audio_file_of_an_episode_is_its_recording() -> None:
    one = mention_of({"id": "1", "platform": "podcast", "url": PAGE, "links": ["https://op3.dev/e/media.example/a.mp3"]})
    other = mention_of({"id": "2", "platform": "podcast", "url": "https://b.example/1", "links": ["https://media.example/a.mp3"]})
    answers = answers_of([one, other])
    assert answers[0]["story"] == answers[1]["story"]


def test_a_post_by_its_did_is_the_post_by_its_handle() -> None:
    did = "https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx/post/3n2"
    found = mention_of({"id": "1", "platform": "bluesky", "url": did, "handle": "@Ada.example"})
    assert found.identity.aliases == ("https://bsky.app/profile/ada.example/post/3n2",)


values = st.none() | st.text(max_size=30) | st.integers() | st.lists(st.text(max_size=30), max_size=3) | st.booleans()
fields = st.sampled_from(
    ["id", "platform", "url", "title", "text", "html", "author", "handle", "published", "links", "language", "in_reply_to"]
)


@given(st.lists(st.dictionaries(fields, values, max_size=8), max_size=6))
def test_whatever_is_written_is_answered_or_refused(lines: list[dict[str, Any]]) -> None:
    read = []
    for line in lines:
        with suppress(ValueError):
            read.append(mention_of(line))
    assert [answer["id"] for answer in answers_of(read)] == [mention.entry.native_id for mention in read]
    assert json.dumps(answers_of(read))
