"""Addresses on Loomio: which option each names, and how an option is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

from aggregator.collectors import _options
from aggregator.model import Entry

FLAGSHIP = "www.loomio.com"
OWN_NAMES = frozenset({"loomio.com", "www.loomio.com", "loomio.org", "www.loomio.org"})
_INSTANCE = re.compile(r"(?:.+\.)?loomio\.[a-z.]+|(?:www\.)?framavox\.org")
KEY = re.compile(r"[A-Za-z0-9]{6,12}")
# The number behind "comment" is a comment's own, in the form of old addresses; behind any other word it counts the items of the discussion.
THREAD = re.compile(r"/d/(?P<key>[A-Za-z0-9]{6,12})(?:/(?:(?P<old>comment(?=/[0-9]))|[^/]*)(?:/(?P<item>[0-9]+))?)?/?")
# First segments of a path that are pages of the application and no groups (config/routes.rb, read 2026-07-30).
_RESERVED = frozenset(
    "api assets admin brand client comments contact d dashboard discussions email_actions explore g groups help inbox invitations join "
    "login_tokens m manifest motions p pages polls privacy profile rails search tasks terms threads u users".split()
)


def host_of(value: str) -> str:
    host = _options.host(_options.server(value))
    return FLAGSHIP if host in OWN_NAMES else host


def group_of(value: str) -> str:
    """A handle, or "g/" and a key. Keys are told from handles by their capitals."""
    name = value.strip().strip("/")
    key = name.removeprefix("g/")
    if KEY.fullmatch(key) and (key != name or key != key.lower()):
        return f"g/{key}"
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) and name not in _RESERVED:
        return name
    raise ValueError(f"{value!r} is not a group; write its handle, like 'microsolidarity', or g/ and the key in its address")


def discussion_of(value: str) -> str:
    key = value.strip()
    found = THREAD.fullmatch(_options.split(key).path.removesuffix(".xml"))
    if found:
        return found["key"]
    if KEY.fullmatch(key):
        return key
    raise ValueError(f"{value!r} is not a discussion; write the key that stands after /d/ in its address")


def recognised(address: str) -> Mapping[str, str] | None:
    """Groups and discussions on loomio.com, loomio.org and servers whose name says that they run Loomio."""
    parts = _options.split(address)
    name = parts.hostname or ""
    if not _INSTANCE.fullmatch(name) or (name.endswith(".loomio.com") and name not in OWN_NAMES):
        return None
    sub = re.fullmatch(r"([a-z0-9-]+)\.loomio\.org", name)
    handle = sub[1] if sub and name not in OWN_NAMES else None
    path = unquote(parts.path).removesuffix(".xml").rstrip("/")
    thread, group = THREAD.fullmatch(path), re.fullmatch(r"/g/([A-Za-z0-9]{6,12})(?:/.*)?", path)
    options: dict[str, str]
    if thread:
        options = {"discussion": thread["key"]}
    elif group:
        options = {"group": f"g/{group[1]}"}
    elif (handle and not path) or re.fullmatch(r"/[A-Za-z0-9][A-Za-z0-9_-]*", path):
        # Handles are lower case, whatever a link to them looks like.
        options = {"group": path.strip("/").lower() or handle or ""}
    else:
        return None
    try:
        host = host_of(FLAGSHIP if handle else parts.netloc)
        clean = {key: group_of(value) if key == "group" else value for key, value in options.items()}
    except ValueError:
        return None
    return clean if host == FLAGSHIP else clean | {"host": host}


def item_of(entry: Entry) -> int | None:
    """The number of a comment in its discussion; None for a discussion itself, and for old addresses, which count otherwise."""
    found = THREAD.fullmatch(_options.split(entry.url).path)
    return int(found["item"]) if found and found["item"] and not found["old"] else None
