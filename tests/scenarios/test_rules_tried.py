"""A steward changes the topics: tries them first, runs, and asks how good they are."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.test_commands import files
from tests.support.exchanges import Exchange
from tests.support.har import write_har
from tests.support.steward import Said, Steward

HEADERS = {"Content-Type": "application/rss+xml"}
RECENT = datetime.now(UTC) - timedelta(days=20)
BLOG, QUIET = "https://blog.example", "https://quiet.example"


def item(number: int, title: str, text: str, *, host: str = BLOG, author: str = "Ana") -> str:
    at = format_datetime(RECENT + timedelta(hours=number))
    return (
        f"<item><guid>{number}</guid><title>{title}</title><link>{host}/{number}</link><pubDate>{at}</pubDate>"
        f"<dc:creator>{author}</dc:creator><description>{text}</description></item>"
    )


def feed(*items: str) -> bytes:
    return f'<rss version="2.0" xmlns:dc="d"><channel><title>Notes</title>{"".join(items)}</channel></rss>'.encode()


NOTES = feed(
    item(1, "On crews", "Three is a crew."),
    item(2, "Hosting belonging", "A talk with Rich Example about the congregation and its small crew."),
    item(3, "On bread", "Flour, water, and crews of bakers."),
    item(4, "On tea", "Leaves and water."),
    item(5, "More crews", "Of course."),
)
ASIDE = feed(item(1, "Belonging", "A congregation needs a crew.", host=QUIET), item(2, "On rain", "It falls.", host=QUIET))


def configured(topic: str) -> str:
    return f"""\
site: {{title: Discussing crews}}
topics:
  crews: {topic}
sources:
  - {{platform: feed, url: '{BLOG}/feed', id: notes}}
  - {{platform: feed, url: '{QUIET}/feed', id: aside}}
"""


BEFORE = configured("{any_of: [crews]}")
AFTER = configured("{any_of: [crews], none_of: [bread], near: [[crew, congregation]]}")
BY_PERSON = configured("{any_of: [zebras], people: {Richard D. Example: {worth: 1, also: [Rich Example]}}}")


def answers(*, validator: bool = False) -> list[Exchange]:
    headers = {**HEADERS, **({"ETag": '"1"'} if validator else {})}
    return [Exchange(url=f"{BLOG}/feed", headers=headers, body=NOTES), Exchange(url=f"{QUIET}/feed", headers=headers, body=ASIDE)]


def ran(steward: Steward) -> Steward:
    steward.configures(BEFORE)
    write_har(steward.folder / "r.har", answers(validator=True))
    said = steward.runs("run", "--replay", "r.har")
    assert said.code == 0, said.err
    return steward


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a first run; copied for each test, since a run takes a second."""
    return ran(Steward(folder=tmp_path_factory.mktemp("once"))).folder


@pytest.fixture
def steward(once: Path, tmp_path: Path) -> Steward:
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    return Steward(folder=tmp_path)


def titles(steward: Steward) -> set[str]:
    return {story["title"] for story in steward.stories()}


def explained(steward: Steward, *words: str) -> Any:
    said = steward.runs("match", "--explain", "--json", *words)
    assert said.code == 0, said.err
    return said.json()


def judged_anew(steward: Steward) -> Said:
    """A run in which no source is due: nothing but the change of topics can change the page."""
    said = steward.runs("run", "--replay", "r.har")
    assert said.code == 0, said.err
    return said


def test_explain_says_what_a_changed_topic_would_add_and_drop(steward: Steward) -> None:
    (steward.folder / "other.yaml").write_text(AFTER, encoding="utf-8")
    before = files(steward.folder)
    said = steward.runs("match", "--explain", "--since", "90d", "--config", "other.yaml")
    assert said.code == 0, said.err
    out = said.out
    assert "Topic crews would gain 1 and lose 1." in out
    assert out.index("+ 'crew near congregation' would add 1:") < out.index("Hosting belonging")
    assert "text: A talk with Rich Example about the congregation and its small crew." in out
    assert out.index("- found by 'crews', 1 would go:") < out.index("On bread")
    assert f"{RECENT:%Y-%m-%d}" in out
    assert files(steward.folder) == before


def test_explain_names_sources_that_were_only_looked_at(steward: Steward) -> None:
    steward.configures(AFTER)
    assert "Only looked at, not read: 1 source (aside)." in steward.runs("match", "--explain").out
    assert explained(steward)["only_looked_at"] == ["aside"]


