"""What is particular about Scuttlebutt: consent is given and not assumed, answers are no lines, ids stay what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from aggregator.collectors._ssb_message import channel_of, people_of
from aggregator.collectors.base import Cursor, build
from aggregator.collectors.scuttlebutt import Scuttlebutt
from aggregator.errors import BadOption, Unavailable, Unreadable
from aggregator.fetch import Params, Reply
from aggregator.model import Entry, GapReason, Missed, Page, Restriction, Visibility
from aggregator.text.urls import canonical
from tests.support.exchanges import HttpAlone
from tests.support.ssb_messages import AGREED, Message, about, feed, hashed, message

NOW = 1_795_166_102_000.0


def post(name: str, text: str = "words #crews", *, by: str = "ada", at: float = NOW, **more: Any) -> Message:
    return message(name, {"type": "post", "text": text, "mentions": [{"link": "#crews"}], **more}, by=by, at=at)


@dataclass
class PeerHttp(HttpAlone):
    """A server on this machine that knows some posts, and what people say of themselves."""

    posts: Sequence[Any] = ()
    people: Sequence[Any] = (AGREED,)
    # Said in place of all that.
    instead: bytes | None = None
    authorised: bool = False
    asked: list[tuple[str, tuple[str, ...], Any]] = field(default_factory=list)

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError(f"{url}: a peer is not asked by HTTP")

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError("nothing is written")

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        self.asked.append((program, arguments, say))
        assert isinstance(say, dict)
        wanted = say["query"][0]["$filter"].get("value", {})
        rows = self.people if "author" in wanted else [row for row in self.posts if _in_channel(row, wanted)]
        body = "".join(json.dumps(row, indent=2) + "\n\n" for row in rows).encode()
        return Reply(asked=program, url=program, status=200, body=body if self.instead is None else self.instead)


def _in_channel(row: Any, wanted: Mapping[str, Any]) -> bool:
    return not wanted or row["value"]["content"].get("channel") == wanted["content"]["channel"]


def polled(http: PeerHttp, cursor: Cursor = "", **options: str) -> list[Page]:
    return list(Scuttlebutt(**(options or {"tag": "crews"})).poll(http, cursor))


def entries(*posts: Any, people: Sequence[Any] = (AGREED,), **options: str) -> list[Entry]:
    return [entry for page in polled(PeerHttp(posts, people), **options) for entry in page.entries]


# -- consent


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ([about("ada", publicWebHosting=True)], True),
        ([about("ada")], False),
        ([], False),
        ([about("ada", publicWebHosting="yes")], False),
        ([about("ada", sequence=2, publicWebHosting=False), about("ada", sequence=1, publicWebHosting=True)], False),
        ([about("ada", sequence=1, publicWebHosting=False), about("ada", sequence=2, publicWebHosting=True)], True),
        # A new name changes no choice.
        ([about("ada", sequence=1, publicWebHosting=True), about("ada", sequence=2)], True),
        # Somebody else says it.
        ([message("x", {"type": "about", "about": feed("ada"), "publicWebHosting": True}, by="eve", at=1)], False),
        # It is said of somebody else.
        ([message("x", {"type": "about", "about": feed("bo"), "publicWebHosting": True}, by="ada", at=1)], False),
        ([message("x", {"type": "post", "about": feed("ada"), "publicWebHosting": True}, at=1)], False),
    ],
)
def test_only_who_chose_so_in_their_own_feed_is_shown(said: Sequence[Message], shown: bool) -> None:
    pages = polled(PeerHttp([post("one")], said))
    assert bool(pages[0].entries) is shown
    assert bool(pages[0].remarks) is not shown, "that something was left out is said"


def test_a_private_message_is_not_even_counted() -> None:
    (page,) = polled(PeerHttp([message("private", "c2VjcmV0.box", at=NOW)]))
    assert (page.entries, page.remarks) == ((), ())


def test_who_chooses_otherwise_later_is_closed_and_of_whom_nothing_is_known_is_not_judged() -> None:
    (shown,) = entries(post("one"))
    collector = Scuttlebutt(tag="crews")

    def standings(*said: Message) -> list[tuple[bool, Visibility]]:
        return [(one.found, one.visibility) for one in collector.recheck(PeerHttp(people=said), [shown])]

    assert standings(AGREED) == [(True, Visibility.PUBLIC)]
    assert standings(AGREED, about("ada", sequence=2, publicWebHosting=False)) == [(True, Visibility.PRIVATE)]
    assert standings() == []


# -- what is asked, and what is answered


def test_questions_go_by_standard_input_and_are_asked_of_the_program_that_was_named() -> None:
    http = PeerHttp([post("one")])
    polled(http, tag="Crews", program="crews-ssb-server")
    program, arguments, say = http.asked[0]
    assert (program, arguments) == ("crews-ssb-server", ("backlinks.read", "."))
    assert say == {"query": [{"$filter": {"dest": "#crews"}}], "index": "DTS", "reverse": True, "limit": 200}
    assert http.asked[1][2] == {"query": [{"$filter": {"value": {"author": {"$in": [feed("ada")]}, "content": {"type": "about"}}}}]}
    assert Scuttlebutt(tag="crews", program="sbot").host == "sbot"


@pytest.mark.parametrize(
    "program",
    [
        "/bin/sh",
        "./ssb-server",
        "../ssb-server",
        "tools/ssb-server",
        "bash",
        "ssb-server.sh",
        "-ssb-server",
        "ssb-server -c",
        "ssb-server\0",
    ],
)
def test_no_line_of_a_stranger_makes_another_program_run(program: str) -> None:
    with pytest.raises(BadOption, match="not the name of a Scuttlebutt server"):
        build(Scuttlebutt, {"tag": "crews", "program": program})


def test_a_post_under_any_spelling_of_a_channel_is_found_once() -> None:
    found = entries(post("a", channel="crews"), post("b", channel="Crews"), post("c", channel="#crews"), channel="crews")
    assert [entry.native_id for entry in found] == [post(name)["key"] for name in ("a", "b", "c")]


def test_what_a_query_lets_through_is_looked_at_again() -> None:
    stray = message("stray", {"type": "post", "text": "bread"}, at=NOW)
    vote = message("vote", {"type": "vote", "channel": "crews", "vote": {"link": stray["key"]}}, at=NOW)
    assert entries(stray, vote) == []


def test_an_answer_is_objects_one_after_another_with_anything_inside() -> None:
    tricky = post("tricky", 'Braces } { and\n\n"quotes" #crews')
    (entry,) = entries(tricky)
    assert entry.text == 'Braces } { and\n\n"quotes" #crews'


@pytest.mark.parametrize("instead", [b"{", b"Error: no", b'{"id": "@me"}', b"[1]", b"\xff"])
def test_what_is_no_answer_is_an_error(instead: bytes) -> None:
    with pytest.raises(Unreadable, match="reading from the Scuttlebutt server"):
        polled(PeerHttp(instead=instead))


def test_a_program_that_fails_says_what_to_do() -> None:
    class Down(PeerHttp):
        def run(self, program: str, *arguments: str, say: object = None) -> Reply:
            raise Unavailable("running 'ssb-server': it is not on this machine; install it")

    with pytest.raises(Unavailable, match=r"not on this machine; install it; a hashtag is read through the plug-in ssb-backlinks"):
        polled(Down())
    with pytest.raises(Unavailable, match=r"not on this machine; install it\Z"):
        polled(Down(), channel="crews")


# -- what comes out


@pytest.mark.parametrize(
    "viewer", ["", "https://ssb.example.org", "https://ssb.example.org/viewer", "http://localhost:8807", "http://127.0.0.1:1"]
)
def test_every_permalink_is_the_message_and_none_leads_to_this_machine(viewer: str) -> None:
    plain, plus = post("x"), {**post("y"), "key": "%a/b+c" + hashed("z")[5:] + ".sha256"}
    for row in (plain, plus):
        (entry,) = entries(row, tag="crews", **({"viewer": viewer} if viewer else {}))
        assert canonical(entry.url).key == canonical(row["key"]).key
        assert "localhost" not in entry.url
        assert "127.0.0.1" not in entry.url
        assert entry.url.startswith(viewer if "example" in viewer else "https://viewer.scuttlebot.io/")


def test_a_message_feed_and_blob_are_known_for_what_they_are() -> None:
    blob, other = f"&{hashed('blob')}.sha256", post("other")["key"]
    mentions = [{"link": "#crews"}, {"link": blob, "type": "audio/mpeg"}, {"link": feed("bo"), "name": "bo"}, {"link": other}]
    (entry,) = entries(post("x", f"See [this]({other}) by [@bo]({feed('bo')}) and https://example.org/a.", mentions=mentions))
    assert entry.text == "See this by @bo and https://example.org/a."
    assert entry.links == ("https://example.org/a", f"https://viewer.scuttlebot.io/{quote(other[:-7], safe='')}.sha256")
    assert [(canonical(one.url).key, one.media_type) for one in entry.enclosures] == [(canonical(blob).key, "audio/mpeg")]
    assert entry.author is not None
    assert canonical(str(entry.author.handle)).key == canonical(str(entry.author.url)).key
    assert canonical(blob).key != canonical(blob.replace("&", "%")).key


def test_an_answer_belongs_to_its_thread() -> None:
    root = post("root")["key"]
    (entry,) = entries(post("x", root=root, branch=[post("branch")["key"]]))
    assert canonical(str(entry.in_reply_to)).key == canonical(root).key


@pytest.mark.parametrize("mentions", [None, 7, {"link": "#crews"}, {"0": {"link": "#crews"}}, [None, "x", {"link": 7}]])
def test_mentions_of_any_shape_lose_nothing(mentions: Any) -> None:
    (entry,) = entries(post("x", mentions=mentions))
    assert "crews" in entry.tags


def test_what_is_dated_after_it_was_received_was_written_when_it_was_received() -> None:
    early = {**post("x", at=NOW), "timestamp": NOW - 1000.5}
    (entry,) = entries(early)
    assert entry.published is not None
    assert entry.published.timestamp() * 1000 == NOW - 1000.5


@pytest.mark.parametrize(
    ("name", "channel"),
    [("MicroSolidarity", "microsolidarity"), ("#crews", "crews"), ("a b, c!", "abc"), ("x" * 40, "x" * 30), ('"[(<q>)]"', "q")],
)
def test_channels_are_compared_as_clients_do(name: str, channel: str) -> None:
    assert channel_of(name) == channel


def test_the_latest_name_counts() -> None:
    rows = [about("ada", sequence=2, name="Ada L."), about("ada", sequence=1, name="Ada")]
    assert people_of(rows)[feed("ada")].name == "Ada L."


# -- through a viewer

BASE = "https://ssb.example.org"


def _page(*ids: str) -> bytes:
    times = [f'<time class="ssb-timestamp" datetime="x"><a href="/{quote(id, safe="")}">now</a></time>' for id in ids]
    stray = f'<a href="/{quote(post("stray")["key"], safe="")}">Liked</a>'
    articles = "".join(f"<article>{time}{stray}</article>" for time in times)
    return f"<!doctype html><html><title>#crews | ssb-viewer</title>{articles}</body></html>".encode()


@dataclass
class ViewerHttp(HttpAlone):
    """A viewer of a channel."""

    posts: Sequence[Message]
    author: Mapping[str, Any] = field(default_factory=lambda: {"name": "@Ada"})
    authorised: bool = False
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        self.asked.append(url)
        threads = {f"{BASE}/{quote(one['key'], safe='')}.json": json.dumps([{**one, "author": self.author}]).encode() for one in self.posts}
        shown = self.posts if url.endswith("?showAll") else self.posts[:10]
        body = threads[url] if url in threads else _page(*(one["key"] for one in shown))
        return Reply(asked=url, url=url, status=200, body=body)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError("nothing is written")


def _viewed(http: ViewerHttp, cursor: Cursor = "") -> list[Page]:
    return list(Scuttlebutt(channel="crews", through="viewer", viewer=BASE).poll(http, cursor))


def test_a_viewer_is_asked_for_each_message_once_and_for_no_other() -> None:
    posts = [post(str(number), channel="crews") for number in range(23)]
    http = ViewerHttp(posts)
    pages = _viewed(http)
    assert [len(page.entries) for page in pages] == [10, 10, 3]
    assert len(http.asked) == 24
    http.asked.clear()
    (page,) = _viewed(http, pages[-1].cursor)
    assert (page.entries, page.cursor) == ((), pages[-1].cursor)
    assert http.asked == [f"{BASE}/channel/crews"]
    http.posts = [post("new", channel="crews"), *posts]
    (page,) = _viewed(http, page.cursor)
    assert [entry.native_id for entry in page.entries] == [post("new")["key"]]


def test_more_new_messages_than_a_viewers_page_holds_are_looked_for_in_all_that_it_shows() -> None:
    old = [post(f"old{number}", channel="crews") for number in range(3)]
    cursor = _viewed(ViewerHttp(old))[-1].cursor
    news = [post(f"new{number}", channel="crews") for number in range(12)]
    pages = _viewed(ViewerHttp([*news, *old]), cursor)
    assert [entry.native_id for page in pages for entry in page.entries] == [one["key"] for one in news]
    assert [page.missed for page in pages] == [None, None]
    # Nothing that was known is shown any more.
    assert [page.missed for page in _viewed(ViewerHttp(news), cursor)] == [None, Missed(reason=GapReason.TURNED_OVER)]


def test_what_is_left_of_a_viewers_channel_when_reading_is_cut_is_read_later() -> None:
    posts = [post(str(number), channel="crews") for number in range(23)]
    first = next(Scuttlebutt(channel="crews", through="viewer", viewer=BASE).poll(ViewerHttp(posts), ""))
    # By then a message has come, and the page shows the newest ten alone.
    later = [post("new", channel="crews"), *posts]
    pages = _viewed(ViewerHttp(later), first.cursor)
    read = {entry.native_id for page in (first, *pages) for entry in page.entries}
    assert read == {one["key"] for one in later}
    assert "left" not in json.loads(pages[-1].cursor)


def test_through_a_viewer_nobody_is_shown_who_is_not_known_to_have_chosen_so() -> None:
    posts = [post("x", channel="crews")]
    (unknown,) = _viewed(ViewerHttp(posts))
    assert [entry.restrictions for entry in unknown.entries] == [(Restriction.NOT_DISCOVERABLE,)]
    (agreed,) = _viewed(ViewerHttp(posts, {"name": "@Ada", "publicWebHosting": True}))
    assert [entry.restrictions for entry in agreed.entries] == [()]
    (refused,) = _viewed(ViewerHttp(posts, {"name": "@Ada", "publicWebHosting": False}))
    assert refused.entries == ()


def test_a_page_in_another_layout_is_an_error() -> None:
    class Changed(ViewerHttp):
        def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
            return Reply(asked=url, url=url, status=200, body=b"<html>ssb-viewer<article>other</article></html>")

    with pytest.raises(Unreadable, match="found none in the page's markup"):
        _viewed(Changed([]))


# -- options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the options"),
        ({"tag": "crews", "channel": "crews"}, "only one"),
        ({"tag": "crews", "through": "viewer"}, "channels and none of hashtags"),
        ({"channel": "#"}, "is not a channel"),
        ({"channel": "crews", "viewer": "ssb.example.org"}, "is not a viewer"),
        ({"channel": "crews", "through": "both"}, "neither 'server' nor 'viewer'"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: Mapping[str, str], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        build(Scuttlebutt, options)


def test_the_page_of_a_channel_is_recognised_and_other_pages_are_declined() -> None:
    assert Scuttlebutt.recognise("https://viewer.scuttlebot.io/channel/Crews") == {"channel": "crews", "through": "viewer"}
    message_page = f"https://viewer.scuttlebot.io/{quote(post('x')['key'], safe='')}"
    assert Scuttlebutt.recognise(message_page) is None
    assert "aggregator add" in str(Scuttlebutt.declined(message_page))
    assert Scuttlebutt.declined("https://example.org/channel/crews") is None
