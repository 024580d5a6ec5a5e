"""One poll of one source: every page it yields is matched, identified and landed before the next is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.collectors.base import Collector, Cursor, Method
from aggregator.errors import Unreadable
from aggregator.fetch import Learned, SourceHttp
from aggregator.model import Coverage, Entry, Field, Gap, GapReason, Match, Mention, Missed, Outcome, Page, Source, SourceState, Takes
from aggregator.pipeline.budget import within_budget
from aggregator.pipeline.consent import may_be_shown, opens_for_nobody, without_words
from aggregator.pipeline.coverage import began, older_end, shown
from aggregator.pipeline.echo import Echo
from aggregator.pipeline.identify import identify
from aggregator.pipeline.linked import NO_PAGES, Pages
from aggregator.pipeline.match import Matcher
from aggregator.pipeline.nature import homes, observe
from aggregator.pipeline.passing import may_be_kept, trimmed
from aggregator.pipeline.returning import settled
from aggregator.pipeline.takedown import NOTHING, Refusals
from aggregator.store import Landed, Landing, Store
from aggregator.store.topics import Spending
from aggregator.text.html import visible

# What stands as the rule where no rule was asked.
EVERYTHING = "takes everything"
# A poll that is still going on after so many pages goes on at the next tick, from its cursor: one busy source does not hold up a run.
MOST_PAGES = 50
# Where nothing is known of our own page.
NO_ECHO = Echo()


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll did."""

    landed: Landed
    coverage: Coverage
    remarks: tuple[str, ...]
    # Gaps that its pages have shown; they have landed with them.
    gaps: tuple[Gap, ...] = ()
    # What the source is like, for the next poll.
    nature: str = ""
    # Why the source is held; None: it is not.
    held: str | None = None


def poll(
    source: Source,
    collector: Collector,
    state: SourceState,
    *,
    http: SourceHttp,
    store: Store,
    matcher: Matcher,
    at: datetime,
    stopping: Callable[[], bool] = lambda: False,
    refusals: Refusals = NOTHING,
    pages: Pages = NO_PAGES,
    echo: Echo = NO_ECHO,
    keeps: frozenset[str] = frozenset(),
    opened: Collection[Gap] = (),
    ledger: Spending | None = None,
) -> Polled:
    """Ask a source for what is new and land it, page by page.

    Args:
        at: when the tick began: what is found in one tick is first seen at one instant, whichever source answers first.
        stopping: asked after every page; when it says so, the rest is left to the next tick.
        refusals: what was taken down and must not come back.
        pages: what was read before and concerns a topic; who links to one of them counts.
        echo: what is known of our own page.
        keeps: canonical URLs that the steward wants on the page, whatever the rules say.
        opened: the open gaps of the source.
        ledger: where what it costs is written; None: in the store.

    Raises:
        SourceError: the source failed; the pages before have landed, and the next poll resumes after them.
        MissingSecret: the source needs a secret that is not set.
    """
    landed, entries, remarks, oldest = Landed(), 0, dict[str, None](), None
    outcome, cursors, cursor = Outcome.COMPLETE, set[str](), state.cursor
    nature, held, walk, gaps = state.nature, state.held, began(state, at), tuple[Gap, ...]()
    # Who is asked for everything, because it was never read or its topics are others now, gives an archive and no news.
    quiet = state.last_ok_at is None or not state.validators
    asked = _pages(source, collector, state.cursor, http=http, ledger=ledger or store.spending, at=at)
    for count, (page, learned) in enumerate(asked, start=1):
        _unrepeated(page, cursors)
        nature, changed = observe(nature, page, at)
        held = held or changed
        landing = landing_of(page, source, learned, matcher=matcher, at=at, quiet=quiet, refusals=refusals, pages=pages, echo=echo)
        if state.last_ok_at is not None:
            landing = recalled(landing, page, collector, store, hosts={collector.host, *homes(nature)}, held=held)
        landing = replace(landing, keeps=keeps, began_at=walk, gaps=shown(page, state, at, (*opened, *gaps)))
        # Most polls of most sources learn nothing, and then nothing is written.
        if landing.cursor != cursor or landing.says_something:
            landed, cursor = landed + store.land(landing), landing.cursor
        entries, gaps = entries + len(page.entries), gaps + landing.gaps
        remarks.update(dict.fromkeys(landing.remarks))
        oldest = min(filter(None, (oldest, older_end(page.entries, at))), default=None)
        if count >= MOST_PAGES:
            remarks[f"more than {MOST_PAGES} pages: the next run goes on from there"] = None
        if count >= MOST_PAGES or stopping():
            outcome = Outcome.PARTIAL
            break
    coverage = Coverage(source=source.id, since=oldest, until=at, outcome=outcome, entries=entries)
    return Polled(landed=landed, coverage=coverage, remarks=tuple(remarks), nature=nature, held=held, gaps=gaps)


