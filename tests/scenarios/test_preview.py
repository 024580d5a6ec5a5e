"""The steward looks at the next edition before anybody gets it."""

from __future__ import annotations

import email
import email.policy
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from aggregator.cli import main
from aggregator.clock import now
from tests.support.crews import CONFIGURATION, NOTES, ONE, feed, has_run, replies, runs_with
from tests.support.steward import Said, Steward

DIGEST = """\
digest:
  from: Crew news <digest@example.org>
  least: 4
  rhythms: {often: "* * * * *"}
  mailbox: {address: crews@example.org, host: mail.example.org}
"""
NEW = [(f"https://blog.example/{number}", f"More on crews, {number}", f"Writer {number}") for number in range(4, 8)]
PREVIEW = ("digest", "preview", "--replay", "replies.har")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after two runs, the second of which found four stories; copied for each test."""
    steward = has_run(Steward(folder=tmp_path_factory.mktemp("once")))
    steward.configures(CONFIGURATION + DIGEST)
    found = runs_with(steward, *replies(notes=feed("Ana's notes", NEW)))
    assert found.code == 0, found.err
    return steward.folder


class Within(Steward):
    """The steward's program in this process, which takes a tenth of the time."""

    capture: ClassVar[pytest.CaptureFixture[str]]

    def runs(self, *words: str | Path, given: str = "", environ: Mapping[str, str] | None = None) -> Said:
        code = main([str(word) for word in words])
        out, err = self.capture.readouterr()
        return Said(code=code, out=out, err=err)


