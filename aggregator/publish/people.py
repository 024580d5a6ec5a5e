"""Which posts are one person's. Pure.

Two posts are one person's when something that is nobody else's says so: the same account (`@ada@social.example` on whichever server it was
seen), the same page that both authors name as theirs, a bridge that carries one account to another network, or a handle that is the name of
a site. A name and a handle together say so across platforms ("Ada Lovelace", `adalovelace`, on Mastodon and on Medium), but only where no
two fediverse servers have such an account: equal handles on two servers mean nothing. When in doubt they are two people, since a false
join takes somebody's voice away.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from aggregator.model import Author, Mention
from aggregator.text.page_titles import fold
from aggregator.text.platform_ids import platform_of
from aggregator.text.urls import canonical, host_of

# A handle that is no name of one's own, and one that is shorter than this, is found at every other corner.
_TELLING: Final = 6
_PROFILE: Final = re.compile(r"https?://(?P<host>[^/]+)/(?:@|users/|profile/|u/)(?P<user>[^/@?#]+)/?\Z", re.IGNORECASE)


def accounts(author: Author | None, url: str) -> frozenset[str]:
    """What belongs to one person alone, as far as an author says it; empty for nobody.

    Args:
        url: the permalink of what they wrote; its host is the platform of a handle that names none.
    """
    if author is None:
        return frozenset()
    found = set(_of_handle(author.handle, url)) if author.handle else set()
    if author.url:
        found |= _of_page(author.url)
    return frozenset(found)


def people(mentions: Sequence[Mention]) -> tuple[int, ...]:
    """For each mention the place of the first one by the same person."""
    first = list(range(len(mentions)))
    if len(mentions) < 2:
        return tuple(first)
    holders: dict[str, list[int]] = defaultdict(list)
    for at, mention in enumerate(mentions):
        for account in accounts(mention.entry.author, mention.entry.url) or _named(mention):
            holders[account].append(at)
    for several in (*holders.values(), *_alike(mentions)):
        for at in several[1:]:
            _join(first, several[0], at)
    return tuple(_root(first, at) for at in range(len(mentions)))


def is_by(mention: Mention, author: Author | None, name: str, url: str) -> bool:
    """True when a mention is by the one who made a thing: an account of theirs, or their name in two words at least.

    Args:
        author: of the thing; None: not said.
        name: what they are called, "" when nobody is named.
        url: where the thing stands.
    """
    said = mention.entry.author
    if said is None:
        return False
    named = name and " " in fold(name) and said.name and fold(said.name) == fold(name)
    if named and not _stays_apart(mention.entry.url) and not _stays_apart(url):
        return True
    return not accounts(said, mention.entry.url).isdisjoint(accounts(author, url))


def _stays_apart(url: str) -> bool:
    """True on X, whose terms forbid to say which of its people are whom elsewhere unless they say so themselves (developer policy, "Off-X
    matching", read 2026-08-22)."""
    return _place(url) == "X"


def _of_handle(handle: str, url: str) -> set[str]:
    name = handle.strip().removeprefix("@").casefold()
    user, _, server = name.partition("@")
    if server == "bsky.brid.gy":
        return {f"account {user}"}
    if server == "web.brid.gy" or name.endswith(".web.brid.gy"):
        return {f"site {(user if server else name.removesuffix('.web.brid.gy')).removeprefix('www.')}"}
    if name.endswith(".ap.brid.gy"):
        bridged, _, at = name.removesuffix(".ap.brid.gy").partition(".")
        return {f"account {bridged}@{at}"}
    if server:
        return {f"account {name}"}
    if "." in name and re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", name):
        # Bluesky's handles are hosts; one of one's own is the site of that name.
        return {f"account {name}"} if name.endswith(".bsky.social") else {f"account {name}", f"site {name}"}
    return {f"account {name} on {_place(url)}"}


def _of_page(url: str) -> set[str]:
    page = canonical(url).key
    host = host_of(page).removeprefix("www.")
    if not host:
        return set()
    if profile := _PROFILE.match(page):
        user = profile["user"].casefold()
        if host == "bsky.app":
            return _of_handle(user, url) if not user.startswith("did:") else {f"page {page}"}
        return {f"page {page}", f"account {user}@{host}" if platform_of(host) is None else f"account {user} on {_place(url)}"}
    if urlsplit(page).path.strip("/"):
        return {f"page {page}"}
    # A front page is one person's on a host of their own, or below a platform's name ("ada.substack.com").
    return {f"site {host}"} if platform_of(host) is None or host.count(".") > 1 else set()


def _place(url: str) -> str:
    host = host_of(url).removeprefix("www.")
    platform = platform_of(host)
    return platform[0] if platform is not None else host


def _named(mention: Mention) -> set[str]:
    """Who has no account is known by name, within one host."""
    author = mention.entry.author
    name = fold(author.name) if author is not None and author.name else ""
    return {f"name {name} on {_place(mention.entry.url)}"} if name else set()


def _alike(mentions: Sequence[Mention]) -> list[list[int]]:
    """Mentions by the same name and handle, on several platforms of which at most one account is of the fediverse."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    servers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for at, mention in enumerate(mentions):
        author = mention.entry.author
        if author is None or not author.name or not author.handle or _stays_apart(mention.entry.url):
            continue
        name = fold(author.name)
        user, _, server = author.handle.removeprefix("@").casefold().partition("@")
        user = fold(user if server else user.partition(".")[0]).replace(" ", "")
        if " " in name and len(user) >= _TELLING:
            found[name, user].append(at)
            servers[name, user] |= {server} - {""}
    return [several for key, several in found.items() if len(several) > 1 and len(servers[key]) < 2]


def _root(first: list[int], at: int) -> int:
    while first[at] != at:
        at = first[at]
    return at


def _join(first: list[int], one: int, other: int) -> None:
    left, right = sorted((_root(first, one), _root(first, other)))
    first[right] = left
