"""Copies of a page that stand elsewhere: archives, AMP caches, machine translation, readers' proxies, bridges between networks.

A copy's address holds the address of its original, and is that original. A calendar of captures is not a capture. Sources: web.md,
webmention.md, bluesky.md; the AMP project's cache URL format (https://amp.dev, read 2026-11); the URL forms of the archives named.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from aggregator.text.address import Address, parse

WEB = re.compile(r"https?://", re.IGNORECASE)
GOOGLE_HOST = re.compile(r"(?:[\w-]+\.)*google\.(?:com?\.)?[a-z]{2,3}\Z")
_BARE_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?::\d+)?(?:[/?#]|\Z)")
# Archives: what stands before the captured address. A calendar ("*") is a list of captures, not one.
_STAMP = r"\d{4,14}(?:[a-z]{2}_)*"
_CAPTURE = {
    "archive.org": rf"/(?:web/)?(?:{_STAMP}/)?(?:(?:save(?:/_embed)?)/)?",
    "archive": r"/(?:(?:[\d.]{4,10}-?\d*|newest|oldest|timegate)|o/\w+)/",
    "arquivo.pt": rf"/(?:noFrame/replay|wayback)/{_STAMP}/",
    "nationalarchives.gov.uk": rf"/(?:ukgwa/)?{_STAMP}/",
    "archive-it.org": rf"/\d+/{_STAMP}/",
    "nla.gov.au": rf"/awa/{_STAMP}/",
    "webarchive.org.uk": rf"/(?:en/)?wayback/(?:[a-z]+/)?{_STAMP}/",
    "loc.gov": rf"/[\w-]+/{_STAMP}/",
    "mementoweb.org": rf"/(?:memento|timegate)/(?:{_STAMP}/)?",
    "vefsafn.is": rf"/is/{_STAMP}/",
}  # fmt: skip
CAPTURES: Final = {
    domain: re.compile(pattern + r"(?=https?(?::|%3A)|[\w-]+(?:\.[\w-]+)+(?:[/:?]|\Z))", re.IGNORECASE)
    for domain, pattern in _CAPTURE.items()
}
TODAY = frozenset(("archive.today", "archive.ph", "archive.is", "archive.li", "archive.vn", "archive.md", "archive.fo"))
# Sites that take an address as their path.
_PATH_PROXIES: Final = {
    "12ft.io": "/(?:proxy)?", "r.jina.ai": "/", "via.hypothes.is": "/", "freedium.cfd": "/", "web.brid.gy": "/r/", "bsky.brid.gy": "/r/",
    "fed.brid.gy": "/r/", "ap.brid.gy": "/r/", "smry.ai": "/(?:proxy)?",
    "removepaywall.com": "/(?:search)?", "txtify.it": "/", "archive.org": "/save/", "href.li": "/", "nullrefer.com": "/", "anonym.to": "/",
    "anon.to": "/", "dereferer.me": "/", "blankrefer.com": "/", "hiderefer.com": "/", "anonym.es": "/",
    "steamcommunity.com": "/linkfilter/",
    "deviantart.com": "/users/outgoing", "textise.net": "/showtext.aspx",
}  # fmt: skip
PROXIED: Final = {host: re.compile(pattern + r"/?(?=https?(?::|%3A))", re.IGNORECASE) for host, pattern in _PATH_PROXIES.items()}
_AMP_CACHE = re.compile(r"/(?:amp|[a-z]{1,3})/(s/)?([^/]+\.[^/]+.*)", re.DOTALL)
_AMP_GOOGLE = re.compile(r"/amp/(s/)?([^/]+\.[^/]+.*)", re.DOTALL)
_BRIDGE_AT = re.compile(r"/convert/[a-z]+/(at(?::|%3A)(?:/|%2F){1,2}.+)", re.IGNORECASE | re.DOTALL)
_BRIDGE_WEB = re.compile(r"/(?:convert/[a-z]+|r)/(https?(?::|%3A)(?:/|%2F){1,2}.+)", re.IGNORECASE | re.DOTALL)


def target_of(raw: str) -> str | None:
    """A parameter's value as an address; None when it is none. Decodes until a scheme stands in clear, four times at most."""
    value = raw
    for _ in range(4):
        if WEB.match(value):
            # Google writes the scheme in clear and encodes the rest: the mark of a query that is encoded tells.
            value = unquote(value) if "?" not in value and "%3F" in value.upper() else value
            return value if parse(value) is not None else None
        if "%" not in value:
            break
        value = unquote(value)
    if value.startswith("//"):
        return target_of(f"https:{value}")
    return f"https://{value}" if _BARE_HOST.match(value) else None


