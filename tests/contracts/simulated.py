"""Platforms that live: posts arrive while they are read. Each speaks its API as its page in the documentation says, over our `Http`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aggregator.errors import Unavailable
from aggregator.fetch import Params, Reply
from tests.support.exchanges import HttpAlone, settled
from tests.support.nostr import Key, Relay
from tests.support.ssb_messages import AGREED, received

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
        said = self.answer(self, parts.path, dict(parse_qsl(parts.query)))
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return Reply(asked=whole, url=whole, status=200, headers={"content-type": "application/json"}, body=body)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        """A question that is sent: its values are what was asked, as text."""
        assert isinstance(json, dict), "a question is an object"
        return self.get(url, params={name: str(value) for name, value in json.items()})


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


def misskey(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """`untilId`: older than; at most 100."""
    before = int(asked.get("untilId", "1000000"))
    return [_note(id) for id in here.newest_first() if id < before][: int(asked["limit"]) // 5]


def _note(id: int) -> dict[str, Any]:
    user = {"id": "a", "username": "ada", "host": None}
    return {"id": str(id), "createdAt": instant(id), "user": user, "visibility": "public", "text": "#crews", "tags": ["crews"]}


def peertube(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """Places are counted from the newest, so that videos arriving push known ones to the next page."""
    start = int(asked["start"])
    return {"total": len(here.posts), "data": [_film(id) for id in here.newest_first()[start : start + int(asked["count"]) // 5]]}


def _film(id: int) -> dict[str, Any]:
    return {"uuid": str(id), "name": "Crews", "url": f"https://tube.example/videos/watch/{id}", "publishedAt": instant(id)}


def telegram(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """A page of twenty messages, oldest first; `before`: older than."""
    before = int(asked.get("before", "1000000"))
    shown = [number for number in here.newest_first() if number < before][:20]
    messages = "".join(map(_message, reversed(shown)))
    return f"<html><body><section class='tgme_channel_history'>{messages}</section></body></html>".encode()


def _message(number: int) -> str:
    time = f"<a class='tgme_widget_message_date'><time datetime='{instant(number)}'></time></a>"
    return f"<div class='tgme_widget_message' data-post='crews/{number}'><div class='tgme_widget_message_text'>crews</div>{time}</div>"


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


def hackernews(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """At most 20 hits of those from a second on, newest first."""
    until = int(asked.get("numericFilters", "created_at_i<=99999999999").removeprefix("created_at_i<="))
    start = int(asked.get("page", "0")) * 20
    found = [number for number in here.newest_first() if int(BEGAN.timestamp()) + number // 3 <= until]
    return {"hits": [_hit(number) for number in found[start : start + 20]], "page": start // 20, "nbPages": -(-len(found) // 20)}


def _hit(number: int) -> dict[str, Any]:
    # Three to a second, so that pages begin in the middle of one.
    seconds = int(BEGAN.timestamp()) + number // 3
    return {"objectID": str(number), "_tags": ["story"], "title": f"Crews {number}", "author": "ada", "created_at_i": seconds}


def x(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """The token stands before a post, so that posts arriving meanwhile push nothing on; `since_id`: newer than."""
    ids, limit = here.newest_first(), int(asked["max_results"])
    if "next_token" in asked:
        ids = [id for id in ids if id < int(asked["next_token"][1:])]
    ids = [id for id in ids if id > int(asked.get("since_id", "0"))]
    shown = ids[:limit]
    users = [{"id": "12", "username": "ada", "name": "Ada"}]
    posts = [{"id": str(id), "text": f"{id} #crews", "author_id": "12", "created_at": instant(id)} for id in shown]
    more = {"next_token": f"b{shown[-1]}"} if len(ids) > limit else {}
    ends = {"newest_id": str(shown[0]), "oldest_id": str(shown[-1])} if shown else {}
    return ({"data": posts, "includes": {"users": users}} if shown else {}) | {"meta": {"result_count": len(shown), **ends, **more}}


def github(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """A hundred a page of those created until a second, and none after the thousandth."""
    until = asked["q"].partition("created:<=")[2] or "2099-01-01T00:00:00Z"
    seconds = (datetime.fromisoformat(until) - BEGAN).total_seconds()
    found = [number for number in here.newest_first() if number // 3 <= seconds]
    start = (int(asked.get("page", "1")) - 1) * 100
    assert start < 1000, "only the first 1000 search results are available"
    return {"total_count": len(found), "incomplete_results": False, "items": [_issue(number) for number in found[start : start + 100]]}


def _issue(number: int) -> dict[str, Any]:
    created = (BEGAN + timedelta(seconds=number // 3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    address = f"https://github.com/ada/crews/issues/{number}"
    return {
        "id": number,
        "html_url": address,
        "title": f"Crews {number}",
        "user": {"login": "ada", "type": "User"},
        "created_at": created,
    }


def wordpress(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    page, size = int(asked.get("page", "1")), int(asked["per_page"])
    return [_blog_post(number) for number in here.newest_first()[(page - 1) * size : page * size]]


def _blog_post(number: int) -> dict[str, Any]:
    words = {name: {"rendered": "crews"} for name in ("title", "content", "excerpt")}
    address = f"https://blog.example.org/?p={number}"
    return {"id": number, "link": address, "guid": {"rendered": address}, "date_gmt": instant(number), **words}


class Relayed(Living):
    """Posts as notes that two relays show."""

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        self.asked += url.startswith("wss://one.")
        assert self.asked < 1000, "asked without end"
        if self.asked == self.fails_at:
            raise Unavailable(f"asking {url}: no answer within 20 s")
        body = Relay([_relayed_note(number) for number in self.posts]).heard(say)
        return Reply(asked=url, url=url, status=200, headers={"content-type": "application/x-ndjson"}, body=body)


@lru_cache(maxsize=4096)
def _relayed_note(number: int) -> dict[str, Any]:
    at = int((BEGAN + timedelta(hours=2 * number)).timestamp())
    return Key(7).note(f"{number} #crews", tags=[["t", "crews"]], at=at)


class Received(Living):
    """Posts that a Scuttlebutt server on this machine has received."""

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        assert isinstance(say, dict)
        # What people say of themselves is asked besides.
        self.asked += arguments == ("backlinks.read", ".")
        assert self.asked < 1000, "asked without end"
        if self.asked == self.fails_at:
            raise Unavailable(f"running {program!r}: it did not end within 60 s")
        rows = [AGREED]
        if arguments[0] == "backlinks.read":
            before = say["query"][0]["$filter"].get("timestamp", {"$lt": 1e15})["$lt"]
            rows = [row for row in map(received, self.newest_first()) if row["timestamp"] < before][: say["limit"]]
        body = "".join(json.dumps(row, indent=2) + "\n\n" for row in rows)
        return Reply(asked=program, url=program, status=200, headers={"content-type": "text/plain"}, body=body.encode())


def _unanswered(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    raise AssertionError(f"{path}: relays are not asked by HTTP")


def tumblr(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """`before`: older than a second; several posts share one."""
    began = int(BEGAN.timestamp())
    ids = [id for id in here.newest_first() if began + id // 3 < int(asked.get("before", "9999999999"))][: int(asked["limit"])]
    posts = [
        {
            "id_string": str(id),
            "post_url": f"https://ada.tumblr.com/post/{id}",
            "blog_name": "ada",
            "timestamp": began + id // 3,
            "body": "x",
        }
        for id in ids
    ]
    return {"meta": {"status": 200, "msg": "OK"}, "response": posts}


def ghost(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    page, size = int(asked.get("page", "1")), int(asked["limit"])
    shown, more = here.newest_first()[(page - 1) * size : page * size], page * size < len(here.posts)
    posts = [{"id": f"{n:024x}", "url": f"https://groups.example.org/{n}/", "html": "crews", "published_at": instant(n)} for n in shown]
    return {"posts": posts, "meta": {"pagination": {"page": page, "next": page + 1 if more else None}}}


def lemmy(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """Pages by number, of posts and of comments apart, so that what arrives pushes known ones to the next page."""
    start, limit = (int(asked["page"]) - 1) * 10, min(int(asked["limit"]), 10)
    posts, comments = ([id for id in here.newest_first() if id % 2 == odd][start : start + limit] for odd in (0, 1))
    return {"posts": [_lemmy_post(id, "post") for id in posts], "comments": [_lemmy_post(id, "comment") for id in comments]}


def _lemmy_post(id: int, kind: str) -> dict[str, Any]:
    thing = {"id": id, "name": "Crews", "content": "crews", "ap_id": f"https://lemmy.example/{id}", "published": instant(id)}
    return {kind: thing, "creator": {"name": "ada", "actor_id": "https://lemmy.example/u/ada"}, "community": {}}


def graph(here: Living, path: str, asked: Mapping[str, str]) -> Any:
    """Meta's cursor counts posts from the newest, so that posts arriving push known ones to the next page."""
    if path.endswith("ig_hashtag_search"):
        return {"data": [{"id": "17873440459141021"}]}
    start, limit = int(asked.get("after", "0")), 20
    shown = here.newest_first()[start : start + limit]
    rows = [{"id": str(id), "permalink": f"https://www.threads.com/@ada/post/{id}", "timestamp": instant(id)} for id in shown]
    return {"data": rows, "paging": {"cursors": {"before": str(start), "after": str(start + len(shown))}}}


