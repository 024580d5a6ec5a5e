"""Webmentions that webmention.io received for the pages of a site, in JF2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from aggregator.collectors import _options
from aggregator.collectors._json import Odd, a_list, an_object, instant, member, members, needed, number, read_each, text, web_address
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, Standing, pack, unpack
from aggregator.errors import Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Author, Entry, Kind, Page, Trust, Visibility
from aggregator.text.page_address import kind_at

DOING = "reading webmentions"
API = "https://webmention.io/api/mentions.jf2"
AT_ONCE = 50
# What somebody wrote. Likes, reposts and answers to invitations, which Bridgy sends on, were not addressed to us and are not shown.
_SAID = {"in-reply-to": Kind.COMMENT, "mention-of": Kind.ARTICLE, "bookmark-of": Kind.POST}
# Its pages stand for posts on networks, and name these as their own address.
_BRIDGES = ("brid.gy", "fed.brid.gy", "web.brid.gy", "ap.brid.gy", "bsky.brid.gy")


def _target(value: str) -> str:
    target = value.strip()
    parts = _options.split(target if "://" in target else f"https:{target}" if target.startswith("//") else f"https://{target}")
    if "." not in (parts.hostname or "") or "@" in parts.netloc or parts.scheme not in ("http", "https"):
        raise ValueError(f"{value!r} is not a page; write its whole address, like 'https://topic.example/discussing/'")
    return f"//{parts.netloc.lower()}{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def _domain(value: str) -> str:
    domain = _options.server(value)
    if "://" in domain or ":" in domain:
        raise ValueError(f"{value!r} is not a domain; write it as it is registered at webmention.io, like 'topic.example'")
    return domain


@dataclass(frozen=True, kw_only=True)
class Webmention(Collector):
    """Reads who linked to pages of your own site and said so by Webmention, as webmention.io received it.

    Give a page (`target`), which needs no key, or a whole site (`domain`) with the key of its account. The site has to name webmention.io
    as its receiver; blogs send webmentions by themselves, and Bridgy sends on answers from Bluesky, Mastodon and others. Likes, reposts and
    what was sent in private are left out. Nobody is found here who links to your site and does not say so: no service tells that without a
    price. Links from Hacker News, Lobsters, Reddit, Lemmy and Bluesky are found by their own platforms.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="webmention",
        title="Webmention",
        homepage="https://webmention.io",
        spec="https://github.com/aaronpk/webmention.io (README, controllers/api.rb), read 2026-11-22",
        method=Method.API,
        kinds=(Kind.ARTICLE, Kind.COMMENT, Kind.POST),
        auth=Auth(
            scheme=AuthScheme.QUERY,
            variable="WEBMENTION_TOKEN",
            how="Sign in at https://webmention.io with your domain; the API key stands under Settings.",
            without="Single pages are read.",
            name="token",
        ),
        every=timedelta(minutes=30),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=2)),
        finds="pages that link to a page or site of yours and say so by Webmention",
        reach="everything since the site was registered",
        delay="within the hour after it was sent",
        delivers=Delivers.COMPLETE,
        limits=(
            "Pages that link to the site without sending a webmention are not known.",
            "A whole site needs the key of its account at webmention.io.",
            "An edit is seen only when its sender sends it as a new one.",
            "Anybody can send one, so what is found waits for review unless the source says `trust: publish`.",
        ),
        trust=Trust.HOLD,
    )

    target: Annotated[str, Option("page that is linked to", example="https://topic.example/discussing/", check=_target)] = ""
    domain: Annotated[str, Option("site that is linked to, as registered", example="topic.example", check=_domain)] = ""

    def __post_init__(self) -> None:
        _options.exactly_one(self, "target", "domain")

    @property
    def host(self) -> str:
        return "webmention.io"

    @property
    def label(self) -> str:
        return f"Webmentions of {self.domain or self.target.removeprefix('//').rstrip('/')}"

    @property
    def address(self) -> str:
        return f"https:{self.target}" if self.target else f"https://{self.domain}/"

    @property
    def wants_key(self) -> bool:
        return bool(self.domain)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        """From the oldest that is not known yet to the newest: what arrives meanwhile comes last."""
        known = number(unpack(cursor).get("since_id")) or 0
        while rows := self._ask(http, known, AT_ONCE):
            ids = [number(member(row).get("wm-id")) or 0 for row in rows]
            if max(ids) <= known:
                raise Unreadable(f"{DOING}: expected webmentions after number {known}")
            if len(rows) >= AT_ONCE and ids[-1] != max(ids):
                # It took no notice of the order: the oldest would be passed over.
                raise Unreadable(f"{DOING}: expected the oldest first")
            known = max(ids)
            entries, remarks = read_each(rows, _entry, noun="webmention", doing=DOING)
            yield Page(entries=entries, cursor=pack(since_id=known), remarks=remarks)
        if rows is not None:
            yield Page(entries=(), cursor=pack(since_id=known))

    looks_closer: ClassVar[bool] = False

    def recheck(self, http: Http, entries: Sequence[Entry]) -> Iterator[Standing]:
        """Each by its number: what its sender or its receiver deleted is not given any more."""
        for entry in entries:
            id = int(entry.native_id)
            rows = self._ask(http, id - 1, 1)
            if rows is not None:
                found = next((one for one in members(rows) if number(one.get("wm-id")) == id), None)
                visibility = Visibility.PRIVATE if found and found.get("wm-private") is not False else Visibility.PUBLIC
                yield Standing(native_id=entry.native_id, found=found is not None, visibility=visibility)

    def _ask(self, http: Http, known: int, most: int) -> list[Any] | None:
        """Webmentions above a number, the oldest first; None: the same as at the last poll."""
        about = {"target": self.target} if self.target else {"domain": self.domain}
        order = {"since_id": str(known), "sort-by": "created", "sort-dir": "up", "per-page": str(most)}
        reply = http.get(API, params={**about, **order}, accept="application/json", auth=bool(self.domain))
        if reply.unchanged:
            return None
        return a_list(an_object(reply.json(DOING), DOING).get("children"), DOING)


