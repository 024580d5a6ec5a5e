"""What the contract suites of collectors share: cases as pytest parameters, examples of options, and what a valid page is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

import pytest

from aggregator.collectors import platforms
from aggregator.collectors.base import Collector, build, options_of
from aggregator.errors import BadOption
from aggregator.model import Entry, Page
from tests.support.exchanges import FIXTURES, Case, Exchange, RecordedHttp, cases, replayed

ALL = tuple(platforms().items())
CASES = tuple(cases())
GOOD = tuple(case for case in CASES if not case.fails)

each_platform = pytest.mark.parametrize("collector", [collector for _, collector in ALL], ids=[name for name, _ in ALL])


def each_case(chosen: Iterable[Case] = CASES) -> pytest.MarkDecorator:
    """Every case as its own test, named PLATFORM/CASE."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=str(case)) for case in chosen])


def http_for(case: Case, **settings: Any) -> RecordedHttp:
    """A client that answers a case's questions as its platform would."""
    return RecordedHttp(case.exchanges, authorised=case.authorised, transient=platforms()[case.platform].manifest.transient, **settings)


def run(case: Case, http: RecordedHttp) -> list[Page]:
    """All pages of a case."""
    return list(replayed(case, http))


def ids(pages: Iterable[Page]) -> set[str]:
    return {entry.native_id for page in pages for entry in page.entries}


def examples(collector: type[Collector]) -> Iterator[Collector]:
    """Collectors built from the examples in the options' own descriptions: each option is in one of them at least."""
    known = options_of(collector)
    example = {name: option.example for name, (option, _) in known.items()}
    required = {name: example[name] for name, (_, wanted) in known.items() if wanted}
    for name in known or [""]:
        yield first_built(collector, [required | _only(example, name), *(required | _only(example, name, other) for other in known)])


def _only(example: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: example[name] for name in names if name in example}


def first_built(collector: type[Collector], choices: Sequence[Mapping[str, str]]) -> Collector:
    """The collector of the first options that are accepted; the error of the first ones when none are."""
    first: BadOption | None = None
    for options in choices:
        try:
            return build(collector, options)
        except BadOption as error:
            first = first or error
    assert first is not None
    raise first


def configured(collector: Collector) -> dict[str, str]:
    """The options that are set, as they stand in sources.yaml."""
    return {name: getattr(collector, name) for name in options_of(type(collector)) if getattr(collector, name)}


def assert_valid(pages: Iterable[Page]) -> None:
    """Ids, addresses and times are what the contract says; an id may come again on another page, never twice on one."""
    for page in pages:
        assert isinstance(page.cursor, str)
        found = [entry.native_id for entry in page.entries]
        assert len(found) == len(set(found)), "an id comes twice on one page"
        assert all(remark and "\n" not in remark for remark in page.remarks)
        for entry in page.entries:
            assert_entry(entry)


def assert_entry(entry: Entry) -> None:
    assert entry.native_id.strip(), "an id is empty"
    addresses = [entry.url, *entry.links, *entry.aliases, *(one.url for one in entry.previews), *(one.url for one in entry.enclosures)]
    if entry.author and entry.author.url:
        addresses.append(entry.author.url)
    for address in addresses:
        parts = urlsplit(address)
        assert (parts.scheme in ("http", "https") and parts.hostname) or address.startswith("at://"), f"not absolute: {address!r}"
    for time in (entry.published, entry.updated):
        assert time is None or (time.tzinfo is UTC and time.year <= 9998), f"not a usable time in UTC: {time!r}"
    assert all(not tag.startswith("#") for tag in entry.tags)
    for words in (entry.native_id, entry.title, entry.text, entry.html, *entry.tags, *entry.alternatives):
        assert words is None or "\0" not in words.encode("utf-8").decode(), "a text that no database takes"


def allowed_nothing(platform: str) -> Mapping[str, str]:
    """The faults that on this platform mean "nothing", by name, each with its reason: tests/fixtures/PLATFORM/faults.json."""
    path = FIXTURES / platform / "faults.json"
    reasons: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return reasons


def at(number: int, change: Callable[[Exchange], Exchange]) -> Callable[[int, Exchange], Exchange]:
    """Meddle with the answer to one request, counted from 0."""
    return lambda count, exchange: change(exchange) if count == number else exchange
