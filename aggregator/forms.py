"""The forms of sources.yaml where not every text will do: addresses, names, days, networks, and what topics are made of.

Each is a shape of `shape`. The check of a `Text` gives the value or raises ValueError with a sentence that says what to do.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from aggregator.clock import now
from aggregator.model import Near, Weight
from aggregator.shape import WRONG, Key, Many, Node, Report, Table, Text, date, dotted, is_text, number, pairs, said, yes_or_no
from aggregator.text.urls import canonical
from aggregator.text.words import checked_rule

# What a name of a plain list is worth: two of them make a match.
_WORTH = 0.5


def web_address(text: str) -> str:
    """The text, when it is an absolute http or https address without a password."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("Write it in full, with https://.")
    if "@" in parts.netloc:
        raise ValueError("A user name or a password in it is a secret; leave them out.")
    return text


def _contact(text: str) -> str:
    if text.startswith("mailto:"):
        if not re.fullmatch(r"mailto:[^\s@]+@[^\s@]+", text):
            raise ValueError("Write it like mailto:steward@example.org.")
        return text
    return web_address(text)


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("Write an address, a slash and the number of bits that stay the same.") from None
    if not network.prefixlen:
        raise ValueError("It would open every address. Name the network itself.")
    if "/" in text and ipaddress.ip_interface(text).ip != network.network_address:
        raise ValueError(f"Did you mean {str(network)!r}?")
    return str(network)


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        close = difflib.get_close_matches(text, available_timezones(), n=1)
        raise ValueError(f"Did you mean {close[0]!r}?" if close else "Write a name of the time-zone database.") from error
    return text


def _past_day(text: str) -> datetime:
    day = date().make(text)
    # Where the sun rises first it is tomorrow already.
    if day > now() + timedelta(days=1):
        raise ValueError("It lies in the future, so nothing would be taken. Write a day that has passed.")
    return cast(datetime, day)


def _name(text: str) -> str:
    if not re.fullmatch(r"[\w.@:+-]+", text):
        raise ValueError("Use letters, figures and - _ . @ : + alone.")
    return text


def _language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise ValueError
    return text


