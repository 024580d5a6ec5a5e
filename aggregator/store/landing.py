"""How a page lands: what of it is new, changed or known, and the rows that follow from that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from aggregator.model import Link, Mention, Preview
from aggregator.store import Landed, Landing, gaps, schema
from aggregator.store import statements as sql
from aggregator.store.engine import Desk
from aggregator.store.partition import Voice
from aggregator.store.passed import let_pass
from aggregator.store.placing import Name, place
from aggregator.store.rows import (
    aliases_from_text,
    aliases_to_text,
    first_hand,
    link_from_row,
    link_to_row,
    link_to_values,
    matches_to_text,
    maybe_stamp,
    mention_to_row,
    remarks_to_text,
    stamp,
    storable,
)

# Answers remembered of one source: a platform whose addresses change with every page would fill the table for ever.
_VALIDATORS_KEPT = 64


# A platform may list an entry for a while that it no longer shows; after this long it is taken at its word again.
_BELIEVED = timedelta(days=30)


class _Known(NamedTuple):
    """What is remembered of an entry that comes again."""

    native_id: str
    content_hash: str
    withdrawn_at: str | None
    anchor: str | None
    first_seen_at: str
    quiet: bool
    subject: str
    href: str
    aliases: str | None
    rules: int
    matches: str
    shares: str | None
    published: str | None
    held: str | None
    checked_at: str | None


@dataclass(slots=True, kw_only=True)
class _Changes:
    """What a page changes, by native id."""

    new: int = 0
    changed: int = 0
    # Mentions whose rows are written, with their content hashes.
    written: dict[str, tuple[Mention, str]] = field(default_factory=dict)
    # How they name what they are about.
    coming: dict[Name, Voice] = field(default_factory=dict)
    # Where those that were known stood until now, and those that are withdrawn.
    leaving: dict[Name, str | None] = field(default_factory=dict)


def land(desk: Desk, landing: Landing) -> Landed:
    """Write a page, as `Store.land` says."""
    _move_cursor(desk, landing)
    gaps.write(desk, landing.gaps)
    if landing.backfill is not None:
        gaps.look_back(desk, landing.backfill)
    _learn(desk, landing)
    mentions = {storable(mention.entry.native_id): mention for mention in landing.mentions}
    unmatched = {
        storable(native_id) for native_id in (*landing.unmatched, *(entry.native_id for entry in landing.passed))
    } - mentions.keys()
    let_pass(desk, landing, mentioned=mentions.keys(), unmatched=unmatched)
    known = _known(desk, landing.source, [*mentions, *unmatched])
    changes = _compared(landing, mentions, known)
    kept = _kept(landing, known)
    withdrawn = [one for one in unmatched - kept if one in known and known[one].withdrawn_at is None]
    for native_id in withdrawn:
        changes.leaving[landing.source, native_id] = known[native_id].anchor
    # A card may come after its post, which by then is known.
    spoken = mentions.values() if landing.previews else [mention for mention, _hash in changes.written.values()]
    # Links first: a story keeps the address of the one that was seen first.
    linked = _write_links(desk, list(spoken), landing)
    if changes.written or withdrawn:
        _write(desk, landing, changes, known, withdrawn)
    if linked or changes.written or withdrawn:
        desk.run(sql.GROW)
    return Landed(new=changes.new, changed=changes.changed, known=len(mentions) - changes.new - changes.changed, withdrawn=len(withdrawn))


def _kept(landing: Landing, known: Mapping[str, _Known]) -> set[str]:
    """Ids of known entries that concern no topic any more, and that the steward wants all the same."""
    passed = known.keys() & {storable(entry.native_id) for entry in landing.passed} if landing.keeps else ()
    return {one for one in passed if not landing.keeps.isdisjoint((known[one].subject, *aliases_from_text(known[one].aliases)))}


def _move_cursor(desk: Desk, landing: Landing) -> None:
    cursor, began = storable(landing.cursor), maybe_stamp(landing.began_at)
    values: list[str | None]
    if landing.backfill is not None:
        statement, values = sql.MOVE_BACKFILL, [cursor]
    elif landing.remarks:
        statement, values = sql.MOVE_CURSOR_REMARKED, [cursor, began, remarks_to_text(landing.remarks)]
    else:
        statement, values = sql.MOVE_CURSOR, [cursor, began]
    if not desk.run(statement, *values, landing.source):
        desk.run(sql.add(schema.source), *new_source(landing.source, at=stamp(landing.at)))
        desk.run(statement, *values, landing.source)


def new_source(
    id: str, *, platform: str = "", label: str = "", trust: str = "publish", at: str, configured: bool = False
) -> tuple[object, ...]:
    """A row of `source` that was never polled."""
    return id, platform, label, trust, configured, at, "", "", None, 0, None, None, None, False, None, "", None, None, None, None, None


def _learn(desk: Desk, landing: Landing) -> None:
    if not landing.validators:
        return
    at = stamp(landing.at)
    rows = [
        (landing.source, storable(url), one.etag, one.last_modified, one.body_digest, at, one.listed)
        for url, one in landing.validators.items()
    ]
    replaced = desk.many(sql.DROP_VALIDATOR, [row[:2] for row in rows])
    desk.many(sql.add(schema.validator), rows)
    if replaced < len(rows):
        old = desk.rows(sql.VALIDATORS_BY_AGE, landing.source)[_VALIDATORS_KEPT:]
        desk.many(sql.DROP_VALIDATOR, [(landing.source, url) for (url,) in old])


def _known(desk: Desk, source: str, ids: Sequence[str]) -> dict[str, _Known]:
    rows = (row for batch in sql.batches(ids) for row in desk.rows(sql.known_mentions(len(batch)), source, *batch))
    return {row[0]: _Known(*row) for row in rows}


def _compared(landing: Landing, mentions: Mapping[str, Mention], known: Mapping[str, _Known]) -> _Changes:
    changes, source = _Changes(), landing.source
    for native_id, mention in mentions.items():
        content_hash, identity = mention.entry.content_hash, mention.identity
        before = known.get(native_id)
        if before is None:
            changes.new += 1
        elif _closed(before, content_hash, landing.at):
            continue
        elif before.content_hash != content_hash or before.withdrawn_at is not None:
            changes.changed += 1
        elif _stands(mention, before):
            continue
        changes.written[native_id] = mention, content_hash
        changes.coming[source, native_id] = Voice(subject=storable(identity.subject), aliases=tuple(map(storable, identity.aliases)))
        if before is not None:
            changes.leaving[source, native_id] = before.anchor
    return changes


def _closed(before: _Known, content_hash: str, at: datetime) -> bool:
    """Whether a known entry was found not to be public any more, a while ago at most, and comes as it was."""
    if before.withdrawn_at is None or before.withdrawn_at != before.checked_at:
        return False
    return before.content_hash == content_hash and before.withdrawn_at > stamp(at - _BELIEVED)


def _stands(mention: Mention, before: _Known) -> bool:
    """Whether a known entry is understood as before: neither the rules of identity nor the topics have changed what it means."""
    identity = mention.identity
    return (
        (before.subject, before.href, before.rules) == (storable(identity.subject), storable(identity.href), identity.rules)
        and before.aliases == aliases_to_text(identity.aliases)
        and before.shares == aliases_to_text(identity.shares)
        and before.matches == matches_to_text(mention.matches)
    )


def _write(desk: Desk, landing: Landing, changes: _Changes, known: Mapping[str, _Known], withdrawn: Iterable[str]) -> None:
    source = landing.source
    desk.many(sql.WITHDRAW, [(stamp(landing.at), None, source, native_id) for native_id in withdrawn])
    desk.many(sql.DROP_MENTION, [(source, native_id) for native_id in changes.written if native_id in known])
    places = place(desk, changes.coming, leaving=changes.leaving).anchors
    rows = []
    for native_id, (mention, content_hash) in changes.written.items():
        before = known.get(native_id)
        rows.append(
            mention_to_row(
                _not_dated_later(mention, before) if before else mention,
                anchor=places[source, native_id],
                content_hash=content_hash,
                first_seen_at=before.first_seen_at if before else stamp(mention.first_seen_at),
                quiet=bool(before.quiet) if before else mention.quiet,
                held=mention.held or (before.held if before else None),
                checked_at=before.checked_at if before else None,
            )
        )
    desk.many(sql.add(schema.mention), rows)
    _mark_due(desk, changes, known, withdrawn)


def _not_dated_later(mention: Mention, before: _Known) -> Mention:
    """The mention with the date that it had, where a feed now gives a later one or none: some date all their old entries anew.

    The hash stays that of what came, so that the same page is known when it comes again.
    """
    if before.published is None:
        return mention
    published = mention.entry.published
    if published is not None and stamp(published) <= before.published:
        return mention
    return replace(mention, entry=replace(mention.entry, published=datetime.fromisoformat(before.published)))


def _mark_due(desk: Desk, changes: _Changes, known: Mapping[str, _Known], withdrawn: Iterable[str]) -> None:
    """The works that have to be made anew: of what was, is or no longer is about itself."""
    keys = {storable(mention.identity.subject) for mention, _hash in changes.written.values() if first_hand(mention)}
    keys.update(known[native_id].subject for native_id in (*changes.written, *withdrawn) if native_id in known)
    mark_due(desk, keys)


def mark_due(desk: Desk, keys: Iterable[str]) -> None:
    """Remember that the works of some addresses have to be made anew."""
    desk.many(sql.MARK_DUE, [(key,) for key in keys])


# -- links


def _write_links(desk: Desk, mentions: Sequence[Mention], landing: Landing) -> bool:
    """True when a link was made or changed."""
    if not mentions:
        return False
    at = stamp(landing.at)
    subjects = {storable(mention.identity.subject) for mention in mentions}
    before = {link.key: link for link in links(desk, subjects)}
    after: dict[str, Link] = {}
    for mention in mentions:
        identity = mention.identity
        key, href = storable(identity.subject), storable(identity.href)
        link = after.get(key) or before.get(key) or Link(key=key, href=href)
        after[key] = _with_preview(replace(link, href=_better(link.href, href)) if link.href != href else link, mention, landing.previews)
    made = [link_to_row(link, at) for key, link in after.items() if key not in before]
    changed = [(*link_to_values(link), key) for key, link in after.items() if before.get(key, link) != link]
    desk.many(sql.add(schema.link), made)
    desk.many(sql.REWRITE_LINK, changed)
    # What a card says of a page is something to compare, until the page is read.
    mark_due(desk, [key for key, link in after.items() if (link.title or link.description) and before.get(key) != link])
    return bool(made or changed)


def links(desk: Desk, keys: Iterable[str]) -> Iterable[Link]:
    """The links that are known of some canonical URLs."""
    for batch in sql.batches(sorted(keys)):
        yield from map(link_from_row, {row[0]: row for row in desk.rows(sql.links_by_key(len(batch)), *batch)}.values())


def _better(left: str, right: str) -> str:
    """Of two addresses for one page the safe one, then the longer, which has what opens the page; never the one that came first."""
    return max(left, right, key=lambda href: (href.startswith("https:"), len(href), href))


def _with_preview(link: Link, mention: Mention, previews: Sequence[Preview]) -> Link:
    if link.enriched_at is not None or not previews:
        return link
    own = mention.entry.previews
    for preview in previews:
        # A post's only card is of the one page it shares, whatever form of the address the platform writes.
        if preview.url in (link.key, link.href, mention.identity.href) or (
            own == (preview,) and preview.url != mention.entry.in_reply_to and mention.identity.href != mention.entry.url
        ):
            link = replace(
                link,
                title=_fuller(link.title, preview.title),
                description=_fuller(link.description, preview.description),
                author=_fuller(link.author, preview.author),
                site=_fuller(link.site, preview.site),
            )
    return link


def _fuller(left: str | None, right: str | None) -> str | None:
    """Of two accounts of one page the longer: what came first must not matter."""
    return max(left or "", right or "", key=lambda text: (len(text), text)) or None
