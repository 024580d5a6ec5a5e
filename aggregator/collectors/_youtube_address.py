"""Addresses on YouTube: which option each names, and how an option is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from aggregator.collectors._options import host_of

HOSTS = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "gaming.youtube.com"))
# These show videos and nothing else.
PLAYERS = frozenset(("youtu.be", "youtube-nocookie.com", "www.youtube-nocookie.com"))
CHANNEL = re.compile(r"UC[0-9A-Za-z_-]{22}")
VIDEO = re.compile(r"[0-9A-Za-z_-]{11}")
WATCHED = re.compile(r"[?&]v=([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])|/shorts/([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])")
_PLAYLIST = re.compile(r"[0-9A-Za-z_-]{12,64}")
_HANDLE = re.compile(r"(?:@|c/|user/)[^\s/?#@]+")


def channel_of(value: str) -> str:
    if not CHANNEL.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not a channel id; it begins with UC and has 24 characters (for a name use the option 'handle')")
    return value.strip()


def playlist_of(value: str) -> str:
    if not _PLAYLIST.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not the id of a public playlist; write what stands after list= in its address")
    return value.strip()


def handle_of(value: str) -> str:
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
        options = _of_path([one for one in parts.path.split("/") if one], asked) if known else None
        return {name: _CHECKS[name](value) for name, value in options.items()} if options else None
    except ValueError:
        return None


def _of_path(segments: list[str], asked: Mapping[str, str]) -> Mapping[str, str] | None:
    """The options that a path on YouTube names; None for videos and the site's own pages."""
    match segments:
        case ["feeds", "videos.xml"] | ["xml", "feeds", "videos.xml"]:
            names = {"channel_id": "channel", "playlist_id": "playlist", "user": "handle"}
            found = {names[name]: f"user/{value}" if name == "user" else value for name, value in asked.items() if name in names}
            return found if len(found) == 1 else None
        case ["channel", channel, *_]:
            return {"channel": channel}
        case ["playlist"] | ["embed", "videoseries"] if "list" in asked:
            return {"playlist": asked["list"]}
        case ["c" | "user" as kind, name, *_]:
            return {"handle": f"{kind}/{name}"}
        case [name, *_] if name.startswith("@"):
            return {"handle": name}
        case ["results"] if "search_query" in asked:
            return {"search": asked["search_query"]}
        case ["hashtag", tag]:
            return {"search": f"#{unquote(tag)}"}
    return None


_CHECKS: Mapping[str, Callable[[str], str]] = {"channel": channel_of, "playlist": playlist_of, "handle": handle_of, "search": str.strip}
