"""Who made something, in a form in which the accounts of several platforms can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import Final

from aggregator.pipeline._marks import plain
from aggregator.text.urls import host_of

# Names of a place are kept apart from those of people by this mark: a publication has many authors.
AT: Final = "at:"

_TWO_PEOPLE = re.compile(r"\s*(?:,|;|&|\+|/|\band\b|\bund\b|\bet\b|\by\b|\be\b|\ben\b|\bwith\b|\bmit\b|\bfeat\.?|\bft\.?)\s*")
_BEFORE = re.compile(r"\A(?:by|von|par|por|di|door|written by|posted by|hosted by|u/|/u/|@)\s*")
_AFTER = re.compile(r"\s*(?:\([^)]*\)|\[[^\]]*\]|\|.*|\bon (?:medium|substack|youtube)\b.*)\Z")
_WORD = re.compile(r"[^\W_]+")
# What a show or channel adds to a name.
_EMPTY: Final = frozenset(
    """
    the a podcast podcasts show radio channel official newsletter blog magazine journal tv media project team substack medium youtube cast
    collective der die das le la les el los il de dr prof mr mrs ms phd
    """.split()
)
_NOBODY: Final = frozenset(
    ("", "admin", "anonymous", "unknown", "editor", "editors", "guest", "staff", "deleted", "user", "root", "author")
)
_BRIDGES: Final = (".ap.brid.gy", ".web.brid.gy", "@bsky.brid.gy", "@web.brid.gy", "@mostr.pub", "@momostr.pink")
_SERVERS: Final = (".bsky.social", ".substack.com", ".medium.com", ".tumblr.com", ".wordpress.com", ".blogspot.com")


class Agreement(IntEnum):
    """What two lists of names say of each other."""

    OTHERS = 0
    # One of the two says nothing.
    SILENT = 1
    # Only the place has the same name, or only a first name is the same.
    WEAK = 2
    SAME = 3


@lru_cache(maxsize=65536)
def names_in(text: str) -> tuple[str, ...]:
    """The names in what a page calls its author, each folded: "Ada Example & Bo" are two."""
    whole = _AFTER.sub("", _BEFORE.sub("", plain(text).strip()))
    found = (" ".join(_WORD.findall(part.replace("'", ""))) for part in _TWO_PEOPLE.split(whole))
    return tuple(dict.fromkeys(name for name in found if name not in _NOBODY and not name.isdigit()))


@lru_cache(maxsize=65536)
def handles_in(handle: str) -> tuple[str, ...]:
    """What an account is called: as a whole, and the name in it. A bridged account is the one that it mirrors."""
    whole = handle.strip().lstrip("@").casefold().removeprefix("u/")
    for bridge in _BRIDGES:
        whole = whole.removesuffix(bridge)
    if not whole or whole.startswith(("did:", "npub1")):
        return ()
    local, _, host = whole.partition("@")
    names = [_without_server(local) if not host else local]
    if "." in whole and not host:
        # A bridge writes "ada.social.example" for "ada@social.example", and "ada.example" is the site of Ada.
        names.append(whole.partition(".")[0])
    names.append(whole)
    return tuple(dict.fromkeys(name for name in (_joined(one) for one in names) if name not in _NOBODY))


def _without_server(handle: str) -> str:
    for server in _SERVERS:
        handle = handle.removesuffix(server)
    return handle.removeprefix("www.").partition(".")[0]


def _joined(name: str) -> str:
    return "".join(_WORD.findall(plain(name)))


_PERSON_IN_PATH = re.compile(r"/@([\w.-]+)(?:@[\w.-]+)?(?:/|\Z)|/(?:profile|users|pod/show|pod/profile|c|user|in)/([\w.:@-]+)(?:/|\Z)")
_FIRST: Final = frozenset(("anchor.fm", "soundcloud.com", "mixcloud.com", "x.com", "github.com", "t.me", "tumblr.com"))
_SHARED_HOSTS: Final = re.compile(
    r"(?:\A|\.)(?:youtube|youtu|medium|substack|spotify|apple|reddit|loomio|facebook|linkedin|instagram|google|"
    r"vimeo|bsky|x|twitter|threads|"
    r"ycombinator|lobste|wordpress|blogspot|tumblr|podbean|buzzsprout|transistor|libsyn|simplecast|soundcloud|"
    r"mixcloud|anchor|github|gitlab|"
    r"telegram|t|njump|primal|discord|patreon|overcast|castbox|archive|wikipedia|stackexchange|stackoverflow|ghost|hashnode|dev|notion|"
    r"brid|captivate|acast|spreaker|podcasts|pca|castro|listennotes|podchaser|fireside|redcircle|blubrry|megaphone)\.[a-z.]{2,6}\Z"
)
_OWN_HOSTS: Final = re.compile(
    r"\A([\w-]+)\.(?:medium|substack|tumblr|wordpress|blogspot|podbean|buzzsprout|libsyn|ghost|transistor|"
    r"simplecast|captivate|fireside|hashnode|"
    r"bandcamp|github|gitbook)\.[a-z.]{2,6}\Z"
)
_NOT_OWN: Final = frozenset("www open api feeds feed rss cdn blog m help support share player embed podcasts".split())


def names_by_address(url: str) -> tuple[str, ...]:
    """What the address says of who stands behind it: the account in its path, or the name of a site of its own."""
    host = host_of(url).removeprefix("www.")
    path = url.partition("://")[2].partition("/")[2].partition("?")[0].partition("#")[0]
    found = _PERSON_IN_PATH.search(f"/{path}")
    if found is not None:
        return handles_in(found[1] or found[2])
    if host == "open.substack.com" and path.startswith("pub/"):
        return (_joined(path.split("/")[1]),)
    own = _OWN_HOSTS.match(host)
    if own is not None:
        return () if own[1] in _NOT_OWN else (_joined(own[1]),)
    first = path.partition("/")[0]
    if host in _FIRST and first and "/" in path:
        return handles_in(first)
    if _SHARED_HOSTS.search(host) or "." not in host:
        return ()
    labels = [label for label in host.split(".") if label not in _NOT_OWN]
    name = _joined(labels[-2] if len(labels) > 1 else labels[0])
    return (name,) if len(name) > 3 and not name.isdigit() else ()


def people(names: Iterable[str]) -> tuple[str, ...]:
    """Those of folded names that are no names of places."""
    return tuple(name for name in names if not name.startswith(AT))


@lru_cache(maxsize=65536)
def squeezed(names: tuple[str, ...]) -> frozenset[str]:
    """All names, those of places too, without spaces."""
    return frozenset(name.removeprefix(AT).replace(" ", "") for name in names)


_SHOW: Final = re.compile(r"(?:podcast|show|radio|blog|newsletter|magazine|channel|journal|official)+\Z")


@lru_cache(maxsize=65536)
def bare(name: str) -> str:
    """A squeezed name without what a show adds to its own: "thecrewshow" is "crew"."""
    return _SHOW.sub("", name.removeprefix("the")) or name


@lru_cache(maxsize=65536)
def _forms(names: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    """People squeezed, the same without what a show adds, their first names, and places without what a show adds."""
    mine = people(names)
    whole = frozenset(name.replace(" ", "") for name in mine)
    first = frozenset(name.split()[0] for name in mine if len(name.split()[0]) > 2)
    places = frozenset(bare(name.removeprefix(AT).replace(" ", "")) for name in names if name.startswith(AT))
    core = frozenset("".join(word for word in name.split() if word not in _EMPTY) for name in mine) - {""}
    return whole, core | frozenset(map(bare, whole)), first, places


def agreement(left: tuple[str, ...], right: tuple[str, ...]) -> Agreement:
    """Whether two works can be by the same people, going by `Work.authors`."""
    if left == right and people(left):
        return Agreement.SAME
    mine, my_core, my_first, my_places = _forms(left)
    theirs, their_core, their_first, their_places = _forms(right)
    shared = mine & theirs
    if _one_in_other(left, right) or (shared and not _namesakes(left, right, shared)):
        return Agreement.SAME
    if my_core & their_core - shared or my_core & their_places or their_core & my_places:
        return Agreement.SAME
    if not mine or not theirs:
        return Agreement.WEAK if my_places & their_places else Agreement.SILENT
    if shared or (my_first & theirs) or (their_first & mine) or (my_places & their_places):
        return Agreement.WEAK
    return Agreement.OTHERS


def speaks_in(names: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether one of the people is named in full in a title."""
    said = f" {' '.join(words)} "
    return any(" " in name and f" {name} " in said for name in people(names))


def _namesakes(left: tuple[str, ...], right: tuple[str, ...], shared: frozenset[str]) -> bool:
    """Two people whose full names differ, and whose accounts are called "ada" both."""
    mine = {name.replace(" ", "") for name in people(left) if " " in name}
    theirs = {name.replace(" ", "") for name in people(right) if " " in name}
    return bool(mine) and bool(theirs) and not mine & theirs and all(len(name) < 6 for name in shared)


def _one_in_other(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """A full name in a longer or shorter form: "ada example", "ada maria example", "a example", "adaline example"."""
    return any(_one_person(one.split(), other.split()) for one in people(left) for other in people(right))


def _one_person(mine: list[str], theirs: list[str]) -> bool:
    if min(len(mine), len(theirs)) < 2:
        return False
    if set(mine) <= set(theirs) or set(theirs) <= set(mine):
        return True
    return mine[-1] == theirs[-1] and (mine[0].startswith(theirs[0]) or theirs[0].startswith(mine[0]))
