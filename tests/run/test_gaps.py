"""The gaps that are recorded are those that are there: the real engine reads a platform that knows the truth.

What holds after every poll, however polls failed, were cut or came too late:

1. Nothing is lost silently. A post that was published before the source's last good walk began (or, while polls fail, before the last one),
   was never shown to us and is there still, lies in an open gap.
2. No gap is about nothing. A gap in which anything was published holds something that was never shown to us. One in which nothing was is
   left only where nobody could know: a listing that shows not one entry of what it showed before, and happens to miss none.
3. Gaps are as narrow as they can be known to be: nothing that we were shown lies in one that a listing left.
4. What only waits to be read on is open while the last poll did not come to its end, reaches up to that poll, and is closed by the one that
   does.
5. What is read is said to be read: in the end everything up to the last poll is. Who promises nothing breaks no other law.

The bounds: where our own clock jumped, a gap is off by as much; of posts that are dated in the future nobody knows when they came; where a
platform forgot the place at which reading stopped, it reaches up to where reading began; and after a poll that was asked to stop, back to
the one before, since nobody knows whether there was another page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.app import App
from aggregator.collectors._json import instant
from aggregator.collectors._sweep import Listing, look_back, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method
from aggregator.collectors.feed import Feed
from aggregator.fetch import Http
from aggregator.fetch.auth import Sessions
from aggregator.fetch.client import Client
from aggregator.model import Entry, Gap, GapReason, Kind, Page, Source, Topic
from aggregator.pipeline.coverage import READ_AFTERWARDS, READ_IN_PART, READ_ON, WAITING
from aggregator.run.jobs import polls_due, tick
from aggregator.settings import Fetch, Settings
from aggregator.store.engine import open_store
from tests.support.platform_with_truth import BEGAN, DEPTH, LISTED, MINUTE, Platform, Post
from tests.support.site import settings_in

HOUR = timedelta(hours=1)
SECONDS_APART = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Timeline(Collector):
    """The listing of the platform, as any that is newest first is read."""

    manifest: ClassVar[Manifest] = Manifest(
        name="timeline",
        title="Timeline",
        homepage="https://api.example",
        spec="none",
        method=Method.API,
        kinds=(Kind.POST,),
        finds="posts",
        reach="the newest 16",
        delay="at once",
        delivers=Delivers.COMPLETE,
    )
    host = "api.example"
    label = address = "https://api.example/posts"

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: _listing(http, at), head=2, doing="reading", missed="more came than it gives")

    def backfill(self, http: Http, since: datetime | None, cursor: Cursor) -> Iterator[Page]:
        yield from look_back(cursor, lambda at: _listing(http, at), since=since, doing="reading back")


def _listing(http: Http, at: str) -> Listing | None:
    reply = http.get("https://api.example/posts", params={"before": at} if at else None)
    if reply.unchanged and not at:
        return None
    said = reply.json("reading")
    return Listing(
        entries=tuple(
            Entry(
                native_id=row["id"],
                url=f"https://api.example/{row['id']}",
                kind=Kind.POST,
                text=row["text"],
                published=datetime.fromisoformat(row["dated"]),
            )
            for row in said["posts"]
        ),
        times=tuple(filter(None, (instant(row["at"]) for row in said["posts"]))),
        after=said["next"],
        withheld=said["withheld"],
    )


@dataclass
class World:
    """The platform, the program that reads it, and how far the program's clock is off."""

    platform: Platform
    app: App
    skew: timedelta = timedelta(0)
    # The most that it was ever off.
    worst: timedelta = timedelta(0)
    # The process was asked to stop in the middle of a poll.
    stopped: bool = False
    # The program's clock at the last poll; None: it was broken off, and nobody knows which sources had their turn.
    polled_at: datetime | None = None

    @property
    def odd(self) -> bool:
        """Positions were forgotten or polls were broken off: then gaps may be wider."""
        return self.stopped or self.platform.forgotten > 0

    def poll(self, *, status: int = 200, patience: int | None = None, pages: int | None = None) -> None:
        """Poll all sources; `pages`: the process is asked to stop after so many replies."""
        self.platform.now += MINUTE - SECONDS_APART
        self.platform.status, self.platform.patience = status, patience
        self.app.stop.clear()
        self.polled_at = self.app.clock() if pages is None else None
        if pages is not None:
            self.stopped = True
            self._stop_after(pages)
        try:
            tick(self.app, polls_due(self.app, force=True), lambda done: None)
        finally:
            self.platform.status, self.platform.patience = 200, None
            self.platform.__dict__.pop("send", None)
            self.app.stop.clear()
        self.platform.now += SECONDS_APART

    def _stop_after(self, pages: int) -> None:
        honest, left = self.platform.send, [pages]

        def send(question: object) -> object:
            left[0] -= 1
            if left[0] <= 0:
                self.app.stop.set()
            return honest(question)  # type: ignore[arg-type]  # what the client gives

        self.platform.__dict__["send"] = send

    def jump(self, hours: int) -> None:
        self.skew = hours * HOUR
        self.worst = max(self.worst, abs(self.skew))

    def gaps(self, source: str) -> tuple[Gap, ...]:
        return self.app.store.gaps.open().get(source, ())

    # -- the laws

    def check(self) -> None:
        for source, host in (("feed", "feed.example"), ("timeline", "api.example")):
            state, gaps = self.app.store.state(source), self.gaps(source)
            if state.read_until is None or state.read_since is None:
                assert gaps == ()
                continue
            assert all(gap.since <= gap.until for gap in gaps)
            known_until = max([state.read_until, *(gap.until for gap in gaps)])
            unseen = [post for post in self.platform.posts if host not in post.shown]
            for post in unseen:
                promised = state.read_since + self.worst < post.appeared <= known_until - self.worst
                if promised and not post.deleted:
                    assert self._within(post, gaps), f"{source}: post {post.number} is lost silently"
            lasting = [gap for gap in gaps if gap.reason not in WAITING]
            for gap in lasting if not self.worst else ():
                inside = [post for post in self.platform.posts if gap.since < post.appeared < gap.until and post.dated == post.appeared]
                # What a deletion made room for was shown later, and nobody knows that nothing lies beside it.
                shown = [post for post in inside if host in post.shown and post.shown[host] <= gap.found_at]
                assert not inside or len(shown) < len(inside), f"{source}: a gap about nothing"
                assert self.odd or not shown, f"{source}: a gap about what was shown"
            waiting = [gap for gap in gaps if gap.reason in WAITING]
            assert len(waiting) <= 1
            assert all(gap.until >= self.polled_at for gap in waiting if self.polled_at), f"{source}: what waits ends before the last poll"

    def _within(self, post: Post, gaps: tuple[Gap, ...]) -> bool:
        return any(gap.since - self.worst <= post.appeared <= gap.until + self.worst for gap in gaps)


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_in(tmp_path_factory.mktemp("gaps"))


