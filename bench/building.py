"""Building the site from many stories, and once more when there is no news, as whole processes."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.feeds import TOPIC, WORDS
from bench.measure import Cost, run

CONFIGURATION = "site: {title: Bench}\ntopics: {microsolidarity: {any_of: [microsolidarity]}}\nsources: []\n"


def build(stories: int) -> tuple[Cost, Cost, Cost]:
    """A first build, one without news, and one with one story more."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
        _fill(folder / "state" / "aggregator.db", stories)
        command = [sys.executable, "-m", "aggregator", "build"]
        first = run(command, folder=folder)
        assert (folder / "output" / "index.html").exists(), first.output
        before = {path: path.stat().st_mtime_ns for path in (folder / "output").rglob("*")}
        again = run(command, folder=folder)
        assert before == {path: path.stat().st_mtime_ns for path in (folder / "output").rglob("*")}
        _land(folder / "state" / "aggregator.db", (stories,))
        more = run(command, folder=folder)
        after = {path: path.stat().st_mtime_ns for path in (folder / "output" / "story").iterdir()}
        assert [path.name for path in after if path not in before] != []
        assert sum(before.get(path) != time for path, time in after.items()) == 1
        return first, again, more


def _fill(file: Path, stories: int) -> None:
    for start in range(0, stories, 500):
        _land(file, range(start, min(start + 500, stories)))


def _land(file: Path, numbers: Iterable[int]) -> None:
    """Land one page with the stories of some numbers."""
    from aggregator.fetch import Learned
    from aggregator.model import Author, Entry, Kind, Page, Source, Takes, Topic
    from aggregator.pipeline.match import Matcher
    from aggregator.pipeline.poll import landing_of
    from aggregator.store.engine import open_store

    now = datetime(2026, 11, 22, tzinfo=UTC)
    matcher = Matcher((Topic(id=TOPIC, title=TOPIC, any_of=(TOPIC,)),))
    source = Source(id="bench", platform="feed", options={"url": "https://example.org/feed"}, topics=(TOPIC,), takes=Takes.EVERYTHING)
    entries = []
    for number in numbers:
        luck = random.Random(number)
        entries.append(
            Entry(
                native_id=str(number),
                url=f"https://example.org/{number}",
                kind=luck.choice((Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO, Kind.THREAD)),
                title=" ".join(luck.choices(WORDS, k=7)).capitalize(),
                text=f"{' '.join(luck.choices(WORDS, k=40)).capitalize()} {TOPIC}.",
                author=Author(name=f"Ana {number % 97}"),
                published=now - timedelta(hours=6 * number),
            )
        )
    store = open_store(file)
    store.register((source,), now)
    page = Page(entries=tuple(entries), cursor=str(entries[0].native_id))
    store.land(landing_of(page, source, Learned(), matcher=matcher, at=now, quiet=False))
    store.close()
