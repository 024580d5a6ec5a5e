"""Whatever a reply has been turned into: a `SourceError`, or fewer entries and a remark.

Never another exception, and never a page that is not valid.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.collectors import platforms
from aggregator.errors import SourceError
from aggregator.model import Page
from tests.contracts.collecting import GOOD, assert_valid, at, each_case, http_for, ids, run
from tests.support.exchanges import Case, Exchange, replayed

Path = tuple[str | int, ...]

JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 10**30, 1.5, "", " ", "x", "\ud800", "\0", "#", "<b>", "a" * 100_000, "javascript:alert(1)", "http://[",
    "//x", "at://", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-11-20", [], {}, [None], [[]], [7], ["x"], {"x": 1},
    {"": None},
)  # fmt: skip


def bodies(case: Case) -> list[tuple[int, Exchange]]:
    """What was answered to each request of a case, in order."""
    kept: list[tuple[int, Exchange]] = []

    def keep(number: int, exchange: Exchange) -> Exchange:
        kept.append((number, exchange))
        return exchange

    run(case, http_for(case, meddle=keep))
    return kept


def as_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value, the whole included."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield from places(item, (*path, name))


def changed(value: Any, path: Path, change: Callable[[Any, Any], None]) -> Any:
    """A copy in which `change(container, name)` was applied to one place."""
    whole = [copy.deepcopy(value)]
    holder: Any = whole
    for name in (0, *path[:-1]) if path else ():
        holder = holder[name]
    change(holder, path[-1] if path else 0)
    return whole[0] if whole else None


def outcome(case: Case, number: int, body: bytes) -> tuple[list[Page], SourceError | None]:
    pages: list[Page] = []
    try:
        pages.extend(replayed(case, http_for(case, meddle=at(number, lambda exchange: replace(exchange, status=200, body=body)))))
    except SourceError as error:
        return pages, error
    return pages, None


PLATFORMS = sorted({case.platform for case in GOOD})
REPLIES = {
    name: [(case, number, exchange) for case in GOOD if case.platform == name for number, exchange in bodies(case)] for name in PLATFORMS
}
JSON_REPLIES = {name: [one for one in replies if as_json(one[2].body) is not None] for name, replies in REPLIES.items()}
often = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


@pytest.mark.parametrize("platform", [name for name, replies in JSON_REPLIES.items() if replies])
@often
@given(choice=st.data())
def test_json_of_any_shape_never_breaks_a_collector(platform: str, choice: st.DataObject) -> None:
    case, number, exchange = JSON_REPLIES[platform][choice.draw(st.integers(0, len(JSON_REPLIES[platform]) - 1))]
    value = as_json(exchange.body)
    for _ in range(choice.draw(st.integers(1, 3))):
        path = choice.draw(st.sampled_from(list(places(value))))
        junk = choice.draw(st.sampled_from(JUNK))
        drop = choice.draw(st.booleans()) and path

        def change(holder: Any, name: Any, *, drop: Any = drop, junk: Any = junk) -> None:
            if drop:
                del holder[name]
            else:
                holder[name] = junk

        value = changed(value, path, change)
    pages, _ = outcome(case, number, json.dumps(value).encode())
    assert_valid(pages)


@pytest.mark.parametrize("platform", PLATFORMS)
@often
@given(choice=st.data())
def test_bytes_of_any_kind_never_break_a_collector(platform: str, choice: st.DataObject) -> None:
    case, number, exchange = REPLIES[platform][choice.draw(st.integers(0, len(REPLIES[platform]) - 1))]
    start = choice.draw(st.integers(0, len(exchange.body)))
    end = choice.draw(st.integers(start, min(len(exchange.body), start + 400)))
    put = choice.draw(
        st.one_of(st.binary(max_size=40), st.sampled_from([b"<", b"&", b"]]>", b'"', b"\xff\xfe", b"&#0;", b"<!DOCTYPE x [", b"{"]))
    )
    pages, _ = outcome(case, number, exchange.body[:start] + put + exchange.body[end:])
    assert_valid(pages)


@each_case(GOOD)
def test_one_malformed_entry_never_loses_the_others(case: Case) -> None:
    """A row that has become `null` costs the entries that its absence costs, and a remark."""
    whole = ids(run(case, http_for(case)))
    for number, exchange in bodies(case):
        value = as_json(exchange.body)
        for path in rows(value):
            absent, missed = outcome(case, number, json.dumps(changed(value, path, without)).encode())
            if missed is not None or ids(absent) == whole:
                # The recording does not tell what comes then, or it is no list of entries.
                continue
            broken, error = outcome(case, number, json.dumps(changed(value, path, nothing)).encode())
            place = f"request {number}, {path}"
            assert ids(broken) >= ids(absent), place
            assert error is None, f"{place}: {error!r}"
            assert ids(broken) == whole or any(page.remarks for page in broken), place


def without(holder: Any, name: Any) -> None:
    del holder[name]


def nothing(holder: Any, name: Any) -> None:
    holder[name] = None


def rows(value: Any) -> Iterator[Path]:
    """The members of every list of two or more that stands in no other list."""
    for path in places(value):
        if path and isinstance(path[-1], int) and not any(isinstance(name, int) for name in path[:-1]):
            holder = value
            for name in path[:-1]:
                holder = holder[name]
            if len(holder) > 1:
                yield path


def test_every_platform_is_fuzzed() -> None:
    assert set(platforms()) == set(PLATFORMS)
