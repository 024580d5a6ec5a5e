"""What an edition says of stories that were taken down: which of its items name them, and the edition without. Pure.

An item that is emptied keeps the id of its story, its place and its counts, so that the archive counts what is gone, and tells of a story
that stays what the page says now. Ids are no secret: the page tells feed readers which stories were deleted by them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from aggregator.digest.lint_report import Report
from aggregator.model import Edition, Item
from aggregator.pipeline.takedown import NOTHING, Refusals
from aggregator.text.urls import canonical, is_web


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was taken down, as far as editions are concerned."""

    refusals: Refusals = NOTHING
    # Ids of stories that are gone from the page.
    stories: frozenset[str] = frozenset()
    # Ids of stories that lost a part: known while something is being taken down, and only as hashes afterwards.
    touched: frozenset[str] = frozenset()
    # Folded titles of what is being taken down; known as long.
    titles: frozenset[str] = frozenset()

    def covers(self, edition: str, item: Item) -> bool:
        """Whether what an edition says of a story names what was taken down."""
        if item == emptied(item):
            return False
        ids = item.story in self.stories or item.story in self.touched or self.refusals.covers_told(edition, item.story)
        said = (item.title, item.who, item.where, item.sentence, item.talk, item.href or "")
        return ids or folded(item.title) in self.titles or self.covers_address(item.href) or any(map(self.named_in, said))

    def covers_address(self, address: str | None) -> bool:
        """Whether an address leads to what was taken down."""
        return bool(address) and self.refusals.covers_key(canonical(address or "").key)

    def covers_name(self, name: str) -> bool:
        """Whether a name under which a story was told is one of what was taken down."""
        return name in self.stories or (is_web(name) and self.refusals.covers_key(name))

    def named_in(self, text: str) -> bool:
        """Whether a text names it."""
        return bool(text) and any(map(self.refusals.named_in, text.splitlines()))


def folded(title: str) -> str:
    """A title, as two ways of writing it are the same."""
    return " ".join(title.split()).casefold()


def items_of(edition: Edition) -> Iterator[Item]:
    """Everything that an edition tells."""
    for items in (edition.items, edition.also, edition.talked, edition.pinned):
        yield from items


def emptied(item: Item) -> Item:
    """The item without a word of its own."""
    return replace(item, title="", href=None, page="", language="", who="", where="", sentence="", sentence_language="", talk="")


def covered(edition: Edition, gone: Gone) -> tuple[Item, ...]:
    """The items of an edition that name what was taken down."""
    return tuple(item for item in items_of(edition) if gone.covers(edition.id, item))


def without(edition: Edition, gone: Gone) -> Edition:
    """The edition with those items emptied; itself when there are none."""
    going = covered(edition, gone)
    coverage = "" if gone.named_in(edition.coverage) else edition.coverage
    if not going and coverage == edition.coverage:
        return edition
    return replace(
        edition,
        items=_each(edition.items, going),
        also=_each(edition.also, going),
        talked=_each(edition.talked, going),
        pinned=_each(edition.pinned, going),
        coverage=coverage,
    )


def report_without(report: str, going: Collection[Item], gone: Gone) -> str:
    """What the linter said of an edition, without the sentences that name the items or what was taken down; itself when none does."""
    try:
        found = Report.from_json(report)
    except ValueError:
        return ""
    words = [word for item in going for word in (item.title, item.href, item.who) if word]
    kept = tuple(
        one
        for one in found.findings
        if not gone.named_in(one.sentence) and not _quotes(one.sentence, words) and not (going and one.rule in _QUOTING)
    )
    return report if kept == found.findings else Report(findings=kept).to_json()


def _each(items: Iterable[Item], going: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(emptied(item) if item in going else item for item in items)


def _quotes(sentence: str, words: Iterable[str]) -> bool:
    """Whether a sentence has one of the words in it, also where it writes them as Python does, or cuts them short."""
    return any(form in sentence for word in words for form in (word, repr(word)[1:-1], word[:_AS_SHOWN]))


# Rules of which the findings quote any words of the mail.
_QUOTING = frozenset({"texts-differ", "placeholder"})
# Where a finding cuts a long address short, so much of its beginning is left.
_AS_SHOWN = 40
