"""A platform that knows the truth: everything that was ever published on it, what of that was deleted, and what was shown to whom.

It answers the real client under two hosts: `feed.example`, a feed that holds the newest few, and `api.example`, pages of a listing, newest
first, of which it gives no more than so many, under positions that it may forget. What it shows in a good reply was read: everything
behind the client is the program's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

from aggregator.fetch.exchange import Answer, Question

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# Entries of the feed; posts on a page of the listing, and in all that it gives.
LISTED, PAGE, DEPTH = 6, 4, 16


@dataclass(kw_only=True)
class Post:
    """One post, and what became of it."""

    number: int
    appeared: datetime
    # The date that its author gave it.
    dated: datetime
    deleted: bool = False
    # When it was first shown, by host.
    shown: dict[str, datetime] = field(default_factory=dict)


@dataclass(kw_only=True)
class Platform:
    """Both hosts, on one clock."""

    now: datetime = BEGAN
    posts: list[Post] = field(default_factory=list)
    # Status of every reply; 200: as it is.
    status: int = 200
    # Replies that are good before 429; None: all are.
    patience: int | None = None
    # How often every position was forgotten that was given before.
    forgotten: int = 0
    # How many posts the listing gives in all.
    depth: int = DEPTH
    paced: bool = False

    def publish(self, count: int, *, ahead: timedelta = timedelta(0)) -> None:
        """Posts, a minute apart; `ahead`: dated later than they appear."""
        for _ in range(count):
            self.now += MINUTE
            self.posts.append(Post(number=len(self.posts) + 1, appeared=self.now, dated=self.now + ahead))

    def delete(self, number: int) -> None:
        self.posts[number % len(self.posts)].deleted = True

    def forget(self) -> None:
        """Know no position any more that was ever given."""
        self.forgotten += 1

    def standing(self) -> list[Post]:
        """What is there, newest first."""
        return [post for post in reversed(self.posts) if not post.deleted]

    # -- as the client sees it

    def send(self, question: Question) -> Answer:
        if self.status != 200:
            return Answer(status=self.status)
        if self.patience is not None:
            self.patience -= 1
            if self.patience < 0:
                return Answer(status=429, headers={"retry-after": "60"})
        parts = urlsplit(question.url)
        if parts.netloc == "feed.example":
            return self._feed()
        return self._page(parse_qs(parts.query).get("before", [""])[0])

    def stop(self) -> None:
        """Nothing is ever under way for long."""

    def close(self) -> None:
        """Nothing is open."""

    def _feed(self) -> Answer:
        listed = self.standing()[:LISTED]
        self._show(listed, "feed.example")
        items = "".join(
            f"<item><guid isPermaLink='false'>post {post.number}</guid><link>https://feed.example/{post.number}</link>"
            f"<title>{_words(post)}</title><pubDate>{format_datetime(post.dated)}</pubDate></item>"
            for post in listed
        )
        body = f"<rss version='2.0'><channel><title>A</title><link>https://feed.example/</link>{items}</channel></rss>"
        return Answer(status=200, headers={"content-type": "application/rss+xml"}, body=body.encode())

    def _show(self, posts: list[Post], host: str) -> None:
        for post in posts:
            post.shown.setdefault(host, self.now)

    def _page(self, before: str) -> Answer:
        times, _, place = before.partition(":")
        if before and int(times) != self.forgotten:
            return Answer(status=400)
        given = self.standing()[: self.depth]
        rest = [post for post in given if not before or post.number < int(place)]
        listed = rest[:PAGE]
        self._show(listed, "api.example")
        more = len(rest) > PAGE
        said = {
            "posts": [
                {"id": str(one.number), "text": _words(one), "at": one.appeared.isoformat(), "dated": one.dated.isoformat()}
                for one in listed
            ],
            "next": f"{self.forgotten}:{listed[-1].number}" if more else "",
            "withheld": not more and len(self.standing()) > self.depth,
        }
        return Answer(status=200, headers={"content-type": "application/json"}, body=json.dumps(said).encode())


def _words(post: Post) -> str:
    """Every third names the topic, so that most listings are not even parsed."""
    return f"number {post.number}" + (" on crews" if post.number % 3 == 0 else "")
