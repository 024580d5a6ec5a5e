"""JSON-LD as pages carry it: often broken, nested in every way, about several things at once.

What is given back are plain mappings with their references filled in. Which of them the page is about is decided here too; what its
fields mean is decided in `page_fields`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from aggregator.model import Kind

Thing = Mapping[str, Any]

# Of one block, in characters, and of one page, in things: bounds for hostile pages; real ones stay under a tenth.
_LONGEST_BLOCK = 1_000_000
_MOST_THINGS = 2_000
_DEEPEST = 12

_KINDS: tuple[tuple[Kind, frozenset[str]], ...] = (
    (Kind.EPISODE, frozenset({"podcastepisode", "radioepisode", "audioobject"})),
    (Kind.THREAD, frozenset({"discussionforumposting", "qapage", "question"})),
    (
        Kind.ARTICLE,
        frozenset(
            {
                "article", "newsarticle", "blogposting", "scholarlyarticle", "techarticle", "report", "opinionnewsarticle",
                "analysisnewsarticle",
                "reportagenewsarticle", "reviewnewsarticle", "backgroundnewsarticle", "advertisercontentarticle", "satiricalarticle",
                "medicalscholarlyarticle", "liveblogposting", "review", "interview", "howto", "essay",
            }
        ),
    ),
    (Kind.POST, frozenset({"socialmediaposting"})),
    (Kind.VIDEO, frozenset({"videoobject", "movie", "tvepisode", "broadcastevent"})),
    (Kind.COMMENT, frozenset({"comment", "answer"})),
)  # fmt: skip
_RANK = {name: rank for rank, (_, names) in enumerate(_KINDS) for name in names}
_KIND_OF = {name: kind for kind, names in _KINDS for name in names}

# Strings are kept; comments and commas before a closing bracket go. Each alternative ends at the text's end at the latest, so that a broken
# block costs one pass.
_TOKEN = re.compile(
    r"""(?P<string>"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z))|/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)|(?<!:)//[^\n]*|<!--|-->|<!\[CDATA\[|\]\]>|,(?=\s{0,200}[}\]])""",
    re.DOTALL,
)
_BAD_ESCAPE = re.compile(r"""\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})""")


def things(blocks: Iterable[str]) -> tuple[Thing, ...]:
    """Every typed object at the top of the blocks or in their graphs, in order, references filled in."""
    found: list[Thing] = []
    for block in blocks:
        for value in _values(block):
            found.extend(_top(value, 0))
            if len(found) > _MOST_THINGS:
                break
    found = found[:_MOST_THINGS]
    index = {str(thing["@id"]): thing for thing in _inner(found) if isinstance(thing.get("@id"), str) and len(thing) > 1}
    return tuple({key: _resolved(value, index) for key, value in thing.items()} for thing in found)


def types(thing: Thing) -> frozenset[str]:
    """The names of its types in lower case, without their vocabulary's address."""
    said = thing.get("@type")
    names = said if isinstance(said, list) else [said]
    return frozenset(re.split(r"[/#:]", name)[-1].lower() for name in names if isinstance(name, str))


def kind_of(thing: Thing) -> Kind | None:
    """What a reader finds behind it; None for types that are no story ("WebPage", "Organization")."""
    ranked = sorted((_RANK[name], name) for name in types(thing) if name in _RANK)
    return _KIND_OF[ranked[0][1]] if ranked else None


def main_thing(found: tuple[Thing, ...], is_page: Callable[[str], bool]) -> Thing | None:
    """What the page is about: the story whose address is the page's, or the only one of the strongest kind; None for a list of stories."""
    stories = [entity if kind_of(entity := _thing(thing.get("mainEntity"))) else thing for thing in found]
    stories = [thing for thing in stories if kind_of(thing)]
    own = [thing for thing in stories if any(is_page(address) for address in addresses(thing))]
    for group in (own, stories):
        if group:
            best = min(_rank(thing) for thing in group)
            top = [thing for thing in group if _rank(thing) == best]
            if len(top) == 1 or group is own or len({_named(thing) for thing in top}) == 1:
                return top[0]
            return None
    return None


def web_page(found: tuple[Thing, ...], *, home: bool) -> Thing | None:
    """What says of itself that it is a page and no more, where there is one, no story beside it, and it is not a front page."""
    pages = [thing for thing in found if types(thing) & {"webpage", "itempage", "aboutpage"}]
    return pages[0] if len(pages) == 1 and not home and not any(map(kind_of, found)) else None


def addresses(thing: Thing) -> Iterator[str]:
    """Where the thing says it can be read."""
    for key in ("url", "mainEntityOfPage", "@id"):
        value = thing.get(key)
        if isinstance(value, dict):
            value = value.get("@id") or value.get("url")
        if isinstance(value, str):
            yield value


def texts(value: object) -> tuple[str, ...]:
    """The strings a JSON-LD value holds, in order; of an object its `@value`, else its name."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(text for part in value[:100] for text in texts(part))
    if isinstance(value, dict):
        return texts(value.get("@value") or value.get("name"))
    return ()


def _thing(value: object) -> Thing:
    return value if isinstance(value, dict) else {}


def _rank(thing: Thing) -> int:
    return min((_RANK[name] for name in types(thing) if name in _RANK), default=len(_KINDS))


def _named(thing: Thing) -> str:
    return " ".join(texts(thing.get("headline") or thing.get("name"))).casefold()


def _values(block: str) -> Iterator[object]:
    if len(block) > _LONGEST_BLOCK:
        return
    for attempt in (_plain, _mended, _unescaped):
        try:
            yield from attempt(block)
        except (ValueError, RecursionError):
            continue
        return


def _plain(block: str) -> list[object]:
    return [json.loads(block, strict=False)]


def _mended(block: str) -> list[object]:
    """Without comments, trailing commas and bad escapes; several values in one block are read one after another."""
    clean = _TOKEN.sub(lambda found: _BAD_ESCAPE.sub("", found["string"]) if found["string"] else "", block).strip().rstrip(";")
    decoder, at = json.JSONDecoder(strict=False), 0
    values: list[object] = []
    while at < len(clean) and len(values) < 100:
        value, at = decoder.raw_decode(clean, at)
        values.append(value)
        while at < len(clean) and (clean[at].isspace() or clean[at] in ",;"):
            at += 1
    return values


def _unescaped(block: str) -> list[object]:
    """Templates that escape for HTML where a script needs none: {&quot;@type&quot;: …}."""
    if "&quot;" not in block and "&#34;" not in block:
        raise ValueError("nothing to unescape")
    return _mended(html.unescape(block))


def _top(value: object, depth: int) -> Iterator[Thing]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for part in value[:_MOST_THINGS]:
            yield from _top(part, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        yield from _top(value.get("@graph", []), depth + 1)


def _inner(found: list[Thing]) -> Iterator[Thing]:
    """The things and the objects right inside them: where an `@id` may be explained."""
    for thing in found:
        yield thing
        for value in thing.values():
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict):
                    yield part


def _resolved(value: Any, index: Mapping[str, Thing]) -> Any:
    """A bare reference ({"@id": …}) replaced by what it refers to; one step, so that a circle ends."""
    if isinstance(value, list):
        return [_resolved(part, index) for part in value[:100]]
    if isinstance(value, dict) and isinstance(name := value.get("@id"), str) and len(value.keys() - {"@id", "@type"}) == 0:
        return index.get(name, value)
    return value
