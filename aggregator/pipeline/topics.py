"""A topic as rules that are ready to be asked, and what must occur in a text before any of them can match."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aggregator.model import Topic
from aggregator.pipeline.addresses import Target, page, site
from aggregator.pipeline.needs import ENOUGH, Needle, Needs
from aggregator.pipeline.rules import Pair, Rule, compiled

# Values of `language` that say nothing (BCP 47 §4.1).
_NO_LANGUAGE = ("", "und", "mul", "zxx", "mis")


@dataclass(frozen=True, slots=True)
class Person:
    """A name in all its forms, any of which counts once."""

    name: str
    worth: float
    forms: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A site, and what a link to it is worth."""

    name: str
    worth: float
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """One topic, ready to be asked."""

    topic: Topic
    any_of: tuple[Rule, ...]
    none_of: tuple[Rule, ...]
    near: tuple[Pair, ...]
    people: tuple[Person, ...]
    sites: tuple[Site, ...]
    about: tuple[Target, ...]
    languages: frozenset[str]
    needs: Needs

    def is_spoken(self, language: str | None) -> bool:
        """True when an entry's language is one of the topic's, or one of the two does not say."""
        if not self.languages or language is None:
            return True
        primary = _primary(language)
        return primary in _NO_LANGUAGE or primary in self.languages

    @property
    def weighs(self) -> bool:
        """False when people and sites together cannot make a match."""
        return sum(one.worth for one in self.people) + sum(one.worth for one in self.sites) >= ENOUGH


def compiled_topic(topic: Topic) -> Compiled:
    """The rules of a topic.

    Raises:
        ValueError: a rule has nothing to look for; the message names topic and rule.
    """
    any_of = _rules(topic, "any_of", dict.fromkeys(topic.any_of), spaced=topic.spaced)
    near = tuple(
        Pair(left=left, right=right, words=pair.words)
        for pair in dict.fromkeys(topic.near)
        for left, right in [_rules(topic, "near", (pair.left, pair.right), spaced=topic.spaced)]
    )
    people = tuple(Person(one.name, one.worth, _rules(topic, "people", dict.fromkeys((one.name, *one.also)))) for one in topic.people)
    sites = tuple(Site(one.name, one.worth, site(one.name)) for one in topic.sites)
    about = tuple(map(page, dict.fromkeys(topic.about)))
    return Compiled(
        topic=topic,
        any_of=any_of,
        none_of=_rules(topic, "none_of", dict.fromkeys(topic.none_of), spaced=topic.spaced),
        near=near,
        people=people,
        sites=sites,
        about=about,
        languages=frozenset(map(_primary, topic.languages)),
        needs=Needs(
            alone=tuple(dict.fromkeys((*(_needle(rule, topic) for rule in any_of), *(one.needle for one in about)))),
            pairs=tuple(_rarer_first(_needle(pair.left, topic), _needle(pair.right, topic)) for pair in near),
            weighed=_weighed(people, sites),
        ),
    )


def _weighed(people: Sequence[Person], sites: Sequence[Site]) -> tuple[tuple[tuple[Needle, ...], float], ...]:
    groups = [(tuple(dict.fromkeys(Needle(form.needle) for form in one.forms)), one.worth) for one in people]
    groups += [((one.target.needle,), one.worth) for one in sites]
    return tuple(sorted(groups, key=lambda group: -group[1])) if sum(worth for _, worth in groups) >= ENOUGH else ()


def _rarer_first(left: Needle, right: Needle) -> tuple[Needle, Needle]:
    """The longer one first: where it is missing the other is not asked for."""
    return (left, right) if len(left.text) >= len(right.text) else (right, left)


def _needle(rule: Rule, topic: Topic) -> Needle:
    return Needle(rule.needle, topic.spaced)


def _rules(topic: Topic, key: str, texts: Iterable[str], *, spaced: bool = False) -> tuple[Rule, ...]:
    try:
        return tuple(compiled(text, spaced=spaced) for text in texts)
    except ValueError as error:
        raise ValueError(f"topic {topic.id!r}, {key}: {error}") from error


def _primary(language: str) -> str:
    return re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]
