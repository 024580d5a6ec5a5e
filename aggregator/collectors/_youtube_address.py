"""Addresses on YouTube: which option each names, and how an option is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from aggregator.collectors._options import hashtag, host_of

HOSTS = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "gaming.youtube.com"))
# These show videos and nothing else.
PLAYERS = frozenset(("youtu.be", "youtube-nocookie.com", "www.youtube-nocookie.com"))
CHANNEL = re.compile(r"UC[0-9A-Za-z_-]{22}")
VIDEO = re.compile(r"[0-9A-Za-z_-]{11}")
WATCHED = re.compile(r"[?&]v=([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])|/shorts/([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])")
_SHORT = re.compile(r"https?://youtu\.be/([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])()")
_PLAYLIST = re.compile(r"[0-9A-Za-z_-]{12,64}")
# What a channel uploads for its members alone.
_OF_MEMBERS = ("UUMO", "UUMS")
_HANDLE = re.compile(r"(?:@|c/|user/)[^\s/?#@]+")


def video_id(value: str) -> str:
    """The id of a video, also from its address."""
    clean = value.strip()
    named = WATCHED.search(clean) or _SHORT.match(clean)
    id = (named[1] or named[2]) if named else clean
    if not VIDEO.fullmatch(id):
        raise ValueError(f"{value!r} is not a video; write the 11 characters that stand after v= in its address")
    return id


def yes(value: str) -> str:
    """An option that is switched on."""
    if value.strip().lower() not in ("yes", "true", "on"):
        raise ValueError(f"{value!r} is not 'yes'; leave the option out to switch it off")
    return "yes"


def channel_of(value: str) -> str:
    """The id of a channel."""
    if not CHANNEL.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not a channel id; it begins with UC and has 24 characters (for a name use the option 'handle')")
    return value.strip()


def playlist_of(value: str) -> str:
    """The id of a playlist that everybody may see."""
    if not _PLAYLIST.fullmatch(value.strip()) or value.strip().startswith(_OF_MEMBERS):
        raise ValueError(f"{value!r} is not the id of a public playlist; write what stands after list= in its address")
    return value.strip()


def handle_of(value: str) -> str:
    """A name as it stands in an address: "@name", "c/NAME" or "user/NAME"."""
    clean = unquote(value.strip().strip("/"))
    clean = clean if clean.startswith(("@", "c/", "user/")) else f"@{clean}"
    if not _HANDLE.fullmatch(clean):
        raise ValueError(f"{value!r} is not a handle; write the @name of a channel as its address has it")
    return clean.lower() if clean.startswith("@") else clean


def recognised(address: str) -> Mapping[str, str] | None:
    """The options that an address names; None for what names no channel, playlist or search."""
    try:
        parts = urlsplit(address)
        known = host_of(address) in HOSTS
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        options = _of_path([one for one in parts.path.split("/") if one], asked, comments=parts.fragment == "comments") if known else None
        return {name: _CHECKS[name](value) for name, value in options.items()} if options else None
    except ValueError:
        return None


def _of_path(segments: list[str], asked: Mapping[str, str], *, comments: bool) -> Mapping[str, str] | None:
    """The options that a path on YouTube names; None for videos, but for their comments, and for the site's own pages."""
    match segments:
        case ["feeds", "videos.xml"] | ["xml", "feeds", "videos.xml"]:
            names = {"channel_id": "channel", "playlist_id": "playlist", "user": "handle"}
            found = {names[name]: f"user/{value}" if name == "user" else value for name, value in asked.items() if name in names}
            return found if len(found) == 1 else None
        case ["results"] if "search_query" in asked:
            return {"search": asked["search_query"]}
        case ["hashtag", tag]:
            return {"search": f"#{unquote(tag)}"}
        case ["watch"] if comments and "v" in asked:
            return {"video": asked["v"]}
    found = _place(segments, asked)
    words = asked.get("query", "") if segments[-1:] == ["search"] else ""
    tagged = {"tag": words[1:]} if words.startswith("#") else {}
    return {**found, **tagged, **({"comments": "yes"} if comments else {})} if found else None


def _place(segments: list[str], asked: Mapping[str, str]) -> dict[str, str]:
    """The channel or playlist that a path names; nothing for any other."""
    match segments:
        case ["channel", channel, *_]:
            return {"channel": channel}
        case ["playlist"] | ["embed", "videoseries"] if "list" in asked:
            return {"playlist": asked["list"]}
        case ["c" | "user" as kind, name, *_]:
            return {"handle": f"{kind}/{name}"}
        case [name, *_] if name.startswith("@"):
            return {"handle": name}
    return {}


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "channel": channel_of,
    "playlist": playlist_of,
    "handle": handle_of,
    "search": str.strip,
    "video": video_id,
    "tag": hashtag,
    "comments": yes,
}
