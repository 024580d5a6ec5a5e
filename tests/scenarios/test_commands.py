"""What each command says to a steward, on recorded replies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.exchanges import Exchange
from tests.support.har import write_har
from tests.support.steward import Steward

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Ana's notes</title>
<item><guid>1</guid><title>On crews</title><link>https://blog.example/1?utm_source=rss</link>
<pubDate>Sat, 31 Oct 2026 10:00:00 GMT</pubDate><description>Three is a crew.</description></item>
<item><guid>2</guid><title>On bread</title><link>https://blog.example/2</link></item>
</channel></rss>"""
CONFIGURATION = """\
site: {title: Discussing crews}
topics: {crews: {any_of: [crews]}}
sources:
  - {platform: feed, url: 'https://blog.example/feed', id: notes, label: Ana's notes}
  - {platform: feed, url: 'https://gone.example/feed', id: gone}
  - {platform: youtube, search: crews, id: search}
"""


def files(folder: Path) -> dict[Path, bytes]:
    """All files but the two that SQLite keeps beside a database while it is open."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))}


@pytest.fixture
def ran(steward: Steward) -> Steward:
    steward.configures(CONFIGURATION)
    exchanges = [
        Exchange(url="https://blog.example/feed", headers={"Content-Type": "application/rss+xml"}, body=FEED.encode()),
        Exchange(url="https://gone.example/feed", status=410),
    ]
    write_har(steward.folder / "r.har", exchanges)
    said = steward.runs("run", "--replay", "r.har")
    assert said.code == 4, said.err
    (steward.folder / "said").write_text(said.err, encoding="utf-8")
    return steward


def test_run_says_what_was_found_what_failed_and_which_key_is_missing(ran: Steward) -> None:
    said = (ran.folder / "said").read_text(encoding="utf-8").splitlines()
    assert "notes: 1 new" in said
    assert "Read 1 of 3 sources: 1 new." in said
    [failed] = [line for line in said if line.startswith("Could not read")]
    assert "gone.example" in failed
    assert "410" in failed
    [key] = [line for line in said if "YOUTUBE_API_KEY is not set" in line]
    assert "needs a key" in key
    assert "https://" in key
    assert "Traceback" not in "".join(said)


def test_status_says_how_every_source_is(ran: Steward) -> None:
    lines = ran.runs("status").out.splitlines()
    assert any(line.startswith("notes ") and line.endswith("well") for line in lines)
    assert any(line.startswith("gone ") and "paused" in line and "410" in line for line in lines)
    assert {one["source"]: one["paused"] for one in ran.runs("status", "--json").json()} == {"notes": False, "gone": True, "search": False}


def test_why_prints_the_rules_that_fired_and_the_reason_it_is_on_the_page(ran: Steward) -> None:
    out = ran.runs("why", "http://www.blog.example/1/?utm_medium=x").out
    rules = [line.split(",")[0].split()[1] for line in out.splitlines() if line.startswith("  rule")]
    assert rules == sorted(rules, key=int)
    assert "key      https://blog.example/1\n" in out
    assert "title matches 'crews': On crews" in out
    assert "on no page" in ran.runs("why", "https://blog.example/2").out


def test_source_test_shows_what_would_be_found_and_writes_nothing(ran: Steward) -> None:
    before = files(ran.folder)
    said = ran.runs("source", "test", "notes", "--replay", "r.har")
    assert said.code == 0
    assert "2 entries, 1 counts (*)." in said.out
    assert said.out.index("On crews") < said.out.index("On bread")
    assert files(ran.folder) == before


def test_source_list_names_every_source(ran: Steward) -> None:
    assert [line.split()[0] for line in ran.runs("source", "list").out.splitlines()] == ["notes", "gone", "search"]


def test_add_puts_a_link_on_the_page_by_hand_and_once(ran: Steward) -> None:
    added = ran.runs(
        "add", "https://essays.example/e?utm_source=x", "--title", "An essay", "--who", "Bo", "--kind", "article", "--replay", "r.har"
    )
    assert "Added 'An essay' as article." in added.err
    assert "An essay" in ran.page()
    assert "known already" in ran.runs("add", "http://essays.example/e/", "--replay", "r.har").err
    assert "added by hand" in ran.runs("why", "https://essays.example/e").out


def test_a_link_of_which_nothing_is_known_is_called_by_its_address_and_can_be_called_otherwise(steward: Steward) -> None:
    steward.configures("site: {title: Crews}\ntopics: {crews: {any_of: [crews]}}\nsources: []\n")
    write_har(steward.folder / "none.har", [])
    added = steward.runs("add", "https://docs.example.org/d/123/edit", "--replay", "none.har")
    assert "Added 'docs.example.org/d/123/edit' as article." in added.err
    assert added.err.rstrip().endswith('Give it a title: aggregator retitle https://docs.example.org/d/123/edit "TITLE".')
    assert steward.runs("retitle", "https://docs.example.org/d/123/edit", "The first circle").code == 0
    assert [story["title"] for story in steward.stories()] == ["The first circle"]


@pytest.mark.parametrize("url", ["nonsense", "ftp://example.org/a", "http://127.0.0.1/", "javascript:alert(1)"])
def test_add_takes_only_what_others_can_open(ran: Steward, url: str) -> None:
    assert ran.runs("add", url, "--replay", "r.har").code == 3


def test_an_unknown_source_is_named_with_the_nearest(ran: Steward) -> None:
    said = ran.runs("poll", "note", "--replay", "r.har")
    assert said.code == 3
    assert "'notes'" in said.err


def test_a_dry_run_writes_nothing_and_says_what_it_would(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    write_har(steward.folder / "r.har", [Exchange(url="https://blog.example/feed", body=FEED.encode())])
    said = steward.runs("run", "--dry-run", "--replay", "r.har")
    assert "Would write index.html" in said.err or "index.html" in said.err
    assert not (steward.folder / "output").exists()
    assert not (steward.folder / "state" / "aggregator.db").exists()


def test_the_page_as_it_was_before_anything_was_found_is_empty(ran: Steward) -> None:
    assert ran.runs("build", "--as-of", "2020-01-31", "--output", "then").code == 0
    assert json.loads((ran.folder / "then" / "stories.json").read_text(encoding="utf-8"))["stories"] == []
    assert len(ran.stories()) == 1
    assert ran.runs("build", "--as-of", "yesterday").code == 3


def test_the_list_goes_between_two_marks_of_a_page_and_nowhere_else(ran: Steward) -> None:
    page = ran.folder / "wiki.md"
    ran.configures(CONFIGURATION + "markdown: {into: wiki.md}\n")
    assert "wiki.md" in ran.runs("build").err
    page.write_text("# Ours\r\n\r\n<!-- aggregator:begin -->\r\nold\r\n<!-- aggregator:end -->\r\nend\r\n", encoding="utf-8", newline="")
    assert ran.runs("build").code == 0
    text = page.read_bytes().decode()
    assert text.startswith("# Ours\r\n\r\n<!-- aggregator:begin -->")
    assert text.endswith("<!-- aggregator:end -->\r\nend\r\n")
    assert "On crews" in text
    assert "old" not in text


def test_lines_on_standard_input_are_answered_one_by_one_and_a_wrong_one_stops_no_other(steward: Steward) -> None:
    said = steward.runs("identify", given='{"url": "https://youtu.be/_ShH3x1hgY0"}\nnot json\n[]\n{"url": "https://example.org/a/"}\n')
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [answer.get("key") for answer in answers] == ["https://youtube.com/watch?v=_ShH3x1hgY0", None, None, "https://example.org/a"]
    assert ["error" in answer for answer in answers] == [False, True, True, False]
    assert said.code == 2


def test_match_takes_its_words_from_the_command_line_or_the_configuration(steward: Steward) -> None:
    line = '{"title": "Three crews", "tags": ["bread"]}\n'
    assert json.loads(steward.runs("match", "--any-of", "crews", given=line).out)["matched"] is True
    assert json.loads(steward.runs("match", "--any-of", "crews", "--none-of", "bread", given=line).out)["matched"] is False
    steward.configures(CONFIGURATION)
    assert json.loads(steward.runs("match", given=line).out)["matches"][0]["topic"] == "crews"


def test_read_says_what_a_page_says_of_itself(steward: Steward) -> None:
    page = {
        "url": "https://blog.example/a",
        "html": "<html lang=en><title>On crews | Ana's notes</title><meta property='og:site_name' content=\"Ana's notes\">",
    }
    answer = json.loads(steward.runs("read", given=json.dumps(page) + "\n").out)
    assert (answer["title"], answer["site"], answer["language"]) == ("On crews", "Ana's notes", "en")


@pytest.mark.parametrize("words", [[], ["nonsense"], ["why"], ["source"], ["run", "--nope"], ["match", "--any-of", "#"]])
def test_wrong_usage_ends_with_2(steward: Steward, words: list[str]) -> None:
    assert steward.runs(*words).code == 2


def test_every_configuration_error_ends_with_3_and_prints_them_all(steward: Steward) -> None:
    steward.configures("site: {}\ntopics: {a: {any_of: []}}\nsources: [nonsense]\nnope: 1\n")
    said = steward.runs("run")
    assert said.code == 3
    assert len(said.err.splitlines()) == 4
    assert all(line.startswith("sources.yaml:") for line in said.err.splitlines())


@pytest.mark.parametrize("damage", [b"not a database at all, but long enough to be read as one" * 40, b""])
def test_a_damaged_database_is_named_with_what_to_do(ran: Steward, damage: bytes) -> None:
    database = Path(ran.folder / "state" / "aggregator.db")
    database.write_bytes(damage)
    for tail in ("-wal", "-shm"):
        database.with_name(database.name + tail).unlink(missing_ok=True)
    said = ran.runs("status")
    assert "Traceback" not in said.err
    assert said.code == (1 if damage else 0), said.err
    assert not damage or "aggregator.db" in said.err


@pytest.mark.parametrize("command", ["run", "build"])
def test_a_page_without_a_digest_loads_nothing_of_one(tmp_path: Path, command: str) -> None:
    (tmp_path / "sources.yaml").write_text("site: {title: Discussing crews}\ntopics: {crews: {any_of: [crews]}}\nsources: []\n")
    code = f"import sys; from aggregator.cli import main; main(['{command}', '--quiet']); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    foreign = ("aggregator.digest.", "aggregator.store.private", "aggregator.web", "cronsim", "email.headerregistry")
    assert [name for name in said if name.startswith(foreign)] == []
    assert not (tmp_path / "state" / "private.db").exists()


@pytest.mark.parametrize("status", [403, 429])
def test_a_platform_that_asks_for_rest_ends_its_run_quietly_and_status_says_so(steward: Steward, status: int) -> None:
    words = "{platform: reddit, search: crews, id: words, label: Reddit}"
    steward.configures(f"site: {{title: Crews}}\ntopics: {{crews: {{any_of: [crews]}}}}\nsources:\n  - {words}\n")
    write_har(steward.folder / "r.har", [Exchange(url="https://www.reddit.com/search.rss?q=crews&sort=new&limit=100", status=status)])
    said = steward.runs("run", "-q", "--replay", "r.har")
    assert (said.code, said.out, said.err) == (0, "", "")
    [row] = [line for line in steward.runs("status").out.splitlines() if line.startswith("words")]
    assert f"(status {status})" in row
    told = steward.runs("run", "--replay", "r.har", "--state", "another").err
    assert "Left Reddit for a later run: asking https://www.reddit.com/search.rss" in told
    assert "Could not read" not in told
