"""What can be compared, by what it is found, and the bonds that comparing gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnClause, Select, bindparam, delete, func, literal_column, or_, select, update

from aggregator.model import Evidence, Link, Material, Mention, Sketched, Work
from aggregator.store import schema
from aggregator.store import statements as sql
from aggregator.store.engine import Database, Desk
from aggregator.store.groups import traits_of
from aggregator.store.partition import by_strength
from aggregator.store.placing import place
from aggregator.store.rearranging import rearrange
from aggregator.store.rows import Row, link_from_row, mention_from_row
from aggregator.store.work_rows import bond_from_row, bond_to_row, postings_from_text, work_from_row, work_to_values

_work, _posting, _bond, _mention = schema.work, schema.posting, schema.bond, schema.mention


def _value(name: str) -> BindParameter[object]:
    return bindparam(f"v_{name}")


def _among(count: int) -> list[BindParameter[object]]:
    return [_value(str(number)) for number in range(count)]


_DUE = select(schema.work_due.c.key).order_by(schema.work_due.c.key).limit(_value("limit"))
_OUTDATED = select(_work.c.key).where(_work.c.rules != _value("rules")).order_by(_work.c.key)
_NEWEST = select(func.max(_work.c.number))
_REWRITE = (
    update(_work)
    .ordered_values(*((_work.c[name], _value(name)) for name in ("rules", "account", "postings")))
    .where(_work.c.number == _value("number"))
)
_DROP_WORK = delete(_work).where(_work.c.number == _value("number"))
_DROP_POSTING = delete(_posting).where(_posting.c.hash == _value("hash"), _posting.c.work == _value("work"))
_DROP_BOND = delete(_bond).where(
    _bond.c.one == _value("one"), _bond.c.other == _value("other"), _bond.c.kind == _value("kind"), _bond.c.declared == _value("declared")
)


# Stands for all works in the row of a posting that is everybody's: asking for those would cost as much as there are.
_EVERYBODY: Final = 0


@cache
def _found(count: int) -> Select[Any]:
    return select(_posting.c.hash, _posting.c.work).where(_posting.c.hash.in_(_among(count)))


@cache
def _crowds(count: int) -> Select[Any]:
    return select(_posting.c.hash).where(_posting.c.hash.in_(_among(count)), _posting.c.work == literal_column(str(_EVERYBODY)))


@cache
def _works_by_number(count: int) -> Select[Any]:
    return select(_work).where(_work.c.number.in_(_among(count)))


# Kinds that are works wherever they stand. Written out: a statement is compiled once, and a list of values would be filled in each time.
_WORKS: Final[tuple[ColumnClause[Any], ...]] = tuple(literal_column(f"'{kind}'") for kind in ("article", "episode", "video", "thread"))


@cache
def _first_hand(count: int) -> Select[Any]:
    """Mentions that are what some addresses lead to, with the ids of their stories; whoever only shares or answers it is left out."""
    own = or_(_mention.c.describes, _mention.c.kind.in_(_WORKS))
    joined = select(_mention, schema.story.c.id).join(schema.story, schema.story.c.anchor == _mention.c.anchor)
    return joined.where(_mention.c.subject.in_(_among(count)), own)


@cache
def _bonds_from(count: int) -> Select[Any]:
    return select(_bond).where(_bond.c.one.in_(_among(count)))


@cache
def _bonds_to(count: int) -> Select[Any]:
    return select(_bond).where(_bond.c.other.in_(_among(count)))


@cache
def _bound_stories(count: int) -> Select[Any]:
    """Those of some addresses whose stories have a bond on any of their addresses."""
    mine, any_ = schema.story_key.alias("mine"), schema.story_key.alias("any_")
    joined = select(mine.c.key).join(any_, any_.c.anchor == mine.c.anchor)
    return joined.join(_bond, or_(_bond.c.one == any_.c.key, _bond.c.other == any_.c.key)).where(mine.c.key.in_(_among(count)))


class SqlWorks:
    """`Works` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, limit: int) -> tuple[Material, ...]:
        with self._database.reading() as desk:
            keys = [key for (key,) in desk.rows(_DUE, limit)]
            mentions: dict[str, list[Mention]] = defaultdict(list)
            for row in sorted(_each(desk, _first_hand, keys), key=lambda row: (row[3], row[0], row[1])):
                mention = mention_from_row(row[:-1], row[-1])
                mentions[mention.identity.subject].append(mention)
            links: dict[str, Link] = {row[0]: link_from_row(row) for row in _each(desk, sql.links_by_key, keys)}
        return tuple(Material(key=key, mentions=tuple(mentions.get(key, ())), link=links.get(key)) for key in keys)

    def known(self, keys: Iterable[str]) -> Mapping[str, Work]:
        with self._database.reading() as desk:
            return {row[1]: work_from_row(row) for row in _each(desk, sql.works_by_key, set(keys))}

    def found_by(self, probes: Iterable[int], *, most: int) -> Mapping[int, tuple[Work, ...]]:
        asked = set(probes)
        with self._database.reading() as desk:
            crowds = {posting for (posting,) in _each(desk, _crowds, asked)}
            holders: dict[int, list[int]] = defaultdict(list)
            for posting, number in _each(desk, _found, asked - crowds):
                holders[posting].append(number)
            named = {posting: numbers for posting, numbers in holders.items() if len(numbers) <= most}
            wanted = set().union(*named.values())
            works = {row[0]: work_from_row(row) for row in _each(desk, _works_by_number, wanted)}
        found = {posting: tuple([works[number] for number in numbers]) for posting, numbers in named.items()}
        return {**dict.fromkeys(crowds | (holders.keys() - named.keys()), ()), **found}

    def renew(self, rules: int) -> int:
        with self._database.writing() as desk:
            keys = [key for (key,) in desk.rows(_OUTDATED, rules)]
            desk.many(sql.MARK_DUE, [(key,) for key in keys])
            return len(keys)

    def put(self, made: Sequence[Sketched], bonds: Sequence[Evidence], *, gone: Sequence[str] = (), crowds: Iterable[int] = ()) -> int:
        if not made and not bonds and not gone:
            return 0
        with self._database.writing() as desk:
            keys = {sketched.work.key for sketched in made}.union(gone)
            changed = _write_works(desk, made, gone)
            _write_crowds(desk, set(crowds))
            bound = _write_bonds(desk, bonds, keys)
            desk.many(sql.drop(schema.work_due.c.key), [(key,) for key in keys])
            moved = place(desk, {}, leaving={}, keys=_bearing(desk, changed) | bound).moved
            if bound:
                desk.run(sql.GROW)
            return moved

    def bonds(self, keys: Iterable[str]) -> tuple[Evidence, ...]:
        with self._database.reading() as desk:
            return tuple(sorted(set(map(bond_from_row, _bonds_of(desk, set(keys)))), key=by_strength))

    def rearrange(self) -> int:
        with self._database.writing() as desk:
            moved = rearrange(desk)
            if moved:
                desk.run(sql.GROW)
            return moved


