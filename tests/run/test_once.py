"""One run: a bug in one source stops no other, a silent week has an exit code of its own, a stopped run goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.app import App, build
from aggregator.collectors.base import Cursor
from aggregator.collectors.feed import Feed
from aggregator.config import load
from aggregator.fetch import Http, Pace
from aggregator.model import Entry, Kind, Outcome, Page
from aggregator.pipeline.poll import MOST_PAGES
from aggregator.run.jobs import Done, Ending, links_due, polls_due
from aggregator.run.once import PROMISED, run_once
from aggregator.store import Landing
from tests.support.exchanges import Exchange
from tests.support.har import write_har
from tests.support.stories import mentioned, posted

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEED = "<rss version='2.0'><channel><title>A</title><item><guid>{0}</guid><title>{0} crews</title><link>https://{0}.example/1</link></item></channel></rss>"
NAMES = ("one", "two", "three")


@contextmanager
def app_in(folder: Path, *, at: datetime = NOW, answering: tuple[str, ...] = NAMES) -> Iterator[App]:
    lines = [f"  - {{platform: feed, url: 'https://{name}.example/feed', id: {name}}}" for name in NAMES]
    text = "site: {title: A}\ntopics: {crews: {any_of: [crews]}}\nsources:\n" + "\n".join(lines) + "\n"
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    exchanges = [Exchange(url=f"https://{name}.example/feed", body=FEED.format(name).encode()) for name in answering]
    recording = write_har(folder / "r.har", exchanges)
    with build(load(folder / "sources.yaml", environ={}), replay=recording, clock=lambda: at) as app:
        yield app


def endings(polls: tuple[Done, ...]) -> dict[str, Ending]:
    return {done.job.subject: done.ending for done in polls}


def test_a_bug_in_one_source_fails_that_source_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    honest = Feed.poll

    def broken(self: Feed, http: Http, cursor: Cursor) -> Iterator[Page]:
        if "two" in self.url:
            raise ZeroDivisionError("planted")
        return honest(self, http, cursor)

    monkeypatch.setattr(Feed, "poll", broken)
    with app_in(tmp_path) as app:
        ran = run_once(app)
        assert endings(ran.polls) == {"one": Ending.OK, "two": Ending.BUG, "three": Ending.OK}
        assert ran.exit_code == 1
        assert len(app.store.stories()) == 2
        state = app.store.state("two")
        assert (state.failures, state.failing_since) == (1, NOW)
        assert "ZeroDivisionError" in (state.last_error or "")
        assert state.next_poll_at is not None
        assert state.next_poll_at > NOW
        assert [poll.outcome for poll in app.store.coverage("two")] == [Outcome.FAILED]
    assert "planted" in caplog.text


def test_a_source_that_failed_gives_4_and_a_good_page(tmp_path: Path) -> None:
    with app_in(tmp_path, answering=("one", "three")) as app:
        ran = run_once(app)
    assert endings(ran.polls)["two"] is Ending.FAILED
    assert ran.exit_code == 4
    assert (tmp_path / "output" / "index.html").exists()


def test_nothing_read_for_longer_than_promised_gives_5(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        assert run_once(app).exit_code == 0
    with app_in(tmp_path, at=NOW + PROMISED - timedelta(minutes=1), answering=()) as app:
        assert run_once(app, force=True).exit_code == 4
    with app_in(tmp_path, at=NOW + PROMISED + timedelta(days=5), answering=()) as app:
        assert run_once(app, force=True).exit_code == 5


def test_what_was_spent_of_a_daily_budget_is_remembered_until_the_day_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Feed, "manifest", replace(Feed.manifest, pace=Pace(gap=timedelta(0), daily=1)))
    with app_in(tmp_path) as app:
        assert run_once(app).exit_code == 0
    with app_in(tmp_path, at=NOW + timedelta(hours=6)) as app:
        assert set(endings(run_once(app, force=True).polls).values()) == {Ending.RESTS}
        assert "used up" in (app.store.state("one").last_error or "")
    with app_in(tmp_path, at=NOW + timedelta(days=1)) as app:
        assert run_once(app, force=True).exit_code == 0


def test_only_what_is_due_is_asked_and_force_asks_all_but_the_paused(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        assert len(run_once(app).polls) == 3
        assert polls_due(app) == ()
        app.store.settle(replace(app.store.state("two"), paused=True), None)
        assert [job.subject for job in polls_due(app, force=True)] == ["one", "three"]
        assert [job.subject for job in polls_due(app, only=["one", "two"], force=True)] == ["one"]
    with app_in(tmp_path, at=NOW + timedelta(days=2)) as app:
        assert [job.subject for job in polls_due(app)] == ["one", "three"]


def test_a_first_contact_that_takes_several_runs_stays_quiet_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(self: Feed, http: Http, cursor: Cursor) -> Iterator[Page]:
        for at in range(len(cursor), len(cursor) + MOST_PAGES + 1):
            entry = Entry(native_id=str(at), url=f"https://one.example/{at}", kind=Kind.ARTICLE, title="crews")
            yield Page(entries=(entry,), cursor="x" * at)

    monkeypatch.setattr(Feed, "poll", endless)
    with app_in(tmp_path) as app:
        run_once(app, only=["one"], force=True)
        assert app.store.state("one").last_ok_at is None
        assert "one" in [job.subject for job in polls_due(app)]
        run_once(app, only=["one"], force=True)
        mentions = [mention for story in app.store.stories() for mention in story.mentions]
        assert len(mentions) > MOST_PAGES
        assert all(mention.quiet for mention in mentions)


def test_when_asked_to_stop_no_other_source_is_begun(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        app.stop.set()
        ran = run_once(app)
        assert (ran.polls, ran.stopped) == ((), True)
        assert len(polls_due(app)) == 3


def test_a_run_without_news_writes_nothing(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        run_once(app)
    with app_in(tmp_path, at=NOW + timedelta(days=1)) as app:
        ran = run_once(app)
    assert len(ran.polls) == 3
    assert ran.published is not None
    assert ran.published.unchanged


def test_a_linked_page_is_due_unless_its_platform_turns_programs_away(tmp_path: Path) -> None:
    shared = ("https://garden.example/crews", "https://x.com/ana/status/1", "https://files.example/talk.mp3")
    posts = [mentioned(posted("crews", f"https://social.example/@bo/{at}"), about=url, source="one") for at, url in enumerate(shared)]
    posts = [replace(post, entry=replace(post.entry, native_id=str(at))) for at, post in enumerate(posts)]
    with app_in(tmp_path) as app:
        app.store.land(Landing(source="one", mentions=tuple(posts), cursor="", at=NOW))
        assert [job.subject for job in links_due(app)] == ["https://garden.example/crews"]
        assert [job.lane for job in links_due(app)] == ["garden.example"]
