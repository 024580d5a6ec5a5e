"""Subscribers as CSV (RFC 4180): read from what other programs write, and written so that others can read it. Pure.

A message names a line and never an address.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aggregator.digest.mailable import mailable, ours
from aggregator.digest.tokens import new_id
from aggregator.errors import Problem
from aggregator.model import Subscriber, SubscriberState
from aggregator.settings import Digest, Settings
from aggregator.store.private.addresses import folded

# How other programs call the columns.
_COLUMNS = {
    "address": "address",
    "email": "address",
    "e-mail": "address",
    "email address": "address",
    "consent": "consent",
    "confirm_time": "consent",
    "topics": "topics",
    "rhythm": "rhythm",
}
_WRITTEN = ("address", "consent", "topics", "rhythm", "source", "asked")
# A cell that begins so is a formula to a spreadsheet (OWASP, "CSV Injection", read 2026-11-22).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# A clock may be a little ahead of ours.
_AHEAD = timedelta(days=1)
# No consent by mail is older.
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)
_TOPICS = re.compile(r"[^\s,;|]+")
_HOW_DATES = "Write the day on which they agreed, as in 2026-11-22."


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What a file says."""

    # Once each, in the order of the file.
    subscribers: tuple[Subscriber, ...]
    # Lines that name an address which stands further up.
    again: int
    # Columns that are not taken, as they are called.
    unused: tuple[str, ...]
    # With one of these, nothing of the file is to be used.
    problems: tuple[Problem, ...]


def read(raw: bytes, *, file: str, source: str, settings: Settings, digest: Digest, now: datetime) -> Roster:
    """Subscribers from a CSV file with the columns address and consent, and topics and rhythm if it has them.

    Args:
        file: its name, for messages.
        source: where they gave their consent.
        now: consent lies before.
    """
    text = _text(raw)
    lines = _lines(text, _separator(text))
    header = next(lines, (1, ()))[1] or ()
    places = {_COLUMNS[name.lower()]: place for place, name in reversed(list(enumerate(header))) if name.lower() in _COLUMNS}
    unused = tuple(name for name in header if name and name.lower() not in _COLUMNS)
    if missing := [name for name in ("address", "consent") if name not in places]:
        said = f"The first line has no column {' and none '.join(missing)}. Begin the file with: address,consent,topics,rhythm"
        # What stands there may be somebody's address.
        return Roster(subscribers=(), again=0, unused=(), problems=(Problem(file=file, line=1, key="", message=said),))
    row = _Row(settings=settings, digest=digest, source=source, now=now, places=places, width=len(header))
    found: dict[str, Subscriber] = {}
    problems: list[Problem] = []
    again = 0
    for number, cells in lines:
        wrong = row.wrong(cells)
        problems += [Problem(file=file, line=number, key=key, message=message) for key, message in wrong]
        if not wrong and cells is not None:
            one = row.subscriber(cells)
            again += folded(one.address) in found
            found.setdefault(folded(one.address), one)
    return Roster(subscribers=tuple(found.values()), again=again, unused=unused, problems=tuple(problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """How a row is read."""

    settings: Settings
    digest: Digest
    source: str
    now: datetime
    # Place of each column that is taken, from 0.
    places: Mapping[str, int]
    # Cells of the first line.
    width: int

    def subscriber(self, cells: Sequence[str]) -> Subscriber:
        """Somebody who consented, from a row in which nothing is wrong."""
        consent = _day(self._cell(cells, "consent"))
        return Subscriber(
            id=new_id(),
            address=mailable(self._cell(cells, "address")),
            state=SubscriberState.ACTIVE,
            rhythm=self._cell(cells, "rhythm") or next(iter(self.digest.rhythms)),
            topics=tuple(sorted(set(_TOPICS.findall(self._cell(cells, "topics"))))),
            source=self.source,
            asked_at=consent,
            confirmed_at=consent,
        )

    def wrong(self, cells: Sequence[str] | None) -> list[tuple[str, str]]:
        """What is wrong in a row: column and sentence."""
        if cells is None:
            return [("", "This line cannot be read. Save the table as CSV (UTF-8) again.")]
        if any(cells[self.width :]):
            return [("", f"It has {len(cells)} cells, and the first line {self.width}. Put cells that hold the separator in quotes.")]
        tried = (("address", self._address), ("consent", self._consent), ("rhythm", self._rhythm), ("topics", self._topics))
        return [(name, message) for name, check in tried if (message := check(self._cell(cells, name)))]

    def _cell(self, cells: Sequence[str], name: str) -> str:
        place = self.places.get(name, len(cells))
        return cells[place] if place < len(cells) else ""

    def _address(self, text: str) -> str:
        try:
            own = ours(mailable(text), self.digest)
        except ValueError as error:
            return str(error)
        return "This is the digest's own address. Leave the line out." if own else ""

    def _consent(self, text: str) -> str:
        try:
            return "" if _FIRST <= _day(text) <= self.now + _AHEAD else f"Consent lies in the past. {_HOW_DATES}"
        except ValueError:
            return (
                f"This is no date. {_HOW_DATES}" if text else f"There is no date of consent, and without one nobody is taken. {_HOW_DATES}"
            )

    def _rhythm(self, text: str) -> str:
        return (
            "" if not text or text in self.digest.rhythms else f"There is no such rhythm. Choose one of: {', '.join(self.digest.rhythms)}."
        )

    def _topics(self, text: str) -> str:
        known = [topic.id for topic in self.settings.topics]
        return "" if set(_TOPICS.findall(text)) <= set(known) else f"There is no such topic. Choose among: {', '.join(known)}."


def written(subscribers: Iterable[Subscriber]) -> str:
    """CSV that `read` and other programs take, lines ended by CRLF; a cell that a spreadsheet would run has an apostrophe before it,
    and so has one that begins with an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_WRITTEN)
    for one in subscribers:
        consent = one.confirmed_at or one.asked_at
        cells = (one.address, _instant(consent), " ".join(one.topics), one.rhythm, one.source, _instant(one.asked_at))
        writer.writerow([f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell for cell in cells])
    return text.getvalue()


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _text(raw: bytes) -> str:
    """UTF-8, with or without a mark; what Excel calls "Unicode text"; or the encoding of an older Windows."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _separator(text: str) -> str:
    """The sign between the cells of the first line; Excel writes what its country uses, and may say which."""
    first = text.lstrip().partition("\n")[0]
    if said := re.match(r"sep=(.)\r?$", first):
        return said[1]
    return max(",;\t", key=first.count)


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str] | None]]:
    """Rows with the number of their first line, None for one that cannot be read; without empty ones, and without Excel's word about the
    separator."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    while True:
        number = reader.line_num + 1
        try:
            cells = [_plain(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            # A cell of more than 128 kB: somebody forgot to close a quote.
            yield number, None
            continue
        if any(cells) and not (number == 1 and cells[0].startswith("sep=")):
            yield number, cells


def _plain(cell: str) -> str:
    """What a cell says, without the apostrophe that `written` puts before it."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].startswith((*_FORMULA, "'")) else cell


def _day(text: str) -> datetime:
    """A date, or a time; UTC where no zone is said (ISO 8601)."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
