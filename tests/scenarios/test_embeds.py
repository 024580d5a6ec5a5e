"""Posts of X that are pasted or linked to: who wrote them, from the embedding service; nothing of what they say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlencode

import pytest

from aggregator.app import App
from aggregator.collectors.base import Standing
from aggregator.pipeline.embedding import embed_of
from aggregator.run.checking import _at_its_address
from tests.support.exchanges import Exchange, RecordedHttp, cases
from tests.support.har import write_har
from tests.support.mentions import mention
from tests.support.steward import Steward

POST, OTHER, GONE = "2123706672739254273", "2123710000000000000", "2123720000000000000"
QUOTED = "2123700000000000000"
CONFIGURATION = """\
site: {title: Discussing crews}
topics: {crews: {any_of: [microsolidarity]}}
sources:
  - https://x.com/hashtag/microsolidarity
"""


def embed(id: str, status: int = 200, author: str = "Ada Example") -> Exchange:
    asked = {"url": f"https://x.com/i/status/{id}", "omit_script": "1", "dnt": "1"}
    said = {"author_name": author, "author_url": "https://x.com/ada", "html": "<blockquote>A secret about crews</blockquote>"}
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Exchange(url=f"https://publish.x.com/oembed?{urlencode(asked)}", status=status, headers=kind, body=json.dumps(said).encode())


@pytest.fixture
def online(steward: Steward) -> Steward:
    steward.configures(CONFIGURATION)
    [case] = [case for case in cases("x") if case.name == "ordinary"]
    write_har(steward.folder / "r.har", [*case.exchanges, embed(POST), embed(OTHER), embed(QUOTED, author="Bo"), embed(GONE, 404)])
    return steward


@pytest.mark.parametrize(
    ("url", "id"),
    [
        (f"https://x.com/ada/status/{POST}", POST),
        (f"https://mobile.twitter.com/Ada/statuses/{POST}/photo/1?s=20", POST),
        (f"https://nitter.net/ada/status/{POST}#m", POST),
        ("https://x.com/ada", None),
        ("https://blog.example/status/1", None),
    ],
)
def test_every_form_of_a_posts_address_is_asked_about_by_its_number(url: str, id: str | None) -> None:
    assert embed_of(url) == (embed(id).url if id else None)


def test_a_pasted_post_is_shown_by_its_author_and_no_word_of_it_is_kept(online: Steward) -> None:
    said = online.runs("add", f"https://x.com/ada/status/{POST}", "--replay", "r.har")
    assert (said.code, said.err) == (0, "Added 'Post by Ada Example on X' as post.\n")
    assert online.runs("build").code == 0
    [story] = online.stories()
    assert (story["title"], story["author"], story["published"][:10]) == ("Post by Ada Example on X", "Ada Example", "2026-11-20")
    written = b"".join(path.read_bytes() for path in online.folder.rglob("*") if path.is_file() and path.name != "r.har")
    assert b"secret" not in written


def test_two_posts_of_one_person_are_two_stories(online: Steward) -> None:
    for id in (POST, OTHER):
        assert online.runs("add", f"https://x.com/ada/status/{id}", "--replay", "r.har").code == 0
    assert online.runs("run", "--replay", "r.har").code == 0
    assert sorted(story["url"].rpartition("/")[2] for story in online.stories()) == [POST, OTHER]


def test_a_post_that_is_gone_is_not_added(online: Steward) -> None:
    said = online.runs("add", f"https://x.com/ada/status/{GONE}", "--replay", "r.har")
    assert said.code == 3
    assert "deleted, or its author's posts are protected" in said.err
    assert "story" not in online.runs("why", f"https://x.com/ada/status/{GONE}").out.partition("\n")[0]


def test_a_post_that_others_only_quote_is_asked_about_too(online: Steward) -> None:
    assert online.runs("run", "--replay", "r.har", environ={"X_BEARER_TOKEN": "a-token-that-nobody-has"}).code == 0
    [quoted] = [story for story in online.stories() if story["url"].endswith(QUOTED)]
    assert (quoted["title"], quoted["author"], len(quoted["voices"])) == ("Post by Bo on X", "Bo", 1)


def test_whether_a_pasted_post_stands_is_asked_of_the_service_and_not_of_x() -> None:
    exchanges = [embed(POST), embed(GONE, 404)]
    client = SimpleNamespace(bound=lambda **_: RecordedHttp(exchanges))
    app, at = cast(App, SimpleNamespace(client=client)), datetime(2026, 11, 22, tzinfo=UTC)
    stands = [_at_its_address(app, mention(id, url=f"https://x.com/ada/status/{id}"), at) for id in (POST, GONE)]
    assert stands == [Standing(native_id=POST, found=True), Standing(native_id=GONE, found=False)]
