"""Gaps in words, as the steward and readers are told of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.collectors import platforms
from aggregator.model import Gap, GapReason, Source, SourceState
from aggregator.publish.gaps import between, gap_lines, gap_sentence
from aggregator.publish.sources import source_views
from tests.support.site import settings_in

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MEDIUM, FEED = platforms()["medium"].manifest, platforms()["feed"].manifest
GAP = Gap(source="tag", since=NOON, until=NOON + 2 * DAY, reason=GapReason.TURNED_OVER, found_at=NOON + 3 * DAY)
TAG = Source(id="tag", platform="medium", options={"tag": "microsolidarity"}, topics=("microsolidarity",))


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (NOON, NOON, "on 3 November 2026"),
        (NOON, NOON + 2 * DAY, "between 3 and 5 November 2026"),
        (NOON - 10 * DAY, NOON, "between 24 October and 3 November 2026"),
        (NOON - 400 * DAY, NOON, "between 29 September 2025 and 3 November 2026"),
    ],
)
def test_a_gap_is_told_by_its_days(since: datetime, until: datetime, expected: str) -> None:
    assert between(replace(GAP, since=since, until=until), UTC) == expected


def test_its_days_are_those_of_the_reader() -> None:
    late = replace(GAP, since=NOON.replace(hour=23), until=NOON.replace(hour=23))
    assert between(late, ZoneInfo("Europe/Berlin")) == "on 4 November 2026"


@pytest.mark.parametrize(
    ("reason", "manifest", "expected"),
    [
        (GapReason.TURNED_OVER, MEDIUM, "entries may have been missed: it shows only the 10 newest stories."),
        (GapReason.TURNED_OVER, FEED, "entries may have been missed: more came than it shows at once."),
        (GapReason.WITHHELD, MEDIUM, "entries may have been missed: the platform does not give what lies further down."),
    ],
)
def test_what_may_be_gone_for_good_says_why(reason: GapReason, manifest: object, expected: str) -> None:
    assert manifest in (MEDIUM, FEED)
    told = gap_sentence(replace(GAP, reason=reason), MEDIUM if manifest is MEDIUM else FEED, UTC)
    assert told == f"Between 3 and 5 November 2026 {expected}"


@pytest.mark.parametrize("reason", [GapReason.CUT, GapReason.DOWN])
def test_what_waits_for_the_next_poll_is_not_called_lost(reason: GapReason) -> None:
    told = gap_sentence(replace(GAP, reason=reason), MEDIUM, UTC)
    assert told.startswith("What came between 3 and 5 November 2026 is not read yet: ")
    assert "missed" not in told


def test_what_closed_a_gap_is_told() -> None:
    closed = replace(GAP, closed_at=NOON + 5 * DAY, closed_by="back-fill")
    assert gap_sentence(closed, MEDIUM, UTC) == (
        "What came between 3 and 5 November 2026 was missing until 8 November 2026: a back-fill has read it."
    )


def test_many_gaps_are_summed_up_and_the_last_that_was_closed_is_told() -> None:
    many = tuple(replace(GAP, since=NOON - number * 9 * DAY, until=NOON - number * 9 * DAY + DAY) for number in range(6, 0, -1))
    closed = replace(GAP, closed_at=NOON + 5 * DAY, closed_by="back-fill")
    lines = gap_lines((*many, closed, replace(closed, until=NOON)), MEDIUM, UTC)
    assert len(lines) == 5
    assert lines[0].startswith("Between 25 and 26 October 2026")
    assert lines[3] == "So it was 3 times before, since 10 September 2026."
    assert lines[4].startswith("What came between 3 and 5 November 2026 was missing until")


def test_readers_see_since_when_a_source_was_read_and_what_is_missing_and_not_what_the_next_poll_reads(tmp_path: Path) -> None:
    settings = replace(settings_in(tmp_path), sources=(TAG,))
    state = SourceState(source="tag", read_since=NOON - 900 * DAY, read_until=NOON, last_ok_at=NOON)
    waiting = replace(GAP, reason=GapReason.DOWN)
    [view] = source_views(settings, {"tag": state}, {"tag": (GAP, waiting)})
    assert view.read_since is not None
    assert view.read_since.long == "17 May 2024"
    assert view.gaps == (gap_sentence(GAP, MEDIUM, UTC),)
    [same] = source_views(settings, {"tag": replace(state, read_until=NOON + DAY, last_ok_at=NOON + DAY)}, {"tag": (GAP,)})
    assert same == view, "a poll without news changes nothing"
