"""The topic that is shipped: what it finds of the links that the community chose by hand, and what it leaves alone.

Entries stand as a source would list them: with the title of the thing itself, who made it or speaks in it, and its address. Show notes are
in words of our own.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.config import load
from aggregator.model import Author, Entry, Kind, Topic
from aggregator.pipeline.look import look_for
from aggregator.pipeline.match import Matcher
from tests.support.steward import ROOT

[TOPIC] = load(ROOT / "sources.yaml", environ={}).topics
WORD = Topic(id=TOPIC.id, title=TOPIC.title, any_of=TOPIC.any_of, spaced=TOPIC.spaced)
SHIPPED, BY_WORD = Matcher([TOPIC]), Matcher([WORD])
MEDIUM = "https://medium.com/enspiral-tales"


def listed(url: str, title: str, *, who: str = "", text: str = "") -> Entry:
    return Entry(native_id=url, url=url, kind=Kind.ARTICLE, title=title, text=text, author=Author(name=who) if who else None, links=(url,))


# What says the word in title or address.
PLAIN = (
    listed("https://anchor.fm/Microsolidarity/episodes/Nati-and-john-talking-about-pods-at-Enspiral-e9giqj", "Pods at Enspiral"),
    listed(f"{MEDIUM}/courage-before-hope-a-proposal-to-weave-emotional-and-economic-microsolidarity-87bc81372a09", "Courage Before Hope"),
    listed("http://www.simongrant.org/pubs/web/2018/12/Rich-microsolidarity.html", "A response"),
    listed("https://edgeryders.eu/t/a-template-for-microsolidarity/9277", "A template for microsolidarity"),
)
# What does not, and is found all the same.
FOUND = (
    listed("http://jimruttshow.com/rich-bartlett", "EP 22 Rich Bartlett", who="Jim Rutt"),
    listed("https://anchor.fm/iec/episodes/Hosting-e2v2r3", "Richard D. Bartlett - Hosting True Belonging", who="Peter Limberg"),
    listed("https://www.youtube.com/watch?v=j4edrvlVPFA&t=12", "Organising in the context of collapse", who="Dean Walker"),
    listed("https://youtu.be/_ShH3x1hgY0", "A proposal, discussed"),
    listed("https://medium.com/p/7c6e7ce63eda", "The second essay", who="Richard D. Bartlett"),
    listed("https://medium.com/enspiral-tales/any-words-4109e702a07d", "The third essay", who="Richard D. Bartlett"),
    listed("https://medium.com/p/a947d881f4b8?source=x", "The fourth essay", who="Richard D. Bartlett"),
    listed("https://pods.example/7", "Rich and Nati on small groups", text="Rich Bartlett and Nati Lombardo tell how it began."),
    listed("https://pods.example/8", "How we gather", text="From a crew of four to a congregation of a hundred."),
    listed("https://pods.example/9", "On his past", text="With Richard Bartlett. Notes: https://www.enspiral.com/ and more."),
    listed("https://blog.example/2", "An answer", text=f"I have read {MEDIUM}/x-87bc81372a09 twice."),
)
LEFT_ALONE = (
    listed("https://blog.example/3", "What we learned about software", who="Richard D. Bartlett", text="Deciding together on line."),
    listed("https://blog.example/4", "Enspiral turns ten", text="A party at https://enspiral.com/ with Natalia Lombardo."),
    listed("https://blog.example/5", "The film crew", text="They worked all night. In the morning the priest thanked his congregation."),
    listed("https://blog.example/6", "Bartlett pears", text="A pear tree needs a sense of belonging, says the gardener."),
    listed("https://blog.example/7", "A unity of voices", who="Theodore Taptiklis", text="A talk in Wellington."),
    listed(
        "https://blog.example/8",
        "Rich people",
        text="Bartlett, a banker, is in his early forties. Belonging is another matter.",
    ),
    listed("https://medium.com/p/000000000000", "Another essay"),
)


@pytest.mark.parametrize("entry", PLAIN, ids=lambda entry: entry.title)
def test_the_word_is_found(entry: Entry) -> None:
    assert BY_WORD.match(entry)
    assert SHIPPED.match(entry)


@pytest.mark.parametrize("entry", FOUND, ids=lambda entry: entry.title)
def test_what_does_not_say_the_word_is_found_by_who_and_where(entry: Entry) -> None:
    assert not BY_WORD.match(entry)
    assert SHIPPED.match(entry)


@pytest.mark.parametrize("entry", LEFT_ALONE, ids=lambda entry: entry.title)
def test_what_the_same_people_do_besides_is_left_alone(entry: Entry) -> None:
    assert not SHIPPED.match(entry)


@pytest.mark.parametrize("entry", [*PLAIN, *FOUND], ids=lambda entry: entry.title)
def test_the_look_lets_through_what_is_found(entry: Entry) -> None:
    look = look_for([TOPIC])
    author = entry.author.name if entry.author else ""
    assert look(f"<item><title>{entry.title}</title><link>{entry.url}</link><p>{author} {entry.text}</p></item>".encode())
    assert not look(b"<item><title>On bread</title><link>https://bread.example/1</link></item>")


def test_no_name_is_enough_by_itself() -> None:
    for person in TOPIC.people:
        for name in (person.name, *person.also):
            assert not SHIPPED.match(replace(LEFT_ALONE[0], author=Author(name=name), text=f"By {name}, of {name}."))
