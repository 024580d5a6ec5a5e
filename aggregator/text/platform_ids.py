"""One identity per video, story, episode, thread, post or paper, whatever the form of its address.

The table says which platform answers on which domain; what it knows is in `platforms/`. Hosts nobody knows are asked by the shape of their
path alone, for the open networks (Mastodon, Discourse, PeerTube, Lemmy) and for names that carry their own proof (DOI, Nostr, Scuttlebutt).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from aggregator.text.address import Address
from aggregator.text.platforms import Identify, audio, discussion, fediverse, papers, social, things, video, writing

# Name of the rule, and what it does.
Platform = tuple[str, Identify]

# Name of the rule, function, domains. A domain answers for its sub-domains too, unless one of them stands in the table itself.
_TABLE: Final[tuple[tuple[str, Identify, str], ...]] = (
    ("YouTube", video.youtube, "youtube.com youtu.be yt.be youtube-nocookie.com youtubekids.com youtube.googleapis.com"),
    ("YouTube mirror", video.youtube_mirror, "yewtu.be piped.video invidio.us vid.puffyan.us inv.nadeko.net hooktube.com"),
    ("Vimeo", video.vimeo, "vimeo.com"),
    ("Dailymotion", video.dailymotion, "dailymotion.com dai.ly"),
    ("Twitch", video.twitch, "twitch.tv"),
    ("TikTok", video.tiktok, "tiktok.com vxtiktok.com tnktok.com tiktxk.com"),
    ("X", social.x, "x.com twitter.com platform.twitter.com"),
    (
        "X mirror",
        social.x_mirror,
        "fxtwitter.com fixupx.com twittpr.com xfixup.com vxtwitter.com fixvx.com xcancel.com lightbrd.com nitter.net "
        "threadreaderapp.com",
    ),
    (
        "Bluesky",
        social.bluesky,
        "bsky.app fxbsky.app vxbsky.app bskyx.app bsyy.app cbsky.app xbsky.app bskye.app bskyviewer.github.io main.bsky.dev deer.social "
        "blacksky.community witchsky.app catsky.social zeppelin.social psky.app",
    ),
    ("Threads", social.threads, "threads.net threads.com fixthreads.net vxthreads.net"),
    ("Instagram", social.instagram, "instagram.com instagr.am ddinstagram.com kkinstagram.com vxinstagram.com eeinstagram.com"),
    ("Facebook", social.facebook, "facebook.com fb.com facebookwkhpilnemxj7asaniu7vnjjbiltxjqhye3mhbshg7kx5tfyd.onion"),
    ("LinkedIn", social.linkedin, "linkedin.com"),
    ("Tumblr", social.tumblr, "tumblr.com"),
    ("Telegram", social.telegram, "t.me telegram.me telegram.dog"),
    ("Discord", social.discord, "discord.com discordapp.com discord.gg discordapp.net"),
    ("Matrix", fediverse.matrix, "matrix.to app.element.io"),
    (
        "Nostr",
        fediverse.nostr_page,
        "njump.me njump.to primal.net snort.social coracle.social iris.to yakihonne.com nostr.band nostr.at nosta.me nostter.app "
        "habla.news nostrudel.ninja jumble.social damus.io nostr.com highlighter.com",
    ),
    ("Loomio", discussion.loomio, "loomio.com loomio.org loomio.nz framavox.org"),
    ("Reddit", discussion.reddit, "reddit.com redd.it teddit.net safereddit.com redditp.com redditmedia.com rxddit.com vxreddit.com"),
    (
        "Hacker News",
        discussion.hacker_news,
        "news.ycombinator.com hn.algolia.com hacker-news.firebaseio.com hn.premii.com hackerweb.app hn.svelte.dev hackerneue.com",
    ),
    ("Lobsters", discussion.lobsters, "lobste.rs"),
    (
        "Stack Exchange",
        discussion.stack_exchange,
        "stackoverflow.com serverfault.com superuser.com askubuntu.com mathoverflow.net stackapps.com stackexchange.com",
    ),
    ("GitHub", discussion.github, "github.com"),
    ("GitLab", discussion.gitlab, "gitlab.com gitlab.gnome.org gitlab.freedesktop.org framagit.org invent.kde.org"),
    ("Forgejo", discussion.codeberg, "codeberg.org"),
    ("Google Groups", discussion.google_groups, "groups.google.com"),
    ("Medium", writing.medium, "medium.com"),
    ("Medium elsewhere", writing.medium_elsewhere, " ".join((*sorted(writing.CUSTOM_MEDIUM), *writing.MEDIUM_READERS))),
    ("Substack", writing.substack, "substack.com"),
    ("Patreon", writing.patreon, "patreon.com"),
    ("GitBook", writing.gitbook, "gitbook.io"),
    (
        "Wikipedia",
        writing.wikipedia,
        "wikipedia.org wiktionary.org wikiquote.org wikibooks.org wikisource.org wikivoyage.org wikiversity.org wikinews.org wikidata.org",
    ),
    ("Wikiwand", writing.wikiwand, "wikiwand.com"),
    ("Feedburner", writing.feedburner, "feeds.feedburner.com feeds2.feedburner.com feedproxy.google.com"),
    ("Anchor", audio.anchor, "anchor.fm"),
    ("Spotify", audio.spotify, "spotify.com"),
    ("Apple", audio.apple, "podcasts.apple.com itunes.apple.com apps.apple.com books.apple.com music.apple.com"),
    ("SoundCloud", audio.soundcloud, "soundcloud.com"),
    ("Mixcloud", audio.mixcloud, "mixcloud.com"),
    ("Overcast", audio.overcast, "overcast.fm"),
    ("arXiv", papers.arxiv, "arxiv.org ar5iv.org ar5iv.labs.arxiv.org arxiv-vanity.com"),
    ("DOI", papers.doi_org, "doi.org sci-hub.se sci-hub.st sci-hub.ru sci-hub.tw sci-hub.ee"),
    ("Nature", papers.nature, "nature.com"),
    ("PubMed", papers.pubmed, "ncbi.nlm.nih.gov europepmc.org"),
    ("SSRN", papers.ssrn, "ssrn.com"),
    ("Zenodo", papers.zenodo, "zenodo.org"),
    ("Google documents", things.google_documents, "docs.google.com drive.google.com"),
    ("Notion", things.notion, "notion.so notion.site"),
    ("Trello", things.trello, "trello.com"),
    ("Internet Archive", things.internet_archive, "archive.org"),
    ("Goodreads", things.goodreads, "goodreads.com"),
    ("IMDb", things.imdb, "imdb.com"),
    ("Meetup", things.meetup, "meetup.com"),
    ("Play Store", things.play_store, "play.google.com"),
)  # fmt: skip
_BY_DOMAIN: Final = {domain: (name, identify) for name, identify, domains in _TABLE for domain in domains.split()}
# Sites that answer under many endings, and software whose hosts are called after it.
_BY_SHAPE: Final[tuple[tuple[re.Pattern[str], str, Identify], ...]] = (
    (re.compile(r"(?:(?:smile|m)\.)?amazon\.(?:com?\.)?[a-z]{2,3}\Z"), "Amazon", things.amazon),
    (re.compile(r"(?:[\w-]+\.)?eventbrite\.(?:com?\.)?[a-z]{2,3}\Z"), "Eventbrite", things.eventbrite),
    (re.compile(r"(?:[\w-]+\.)?youtube\.(?:com?\.)?[a-z]{2,3}\Z"), "YouTube", video.youtube),
    (re.compile(r"nitter\."), "X mirror", social.x_mirror),
    (re.compile(r"(?:invidious|piped|yt|inv)\."), "YouTube mirror", video.youtube_mirror),
    (re.compile(r"(?:teddit|libreddit|redlib)\."), "Reddit", discussion.reddit),
    (re.compile(r"(?:loomio|framavox)\."), "Loomio", discussion.loomio),
    (re.compile(r"gitlab\."), "GitLab", discussion.gitlab),
)  # fmt: skip
_OPEN: Final[dict[str, tuple[str, Identify]]] = {
    **dict.fromkeys(("users", "web", "deck", "ap", "tags", "interact"), ("Mastodon", fediverse.mastodon)),
    **dict.fromkeys(("w", "videos", "video-playlists"), ("PeerTube", video.peertube)),
    **dict.fromkeys(("post", "comment"), ("Lemmy", fediverse.lemmy)),
}
# Every rule name that `identity` can give, in the order of their numbers.
PLATFORM_NAMES: Final = tuple(
    dict.fromkeys((
        *(name for name, _, _ in _TABLE), *(name for _, name, _ in _BY_SHAPE),
        "Mastodon", "Discourse", "PeerTube", "Lemmy", "Scuttlebutt", "WordPress feed",
    ))
)  # fmt: skip
_POINTERS: Final = ("note1", "nevent1", "naddr1", "npub1", "nprofile1", "nostr:")


# Sites that show the same pages under a second host.
_FIRST_HOSTS: Final = {
    **dict.fromkeys(("twitter.com", "mobile.twitter.com", "m.twitter.com", "mobile.x.com"), "x.com"),
    **dict.fromkeys((f"{name}.reddit.com" for name in "old new np m i sh amp".split()), "reddit.com"),
    **dict.fromkeys(("m.facebook.com", "mbasic.facebook.com", "touch.facebook.com", "web.facebook.com", "fb.com"), "facebook.com"),
    **dict.fromkeys(("discordapp.com", "ptb.discord.com", "canary.discord.com"), "discord.com"),
    **dict.fromkeys(("telegram.me", "telegram.dog"), "t.me"),
    **dict.fromkeys(("archive.today", "archive.is", "archive.li", "archive.vn", "archive.md", "archive.fo"), "archive.ph"),
    "threads.net": "threads.com", "m.youtube.com": "youtube.com", "m.twitch.tv": "twitch.tv", "m.soundcloud.com": "soundcloud.com",
    "mobile.nytimes.com": "nytimes.com", "bbc.co.uk": "bbc.com", "m.bbc.co.uk": "bbc.com",
    "edition.cnn.com": "cnn.com", "m.imdb.com": "imdb.com",
    "m.huffpost.com": "huffpost.com", "mobile.reuters.com": "reuters.com", "m.dw.com": "dw.com", "m.spiegel.de": "spiegel.de",
    "mobil.derstandard.at": "derstandard.at", "m.wikihow.com": "wikihow.com", "m.aljazeera.com": "aljazeera.com",
}  # fmt: skip
_BLOGGER: Final = re.compile(r"([\w-]+\.blogspot)\.(?:com?\.)?[a-z]{2,3}\Z")


def first_host(host: str) -> str:
    """The host under which a site is known, for one that also answers under others; Blogger once did under every country's ending."""
    blog = _BLOGGER.match(host)
    return f"{blog[1]}.com" if blog is not None else _FIRST_HOSTS.get(host, host)


