"""What is tried before it is watched: all of a recording, and of a network that is not there the first few."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.app import build
from aggregator.collectors import collector_for
from aggregator.config import load
from aggregator.run.sampling import Sample, samples
from tests.support.exchanges import Exchange
from tests.support.har import write_har

ITEM = b"<item><link>https://example.org/1</link><title>On crews</title></item>"
RSS = b'<rss version="2.0"><channel><title>Crews</title>' + ITEM + b"</channel></rss>"


def tried(folder: Path, *addresses: str, replay: Path | None) -> tuple[Sample, ...]:
    """One after the other, in this order."""
    listed = "".join(f"  - {{platform: feed, url: '{address}'}}\n" for address in addresses)
    fetch = "fetch: {width: 1, allow_networks: [127.0.0.0/8]}"
    text = f"site: {{title: A}}\ntopics: {{crews: {{any_of: [crews]}}}}\n{fetch}\nsources:\n{listed}"
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    with build(load(folder / "sources.yaml", environ={}), replay=replay, dry_run=True) as app:
        wanted = [(source, collector_for(source)) for source in app.settings.sources]
        return samples(app, wanted, within=timedelta(seconds=20))


@pytest.mark.parametrize("place", range(5))
def test_what_is_recorded_is_found_wherever_it_stands_among_what_is_not(tmp_path: Path, place: int) -> None:
    addresses = [f"https://{number}.example.org/feed.xml" for number in range(5)]
    write_har(tmp_path / "r.har", [Exchange(url=addresses[place], headers={"Content-Type": "application/rss+xml"}, body=RSS)])
    found = tried(tmp_path, *addresses, replay=tmp_path / "r.har")
    assert [len(one.found) for one in found] == [int(number == place) for number in range(5)]
    assert not any(one.late for one in found)


def test_without_a_network_the_others_are_not_waited_for(tmp_path: Path) -> None:
    with socket.socket() as taken:
        # Nobody listens at a port that is only taken.
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        found = tried(tmp_path, *(f"http://127.0.0.{number}:{port}/feed.xml" for number in range(1, 7)), replay=None)
    assert [one.unreachable for one in found[:3]] == [True, True, True]
    assert found[-1].late
