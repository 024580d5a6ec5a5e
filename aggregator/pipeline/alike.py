"""Whether two works are one thing, and what speaks for it: pure, and the same in either order.

The ladder, strongest first: one claims the other as its original · the same id in a moved feed · the same author's cross-post, of a text
or of a recording · the same text. Whatever speaks against it is asked before. When in doubt, two works stay apart: a false join costs
more than a late one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from aggregator.model import Evidence, EvidenceKind, Kind, Work
from aggregator.pipeline._languages import language_named
from aggregator.pipeline._marks import numbering
from aggregator.pipeline._names import Agreement, people
from aggregator.pipeline._pairs import FEW_WORDS, RECORDINGS, SIMILAR, TELLING_WORDS, Pair, compared, title_in
from aggregator.pipeline._titles import Alike

__all__ = ["APART_UNITS", "Verdict", "verdict"]

# Texts under titles of which most words are the same, and of people who may be one.
_SAME_TEXT: Final = 0.8
# Texts under titles that have nothing in common: a letter holds an essay and a greeting.
_WHOLE: Final = 0.9
# Texts of recordings: what stands under all episodes of a show can be most of each.
_EXACT: Final = 0.95
# Texts of which one has no title.
_NEARLY_SAME: Final = 0.7
# The share of a short text that the long one has, when it is an excerpt.
_EXCERPT: Final = 0.5
# Words of a text that is more than a summary.
_LONG_TEXT: Final = 60
# What a program copies from one network to another: so close in time two words by one person are one post.
_MIRRORED: Final = timedelta(minutes=2)
_NO_TIME: Final = timedelta(0)
_ONE_DAY: Final = timedelta(days=1)
_AT_ONCE: Final = timedelta(days=3)
_SOON: Final = timedelta(days=10)
_CLOSE: Final = timedelta(days=45)
# An old essay that is moved to another platform.
_MOVED: Final = timedelta(days=400)
_FADES: Final = timedelta(days=2000)
# How much titles say, by `Title.weight`: "Pods", "How we crew", "How we grew a crew in the valley".
_SAYS_LITTLE: Final = 1.5
_SAYS_ENOUGH: Final = 2.0
_SAYS_MUCH: Final = 3.0
_VOICES: Final = frozenset((Kind.POST, Kind.COMMENT))
# A work without a mark of these units is not the one with it: the first of two parts is often not called so.
APART_UNITS: Final = frozenset(("part", "cut", "chapter", "date", "week", "day", "quarter", "year", "volume", "session"))


class Verdict(NamedTuple):
    """What was found about two works."""

    # None: they stay apart. Evidence that does not join is possible, too.
    evidence: Evidence | None
    # The strongest thing that spoke for it and why it was or was not enough; a sentence.
    because: str


def verdict(left: Work, right: Work) -> Verdict:
    """Whether two works are one, with the evidence, or why not."""
    if left.key > right.key:
        left, right = right, left
    if left.key == right.key:
        return Verdict(None, "They are one address.")
    foreign = left.language is not None and right.language is not None and left.language != right.language
    if not foreign and (numbered := _numbered_apart(left, right)):
        # Most pairs of a bot's posts end here.
        return _no(numbered)
    pair = compared(left, right)
    found = _translated(pair) or _kept_apart(pair) or _claimed(pair) or _moved(pair) or _posted(pair) or _crossed(pair) or _same_text(pair)
    if found.evidence is None and pair.claimed:
        return _no("One names the other as its original, but neither its title, its text nor a link back confirms it.")
    return found


def _joined(pair: Pair, kind: EvidenceKind, score: float, because: str) -> Verdict:
    """Evidence with its score, which falls with the time between: of a series that repeats itself, the nearest are one."""
    if kind in (EvidenceKind.CROSS_POST, EvidenceKind.SIMILAR_TEXT):
        score *= 1 - min(_MOVED if pair.apart is None else pair.apart, _MOVED) / _FADES
    return Verdict(Evidence(kind=kind, left=pair.left.key, right=pair.right.key, score=round(score, 4)), because)


def _no(because: str) -> Verdict:
    return Verdict(None, because)


# -- what speaks against it


def _translated(pair: Pair) -> Verdict | None:
    """Two languages are two texts; by the same author, and bound to each other, they are translations."""
    left, right = pair.left, pair.right
    if left.language is None or right.language is None or left.language == right.language:
        return None
    if pair.text is not None and pair.text >= _SAME_TEXT and pair.fewest_words >= FEW_WORDS:
        return None
    one, other = language_named(left.language), language_named(right.language)
    of_one = pair.names >= Agreement.WEAK or left.place == right.place
    bound = pair.linked or pair.claimed or (pair.titles >= Alike.NEARLY and pair.within(_CLOSE))
    if of_one and bound and left.kind not in _VOICES and right.kind not in _VOICES:
        return _joined(pair, EvidenceKind.TRANSLATION, 1.0, f"One is in {one}, the other in {other}: a translation.")
    return _no(f"One is in {one} and the other in {other}, and a translation is a story of its own.")


_SOME_WORDS: Final = 4


def _kept_apart(pair: Pair) -> Verdict | None:
    left, right = pair.left, pair.right
    if right.key == left.answers or left.key == right.answers:
        return _no("One answers the other.")
    numbered = _numbered_apart(left, right)
    if numbered:
        return _no(numbered)
    mine, theirs = _by_unit(left.marks), _by_unit(right.marks)
    same = pair.text is not None and pair.text >= _SAME_TEXT and pair.fewest_words >= TELLING_WORDS
    for unit in sorted((mine.keys() ^ theirs.keys()) & APART_UNITS):
        if not same and not _said_by_date(unit, mine, theirs, pair):
            return _no(f"Only one of them is {unit} {mine.get(unit) or theirs.get(unit)}.")
    titles = (title_in(left), title_in(right))
    if titles[0] and titles[1] and titles[0].answering != titles[1].answering and not same:
        return _no("The title of one says that it answers something.")
    return None


@lru_cache(maxsize=65536)
def _by_unit(marks: tuple[str, ...]) -> Mapping[str, str]:
    return dict(mark.split(":", 1) for mark in marks)


def _numbered_apart(left: Work, right: Work) -> str | None:
    """A sentence on the mark in which two works differ; None where they differ in none that both have."""
    mine, theirs = _by_unit(left.marks), _by_unit(right.marks)
    unit = min((unit for unit in mine if unit in theirs and mine[unit] != theirs[unit]), default=None)
    if unit is None:
        return None
    if not numbering((unit,)):
        return f"Both are by {unit}, and nobody publishes one thing twice on one place."
    return f"One is {unit} {mine[unit]} and the other {unit} {theirs[unit]}."


def _said_by_date(unit: str, mine: Mapping[str, str], theirs: Mapping[str, str], pair: Pair) -> bool:
    """A date in one title that only says when both were published."""
    if unit == "year":
        return pair.within(_CLOSE) and pair.weight >= 2
    return unit in ("date", "week", "day") and pair.within(_AT_ONCE) and pair.weight >= 2 and pair.names is Agreement.SAME


# -- what speaks for it


def _claimed(pair: Pair) -> Verdict | None:
    left, right = pair.left, pair.right
    mine, theirs = left.claims == right.key, right.claims == left.key
    if not mine and not theirs:
        return None
    back = (mine and left.key in right.links) or (theirs and right.key in left.links) or (mine and theirs)
    by_them = pair.names >= Agreement.WEAK and (pair.titles >= Alike.NEARLY or pair.contained >= _SAME_TEXT)
    if back or pair.titles is Alike.SAME or pair.similar or by_them:
        return _joined(pair, EvidenceKind.CANONICAL_LINK, 1.0, "One names the other as its original, and the other agrees.")
    return None


def _moved(pair: Pair) -> Verdict | None:
    left, right = pair.left, pair.right
    if left.guid is None or left.guid != right.guid:
        return None
    if pair.titles >= Alike.NEARLY or pair.similar:
        return _joined(pair, EvidenceKind.SAME_GUID, 1.0, "Their feeds give them the same id, and their titles are alike.")
    return None


def _posted(pair: Pair) -> Verdict | None:
    """Short posts have no titles: the same words by the same person, elsewhere, at about the same time."""
    left, right = pair.left, pair.right
    if not all(work.kind in _VOICES or work.title is None for work in (left, right)):
        return None
    if pair.text is None or not pair.similar:
        return _no(_texts_differ(pair))
    if left.place == right.place and pair.names is not Agreement.OTHERS:
        if pair.names is Agreement.SAME and pair.apart == _NO_TIME and pair.text >= _EXACT and pair.fewest_words >= FEW_WORDS:
            return _joined(pair, EvidenceKind.SIMILAR_TEXT, pair.text, "The same words by the same person in one second, at two addresses.")
        return _no("The same words twice on one platform are two posts.")
    if pair.names is Agreement.OTHERS or (pair.names < Agreement.SAME and (pair.text < _SAME_TEXT or pair.fewest_words < FEW_WORDS)):
        return _no("The words are alike, but nothing says that they are by the same person.")
    longest = _AT_ONCE if pair.fewest_words >= _SOME_WORDS else _MIRRORED
    if pair.within(longest) and (pair.fewest_words >= FEW_WORDS or pair.text == 1.0):
        return _joined(pair, EvidenceKind.CROSS_POST, pair.text, "The same words by the same person on two platforms within three days.")
    return _no("The words are alike and the person is the same, but they are too short or too far apart in time.")


def _crossed(pair: Pair) -> Verdict | None:
    """One author's work on two platforms: a text published twice, or a recording with its pages."""
    if pair.titles < Alike.NEARLY or pair.left.place == pair.right.place:
        return None
    if pair.names is Agreement.SAME and (_slight(pair) if pair.weight < _SAYS_LITTLE else _same_work(pair)):
        return _joined(pair, EvidenceKind.CROSS_POST, _score(pair), "The same author gave it the same title on two platforms.")
    if pair.names is Agreement.WEAK and pair.titles is Alike.SAME and pair.weight >= _SAYS_ENOUGH and pair.contained >= _SAME_TEXT:
        return _joined(pair, EvidenceKind.CROSS_POST, _score(pair), "One is an excerpt of the other, under the same title.")
    if pair.recording and pair.names is not Agreement.OTHERS and _same_recording(pair):
        return _joined(pair, EvidenceKind.CROSS_POST, _score(pair), "The same recording on two platforms, under the same title.")
    return None


