"""The labelled corpora, each judged case by case through a function that the program itself uses."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aggregator.pipeline.match import match_line
from aggregator.pipeline.mention_lines import answers_of, mention_of
from aggregator.text.page import read_line
from aggregator.text.urls import canonical, repair
from tests.eval.metrics import Tally, decided, partitioned
from tests.support.matching import topic_of_case

FOLDER: Final = Path(__file__).parents[1] / "corpus"
# Pages are judged as on this day: a date in the future is no date.
_NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)
_CODES: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One labelled thing, judged."""

    # What kind of difficulty it is; "" where the corpus has no kinds.
    family: str
    name: str
    tally: Tally
    # What came out otherwise than labelled, a line each.
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Mentions with their true partition."""

    name: str
    family: str
    # Why the partition is the true one, by the conventions.
    why: str
    # Ids of mentions.
    stories: tuple[tuple[str, ...], ...]
    # As `aggregator cluster` reads them.
    mentions: tuple[Mapping[str, Any], ...]

    @property
    def truth(self) -> dict[str, int]:
        """The number of the story of every mention."""
        return {name: number for number, story in enumerate(self.stories) for name in story}


def addresses() -> Iterator[Case]:
    """Pairs of addresses: is it found that they name the same thing?"""
    for verdict, left, right, why in _rows("urls.tsv"):
        truth, found = verdict == "same", canonical(left).key == canonical(right).key
        wrong = () if truth == found else (f"labelled {verdict}: {left} and {right}",)
        yield Case(family=verdict, name=why, tally=decided(truth=truth, found=found), wrong=wrong)


def broken_links() -> Iterator[Case]:
    """Addresses as found in the wild: are they made whole?"""
    for broken, whole, why in _rows("urls_broken.tsv"):
        made = repair(_decoded(broken))
        right = made == _decoded(whole)
        wrong = () if right else (f"{broken} becomes {made!r}",)
        yield Case(family="", name=why, tally=Tally(found=right, missed=not right, invented=not right), wrong=wrong)


def matches() -> Iterator[Case]:
    """Texts: is it found that they mention the topic?"""
    cases: list[dict[str, Any]] = json.loads((FOLDER / "matches.json").read_text(encoding="utf-8"))
    for case in cases:
        found = bool(match_line(case, [topic_of_case(case)])["matched"])
        wrong = () if found == case["matched"] else (f"found {found}: {json.dumps(case, ensure_ascii=False)[:200]}",)
        yield Case(family="", name=case["why"], tally=decided(truth=case["matched"], found=found), wrong=wrong)


def pages() -> Iterator[Case]:
    """Pages: is each labelled field read as labelled? A wrong answer is invented; where there is a right one, that is missed too."""
    for path in sorted((FOLDER / "pages").glob("*.json")):
        label: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        said = read_line({"url": label["url"], "html": path.with_suffix(".html").read_text(encoding="utf-8")}, now=_NOW)
        for field, wanted in label["expect"].items():
            got = said[field]
            tally = Tally(
                found=got == wanted and wanted is not None,
                invented=got != wanted and got is not None,
                missed=got != wanted and wanted is not None,
            )
            wrong = () if got == wanted else (f"{field} is {got!r}, labelled {wanted!r}",)
            yield Case(family=field, name=path.stem, tally=tally, wrong=wrong)


def bundles(name: str) -> tuple[Bundle, ...]:
    """The bundles of one file."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return tuple(_bundle(json.loads(line)) for line in lines)


def clustered(bundle: Bundle) -> dict[str, object]:
    """From the id of every mention to that of its story, as `aggregator cluster` answers."""
    return {str(answer["id"]): answer["story"] for answer in answers_of([mention_of(mention) for mention in bundle.mentions])}


def judged_bundles(name: str) -> Iterator[Case]:
    """Bundles of one file: do they fall into their true stories?"""
    for bundle in bundles(name):
        found = clustered(bundle)
        wrong = tuple(_wrong_stories(bundle, found))
        yield Case(family=bundle.family, name=bundle.name, tally=partitioned(bundle.truth, found), wrong=wrong)


# In the order in which they are printed. Those of the second table are never looked into when rules are tuned.
CORPORA: Final[Mapping[str, Callable[[], Iterator[Case]]]] = {
    "addresses": addresses,
    "broken links": broken_links,
    "mentions": matches,
    "pages": pages,
    "bundles": lambda: judged_bundles("bundles.jsonl"),
    "bundles held back": lambda: judged_bundles("bundles_held.jsonl"),
}
HELD_BACK: Final = frozenset(("bundles held back",))


def _wrong_stories(bundle: Bundle, found: Mapping[str, object]) -> Iterator[str]:
    """A line for each story that is split or joined, then the mentions that are in one."""
    truth = bundle.truth
    involved: set[str] = set()
    for said, whole, part in (("split", truth, found), ("joined", found, truth)):
        for members in _groups(truth, whole).values():
            parts = list(_groups(members, part).values())
            if len(parts) > 1:
                involved.update(members)
                yield f"{said}: {' | '.join(' '.join(names) for names in parts)}"
    yield from (_shown(mention) for mention in bundle.mentions if mention["id"] in involved)


def _groups(names: Iterable[str], group_of: Mapping[str, object]) -> dict[object, list[str]]:
    groups: dict[object, list[str]] = defaultdict(list)
    for name in names:
        groups[group_of[name]].append(name)
    return groups


def _shown(mention: Mapping[str, Any]) -> str:
    said = str(mention.get("title") or mention.get("text") or "")
    return f"  {mention['id']} {mention.get('url')} by {mention.get('author')}, {mention.get('published')}: {said[:70]!r}"


def _bundle(line: Mapping[str, Any]) -> Bundle:
    return Bundle(
        name=line["name"],
        family=line["family"],
        why=line["why"],
        stories=tuple(tuple(story) for story in line["stories"]),
        mentions=tuple(line["mentions"]),
    )


def _rows(name: str) -> Iterator[list[str]]:
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            yield line.split("\t")


def _decoded(text: str) -> str:
    """What stands for characters that cannot be seen, as them."""
    return re.sub(r"\\(u[0-9a-fA-F]{4}|[nrt\\])", lambda match: _CODES.get(match[1]) or chr(int(match[1][1:], 16)), text)
