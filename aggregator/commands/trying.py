"""The command `source test`: one page of a source, shown as a person wants to see it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from aggregator.app import App
from aggregator.collectors import collector_for, recognise
from aggregator.collectors.base import Backfills
from aggregator.commands.common import application, day, say, settings_of, show, talk
from aggregator.commands.spending import first_page, may_spend
from aggregator.config import identifier
from aggregator.errors import ConfigError, UnknownPlatform
from aggregator.model import Author, Source
from aggregator.pipeline.budget import budget_of, dollars
from aggregator.run.sampling import Found, Sample, sample
from aggregator.settings import Settings
from aggregator.shape import write_duration
from aggregator.text.html import plain

_FIRST_WORDS = 100


def test(options: argparse.Namespace) -> int:
    """Read one page of a source and show what is found; writes nothing."""
    settings = settings_of(options)
    source = _named(options.source, settings)
    collector = collector_for(source)
    if not may_spend(options, source, collector, settings):
        return 2
    options.dry_run = True
    with application(options, settings) as app:
        talk(options, f"Reading {source.label or collector.label} ({collector.address}) …")
        found = sample(app, source, collector, read=first_page)
        if found.problem:
            talk(options, f"{'It needs a key' if found.locked else 'Could not read it'}: {found.problem}")
            return 4
        if options.json:
            show([_plain(one, found) for one in found.found])
            return 0
        for line in _lines(found):
            say(line)
        for line in _terms(found, app):
            say(line)
    return 0


def _named(name: str, settings: Settings) -> Source:
    for source in settings.sources:
        if source.id == name:
            return source
    try:
        platform, found = recognise(name)
    except UnknownPlatform:
        if "://" in name:
            raise
        from aggregator.shape import SOURCE_LIST, nearest

        known = [source.id for source in settings.sources]
        raise ConfigError(
            f"{name!r} is neither a source of {settings.file} nor an address. {nearest(name, known, whole=SOURCE_LIST)}"
        ) from None
    topics = tuple(topic.id for topic in settings.topics)
    return Source(id=identifier(platform, found), platform=platform, options=found, topics=topics)


def _plain(one: Found, found: Sample) -> dict[str, object]:
    return {
        "entry": asdict(one.entry),
        "matches": [asdict(match) for match in one.matches],
        "counts": one in found.counting,
        "withheld": one.withheld,
    }


def _lines(found: Sample) -> Iterator[str]:
    """The entries, the platform's own order kept; what would count for the page has a star."""
    counting = found.counting
    for one in found.found:
        yield from _entry(one, counts=one in counting, source=found.source)
    for remark in found.remarks:
        yield f"  remark: {remark}"
    yield f"{_counted(len(found.found))}, {len(counting)} {'counts' if len(counting) == 1 else 'count'} (*)."


def _counted(entries: int) -> str:
    return f"{entries} entr{'y' if entries == 1 else 'ies'}"


def _entry(one: Found, *, counts: bool, source: Source) -> Iterator[str]:
    entry = one.entry
    words = " ".join((entry.title or entry.text or plain(entry.html or "") or entry.url).split())
    yield f"{'*' if counts else ' '} {words[:_FIRST_WORDS]}{'…' if len(words) > _FIRST_WORDS else ''}"
    yield "    " + " · ".join(filter(None, (entry.kind, _who(entry.author), day(entry.published) if entry.published else "no date")))
    if entry.url != words:
        yield f"    {entry.url}"
    for match in one.matches:
        yield f"    {match.field}: {match.rule!r} in {match.excerpt!r}"
    if counts and one.withheld:
        yield f"    It would not be shown: {one.withheld}."
    if source.since and entry.published and entry.published < source.since:
        yield f"    It would be left out: it was published before {source.since:%Y-%m-%d}."


def _who(author: Author | None) -> str:
    if author is None:
        return ""
    handle = f"@{author.handle}" if author.handle else ""
    return f"{author.name} ({handle})" if author.name and handle and author.name != author.handle else handle or author.name or ""


def _terms(found: Sample, app: App) -> Iterator[str]:
    """Which limits and costs apply."""
    collector, manifest = found.collector, found.collector.manifest
    back = "; older entries by back-fill" if isinstance(collector, Backfills) else ""
    yield f"Reach: {manifest.reach}{back}. Seen: {manifest.delay}. Gives: {manifest.delivers}."
    pace, every = collector.pace, found.source.every or manifest.every
    spent = app.client.spent().get(collector.host, 0)
    budget = f", at most {pace.daily} requests a day ({spent} spent today)" if pace.daily else ""
    yield f"Manners: asked every {write_duration(every)}, at least {pace.gap.total_seconds():g} s between two requests{budget}."
    if (auth := manifest.auth) is not None and collector.wants_key:
        known = auth.variable in app.settings.secrets
        yield f"Key: {auth.variable} is {'set' if known else 'not set'}." + ("" if known else f" {auth.how} {auth.without}".rstrip())
    if price := manifest.price:
        month = dollars(app.store.spending.of(app.clock()).get(manifest.name, 0))
        yield f"Cost: {price.words}; {month} of {dollars(budget_of(found.source, price))} spent this month."
    else:
        yield "Cost: none."
    yield f"Limits: {' '.join(manifest.limits) or 'none known.'}"
