"""The entries of one feed document, each with an id and an address of its own; what had to be made up or left out is said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from aggregator.collectors._error_entries import complaint
from aggregator.collectors._parts import Feed, Oddities, is_web
from aggregator.errors import Unreadable
from aggregator.model import Entry
from aggregator.text.marks import marked
from aggregator.text.sameness import made_up_id, other_text

# So many entries and all of them must link to one foreign page before that is taken for a mistake of the feed: who collects links may
# well have found one twice.
_FEWEST_STRAY = 3


def settled(feed: Feed, odd: Oddities, *, url: str, doing: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The entries, each with an id of its own and an address of its own, and remarks.

    Args:
        url: where the feed came from.

    Raises:
        Unreadable: the only entries are errors that the service which makes the feed has written down as news.
    """
    usable: list[Entry] = []
    complaints: list[str] = []
    for entry in feed.entries:
        if found := complaint(entry, feed=url):
            complaints.append(found)
            continue
        # A raw recording is a poor address, but the only one some shows give; the show's home would make all its episodes one.
        address = entry.url or next((one.url for one in entry.enclosures), "")
        if not address:
            odd["without an address: left out"] += 1
            continue
        if not entry.native_id:
            odd["without an id"] += 1
        identifier = entry.native_id or entry.url or made_up_id(entry)
        aliases = tuple(one for one in entry.aliases if one != feed.home)
        same = identifier == entry.native_id and address == entry.url and aliases == entry.aliases
        usable.append(entry if same else replace(entry, native_id=identifier, url=address, aliases=aliases))
    if complaints and not usable:
        raise Unreadable(f"{doing}: expected entries, got nothing but an error: {complaints[0]!r}")
    entries, remarks = _once(usable)
    if complaints:
        count = len(complaints)
        remarks = (f"{count} {'entry is an error' if count == 1 else 'entries are errors'} and left out: {complaints[0]!r}", *remarks)
    return _apart(entries, _sites(feed, url), feed.home), remarks


def _once(usable: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Entries that share an id: clearly different ones get ids of their own, of the others the last one stands."""
    by_id: dict[str, list[Entry]] = defaultdict(list)
    for entry in usable:
        by_id[entry.native_id].append(entry)
    if len(by_id) == len(usable):
        return tuple(usable), ()
    shared = {identifier: group for identifier, group in by_id.items() if _are_different(group)}
    chosen: dict[str, Entry] = {}
    for entry in usable:
        if group := shared.get(entry.native_id):
            addresses = {one.url for one in group}
            own = entry.url if len(addresses) == len(group) else made_up_id(entry)
            entry = replace(entry, native_id=own, aliases=tuple(one for one in entry.aliases if one != entry.native_id))
        chosen[entry.native_id] = entry
    remarks = [f"{sum(map(len, shared.values()))} different entries share an id: told apart by their addresses"] if shared else []
    if repeated := len(usable) - len(chosen):
        remarks.append(f"{repeated} {'entry' if repeated == 1 else 'entries'} with an id seen before: the last one stands")
    return tuple(chosen.values()), tuple(remarks)


def _are_different(group: Sequence[Entry]) -> bool:
    """True when entries with one id are not versions of one thing: other titles, and other links, recordings or texts."""
    if len({one.title for one in group}) < 2:
        return False
    if len({one.url for one in group}) > 1 or len({one.enclosures for one in group}) > 1:
        return True
    first = group[0]
    return any(one.title != first.title and other_text(first, one) for one in group[1:])


def _apart(entries: tuple[Entry, ...], sites: frozenset[str], home: str) -> tuple[Entry, ...]:
    """Entries whose address is the site's home page, or that of several, are known by their ids: the address is marked with it.

    A home page is known from the entry alone, whatever stands beside it; so it makes no difference whether such entries come in one
    document or one by one. An id that is an address of the site serves as the address.
    """
    homes = {_bare(home), *sites} if home else sites
    by_address: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_address[_bare(entry.url)].append(entry)
    if len(by_address) == len(entries) and homes.isdisjoint(by_address):
        return entries
    lost = {address for address, group in by_address.items() if address in homes or _is_shared(address, group, sites, len(entries))}
    named = Counter(_bare(entry.native_id) for entry in entries if is_web(entry.native_id))
    free = {address for address, count in named.items() if count == 1 and _site(address) in sites} - homes - by_address.keys()
    return tuple(_with_own_address(entry, free) if _bare(entry.url) in lost else entry for entry in entries)


def _is_shared(address: str, group: Sequence[Entry], sites: frozenset[str], count: int) -> bool:
    if len({one.title for one in group}) < 2:
        return False
    return _site(address) in sites or (len(group) == count and count >= _FEWEST_STRAY)


def _with_own_address(entry: Entry, free: Collection[str]) -> Entry:
    if _bare(entry.native_id) in free:
        return replace(entry, url=entry.native_id, aliases=tuple(one for one in entry.aliases if one != entry.native_id))
    return replace(entry, url=marked(entry.url, entry.native_id if entry.native_id != entry.url else made_up_id(entry)))


def _sites(feed: Feed, url: str) -> frozenset[str]:
    """The hosts that are the feed's own, which are the bare addresses of their home pages, too."""
    return frozenset(_site(_bare(one)) for one in (url, feed.home, feed.itself) if one)


def _site(bare: str) -> str:
    return bare.partition("/")[0].partition("?")[0]


def _bare(url: str) -> str:
    """An address as far as two that differ in the rest are one: without scheme, `www.`, fragment and final slash."""
    address = url.partition("#")[0].partition("://")[2]
    host, slash, path = address.partition("/")
    return (host.lower().removeprefix("www.") + slash + path).rstrip("/")
