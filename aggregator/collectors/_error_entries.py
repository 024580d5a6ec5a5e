"""Errors that services which make feeds write down as if they were news. They are told to the steward, and never to readers.

Shapes: RSS-Bridge `actions/DisplayAction.php` ("Bridge returned error 404! (20345)": the number in brackets is the day since 1970),
Kill the Newsletter's first entry, the notices of hosted services (FetchRSS, RSS.app, Feed43, PolitePol …) that link to themselves, and
what a scraped site showed in place of its page. Read 2026-11-22.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from aggregator.collectors._parts import flat
from aggregator.model import Entry
from aggregator.text.page_phrases import Wall
from aggregator.text.page_titles import wall_of

# A notice is short; what is longer is an article about the trouble.
_LONGEST_NOTICE = 1200
_LONGEST_WALL = 300
_TAG = re.compile(r"<[^<>]*>")

_BRIDGE = re.compile(
    r"Bridge returned error -?\d+!?(?: \(\d{4,6}\))?|RSS-Bridge: .{0,80}\b(?:error|exception|failed)\b.{0,80}", re.IGNORECASE
)
_MADE = re.compile(
    r"[\"“”'«].*[\"“”'»] inbox created!?|kill the newsletter!? (?:inbox|feed) created\W*"
    r"|(?:welcome to rsshub!?|rsshub\b.{0,60}\b(?:error|went wrong).{0,60}|looks like something went wrong)\W*",
    re.IGNORECASE,
)
# "This feed has moved", "Example Blog: RSS feed is no longer available".
_MOVED = re.compile(
    r"(?:[^.!?]{0,60}\b)?(?:rss|atom|feed)(?: feed)?(?: url| address)? (?:has|have|is|was|will be) (?:been |now |permanently )*"
    r"(?:moved|discontinued|retired|disabled|deleted|suspended|expired|inactive|"
    r"no longer (?:available|updated|maintained|active|supported))"
    r"\b[^.!?]{0,80}[.!]?|(?:please )?update your (?:feed|rss) (?:reader|url|subscription)\b[^.!?]{0,60}[.!]?",
    re.IGNORECASE,
)
_SERVICES = frozenset(
    """
    createfeed.fivefilters.org feed43.com feedity.com fetchrss.com mailbrew.com morss.it openrss.org politepaul.com politepol.com rss.app
    rss2json.com rssground.com rsshub.app siftrss.com
    """.split()
)
_TROUBLE = re.compile(
    r"\b(?:expired?|inactive|disabled|suspended|deactivated|deleted|unavailable|no longer|upgrade|renew|trial|limit|quota|rate.limit\w*|"
    r"blocked|errors?|failed|failure|invalid|cannot|can't|could not|couldn't|unable|not (?:found|working|available))\b",
    re.IGNORECASE,
)
# For a glance at the bytes of a reply; a feed of articles that holds one of these words is parsed for nothing, at worst.
_SIGNS = re.compile(
    rb"bridge returned error|rss-?bridge|rsshub|inbox created|fetchrss|rss\.app|feed43|politepol|politepaul|openrss|"
    rb"(?:feed|rss)\b.{1,40}(?:moved|discontinued|no longer|expired|inactive)|just a moment|not found|went wrong|forbidden|denied|error",
    re.IGNORECASE,
)
_SMALL_BYTES = 24 * 1024


def complaint(entry: Entry, *, feed: str) -> str | None:
    """The title of an entry that is an error or a notice about the feed itself; None for any other entry.

    Args:
        feed: the address of the feed.
    """
    title = flat(entry.title or "")
    if not title:
        return None
    if _BRIDGE.fullmatch(title) or _MADE.fullmatch(title):
        return title[:120]
    moved = _MOVED.fullmatch(title) is not None
    served = _host(feed) in _SERVICES and _host(entry.url) in _SERVICES
    walled = len(title.split()) > 1 and wall_of(title) in (Wall.BOT, Wall.MISSING)
    # Hardly any title says such a thing, and to read whole essays for it takes as long as parsing the feed.
    if not (moved or served or walled):
        return None
    body = flat(_TAG.sub(" ", "\n".join(filter(None, (entry.text, entry.html)))))
    if len(body) > _LONGEST_NOTICE:
        return None
    troubled = served and _TROUBLE.search(f"{title} {body}") is not None
    return title[:120] if moved or troubled or (walled and len(body) <= _LONGEST_WALL) else None


def may_complain(body: bytes) -> bool:
    """False when a reply surely holds no error in place of its entries; a cheap look that parses nothing."""
    return len(body) <= _SMALL_BYTES and _SIGNS.search(body) is not None


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
