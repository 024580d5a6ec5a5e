"""Which topics an entry concerns, and why. Pure: no network, no clock, and nothing raised on any entry.

What counts as a mention is written in docs/design.md: whole words in any script and any spelling a reader takes for the same; seen in
title, text, tags, link targets, image alternatives and author. Most entries mention nothing, so one glance over all of an entry's letters
comes before everything exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import chain
from typing import Any
from urllib.parse import unquote

from aggregator.model import Author, Entry, Field, Kind, Match, Preview, Topic
from aggregator.pipeline.look import look_for
from aggregator.pipeline.rules import Rule, compiled, words_of
from aggregator.text.html import Visible, visible
from aggregator.text.words import fold, origin, unswollen, without_notes

_EXCERPT = 120
# An address written out in a text is a link's target, at which `none_of` does not look.
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
# Values of `language` that say nothing (BCP 47 §4.1).
_NO_LANGUAGE = ("", "und", "mul", "zxx", "mis")

# A text as it is written, and folded.
_Spelling = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is seen of an entry, field by field, as it was written."""

    title: str = ""
    # Each is a text of its own: a phrase does not run from one to the next.
    texts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    # What the platform says of the pages that are linked to.
    cards: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    # Names and handles.
    author: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Compiled:
    topic: Topic
    any_of: tuple[Rule, ...]
    none_of: tuple[Rule, ...]
    languages: frozenset[str]


