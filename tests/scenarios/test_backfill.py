"""`aggregator backfill` as the steward runs it: what it says, what it writes, and what is left of it when the machine dies."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import build
from aggregator.config import load
from aggregator.model import Period
from aggregator.run.backfilling import begun, read_further
from aggregator.run.composing import composed
from tests.support.exchanges import cases
from tests.support.har import write_har
from tests.support.killing import Moment, killed_at_commit, undisturbed
from tests.support.steward import Steward

CASE = next(case for case in cases("mastodon") if case.name == "backfill")
CONFIGURATION = """\
site: {title: Discussing, url: "https://example.org/discussing/", timezone: UTC}
topics: {microsolidarity: {any_of: [microsolidarity]}}
sources:
  - {platform: mastodon, server: social.example, tag: microsolidarity, id: tag}
  - {platform: feed, url: "https://blog.example.org/feed", id: blog, label: A blog}
digest:
  from: News <digest@example.org>
  rhythms: {weekly: "0 8 * * mon"}
  mailbox: {address: news@example.org, host: mail.example.org}
"""
SINCE = "2026-11-10"


@pytest.fixture
def steward(tmp_path: Path) -> Steward:
    steward = Steward(folder=tmp_path)
    steward.configures(CONFIGURATION)
    return steward


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_har(tmp_path_factory.mktemp("recorded") / "back.har", CASE.exchanges)


def known(folder: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "state" / "aggregator.db") as store:
        return store.execute("SELECT native_id, quiet FROM mention ORDER BY native_id").fetchall()


def wanted() -> set[str]:
    return {entry["native_id"] for page in CASE.expected() for entry in page.get("entries", ())}


def test_it_says_how_far_it_came_and_how_to_go_on(steward: Steward, recording: Path) -> None:
    said = steward.runs("backfill", "tag", "--since", SINCE, "--replay", recording)
    assert said.code == 0, said.err
    assert "tag: page 1, back to 2026-11-" in said.err
    assert "tag is read back to " in said.err
    assert "The next run shows it on the page." in said.err
    assert {native_id for native_id, _quiet in known(steward.folder)} == wanted()
    again = steward.runs("backfill", "tag", "--since", SINCE, "--replay", recording, "--json")
    assert (again.json()["finished"], again.json()["step"]["pages"]) == (True, 0)
    once_more = steward.runs("backfill", "tag", "--since", SINCE, "--replay", recording)
    assert once_more.err.startswith("Nothing is left to read: tag is read back to ")


def test_a_source_that_shows_only_what_is_new_says_what_can_be_done(steward: Steward) -> None:
    said = steward.runs("backfill", "blog")
    assert said.code == 2
    assert "A blog cannot be read back" in said.err
    assert "aggregator add" in said.err


def test_without_a_source_it_says_which_can_be_read_back(steward: Steward, recording: Path) -> None:
    assert "cannot be" in steward.runs("backfill").out
    steward.runs("backfill", "tag", "--since", SINCE, "--replay", recording)
    plain = {one["source"]: one for one in steward.runs("backfill", "--json").json()}
    assert (plain["tag"]["can"], plain["blog"]["can"]) == (True, False)
    assert plain["tag"]["backfill"]["reached"].startswith("2026-11-0")


@pytest.mark.parametrize(("words", "code", "told"), [(("nobody",), 3, "no source 'nobody'"), (("tag", "--since", "soon"), 3, "--since")])
def test_what_cannot_be_meant_is_said(steward: Steward, words: Sequence[str], code: int, told: str) -> None:
    said = steward.runs("backfill", *words)
    assert said.code == code
    assert told in said.err


def test_a_dry_run_reads_one_page_and_writes_nothing(steward: Steward, recording: Path) -> None:
    said = steward.runs("backfill", "tag", "--dry-run", "--replay", recording)
    assert said.code == 0, said.err
    assert "Read 1 page " in said.err
    assert "without --dry-run" in said.err
    assert not (steward.folder / "state" / "aggregator.db").exists() or known(steward.folder) == []


def test_killed_before_any_commit_it_goes_on_and_loses_nothing(tmp_path: Path, recording: Path) -> None:
    def command(folder: Path) -> list[str | Path]:
        program: list[str | Path] = [
            sys.executable,
            "-m",
            "aggregator",
            "backfill",
            "tag",
            "--since",
            SINCE,
            "-q",
            "--config",
            folder / "sources.yaml",
        ]
        return [*program, "--replay", recording]

    def fresh(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        Steward(folder=folder).configures(CONFIGURATION)
        return folder

    whole = fresh("whole")
    ended = undisturbed(command(whole), folder=whole / "preload")
    assert not ended.killed, ended.errors
    # Each run is a process: every third boundary, and the last.
    for number in {*range(2, ended.commits, 3), ended.commits}:
        folder = fresh(str(number))
        assert killed_at_commit(command(folder), number, Moment.BEFORE, folder=folder / "preload").killed
        after = undisturbed(command(folder), folder=folder / "preload")
        assert after.code == 0, after.errors
        assert known(folder) == known(whole), f"killed before commit {number}"


def test_old_finds_enter_the_archive_and_no_edition(steward: Steward, recording: Path) -> None:
    now = datetime(2027, 2, 1, 7, tzinfo=UTC)
    with build(load(steward.folder / "sources.yaml", environ={}), replay=recording, clock=lambda: now) as app:
        source, collector = app.sources[0]
        backfill = begun(app, source, None)
        assert backfill is not None
        assert read_further(app, source, collector, backfill).step.landed.new > 0
        assert app.store.stories() != ()
        period = Period(name="2027-W05", since=now - timedelta(days=7), until=now + timedelta(days=1))
        edition = composed(app, app.settings.topics[0], "weekly", period).edition
        assert edition.items == ()
