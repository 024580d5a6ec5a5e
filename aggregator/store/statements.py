"""Every statement the store runs, in SQLAlchemy Core, made once. Parameters are positional, in the order in which they stand in the SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    union,
    union_all,
    update,
)
from sqlalchemy.sql.schema import Column

from aggregator.model import Field
from aggregator.store.schema import (
    bond,
    chosen,
    chosen_link,
    coverage,
    decision,
    former,
    host,
    link,
    mention,
    moved,
    note,
    revision,
    source,
    story,
    story_key,
    validator,
    work,
)

Value = TypeVar("Value")
ByMany = Callable[[int], Select[Any]]
"""Makes a statement that takes so many values."""

# How many values an IN list takes: a list is filled up to the next size, so that few different statements are ever made.
_SIZES = (1, 4, 20, 100, 400)


def batches(values: Sequence[Value]) -> Iterator[tuple[Value, ...]]:
    """`values` in parts that fit an IN list, the last one filled up by repeating its last value."""
    for start in range(0, len(values), _SIZES[-1]):
        part = values[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if size >= len(part))
        yield (*part, *([part[-1]] * (size - len(part))))


def _value(name: str) -> BindParameter[object]:
    return bindparam(f"v_{name}")


def _among(count: int) -> list[BindParameter[object]]:
    return [_value(str(number)) for number in range(count)]


def _set(table: Table, *names: str) -> Update:
    return update(table).ordered_values(*((table.c[name], _value(name)) for name in names))


@cache
def add(table: Table) -> Insert:
    """A row, with all columns in the table's order."""
    return insert(table).values({column.name: bindparam(column.name) for column in table.columns})


@cache
def drop(column: Column[str]) -> Delete:
    """Rows by one column."""
    return delete(column.table).where(column == _value("one"))


# -- sources

_STATE = (
    source.c.id, source.c.cursor, source.c.backfill_cursor, source.c.next_poll_at, source.c.failures, source.c.failing_since,
    source.c.last_ok_at, source.c.last_new_at, source.c.paused, source.c.last_error, source.c.remarks, source.c.held, source.c.nature,
    source.c.read_since, source.c.read_until, source.c.walking_since,
)  # fmt: skip
_SETTLED = (
    "next_poll_at", "failures", "failing_since", "last_ok_at", "last_new_at", "paused", "last_error", "remarks", "held", "nature",
    "read_since", "read_until", "walking_since",
)  # fmt: skip

STATE = select(*_STATE).where(source.c.id == _value("id"))
STATES = select(*_STATE).where(source.c.configured).order_by(source.c.id)
ALL_VALIDATORS = select(
    validator.c.source, validator.c.url, validator.c.etag, validator.c.last_modified, validator.c.body_digest, validator.c.listed
)
VALIDATORS = ALL_VALIDATORS.where(validator.c.source == _value("source"))
SOURCES = select(source.c.id, source.c.platform, source.c.label, source.c.trust, source.c.configured)
DESCRIBE_SOURCE = _set(source, "platform", "label", "trust", "configured").where(source.c.id == _value("id"))
SETTLE = _set(source, *_SETTLED).where(source.c.id == _value("id"))
SHOWN_OF_SOURCES = select(source.c.id, source.c.last_error, source.c.paused, source.c.held, source.c.read_since)
# A poll began when its first page landed that is not settled; a page that belongs to none says NULL.
_WALKING = (source.c.walking_since, func.coalesce(source.c.walking_since, _value("walking_since")))
MOVE_CURSOR = update(source).ordered_values((source.c.cursor, _value("cursor")), _WALKING).where(source.c.id == _value("id"))
MOVE_CURSOR_REMARKED = (
    update(source)
    .ordered_values((source.c.cursor, _value("cursor")), _WALKING, (source.c.remarks, _value("remarks")))
    .where(source.c.id == _value("id"))
)
MOVE_BACKFILL = _set(source, "backfill_cursor").where(source.c.id == _value("id"))
DROP_VALIDATOR = delete(validator).where(validator.c.source == _value("source"), validator.c.url == _value("url"))
VALIDATORS_BY_AGE = (
    select(validator.c.url).where(validator.c.source == _value("source")).order_by(validator.c.learned_at.desc(), validator.c.url)
)
DROP_COVERAGE = delete(coverage).where(coverage.c.source == _value("source"), coverage.c.until == _value("until"))
FORGET_COVERAGE = delete(coverage).where(coverage.c.source == _value("source"), coverage.c.until < _value("before"))
COVERAGE = (
    select(coverage.c.source, coverage.c.until, coverage.c.since, coverage.c.outcome, coverage.c.entries)
    .where(coverage.c.source == _value("source"))
    .order_by(coverage.c.until.desc())
    .limit(_value("limit"))
)

