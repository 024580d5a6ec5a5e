"""What could not be read in a period, in whole sentences for readers. Pure.

Told is an interruption of six hours or more, and each as long as it was: from the first poll that failed to the next good one. What is
shorter is not told: the next poll fetches what was missed, and nobody notices. How often a source is polled does not come into it: of one
that is asked once a day a single failure leaves a day unread, and that is told. Interruptions with less than six hours between them are
one. A source that waits for a secret was never promised, and stands on the page, not in every mail.

Told as well is what a listing dropped or withheld, in the edition of the period in which it was seen, unless a back-fill has read it since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.model import Gap, Period, Trouble
from aggregator.publish.dates import when
from aggregator.publish.gaps import LASTING
from aggregator.publish.sources import SourceView
from aggregator.publish.words import counted, listed

LEAST: Final = timedelta(hours=6)
# More names than these are counted, and more times of one source are told as one.
_NAMES, _TIMES = 4, 2
# More sentences than these are summed up.
_SENTENCES: Final = 3
_WEEK: Final = timedelta(days=7)


def coverage_line(
    troubles: Iterable[Trouble], sources: Sequence[SourceView], *, period: Period, zone: ZoneInfo, gaps: Iterable[Gap] = ()
) -> str:
    """What could not be read and what may have been missed, as readers are told; "" when nothing is worth telling.

    Args:
        troubles: of the period, as `store.troubles` gives them.
        sources: those that are switched on, in the order of the configuration.
        gaps: those that were found in the period.
    """
    return " ".join(filter(None, (_unread_line(troubles, sources, period, zone), _missed_line(gaps, sources, period, zone))))


def _missed_line(gaps: Iterable[Gap], sources: Sequence[SourceView], period: Period, zone: ZoneInfo) -> str:
    """What nobody makes up for by himself: a source that was down and is read again has lost nothing that it shows still."""
    lasting = [gap for gap in gaps if gap.reason in LASTING and gap.closed_at is None]
    sentences = []
    for source in sources:
        of_it = [gap for gap in lasting if gap.source == source.id]
        if of_it:
            times = [Trouble(source=source.id, since=gap.since, until=gap.until) for gap in of_it]
            sentences.append(
                f"Of {source.label}, entries may have been missed {_when(times, period, zone)}: {source.missing[of_it[-1].reason]}."
            )
    if len(sentences) > _SENTENCES:
        rest = len(sentences) - _SENTENCES
        sentences[_SENTENCES:] = [f"Of {counted(rest, 'other source')}, too, some may have been missed."]
    return " ".join(sentences)


def _unread_line(troubles: Iterable[Trouble], sources: Sequence[SourceView], period: Period, zone: ZoneInfo) -> str:
    reading = [source for source in sources if not source.waits_for]
    intervals = _lasting(troubles, period)
    spoken = {source.id: _when(intervals[source.id], period, zone) for source in reading if source.id in intervals}
    together: dict[str, list[SourceView]] = defaultdict(list)
    for source in reading:
        if source.id in spoken:
            together[spoken[source.id]].append(source)
    order = sorted(together, key=lambda said: (intervals[together[said][0].id][0].since, said))
    sentences = [f"{_unread(together[said], reading)} {said}." for said in order]
    if len(sentences) > _SENTENCES:
        rest = sum(len(together[said]) for said in order[_SENTENCES:])
        sentences[_SENTENCES:] = [f"{counted(rest, 'other source')} could not be read for a part of the time."]
    return " ".join(sentences)


def _lasting(troubles: Iterable[Trouble], period: Period) -> Mapping[str, Sequence[Trouble]]:
    """By source, oldest first: joined where little is between them, and without what was short."""
    joined: dict[str, list[Trouble]] = defaultdict(list)
    for one in sorted(troubles, key=lambda one: (one.source, one.since)):
        before = joined[one.source][-1] if joined[one.source] else None
        if before is None or (before.until is not None and one.since - before.until >= LEAST):
            joined[one.source].append(one)
        elif before.until is not None:
            joined[one.source][-1] = replace(before, until=one.until and max(one.until, before.until))
    long = {source: [one for one in several if (one.until or period.until) - one.since >= LEAST] for source, several in joined.items()}
    return {source: several for source, several in long.items() if several}


def _when(intervals: Sequence[Trouble], period: Period, zone: ZoneInfo) -> str:
    """When it was: "from Tuesday to Thursday", "on Tuesday and since Friday"; of many times the whole they lie in."""
    if len(intervals) > _TIMES:
        whole = replace(intervals[0], until=intervals[-1].until)
        return f"at times {_one(whole, period, zone)}"
    return listed([_one(one, period, zone) for one in intervals])


def _one(trouble: Trouble, period: Period, zone: ZoneInfo) -> str:
    began = trouble.since.astimezone(zone).date()
    if trouble.until is None:
        return f"since {_day(began, period, zone)}"
    ended = trouble.until.astimezone(zone).date()
    if trouble.since < period.since:
        return f"until {_day(ended, period, zone)}"
    if began == ended:
        return f"on {_day(began, period, zone)}"
    return f"from {_day(began, period, zone)} to {_day(ended, period, zone)}"


def _day(day: date, period: Period, zone: ZoneInfo) -> str:
    """A day of the period by its name, when no other one has it; else by its date, with the year when that is another."""
    first, last = (instant.astimezone(zone).date() for instant in (period.since, period.until))
    shown = when(_noon(day, zone), zone)
    if first <= day <= last and all(other == day or not first <= other <= last for other in (day - _WEEK, day + _WEEK)):
        return shown.weekday.partition(" ")[0]
    return shown.short if day.year == last.year else shown.long


def _noon(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone)


def _unread(failing: Sequence[SourceView], reading: Sequence[SourceView]) -> str:
    """That sources failed together: a platform by its name when all of it did, else each by its own."""
    ids = {source.id for source in failing}
    if len(failing) == len(reading) > 1:
        return "No source could be read"
    whole = {source.place for source in failing if all(one.id in ids for one in reading if one.place == source.place)}
    names = list(dict.fromkeys(source.place if source.place in whole else source.label for source in failing))
    if len(names) > _NAMES + 1:
        names[_NAMES:] = [f"{len(names) - _NAMES} others"]
    return f"{listed(names)} could not be read"
