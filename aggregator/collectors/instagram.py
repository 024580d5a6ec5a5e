"""Posts of Instagram with a hashtag, of the last day, by Meta's Graph API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, unquote

from aggregator.collectors import _options
from aggregator.collectors._json import Odd, a_list, an_object, instant, members, needed, tag_names, text, web_address
from aggregator.collectors._meta import asked, listing_of
from aggregator.collectors._passed import clock, passed
from aggregator.collectors._sweep import Listing, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, Kind, Page

FINDING, DOING = "finding a hashtag of Instagram", "reading a hashtag of Instagram"
API = "https://graph.facebook.com/v23.0"
LIMIT = 50
HEAD_PAGES = 4
SHOWN = timedelta(hours=24)
"""How long Instagram shows a post under its hashtags."""
FIELDS = "id,caption,permalink,timestamp,media_type"
_SITES = frozenset(("instagram.com", "www.instagram.com", "m.instagram.com"))
_HASHTAG = re.compile(r"(?<![\w&])[#＃](\w+)")


def _tag(value: str) -> str:
    tag = _options.hashtag(value)
    if not re.fullmatch(r"\w+", tag):
        raise ValueError(f"{value!r} is not a hashtag that Instagram searches; write letters, figures and _ alone")
    return tag.lower()


def _user(value: str) -> str:
    if not re.fullmatch(r"[0-9]{5,20}", value.strip()):
        raise ValueError(f"{value!r} is not the number of an account; ask the Graph API for /me/accounts?fields=instagram_business_account")
    return value.strip()


@dataclass(frozen=True, kw_only=True)
class Instagram(Collector):
    """Posts on Instagram with a hashtag. It wants a business or creator account, and an app that Meta has reviewed for the feature
    "Instagram Public Content Access". Instagram gives the posts of the last 24 hours and does not say who wrote them, so a source that is
    read less often than daily has gaps. An account may look for 30 different hashtags in 7 days.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="instagram",
        title="Instagram",
        homepage="https://www.instagram.com",
        spec="Instagram Graph API, hashtag search (developers.facebook.com/docs/instagram-platform), read 2026-01-21",
        method=Method.API,
        kinds=(Kind.POST,),
        auth=Auth(
            scheme=AuthScheme.QUERY,
            variable="INSTAGRAM_ACCESS_TOKEN",
            how="Make an app at https://developers.facebook.com/apps, have it reviewed, and copy a long-lived token of its user.",
            without="",
            name="access_token",
        ),
        every=timedelta(hours=6),
        pace=Pace(gap=timedelta(seconds=2), daily=1_000),
        finds="posts with a hashtag, of the last day",
        reach="the last 24 hours",
        delay="within an hour",
        delivers=Delivers.COMPLETE,
        limits=(
            "Only posts of the last 24 hours can be had.",
            "Who wrote a post is not said.",
            "An account may look for 30 different hashtags in 7 days.",
            "A word without the hashtag cannot be searched for.",
        ),
    )

    tag: Annotated[str, Option("hashtag without the #", example="microsolidarity", check=_tag)]
    user: Annotated[str, Option("number of your own business or creator account", example="17841405822304914", check=_user)]

    @property
    def host(self) -> str:
        return "graph.facebook.com"

    @property
    def label(self) -> str:
        return f"#{self.tag} on Instagram"

    @property
    def address(self) -> str:
        return f"https://www.instagram.com/explore/tags/{quote(self.tag, safe='')}/"

    @classmethod
    def declined(cls, address: str) -> str | None:
        parts = _options.split(address)
        if parts.hostname not in _SITES:
            return None
        found = re.fullmatch(r"/explore/tags/([^/]+)/?", parts.path)
        if found:
            tag = re.sub(r"\W", "", unquote(found[1]))
            return f"says nothing of the account that asks; write `platform: instagram`, `tag: {tag}` and `user:` with its number"
        return "names no hashtag on Instagram; write `platform: instagram` with a `tag`. A post is added with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        """The number of the hashtag is asked for once and kept: every hashtag that is asked for counts. What passed between two polls that
        are more than a day apart is told as a gap, by the platform's own clock."""
        position = unpack(cursor)
        id = text(position.get("hashtag")) or self._id(http)
        begun, seen = text(position.get("sweep")) or "", instant(position.get("seen"))
        tops: list[datetime] = []
        for page in sweep(begun, lambda at: self._listing(http, id, at, tops), head=HEAD_PAGES, doing=DOING, coarse=True):
            missed = passed(seen, tops[0], shown=SHOWN) if tops else None
            seen = tops.pop() if tops else seen
            said = {"seen": seen.isoformat()} if seen else {}
            yield replace(page, cursor=pack(hashtag=id, sweep=page.cursor, **said), missed=page.missed or missed)

    def _id(self, http: Http) -> str:
        params = {"user_id": self.user, "q": self.tag}
        rows = a_list(an_object(asked(http, f"{API}/ig_hashtag_search", params, doing=FINDING).json(FINDING), FINDING).get("data"), FINDING)
        id = next((id for row in members(rows) if (id := text(row.get("id")))), None)
        if id is None or not id.isdigit():
            raise Unreadable(f"{FINDING}: expected its number, got {len(rows)} rows without")
        return id

    def _listing(self, http: Http, id: str, at: str, tops: list[datetime]) -> Listing | None:
        """The page at `at`; when the newest was given is added to `tops`."""
        params = {"user_id": self.user, "fields": FIELDS, "limit": str(LIMIT)} | ({"after": at} if at else {})
        reply = asked(http, f"{API}/{id}/recent_media", params, doing=DOING)
        if not at and (moment := clock(reply)):
            tops[:] = [moment]
        return listing_of(reply, _entry, doing=DOING)


def _entry(post: dict[str, Any]) -> Entry:
    url, caption = web_address(post.get("permalink")), text(post.get("caption")) or ""
    if url is None:
        raise Odd("no permalink")
    return Entry(
        native_id=needed(post, "id"),
        url=url,
        kind=Kind.POST,
        text=caption,
        published=instant(post.get("timestamp")),
        tags=tag_names(_HASHTAG.findall(caption)),
    )
