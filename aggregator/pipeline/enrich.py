"""What a linked page says of itself, written into its link. Pure: asking the page is the caller's work.

A link that could not be read is tried again after an hour, six hours, a day, three days and a week; then it counts as read, and stays as
the platforms described it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.errors import Action, SourceError
from aggregator.fetch import Reply
from aggregator.model import Entry, Kind, Link
from aggregator.pipeline.match import Matcher
from aggregator.text.cutting import without_elements
from aggregator.text.decode import decode
from aggregator.text.html import visible
from aggregator.text.marks import parted
from aggregator.text.page import NOINDEX, PageAccount, read_page
from aggregator.text.page_address import is_home, same_site, split
from aggregator.text.urls import canonical, host_of, is_public_web

_WAITS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
_PAGES = frozenset({"", "text/html", "application/xhtml+xml", "application/xml", "text/xml"})

# What stands around a page's own text on every page of a site: words there are not about this page.
_FURNITURE = "nav|footer|aside"
_FILES = re.compile(
    r"\.(?:mp3|m4[abv]|aac|og[agv]|opus|flac|wav|aiff?|wma|mp4|mov|avi|mkv|webm|wmv|mpe?g|3gp|jpe?g|png|gif|webp|svg|avif|heic|tiff?|bmp|ico|"
    r"pdf|epub|mobi|docx?|xlsx?|pptx?|od[tsp]|rtf|csv|zip|gz|tgz|bz2|xz|7z|rar|tar|dmg|exe|msi|apk|iso|deb|rpm|jar|torrent|ics|srt|vtt|"
    r"json|xml|rss|atom|opml)$",
    re.IGNORECASE,
)
# Places that show programs nothing but a wall (seen 2026), by host or a host above it. Medium's stories stand behind a bot check since
# 2023; its feeds say all that is wanted.
_REFUSING = frozenset(
    {
        *(
            "x.com",
            "twitter.com",
            "facebook.com",
            "fb.com",
            "fb.me",
            "fb.watch",
            "instagram.com",
            "threads.net",
            "threads.com",
            "linkedin.com",
        ),
        *(
            "lnkd.in",
            "tiktok.com",
            "pinterest.com",
            "quora.com",
            "medium.com",
            "discord.com",
            "discord.gg",
            "whatsapp.com",
            "wa.me",
            "t.me",
        ),
        *(
            "accounts.google.com",
            "mail.google.com",
            "meet.google.com",
            "zoom.us",
            "reddit.com",
            "news.google.com",
        ),
    }
)


_DOCUMENTS = frozenset(("drive.google.com", "docs.google.com"))
_DOCUMENT = re.compile(
    r"(?P<file>https?://docs\.google\.com/(?:a/[^/]+/|u/\d+/)?(?P<kind>document|presentation|spreadsheets|drawings)/(?:u/\d+/)?"
    r"d/(?!e/)[\w-]+)(?:[/?#].*)?"
)


def page_to_read(href: str) -> str:
    """Where the title of what stands at an address is to be read: a document of Google's is a program, its export a file without one."""
    found = _DOCUMENT.fullmatch(href)
    return f"{found['file']}/{'mobilebasic' if found['kind'] == 'document' else 'edit'}" if found else href