def test_explain_as_json_has_every_field(steward: Steward) -> None:
    steward.configures(AFTER)
    found = explained(steward)
    [added], [dropped] = found["adds"], found["drops"]
    assert (added["topic"], added["source"], added["url"]) == ("crews", "notes", f"{BLOG}/2")
    assert added["matches"] == [
        {
            "field": "text",
            "rule": "crew near congregation",
            "excerpt": "A talk with Rich Example about the congregation and its small crew.",
        }
    ]
    assert dropped["url"] == f"{BLOG}/3"
    assert found["judged"] == {"mentions": 3, "passed": 2}


def test_explain_finds_nothing_where_nothing_has_changed(steward: Steward) -> None:
    assert "would add nothing and drop nothing" in steward.runs("match", "--explain").out


def test_explain_looks_back_as_far_as_it_is_told(steward: Steward) -> None:
    steward.configures(AFTER)
    assert "expected a duration" in steward.runs("match", "--explain", "--since", "always").err
    assert steward.runs("match", "--explain", "--since", "always").code == 3
    found = explained(steward, "--since", "1s")
    assert (found["adds"], found["drops"], found["older_drops"]) == ([], [], 1)


def test_a_run_after_a_change_does_what_explain_said(steward: Steward) -> None:
    steward.configures(AFTER)
    said = judged_anew(steward)
    assert "The topics have changed, and what is known was judged anew: 1 added, 1 dropped." in said.err
    assert titles(steward) == {"On crews", "More crews", "Hosting belonging"}
    assert "The topics have changed" not in judged_anew(steward).err
    assert "would add nothing" in steward.runs("match", "--explain").out


def test_what_is_found_so_is_archive_and_not_news(steward: Steward) -> None:
    steward.configures(AFTER)
    judged_anew(steward)
    [story] = [story for story in steward.stories() if story["title"] == "Hosting belonging"]
    assert story["published"].startswith(f"{RECENT:%Y-%m-%d}")


def test_a_source_that_was_only_looked_at_is_read_whole_at_its_next_poll(steward: Steward) -> None:
    steward.configures(AFTER)
    judged_anew(steward)
    write_har(steward.folder / "r.har", answers(validator=True))
    said = steward.runs("poll", "--replay", "r.har")
    assert said.code == 0, said.err
    steward.runs("build")
    assert "Belonging" in titles(steward)


def test_a_topic_that_is_changed_back_brings_back_what_went(steward: Steward) -> None:
    steward.configures(AFTER)
    judged_anew(steward)
    steward.configures(BEFORE)
    assert "1 added, 1 dropped" in judged_anew(steward).err
    assert titles(steward) == {"On crews", "More crews", "On bread"}


@pytest.mark.parametrize(("verb", "why"), [("approve", "approved"), ("pin", "pinned")])
def test_what_the_steward_wants_stays_whatever_the_rules_say(steward: Steward, verb: str, why: str) -> None:
    assert steward.runs(verb, f"{BLOG}/3").code == 0
    steward.configures(AFTER)
    assert [one["why"] for one in explained(steward)["kept"]] == [why]
    said = judged_anew(steward)
    assert "1 added, 1 kept as you decided" in said.err
    # Also when its source lists it again, and the rules leave it out.
    assert steward.runs("poll", "--replay", "r.har").code == 0
    steward.runs("build")
    assert "On bread" in titles(steward)


def test_a_chosen_link_stays_with_its_voices(steward: Steward) -> None:
    steward.configures(AFTER + f"chosen:\n  - {{url: '{BLOG}/3', kind: article, title: On bread}}\n")
    judged_anew(steward)
    [story] = [story for story in steward.stories() if story["title"] == "On bread"]
    assert story["chosen"]
    assert len(story["voices"]) == 1


def test_people_in_any_of_their_names_are_found_in_what_passed(steward: Steward) -> None:
    steward.configures(BY_PERSON)
    found = explained(steward)
    assert [(one["title"], one["matches"][0]["rule"]) for one in found["adds"]] == [("Hosting belonging", "Richard D. Example")]
    assert len(found["drops"]) == 3


def test_eval_measures_the_rules_by_what_the_steward_decided(steward: Steward) -> None:
    for words in (("pin", f"{BLOG}/1"), ("approve", f"{BLOG}/5"), ("hide", f"{BLOG}/3")):
        assert steward.runs(*words).code == 0
    steward.configures(BEFORE + "chosen:\n  - {url: 'https://talks.example/9', kind: video, title: Organising now, who: Rich Example}\n")
    judged_anew(steward)
    said = steward.runs("rules", "eval")
    assert said.code == 0, said.err
    assert "Topic crews: 3 stories found, 2 kept, 1 hidden; precision 0.67 of 3 labels, too few to tell." in said.out
    assert "of 3 stories that you want, the rules find 2 by themselves (0.67, too few to tell)" in said.out
    assert "not found, chosen: Organising now" in said.out
    assert "The worst rule is 'crews' of topic crews: 1 of 3 labels not wanted." in said.out
    assert "for example: On bread" in said.out


