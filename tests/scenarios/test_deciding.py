"""The steward decides by command and by hand, and the page shows it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.cli import main
from aggregator.store.partition import story_id
from tests.support.crews import LOUD, LOUDER, ONE, PODS, TALK, THREE, TWO, feed, has_run, replies, runs_with, titles
from tests.support.steward import Said, Steward

ALL = ["A talk on crews", "A talk on pods", "Bread and crews", "Crews that last", "On crews"]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a first run; copied for each test, since a run takes a second."""
    return has_run(Steward(folder=tmp_path_factory.mktemp("once"))).folder


@pytest.fixture
def ran(once: Path, tmp_path: Path) -> Steward:
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return Steward(folder=tmp_path)


@pytest.fixture
def within(ran: Steward, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """The program in this process, which takes a tenth of the time; its log and its thresholds are as before afterwards."""
    monkeypatch.chdir(ran.folder)
    monkeypatch.setattr("aggregator.log.start", lambda **_: None)
    monkeypatch.setattr("gc.set_threshold", lambda *_: None)

    def runs(*words: str) -> Said:
        code = main(words)
        out, err = capsys.readouterr()
        return Said(code=code, out=out, err=err)

    return runs


def file(steward: Steward) -> str:
    return (steward.folder / "curation.yaml").read_text(encoding="utf-8")


def test_hide_takes_a_story_off_the_page_and_undo_brings_it_back(ran: Steward) -> None:
    assert sorted(titles(ran)) == ALL
    said = ran.runs("hide", f"{ONE}/?utm_source=mail#top", "--reason", "an  ad", "--by", "ada")
    assert said.code == 0
    assert said.err == f"Hid “On crews” ({ONE}).\n“On crews” leaves the page.\n"
    assert "On crews" not in titles(ran)
    assert f"  - hide: {ONE}\n    reason: an ad\n    by: ada\n    at: 20" in file(ran)
    assert "nothing was changed" in ran.runs("hide", ONE).err
    undone = ran.runs("undo")
    assert undone.err.startswith(f"Took back: hide “On crews” ({ONE}), decided by ada on ")
    assert "“On crews” comes onto the page." in undone.err
    assert sorted(titles(ran)) == ALL
    log = [line.split(maxsplit=3)[3] for line in ran.runs("log").out.splitlines()]
    assert [" ".join(line.split()) for line in log] == [f"ada took back: hide {ONE} an ad", f"ada hide {ONE} an ad"]


def test_a_story_that_was_hidden_before_it_was_known_does_not_come_in(ran: Steward) -> None:
    said = ran.runs("hide", "https://blog.example/4")
    assert "should one come in, it stays off the page" in said.err
    more = feed("Ana's notes", [("https://blog.example/4", "More on crews", "Ana"), ("https://blog.example/5", "Yet more on crews", "Ana")])
    runs_with(ran, *replies(notes=more))
    ran.runs("build")
    assert "Yet more on crews" in titles(ran)
    assert "More on crews" not in titles(ran)


@pytest.mark.parametrize(
    "name",
    [TALK, story_id(TALK), f"https://example.org/discussing/story/{story_id(TALK)}.html", f"output/index.html#story-{story_id(TALK)}"],
)
def test_a_story_is_named_by_its_address_its_page_or_its_id(ran: Steward, within: Callable[..., Said], name: str) -> None:
    assert within("hide", name, "--dry-run").err.startswith(f"Would hide “A talk on crews” ({TALK}).")
    assert not (ran.folder / "curation.yaml").exists()
    assert sorted(titles(ran)) == ALL


@pytest.mark.parametrize("command", [["pin"], ["retitle", "T"], ["note", "T"], ["kind", "video"], ["lead"], ["approve"], ["split"]])
def test_what_is_unknown_is_said_with_what_to_do(ran: Steward, within: Callable[..., Said], command: list[str]) -> None:
    name, *rest = command
    said = within(name, "https://nowhere.example/x", *rest)
    assert said.code == 3
    assert said.err.startswith("https://nowhere.example/x is unknown: nothing that mentions a topic is about it or is it.")
    assert "aggregator add https://nowhere.example/x" in said.err
    assert not (ran.folder / "curation.yaml").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["hide", "nonsense"], "'nonsense' is neither a web address nor the id of a story."),
        (["hide", "aaaaaaaaaa"], "no story has the id aaaaaaaaaa."),
        (["kind", ONE, "viedo"], "'viedo' is no kind. Did you mean 'video'?"),
        (["merge", ONE, f"{ONE}#x"], "to merge takes two different addresses."),
        (["split", ONE], f"{ONE} is the only address of its story"),
        (["split", ONE, ONE], "to split takes two different addresses."),
        (["approve"], "say what to approve"),
        (["approve", "--source", "lod"], "there is no source 'lod' in sources.yaml. Did you mean 'loud'?"),
        (["block", LOUD], "say what to block of https://loud.example/1: --author, --domain or --source."),
        (["block", "--author"], "say whose: `--author NAME`"),
        (["block", "--author", "@a", "--domain", "b.example"], "at a time"),
        (["block", "a.example", "--until", "soon"], "--until: expected a date such as 2027-01-01, found 'soon'"),
        (["block", "a.example", "--until", "2020-01-31"], "--until: 2020-01-31 has passed"),
        (["split", LOUD], f"{LOUD} is the only address of its story"),
        (["order", ONE], f"{ONE} is not one of the chosen ones"),
        (["retitle", ONE, " "], "TITLE is empty."),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_written(ran: Steward, within: Callable[..., Said], words: list[str], says: str) -> None:
    said = within(*words)
    assert (said.code, said.out) == (3, "")
    assert says in said.err
    assert not (ran.folder / "curation.yaml").exists()


