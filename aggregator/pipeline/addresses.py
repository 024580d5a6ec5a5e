"""Sites and pages that a topic names, and whether an address leads to one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from aggregator.pipeline.needs import Needle
from aggregator.pipeline.rules import words_of
from aggregator.text.urls import canonical, host_of
from aggregator.text.words import fold, unswollen

# An address written out in a text.
WRITTEN = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
# Shorter runs stand in half of all addresses.
_LEAST_RUN = 4
_GLUED = ".,;:!?)]}>'\"*_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A site or a page, ready to be compared with addresses."""

    # As configured.
    text: str
    # An address without these letters does not lead there. Canonical URLs are costly to make, and most addresses lack them.
    needle: Needle
    # Of a site; "" for a page.
    host: str = ""
    # Canonical URL of a page; "" for a site.
    key: str = ""

    def is_led_to(self, address: Address) -> bool:
        """Whether an address is the page, or lies on the site or a sub-domain of it."""
        if self.needle.text not in address.letters:
            return False
        if self.key:
            return address.key == self.key
        return any(host == self.host or host.endswith("." + self.host) for host in address.hosts)


class Address:
    """An address as it was written; what costs something is made when it is asked for."""

    __slots__ = ("_key", "letters", "text")

    def __init__(self, text: str, *, plain: bool = False) -> None:
        """
        Args:
            plain: written out in a text, where nobody undoes percent signs.
        """
        self.text = text
        self.letters = _letters(text if plain else words_of(text))
        self._key: str | None = None

    @property
    def key(self) -> str:
        """The canonical URL."""
        if self._key is None:
            self._key = canonical(self.text).key
        return self._key

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host as it is written, and that of the page behind wrappers and captures."""
        try:
            written = urlsplit(self.text.strip()).hostname or ""
        except ValueError:
            written = ""
        return written.rstrip("."), host_of(self.key)


def site(host: str) -> Target:
    """The target for a site, by its host."""
    return Target(text=host, needle=Needle(_letters(words_of(host))), host=host_of(canonical(f"https://{host}/").key))


def page(key: str) -> Target:
    """The target for a page, by its canonical URL."""
    return Target(text=key, needle=Needle(run_of(key)), key=key)


def run_of(key: str) -> str:
    """Letters and figures that every form of an address has: the longest run in its last part that has one, since ids come last."""
    host = host_of(key)
    parts = [fold(unquote(part)) for part in re.split(r"[/?&=#]", key.partition(host)[2])]
    runs = (max(re.findall(r"[^\W_]+", part), key=len, default="") for part in reversed(parts))
    return next((run for run in runs if len(run) >= _LEAST_RUN), _letters(words_of(host)))


def addresses(links: Iterable[str], texts: Iterable[str]) -> Iterator[Address]:
    """Links, then the addresses that are written out in texts."""
    for link in links:
        yield Address(link)
    for text in texts:
        for found in WRITTEN.findall(text):
            yield Address(found.rstrip(_GLUED), plain=True)


def _letters(text: str) -> str:
    return "".join(fold(unswollen(text)).replace("-", "").split())
