"""Recorded replies of all the platforms through the whole program, from the command line to the page."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from aggregator.collectors import platforms
from aggregator.collectors.base import build
from aggregator.errors import SourceError
from aggregator.fetch import AuthScheme
from aggregator.model import Restriction
from tests.support.exchanges import Case, Exchange, RecordedHttp, cases
from tests.support.exchanges import replayed as pages_of
from tests.support.har import write_har
from tests.support.steward import ROOT, Steward

# What an author or a platform says against being shown; the others say how.
OBJECTIONS = {one.value for one in Restriction} - {Restriction.WORDLESS.value, Restriction.MEMBERS_ONLY.value}

HEAD = """\
site: {title: Replayed}
topics: {all: {any_of: [microsolidarity, crews]}}
sources:
"""


def first_cases() -> list[tuple[Case, tuple[Exchange, ...]]]:
    """Cases of a first poll that end well, one answer for each question, so that all can be replayed at once; with what is asked in them.

    Of a platform that can be read without a secret those without one, of the others those with it.
    """
    good = [case for case in cases() if not (case.backfill or case.cursor or case.fails) and case.expected()]
    visited = {case.platform for case in good if not case.authorised}
    found: list[tuple[Case, tuple[Exchange, ...]]] = []
    taken: dict[str, set[bytes]] = {}
    for case in good:
        given = polled_twice(case)
        said: dict[str, set[bytes]] = {}
        for exchange in given:
            said.setdefault(exchange.url, set()).add(exchange.body)
        alone = all(taken.get(url, bodies) == bodies for url, bodies in said.items())
        fine = all(exchange.status < 400 for exchange in given)
        if alone and fine and not (case.authorised and case.platform in visited):
            taken |= said
            found.append((case, given))
    return found


def polled_twice(case: Case) -> tuple[Exchange, ...]:
    """What is asked in a first poll and in the next, each with its answer; no robots.txt is there."""
    http = RecordedHttp(case.exchanges, authorised=case.authorised)
    pages = list(pages_of(case, http))
    with suppress(SourceError):
        list(pages_of(replace(case, cursor=pages[-1].cursor), http))
    hosts = {urlsplit(exchange.url).netloc for exchange in http.given if exchange.method == "GET"}
    return (*http.given, *(Exchange(url=f"https://{host}/robots.txt", headers={"Content-Type": "text/plain"}) for host in sorted(hosts)))


def secrets(chosen: list[Case]) -> dict[str, str]:
    """What the platforms want that are not read without."""
    wanted = {case.platform: build(platforms()[case.platform], case.options) for case in chosen if case.authorised}
    found = {}
    for collector in wanted.values():
        auth = collector.manifest.auth
        assert auth is not None
        of_server = {AuthScheme.SERVERS: f"{collector.host}:not-a-token", AuthScheme.LOGIN: f"{collector.host}:not-a-user:not-a-password"}
        found[auth.variable] = of_server.get(auth.scheme, "not-a-key:not-a-secret")
    return found


def configuration(chosen: list[Case]) -> str:
    sources = [
        {"platform": case.platform, **case.options, "id": f"{case.platform}-{case.name}", "takes": "everything", "trust": "publish"}
        for case in chosen
    ]
    return HEAD + "\n".join(f"  - {json.dumps(source)}" for source in sources) + "\n"


@pytest.fixture
def replayed(steward: Steward) -> list[Case]:
    found = first_cases()
    chosen = [case for case, _ in found]
    steward.configures(configuration(chosen))
    write_har(steward.folder / "all.har", [exchange for _, given in found for exchange in given])
    said = steward.runs("run", "--replay", "all.har", environ=secrets(chosen))
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
    entries = [entry for case in replayed for page in case.expected() for entry in page.get("entries", [])]
    # One message may be read in two ways, of which one tells that its author agreed.
    public = {entry["url"] for entry in entries if not OBJECTIONS & set(entry.get("restrictions", ()))}
    hidden = [entry["url"] for entry in entries if entry["url"] not in public and entry["url"] in everything]
    assert hidden == []
    wordless = [entry["text"] for entry in entries if "wordless" in entry.get("restrictions", ()) and len(entry.get("text", "")) > 20]
    assert [text for text in wordless if text in everything] == []


def test_a_second_run_of_the_same_replies_changes_nothing(replayed: list[Case], steward: Steward) -> None:
    before = steward.output()
    poll = steward.runs("poll", "--replay", "all.har", "--json", environ=secrets(replayed))
    assert sum(done["landed"]["new"] + done["landed"]["changed"] for done in poll.json()["polls"]) == 0, poll.out
    steward.runs("build", environ=secrets(replayed))
    assert steward.output() == before


def test_a_recording_of_a_replay_answers_like_the_first(replayed: list[Case], steward: Steward) -> None:
    before = steward.output()
    for name in ("state", "output"):
        (steward.folder / name).rename(steward.folder / f"{name}.1")
    assert steward.runs("run", "--replay", "all.har", "--record", "again.har", environ=secrets(replayed)).code in (0, 4)
    for name in ("state", "output"):
        (steward.folder / name).rename(steward.folder / f"{name}.2")
    assert steward.runs("run", "--replay", "again.har", environ=secrets(replayed)).code in (0, 4)
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