def rest_of(a: Address, start: int) -> str:
    """What stands behind a position of the path, with query and fragment, decoded where its scheme is encoded."""
    text = a.path[start:]
    if re.match(r"https?%3A", text, re.IGNORECASE):
        text = unquote(text)
    text = re.sub(r"\A(https?):/+", r"\1://", text, flags=re.IGNORECASE)
    query = "" if a.query is None else f"?{a.query}"
    fragment = "" if a.fragment is None else f"#{a.fragment}"
    return text + query + fragment


def captured(a: Address) -> str | None:
    """The original of a capture in a web archive."""
    domain = "archive" if a.host in TODAY else a.host.partition(".")[2] if a.host.count(".") > 1 else a.host
    pattern = CAPTURES.get(domain) or CAPTURES.get(a.host) or CAPTURES.get(domain.partition(".")[2])
    match = pattern.match(a.path) if pattern is not None else None
    if match is None or (
        domain == "archive.org" and a.host not in ("web.archive.org", "wayback.archive.org", "www.archive.org", "archive.org")
    ):
        return None
    if domain == "archive.org" and not match[0].strip("/"):
        return None
    return target_of(rest_of(a, match.end()))


def proxied(a: Address) -> str | None:
    """The target of a site that takes an address as its path or as its whole query."""
    host = a.host.removeprefix("www.")
    pattern = PROXIED.get(host)
    if pattern is None:
        return None
    match = pattern.match(a.path)
    if match is not None:
        return target_of(rest_of(a, match.end()))
    if a.query and re.match(r"(?:q=|url=)?https?(?::|%3A)", a.query, re.IGNORECASE):
        return target_of(re.sub(r"\A(?:q|url)=", "", a.query) + ("" if a.fragment is None else f"#{a.fragment}"))
    return None


def amp_cached(a: Address) -> str | None:
    """The AMP page behind a cache of AMP pages."""
    if a.host.endswith("ampproject.org"):
        match = _AMP_CACHE.match(a.path)
    elif GOOGLE_HOST.match(a.host) or a.host in ("bing.com", "www.bing.com"):
        match = _AMP_GOOGLE.match(a.path)
    else:
        match = _AMP_CACHE.match(a.path) if a.host.endswith("bing-amp.com") else None
    if match is None:
        return None
    rest = rest_of(a, match.start(2))
    return target_of(rest if WEB.match(rest) else f"http{'s' if match[1] else ''}://{rest}")


def translated(a: Address) -> str | None:
    """`blog-example-org.translate.goog`: "-" was ".", "--" was "-"; the translator's parameters begin with "_x_"."""
    if not a.host.endswith(".translate.goog"):
        return None
    host = a.host.removesuffix(".translate.goog").replace("--", "\x00").replace("-", ".").replace("\x00", "-")
    kept = "&".join(piece for piece in (a.query or "").split("&") if piece and not piece.startswith("_x_"))
    return target_of(f"https://{host}{a.path}{'?' + kept if kept else ''}")


_READER = re.compile(r"/([\w.-]+\.[a-z]{2,24})(?:/s/(\d+)|(/@[^/]+(?:/\d+)?))/?\Z")


def seen_through(a: Address) -> str | None:
    """The post on a server that a web client shows, by that server's own number: Elk's path, Phanpy's route (read 2026-11)."""
    match = _READER.match(a.fragment or "" if a.host == "phanpy.social" else a.path)
    if match is None:
        return None
    return f"https://{match[1]}/web/statuses/{match[2]}" if match[2] else f"https://{match[1]}{match[3]}"


def bridged(a: Address) -> str | None:
    """The original of a post that Bridgy Fed carried into another network."""
    if a.host != "brid.gy" and not a.host.endswith(".brid.gy"):
        return None
    match = _BRIDGE_AT.match(a.path)
    if match is not None:
        identifier = re.sub(r"\Aat:/+", "at://", unquote(match[1]), flags=re.IGNORECASE)
        parts = identifier.removeprefix("at://").split("/")
        return f"https://bsky.app/profile/{parts[0]}/post/{parts[2]}" if len(parts) == 3 and parts[1] == "app.bsky.feed.post" else None
    match = _BRIDGE_WEB.match(a.path)
    return target_of(rest_of(a, match.start(1))) if match is not None else None
