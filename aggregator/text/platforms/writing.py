"""Essays and pages of reference: Medium, Substack, Patreon, GitBook, Wikipedia, Feedburner."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

from aggregator.text.address import Address, pieces, sorted_query, values
from aggregator.text.platforms import everything, keeping, page

_STORY = re.compile(r"(?:.*-)?([0-9a-f]{8,12})\Z")
_OWN_STORY = re.compile(r".+-([0-9a-f]{8,12})\Z")
# A response has no words in its address; fewer digits than these may be the name of a page.
_RESPONSE = re.compile(r"([0-9a-f]{10,12})\Z")
_LONG_STORY = re.compile(r".+-([0-9a-f]{10,12})\Z")
_MEDIUM_OWN: Final = frozenset(
    """
    search me new-story plans membership m policy tag topic topics about feed _ jobs-at-medium creators explore-topics sub
    """.split()
)
_NOT_STORIES: Final = frozenset("list lists about followers following archive tagged subscribe latest highlights all edit".split())
# Sites of their own that Medium serves; only an ending of ten hexadecimal digits or more is taken for a story there.
CUSTOM_MEDIUM: Final = frozenset(
    """
    uxdesign.cc betterprogramming.pub gitconnected.com itnext.io codeburst.io writingcooperative.com psiloveyou.xyz bettermarketing.pub
    entrepreneurshandbook.co aninjusticemag.com eand.co byrslf.co thebolditalic.com superyesmore.com proandroiddev.com plainenglish.io
    infosecwriteups.com faun.pub devgenius.io prototypr.io artplusmarketing.com arcdigital.media netflixtechblog.com muz.li
    chatbotslife.com becominghuman.ai extranewsfeed.com thinkgrowth.org betterhumans.pub uxplanet.org blog.usejournal.com towardsdev.com
    blog.startupstash.com medium.freecodecamp.org blog.bitsrc.io medium.datadriveninvestor.com pub.towardsai.net historyofyesterday.com
    """.split()
)


def medium(a: Address, host: str, s: list[str]) -> str | None:
    """A story or a response by its hexadecimal id, wherever it has moved; else profile, publication or feed without parameters."""
    if host in ("link.medium.com", "api.medium.com", "help.medium.com", "cdn-images-1.medium.com", "miro.medium.com"):
        return None
    own = host != "medium.com"
    while len(s) > 1 and s[-1] == "amp":
        s = s[:-1]
    story = _medium_story(s, own)
    if story is not None:
        return f"https://medium.com/p/{story}"
    if s[:1] == ["_"]:
        return None
    if s[:1] == ["search"]:
        return page(host, "/search", keeping(a, "q"))
    if len(s) == 2 and s[0] == "feed" and s[1].startswith("@"):
        s = [s[1], "feed"]
    if s and s[0].startswith("@") and not own:
        s = [s[0].lower(), *s[1:]]
    return page(host, "/" + "/".join(s))


def _medium_story(s: list[str], own: bool) -> str | None:
    if not s or s[0] in _MEDIUM_OWN or any(segment in _NOT_STORIES for segment in s[:-1]):
        return None
    if s[0] == "p":
        match = _STORY.match(s[1]) if len(s) in (2, 3) else None
    elif own:
        match = _STORY.match(s[-1]) if s[0].startswith("@") else _OWN_STORY.match(s[-1]) or _RESPONSE.match(s[-1])
    else:
        match = _STORY.match(s[-1]) if len(s) > 1 else None
    return match[1] if match is not None else None


def medium_elsewhere(a: Address, host: str, s: list[str]) -> str | None:
    """A story on a domain of its own that Medium is known to serve, or on a reader of Medium."""
    match = _LONG_STORY.match(s[-1]) if s else None
    if match is None and s and host in MEDIUM_READERS:
        match = re.match(r"([0-9a-f]{10,12})\Z", s[-1])
    return f"https://medium.com/p/{match[1]}" if match is not None else None


# Sites that show Medium's stories under Medium's ids.
MEDIUM_READERS: Final = ("scribe.rip", "freedium.cfd", "readmedium.com")

_NOTE = re.compile(r"c-\d+\Z")


def substack(a: Address, host: str, s: list[str]) -> str | None:
    """An issue by publication and slug; its comments' page is the issue, one comment is not; notes by number."""
    if host == "open.substack.com":
        if s[:1] != ["pub"] or len(s) < 2:
            return None
        host, s = f"{s[1].lower()}.substack.com", s[2:]
    if host == "substack.com":
        return _substack_own(s)
    if len(s) > 1 and s[0] == "p":
        if s[2:3] == ["comment"] and len(s) > 3:
            return f"https://{host}/p/{s[1]}/comment/{s[3]}"
        return f"https://{host}/p/{s[1]}" if len(s) == 2 or s[2:] == ["comments"] else None
    return f"https://{host}/" if not s and not keeping(a, "q") else None