@contextmanager
def world(configured: Settings) -> Iterator[World]:
    platform = Platform()
    here: list[World] = []

    def clock() -> datetime:
        return platform.now + (here[0].skew if here else timedelta(0))

    store = open_store(":memory:", clock=clock)

    def connect() -> Client:
        return Client(settings=Fetch(), version="0", clock=clock, sessions=Sessions(None), replay=platform)  # type: ignore[arg-type]  # answers as one

    def unlock() -> object:
        raise AssertionError("no mails are sent here")

    topic = Topic(id="crews", title="Crews", any_of=("crews",))
    sources = tuple(Source(id=name, platform=name, options={}, topics=("crews",)) for name in ("feed", "timeline"))

    app = App(settings=replace(configured, topics=(topic,), sources=()), store=store, connect=connect, unlock=unlock, clock=clock)  # type: ignore[arg-type]  # never called
    app.__dict__["sources"] = tuple(zip(sources, (Feed(url="https://feed.example/feed"), Timeline()), strict=True))
    store.register(sources, BEGAN)
    here.append(World(platform=platform, app=app))
    yield here[0]
    store.close()


Step = Callable[[World], None]
publish = st.builds(lambda count: lambda it: it.platform.publish(count), st.integers(1, 24))
ahead = st.just(lambda it: it.platform.publish(1, ahead=timedelta(days=1)))
delete = st.builds(lambda n: lambda it: it.platform.posts and it.platform.delete(n), st.integers(0, 200))
forget = st.just(lambda it: it.platform.forget())
polls = st.one_of(
    st.just(lambda it: it.poll()),
    st.just(lambda it: it.poll()),
    st.builds(lambda status: lambda it: it.poll(status=status), st.sampled_from((500, 503))),
    st.builds(lambda n: lambda it: it.poll(patience=n), st.integers(0, 5)),
    st.builds(lambda n: lambda it: it.poll(pages=n), st.integers(1, 4)),
)
jump = st.builds(lambda hours: lambda it: it.jump(hours), st.integers(-3, 3))


# A walk that is cut goes on beneath what came meanwhile; one whose place was forgotten goes on from the newest page down to the same floor.
CUT: list[Step] = [
    lambda it: it.platform.publish(12),
    lambda it: it.poll(patience=2),
    lambda it: it.platform.publish(3),
    lambda it: it.poll(),
]
FORGOTTEN: list[Step] = [*CUT[:2], lambda it: it.platform.forget(), lambda it: it.poll()]
DOWN: list[Step] = [*([lambda it: it.poll(status=500), lambda it: it.platform.publish(2)] * 2), lambda it: it.poll(status=503)]

