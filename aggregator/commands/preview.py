"""`digest preview`: the next edition as files to look at, and in words what it holds and what the linter finds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aggregator.commands.common import application, day, say, settings_of, show, talk
from aggregator.digest.lint_report import Report
from aggregator.digest.period import following_at, zone_of
from aggregator.digest.quiet import Choice, Send, what_now
from aggregator.model import Edition, Topic
from aggregator.publish.words import counted, listed
from aggregator.run.mail_files import PREVIEWS

if TYPE_CHECKING:
    from aggregator.app import App
    from aggregator.run.drafting import Drafted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Preview:
    """One edition as it would go out now."""

    drafted: Drafted
    choice: Choice
    # When it is or was due, UTC.
    due_at: datetime
    # True: its time has come.
    due: bool
    late: bool
    # In which its times are told.
    zone: ZoneInfo
    # HTML, plain text, and the mail.
    files: tuple[Path, ...]

    @property
    def edition(self) -> Edition:
        return self.drafted.composed.edition

    @property
    def report(self) -> Report:
        """What the linter finds, without what `choice` says of it."""
        found = self.drafted.report.findings
        return Report(findings=tuple(one for one in found if one.rule != "empty" or isinstance(self.choice, Send)))


def preview(options: argparse.Namespace) -> int:
    """Write the next edition to state/preview, and say what the linter finds."""
    from aggregator.run.composing import follow, wanted

    settings = settings_of(options)
    editions = wanted(settings, topic=options.topic, rhythm=options.rhythm)
    with application(options, settings) as app:
        for line in follow(app, waiting=lambda: talk(options, "Another run is under way; waiting until it has ended.")):
            talk(options, line)
        previews = [_preview(options, app, topic, rhythm) for topic, rhythm in editions]
    if options.json:
        show([_plain(one) for one in previews])
    else:
        _say(options, previews)
    if options.open and not options.dry_run:
        _open(options, previews)
    return 0


def _preview(options: argparse.Namespace, app: App, topic: Topic, rhythm: str) -> _Preview:
    from aggregator.run.composing import composed, due_period, is_overdue, next_period
    from aggregator.run.drafting import drafted

    digest, now = app.settings.digest, app.clock()
    assert digest is not None
    period = next_period(app, topic, rhythm)
    due = period == due_period(app, topic, rhythm)
    # A recording answers no question about a domain, and is there so that no socket is opened.
    draft = drafted(app, composed(app, topic, rhythm, period), online=options.replay is None)
    zone = zone_of(app.settings)
    return _Preview(
        drafted=draft,
        choice=what_now(draft.composed, digest, zone=zone),
        due_at=period.until if due else following_at(digest.rhythms[rhythm], now=now, zone=zone),
        due=due,
        late=due and is_overdue(app, topic, rhythm, period),
        zone=zone,
        files=_written(app, draft, write=not options.dry_run),
    )


def _written(app: App, drafted: Drafted, *, write: bool) -> tuple[Path, ...]:
    from aggregator.publish.files import put

    name = drafted.composed.edition.path.removeprefix("digest/").removesuffix(".html").replace("/", "-")
    contents = ((".html", drafted.filled.html.encode()), (".txt", drafted.filled.text.encode()), (".eml", drafted.sample))
    files = tuple(app.settings.state / PREVIEWS / f"{name}{ending}" for ending, _ in contents)
    for file, (_, content) in zip(files, contents, strict=True):
        if write:
            put(file, content)
    return files


def _say(options: argparse.Namespace, previews: list[_Preview]) -> None:
    for at, one in enumerate(previews):
        if at:
            say()
        for line in _lines(one):
            say(line)
        files = ", ".join(map(str, one.files))
        say(f"Would write {files}." if options.dry_run else f"Wrote {files}.")


def _lines(one: _Preview) -> Iterator[str]:
    edition = one.edition
    yield edition.subject
    if edition.new or not one.choice.sentence:
        yield _new(edition)
    again = ((len(edition.talked), "still being talked about"), (len(edition.pinned), "pinned"))
    if said := listed([f"{_stories(count)} {how}" for count, how in again if count]):
        yield f"{said}."
    if edition.coverage:
        yield edition.coverage
    yield _when(one)
    if one.choice.sentence:
        yield one.choice.sentence
    if one.drafted.recipients:
        yield f"{counted(one.drafted.recipients, 'subscriber gets', 'subscribers get')} it."
    report = one.report
    yield _found(report)
    yield from report.text().splitlines()


def _found(report: Report) -> str:
    both = ((report.errors, "error"), (report.warnings, "warning"))
    counts = listed([counted(len(found), word) for found, word in both if found])
    if not counts:
        return "The linter finds nothing wrong."
    return f"The linter finds {counts}{'; nothing is sent before that is mended' if report.errors else ''}:"


def _new(edition: Edition) -> str:
    if not edition.new:
        return "No story is new."
    if edition.new == len(edition.items):
        return f"{_stories(edition.new)} new."
    parts = ((len(edition.items), "told in full"), (len(edition.also), "by title alone"), (edition.more, "counted"))
    return f"{_stories(edition.new)} new: {', '.join(f'{count} {how}' for count, how in parts if count)}."


def _stories(count: int) -> str:
    return counted(count, "story is", "stories are")


def _when(one: _Preview) -> str:
    at = day(one.due_at, one.zone)
    if not one.due:
        return f"It is due on {at}; until then more can come in."
    if not isinstance(one.choice, Send):
        return f"It is due since {at}."
    if one.late:
        return f"It was due on {at}, too long ago to be sent without asking: `aggregator digest send --late` sends it."
    return f"It is due since {at}; `aggregator digest send` sends it."


def _plain(one: _Preview) -> dict[str, Any]:
    edition = one.edition
    return {
        **asdict(edition),
        "new": edition.new,
        "due": one.due,
        "due_at": one.due_at,
        "late": one.late,
        "choice": type(one.choice).__name__.lower(),
        "sentence": one.choice.sentence,
        "recipients": one.drafted.recipients,
        "findings": [asdict(found) for found in one.report.findings],
        "files": [str(file) for file in one.files],
    }


def _open(options: argparse.Namespace, previews: list[_Preview]) -> None:
    import webbrowser

    for one in previews:
        if not webbrowser.open(one.files[0].resolve().as_uri()):
            talk(options, f"There is no browser here; open {one.files[0]} in one.")
