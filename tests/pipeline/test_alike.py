"""Whether two works are one thing."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.model import EvidenceKind
from aggregator.pipeline.alike import verdict
from tests.support.lines import CREWS, CREWS_IN_GERMAN, ROOMS, day, episode, essay, post, video, work

Line = dict[str, Any]
MEDIUM = "https://medium.com/@ada/how-to-grow-a-crew-7c6e7ce63e01"
SUBSTACK = "https://adaexample.substack.com/p/how-to-grow-a-crew"
BO = {"author": "Bo Sample"}
ADA_ON_MASTODON = {"handle": "@ada@social.example"}
SOCIAL, SKY = "https://social.example/@ada/117648005660672001", "https://bsky.app/profile/ada.example/post/3n2qaqx76g227"
COOKED = "Our crew cooked for forty people last night and nobody asked who was in charge"

ONE: dict[str, tuple[Line, Line]] = {
    "an essay on two platforms": (essay(), essay(MEDIUM, published=day(9))),
    "an essay and the beginning of it": (essay(), essay(SUBSTACK, text=CREWS[:150] + "…", published=day(3))),
    "an essay with a summary in other words": (essay(), essay(SUBSTACK, text="What rhythm taught us.", published=day(3))),
    "an essay with a word changed, much later": (essay(), essay(MEDIUM, text=CREWS.replace("soup", "stew"), published="2026-01-01")),
    "an essay under another title": (essay(), essay(MEDIUM, "Soup, promises and dishes")),
    "an essay with the platform's name behind its title": (essay(), essay(MEDIUM, "How to grow a crew | by Ada Example | Medium")),
    "an essay republished by a magazine": (essay(), essay("https://commons.example/2025/crews", author="Commons", published=day(20))),
    "an essay by somebody whose name is written short": (essay(author="Ada"), essay(MEDIUM, handle="@adaexample")),
    "an excerpt by somebody who goes by the first name": (essay(), essay(MEDIUM, author="Ada", text=CREWS[:200], published=day(20))),
    "the same page under two addresses of a site": (essay(), essay("https://ada.example.org/archive/crews")),
    "an essay that names its original": (
        essay(MEDIUM, "Growing crews", text=f"Originally published at https://ada.example.org/crews. {CREWS}"),
        essay(),
    ),
    "an episode and its video": (episode(), video()),
    "an episode and its page in a directory without a name": (
        episode(),
        episode("https://overcast.fm/+abcDEF", "Ep 12: Pods with Cy — The Crew Show", author=None, text=None, published=day(2)),
    ),
    "an episode and the letter that brings it": (
        episode(),
        episode("https://crewshow.substack.com/p/pods", "🎙️ Pods with Cy", author="Pat Host", published=day(2)),
    ),
    "an episode and its transcript": (
        episode(),
        essay("https://crewshow.example/t/12", "Transcript: Pods with Cy", author="The Crew Show"),
    ),
    "an episode whose number one platform leaves out": (episode(), video(title="Pods with Cy")),
    "an episode that is only numbered": (episode(title="Episode 12"), video(title="The Crew Show – Episode Twelve")),
    "a video that a person uploaded and the episode of a show, with a link": (
        episode(),
        video(title="Pods with Cy", author=None, links=["https://anchor.fm/crewshow/episodes/Pods-e186q95"]),
    ),
    "a post on two networks": (post(SOCIAL, f"{COOKED} #crews", **ADA_ON_MASTODON), post(SKY, COOKED, handle="ada.example")),
    "a post and its bridged copy": (
        post(SOCIAL, COOKED, author=None, **ADA_ON_MASTODON),
        post(
            "https://bsky.app/profile/ada.social.example.ap.brid.gy/post/3n2", COOKED, author=None, handle="ada.social.example.ap.brid.gy"
        ),
    ),
    "a post and another server's copy of it": (
        post(SOCIAL, COOKED, **ADA_ON_MASTODON),
        post("https://other.example/@ada@social.example/117648005660672999", COOKED, **ADA_ON_MASTODON),
    ),
    "a post that only asks, on two networks": (
        post(SOCIAL, "Please join us for soup tonight, and bring two bowls"),
        post(SKY, "Please join us for soup tonight, and bring two bowls"),
    ),
    "a post under two numbers of one network": (
        post("https://www.linkedin.com/feed/update/urn:li:activity:7400000000000000001/", COOKED),
        post("https://www.linkedin.com/feed/update/urn:li:ugcPost:7400000000000000009/", COOKED),
    ),
    "the episode of a day under the title of every episode": (
        episode(title="Community call", text=None),
        video(title="Community call", published=day(1)[:10]),
    ),
    "a post and what of it fits into three hundred letters": (post(SOCIAL, CREWS), post(SKY, CREWS[:280] + "…")),
}

TWO: dict[str, tuple[Line, Line]] = {
    "two parts of a series": (essay(title="Crews, part 1"), essay(MEDIUM, "Crews, part 2")),
    "a part and what does not say that it is one": (essay(), essay(MEDIUM, "How to grow a crew, part two", text=ROOMS)),
    "two numbers of a letter with much text in common": (essay(title="Crew letter #12"), essay(MEDIUM, "Crew letter #13")),
    "two years": (essay(title="Summer gathering 2024"), essay(MEDIUM, "Summer gathering 2025")),
    "two seasons": (episode(title="S1E1 Beginnings"), video(title="Beginnings (Season 2, Episode 1)")),
    "a trailer and its episode": (episode(), video(title="Trailer: Pods with Cy")),
    "a bonus and its episode": (episode(), video(title="Bonus: Pods with Cy")),
    "highlights and the whole": (video(), video("https://youtu.be/aDWuHsyznf5", "Pods with Cy – highlights")),
    "equal titles by two authors": (essay(), essay(MEDIUM, text=ROOMS, **BO)),
    "equal titles of two videos by two authors": (
        video(title="What is a crew?"),
        video("https://vimeo.com/76979871", "What is a crew?", text="A short film", **BO),
    ),
    "a title that everybody writes": (essay(title="Weekly update"), essay(MEDIUM, "Weekly update", text=ROOMS, published=day(2))),
    "one word for a title, by two authors": (essay(title="Crews"), essay(MEDIUM, "Crews", text=ROOMS, **BO)),
    "an answer and what it answers": (essay(), essay(MEDIUM, "Re: How to grow a crew", text=ROOMS, **BO)),
    "an answer with a link": (
        essay(),
        essay(MEDIUM, "A response to “How to grow a crew”", text=ROOMS, links=["https://ada.example.org/crews"], **BO),
    ),
    "a comment that says what it answers": (
        essay(MEDIUM),
        essay("https://bo.example.net/x", in_reply_to=MEDIUM, kind="article", text=ROOMS, **BO),
    ),
    "a review that quotes": (
        essay(),
        essay(
            "https://bo.example.net/on-ada", "On Ada's essay", text=f"{CREWS[:150]} {ROOMS}", links=["https://ada.example.org/crews"], **BO
        ),
    ),
    "a review that is called what it reviews": (
        video(title="The long table: a film about eating", author="Long Table"),
        essay("https://bo.example.net/film", "The long table: a film about eating", links=["https://youtu.be/aDWuHsyznf4"], **BO),
    ),
    "a second look by the same author": (essay(), essay(MEDIUM, "How to grow a crew, revisited", text=ROOMS)),
    "the index of a series and a part": (
        essay(title="Notes on crews", text="What I wrote of crews."),
        essay(MEDIUM, "Notes on crews: money", text=ROOMS),
    ),
    "two of a series under one heading": (essay(title="Notes on crews: food"), essay(MEDIUM, "Notes on crews: money", text=ROOMS)),
    "two reports of one event": (
        essay(title="Notes from the Denver retreat", text=f"In Denver I cooked. {CREWS}"),
        essay(MEDIUM, "Denver retreat notes", text=f"In Denver I rang the bell. {ROOMS}", **BO),
    ),
    "two episodes that share what stands under all of them": (
        episode(
            text="Cy on pods. Support the show. Follow us on X. Music by Ola. Subscribe to our letter and tell your friends of it all."
        ),
        video(
            title="Rooms with Di",
            text="Di on rooms. Support the show. Follow us on X. Music by Ola. Subscribe to our letter and tell your friends of it all.",
        ),
    ),
    "the same title by the same author a year later, with another text": (essay(), essay(MEDIUM, text=ROOMS, published="2026-03-01")),
    "posts made from one template": (
        post(SOCIAL, "New episode: Pods. Now on all platforms, have a listen and tell us!"),
        post(SKY, "New episode: Rooms. Now on all platforms, have a listen and tell us!"),
    ),
    "a good wish by two people": (
        post(SOCIAL, "Happy new year to all crews"),
        post("https://bsky.app/profile/bo.example/post/3n2", "Happy new year to all crews", **BO),
    ),
    "a good wish every year": (
        post(SOCIAL, "Happy new year to all crews"),
        post(SKY, "Happy new year to all crews", published="2026-01-01"),
    ),
    "two episodes called by the same guest's name, of shows that no row names": (
        episode("https://open.spotify.com/episode/3WvHZ0Dl1Ldk3jEKO6Lrop", "Cy Sample", author=None, text=None),
        episode("https://podcasts.apple.com/us/podcast/x/id1500000077?i=1000600000000", "Cy Sample", author=None, text=None),
    ),
    "two episodes of three days under the title of every episode": (
        episode(title="Community call", text=None),
        video(title="Community call", text=None, published=day(3)),
    ),
    "the same words of a day that is all that is known": (
        post("https://www.linkedin.com/feed/update/urn:li:activity:7400000000000000001/", COOKED, published="2025-03-01"),
        post("https://www.linkedin.com/feed/update/urn:li:activity:7400000000000000009/", COOKED, published="2025-03-01"),
    ),
    "two days of a diary on two networks": (
        post(SOCIAL, "Day 4 of the gathering. We woke at six, swam in the lake, cooked porridge for sixty and sang until it rained."),
        post(SKY, "Day 5 of the gathering. We woke at six, swam in the lake, cooked porridge for sixty and slept until it rained."),
    ),
    "two titles of the same words": (
        essay(title="Money before trust", text="A note on why the pot came first."),
        essay(MEDIUM, "Trust before money", text="A note on why the friends came first."),
    ),
    "the same words twice on one server": (
        post(SOCIAL, COOKED),
        post("https://social.example/@ada/117648005660672099", COOKED, published=day(2)),
    ),
}


@pytest.mark.parametrize("name", ONE)
def test_one_thing_is_one(name: str) -> None:
    left, right = map(work, ONE[name])
    found = verdict(left, right)
    assert found.evidence is not None, found.because
    assert found.evidence.kind.joins
    assert (found.evidence.left, found.evidence.right) == tuple(sorted((left.key, right.key)))
    assert 0 < found.evidence.score <= 1


@pytest.mark.parametrize("name", TWO)
def test_two_things_stay_two(name: str) -> None:
    left, right = map(work, TWO[name])
    found = verdict(left, right)
    assert found.evidence is None, found
    assert found.because.endswith(".")


@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_the_order_of_two_works_does_not_matter(name: str) -> None:
    left, right = map(work, (ONE | TWO)[name])
    assert verdict(left, right) == verdict(right, left)


def test_a_translation_by_the_same_author_is_told_and_joins_nothing() -> None:
    other = essay(MEDIUM, "Wie man eine Crew wachsen lässt", text=CREWS_IN_GERMAN, links=["https://ada.example.org/crews"])
    found = verdict(work(essay()), work(other)).evidence
    assert found is not None
    assert found.kind is EvidenceKind.TRANSLATION
    assert not found.kind.joins


def test_a_text_in_another_language_by_another_author_is_nothing() -> None:
    found = verdict(work(essay()), work(essay(MEDIUM, text=CREWS_IN_GERMAN, **BO)))
    assert found.evidence is None
    assert found.because == "One is in English and the other in German, and a translation is a story of its own."


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("an essay on two platforms", EvidenceKind.CROSS_POST),
        ("an essay that names its original", EvidenceKind.CANONICAL_LINK),
        ("an essay republished by a magazine", EvidenceKind.SIMILAR_TEXT),
        ("the same page under two addresses of a site", EvidenceKind.SIMILAR_TEXT),
        ("a post on two networks", EvidenceKind.CROSS_POST),
    ],
)
def test_evidence_names_the_strongest_thing_that_speaks_for_it(name: str, kind: EvidenceKind) -> None:
    found = verdict(*map(work, ONE[name])).evidence
    assert found is not None
    assert found.kind is kind


def test_a_claim_that_nothing_confirms_joins_nothing() -> None:
    claiming = essay(MEDIUM, "Something else", text=f"Originally published at https://ada.example.org/crews. {ROOMS}", **BO)
    found = verdict(work(claiming), work(essay()))
    assert found.evidence is None
    assert "original" in found.because


def test_what_was_not_enough_is_told_with_its_numbers() -> None:
    assert "alike" in verdict(work(essay()), work(essay(MEDIUM, text=ROOMS, **BO))).because
    assert verdict(*map(work, TWO["two parts of a series"])).because == "One is part 1 and the other part 2."


def test_a_title_that_names_a_day_or_a_year_is_written_again() -> None:
    again = essay(MEDIUM, "What I learned this year", text="Bread.", published="2026-02-20")
    assert verdict(work(essay(title="What I learned this year", text="Soup.", published="2026-01-10")), work(again)).evidence is None
    once = essay(MEDIUM, "What I learned from soup", text="Bread.", published="2026-02-20")
    assert verdict(work(essay(title="What I learned from soup", text="Soup.", published="2026-01-10")), work(once)).evidence is not None
