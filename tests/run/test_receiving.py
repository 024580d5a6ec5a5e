"""What strangers sent, from the desk of `serve` to the steward: verified at real servers on loopback, and held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.app import App, build
from aggregator.commands.naming import source_known
from aggregator.config import load
from aggregator.curation.naming import BY_WEBMENTION, SUGGESTED
from aggregator.errors import ConfigError
from aggregator.model import Decision, DecisionKind, Kind
from aggregator.pipeline.curate import Held
from aggregator.run import receiving
from aggregator.run.deciding import curated, decide
from aggregator.run.once import run_once
from aggregator.run.receiving import Ending, receive
from aggregator.store.private import Submission, SubmissionKind
from tests.support.server import Asked, Script, Server

SITE = "https://topic.example/discussing/"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONFIGURATION = """\
site: {{title: Crews, url: "{site}"}}
topics: {{crews: {{any_of: [crews]}}}}
{fetch}
sources: []
digest:
  from: Crew news <digest@example.org>
  serve: {{url: "http://127.0.0.1:1/", webmentions: true, suggestions: true}}
"""
LOOPBACK = 'fetch: {allow_networks: ["127.0.0.0/8"]}'
HTML = {"Content-Type": "text/html; charset=utf-8"}


def html(body: str) -> Script:
    page = f"<!doctype html><html><head><title>Crews at work</title></head><body>{body}</body></html>"
    return Script(body=page.encode(), headers=HTML)


LINKING = html(f'<p>On <a href="{SITE}">the talk about it</a>.</p>')


@dataclass(kw_only=True)
class Desk:
    """A steward's folder, its clock, and a server that pages lie on."""

    app: App
    server: Server
    now: datetime = field(default=NOON)

    def gets(self, *one: Submission) -> None:
        for each in one:
            assert self.app.private.submissions.put(each, most=500)

    def webmention(self, path: str = "/crews", target: str = SITE) -> Submission:
        one = Submission(kind=SubmissionKind.WEBMENTION, source=self.server.url(path), target=target, at=self.now)
        self.gets(one)
        return one

    def suggestion(self, path: str = "/crews", *, title: str = "", note: str = "") -> Submission:
        one = Submission(kind=SubmissionKind.SUGGESTION, source=self.server.url(path), title=title, note=note, at=self.now)
        self.gets(one)
        return one

    @property
    def waits(self) -> tuple[Submission, ...]:
        return self.app.private.submissions.due(self.now + timedelta(days=400), 1000)

    @property
    def held(self) -> tuple[Held, ...]:
        return curated(self.app).held

    @property
    def shown(self) -> list[str]:
        return [story.mentions[0].entry.url for story in curated(self.app).shown]


@contextmanager
def desk_in(folder: Path, fetch: str = LOOPBACK) -> Iterator[Desk]:
    (folder / "sources.yaml").write_text(CONFIGURATION.format(site=SITE, fetch=fetch), encoding="utf-8")
    settings = load(folder / "sources.yaml", environ={})
    with ExitStack() as closing:
        server = closing.enter_context(Server())
        desk: list[Desk] = []
        app = closing.enter_context(build(settings, clock=lambda: desk[0].now if desk else NOON))
        desk.append(Desk(app=app, server=server))
        yield desk[0]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as here:
        yield here


def test_a_true_webmention_waits_for_the_steward_and_is_shown_when_approved(desk: Desk) -> None:
    desk.server.on("/crews", LINKING)
    one = desk.webmention()
    assert receive(desk.app) == (Ending.LANDED,)
    (held,) = desk.held
    assert held.reasons == ("it came by Webmention, which anybody can send",)
    entry = held.story.mentions[0].entry
    assert (entry.url, entry.title, entry.kind) == (one.source, "Crews at work", Kind.ARTICLE)
    assert (desk.shown, desk.waits) == ([], ())
    decide(desk.app, [Decision(kind=DecisionKind.APPROVE, subject=held.story.mentions[0].identity.subject)])
    assert (desk.shown, desk.held) == ([one.source], ())


