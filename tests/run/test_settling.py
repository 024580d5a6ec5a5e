"""The step after polls and linked pages: what came is compared, joined, and nothing stays due."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.app import App, build
from aggregator.config import load
from aggregator.run.jobs import Ending
from aggregator.run.once import run_once
from aggregator.run.settling import rearrange_stories, settle_works
from aggregator.store.works import SqlWorks
from tests.support.exchanges import Exchange
from tests.support.har import write_har

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ESSAY = (
    "A crew is three to eight people who meet every week to hold each other in what they do. We began with a question that each "
    "could answer in a minute, wrote the answers on cards, and kept the cards. After a season we knew who needed time, who needed "
    "money and who needed to be left alone, and the rest was easy: a calendar, a kitchen, and somebody who writes to the others."
)
FEED = """<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>{host}</title><item><guid>https://{host}/p/how-crews-begin</guid>
<title>How crews begin, and how they go on</title><link>https://{host}/p/how-crews-begin</link><dc:creator>Ana Example</dc:creator>
<pubDate>Sun, 01 Nov 2026 1{hour}:00:00 GMT</pubDate><description>{text}</description></item></channel></rss>"""
HOSTS = ("ana.example.org", "ana.example.net")


@contextmanager
def app_in(folder: Path) -> Iterator[App]:
    lines = [f"  - {{platform: feed, url: 'https://{host}/feed'}}" for host in HOSTS]
    text = "site: {title: A}\ntopics: {crews: {any_of: [crews]}}\nsources:\n" + "\n".join(lines) + "\n"
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    bodies = [FEED.format(host=host, hour=hour, text=ESSAY).encode() for hour, host in enumerate(HOSTS)]
    exchanges = [Exchange(url=f"https://{host}/feed", body=body) for host, body in zip(HOSTS, bodies, strict=True)]
    recording = write_har(folder / "r.har", exchanges)
    with build(load(folder / "sources.yaml", environ={}), replay=recording, clock=lambda: NOW) as app:
        yield app


def test_a_run_joins_one_essay_on_two_sites_and_leaves_nothing_due(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with app_in(tmp_path) as app, caplog.at_level(logging.INFO, "aggregator.run"):
        ran = run_once(app)
        (story,) = app.store.stories()
        assert {one.entry.url for one in story.mentions} == {f"https://{host}/p/how-crews-begin" for host in HOSTS}
        assert len(story.evidence) == 1
        assert app.store.works.due(1) == ()
    assert [done.ending for done in ran.clustered] == [Ending.OK]
    assert [line for line in caplog.messages if line.startswith("compared")] == ["compared 2 addresses with all others"]


def test_a_run_without_news_compares_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with app_in(tmp_path) as app:
        run_once(app)
        with caplog.at_level(logging.INFO, "aggregator.run"):
            assert (settle_works(app), rearrange_stories(app)) == (0, 0)
    assert not any(line.startswith("compared") for line in caplog.messages)


def test_who_is_asked_to_stop_leaves_the_rest_due_for_the_next_run(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        run_once(app)
        app.store.works.renew(-1)
        app.stop.set()
        assert settle_works(app) == 0
        assert len(app.store.works.due(9)) == 2
        app.stop.clear()
        assert settle_works(app) == 2


def test_works_of_older_rules_are_made_anew_when_the_next_one_is_due(tmp_path: Path) -> None:
    with app_in(tmp_path) as app:
        run_once(app)
        app.store.remember("works by", "of old")
        (one, *_rest) = app.store.works.known([story.lead for story in app.store.stories()]).values()
        app.store.works.renew(one.rules + 1)
        assert settle_works(app) == 2
        assert len(app.store.stories()) == 1


def test_a_bug_in_comparing_fails_that_step_and_the_page_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: SqlWorks, limit: int) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(SqlWorks, "due", broken)
    with app_in(tmp_path) as app:
        ran = run_once(app)
        assert (len(app.store.stories()), ran.published is not None) == (2, True)
    assert ([done.ending for done in ran.clustered], ran.exit_code) == ([Ending.BUG], 1)
    assert "planted" in caplog.text