@pytest.fixture
def ran(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Steward:
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("aggregator.log.start", lambda **_: None)
    monkeypatch.setattr("gc.set_threshold", lambda *_: None)
    monkeypatch.setattr(Within, "capture", capsys, raising=False)
    return Within(folder=tmp_path)


def previewed(steward: Steward, *words: str) -> Said:
    said = steward.runs(*PREVIEW, *words)
    assert said.code == 0, said.err
    return said


def files(steward: Steward) -> dict[str, bytes]:
    folder = steward.folder / "state" / "preview"
    return {path.suffix: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_the_preview_says_what_the_next_edition_holds_and_where_it_lies(ran: Steward) -> None:
    lines = previewed(ran).out.splitlines()
    assert lines[0].startswith("Discussing crews, ")
    assert lines[0].endswith(": 4 new")
    assert lines[1] == "4 stories are new."
    assert "warning recipients: Nobody gets it yet. Import subscribers, or let them subscribe." in lines
    assert "The linter finds 1 warning:" in lines
    assert lines[-1].startswith("Wrote state/preview/")


def test_the_three_files_say_the_same_and_hold_nobodys_address(ran: Steward) -> None:
    previewed(ran)
    written = files(ran)
    assert sorted(written) == [".eml", ".html", ".txt"]
    mail = email.message_from_bytes(written[".eml"], policy=email.policy.default)
    plain, markup = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert markup is not None
    assert plain.get_content().splitlines() == written[".txt"].decode().splitlines()
    assert markup.get_content().splitlines() == written[".html"].decode().splitlines()
    for title in (name for _, name, _ in NEW):
        assert title in written[".txt"].decode()
    assert mail["To"] == "reader@example.org"
    assert b"leavetoken" not in written[".html"] + written[".txt"]


def test_previewing_twice_tells_the_same_stories_and_accounts_for_none(ran: Steward) -> None:
    first, second = (previewed(ran, "--json").json()[0] for _ in range(2))
    assert [item["story"] for item in first["items"]] == [item["story"] for item in second["items"]]
    with sqlite3.connect(ran.folder / "state" / "private.db") as rows:
        counts = [rows.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("told", "edition", "delivery")]
    assert counts == [(0,), (0,), (0,)]


def test_a_dry_run_writes_no_file(ran: Steward) -> None:
    said = previewed(ran, "--dry-run")
    assert said.out.splitlines()[-1].startswith("Would write state/preview/")
    assert files(ran) == {}
    assert not (ran.folder / "state" / "private.db").exists()


def test_what_was_hidden_by_hand_a_moment_ago_is_not_in_it(ran: Steward) -> None:
    (ran.folder / "curation.yaml").write_text(f"decisions:\n  - hide: {NEW[0][0]}\n", encoding="utf-8")
    said = previewed(ran, "--json")
    assert [NEW[0][1] in item["title"] for item in said.json()[0]["items"]] == [False] * 3
    assert "Decisions by hand since the last time: 1 made." in said.err


def test_what_is_pinned_stands_in_it_without_being_new(ran: Steward) -> None:
    (ran.folder / "curation.yaml").write_text(f"decisions:\n  - pin: {ONE}\n", encoding="utf-8")
    assert "1 story is pinned." in previewed(ran).out.splitlines()


def test_a_quiet_week_says_so(ran: Steward) -> None:
    ran.configures(CONFIGURATION + DIGEST.replace("least: 4", "least: 9"))
    assert "Only 4 stories are new since " in previewed(ran).out
    assert previewed(ran, "--json").json()[0]["choice"] == "skip"


def test_each_rhythm_has_its_preview_and_one_can_be_named(ran: Steward) -> None:
    ran.configures(CONFIGURATION + DIGEST.replace('{often: "* * * * *"}', '{weekly: "0 8 * * mon", monthly: "0 8 1 * *"}'))
    both, one = (previewed(ran, "--json", *words).json() for words in ((), ("--rhythm", "monthly")))
    assert [edition["rhythm"] for edition in both] == ["weekly", "monthly"]
    assert [edition["rhythm"] for edition in one] == ["monthly"]
    assert len({path for edition in both for path in edition["files"]}) == 6


@pytest.mark.parametrize(("option", "wrong"), [("--rhythm", "weely"), ("--topic", "crew")])
def test_what_is_not_configured_is_refused_with_what_is(ran: Steward, option: str, wrong: str) -> None:
    said = ran.runs(*PREVIEW, option, wrong)
    assert said.code == 3
    assert f"There is no {option.removeprefix('--')} {wrong!r} in sources.yaml. " in said.err


def test_without_a_digest_it_says_how_to_add_one(ran: Steward) -> None:
    ran.configures(CONFIGURATION)
    said = ran.runs(*PREVIEW)
    assert said.code == 3
    assert "has no digest" in said.err


def test_a_source_that_cannot_be_read_is_told_when_it_has_lasted(ran: Steward) -> None:
    began = now() - timedelta(days=3)
    with sqlite3.connect(ran.folder / "state" / "aggregator.db") as rows:
        rows.execute("UPDATE source SET failing_since = ? WHERE id = 'notes'", (began.isoformat(timespec="microseconds"),))
    said = previewed(ran, "--json").json()[0]
    assert said["coverage"].startswith("Ana's notes could not be read since ")
    assert said["coverage"] in previewed(ran).out


def test_stories_of_the_archive_are_no_news(ran: Steward) -> None:
    titles = [item["title"] for item in previewed(ran, "--json").json()[0]["items"]]
    assert "On crews" not in titles
    assert ONE.encode() in NOTES


def test_the_running_period_is_shown_when_nothing_is_due_yet(ran: Steward) -> None:
    month = (now() + timedelta(days=60)).month
    ran.configures(CONFIGURATION + DIGEST.replace("* * * * *", f"0 8 1 {month} *"))
    said = previewed(ran, "--json").json()[0]
    assert (said["due"], said["late"]) == (False, False)
    assert "until then more can come in." in previewed(ran).out


def test_it_is_opened_in_a_browser_when_that_is_wanted(ran: Steward, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: not opened.append(url))  # type: ignore[func-returns-value]  # None, so True
    previewed(ran, "--dry-run", "--open")
    assert opened == []
    said = previewed(ran, "--open", "--json").json()[0]
    assert opened == [(ran.folder / said["files"][0]).as_uri()]


def test_without_a_browser_it_says_which_file_to_open(ran: Steward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    said = previewed(ran, "--open")
    assert "There is no browser here; open state/preview/" in said.err