class Matcher:
    """Topics, compiled once; a value that any thread may use."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        """
        Raises:
            ValueError: a rule has nothing to look for; the message names topic and rule.
        """
        self._topics = tuple(_compiled(topic) for topic in topics)
        rules = [rule for one in self._topics for rule in one.any_of]
        self._needles = tuple(dict.fromkeys(rule.needle for rule in rules))
        self._look = look_for(topics)
        self._spaced = any(topic.spaced for topic in topics)
        # A text in capitals writes the Turkish dotless i as "I".
        self._dotless = any("ı" in needle for needle in self._needles)

    def match(self, entry: Entry) -> tuple[Match, ...]:
        """Why an entry concerns the topics: at most one match per topic, field and rule, in the order of topics, fields and rules."""
        if not self._glance(entry):
            return ()
        seen = see(entry)
        return tuple(found for one in self._topics if _spoken(one, entry.language) for found in self._topic(one, seen))

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
        return tuple(found for one in self._topics for found in self._topic(one, seen))

    def _glance(self, entry: Entry) -> bool:
        """False when no rule can match; True says nothing yet."""
        parts = [entry.title or "", entry.text or "", *entry.tags, *entry.alternatives]
        if author := entry.author:
            parts += author.name or "", "@" + (author.handle or "").lstrip("@")
        for preview in _shared(entry):
            parts += preview.title or "", preview.description or "", words_of(preview.url)
        parts += map(words_of, entry.links)
        written = "\n".join(parts)
        if "&" in written or "</" in written:
            written = "\n".join(reading for part in parts for reading in _readings(part))
        # Bytes that cannot be text are looked at no further: the look lets them through.
        return self._occurs(written) or self._look((entry.html or "").encode("utf-8", "surrogatepass"))

    def _occurs(self, written: str) -> bool:
        written = unswollen(written)
        if self._dotless:
            written += written.replace("I", "ı")
        squeezed = "".join(fold(written).replace("-", "").split())
        if self._spaced and "_" in squeezed:
            squeezed += squeezed.replace("_", "")
        return any(needle in squeezed for needle in self._needles)

    def _topic(self, one: _Compiled, seen: Seen) -> Iterator[Match]:
        found = tuple(self._found(one.any_of, one.topic.id, seen))
        if found and not self._unwanted(one.none_of, seen):
            yield from found

    def _unwanted(self, rules: tuple[Rule, ...], seen: Seen) -> bool:
        if not rules:
            return False
        texts = (seen.title, *seen.texts)
        whole, worded = self._spellings(texts), self._spellings(_ADDRESS.sub(" ", text) for text in texts)
        tags = tuple(fold(reading) for tag in seen.tags for reading in _readings(tag))
        return any(
            any(rule.in_tag(tag) for tag in tags) or next(_excerpts(rule, whole if rule.host else worded), None) is not None
            for rule in rules
        )

    def _found(self, rules: tuple[Rule, ...], topic: str, seen: Seen) -> Iterator[Match]:
        places: tuple[tuple[Field, tuple[str, ...]], ...] = (
            (Field.TITLE, (seen.title,)),
            (Field.TEXT, seen.texts),
            (Field.TAG, ()),
            (Field.LINK, seen.cards),
            (Field.IMAGE, seen.alternatives),
            (Field.AUTHOR, seen.author),
        )
        for where, texts in places:
            spellings = self._spellings(texts)
            for rule in rules:
                excerpts = _excerpts(rule, spellings)
                if where is Field.TAG:
                    excerpts = _tags(rule, seen.tags)
                elif where is Field.LINK:
                    excerpts = chain(_links(rule, seen.links), excerpts)
                if (found := next(excerpts, None)) is not None:
                    yield Match(topic=topic, field=where, rule=rule.text, excerpt=found)

    def _spellings(self, texts: Iterable[str]) -> tuple[_Spelling, ...]:
        """Every way to read these texts, each as it is written and folded."""
        found = []
        for text in texts:
            for reading in _readings(text):
                found.append(reading)
                if (unmarked := without_notes(reading)) is not None:
                    found.append(unmarked)
                if self._dotless and "I" in reading:
                    found.append(reading.replace("I", "ı"))
        return tuple((reading, fold(reading)) for reading in found if reading)


def see(entry: Entry) -> Seen:
    """What a reader sees of an entry."""
    shown = visible(entry.html) if entry.html else Visible(text="")
    author = entry.author or Author()
    handle = author.handle.lstrip("@") if author.handle else ""
    shared_pages = _shared(entry)
    cards = (text for preview in shared_pages for text in (preview.title, preview.description))
    return Seen(
        title=entry.title or "",
        texts=tuple(text for text in (entry.text, shown.text) if text),
        tags=entry.tags,
        links=(*entry.links, *shown.links, *(preview.url for preview in shared_pages)),
        cards=tuple(text for text in cards if text),
        alternatives=(*entry.alternatives, *shown.alternatives),
        author=tuple(name for name in (author.name, "@" + handle if handle else None) if name),
    )


def _shared(entry: Entry) -> tuple[Preview, ...]:
    """The pages that an entry shows a card of. What it answers is not of its own saying: its title makes no mention of every answer."""
    return tuple(preview for preview in entry.previews if preview.url != entry.in_reply_to)


def excerpt(text: str, start: int, end: int, limit: int = _EXCERPT) -> str:
    """Up to `limit` characters around a place, on one line, cut between words; "…" stands where something was cut."""
    room = max(limit - (end - start) - 2, 0)
    first, last = max(0, start - room // 2), min(len(text), end + room - room // 2)
    last = min(len(text), max(last, first + limit - 2)) if first == 0 else last
    before, middle, after = text[first:start], text[start:end], text[end:last]
    if first > 0 and (border := re.search(r"\s", before)):
        before = before[border.end() :]
    if last < len(text) and (border := re.search(r"\s\S*\Z", after[-60:])):
        after = after[: len(after) - len(after[-60:]) + border.start()]
    line = " ".join((before + middle + after).split())
    line = ("…" if first > 0 else "") + line + ("…" if last < len(text) else "")
    return line if len(line) <= limit else line[: limit - 1] + "…"


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


def _compiled(topic: Topic) -> _Compiled:
    def rules(texts: tuple[str, ...], key: str) -> tuple[Rule, ...]:
        try:
            return tuple(compiled(text, spaced=topic.spaced) for text in dict.fromkeys(texts))
        except ValueError as error:
            raise ValueError(f"topic {topic.id!r}, {key}: {error}") from error

    languages = frozenset(_primary(language) for language in topic.languages)
    return _Compiled(topic, rules(topic.any_of, "any_of"), rules(topic.none_of, "none_of"), languages)


def _primary(language: str) -> str:
    return re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]


def _spoken(one: _Compiled, language: str | None) -> bool:
    """True when the entry's language is one of the topic's, or one of the two does not say."""
    if not one.languages or language is None:
        return True
    primary = _primary(language)
    return primary in _NO_LANGUAGE or primary in one.languages


def _readings(text: str) -> Iterator[str]:
    """Plain text as it stands, and decoded where a platform has escaped it once or twice ("R&amp;amp;D") or left tags in."""
    yield (text := unswollen(text))
    for _ in range(2):
        if "&" in text and (decoded := unescape(text)) != text:
            yield (text := unswollen(decoded))
    if "</" in text:
        yield unswollen(visible(text).text)


def _excerpts(rule: Rule, spellings: Iterable[_Spelling]) -> Iterator[str]:
    for reading, folded in spellings:
        for found in rule.in_text(folded):
            yield excerpt(reading, *origin(reading, found.start, found.end))


def _tags(rule: Rule, tags: Iterable[str]) -> Iterator[str]:
    for tag in tags:
        if any(rule.in_tag(fold(reading)) for reading in _readings(tag)):
            yield excerpt("#" + tag.strip().lstrip("#＃"), 0, 0)


def _links(rule: Rule, links: Iterable[str]) -> Iterator[str]:
    for link in links:
        words = unquote(link) if "_" in rule.needle else words_of(link)
        words = unswollen(words)
        folded = fold(words)
        if found := rule.in_link(folded, link):
            start, end = origin(words, found.start, found.end)
            yield excerpt(link, 0, len(link)) if len(link) <= _EXCERPT else excerpt(words, start, end)