def test_eval_as_json_and_with_other_rules(steward: Steward) -> None:
    assert steward.runs("hide", f"{BLOG}/3").code == 0
    (steward.folder / "other.yaml").write_text(AFTER, encoding="utf-8")
    now, other = (steward.runs("rules", "eval", "--json", *words).json() for words in ((), ("--config", "other.yaml")))
    assert (now["topics"][0]["hidden"], other["topics"][0]["hidden"]) == (1, 0)
    assert now["worst"]["rule"] == "crews"
    assert other["worst"] is None
    assert now["recall"] == {"wanted": 0, "found": 0, "estimate": None, "missed": []}


def test_eval_of_a_fresh_folder_says_that_nothing_is_known(tmp_path: Path) -> None:
    fresh = Steward(folder=tmp_path)
    fresh.configures(BEFORE)
    said = fresh.runs("rules", "eval")
    assert said.code == 0
    assert "no story is found by its rules" in said.out
    assert "Recall cannot be estimated" in said.out
    assert not (tmp_path / "state" / "aggregator.db").exists()


TIMELINE = "https://social.example/api/v1/timelines/tag/groups?limit=40"
WALK = b"""<html><head><title>A long walk</title></head><body><nav>tea</nav><p>It is all about crews, in the end.</p></body></html>"""


def post(number: int, content: str) -> dict[str, Any]:
    account = {"acct": f"person{number}", "url": f"https://social.example/@person{number}", "display_name": f"Person {number}", "note": ""}
    return {
        "id": str(number),
        "url": f"https://social.example/@person{number}/{number}",
        "visibility": "public",
        "account": account,
        "content": f"<p>{content}</p>",
        "tags": [{"name": "groups"}],
        "media_attachments": [],
        "created_at": f"{RECENT:%Y-%m-%d}T10:{number}:00.000Z",
    }


def walked(steward: Steward, *posts: dict[str, Any]) -> Said:
    """A run in which the timeline lists these posts, and the page that they lead to can be read."""
    kind = {"Content-Type": "application/json"}
    listed = json.dumps([*posts]).encode()
    page = Exchange(url="https://walks.example/a", headers={"Content-Type": "text/html"}, body=WALK)
    older = f"{TIMELINE}&max_id={posts[-1]['id']}"
    exchanges = [
        Exchange(url="https://social.example/api/v2/instance", status=404),
        *(Exchange(url=url, headers=kind, body=listed) for url in (TIMELINE, f"{TIMELINE}&min_id=14")),
        *(Exchange(url=url, headers=kind, body=b"[]") for url in (older, f"{TIMELINE}&min_id=15")),
        Exchange(url="https://walks.example/robots.txt", status=404),
        page,
    ]
    write_har(steward.folder / "r.har", exchanges)
    said = steward.runs("poll", "--replay", "r.har")
    assert said.code == 0, said.err
    assert steward.runs("build").code == 0
    return said


@pytest.fixture
def crowd(tmp_path: Path) -> Steward:
    """A timeline with a post that says the word and leads to a page, and posts that only lead somewhere."""
    steward = Steward(folder=tmp_path)
    steward.configures(
        "site: {title: Discussing crews}\ntopics: {crews: {any_of: [crews], none_of: [ad]}}\n"
        "sources: [{platform: mastodon, server: social.example, tag: groups, id: social}]\n"
    )
    walked(
        steward,
        post(14, 'An ad <a href="https://walks.example/a">here</a>'),
        post(13, 'No word, another place <a href="https://other.example/b">here</a>'),
        post(12, 'Crews! <a href="https://walks.example/a">here</a>'),
        post(11, 'Worth a look <a href="http://www.walks.example/a/?utm_source=x">here</a>'),
    )
    return steward


def voices(steward: Steward) -> dict[str, list[str]]:
    return {story["title"]: sorted(voice["author"] for voice in story["voices"]) for story in steward.stories()}


def test_a_page_that_was_read_anyway_speaks_for_what_leads_to_it(crowd: Steward) -> None:
    assert voices(crowd) == {"A long walk": ["Person 11", "Person 12"]}
    assert "page matches 'a page it links to': http://www.walks.example/a" in crowd.runs("why", "https://walks.example/a").out


def test_what_leads_to_a_found_page_later_counts_when_it_is_listed(crowd: Steward) -> None:
    walked(crowd, post(15, 'Again <a href="https://walks.example/a#top">this</a>'))
    assert voices(crowd) == {"A long walk": ["Person 11", "Person 12", "Person 15"]}
