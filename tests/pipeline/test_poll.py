"""A poll lands page by page; what may not be shown does not land."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from aggregator.collectors.base import Collector, Delivers, Manifest, Method
from aggregator.errors import Unavailable, Unreadable
from aggregator.fetch import Hint, Http, Learned, Params, Reply
from aggregator.model import Entry, Field, Kind, Page, Restriction, Source, Takes, Topic, Validators, Visibility
from aggregator.pipeline.match import Matcher
from aggregator.pipeline.poll import MOST_PAGES, Polled, mention_of, poll
from aggregator.store import Landed, Landing, Store
from aggregator.store.engine import open_store
from tests.support.exchanges import HttpAlone

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOPIC = Topic(id="crews", title="Crews", any_of=("crews",))
SOURCE = Source(id="s", platform="scripted", options={}, topics=("crews",))
MATCHER = Matcher((TOPIC,))


def entry(name: str, text: str = "about crews", **more: object) -> Entry:
    return replace(Entry(native_id=name, url=f"https://example.org/{name}", kind=Kind.ARTICLE, title=name, text=text), **more)  # type: ignore[arg-type]  # any field


@dataclass(frozen=True, kw_only=True)
class Scripted(Collector):
    """Yields the pages it was given, and fails where it was given an error."""

    manifest: ClassVar[Manifest] = Manifest(
        name="scripted",
        title="Scripted",
        homepage="https://example.org",
        spec="none",
        method=Method.API,
        kinds=(Kind.ARTICLE,),
        finds="everything",
        reach="all",
        delay="at once",
        delivers=Delivers.COMPLETE,
    )
    pages: tuple[Page | Exception, ...] = ()

    @property
    def host(self) -> str:
        return "example.org"

    label = address = host

    def poll(self, http: Http, cursor: str) -> Iterator[Page]:
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
            yield page


class Quiet(HttpAlone):
    """An `Http` that is never asked; it has learned one validator, once."""

    authorised = False
    hint = Hint()

    def __init__(self) -> None:
        self._learned = {"https://example.org/feed": Validators(etag='"1"')}

    def take(self) -> Learned:
        learned, self._learned = self._learned, {}
        return Learned(validators=learned)

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError(url)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError(url)


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(":memory:")
    opened.register((SOURCE,), NOW)
    yield opened
    opened.close()


def polled(store: Store, *pages: Page | Exception, source: Source = SOURCE) -> Polled:
    collector = Scripted(pages=pages)
    return poll(source, collector, store.state("s"), http=Quiet(), store=store, matcher=MATCHER, at=NOW)


def found(store: Store) -> list[str]:
    return sorted(mention.entry.native_id for story in store.stories() for mention in story.mentions)


def test_what_mentions_the_topic_lands_with_cursor_and_validators(store: Store) -> None:
    done = polled(store, Page(entries=(entry("a"), entry("b", "about other things")), cursor="1"))
    assert done.landed == Landed(new=1)
    assert found(store) == ["a"]
    state = store.state("s")
    assert (state.cursor, dict(state.validators)) == ("1", {"https://example.org/feed": Validators(etag='"1"')})


def test_a_page_without_news_is_not_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    polled(store, Page(entries=(), cursor="1"))
    written: list[Landing] = []

    def land(landing: Landing) -> Landed:
        written.append(landing)
        return Landed()

    monkeypatch.setattr(store, "land", land)
    state, http = store.state("s"), Quiet()
    http.take()
    pages = (Page(entries=(), cursor="1"), Page(entries=(), cursor="2"), Page(entries=(), cursor="2", remarks=("odd",)))
    for page in pages:
        poll(SOURCE, Scripted(pages=(page,)), state, http=http, store=store, matcher=MATCHER, at=NOW)
    assert [(landing.cursor, landing.remarks) for landing in written] == [("2", ()), ("2", ("odd",))]


def test_pages_before_a_failure_have_landed_and_the_cursor_stands_after_them(store: Store) -> None:
    with pytest.raises(Unavailable):
        polled(store, Page(entries=(entry("a"),), cursor="1"), Unavailable("down"), Page(entries=(entry("b"),), cursor="2"))
    assert (found(store), store.state("s").cursor) == (["a"], "1")


def test_a_platform_that_gives_the_same_page_twice_is_unreadable(store: Store) -> None:
    with pytest.raises(Unreadable, match="second time"):
        polled(store, Page(entries=(entry("a"),), cursor="1"), Page(entries=(entry("a"),), cursor="1"))


def test_a_source_without_end_goes_on_at_the_next_tick(store: Store) -> None:
    done = polled(store, *(Page(entries=(entry(str(at)),), cursor=str(at)) for at in range(MOST_PAGES + 5)))
    assert (done.coverage.outcome, done.landed.new) == ("partial", MOST_PAGES)
    assert "the next run goes on" in done.remarks[0]


def test_first_contact_is_quiet_and_later_finds_are_news(store: Store) -> None:
    polled(store, Page(entries=(entry("old"),), cursor="1"))
    store.settle(replace(store.state("s"), last_ok_at=NOW), None)
    polled(store, Page(entries=(entry("old"), entry("new")), cursor="2"))
    assert {m.entry.native_id: m.quiet for story in store.stories() for m in story.mentions} == {"old": True, "new": False}


def test_an_entry_that_no_longer_mentions_the_topic_is_withdrawn(store: Store) -> None:
    polled(store, Page(entries=(entry("a"),), cursor="1"))
    assert polled(store, Page(entries=(entry("a", "edited"),), cursor="2")).landed == Landed(withdrawn=1)
    assert found(store) == []


@pytest.mark.parametrize(
    "hidden",
    [
        {"visibility": Visibility.UNLISTED},
        {"visibility": Visibility.PRIVATE},
        *({"restrictions": (one,)} for one in Restriction if one not in (Restriction.WORDLESS, Restriction.MEMBERS_ONLY)),
    ],
)
def test_what_its_author_does_not_want_shown_does_not_land(hidden: dict[str, object]) -> None:
    assert mention_of(entry("a", "about crews", **hidden), SOURCE, matcher=MATCHER, at=NOW, quiet=False) is None


WORDLESS = entry(
    "a", "a secret about crews", kind=Kind.POST, title=None, restrictions=(Restriction.WORDLESS,), links=("https://walks.example/a",)
)
SHUT = replace(WORDLESS, url="https://discord.com/channels/1/2/3", restrictions=(Restriction.MEMBERS_ONLY,))


def test_words_that_may_not_be_passed_on_are_matched_and_then_let_go() -> None:
    mention = mention_of(WORDLESS, SOURCE, matcher=MATCHER, at=NOW, quiet=False)
    assert mention is not None
    assert mention.identity.subject == "https://walks.example/a"
    assert [(match.rule, match.excerpt) for match in mention.matches] == [("crews", "")]
    assert mention.entry == replace(WORDLESS, text=None)


def test_no_file_of_the_database_holds_words_that_may_not_be_passed_on(tmp_path: Path) -> None:
    unheard = replace(WORDLESS, native_id="b", url="https://example.org/b", text="a secret about tea")
    with closing(open_store(tmp_path / "aggregator.db")) as store:
        store.register((SOURCE,), NOW)
        polled(store, Page(entries=(WORDLESS, unheard), cursor="1"))
        assert found(store) == ["a"]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"walks.example" in kept
    assert b"secret" not in kept


def test_what_stands_where_readers_cannot_go_counts_for_what_it_shares_alone() -> None:
    mention = mention_of(SHUT, SOURCE, matcher=MATCHER, at=NOW, quiet=False)
    assert mention is not None
    assert mention.identity.subject == "https://walks.example/a"
    assert mention_of(replace(SHUT, links=()), SOURCE, matcher=MATCHER, at=NOW, quiet=False) is None


def test_entries_from_before_since_are_left_out() -> None:
    source = replace(SOURCE, since=NOW - timedelta(days=1))
    assert mention_of(entry("a", published=NOW - timedelta(days=2)), source, matcher=MATCHER, at=NOW, quiet=False) is None
    assert mention_of(entry("a", published=NOW), source, matcher=MATCHER, at=NOW, quiet=False) is not None


def test_a_source_that_takes_everything_says_so_where_no_rule_matched() -> None:
    mention = mention_of(entry("a", "other things"), replace(SOURCE, takes=Takes.EVERYTHING), matcher=MATCHER, at=NOW, quiet=False)
    assert mention is not None
    assert [(match.field, match.rule) for match in mention.matches] == [(Field.SOURCE, "takes everything")]


def test_coverage_says_how_far_back_was_really_read(store: Store) -> None:
    old = NOW - timedelta(days=9)
    page = Page(entries=(entry("a", published=NOW), entry("b", "no", published=old)), cursor="1")
    assert (polled(store, page).coverage.since, polled(store, page).coverage.entries) == (old, 2)
