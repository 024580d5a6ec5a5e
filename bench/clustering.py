"""Joining what is the same, from many mentions: all at once, one among many, all again, and why two are one.

Run as a program in a folder with sources.yaml it fills the state folder and prints what each part took, as a JSON object.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.building import CONFIGURATION
from bench.measure import Cost, run

if TYPE_CHECKING:
    from aggregator.model import Entry, Mention
    from aggregator.store import Store

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 22, tzinfo=UTC)
_PAGE = 500
# Under every episode of every show; each show has more of its own.
_NOTES = "If you like the show, tell a friend and leave a review wherever you listen."
# Numbers between the first episode of a show and the first of the next; two of ten are episodes.
_SHOW = 1000
_SYLLABLES = "ba ce di fo gu ha le mi no pu ra se ti vo wu ka be li mo nu pa re si to du".split()


@dataclass(frozen=True, kw_only=True)
class Clustered:
    """What clustering so many mentions took."""

    mentions: int
    # Landing them, which is not counted below.
    landing_seconds: float
    seconds: float
    stories: int
    # Landing and comparing one more, the median of many.
    one_seconds: float
    # Clustering all rows again from nothing.
    again_seconds: float
    # `aggregator why` for two addresses that are one story.
    why: Cost
    # Of the process that did the rest.
    peak_megabytes: float


def clustered(count: int) -> Clustered:
    """Land and cluster so many mentions in a process of its own, then ask why two are one."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
        script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from bench.clustering import main; main({count})"
        cost = run([sys.executable, "-c", script], folder=folder)
        took = json.loads(cost.output)
        why = run([sys.executable, "-m", "aggregator", "why", *took.pop("pair")], folder=folder)
        return Clustered(mentions=count, why=why, peak_megabytes=cost.peak_megabytes, **took)


def main(count: int) -> None:
    """Fill state/ in this folder, and print what each part took."""
    from aggregator.pipeline.cluster import settle
    from aggregator.store.engine import open_store

    store = open_store(Path("state") / "aggregator.db")
    landing_seconds = _timed(lambda: _land(store, 0, count))
    seconds = _timed(lambda: settle(store.works, count + 1))
    ones = []
    for number in range(count, count + 40):
        began = time.perf_counter()
        _land(store, number, number + 1)
        settle(store.works, 10)
        ones.append(time.perf_counter() - began)
    print(
        json.dumps(
            {
                "landing_seconds": landing_seconds,
                "seconds": seconds,
                "one_seconds": statistics.median(ones),
                "again_seconds": _timed(lambda: store.works.rearrange()),
                "stories": len(store.stories()) if count <= 100_000 else 0,
                "pair": [_essay(0, "blog"), _essay(0, "medium")],
            }
        )
    )
    store.close()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _land(store: Store, start: int, end: int) -> None:
    from aggregator.store import Landing

    for first in range(start, end, _PAGE):
        mentions = tuple(_mentions(first, min(first + _PAGE, end)))
        store.land(Landing(source="bench", mentions=mentions, cursor=str(first), at=NOW))


def _mentions(start: int, end: int) -> Iterator[Mention]:
    from aggregator.model import Field, Match, Mention
    from aggregator.pipeline.identify import identify

    matches = (Match(topic="microsolidarity", field=Field.TEXT, rule="microsolidarity", excerpt="microsolidarity"),)
    for number in range(start, end):
        entry = _entry(number)
        yield Mention(source="bench", entry=entry, matches=matches, identity=identify(entry, links=entry.links), first_seen_at=NOW)


def _entry(number: int) -> Entry:
    """Of ten: four posts that share an essay, two essays, one essay again on another platform, two episodes, one post of its own."""
    return (_sharing, _sharing, _sharing, _sharing, _written, _written, _again, _episode, _episode, _said)[number % 10 - 6](number)


def _sharing(number: int) -> Entry:
    from aggregator.model import Author, Entry, Kind

    luck = random.Random(number)
    page = _essay(max(0, number // 10 - luck.randrange(50)), luck.choice(("blog", "medium")))
    url = f"https://social{number % 40}.example.org/@ana{number % 997}/{10**17 + number}"
    return Entry(
        native_id=str(number),
        url=url,
        kind=Kind.POST,
        text=f"{_words(luck, 12)} {page}",
        author=Author(name=f"Ana {number % 997}", handle=f"ana{number % 997}@social{number % 40}.example.org"),
        published=_when(number),
        links=(f"{page}?utm_source=social",),
    )


def _essay(number: int, place: str) -> str:
    host = f"blog{number % 5000}.example.net" if place == "blog" else f"medium.com/@ana{number % 5000}"
    return f"https://{host}/essay-{number}-{number * 2654435761 % 2**32:012x}"


def _written(number: int) -> Entry:
    return _article(number, number // 10 if number % 2 else 10**7 + number, "blog")


def _again(number: int) -> Entry:
    return _article(number, number // 10, "medium")


def _article(number: int, essay: int, place: str) -> Entry:
    from aggregator.model import Author, Entry, Kind

    luck = random.Random(essay * 7 + 1)
    return Entry(
        native_id=str(number),
        url=_essay(essay, place),
        kind=Kind.ARTICLE,
        title=_words(luck, 6).capitalize(),
        text=f"{_words(luck, 120).capitalize()}.",
        author=Author(name=f"Ana {_words(random.Random(essay % 5000), 1).capitalize()}"),
        published=_when(essay * 10) + (timedelta(days=1) if place == "medium" else timedelta()),
        language="en",
    )


def _episode(number: int) -> Entry:
    from aggregator.model import Author, Enclosure, Entry, Kind

    luck, show = random.Random(number), number // _SHOW
    return Entry(
        native_id=str(number),
        url=f"https://show{show}.example.com/{number}",
        kind=Kind.EPISODE,
        title=f"#{number % _SHOW} {_words(luck, 5).capitalize()}",
        text=f"{_words(luck, 40).capitalize()}. {_words(random.Random(show), 30).capitalize()}. {_NOTES}",
        author=Author(name=f"Show {show}"),
        published=_when(number),
        enclosures=(Enclosure(url=f"https://cdn.example.com/{show}/{number}.mp3", media_type="audio/mpeg"),),
    )


def _said(number: int) -> Entry:
    from aggregator.model import Author, Entry, Kind

    luck = random.Random(number)
    return Entry(
        native_id=str(number),
        url=f"https://social{number % 40}.example.org/@ana{number % 997}/{10**17 + number}",
        kind=Kind.POST,
        text=f"{_words(luck, 25).capitalize()}.",
        author=Author(name=f"Ana {number % 997}", handle=f"ana{number % 997}@social{number % 40}.example.org"),
        published=_when(number),
    )


def _when(number: int) -> datetime:
    return NOW - timedelta(minutes=7 * (number % 700_000))


def _words(luck: random.Random, count: int) -> str:
    """Words of two or three syllables, some of them far more common than others, as words are."""
    return " ".join("".join(luck.choices(_SYLLABLES, k=2 if luck.random() < 0.5 else 3)) for _ in range(count))