def test_stories_are_merged_split_and_renamed(ran: Steward) -> None:
    assert "“Bread and crews” becomes part of “Crews that last”." in ran.runs("merge", TWO, THREE).err
    assert len(titles(ran)) == 4
    assert "“Crews that last” is called “Crews: how they last”." in ran.runs("retitle", TWO, "Crews:", "how they last").err
    assert "“Bread and crews” stands by itself" in ran.runs("split", THREE).err
    assert sorted(titles(ran)) == sorted([*ALL[:3], "Crews: how they last", "On crews"])


def test_what_is_held_waits_until_it_is_approved_and_goes_when_it_is_blocked(ran: Steward) -> None:
    assert [one["url"] for one in ran.runs("review", "--json").json()] == [LOUD, LOUDER]
    assert "“Ten crews you must see” is shown and waits no longer." in ran.runs("approve", LOUD).err
    assert "Ten crews you must see" in titles(ran)
    said = ran.runs("block", LOUD, "--author", "--until", "2999-01-01")
    assert said.err == "Blocked everything by Max until 2999-01-01.\n“Ten crews you must see” leaves the page.\n"
    assert ran.runs("review", "--json").json() == []
    assert ran.runs("undo", "Max").code == 0
    assert "Ten crews you must see" in titles(ran)
    assert "“Buy crews now” is shown and waits no longer." in ran.runs("approve", "--source", "loud").err


def test_the_order_of_the_chosen_is_printed_and_given(ran: Steward) -> None:
    assert ran.runs("order").out.split() == ["1", TALK, "2", PODS]
    assert "Put in order 2 chosen stories" in ran.runs("order", PODS, TALK).err
    assert ran.runs("order", "--json").json() == [PODS, TALK]
    ran.runs("order", TALK)
    assert ran.runs("order").out.split() == ["1", TALK, "2", PODS]


def test_a_change_is_given_as_json_too(ran: Steward) -> None:
    said = ran.runs("hide", ONE, "--json", "--by", "ada").json()
    assert said["changes"] == [{"story": story_id(ONE), "title": "On crews", "what": "leaves the page"}]
    assert [(one["kind"], one["subject"], one["by"]) for one in said["made"]] == [("hide", ONE, "ada")]
    assert (said["taken_back"], said["dry_run"]) == ([], False)
    assert ran.runs("log", "--json").json()[0]["decision"]["subject"] == ONE


# -- the file


