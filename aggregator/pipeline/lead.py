"""Which of its addresses a story is shown by: the original and not its copy. Pure. The steward's word on it is applied by `curate`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from aggregator.model import Kind, Link, Mention, Story
from aggregator.text.platform_ids import platform_of
from aggregator.text.urls import canonical, host_of

# Copies that one person sets up in one go, each dated by its own server and perhaps to the day alone, are published at the same time.
_TOGETHER: Final = timedelta(days=2)
_POSTS: Final = frozenset((Kind.POST, Kind.COMMENT))
_SOCIAL: Final = frozenset(("X", "X mirror", "Bluesky", "Threads", "Instagram", "Facebook", "LinkedIn", "Telegram", "Discord", "Nostr"))
# The canonical URL of a post on a server that speaks ActivityPub.
_STATUS: Final = re.compile(r"https?://[^/]+/(?:web/statuses|users/[^/]+/statuses|notice|notes|objects)/[\w-]+\Z")
# They list or mirror what is published elsewhere, and nobody publishes there.
_DIRECTORIES: Final = frozenset(
    """
    open.spotify.com podcasts.apple.com itunes.apple.com podcasts.google.com overcast.fm pca.st pocketcasts.com play.pocketcasts.com
    castbox.fm podcastaddict.com player.fm listennotes.com podchaser.com goodpods.com deezer.com music.amazon.com stitcher.com
    tunein.com iheart.com radiopublic.com castro.fm breaker.audio podbay.fm podtail.com ivoox.com podcastrepublic.net fountain.fm
    podverse.fm podcastindex.org chartable.com owltail.com
    scribe.rip freedium.cfd readmedium.com archive.ph web.archive.org webcache.googleusercontent.com flipboard.com getpocket.com
    news.google.com feedly.com inoreader.com
    """.split()
)
_GONE: Final = frozenset((404, 410))
# A name that has fewer letters stands in too many hosts.
_TELLING: Final = 4
_WORDS: Final = re.compile(r"[^\W\d_]+")


class Home(IntEnum):
    """Whose place an address is, best first."""

    # The host is called after the author, or the author names it as theirs.
    AUTHORS = 0
    A_SITE = 1
    A_PLATFORM = 2
    A_DIRECTORY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    key: str
    # It leads to another address of the story, names another as its own, or answers with "gone".
    points_elsewhere: bool
    gone: bool
    post: bool
    home: Home
    published: datetime | None
    # Doubles of 400 characters that it says of itself, so that a few words more decide nothing.
    richness: int


def lead_of(story: Story) -> str:
    """The key of the link that a story is shown by, whatever the order of its links.

    In this order: what the community chose; no redirect, no page that names another as its own, none that is gone; a page rather than a
    post; no directory or mirror; published within two days of the earliest, where an address without a date counts as late unless it is
    the author's own; on the author's own site, on a site, on a platform; the richest; the earliest; the smaller text.
    """
    if story.chosen is not None:
        return story.chosen.links[0].key
    if len(story.links) < 2:
        return story.links[0].key if story.links else story.lead
    keys = frozenset(link.key for link in story.links)
    own = _own_entries(story.mentions)
    candidates = [_candidate(link, own.get(link.key, ()), keys, story.last_seen_at) for link in story.links]
    dated = [one.published for one in candidates if one.published is not None and one.home is not Home.A_DIRECTORY]
    latest = min(dated) + _TOGETHER if dated else None
    return min(candidates, key=lambda one: _rank(one, latest)).key


def home_of(key: str, authors: Sequence[str], sites: Sequence[str]) -> Home:
    """Whose place an address is.

    Args:
        authors: names and handles of who made what stands there.
        sites: hosts that they name as theirs.
    """
    host = host_of(key).removeprefix("www.")
    if host in _DIRECTORIES:
        return Home.A_DIRECTORY
    if platform_of(host) is not None:
        return Home.A_PLATFORM
    telling = {word for name in authors for word in _WORDS.findall(name.casefold()) if len(word) >= _TELLING}
    if host in sites or any(word in host for word in telling):
        return Home.AUTHORS
    return Home.A_SITE


def _rank(one: _Candidate, latest: datetime | None) -> tuple[object, ...]:
    late = latest is not None and (one.published > latest if one.published else one.home is not Home.AUTHORS)
    known = (one.published is None, one.published.isoformat() if one.published else "")
    return (
        one.points_elsewhere, one.gone, one.post, one.home is Home.A_DIRECTORY, late, one.home, -one.richness, *known, len(one.key), one.key
    )  # fmt: skip


def _own_entries(mentions: Sequence[Mention]) -> Mapping[str, list[Mention]]:
    """The entries that are the thing itself, by its key."""
    own: dict[str, list[Mention]] = {}
    for mention in mentions:
        subject = mention.identity.subject
        if mention.entry.url == subject or canonical(mention.entry.url).key == subject:
            own.setdefault(subject, []).append(mention)
    return own


def _candidate(link: Link, own: Sequence[Mention], keys: frozenset[str], now: datetime) -> _Candidate:
    authors = [one.entry.author for one in own if one.entry.author is not None]
    names = [name for author in authors for name in (author.name, author.handle) if name] + ([link.author] if link.author else [])
    sites = [host_of(author.url).removeprefix("www.") for author in authors if author.url]
    dates = [one.entry.published for one in own if one.entry.published is not None] or ([link.published] if link.published else [])
    return _Candidate(
        key=link.key,
        points_elsewhere=any(other is not None and other != link.key and other in keys for other in (link.landed, link.canonical)),
        gone=link.status in _GONE and not own,
        post=_is_post(link, own),
        home=home_of(link.key, names, sites),
        # A date in the future is nobody's.
        published=min((date for date in dates if date <= now), default=None),
        richness=(max([len(link.description or ""), *(_said(one) for one in own)]) // 400).bit_length(),
    )


def _said(mention: Mention) -> int:
    entry = mention.entry
    return len(entry.text) if entry.text is not None else len(entry.html or "")


def _is_post(link: Link, own: Sequence[Mention]) -> bool:
    kind = min((one.entry.kind for one in own), key=lambda kind: kind in _POSTS, default=link.kind)
    if kind is not None:
        return kind in _POSTS
    platform = platform_of(host_of(link.key).removeprefix("www."))
    return _STATUS.match(link.key) is not None if platform is None else platform[0] in _SOCIAL