# -- mentions

_shown = mention.c.withdrawn_at.is_(None)


@cache
def known_mentions(count: int) -> Select[Any]:
    """What a landing must know of the entries it brings."""
    columns = (
        mention.c.native_id, mention.c.content_hash, mention.c.withdrawn_at, mention.c.anchor, mention.c.first_seen_at, mention.c.quiet,
        mention.c.subject, mention.c.href, mention.c.aliases, mention.c.rules, mention.c.matches,
        mention.c.shares, mention.c.published, mention.c.held, mention.c.checked_at,
    )  # fmt: skip
    return select(*columns).where(mention.c.source == _value("source"), mention.c.native_id.in_(_among(count)))


@cache
def voices_of(count: int) -> Select[Any]:
    """The shown mentions of some stories."""
    columns = (mention.c.source, mention.c.native_id, mention.c.anchor, mention.c.subject, mention.c.aliases)
    return select(*columns).where(mention.c.anchor.in_(_among(count)), _shown)


ALL_VOICES = select(mention.c.source, mention.c.native_id, mention.c.anchor, mention.c.subject, mention.c.aliases).where(_shown)
DROP_MENTION = delete(mention).where(mention.c.source == _value("source"), mention.c.native_id == _value("native_id"))
WITHDRAW = _set(mention, "withdrawn_at", "anchor").where(mention.c.source == _value("source"), mention.c.native_id == _value("native_id"))
PLACE = _set(mention, "anchor").where(mention.c.source == _value("source"), mention.c.native_id == _value("native_id"))
SUBJECT_OF = select(mention.c.subject).where(mention.c.source == _value("source"), mention.c.native_id == _value("native_id"))
SHOWN_MENTION = select(mention.c.anchor).where(mention.c.source == _value("source"), mention.c.native_id == _value("native_id"), _shown)

# -- stories


@cache
def owners_of(count: int) -> Select[Any]:
    """From keys to the anchors of the stories they belong to."""
    columns = (story_key.c.key, story.c.anchor, story.c.chosen)
    return select(*columns).join(story, story.c.anchor == story_key.c.anchor).where(story_key.c.key.in_(_among(count)))


@cache
def keys_of(count: int) -> Select[Any]:
    """The same for all keys of some stories."""
    columns = (story_key.c.key, story.c.anchor, story.c.chosen)
    return select(*columns).join(story, story.c.anchor == story_key.c.anchor).where(story.c.anchor.in_(_among(count)))


ALL_KEYS = select(story_key.c.key, story.c.anchor, story.c.chosen).join(story, story.c.anchor == story_key.c.anchor)
OWN_KEY = _set(story_key, "anchor").where(story_key.c.key == _value("key"))
MOVE_FORMER = _set(former, "key").where(former.c.key == _value("before"))
MARK_STORY = _set(story, "chosen").where(story.c.anchor == _value("story"))
STORIES = select(story.c.id, story.c.anchor)
STORY_AT = STORIES.where(story.c.anchor == _value("anchor"))
STORY_OF = select(story.c.id).join(story_key, story_key.c.anchor == story.c.anchor).where(story_key.c.key == _value("key"))
ANCHOR = select(story.c.anchor).where(story.c.id == _value("id"))
FORMER = select(former.c.id, story_key.c.anchor).join(story_key, story_key.c.key == former.c.key)
FORMER_OF_STORY = FORMER.where(story_key.c.anchor == _value("anchor"))
ANCHOR_OF_FORMER = select(story_key.c.anchor).join(former, former.c.key == story_key.c.key).where(former.c.id == _value("id"))

_known_by = select(mention).where(_shown, mention.c.first_seen_at <= _value("by"))
VOICES = _known_by
VOICES_OF_STORY = _known_by.where(mention.c.anchor == _value("anchor"))
SHARING = _known_by.where(mention.c.shares.is_not(None))
LINKS_OF_STORIES = select(link, story_key.c.anchor).join(story_key, story_key.c.key == link.c.key)
LINKS_OF_STORY = LINKS_OF_STORIES.where(story_key.c.anchor == _value("anchor"))

_left, _right = story_key.alias("left_key"), story_key.alias("right_key")
BONDS_OF_STORIES = (
    select(bond, _left.c.anchor, _right.c.anchor).join(_left, _left.c.key == bond.c.one).join(_right, _right.c.key == bond.c.other)
)


@cache
def bonds_of_stories_from(count: int) -> Select[Any]:
    """Bonds with the anchors of both sides, by their left sides."""
    return BONDS_OF_STORIES.where(bond.c.one.in_(_among(count)))


@cache
def bonds_of_stories_to(count: int) -> Select[Any]:
    """The same by their right sides."""
    return BONDS_OF_STORIES.where(bond.c.other.in_(_among(count)))