def _unrepeated(page: Page, cursors: set[str]) -> None:
    """Note the cursor of a page; `Unreadable` when a page with entries had it before."""
    if page.entries and page.cursor in cursors:
        raise Unreadable("resuming: the platform gave the same page a second time")
    cursors.add(page.cursor)


def _pages(
    source: Source, collector: Collector, cursor: Cursor, *, http: SourceHttp, ledger: Spending, at: datetime
) -> Iterator[tuple[Page, Learned]]:
    """The pages of a poll with what was learned on the way to each; a feed that has turned over has missed something, whoever reads it."""
    for page in within_budget(lambda asked: collector.poll(asked, cursor), source, collector, http=http, ledger=ledger, clock=lambda: at):
        learned = http.take()
        turned = learned.turned_over and page.missed is None
        yield (replace(page, missed=Missed(reason=GapReason.TURNED_OVER)) if turned else page), learned


def recalled(landing: Landing, page: Page, collector: Collector, store: Store, *, hosts: Collection[str], held: str | None) -> Landing:
    """The landing with each mention under the id that it is known by; what is not known waits for the steward where its source is held."""
    feed = collector.manifest.method is Method.FEED
    if not landing.mentions or not (feed or held):
        return landing
    known = store.resembling(landing.source, landing.mentions)
    mentions = landing.mentions
    if feed:
        listed = {entry.native_id for entry in page.entries}
        mentions = settled(mentions, known, listed=listed, hosts=hosts)
    if held:
        names = {before.entry.native_id for before in known}
        mentions = tuple(one if one.entry.native_id in names else replace(one, held=held) for one in mentions)
    concerned = {mention.entry.native_id for mention in mentions}
    return replace(landing, mentions=mentions, unmatched=tuple(one for one in landing.unmatched if one not in concerned))


def landing_of(
    page: Page,
    source: Source,
    learned: Learned,
    *,
    matcher: Matcher,
    at: datetime,
    quiet: bool,
    refusals: Refusals = NOTHING,
    pages: Pages = NO_PAGES,
    echo: Echo = NO_ECHO,
) -> Landing:
    """What of a page is written."""
    mentions, unmatched, passed, left_out = [], [], [], Counter[str]()
    for entry in page.entries:
        mention = mention_of(entry, source, matcher=matcher, at=at, quiet=quiet, pages=pages, echo=echo)
        if mention is not None and (reason := echo.left_out(entry)):
            # Not withdrawn either, where it was known: a site that was built by mistake for one machine will be built anew.
            left_out[reason] += 1
        elif mention is None or refusals.covers(entry, mention.identity):
            unmatched.append(entry.native_id)
            # A post that shares what was taken down would come back by another rule, without the address.
            if mention is None and may_be_kept(entry, source) and not refusals.covers(entry) and refusals.without(entry) is entry:
                passed.append(trimmed(entry))
        else:
            mentions.append(refusals.cleaned(mention))
    concerned = {mention.entry.native_id for mention in mentions}
    return Landing(
        source=source.id,
        mentions=tuple(mentions),
        unmatched=tuple(one for one in unmatched if one not in concerned),
        passed=tuple(entry for entry in passed if entry.native_id not in concerned),
        cursor=page.cursor,
        validators=learned.validators,
        previews=tuple(preview for mention in mentions for preview in mention.entry.previews),
        remarks=(*page.remarks, *(f"{count} {'entry' if count == 1 else 'entries'} {what}: left out" for what, count in left_out.items())),
        at=at,
    )


def mention_of(
    entry: Entry, source: Source, *, matcher: Matcher, at: datetime, quiet: bool, pages: Pages = NO_PAGES, echo: Echo = NO_ECHO
) -> Mention | None:
    """The entry as a mention; None when it concerns no topic of the source or may not be shown."""
    if not may_be_shown(entry, source):
        return None
    if source.since and entry.published and entry.published < source.since:
        return None
    matches = matches_of(entry, source, matcher, pages)
    if not matches:
        return None
    links = echo.followed(entry, (*entry.links, *(visible(entry.html, base=entry.url).links if entry.html else ())))
    if links is None:
        return None
    entry = echo.heard(entry)
    identity = echo.cleaned(identify(entry, links=links))
    if opens_for_nobody(entry, identity):
        return None
    entry, matches = without_words(entry, matches)
    return Mention(source=source.id, entry=entry, matches=matches, identity=identity, first_seen_at=at, quiet=quiet)


def matches_of(entry: Entry, source: Source, matcher: Matcher, pages: Pages = NO_PAGES) -> tuple[Match, ...]:
    """Why an entry of a source counts: its own words, else a page it links to, else that the source takes everything."""
    matches = matcher.match(entry)
    if pages:
        matches += pages.matches(entry, matcher, beside=matches)
    wanted = tuple(match for match in matches if match.topic in source.topics)
    if wanted or source.takes is not Takes.EVERYTHING:
        return wanted
    excerpt = (entry.title or entry.text or "")[:120]
    return tuple(Match(topic=topic, field=Field.SOURCE, rule=EVERYTHING, excerpt=excerpt) for topic in source.topics)
