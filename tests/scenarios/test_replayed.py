"""Recorded replies of all the platforms through the whole program, from the command line to the page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from aggregator.collectors import platforms
from tests.support.exchanges import Case, Exchange, cases
from tests.support.har import write_har
from tests.support.steward import ROOT, Steward

HEAD = """\
site: {title: Replayed}
topics: {all: {any_of: [microsolidarity, crews]}}
sources:
"""


def first_cases() -> Iterator[Case]:
    """The cases that need no secret and end well, one answer for each address: all can be replayed at once."""
    taken: set[str] = set()
    for case in cases():
        urls = {exchange.url for exchange in case.exchanges}
        fine = all(exchange.status < 400 for exchange in case.exchanges)
        if not case.authorised and fine and not urls & taken and case.expected():
            taken |= urls
            yield case


def configuration(chosen: list[Case]) -> str:
    sources = [
        {"platform": case.platform, **case.options, "id": f"{case.platform}-{case.name}", "takes": "everything", "trust": "publish"}
        for case in chosen
    ]
    return HEAD + "\n".join(f"  - {json.dumps(source)}" for source in sources) + "\n"


@pytest.fixture
def replayed(steward: Steward) -> list[Case]:
    chosen = list(first_cases())
    steward.configures(configuration(chosen))
    write_har(steward.folder / "all.har", [exchange for case in chosen for exchange in case.exchanges])
    said = steward.runs("run", "--replay", "all.har")
    assert said.code in (0, 4), said.err
    (steward.folder / "said.txt").write_text(said.err, encoding="utf-8")
    return chosen


def test_every_platform_is_among_the_recordings(replayed: list[Case]) -> None:
    assert {case.platform for case in replayed} == set(platforms())


def test_every_public_entry_of_every_platform_is_in_a_story(replayed: list[Case], steward: Steward) -> None:
    voices = {voice["url"] for story in steward.stories() for voice in story["voices"]}
    leads = {story["url"] for story in steward.stories()}
    missing = [
        (case.platform, case.name, entry["url"])
        for case in replayed
        for page in case.expected()
        for entry in page.get("entries", [])
        if entry.get("visibility") == "public" and not entry.get("restrictions") and entry["url"] not in voices | leads
    ]
    assert missing == []


def test_nothing_restricted_or_private_reaches_any_file(replayed: list[Case], steward: Steward) -> None:
    everything = b"\n".join(steward.output().values()).decode()
    hidden = [
        entry["url"]
        for case in replayed
        for page in case.expected()
        for entry in page.get("entries", [])
        if entry.get("restrictions") and entry["url"] in everything
    ]
    assert hidden == []


def test_a_second_run_of_the_same_replies_changes_nothing(replayed: list[Case], steward: Steward) -> None:
    before = steward.output()
    poll = steward.runs("poll", "--replay", "all.har", "--json")
    assert sum(done["landed"]["new"] + done["landed"]["changed"] for done in poll.json()["polls"]) == 0, poll.out
    steward.runs("build")
    assert steward.output() == before


def test_a_recording_of_a_replay_answers_like_the_first(replayed: list[Case], steward: Steward) -> None:
    before = steward.output()
    for name in ("state", "output"):
        (steward.folder / name).rename(steward.folder / f"{name}.1")
    assert steward.runs("run", "--replay", "all.har", "--record", "again.har").code in (0, 4)
    for name in ("state", "output"):
        (steward.folder / name).rename(steward.folder / f"{name}.2")
    assert steward.runs("run", "--replay", "again.har").code in (0, 4)
    stories = {path: body for path, body in steward.output().items() if path == "discussing.md"}
    assert stories == {path: body for path, body in before.items() if path == "discussing.md"}


FEEDS = sorted(
    path
    for path in (ROOT.parent / "shared" / "samples").glob("*/*")
    if path.suffix in (".xml", ".rss", ".atom", ".rdf") and path.parent.name not in ("feedparser-cases", "interstitial")
)


@pytest.mark.samples
def test_recorded_feeds_from_the_wild_all_reach_the_page(steward: Steward) -> None:
    if not FEEDS:
        pytest.skip("the recorded samples do not lie beside the checkout")
    exchanges = [Exchange(url=f"https://s{number}.example/feed", body=path.read_bytes()) for number, path in enumerate(FEEDS)]
    lines = [
        f"  - {{platform: feed, url: '{exchange.url}', takes: everything, id: s{number}}}" for number, exchange in enumerate(exchanges)
    ]
    steward.configures(HEAD + "\n".join(lines) + "\n")
    write_har(steward.folder / "samples.har", exchanges)
    said = steward.runs("run", "--replay", "samples.har", "--json")
    failed = {FEEDS[int(done["job"]["subject"][1:])].name: done["message"] for done in said.json()["polls"] if done["ending"] != "ok"}
    assert said.code in (0, 4), said.err
    # One was cut before its first entry by the project it comes from; two are bombs in XML and no feeds at all; one is a feed
    # inside a page of HTML, which is told by name, since no page is searched for entries.
    assert set(failed) <= {"truncated.atom", "cyclic.xml", "xmlbomb2.xml", "duplicate-content.atom"}, failed
    assert len(steward.stories()) > 2500
