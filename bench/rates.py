"""How many posts are matched and identified, and how many URLs are reduced, in one thread and one second."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.feeds import TOPIC, WORDS
from bench.polling import PEERS, ROOT

if TYPE_CHECKING:
    from aggregator.model import Topic

HOSTS = ("medium.com", "www.youtube.com", "example.org", "blog.example.com", "social.example", "news.example.net")


def rate(count: int, work: Callable[[], object], *, times: int = 3) -> float:
    """The best of a few runs, per second: the others were disturbed."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return count / best


def posts(count: int) -> list[tuple[str, tuple[str, ...]]]:
    """Short posts as on a social network; one in a hundred mentions the topic."""
    luck = random.Random(1)
    made: list[tuple[str, tuple[str, ...]]] = []
    for number in range(count):
        text = " ".join(luck.choices(WORDS, k=28)).capitalize()
        if number % 100 == 0:
            text += f" #{TOPIC}"
        made.append((text, (f"https://{luck.choice(HOSTS)}/{number}/{luck.choice(WORDS)}",)))
    return made


def urls(count: int) -> list[str]:
    """Addresses as they are shared, every third with something to drop."""
    luck = random.Random(2)
    tails = ("", "?utm_source=x&utm_medium=y", "/", "?id=1&page=2", "?fbclid=abc", "#top", "?v=_ShH3x1hgY0&t=3")
    return [
        f"https://{luck.choice(HOSTS)}/{luck.choice(WORDS)}/{luck.choice(WORDS)}-{number:x}{luck.choice(tails)}" for number in range(count)
    ]


def match_and_identify(count: int) -> float:
    """Posts per second through both steps."""
    from aggregator.model import Entry, Kind, Topic
    from aggregator.pipeline.identify import identify
    from aggregator.pipeline.match import Matcher

    matcher = Matcher((Topic(id="t", title="t", any_of=(TOPIC,)),))
    entries = [
        Entry(native_id=str(number), url=f"https://social.example/@a/{number}", kind=Kind.POST, text=text, links=links)
        for number, (text, links) in enumerate(posts(count))
    ]

    def work() -> None:
        for entry in entries:
            if matcher.match(entry):
                identify(entry, links=entry.links)

    return rate(count, work)


def passed_by(count: int) -> float:
    """Posts per second that mention nothing, by the topic of the shipped sources.yaml with its pairs, people, sites and pages."""
    from aggregator.model import Entry, Kind
    from aggregator.pipeline.match import Matcher

    matcher = Matcher(_shipped())
    entries = [
        Entry(native_id=str(number), url=f"https://social.example/@a/{number}", kind=Kind.POST, text=text, links=links)
        for number, (text, links) in enumerate(posts(count))
        if number % 100
    ]
    return rate(len(entries), lambda: [matcher.match(entry) for entry in entries])


def _shipped() -> tuple[Topic, ...]:
    from aggregator.config import load

    return load(ROOT / "sources.yaml", environ={}).topics


def canonical_urls(count: int) -> float:
    """Addresses per second."""
    from aggregator.text.urls import canonical

    listed = urls(count)
    return rate(count, lambda: [canonical(url) for url in listed])


def peers(count: int) -> Sequence[tuple[str, float]]:
    """The same addresses through libraries of others; empty where they are not installed."""
    if not PEERS.exists():
        return ()
    with TemporaryDirectory() as name:
        (Path(name) / "urls.txt").write_text("\n".join(urls(count)), encoding="utf-8")
        said = subprocess.run([PEERS, ROOT / "bench" / "peers" / "urls.py"], cwd=name, capture_output=True, text=True, check=True)
    return [(line.split()[0], float(line.split()[1])) for line in said.stdout.splitlines()]


def looked_at(count: int, *, shipped: bool = False) -> float:
    """Megabytes of feeds per second of which the look says that they need not be parsed, by one word or by the shipped topic."""
    from aggregator.model import Topic
    from aggregator.pipeline.look import look_for
    from bench.feeds import feed

    look = look_for(_shipped() if shipped else (Topic(id="t", title="t", any_of=(TOPIC,)),))
    bodies = [body for body in (feed(number, phase=1) for number in range(count)) if TOPIC.encode() not in body]
    return rate(sum(map(len, bodies)), lambda: [look(body) for body in bodies]) / 1e6
