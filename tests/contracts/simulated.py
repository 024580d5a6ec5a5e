"""Platforms that live: posts arrive while they are read. Each speaks its API as its page in the documentation says, over our `Http`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aggregator.errors import Unavailable
from aggregator.fetch import Params, Reply
from tests.support.exchanges import HttpAlone, settled

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def instant(number: int) -> str:
    return (BEGAN + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class Living(HttpAlone):
    """A platform on which posts with ascending numbers appear."""

    options: Mapping[str, str]
    answer: Callable[[Living, str, Mapping[str, str]], Any]
    # As a collector names the post with a number.
    named: Callable[[int], str]
    posts: list[int] = field(default_factory=list)
    asked: int = 0
    # Number of the request that fails, from 1; None: none does.
    fails_at: int | None = None
    authorised: bool = True

    def publish(self, count: int) -> None:
        start = self.posts[-1] + 1 if self.posts else 1
        self.posts.extend(range(start, start + count))

    def newest_first(self) -> list[int]:
        return self.posts[::-1]

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        self.asked += 1
        assert self.asked < 1000, "asked without end"
        if self.asked == self.fails_at:
            raise Unavailable(f"asking {url}: no answer within 20 s")
        whole = settled(url, params)
        parts = urlsplit(whole)
        body = json.dumps(self.answer(self, parts.path, dict(parse_qsl(parts.query)))).encode()
        return Reply(asked=whole, url=whole, status=200, headers={"content-type": "application/json"}, body=body)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError("nothing is written to a platform")


def mastodon(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """`max_id`: older than; `min_id`: the page just newer than, shown newest first all the same; at most 40."""
    if path == "/api/v2/instance":
        return {"domain": "social.example", "version": "4.5.2"}
    ids, limit = here.newest_first(), min(int(asked.get("limit", "20")), 40)
    if "max_id" in asked:
        ids = [id for id in ids if id < int(asked["max_id"])]
    if "min_id" in asked:
        return [_status(id) for id in [id for id in ids if id > int(asked["min_id"])][-limit:]]
    return [_status(id) for id in ids[:limit]]


def _status(id: int) -> dict[str, Any]:
    address = f"https://social.example/@ada/{id}"
    account = {"acct": "ada", "username": "ada", "url": "https://social.example/@ada", "note": "", "discoverable": True}
    content = {"content": "<p>#crews</p>", "tags": [{"name": "crews"}], "visibility": "public", "account": account}
    return {"id": str(id), "url": address, "uri": address, "created_at": instant(id), **content}


def bluesky(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """The cursor counts posts from the newest, so that posts arriving push known ones to the next page."""
    start, limit = int(asked.get("cursor", "0")), min(int(asked["limit"]), 20)
    shown = here.newest_first()[start : start + limit]
    more = {"cursor": str(start + limit)} if start + limit < len(here.posts) else {}
    return {"posts": [_post(number) for number in shown], **more}


def _post(number: int) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.post", "text": f"{number} #crews", "createdAt": instant(number)}
    author = {"did": "did:plc:ada", "handle": "ada.example", "labels": []}
    return {"uri": f"at://did:plc:ada/app.bsky.feed.post/{number}", "author": author, "record": record, "indexedAt": instant(number)}


def discourse_tag(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    page = int(asked.get("page", "0"))
    shown = here.newest_first()[page * 30 : (page + 1) * 30]
    more = {"more_topics_url": f"/tag/crews/l/latest?page={page + 1}"} if (page + 1) * 30 < len(here.posts) else {}
    return {"users": [], "topic_list": {"topics": [_topic(id) for id in shown], **more}}


def _topic(id: int) -> dict[str, Any]:
    return {"id": id, "title": f"Topic {id}", "slug": "x", "created_at": instant(id), "bumped_at": instant(id), "tags": ["crews"]}


def discourse_search(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    page = int(asked["page"])
    shown = here.newest_first()[(page - 1) * 50 : page * 50]
    posts = [{"id": id, "post_number": 2, "topic_id": id, "username": "ada", "created_at": instant(id), "blurb": "crews"} for id in shown]
    more = page * 50 < len(here.posts)
    return {"posts": posts, "grouped_search_result": {"error": None, "more_full_page_results": more, "post_ids": shown}}


LIVING: Mapping[str, tuple[str, Callable[[], Living]]] = {
    "mastodon": ("mastodon", lambda: Living(options={"server": "social.example", "tag": "crews"}, answer=mastodon, named=str)),
    "bluesky": (
        "bluesky",
        lambda: Living(options={"tag": "crews"}, answer=bluesky, named=lambda n: f"at://did:plc:ada/app.bsky.feed.post/{n}"),
    ),
    "discourse tag": (
        "discourse",
        lambda: Living(options={"site": "forum.example.org", "tag": "crews"}, answer=discourse_tag, named=lambda n: f"topic:{n}"),
    ),
    "discourse search": (
        "discourse",
        lambda: Living(options={"site": "forum.example.org", "search": "crews"}, answer=discourse_search, named=lambda n: f"post:{n}"),
    ),
}
