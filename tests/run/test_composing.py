"""Which edition is due by the rows of a real folder, what stands in it over weeks, and how it would go out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import App, build
from aggregator.config import load
from aggregator.digest.compose import Composed
from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.digest.lint import Severity
from aggregator.digest.rendering import LARGEST_BYTES
from aggregator.errors import ConfigError
from aggregator.model import Author, Coverage, Decision, DecisionKind, EditionState, Outcome, Period, Rendered, SourceState, Topic
from aggregator.run.composing import WAITING, composed, due_period, follow, is_overdue, next_period, wanted
from aggregator.run.drafting import NOWHERE, drafted
from tests.support.mentions import landing, mention

CONFIGURATION = """\
site: {title: Discussing crews, url: "https://example.org/discussing/", timezone: Europe/Berlin}
topics: {crews: {any_of: [crews]}, circles: {any_of: [circles], title: Circles}}
sources: [{platform: feed, url: "https://blog.example.org/feed", id: feed-a, label: Ana's notes}]
digest:
  from: Crew news <digest@example.org>
  least: 2
  rhythms: {weekly: "0 8 * * mon", monthly: "0 8 1 * *"}
  mailbox: {address: crews@example.org, host: mail.example.org}
"""
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)
# Mondays at eight in Berlin.
MONDAY = datetime(2026, 11, 9, 7, tzinfo=UTC)
CREWS = "weekly"
ESSAY = "https://blog{}.example.org/essay"


@dataclass
class Office:
    """A steward's machine and its clock."""

    folder: Path
    now: datetime = MONDAY + HOUR
    found: int = field(default=0)

    @contextmanager
    def open(self, *, dry_run: bool = False) -> Iterator[App]:
        with build(load(self.folder / "sources.yaml", environ={}), clock=lambda: self.now, dry_run=dry_run) as app:
            yield app

    def finds(self, count: int, *, at: datetime, **entry: Any) -> None:
        """So many articles, each by somebody else."""
        first, self.found = self.found, self.found + count
        articles = [
            mention(
                str(number),
                author=Author(name=f"Writer {number}"),
                topic="crews",
                at=at,
                published=at - HOUR,
                url=ESSAY.format(number),
                **entry,
            )
            for number in range(first, self.found)
        ]
        with self.open() as app:
            app.store.land(landing(*articles, at=at))

    def decides(self, *decisions: Decision) -> None:
        """Makes these the whole list."""
        with self.open() as app:
            app.store.decisions.replace(decisions, self.now)

    def due(self) -> Period | None:
        with self.open() as app:
            return due_period(app, crews(app), CREWS)

    def composes(self) -> Composed:
        with self.open() as app:
            return composed(app, crews(app), CREWS, next_period(app, crews(app), CREWS))

    def skips(self) -> None:
        with self.open() as app:
            app.private.ledger.skip(self.composes().edition, self.now)

    def sends(self) -> Composed:
        made = self.composes()
        with self.open() as app:
            nothing = Rendered(html="", text="")
            app.private.ledger.freeze(made.edition, nothing, hash="", report="", message_ids={}, told=made.told, at=self.now)
            app.private.ledger.end(made.edition.id, EditionState.SENT, self.now)
        return made


def crews(app: App) -> Topic:
    return app.settings.topics[0]


def titles(made: Composed) -> list[str]:
    return sorted(item.title for item in (*made.edition.items, *made.edition.also))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    (tmp_path / "sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    return Office(folder=tmp_path)


def test_each_topic_has_an_edition_in_each_rhythm(office: Office) -> None:
    settings = load(office.folder / "sources.yaml", environ={})
    assert [(topic.id, rhythm) for topic, rhythm in wanted(settings)] == [
        ("crews", "weekly"),
        ("crews", "monthly"),
        ("circles", "weekly"),
        ("circles", "monthly"),
    ]
    assert [(topic.id, rhythm) for topic, rhythm in wanted(settings, topic="circles", rhythm="monthly")] == [("circles", "monthly")]
    with pytest.raises(ConfigError, match=r"There is no topic 'crew' in .+\. Did you mean 'crews'\?"):
        wanted(settings, topic="crew")


def test_the_first_edition_is_about_the_week_before_it(office: Office) -> None:
    assert office.due() == Period(name="2026-W45", since=MONDAY - WEEK, until=MONDAY)


def test_what_was_found_long_before_the_first_edition_is_not_in_it(office: Office) -> None:
    office.finds(1, at=MONDAY - 3 * WEEK)
    office.finds(1, at=MONDAY - DAY)
    assert titles(office.composes()) == ["Essay 1"]


def test_an_edition_that_was_held_back_is_due_still(office: Office) -> None:
    office.finds(2, at=MONDAY - DAY)
    week = office.due()
    with office.open() as app:
        app.private.ledger.hold(office.composes().edition, "", office.now)
    assert office.due() == week


def test_the_next_edition_begins_where_the_last_one_ended(office: Office) -> None:
    office.finds(3, at=MONDAY - DAY)
    assert office.sends().new == 3
    assert office.due() is None
    office.now += 2 * WEEK
    assert office.due() == Period(name="2026-W47", since=MONDAY, until=MONDAY + 2 * WEEK)


def test_what_stood_in_a_skipped_week_stands_in_the_next_edition(office: Office) -> None:
    office.finds(3, at=MONDAY - DAY)
    office.sends()
    office.now += WEEK
    office.finds(1, at=MONDAY + DAY)
    assert office.composes().quiet
    office.skips()
    assert office.due() is None
    office.now += WEEK
    office.finds(2, at=MONDAY + WEEK + DAY)
    made = office.sends()
    assert titles(made) == ["Essay 3", "Essay 4", "Essay 5"]
    assert made.edition.days == "9 to 22 November 2026"


def test_also_when_the_weeks_before_the_first_edition_were_skipped(office: Office) -> None:
    office.finds(1, at=MONDAY - DAY)
    office.skips()
    office.now += WEEK
    office.finds(1, at=MONDAY + DAY)
    made = office.sends()
    assert titles(made) == ["Essay 0", "Essay 1"]
    assert made.edition.period == Period(name="2026-W46", since=MONDAY - WEEK, until=MONDAY + WEEK)


def test_also_when_they_were_waited_out_and_nothing_was_written(office: Office) -> None:
    office.finds(1, at=MONDAY - DAY)
    assert office.due() is not None
    office.now += 3 * WEEK
    assert titles(office.composes()) == ["Essay 0"]


def test_when_nothing_is_due_the_running_week_is_composed_as_if_it_ended_now(office: Office) -> None:
    office.finds(2, at=MONDAY - DAY)
    office.sends()
    office.now += 2 * DAY
    office.finds(1, at=MONDAY + DAY)
    made = office.composes()
    assert made.edition.period == Period(name="2026-W46", since=MONDAY, until=office.now)
    assert titles(made) == ["Essay 2"]


def test_where_there_was_no_edition_and_the_last_firing_is_long_past_the_running_week_is_shown(office: Office) -> None:
    office.now = MONDAY + 3 * DAY
    with office.open() as app:
        assert next_period(app, crews(app), CREWS) == Period(name="2026-W46", since=MONDAY - WEEK, until=office.now)


def test_a_period_that_waits_for_more_stories_is_never_overdue(office: Office) -> None:
    with office.open() as app:
        due = due_period(app, crews(app), CREWS)
        assert due is not None
        office.now += 2 * DAY
        assert is_overdue(app, crews(app), CREWS, due)
        assert next_period(app, crews(app), CREWS).until == office.now
        app.private.remember(WAITING.format("crews", CREWS), due.name)
        assert not is_overdue(app, crews(app), CREWS, due)
        assert next_period(app, crews(app), CREWS) == due


def test_a_dry_run_remembers_nothing(office: Office) -> None:
    with office.open(dry_run=True) as app:
        assert due_period(app, crews(app), CREWS) is not None
    assert not (office.folder / "state" / "private.db").exists()


def test_two_told_stories_that_the_steward_joins_and_parts_again_are_never_new(office: Office) -> None:
    office.finds(2, at=MONDAY - DAY)
    office.sends()
    office.now += WEEK
    merge = Decision(kind=DecisionKind.MERGE, subject=ESSAY.format(0), others=(ESSAY.format(1),))
    office.decides(merge)
    assert office.sends().new == 0
    office.now += WEEK
    office.decides()
    assert office.composes().new == 0


def test_a_new_story_that_the_steward_joins_with_a_told_one_is_not_told_as_new(office: Office) -> None:
    office.finds(1, at=MONDAY - DAY)
    office.sends()
    office.now += WEEK
    office.finds(2, at=MONDAY + DAY)
    office.decides(Decision(kind=DecisionKind.MERGE, subject=ESSAY.format(0), others=(ESSAY.format(1),)))
    assert titles(office.composes()) == ["Essay 2"]


def test_what_waited_for_the_steward_is_new_when_it_is_approved(office: Office) -> None:
    text = CONFIGURATION.replace("id: feed-a", "id: feed-a, trust: hold")
    (office.folder / "sources.yaml").write_text(text, encoding="utf-8")
    office.finds(2, at=MONDAY - DAY)
    assert office.sends().new == 0
    office.now += WEEK
    approve, hide = (Decision(kind=kind, subject=ESSAY.format(0)) for kind in (DecisionKind.APPROVE, DecisionKind.HIDE))
    office.decides(approve)
    assert titles(office.sends()) == ["Essay 0"]
    office.now += WEEK
    office.decides(approve, hide)
    assert office.sends().new == 0
    office.now += WEEK
    office.decides(approve)
    assert office.composes().new == 0


def test_a_period_that_has_the_name_of_one_that_was_sent_is_not_due(office: Office) -> None:
    def fires(expression: str) -> None:
        (office.folder / "sources.yaml").write_text(CONFIGURATION.replace("0 8 * * mon", expression), encoding="utf-8")

    office.finds(1, at=MONDAY - DAY)
    fires("0 8 28 * *")
    office.now = datetime(2026, 11, 28, 9, tzinfo=UTC)
    office.finds(2, at=office.now - DAY)
    assert office.sends().edition.period.name == "2026-11"
    # From the first of a month, the month before: November, too.
    fires("0 8 1 * *")
    office.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    office.finds(2, at=office.now - HOUR)
    assert office.due() is None
    office.now = datetime(2027, 1, 1, 9, tzinfo=UTC)
    due = office.due()
    assert due == Period(name="2026-12", since=datetime(2026, 11, 28, 7, tzinfo=UTC), until=datetime(2027, 1, 1, 7, tzinfo=UTC))
    assert office.composes().new == 2


def test_the_rhythms_are_told_apart(office: Office) -> None:
    office.finds(2, at=MONDAY - DAY)
    office.sends()
    with office.open() as app:
        monthly = due_period(app, crews(app), "monthly")
        assert monthly is not None
        assert monthly.name == "2026-10"
        office.now += 30 * DAY
        again = due_period(app, crews(app), "monthly")
        assert again is not None
        assert composed(app, crews(app), "monthly", again).new == 2


def test_what_the_steward_hid_by_hand_is_in_no_edition(office: Office) -> None:
    office.finds(2, at=MONDAY - DAY)
    (office.folder / "curation.yaml").write_text("decisions:\n  - hide: https://blog0.example.org/essay\n", encoding="utf-8")
    with office.open() as app:
        assert follow(app) == ("Decisions by hand since the last time: 1 made.",)
    assert titles(office.composes()) == ["Essay 1"]


def test_what_could_not_be_read_is_said(office: Office) -> None:
    down, up = MONDAY - 6 * DAY, MONDAY - 4 * DAY
    with office.open() as app:
        app.store.settle(
            SourceState(source="feed-a", failing_since=down), Coverage(source="feed-a", since=None, until=down, outcome=Outcome.FAILED)
        )
        app.store.settle(SourceState(source="feed-a"), Coverage(source="feed-a", since=None, until=up, outcome=Outcome.COMPLETE))
    assert office.composes().edition.coverage == "Ana's notes could not be read from Tuesday to Thursday."


def test_a_draft_is_what_goes_out_with_nobodys_tokens(office: Office) -> None:
    office.finds(3, at=MONDAY - DAY)
    made = office.composes()
    with office.open() as app:
        draft = drafted(app, made, online=False)
    assert draft.composed == made
    assert LEAVE_MARK in draft.rendered.html
    assert not any(mark in text for mark in (LEAVE_MARK, CHANGE_MARK) for text in (draft.filled.html, draft.filled.text))
    assert f"To: {NOWHERE}\r\n".encode() in draft.sample
    assert draft.recipients == 0
    assert [finding for finding in draft.report.findings if finding.severity is Severity.ERROR] == []


def test_a_draft_that_is_too_large_counts_its_last_stories(office: Office) -> None:
    (office.folder / "sources.yaml").write_text(CONFIGURATION.replace("least: 2", "most: 100"), encoding="utf-8")
    office.finds(90, at=MONDAY - DAY, title="Заголовок без конца и края " * 9, text="Предложение без конца и края " * 20)
    with office.open() as app:
        week = due_period(app, crews(app), CREWS)
        assert week is not None
        made = composed(app, crews(app), CREWS, week)
        draft = drafted(app, made, online=False)
    assert len(draft.rendered.html.encode()) < LARGEST_BYTES
    assert (made.edition.more, draft.composed.new, draft.composed.edition.new) == (0, 90, 90)
    assert draft.composed.edition.more > 0
