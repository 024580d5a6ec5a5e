"""The steward walks through what waits, at a real terminal; nothing that was decided is ever lost."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.support.crews import CONFIGURATION, LOUD, LOUDER, ONE, feed, has_run, replies, runs_with, titles
from tests.support.steward import Steward

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals here", allow_module_level=True)

from tests.support.terminal import Terminal, at_terminal

ASKED = "[q]uit  [?]"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a first run; copied for each test, since a run takes a second."""
    return has_run(Steward(folder=tmp_path_factory.mktemp("once"))).folder


@pytest.fixture
def ran(once: Path, tmp_path: Path) -> Steward:
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return Steward(folder=tmp_path)


def decisions(steward: Steward) -> list[str]:
    """The lines of curation.yaml that say what was decided."""
    path = steward.folder / "curation.yaml"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("- ")]


def asked(person: Terminal) -> str:
    return person.sees(ASKED)


def test_one_key_decides_and_each_decision_is_written_at_once(ran: Steward) -> None:
    with at_terminal(ran, "review", "--by", "ada", "--reason", "seen") as person:
        first = asked(person)
        for words in ("1 of 2", "“Ten crews you must see”", "article by Max, in The loud one", LOUD, "waits: everything from The loud one"):
            assert words in first
        assert "title: 'crews' in 'Ten crews you must see'" in first
        assert "at more length, since crews are worth it." in first
        person.presses("a")
        assert "Approved “Ten crews you must see”" in person.sees("2 of 2")
        assert decisions(ran) == [f"- approve: {LOUD}"]
        asked(person)
        person.presses("h")
        person.sees("Hid “Buy crews now”")
        assert person.ends() == 0
        assert "You decided 2; nothing waits now." in person.seen
        assert person.echoes()
    assert decisions(ran) == [f"- approve: {LOUD}", f"- hide: {LOUDER}"]
    assert (ran.folder / "curation.yaml").read_text(encoding="utf-8").count("    reason: seen\n    by: ada\n") == 2
    assert "Ten crews you must see" in titles(ran)
    assert "Buy crews now" not in titles(ran)
    assert ran.runs("review").err == "Nothing waits for review.\n"


def test_to_block_is_to_be_asked_whom_and_takes_all_of_theirs(ran: Steward) -> None:
    with at_terminal(ran, "review") as person:
        asked(person)
        person.presses("b")
        choices = person.sees("another key: nothing")
        assert "[a]uthor: everything by Max" in choices
        assert "[d]omain: everything on loud.example" in choices
        assert "[s]ource: everything from the source loud" in choices
        person.presses("x")
        asked(person)
        person.presses("b")
        person.sees("another key: nothing")
        person.presses("d")
        assert person.ends() == 0
        assert "You decided 1; nothing waits now." in person.seen
    assert decisions(ran) == ["- block: {domain: loud.example}"]


def test_undo_goes_back_to_what_was_decided_last_in_the_walk(ran: Steward) -> None:
    ran.runs("hide", ONE)
    with at_terminal(ran, "review") as person:
        asked(person)
        person.presses("u")
        person.sees("Nothing was decided in this walk yet")
        asked(person)
        person.presses("h")
        person.sees("2 of 2")
        asked(person)
        person.presses("u")
        assert "Took back: hide “Ten crews you must see”" in person.sees("1 of 2")
        assert decisions(ran) == [f"- hide: {ONE}"]
        asked(person)
        person.presses("q")
        assert person.ends() == 0
        assert "You decided 0; 2 wait now." in person.seen
    assert decisions(ran) == [f"- hide: {ONE}"]


def test_skipping_leaves_it_waiting_and_other_keys_say_what_there_is(ran: Steward) -> None:
    with at_terminal(ran, "review") as person:
        asked(person)
        # A letter that means nothing, an arrow, a letter of another script.
        for key in ("z", "\x1b[A", "é", "?"):
            person.presses(key)
            assert "undo what was decided last in this walk" in asked(person)
        person.presses("s")
        person.sees("2 of 2")
        asked(person)
        person.presses("S")
        assert person.ends() == 0
        assert "You decided 0; 2 wait now." in person.seen
    assert decisions(ran) == []


