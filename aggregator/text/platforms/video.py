"""Videos: YouTube and its front ends, Vimeo, Dailymotion, Twitch, PeerTube, TikTok."""

from __future__ import annotations

import re
from typing import Final

from aggregator.text.address import Address, values
from aggregator.text.platforms import keeping, page

_VIDEO = re.compile(r"([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])")
_CHANNEL = re.compile(r"UC[0-9A-Za-z_-]{22}\Z")
_IN_PATH: Final = frozenset(("v", "vi", "e", "embed", "shorts", "live", "video", "watch", "w"))
# Eleven legal characters, yet no video (youtube.md, pitfalls).
_WORDS: Final = frozenset(("videoseries", "live_stream"))
_TABS: Final = frozenset(
    """
    videos shorts streams live playlists community featured about podcasts channels discussion search join store releases posts
    """.split()
)
_RESERVED: Final = frozenset(
    """
    channel c user playlist watch watch_popup w v vi embed e live clip shorts movie movies results search shared hashtag trending explore
    feed feeds browse oembed redirect attribution_link post storefront account t about upload signin logout video premium gaming kids
    music tv ads creators howyoutubeworks intl source s api iframe_api
    """.split()
)
_IN_FRAGMENT = re.compile(r"[!/].*?\bv=([0-9A-Za-z_-]{11})(?![0-9A-Za-z_-])")
# Hosts of pictures and of interfaces: their paths hold ids of videos, yet are no videos.
_NO_PAGES: Final = frozenset(("img.youtube.com", "gdata.youtube.com", "i.youtube.com", "studio.youtube.com", "support.youtube.com"))
_ESCAPED = re.compile(r"\\|%5C", re.IGNORECASE)
_QUERY_VIDEO = re.compile(r"(?:\A|[&;?])v(?:i)?=([^&;#?]*)")
_COMMENT = re.compile(r"(?:\A|[&;?])lc=([0-9A-Za-z_.-]+)")


def _video_id(text: str) -> str | None:
    match = _VIDEO.match(_ESCAPED.sub("", text))
    return match[1] if match is not None and match[1] not in _WORDS else None


def _watch(video: str, a: Address) -> str:
    comment = _COMMENT.search(a.query) if a.query and "lc=" in a.query else None
    return f"https://youtube.com/watch?v={video}&lc={comment[1].rstrip('.')}" if comment else f"https://youtube.com/watch?v={video}"


def youtube(a: Address, host: str, s: list[str]) -> str | None:
    """Video, else playlist, channel, handle or hashtag; community posts and clips by the general rules."""
    if host in _NO_PAGES:
        return None
    video = _of_query(a, s) or _of_path(host, s)
    if video is None and a.fragment:
        match = _IN_FRAGMENT.match(a.fragment)
        video = match[1] if match else None
    if video is not None:
        return _watch(video, a)
    return _youtube_page(a, s) if host not in ("youtu.be", "yt.be") else None


def _of_query(a: Address, s: list[str]) -> str | None:
    if not a.query or (s and s[0] not in ("watch", "watch_popup", "movie", "details", "ytscreeningroom") and s not in (["embed"], ["v"])):
        return None
    match = _QUERY_VIDEO.search(a.query.replace("%3D", "="))
    return _video_id(match[1]) if match is not None else None


def _of_path(host: str, s: list[str]) -> str | None:
    if host in ("youtu.be", "yt.be"):
        return _video_id(s[0]) if s else None
    return _video_id(s[1]) if len(s) > 1 and s[0] in _IN_PATH else None


def _youtube_page(a: Address, s: list[str]) -> str | None:
    if not s:
        return None
    first = s[0]
    listed = values(a.query).get("list")
    if listed and (first == "playlist" or s[:2] == ["embed", "videoseries"]):
        return f"https://youtube.com/playlist?list={listed}" if re.match(r"[\w-]+\Z", listed, re.ASCII) else None
    if first == "channel" and len(s) > 1 and _CHANNEL.match(s[1]):
        return None if keeping(a, "lb") or (len(s) > 2 and s[2] not in _TABS) else f"https://youtube.com/channel/{s[1]}"
    if first == "channel" and len(s) > 1:
        return None
    if keeping(a, "lb"):
        return None
    rest = s[1:] if first.startswith("@") else s[2:]
    if rest and (rest[0] not in _TABS or rest[0] == "search"):
        return None
    if first.startswith("@"):
        return f"https://youtube.com/{first.lower()}"
    if first == "hashtag" and len(s) > 1:
        return f"https://youtube.com/hashtag/{s[1].lower()}"
    if first in ("c", "user") and len(s) > 1:
        return f"https://youtube.com/{first}/{s[1].lower()}"
    if s[-2:] == ["feeds", "videos.xml"]:
        return page("youtube.com", "/feeds/videos.xml", keeping(a, "channel_id", "playlist_id", "user"))
    return None


