"""Canonical URLs: what an address is compared by (`key`), and the best address to follow (`href`), by numbered rules.

Everything is decided offline, from the address alone. The rules, in the order in which they are asked (`RULE_BOOK` has them all):

    1–19    repair            what people break when they paste (`repair_url.py`)
    20      other scheme      at:, spotify:, nostr:, ssb:, doi:, arXiv:, matrix:, tg: as the http page of the same thing
    21–23   unwrapping        redirects, archives, AMP caches, translations, measuring prefixes; again and again, thirty-two times at most
    30–31   href              the user's name goes, tracking parameters go; what opens a page stays
    40–47   key               scheme, host, path, parameters, folder page, AMP marks, fragment, order of parameters
    100–    platforms         one identity per thing, whatever the form of its address (`platform_ids.py`)

Sources: RFC 3986 §6, RFC 5891 (host names), the URL Standard, the policy in `docs/design.md`; a platform's own with its function.
A change of what any rule does raises `RULES`: identities in the store carry the number they were made with.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from aggregator.text import repair_url, tracking, wrappers
from aggregator.text.address import Address, parse, pieces, route, sorted_query, tidy_path, without_folder_page
from aggregator.text.marks import MARK, parted
from aggregator.text.platform_ids import PLATFORM_NAMES, Platform, first_host, identity, platform_of, web_form
from aggregator.text.repair_url import repair

__all__ = ["RULES", "RULE_BOOK", "Canonical", "Step", "canonical", "host_of", "is_public_web", "is_web", "repair", "trace"]

# Version of the rules.
RULES: Final = 1
# A wrapper in a wrapper in a wrapper is seen in mailed links; chains of seven in podcasts.
_DEPTH: Final = 32
# Servers need not read more than 8,000 octets (RFC 9110 §4.1); what is longer is a picture written out, or meant to hurt.
_LONGEST: Final = 8192


class Canonical(NamedTuple):
    """An address in the two forms that the program uses."""

    # What we compare by; a valid address itself.
    key: str
    # What a reader follows.
    href: str


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that changed something."""

    # Number in `RULE_BOOK`.
    rule: int
    name: str
    before: str
    after: str


class _Site(NamedTuple):
    """What is known of a host, kept so that each host is looked up once."""

    # Without `www.`.
    host: str
    tracking: frozenset[str]
    gifts: frozenset[str]
    unwrappers: tuple[tuple[str, wrappers.Unwrap], ...]
    platform: Platform | None
    # No localhost, no literal private address.
    public: bool


@lru_cache(maxsize=8192)
def _site(host: str) -> _Site:
    bare = host
    while bare.startswith("www.") and bare.count(".") > 1:
        bare = bare.removeprefix("www.")
    bare = first_host(bare)
    known = tracking.domain_entry(tracking.BY_DOMAIN, bare)
    return _Site(bare, known, tracking.domain_entry(tracking.GIFTS, bare), wrappers.unwrappers(host), platform_of(bare), _public_host(bare))


# Where a good address has led to a key that ends in one of these, no repair can find anything in it.
_SAFE_ENDS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-")

Rule = Callable[[Address, _Site], Address]


def _https(a: Address, site: _Site) -> Address:
    return a if a.scheme == "https" else a._replace(scheme="https")


def _host(a: Address, site: _Site) -> Address:
    authority = site.host + a.port
    if a.authority == authority:
        return a
    return Address(a.scheme, authority, site.host, a.port, a.path, a.query, a.fragment)


_TIDY = re.compile(r"(?:/[A-Za-z0-9\-_~!$'()*+,;=:@&]+(?:\.[A-Za-z0-9\-._~!$'()*+,;=:@&]*)?)*/?\Z")


def _path(a: Address, site: _Site) -> Address:
    if _TIDY.match(a.path):
        return a
    path = tidy_path(a.path)
    return a if path == a.path else a._replace(path=path)


def _folder(a: Address, site: _Site) -> Address:
    if not a.path.endswith("/") and "/index." not in a.path:
        return a
    path = without_folder_page(a.path)
    return a if path == a.path else Address(a.scheme, a.authority, a.host, a.port, path, a.query, a.fragment)


_NUMBERED = re.compile(r"[a-z]-\d{6,}\Z")
_AMP_END = re.compile(r"(?:/amp|\.amp)\Z")
_AMP_FILE = re.compile(r"\.amp(\.html?)\Z")
# Behind these words "amp" is the name of a thing: a package, a tag, a unit.
_NAMES_FOLLOW: Final = frozenset(
    """
    package packages project projects wiki tag tags topic topics docs doc category categories r c u t user users product products search
    word words term terms definition dictionary label labels hashtag crate crates gem gems pkg library symbol quote ticker en de fr es
    browse
    """.split()
)


