"""What may be spent is never overspent, whatever a platform gives and however often it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.collectors.base import Collector, Delivers, Manifest, Method, Price
from aggregator.errors import MissingSecret, RateLimited, SourceError, Unavailable, Unreadable
from aggregator.fetch import Hint, Http, Learned, Params, Reply
from aggregator.model import Entry, Kind, Page, Source, SourceState, Topic
from aggregator.pipeline.budget import dollars, has_money_again, month_after, within_budget
from aggregator.pipeline.match import Matcher
from aggregator.pipeline.poll import poll
from aggregator.store import Store
from aggregator.store.engine import open_store
from tests.support.exchanges import HttpAlone

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = 300_000
SOURCE = Source(id="s", platform="dear", options={}, topics=("crews",))
MATCHER = Matcher((Topic(id="crews", title="Crews", any_of=("crews",)),))
DOWN, ODD, CUT = "down", "odd", "cut"


@dataclass(frozen=True, kw_only=True)
class Dear(Collector):
    """A platform whose pages cost what the test says; a word in place of a price is a page that fails so."""

    manifest: ClassVar[Manifest] = Manifest(
        name="dear",
        title="Dear",
        homepage="https://example.org",
        spec="none",
        method=Method.API,
        kinds=(Kind.POST,),
        finds="everything",
        reach="all",
        delay="at once",
        delivers=Delivers.COMPLETE,
        price=Price(page=PAGE, words="much", monthly=5_000_000),
    )
    pages: tuple[int | str | None, ...] = ()

    @property
    def host(self) -> str:
        return "example.org"

    label = address = host

    def poll(self, http: Http, cursor: str) -> Iterator[Page]:
        for number in range(int(cursor or "0"), len(self.pages)):
            http.get(f"https://example.org/{number}", auth=True)
            price = self.pages[number]
            if isinstance(price, str):
                raise Unreadable("reading: odd")
            entry = Entry(native_id=str(number), url=f"https://example.org/p/{number}", kind=Kind.POST, text="crews")
            yield Page(entries=(entry,), cursor=str(number + 1), cost=price)


class Stuck(Dear):
    """The same page for ever."""

    def poll(self, http: Http, cursor: str) -> Iterator[Page]:
        while True:
            yield from Dear(pages=self.pages).poll(http, "")


class Twice(Dear):
    """Two questions for a page."""

    def poll(self, http: Http, cursor: str) -> Iterator[Page]:
        http.get("https://example.org/first", auth=True)
        yield from super().poll(http, cursor)


class Paid(HttpAlone):
    """An `Http` that remembers how often it was paid for; what a page costs is spent as it answers."""

    authorised = True
    hint = Hint()

    def __init__(self, pages: tuple[int | str | None, ...] = ()) -> None:
        self.spent = 0
        self.asked = 0
        self._pages = pages

    def take(self) -> Learned:
        return Learned()

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        if not self.authorised:
            raise MissingSecret("KEY", "set it")
        self.asked += 1
        price = self._pages[int(url.rpartition("/")[2])] if self._pages else 0
        if price == DOWN:
            raise Unavailable("no answer")
        if price == CUT:
            raise Unavailable("the reply was cut off", status=200)
        self.spent += price if isinstance(price, int) else PAGE
        return Reply(asked=url, url=url, status=200)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError("nothing is written")


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(":memory:")
    opened.register((SOURCE, replace(SOURCE, id="other")), NOW)
    yield opened
    opened.close()


def polled(
    store: Store,
    pages: tuple[int | str | None, ...],
    http: Paid,
    *,
    source: Source = SOURCE,
    at: datetime = NOW,
    how: type[Dear] = Dear,
) -> SourceError | None:
    """Poll once; gives the error that ended it."""
    try:
        poll(source, how(pages=pages), store.state(source.id), http=http, store=store, matcher=MATCHER, at=at)
    except SourceError as error:
        return error
    return None


_prices = st.lists(st.integers(0, PAGE) | st.sampled_from([DOWN, ODD]), max_size=25).map(tuple)


@settings(max_examples=60, deadline=None)
@given(pages=_prices, budget=st.integers(0, 2_000_000), polls=st.integers(1, 12))
def test_the_budget_is_never_overspent_whatever_the_pages_cost(pages: tuple[int | str, ...], budget: int, polls: int) -> None:
    store = open_store(":memory:")
    one = replace(SOURCE, budget=budget)
    sources = (one, replace(one, id="other"))
    store.register(sources, NOW)
    http = Paid(pages)
    for number in range(polls):
        polled(store, pages, http, source=sources[number % 2])
    assert http.spent <= budget
    assert store.spending.of(NOW).get("dear", 0) == http.spent
    store.close()


def test_the_next_page_is_not_asked_for_when_less_is_left_than_it_may_cost(store: Store) -> None:
    http = Paid()
    error = polled(store, (PAGE, 100_000, 100_000, PAGE), http, source=replace(SOURCE, budget=2 * PAGE + 199_999))
    assert isinstance(error, RateLimited)
    assert http.asked == 3
    assert store.state("s").cursor == "3"
    assert str(error) == (
        "the budget of the month is used up: $0.50 of $0.799999 are spent on Dear and a page may cost $0.30; "
        "raise `budget` in sources.yaml, or wait until 2026-12-01"
    )


def test_a_source_whose_budget_is_used_up_waits_for_the_first_of_the_next_month_and_then_goes_on(store: Store) -> None:
    source = replace(SOURCE, budget=PAGE)
    error = polled(store, (PAGE, PAGE), Paid(), source=source)
    assert error is not None
    assert error.retry_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert polled(store, (PAGE, PAGE), Paid(), source=source, at=error.retry_at) is None
    assert store.state("s").cursor == "2"


def test_without_a_budget_of_its_own_a_source_has_that_of_its_platform(store: Store) -> None:
    http = Paid()
    polled(store, (PAGE,) * 20, http)
    assert http.asked == 5_000_000 // PAGE


def test_what_one_source_spends_is_gone_for_the_others_of_its_platform(store: Store) -> None:
    store.spending.add("dear", 4_900_000, NOW)
    http = Paid()
    assert isinstance(polled(store, (0,), http, source=replace(SOURCE, id="other")), RateLimited)
    assert http.asked == 0


def test_a_reply_that_was_paid_for_and_could_not_be_read_is_counted_and_one_that_never_came_is_not(store: Store) -> None:
    assert isinstance(polled(store, (ODD,), Paid((ODD,))), Unreadable)
    assert store.spending.of(NOW) == {"dear": PAGE}
    assert isinstance(polled(store, (DOWN,), Paid((DOWN,))), Unavailable)
    assert store.spending.of(NOW) == {"dear": PAGE}


def test_a_page_that_does_not_say_what_it_cost_counts_as_the_most(store: Store) -> None:
    polled(store, (100_000, None), Paid())
    assert store.spending.of(NOW) == {"dear": 100_000 + PAGE}


def test_the_same_page_a_second_time_was_paid_for(store: Store) -> None:
    assert isinstance(polled(store, (100_000,), Paid(), how=Stuck), Unreadable)
    assert store.spending.of(NOW) == {"dear": 200_000}


def test_several_questions_for_one_page_are_claimed_each(store: Store) -> None:
    http = Paid()
    assert isinstance(polled(store, (PAGE,), http, source=replace(SOURCE, budget=2 * PAGE - 1), how=Twice), RateLimited)
    assert http.asked == 1
    assert store.spending.of(NOW) == {"dear": PAGE}


def test_a_reply_that_broke_on_the_way_was_paid_for(store: Store) -> None:
    assert isinstance(polled(store, (CUT,), Paid((CUT,))), Unavailable)
    assert store.spending.of(NOW) == {"dear": PAGE}


def test_who_is_killed_while_a_page_is_under_way_has_counted_it(store: Store) -> None:
    class Killing(Paid):
        def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        polled(store, (100_000,), Killing())
    assert store.spending.of(NOW) == {"dear": PAGE}


def test_a_walk_that_goes_on_into_the_next_month_keeps_to_the_budget_of_each(store: Store) -> None:
    moments = iter([NOW, NOW, *[NOW + timedelta(days=30)] * 20])
    source, http = replace(SOURCE, budget=2 * PAGE), Paid()
    dear = Dear(pages=(PAGE,) * 9)
    pages = within_budget(lambda asked: dear.poll(asked, ""), source, dear, http=http, ledger=store.spending, clock=lambda: next(moments))
    with pytest.raises(RateLimited):
        list(pages)
    assert http.asked == 4
    assert store.spending.of(NOW) == store.spending.of(NOW + timedelta(days=30)) == {"dear": 2 * PAGE}


def test_a_source_has_money_again_when_its_budget_is_raised(store: Store) -> None:
    source, dear = replace(SOURCE, budget=PAGE), Dear(pages=(PAGE, PAGE))
    error = polled(store, dear.pages, Paid(), source=source)
    waiting = SourceState(source="s", next_poll_at=month_after(NOW), last_error=str(error))
    assert not has_money_again(source, dear, waiting, store.spending, NOW)
    assert has_money_again(replace(source, budget=2 * PAGE), dear, waiting, store.spending, NOW)
    assert not has_money_again(replace(source, budget=2 * PAGE), dear, replace(waiting, last_error="429"), store.spending, NOW)


def test_a_source_without_its_key_is_told_so_and_not_that_the_budget_is_used_up(store: Store) -> None:
    store.spending.add("dear", 5_000_000, NOW)
    http = Paid()
    http.authorised = False
    with pytest.raises(MissingSecret):
        polled(store, (0,), http)


@pytest.mark.parametrize(
    ("amount", "said"), [(5_000_000, "$5.00"), (5_000, "$0.005"), (0, "$0.00"), (2_200_000, "$2.20"), (1, "$0.000001")]
)
def test_amounts_are_said_to_the_cent_or_as_exactly_as_they_are(amount: int, said: str) -> None:
    assert dollars(amount) == said


@given(st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_the_next_month_begins_on_its_first_and_no_later_than_in_31_days(at: datetime) -> None:
    after = month_after(at)
    assert (after.day, after.hour, after.minute) == (1, 0, 0)
    assert 0 < (after - at).total_seconds() <= 31 * 86_400