def _substack_own(s: list[str]) -> str | None:
    for index, segment in enumerate(s):
        if re.match(r"p-\d+\Z", segment) and index in (1, 2):
            return f"https://substack.com/home/post/{segment}"
        if segment == "note" and _NOTE.match("".join(s[index + 1 : index + 2])):
            return f"https://substack.com/note/{s[index + 1]}"
    if s[:2] == ["inbox", "post"] and len(s) == 3 and s[2].isdigit():
        return f"https://substack.com/home/post/p-{s[2]}"
    return f"https://substack.com/{s[0].lower()}" if len(s) == 1 and s[0].startswith("@") else None


_PATREON_OWN: Final = frozenset(
    """
    posts home search login signup about policy apps c cw user m rss api explore settings messages pledges creation checkout file
    """.split()
)


def patreon(a: Address, host: str, s: list[str]) -> str | None:
    """A post by number, a creator by name without regard to case."""
    s = s[1:] if s[:1] in (["c"], ["cw"]) else s
    if "posts" in s[:2] and s[-1] != "posts":
        match = re.search(r"(?:\A|-)(\d+)\Z", s[s.index("posts") + 1])
        return f"https://patreon.com/posts/{match[1]}" if match is not None and len(s) == s.index("posts") + 2 else None
    said = values(a.query)
    if s == ["creation"] and said.get("hid", "").isdigit():
        return f"https://patreon.com/posts/{said['hid']}"
    if s == ["user"] and said.get("u", "").isdigit():
        return f"https://patreon.com/user?u={said['u']}"
    if not s or s[0].lower() in _PATREON_OWN or len(s) > 2:
        return None
    return page("patreon.com", "/" + "/".join([s[0].lower(), *s[1:]]), everything(a) if len(s) == 2 else "")


def gitbook(a: Address, host: str, s: list[str]) -> str | None:
    """A page of a space, as a page or as its Markdown; what was looked for in it goes."""
    if not host.endswith(".gitbook.io") or not s:
        return None
    return page(host, "/" + "/".join([*s[:-1], s[-1].removesuffix(".md")]))


_VERSIONS: Final = (
    "action",
    "curid",
    "diff",
    "direction",
    "limit",
    "offset",
    "oldid",
    "printable",
    "redirect",
    "search",
    "ns0",
    "profile",
    "fulltext",
    "title",
)
_LANGUAGE_PATH = re.compile(r"(?:zh|sr|kk|ku|uz|gan|iu|crh|shi|tg)(?:-[a-z]+)*\Z")


def wikipedia(a: Address, host: str, s: list[str]) -> str | None:
    """An article by language and title; the mobile host is the same site, a section the same article, an old version another page."""
    labels = [label for label in host.split(".") if label != "m"]
    host = ".".join(labels)
    said = values(a.query)
    title = ""
    if len(s) > 1 and (s[0] == "wiki" or _LANGUAGE_PATH.match(s[0])):
        title = unquote("/".join(s[1:]))
    elif s in (["w"], ["w", "index.php"], ["wiki"], []) and "title" in said:
        title = said["title"]
    kept = sorted_query(
        piece for piece in pieces(a.query or "") if piece.partition("=")[0] in _VERSIONS and piece.partition("=")[0] != "title"
    )
    if not title:
        return page(host, "/" + "/".join(s), sorted_query(pieces(a.query or "")))
    title = re.sub(r"[ _]+", "_", title).strip("_")
    if host.endswith("wikipedia.org"):
        title = title[:1].upper() + title[1:]
    return page(host, f"/wiki/{quote(title, safe='-._~!*(),:@$/' + chr(39))}", "" if kept in ("action=view", "redirect=no") else kept)


_WIKIWAND = re.compile(r"[a-z]{2,3}(?:-[a-z]+)?\Z")


def wikiwand(a: Address, host: str, s: list[str]) -> str | None:
    """Wikiwand shows Wikipedia's articles under their titles."""
    if len(s) < 2 or not _WIKIWAND.match(s[0]):
        return None
    s = [s[0], *s[2:]] if s[1] == "articles" and len(s) > 2 else s
    return wikipedia(a._replace(query=None), f"{s[0]}.wikipedia.org", ["wiki", *s[1:]])


def feedburner(a: Address, host: str, s: list[str]) -> str | None:
    """A feed by its name, under three hosts."""
    return page("feeds.feedburner.com", "/" + "/".join(s)) if s and not s[0].startswith("~") else None