# Platforms that live on one site: what stands under another name there is help, news or an interface, and its paths mean something else.
_ONE_SITE: Final = frozenset(
    ("X", "X mirror", "YouTube", "Facebook", "Instagram", "LinkedIn", "Patreon", "TikTok", "Reddit", "Dailymotion", "Bluesky", "Threads")
)
# Other doors to that one site: for telephones, for countries, older and newer looks, frames.
_DOOR: Final = re.compile(
    r"(?:[a-z]|[a-z]{2}(?:-[a-z]{2})?|mobile|mbasic|touch|web|free|old|new|amp|embed|staging|main|music|gaming|www|z-m-www)\Z"
)


@lru_cache(maxsize=8192)
def platform_of(host: str) -> Platform | None:
    """Name and function of the platform that answers on a host (without `www.`); None for a host nobody knows."""
    name = host
    while name:
        if name in _BY_DOMAIN:
            other = name != host and _BY_DOMAIN[name][0] in _ONE_SITE and not _DOOR.match(host.removesuffix(f".{name}"))
            return None if other else _BY_DOMAIN[name]
        name = name.partition(".")[2]
    for pattern, rule, identify in _BY_SHAPE:
        if pattern.match(host):
            return rule, identify
    return None


def identity(a: Address, known: Platform | None) -> tuple[str, str] | None:
    """Name of the rule and canonical URL of the thing that an address names; None where the general rules decide.

    Args:
        a: with a host without `www.` and a tidied path.
        known: what `platform_of` says of the host.
    """
    host, path = a.host, a.path
    s = [segment for segment in path.split("/") if segment]
    named = _self_proving(a, host, path, s)
    if named is not None:
        return named
    if known is not None:
        found = known[1](a, host, s)
        return None if found is None else (known[0], found)
    if a.query and not s and a.query.startswith("feed="):
        feed = fediverse.wordpress_feed(a)
        return ("WordPress feed", f"https://{host}{a.port}{feed}") if feed else None
    return _by_path(a, host, path, s)


