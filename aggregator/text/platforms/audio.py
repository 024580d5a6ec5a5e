"""Recordings: Anchor (now Spotify for Creators), Spotify, Apple's directories, SoundCloud, Mixcloud, Overcast."""

from __future__ import annotations

import re
from typing import Final

from aggregator.text.address import Address, values
from aggregator.text.platforms import keeping, page

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuv"
_CODE = re.compile(r"(?:.*-)?(e[0-9a-v]+)\Z", re.IGNORECASE)
# What is added to the number in an enclosure before it is written in base 32 (podcasts.md, rule 3: seen on four unrelated shows).
_ADDED: Final = 1_000_000
_PLAY = re.compile(r"/s/[0-9a-f]+/podcast/play/(\d+)(?:/|\Z)", re.IGNORECASE)
_ANCHOR_OWN: Final = frozenset(
    """
    s app login signup dashboard about blog pricing tos privacy features help switch wordpress api search embed pod
    """.split()
)


def episode_code(play: int) -> str:
    """The code that ends an episode's page, from the number in its enclosure: `e` and base 32 of the number plus a million.

    Source: podcasts.md, "Identity" rule 3; a regularity that was observed, not documented.
    """
    number, code = play + _ADDED, ""
    while number:
        number, digit = divmod(number, 32)
        code = _DIGITS[digit] + code
    return f"e{code}"


def anchor(a: Address, host: str, s: list[str]) -> str | None:
    """An episode by its code, on any of the three hosts or in its enclosure; a show by its handle, without regard to case."""
    play = _PLAY.match(a.path)
    if play is not None:
        return f"https://anchor.fm/episodes/{episode_code(int(play[1]))}" if int(play[1]) > 0 else None
    if s[:1] == ["s"]:
        return page("anchor.fm", "/" + "/".join([s[0], *(part.lower() if index == 0 else part for index, part in enumerate(s[1:]))]))
    if host != "anchor.fm":
        if len(s) < 3 or s[0] != "pod" or s[1] not in ("show", "profile"):
            return None
        s = s[2:]
    if "episodes" in s[:3] and len(s) > s.index("episodes") + 1:
        match = _CODE.match(s[s.index("episodes") + 1])
        return f"https://anchor.fm/episodes/{match[1].lower()}" if match is not None else None
    if s and s[0].lower() not in _ANCHOR_OWN and s[1:] in ([], ["embed"], ["episodes"]):
        return f"https://anchor.fm/{s[0].lower()}"
    return None


_KINDS: Final = frozenset("episode show track album playlist artist audiobook chapter".split())
_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{2,}\Z")


def spotify(a: Address, host: str, s: list[str]) -> str | None:
    """A thing of the catalogue by kind and id, whatever player or language the address asks for."""
    if host in ("podcasters.spotify.com", "creators.spotify.com", "anchor.spotify.com"):
        return anchor(a, host, s)
    if host == "embed.spotify.com":
        return spotify_uri(values(a.query).get("uri", ""))
    if host not in ("open.spotify.com", "play.spotify.com"):
        return None
    for index, segment in enumerate(s[:-1]):
        if segment in _KINDS and _SPOTIFY_ID.match(s[index + 1]):
            return f"https://open.spotify.com/{segment}/{s[index + 1]}"
    return None


def spotify_uri(text: str) -> str | None:
    """`spotify:episode:ID` as the address of its page."""
    match = re.match(r"spotify:(?:user:[^:]+:)?(\w+):([0-9A-Za-z]+)\Z", text)
    return f"https://open.spotify.com/{match[1]}/{match[2]}" if match is not None and match[1] in _KINDS else None


_APPLE_ID = re.compile(r"id(\d+)\Z")


def apple(a: Address, host: str, s: list[str]) -> str | None:
    """Podcasts, books and applications by number, in whatever country's shop; an episode by its number within the show."""
    number = next((match[1] for segment in reversed(s) if (match := _APPLE_ID.match(segment))), "")
    kind = next((segment for segment in s if segment in ("podcast", "app", "book", "audiobook")), "")
    said = values(a.query)
    if not number and s[-1:] == ["podcast"] and said.get("id", "").isdigit():
        number, kind = said["id"], "podcast"
    if number and kind == "podcast":
        return page("podcasts.apple.com", f"/podcast/id{number}", keeping(a, "i"))
    if number and kind:
        shop = "apps.apple.com" if kind == "app" else "books.apple.com"
        return f"https://{shop}/{kind}/id{number}"
    if host in ("music.apple.com", "embed.music.apple.com", "geo.music.apple.com") and s and re.match(r"\d+\Z|pl\.", s[-1]):
        sort = next((part for part in s if part in ("album", "song", "playlist", "artist", "music-video")), "")
        return page("music.apple.com", f"/{sort}/{s[-1]}", keeping(a, "i")) if sort else None
    return None


def soundcloud(a: Address, host: str, s: list[str]) -> str | None:
    """A sound or a list by its path; the token of a secret one opens it and is no part of its name."""
    if host not in ("soundcloud.com", "m.soundcloud.com") or not s or s[0] in ("search", "discover", "you"):
        return None
    return "https://soundcloud.com/" + "/".join(part for part in s if not part.startswith("s-") or len(s) < 3)


def mixcloud(a: Address, host: str, s: list[str]) -> str | None:
    """A show by its path, whatever host plays it."""
    if s[:2] == ["widget", "iframe"]:
        s = [part for part in values(a.query).get("feed", "").split("/") if part][-2:]
    return page("mixcloud.com", "/" + "/".join(s)) if len(s) == 2 else None


def overcast(a: Address, host: str, s: list[str]) -> str | None:
    """An episode by its code; a second segment is a time stamp."""
    return f"https://overcast.fm/{s[0]}" if len(s) == 2 and s[0].startswith("+") and re.match(r"[\d:]+\Z", s[1]) else None
