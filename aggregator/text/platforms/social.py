"""Posts on the social networks that belong to somebody: X, Bluesky, Threads, Instagram, Facebook, LinkedIn, Tumblr, Telegram, Discord."""

from __future__ import annotations

import re
from typing import Final

from aggregator.text.address import Address, values
from aggregator.text.platforms import keeping, page

_STATUS = re.compile(r"(\d{2,20})")
_X_OWN: Final = frozenset(
    """
    i intent share search hashtag home explore settings login signup tos privacy about jobs account messages notifications compose oauth
    """.split()
)
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}\Z")


def x(a: Address, host: str, s: list[str]) -> str | None:
    """A post by its number (the name before it is ignored by the site), else a profile, hashtag or search."""
    if host == "platform.twitter.com":
        number = values(a.query).get("id", "")
        return f"https://x.com/i/status/{number}" if s[:1] == ["embed"] and number.isdigit() else None
    if not s and a.fragment and a.fragment.startswith("!/"):
        s = a.fragment[2:].partition("?")[0].strip("/").split("/")
    for index, segment in enumerate(s[:-1]):
        if segment in ("status", "statuses") and index <= 2:
            match = _STATUS.match(s[index + 1])
            return f"https://x.com/i/status/{match[1]}" if match else None
    if len(s) == 1 and s[0].lower() not in _X_OWN and _HANDLE.match(s[0]):
        return f"https://x.com/{s[0].lower()}"
    if len(s) == 2 and s[0] == "hashtag":
        return f"https://x.com/hashtag/{s[1].lower()}"
    if s and s[0] == "search":
        return page("x.com", "/search", keeping(a, "q", "f"))
    return page("x.com", "/" + "/".join(s)) if s and s[0] == "i" else None


def x_mirror(a: Address, host: str, s: list[str]) -> str | None:
    """Nitter, the embed fixers and the reader of threads: X's posts under X's numbers."""
    if s[:1] == ["thread"] and len(s) == 2 and host.endswith("threadreaderapp.com"):
        match = _STATUS.match(s[1])
        return f"https://x.com/i/status/{match[1]}" if match else None
    return x(a, host, s) if "status" in s or "statuses" in s or (len(s) == 1 and host.startswith("nitter.")) else None


_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|[a-z]+:[A-Za-z0-9._:%-]+)\Z")


def bluesky(a: Address, host: str, s: list[str]) -> str | None:
    """A post by account and record key; whether a handle and a DID are one account cannot be known offline, so they stand apart."""
    if host == "embed.bsky.app" and len(s) > 3 and s[0] == "embed" and s[2] == "app.bsky.feed.post":
        return bluesky(a, "bsky.app", ["profile", s[1], "post", s[3]])
    if len(s) < 2 or s[0] not in ("profile", "starter-pack", "start"):
        return page("bsky.app", f"/hashtag/{s[1].lower()}", keeping(a, "author")) if len(s) == 2 and s[0] == "hashtag" else None
    actor = s[1].removeprefix("@")
    actor = actor if actor.startswith("did:") else actor.lower()
    if s[0] != "profile":
        return f"https://bsky.app/starter-pack/{actor}/{s[2]}" if len(s) > 2 else None
    if len(s) > 3 and s[2] in ("post", "feed", "lists"):
        return f"https://bsky.app/profile/{actor}/{s[2]}/{s[3]}"
    return f"https://bsky.app/profile/{actor}" if len(s) == 2 else None


def threads(a: Address, host: str, s: list[str]) -> str | None:
    """The code of a post, in either domain and in the short form."""
    if len(s) > 2 and s[0].startswith("@") and s[1] == "post":
        return f"https://threads.com/t/{s[2]}"
    if len(s) > 1 and s[0] == "t":
        return f"https://threads.com/t/{s[1]}"
    return f"https://threads.com/{s[0].lower()}" if len(s) == 1 and s[0].startswith("@") else None


_INSTAGRAM_OWN: Final = frozenset("explore accounts about legal developer stories direct reels reel p tv share web press api".split())


def instagram(a: Address, host: str, s: list[str]) -> str | None:
    """The code of a post, reel or film; a comment stands apart."""
    for index, segment in enumerate(s[:-1]):
        if segment in ("p", "reel", "reels", "tv") and index < 2:
            code = s[index + 1]
            if not re.match(r"[A-Za-z0-9_-]{5,}\Z", code) or code == "audio":
                return None
            comment = f"/c/{s[index + 3]}" if s[index + 2 : index + 3] == ["c"] and len(s) > index + 3 else ""
            return f"https://instagram.com/p/{code}{comment}"
    if len(s) == 1 and s[0] not in _INSTAGRAM_OWN:
        return f"https://instagram.com/{s[0].lower()}"
    return f"https://instagram.com/explore/tags/{s[2].lower()}" if len(s) == 3 and s[:2] == ["explore", "tags"] else None


_FACEBOOK_NAMES: Final = ("comment_id", "fbid", "id", "multi_permalinks", "q", "reply_comment_id", "set", "story_fbid", "v")


