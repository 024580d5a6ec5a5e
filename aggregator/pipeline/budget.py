"""Spending on platforms that charge: nothing is asked that the rest of the month's budget might not pay for.

The guard stands where the question is asked, in the client that the collector sees, and reads the ledger each time: so it holds whatever a
collector does between two pages, and for all sources of a platform together. What a page cost is written as it lands. A reply that was
paid for and could not be read is counted at the most that a page may cost, since nobody knows what it held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.collectors.base import Collector, Price
from aggregator.errors import RateLimited
from aggregator.fetch import Http, Params, Reply
from aggregator.model import Page, Source
from aggregator.store import Store


def within_budget(
    ask: Callable[[Http], Iterator[Page]], source: Source, collector: Collector, *, http: Http, store: Store, at: datetime
) -> Iterator[Page]:
    """The pages that `ask` gives, while what is left of the month's budget pays for another; all of them where asking costs nothing.

    Whoever takes a page lands it, with its cost, before taking the next.

    Raises:
        RateLimited: what is left might not pay for the next page; it says until when.
        SourceError: as `ask` does.
    """
    price = collector.manifest.price
    if price is None:
        yield from ask(http)
        return
    purse = _Purse(
        price=price, platform=source.platform, budget=budget_of(source, price), title=collector.manifest.title, store=store, at=at
    )
    metered = _Metered(http, purse)
    try:
        for page in ask(metered):
            metered.unread = False
            yield page
    except Exception:
        if metered.unread:
            store.spending.add(source.platform, price.page, at)
        raise


def budget_of(source: Source, price: Price) -> int:
    """What may be spent on the source's platform in a month, in millionths of a US dollar."""
    return price.monthly if source.budget is None else source.budget


def dollars(amount: int) -> str:
    """Millionths of a US dollar for people: "$5.00", "$0.005"."""
    return f"${amount / 1_000_000:.2f}" if amount % 10_000 == 0 else f"${amount / 1_000_000:.6f}".rstrip("0")


def month_after(at: datetime) -> datetime:
    """When the next calendar month begins, in UTC."""
    day = at.astimezone(UTC)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Purse:
    """What may be spent on one platform in one month."""

    price: Price
    platform: str
    budget: int
    title: str
    store: Store
    at: datetime

    def open(self) -> None:
        """Raise `RateLimited` when a page might cost more than is left."""
        spent = self.store.spending.of(self.at).get(self.platform, 0)
        if spent + self.price.page <= self.budget:
            return
        again = month_after(self.at)
        raise RateLimited(
            f"the budget of the month is used up: {dollars(spent)} of {dollars(self.budget)} are spent on {self.title} and a page may cost "
            f"{dollars(self.price.page)}; raise `budget` in sources.yaml and run `aggregator poll`, or wait until {again:%Y-%m-%d}",
            retry_at=again,
        )


class _Metered:
    """The client as a source sees it that pays: what is asked with the secret is charged."""

    def __init__(self, http: Http, purse: _Purse) -> None:
        self._http = http
        self._purse = purse
        # A reply came that no page was made of yet.
        self.unread = False

    @property
    def authorised(self) -> bool:
        return self._http.authorised

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        return self._paid(lambda: self._http.get(url, params=params, accept=accept, auth=auth), auth)

    def page(self, url: str, *, fresh: bool = False) -> Reply:
        return self._http.page(url, fresh=fresh)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        return self._paid(lambda: self._http.post(url, json=json, accept=accept, auth=auth), auth)

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        return self._http.converse(url, say=say, until=until)

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        return self._http.run(program, *arguments, say=say)

    def messages(self, url: str, *, after: int, most: int) -> Reply:
        return self._http.messages(url, after=after, most=most)

    def _paid(self, ask: Callable[[], Reply], auth: bool) -> Reply:
        if not auth:
            return ask()
        # Without its secret a source is told so, whatever is left.
        if self._http.authorised:
            self._purse.open()
        reply = ask()
        self.unread = True
        return reply
