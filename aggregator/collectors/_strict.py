"""Well-formed feeds in XML, read by a field map on lxml: RSS and RDF in `_rss`, Atom in `_atom`.

What is not well formed, or stands where no specification puts it, is left to `_lenient`: this parser gives None rather than guess. It
resolves no entity and reads no DTD; `read_feed` has taken the DOCTYPE away before.
"""

from __future__ import annotations

from aggregator.collectors._atom import Atom
from aggregator.collectors._elements import parsed
from aggregator.collectors._namespaces import key_of
from aggregator.collectors._parts import Feed, Oddities
from aggregator.collectors._rss import Rss


def strict_feed(document: bytes, *, url: str, odd: Oddities) -> Feed | None:
    """The feed in a document in UTF-8, whatever its declaration says; None when it is not well formed or not laid out as promised."""
    root = parsed(document, url)
    if root is None:
        return None
    # Asking lxml for an element's base costs more than the rest of a link; most documents set none.
    based = b"xml:base" in document
    name = key_of(root.tag)
    if name == "atom:feed":
        return Atom(url, based, odd).feed(root)
    if name in ("rss", "rdf:rdf"):
        return Rss(url, based, odd).feed(root)
    return None