def _slight(pair: Pair) -> bool:
    """Under a title that says little ("Weekly update", "Pods"): at once, with the same number or the same text, or two recordings."""
    if pair.titles is not Alike.SAME or not pair.within(_AT_ONCE):
        return False
    numbered = bool(set(numbering(pair.left.marks)) & set(pair.right.marks))
    recorded = (pair.recording and pair.weight >= 1) or (_both_recorded(pair) and pair.within(_ONE_DAY))
    return pair.similar or ((numbered or recorded) and not pair.unlike)


def _both_recorded(pair: Pair) -> bool:
    return pair.left.kind in RECORDINGS and pair.right.kind in RECORDINGS


def _same_work(pair: Pair) -> bool:
    """By the same author, under a title that says something."""
    exact = pair.titles is Alike.SAME
    if pair.similar:
        return _near_enough(pair)
    if pair.unlike:
        # Each place has a summary of its own; two whole texts that have nothing in common are two works.
        brief = pair.fewest_words < _LONG_TEXT and pair.within(_AT_ONCE) and pair.weight >= _SAYS_MUCH
        return exact and ((pair.recording and pair.within(_SOON)) or brief)
    if pair.recording and (pair.linked or not exact):
        return pair.within(_SOON) and pair.weight >= _SAYS_ENOUGH if not pair.linked else exact or pair.within(_SOON)
    if exact:
        excerpt = pair.contained >= _EXCERPT and pair.weight >= _SAYS_MUCH
        return pair.within(_MOVED if excerpt else _AT_ONCE if pair.recurring else _CLOSE) or (
            pair.apart is None and pair.weight >= _SAYS_ENOUGH and not pair.recurring
        )
    return pair.within(_AT_ONCE) and pair.weight >= _SAYS_MUCH


