"""Which topics an entry concerns, and why. Pure: no network, no clock, and nothing raised on any entry.

What counts as a mention is written in docs/design.md: whole words in any script and any spelling a reader takes for the same; seen in
title, text, tags, link targets, image alternatives and author. A word of `any_of` is a match by itself, and so are two words near each
other and a link to a page that is about the topic; what people and sites are worth is added up. Most entries mention nothing, so one
glance over all of an entry's letters comes before everything exact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import unquote

from aggregator.model import Author, Entry, Field, Kind, Match, Topic
from aggregator.pipeline.addresses import WRITTEN, Address, addresses
from aggregator.pipeline.look import look_for
from aggregator.pipeline.needs import ENOUGH
from aggregator.pipeline.rules import Found, Pair, Rule, words_of
from aggregator.pipeline.seen import EXCERPT, Seen, Spelling, cards_of, excerpt, readings, see, spellings
from aggregator.pipeline.topics import Compiled, compiled_topic
from aggregator.text.words import fold, origin, unswollen

__all__ = ["Matcher", "Seen", "answer", "excerpt", "match_line", "see", "topic_of"]


@dataclass(frozen=True, slots=True)
class _Place:
    """A field of an entry with every way to read it."""

    field: Field
    spellings: tuple[Spelling, ...]


class Matcher:
    """Topics, compiled once; a value that any thread may use."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        """
        Raises:
            ValueError: a rule has nothing to look for; the message names topic and rule.
        """
        self._topics = tuple(map(compiled_topic, topics))
        self._needs = tuple(one.needs for one in self._topics)
        # One of these occurs wherever the needs of a topic are met.
        self._first = tuple(dict.fromkeys(needle.text for needs in self._needs for needle in needs.first()))
        self._look = look_for(topics)
        self._spaced = any(topic.spaced for topic in topics)
        # Only sites and pages are compared with an entry's own address.
        self._addressed = any(one.sites or one.about for one in self._topics)
        # A text in capitals writes the Turkish dotless i as "I".
        self._dotless = any("ı" in needle.text for needs in self._needs for needle in needs.needles())

    def match(self, entry: Entry) -> tuple[Match, ...]:
        """Why an entry concerns the topics: at most one match per topic, field and rule, in the order of topics.

        Of one topic: words in the order of fields and rules, then pairs, then pages, then what people and sites are worth together.
        """
        if not self._glance(entry):
            return ()
        return self._all([one for one in self._topics if one.is_spoken(entry.language)], see(entry))

    def allowed(self, entry: Entry, topics: Collection[str]) -> tuple[str, ...]:
        """Of these ids the topics that an entry may concern, whatever it leads to: neither its language nor a word of `none_of` rules them
        out."""
        spoken = [one for one in self._topics if one.topic.id in topics and one.is_spoken(entry.language)]
        seen = see(entry) if any(one.none_of for one in spoken) else Seen()
        return tuple(one.topic.id for one in spoken if not self._unwanted(one.none_of, seen))

    def may_match(self, body: bytes) -> bool:
        """False only when the body of a page can hold nothing that matches."""
        return self._look(body)

    def match_fields(
        self,
        *,
        title: str = "",
        text: str = "",
        tags: Sequence[str] = (),
        links: Sequence[str] = (),
        alternatives: Sequence[str] = (),
        author: Sequence[str] = (),
    ) -> tuple[Match, ...]:
        """The same for fields that stand alone, each plain text."""
        seen = Seen(
            title=title, texts=(text,), tags=tuple(tags), links=tuple(links), alternatives=tuple(alternatives), author=tuple(author)
        )
        return self._all(self._topics, seen)

    def _glance(self, entry: Entry) -> bool:
        """False when no rule can match; True says nothing yet."""
        parts = [entry.title or "", entry.text or "", *entry.tags, *entry.alternatives]
        if author := entry.author:
            parts += author.name or "", "@" + (author.handle or "").lstrip("@")
        for preview in cards_of(entry):
            parts += preview.title or "", preview.description or "", words_of(preview.url)
        parts += map(words_of, entry.links)
        if self._addressed:
            # Most addresses have nothing to decode, and this one is looked at in every entry.
            own = entry.url
            parts.append(words_of(own) if "%" in own or "xn--" in own else own)
            parts += map(words_of, entry.aliases)
        written = "\n".join(parts)
        if "&" in written or "</" in written:
            written = "\n".join(reading for part in parts for reading in readings(part))
        squeezed = self._squeezed(written)
        if not entry.html:
            for text in self._first:
                if text in squeezed:
                    return any(needs.met(lambda needle: needle.text in squeezed) for needs in self._needs)
            return False
        # Bytes that cannot be text are looked at no further: the look lets them through.
        in_html = self._look.within(entry.html.encode("utf-8", "surrogatepass"))
        return any(needs.met(lambda needle: needle.text in squeezed or in_html(needle)) for needs in self._needs)

    def _squeezed(self, written: str) -> str:
        written = unswollen(written)
        if self._dotless:
            written += written.replace("I", "ı")
        squeezed = "".join(fold(written).replace("-", "").split())
        if self._spaced and "_" in squeezed:
            squeezed += squeezed.replace("_", "")
        return squeezed

    def _all(self, topics: Sequence[Compiled], seen: Seen) -> tuple[Match, ...]:
        if not topics:
            return ()
        texts: tuple[tuple[Field, tuple[str, ...]], ...] = (
            (Field.TITLE, (seen.title,)),
            (Field.TEXT, seen.texts),
            (Field.TAG, ()),
            (Field.LINK, seen.cards),
            (Field.IMAGE, seen.alternatives),
            (Field.AUTHOR, seen.author),
        )
        places = tuple(_Place(field, spellings(written, dotless=self._dotless)) for field, written in texts)
        return tuple(match for one in topics for match in self._topic(one, seen, places))

    def _topic(self, one: Compiled, seen: Seen, places: tuple[_Place, ...]) -> tuple[Match, ...]:
        led: list[Address] = []
        if one.sites or one.about:
            led = list(addresses((*seen.own, *seen.links), (seen.title, *seen.texts)))
        found = (
            *_words(one, seen, places),
            *_pairs(one, seen, places),
            *_pages(one, led),
            *(_weighed(one, seen, places, led) if one.weighs else ()),
        )
        return () if found and self._unwanted(one.none_of, seen) else found

    def _unwanted(self, rules: tuple[Rule, ...], seen: Seen) -> bool:
        if not rules:
            return False
        texts = (seen.title, *seen.texts)
        whole = spellings(texts, dotless=self._dotless)
        worded = spellings((WRITTEN.sub(" ", text) for text in texts), dotless=self._dotless)
        tags = tuple(fold(reading) for tag in seen.tags for reading in readings(tag))
        return any(
            any(rule.in_tag(tag) for tag in tags) or next(_excerpts(rule, whole if rule.host else worded), None) is not None
            for rule in rules
        )


def match_line(request: object, topics: Sequence[Topic]) -> dict[str, Any]:
    """The answer to one line of `aggregator match`: {"matched", "matches": [{"topic", "field", "rule", "excerpt"}]}.

    Raises:
        ValueError: the request is not an object of the known fields; the message is a sentence. Unknown keys are ignored.
    """
    return answer(request, Matcher(topics))


def answer(request: object, matcher: Matcher) -> dict[str, Any]:
    """`match_line` with topics that were compiled before.

    Raises:
        ValueError: as `match_line`.
    """
    matches = matcher.match(_entry(request))
    found = [{"topic": one.topic, "field": one.field.value, "rule": one.rule, "excerpt": one.excerpt} for one in matches]
    return {"matched": bool(found), "matches": found}


def topic_of(any_of: Sequence[str], none_of: Sequence[str] = ()) -> Topic:
    """The topic that `--any-of` and `--none-of` make."""
    return Topic(id="topic", title=any_of[0] if any_of else "", any_of=tuple(any_of), none_of=tuple(none_of))


def _entry(request: object) -> Entry:
    if not isinstance(request, Mapping):
        raise ValueError(f'A line must be one JSON object such as {{"title": "…"}}, not {type(request).__name__}.')
    author = request.get("author")
    if isinstance(author, Mapping):
        author = Author(name=_text(author, "name"), handle=_text(author, "handle"))
    elif name := _text(request, "author"):
        author = Author(name=name)
    handle = _text(request, "handle")
    if handle:
        author = Author(name=author.name if isinstance(author, Author) else None, handle=handle)
    return Entry(
        native_id="",
        url="",
        kind=Kind.POST,
        title=_text(request, "title"),
        text=_text(request, "text"),
        html=_text(request, "html"),
        tags=_texts(request, "tags"),
        links=_texts(request, "links"),
        alternatives=(*_texts(request, "images"), *_texts(request, "alternatives")),
        author=author if isinstance(author, Author) else None,
        language=_text(request, "language"),
    )


def _text(request: Mapping[Any, Any], key: str) -> str | None:
    value = request.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key!r} must be a text, not {type(value).__name__}: write it in quotation marks or leave it out.")
    return value


def _texts(request: Mapping[Any, Any], key: str) -> tuple[str, ...]:
    value = request.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise ValueError(f"{key!r} must be a list of texts, not {type(value).__name__}.")
    return tuple(_listed(one, key) for one in value)


def _listed(one: object, key: str) -> str:
    """A text of a list; an object (a link, an image) stands for its address or its alternative text."""
    if isinstance(one, Mapping):
        one = next((one[name] for name in ("alt", "url", "href", "name") if isinstance(one.get(name), str)), "")
    if not isinstance(one, str):
        raise ValueError(f"{key!r} must be a list of texts, but holds {type(one).__name__}.")
    return one


def _words(one: Compiled, seen: Seen, places: Iterable[_Place]) -> Iterator[Match]:
    for place in places:
        for rule in one.any_of:
            if (found := next(_in_place(rule, seen, place), None)) is not None:
                yield Match(topic=one.topic.id, field=place.field, rule=rule.text, excerpt=found)


def _pairs(one: Compiled, seen: Seen, places: Iterable[_Place]) -> Iterator[Match]:
    if not one.near:
        return
    for place in places:
        written = place.spellings
        if place.field is Field.TAG:
            written = spellings((" ".join(seen.tags),))
        elif place.field is Field.LINK:
            written = (*spellings(map(words_of, seen.links)), *written)
        for pair in one.near:
            if (found := next(_excerpts(pair, written), None)) is not None:
                yield Match(topic=one.topic.id, field=place.field, rule=pair.text, excerpt=found)


def _pages(one: Compiled, led: Sequence[Address]) -> Iterator[Match]:
    for target in one.about:
        if (address := next(filter(target.is_led_to, led), None)) is not None:
            yield Match(topic=one.topic.id, field=Field.LINK, rule=target.text, excerpt=excerpt(address.text, 0, 0))


def _weighed(one: Compiled, seen: Seen, places: tuple[_Place, ...], led: Sequence[Address]) -> Iterator[Match]:
    """Names that are enough alone, then the lighter ones together where they add up to a match."""
    found = [*_people(one, seen, places), *_sites(one, led)]
    yield from (match for match, worth in found if worth >= ENOUGH)
    light = [(match, worth) for match, worth in found if worth < ENOUGH]
    if sum(worth for _match, worth in light) >= ENOUGH:
        first = light[0][0]
        rule = " + ".join(match.rule for match, _worth in light)
        yield Match(topic=first.topic, field=first.field, rule=rule, excerpt=first.excerpt)


def _people(one: Compiled, seen: Seen, places: tuple[_Place, ...]) -> Iterator[tuple[Match, float]]:
    for person in one.people:
        found = ((place.field, text) for place in places for form in person.forms for text in _in_place(form, seen, place))
        for field, text in found:
            yield Match(topic=one.topic.id, field=field, rule=person.name, excerpt=text), person.worth
            break


def _sites(one: Compiled, led: Sequence[Address]) -> Iterator[tuple[Match, float]]:
    for site in one.sites:
        if (address := next(filter(site.target.is_led_to, led), None)) is not None:
            yield Match(topic=one.topic.id, field=Field.LINK, rule=site.name, excerpt=excerpt(address.text, 0, 0)), site.worth


def _in_place(rule: Rule, seen: Seen, place: _Place) -> Iterator[str]:
    """Excerpts around the places of a field where a rule stands."""
    if place.field is Field.TAG:
        return _tags(rule, seen.tags)
    if place.field is Field.LINK:
        return chain(_links(rule, seen.links), _excerpts(rule, place.spellings))
    return _excerpts(rule, place.spellings)


def _excerpts(rule: Rule | Pair, written: Iterable[Spelling]) -> Iterator[str]:
    for reading, folded in written:
        for found in rule.in_text(folded):
            yield _around(reading, found)


def _around(reading: str, found: Found) -> str:
    return excerpt(reading, *origin(reading, found.start, found.end))


def _tags(rule: Rule, tags: Iterable[str]) -> Iterator[str]:
    for tag in tags:
        if any(rule.in_tag(fold(reading)) for reading in readings(tag)):
            yield excerpt("#" + tag.strip().lstrip("#＃"), 0, 0)


def _links(rule: Rule, links: Iterable[str]) -> Iterator[str]:
    for link in links:
        words = unquote(link) if "_" in rule.needle else words_of(link)
        words = unswollen(words)
        if found := rule.in_link(fold(words), link):
            yield excerpt(link, 0, len(link)) if len(link) <= EXCERPT else _around(words, found)
