"""Spending on platforms that charge: nothing is asked that the rest of the month's budget might not pay for.

The guard stands where the question is asked, in the client that the collector sees: so it holds whatever a collector does between two
pages, and for all sources of a platform together. The most that a page may cost is claimed in the ledger before it is asked for, and put
right when it came and says what it cost: whoever is killed in between has counted too much and never too little. A reply that was paid for
and could not be read stays at the most, since nobody knows what it held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aggregator.clock import Clock
from aggregator.collectors.base import Collector, Price
from aggregator.errors import AggregatorError, RateLimited, SourceError
from aggregator.fetch import Http, Params, Reply
from aggregator.model import Page, Source, SourceState
from aggregator.store.topics import Spending

_USED_UP = "the budget of the month is used up"


def within_budget(
    ask: Callable[[Http], Iterator[Page]], source: Source, collector: Collector, *, http: Http, ledger: Spending, clock: Clock
) -> Iterator[Page]:
    """The pages that `ask` gives, while what is left of the month's budget pays for another; all of them where asking costs nothing.

    Args:
        clock: by which the month is known; a walk may go on into the next.

    Raises:
        RateLimited: what is left might not pay for the next page; it says until when.
        SourceError: as `ask` does.
    """
    price = collector.manifest.price
    if price is None:
        yield from ask(http)
        return
    purse = _Purse(
        price=price, platform=source.platform, budget=budget_of(source, price), title=collector.manifest.title, ledger=ledger, clock=clock
    )
    metered = _Metered(http, purse)
    for page in ask(metered):
        metered.settle(page.cost)
        yield page


def has_money_again(source: Source, collector: Collector, state: SourceState, ledger: Spending, at: datetime) -> bool:
    """Whether a source waits for the next month although a page could be paid for: its budget was raised since."""
    price = collector.manifest.price
    if price is None or not (state.last_error or "").startswith(_USED_UP):
        return False
    return ledger.of(at).get(source.platform, 0) + price.page <= budget_of(source, price)


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
    """What may be spent on one platform in a month."""

    price: Price
    platform: str
    budget: int
    title: str
    ledger: Spending
    clock: Clock

    def open(self) -> datetime:
        """Claim what a page may cost; gives when. Raises `RateLimited` when that is more than is left."""
        at = self.clock()
        if self.ledger.claim(self.platform, self.price.page, at, most=self.budget):
            return at
        spent, again = self.ledger.of(at).get(self.platform, 0), month_after(at)
        raise RateLimited(
            f"{_USED_UP}: {dollars(spent)} of {dollars(self.budget)} are spent on {self.title} and a page may cost "
            f"{dollars(self.price.page)}; raise `budget` in sources.yaml, or wait until {again:%Y-%m-%d}",
            retry_at=again,
        )

    def put_back(self, amount: int, claimed_at: datetime) -> None:
        """Give back what was claimed and not spent; what cost more than was thought is taken."""
        if amount:
            self.ledger.add(self.platform, -amount, claimed_at)


class _Metered:
    """The client as a source sees it that pays: what is asked with the secret is charged."""

    def __init__(self, http: Http, purse: _Purse) -> None:
        self._http = http
        self._purse = purse
        # When pages were claimed of which none was made yet.
        self._claimed: list[datetime] = []

    def settle(self, cost: int | None) -> None:
        """Put the claims right when a page came; None: what it cost is not known, and they stand."""
        if self._claimed and cost is not None:
            self._purse.put_back(len(self._claimed) * self._purse.price.page - cost, self._claimed[-1])
        self._claimed.clear()

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
        # Without its secret a source is told so, whatever is left.
        if not (auth and self._http.authorised):
            return ask()
        at = self._purse.open()
        try:
            reply = ask()
        except AggregatorError as error:
            # What the server refused or never heard costs nothing; a good reply that broke on the way does.
            if not (isinstance(error, SourceError) and error.status == _GOOD):
                self._purse.put_back(self._purse.price.page, at)
            raise
        self._claimed.append(at)
        return reply


_GOOD = 200
