"""Posts in the open networks, known by the shape of their address on any host: Mastodon, Discourse, Matrix, Nostr, Scuttlebutt."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from aggregator.text import bech32
from aggregator.text.address import Address, pieces, sorted_query

# Since Mastodon 2.0 ids are snowflakes of 17 digits or more; older ones are so short that a blog could use them, so the author stays.
_SNOWFLAKE = 15
_ACCOUNT = re.compile(r"@([\w.-]+(?:@[\w.-]+)?)\Z", re.ASCII)
_AFTER: Final = frozenset(("embed", "activity", "favourites", "reblogs", "quotes", "reactions"))


def mastodon(a: Address, host: str, s: list[str]) -> str | None:
    """Host and number of a post, in the forms of the page, of ActivityPub, of the web client and of its columns."""
    rest = s[1:] if s[0] in ("web", "deck", "ap", "interact") else s
    if not rest:
        return None
    if rest[0] == "statuses" and len(rest) > 1 and s[0] in ("web", "deck"):
        return _status(a, host, "", rest[1], rest[2:])
    account = _ACCOUNT.match(rest[0])
    if account is not None and len(rest) > 1:
        return _status(a, host, account[1].lower(), rest[1], rest[2:])
    if rest[0] == "users" and len(rest) > 3 and rest[2] == "statuses":
        return _status(a, host, rest[1].lower(), rest[3], rest[4:])
    if account is not None and len(s) == 1 and a.query is None:
        return f"https://{host}{a.port}/@{account[1].lower()}"
    if rest[0] == "tags" and len(rest) == 2 and not rest[1].endswith((".rss", ".json")):
        return f"https://{host}{a.port}/tags/{rest[1].lower()}" if a.query is None else None
    return None


def _status(a: Address, host: str, account: str, number: str, after: list[str]) -> str | None:
    number = number.removesuffix(".json")
    if not number.isdigit() or (after and (after[0] not in _AFTER or len(after) > 1)):
        return None
    if len(number) >= _SNOWFLAKE or not account:
        return f"https://{host}{a.port}/web/statuses/{number}"
    return f"https://{host}{a.port}/@{account}/{number}"


_TOPIC = re.compile(r"((?:/[^/]+){0,2})/t/(?:[^/]+/)??(\d+)(?:/(\d+))?(?:/(?:print|last))?(?:\.(?:json|rss))?\Z")


def discourse(a: Address, host: str, s: list[str]) -> str | None:
    """Host and number of a topic, with the number of the post from the second on; the words between are decoration."""
    match = _TOPIC.match("/" + "/".join(s))
    if match is None:
        return None
    post = "" if match[3] is None or int(match[3]) < 2 else f"/{int(match[3])}"
    return f"https://{host}{a.port}{match[1]}/t/{match[2]}{post}"


def matrix(a: Address, host: str, s: list[str]) -> str | None:
    """Room and event behind `#/`; the servers to ask (`via`) are no part of it."""
    fragment = a.fragment or ""
    if host == "app.element.io":
        fragment = fragment.replace("/room/", "/", 1).replace("/user/", "/", 1) if fragment.startswith(("/room/", "/user/")) else ""
    if not fragment.startswith("/"):
        return None
    named = unquote(fragment[1:].partition("?")[0]).rstrip("/")
    if not named or named[0] not in "!#@+$":
        return None
    return "https://matrix.to/#/" + quote(named, safe="!#@+$:/._~-=").replace("#", "%23")


_POINTER = re.compile(r"(?:nostr:)?((?:note|nevent|naddr|npub|nprofile)1[02-9ac-hj-np-z]{20,})\Z", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{64}\Z")


def nostr(text: str) -> str | None:
    """A pointer in any of its encodings (NIP-19): relays and authors inside it are hints, the event, address or person is what it names."""
    match = _POINTER.match(text)
    decoded = bech32.decode(match[1].lower()) if match is not None else None
    if decoded is None:
        return None
    kind, payload = decoded
    if kind in ("note", "npub"):
        return _nostr_page("e" if kind == "note" else "p", payload.hex()) if len(payload) == 32 else None
    fields = bech32.fields(payload)
    special = fields.get(0, b"")
    if kind in ("nevent", "nprofile"):
        return _nostr_page("e" if kind == "nevent" else "p", special.hex()) if len(special) == 32 else None
    author, number = fields.get(2, b""), fields.get(3, b"")
    if len(author) != 32 or len(number) != 4:
        return None
    address = bech32.packed(((0, special), (2, author), (3, number)))
    return f"https://njump.me/{bech32.encode('naddr', address)}"


def _nostr_page(kind: str, name: str) -> str:
    return f"https://njump.me/{kind}/{name}"


def nostr_page(a: Address, host: str, s: list[str]) -> str | None:
    """A pointer at the end of the path, or an id in hexadecimal behind `/e/` or `/p/`."""
    if not s and a.fragment:
        s = a.fragment.partition("?")[0].strip("/").split("/")
    if not s:
        return None
    if len(s) > 1 and s[-2] in ("e", "p") and _HEX.match(s[-1]):
        return _nostr_page(s[-2], s[-1])
    return nostr(s[-1])


_SIGIL = re.compile(r"([%@&])([A-Za-z0-9+/_-]{43}=)\.(sha256|ed25519)")
_SSB_URI = re.compile(r"ssb:(?://)?(message|feed|blob)[/:](?:classic|sha256|ed25519)[/:]([A-Za-z0-9+/_-]{43})(?:=|%3D)?", re.IGNORECASE)
_SIGILS: Final = {"message": ("%", "sha256"), "feed": ("@", "ed25519"), "blob": ("&", "sha256")}


def scuttlebutt(text: str) -> str | None:
    """A message, feed or blob by its hash, in a viewer's address, as sigil or as `ssb:` URI; the page of a public viewer stands for it."""
    decoded = text
    for _ in range(3):
        uri = _SSB_URI.match(decoded)
        if uri is not None:
            sigil, suffix = _SIGILS[uri[1].lower()]
            return _viewer(sigil, f"{uri[2]}=", suffix)
        match = _SIGIL.search(decoded)
        if match is not None:
            return _viewer(match[1], match[2], match[3]) if (match[1] == "@") == (match[3] == "ed25519") else None
        decoded = unquote(decoded)
    return None


def _viewer(sigil: str, name: str, suffix: str) -> str:
    name = name.replace("-", "+").replace("_", "/")
    return f"https://viewer.scuttlebot.io/{quote(sigil + name, safe='')}.{suffix}"


def lemmy(a: Address, host: str, s: list[str]) -> str | None:
    """A post or comment by number, on the server asked; equal numbers on two servers mean nothing."""
    # The shape alone proves nothing: on another kind of site a parameter can name another thing.
    if a.query:
        return None
    if len(s) in (2, 3) and s[0] == "post" and all(part.isdigit() for part in s[1:]):
        return f"https://{host}{a.port}/post/{s[1]}" if len(s) == 2 else f"https://{host}{a.port}/comment/{s[2]}"
    return f"https://{host}{a.port}/comment/{s[1]}" if len(s) == 2 and s[0] == "comment" and s[1].isdigit() else None


def wordpress_feed(a: Address) -> str | None:
    """`/?feed=rss2` is `/feed/` (WordPress, "WordPress Feeds"): one feed."""
    parameters = sorted_query(pieces(a.query or ""))
    return {"feed=rss2": "/feed", "feed=rss": "/feed/rss", "feed=atom": "/feed/atom", "feed=rdf": "/feed/rdf"}.get(parameters)
