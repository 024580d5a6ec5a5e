"""Rules about what was sent before: the period, the stories, the recipients. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.digest.lint_report import Draft, Finding, error, warning
from aggregator.digest.period import zone_of
from aggregator.model import EditionState, Issued, Item
from aggregator.text import cron
from aggregator.text.urls import canonical

FEWEST = 10
"""With fewer recipients than this any change is a large one."""
MOST_FIRINGS = 3
"""A period that is longer than so many of its rhythm's is told."""


def course_rules(draft: Draft) -> Iterator[Finding]:
    """What does not follow from what was sent before."""
    yield from _period(draft)
    yield from _stories(draft)
    yield from _recipients(draft)


def _period(draft: Draft) -> Iterator[Finding]:
    period, last = draft.edition.period, draft.last
    if period.since >= period.until:
        yield error("period", f"The period {period.name} ends before it begins. Look at the clock and at digest.rhythms.")
        return
    if period.until > draft.now:
        yield error("period", f"The period {period.name} ends in the future. Wait, or set the clock.")
    if last is not None:
        yield from _after(draft, last)
    expression = draft.settings.digest.rhythms.get(draft.edition.rhythm) if draft.settings.digest else None
    if expression is None:
        yield error("period", f"There is no rhythm {draft.edition.rhythm!r} any more. Write it in digest.rhythms.")
    elif last is not None:
        at, zone = period.until, zone_of(draft.settings)
        for _ in range(MOST_FIRINGS):
            at = cron.earlier(expression, at, zone)
        if period.since < at:
            yield warning("period", f"It is about more than {MOST_FIRINGS} periods: {draft.edition.days}. Look at what was skipped.")


def _after(draft: Draft, last: Issued) -> Iterator[Finding]:
    period, before = draft.edition.period, last.edition.period
    if period.until <= before.until:
        yield error("period", f"The period {period.name} is not after {before.name}, which was sent. Look at the clock.")
    elif period.since != before.until and last.state is not EditionState.CANCELLED:
        what = "repeats a part of" if period.since < before.until else "leaves a gap after"
        yield error("period", f"The period {period.name} {what} {before.name}, which was sent last. Compose it anew.")


def _stories(draft: Draft) -> Iterator[Finding]:
    fresh = (*draft.edition.items, *draft.edition.also)
    before = {one.story for one in (*draft.last.edition.items, *draft.last.edition.also)} if draft.last else set()
    for one in fresh:
        if one.story in before:
            yield error("told-before", f"{one.title!r} stood in the last edition. Compose it anew.")
        elif _names(one) & draft.told:
            yield error("told-before", f"{one.title!r} was told by an earlier edition. Compose it anew.")
    for title in sorted({one.title for one in fresh if [other.story for other in fresh].count(one.story) > 1}):
        yield error("told-before", f"{title!r} is there twice. Compose it anew.")


def _names(item: Item) -> set[str]:
    return {item.story, canonical(item.href).key} if item.href else {item.story}


def _recipients(draft: Draft) -> Iterator[Finding]:
    now, before = draft.recipients, draft.last.recipients if draft.last else 0
    if now is None:
        return
    if now == 0:
        yield warning("recipients", "Nobody gets it yet. Import subscribers, or let them subscribe.")
    if before >= FEWEST and abs(now - before) * 2 > before:
        say = f"{now} get it, and {before} got the last one. Look at `subscribers list`; if it is meant, name the rule with --accept."
        yield error("recipients", say)
