"""What was read and what was missed, as the steward sees it and as it stands on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.model import Coverage, Gap, GapReason, Outcome, SourceState
from aggregator.store.engine import open_store
from tests.support.steward import Steward

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CONFIGURATION = """\
site: {title: Discussing, timezone: UTC}
topics: {microsolidarity: {any_of: [microsolidarity]}}
sources:
  - {platform: medium, tag: microsolidarity, id: tag}
"""
MISSED = "Between 3 and 5 November 2026 entries may have been missed: it shows only the 10 newest stories."


def test_gaps_stand_in_status_in_json_and_on_the_page_until_they_are_closed(tmp_path: Path) -> None:
    steward = Steward(folder=tmp_path)
    steward.configures(CONFIGURATION)
    assert steward.runs("build").code == 0
    lost = Gap(source="tag", since=NOON, until=NOON + 2 * DAY, reason=GapReason.TURNED_OVER, found_at=NOON + 2 * DAY)
    down = Gap(source="tag", since=NOON + 8 * DAY, until=NOON + 9 * DAY, reason=GapReason.DOWN, found_at=NOON + 9 * DAY)
    store = open_store(tmp_path / "state" / "aggregator.db")
    state = SourceState(source="tag", last_ok_at=NOON + 8 * DAY, read_since=NOON - 900 * DAY, read_until=NOON + 8 * DAY)
    store.settle(state, Coverage(source="tag", since=None, until=NOON + 9 * DAY, outcome=Outcome.FAILED, gaps=(lost, down)))
    store.close()

    lines = steward.runs("status").out.splitlines()
    assert "READ SINCE" in lines[0]
    assert "2024-05-17" in lines[1]
    assert f"tag: {MISSED}" in lines
    assert any(line.startswith("tag: What came between 11 and 12 November 2026 is not read yet: it could not be read") for line in lines)
    [plain] = steward.runs("status", "--json").json()
    assert [gap["reason"] for gap in plain["gaps"]] == ["turned over", "down"]
    assert plain["read_since"].startswith("2024-05-17")

    assert steward.runs("build").code == 0
    page = steward.page("sources.html")
    assert "Read since 17 May 2024" in page
    assert MISSED in page
    assert "is not read yet" not in page

    store = open_store(tmp_path / "state" / "aggregator.db")
    closed = Gap(
        source="tag",
        since=lost.since,
        until=lost.until,
        reason=lost.reason,
        found_at=lost.found_at,
        closed_at=NOON + 20 * DAY,
        closed_by="back-fill",
    )
    store.settle(state, Coverage(source="tag", since=None, until=NOON + 20 * DAY, outcome=Outcome.COMPLETE, gaps=(closed,)))
    store.close()
    assert steward.runs("build").code == 0
    assert MISSED not in steward.page("sources.html")
    assert "was missing until 23 November 2026: a back-fill has read it." in steward.page("sources.html")
