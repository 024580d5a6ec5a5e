"""What people say against being shown is kept to: when an entry comes, and every day after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aggregator.app import App, build
from aggregator.config import load
from aggregator.run.checking import Checked, check_again, silent_for_long, waiting
from aggregator.run.once import Ran, run_once
from tests.support.har import write_har
from tests.support.server import Asked, Script, Server

BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)
FEED = "<rss version='2.0'><channel><title>A blog</title>{}</channel></rss>"
ITEM = "<item><guid>{0}</guid><title>On crews {0}</title><link>{1}</link><description>{2}</description></item>"


@dataclass(kw_only=True)
class Town:
    """A Mastodon server and a blog on loopback, and the steward who watches both."""

    folder: Path
    server: Server
    today: datetime = BEGAN
    # Everything that was ever posted, by id.
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Whether the server gives several posts at once.
    several: bool = True
    # What it answers to a look at a post instead; None: the post.
    trouble: Script | None = None
    agreed: str = "false"

    def begin(self) -> None:
        self.server.answer("/api/v1/timelines/tag/crews", self._timeline)
        self.server.answer("/api/v1/statuses", self._statuses)
        self.server.on("/feed", Script(body=FEED.format("").encode()))

    def post(self, id: str, *, note: str = "", visibility: str = "public", **account: Any) -> None:
        who = {"acct": f"u{id}", "username": f"u{id}", "url": self.server.url(f"/@u{id}"), "note": note, **account}
        url = self.server.url(f"/@u{id}/{id}")
        self.posts[id] = {
            "id": id, "uri": url, "url": url, "visibility": visibility, "content": f"<p>Thoughts {id} on #crews</p>",
            "tags": [{"name": "crews"}], "account": who, "created_at": "2026-10-30T10:00:00Z", "media_attachments": [],
        }  # fmt: skip
        self.server.answer(f"/api/v1/statuses/{id}", lambda asked: self._single(id))

    def _timeline(self, asked: Asked) -> Script:
        parameters = parse_qs(urlsplit(asked.path).query)
        shown = [one for one in self.posts.values() if one["visibility"] == "public"]
        rows = [] if "max_id" in parameters else sorted(shown, key=lambda one: one["id"], reverse=True)
        return Script(body=json.dumps(rows).encode(), headers={"Content-Type": "application/json"})

    def _statuses(self, asked: Asked) -> Script:
        if self.trouble is not None:
            return self.trouble
        if not self.several:
            return Script(status=404, body=b"{}")
        ids = parse_qs(urlsplit(asked.path).query).get("id[]", [])
        return Script(body=json.dumps([self.posts[id] for id in ids if id in self.posts]).encode())

    def _single(self, id: str) -> Script:
        if self.trouble is not None:
            return self.trouble
        return Script(body=json.dumps(self.posts[id]).encode()) if id in self.posts else Script(status=404, body=b"{}")

    def app(self, **rest: Any) -> Any:
        (self.folder / "sources.yaml").write_text(
            "site: {title: A}\ntopics: {crews: {any_of: [crews]}}\nfetch: {allow_networks: [127.0.0.0/8]}\nsources:\n"
            f"  - {{platform: mastodon, server: '{self.server.url('')}', tag: crews, id: posts, agreed: {self.agreed}}}\n"
            f"  - {{platform: feed, url: '{self.server.url('/feed')}', id: blog}}\n",
            encoding="utf-8",
        )
        return build(load(self.folder / "sources.yaml", environ={}), clock=lambda: self.today, **rest)

    def run(self, *, days: float = 0) -> Ran:
        self.today += timedelta(days=days)
        app: App
        with self.app() as app:
            return run_once(app)

    def shown(self) -> set[str]:
        """The last part of every permalink on the page."""
        stories = json.loads((self.folder / "output" / "stories.json").read_text(encoding="utf-8"))["stories"]
        return {voice["url"].rpartition("/")[2] for story in stories for voice in story["voices"]}

    def remembers(self) -> set[str]:
        """Ids of the mentions that are not withdrawn."""
        app: App
        with self.app() as app:
            return {one.entry.native_id for story in app.store.stories() for one in story.mentions}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Server() as server:
        made = Town(folder=tmp_path, server=server)
        made.begin()
        yield made


@pytest.mark.parametrize(
    "account",
    [
        {"note": "<p>Gardener. #nobot</p>"},
        {"note": "please no bots"},
        {"note": "NoBot"},
        {"note": "<p>#<span>noindex</span></p>"},
        {"note": "", "fields": [{"name": "Robots", "value": "#nobridge"}]},
        {"noindex": True},
        {"discoverable": False},
        {"limited": True},
    ],
)
def test_who_asks_not_to_be_found_is_not_shown(town: Town, account: dict[str, Any]) -> None:
    town.post("1")
    town.post("2", **account)
    town.run()
    assert town.shown() == {"1"}


@pytest.mark.parametrize("note", ["I build robots", "no search for meaning", "nobotany", "No index fund for me", "casino bots"])
def test_words_that_only_look_like_an_objection_are_none(town: Town, note: str) -> None:
    town.post("1", note=note)
    town.run()
    assert town.shown() == {"1"}


def test_where_all_agreed_only_what_is_private_is_left_out(town: Town) -> None:
    town.agreed = "true"
    town.post("1", note="#nobot")
    town.run()
    assert town.remembers() == {"1"}


def test_a_post_that_was_deleted_is_withdrawn_when_it_was_missed_twice(town: Town) -> None:
    town.post("1")
    town.post("2")
    town.run()
    del town.posts["2"]
    assert town.run(days=1.1).checked == Checked(looked=2, missed=1)
    assert town.shown() == {"1", "2"}
    assert town.run(days=1.1).checked == Checked(looked=2, withdrawn=1)
    assert town.shown() == {"1"}


@pytest.mark.parametrize("change", [{"visibility": "private"}, {"visibility": "unlisted"}])
def test_a_post_that_was_made_private_is_withdrawn_at_once(town: Town, change: dict[str, str]) -> None:
    town.post("1")
    town.post("2")
    town.run()
    town.posts["2"].update(change)
    assert town.run(days=1.1).checked.withdrawn == 1
    assert town.shown() == {"1"}


@pytest.mark.parametrize("several", [True, False])
def test_a_person_who_opts_out_later_is_withdrawn_and_stays_so(town: Town, several: bool) -> None:
    town.several = several
    town.post("1")
    town.post("2")
    town.run()
    town.posts["2"]["account"]["note"] = "#nobot"
    town.run(days=1.1)
    assert town.shown() == {"1"}
    town.run(days=1.1)
    assert town.shown() == {"1"}


def test_nothing_is_asked_again_within_a_day(town: Town) -> None:
    town.post("1")
    town.run()
    town.run(days=0.9)
    assert town.server.count("/api/v1/statuses") == 0
    town.run(days=0.2)
    assert town.server.count("/api/v1/statuses") == 1
    town.run(days=0.9)
    assert town.server.count("/api/v1/statuses") == 1


@pytest.mark.parametrize(
    "trouble",
    [
        Script(status=500),
        Script(status=403),
        Script(status=401),
        Script(status=429, headers={"Retry-After": "60"}),
        Script(body=b"<html>Just a moment"),
        Script(hang_up=True, cut_after=0, body=b"[]"),
        Script(status=403, headers={"cf-mitigated": "challenge"}),
    ],
)
def test_a_server_that_does_not_answer_withdraws_nothing(town: Town, trouble: Script) -> None:
    town.post("1")
    town.run()
    town.trouble = trouble
    for _ in range(3):
        checked = town.run(days=1.1).checked
        assert (checked.withdrawn, checked.missed) == (0, 0)
    assert town.shown() == {"1"}


def test_what_could_not_be_asked_for_long_is_remembered(town: Town) -> None:
    town.post("1")
    town.run()
    town.trouble = Script(status=500)
    for _ in range(4):
        town.run(days=1.1)
    app: App
    with town.app() as app:
        assert list(silent_for_long(app)) == ["posts"]
    town.trouble = None
    town.run(days=1.1)
    with town.app() as app:
        assert silent_for_long(app) == {}
    town.today += timedelta(days=2)
    with town.app() as app:
        assert waiting(app) == 1


def test_a_recording_says_nothing_of_today(town: Town) -> None:
    town.post("1")
    town.run()
    town.today += timedelta(days=2)
    app: App
    with town.app(replay=write_har(town.folder / "r.har", [])) as app:
        assert check_again(app) == Checked()
        assert waiting(app) == 1


def test_a_run_that_is_stopped_goes_on_where_it_was(town: Town) -> None:
    for number in range(60):
        town.post(f"{number + 10}")
    town.run()
    town.today += timedelta(days=2)
    app: App
    with town.app() as app:
        answer = town._statuses

        def stopping(asked: Asked) -> Script:
            app.stop.set()
            return answer(asked)

        town.server.answer("/api/v1/statuses", stopping)
        first = check_again(app)
    assert 0 < first.looked < 60
    town.server.answer("/api/v1/statuses", answer)
    with town.app() as app:
        assert first.looked + check_again(app).looked == 60
        assert waiting(app) == 0


# -- where no platform can be asked


def blog(town: Town, *paths: str) -> None:
    items = "".join(ITEM.format(path, town.server.url(f"/{path}"), "about crews") for path in paths)
    town.server.on("/feed", Script(body=FEED.format(items).encode()))


def test_a_page_is_looked_at_by_its_address_once_a_week(town: Town) -> None:
    blog(town, "a", "b")
    town.server.on("/a", Script(body=b"<html><title>A</title>", headers={"Content-Type": "text/html"}))
    town.server.on("/b", Script(status=410))
    town.run()
    assert town.run(days=6).checked == Checked()
    assert town.run(days=1.5).checked == Checked(looked=2, missed=1)
    assert town.run(days=7.5).checked == Checked(looked=2, withdrawn=1)
    assert town.shown() == {"a"}


def test_what_the_feed_lists_still_does_not_come_back_every_day(town: Town) -> None:
    blog(town, "a")
    town.server.on("/a", Script(status=404))
    town.run()
    town.run(days=8)
    town.run(days=8)
    assert town.shown() == set()
    blog(town, "a", "c")
    town.run(days=1)
    assert town.shown() == {"c"}


@pytest.mark.parametrize("answer", [Script(status=403), Script(status=503), Script(body=b"x", headers={"Content-Type": "image/png"})])
def test_a_page_that_refuses_programs_stays(town: Town, answer: Script) -> None:
    blog(town, "a")
    town.server.on("/a", answer)
    town.run()
    for _ in range(3):
        town.run(days=8)
    assert town.shown() == {"a"}
