"""One post as Bluesky's AppView shows it (lexicon app.bsky.feed.defs#postView), read leniently."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from aggregator.collectors._json import Odd, instant, member, members, needed, number, tag_names, text, texts, web_address
from aggregator.collectors.base import Standing
from aggregator.model import Author, Entry, Kind, Preview, Restriction, Visibility
from aggregator.text.opt_out import opts_out

HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
"""A handle in lower case (specs/handle of the AT Protocol)."""
_AT_URI = re.compile(r"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/app\.bsky\.feed\.post/([A-Za-z0-9._:~-]{1,512})")
NOT_SHOWN = frozenset({"!hide", "!warn", "porn", "sexual", "nudity", "graphic-media"})
"""Labels of posts that do not belong on an open page."""


def entry_of(post: dict[str, Any]) -> Entry | None:
    """A `postView` as an entry; None when its labels keep it from an open page.

    Raises:
        Odd: it has no address of a post, no record, no text or no author.
    """
    uri = needed(post, "uri")
    named = _AT_URI.fullmatch(uri)
    record, author = post.get("record"), post.get("author")
    if named is None:
        raise Odd("no address of a post")
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise Odd("no text")
    if not isinstance(author, dict):
        # Without it nobody knows whether the author wants to be shown.
        raise Odd("no author")
    labels = _labels(post, author, record)
    if labels & NOT_SHOWN:
        return None
    handle = text(author.get("handle")) if author.get("handle") != "handle.invalid" else None
    did, rkey = named[1], named[2]
    tags, links = _facets(record)
    embeds = _embeds(record, post)
    externals = [external for embed in embeds if (external := member(embed.get("external"))) and web_address(external.get("uri"))]
    times = [time for time in (instant(record.get("createdAt")), instant(post.get("indexedAt"))) if time]
    original = web_address(record.get("bridgyOriginalUrl"))
    by_handle = f"https://bsky.app/profile/{handle}/post/{rkey}" if handle and HANDLE.fullmatch(handle.lower()) else None
    return Entry(
        native_id=uri,
        url=f"https://bsky.app/profile/{did}/post/{rkey}",
        kind=Kind.POST,
        text=text(record["text"]),
        author=Author(name=text(author.get("displayName")) or handle, url=f"https://bsky.app/profile/{did}", handle=handle or did),
        published=min(times, default=None),
        language=next(iter(texts(_listed(record.get("langs")))), None),
        tags=tags,
        links=tuple(dict.fromkeys([*links, *(found for one in externals if (found := web_address(one.get("uri"))))])),
        alternatives=texts(alternative for embed in embeds for alternative in _alternatives(embed)),
        previews=_previews(externals),
        in_reply_to=_answers(record, embeds),
        aliases=tuple(found for found in (by_handle, original) if found),
        restrictions=(Restriction.NO_UNAUTHENTICATED,) if "!no-unauthenticated" in labels else (),
    )


def standing_of(post: dict[str, Any], biography: str) -> Standing | None:
    """How a `postView` stands; None for one that cannot be read.

    Args:
        biography: what the author's profile says; "" when it says nothing, or is not known.
    """
    uri, record, author = text(post.get("uri")), post.get("record"), post.get("author")
    if uri is None or not isinstance(record, dict) or not isinstance(author, dict):
        return None
    labels = _labels(post, author, record)
    said = {
        Restriction.NO_UNAUTHENTICATED: "!no-unauthenticated" in labels,
        Restriction.NO_BOT: opts_out(biography),
    }
    return Standing(
        native_id=uri,
        found=True,
        visibility=Visibility.PRIVATE if labels & NOT_SHOWN else Visibility.PUBLIC,
        restrictions=tuple(one for one, is_said in said.items() if is_said),
    )


def _labels(post: dict[str, Any], author: dict[str, Any], record: dict[str, Any]) -> set[str]:
    """Every label in force on a post, by services, by its author on the account, or by its author on the post itself."""
    given = [one for holder in (post, author) for one in members(holder.get("labels")) if one.get("neg") is not True]
    return set(texts(one.get("val") for one in [*given, *members(member(record.get("labels")).get("values"))]))


def _facets(record: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tags and links of a text. Offsets count UTF-8 bytes (lexicon app.bsky.richtext.facet); a facet outside the text means nothing."""
    length = len(record["text"].encode("utf-8", "surrogatepass"))
    tags, links = [], []
    for facet in members(record.get("facets")):
        index = member(facet.get("index"))
        start, end = number(index.get("byteStart")), number(index.get("byteEnd"))
        if start is None or end is None or not 0 <= start < end <= length:
            continue
        for feature in members(facet.get("features")):
            tags.append(feature.get("tag"))
            links.append(web_address(feature.get("uri")))
    tags += _listed(record.get("tags"))
    named = {_folded(tag): tag for tag in reversed(tag_names(tags))}
    return tuple(reversed(named.values())), tuple(dict.fromkeys(filter(None, links)))


def _embeds(record: dict[str, Any], post: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """What is embedded, as the author wrote it and as the service shows it; media beside a quoted post are taken out of their frame."""
    shown = [member(record.get("embed")), member(post.get("embed"))]
    return tuple(embed for one in shown for embed in (one, member(one.get("media"))) if embed)


def _alternatives(embed: dict[str, Any]) -> Iterator[Any]:
    yield embed.get("alt")
    for name in ("images", "items"):
        yield from (one.get("alt") for one in members(embed.get(name)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _previews(externals: list[dict[str, Any]]) -> tuple[Preview, ...]:
    found: dict[str, Preview] = {}
    for one in externals:
        url = web_address(one.get("uri"))
        if url:
            found.setdefault(url, Preview(url=url, title=text(one.get("title")), description=text(one.get("description"))))
    return tuple(found.values())


def _answers(record: dict[str, Any], embeds: tuple[dict[str, Any], ...]) -> str | None:
    """The post that this one replies to, or else quotes."""
    parent = text(member(member(record.get("reply")).get("parent")).get("uri"))
    if parent:
        return parent
    for embed in embeds:
        quoted = member(embed.get("record"))
        uri = text(quoted.get("uri")) or text(member(quoted.get("record")).get("uri"))
        if uri and "/app.bsky.feed.post/" in uri:
            return uri
    return None


def carries(tag: str, entry: Entry) -> bool:
    """Whether a post carries the hashtag, as a tag or, for posts by plain clients, as a word of its text."""
    wanted = _folded(tag)
    words = re.findall(r"[#＃]([^\s#＃.,;:!?()\[\]{}\"']+)", _folded(entry.text or ""))
    return wanted in map(_folded, entry.tags) or wanted in (word.rstrip("-–—…’”»*") for word in words)


def _folded(tag: str) -> str:
    return unicodedata.normalize("NFKC", tag).casefold()
