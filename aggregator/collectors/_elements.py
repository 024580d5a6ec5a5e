"""The elements of a document in XML: grouped by name, as text, as markup. The only module that asks lxml for a feed's elements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from lxml import etree

from aggregator.collectors._namespaces import key_of

Element = etree._Element
Found = Mapping[str, list[Element]]
"""The children of an element by their short names, in the document's order."""

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
HTML_TYPES = ("html", "xhtml", "text/html", "application/xhtml+xml")
_DECLARATION = re.compile(r'\sxmlns(?::\w+)?="[^"]*"')


def parsed(document: bytes, url: str) -> Element | None:
    """The root of a document in UTF-8, whatever its declaration says; None when it is not well formed."""
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(document, parser, base_url=url)
    except etree.XMLSyntaxError:
        return None


def grouped(element: Element) -> dict[str, list[Element]]:
    """The children of an element by their short names (`key_of`), in the document's order."""
    found: dict[str, list[Element]] = {}
    for child in element:
        key = key_of(child.tag)
        if key in found:
            found[key].append(child)
        else:
            found[key] = [child]
    return found


def text_of(element: Element) -> str:
    """All text inside an element, its children's too."""
    return (element.text or "") if not len(element) else "".join(str(one) for one in element.itertext())


def first(found: Found, *names: str) -> str:
    """The first text that is not blank, by name and then by position; "" when there is none."""
    for name in names:
        if name in found:
            for one in found[name]:
                if text := text_of(one).strip():
                    return text
    return ""


def markup_of(element: Element) -> str:
    """The inside of an element as markup: its text, which holds escaped HTML, or the XHTML it is made of."""
    if not len(element):
        return element.text or ""
    inner = element[0] if len(element) == 1 and key_of(element[0].tag) == "xhtml:div" and not (element.text or "").strip() else element
    whole = escape(inner.text or "", quote=False) + "".join(etree.tostring(child, encoding="unicode") for child in inner)
    return _DECLARATION.sub("", whole)
