"""`make bench`: measures and prints one table. Peers are measured in the same run where `make bench-peers` has installed them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import building, clustering, mailing, polling, rates
from bench.measure import Cost, Failed, median, run
from bench.polling import serving
from bench.sink import sinking

ROOT = Path(__file__).parent.parent
Row = tuple[str, str, str]


def main() -> None:
    """Print the rows as they are measured."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("rows", nargs="*", help="polls, late, rates, build, mails, start, cluster; all when none is named")
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--mentions", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    rows = {
        "polls": lambda: _polls(options.feeds),
        "late": lambda: _late(),
        "rates": lambda: _rates(),
        "build": lambda: _build(options.stories),
        "mails": lambda: _mails(options.mails),
        "start": lambda: _start(),
        "cluster": lambda: _cluster(options.mentions),
    }
    print(f"{'what':58} {'measured':34} beside")
    for name in options.rows or rows:
        for what, measured, beside in rows[name]():
            print(f"{what:58} {measured:34} {beside}", flush=True)


def _said(cost: Cost) -> str:
    return f"{cost.wall_seconds:6.2f} s, {cost.cpu_seconds:6.2f} s CPU, {cost.peak_megabytes:4.0f} MB"


def _polls(count: int) -> Iterator[Row]:
    with serving(count) as feeds:
        first, steady = polling.ours(feeds)
        yield f"{count} feeds, first poll", _said(first), "aim: 2.0 s, 120 MB"
        yield f"{count} feeds, steady (95 % answer 304)", _said(steady), "aim: 0.8 s, 80 MB"
        for name, script in (("requests + feedparser, 32 threads", "requests_feedparser.py"), ("reader, 20 workers", "reader_update.py")):
            try:
                costs = polling.peer(feeds, script)
            except Failed as error:
                # One peer that cannot start must not cost the rows of the others.
                yield f"  {name}", "does not run here", str(error).splitlines()[-1][:100]
                continue
            if costs is None:
                yield f"  {name}", "not installed: make bench-peers", ""
                continue
            for what, own, other in zip(("first", "steady"), (first, steady), costs, strict=True):
                yield f"  {name}, {what}", _said(other), f"ours / theirs = {own.wall_seconds / other.wall_seconds:.3f}"


def _late() -> Iterator[Row]:
    with serving(200, late=0.1, hosts=True) as feeds:
        first, steady = polling.ours(feeds)
        yield "200 feeds on 200 hosts, 100 ms late, first", _said(first), "aim: 1.2 s"
        yield "200 feeds on 200 hosts, 100 ms late, steady", _said(steady), "aim: 1.1 s"


def _rates() -> Iterator[Row]:
    yield "match and identify, short posts", f"{rates.match_and_identify(50_000):12,.0f} /s", "aim: 50,000 /s"
    yield "match, posts that pass, the shipped topic", f"{rates.passed_by(50_000):12,.0f} /s", "aim: 100,000 /s"
    own = rates.canonical_urls(100_000)
    yield "canonical URLs", f"{own:12,.0f} /s", "aim: 100,000 /s"
    for name, other in rates.peers(20_000):
        yield f"  {name}", f"{other:12,.0f} /s", f"ours / theirs = {own / other:.1f}"
    yield "looking at feeds without the topic", f"{rates.looked_at(300):12,.0f} MB/s", "scanning for one word: 1,000 to 2,000 MB/s"
    yield "  the shipped topic", f"{rates.looked_at(300, shipped=True):12,.0f} MB/s", "12 needles instead of one"


def _build(stories: int) -> Iterator[Row]:
    first, again, more = building.build(stories)
    yield f"all files from {stories:,} stories", _said(first), "aim: 1.5 s"
    yield "a build with no news", _said(again), "aim: 0.3 s, not one byte written"
    yield "a build with one story more", _said(more), "one page of a story written"


def _mails(count: int) -> Iterator[Row]:
    own = mailing.measured("built", count)
    yield f"digest: build {count:,} mails", _rated(own), "aim: 3,000 /s"
    for name, way in (("EmailMessage each", "email-message"), ("css-inline each", "css-inline")):
        other = mailing.measured(way, count // 10)
        yield f"  {name}", _rated(other), f"ours / theirs = {own.per_second / other.per_second:.1f}"
    with sinking() as port:
        other = mailing.measured("smtplib", count, port)
        own = mailing.measured("handed-over", count, port)
        yield f"digest: hand {count:,} mails to a sink, with the ledger", _rated(own), "aim: 1,500 /s"
        yield "  smtplib, 1 connection, without ledger", _rated(other), f"ours / theirs = {own.per_second / other.per_second:.1f}"


def _rated(rate: mailing.Rate) -> str:
    return f"{rate.per_second:12,.0f} /s, {rate.peak_megabytes:4.0f} MB"


def _cluster(counts: Sequence[int]) -> Iterator[Row]:
    for count in counts:
        took = clustering.clustered(count)
        rate = count / took.seconds
        yield f"clustering {count:,} mentions", f"{took.seconds:8.1f} s, {took.peak_megabytes:5.0f} MB", f"{rate:,.0f} mentions/s"
        yield f"  one new mention among {count:,}, landed", f"{took.one_seconds * 1000:8.2f} ms", "must not grow with what is known"
        yield f"  clustering all {count:,} again", f"{took.again_seconds:8.1f} s", f"landing them took {took.landing_seconds:.1f} s"
        yield f"  aggregator why, of {count:,}", _said(took.why), ""


def _start() -> Iterator[Row]:
    costs = [run([sys.executable, "-m", "aggregator", "--version"], folder=Path.cwd()) for _ in range(5)]
    bare = [run([sys.executable, "-c", "pass"], folder=Path.cwd()) for _ in range(5)]
    yield "aggregator --version", _said(median(costs)), f"aim: 0.15 s, 25 MB; python alone: {_said(median(bare)).strip()}"
    Path("bench.out").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