def forget(desk: Desk, keys: Collection[str]) -> int:
    """Remove the works of some addresses, what they are found by and every bond of theirs; gives how many works there were.

    Stories are not settled: `place` must hear of the addresses afterwards.
    """
    works = _known(desk, keys)
    _drop_works(desk, works.values())
    desk.many(sql.drop(schema.work_due.c.key), [(key,) for key in keys])
    desk.many(_DROP_BOND, [(*row[:4],) for row in _bonds_of(desk, keys)])
    return len(works)


def _known(desk: Desk, keys: Collection[str]) -> dict[str, Row]:
    return {row[1]: row for row in _each(desk, sql.works_by_key, keys)}


def _drop_works(desk: Desk, rows: Iterable[Row]) -> None:
    rows = list(rows)
    desk.many(_DROP_WORK, [(row[0],) for row in rows])
    desk.many(_DROP_POSTING, [(posting, row[0]) for row in rows for posting in postings_from_text(row[4])])


def _write_works(desk: Desk, made: Sequence[Sketched], gone: Collection[str]) -> set[str]:
    """Write works and postings where they differ; gives the addresses of those that may be kept apart from others than before."""
    values = {sketched.work.key: (sketched, work_to_values(sketched)) for sketched in made}
    before = _known(desk, values.keys() | set(gone))
    lost = {key: row for key, row in before.items() if key not in values}
    _drop_works(desk, lost.values())
    number = desk.rows(_NEWEST)[0][0] or 0
    fresh, rewritten, added, dropped, changed = [], [], [], [], set(lost)
    for key, (sketched, row) in values.items():
        old = before.get(key)
        if old is None:
            number += 1
            fresh.append((number, *row))
            added += [(posting, number) for posting in postings_from_text(row[3])]
        elif tuple(old[2:]) != row[1:]:
            rewritten.append((*row[1:], old[0]))
            here, there = set(postings_from_text(row[3])), set(postings_from_text(old[4]))
            added += [(posting, old[0]) for posting in here - there]
            dropped += [(posting, old[0]) for posting in there - here]
        if traits_of(sketched.work) != (traits_of(work_from_row(old)) if old else {}):
            changed.add(key)
    desk.many(sql.add(_work), fresh)
    desk.many(_REWRITE, rewritten)
    desk.many(_DROP_POSTING, dropped)
    # In the order of the index: neighbours are written together.
    desk.many(sql.add(_posting), sorted(added))
    return changed


def _write_crowds(desk: Desk, crowds: Collection[int]) -> None:
    known = {posting for (posting,) in _each(desk, _crowds, crowds)}
    desk.many(sql.add(_posting), [(posting, _EVERYBODY) for posting in sorted(crowds) if posting not in known])


def _write_bonds(desk: Desk, bonds: Iterable[Evidence], keys: Collection[str]) -> set[str]:
    """Write `bonds` in place of all that comparing gave to the works of `keys`; gives the addresses whose bonds are others now."""
    after = {row[:4]: row for row in (bond_to_row(bond, declared=False) for bond in bonds)}
    ends = {end for row in after for end in row[:2]}.union(keys)
    known = {(*row[:3], bool(row[3])): row[4] for row in _bonds_of(desk, ends) if not row[3]}
    gone = [name for name in known if name not in after and (name[0] in keys or name[1] in keys)]
    weighed = [name for name, row in after.items() if name in known and known[name] != row[4]]
    desk.many(_DROP_BOND, gone + weighed)
    desk.many(sql.add(_bond), [row for name, row in after.items() if known.get(name) != row[4]])
    return {end for name in (*gone, *(name for name, row in after.items() if known.get(name) != row[4])) for end in name[:2]}


def _bearing(desk: Desk, changed: Collection[str]) -> set[str]:
    """Those whose works can make a difference: nothing is asked about a story without bonds."""
    return {key for (key,) in _each(desk, _bound_stories, changed)}


def _bonds_of(desk: Desk, keys: Collection[str]) -> list[Row]:
    rows = {tuple(row[:4]): row for statement in (_bonds_from, _bonds_to) for row in _each(desk, statement, keys)}
    return list(rows.values())


def _each(desk: Desk, statement: Callable[[int], Select[Any]], values: Collection[Any]) -> Iterable[Row]:
    for batch in sql.batches(sorted(values)):
        yield from desk.rows(statement(len(batch)), *batch)