def _near_enough(pair: Pair) -> bool:
    """What is announced every month has the same words every month; a long text that is the same is the same in any year."""
    telling = pair.titles is Alike.SAME and pair.weight >= _SAYS_MUCH and pair.fewest_words >= TELLING_WORDS
    if pair.recurring and (pair.text is None or pair.text < _WHOLE):
        return pair.within(_AT_ONCE)
    long = pair.text is not None and pair.text >= _NEARLY_SAME and (telling or pair.fewest_words >= _LONG_TEXT)
    return pair.apart is None or long or pair.within(_CLOSE if pair.fewest_words >= TELLING_WORDS else _SOON)


def _same_recording(pair: Pair) -> bool:
    """By people who do not name each other: then the title must say enough, and the text or a link must agree."""
    if pair.similar or pair.linked:
        return pair.weight >= _SAYS_LITTLE and (pair.apart is None or pair.within(_CLOSE))
    if pair.unlike or not pair.within(_AT_ONCE):
        return False
    if pair.titles is Alike.SAME and set(numbering(pair.left.marks)) & set(pair.right.marks):
        return pair.weight >= _SAYS_LITTLE
    both = _both_recorded(pair)
    # Where no row names anybody, a title of two words may be the guest's name, who was on many shows.
    named = bool(people(pair.left.authors) or people(pair.right.authors))
    return pair.weight >= (_SAYS_ENOUGH if both and named else _SAYS_MUCH) and (pair.titles is Alike.SAME or both)


