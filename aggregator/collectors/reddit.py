"""Reddit, by its feeds, or by its interface where an approved key exists; the same posts under the same ids either way.

Anonymous JSON has been refused everywhere since May 2026, and feeds are given about one a minute to one address, over all feeds together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from aggregator.collectors import _options
from aggregator.collectors import _reddit_places as places
from aggregator.collectors._feeds import ACCEPT, read_feed
from aggregator.collectors._json import member, read_each
from aggregator.collectors._reddit_rows import SITE, listed, of_feed, of_listing, seconds, standings_of
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing
from aggregator.errors import BadOption
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Entry, GapReason, Kind, Page

DOING, CHECKING = "reading Reddit", "looking at posts on Reddit again"
LIMIT, USUAL = 100, 25
"""The most that a listing gives at once, and what a feed gives that takes no notice of what it is asked."""
HEAD_PAGES = 3
"""How many pages a first poll reads, with a key."""
MISSED = "more came than one feed shows; poll more often, or ask Reddit for a key"


@dataclass(frozen=True, kw_only=True)
class Reddit(Collector):
    """Posts on Reddit that a search finds, the posts of subreddits (several in one question, with a plus between), what links to a site, or
    what one person writes there. With `what: comments` the comments of subreddits are read in place of their posts. Reddit gives visitors
    about one feed a minute, over all of its sources together, and often refuses the addresses of data centres: then the run leaves Reddit
    alone for an hour, and nothing else suffers. Those who have an approved key are not limited like that.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="reddit",
        title="Reddit",
        homepage=SITE,
        spec="https://www.reddit.com/dev/api and reddit-archive/reddit (feeds), read 2026-11-22",
        method=Method.API,
        kinds=(Kind.POST, Kind.THREAD, Kind.COMMENT),
        auth=Auth(
            scheme=AuthScheme.CLIENT,
            variable="REDDIT_CLIENT",
            how="Ask for approval at https://support.reddithelp.com (Responsible Builder Policy) and write the client as id:secret.",
            without="The newest 100 posts are read, by feeds, at one question in 70 seconds.",
            name=f"{SITE}/api/v1/access_token",
        ),
        every=timedelta(hours=2),
        quiet_after=timedelta(days=180),
        pace=Pace(gap=timedelta(seconds=70), daily=1_000, rest=timedelta(minutes=61)),
        finds="posts with a word, posts and comments of subreddits, links to a site, what a person writes",
        reach="the newest 100 posts, 300 with a key",
        delay="within hours",
        delivers=Delivers.COMPLETE,
        limits=(
            "Comments cannot be searched; those of chosen subreddits can be read.",
            "The search is fuzzy: what does not hold the word is left out here.",
            "Posts that are not for every age are left out; a feed does not always say of which this is true.",
            "Reddit refuses programs sooner that do not say whose they are: set `fetch.contact`.",
        ),
        # Refused for now: it is the address that asks, and not a secret, which Reddit dislikes.
        transient=frozenset({403}),
    )

    search: Annotated[str, Option("words to search for, as in Reddit's own search", example="microsolidarity")] = ""
    subreddit: Annotated[str, Option("subreddit, or several with a plus between", example="cohousing", check=places.subreddits)] = ""
    domain: Annotated[str, Option("site that posts link to", example="microsolidarity.cc", check=_options.domain)] = ""
    user: Annotated[str, Option("name of a person, without u/", example="ada_example", check=places.user)] = ""
    what: Annotated[str, Option("write 'comments' for those of subreddits", example="comments", check=places.what)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, *(("search",) if self.search and self.subreddit else ("search", "subreddit")), "domain", "user")
        if self.what and (not self.subreddit or self.search):
            raise BadOption("comments can be read of subreddits alone; leave out 'what', or write 'subreddit' without 'search'")

    @property
    def host(self) -> str:
        return "www.reddit.com"

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset({self.host, "oauth.reddit.com"})

    @property
    def label(self) -> str:
        place = " + ".join(f"r/{one}" for one in self.subreddit.split("+")) if self.subreddit else "Reddit"
        if self.search:
            return f"{place}, search {self.search}"
        if self.subreddit:
            return f"{place}, comments" if self.what else place
        return f"Reddit, u/{self.user}" if self.user else f"Reddit, links to {self.domain}"

    @property
    def address(self) -> str:
        path, asked = self._place
        return f"{SITE}{path}/" + (f"?{urlencode(asked)}" if asked else "")

    @property
    def feed(self) -> str:
        path, asked = self._place
        return f"{SITE}{path}.rss?{urlencode(asked)}" if self.search else f"{SITE}{path}/.rss"

    @property
    def _place(self) -> tuple[str, dict[str, str]]:
        """Path and parameters of what is read, the same in the interface and on the site."""
        within = f"/r/{self.subreddit}" if self.subreddit else ""
        if self.search:
            return f"{within}/search", {"q": self.search, "sort": "new", **({"restrict_sr": "on"} if within else {})}
        if self.subreddit:
            return f"{within}/{self.what or 'new'}", {}
        return (f"/user/{self.user}", {}) if self.user else (f"/domain/{self.domain}/new", {})

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        """A search, a subreddit (also several, also its comments or feed), a site's posts, a person's page."""
        return places.recognised(address)

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"search": word},)

    @classmethod
    def declined(cls, address: str) -> str | None:
        if not places.is_reddit(address):
            return None
        return "names no search, subreddit or person on Reddit; write one of theirs. A post is put on the page with `aggregator add`"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http, at), head=HEAD_PAGES, doing=DOING, missed=MISSED, coarse=True)

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """Older posts, newest first, as far as Reddit lists them: some 1000 with a key, of a search some 250; 100 without."""
        yield from look_back(cursor, lambda at: self._listing(http, at), since=since, doing=DOING)

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Posts and comments by their names, with a key; visitors may ask for none."""
        for start in range(0, len(entries) if http.authorised else 0, LIMIT):
            wanted = [entry.native_id for entry in entries[start : start + LIMIT]]
            params = {"id": ",".join(wanted), "raw_json": "1"}
            reply = http.get("https://oauth.reddit.com/api/info", params=params, accept="application/json", auth=True)
            yield from standings_of(listed(reply, CHECKING)[0], wanted)

    def _listing(self, http: Http, at: str) -> Listing | None:
        return self._by_key(http, at) if http.authorised else self._by_feed(http)

    def _by_feed(self, http: Http) -> Listing | None:
        """The newest page; a feed has no other."""
        reply = http.get(self.feed, params={"limit": str(LIMIT)}, accept=ACCEPT)
        if reply.unchanged:
            return None
        feed = read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type", ""), doing=DOING)
        entries, remarks = read_each(feed.entries, of_feed, noun="post", of=Entry, doing=DOING)
        times = tuple(time for entry in feed.entries if (time := entry.published or entry.updated))
        return Listing(
            entries=entries,
            remarks=(*feed.remarks, *remarks),
            times=times,
            withheld=len(feed.entries) >= USUAL,
            reason=GapReason.TURNED_OVER,
        )

    def _by_key(self, http: Http, at: str) -> Listing | None:
        path, asked = self._place
        path = f"{path}/overview" if self.user else path
        params = {
            **asked,
            **({"type": "link"} if self.search else {}),
            "limit": str(LIMIT),
            "raw_json": "1",
            **({"after": at} if at else {}),
        }
        reply = http.get(f"https://oauth.reddit.com{path}", params=params, accept="application/json", auth=True)
        if reply.unchanged:
            return None
        rows, after = listed(reply, DOING)
        entries, remarks = read_each(rows, of_listing, noun="post", doing=DOING)
        times = tuple(time for row in rows if (time := seconds(member(member(row).get("data")).get("created_utc"))))
        return Listing(entries=entries, remarks=remarks, times=times, after=after, withheld=not after and (bool(at) or len(rows) >= LIMIT))
