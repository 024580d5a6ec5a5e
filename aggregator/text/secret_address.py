"""Addresses that are secrets themselves: whoever has one may read what it leads to, so it is asked and never shown.

A service gives such an address to one person: with a name and a password in it, with a parameter that is named like a secret, or with a
path of its own (Google Alerts; private feeds of Substack and of podcast hosts).
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


def masked(url: str, mask: str) -> str:
    """The address with `mask` in the place of everything in it that is a secret."""
    bare = _USER.sub(f"{mask}@", url) if "@" in url else url
    return _PATH.sub(rf"\1{mask}", masked_parameters(bare, mask))


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
    yield from (found[2] for found in _PATH.finditer(url))


def name_of(url: str) -> str:
    """The address itself, or, of one that is a secret, a text that stands for it alone and does not give it away."""
    if not is_secret(url):
        return url
    return f"{masked(url, '…')}#{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
