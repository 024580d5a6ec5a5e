"""Addresses that are secrets themselves: whoever has one may read what it leads to, so it is asked and never shown.

A service gives such an address to one person: with a name and a password in it, with a parameter that is named like a secret (the token of
RSS-Bridge, key and code of RSSHub), or with a path of its own (Google Alerts; private feeds of Substack and of podcast hosts). Of any other
address the operator says it, by keeping it in the environment: `keep_secret`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

_USER = re.compile(r"(?<=//)[^/?#@\s]*(?:@[^/?#@\s]*)*@")
# Page tokens are positions and stay: two pages must not look like one.
_PARAMETER = re.compile(
    r"(?i)((?:^|[?&;])(?!(?:page|next|sync|continuation)_)(?:[\w.~-]*[_.~-])?"
    r"(?:key|apikey|(?:access|auth|refresh|id)?token|secret|password|passwd|pwd|auth|sig|signature|session|sid|jwt|sk|code)=)"
    r"([^&;#]*)"
)
# Substack: /feed/podcast/123/private/UUID.rss; Google Alerts: /alerts/feeds/ACCOUNT/ALERT.
_PATH = re.compile(r"(?i)(/alerts/feeds/|/(?:private|secret)/(?=[\w.-]{16}|…))([^?#\s<>\"]+)")

# A shorter part of a path, or one without a digit, is a word.
_SHORTEST_PART = 12
# Addresses that the operator keeps in the environment, without their scheme. What stands in the environment of a process is the same for
# everyone in it, so this is no more state than the environment is.
_KEPT: set[str] = set()


def keep_secret(address: str) -> None:
    """From here on, in this process, everything behind the host of `address` is a secret wherever the address stands."""
    bare = address.partition("#")[0].partition("://")[2]
    if bare.partition("/")[2]:
        _KEPT.add(bare)


def masked(url: str, mask: str) -> str:
    """The address with `mask` in the place of everything in it that is a secret."""
    for bare in sorted(_KEPT, key=len, reverse=True):
        if bare in url:
            url = url.replace(bare, f"{bare.partition('/')[0]}/{mask}")
    anonymous = _USER.sub(f"{mask}@", url) if "@" in url else url
    return _PATH.sub(rf"\1{mask}", masked_parameters(anonymous, mask))


def masked_parameters(url: str, mask: str) -> str:
    """The address with `mask` in the place of the values of parameters that are named like secrets."""
    return _PARAMETER.sub(rf"\1{mask}", url) if "=" in url else url


def is_secret(url: str) -> bool:
    """True when the address must not be shown."""
    return next(secrets(url), None) is not None


def secrets(url: str) -> Iterator[str]:
    """What in the address is a secret."""
    if "@" in url and (user := _USER.search(url)):
        yield user[0][:-1]
    yield from (found[2] for found in _PARAMETER.finditer(url) if found[2])
    for bare in _KEPT:
        if bare in url:
            yield bare
            yield from _parts(bare.partition("/")[2])
    for found in _PATH.finditer(url):
        yield found[2]
        yield from _parts(found[2])


def _parts(path: str) -> Iterator[str]:
    """What in a secret path tells it apart: a feed names the parts of its own address apart from each other."""
    yield from (part for part in re.split(r"[/?&=;]", path) if len(part) >= _SHORTEST_PART and any(map(str.isdigit, part)))


def name_of(url: str) -> str:
    """The address itself, or, of one that is a secret, a text that stands for it alone and does not give it away."""
    if not is_secret(url):
        return url
    return f"{masked(url, '…')}#{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
