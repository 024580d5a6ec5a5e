"""What platforms that charge have cost. It is written before a page is asked for, so that no run can forget what it spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from aggregator.clock import Clock
from aggregator.store.engine import Database, open_store
from aggregator.store.rows import storable

_ADD = text(
    "INSERT INTO spending (platform, month, amount) VALUES (:platform, :month, :amount) "
    "ON CONFLICT (platform, month) DO UPDATE SET amount = spending.amount + excluded.amount"
)
_OF_MONTH = text("SELECT platform, amount FROM spending WHERE month = :month")
_OF_PLATFORM = text("SELECT amount FROM spending WHERE platform = :platform AND month = :month")


class SqlSpending:
    """`Spending` on a database; see the protocol for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, at: datetime) -> Mapping[str, int]:
        with self._database.reading() as desk:
            return {platform: int(amount) for platform, amount in desk.rows(_OF_MONTH, month_of(at))}

    def add(self, platform: str, amount: int, at: datetime) -> None:
        with self._database.writing() as desk:
            desk.run(_ADD, storable(platform), month_of(at), amount)

    def claim(self, platform: str, amount: int, at: datetime, *, most: int) -> bool:
        name, month = storable(platform), month_of(at)
        with self._database.writing() as desk:
            spent = sum(int(one) for (one,) in desk.rows(_OF_PLATFORM, name, month))
            if spent + amount > most:
                return False
            desk.run(_ADD, name, month, amount)
            return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingOfFile:
    """`Spending` of a database that is otherwise left as it is: a dry run works on a copy, and its money is gone all the same."""

    path: Path
    clock: Clock

    def of(self, at: datetime) -> Mapping[str, int]:
        with self._opened() as spending:
            return spending.of(at)

    def add(self, platform: str, amount: int, at: datetime) -> None:
        with self._opened() as spending:
            spending.add(platform, amount, at)

    def claim(self, platform: str, amount: int, at: datetime, *, most: int) -> bool:
        with self._opened() as spending:
            return spending.claim(platform, amount, at, most=most)

    @contextmanager
    def _opened(self) -> Iterator[SqlSpending]:
        store = open_store(self.path, clock=self.clock)
        try:
            yield store.spending
        finally:
            store.close()


class NoSpending:
    """`Spending` where nothing is charged: a recording answers."""

    def of(self, at: datetime) -> Mapping[str, int]:
        return {}

    def add(self, platform: str, amount: int, at: datetime) -> None:
        """Nothing was paid."""

    def claim(self, platform: str, amount: int, at: datetime, *, most: int) -> bool:
        return True


def month_of(at: datetime) -> str:
    """The calendar month of a time, in UTC: "2026-11"."""
    return f"{at.astimezone(UTC):%Y-%m}"
