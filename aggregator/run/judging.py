"""What is known, judged again: when the topics have changed, and when a page turned out to concern one.

A changed topic takes effect at the next run and not when a source happens to list something again: stored mentions and entries that passed
are judged in one go, and every source whose rules have changed is asked for everything, since what was only looked at was not read. What is
found so is archive and not news. What the steward approved, pinned or chose stays.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from aggregator.app import App
from aggregator.fetch import Learned
from aggregator.model import Entry, Page, Source, Story
from aggregator.pipeline.echo import Echo
from aggregator.pipeline.labels import wanted_keys, why_wanted
from aggregator.pipeline.linked import Pages
from aggregator.pipeline.passing import KEPT
from aggregator.pipeline.poll import landing_of
from aggregator.pipeline.trying import Rules, Tried, tried
from aggregator.store import Landed

# Of the rules themselves, as the program understands them: a change judges everything again.
VERSION = 1
# Under these names the store remembers by which rules each source was judged last, and when passed entries were last let go.
_JUDGED, _FORGOT = "rules", "forgot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What judging again changed."""

    added: int = 0
    dropped: int = 0
    # Would have been dropped, had the steward not wanted them.
    kept: int = 0


def judge_again(app: App) -> Judged | None:
    """Judge everything by the rules as they are, when they are not those of the last run; None: they are."""
    prints = _prints(app)
    note = app.store.note(_JUDGED)
    before: Mapping[str, str] = json.loads(note) if note else {}
    if before == prints:
        return None
    changed = [source for source, text in prints.items() if before.get(source, "" if note is None else text) != text]
    judged = None
    if changed:
        judged = _landed(app, rules_of(app))
        app.store.ask_anew(changed)
    app.store.remember(_JUDGED, json.dumps(prints))
    return judged


def rules_of(app: App) -> Rules:
    """The rules as they are configured."""
    sources = {source.id: source for source in app.settings.sources}
    return Rules(matcher=app.matcher(), sources=sources, pages=Pages(app.store.pages()), echo=Echo.of(app.settings, app.store))


def try_rules(app: App, rules: Rules, *, since: datetime) -> Tried:
    """What rules would change of what is known; entries that passed count when they were seen since."""
    wanted = wanted_stories(app)
    return tried(app.store.stories(), app.store.passed.since(since), rules, wanted=lambda story: why_wanted(story, wanted))


def wanted_stories(app: App) -> Mapping[str, str]:
    """By canonical URL: why the steward wants it."""
    keys = dict(wanted_keys(app.store.decisions.standing(), app.store.chosen()))
    for name in [name for name in keys if "://" not in name]:
        # A decision may name a story by its id.
        story = app.store.story(name)
        keys.update((link.key, keys[name]) for link in (story.links if story else ()))
    return keys


def count_links_to(app: App, before: Pages) -> Landed:
    """Entries that passed, and lead to pages which only now turned out to concern a topic, become mentions.

    Args:
        before: what was known when the tick began: polls have judged by it.
    """
    fresh = {key: topics for key, topics in app.store.pages().items() if key not in before}
    if not fresh:
        return Landed()
    rules = replace(rules_of(app), pages=Pages(fresh))
    return _write(app, rules, _entries(tried((), app.store.passed.since(app.clock() - KEPT), rules, wanted=_nobody)))


def let_go(app: App) -> None:
    """Once a day: forget the entries that passed so long ago that nobody tries rules on them."""
    today = app.clock().date().isoformat()
    if app.store.note(_FORGOT) != today:
        app.store.passed.forget(app.clock() - KEPT)
        app.store.remember(_FORGOT, today)


def _nobody(story: Story) -> None:
    return None


def _landed(app: App, rules: Rules) -> Judged:
    found = try_rules(app, rules, since=app.clock() - KEPT - timedelta(days=1))
    landed = _write(app, rules, _entries(found))
    kept = {(one.mention.source, one.mention.entry.native_id) for one in found.lost if one.kept}
    back = sum(1 for one in _passing(found))
    return Judged(added=back, dropped=landed.withdrawn, kept=len(kept))


def _passing(found: Tried) -> Iterable[tuple[str, Entry]]:
    """Entries that passed until now, each once."""
    known = {(one.mention.source, one.mention.entry.native_id) for one in found.rejudged}
    gained = {(one.source, one.entry.native_id): one.entry for one in found.gained}
    return [(source, entry) for (source, native_id), entry in gained.items() if (source, native_id) not in known]


def _entries(found: Tried) -> Mapping[str, tuple[Entry, ...]]:
    """By source: the entries that are to be judged again for good."""
    wanted = {(one.mention.source, one.mention.entry.native_id) for one in found.lost if one.kept}
    by_source: dict[str, dict[str, Entry]] = defaultdict(dict)
    mentions = [*(one.mention for one in found.lost), *(one.mention for one in found.rejudged)]
    for source, entry in (*_passing(found), *((one.source, one.entry) for one in mentions)):
        if (source, entry.native_id) not in wanted:
            by_source[source][entry.native_id] = entry
    return {source: tuple(entries.values()) for source, entries in by_source.items()}


def _write(app: App, rules: Rules, entries: Mapping[str, tuple[Entry, ...]]) -> Landed:
    """Land entries by the rules, a transaction for each source; what was not known is quiet."""
    states, refusals, at, landed = app.store.states(), app.refusals(), app.clock(), Landed()
    for source, of_source in sorted(entries.items()):
        cursor = states[source].cursor if source in states else ""
        landed += app.store.land(
            landing_of(
                Page(entries=of_source, cursor=cursor),
                rules.sources[source],
                Learned(),
                matcher=rules.matcher,
                at=at,
                quiet=True,
                refusals=refusals,
                pages=rules.pages,
                echo=rules.echo,
            )
        )
    return landed


def _prints(app: App) -> dict[str, str]:
    """By source: a digest of all that its entries are judged by."""
    return {source.id: _print(app, source) for source in app.settings.sources}


def _print(app: App, source: Source) -> str:
    topics = [{name: value for name, value in asdict(topic).items() if name != "title"} for topic in app.topics(source)]
    text = json.dumps([VERSION, topics, source.takes], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