LIVING: Mapping[str, tuple[str, Callable[[], Living]]] = {
    "threads": ("threads", lambda: Living(options={"tag": "crews"}, answer=graph, named=str)),
    "instagram": ("instagram", lambda: Living(options={"tag": "crews", "user": "17841405822304914"}, answer=graph, named=str)),
    "tumblr": ("tumblr", lambda: Living(options={"tag": "crews"}, answer=tumblr, named=str)),
    "x": ("x", lambda: Living(options={"tag": "crews"}, answer=x, named=str)),
    "github": ("github", lambda: Living(options={"search": "crews"}, answer=github, named=lambda n: f"issue:{n}")),
    "lemmy": (
        "lemmy",
        lambda: Living(options={"server": "lemmy.example", "search": "crews"}, answer=lemmy, named=lambda n: f"https://lemmy.example/{n}"),
    ),
    "hackernews": ("hackernews", lambda: Living(options={"search": "crews"}, answer=hackernews, named=str)),
    "mastodon": ("mastodon", lambda: Living(options={"server": "social.example", "tag": "crews"}, answer=mastodon, named=str)),
    "misskey": ("misskey", lambda: Living(options={"server": "misskey.example", "tag": "crews"}, answer=misskey, named=str)),
    "peertube": ("peertube", lambda: Living(options={"server": "tube.example", "tag": "crews"}, answer=peertube, named=str)),
    "nostr": (
        "nostr",
        lambda: Relayed(
            options={"tag": "crews", "relays": "one.example two.example"}, answer=_unanswered, named=lambda n: str(_relayed_note(n)["id"])
        ),
    ),
    "pixelfed": ("pixelfed", lambda: Living(options={"server": "social.example", "tag": "crews"}, answer=mastodon, named=str)),
    "telegram": ("telegram", lambda: Living(options={"channel": "crews"}, answer=telegram, named=str)),
    "scuttlebutt": (
        "scuttlebutt",
        lambda: Received(options={"tag": "crews"}, answer=_unanswered, named=lambda n: str(received(n)["key"])),
    ),
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
    "wordpress": (
        "wordpress",
        lambda: Living(
            options={"site": "blog.example.org", "search": "crews"}, answer=wordpress, named=lambda n: f"https://blog.example.org/?p={n}"
        ),
    ),
    "ghost": (
        "ghost",
        lambda: Living(
            options={"site": "groups.example.org", "key": "0123456789abcdef0123456789"}, answer=ghost, named=lambda n: f"{n:024x}"
        ),
    ),
}