def test_a_run_looks_at_what_came_and_says_so(desk: Desk) -> None:
    desk.server.on("/crews", LINKING)
    desk.webmention()
    ran = run_once(desk.app, build=False)
    assert "One link that a stranger sent waits for `aggregator review`." in ran.remarks
    assert len(desk.held) == 1


def test_no_more_wait_than_a_steward_reads_and_what_is_dropped_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST_HELD", 2)
    for path in ("/a", "/b", "/c", "/d"):
        desk.server.on(path, LINKING)
    for path in ("/a", "/b", "/c"):
        desk.webmention(path)
    assert sorted(receive(desk.app)) == [Ending.FULL, Ending.LANDED, Ending.LANDED]
    desk.now += timedelta(days=8)
    desk.webmention("/d")
    ran = run_once(desk.app, build=False)
    [remark] = [one for one in ran.remarks if "strangers" in one]
    assert "One more was dropped, since 2 of its kind wait already. Decide with `aggregator review` to make room." in remark
    assert (len(desk.held), desk.waits) == (2, ())
    decide(desk.app, [Decision(kind=DecisionKind.APPROVE, subject=desk.held[0].story.mentions[0].identity.subject)])
    desk.webmention("/d")
    assert Ending.LANDED in receive(desk.app)
    assert len(desk.held) == 2


def test_whoever_approves_the_whole_way_is_asked_no_more(desk: Desk) -> None:
    desk.server.on("/crews", LINKING)
    decide(desk.app, [Decision(kind=DecisionKind.APPROVE, subject=f"source:{BY_WEBMENTION}")])
    desk.now += timedelta(hours=1)
    one = desk.webmention()
    receive(desk.app)
    assert (desk.shown, desk.held) == ([one.source], ())


@pytest.mark.parametrize("again", [False, True])
def test_what_a_page_says_after_it_was_approved_is_not_shown_unseen(desk: Desk, again: bool) -> None:
    casino = Script(body=LINKING.body.replace(b"Crews at work", b"Casino"), headers=HTML)
    desk.server.on("/crews", LINKING, casino, html("no link any more"))
    desk.webmention()
    receive(desk.app)
    decide(desk.app, [Decision(kind=DecisionKind.APPROVE, subject=desk.held[0].story.mentions[0].identity.subject)])
    for ending, titles in ((Ending.LANDED, ["Crews at work"]), (Ending.WITHDRAWN, [])):
        desk.now += timedelta(days=8)
        if again:
            desk.webmention()
        assert ending in receive(desk.app)
        assert [story.mentions[0].entry.title for story in curated(desk.app).shown] == titles


def test_it_is_asked_for_by_name_as_robots_txt_allows(desk: Desk) -> None:
    heard: list[Asked] = []

    def answer(asked: Asked) -> Script:
        heard.append(asked)
        return LINKING

    desk.server.on("/robots.txt", Script(body=b"User-agent: *\nDisallow: /closed", headers={"Content-Type": "text/plain"}))
    desk.server.answer("/crews", answer)
    desk.server.on("/closed", LINKING)
    desk.webmention()
    desk.webmention("/closed")
    assert sorted(receive(desk.app)) == [Ending.DROPPED, Ending.LANDED]
    assert "Webmention" in heard[0].headers["user-agent"]
    assert (desk.server.count("/closed"), desk.server.count("/crews")) == (0, 1)


@pytest.mark.parametrize(
    "page",
    [
        html(f"<!-- <a href='{SITE}'>x</a> -->"),
        html(f"<script>'<a href=\"{SITE}\">x</a>'</script>"),
        html(SITE),
        html(f'<a class="u-like-of" href="{SITE}">liked</a>'),
        Script(body=f'<a href="{SITE}">x</a>'.encode(), headers={"Content-Type": "application/pdf"}),
        Script(status=404, headers=HTML),
        Script(status=403, headers=HTML),
    ],
)
def test_a_webmention_that_is_not_true_is_forgotten(desk: Desk, page: Script) -> None:
    desk.server.on("/crews", page)
    desk.webmention()
    assert receive(desk.app) == (Ending.DROPPED,)
    assert (desk.held, desk.waits) == ((), ())


