"""What platforms that charge have cost. A page and its price are written together, so that no run can forget what it spent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import text

from aggregator.store.engine import Database, Desk
from aggregator.store.rows import storable

_ADD = text(
    "INSERT INTO spending (platform, month, amount) VALUES (:platform, :month, :amount) "
    "ON CONFLICT (platform, month) DO UPDATE SET amount = spending.amount + excluded.amount"
)
_PLATFORM = text("SELECT platform FROM source WHERE id = :source")
_OF_MONTH = text("SELECT platform, amount FROM spending WHERE month = :month")


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


def charge(desk: Desk, source: str, amount: int, at: datetime) -> None:
    """Add what a page of a source cost to the spending of its platform."""
    for (platform,) in desk.rows(_PLATFORM, source):
        desk.run(_ADD, platform, month_of(at), amount)


def month_of(at: datetime) -> str:
    """The calendar month of a time, in UTC: "2026-11"."""
    return f"{at.astimezone(UTC):%Y-%m}"