def youtube_mirror(a: Address, host: str, s: list[str]) -> str | None:
    """Invidious and Piped show YouTube's videos under YouTube's ids; their own pages are none of ours."""
    video = _of_query(a, s) or (_of_path(host, s) if s and s[0] in _IN_PATH - {"w", "live"} else None)
    return _watch(video, a) if video is not None else None


def vimeo(a: Address, host: str, s: list[str]) -> str | None:
    """The number of a video; the hash of an unlisted one opens it and is no part of its name."""
    if host == "player.vimeo.com":
        return f"https://vimeo.com/{s[1]}" if len(s) > 1 and s[0] == "video" and s[1].isdigit() else None
    if host != "vimeo.com" or not s:
        return None
    if s[0].isdigit():
        return f"https://vimeo.com/{s[0]}" if len(s) < 3 else None
    if (
        len(s) > 2
        and s[0] in ("channels", "groups", "album", "showcase", "manage")
        and s[-1].isdigit()
        and (s[0] == "channels" or "video" in s[-2])
    ):
        return f"https://vimeo.com/{s[-1]}"
    return None


def dailymotion(a: Address, host: str, s: list[str]) -> str | None:
    """The code of a video, up to the underscore before its title."""
    if host == "dai.ly":
        code = s[0] if s else ""
    else:
        code = s[s.index("video") + 1] if "video" in s[:2] and len(s) > s.index("video") + 1 else values(a.query).get("video", "")
    code = code.partition("_")[0]
    return f"https://dailymotion.com/video/{code}" if re.match(r"[0-9A-Za-z]{5,10}\Z", code) else None


def twitch(a: Address, host: str, s: list[str]) -> str | None:
    """Videos by number, clips by name, channels without regard to case."""
    if host == "clips.twitch.tv" and s:
        slug = values(a.query).get("clip", "") if s[0] == "embed" else s[0]
        return f"https://clips.twitch.tv/{slug}" if re.match(r"[\w-]+\Z", slug, re.ASCII) else None
    if host == "player.twitch.tv":
        number = values(a.query).get("video", "").removeprefix("v")
        return f"https://twitch.tv/videos/{number}" if number.isdigit() else None
    if host != "twitch.tv":
        return None
    if (len(s) > 1 and s[0] == "videos") or (len(s) > 2 and s[1] in ("v", "video")):
        number = s[1] if s[0] == "videos" else s[2]
        return f"https://twitch.tv/videos/{number}" if number.isdigit() else None
    if len(s) == 3 and s[1] == "clip":
        return f"https://clips.twitch.tv/{s[2]}"
    return f"https://twitch.tv/{s[0].lower()}" if len(s) == 1 else None


def tiktok(a: Address, host: str, s: list[str]) -> str | None:
    """The number of a video or a series of photographs; the name before it is decoration."""
    joined = "/".join(s)
    match = re.match(r"(?:@[^/]*/(?:video|photo)|v|embed(?:/v\d)?|player/v1|share/video|i18n/share/video|video)/(\d{10,})", joined)
    if match is not None:
        return f"https://tiktok.com/@/video/{match[1]}"
    if len(s) == 1 and s[0].startswith("@"):
        return f"https://tiktok.com/{s[0].lower()}"
    return f"https://tiktok.com/tag/{s[1].lower()}" if len(s) == 2 and s[0] == "tag" else None


# PeerTube writes a UUID in the base-58 digits of Flickr (Chocobozzz/PeerTube `shared/extra-utils/uuid.ts`, read 2026-11).
_DIGITS: Final = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
_SHORT = re.compile(rf"[{_DIGITS}]{{22}}\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def peertube(a: Address, host: str, s: list[str]) -> str | None:
    """`/w/SHORT`, `/videos/watch/UUID` and `/videos/embed/UUID` name one video of a server; a thread of comments stands apart."""
    kind = "p" if s[:2] == ["w", "p"] or s[:3] == ["videos", "watch", "playlist"] or s[:2] == ["video-playlists", "embed"] else ""
    code, mark, thread = s[-1].partition(";")
    if len(s) < 2 or not ((s[0] == "w" and len(s) == (3 if kind else 2)) or s[0] in ("videos", "video-playlists")):
        return None
    if s[0] == "videos" and s[1] not in ("watch", "embed"):
        return None
    number = _uuid(code)
    path = "/videos/watch/playlist/" if kind else "/videos/watch/"
    return f"https://{host}{a.port}{path}{number}{mark}{thread}" if number else None


def _uuid(code: str) -> str | None:
    if _UUID.match(code):
        return code.lower()
    if not _SHORT.match(code):
        return None
    number = 0
    for digit in code:
        number = number * 58 + _DIGITS.index(digit)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}" if len(text) == 32 else None
