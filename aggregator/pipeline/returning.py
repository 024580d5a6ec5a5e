"""Which entries have been here before, under whatever id and address they come this time. Pure.

A feed that moves house gives all its entries new ids, new addresses or both; one that is made by hand gives one id to one entry after the
other. What is the same thing lands under the id that is known, and keeps the addresses that it had; what is another thing gets an id of its
own. The same is decided of two entries of one document (`collectors._settling`), so it does not matter whether they come together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from aggregator.model import Entry, Kind, Mention
from aggregator.text.marks import marked, parted
from aggregator.text.sameness import made_up_id, other_text, same_text, same_time, same_title, title_of
from aggregator.text.urls import canonical, host_of

# What is a thing of its own, with a title; posts and comments come from platforms whose ids last.
_TITLED = frozenset((Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO, Kind.THREAD))
# Addresses that an entry had, kept beside its own: more than that is a feed with new addresses at every poll.
_MOST_CARRIED = 8


def settled(
    mentions: Sequence[Mention], known: Sequence[Mention], *, listed: Collection[str], hosts: Collection[str]
) -> tuple[Mention, ...]:
    """The mentions of a page, each under the id that it is known by.

    Args:
        known: what the store holds of the source that they may be (`Store.resembling`).
        listed: the ids of all entries on the page.
        hosts: the source's own; several entries on them that share an address are told apart, links to others' pages are not.
    """
    if not known:
        return tuple(mentions)
    by_id = {before.entry.native_id: before for before in known}
    told = [_told_apart(mention, by_id.get(mention.entry.native_id)) for mention in mentions]
    taken = {mention.entry.native_id for mention in told}.union(listed)
    heirs = _heirs([one for one in told if one.entry.native_id not in by_id], [one for one in known if one.entry.native_id not in taken])
    holders = Counter(before.identity.subject for before in known)
    found = []
    for mention in told:
        name = mention.entry.native_id
        before = by_id.get(name) or heirs.get(name)
        alone = before is not None and holders[before.identity.subject] == 1
        found.append(_continued(mention, before, alone=alone) if before else _marked(mention, known, hosts))
    return tuple(found)


def _told_apart(mention: Mention, before: Mention | None) -> Mention:
    """The mention under an id of its own, where its id belongs to another thing."""
    if before is None or not _is_titled(mention, before) or not _is_other(before.entry, mention.entry):
        return mention
    entry = mention.entry
    address, mark = parted(entry.url)
    elsewhere = not mark and canonical(address).key != canonical(parted(before.entry.url)[0]).key
    name = entry.url if elsewhere else made_up_id(entry)
    url = entry.url if elsewhere else marked(address, name)
    aliases = tuple(one for one in entry.aliases if one != entry.native_id)
    return _with_address(
        replace(mention, entry=replace(entry, native_id=name, aliases=aliases)), url, without=canonical(entry.native_id).key
    )


def _is_other(before: Entry, entry: Entry) -> bool:
    """True when two entries with one id are clearly two things."""
    if same_text(before, entry):
        return False
    if canonical(before.url).key != canonical(entry.url).key:
        return not same_title(before, entry) or other_text(before, entry)
    return bool(parted(entry.url)[1]) and not same_title(before, entry) and other_text(before, entry)


def _heirs(strange: Sequence[Mention], left: Sequence[Mention]) -> Mapping[str, Mention]:
    """From the ids of entries that come under new ones to the mentions that they were; where it cannot be said which, to none."""
    claims: dict[str, list[str]] = defaultdict(list)
    found: dict[str, Mention] = {}
    # A podcast that moves has five hundred entries; each is compared with those that have its address or title.
    near: dict[str, dict[str, Mention]] = defaultdict(dict)
    for before in left if strange else ():
        for name in (before.identity.subject, title_of(before.entry)):
            near[name][before.entry.native_id] = before
    for mention in strange:
        around = {**near.get(mention.identity.subject, {}), **near.get(title_of(mention.entry), {})}
        candidates = [before for before in around.values() if _is_titled(mention, before) and _is_same(before, mention)]
        if len(candidates) > 1:
            candidates = [one for one in candidates if one.identity.subject == mention.identity.subject]
        if len(candidates) == 1:
            found[mention.entry.native_id] = candidates[0]
            claims[candidates[0].entry.native_id].append(mention.entry.native_id)
    return {name: before for name, before in found.items() if len(claims[before.entry.native_id]) == 1}


def _is_same(before: Mention, mention: Mention) -> bool:
    """True when a known mention whose id is listed no more is clearly what comes under a new one."""
    old, new = before.entry, mention.entry
    if before.identity.subject == mention.identity.subject:
        return same_title(old, new) or same_text(old, new)
    return same_title(old, new) and (same_text(old, new) or (same_time(old, new) and not other_text(old, new)))


def _continued(mention: Mention, before: Mention, *, alone: bool) -> Mention:
    """The mention as the continuation of a known one: under its id, and also known by the addresses that it had.

    Args:
        alone: no other known mention has its address, so that it may keep it though others come that share it.
    """
    entry, identity = mention.entry, mention.identity
    known = replace(mention, entry=entry if entry.native_id == before.entry.native_id else _renamed(entry, before))
    if not _is_titled(mention, before):
        return known
    (address, mark), (old_address, old_mark) = parted(entry.url), parted(before.entry.url)
    if mark and (old_mark or alone) and canonical(address).key == canonical(old_address).key:
        return _with_address(known, before.entry.url)
    recordings = {canonical(one.url).key for one in before.entry.enclosures}
    had = [before.identity.subject, *(one for one in before.identity.aliases if one not in recordings)]
    # An address that turned out to be that of many is nobody's.
    many = {canonical(address).key} if mark else set()
    carried = [one for one in had if one != identity.subject and one not in identity.aliases and one not in many][:_MOST_CARRIED]
    if not carried:
        return known
    return replace(known, identity=replace(identity, aliases=tuple(sorted({*identity.aliases, *carried}))))


def _renamed(entry: Entry, before: Mention) -> Entry:
    return replace(entry, native_id=before.entry.native_id)


def _marked(mention: Mention, known: Sequence[Mention], hosts: Collection[str]) -> Mention:
    """The mention with its address marked, where that is a page of the source's own which another entry has already."""
    entry, subject = mention.entry, mention.identity.subject
    if host_of(subject) not in hosts or parted(subject)[1]:
        return mention
    for before in known:
        if before.identity.subject != subject or not _is_titled(mention, before) or before.entry.native_id == entry.native_id:
            continue
        old, new = before.entry, entry
        if same_title(old, new) or same_text(old, new):
            continue
        if other_text(old, new) or (old.published and new.published and not same_time(old, new)):
            return _with_address(mention, marked(entry.url, entry.native_id))
    return mention


def _with_address(mention: Mention, url: str, *, without: str = "") -> Mention:
    """The mention at another address of its own.

    Args:
        without: an alias that is not its own.
    """
    form = canonical(url)
    aliases = tuple(one for one in mention.identity.aliases if one not in (form.key, without))
    identity = replace(mention.identity, subject=form.key, href=form.href, aliases=aliases)
    return replace(mention, entry=replace(mention.entry, url=url), identity=identity)


def _is_titled(mention: Mention, before: Mention) -> bool:
    """True when both are things of their own, and not talk about others."""
    return all(
        one.entry.kind in _TITLED and one.entry.title and one.identity.subject == canonical(one.entry.url).key for one in (mention, before)
    )
