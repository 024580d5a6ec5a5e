"""A busy week: a story of forty voices at three addresses, short posts, a flood, a pin and a translation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from aggregator.model import Author, Curation, Evidence, EvidenceKind, Link, Mention, Story
from tests.support.stories import NOON, found, joined, key_of, mentioned, posted, published_entry

URL = "https://adalovelace.example/crews-that-last"
FORMER = "aaaaaaaaaa"
_SAID = (
    "A generous account of what keeps a pod alive, and of the arguments that nearly ended it.",
    "I keep returning to the part about money.",
    "Die Frage nach dem Geld ist ehrlich, und die Antwort noch mehr.",
    "We read this aloud in our crew. Two people cried, one laughed, everybody stayed for dinner.",
    "Worth your Sunday.",
)


def a_crowd() -> tuple[Story, ...]:
    """The story of forty voices first."""
    german = found("https://blog.example.de/crews", title="Crews, die bleiben", language="de", published=NOON - timedelta(days=3))
    story = replace(_talked_about(), translations=(german.id,))
    return story, replace(german, translations=(story.id,)), *_posts(), *_flood(), _pinned()


def _talked_about() -> Story:
    author = Author(name="Ada Lovelace", url="https://adalovelace.example/")
    article = published_entry(
        URL, title="Crews that last | Ada's Notes", author=author, site="Ada's Notes", published=NOON - timedelta(days=2), language="en"
    )
    voices = [_voice(n) for n in range(40)]
    answered = voices[1].entry
    answers = [_post(f"And what did they do next? ({n})", f"reader{n}", n, to=answered.url) for n in range(3)]
    again = _post("Once more, for those who missed it.", "person4", 500)
    own = _post("I wrote this down at last.", "ada", 501, name="Ada Lovelace")
    others = (
        Link(key="https://medium.com/p/5f1c9d2e7a10", href="https://medium.com/@ada/crews-5f1c9d2e7a10", site="Medium"),
        Link(key="https://youtube.com/watch?v=abcdefghijk", href="https://www.youtube.com/watch?v=abcdefghijk", site="YouTube"),
    )
    link = Link(key=key_of(URL), href=URL, description="What we learned from four small crews, and why we closed the fifth.")
    evidence = (
        Evidence(kind=EvidenceKind.CROSS_POST, left=link.key, right=others[0].key, score=0.97),
        Evidence(kind=EvidenceKind.SIMILAR_TEXT, left=link.key, right=others[1].key, score=0.83),
    )
    mentions = (mentioned(article), *voices, *answers, again, own)
    return replace(joined(*mentions, link=link, others=others), evidence=evidence, former=(FORMER,))


def _voice(number: int) -> Mention:
    return _post(_SAID[number % 5], f"person{number}", number, bluesky=number % 3 == 0, language="de" if number % 5 == 2 else None)


def _post(
    text: str, who: str, number: int, *, name: str | None = None, to: str | None = None, bluesky: bool = False, language: str | None = None
) -> Mention:
    handle = f"{who}.bsky.social" if bluesky else f"{who}@social.example"
    url = f"https://bsky.app/profile/{handle}/post/3k{number}" if bluesky else f"https://social.example/@{who}/{number + 100_000}"
    entry = posted(text, url, author=Author(name=name or f"{who.title()} Example", handle=handle), language=language)
    entry = replace(entry, in_reply_to=to, published=NOON - timedelta(hours=40, minutes=-number))
    return mentioned(entry, about=to or URL, source="bsky" if bluesky else "masto", at=NOON + timedelta(minutes=number))


def _posts() -> tuple[Story, ...]:
    made = []
    for number in range(12):
        author = Author(name=f"Camper {number}", handle=f"camper{number}@social.example")
        text = f"Looking forward to #microsolidarity camp number {number}! @friend https://camp.example"
        url = f"https://social.example/@camper{number}/{number + 400_000}"
        post = posted(text, url, author=author, published=NOON - timedelta(days=number * 30))
        made.append(joined(mentioned(post, source="masto")))
    return tuple(made)


def _flood() -> tuple[Story, ...]:
    author = Author(name="Prolific Pat")
    at = NOON - timedelta(days=4)
    return tuple(
        found(f"https://flood.example/{n}", title=f"Part {n} of a very long series", author=author, published=at - timedelta(minutes=n))
        for n in range(15)
    )


def _pinned() -> Story:
    story = found("https://start.example/read", title="Start here: what a crew is", published=NOON - timedelta(days=300))
    return replace(story, curation=Curation(pinned=0, note="Ten minutes, with [a glossary](https://start.example/glossary)."))