def test_sent_once_more_it_is_read_anew(desk: Desk) -> None:
    desk.server.on("/crews", LINKING, html(f'<h1>Crews at rest</h1><a class="u-in-reply-to" href="{SITE}">x</a>'))
    desk.webmention()
    receive(desk.app)
    desk.now += timedelta(hours=1)
    desk.webmention()
    assert receive(desk.app) == (Ending.LANDED,)
    (held,) = desk.held
    assert held.story.mentions[0].entry.kind is Kind.COMMENT


@pytest.mark.parametrize("after", [Script(status=410, headers=HTML), Script(status=404, headers=HTML), html("no link any more")])
def test_sent_once_more_for_a_page_that_is_gone_or_links_no_more_it_goes(desk: Desk, after: Script) -> None:
    desk.server.on("/crews", LINKING, after)
    desk.webmention()
    receive(desk.app)
    desk.now += timedelta(hours=1)
    desk.webmention()
    assert receive(desk.app) == (Ending.WITHDRAWN,)
    assert (desk.held, desk.waits) == ((), ())


def test_after_a_week_it_is_looked_at_again_without_being_sent(desk: Desk) -> None:
    desk.server.on("/crews", LINKING, LINKING, html("no link any more"))
    desk.webmention()
    receive(desk.app)
    assert receive(desk.app) == ()
    desk.now += timedelta(days=8)
    assert receive(desk.app) == (Ending.LANDED,)
    assert receive(desk.app) == ()
    desk.now += timedelta(days=8)
    assert receive(desk.app) == (Ending.WITHDRAWN,)
    assert desk.held == ()


def test_a_server_that_is_down_is_asked_again_a_few_times(desk: Desk) -> None:
    desk.server.on("/crews", Script(status=500, headers=HTML))
    desk.webmention()
    endings: list[Ending] = []
    for _ in range(5):
        endings += receive(desk.app)
        desk.now += timedelta(days=2)
    assert endings == [Ending.LATER] * 3 + [Ending.DROPPED]
    assert desk.waits == ()


def test_a_server_that_drips_costs_seconds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "SECONDS", 0.5)
    desk.server.on("/crews", replace(LINKING, drip=0.05))
    desk.webmention()
    assert receive(desk.app) == (Ending.LATER,)


def test_of_a_huge_page_no_more_is_read_than_of_any(desk: Desk) -> None:
    desk.server.on("/crews", Script.gzip(b"<p>" + b" " * (20 << 20) + f'<a href="{SITE}">x</a>'.encode(), content_type="text/html"))
    desk.webmention()
    assert receive(desk.app) == (Ending.DROPPED,)


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/crews", "http://localhost:{port}/crews", "http://2130706433:{port}/crews"])
def test_no_private_address_is_asked(tmp_path: Path, target: str) -> None:
    with desk_in(tmp_path, "") as desk:
        port = desk.server.url("/").rpartition(":")[2].rstrip("/")
        desk.server.on("/crews", LINKING)
        source = target.format(port=port)
        desk.gets(Submission(kind=SubmissionKind.WEBMENTION, source=source, target=SITE, at=NOON))
        assert receive(desk.app) == (Ending.DROPPED,)
        assert desk.server.count("/crews") == 0


def test_no_redirect_leads_inside(tmp_path: Path) -> None:
    # Only the first address is open: 127.0.0.2 stands for a machine behind the wall.
    with desk_in(tmp_path, 'fetch: {allow_networks: ["127.0.0.1/32"]}') as desk:
        desk.server.on("/crews", Script.redirect(desk.server.url("/inside").replace("127.0.0.1", "127.0.0.2")))
        desk.server.on("/inside", LINKING)
        desk.webmention()
        assert receive(desk.app) == (Ending.LATER,)
        assert (desk.held, desk.server.count("/inside")) == ((), 0)


