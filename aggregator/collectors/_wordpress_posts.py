"""Posts as WordPress's REST interface gives them, as entries.

Source: WordPress REST API handbook, "Posts" and "Linking and Embedding" (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

from aggregator.collectors._authors import person
from aggregator.collectors._json import Odd, instant, member, members, text, texts, web_address
from aggregator.collectors._parts import bodies, is_web, tags_of, title_text
from aggregator.model import Author, Entry, Kind, Visibility

FIELDS = "id,date_gmt,modified_gmt,guid,link,title,content,excerpt,_links,_embedded"
"""The fields that are read; of what is embedded only whole resources can be asked for."""
EMBED = "author,wp:term"


def entry_of(row: dict[str, Any]) -> Entry:
    """A post as an entry, under the id that the site's feeds give it; private where it wants a password, lest it stays from before."""
    content, excerpt = member(row.get("content")), member(row.get("excerpt"))
    url = web_address(row.get("link"))
    if url is None:
        raise Odd("no link")
    guid = unescape(text(member(row.get("guid")).get("rendered")) or "").strip()
    if content.get("protected") is True or excerpt.get("protected") is True:
        published = instant(row.get("date_gmt"))
        return Entry(native_id=guid or url, url=url, kind=Kind.ARTICLE, published=published, visibility=Visibility.PRIVATE)
    embedded = member(row.get("_embedded"))
    plain, html = bodies(texts((content.get("rendered"), excerpt.get("rendered"))))
    return Entry(
        native_id=guid or url,
        url=url,
        kind=Kind.ARTICLE,
        title=title_text(text(member(row.get("title")).get("rendered")) or "", markup=True),
        text=plain,
        html=html,
        author=_author(embedded.get("author")),
        published=instant(row.get("date_gmt")),
        updated=instant(row.get("modified_gmt")),
        tags=tags_of(_terms(embedded.get("wp:term"))),
        aliases=(guid,) if guid != url and is_web(guid) and web_address(guid) else (),
    )


def _author(listed: Any) -> Author | None:
    """Who wrote it, by name; a site that hides its authors gives an error in their place."""
    for one in members(listed):
        # Some sites show the mail address that somebody logs in with as their name.
        if name := person(text(one.get("name"))):
            return Author(name=name, url=web_address(one.get("link")))
    return None


def _terms(listed: Any) -> Iterator[str]:
    """Names of tags and categories: a list for each kind of term, of which some are no words (post formats)."""
    for group in listed if isinstance(listed, list) else ():
        for one in members(group):
            if one.get("taxonomy") in ("post_tag", "category") and (name := text(one.get("name"))):
                yield unescape(name)