def _entry(row: dict[str, Any]) -> Entry | None:
    """A webmention as an entry; None for one that is private, and for what only says that somebody liked it."""
    id = number(row.get("wm-id"))
    if id is None:
        raise Odd("no wm-id")
    kind = _SAID.get(needed(row, "wm-property"))
    if not isinstance(row.get("wm-private"), bool):
        # Without it nobody knows whether it was meant for everybody.
        raise Odd("no wm-private")
    if kind is None or row["wm-private"]:
        return None
    source, target = web_address(row.get("wm-source")), web_address(row.get("wm-target"))
    if source is None or target is None:
        raise Odd("no wm-source" if source is None else "no wm-target")
    url, content, author = _own(row.get("url"), source), member(row.get("content")), member(row.get("author"))
    words = text(content.get("text")) or text(row.get("summary"))
    title = text(row.get("name"))
    said = title if title and title != words else None
    return Entry(
        native_id=str(id),
        url=url,
        kind=kind_at(url) or kind,
        title=said,
        text=None if text(content.get("html")) else words,
        html=text(content.get("html")),
        author=_author(author),
        published=instant(row.get("published")) or instant(row.get("wm-received")),
        links=(target,),
        in_reply_to=target if kind is Kind.COMMENT else None,
        aliases=(source,) if source != url and not _is_bridge(source) else (),
    )


def _own(url: Any, source: str) -> str:
    """What a source page names as its own address, where it may: on its own host, or on any where Bridgy says so."""
    named = web_address(url)
    if named is None:
        return source
    same = (urlsplit(named).hostname or "").removeprefix("www.") == (urlsplit(source).hostname or "").removeprefix("www.")
    return named if same or _is_bridge(source) else source


def _is_bridge(source: str) -> bool:
    return (urlsplit(source).hostname or "") in _BRIDGES


def _author(row: Mapping[str, Any]) -> Author | None:
    name, url = text(row.get("name")), web_address(row.get("url"))
    return Author(name=name, url=url) if name or url else None
