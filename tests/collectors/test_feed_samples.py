"""Recorded feeds of all kinds, read by us and by feedparser: no entry and no field is lost.

Where the two differ on purpose, the table says on which recording, in which field, and why.
"""

from __future__ import annotations

import calendar
import csv
import html
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import feedparser
import pytest

from aggregator.collectors._feeds import looks_whole, read_feed
from aggregator.collectors._parts import Feed, is_web
from aggregator.errors import Unreadable
from aggregator.model import Entry
from aggregator.text.marks import parted

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples"
URL = "https://feeds.example.org/feed"
NO_FEED = {"json", "vcr cassette", "txt", "html"}

pytestmark = [
    pytest.mark.samples,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples do not lie beside this checkout"),
]

ON_PURPOSE = {
    ("blogs/ff-b38787.xml", "date"): "the year 1 is a default of some program and no date",
    ("encoding/gb2312.rss", "date"): "a time without a zone is UTC here; feedparser takes it for Korean time",
    ("mastodon/old-user.atom", "link"): "feedparser takes the link of the activity's object for the entry's own",
    ("mastodon/old-user.atom", "text"): "feedparser takes the description of the author for the entry's own",
    ("mastodon/old-user.atom", "date"): "feedparser takes the date of the activity's object for the entry's own",
    ("dates/weird-dates.xml", "link"): "one link for all entries: each has an id that is an address of its own",
    ("wordpress/ff-18d1-6.9.xml", "text"): "the summary is the content once more, its tags escaped; only the tags are gone",
    ("wordpress/grotte-barbu.xml", "text"): "feedparser reads the wrong encoding",
    ("wordpress/grotte-barbu.xml", "title"): "feedparser reads the wrong encoding",
    ("entities/system-entity.rss", "entry"): "an entry without any address cannot be followed",
}


def rows() -> list[dict[str, str]]:
    path = SAMPLES / "MANIFEST.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) if path.exists() else []


FEEDS = [row["file"] for row in rows() if row["format"] not in NO_FEED]
PAGES = [row["file"] for row in rows() if row["format"] == "html"]


def ours(body: bytes) -> Feed:
    return read_feed(body, url=URL, content_type="", doing="reading a sample")


def theirs(body: bytes) -> list[dict[str, Any]]:
    headers = {"content-type": "application/xml", "content-location": URL}
    parsed = feedparser.parse(io.BytesIO(body), response_headers=headers, resolve_relative_uris=False, sanitize_html=False)
    return [dict(entry) for entry in parsed.entries]


def words(text: str | None) -> list[str]:
    return re.findall(r"\w+", html.unescape(html.unescape(re.sub(r"<[^>]*>", " ", text or ""))).lower())


@pytest.mark.parametrize("file", FEEDS)
def test_no_entry_and_no_field_is_lost_against_feedparser(file: str) -> None:
    body = (SAMPLES / file).read_bytes()
    try:
        entries = ours(body).entries
    except Unreadable:
        assert not theirs(body), "feedparser finds entries"
        return
    # The address of several entries bears a mark for each.
    read = {name: entry for entry in entries for name in (parted(entry.url)[0], *entry.aliases)}
    # feedparser joins even ids that are no addresses to the feed's.
    read |= {name: entry for entry in entries for name in (entry.native_id, urljoin(URL, entry.native_id))}
    known = theirs(body)
    # Which of several entries with one name is meant cannot be said.
    named = Counter(entry.get("id") or entry.get("link") for entry in known)
    lost = [
        f"{field}: {what}"
        for entry in known
        if named[entry.get("id") or entry.get("link")] == 1
        for field, what in losses(entry, read)
        if (file, field) not in ON_PURPOSE
    ]
    assert lost == []


def losses(known: Mapping[str, Any], read: Mapping[str, Entry]) -> Iterator[tuple[str, str]]:
    """What feedparser gives of an entry and we do not: (field, what)."""
    entry = read.get(known.get("id") or "") or read.get(known.get("link") or "")
    if entry is None:
        if is_web(known.get("link") or "") or is_web(known.get("id") or "") or enclosed(known):
            yield "entry", str(known.get("link"))
        return
    yield from lost_words(known, entry)
    yield from lost_facts(known, entry)


def lost_words(known: Mapping[str, Any], entry: Entry) -> Iterator[tuple[str, str]]:
    if words(known.get("title")) != words(entry.title):
        yield "title", f"{known.get('title')!r} is not {entry.title!r}"
    have = set(words(entry.text)) | set(words(entry.html))
    for text in (*(one["value"] for one in known.get("content", ())), known.get("summary", "")):
        if missing := set(words(text)) - have:
            yield "text", f"{sorted(missing)[:5]}"
    if known.get("author") and (entry.author is None or not (entry.author.name or entry.author.url)):
        yield "author", known["author"]
    for tag in known.get("tags", ()):
        word = " ".join((tag.get("term") or "").split()).lstrip("#").strip()
        if word and "://" not in word and word not in entry.tags:
            yield "tag", word


def lost_facts(known: Mapping[str, Any], entry: Entry) -> Iterator[tuple[str, str]]:
    if known.get("id") and known["id"] not in (entry.native_id, urljoin(URL, entry.native_id)):
        yield "id", known["id"]
    if known.get("link") and known["link"] not in (parted(entry.url)[0], *entry.aliases):
        yield "link", known["link"]
    for name, date in (("published", entry.published), ("updated", entry.updated or entry.published)):
        when = known.get(f"{name}_parsed")
        if when and (date is None or abs(calendar.timegm(when) - date.timestamp()) > 1):
            yield "date", f"{name} {known.get(name)!r} is not {date}"
    for address in enclosed(known):
        if address not in {one.url for one in entry.enclosures}:
            yield "enclosure", address


def enclosed(known: Mapping[str, Any]) -> list[str]:
    return [one["href"] for one in known.get("links", ()) if one.get("rel") == "enclosure" and is_web(one.get("href") or "")]


@pytest.mark.parametrize("file", PAGES)
def test_a_page_is_no_feed_and_is_named_by_its_title(file: str) -> None:
    with pytest.raises(Unreadable, match="expected a feed, got an HTML page"):
        ours((SAMPLES / file).read_bytes())


@pytest.mark.parametrize("file", FEEDS)
def test_ids_are_there_and_told_apart(file: str) -> None:
    try:
        entries = ours((SAMPLES / file).read_bytes()).entries
    except Unreadable:
        return
    assert all(entry.native_id and is_web(entry.url) for entry in entries)
    assert len({entry.native_id for entry in entries}) == len(entries)


def test_nearly_every_recorded_feed_looks_whole_and_is_read_strictly() -> None:
    bodies = [(SAMPLES / file).read_bytes() for file in FEEDS if not file.startswith(("malformed/", "entities/", "feedparser-cases/"))]
    lenient = [body for body in bodies if any("read leniently" in remark for remark in ours(body).remarks)]
    assert len(lenient) * 20 < len(bodies)
    assert sum(map(looks_whole, bodies)) * 20 > len(bodies) * 19
