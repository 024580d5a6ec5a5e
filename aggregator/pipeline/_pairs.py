"""What two works have in common, measured once; what follows from it is said in `alike.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

from aggregator.model import Kind, Work
from aggregator.pipeline._names import Agreement, agreement, speaks_in, squeezed
from aggregator.pipeline._titles import Alike, Title, alike, title_of, without_names
from aggregator.text.similarity import likeness

# Texts that are as alike as this are one text, if their titles do not say otherwise. Measured on 600 pairs that share nothing but what
# stands under them, and 600 copies with up to a tenth of the words changed, all under one title and by two people (2026-11-22): at 0.5
# boilerplate joins from 59 of 100 words on, at 0.55 from 61, and 87 of 100 copies are found; at 0.45 it joins from half of the words on.
SIMILAR: Final = 0.55
# As unlike as texts by chance.
_UNLIKE: Final = 0.12
# Of texts with fewer words nothing follows without a title or an author.
TELLING_WORDS: Final = 30
FEW_WORDS: Final = 8
RECORDINGS: Final = frozenset((Kind.EPISODE, Kind.VIDEO))


class Pair(NamedTuple):
    """What two works have in common, asked once."""

    left: Work
    right: Work
    names: Agreement
    titles: Alike
    # How much the shorter title says.
    weight: float
    # One of the titles is such as its author writes again and again.
    recurring: bool
    # 0 to 1; None: one of the texts is missing.
    text: float | None
    # Texts of which the other can be a part, so that `text` says little when it is low.
    lopsided: bool
    # None: a date is missing.
    apart: timedelta | None

    @property
    def fewest_words(self) -> int:
        """Words of the shorter text."""
        return min(self.left.words, self.right.words)

    @property
    def recording(self) -> bool:
        """At least one is an episode or a video."""
        return self.left.kind in RECORDINGS or self.right.kind in RECORDINGS

    @property
    def linked(self) -> bool:
        """One links to the other."""
        return self.left.key in self.right.links or self.right.key in self.left.links

    @property
    def claimed(self) -> bool:
        """One names the other as its original."""
        return self.left.claims == self.right.key or self.right.claims == self.left.key

    @property
    def contained(self) -> float:
        """The estimated share of the shorter text that the longer one has, 0 to 1; from the likeness and the numbers of words."""
        if self.text is None or self.fewest_words < FEW_WORDS:
            return 0.0
        return min(1.0, self.text * (self.left.words + self.right.words) / (1 + self.text) / self.fewest_words)

    @property
    def similar(self) -> bool:
        """The texts are one text."""
        return self.text is not None and self.text >= SIMILAR

    @property
    def unlike(self) -> bool:
        """Both texts are there, and have nothing in common."""
        return self.text is not None and self.text < _UNLIKE and not self.lopsided and self.fewest_words >= TELLING_WORDS

    def within(self, longest: timedelta) -> bool:
        """Published as close in time as that."""
        return self.apart is not None and self.apart <= longest


def compared(left: Work, right: Work) -> Pair:
    """Two works measured against each other."""
    mine, theirs = title_in(left), title_in(right)
    names = agreement(left.authors, right.authors)
    if mine and theirs and (mine.parts or theirs.parts) and mine.words != theirs.words:
        # "Pods — The Crew Show" is called "Pods" where the other is by The Crew Show.
        mine, named = without_names(mine, squeezed(right.authors))
        theirs, also_named = without_names(theirs, squeezed(left.authors))
        # Who says that somebody else made it is believed: a review is called what it reviews.
        names = Agreement.SAME if (named or also_named) and names is not Agreement.OTHERS else names
    if mine and theirs and names is Agreement.OTHERS and {left.kind, right.kind} <= RECORDINGS:
        # A guest puts the talk with her on her own channel.
        names = Agreement.WEAK if speaks_in(left.authors, theirs.words) or speaks_in(right.authors, mine.words) else names
    both = bool(left.sketch and right.sketch)
    fewest, most = sorted((left.words, right.words))
    return Pair(
        left=left,
        right=right,
        names=names,
        titles=alike(mine, theirs) if mine and theirs else Alike.NOT,
        weight=min(mine.weight, theirs.weight) if mine and theirs else 0.0,
        recurring=bool((mine and mine.recurring) or (theirs and theirs.recurring)),
        text=likeness(left.sketch, right.sketch) if both else None,
        lopsided=fewest * 2 < most,
        apart=abs(left.published - right.published) if left.published and right.published else None,
    )


def title_in(work: Work) -> Title | None:
    """The title of a work taken apart."""
    return title_of(work.title) if work.title else None