def test_what_was_written_by_hand_stays_as_it_was(ran: Steward) -> None:
    by_hand = f"# Ours.\r\ndecisions:\r\n\r\n- hide:   '{ONE}'   # not that one\r\n\r\n# the end\r\n"
    (ran.folder / "curation.yaml").write_text(by_hand, encoding="utf-8", newline="")
    ran.runs("build")
    assert "On crews" not in titles(ran)
    ran.runs("pin", TWO)
    assert (ran.folder / "curation.yaml").read_bytes().decode().startswith(by_hand.split("\r\n\r\n# the end")[0])
    ran.runs("undo")
    assert (ran.folder / "curation.yaml").read_bytes().decode() == by_hand


def test_a_wrong_file_stops_a_command_and_not_the_run_of_the_night(ran: Steward) -> None:
    ran.runs("hide", ONE)
    right = file(ran)
    wrong = right + "  - hid: https://example.org/\n"
    (ran.folder / "curation.yaml").write_text(wrong, encoding="utf-8")
    where = f"curation.yaml:{len(wrong.splitlines())}: decisions[1].hid: unknown key 'hid'. Did you mean 'hide'?"
    for words in (["build"], ["pin", TWO], ["undo"], ["check"], ["review"]):
        said = ran.runs(*words)
        assert said.code == 3, words
        assert where in said.err
    (ran.folder / "output" / "index.html").unlink()
    said = ran.runs("run", "--replay", "replies.har")
    assert said.code == 3
    assert where in said.err
    assert "The decisions in force stay as they are" in said.err
    assert sorted(titles(ran)) == sorted(set(ALL) - {"On crews"})
    assert "hid" in ran.runs("log").err
    assert file(ran) == wrong


def test_a_dry_run_shows_what_was_written_by_hand_would_change(ran: Steward) -> None:
    by_hand = f"decisions:\n  - hide: {ONE}\n  - approve: {{source: gone}}\n"
    (ran.folder / "curation.yaml").write_text(by_hand, encoding="utf-8")
    for _ in range(2):
        said = ran.runs("build", "--dry-run")
        assert said.err.startswith("Decisions by hand since the last time: 2 made.\n“On crews” leaves the page.\nWould write ")
    assert sorted(titles(ran)) == ALL
    assert "there is no source 'gone' in sources.yaml any more, or none yet." in ran.runs("check").out
    assert ran.runs("build").err.startswith("Decisions by hand since the last time: 2 made.\nWrote ")
    assert ran.runs("build").err.startswith("No news")


def test_a_lost_file_is_written_again_by_the_next_run(ran: Steward) -> None:
    ran.runs("hide", ONE)
    before = file(ran)
    (ran.folder / "curation.yaml").unlink()
    said = ran.runs("run", "--replay", "replies.har")
    assert "curation.yaml was not there: wrote it again from the database, with 1 decision." in said.err
    assert file(ran) == before
    (ran.folder / "curation.yaml").write_text("decisions: []\n", encoding="utf-8")
    ran.runs("build")
    assert sorted(titles(ran)) == ALL


def test_a_file_that_cannot_be_changed_says_what_to_write(ran: Steward) -> None:
    text = f"decisions: [{{hide: '{ONE}'}}]\n"
    (ran.folder / "curation.yaml").write_text(text, encoding="utf-8")
    said = ran.runs("pin", TWO, "--by", "ada")
    assert said.code == 3
    assert f"one item a line, or write this into it:\n  - pin: {TWO}\n    by: ada\n    at: " in said.err
    assert file(ran) == text


# -- who


def test_who_decides_is_never_the_name_of_the_account(ran: Steward) -> None:
    ran.runs("hide", ONE)
    ran.runs("pin", TWO, environ={"AGGREGATOR_BY": "  Ada  L. "})
    ran.runs("kind", TWO, "video", "--by", "Bo")
    assert [one["decision"]["by"] for one in ran.runs("log", "--json").json()] == ["Bo", "Ada L.", "steward"]


