"""What platforms cost, in words: before it is spent, and after."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from datetime import timedelta
from math import ceil

from aggregator.app import App
from aggregator.collectors import collector_for
from aggregator.collectors.base import Collector, Price
from aggregator.commands.common import agreed, complain, talk
from aggregator.fetch import Http
from aggregator.model import Page, Source
from aggregator.pipeline.budget import budget_of, dollars, within_budget
from aggregator.run.sampling import opening
from aggregator.settings import Settings
from aggregator.shape import write_duration


def prices(settings: Settings) -> Iterator[str]:
    """A line for each source that costs something: by the run, by the week and by the month."""
    for source, collector, price in _paid(settings):
        # What matches is slow to load, and most communities pay for nothing.
        from aggregator.pipeline.poll import MOST_PAGES

        manifest, every = collector.manifest, source.every or collector.manifest.every
        most, budget = min(MOST_PAGES * price.page, budget_of(source, price)), budget_of(source, price)
        if budget < price.page:
            yield (
                f"{source.id}: nothing is read: {manifest.title} charges {price.words}, a page may cost {dollars(price.page)}, and its "
                f"`budget` is {dollars(budget)} a month. Raise it, or write `enabled: false`."
            )
            continue
        yield (
            f"{source.id}: {manifest.title} charges {price.words}. A run costs nothing where nothing is new, else at most "
            f"{dollars(price.page)} a page and {dollars(most)} in all; there are up to {ceil(timedelta(weeks=1) / every)} a week (every "
            f"{write_duration(every)}). In a month no more than {dollars(budget)} is spent on {manifest.title}, all its sources together; "
            f"`budget` changes that."
        )


def spent(app: App) -> Iterator[str]:
    """A line for each platform that costs something: what was spent of the month's budget."""
    ledger, now = app.store.spending.of(app.clock()), app.clock()
    budgets: dict[str, tuple[str, int]] = {}
    for source, collector, price in _paid(app.settings):
        title, most = budgets.get(source.platform, (collector.manifest.title, 0))
        budgets[source.platform] = title, max(most, budget_of(source, price))
    for platform, (title, budget) in sorted(budgets.items()):
        yield f"{title}: {dollars(ledger.get(platform, 0))} of {dollars(budget)} spent in {now:%Y-%m} (UTC)."


def may_spend(options: argparse.Namespace, source: Source, collector: Collector, settings: Settings) -> bool:
    """Whether a page may be asked for that costs something: it costs nothing, or the person agrees, by --yes or at the terminal."""
    price, auth = collector.manifest.price, collector.manifest.auth
    keyless = auth is not None and auth.variable not in settings.secrets
    if price is None or keyless or options.replay or options.yes:
        return True
    title, most = collector.manifest.title, dollars(price.page)
    answer = agreed(f"This page may cost {most}. Ask {title} for it?", before=[f"{title} charges {price.words}."])
    if answer is None:
        complain(f"aggregator: nothing was asked, because the page may cost {most} and there is no terminal to ask at; add --yes")
    elif not answer:
        talk(options, "Nothing was asked.")
    return bool(answer)


def first_page(ask: Callable[[Http], Iterator[Page]], app: App, source: Source, collector: Collector, http: Http) -> list[Page]:
    """The first page of a source, for a look. What it cost is written down although nothing else is: the money is gone.

    Raises:
        SourceError: the source failed, or the budget of the month is used up.
    """
    return opening(within_budget(ask, source, collector, http=http, ledger=app.ledger, clock=app.clock), collector)


def price_plain(source: Source, collector: Collector) -> dict[str, object] | None:
    """What a source costs, in dollars, for programs; None: nothing."""
    price = collector.manifest.price
    if price is None:
        return None
    return {"words": price.words, "page_usd": price.page / 1_000_000, "budget_usd": budget_of(source, price) / 1_000_000}


def _paid(settings: Settings) -> Iterator[tuple[Source, Collector, Price]]:
    for source in settings.sources:
        collector = collector_for(source)
        if source.enabled and collector.manifest.price is not None:
            yield source, collector, collector.manifest.price
