"""What a mention is about: the page it shares, what it answers, or itself. Pure: no network, no clock, no store."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from aggregator.model import Enclosure, Entry, EvidenceKind, Identity, Kind, Mention
from aggregator.pipeline._names import handles_in, names_by_address
from aggregator.pipeline.companions import beside_recording
from aggregator.text.alias import kind_of_alias as kind_of_name
from aggregator.text.html import visible
from aggregator.text.similarity import words_of
from aggregator.text.standing import stands_in, thread_of
from aggregator.text.urls import RULES, Canonical, canonical, host_of, is_public_web, is_web, trace

# A post or a comment can be about something else; the other kinds are about themselves whatever they link to.
_VOICES: Final = frozenset((Kind.POST, Kind.COMMENT))
_MEDIA: Final = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|bmp|heic|mp4|m4v|webm|mov|mp3|m4a|ogg|oga|opus|wav|flac|aac)\Z", re.IGNORECASE
)
_PICTURE: Final = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg|bmp|heic)\Z", re.IGNORECASE)
_MEDIA_HOSTS: Final = frozenset(
    """
    pbs.twimg.com video.twimg.com i.redd.it v.redd.it preview.redd.it i.imgur.com cdn.bsky.app cdn.discordapp.com i.ytimg.com
    files.mastodon.social media.tumblr.com 64.media.tumblr.com cdn-images-1.medium.com miro.medium.com substackcdn.com abs.twimg.com
    """.split()
)
# Pages that list what others said; nobody shares one as the thing meant.
_LISTS: Final = re.compile(
    r"/(?:tags?|hashtags?|topics?|explore/tags|feed/hashtag|discover/tags|t/[a-z][\w,-]*)(?:/[^/]+)*\Z"
    r"|/search(?:/|\.php)?(?:[^/]*)\Z|/results\Z",
    re.IGNORECASE,
)
_SEARCH_HOSTS: Final = re.compile(
    r"(?:(?:www|m|images|(?:[a-z]{2}\.)?search)\.)?(?:google|bing|yahoo|startpage|ecosia|qwant|yandex|baidu)\.[a-z.]{2,6}\Z"
    r"|(?:news|maps|scholar)\.google\.[a-z.]{2,6}\Z|duckduckgo\.com\Z"
)
# A person's page: `/@ada`, `/users/ada`, `bsky.app/profile/ada`, `njump.me/p/…`.
_PROFILE: Final = re.compile(r"/(?:@[^/]+|users/[^/]+|u/[^/]+|profile/[^/]+|in/[^/]+|p/[0-9a-f]{64})\Z", re.IGNORECASE)
_PROFILE_HOSTS: Final = frozenset(("x.com", "instagram.com", "threads.com", "t.me", "tiktok.com", "facebook.com", "twitch.tv"))
_ONE_SEGMENT: Final = re.compile(r"/[^/]+\Z")

_SHORTENED: Final = frozenset(("t.co", "lnkd.in"))

# Pages of one episode in the directories, and of its video; whose page is likeliest to be collected stands first.
_LISTENED_TO: Final = tuple(
    re.compile(f"https://{form}")
    for form in (
        r"anchor\.fm/episodes/e", r"podcasts\.apple\.com/podcast/id\d+\?i=", r"open\.spotify\.com/episode/", r"overcast\.fm/\+",
        r"pca\.st/episode/", r"castbox\.fm/episode/", r"deezer\.com/episode/", r"music\.amazon\.[a-z.]+/podcasts/[^/]+/episodes/",
    )
)  # fmt: skip
_WATCHED: Final = re.compile(r"https://youtube\.com/watch\?v=")

# Words beside the address in the first post of a thread that only points to a page.
_MOST_POINTING: Final = 15


def identify(entry: Entry, *, links: Sequence[str]) -> Identity:
    """The subject of an entry and everything else it is known by.

    Args:
        links: every address in the entry's markup, and its own list of links; order and repetition do not matter.
    """
    own = canonical(entry.url)
    shared = shared_pages(entry, links) if entry.kind in _VOICES or _only_points(entry, links) else ()
    subject = _subject(entry, own, shared)
    return Identity(
        subject=subject.key,
        href=subject.href,
        aliases=_aliases(entry, own, subject),
        shares=tuple(page.key for page in shared) if len(shared) > 1 else (),
        rules=RULES,
    )


def _subject(entry: Entry, own: Canonical, shared: Sequence[Canonical]) -> Canonical:
    if len(shared) > 1 or (entry.kind not in _VOICES and not shared):
        return own
    if shared:
        return shared[0]
    answered = entry.in_reply_to or stands_in(entry.url)
    found = canonical(answered) if answered else own
    return found if is_web(found.key) else own


def _only_points(entry: Entry, links: Sequence[str]) -> bool:
    """A thread whose first post does nothing but share a page, as those are that a forum opens for the comments on a blog."""
    if entry.kind is not Kind.THREAD or not links:
        return False
    text = visible(entry.html).text if entry.html else entry.text or ""
    return bool(text) and len(words_of(text)) <= _MOST_POINTING


def kind_of_alias(mention: Mention, alias: str) -> EvidenceKind:
    """Why an alias of a mention is one with its subject: it is the recording, or an address that the platform gives the same thing."""
    return kind_of_name(mention.entry.enclosures, alias)


def shared_pages(entry: Entry, links: Iterable[str]) -> tuple[Canonical, ...]:
    """The pages that an entry shares, each once, in the order of their first mention; who shares a comment shares what it stands in.

    Left out: the entry's own addresses and what it answers, media files, people, tags, searches, what no reader could follow, and the front
    page of a site of which it shares another page.
    """
    own = canonical(entry.url).key
    named = (*entry.aliases, *filter(None, (entry.in_reply_to, stands_in(entry.url))), *(enclosure.url for enclosure in entry.enclosures))
    left_out = {own, *(canonical(url).key for url in named)}
    own_host = host_of(own)
    found: dict[str, Canonical] = {}
    for link in links:
        page = _whole(link)
        if page.key not in left_out and page.key not in found and _is_page(page.key, own_host):
            found[page.key] = page
    if len(found) > 1:
        found = {key: page for key, page in found.items() if not _by_the_same(entry, page)} or found
        # What X and LinkedIn write into a text for an address that they give beside it.
        found = {key: page for key, page in found.items() if host_of(key) not in _SHORTENED} or found
        deeper = {host_of(key) for key in found if not _is_front(key)}
        found = {key: page for key, page in found.items() if not (_is_front(key) and host_of(key) in deeper)}
        # Who links a recording and its transcript together shares the recording.
        beside = beside_recording(entry, found)
        found = {key: page for key, page in found.items() if key not in beside}
    return (found[episode],) if (episode := _episode_in(found)) else tuple(found.values())


def _episode_in(keys: Collection[str]) -> str | None:
    """Of nothing but pages that one episode has in several directories, once in each, and of one video, the page to be known by.

    "New episode! On Spotify, on Apple, on YouTube" shares one thing. With a single directory beside a video it may be two.
    """
    rest = [key for key in keys if not _WATCHED.match(key)]
    by_place = {form: key for key in rest for form in _LISTENED_TO if form.match(key)}
    if len(by_place) < 2 or len(by_place) < len(rest) or len(keys) > len(rest) + 1:
        return None
    return next(by_place[form] for form in _LISTENED_TO if form in by_place)


def _whole(link: str) -> Canonical:
    """The page at an address, or the thread, video or post in which what is there stands."""
    page = canonical(link)
    thread = thread_of(link, page.key)
    return canonical(thread) if thread else page


_STATUS: Final = re.compile(r"/(?:@[^/]+/\d{6,}|users/[^/]+/statuses/\d+|profile/[^/]+/post/\w+|status/\d+)")


def _by_the_same(entry: Entry, page: Canonical) -> bool:
    """A post of the author's own, which a copy on another network names beside the page that both share."""
    handle = entry.author.handle if entry.author else None
    if not handle or not _STATUS.search(page.href):
        return False
    return bool({*handles_in(handle), *names_by_address(entry.url)} & set(names_by_address(page.href)))