def enriched(link: Link, reply: Reply, now: datetime, *, matcher: Matcher | None = None) -> Link:
    """The link with what its page says of itself; what the page does not say stays as it was.

    A wall is an attempt that failed. A deep address that leads to a front page or to another site's log-in is one, too. A file that is no
    page counts as read.

    Args:
        matcher: tells which topics the page's own text concerns; None: it is not searched.
    """
    if reply.media_type not in _PAGES:
        tried = link.attempts + 1
        return replace(link, landed=_landed(link, reply), status=reply.status, enriched_at=now, attempts=tried, next_try_at=None)
    account = account_of(reply, now)
    if account.wall or (is_home(reply.url) and not is_home(link.href)):
        return _tried(link, reply.status, now, at=None)
    # A document can be un-shared at any time: it is linked to by its title, and never quoted.
    quoted = NOINDEX not in account.notes and host_of(link.key) not in _DOCUMENTS
    return replace(
        link,
        title=account.title or link.title,
        # Who asks not to be found is linked to, not quoted.
        description=(account.description or link.description) if quoted else None,
        author=account.author or link.author,
        site=account.site or link.site,
        published=account.published.astimezone(UTC) if account.published else link.published,
        published_day_only=account.published_day_only if account.published else link.published_day_only,
        language=account.language or link.language,
        image=(account.image or link.image) if quoted else None,
        kind=account.kind or link.kind,
        landed=_landed(link, reply),
        canonical=_canonical(link, account),
        topics=topics_of(reply, account, matcher) if matcher else link.topics,
        status=reply.status,
        enriched_at=now,
        attempts=link.attempts + 1,
        next_try_at=None,
    )


def _landed(link: Link, reply: Reply) -> str | None:
    """Where the address led. What leads to a front page, or from a page to a list above it, is gone, and is not what it leads to."""
    key = canonical(reply.url).key
    if key in (link.key, canonical(link.href).key) or is_home(reply.url):
        return None
    asked, reached = split(link.href), split(reply.url)
    above = asked and reached and same_site(link.href, reply.url) and asked.path.startswith(reached.path.rstrip("/") + "/")
    return None if above else key


def _canonical(link: Link, account: PageAccount) -> str | None:
    """What the page names as its own address, on its own site or on another."""
    named = account.canonical or account.claims
    key = canonical(named).key if named else link.key
    return None if key == link.key else key


def account_of(reply: Reply, now: datetime) -> PageAccount:
    """What the page of a reply says of itself."""
    return read_page(reply.url, reply.body, reply.headers.get("content-type", ""), now=now)


def topics_of(reply: Reply, account: PageAccount, matcher: Matcher) -> tuple[str, ...]:
    """Ids of the topics that a page's own words concern, sorted: its title and its text, but no menu, footer or column beside it."""
    if not matcher.may_match(reply.body):
        return ()
    markup = without_elements(decode(reply.body, reply.headers.get("content-type", "")), _FURNITURE)
    said = Entry(
        native_id=reply.url,
        url=reply.url,
        kind=account.kind or Kind.ARTICLE,
        title=account.title,
        text=visible(markup).text,
        language=account.language,
    )
    return tuple(sorted({match.topic for match in matcher.match(said)}))


def not_enriched(link: Link, error: SourceError, now: datetime) -> Link:
    """The link after an attempt that failed: when to try again, or never for what is gone (410)."""
    if error.action is Action.STOP and error.status == 410:
        return replace(link, status=error.status, enriched_at=now, attempts=link.attempts + 1, next_try_at=None)
    return _tried(link, error.status, now, at=error.retry_at)


def worth_reading(key: str, *, intranet: bool = False) -> bool:
    """Whether a page at this address may say something of itself: no media file, no private host, no platform known to refuse programs.

    Args:
        intranet: the operator has opened private networks (fetch.allow_networks); the client still refuses every other one.
    """
    parts = split(key)
    # A page that several entries have as their address says nothing of any of them.
    if parts is None or parted(key)[1] or not (intranet or is_public_web(key)):
        return False
    labels = host_of(key).split(".")
    if any(".".join(labels[at:]) in _REFUSING for at in range(len(labels) - 1)):
        return False
    return _FILES.search(parts.path) is None


def _tried(link: Link, status: int | None, now: datetime, *, at: datetime | None) -> Link:
    attempts = link.attempts + 1
    if attempts > len(_WAITS):
        return replace(link, status=status, enriched_at=now, attempts=attempts, next_try_at=None)
    due = now + _WAITS[attempts - 1]
    return replace(link, status=status, attempts=attempts, next_try_at=max(due, at) if at else due)
