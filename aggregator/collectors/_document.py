"""What kind of document a reply holds, by how it begins: its document type, its first element, what to call it."""

from __future__ import annotations

import html
import re

from aggregator.collectors._parts import flat
from aggregator.text.decode import decode

_QUOTED = r"\"[^\"]*+\"|'[^']*+'"
# A document type with its internal subset, whose comments and values may hold any sign.
_DOCTYPE = re.compile(
    rf"<!DOCTYPE(?:[^\"'\[>]|{_QUOTED})*+(?:\[(?:<!--.*?-->|<\?.*?\?>|[^\"'\]<]|{_QUOTED}|<)*+\]\s*+)?>", re.DOTALL | re.IGNORECASE
)
BROKEN_DOCTYPE = re.compile(r"<!DOCTYPE.*?(?=<(?:rss|feed|rdf:RDF|channel|html)\b|\Z)", re.DOTALL | re.IGNORECASE)
_PROLOGUE = re.compile(r"(?:\s++|\ufeff|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_NAME = re.compile(r"<([A-Za-z_][\w:.-]*)")
_PAGE_ROOTS = frozenset(("html", "head", "body", "title", "meta", "script", "div", "p", "center", "h1"))
_PAGE_PART = re.compile(r"<(?:html|head|body)[\s>]", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
# No honest document type is longer; a longer one goes the way of the broken ones.
_LONGEST_DOCTYPE = 16 * 1024


def is_page(body: bytes, content_type: str = "") -> bool:
    """True when a reply is an HTML page and no feed, whatever its content type says."""
    text = without_doctype(decode(body[:8192], content_type))[0]
    root = root_of(text).lower()
    return root in _PAGE_ROOTS or (not root and not text.lstrip().startswith(("{", "[")) and _PAGE_PART.search(text) is not None)


def without_doctype(text: str) -> tuple[str, tuple[str, ...]]:
    """The document without its document type, so that no entity of its own is ever known to a parser."""
    prologue = _PROLOGUE.match(text)
    start = prologue.end() if prologue else 0
    if text[start : start + 9].upper() != "<!DOCTYPE":
        return text, ()
    whole = _DOCTYPE.match(text, start, start + _LONGEST_DOCTYPE)
    bare = text[whole.end() :] if whole else BROKEN_DOCTYPE.sub("", text, count=1)
    return bare, ("declares entities of its own: read without them",) if "<!ENTITY" in text[: len(text) - len(bare)] else ()


def root_of(text: str) -> str:
    """The name of the first element; "" when no markup begins the text."""
    prologue = _PROLOGUE.match(text)
    found = _NAME.match(text, prologue.end() if prologue else 0)
    return found[1] if found else ""


def description(text: str) -> str:
    """What came instead of a feed, for people."""
    root = root_of(text)
    if root.lower() in _PAGE_ROOTS or (not root and _PAGE_PART.search(text[:8192])):
        found = _TITLE.search(text[:65536])
        title = flat(html.unescape(found[1]))[:80] if found else ""
        return f"an HTML page titled {title!r}" if title else "an HTML page without a title"
    return f"XML whose root is {root[:40]!r}" if root else "text that is neither XML nor JSON"