def test_in_a_folder_that_git_keeps_it_is_the_name_that_git_signs_with(ran: Steward) -> None:
    git = ["git", "-c", "init.defaultBranch=main", "-C", str(ran.folder)]
    for words in (["init", "-q"], ["config", "user.name", "Ada Lovelace"], ["config", "user.email", "ada@example.org"]):
        subprocess.run([*git, *words], check=True)
    ran.runs("hide", ONE)
    assert "    by: Ada Lovelace\n" in file(ran)
    assert "example.org" not in file(ran)


# -- why


def test_why_says_what_was_decided_and_what_waits(ran: Steward) -> None:
    ran.runs("hide", ONE, "--by", "ada", "--reason", "an ad")
    said = ran.runs("why", ONE).out
    assert f"  hide {ONE} (ada, " in said
    assert ": an ad" in said
    assert f"removed  hide {ONE} keeps it off the page" in said
    assert "held     everything from The loud one waits for review." in ran.runs("why", LOUD).out
    assert f"shown    by {TWO}" in ran.runs("why", story_id(TWO)).out
    plain = ran.runs("why", LOUD, "--json").json()
    assert (plain["shown"], plain["held"]) == (False, ["everything from The loud one waits for review"])


def test_why_of_two_gives_the_evidence_or_what_was_missing(ran: Steward) -> None:
    assert "They are one address, however they are written." in ran.runs("why", ONE, f"{ONE}?utm_source=x").out
    assert "chosen ones stay apart" in ran.runs("why", TALK, PODS).out
    assert "Nothing that mentions a topic is about https://nowhere.example" in ran.runs("why", ONE, "https://nowhere.example").out
    apart = ran.runs("why", ONE, TWO, "--json").json()
    assert (apart["together"], apart["left"], apart["right"]) == (False, ONE, TWO)
    assert apart["because"].endswith(".")
    ran.runs("merge", ONE, TWO)
    together = ran.runs("why", ONE, TWO, "--json").json()
    assert (together["together"], together["evidence"][0]["kind"]) == (True, "decision")
    ran.runs("split", TWO, "--by", "Ada", "--reason", "two essays")
    assert f"Ada split {TWO} from {ONE}: two essays. That outranks every rule" in ran.runs("why", ONE, TWO).out


def test_why_says_of_a_post_what_it_is_about_and_where_it_is_heard(ran: Steward) -> None:
    at = "https://social.example/@max/11345678901234567"
    key = "https://social.example/web/statuses/113456789012345671"
    shares = f"crews: &lt;a href='{ONE}'&gt;one&lt;/a&gt;"
    items = "".join(
        f"<item><guid>{at}{number}</guid><link>{at}{number}</link><description>{text}</description></item>"
        for number, text in ((1, shares), (2, f"{shares} and &lt;a href='{TWO}'&gt;two&lt;/a&gt;"))
    )
    noise = f"<rss version='2.0'><channel><title>Posts</title>{items}</channel></rss>".encode()
    ran.configures((ran.folder / "sources.yaml").read_text(encoding="utf-8").replace(", trust: hold", ""))
    runs_with(ran, *replies(noise=noise))
    assert f"  loud: {at}1\n    is about {ONE}\n" in ran.runs("why", ONE).out
    refused = ran.runs("split", f"{at}1")
    assert (refused.code, refused.err) == (
        3,
        f"{key} talks about “On crews”: it is one of its voices and none of its addresses. `aggregator hide {key}` takes it away.\n",
    )
    assert ran.runs("hide", f"{at}1").err == f"Hid a post about “On crews” ({key}).\n“On crews” loses 1 mention.\n"
    both = ran.runs("why", f"{at}2").out
    assert f"    is about all that it shares: {ONE}, {TWO}\n" in both
    assert both.endswith(f"shown    as a voice in the stories of {ONE}, {TWO}\n")


def test_the_schema_for_editors_takes_what_the_commands_write(ran: Steward) -> None:
    ran.runs("hide", ONE)
    schema = json.loads((Path(__file__).parents[2] / "docs" / "curation.schema.json").read_text(encoding="utf-8"))
    hide = next(one for one in schema["properties"]["decisions"]["items"]["anyOf"] if "hide" in one["properties"])
    keys = {line.strip(" -").partition(":")[0] for line in file(ran).splitlines() if line.startswith("  ")}
    assert keys <= set(hide["properties"])