STOPPED: list[Step] = [CUT[0], lambda it: it.poll(pages=1), lambda it: it.poll(), CUT[0], lambda it: it.poll(pages=2), CUT[2], CUT[3]]


def live(configured: Settings, steps: list[Step]) -> None:
    with world(configured) as it:
        it.platform.publish(8)
        it.poll()
        for step in steps:
            step(it)
            it.check()
        # However it went, what can be read still is read in the end.
        for _ in range(4):
            it.platform.now += 12 * HOUR
            it.poll()
            it.check()
        for source in ("feed", "timeline"):
            assert not [gap for gap in it.gaps(source) if gap.reason in WAITING]
            assert it.app.store.state(source).read_until == it.polled_at


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.one_of(publish, polls, polls, delete, forget, ahead), max_size=14))
@example(steps=CUT)
@example(steps=FORGOTTEN)
@example(steps=DOWN)
@example(steps=STOPPED)
def test_nothing_is_lost_but_in_a_gap_and_no_gap_is_about_nothing(configured: Settings, steps: list[Step]) -> None:
    live(configured, steps)


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(st.one_of(publish, polls, polls, delete, jump), max_size=14))
def test_a_clock_that_jumps_shifts_gaps_by_no_more_than_it_was_off(configured: Settings, steps: list[Step]) -> None:
    live(configured, steps)


# -- single lives, with the very interval


@pytest.fixture
def it(configured: Settings) -> Iterator[World]:
    """A world in which eight posts were published and everything was read once."""
    with world(configured) as here:
        here.platform.publish(8)
        here.poll()
        yield here


def test_a_feed_that_turned_over_leaves_the_gap_from_the_last_poll_to_its_oldest_entry(it: World) -> None:
    read_until = it.app.store.state("feed").read_until
    it.platform.publish(LISTED + 3)
    it.poll()
    [gap] = it.gaps("feed")
    assert (gap.since, gap.until, gap.reason) == (read_until, it.platform.posts[-LISTED].dated, GapReason.TURNED_OVER)
    # What lies in it: the three that came and went.
    assert [post.number for post in it.platform.posts if gap.since < post.appeared < gap.until] == [9, 10, 11]
    it.poll()
    assert it.gaps("feed") == (gap,)


def test_a_feed_that_did_not_turn_over_leaves_none(it: World) -> None:
    it.platform.publish(LISTED - 1)
    it.poll()
    assert it.gaps("feed") == ()


def test_what_a_listing_withholds_lies_between_what_was_known_and_its_oldest_post(it: World) -> None:
    it.platform.publish(DEPTH + 4)
    it.poll()
    [gap] = it.gaps("timeline")
    assert (gap.since, gap.until, gap.reason) == (
        it.platform.posts[7].appeared,
        it.platform.posts[-DEPTH].appeared,
        GapReason.WITHHELD,
    )


def test_a_429_on_the_way_down_leaves_a_gap_that_the_next_poll_closes(it: World) -> None:
    it.platform.publish(12)
    it.platform.patience = None
    # The feed, and the newest page of the listing.
    it.poll(patience=2)
    assert [gap.reason for gap in it.gaps("timeline")] == [GapReason.CUT]
    it.platform.now += HOUR
    it.poll()
    assert it.gaps("timeline") == ()
    [closed] = it.app.store.gaps.closed()["timeline"]
    assert closed.closed_by == READ_ON
    assert all("api.example" in post.shown for post in it.platform.posts[8:])


def test_a_source_that_was_down_is_read_afterwards_and_what_it_dropped_meanwhile_stays_a_gap(it: World) -> None:
    it.platform.publish(2)
    it.poll(status=500)
    assert [gap.reason for gap in it.gaps("timeline")] == [GapReason.DOWN]
    it.platform.publish(LISTED + 1)
    it.platform.now += HOUR
    it.poll()
    assert it.gaps("timeline") == ()
    assert it.app.store.gaps.closed()["timeline"][0].closed_by == READ_AFTERWARDS
    assert [gap.reason for gap in it.gaps("feed")] == [GapReason.TURNED_OVER]
    assert it.app.store.gaps.closed()["feed"][0].closed_by == READ_IN_PART


def test_a_run_that_was_killed_in_the_middle_of_a_walk_promises_no_more_than_was_read(it: World) -> None:
    it.platform.publish(12)
    before = it.app.store.state("timeline").read_until
    honest = type(it.app.store).settle_all
    it.app.store.__dict__["settle_all"] = lambda ended: None
    it.poll(pages=2)
    del it.app.store.__dict__["settle_all"]
    assert honest is type(it.app.store).settle_all
    state = it.app.store.state("timeline")
    assert (state.read_until, state.walking_since is not None) == (before, True)
    it.platform.publish(1)
    it.poll()
    assert it.app.store.state("timeline").read_until == state.walking_since
