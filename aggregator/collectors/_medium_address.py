"""Addresses on Medium: which option each names, and how an option is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from aggregator.collectors._options import hashtag

# First segments of a path that name neither a person nor a publication.
_RESERVED = frozenset(
    (
        *("_", "about", "creators", "earn", "explore-topics", "feed", "gift", "jobs-at-medium", "library", "list", "lists", "m", "me"),
        *("membership", "new-story", "notifications", "p", "partner-program", "plans", "policy", "r", "s", "search", "settings", "signin"),
        *("stats", "stories", "tag", "tags", "topic", "topics", "upgrade", "verified-authors"),
    )
)
SERVICES = frozenset(("www", "api", "cdn-client", "cdn-images-1", "glyph", "help", "link", "miro", "policy"))
# Ten or eleven digits occur beside the usual twelve.
_STORY = re.compile(r"(?:.*-)?[0-9a-f]{8,12}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def person_of(value: str) -> str:
    """The name of a person, lower case, without the "@"."""
    name = value.strip().removeprefix("@").lower()
    if not _NAME.fullmatch(name):
        raise ValueError(f"{value!r} is not a Medium user; write the name after the @ in the profile's address")
    return name


def publication_of(value: str) -> str:
    """The name of a publication as its address has it."""
    name = value.strip().strip("/").lower()
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise ValueError(f"{value!r} is not a Medium publication; write the word after medium.com/, like 'enspiral-tales'")
    return name


def tag_of(value: str) -> str:
    """A tag as Medium writes it."""
    return hashtag("-".join(value.split())).lower()


def options_of_path(segments: Sequence[str]) -> Mapping[str, str] | None:
    """The options that a path on medium.com names; None for stories, lists and the site's own pages."""
    options: Mapping[str, str] | None = None
    match segments:
        case ["tag", tag] | ["tag", tag, "latest" | "recommended" | "archive", *_]:
            options = {"tag": tag}
        case [name] | [name, "feed" | "latest" | "about" | "followers" | "following"] if name.startswith("@"):
            options = {"user": name[1:]}
        case [name] | [name, "feed" | "latest" | "about" | "all" | "archive" | "trending"] if not _STORY.fullmatch(name):
            options = {"publication": name}
        case [name, "tagged", tag] if not name.startswith("@"):
            options = {"publication": name, "tag": tag}
    try:
        return {name: _CHECKS[name](value) for name, value in options.items()} if options else None
    except ValueError:
        return None


_CHECKS: Mapping[str, Callable[[str], str]] = {"tag": tag_of, "publication": publication_of, "user": person_of}
