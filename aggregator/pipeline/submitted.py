"""What strangers sent, as mentions: they wait for the steward, since anybody can send them. Pure: asking the page is the caller's work.

Nothing of it is shown by itself, unless the steward approved the whole way it came (`aggregator approve --source by-webmention`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.curation.naming import BY_WEBMENTION, SUGGESTED
from aggregator.fetch import Reply
from aggregator.log import unaddressed
from aggregator.model import Author, Entry, Field, Kind, Link, Mention, Restriction, Source, Takes, Topic
from aggregator.store.private import Submission, SubmissionKind
from aggregator.text.page import NOINDEX
from aggregator.text.page_address import kind_at
from aggregator.text.urls import Canonical, host_of

# Of a page, as for verifying it.
_MOST_BYTES = 1024 * 1024
_IDS = {SubmissionKind.WEBMENTION: BY_WEBMENTION, SubmissionKind.SUGGESTION: SUGGESTED}
_LABELS = {SubmissionKind.WEBMENTION: "received by Webmention", SubmissionKind.SUGGESTION: "suggested by readers"}
_WHY = {
    SubmissionKind.WEBMENTION: "it came by Webmention, which anybody can send",
    SubmissionKind.SUGGESTION: "a reader suggested it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a page said, as far as it could be read."""

    link: Link
    # What it has to do with the page it links to; None: that was not asked.
    kind: Kind | None = None
    noindex: bool = False


def sources(topics: Iterable[Topic]) -> Mapping[SubmissionKind, Source]:
    """The source of each way."""
    ids = tuple(topic.id for topic in topics)
    return {
        kind: Source(id=id, platform=id, options={}, topics=ids, takes=Takes.EVERYTHING, label=_LABELS[kind]) for kind, id in _IDS.items()
    }


def read_of(found: Canonical, reply: Reply, at: datetime, *, kind: Kind | None = None) -> Read:
    """What the page of a reply says of itself."""
    # What reads pages is slow to load.
    from aggregator.pipeline.enrich import account_of, enriched

    reply = replace(reply, body=reply.body[:_MOST_BYTES])
    noindex = "noindex" in reply.headers.get("x-robots-tag", "").lower() or NOINDEX in account_of(reply, at).notes
    return Read(link=enriched(Link(key=found.key, href=found.href), reply, at), kind=kind, noindex=noindex)


def entry_of(one: Submission, id: str, read: Read) -> Entry:
    """A submission as an entry with the id `id`: of a webmention at its address as it was sent, of a suggestion at the best to follow."""
    link = read.link
    kind = Kind.COMMENT if read.kind is Kind.COMMENT else link.kind or kind_at(one.source) or read.kind or Kind.ARTICLE
    return Entry(
        native_id=id,
        url=one.source if one.target else link.href,
        kind=kind,
        title=one.title or link.title or host_of(link.href),
        text=link.description,
        author=Author(name=link.author) if link.author else None,
        published=link.published,
        language=link.language,
        site=link.site,
        links=(one.target,) if one.target else (),
        # A page that asks not to be indexed is linked to and not quoted; a post that does is not shown.
        restrictions=(Restriction.NOINDEX,) if read.noindex and kind in (Kind.POST, Kind.COMMENT) else (),
    )


def waiting(mention: Mention, one: Submission, *, trusted: bool) -> Mention:
    """The same, with how it came as the reason why it counts and why it waits.

    Args:
        trusted: the steward approved the whole way it came.
    """
    matches = tuple(replace(match, rule=_LABELS[one.kind]) if match.field is Field.SOURCE else match for match in mention.matches)
    # What somebody says of it is for the steward alone; whose address stands in it has not asked us to keep it.
    why = _WHY[one.kind] + (f" and says: {unaddressed(one.note)}" if one.note else "")
    return replace(mention, matches=matches, held=None if trusted else why)
