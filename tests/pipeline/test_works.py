"""What stands at an address, as it can be compared, and what it is found by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import EvidenceKind, Kind, Link, Material, Sketched
from aggregator.pipeline._boilerplate import original_in, telling
from aggregator.pipeline._languages import language_of, primary
from aggregator.pipeline._marks import taken_apart
from aggregator.pipeline._names import Agreement, agreement, handles_in, names_by_address, names_in
from aggregator.pipeline._titles import Alike, alike, tidy, title_of
from aggregator.pipeline.alike import verdict
from aggregator.pipeline.works import place_of, work_of
from aggregator.text.similarity import words_of
from aggregator.text.versions import rules_of_works
from tests.support.lines import CREWS, CREWS_IN_GERMAN, ROOMS, episode, essay, mentions, post, video, work
from tests.support.mentions import mention

MEDIUM = "https://medium.com/@ada/how-to-grow-a-crew-7c6e7ce63e01"


def sketched(line: dict[str, Any]) -> Sketched:
    (one,) = mentions(line)
    made = work_of(Material(key=one.identity.subject, mentions=(one,)))
    assert made is not None
    return made


def test_a_work_has_what_comparing_needs() -> None:
    made = work(essay(MEDIUM, "Crews, part 2 | by Ada Example | Medium", links=["https://b.example/x?utm_source=y"], handle="@ada"))
    assert (made.key, made.kind, made.place) == ("https://medium.com/p/7c6e7ce63e01", Kind.ARTICLE, "medium")
    assert made.title == "Crews, part 2"
    assert made.authors == ("ada", "ada example")
    assert made.marks == ("ada on medium:2025-03-01", "part:2")
    assert made.published == datetime(2025, 3, 1, 10, tzinfo=UTC)
    assert (made.language, made.links, made.rules) == ("en", ("https://b.example/x",), rules_of_works())
    assert made.words == len(words_of(CREWS))


def test_with_neither_a_title_nor_words_there_is_nothing_to_compare() -> None:
    (bare,) = mentions(post("https://social.example/@ada/117648005660672001", "https://a.example/1 https://a.example/2"))
    assert work_of(Material(key=bare.identity.subject, mentions=(bare,))) is None
    assert work_of(Material(key="https://a.example/1")) is None
    assert work_of(Material(key="https://a.example/1", link=Link(key="https://a.example/1", href="https://a.example/1"))) is None


def test_a_page_that_nobody_listed_is_known_by_what_it_says_of_itself() -> None:
    link = Link(
        key="https://a.example/1", href="https://a.example/1", title="How to grow a crew", description=CREWS, author="Ada Example",
        site="Garden", canonical="https://b.example/1", language="en-GB", kind=Kind.VIDEO,
    )  # fmt: skip
    made = work_of(Material(key=link.key, link=link))
    assert made is not None
    assert (made.work.kind, made.work.title, made.work.claims, made.work.language) == (
        Kind.VIDEO, "How to grow a crew", "https://b.example/1", "en",
    )  # fmt: skip
    assert made.work.authors == ("ada example", "at:garden")


def test_a_canonical_link_on_the_same_site_is_no_claim() -> None:
    link = Link(key="https://a.example/1", href="https://a.example/1", title="Crews", canonical="https://www.a.example/one")
    made = work_of(Material(key=link.key, link=link))
    assert made is not None
    assert made.work.claims is None


@given(st.permutations(range(4)))
def test_the_order_of_mentions_of_an_address_does_not_matter(order: list[int]) -> None:
    url = "https://a.example/1"
    found = [
        mention("1", url=url, title="How to grow a crew", text="Short."),
        mention("2", url=url, title="How to grow a crew!", text=CREWS, source="feed-b"),
        mention("3", url=url, title=None, text=CREWS),
        mention("4", url=url, title="How to grow a crew", text=ROOMS, published=datetime(2025, 1, 1, tzinfo=UTC)),
    ]
    whole = work_of(Material(key=url, mentions=tuple(found)))
    assert work_of(Material(key=url, mentions=tuple(found[number] for number in order))) == whole


def test_postings_and_probes_meet() -> None:
    left, right = sketched(essay()), sketched(essay(MEDIUM))
    assert set(left.postings) & set(right.probes)
    assert set(right.postings) & set(left.probes)
    assert not set(left.postings) & set(sketched(essay("https://bo.example.net/x", "Rooms and doors", text=ROOMS, author="Bo")).probes)
    assert all(-(1 << 63) <= number < 1 << 63 for number in (*left.postings, *left.probes))


def test_what_names_an_address_is_found_by_it_and_not_by_others_that_name_it() -> None:
    own = sketched(essay(MEDIUM, text=ROOMS))
    answer = sketched(essay("https://bo.example.net/a", "Of onions", text=CREWS, links=[MEDIUM]))
    other = sketched(essay("https://cy.example.net/b", "Of bread", text="x", links=[MEDIUM]))
    assert set(own.probes) & set(answer.postings)
    assert set(own.postings) & set(answer.probes)
    assert not set(answer.postings) & set(other.probes)


@pytest.mark.parametrize(
    ("native_id", "kind", "guid"),
    [
        ("https://A.example/?p=42", Kind.ARTICLE, "https://a.example/?p=42"),
        ("https://a.example/crews/#comment-7", Kind.ARTICLE, "https://a.example/crews#comment-7"),
        ("tag:a.example,2025:1", Kind.ARTICLE, "tag:a.example,2025:1"),
        ("urn:uuid:3f2c1d8e-0000-4000-8000-000000000001", Kind.EPISODE, "urn:uuid:3f2c1d8e-0000-4000-8000-000000000001"),
        ("3f2c1d8e-0000-4000-8000-000000000001", Kind.EPISODE, "3f2c1d8e-0000-4000-8000-000000000001"),
        ("1", Kind.ARTICLE, None),
        ("post-12", Kind.ARTICLE, None),
        ("1234567890123456789", Kind.ARTICLE, None),
        ("urn:uuid:3f2c1d8e-0000-4000-8000-000000000001", Kind.POST, None),
    ],
)
def test_a_guid_counts_when_no_other_feed_would_give_it(native_id: str, kind: Kind, guid: str | None) -> None:
    found = mention(native_id, url="https://a.example/1", kind=kind, text=CREWS)
    made = work_of(Material(key="https://a.example/1", mentions=(found,)))
    assert made is not None
    assert made.work.guid == guid


def test_a_federated_video_has_one_id_on_every_server() -> None:
    here, there = (work(video(f"https://{host}/w/mH2SAjPkWz4Z5PGxhKpsTA", author=None)) for host in ("tube.example", "other.example"))
    assert here.guid == there.guid is not None
    assert verdict(here, there).evidence is not None


@pytest.mark.parametrize("title", ["Just a moment...", "Before you continue to YouTube", "404 Not Found"])
def test_what_a_wall_says_is_no_work(title: str) -> None:
    (one,) = mentions(essay(title=title))
    assert work_of(Material(key=one.identity.subject, mentions=(one,))) is None


@pytest.mark.parametrize("title", ["Privacy Policy", "Code of Conduct", "Datenschutzerklärung"])
def test_what_a_template_says_on_two_sites_is_two_things(title: str) -> None:
    here, there = (work(essay(f"https://{host}.example/x", title, author=None)) for host in ("a", "b"))
    assert title_of(title).generic
    assert verdict(here, there).evidence is None


def test_an_excerpt_that_sends_its_reader_on_names_the_whole() -> None:
    excerpt = essay(text=f"{CREWS[:260]} … Read the whole piece in my newsletter.", title="Soup", links=[MEDIUM])
    assert work(excerpt).claims == "https://medium.com/p/7c6e7ce63e01"
    found = verdict(work(excerpt), work(essay(MEDIUM))).evidence
    assert found is not None
    assert found.kind is EvidenceKind.CANONICAL_LINK
    assert work({**excerpt, "links": [MEDIUM, "https://b.example/1"]}).claims is None


def test_a_work_says_what_it_answers_and_what_it_copies() -> None:
    answer = essay("https://bo.example.net/a", in_reply_to=MEDIUM, kind="article", text=f"Originally published on {MEDIUM}. {ROOMS}")
    assert (work(answer).answers, work(answer).claims) == ("https://medium.com/p/7c6e7ce63e01",) * 2


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://youtube.com/watch?v=aDWuHsyznf4", "youtube"),
        ("https://medium.com/p/7c6e7ce63e01", "medium"),
        ("https://ada.substack.com/p/x", "substack"),
        ("https://social.example/web/statuses/117648005660672001", "social.example"),
        ("https://www.example.org/a", "example.org"),
    ],
)
def test_a_place_is_a_platform_or_a_host(url: str, place: str) -> None:
    assert place_of(url) == place


# -- marks


@pytest.mark.parametrize(
    ("title", "marks"),
    [
        ("Ep 12: Pods", {"episode": "12"}), ("#12 Pods", {"episode": "12"}), ("E12 – Pods", {"episode": "12"}),
        ("Pods (Ep.12)", {"episode": "12"}), ("EP012 Pods", {"episode": "12"}), ("Episode Twelve: Pods", {"episode": "12"}),
        ("Folge 12: Pods", {"episode": "12"}), ("Épisode 12 : Pods", {"episode": "12"}), ("12. Pods", {"episode": "12"}),
        ("Pods No. 4", {"episode": "4"}), ("Numéro 5", {"episode": "5"}), ("Crew letter, issue 7", {"episode": "7"}),
        ("Crew Newsletter 12", {"episode": "12"}), ("第12回 小さな輪", {"episode": "12"}), ("Выпуск 3. Круги", {"episode": "3"}),
        ("S02E03 Pods", {"season": "2", "episode": "3"}), ("3x05 Pods", {"season": "3", "episode": "5"}),
        ("Season 2, Episode 3: Pods", {"season": "2", "episode": "3"}), ("Staffel 2 Folge 3", {"season": "2", "episode": "3"}),
        ("Pods, part 2", {"part": "2"}), ("Pods Part II", {"part": "2"}), ("Part two: Pods", {"part": "2"}), ("Pods Teil 2", {"part": "2"}),
        ("Pods (1/3)", {"part": "1"}), ("Pods (2 of 3)", {"part": "2"}), ("Pods, partie 2", {"part": "2"}), ("Second part", {"part": "2"}),
        ("Crew letter vol. 3", {"volume": "3"}), ("Chapter IV: Pods", {"chapter": "4"}), ("Week 12", {"week": "12"}),
        ("Retreat 2023", {"year": "2023"}), ("Notes of 2024-05-12", {"year": "2024", "month": "5", "date": "5-12"}),
        ("Crew update – May 2024", {"year": "2024", "month": "5"}), ("12 mai 2024", {"year": "2024", "month": "5", "date": "5-12"}),
        ("Report Q1 2024", {"quarter": "1", "year": "2024"}), ("Trailer: Pods", {"cut": "trailer"}),
        ("Pods – highlights", {"cut": "highlight"}),
        ("7 ways to crew", {}), ("24/7 care", {}), ("There is no one way", {}), ("World War II", {}), ("I crew", {}), ("Mixtape", {}),
        ("May crews grow", {}), ("A crew of 12 people", {}), ("", {}),
    ],
)  # fmt: skip
def test_marks_are_read_in_many_spellings(title: str, marks: dict[str, str]) -> None:
    assert taken_apart(title).marks == marks


@given(st.integers(1, 99), st.sampled_from(["#{}", "Ep {}", "Episode {}", "E{}", "Folge {}", "No. {}", "issue {}"]))
def test_every_spelling_of_a_number_is_the_same_mark(number: int, spelling: str) -> None:
    assert taken_apart(f"Pods and rooms ({spelling.format(number)})").marks == {"episode": str(number)}


@given(st.text(max_size=80))
def test_any_title_can_be_taken_apart(title: str) -> None:
    assert title_of(title).words is not None
    assert all(value for value in taken_apart(title).marks.values())
    assert alike(title_of(title), title_of(title)) is Alike.SAME


# -- titles, names, languages, what says nothing


@pytest.mark.parametrize(
    ("raw", "names", "clean"),
    [
        ("How we crew | by Ada Example | Medium", {"adaexample"}, "How we crew"),
        ("🎙️ Pods with Cy (podcast)", set(), "Pods with Cy"),
        ("Pods with Cy | The Crew Show", {"crewshow"}, "Pods with Cy"),
        ("The Crew Show #12: Pods", {"crewshow"}, "Episode 12: Pods"),
        ("Transcript: Pods with Cy", set(), "Pods with Cy"),
        ("Pods with Cy - YouTube", set(), "Pods with Cy"),
        ("Medium", set(), "Medium"),
        ("Live", set(), "Live"),
    ],
)
def test_a_title_loses_its_decoration_and_never_itself(raw: str, names: set[str], clean: str) -> None:
    assert tidy(raw, names=names)[0] == clean


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("What is a crew?", "What is a Crew", Alike.SAME),
        ("What you've never met", "What you have never met", Alike.SAME),
        ("Bread & roses for crews", "Bread and roses for crews", Alike.SAME),
        ("Growing crews in hard times", "Growing crews in hard tmies", Alike.NEARLY),
        ("The Crew Show: Pods with Cy", "Pods with Cy", Alike.NEARLY),
        ("Crew stories: Ada", "Crew stories: Bo", Alike.NOT),
        ("How to crew", "How to crew, revisited", Alike.NOT),
        ("7 ways to crew", "8 ways to crew", Alike.NOT),
        ("Soup", "Bread", Alike.NOT),
    ],
)
def test_titles_are_alike_as_a_reader_would_say(left: str, right: str, level: Alike) -> None:
    assert alike(title_of(left), title_of(right)) is level
    assert alike(title_of(right), title_of(left)) is level


def test_a_title_that_everybody_writes_says_nothing() -> None:
    assert all(title_of(title).generic for title in ("Introduction", "Weekly Update", "Newsletter", "Episode 12", "Notes of the week"))
    assert not title_of("Weekly soup").generic


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (("ada example",), ("adaexample",), Agreement.SAME),
        (("ada example",), ("a example",), Agreement.SAME),
        (("ada example",), ("ada maria example",), Agreement.SAME),
        (("the crew show",), ("crew show podcast",), Agreement.SAME),
        (("pat host", "at:crewshow"), ("the crew show",), Agreement.SAME),
        (("ada",), ("ada example",), Agreement.WEAK),
        (("ada", "ada example"), ("ada", "ada other"), Agreement.WEAK),
        (("ada example", "at:commons"), ("bo sample", "at:commons"), Agreement.WEAK),
        (("ada example",), ("bo sample",), Agreement.OTHERS),
        (("ada example",), (), Agreement.SILENT),
        ((), (), Agreement.SILENT),
    ],
)
def test_names_agree_across_the_ways_of_writing_them(left: tuple[str, ...], right: tuple[str, ...], found: Agreement) -> None:
    assert agreement(left, right) is agreement(right, left) is found


def test_a_bridged_account_is_the_one_that_it_mirrors() -> None:
    assert set(handles_in("ada.social.example.ap.brid.gy")) & set(handles_in("@ada@social.example")) >= {"adasocialexample"}
    assert handles_in("did:plc:abc") == ()
    assert names_in("By Ada Example & Bo Sample") == ("ada example", "bo sample")
    assert names_by_address("https://ada.substack.com/p/x") == names_by_address("https://open.substack.com/pub/ada/p/x") == ("ada",)
    assert names_by_address("https://youtube.com/watch?v=aDWuHsyznf4") == ()


def test_a_language_is_said_only_when_it_is_sure() -> None:
    assert language_of(words_of(CREWS)) == "en"
    assert language_of(words_of(CREWS_IN_GERMAN)) == "de"
    assert language_of(words_of("小さな連帯について考える")) == "ja"
    assert language_of(words_of("Маленькие круги людей, которые заботятся друг о друге")) == "ru"
    assert language_of(words_of("Crew pods soup")) is None
    assert (primary("en-GB"), primary("und"), primary(""), primary("de_AT")) == ("en", None, None, "de")


def test_what_the_words_show_is_believed_before_what_is_declared() -> None:
    assert work(essay(language="en", text=CREWS_IN_GERMAN, title="Crew")).language == "de"
    assert work(essay(language="fr", text="Crew.", title="Crew")).language == "fr"


def test_what_stands_under_every_text_of_a_place_is_no_part_of_it() -> None:
    text = "Cy on pods.\nSupport the show at https://p.example. Follow us on X.\n00:00 Start\nMusic by Ola"
    assert telling(text).split("\n") == ["Cy on pods.", "Start"]
    assert original_in("This was originally published at https://a.example/b.") == "https://a.example/b"
    assert original_in("Published posts and nothing else") is None


def test_an_episode_keeps_its_kind_and_its_show() -> None:
    assert work(episode()).kind is Kind.EPISODE
    assert "the crew show" in work(episode()).authors


def test_a_change_of_rules_makes_another_number() -> None:
    assert replace(work(essay()), rules=0) != work(essay())
    assert rules_of_works() > 0