def _amp(a: Address, site: _Site) -> Address:
    path = a.path
    if "amp" not in path and not a.host.startswith("amp."):
        return a
    while (shorter := _without_amp(path)) != path:
        path = without_folder_page(shorter)
    host = a.host
    if host.startswith("amp.") and host.count(".") > 1 and path:
        host = _site(host.removeprefix("amp.")).host
    if path == a.path and host == a.host:
        return a
    return a._replace(path=path, host=host, authority=host + a.port)


def _without_amp(path: str) -> str:
    place = path.find("/amp/")
    # The front part of a longer address ("/amp/a-long-title"), not the folder of a short one.
    titled = place >= 0 and (path.count("-", place) > 1 or _NUMBERED.search(path) is not None)
    shorter = path[:place] + path[place + 4 :] if titled else path
    shorter = _AMP_FILE.sub(r"\1", shorter)
    match = _AMP_END.search(shorter)
    if match is None:
        return shorter
    before = shorter[: match.start()]
    last = before.rpartition("/")[2]
    named = match[0] == ".amp" or (last.lower() not in _NAMES_FOLLOW and not last.startswith("@"))
    return before if last and named else shorter


def _fragment(a: Address, site: _Site) -> Address:
    if a.fragment is None:
        return a
    kept = route(a.fragment) or None
    return a if kept == a.fragment else a._replace(fragment=kept)


def _parameters(a: Address, site: _Site) -> Address:
    if a.query is None:
        return a
    query = "&".join(piece for piece in pieces(a.query) if not tracking.gives(piece, site.gifts)) or None
    return a if query == a.query else a._replace(query=query)


def _order(a: Address, site: _Site) -> Address:
    if a.query is None:
        return a
    query = sorted_query(pieces(a.query))
    return a if query == a.query else Address(a.scheme, a.authority, a.host, a.port, a.path, query, a.fragment)


# Asked in this order; the platforms between the first part, which they rely on, and the second.
_BEFORE: Final[tuple[tuple[int, str, Rule], ...]] = (
    (40, "http and https", _https),
    (41, "host", _host),
    (42, "path", _path),
    (43, "parameters", _parameters),
)
_AFTER: Final[tuple[tuple[int, str, Rule], ...]] = (
    (44, "folder page", _folder), (45, "AMP page", _amp), (46, "fragment", _fragment),
    (47, "order", _order),
)  # fmt: skip
_REPAIRS: Final = {name: number for number, (name, _) in enumerate(repair_url.STEPS, start=1)}
_UNWRAPS: Final = {"wrapper": 21, "redirect": 22, "measuring prefix": 23}
_PLATFORMS: Final = {name: number for number, name in enumerate(PLATFORM_NAMES, start=100)}

# Every rule with its number.
RULE_BOOK: Final[dict[str, int]] = {
    **_REPAIRS, "other scheme": 20, **_UNWRAPS, "user": 30, "tracking": 31,
    **{name: number for number, name, _ in (*_BEFORE, *_AFTER)}, **_PLATFORMS,
}  # fmt: skip


def canonical(url: str) -> Canonical:
    """Key and href of any text, without asking anybody; what is no web address comes back cleaned, as both."""
    if MARK in url:
        address, mark = parted(url)
        form = _resolve(address, None)
        return Canonical(form.key.partition("#")[0] + mark, form.href) if mark else form
    return _resolve(url, None)


def trace(url: str) -> tuple[Step, ...]:
    """The rules that changed something on the way to `canonical(url)`, in order."""
    steps: list[Step] = []
    _resolve(url, steps)
    return tuple(steps)


def _note(steps: list[Step] | None, name: str, before: str, after: str) -> None:
    if steps is not None and before != after:
        steps.append(Step(RULE_BOOK[name], name, before, after))


def _resolve(url: str, steps: list[Step] | None) -> Canonical:
    if len(url) > _LONGEST:
        return Canonical(url, url)
    form, plain = _once(url, steps)
    key = form.key
    if plain and key[-1] in _SAFE_ENDS:
        return form
    # A key can look broken once something was taken off its end ("/a%20#x"): it is asked again until it answers with itself.
    for _ in range(_DEPTH):
        if repair_url.is_good(key):
            break
        again = _once(key, steps)[0].key
        if again == key:
            break
        key = again
    return form if key is form.key else Canonical(key, form.href)


def _once(url: str, steps: list[Step] | None) -> tuple[Canonical, bool]:
    """One pass over all rules, and whether nothing had to be repaired or unwrapped on the way."""
    a = repair_url.good(url)
    plain = a is not None
    text = url if plain else _repaired(url, steps)
    a = a or parse(text)
    if a is None:
        form = web_form(text)
        a = parse(form) if form is not None else None
        if form is None or a is None:
            return Canonical(text, text), False
        _note(steps, "other scheme", text, form)
        text = form
    site = _site(a.host)
    if site.unwrappers:
        plain = False
        a, text = _unwrapped(a, text, steps)
        site = _site(a.host)
    a, href = _href(a, text, site, steps)
    key = _key(a, site, steps)
    if not site.public and is_public_web(key):
        href = key
    return Canonical(key, href), plain