def _site(text: str) -> str:
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", text.lower()).rstrip("/").rstrip(".")
    if "/" in host:
        raise ValueError("It is a page: write it under 'about', or its host alone here.")
    if not re.fullmatch(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*", host):
        raise ValueError("Write a host, without a path.")
    return host


def _worth(text: str) -> float:
    if not re.fullmatch(r"[01]?\.[0-9]{1,4}|[01]", text) or not 0 < float(text) <= 1:
        raise ValueError("A decimal fraction has a point: 0.5." if "," in text else "")
    return float(text)


ADDRESS = Text(expects="a web address", make=web_address, more={"type": "string", "format": "uri"})
CONTACT = Text(expects="a web address or mailto:", make=_contact, more={"type": "string", "format": "uri"})
LANGUAGE = Text(expects="a language tag such as en or pt-BR", make=_language, more={"type": "string"})
WORD = Text(expects="a word, a phrase or a #hashtag", make=checked_rule)
NETWORK = Text(expects="a network such as 192.168.1.0/24", make=_network, more={"type": "string"})
NAME = Text(expects="a name without spaces", make=_name, more={"type": "string", "pattern": r"^[\w.@:+-]+$"})
PAST_DAY = Text(expects="a date such as 2018-01-31", make=_past_day, more={"type": "string", "format": "date"})
ZONE = Text(expects="a time zone such as Europe/Brussels", make=_zone, more={"type": "string"})
PAGE = Text(expects="a web address", make=lambda text: canonical(web_address(text)).key, more={"type": "string", "format": "uri"})
PERSON = Text(expects="a name", make=checked_rule)
HOST = Text(expects="a host such as example.org", make=_site, more={"type": "string"})
WORTH = Text(expects="a number above 0 and up to 1", make=_worth, more={"type": "number", "exclusiveMinimum": 0, "maximum": 1})


class _Both:
    """A list of exactly two words or phrases."""

    def read(self, node: Node, key: str, report: Report) -> Any:
        if node.id != "sequence" or len(node.value) != 2:
            found = f"a list of {len(node.value)}" if node.id == "sequence" else said(node)
            return report.add(node, key, f"expected two words or phrases such as [crew, congregation], found {found}.")
        return tuple(WORD.read(item, f"{key}[{at}]", report) for at, item in enumerate(node.value))

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": WORD.schema(), "minItems": 2, "maxItems": 2}


_PAIR = Table(
    keys={
        "pair": Key(shape=_Both(), help="Two words or phrases, in either order.", required=True),
        "words": Key(shape=number(0, 100), help="Most words between them; 8 if left out."),
    }
)


class Pairs:
    """Pairs of words that count near each other: lists of two, or mappings with the most words between; one pair may stand alone."""

    def read(self, node: Node, key: str, report: Report) -> Any:
        if node.id == "sequence" and node.value and all(map(is_text, node.value)):
            return (self._pair(node, key, report),)
        if node.id == "mapping":
            return (self._pair(node, key, report),)
        if node.id != "sequence":
            return report.add(node, key, f"expected pairs of words such as [[crew, congregation]], found {said(node)}.")
        return tuple(self._pair(item, f"{key}[{at}]", report) for at, item in enumerate(node.value))

    def _pair(self, node: Node, key: str, report: Report) -> Any:
        values = _PAIR.read(node, key, report) if node.id == "mapping" else {"pair": _Both().read(node, key, report)}
        both = values.get("pair", WRONG)
        if WRONG in values.values() or both is WRONG or WRONG in both:
            return WRONG
        return Near(left=both[0], right=both[1], **{name: value for name, value in values.items() if name == "words"})

    def schema(self) -> dict[str, Any]:
        pair = {"anyOf": [_Both().schema(), _PAIR.schema()]}
        return {"anyOf": [_Both().schema(), {"type": "array", "items": pair}]}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Names with what they are worth: a plain list, or a mapping to a number or to more to say."""

    # Of one name.
    of: Text
    # Whether a name may be written in several ways.
    forms: bool = False

    def read(self, node: Node, key: str, report: Report) -> Any:
        if node.id == "mapping":
            return tuple(self._named(name, value, dotted(key, name), report) for name, value in pairs(node, key, report))
        if node.id == "sequence" or is_text(node):
            names = Many(of=self.of).read(node, key, report)
            return tuple(name if name is WRONG else Weight(name=name, worth=_WORTH) for name in names)
        return report.add(node, key, f"expected names, each with what it is worth, found {said(node)}.")

    def _named(self, name: str, node: Node, key: str, report: Report) -> Any:
        try:
            named = self.of.make(name.strip())
        except ValueError as error:
            return report.add(node, key, f"expected {self.of.expects}, found {name!r}. {error}")
        values = self._table().read(node, key, report) if node.id == "mapping" else {"worth": WORTH.read(node, key, report)}
        if WRONG in values.values() or WRONG in values.get("also", ()):
            return WRONG
        return Weight(name=named, **{"worth": _WORTH, **values})

    def _table(self) -> Table:
        also = {"also": Key(shape=Many(of=self.of), help="Other ways to write the same name; together they count once.")}
        return Table(keys={"worth": Key(shape=WORTH, help="0.5 if left out."), **(also if self.forms else {})})

    def schema(self) -> dict[str, Any]:
        value = {"anyOf": [WORTH.schema(), self._table().schema()]}
        return {"anyOf": [Many(of=self.of).schema(), {"type": "object", "additionalProperties": value}]}


TOPIC = Table(
    keys={
        "title": Key(shape=Text(), help="What people call it; the topic's name if left out."),
        "any_of": Key(shape=Many(of=WORD, least=1), help="Words, phrases and #hashtags; one of them is enough.", required=True),
        "none_of": Key(shape=Many(of=WORD), help="One of these in title, text or tags, and the entry is left out."),
        "languages": Key(shape=Many(of=LANGUAGE), help="Only entries that say they are in one of these languages, or say nothing."),
        "spaced": Key(shape=yes_or_no(), help="Also take the words of a hyphenated form written apart."),
        "near": Key(shape=Pairs(), help="Two words or phrases that count near each other; a pair is as good as one of any_of."),
        "people": Key(
            shape=Weights(of=PERSON, forms=True),
            help="Names of people, and what it is worth that an entry names one or is by one. Worths are added up, and 1 is a match.",
        ),
        "sites": Key(shape=Weights(of=HOST), help="Hosts, and what a link to one is worth; added to what people are worth."),
        "about": Key(shape=Many(of=PAGE), help="Pages that are about it: what is one of them, or links to one, counts."),
    }
)


class TopicShape:
    """A topic: its table, and names that together can make a match."""

    def read(self, node: Node, key: str, report: Report) -> Any:
        values = TOPIC.read(node, key, report)
        if values is WRONG:
            return WRONG
        named = [one for name in ("people", "sites") for one in values.get(name) or ()] if WRONG not in values.values() else []
        if named and WRONG not in named and (total := sum(one.worth for one in named)) < 1 - 1e-9:
            where = next(name for name in ("people", "sites") if values.get(name))
            message = f"adds up to {total:g}, and 1 is a match, so it can never count. Give the names more, add others, or remove them."
            return report.add(dict(pairs(node, key, report))[where], dotted(key, where), message)
        return values

    def schema(self) -> dict[str, Any]:
        """The table's."""
        return TOPIC.schema()
