"""The XML namespaces of feeds, in all the spellings that servers use, and the short names they get here."""

from __future__ import annotations

from functools import lru_cache

# Servers spell these in several ways; they are compared without scheme, case and final slash.
_PREFIXES = {
    "": "",
    "purl.org/rss/1.0": "",
    "my.netscape.com/rdf/simple/0.9": "",
    "channel.netscape.com/rdf/simple/0.9": "",
    "backend.userland.com/rss": "",
    "backend.userland.com/rss2": "",
    "blogs.law.harvard.edu/tech/rss": "",
    "cyber.harvard.edu/rss/rss.html": "",
    "cyber.law.harvard.edu/rss/rss.html": "",
    "www.w3.org/2005/atom": "atom:",
    "purl.org/atom/ns#": "atom:",
    "www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf:",
    "purl.org/rss/1.0/modules/content": "content:",
    "purl.org/dc/elements/1.1": "dc:",
    "purl.org/dc/terms": "dcterms:",
    "search.yahoo.com/mrss": "media:",
    "tools.search.yahoo.com/mrss": "media:",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
    "podcastindex.org/namespace/1.0": "podcast:",
    "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast:",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner:",
    "purl.org/syndication/thread/1.0": "thr:",
    "www.w3.org/1999/xhtml": "xhtml:",
}


@lru_cache(maxsize=1024)
def key_of(tag: str) -> str:
    """A tag as "prefix:name" in lower case; "?:name" for a namespace that means nothing here."""
    namespace, _, name = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
    bare = namespace.lower().partition("://")[2] if "://" in namespace else namespace.lower()
    return _PREFIXES.get(bare.rstrip("/"), "?:") + name.lower()
