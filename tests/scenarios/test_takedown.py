"""Somebody asks to be taken off the page: nothing of theirs is left anywhere, and it does not come back."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from aggregator.app import build
from aggregator.config import load
from aggregator.pipeline.takedown import subject_named
from aggregator.run.taking_down import planned
from aggregator.store.engine import open_store
from tests.support.exchanges import Exchange
from tests.support.har import write_har
from tests.support.steward import Said, Steward

ITEM = """<item><guid>{guid}</guid><title>{title}</title><link>https://blog.example/{guid}?utm_source=rss</link>
<dc:creator>{author}</dc:creator><pubDate>Sat, 31 Oct 2026 10:00:00 GMT</pubDate><description>{text}</description></item>"""
BLOG = (
    ("ones", "On small crews", "Bo Berg", "Three is a crew, says nobody."),
    ("two", "Unforgettable confession about crews", "Ida Ibsen", "An unmistakable sentence about crews. " * 40),
    ("three", "Crews again", "Bo Berg", "See also &lt;a href='https://blog.example/two?utm_medium=x'&gt;this&lt;/a&gt; on crews."),
    ("four", "Bread", "Ida Ibsen", "Nothing to the point, but unmistakable."),
)
POSTS = (
    ("11", "ida", "<p>I wrote about #crews: <a href='https://blog.example/two'>here</a>, unmistakable</p>"),
    ("12", "cem", "<p>Read this on #crews <a href='https://blog.example/two?utm_source=m'>now</a></p>"),
    ("13", "ida", "<p>More thoughts of mine on #crews, unmistakable too</p>"),
    ("14", "cem", "<p>My own #crews thoughts</p>"),
)
CONFIGURATION = """\
site: {title: Discussing crews}
topics: {crews: {any_of: [crews]}}
sources:
  - {platform: feed, url: 'https://blog.example/feed', id: notes, label: Notes}
  - {platform: mastodon, server: social.example, tag: crews, id: posts}
chosen:
  - title: A chosen thing about crews
    kind: article
    url: https://blog.example/two#top
    who: Ida Ibsen
  - title: Another chosen thing
    kind: article
    url: https://talks.example/9
    who: Ida Ibsen
