"""Lemmy: both interfaces, times of old servers, whose a post is, addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.collectors._lemmy_rows import comment_of, post_of, times_of
from aggregator.collectors.base import build, unpack
from aggregator.collectors.lemmy import Lemmy
from aggregator.errors import BadOption, Gone, RateLimited, Unreadable
from aggregator.fetch import Params, Reply
from aggregator.model import Entry, Kind, Restriction, Source, Visibility
from aggregator.pipeline.consent import may_be_shown
from aggregator.pipeline.identify import identify
from tests.support.exchanges import HttpAlone

SERVER = "https://lemmy.example"
SEARCH = Lemmy(server="lemmy.example", search="crews")
SOURCE = Source(id="lemmy", platform="lemmy", options={}, topics=("crews",))
PERSON = {"name": "ada", "actor_id": "https://lemmy.example/u/ada"}


class Speaking(HttpAlone):
    """A server that speaks some of the interfaces; `asked` holds which, and the page."""

    authorised = False

    def __init__(self, *spoken: int, posts: int = 0) -> None:
        self.spoken, self.posts = spoken, posts
        self.asked: list[tuple[int, str]] = []

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        api, asked = int(url.partition("/api/v")[2][0]), dict(params or {})
        place = str(asked.get("page_cursor", asked.get("page", "")))
        self.asked.append((api, place))
        if api not in self.spoken:
            raise Gone(f"asking {url}: there is nothing at this address", status=404)
        rows = [view(id, published=f"2026-11-{20 - id:02d}T00:00:00Z") for id in range(self.posts)]
        return Reply(asked=url, url=url, status=200, body=json.dumps({"posts": rows, "comments": []}).encode())

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError("nothing is written to Lemmy")


def view(id: int = 1, creator: Mapping[str, Any] = PERSON, **post: Any) -> dict[str, Any]:
    thing = {"id": id, "name": "Crews", "ap_id": f"https://lemmy.example/post/{id}", "local": True, **post}
    return {"post": thing, "creator": creator, "community": {"name": "commons", "actor_id": "https://lemmy.example/c/commons"}}


def made(**changes: Any) -> Entry:
    found = post_of(view(**changes), SERVER)
    assert found is not None
    return found


@pytest.mark.parametrize(("spoken", "asked"), [((3,), [3]), ((3, 4), [3]), ((4,), [3, 4])])
def test_which_interface_a_server_speaks_is_found_out_once(spoken: tuple[int, ...], asked: list[int]) -> None:
    http = Speaking(*spoken)
    (page,) = SEARCH.poll(http, "")
    assert [api for api, _ in http.asked] == asked
    assert unpack(page.cursor)["api"] == asked[-1]
    list(SEARCH.poll(http, page.cursor))
    assert [api for api, _ in http.asked] == [*asked, asked[-1]]


def test_a_server_that_has_changed_is_asked_in_its_new_interface() -> None:
    (page,) = SEARCH.poll(Speaking(3), "")
    http = Speaking(4)
    (after,) = SEARCH.poll(http, page.cursor)
    assert [api for api, _ in http.asked] == [3, 4]
    assert unpack(after.cursor)["api"] == 4


def test_a_server_that_speaks_neither_is_gone() -> None:
    http = Speaking()
    with pytest.raises(Gone):
        list(SEARCH.poll(http, ""))
    assert [api for api, _ in http.asked] == [3, 4]


def test_in_the_middle_of_a_walk_the_interface_is_not_changed() -> None:
    reader = SEARCH.poll(Speaking(3, posts=2), "")
    cursor = next(reader).cursor
    with pytest.raises(Gone):
        list(SEARCH.poll(Speaking(4, posts=2), cursor))


def test_a_server_that_ignores_the_number_of_a_page_is_not_read_for_ever() -> None:
    http = Speaking(3, posts=2)
    with pytest.raises(Unreadable, match="a second time"):
        list(SEARCH.poll(http, ""))
    assert http.asked == [(3, "1"), (3, "2")]


@pytest.mark.parametrize(
    "written", ["2026-11-20T09:15:02", "2026-11-20T09:15:02.000001", "2026-11-20T09:15:02Z", "2026-11-20T10:15:02+01:00"]
)
def test_times_without_a_zone_are_utc(written: str) -> None:
    for name in ("published", "published_at"):
        found = made(**{name: written}).published
        assert found is not None
        assert found.replace(microsecond=0) == datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC)


def test_a_post_is_about_what_it_shares_and_its_copy_here_is_the_same() -> None:
    entry = made(url="https://garden.example.org/crews", ap_id="https://other.example/post/7", local=False, id=9)
    identity = identify(entry, links=entry.links)
    assert (identity.subject, set(identity.aliases)) == (
        "https://garden.example.org/crews", {"https://other.example/post/7", "https://lemmy.example/post/9"},
    )  # fmt: skip
    assert made().kind is Kind.THREAD
    assert identify(made(), links=()).subject == "https://lemmy.example/post/1"


def test_a_comment_is_about_its_post() -> None:
    comment = {"id": 5, "content": "crews", "ap_id": "https://lemmy.example/comment/5", "local": True}
    entry = comment_of({**view(), "comment": comment}, SERVER)
    assert entry is not None
    assert identify(entry, links=()).subject == "https://lemmy.example/post/1"
    assert [preview.title for preview in entry.previews] == ["Crews"]


@pytest.mark.parametrize("said", [{"deleted": True}, {"removed": True}, {"nsfw": True}, {"creator": {**PERSON, "banned": True}}])
def test_what_is_no_more_is_private_and_says_nothing(said: Mapping[str, Any]) -> None:
    entry = made(**said)
    assert entry.visibility is Visibility.PRIVATE
    assert (entry.title, entry.text, entry.author, entry.links) == (None, None, None, ())


def test_programs_do_not_count_and_who_asks_programs_to_stay_away_is_not_shown() -> None:
    assert post_of(view(creator={**PERSON, "bot_account": True}), SERVER) is None
    shy = made(creator={**PERSON, "bio": "I write. #nobot"})
    assert shy.restrictions == (Restriction.NO_BOT,)
    assert not may_be_shown(shy, SOURCE)


def test_a_page_reaches_down_to_where_posts_and_comments_have_both_been_read() -> None:
    posts = [view(published=f"2026-11-{day:02d}T00:00:00Z") for day in (20, 1)]
    comments = [{"comment": {"published": f"2026-11-{day:02d}T00:00:00Z"}} for day in (19, 18)]
    assert sorted(time.day for time in times_of(posts, comments)) == [18, 19, 20]
    assert times_of([], []) == ()


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("https://lemmy.world/c/commons", {"server": "lemmy.world", "community": "commons"}),
        ("https://slrpnk.net/c/commons@lemmy.ml/", {"server": "slrpnk.net", "community": "commons@lemmy.ml"}),
        ("https://forum.example.org/c/commons@lemmy.ml", {"server": "forum.example.org", "community": "commons@lemmy.ml"}),
        ("https://forum.example.org/feeds/c/commons.xml?sort=New", {"server": "forum.example.org", "community": "commons"}),
        ("https://lemmy.world/search?q=crews&type=All", {"server": "lemmy.world", "search": "crews"}),
        ("https://feddit.org/search?q=crews&communityName=commons", {"server": "feddit.org", "search": "crews", "community": "commons"}),
        ("https://forum.example.org/c/organising/7", None),
        ("https://forum.example.org/c/commons", None),
        ("https://www.youtube.com/c/commons", None),
        ("https://lemmy.world/post/1", None),
        ("https://lemmy.world/search", None),
    ],
)
def test_pasted_addresses(address: str, options: Mapping[str, str] | None) -> None:
    assert Lemmy.recognise(address) == options
    assert (Lemmy.declined(address) is not None) == address.endswith("/post/1")


def test_something_is_wanted_of_a_server() -> None:
    for options in ({"server": "lemmy.world"}, {"search": "crews"}, {"server": "lemmy.world", "community": "a b"}):
        with pytest.raises(BadOption):
            build(Lemmy, options)
    assert build(Lemmy, {"server": "lemmy.world", "community": "!Commons@Lemmy.ml"}) == Lemmy(
        server="lemmy.world", community="commons@lemmy.ml"
    )
    assert [build(Lemmy, one) for one in Lemmy.proposals("crews")] == [Lemmy(server="lemmy.world", search="crews")]


def test_a_server_that_wants_rest_in_the_middle_of_a_walk_is_not_asked_from_the_top() -> None:
    cursor = next(SEARCH.poll(Speaking(3, posts=2), "")).cursor

    class Busy(Speaking):
        def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
            super().get(url, params=params)
            raise RateLimited(f"asking {url}: asked too often", status=400)

    http = Busy(3)
    with pytest.raises(RateLimited):
        list(SEARCH.poll(http, cursor))
    assert http.asked == [(3, "2")]