def _repaired(url: str, steps: list[Step] | None) -> str:
    text, fired = repair_url.repaired(url)
    for name, before, after in fired:
        _note(steps, name, before, after)
    return text


def _unwrapped(a: Address, text: str, steps: list[Step] | None) -> tuple[Address, str]:
    for _ in range(_DEPTH):
        site = _site(a.host)
        if not site.unwrappers:
            break
        for name, unwrap in site.unwrappers:
            target = unwrap(a)
            inner = (repair_url.good(target) or parse(_repaired(target, None))) if target is not None else None
            if target is None or inner is None:
                continue
            before, a, text = text, inner, inner.text()
            _note(steps, name, before, text)
            break
        else:
            break
    return a, text


_SEMICOLON = re.compile(r";(?=[A-Za-z_]+=)")


def _apart(query: str, here: frozenset[str]) -> list[str]:
    """Parameters one by one; where one that only tracks hangs on the next by ";" (HTML 4.01 §B.2.2), the two are told apart."""
    written = query.split("&")
    if ";" not in query:
        return written
    return [part for piece in written for part in (_SEMICOLON.split(piece) if tracking.tracks(piece.partition(";")[0], here) else (piece,))]


# Buttons that glue their marks on without looking: "/a&utm_source=x", "/a?id=1?utm_source=x".
_LOOSE = re.compile(r"[?&](?=(?:utm_[a-z]+|fbclid|gclid|mc_[ce]id)=)")


def _with_query_mark(a: Address) -> Address:
    if a.query is not None:
        query = _LOOSE.sub("&", a.query)
        return a if query == a.query else a._replace(query=query)
    match = _LOOSE.search(a.path)
    return a if match is None else a._replace(path=a.path[: match.start()], query=a.path[match.end() :])


def _href(a: Address, text: str, site: _Site, steps: list[Step] | None) -> tuple[Address, str]:
    """The address without what only measures; in all else as it was written."""
    if "@" in a.authority:
        before, text = text, a.text()
        _note(steps, "user", before, text)
    if ("?" in (a.query or "") or "&" in a.path) and (loose := _with_query_mark(a)) is not a:
        a, before, text = loose, text, loose.text()
        _note(steps, "tracking", before, text)
    if a.query:
        kept = [piece for piece in _apart(a.query, site.tracking) if not tracking.tracks(piece, site.tracking)]
        query = "&".join(kept)
        if query != a.query:
            a = Address(a.scheme, a.authority, a.host, a.port, a.path, query or None, a.fragment)
            before, text = text, a.text()
            _note(steps, "tracking", before, text)
    return a, text


def _key(a: Address, site: _Site, steps: list[Step] | None) -> str:
    a = _applied(_BEFORE, a, site, steps)
    named = identity(a, site.platform)
    if named is not None:
        if steps is not None:
            _note(steps, named[0], _written(a), named[1])
        return named[1]
    return _written(_applied(_AFTER, a, site, steps))


def _applied(rules: tuple[tuple[int, str, Rule], ...], a: Address, site: _Site, steps: list[Step] | None) -> Address:
    for _, name, rule in rules:
        changed = rule(a, site)
        if steps is not None and changed is not a:
            _note(steps, name, _written(a), _written(changed))
        a = changed
    return a


def _written(a: Address) -> str:
    query = "" if a.query is None else f"?{a.query}"
    fragment = "" if a.fragment is None else f"#{a.fragment}"
    return f"{a.scheme}://{a.authority}{a.path or '/'}{query}{fragment}"


def host_of(url: str) -> str:
    """The host of a web address in lower-case ASCII, with `www.`; "" for anything else."""
    a = parse(url.strip())
    return "" if a is None else a.host


def is_web(url: str) -> bool:
    """Whether a text is an http(s) address with a host."""
    return parse(url.strip()) is not None


def is_public_web(url: str) -> bool:
    """Whether a text is a web address that a reader elsewhere could follow: no localhost, no literal private address."""
    host = host_of(url)
    return bool(host) and _public_host(host)


_LOCAL: Final = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet")


@lru_cache(maxsize=8192)
def _public_host(host: str) -> bool:
    if host == "localhost" or host.endswith(_LOCAL):
        return False
    literal = host.strip("[]")
    if not literal[-1:].isdigit() and ":" not in literal:
        return "." in host
    try:
        return ipaddress.ip_address(literal).is_global
    except ValueError:
        # "127.1" and "0x7f.1" are read as addresses by some resolvers, and no top-level domain is a number.
        return False
