"""A site of which nobody said what it is: its front page is asked, and then it is read as the platform that it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import urldefrag

from aggregator.collectors import platforms
from aggregator.collectors._blogs import at_most_one, of_site, word_of
from aggregator.collectors._discovery import discover
from aggregator.collectors._feeds import cut_off, description, feed_of, is_page
from aggregator.collectors._json import member
from aggregator.collectors._options import host_of, split, web_address
from aggregator.collectors.base import Backfills, Collector, Cursor, Delivers, Manifest, Method, Option, build, options_of, pack, unpack
from aggregator.errors import BadOption, Gone, Unreadable
from aggregator.fetch import Http, Pace, Reply
from aggregator.model import GapReason, Kind, Missed, Page
from aggregator.text.decode import decode
from aggregator.text.secret_address import masked

DOING = "finding out what a site is"


def _address(value: str) -> str:
    clean = value.strip()
    return urldefrag(web_address(clean if "://" in clean else f"https://{clean}"))[0]


def _tag(value: str) -> str:
    # As it is written: labels of Blogger have capitals, and every other platform folds it for itself.
    return word_of(value.strip().lstrip("#＃"))


@dataclass(frozen=True, kw_only=True)
class Site(Collector):
    """Reads a site without being told what it is. At the first poll its front page is looked at, and what made it (WordPress, Ghost,
    Substack, Blogger, Discourse, Mastodon and whatever else shows itself) is remembered; from then on it is read as that, and looked at
    again when that fails. With `search` or `tag` the site is asked for a word, where its software can be; without them whatever is new is
    read and looked through. A site that shows nothing is read by the feed that its page leads to.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="site",
        title="Site, whatever it runs on",
        homepage="https://html.spec.whatwg.org/multipage/semantics.html#standard-metadata-names",
        spec="HTML Standard, standard metadata names, and the marks of each platform, read 2026-11-22",
        method=Method.PAGE,
        kinds=(Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO, Kind.THREAD, Kind.POST, Kind.COMMENT),
        every=timedelta(hours=3),
        quiet_after=timedelta(days=365),
        pace=Pace(gap=timedelta(seconds=2)),
        finds="what one site publishes, or what its own search finds",
        reach="as the platform that it turns out to be",
        delay="as the platform that it turns out to be",
        delivers=Delivers.COMPLETE,
        limits=(
            "What a site is read as can be seen with `aggregator source test`; written out as that platform it can be given a key.",
            "A site without a feed whose software is not known wants selectors: `platform: webpage`.",
        ),
    )

    site: Annotated[str, Option("address of the site", example="https://blog.example", check=_address)]
    search: Annotated[str, Option("word to search for, where the site can be searched", example="microsolidarity", check=word_of)] = ""
    tag: Annotated[str, Option("tag, where the site has tags", example="microsolidarity", check=_tag)] = ""

    def __post_init__(self) -> None:
        at_most_one(self, "search", "tag")

    @property
    def host(self) -> str:
        return host_of(self.site)

    @property
    def label(self) -> str:
        return of_site(masked(self.site.partition("://")[2].rstrip("/"), "…"), search=self.search, tag=self.tag)

    @property
    def address(self) -> str:
        return masked(self.site, "…")

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        known = unpack(cursor)
        inner = self._remembered(known)
        if inner is not None:
            try:
                yield from self._kept(inner, inner.poll(http, _place(known)))
                return
            except (Gone, Unreadable) as error:
                found, odd = self._look(http, guess=False)
                if found == inner:
                    raise error from None
            said = (*odd, f"the site was read as {inner.manifest.title} and is read as {found.manifest.title} now")
        else:
            try:
                found, odd = self._look(http, guess=not known)
            except Unreadable:
                # Remembered, so that its usual addresses are tried once and not at every poll.
                if not known:
                    yield Page(entries=(), cursor=pack(searched=True))
                raise
            said = (*odd, f"the site is read as {found.manifest.title} (platform {found.manifest.name}){self._unasked(found)}")
        for number, page in enumerate(self._kept(found, found.poll(http, ""))):
            yield replace(page, remarks=(*(() if number else said), *page.remarks))

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        """As far back as the platform that the site is can be read; where it cannot, that is told as missed."""
        known = unpack(cursor)
        if known.get("end"):
            return
        odd: tuple[str, ...] = ()
        inner = self._remembered(known)
        if inner is None:
            inner, odd = self._look(http, guess=True)
        if isinstance(inner, Backfills):
            for number, page in enumerate(self._kept(inner, inner.backfill(http, since, _place(known)))):
                yield replace(page, remarks=(*(() if number else odd), *page.remarks))
            return
        remark = f"the site is read as {inner.manifest.title}, which shows {inner.manifest.reach} and nothing older"
        yield Page(entries=(), cursor=pack(end=True), remarks=(*odd, remark), missed=Missed(reason=GapReason.WITHHELD, since=since))

    def _remembered(self, known: Mapping[str, Any]) -> Collector | None:
        """What the site was found to be; None when that is not known, or no longer configured so."""
        same = known.get("asked") == [self.search, self.tag]
        return _built(str(known.get("platform")), member(known.get("options"))) if same else None

    def _look(self, http: Http, *, guess: bool) -> tuple[Collector, tuple[str, ...]]:
        """What the front page shows, and remarks: a platform, the site's own before what it only points to, or else its feed.

        Raises:
            Unreadable: it shows nothing that can be read.
        """
        reply = http.page(self.site, fresh=True)
        kind = reply.headers.get("content-type", "")
        feed = platforms()["feed"]
        if not is_page(reply.body, kind):
            feed_of(replace(reply, silent=False), DOING)
            return build(feed, {"url": self.site}), ()
        text = decode(reply.body, kind)
        odd = cut_off(text)
        found = [one for name, collector in platforms().items() if not collector.manifest.fallback for one in self._signed(name, reply)]
        host = (split(reply.url).hostname or "").removeprefix("www.")
        own = [one for one in found if one.host.partition(":")[0].removeprefix("www.") == host]
        named = [one["url"] for one in feed.signs(reply) if (split(one["url"]).hostname or "").removeprefix("www.") == host]
        if own or found:
            # A show or a channel that a blog points to is not the blog.
            return (own or [build(feed, {"url": one}) for one in named] or found)[0], odd
        try:
            return build(feed, {"url": discover(http, reply, DOING, guess=guess)[0]}), odd
        except Unreadable as error:
            shown = description(text)
            how = "write `platform: webpage` and its selectors, or the address of a feed"
            raise Unreadable(f"{DOING}: expected a platform or a feed, got {shown}; {how}", status=error.status) from error

    def _signed(self, platform: str, page: Reply) -> Iterator[Collector]:
        """The collectors of a platform that the page shows signs of, with what is looked for, where the platform can look for it."""
        manifest = platforms()[platform].manifest
        if manifest.auth is not None and not manifest.auth.optional:
            return
        wanted: dict[str, str] = {
            name: value for name in ("search", "tag") if name in _options_of(platform) and (value := getattr(self, name))
        }
        for options in platforms()[platform].signs(page):
            if built := _built(platform, {**options, **wanted}):
                yield built

    def _kept(self, inner: Collector, pages: Iterator[Page]) -> Iterator[Page]:
        """Pages whose cursors remember what the site is, and what was looked for when that was found out."""
        options = {name: value for name in options_of(type(inner)) if (value := getattr(inner, name))}
        for page in pages:
            kept = pack(platform=inner.manifest.name, options=options, at=page.cursor, asked=[self.search, self.tag])
            yield replace(page, cursor=kept)

    def _unasked(self, found: Collector) -> str:
        name = next((name for name in ("search", "tag") if getattr(self, name)), "")
        return f", which has no {name}: whatever is new is read" if name and name not in _options_of(found.manifest.name) else ""


def _options_of(platform: str) -> frozenset[str]:
    return frozenset(options_of(platforms()[platform]))


def _built(platform: str, options: Mapping[str, Any]) -> Collector | None:
    """The collector, or None for options that do not make one."""
    known = platforms().get(platform)
    try:
        return build(known, options) if known and known is not Site and all(isinstance(one, str) for one in options.values()) else None
    except BadOption:
        return None


def _place(known: Mapping[str, Any]) -> Cursor:
    at = known.get("at")
    return at if isinstance(at, str) else ""
