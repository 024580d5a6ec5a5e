"""Recorded replies of platforms, through their collectors: authors, dates, titles, kinds and links come out right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.collectors import platforms
from aggregator.collectors.base import build
from aggregator.fetch import Params, Reply
from aggregator.fetch.status import error_for
from aggregator.model import Entry, Kind
from aggregator.pipeline.identify import identify
from aggregator.text.urls import canonical
from tests.support.exchanges import HttpAlone

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples"
CHANNEL = "UC0123456789abcdefghijkl"

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples do not lie beside this checkout"),
]

# By folder: the collector, its options, and where what was recorded stands.
READ: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "wordpress": ("wordpress", {"site": "crews.example"}, "https://crews.example/feed/"),
    "ghost": ("ghost", {"site": "crews.example"}, "https://crews.example/rss/"),
    "substack": ("substack", {"site": "crews.substack.com"}, "https://crews.substack.com/feed"),
    "blogger": ("blogger", {"site": "crews.blogspot.com"}, "https://crews.blogspot.com/feeds/posts/default"),
    "podcast": ("podcast", {"url": "https://feeds.example.org/crews"}, "https://feeds.example.org/crews"),
    "anchor": ("podcast", {"url": "https://anchor.fm/s/1a2b3c/podcast/rss"}, "https://anchor.fm/s/1a2b3c/podcast/rss"),
    "youtube": ("youtube", {"channel": CHANNEL}, "https://www.youtube.com/feeds/videos.xml"),
    "github": ("feed", {"url": "https://github.com/ada/crews/releases.atom"}, "https://github.com/ada/crews/releases.atom"),
    "reddit": ("reddit", {"subreddit": "crews"}, "https://www.reddit.com/r/crews/new/.rss"),
}


class OneReply(HttpAlone):
    """Gives what was recorded at its place, and at every other that there is nothing."""

    authorised = False

    def __init__(self, place: str, body: bytes) -> None:
        self.place, self.body = place, body

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        further = {"paged", "start-index"} & set(params or ())
        status = 200 if url == self.place and not further else 404
        if error := error_for(url, status, {}, now=None):
            raise error
        return Reply(asked=url, url=url, status=status, headers={}, body=self.body)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError("nothing is written")


def entries_of(path: Path) -> tuple[Entry, ...]:
    platform, options, place = READ[path.parent.name]
    return next(iter(build(platforms()[platform], options).poll(OneReply(place, path.read_bytes()), ""))).entries


RECORDED = [path for folder in READ for path in sorted((SAMPLES / folder).glob("*")) if path.suffix in (".xml", ".rss", ".atom")]
each_recording = pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}/{path.name}")


@each_recording
def test_every_recorded_entry_has_an_id_and_a_permalink_of_its_own(path: Path) -> None:
    entries = entries_of(path)
    assert entries
    assert len({entry.native_id for entry in entries}) == len(entries)
    assert len({canonical(entry.url).key for entry in entries}) == len(entries)
    assert {entry.kind for entry in entries} <= set(platforms()[READ[path.parent.name][0]].manifest.kinds)


@each_recording
def test_recorded_titles_and_names_are_plain_text_and_nobodys_mail_address(path: Path) -> None:
    for entry in entries_of(path):
        assert not re.search(r"</?[a-z]+[ >]|&(?:amp|#\d+|[a-z]+);", entry.title or ""), entry.title
        for name in (entry.author.name, entry.author.handle, entry.author.url) if entry.author else ():
            assert not re.search(r"[\w.]+@\w+\.\w+", name or ""), name


# All of its ten posts are dated ahead; the pipeline takes such for what was seen today.
AHEAD = {"wordpress/nextcloud-blog.rss": 10}
# A feed of comments: each names the page that it stands under.
UNDER_ONE_PAGE = {"wordpress/ff-18d1-6.9.xml": ["https://battlefieldanomalies.com/?page_id=1073"]}


@each_recording
def test_recorded_dates_are_those_of_their_time(path: Path) -> None:
    dates = [moment for entry in entries_of(path) for moment in (entry.published, entry.updated) if moment]
    strange = [one for one in dates if not datetime(1999, 1, 1, tzinfo=UTC) < one < datetime(2027, 1, 1, tzinfo=UTC)]
    assert dates
    assert len(strange) == AHEAD.get(f"{path.parent.name}/{path.name}", 0)


@each_recording
def test_no_two_recorded_entries_are_joined_by_what_they_enclose(path: Path) -> None:
    identities = [identify(entry, links=entry.links) for entry in entries_of(path)]
    named = Counter(name for one in identities for name in {one.subject, *one.aliases})
    assert [name for name, count in named.items() if count > 1] == UNDER_ONE_PAGE.get(f"{path.parent.name}/{path.name}", [])


# By recording: title, author and address of the first entry, its kind, and when it was published.
FIRST = {
    "wordpress/morning-paper.xml": (
        "Thou shalt not depend on me: analysing the use of outdated JavaScript libraries on the web", "adriancolyer",
        "https://blog.acolyer.org/2017/03/07/thou-shalt-not-depend-on-me-analysing-the-use-of-outdated-javascript-libraries-on-the-web",
        Kind.ARTICLE, "2017-03-07T06:00:00+00:00",
    ),
    "wordpress/ff-1a2c-wpcom.xml": (
        "Waiting For Spring // David Benoit (GRP 9595)", "Tarik",
        "https://raggywaltz.com/2023/09/05/waiting-for-spring-david-benoit-grp-9595", Kind.EPISODE, "2023-09-05T23:28:28+00:00",
    ),
    "ghost/404media.xml": (
        "'Students Are Being Treated Like Guinea Pigs:' Inside an AI-Powered Private School", "Emanuel Maiberg",
        "https://404media.co/students-are-being-treated-like-guinea-pigs-inside-an-ai-powered-private-school",
        Kind.ARTICLE, "2026-02-17T15:20:02+00:00",
    ),
    "substack/heated.xml": (
        "A conversation about Keystone XL", "Emily Atkin", "https://heated.world/p/a-conversation-about-keystone-xl",
        Kind.ARTICLE, "2021-02-03T12:00:47+00:00",
    ),
    "anchor/its-not-always-special.xml": (
        "Advocating for our children", "Lisa McCoy", "https://anchor.fm/episodes/e1oq9fb", Kind.EPISODE, "2023-02-08T20:34:49+00:00",
    ),
    "youtube/channel-ff-021a.xml": (
        "A Rock Is Trapped Light", "Art of the Problem", "https://youtube.com/watch?v=z35j2WC1uLI", Kind.VIDEO, "2026-02-12T21:09:23+00:00",
    ),
    "reddit/subreddit-media.atom": (
        "Any reason to keep 1G connections to my servers?", "u/Remarkable_Housing61", "https://reddit.com/comments/157kyrd",
        Kind.THREAD, "2023-07-23T17:38:30+00:00",
    ),
    "github/releases.atom": (
        "0.0.1-alpha.34", "github-actions[bot]", "https://github.com/astral-sh/ty/releases/tag/0.0.1-alpha.34",
        Kind.ARTICLE, "2025-12-12T18:30:16+00:00",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIRST)
def test_the_first_recorded_entry_says_who_wrote_what_when_and_where(name: str) -> None:
    first = entries_of(SAMPLES / name)[0]
    author, published = first.author and first.author.name, first.published and first.published.isoformat()
    assert (first.title, author, canonical(first.url).key, first.kind, published) == FIRST[name]
