"""A transcript or a set of slides goes with its recording, and is no page of its own beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.model import Enclosure, Entry, Kind
from aggregator.pipeline.companions import companions, links_beside
from aggregator.pipeline.identify import identify

VIDEO = "https://www.youtube.com/watch?v=1_3OxvUkPPo"
DOCUMENT = "https://docs.google.com/document/d/1pFPbxmzf41zsHS0pMExvPqz9Pi6SMFXeFHJ8_Eb96EI/edit"
SLIDES = "https://docs.google.com/presentation/d/1pFPbxmzf41zsHS0pMExvPqz9Pi6SMFXeFHJ8_Eb96EJ/edit"
ESSAY = "https://blog.example/essay"


def post(text: str | None = None, html: str | None = None, links: tuple[str, ...] = (), kind: Kind = Kind.POST) -> Entry:
    return Entry(native_id="1", url="https://social.example/@ada/123456789012345678", kind=kind, text=text, html=html, links=links)


def found(entry: Entry) -> list[tuple[str, str]]:
    return [(one.href, one.label) for one in companions(entry)]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (f"Talk: {VIDEO}\nTranscript: {DOCUMENT}", "Transcript"),
        (f"Talk {VIDEO} and the full transcript is here: {DOCUMENT}.", "Transcript"),
        (f"{VIDEO} {DOCUMENT} (rough transcript)", "Transcript"),
        (f"The slides are at {DOCUMENT}, the talk at {VIDEO}", "Slides"),
        (f"Folien: {DOCUMENT}", "Slides"),
    ],
)
def test_what_is_written_at_a_link_says_what_it_is(text: str, label: str) -> None:
    assert found(post(text)) == [(DOCUMENT, label)]


@pytest.mark.parametrize(
    "text",
    [
        f"Talk: {VIDEO}\nEssay: {DOCUMENT}",
        f"I read the transcript. Then I wrote an essay about it: {ESSAY}",
        f"Transcript to follow.\n{ESSAY}",
        f"Transcript: {VIDEO}",
    ],
)
def test_a_link_with_other_words_is_none(text: str) -> None:
    assert found(post(text)) == []


def test_the_words_of_a_link_count_and_those_before_it() -> None:
    html = f'<p><a href="{VIDEO}">Watch</a>, read the <a href="{DOCUMENT}">rough <b>transcript</b></a></p>'
    html += f'<p>Slides: <a href="{ESSAY}">here</a></p>'
    assert found(post(html=html)) == [(DOCUMENT, "Transcript"), (ESSAY, "Slides")]


def test_where_only_slides_are_kept_nothing_need_be_said() -> None:
    assert found(post(links=(SLIDES,))) == [(SLIDES, "Slides")]
    assert found(post(html=f'<a href="{SLIDES}">x</a>')) == [(SLIDES, "Slides")]


def test_of_an_episode_the_transcript_that_a_reader_can_open_best() -> None:
    sound = Enclosure(url="https://cdn.example/1.mp3", media_type="audio/mpeg", duration=timedelta(minutes=5))
    captions = Enclosure(url="https://cdn.example/1.vtt", media_type="text/vtt")
    files = (captions, Enclosure(url="https://cdn.example/1.html", media_type="text/html"))
    entry = Entry(native_id="1", url="https://pod.example/1", kind=Kind.EPISODE, enclosures=(sound, *files))
    assert found(entry) == [("https://cdn.example/1.html", "Transcript")]


def test_who_links_a_recording_and_its_transcript_together_shares_the_recording() -> None:
    entry = post(f"{VIDEO}\nTranscript: {DOCUMENT}")
    identity = identify(entry, links=(VIDEO, DOCUMENT))
    assert (identity.subject, identity.shares) == ("https://youtube.com/watch?v=1_3OxvUkPPo", ())


@pytest.mark.parametrize("text", [f"{VIDEO}\nEssay: {DOCUMENT}", f"{VIDEO} https://youtu.be/aDWuHsyznf4 Transcript: {DOCUMENT}"])
def test_two_things_that_do_not_go_together_stay_two(text: str) -> None:
    links = tuple(word for word in text.split() if word.startswith("https://"))
    assert len(identify(post(text), links=links).shares) == len(links)


def test_a_transcript_that_is_shared_alone_is_a_page_like_any_other() -> None:
    identity = identify(post(f"Transcript: {DOCUMENT}"), links=(DOCUMENT,))
    assert identity.subject == "https://drive.google.com/open?id=1pFPbxmzf41zsHS0pMExvPqz9Pi6SMFXeFHJ8_Eb96EI"


def test_all_that_is_said_of_a_recording_gives_each_companion_once() -> None:
    said = [post(f"Slides: {SLIDES}"), post(f"Transcript: {DOCUMENT}"), post(f"transcript {DOCUMENT}?usp=sharing")]
    assert [one.label for one in links_beside(said, frozenset())] == ["Transcript", "Slides"]
    assert links_beside(said, frozenset(one.key for one in links_beside(said, frozenset()))) == ()