def _same_text(pair: Pair) -> Verdict:
    """The text alone, by whomever."""
    left, right, text = pair.left, pair.right, pair.text
    if text is None or text < SIMILAR:
        return _no(_texts_differ(pair))
    alike_by = f"Their texts are alike ({text:.2f})"
    if pair.fewest_words < TELLING_WORDS:
        return _no(f"{alike_by}, but too short to tell, and nothing else speaks for it.")
    strangers = pair.names is Agreement.OTHERS or (pair.names is Agreement.WEAK and text >= _SAME_TEXT)
    if left.place == right.place and not strangers:
        at_once = pair.apart is None or pair.apart < _ONE_DAY
        if pair.titles is Alike.SAME and text >= _EXACT and pair.weight >= 1 and at_once and not pair.recording:
            return _joined(pair, EvidenceKind.SIMILAR_TEXT, text, "One place shows the same text under the same title at two addresses.")
        return _no(f"{alike_by}, but one place has much text that is alike.")
    if pair.linked and pair.names is Agreement.OTHERS and text < _SAME_TEXT:
        return _no(f"{alike_by}, but one links to the other, so it may quote it.")
    if text < _needed(pair):
        return _no(f"{alike_by}, but their titles do not say the same; {_needed(pair)} is needed.")
    if pair.names is not Agreement.OTHERS and not _near_enough(pair):
        return _no(f"{alike_by}, but they are {_when(pair)}, and what is announced again and again has the same words.")
    return _joined(pair, EvidenceKind.SIMILAR_TEXT, text, f"{alike_by}.")


def _needed(pair: Pair) -> float:
    """How alike texts must be to be one, by what the titles say."""
    if pair.left.title is None or pair.right.title is None:
        return _NEARLY_SAME
    if pair.titles >= Alike.NEARLY and pair.weight >= 1:
        return SIMILAR
    if pair.titles >= Alike.NEARLY:
        # What a program or a template wrote stands on many sites.
        return _EXACT if pair.names is Agreement.SAME else 1.01
    if pair.fewest_words < _LONG_TEXT:
        return 1.01
    if pair.titles is Alike.LOOSELY:
        return _SAME_TEXT
    return _EXACT if pair.recording else _WHOLE


def _texts_differ(pair: Pair) -> str:
    if pair.titles is Alike.NOT and (pair.text is None or pair.text < 0.2):
        return "Neither titles nor texts are alike."
    said = "their texts cannot be compared" if pair.text is None else f"their texts are only {pair.text:.2f} alike"
    if pair.titles is Alike.NOT:
        return f"Their titles differ, and {said}; {SIMILAR} is needed."
    who = {Agreement.OTHERS: "by different people", Agreement.SILENT: "by people of whom one is not named"}.get(
        pair.names, "by the same people"
    )
    return f"Their titles are alike, but they are {who}, {_when(pair)}, and {said}."


def _when(pair: Pair) -> str:
    return "one of them without a date" if pair.apart is None else f"{pair.apart.days} days apart"


def _score(pair: Pair) -> float:
    """How much speaks for a cross-post: half of it the title, half the text."""
    titles = 1.0 if pair.titles is Alike.SAME else 0.8
    return titles if pair.text is None else (titles + max(pair.text, 0.5)) / 2
