"""What a story is called: the title that a feed, a page or a platform gives, without what else stands in it. Pure.

`page_titles` takes the title from a page, where the page itself says which part is the site's name. Here a title comes alone, with the
names that are known of its site and author. Letters in capitals stay as the author set them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aggregator.text.excerpts import without_tail_tags
from aggregator.text.page_address import platform_name, site_guesses, site_host
from aggregator.text.page_titles import fold, on_platform, without_site

# Longer ones are no titles, and looking for names in them takes quadratic time.
_LONGEST: Final = 500
_ELLIPSIS: Final = re.compile(r"\s*(?:[\[(]\s*(?:…|\.{3})\s*[\])]|…|\.{3,})\s*\Z")
# Medium writes "Title | by Name | Publication", Substack "Title - by Name - Newsletter".
_BY_AND_SITE: Final = re.compile(r"\s+(?:\|\s+by\s+[^|]{2,80}(?:\s\|\s.{1,120})?|[-–—]\s+by\s+[^-–—|]{2,60}\s[-–—]\s.{1,100})\Z")
_BY: Final = re.compile(r"\s*(?:[,|·•–—-]\s*)?\b(?:by|von|par|por|di|door)\s+(?P<name>[^|,;:]{2,80})\Z", re.IGNORECASE)
# A name behind a separator needs nobody to confirm it.
_BY_APART: Final = re.compile(r"\s+[|·•–—-]\s+(?:by|von|par|por)\s+[^\W\d_][\w'’.-]*(?:\s+[^\W\d_][\w'’.-]*){1,3}\Z")
_NAMES_OF_HOSTS: Final = {
    "open.spotify.com": ("Spotify", "Podcast on Spotify"),
    "creators.spotify.com": ("Spotify for Creators",),
    "podcasters.spotify.com": ("Spotify for Podcasters",),
    "anchor.fm": ("Anchor", "Spotify for Podcasters", "Spotify for Creators"),
    "x.com": ("X", "Twitter"),
    "docs.google.com": ("Google Docs",),
}
# A first look: what a title without any of these is, is its own.
_MARKS: Final = re.compile(
    r"\s[·•–—›»@/-]+\s|[|｜:：…#＃_]|\.\.\.|\s»|\b(?:by|von|par|por|di|door)\b|\bon (?:apple|vimeo|reddit)", re.IGNORECASE
)


def clean_title(title: str, *, url: str = "", sites: Iterable[str | None] = (), author: str = "") -> str:
    """A title without the name of its site, "by" its author, an ellipsis at its end and a tail of hashtags; never empty.

    Args:
        url: where the thing stands; its host names the platform.
        sites: what its site, show or publication is called.
        author: who made it.
    """
    line = " ".join(title[:_LONGEST].split())
    if not _MARKS.search(line):
        return line
    host = site_host(url)
    names = [*(name for name in sites if name), *(name for name in (platform_name(url),) if name), *_NAMES_OF_HOSTS.get(host, ())]
    said = _or(_BY_AND_SITE.sub("", line), line)
    said = _or(without_site(on_platform(said, host), names=names, guesses=site_guesses(url), known=(), author=author), said)
    said = _or(_without_author(said, author), said)
    said = _or(without_tail_tags(said), said)
    return _or(_ELLIPSIS.sub("", said), said)


def _without_author(title: str, author: str) -> str:
    found = _BY_APART.search(title) or _BY.search(title)
    if found is None:
        return title
    named = found.re is _BY_APART or (bool(author) and fold(found["name"]) == fold(author))
    return title[: found.start()] if named else title


def _or(text: str, otherwise: str) -> str:
    """A text, unless nothing but marks is left of it."""
    line = text.strip(" \t|·•–—-,")
    return line if re.search(r"\w", line) else otherwise
