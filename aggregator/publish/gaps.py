"""What of a source was not read, in words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from aggregator.collectors.base import Manifest
from aggregator.model import Gap, GapReason
from aggregator.publish.dates import moment
from aggregator.publish.words import clean, counted
from aggregator.store import Store

# What a reader will never see unless somebody reads back; the other reasons are made up for by themselves.
LASTING = frozenset({GapReason.TURNED_OVER, GapReason.WITHHELD})
# Open gaps of one source that are told one by one.
TOLD = 3


def gap_sentence(gap: Gap, manifest: Manifest, here: tzinfo) -> str:
    """A gap as a whole sentence: "Between 3 and 5 November 2026 entries may have been missed: it shows only the 10 newest stories."."""
    if gap.closed_at is not None:
        return f"What came {between(gap, here)} was missing until {moment(gap.closed_at, here).long}: {_closing(gap)}."
    if gap.reason in LASTING:
        when = between(gap, here)
        return f"{when[:1].upper()}{when[1:]} entries may have been missed: {why(gap.reason, manifest)}."
    return f"What came {between(gap, here)} is not read yet: {why(gap.reason, manifest)}."


def gap_lines(gaps: Sequence[Gap], manifest: Manifest, here: tzinfo) -> tuple[str, ...]:
    """What the steward should know of a source's gaps, whole sentences: the open ones, newest first, many of them summed up; and how the
    last one was closed.

    Args:
        gaps: as `known_gaps` gives them.
    """
    opened = sorted((gap for gap in gaps if gap.closed_at is None), key=lambda gap: gap.since, reverse=True)
    told = [gap_sentence(gap, manifest, here) for gap in opened[:TOLD]]
    if more := opened[TOLD:]:
        told.append(f"So it was {counted(len(more), 'time')} before, since {moment(more[-1].since, here).long}.")
    told += [gap_sentence(gap, manifest, here) for gap in gaps if gap.closed_at is not None][:1]
    return tuple(dict.fromkeys(told))


def why(reason: GapReason, manifest: Manifest) -> str:
    """Why something was missed, as the end of a sentence."""
    match reason:
        case GapReason.TURNED_OVER:
            # Of what a platform reaches only a number says more than that there was too much.
            shows = clean(manifest.reach.partition(";")[0], 120)
            return f"it shows only {shows}" if shows.startswith("the ") else "more came than it shows at once"
        case GapReason.WITHHELD:
            return "the platform does not give what lies further down"
        case GapReason.CUT:
            return "reading was cut off, and the next runs read on"
        case GapReason.DOWN:
            return "it could not be read, and what it still shows is read when it can be again"


def between(gap: Gap, here: tzinfo) -> str:
    """When it was, by days: "between 3 and 5 November 2026", "on 3 November 2026"."""
    since, until = moment(gap.since, here), moment(gap.until, here)
    if since.day == until.day:
        return f"on {since.long}"
    if since.day.year != until.day.year:
        return f"between {since.long} and {until.long}"
    first = str(since.day.day) if since.day.month == until.day.month else since.short
    return f"between {first} and {until.long}"


def _closing(gap: Gap) -> str:
    return "a back-fill has read it" if gap.closed_by == "back-fill" else gap.closed_by


def known_gaps(store: Store) -> Mapping[str, tuple[Gap, ...]]:
    """By source: the open gaps, oldest first, then the closed ones, closed last first."""
    opened, closed = store.gaps.open(), store.gaps.closed()
    return {source: (*opened.get(source, ()), *closed.get(source, ())) for source in sorted({*opened, *closed})}
