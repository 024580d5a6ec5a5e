"""Webmentions that are sent to us (W3C Recommendation of 12 January 2017, read 2026-11-22): what is accepted, and what a page must hold.

Pure: asking the page is the caller's work. Anybody can send one, and says nothing but two addresses: that the one links to the other is
believed when it was seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from aggregator.fetch import Reply
from aggregator.model import Kind
from aggregator.settings import Settings
from aggregator.text.decode import decode
from aggregator.text.html import soup
from aggregator.text.urls import canonical, host_of, is_public_web

LONGEST = 2000
"""Characters of an address; longer ones are no page's."""

# Of a page that are looked at; §3.2.2 leaves it to the receiver, and advises such limits.
MOST_BYTES = 1024 * 1024
_JSON = ("application/json", "application/feed+json", "application/activity+json")
TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain", *_JSON})
ACCEPT = "text/html, application/xhtml+xml, application/json;q=0.9, text/plain;q=0.5"
_LINKING = {
    "href": ("a", "area"),
    "src": ("img", "video", "audio", "source", "iframe", "embed", "track"),
    "data": ("object",),
    "cite": ("blockquote", "q", "ins", "del"),
}
# Links to one target that are looked at.
_MOST_LINKS = 100
# Content of an element that is never shown.
_UNSEEN = ("template", "noscript", "script", "style")
# A browser takes it for the folder above (URL Standard §4.4), which may be somebody else's.
_CLIMBING = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
# Properties of microformats2 that say what a page has to do with its target; a link without one mentions it.
_ANSWERS, _ONLY_LIKES = ("u-in-reply-to", "in-reply-to"), ("u-like-of", "u-repost-of", "u-rsvp", "u-invitee")


def refused(source: str, target: str, settings: Settings) -> str:
    """Why a webmention is not taken (§3.2.1), as a sentence for its sender; "" when it is."""
    for name, address in (("source", source), ("target", target)):
        if not _is_address(address):
            return f"The {name} is not an http or https address."
    if urldefrag(source)[0] == urldefrag(target)[0]:
        return "Source and target are the same page."
    if not is_ours(target, settings):
        return "The target is not a page of this site."
    if not settings.fetch.allow_networks and not is_public_web(source):
        return "The source is not an address that others can open."
    if is_page_of(source, settings.site.url):
        return "The source is a page of this site itself."
    return ""


def is_ours(target: str, settings: Settings) -> bool:
    """Whether a page is one that webmentions are received for: of the site, or one that a topic says is about it or is its own site."""
    bare = urldefrag(target)[0]
    host = host_of(bare)
    sites = (one.name for topic in settings.topics for one in topic.sites)
    named = _port(urlsplit(bare)) is None and any(host == name or host.endswith(f".{name}") for name in sites)
    return named or is_page_of(bare, settings.site.url) or any(canonical(bare).key in topic.about for topic in settings.topics)


def is_page_of(address: str, site: str) -> bool:
    """Whether a page lies below the address of a site; "" has none."""
    if not site:
        return False
    one, all_of = urlsplit(address), urlsplit(site)
    folder = all_of.path if all_of.path.endswith("/") else f"{all_of.path}/"
    return _place(one) == _place(all_of) and f"{one.path}/".startswith(folder)


def relation(reply: Reply, target: str) -> Kind | None:
    """What the page of a reply has to do with `target`, which it must link to by this very address, but for a fragment (§3.2.2).

    COMMENT for an answer, ARTICLE for a page that mentions it; None: it does not link there, or only likes or repeats it.

    In HTML a link counts that readers can see, in JSON a string that is the address, in plain text the address.
    """
    wanted = urldefrag(target)[0]
    body = reply.body[:MOST_BYTES]
    if reply.media_type.endswith("json"):
        return Kind.ARTICLE if any(urldefrag(one)[0] == wanted for one in _strings(body)) else None
    text = decode(body, reply.headers.get("content-type", ""))
    if reply.media_type == "text/plain":
        return Kind.ARTICLE if _stands_in(wanted, text) else None
    return _linked(text, reply.url, wanted)


def _linked(markup: str, base: str, wanted: str) -> Kind | None:
    page = soup(markup)
    named = page.find("base", href=True)
    base = _joined(base, str(named["href"])) if named else base
    linking = islice((one for one in page.find_all(True) if _links(one, base, wanted)), _MOST_LINKS)
    classes = [_classes(one) for one in linking if not one.find_parent(_UNSEEN)]
    telling = [one for one in classes if not one.intersection(_ONLY_LIKES)]
    if not telling:
        return None
    return Kind.COMMENT if any(one.intersection(_ANSWERS) for one in telling) else Kind.ARTICLE


def _links(tag: Any, base: str, wanted: str) -> bool:
    found = [value for name, tags in _LINKING.items() if tag.name in tags and isinstance(value := tag.attrs.get(name), str)]
    return any(urldefrag(one.strip())[0] == wanted or urldefrag(_joined(base, one.strip()))[0] == wanted for one in found)


def _classes(tag: Any) -> set[str]:
    """Of a link, and of the citation that it stands in (`<div class="u-in-reply-to h-cite"><a href=…>`)."""
    around = tag.find_parent(class_="h-cite")
    return {
        str(name) for one in (tag, around) if one is not None for name in (*(one.attrs.get("class") or ()), *(one.attrs.get("rel") or ()))
    }


def _strings(body: bytes) -> Iterator[str]:
    """Every string of a JSON value; nothing of what is none."""
    try:
        waiting = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _stands_in(wanted: str, text: str) -> bool:
    """Whether an address stands in a text, and not as the beginning of a longer one."""
    at = text.find(wanted)
    while at >= 0:
        behind = text[at + len(wanted) : at + len(wanted) + 1]
        if not behind or behind.isspace() or behind in "<>\"'()[]#,.;:!?":
            return True
        at = text.find(wanted, at + 1)
    return False


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    clean = len(address) <= LONGEST and address.isprintable() and " " not in address and not _CLIMBING.search(parts.path)
    return clean and parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and port != 0


def _place(parts: SplitResult) -> tuple[str, int | None]:
    return (parts.hostname or "").rstrip(".").removeprefix("www."), _port(parts)


def _port(parts: SplitResult) -> int | None:
    """None: the scheme's own."""
    return parts.port if parts.port != {"http": 80, "https": 443}.get(parts.scheme) else None


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return address
