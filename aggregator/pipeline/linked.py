"""Pages whose own text concerns a topic, and the entries that lead to one of them.

A page is searched when it was read anyway, because something that counts by its own words is about it. No page is read to be searched, and
what counts only because of such a page makes no other page due.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from aggregator.model import Entry, Field, Match
from aggregator.pipeline.addresses import Target, addresses, page
from aggregator.pipeline.match import Matcher
from aggregator.pipeline.seen import excerpt, see

# What stands as the rule of such a match.
RULE = "a page it links to"
_RUN = re.compile(r"[^\W_]{3,}")


class Pages:
    """Pages that concern topics; a value that any thread may use."""

    def __init__(self, topics: Mapping[str, Iterable[str]]) -> None:
        """
        Args:
            topics: ids of topics by canonical URL.
        """
        self._topics = {key: tuple(ids) for key, ids in topics.items()}
        self._by_run: dict[str, list[Target]] = {}
        for key in self._topics:
            target = page(key)
            self._by_run.setdefault(max(_RUN.findall(target.needle.text), key=len, default=""), []).append(target)

    def __bool__(self) -> bool:
        return bool(self._topics)

    def __contains__(self, key: str) -> bool:
        return key in self._topics

    def matches(self, entry: Entry, matcher: Matcher, *, beside: Collection[Match] = ()) -> tuple[Match, ...]:
        """One match for each topic of a page that the entry leads to or is, in the order of topics' ids.

        Args:
            matcher: tells which topics an entry may concern at all: `none_of` and languages hold here, too.
            beside: what the entry's own words say; their topics need no page.
        """
        led = self._led(entry)
        known = {match.topic for match in beside}
        allowed = matcher.allowed(entry, led.keys() - known) if led.keys() - known else ()
        return tuple(Match(topic=topic, field=Field.PAGE, rule=RULE, excerpt=excerpt(led[topic], 0, 0)) for topic in sorted(allowed))

    def _led(self, entry: Entry) -> dict[str, str]:
        """By topic: the first address of the entry that leads to a page which concerns it."""
        letters = " ".join((entry.url, *entry.aliases, *entry.links, entry.text or "", entry.html or "")).lower()
        targets = [target for run in self._by_run.keys() & set(_RUN.findall(letters)) for target in self._by_run[run]]
        if not targets:
            return {}
        seen = see(entry)
        found: dict[str, str] = {}
        for address in addresses((*seen.own, *seen.links), seen.texts):
            for target in targets:
                if target.is_led_to(address):
                    found.update((topic, address.text) for topic in self._topics[target.key] if topic not in found)
        return found


NO_PAGES = Pages({})
