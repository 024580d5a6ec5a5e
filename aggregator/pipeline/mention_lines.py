"""Mentions as `aggregator cluster` reads them from standard input, and what it answers. The steps are those of the pipeline."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from aggregator.model import Author, Enclosure, Entry, Evidence, EvidenceKind, Kind, Mention
from aggregator.pipeline.cluster import cluster, is_first_hand
from aggregator.pipeline.identify import identify, kind_of_alias
from aggregator.text.dates import parse_date
from aggregator.text.html import visible
from aggregator.text.page_address import kind_at
from aggregator.text.platform_ids import platform_of
from aggregator.text.standing import stands_in
from aggregator.text.urls import canonical, host_of, is_web

# Without a date: after everything that has one.
_UNDATED: Final = datetime.max.replace(tzinfo=UTC, microsecond=0)
_ADDRESS = re.compile(r"(?:https?://|www\.)(?:[^\s<>\"“”«»|\\^`{}]|\\(?=[_*&~.-]))+", re.IGNORECASE)
# Platforms write posts in HTML; `<https://example.org>` is none.
_MARKUP: Final = re.compile(r"</?(?:p|a|br|div|span|em|strong|b|i|ul|ol|li|h[1-6]|blockquote|img|pre|code)(?:[\s/][^<>]*)?>", re.IGNORECASE)
# Where an emphasis begins in Markdown: "_see https://example.org/a_".
_OPENED: Final = re.compile(r"(?<![\w_])_+(?=\w|\Z)")
_CLOSERS: Final = {")": "(", "]": "["}
_AUDIO = re.compile(r"\.(?:mp3|m4a|ogg|oga|opus|wav|flac|aac|m4b)(?:[?#]|\Z)|/podcast/play/\d+", re.IGNORECASE)
_KINDS: Final = {
    Kind.EPISODE: """
        podcast anchor spotify apple applepodcasts itunes podbean buzzsprout soundcloud overcast castbox pocketcasts transistor libsyn
        simplecast acast spreaker mixcloud podcastindex fyyd
    """,
    Kind.VIDEO: "youtube vimeo peertube dailymotion twitch tiktok odysee",
    Kind.POST: """
        mastodon fediverse activitypub bluesky bsky atproto x twitter threads instagram facebook linkedin telegram nostr tumblr discord
        matrix ssb scuttlebutt pleroma akkoma misskey pixelfed gotosocial bridgy reddit hn hackernews lobsters lemmy mbin kbin slack social
        microblog friendica hubzilla diaspora gnusocial iceshrimp sharkey firefish calckey mitra snac twtxt cohost weibo vk mewe post toot
    """,
    Kind.THREAD: "loomio discourse forum github gitlab stackexchange stackoverflow googlegroups mailinglist",
    Kind.ARTICLE: """
        medium substack ghost wordpress blog web rss feed atom blogger hashnode writeas notion gitbook newsletter news website article
    """,
}
_KIND_OF: Final = {platform: kind for kind, platforms in _KINDS.items() for platform in platforms.split()}
# Things of another kind than most of their platform.
_FORMS: Final = (
    (Kind.ARTICLE, re.compile(r"linkedin\.com/pulse/|\bnaddr1[02-9ac-hj-np-z]{20}|facebook\.com/notes/", re.IGNORECASE)),
    (Kind.POST, re.compile(r"substack\.com/(?:@[^/]+/)?note/", re.IGNORECASE)),
)
# Places where a thread is a link that somebody submitted.
_SUBMITTING: Final = frozenset(("Reddit", "Hacker News", "Lobsters"))


def mention_of(request: Mapping[str, Any]) -> Mention:
    """One line as a mention: {"id","platform","url","title","text","author","handle","published","links"}; all but the id can be left out.

    "html", "language", "kind", "in_reply_to" and "tags" are understood, too. Addresses in the text count as links; a text with markup is
    read as HTML.

    Raises:
        ValueError: there is no id, or a field is of the wrong type; the message is a sentence.
    """
    name = _id(request)
    text, html, url = _text(request, "text"), _text(request, "html"), _text(request, "url")
    marked_up = not html and text is not None and _MARKUP.search(text) is not None
    html = text if marked_up else html
    seen = visible(html, base=url or "") if html else None
    text = seen.text if seen and marked_up else text
    shown = seen.links if seen else ()
    links = tuple(dict.fromkeys((*_texts(request, "links"), *addresses_in(text or ""), *shown)))
    own = url or f"urn:mention:{name}"
    kind = _kind(request, own)
    answered = _text(request, "in_reply_to")
    if answered is None and "kind" not in request and (answered := stands_in(own)):
        kind = Kind.COMMENT
    handle, author = _text(request, "handle"), _text(request, "author")
    entry = Entry(
        native_id=name,
        url=own,
        kind=kind,
        title=_text(request, "title"),
        text=text,
        html=html,
        author=Author(name=author, handle=handle.lstrip("@") if handle else None) if author or handle else None,
        published=_published(request),
        language=_text(request, "language"),
        tags=_texts(request, "tags"),
        links=links,
        enclosures=tuple(Enclosure(url=link) for link in links if kind is Kind.EPISODE and _AUDIO.search(link)),
        in_reply_to=answered,
        aliases=_aliases(own, handle),
    )
    identity = identify(entry, links=links)
    return Mention(source="", entry=entry, matches=(), identity=identity, first_seen_at=entry.published or _UNDATED)


def answers_of(mentions: Sequence[Mention]) -> list[dict[str, object]]:
    """One line for each mention, in order: {"id","story","evidence":[{"kind","with","left","right","score"}]}.

    Each says what binds it to others, once for each thing that does: to the first mention of its address, and where it is that one itself,
    to the first mentions of other addresses. A mention that binds itself to nothing says by what the first of the others is bound to it.
    """
    made = cluster(mentions)
    first = _first_of_each(mentions)
    bonds: dict[str, list[Evidence]] = defaultdict(list)
    for bond in made.bonds:
        if bond.left in first and bond.right in first:
            bonds[bond.left].append(bond)
            bonds[bond.right].append(bond)
    reasons = [tuple(_reasons(number, mentions, first, bonds, made.stories)) for number in range(len(mentions))]
    bound = _bound_to(reasons, mentions)
    return [
        {
            "id": mention.entry.native_id,
            "story": story,
            "evidence": [
                _written(evidence, mentions[other].entry.native_id)
                for evidence, other in (*(() if _joined(reasons[number]) else bound.get(number, ())), *reasons[number])
            ],
        }
        for number, (mention, story) in enumerate(zip(mentions, made.stories, strict=True))
    ]


_Reason = tuple[Evidence, int]
"""What binds a mention to another, and the number of that."""


def _joined(reasons: Sequence[_Reason]) -> bool:
    return any(evidence.kind.joins for evidence, _ in reasons)


def _bound_to(reasons: Sequence[Sequence[_Reason]], mentions: Sequence[Mention]) -> Mapping[int, tuple[_Reason, ...]]:
    """For each mention that another binds itself to, the reason of the first that does, as `_rank` orders them."""
    bound: dict[int, tuple[_Reason, ...]] = {}
    for number, there in enumerate(reasons):
        for evidence, other in there:
            if evidence.kind.joins and (other not in bound or _rank(mentions[number]) < _rank(mentions[bound[other][0][1]])):
                bound[other] = ((evidence, number),)
    return bound


def _first_of_each(mentions: Sequence[Mention]) -> dict[str, int]:
    """From each subject to the number of the mention that stands for it: what is there itself, then the oldest, then the smallest id."""
    first: dict[str, int] = {}
    for number, mention in enumerate(mentions):
        subject = mention.identity.subject
        if subject not in first or _rank(mention) < _rank(mentions[first[subject]]):
            first[subject] = number
    return first


def _rank(mention: Mention) -> tuple[bool, datetime, str]:
    return not is_first_hand(mention), mention.first_seen_at, mention.entry.native_id


def _reasons(
    number: int, mentions: Sequence[Mention], first: Mapping[str, int], bonds: Mapping[str, list[Evidence]], stories: Sequence[str]
) -> Iterable[_Reason]:
    mention = mentions[number]
    subject = mention.identity.subject
    for alias in mention.identity.aliases:
        if alias in first and first[alias] != number:
            left, right = sorted((alias, subject))
            yield (
                Evidence(kind=kind_of_alias(mention, alias), left=left, right=right),
                first[alias],
            )
    for page in mention.identity.shares:
        if page in first and stories[first[page]] == stories[number]:
            yield Evidence(kind=EvidenceKind.SAME_URL, left=page, right=page), first[page]
    if first[subject] != number:
        yield Evidence(kind=EvidenceKind.SAME_URL, left=subject, right=subject), first[subject]
        return
    for bond in bonds.get(subject, ()):
        other = first[bond.right if bond.left == subject else bond.left]
        if stories[other] == stories[number] or not bond.kind.joins:
            yield bond, other


def _written(evidence: Evidence, other: str) -> dict[str, object]:
    return {
        "kind": evidence.kind.value, "with": other, "left": evidence.left, "right": evidence.right, "score": evidence.score,
    }  # fmt: skip


# -- reading a line


def _id(request: Mapping[str, Any]) -> str:
    name = request.get("id")
    if isinstance(name, int) and not isinstance(name, bool):
        return str(name)
    if not isinstance(name, str) or not name:
        raise ValueError('a mention has no "id"; give each line one of its own, as text')
    return name


def _text(request: Mapping[str, Any], key: str) -> str | None:
    value = request.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f'"{key}" is {type(value).__name__}, not text; write it as a JSON string, or null')
    return value


def _texts(request: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = request.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f'"{key}" is not a list of texts; write it as a JSON array of strings, or null')
    return tuple(one for one in value if one)


def _published(request: Mapping[str, Any]) -> datetime | None:
    value = request.get("published")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError('"published" is not text; write a date as in RFC 3339 ("2026-11-20T09:15:02Z"), or null')
    said = parse_date(value)
    return said[0].astimezone(UTC) if said else None


def _kind(request: Mapping[str, Any], url: str) -> Kind:
    said = _text(request, "kind")
    if said in list(Kind):
        return Kind(said)
    known = platform_of(host_of(url).removeprefix("www."))
    if known is not None and known[0] in _SUBMITTING:
        return Kind.POST
    form = next((kind for kind, form in _FORMS if form.search(url)), None) or kind_at(url)
    named = form or _kind_of(_text(request, "platform") or "") or (_kind_of(known[0]) if known else None)
    if named is not None:
        return named
    # A few words by an account, on a platform that nobody knows: what has no title is a post.
    return Kind.POST if request.get("handle") and request.get("text") and not request.get("title") else Kind.ARTICLE


@lru_cache(maxsize=1024)
def _kind_of(platform: str) -> Kind | None:
    """The kind of most things on a platform, whose name can be written loosely ("X/Twitter", "micro.blog")."""
    words = re.findall(r"[a-z0-9]+", platform.casefold())
    return next((kind for name in ("".join(words), *words) if (kind := _KIND_OF.get(name))), None)


def _aliases(url: str, handle: str | None) -> tuple[str, ...]:
    """A post of Bluesky by its author's handle, where its own address has the DID."""
    found = re.match(r"(https://bsky\.app/profile/)did:[^/]+(/post/[^/]+)\Z", canonical(url).key)
    name = (handle or "").lstrip("@").lower()
    return (found[1] + name + found[2],) if found and re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", name) else ()


def addresses_in(text: str) -> tuple[str, ...]:
    """Addresses written out in a plain text, without the punctuation behind them; a `_` that closes no emphasis is a part of one."""
    if "://" not in text and "www." not in text:
        return ()
    found = []
    for match in _ADDRESS.finditer(text):
        url = match[0]
        if url.endswith(("…", "...")):
            # It is cut off, and leads nowhere.
            continue
        closing = ".,;:!?'*~_" if "_" in url[-4:] and _OPENED.search(text, 0, match.start()) else ".,;:!?'*~"
        while url and (url[-1] in closing or (url[-1] in _CLOSERS and url.count(url[-1]) > url.count(_CLOSERS[url[-1]]))):
            url = url[:-1]
        if is_web(canonical(url).key):
            found.append(url)
    return tuple(found)
