"""What was taken down: rows removed for good, and the salted hashes by which it is known when it comes again."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Column, Select, bindparam, delete, null, select, text, update

from aggregator.model import Author, Link, Mention
from aggregator.store import Erased, TakenDown, schema
from aggregator.store import statements as sql
from aggregator.store.deciding import REARRANGING, from_text
from aggregator.store.engine import Database, Desk
from aggregator.store.landing import mark_due
from aggregator.store.passed import DROP_PASSED
from aggregator.store.placing import Name, place
from aggregator.store.rows import link_from_row, matches_to_text, mention_from_row, parts_of, stamp, storable
from aggregator.store.works import forget
from aggregator.text.urls import canonical

_mention = schema.mention
_SALT, _UNWIPED = "takedown salt", "takedown unwiped"
# Pages of the file that are let go are written over, also where the file cannot be written anew afterwards.
_OVERWRITE = text("PRAGMA secure_delete = ON")

_HASHES = select(schema.takedown.c.hash)
_HISTORY = (
    select(schema.takedown.c.at, schema.takedown.c.scope, schema.takedown.c.reason)
    .distinct()
    .order_by(schema.takedown.c.at.desc(), schema.takedown.c.scope, schema.takedown.c.reason)
    .limit(bindparam("v_limit"))
)
_TOMBSTONES = select(schema.tombstone.c.id, schema.tombstone.c.at).order_by(schema.tombstone.c.id)
_NAMES = select(_mention.c.source, _mention.c.native_id)
_REWRITTEN = ("title", "text", "html", "author_name", "author_url", "author_handle", "parts", "matches", "content_hash")
_REWRITE = (
    update(_mention)
    .ordered_values(*((_mention.c[name], bindparam(f"v_{name}")) for name in _REWRITTEN))
    .where(_mention.c.source == bindparam("v_source"), _mention.c.native_id == bindparam("v_native"))
)
_LINK_KEYS = select(schema.link.c.key)
_IDS = select(schema.story.c.id)
_FORMER = select(schema.former.c.id, schema.former.c.key)
_UNNAME_LINK = update(schema.link).values(author=null()).where(schema.link.c.key == bindparam("v_key"), schema.link.c.author.is_not(None))
_CHOSEN_BY_KEY = select(schema.chosen_link.c.origin, schema.chosen_link.c.position).where(schema.chosen_link.c.key == bindparam("v_key"))
_KEYS_OF_CHOSEN = select(schema.chosen_link.c.key).where(
    schema.chosen_link.c.origin == bindparam("v_origin"), schema.chosen_link.c.position == bindparam("v_position")
)
_DROP_CHOSEN_LINKS = delete(schema.chosen_link).where(
    schema.chosen_link.c.origin == bindparam("v_origin"), schema.chosen_link.c.position == bindparam("v_position")
)
_DROP_CHOSEN = delete(schema.chosen).where(
    schema.chosen.c.origin == bindparam("v_origin"), schema.chosen.c.position == bindparam("v_position")
)
_DECISIONS = select(
    schema.decision.c.number, schema.decision.c.kind, schema.decision.c.subject, schema.decision.c.others, schema.decision.c.value,
    schema.decision.c.reason,
)  # fmt: skip
_DROP_DECISION = delete(schema.decision).where(schema.decision.c.number == bindparam("v_number"))
_LOGGED = select(schema.decision_log.c.number, schema.decision_log.c.decision)
_DROP_LOGGED = delete(schema.decision_log).where(schema.decision_log.c.number == bindparam("v_number"))
_ASKED = select(schema.validator.c.source, schema.validator.c.url)


class SqlTakedowns:
    """`Takedowns` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def salt(self) -> bytes:
        with self._database.reading() as desk:
            known = desk.rows(sql.NOTE, _SALT)
        if known:
            return bytes.fromhex(known[0][0])
        with self._database.writing() as desk:
            # Another process may have made one since.
            known = desk.rows(sql.NOTE, _SALT)
            if not known:
                known = [(secrets.token_hex(32),)]
                desk.run(sql.add(schema.note), _SALT, known[0][0])
        return bytes.fromhex(known[0][0])

    def hashes(self) -> frozenset[str]:
        with self._database.reading() as desk:
            return frozenset(one for (one,) in desk.rows(_HASHES))

    def history(self, limit: int = 100) -> tuple[TakenDown, ...]:
        with self._database.reading() as desk:
            rows = desk.rows(_HISTORY, limit)
        return tuple(TakenDown(at=datetime.fromisoformat(at), scope=scope, reason=reason) for at, scope, reason in rows)

    def tombstones(self) -> Mapping[str, datetime]:
        with self._database.reading() as desk:
            return {story: datetime.fromisoformat(at) for story, at in desk.rows(_TOMBSTONES)}

    def everything(self) -> Iterator[Mention]:
        with self._database.reading() as desk:
            names = sorted((source, native_id) for source, native_id in desk.rows(_NAMES))
        for source in dict.fromkeys(source for source, _native_id in names):
            for batch in sql.batches([native_id for of, native_id in names if of == source]):
                with self._database.reading() as desk:
                    rows = {row[1]: row for row in desk.rows(_mentions(len(batch)), source, *batch)}
                yield from (mention_from_row(rows[native_id], "") for native_id in sorted(rows))

    def links(self) -> Iterator[Link]:
        with self._database.reading() as desk:
            keys = sorted(key for (key,) in desk.rows(_LINK_KEYS))
        for batch in sql.batches(keys):
            with self._database.reading() as desk:
                rows = {row[0]: row for row in desk.rows(sql.links_by_key(len(batch)), *batch)}
            yield from (link_from_row(rows[key]) for key in sorted(rows))

    def erase(
        self,
        mentions: Iterable[tuple[str, str]],
        *,
        keys: Iterable[str],
        hashes: Mapping[str, str],
        reason: str,
        at: datetime,
        unnamed: Iterable[str] = (),
        rewritten: Iterable[Mention] = (),
    ) -> Erased:
        names = sorted({(storable(source), storable(native_id)) for source, native_id in mentions})
        gone, nameless = sorted({storable(key) for key in keys}), sorted({storable(key) for key in unnamed})
        with self._database.writing() as desk:
            if self._database.path is not None:
                desk.rows(_OVERWRITE)
            erased = _Erasing(desk, at).erase(names, gone, nameless)
            kept = tuple(rewritten)
            desk.many(_REWRITE, [_rewritten(mention) for mention in kept])
            mark_due(desk, sorted({storable(mention.identity.subject) for mention in kept}))
            erased = replace(erased, rewritten=len(kept))
            known = {one for (one,) in desk.rows(_HASHES)}
            desk.many(
                sql.add(schema.takedown),
                [(one, scope, stamp(at), storable(reason)) for one, scope in sorted(hashes.items()) if one not in known],
            )
            desk.run(sql.drop(schema.note.c.name), _UNWIPED)
            desk.run(sql.add(schema.note), _UNWIPED, stamp(at))
            desk.run(sql.GROW)
        return erased

    def wipe(self) -> bool:
        with self._database.reading() as desk:
            if not desk.rows(sql.NOTE, _UNWIPED):
                return True
        if not self._database.rewrite():
            return False
        with self._database.writing() as desk:
            desk.run(sql.drop(schema.note.c.name), _UNWIPED)
        return True