def facebook(a: Address, host: str, s: list[str]) -> str | None:
    """Videos, photographs, events and posts of groups by number; a `pfbid` differs per viewer and is never unified."""
    said = values(a.query)
    comment = keeping(a, "comment_id", "reply_comment_id")
    first = s[0] if s else ""
    if first in ("permalink.php", "story.php") and "story_fbid" in said:
        return page("facebook.com", "/permalink.php", keeping(a, "story_fbid", "id", "comment_id", "reply_comment_id"))
    number = _facebook_video(s, said)
    if number:
        return page("facebook.com", "/watch", "&".join(part for part in (comment, f"v={number}") if part))
    if first in ("photo.php", "photo") and said.get("fbid", "").isdigit():
        return page("facebook.com", "/photo", "&".join(part for part in (comment, f"fbid={said['fbid']}") if part))
    if first == "groups" and len(s) > 3 and s[2] in ("posts", "permalink"):
        return page("facebook.com", f"/groups/{s[1].lower()}/posts/{s[3]}", comment)
    if first == "events" and len(s) > 1:
        numbers = [segment for segment in s[1:] if segment.isdigit()]
        return f"https://facebook.com/events/{numbers[0]}" if numbers else None
    if first in ("sharer", "sharer.php", "dialog", "l.php", "plugins", "login", "share.php"):
        return None
    path = "/" + "/".join([first.lower(), *s[1:]])
    return page("facebook.com", path, keeping(a, *_FACEBOOK_NAMES))


def _facebook_video(s: list[str], said: dict[str, str]) -> str | None:
    first = s[0] if s else ""
    if first in ("watch", "video.php") and said.get("v", "").isdigit() and (len(s) == 1 or s[1] == "live"):
        return said["v"]
    if len(s) > 1 and first == "reel" and s[1].isdigit():
        return s[1]
    return s[-1] if len(s) > 2 and s[1] == "videos" and s[-1].isdigit() else None


_URN = re.compile(r"urn:li:(activity|share|ugcPost|groupPost):([\d-]+)")
_LINKEDIN_POST = re.compile(r".*-(activity|share|ugcPost)-(\d{15,})(?:-[\w-]{2,6})?\Z")


def linkedin(a: Address, host: str, s: list[str]) -> str | None:
    """A post by kind and number; the three kinds of numbers cannot be told to be one post offline."""
    comment = keeping(a, "commentUrn")
    urn = _URN.search(a.path.replace("%3A", ":").replace("%3a", ":"))
    if urn is not None and ("update" in s or "embed" in s):
        return page("linkedin.com", f"/feed/update/urn:li:{urn[1]}:{urn[2]}", comment)
    if len(s) > 1 and s[0] == "posts":
        match = _LINKEDIN_POST.match(s[1])
        return page("linkedin.com", f"/feed/update/urn:li:{match[1]}:{match[2]}" if match else f"/posts/{s[1]}", comment)
    if len(s) > 1 and s[0] in ("in", "company", "school", "showcase"):
        rest = [] if len(s) == 3 and re.match(r"[a-z]{2}(?:-[a-z]{2})?\Z", s[2]) else s[2:]
        return page("linkedin.com", "/" + "/".join([s[0], s[1].lower(), *rest]))
    return page("linkedin.com", f"/pulse/{s[1]}", comment) if len(s) > 1 and s[0] == "pulse" else None


def tumblr(a: Address, host: str, s: list[str]) -> str | None:
    """Blog and number of a post, in the blog's own host and in the dashboard's."""
    blog = host.removesuffix(".tumblr.com") if host.endswith(".tumblr.com") else ""
    if blog and "." not in blog and blog not in ("www", "at", "m", "64.media", "media", "assets", "api"):
        number = s[1] if len(s) > 1 and s[0] in ("post", "image", "private") else ""
        return f"https://tumblr.com/{blog}/{number}" if number.isdigit() else None
    rest = s
    for front in (["dashboard", "blog"], ["blog", "view"], ["blog"]):
        if rest[: len(front)] == front:
            rest = rest[len(front) :]
            break
    return f"https://tumblr.com/{rest[0].lower()}/{rest[1]}" if len(rest) > 1 and rest[1].isdigit() else None


_TELEGRAM_OWN: Final = frozenset(
    """
    c s share iv joinchat addstickers addemoji addlist proxy socks login confirmphone setlanguage addtheme bg invoice boost m k
    """.split()
)


def telegram(a: Address, host: str, s: list[str]) -> str | None:
    """Channel, without regard to case, and number of a message; a comment stands apart, and private chats by the general rules."""
    if host.count(".") == 2 and host.endswith(".t.me"):
        s = [host.removesuffix(".t.me"), *s]
    if len(s) > 1 and s[0] == "s":
        s = s[1:]
    if len(s) == 2 and s[0] == "joinchat":
        return f"https://t.me/+{s[1]}"
    if not s or s[0] in _TELEGRAM_OWN or s[0].startswith("+") or len(s) > 3 or not all(segment.isdigit() for segment in s[1:]):
        return None
    return page("t.me", "/" + "/".join([s[0].lower(), *s[1:]]), keeping(a, "comment") if len(s) > 1 else "")


def discord(a: Address, host: str, s: list[str]) -> str | None:
    """Messages by server, channel and number; invitations by code; files without the signature that expires."""
    if host == "discord.gg":
        return f"https://discord.gg/{s[0]}" if s else None
    if host in ("cdn.discordapp.com", "media.discordapp.net") and s[:1] == ["attachments"]:
        return page("cdn.discordapp.com", "/" + "/".join(s))
    if not re.match(r"(?:(?:ptb|canary|www)\.)?discord(?:app)?\.com\Z", host) or not s:
        return None
    if s[0] == "invite" and len(s) > 1:
        return f"https://discord.gg/{s[1]}"
    return page("discord.com", "/" + "/".join(s)) if s[0] == "channels" else None
