"""What a steward hears of money, before it is spent and after; and that X's texts come to light nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from aggregator.app import App
from aggregator.clock import now
from aggregator.collectors import collector_for
from aggregator.commands.spending import first_page
from aggregator.config import load
from aggregator.errors import RateLimited, Unreadable
from aggregator.fetch import Http
from aggregator.model import Page
from aggregator.store.engine import open_store
from tests.support.exchanges import RecordedHttp, cases
from tests.support.har import write_har
from tests.support.steward import Steward

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONFIGURATION = """\
site: {title: Discussing microsolidarity}
topics: {crews: {any_of: [microsolidarity]}}
sources:
  - {address: 'https://x.com/hashtag/microsolidarity', id: paid, every: 12h, budget: 7.50}
  - {platform: x, search: crews, id: off, enabled: false}
"""
KEY = {"X_BEARER_TOKEN": "a-token-that-nobody-has"}
WORDS = ("Worth reading", "The beginning of something long", "@ada yes")


@pytest.fixture
def paying(steward: Steward) -> Steward:
    steward.configures(CONFIGURATION)
    [case] = [case for case in cases("x") if case.name == "ordinary"]
    write_har(steward.folder / "r.har", case.exchanges)
    return steward


def test_check_says_what_a_run_a_week_and_a_month_may_cost_before_it_is_spent(paying: Steward) -> None:
    lines = [line for line in paying.runs("check").out.splitlines() if line.startswith("paid:")]
    assert lines == [
        "paid: X charges $0.005 a post and $0.010 an author. A run costs nothing where nothing is new, else at most $0.30 a page and "
        "$7.50 in all; there are up to 14 a week (every 12h). In a month no more than $7.50 is spent on X, all its sources together; "
        "`budget` changes that."
    ]
    assert paying.runs("check", "--json").json()["sources"][0]["price"] == {
        "words": "$0.005 a post and $0.010 an author", "page_usd": 0.3, "budget_usd": 7.5
    }  # fmt: skip


@pytest.mark.parametrize("budget", ["0", "0.29"])
def test_check_says_that_a_budget_below_the_price_of_a_page_reads_nothing(paying: Steward, budget: str) -> None:
    paying.configures(CONFIGURATION.replace("7.50", budget))
    lines = [line for line in paying.runs("check").out.splitlines() if line.startswith("paid:")]
    assert lines == [
        "paid: nothing is read: X charges $0.005 a post and $0.010 an author, a page may cost $0.30, and its `budget` is "
        f"${float(budget):.2f} a month. Raise it, or write `enabled: false`."
    ]
    paying.configures(CONFIGURATION.replace("7.50", "0.30"))
    assert "nothing is read" not in paying.runs("check").out


def test_status_says_what_was_spent_and_a_recording_costs_nothing(paying: Steward) -> None:
    assert paying.runs("run", "--replay", "r.har", environ=KEY).code == 0
    [line] = [line for line in paying.runs("status").out.splitlines() if line.startswith("X: $")]
    assert line.startswith("X: $0.00 of $7.50 spent in ")
    with closing(open_store(paying.folder / "state" / "aggregator.db")) as store:
        store.spending.add("x", 40_000, now())
    [line] = [line for line in paying.runs("status").out.splitlines() if line.startswith("X: $")]
    assert line.startswith("X: $0.04 of $7.50 spent in ")


def test_authors_and_links_of_x_are_published_and_no_word_of_the_posts(paying: Steward) -> None:
    assert paying.runs("run", "--replay", "r.har", environ=KEY).code == 0
    written = b"".join(paying.output().values()) + b"".join(path.read_bytes() for path in (paying.folder / "state").rglob("*"))
    assert b"https://x.com/ada/status/2123706672739254273" in written
    assert b"https://garden.example/crews" in written
    assert [one for one in WORDS if one.encode() in written] == []
    told = [paying.runs(*command).out for command in (("why", "https://garden.example/crews"), ("review", "--json"), ("status",))]
    assert [one for one in WORDS if one in "".join(told)] == []
    assert {voice["excerpt"] for story in paying.stories() for voice in story["voices"]} <= {None, ""}


def test_a_test_that_costs_asks_first_and_does_nothing_where_nobody_can_be_asked(paying: Steward) -> None:
    said = paying.runs("source", "test", "paid", environ=KEY)
    assert said.code == 2
    assert "the page may cost $0.30 and there is no terminal to ask at; add --yes" in said.err
    assert not (paying.folder / "state").exists()


def test_without_its_key_or_with_a_recording_a_test_costs_nothing_and_asks_nobody(paying: Steward) -> None:
    assert "X_BEARER_TOKEN is not set" in paying.runs("source", "test", "paid").err
    said = paying.runs("source", "test", "paid", "--replay", "r.har", environ=KEY)
    assert (said.code, "4 entries" in said.out) == (0, True)


# -- what a test costs


@pytest.fixture
def app(paying: Steward) -> Iterator[App]:
    settings = load(paying.folder / "sources.yaml", environ=KEY)
    with closing(open_store(":memory:")) as store:
        client = cast(Any, SimpleNamespace(live=True))
        yield App(settings=settings, store=store, connect=lambda: client, unlock=_locked, clock=lambda: NOW, dry_run=True)


def _locked() -> Any:
    raise AssertionError("no subscriber has to do with it")


def looked(app: App, *, body: bytes | None = None, budget: int = 7_500_000) -> list[Page]:
    source = replace(app.settings.sources[0], budget=budget)
    collector = collector_for(source)
    [case] = [case for case in cases("x") if case.name == "ordinary"]
    first = case.exchanges[0] if body is None else replace(case.exchanges[0], body=body)
    http: Http = RecordedHttp([first, *case.exchanges[1:]], authorised=True)
    return first_page(lambda http: collector.poll(http, ""), app, source, collector, http)


def spent(app: App) -> dict[str, int]:
    path: Path = app.settings.state / "aggregator.db"
    with closing(open_store(path)) as store:
        return dict(store.spending.of(NOW))


def test_what_a_test_costs_is_written_down_although_nothing_else_is(app: App) -> None:
    looked(app)
    looked(app)
    assert spent(app) == {"x": 80_000}
    with closing(open_store(app.settings.state / "aggregator.db")) as store:
        assert (store.stories(), store.state("paid").cursor) == ((), "")


def test_a_test_does_not_overspend_the_budget(app: App) -> None:
    looked(app)
    with pytest.raises(RateLimited, match="used up"):
        looked(app, budget=300_000)
    assert spent(app) == {"x": 40_000}


def test_a_test_whose_reply_cannot_be_read_was_paid_for(app: App) -> None:
    with pytest.raises(Unreadable):
        looked(app, body=json.dumps({"meta": {}}).encode())
    assert spent(app) == {"x": 300_000}