def test_open_shows_it_in_the_browser(ran: Steward) -> None:
    browser = ran.folder / "browser"
    browser.write_text(f'#!{sys.executable}\nimport sys\nopen("opened", "w").write(sys.argv[1])\n', encoding="utf-8")
    browser.chmod(0o755)
    with at_terminal(ran, "review", environ={"BROWSER": f"{browser} %s"}) as person:
        asked(person)
        person.presses("o")
        asked(person)
        person.presses("q")
        assert person.ends() == 0
    assert (ran.folder / "opened").read_text(encoding="utf-8") == LOUD


@pytest.mark.parametrize("end", ["ctrl-c", "ctrl-d", "terminated", "hung up"])
def test_nothing_is_lost_and_the_terminal_is_as_before_whatever_ends_the_walk(ran: Steward, end: str) -> None:
    with at_terminal(ran, "review") as person:
        asked(person)
        assert not person.echoes()
        person.presses("a")
        person.sees("2 of 2")
        asked(person)
        if end.startswith("ctrl"):
            person.presses({"ctrl-c": "\x03", "ctrl-d": "\x04"}[end])
        else:
            person.signals({"terminated": signal.SIGTERM, "hung up": signal.SIGHUP}[end])
        code = person.ends()
        assert code == {"ctrl-c": 130, "ctrl-d": 0, "terminated": 128 + signal.SIGTERM, "hung up": 128 + signal.SIGHUP}[end]
        assert "Traceback" not in person.seen
        assert person.echoes()
    assert decisions(ran) == [f"- approve: {LOUD}"]
    ran.runs("build")
    assert "Ten crews you must see" in titles(ran)


def test_a_terminal_that_has_only_lines_is_asked_for_lines(ran: Steward) -> None:
    with at_terminal(ran, "review", environ={"TERM": "dumb"}) as person:
        asked(person)
        assert person.echoes()
        person.presses("approve\n")
        person.sees("2 of 2")
        asked(person)
        person.presses("q\n")
        assert person.ends() == 0
    assert decisions(ran) == [f"- approve: {LOUD}"]


def test_a_file_that_is_broken_meanwhile_is_said_and_the_walk_goes_on(ran: Steward) -> None:
    path = ran.folder / "curation.yaml"
    with at_terminal(ran, "review") as person:
        asked(person)
        path.write_text("decisions:\n  - hid: x\n", encoding="utf-8")
        person.presses("a")
        person.sees("Did you mean 'hide'?")
        asked(person)
        path.write_text("# mended\n", encoding="utf-8")
        person.presses("a")
        person.sees("2 of 2")
        asked(person)
        person.presses("q")
        assert person.ends() == 0
    assert path.read_text(encoding="utf-8").startswith("# mended\ndecisions:\n  - approve: ")


def test_what_belongs_to_a_story_that_is_shown_is_split_off_before_it_is_hidden(ran: Steward) -> None:
    ran.runs("merge", ONE, LOUD)
    with at_terminal(ran, "review") as person:
        # The older one waits alone, the other stands beside it.
        for _ in range(2):
            screen = asked(person)
            if "It belongs to a story that is shown." in screen:
                person.presses("h")
                person.sees("Split ")
            else:
                person.presses("s")
        assert person.ends() == 0
    assert decisions(ran)[-2:] == [f"- split: {LOUD}", f"- hide: {LOUD}"]
    assert "On crews" in titles(ran)


def test_without_a_terminal_it_lists_and_asks_nothing(ran: Steward) -> None:
    said = ran.runs("review", given="a\na\n")
    assert said.code == 0
    assert "“Ten crews you must see”\n  article by Max, in The loud one, " in said.out
    assert said.err == (f"2 wait for review. Decide in a terminal with `aggregator review`, or one by one: `aggregator approve {LOUD}`.\n")
    assert decisions(ran) == []
    (first, second) = ran.runs("review", "--json").json()
    assert (first["title"], first["url"], first["who"], first["where"], first["shown"]) == (
        "Ten crews you must see", LOUD, "Max", "The loud one", False
    )  # fmt: skip
    assert first["reasons"] == ["everything from The loud one waits for review"]
    assert [match["field"] for match in first["matches"]] == ["title", "text"]
    assert second["mentions"] == [LOUDER]


def test_what_a_stranger_wrote_does_nothing_to_the_terminal(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    loud = feed("The loud one", [(LOUD, "Crews &#x202e;gnp.exe &#x9b;31m", "M&#x2028;ax")])
    runs_with(steward, *replies(noise=loud))
    with at_terminal(steward, "review") as person:
        screen = asked(person)
        person.presses("q")
        assert person.ends() == 0
    assert not set("\u202e\u009b\u2028\x1b") & set(screen)