def _is_front(key: str) -> bool:
    return key.count("/") == 3 and key.endswith("/")


def _is_page(key: str, own_host: str) -> bool:
    if not is_public_web(key):
        return False
    host = host_of(key)
    path = key.partition("://")[2].partition("/")[2].partition("?")[0].partition("#")[0]
    path = f"/{path}".rstrip("/")
    if _MEDIA.search(path) or host in _MEDIA_HOSTS or _SEARCH_HOSTS.match(host):
        return False
    if _LISTS.search(path) and (
        host == own_host or path.startswith(("/tags/", "/hashtag/", "/explore/tags/", "/search")) or host in _PROFILE_HOSTS
    ):
        return False
    if _PROFILE.search(path) and (
        path.startswith("/@") or host == own_host or host in ("bsky.app", "njump.me", "linkedin.com", "reddit.com")
    ):
        return False
    return not (_ONE_SEGMENT.match(path) and host in _PROFILE_HOSTS)


def _aliases(entry: Entry, own: Canonical, subject: Canonical) -> tuple[str, ...]:
    # Many things share a picture, and no two a recording.
    recordings = (one.url for one in entry.enclosures if not _is_picture(one))
    named = [own.key, *(canonical(url).key for url in (*entry.aliases, *recordings))]
    return tuple(sorted({key for key in named if key and key != subject.key and (key == own.key or is_public_web(key))}))


def _is_picture(enclosure: Enclosure) -> bool:
    """By its media type, by the medium that Media RSS names in its place ("image"), or by its name.

    Feeds of WordPress.com enclose the portrait of whoever wrote in each of their posts.
    """
    media = (enclosure.media_type or "").lower()
    path = enclosure.url.partition("?")[0].partition("#")[0]
    return media.startswith("image") or (media in ("", "application/octet-stream") and _PICTURE.search(path) is not None)


def identify_line(request: Mapping[str, object]) -> dict[str, object]:
    """One address with key, href and the names of the rules that fired, for `aggregator identify`.

    Raises:
        ValueError: the request has no text under "url".
    """
    url = request.get("url")
    if not isinstance(url, str):
        found = "nothing" if "url" not in request else repr(url)
        raise ValueError(
            f'reading a line for identify: expected {{"url": "https://…"}}, found {found} under "url"; write one JSON object a line'
        )
    form = canonical(url)
    return {"url": url, "key": form.key, "href": form.href, "rules": [step.name for step in trace(url)]}
