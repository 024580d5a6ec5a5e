"""What a source is like, learned from what it lists, and whether it is so still. Pure.

A domain changes hands, a site is broken into, a feed begins to serve something else: its entries must not reach readers before the steward
has looked. A false alarm costs the steward as well, so nothing is said of young sources, of entries that were known, of few entries, and
of places where many people speak (a hashtag, a search, a planet), which change by nature. Posts and comments are not looked at.

Remembered is a short record of the newest entries: `usual`, which is what the source is like, and `lately`, the last that were new.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from aggregator.model import Decision, DecisionKind, Entry, Kind, Page, SourceState
from aggregator.pipeline._languages import language_named, language_of
from aggregator.text.urls import canonical, host_of

_JUDGED = frozenset((Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO, Kind.THREAD))
# Entries of a page that are looked at, the newest; some feeds hold a whole history.
_NEWEST = 40
# Records kept of what is usual, and of what came lately: so many must have come before a trickle is judged.
_USUAL, _LATELY = 40, 6
# Fewer entries tell nothing: of a source that is young, or of what came lately.
_YOUNG, _FEW = 10, 5
# A share that is nearly all.
_MOST = 0.8
# "Ten times its rate", at least so many entries, and more than any busy day would bring.
_TIMES, _FLOOD, _BUSY = 10, 15, 3
# Where many people speak: at least so many, and this share of the entries that name somebody.
_CROWD, _CROWD_SHARE = 5, 1 / 3
# Characters and words from which a language is told, and characters of markup, from its beginning and its end, in which links are looked
# for: with all of them, looking at a page took ten times as long as reading it.
_READ, _WORDS, _MARKUP = 600, 80, 3000

_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"[^\W\d_]+")
_LINK = re.compile(r"""<a\s[^>]*?href\s*=\s*["']?https?://([^"'\s>/?#:]+)""", re.IGNORECASE)
# A host that leads to others'.
_WRAPPER = re.compile(r"(?:\A|\.)google\.|\Afeedproxy\.|\Afeeds\.feedburner\.")
# Sites that anybody begins to link to some day: a new place to follow, to pay or to listen.
_COMMON = frozenset(
    """
    anchor.fm apple.com bandcamp.com bit.ly bsky.app buymeacoffee.com discord.gg eventbrite.com facebook.com flickr.com github.com
    google.com instagram.com ko-fi.com liberapay.com linkedin.com lu.ma mastodon.social medium.com meetup.com opencollective.com patreon.com
    paypal.com pinterest.com reddit.com soundcloud.com spotify.com substack.com t.me telegram.me threads.com tiktok.com tinyletter.com
    twitter.com vimeo.com whatsapp.com wikipedia.org wordpress.com x.com youtube.com youtu.be zoom.us
    """.split()
)


class _Record(NamedTuple):
    """One entry as far as it shows what its source is like."""

    # Short hashes, by which an entry is known when it comes again, under either.
    id: str
    title: str
    # BCP 47 primary subtag; "" when it is not clear.
    language: str
    # Of the permalink.
    host: str
    # What the feed or platform calls itself.
    site: str
    author: str
    # Days since 0001-01-01 of its publication, or else of the poll that brought it.
    day: int
    # Hosts that it links to, but for its own.
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nature:
    usual: tuple[_Record, ...] = ()
    # Newest first.
    lately: tuple[_Record, ...] = ()
    # When it was last looked at; None: never.
    at: datetime | None = None
    # When it was found changed; None: it is as it was.
    held_at: datetime | None = None


def observe(nature: str, page: Page, at: datetime) -> tuple[str, str | None]:
    """What a source is like after one more page, and why it is not what it was, as a fragment for people; None: it is, or is not known.

    Args:
        nature: as this function gave it before; "" for a source that is read for the first time.
        at: when the page was asked for.
    """
    judged = [entry for entry in page.entries if entry.kind in _JUDGED and entry.url]
    if not judged:
        return nature, None
    before = _read(nature)
    newest = _newest(judged)
    known = {name for record in (*before.usual, *before.lately) for name in (record.id, record.title) if name}
    records = [_record(entry, at, known) for entry in newest]
    again = {name: record for record, is_known in records if is_known for name in (record.id, record.title) if name}
    fresh = tuple(record for record, is_known in records if not is_known)
    usual, lately = _read_again(before.usual, again), (*fresh, *_read_again(before.lately, again))
    if before.held_at is not None:
        return _written(replace(before, usual=usual, lately=lately[:_USUAL], at=at)), None
    if len(usual) < _YOUNG:
        return _written(_Nature(usual=(*lately, *usual)[:_USUAL], at=at)), None
    flood = _flood(judged, known, at, since=before.at or at)
    reason = _changed(usual, lately[: max(_LATELY, len(fresh))], returning=len(records) > len(fresh)) or _rate(usual, flood, at, before.at)
    if reason:
        return _written(_Nature(usual=usual, lately=lately[:_USUAL], at=at, held_at=at)), reason
    return _written(_Nature(usual=(*lately[_LATELY:], *usual)[:_USUAL], lately=lately[:_LATELY], at=at)), None


def homes(nature: str) -> tuple[str, ...]:
    """The host that nearly all entries of a source lead to, in a tuple of one; an empty one for a source that leads to many places."""
    records = [record for part in (_read(nature).usual, _read(nature).lately) for record in part]
    host, count = Counter(record.host for record in records).most_common(1)[0] if records else ("", 0)
    return (host,) if count > 1 and count >= _MOST * len(records) else ()


def accepted(nature: str) -> str:
    """The nature of a source whose change the steward approves: what it was lately is what it is like."""
    before = _read(nature)
    return _written(_Nature(usual=before.lately or before.usual, at=before.at))


def released(state: SourceState, decisions: Iterable[Decision]) -> SourceState:
    """A held source as the steward's decisions leave it: held no more when it was approved after it was held."""
    if state.held is None:
        return state
    held_at = _read(state.nature).held_at
    approved = (
        decision.at
        for decision in decisions
        if decision.kind is DecisionKind.APPROVE and decision.subject == f"source:{state.source}" and decision.at is not None
    )
    if any(held_at is None or at >= held_at for at in approved):
        return replace(state, held=None, nature=accepted(state.nature))
    return state


def waits(source: str, reason: str) -> str:
    """That a source is held, why, and what to do about it."""
    return (
        f"{source} is held: {reason}. What is new there waits: look at it with `aggregator review`. If all is well, "
        f"`aggregator approve --source {source}` shows it and takes the source for what it is now."
    )


# -- what an entry shows


def _newest(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The newest entries; those without a date stand where the source lists them, after the others."""
    if len(entries) <= _NEWEST:
        return entries
    return sorted(entries, key=lambda entry: entry.published or datetime.min.replace(tzinfo=UTC), reverse=True)[:_NEWEST]


def _record(entry: Entry, at: datetime, known: set[str]) -> tuple[_Record, bool]:
    """(what the entry shows, whether it was known)."""
    id, title = _hash(entry.native_id), _hash(" ".join((entry.title or "").split()).casefold()) if entry.title else ""
    is_known = id in known or title in known
    host = _host(entry.url)
    author = entry.author.handle or entry.author.name or "" if entry.author else ""
    record = _Record(
        id=id,
        title=title,
        language="" if is_known else _language(entry),
        host=host,
        site=(entry.site or "")[:80],
        author=_hash(author) if author else "",
        day=min(entry.published or at, at).toordinal(),
        links=_links(entry, host),
    )
    return record, is_known


def _language(entry: Entry) -> str:
    text = " ".join(filter(None, (entry.title, (entry.text or "")[:_READ], _TAG.sub(" ", (entry.html or "")[: _READ * 2])[:_READ])))
    found = language_of(_WORD.findall(text.casefold())[:_WORDS])
    return found or (entry.language or "").partition("-")[0].partition("_")[0].lower()


def _links(entry: Entry, own: str) -> tuple[str, ...]:
    markup = entry.html or ""
    if len(markup) > 2 * _MARKUP:
        markup = f"{markup[:_MARKUP]} {markup[-_MARKUP:]}"
    found = (*map(_host, entry.links), *(host.lower().removeprefix("www.") for host in _LINK.findall(markup)))
    hosts = dict.fromkeys(found)
    return tuple(host for host in hosts if host and host != own and not _is_common(host))[:8]


def _host(url: str) -> str:
    host = url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2].partition(":")[0].lower().removeprefix("www.")
    return host_of(canonical(url).key) if _WRAPPER.search(host) else host


def _is_common(host: str) -> bool:
    labels = host.split(".")
    return any(".".join(labels[place:]) in _COMMON for place in range(len(labels) - 1))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _read_again(records: Iterable[_Record], again: Mapping[str, _Record]) -> tuple[_Record, ...]:
    """Records as the entries show themselves now: a feed that moved house has moved its old entries, too. Days do not move."""
    found = []
    for record in records:
        now = again.get(record.id) or again.get(record.title) or record
        found.append(now._replace(day=min(now.day, record.day), language=record.language))
    return tuple(found)


# -- what has changed


def _changed(usual: Sequence[_Record], lately: Sequence[_Record], *, returning: bool) -> str | None:
    if len(lately) < _FEW or _is_crowd(usual):
        return None
    found = _other_site(usual, lately, returning) or _other_language(usual, lately)
    return found or _other_host(usual, lately) or _other_links(usual, lately)


def _is_crowd(usual: Sequence[_Record]) -> bool:
    """Where many people speak, languages, sites and numbers change with who happens to."""
    named = [record.author for record in usual if record.author]
    authors, hosts = len(set(named)), len({record.host for record in usual})
    return (authors >= _CROWD and authors >= _CROWD_SHARE * len(named)) or (hosts >= _CROWD and hosts >= _CROWD_SHARE * len(usual))


def _other_site(usual: Sequence[_Record], lately: Sequence[_Record], returning: bool) -> str | None:
    """Another site behind the domain: another name, and nothing of what was listed before."""
    then, now = {record.site for record in usual}, {record.site for record in lately}
    if returning or len(now) != 1 or len(then) != 1 or now == then or "" in now | then:
        return None
    return f"another site seems to answer at its address: it called itself {then.pop()!r}, and now calls itself {now.pop()!r}"


def _other_language(usual: Sequence[_Record], lately: Sequence[_Record]) -> str | None:
    then, now = Counter(one.language for one in usual if one.language), Counter(one.language for one in lately if one.language)
    if then.total() < _YOUNG * _MOST or now.total() < _FEW:
        return None
    (was, count), (now_is, _) = then.most_common(1)[0], now.most_common(1)[0]
    strange = sum(number for language, number in now.items() if language not in then)
    if count < _MOST * then.total() or strange < _MOST * now.total():
        return None
    return f"its entries are in {language_named(now_is)} now, and were in {language_named(was)}"


def _other_host(usual: Sequence[_Record], lately: Sequence[_Record]) -> str | None:
    then, now = Counter(one.host for one in usual), Counter(one.host for one in lately)
    (was, count), (now_is, _) = then.most_common(1)[0], now.most_common(1)[0]
    strange = sum(number for host, number in now.items() if host not in then)
    if count < _MOST * len(usual) or strange < _MOST * len(lately):
        return None
    return f"its entries lead to {now_is} now, and led to {was}"


def _other_links(usual: Sequence[_Record], lately: Sequence[_Record]) -> str | None:
    """One site that nearly all of its entries link to, and that none did before."""
    then = {host for one in usual for host in (*one.links, one.host)}
    now = Counter(host for one in lately for host in set(one.links) if host not in then)
    if not now or now.most_common(1)[0][1] < _MOST * len(lately):
        return None
    return f"nearly all of its new entries link to {min(host for host, number in now.items() if number == max(now.values()))}"


def _flood(entries: Iterable[Entry], known: set[str], at: datetime, *, since: datetime) -> int:
    """How many entries were published since the last look; old ones that are listed only now are none of them."""
    count = 0
    for entry in entries:
        if entry.published is None or since - timedelta(days=1) < entry.published <= at + timedelta(days=1):
            title = _hash(" ".join(entry.title.split()).casefold()) if entry.title else ""
            count += _hash(entry.native_id) not in known and title not in known
    return count


def _rate(usual: Sequence[_Record], count: int, at: datetime, since: datetime | None) -> str | None:
    if count < _FLOOD or since is None or _is_crowd(usual):
        return None
    days = max((at - since) / timedelta(days=1), 1.0)
    by_day = Counter(record.day for record in usual)
    span = max(max(by_day) - min(by_day), 1)
    daily = len(usual) / span
    if count < _TIMES * daily * days or count < _BUSY * max(by_day.values()) * days:
        return None
    return f"it listed {count} new entries in {_days(days)}, {round(count / days / daily)} times as many as it used to"


def _days(days: float) -> str:
    return "a day" if days < 1.5 else f"{round(days)} days"


# -- as text


def _read(nature: str) -> _Nature:
    if not nature:
        return _Nature()
    kept: dict[str, Any] = json.loads(nature)
    return _Nature(
        usual=_records(kept["usual"]),
        lately=_records(kept["lately"]),
        at=_time(kept["at"]),
        held_at=_time(kept["held_at"]),
    )


def _records(rows: Iterable[Any]) -> tuple[_Record, ...]:
    return tuple(_Record._make((*row[:-1], tuple(row[-1]))) for row in rows)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _written(nature: _Nature) -> str:
    return json.dumps(
        {
            "usual": nature.usual,
            "lately": nature.lately,
            "at": nature.at.isoformat() if nature.at else None,
            "held_at": nature.held_at.isoformat() if nature.held_at else None,
        },
        separators=(",", ":"),
        ensure_ascii=True,
    )