def _by_path(a: Address, host: str, path: str, s: list[str]) -> tuple[str, str] | None:
    if not s:
        return None
    shape = ("Mastodon", fediverse.mastodon) if s[0][0] == "@" else _OPEN.get(s[0])
    if shape is None and "/t/" in path:
        shape = ("Discourse", fediverse.discourse)
    if shape is None:
        return None
    found = shape[1](a, host, s)
    return None if found is None else (shape[0], found)


def _self_proving(a: Address, host: str, path: str, s: list[str]) -> tuple[str, str] | None:
    """Names that are recognised on any host, because nothing else looks like them."""
    if ".sha256" in path or ".ed25519" in path:
        found = fediverse.scuttlebutt(path)
        if found is not None:
            return "Scuttlebutt", found
    if ("10." in path and "/10." in path) or (a.query and "10." in a.query and "=10." in a.query):
        found = papers.doi_in(a, s)
        if found is not None:
            return "DOI", found
    if s and s[-1].startswith(_POINTERS):
        found = fediverse.nostr(s[-1])
        if found is not None:
            return "Nostr", found
    return None


_AT = re.compile(r"at://([^/\s]+)(?:/([\w.]+)(?:/([^/\s?#]+))?)?/?\Z")
_AT_KINDS: Final = {"app.bsky.feed.post": "post", "app.bsky.feed.generator": "feed", "app.bsky.graph.list": "lists"}
_STARTER_PACK: Final = "app.bsky.graph.starterpack"
_MATRIX = re.compile(r"matrix:(roomid|room|r|user|u)/([^/?]+)(?:/(?:e|event)/([^/?]+))?(?:\?.*)?\Z")
_MATRIX_SIGILS: Final = {"roomid": "!", "room": "#", "r": "#", "user": "@", "u": "@"}
_BARE_DOI = re.compile(r"(?:(?:urn:|info:)?doi[:/]\s*)?(10\.\d{4,9}(?:\.\d+)*/\S+)\Z", re.IGNORECASE)
_TELEGRAM = re.compile(r"tg:(?://)?resolve\?(.+)\Z")
_SCUTTLEBUTT = re.compile(r"ssb:|[%@&][A-Za-z0-9+/]{43}=\.", re.IGNORECASE)


