"""What can be watched at an address, or for a word: candidates, found offline and in one page; whoever calls tries them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from aggregator.app import App
from aggregator.collectors import platforms, recognise
from aggregator.collectors.base import Collector, build, options_of
from aggregator.config import identifier
from aggregator.errors import AggregatorError, BadOption, UnknownPlatform
from aggregator.fetch import Reply
from aggregator.model import Source, Topic

MOST = 12
"""Candidates of one address; more are not worth a person's look."""
# Options that hold what is looked for, in the order in which they are tried.
_LOOKED_FOR = ("tag", "search")

Candidate = tuple[Source, Collector]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What might be watched."""

    # Best first, each with an id of its own.
    sources: tuple[Candidate, ...]
    # What was learned on the way, a sentence each.
    remarks: tuple[str, ...] = ()
    # True: the page was read, and shows no sign of what can be watched.
    bare: bool = False


def at_address(app: App, address: str) -> Candidates:
    """What an address and the page behind it lead to. The page is asked for once, as robots.txt allows."""
    topics = app.settings.topics
    found: list[tuple[str, Mapping[str, str]]] = []
    remarks: list[str] = []
    bare = False
    try:
        found.append(recognise(address))
    except UnknownPlatform as error:
        remarks.append(f"{str(error)[:1].upper()}{str(error)[1:]}.")
    try:
        page = app.client.page(address)
    except AggregatorError as error:
        # It may be a feed, or closed to readers of pages alone; what the address says stands.
        if not found:
            remarks.append(f"Its page could not be read: {error}.")
    else:
        signed = list(_signed(page))
        # What the page says is nearer than what takes any address.
        named = found and not platforms()[found[0][0]].manifest.fallback
        bare = not named and not signed
        found = [*found, *signed] if named or not signed else signed
    words = tuple(word for topic in topics for word in words_of(topic))
    return Candidates(sources=_sources(found, words, topics), remarks=tuple(remarks), bare=bare)


def for_word(word: str, topics: Sequence[Topic]) -> Candidates:
    """How the platforms can be watched for a word or hashtag without a key."""
    clean = hashtag_of(word)
    found = [(name, options) for name, collector in platforms().items() for options in collector.proposals(clean)] if clean else []
    return Candidates(sources=_sources(found, (), topics, most=len(found)))


def words_of(topic: Topic) -> Iterator[str]:
    """The words of a topic that can stand for it where only one can: those of its rules that are one word, as a hashtag has them."""
    yield from dict.fromkeys(clean for word in topic.any_of if " " not in word.strip() and (clean := hashtag_of(word)))


def hashtag_of(word: str) -> str:
    """A word, or several, as the one that a hashtag would be: lower case, without "#"; "" when there is no letter in it."""
    clean = "".join(letter for letter in word.lower() if letter.isalnum() or letter == "_")
    return clean if clean.strip("_") else ""


def _signed(page: Reply) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What the page shows signs of; the fallback's last."""
    for fallback in (False, True):
        for name, collector in platforms().items():
            if collector.manifest.fallback is fallback:
                yield from (_own(name, options) for options in collector.signs(page))


def _own(name: str, options: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The platform whose feed an address is, in place of the one that takes any feed."""
    if not platforms()[name].manifest.fallback:
        return name, options
    return recognise(options["url"])


def _sources(
    found: Sequence[tuple[str, Mapping[str, str]]], words: Sequence[str], topics: Sequence[Topic], most: int = MOST
) -> tuple[Candidate, ...]:
    """Each collector once, under an id of its own."""
    known: dict[Collector, Candidate] = {}
    ids: set[str] = set()
    for platform, options in found:
        for whole in islice(_complete(platform, options, words), 3):
            collector = build(platforms()[platform], whole)
            if collector in known or len(known) >= most:
                continue
            id = stem = identifier(platform, whole)
            count = 2
            while id in ids:
                id, count = f"{stem}-{count}", count + 1
            ids.add(id)
            source = Source(id=id, platform=platform, options=whole, topics=tuple(topic.id for topic in topics), label=collector.label)
            known[collector] = source, collector
    return tuple(known.values())


def _complete(platform: str, options: Mapping[str, str], words: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Options that can be built: those given, or, where a page only shows which platform it is, with a word to look for."""
    collector = platforms()[platform]
    if _builds(collector, options):
        yield options
        return
    for name in (name for name in _LOOKED_FOR if name in options_of(collector)):
        yield from (whole for word in words if _builds(collector, whole := {**options, name: word}))


def _builds(collector: type[Collector], options: Mapping[str, str]) -> bool:
    try:
        build(collector, options)
    except BadOption:
        return False
    return True