class _Erasing:
    """One takedown inside its transaction."""

    def __init__(self, desk: Desk, at: datetime) -> None:
        self._desk = desk
        self._at = at

    def erase(self, names: Sequence[Name], keys: Sequence[str], unnamed: Sequence[str]) -> Erased:
        """Remove all of it, then settle the stories that are left."""
        desk = self._desk
        before = {one for (one,) in desk.rows(_IDS)}
        leaving = {name: lead for name in names for (lead,) in desk.rows(sql.SHOWN_MENTION, *name)}
        told_of = {subject for name in names for (subject,) in desk.rows(sql.SUBJECT_OF, *name)}
        mentions = desk.many(sql.DROP_MENTION, list(names))
        passed = desk.many(DROP_PASSED, list(names))
        chosen, listed = self._drop_chosen(keys)
        decisions, decided = self._drop_decisions(frozenset(keys))
        works = forget(desk, keys)
        # Before stories are settled: how long a link was known decides what a story is called after.
        links = self._drop(schema.link.c.key, keys)
        # What they said of addresses that stay is compared no more.
        mark_due(desk, told_of.difference(keys))
        place(desk, {}, leaving=leaving, keys={*keys, *listed, *decided})
        self._drop_answers(frozenset(keys))
        self._unname(unnamed)
        return Erased(
            mentions=mentions,
            links=links,
            works=works,
            passed=passed,
            chosen=chosen,
            decisions=decisions,
            stories=self._bury(before, frozenset(keys)),
        )

    def _drop(self, column: Column[str], keys: Sequence[str]) -> int:
        return self._desk.many(sql.drop(column), [(key,) for key in keys])

    def _drop_chosen(self, keys: Sequence[str]) -> tuple[int, set[str]]:
        """Chosen entries that list one of the keys: how many, and every key that they listed."""
        entries = sorted({(origin, position) for key in keys for origin, position in self._desk.rows(_CHOSEN_BY_KEY, key)})
        listed = {key for entry in entries for (key,) in self._desk.rows(_KEYS_OF_CHOSEN, *entry)}
        self._desk.many(_DROP_CHOSEN_LINKS, entries)
        return max(self._desk.many(_DROP_CHOSEN, entries), 0), listed

    def _drop_decisions(self, keys: frozenset[str]) -> tuple[int, set[str]]:
        """Decisions about one of the keys or that name one, also in the history: how many stood, and the addresses that they rearranged."""
        desk, quoted = self._desk, _quoting(keys)
        standing = [
            (number, kind, {subject, *json.loads(others)})
            for number, kind, subject, others, *texts in desk.rows(_DECISIONS)
            if keys & {subject, *json.loads(others)} or any(map(quoted, texts))
        ]
        desk.many(_DROP_DECISION, [(number,) for number, _kind, _named in standing])
        past = [(number, from_text(line)) for number, line in desk.rows(_LOGGED)]
        desk.many(
            _DROP_LOGGED,
            [
                (number,)
                for number, one in past
                if keys & {one.subject, *one.others} or quoted(one.value) or quoted(one.reason) or quoted(one.by)
            ],
        )
        return len(standing), {key for _number, kind, named in standing if kind in REARRANGING for key in named}

    def _drop_answers(self, keys: frozenset[str]) -> None:
        """What servers said under these addresses: redirects, and what to ask "has it changed?" with."""
        desk = self._desk
        moved = [(url,) for url, target in desk.rows(sql.MOVED) if keys & {canonical(url).key, canonical(target).key}]
        desk.many(sql.drop(schema.moved.c.url), moved)
        desk.many(sql.DROP_VALIDATOR, [(source, url) for source, url in desk.rows(_ASKED) if canonical(url).key in keys])

    def _unname(self, keys: Sequence[str]) -> None:
        desk = self._desk
        changed = [key for key in keys if desk.run(_UNNAME_LINK, key)]
        mark_due(desk, changed)

    def _bury(self, before: Collection[str], keys: frozenset[str]) -> tuple[str, ...]:
        """Tombstones for the stories that are gone, and for the ids that lead to them or to what was erased."""
        desk = self._desk
        after = {one for (one,) in desk.rows(_IDS)}
        buried = set(before) - after
        for one, key in desk.rows(_FORMER):
            if key in keys or not desk.rows(sql.STORY_OF, key):
                buried.add(one)
        buried -= after
        desk.many(sql.drop(schema.former.c.id), [(one,) for one in sorted(buried)])
        known = {one for one, _at in desk.rows(_TOMBSTONES)}
        desk.many(sql.add(schema.tombstone), [(one, stamp(self._at)) for one in sorted(buried - known)])
        return tuple(sorted(buried))


def _quoting(keys: Collection[str]) -> Callable[[str], bool]:
    """Whether a text of the steward's names one of the keys, whatever it writes before the host."""
    bare = {key.removeprefix("https://").removeprefix("http://") for key in keys}
    return lambda said: any(one in said for one in bare)


def _rewritten(mention: Mention) -> tuple[Any, ...]:
    """The values of `_REWRITE`."""
    entry, parts, author = mention.entry, parts_of(mention.entry), mention.entry.author or Author()
    said = (entry.title, entry.text, entry.html, author.name, author.url, author.handle)
    texts = [None if one is None else storable(one) for one in said]
    kept = json.dumps(parts, separators=(",", ":")) if parts else None
    return (*texts, kept, matches_to_text(mention.matches), entry.content_hash, mention.source, storable(entry.native_id))


@cache
def _mentions(count: int) -> Select[Any]:
    among: list[BindParameter[object]] = [bindparam(f"v_{number}") for number in range(count)]
    return select(_mention).where(_mention.c.source == bindparam("v_source"), _mention.c.native_id.in_(among))
