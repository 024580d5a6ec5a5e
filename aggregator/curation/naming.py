"""How a story, an author, a site or a source is named by the steward, in whatever form is at hand. Pure: nothing is looked up."""

from __future__ import annotations

import re
import unicodedata

from aggregator.text.urls import canonical, host_of, is_public_web, is_web

# As `store.partition.story_id` makes it.
_ID = re.compile(r"[a-z2-7]{10}")
# Where a story stands on our own page: `story/ID.html`, `story/ID/`, `index.html#story-ID`.
_PLACE = re.compile(r"(?:^|[/#])story[-/](?P<id>[a-z2-7]{10})(?:/|\.html?|/index\.html?)?(?:#[^#]*)?\Z")
# The community's own page may link to its other pages by their places.
_RELATIVE = re.compile(r"[^\s:@]*[./][^\s:@]*")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])")
# What a block can be of.
AUTHOR, DOMAIN, SOURCE = "author:", "domain:", "source:"
BLOCKED = ("author", "domain", "source")
# The sources of what strangers send to `serve`: webmentions, and links that readers suggest. They are not polled and not listed.
BY_WEBMENTION, SUGGESTED = "by-webmention", "suggested"


def is_id(text: str) -> bool:
    """Whether a text has the form of a story's id."""
    return _ID.fullmatch(text) is not None


def story_named(text: str, site: str = "") -> str | None:
    """The id of a story that is named by its id or by its place on our own page; None: the text is an address of the web, or none.

    Args:
        site: where the page is served; "" when that is not known, and then only places in a folder, in a file or on this machine are ours.
    """
    if is_id(text):
        return text
    found = _PLACE.search(text)
    if found is None:
        return None
    home = canonical(site).key.rstrip("/") if site else None
    ours = not is_public_web(text) or (home is not None and f"{canonical(text.partition('#')[0]).key}/".startswith(f"{home}/"))
    return found["id"] if ours else None


def subject_named(text: str, site: str = "") -> str:
    """What a decision is about: a canonical URL, the id of a story, or a path inside the community's own page.

    Raises:
        ValueError: the text names nothing of these.
    """
    if id := story_named(text, site):
        return id
    key = canonical(text).key
    if is_web(key) or _RELATIVE.fullmatch(key):
        return key
    raise ValueError("Write the address in full, with https://, or the ten letters of a story.")


def domain_named(text: str) -> str:
    """A host without `www.`, in lower-case ASCII, from a host or an address.

    Raises:
        ValueError: there is no host with a dot in it.
    """
    host = host_of(text if "://" in text else f"https://{text}").removeprefix("www.").rstrip(".")
    if not _HOST.fullmatch(host):
        raise ValueError("Write the name of a site, such as example.org.")
    return host


def author_named(text: str) -> str:
    """An author on one line, as a person writes it: a handle, a name or the address of a profile.

    Raises:
        ValueError: it names nobody.
    """
    line = " ".join(text.split())
    if not folded(line):
        raise ValueError("Write a handle, a name or the address of a profile.")
    return line


def folded(name: str) -> str:
    """A name, handle or profile by which people are compared: case, width, spaces and a leading "@" do not matter."""
    if "://" in name:
        return canonical(name).key
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split()).lstrip("@")