def test_a_page_that_asks_not_to_be_found_is_not_quoted(desk: Desk) -> None:
    head = '<meta name="robots" content="noindex"><meta name="description" content="For us alone.">'
    desk.server.on("/crews", html(f'{head}<a href="{SITE}">x</a>'))
    desk.webmention()
    receive(desk.app)
    assert [held.story.mentions[0].entry.text for held in desk.held] in ([None], [])


def test_what_is_on_the_page_already_asks_nobody(desk: Desk) -> None:
    desk.server.on("/crews", LINKING)
    desk.suggestion()
    receive(desk.app)
    desk.now += timedelta(hours=1)
    desk.webmention()
    assert receive(desk.app) == (Ending.DROPPED,)
    assert len(desk.held) == 1


def test_a_suggested_link_waits_with_the_words_of_who_sent_it(desk: Desk) -> None:
    desk.server.on("/crews", html("<p>Five people, a year.</p>"))
    desk.suggestion(title="Five people", note="you will like it")
    assert receive(desk.app) == (Ending.LANDED,)
    (held,) = desk.held
    mention = held.story.mentions[0]
    assert (mention.source, mention.entry.title) == (SUGGESTED, "Five people")
    assert held.reasons == ("a reader suggested it and says: you will like it",)
    assert "you will like it" not in repr(mention.entry)
    assert desk.shown == []


def test_no_address_of_who_suggested_it_is_kept(desk: Desk) -> None:
    desk.server.on("/crews", html("<p>Five people, a year.</p>"))
    desk.suggestion(note="ask bo@example.org")
    receive(desk.app)
    assert desk.held[0].reasons == ("a reader suggested it and says: ask …@…",)
    assert all(b"bo@example" not in path.read_bytes() for path in desk.app.settings.state.glob("aggregator.db*"))


def test_a_suggested_link_is_called_as_its_page_calls_itself(desk: Desk) -> None:
    desk.server.on("/crews", html("<p>Five people, a year.</p>"))
    desk.suggestion()
    receive(desk.app)
    assert desk.held[0].story.mentions[0].entry.title == "Crews at work"


def test_a_suggested_link_that_cannot_be_read_waits_all_the_same(desk: Desk) -> None:
    desk.server.on("/crews", Script(status=500, headers=HTML))
    desk.suggestion(title="Five people")
    assert receive(desk.app) == (Ending.LANDED,)
    assert [held.story.mentions[0].entry.title for held in desk.held] == ["Five people"]


def test_a_bug_fails_one_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from aggregator.pipeline import webmentions

    desk.server.on("/crews", LINKING)
    desk.server.on("/other", LINKING)
    desk.webmention()
    desk.webmention("/other")
    first = threading.Event()
    real = webmentions.relation

    def breaks(*given: object) -> object:
        if not first.is_set():
            first.set()
            raise ZeroDivisionError(" ".join(("secret", "words")))
        return real(*given)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(webmentions, "relation", breaks)
    assert sorted(receive(desk.app)) == [Ending.BUG, Ending.LANDED]
    assert "secret words" not in caplog.text


def test_nothing_is_opened_where_nothing_is_taken(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        digest = desk.app.settings.digest
        assert digest is not None
        assert digest.serve is not None
        serve = replace(digest.serve, webmentions=False, suggestions=False)
        closed = replace(desk.app, settings=replace(desk.app.settings, digest=replace(digest, serve=serve)))
        assert receive(closed) == ()
    assert not (tmp_path / "state" / "private.db").exists()


def test_the_steward_can_name_the_ways_that_strangers_have(desk: Desk) -> None:
    assert [source_known(desk.app, id) for id in (BY_WEBMENTION, SUGGESTED)] == [f"source:{BY_WEBMENTION}", f"source:{SUGGESTED}"]
    with pytest.raises(ConfigError, match="there is no source"):
        source_known(desk.app, "nobody")
