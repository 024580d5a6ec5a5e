"""What comes back from our own page, or leads nowhere a reader can go. Pure but for looking up stories.

The page is read, too: by people who post a link to it, by planets and aggregators that list what its feeds list. None of that is a new
thing. A link to the page of a story is a link to the story.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Self
from uuid import NAMESPACE_URL, uuid5

from aggregator.model import Entry, Identity, Kind
from aggregator.settings import Settings
from aggregator.store import Store
from aggregator.text.urls import canonical, host_of, is_public_web

# Files and folders that are published, below the address of the site; the rest of a host need not be ours.
_OURS = re.compile(
    r"(?:|index\.html?|sources\.html|feed\.(?:xml|json)|stories\.json|opml\.xml|discussing\.md|"
    r"(?:story|stories|weeks?|years?|months?|posts)(?:/.*)?|\d{4}(?:-\w+)?(?:\.html)?)/?",
    re.DOTALL,
)
_STORY = re.compile(r"(?:/story/|#story-)([a-z2-7]{10})(?:\.html|/(?:index\.html)?)?(?:[?#].*)?\Z")
# A name-based UUID (RFC 9562 §5.5).
_OUR_KIND = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_VOICES = frozenset((Kind.POST, Kind.COMMENT))

OURS = "our own page echoed back"
LOCAL = "with an address that only their own machine can reach"


def _nothing(key: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """What is known of our own page while sources are read."""

    # Where it is served, with a final slash; "": not known.
    site: str = ""
    # Networks in CIDR form that the operator has opened although they are private: readers sit in them.
    allow_networks: tuple[str, ...] = ()
    # From the id of a story, also one that it had, to the address it is shown by; None: there is no such story.
    shown_by: Callable[[str], str | None] = field(default=_nothing)
    # The ids of entries of our feeds, ever. They are asked for only where an entry comes with an id of that kind.
    ids: Callable[[], Collection[str]] = field(default=tuple)

    @classmethod
    def of(cls, settings: Settings, store: Store) -> Self:
        """What configuration and store say of our own page."""

        def shown_by(id: str) -> str | None:
            story = store.story(id)
            return (story.links[0].href if story.links else story.lead) if story else None

        return cls(
            site=settings.site.url,
            allow_networks=settings.fetch.allow_networks,
            shown_by=shown_by,
            ids=cache(lambda: frozenset(map(urn_of, store.story_ids().union(store.takedowns.tombstones())))),
        )

    def left_out(self, entry: Entry) -> str | None:
        """Why an entry is nothing to land, as the end of "2 entries …"; None: it may be something."""
        if not self._is_reachable(canonical(entry.url).key):
            return LOCAL
        if self._is_ours(entry.url) or self._has_our_id(entry):
            return OURS
        return None

    def followed(self, entry: Entry, links: Iterable[str]) -> tuple[str, ...] | None:
        """The links of an entry, those to pages of our stories replaced by what the stories are about, those to our other pages left out;
        None when a post shares nothing but our own pages."""
        given = tuple(links)
        if not self.site:
            return given
        found = tuple(filter(None, (self._through(link) for link in given)))
        return None if entry.kind in _VOICES and not found and len(found) < len(given) else found

    def heard(self, entry: Entry) -> Entry:
        """An entry that does not answer what nobody can open."""
        answered = entry.in_reply_to
        return entry if answered is None or self._is_reachable(canonical(answered).key) else replace(entry, in_reply_to=None)

    def cleaned(self, identity: Identity) -> Identity:
        """An identity without aliases that name different things on different machines: guids that were made on `localhost` are many."""
        if all(map(self._is_reachable, identity.aliases)):
            return identity
        return replace(identity, aliases=tuple(filter(self._is_reachable, identity.aliases)))

    def _through(self, link: str) -> str | None:
        if not self._is_ours(link):
            return link
        story = _STORY.search(link)
        return self.shown_by(story[1]) if story else None

    def _is_ours(self, url: str) -> bool:
        if not self.site:
            return False
        # A fragment may name a story on the first page; a query means nothing where there are only files.
        key, site = (canonical(re.split("[?#]", one, maxsplit=1)[0]).key.rstrip("/") for one in (url, self.site))
        return key == site or (key.startswith(f"{site}/") and _OURS.fullmatch(key.removeprefix(f"{site}/")) is not None)

    def _has_our_id(self, entry: Entry) -> bool:
        """True for the id of an entry of our feeds, which other aggregators keep."""
        return _OUR_KIND.match(entry.native_id) is not None and entry.native_id in self.ids()

    def _is_reachable(self, key: str) -> bool:
        """True for what readers can follow, and for what is no web address."""
        host = host_of(key)
        if not host or is_public_web(key):
            return True
        if not self.allow_networks or host == "localhost" or host.endswith(".localhost"):
            return False
        # What asks servers is slow to load, and few stewards open a network.
        from aggregator.fetch.guard import literal, networks, refusal

        address = literal(host)
        return address is None or not refusal(address, networks(self.allow_networks))


def urn_of(story: str) -> str:
    """The id of a story in our feeds (`publish.feeds`)."""
    return uuid5(NAMESPACE_URL, f"story {story}").urn