"""


def feed(items: Sequence[tuple[str, str, str, str]]) -> bytes:
    listed = "".join(ITEM.format(guid=guid, title=title, author=author, text=text) for guid, title, author, text in items)
    return f'<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Notes</title>{listed}</channel></rss>'.encode()


def status(id: str, who: str, content: str) -> dict[str, object]:
    account = {"acct": who, "username": who, "display_name": f"{who.title()} Ibsen", "url": f"https://social.example/@{who}", "note": ""}
    address = f"https://social.example/@{who}/{id}"
    tags = [{"name": "crews"}]
    said = {"id": id, "visibility": "public", "url": address, "uri": f"https://social.example/users/{who}/statuses/{id}", "tags": tags}
    return {**said, "content": content, "account": account, "created_at": "2026-10-30T10:00:00Z", "media_attachments": []}


def exchanges(posts: Sequence[tuple[str, str, str]] = POSTS, items: Sequence[tuple[str, str, str, str]] = BLOG) -> list[Exchange]:
    timeline = json.dumps([status(*one) for one in sorted(posts, reverse=True)]).encode()
    asked = "https://social.example/api/v1/timelines/tag/crews?limit=40"
    last = min((id for id, *_ in posts), default="")
    return [
        Exchange(url="https://blog.example/feed", headers={"Content-Type": "application/rss+xml"}, body=feed(items)),
        Exchange(url="https://social.example/api/v2/instance", status=404),
        Exchange(url=asked, headers={"Content-Type": "application/json"}, body=timeline),
        Exchange(url=f"{asked}&max_id={last}", headers={"Content-Type": "application/json"}, body=b"[]"),
    ]


@pytest.fixture
def ran(steward: Steward) -> Steward:
    steward.configures(CONFIGURATION)
    write_har(steward.folder / "r.har", exchanges())
    said = steward.runs("run", "--replay", "r.har")
    assert said.code == 0, said.err
    (steward.folder / "r.har").unlink()
    return steward


def takes_down(steward: Steward, subject: str, *more: str) -> Said:
    return steward.runs("takedown", subject, "--reason", "asked by mail", "--yes", *more)


def holding(steward: Steward, *needles: str) -> list[str]:
    """Files of the state and of the page that hold one of the texts."""
    found = []
    for folder in ("state", "output"):
        for path in sorted((steward.folder / folder).rglob("*")):
            if path.is_file() and any(needle.encode() in path.read_bytes() for needle in needles):
                found.append(str(path.relative_to(steward.folder)))
    return found


def permalinks(steward: Steward) -> set[str]:
    return {voice["url"] for story in steward.stories() for voice in story["voices"]}


def test_an_address_is_gone_from_every_file_with_the_posts_that_share_it(ran: Steward) -> None:
    assert holding(ran, "unmistakable sentence")
    said = takes_down(ran, "https://www.blog.example/two/?utm_campaign=z")
    assert said.code == 0, said.err
    assert holding(ran, "unmistakable sentence", "Unforgettable", "blog.example/two", "here, unmistakable") == []
    assert {"https://blog.example/ones", "https://social.example/@ida/13"} <= {one.partition("?")[0] for one in permalinks(ran)}


def test_the_receipt_says_what_was_removed_where_and_what_is_out_of_reach(ran: Steward) -> None:
    (ran.folder / "state" / "aggregator.db.version-1").write_bytes(b"an old copy")
    receipt = takes_down(ran, "https://blog.example/two", "--json").json()
    assert receipt["scope"] == "url"
    assert receipt["erased"]["mentions"] == 3
    assert receipt["erased"]["chosen"] == 1
    assert receipt["erased"]["rewritten"] == 1
    assert len(receipt["erased"]["stories"]) >= 1
    assert "index.html" in receipt["written"]
    assert receipt["wiped"] is True
    assert [Path(one).name for one in receipt["copies"]] == ["aggregator.db.version-1"]
    assert not (ran.folder / "state" / "aggregator.db.version-1").exists()
    lines = CONFIGURATION.splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if "blog.example/two" in line)
    assert [(Path(one["path"]).name, one["line"]) for one in receipt["unreached"]] == [("sources.yaml", at)]


def test_the_receipt_for_people_is_whole_sentences(ran: Steward) -> None:
    out = takes_down(ran, "https://blog.example/two").out
    assert "3 mentions with their texts" in out
    assert "its address or name from 1 entry that stays" in out
    assert "sources.yaml:9 names it; take it out by hand" in out
    assert "Kept: " in out


def test_what_was_taken_down_does_not_come_back(ran: Steward) -> None:
    takes_down(ran, "https://blog.example/two")
    write_har(ran.folder / "r.har", exchanges())
    said = ran.runs("poll", "--replay", "r.har")
    assert said.code == 0, said.err
    (ran.folder / "r.har").unlink()
    assert ran.runs("build").code == 0
    assert holding(ran, "unmistakable sentence", "Unforgettable", "blog.example/two", "I wrote about", "Read this on") == []
    added = ran.runs("add", "https://blog.example/two?ref=x.example")
    assert added.code == 3
    assert "taken down" in added.err


def test_everything_of_a_person_is_gone_and_their_name_from_what_stays(ran: Steward) -> None:
    said = takes_down(ran, "@ida@social.example")
    assert said.code == 0, said.err
    assert holding(ran, "social.example/@ida", "ida@social.example", "unmistakable too") == []
    assert "https://social.example/@cem/14" in permalinks(ran)
    write_har(ran.folder / "r.har", exchanges())
    ran.runs("run", "--replay", "r.har")
    (ran.folder / "r.har").unlink()
    assert holding(ran, "social.example/@ida", "unmistakable too") == []
    # The name of the account is that of the author of a chosen page, which stays.
    assert "Another chosen thing" in ran.page()
    assert "Unforgettable confession" in (ran.page() + ran.page("stories.json"))
    assert [name for name, content in ran.output().items() if b"Ida Ibsen" in content] == []


def test_a_person_is_known_by_name_and_by_profile(ran: Steward) -> None:
    assert takes_down(ran, "https://social.example/@ida", "--json").json()["scope"] == "author"
    assert len(ran.runs("log", "--limit", "1").out.splitlines()) == 1
    assert ran.runs("log").out.count("took down") == ran.runs("log").out.count("an author") == 1
    assert holding(ran, "social.example/@ida") == []
    assert takes_down(ran, "Bo Berg", "--json").json()["erased"]["mentions"] == 2
    assert holding(ran, "Three is a crew") == []


def test_a_whole_site_is_gone(ran: Steward) -> None:
    receipt = takes_down(ran, "blog.example", "--json").json()
    assert receipt["scope"] == "domain"
    assert holding(ran, "blog.example/ones", "blog.example/two", "Three is a crew") == []
    # The steward still watches it, and the page says what is watched.
    assert ("sources.yaml", 4) in [(Path(one["path"]).name, one["line"]) for one in receipt["unreached"]]
    assert "sources.html" in [Path(one["path"]).name for one in receipt["unreached"]]
    assert permalinks(ran) == {"https://social.example/@ida/13", "https://social.example/@cem/14"}


def test_the_log_keeps_that_it_happened_and_why_and_not_what_it_was(ran: Steward) -> None:
    takes_down(ran, "https://blog.example/two", "--by", "the steward")
    store = open_store(ran.folder / "state" / "aggregator.db")
    [happened] = store.takedowns.history()
    store.close()
    assert (happened.scope, happened.reason) == ("url", "asked by mail (the steward)")
    logged = ran.runs("log").out
    assert logged.count("took down") == logged.count("took down: an address") == 1
    assert "blog.example" not in logged


def test_decisions_about_it_go_and_do_not_come_back_with_the_file(ran: Steward) -> None:
    for words in (("pin", "https://blog.example/two"), ("note", "https://blog.example/ones", "compare https://blog.example/two")):
        assert ran.runs(*words).code == 0
    receipt = takes_down(ran, "https://blog.example/two", "--json").json()
    assert receipt["erased"]["decisions"] == 2
    named = [one["line"] for one in receipt["unreached"] if Path(one["path"]).name == "curation.yaml"]
    assert len(named) == 2
    assert ran.runs("hide", "https://blog.example/three").code == 0
    assert holding(ran, "blog.example/two") == []


@pytest.mark.parametrize("reason", ["about https://blog.example/two", "Ida Ibsen asked, blog.example/two", " "])
def test_a_reason_that_names_it_is_not_taken(ran: Steward, reason: str) -> None:
    said = ran.runs("takedown", "https://blog.example/two", "--reason", reason, "--yes")
    assert said.code == 3
    assert "--reason" in said.err
    assert holding(ran, "unmistakable sentence")


def test_a_dry_run_says_what_would_go_and_changes_nothing(ran: Steward) -> None:
    before = {path: path.read_bytes() for path in ran.folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))}
    said = ran.runs("takedown", "https://blog.example/two", "--reason", "asked", "--dry-run")
    assert "Would remove from the database" in said.out
    assert "https://blog.example/two?utm_source=rss" in said.out
    after = {path: path.read_bytes() for path in ran.folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))}
    assert after == before


def test_without_a_terminal_it_is_not_done_unasked(ran: Steward) -> None:
    said = ran.runs("takedown", "https://blog.example/two", "--reason", "asked")
    assert said.code == 2
    assert "--yes" in said.err
    assert holding(ran, "unmistakable sentence")


def test_what_is_not_known_yet_is_refused_when_it_comes(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    assert takes_down(steward, "https://blog.example/two").code == 0
    write_har(steward.folder / "r.har", exchanges())
    steward.runs("run", "--replay", "r.har")
    (steward.folder / "r.har").unlink()
    assert holding(steward, "blog.example/two", "unmistakable sentence") == []


def test_a_takedown_that_was_cut_short_is_finished_by_the_next_run(ran: Steward) -> None:
    settings = load(ran.folder / "sources.yaml", environ={}, state=ran.folder / "state")
    with build(settings) as app:
        plan = planned(app, subject_named("https://blog.example/two"))
        hashes = plan.hashes(app.store.takedowns.salt())
        app.store.takedowns.erase(plan.entries, keys=plan.keys, hashes=hashes, reason="asked", at=app.clock(), rewritten=plan.rewritten)
    write_har(ran.folder / "r.har", exchanges())
    assert ran.runs("run", "--replay", "r.har").code == 0
    (ran.folder / "r.har").unlink()
    assert holding(ran, "unmistakable sentence", "Unforgettable", "blog.example/two") == []


@pytest.mark.parametrize("subject", ["ftp://blog.example/x", "blog.example/two", "", "@"])
def test_what_names_nothing_is_told_so(ran: Steward, subject: str) -> None:
    said = takes_down(ran, subject)
    assert said.code == 3
    assert "Write" in said.err


def at_a_terminal(steward: Steward, answer: str) -> tuple[int, str]:
    """The exit code, and what was said to a person who answers."""
    here, there = pty.openpty()
    words = ("takedown", "https://blog.example/two", "--reason", "asked")
    with subprocess.Popen(
        [sys.executable, "-m", "aggregator", *words],
        cwd=steward.folder, env=steward.environ(), stdin=there, stdout=subprocess.DEVNULL, stderr=there,
    ) as program:  # fmt: skip
        os.close(there)
        said = b""
        while b"[y/N]" not in said:
            said += os.read(here, 4096)
        os.write(here, answer.encode() + b"\n")
        code = program.wait(timeout=60)
    os.close(here)
    return code, said.decode()


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, False), ("", 2, True), ("no", 2, True)])
def test_on_a_terminal_it_shows_what_would_go_and_asks_once(ran: Steward, answer: str, code: int, left: bool) -> None:
    ended, said = at_a_terminal(ran, answer)
    assert (ended, bool(holding(ran, "unmistakable sentence"))) == (code, left)
    assert "https://blog.example/two?utm_source=rss" in said
