"""What each platform calls one thing, whatever form its address takes.

A function here gets an address, its host without `www.` and the segments of its tidied path, and gives the canonical URL of the thing, or
None where the platform's own rules say nothing and the general ones decide. It knows the address only: nothing is asked, nothing guessed.
"""

from __future__ import annotations

from collections.abc import Callable

from aggregator.text.address import Address, pieces, sorted_query

Identify = Callable[[Address, str, list[str]], str | None]


def page(host: str, path: str, parameters: str = "") -> str:
    """A canonical URL from its parts; `path` begins with "/" and is tidy."""
    return f"https://{host}{path}?{parameters}" if parameters else f"https://{host}{path}"


def keeping(a: Address, *names: str) -> str:
    """The named parameters of an address, as a query in order; "" when it has none of them."""
    return sorted_query(piece for piece in pieces(a.query or "") if piece.partition("=")[0] in names and piece.partition("=")[2])


def everything(a: Address) -> str:
    """All parameters of an address, as a query in order; "" when it has none."""
    return sorted_query(pieces(a.query or ""))