STORY_IDS = union(select(story.c.id), select(former.c.id))
REVISION = select(revision.c.number)
GROW = update(revision).values({revision.c.number: revision.c.number + literal_column("1")})

# -- links

_described = exists().where(mention.c.subject == link.c.key, mention.c.describes, _shown)
# What counts only because of a page that it links to leads to no further page: one would lead to the next. Fields stand in JSON, where no
# text can hold an unescaped quotation mark.
_by_its_own_words = or_(*(mention.c.matches.like(literal_column(f"""'%","{field}","%'""")) for field in Field if field is not Field.PAGE))
_mentioned = exists().where(mention.c.subject == link.c.key, _shown, _by_its_own_words)
_is_chosen = exists().where(chosen_link.c.key == link.c.key)

LINKS_DUE = (
    select(link)
    .where(
        and_(
            link.c.enriched_at.is_(None),
            or_(link.c.next_try_at.is_(None), link.c.next_try_at <= _value("now")),
            _mentioned,
            ~_described,
            ~_is_chosen,
        )
    )
    .order_by(link.c.first_seen_at.desc(), link.c.key)
    .limit(_value("limit"))
)
PAGES = (
    select(link.c.key, link.c.topics)
    .where(link.c.topics.is_not(None))
    .order_by(link.c.enriched_at.desc(), link.c.key)
    .limit(_value("limit"))
)
LINK = select(link).where(link.c.key == _value("key"))
REWRITE_LINK = _set(link, *(column.name for column in link.columns if column.name not in ("key", "first_seen_at"))).where(
    link.c.key == _value("key")
)


@cache
def links_by_key(count: int) -> Select[Any]:
    """Links by their keys."""
    return select(link).where(link.c.key.in_(_among(count)))


# -- chosen entries

CHOSEN = select(chosen).order_by(chosen.c.origin_rank, chosen.c.position)
CHOSEN_LINKS = select(chosen_link).order_by(chosen_link.c.origin, chosen_link.c.position, chosen_link.c.ordinal)


@cache
def chosen_owners(count: int) -> Select[Any]:
    """From keys to the chosen entries that list them: key, lead, rank of the origin, position."""
    return (
        select(chosen_link.c.key, chosen_link.c.lead, chosen.c.origin_rank, chosen.c.position)
        .join(chosen, and_(chosen.c.origin == chosen_link.c.origin, chosen.c.position == chosen_link.c.position))
        .where(chosen_link.c.key.in_(_among(count)))
    )


# -- works, bonds and decisions

ARRANGING = (
    select(decision.c.number, decision.c.kind, decision.c.subject, decision.c.others)
    .where(decision.c.kind.in_((literal_column("'split'"), literal_column("'merge'"))))
    .order_by(decision.c.number)
)
# SQLAlchemy knows this clause of each database and not of both.
MARK_DUE = text("INSERT INTO work_due (key) VALUES (:key) ON CONFLICT DO NOTHING")
ANY_BOND = select(bond.c.one).limit(_value("limit"))
_joining = bond.c.kind != literal_column("'translation'")

DECLARED = select(bond.c.one, bond.c.other, bond.c.kind).where(bond.c.one == _value("one"), bond.c.declared)
DROP_DECLARED = delete(bond).where(
    bond.c.one == _value("one"), bond.c.other == _value("other"), bond.c.kind == _value("kind"), bond.c.declared
)
JOINING_BONDS = select(bond).where(_joining)
LISTED_KEYS = select(chosen_link.c.key).distinct()


@cache
def works_by_key(count: int) -> Select[Any]:
    """Works by their keys."""
    return select(work).where(work.c.key.in_(_among(count)))


@cache
def bonds_from(count: int) -> Select[Any]:
    """The bonds that join, by their left sides."""
    return select(bond).where(bond.c.one.in_(_among(count)), _joining)


@cache
def bonds_to(count: int) -> Select[Any]:
    """The bonds that join, by their right sides."""
    return select(bond).where(bond.c.other.in_(_among(count)), _joining)


@cache
def bound_keys(count: int) -> CompoundSelect[Any]:
    """Those of some keys, given twice, that are on either side of a bond."""
    others = [_value(f"other_{number}") for number in range(count)]
    return union_all(select(bond.c.one).where(bond.c.one.in_(_among(count))), select(bond.c.other).where(bond.c.other.in_(others)))


@cache
def links_since(count: int) -> Select[Any]:
    """When links were first seen, by their keys."""
    return select(link.c.key, link.c.first_seen_at).where(link.c.key.in_(_among(count)))


# -- small things

HOSTS = select(host.c.name, host.c.rest_until)
MOVED = select(moved.c.url, moved.c.target)
NOTE = select(note.c.text).where(note.c.name == _value("name"))