def web_form(text: str) -> str | None:
    """The http address of something that is named in another scheme; None where there is none.

    at:// (Bluesky), vnd.youtube:, spotify:, nostr: and bare pointers, ssb: and sigils, doi: and bare DOIs, arXiv:, matrix:, tg:, discord:.
    """
    lowered = text[:12].lower()
    if lowered.startswith("at://"):
        return _at_page(text)
    if lowered.startswith("vnd.youtube:"):
        return f"https://youtube.com/watch?v={text[12:].strip('/').partition('?')[0]}"
    if lowered.startswith("spotify:"):
        return audio.spotify_uri(text)
    if lowered.startswith(_POINTERS):
        return fediverse.nostr(text)
    if _SCUTTLEBUTT.match(text):
        return fediverse.scuttlebutt(text)
    if lowered.startswith("arxiv:"):
        return papers.arxiv_id(text[6:].strip())
    if lowered.startswith("matrix:"):
        return _matrix_page(text)
    if lowered.startswith("discord://"):
        return re.sub(r"\Adiscord://[^/]*", "https://discord.com", text, flags=re.IGNORECASE) if "/channels/" in text else None
    return _telegram_page(text) if lowered.startswith("tg:") else _doi_page(text)


def _doi_page(text: str) -> str | None:
    match = _BARE_DOI.match(text)
    return papers.doi(match[1]) if match is not None else None


def _at_page(text: str) -> str | None:
    match = _AT.match(text)
    if match is None:
        return None
    if match[2] is None:
        return f"https://bsky.app/profile/{match[1]}"
    if match[2] == _STARTER_PACK and match[3]:
        return f"https://bsky.app/starter-pack/{match[1]}/{match[3]}"
    kind = _AT_KINDS.get(match[2])
    return f"https://bsky.app/profile/{match[1]}/{kind}/{match[3]}" if kind and match[3] else None


def _matrix_page(text: str) -> str | None:
    match = _MATRIX.match(text)
    if match is None:
        return None
    event = f"/${match[3]}" if match[3] else ""
    return f"https://matrix.to/#/{_MATRIX_SIGILS[match[1]]}{match[2]}{event}"


def _telegram_page(text: str) -> str | None:
    match = _TELEGRAM.match(text)
    said = dict(piece.partition("=")[::2] for piece in match[1].split("&")) if match is not None else {}
    if not said.get("domain"):
        return None
    comment = f"?comment={said['comment']}" if said.get("comment") else ""
    return f"https://t.me/{said['domain']}" + (f"/{said['post']}{comment}" if said.get("post") else "")
