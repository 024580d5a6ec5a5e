"""Building the site from many stories, and once more when there is no news, as whole processes."""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.feeds import TOPIC, WORDS
from bench.measure import Cost, run

CONFIGURATION = "site: {title: Bench}\ntopics: {microsolidarity: {any_of: [microsolidarity]}}\nsources: []\n"


def build(stories: int) -> tuple[Cost, Cost]:
    """A first build, and one without news."""
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
        return first, again


def _fill(file: Path, stories: int) -> None:
    from aggregator.fetch import Learned
    from aggregator.model import Author, Entry, Kind, Page, Source, Takes, Topic
    from aggregator.pipeline.match import Matcher
    from aggregator.pipeline.poll import landing_of
    from aggregator.store.engine import open_store

    luck = random.Random(3)
    now = datetime(2026, 11, 22, tzinfo=UTC)
    matcher = Matcher((Topic(id=TOPIC, title=TOPIC, any_of=(TOPIC,)),))
    source = Source(id="bench", platform="feed", options={"url": "https://example.org/feed"}, topics=(TOPIC,), takes=Takes.EVERYTHING)
    store = open_store(file)
    store.register((source,), now)
    for start in range(0, stories, 500):
        entries = tuple(
            Entry(
                native_id=str(number),
                url=f"https://example.org/{number}",
                kind=luck.choice((Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO, Kind.THREAD)),
                title=" ".join(luck.choices(WORDS, k=7)).capitalize(),
                text=f"{' '.join(luck.choices(WORDS, k=40)).capitalize()} {TOPIC}.",
                author=Author(name=f"Ana {number % 97}"),
                published=now - timedelta(hours=6 * number),
            )
            for number in range(start, min(start + 500, stories))
        )
        page = Page(entries=entries, cursor=str(start))
        store.land(landing_of(page, source, Learned(), matcher=matcher, at=now, quiet=False))
    store.close()
