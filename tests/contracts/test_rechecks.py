"""What every collector promises that can say whether an entry is public still, tried on platforms of which entries vanish."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from aggregator.collectors import platforms
from aggregator.collectors.base import Collector, Rechecks, Standing, build
from aggregator.errors import SourceError, Unavailable
from aggregator.fetch import Params, Reply
from aggregator.model import Author, Entry, Kind, Restriction, Visibility
from tests.support.exchanges import HttpAlone, settled
from tests.support.nostr import Key, Relay
from tests.support.ssb_messages import about_feed, feed, message

Answer = tuple[int, Any]
"""Status, and a body: bytes, or what is sent as JSON."""
Rows = Mapping[str, Mapping[str, Any]]
"""What is there, by a short name: what is particular about each."""


@dataclass(kw_only=True)
class Platform(HttpAlone):
    """A platform that holds some entries, and an `Http` that asks it."""

    options: Mapping[str, str]
    # The reply to a path and its parameters, given what is there.
    answer: Callable[[Rows, str, Mapping[str, list[str]]], Answer]
    # The entry with a short name, as its collector once gave it.
    entry: Callable[[str], Entry]
    # What makes an entry private or the like, and how that is told; never empty.
    closed: Sequence[tuple[Mapping[str, Any], Standing]]
    transient: frozenset[int] = frozenset()
    authorised: bool = False
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    # Gives another answer in place of one.
    meddle: Callable[[Answer], Answer] = lambda answer: answer
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        from aggregator.fetch.status import error_for

        whole = settled(url, params)
        self.asked.append(whole)
        assert len(self.asked) < 1000, "asked without end"
        parts = urlsplit(whole)
        status, sent = self.meddle(self.answer(self.rows, parts.path, parse_qs(parts.query)))
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        error = error_for(whole, status, {}, transient=self.transient, now=None, body=body)
        if error is not None:
            raise error
        return Reply(asked=whole, url=whole, status=status, headers={}, body=body)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        """A question that is sent: each of its values is a list of texts."""
        assert isinstance(json, dict), "a question is an object"
        return self.get(url, params={name: value if isinstance(value, list | tuple) else str(value) for name, value in json.items()})


class Relayed(Platform):
    """Entries as notes that two relays show, and what their authors say besides."""

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        from aggregator.fetch.status import error_for

        self.asked.append(url)
        assert len(self.asked) < 1000, "asked without end"
        events = [event for name, said in self.rows.items() for event in (_note(name), *_said_besides(name, said))]
        status, body = self.meddle((200, Relay(events).heard(say)))
        error = error_for(url, status, {}, transient=self.transient, now=None, body=body)
        if error is not None:
            raise error
        return Reply(asked=url, url=url, status=status, headers={}, body=body)


class Peer(Platform):
    """Entries of people who have chosen to be shown on the web; who is not there has said their name alone."""

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        from aggregator.fetch.status import error_for

        assert isinstance(say, dict)
        self.asked.append(f"program://{program}/{arguments[0]}/.")
        authors = say["query"][0]["$filter"]["value"]["author"]["$in"]
        named = {feed(name): said for name, said in self.rows.items()}
        rows = [about_feed(one, **({"publicWebHosting": named[one].get("agreed", True)} if one in named else {})) for one in authors]
        status, body = self.meddle((200, "".join(json.dumps(row, indent=2) + "\n\n" for row in rows).encode()))
        error = error_for(program, status, {}, transient=self.transient, now=None, body=body)
        if error is not None:
            raise error
        return Reply(asked=program, url=program, status=status, headers={}, body=body)


def _message(name: str) -> Entry:
    id = str(message(name, {}, at=1)["key"])
    return replace(entry(id, f"https://viewer.scuttlebot.io/{quote(id, safe='')}"), author=Author(handle=feed(name)))


def _note(name: str) -> dict[str, Any]:
    return Key(int(name)).note("#crews", tags=[["t", "crews"]], at=1_795_166_102)


def _said_besides(name: str, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [Key(int(said.get("by", name))).event(at=1_795_166_200, **one) for one in said.get("events", ())]


def entry(native_id: str, url: str, kind: Kind = Kind.POST) -> Entry:
    return Entry(native_id=native_id, url=url, kind=kind)


# -- the platforms


def discord(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    """Discord, of one message."""
    id = path.rpartition("/")[2]
    return (200, {"id": id, "content": "x", **rows[id]}) if id in rows else (404, {"code": 10008, "message": "Unknown Message"})


def embedded(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    """X's embedding service, as of deleted and of protected posts."""
    id = asked["url"][0].rpartition("/")[2]
    return (200, {"author_name": "Ada", "url": asked["url"][0], "html": "<blockquote>"}) if rows.get(id) == {} else (404, b"")


def reddit(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    """Reddit's interface, which gives what was taken back, too, and not what is at an end."""
    found = [
        {"kind": "t3", "data": {"name": name, "permalink": f"/r/x/comments/{name[3:]}/x/", "title": "x", "author": "ada", **rows[name[3:]]}}
        for name in asked["id"][0].split(",")
        if name[3:] in rows
    ]
    return 200, {"kind": "Listing", "data": {"after": None, "children": found}}


def mastodon(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    if path == "/api/v1/statuses":
        return 200, [_status(id, rows[id]) for id in asked.get("id[]", []) if id in rows]
    id = path.rpartition("/")[2]
    return (200, _status(id, rows[id])) if id in rows else (404, {"error": "Record not found"})


def _status(id: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"id": id, "visibility": "public", **said, "account": {"acct": "ada", "note": "", **said.get("account", {})}}


def one_by_one(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    """A server that cannot give several."""
    return (404, b"") if path == "/api/v1/statuses" else mastodon(rows, path, asked)


def heedless(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    """A server that gives other posts than were asked for."""
    return (200, [_status("999", {})]) if path == "/api/v1/statuses" else mastodon(rows, path, asked)


def misskey(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    if path == "/api/users/show":
        return 200, [{"id": id, "username": "ada", **rows[id].get("account", {})} for id in asked["userIds"]]
    id = asked["noteId"][0]
    if id not in rows:
        return 400, {"error": {"code": "NO_SUCH_NOTE", "id": "24fcbfc6-2e37-42b6-8388-c29b3861a08d"}}
    note = {"id": id, "userId": id, "user": {"id": id, "username": "ada"}, "visibility": "public", "text": "#crews", "tags": ["crews"]}
    return 200, {**note, **rows[id]}


def peertube(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    id = path.rpartition("/")[2]
    return (200, {"uuid": id, "privacy": {"id": 1}, **rows[id]}) if id in rows else (404, {"error": "Video not found"})


def telegram(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    id = path.rpartition("/")[2]
    there = id in rows and not rows[id].get("taken")
    shown = (
        f"<div class='tgme_widget_message' data-post='Crews/{id}'></div>" if there else "<div class='tgme_widget_message_error'>Gone</div>"
    )
    return 200, f"<html><body>{shown}</body></html>".encode()


def bluesky(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    if path.endswith("getProfiles"):
        names = [did.removeprefix("did:plc:") for did in asked["actors"]]
        assert len(names) <= 25
        return 200, {"profiles": [{"did": f"did:plc:{name}", "description": rows[name].get("bio", "")} for name in names]}
    uris = asked["uris"]
    assert len(uris) <= 25
    return 200, {"posts": [_post(name, rows[name]) for uri in uris if (name := uri.split("/")[2].removeprefix("did:plc:")) in rows]}


def _post(name: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
    author = {"did": f"did:plc:{name}", "handle": "ada.example", "labels": [{"val": one} for one in said.get("labels", ())]}
    return {"uri": _uri(name), "record": {"text": "crews"}, "author": author}


def _uri(name: str) -> str:
    return f"at://did:plc:{name}/app.bsky.feed.post/3k"


def discourse(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    topic = path.removeprefix("/t/").removesuffix(".json")
    posts = {name: said for name, said in rows.items() if name[0] == topic}
    if not posts:
        return 404, {"errors": ["not found"]}
    about = {key: value for said in posts.values() for key, value in said.items() if key in ("visible", "archetype")}
    listed = [{"id": 0, "post_number": 1}, *({"id": int(name), "post_number": 9, **said} for name, said in posts.items())]
    return 200, {"id": int(topic), **about, "post_stream": {"posts": listed, "stream": [0, *map(int, posts)]}}


def loomio(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    items = [f"<entry><id>{name}</id><title>x</title><link href='https://www.loomio.com/d/abcdefgh/x/{name}'/></entry>" for name in rows]
    # An older comment than all that are asked about shows how far back the feed goes.
    items.append("<entry><id>0</id><title>x</title><link href='https://www.loomio.com/d/abcdefgh/x/1'/></entry>")
    return 200, f"<feed xmlns='http://www.w3.org/2005/Atom'><title>A thread</title>{''.join(items)}</feed>".encode()


def oembed(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    video = asked["url"][0].partition("v=")[2]
    return (rows[video].get("status", 200), {"title": "x"}) if video in rows else (404, b"Not Found")


def youtube(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    found = [{"id": id, "status": {"privacyStatus": rows[id].get("privacy", "public")}} for id in asked["id"][0].split(",") if id in rows]
    return 200, {"kind": "youtube#videoListResponse", "items": found}


def webmention(rows: Rows, path: str, asked: Mapping[str, list[str]]) -> Answer:
    after = sorted(int(name) for name in rows if int(name) > int(asked["since_id"][0]))[: int(asked["per-page"][0])]
    return 200, {"children": [{"wm-id": id, "wm-private": False, **rows[str(id)]} for id in after]}


def closed(native_id: str, *restrictions: Restriction, visibility: Visibility = Visibility.PUBLIC, found: bool = True) -> Standing:
    return Standing(native_id=native_id, found=found, visibility=visibility, restrictions=restrictions)


_NOTE = str(_note("51")["id"])
_NOSTR_CLOSED = (
    ({"events": [{"kind": 5, "tags": [["e", _NOTE], ["k", "1"]]}]}, closed(_NOTE, found=False)),
    # By somebody else.
    ({"by": "41", "events": [{"kind": 5, "tags": [["e", _NOTE]]}]}, closed(_NOTE)),
    ({"events": [{"kind": 62, "tags": [["relay", "ALL_RELAYS"]]}]}, closed(_NOTE, found=False)),
    ({"events": [{"kind": 62, "tags": [["relay", "wss://two.example"]]}]}, closed(_NOTE, found=False)),
    ({"events": [{"kind": 62, "tags": [["relay", "wss://elsewhere.example"]]}]}, closed(_NOTE)),
    ({"events": [{"kind": 0, "content": '{"about": "Gardener. #nobot"}'}]}, closed(_NOTE, Restriction.NO_BOT)),
)
_MASTODON_CLOSED = (
    ({"visibility": "unlisted"}, closed("51", visibility=Visibility.UNLISTED)),
    ({"visibility": "private"}, closed("51", visibility=Visibility.PRIVATE)),
    ({"account": {"suspended": True}}, closed("51", visibility=Visibility.PRIVATE)),
    ({"account": {"noindex": True}}, closed("51", Restriction.NOINDEX)),
    ({"account": {"discoverable": False}}, closed("51", Restriction.NOT_DISCOVERABLE)),
    ({"account": {"note": "<p>#nobot</p>"}}, closed("51", Restriction.NO_BOT)),
)


_MISSKEY_CLOSED = (
    ({"visibility": "home"}, closed("51", visibility=Visibility.UNLISTED)),
    ({"visibility": "followers"}, closed("51", visibility=Visibility.PRIVATE)),
    ({"localOnly": True}, closed("51", visibility=Visibility.PRIVATE)),
    ({"isHidden": True}, closed("51", visibility=Visibility.PRIVATE)),
    ({"account": {"isSuspended": True}}, closed("51", visibility=Visibility.PRIVATE)),
    ({"account": {"noCrawle": True}}, closed("51", Restriction.NOINDEX)),
    ({"account": {"isExplorable": False}}, closed("51", Restriction.NOT_DISCOVERABLE)),
    ({"account": {"requireSigninToViewContents": True}}, closed("51", Restriction.NO_UNAUTHENTICATED)),
    ({"account": {"description": "Gardener. #nobot"}}, closed("51", Restriction.NO_BOT)),
    ({"account": {"fields": [{"name": "bots", "value": "nobot"}]}}, closed("51", Restriction.NO_BOT)),
)


def _toot(name: str) -> Entry:
    return entry(name, f"https://social.example/@ada/{name}")


def _video(name: str) -> Entry:
    return entry(f"yt:video:{name}", f"https://www.youtube.com/watch?v={name}", Kind.VIDEO)


def _made() -> dict[str, tuple[str, Platform]]:
    fediverse = {"server": "social.example", "tag": "crews"}
    bsky = (
        ({"labels": ["!no-unauthenticated"]}, closed(_uri("b"), Restriction.NO_UNAUTHENTICATED)),
        ({"labels": ["!hide"]}, closed(_uri("b"), visibility=Visibility.PRIVATE)),
        ({"bio": "Gardener. nobot"}, closed(_uri("b"), Restriction.NO_BOT)),
    )
    return {
        "mastodon": ("mastodon", Platform(options=fediverse, answer=mastodon, entry=_toot, closed=_MASTODON_CLOSED)),
        "mastodon, one by one": ("mastodon", Platform(options=fediverse, answer=one_by_one, entry=_toot, closed=_MASTODON_CLOSED)),
        "mastodon, heedless": ("mastodon", Platform(options=fediverse, answer=heedless, entry=_toot, closed=_MASTODON_CLOSED)),
        "pleroma": (
            "pleroma",
            Platform(
                options=fediverse,
                answer=mastodon,
                entry=_toot,
                closed=(*_MASTODON_CLOSED, ({"visibility": "local"}, closed("51", visibility=Visibility.PRIVATE))),
            ),
        ),
        "gotosocial": ("gotosocial", Platform(options=fediverse, answer=one_by_one, entry=_toot, closed=_MASTODON_CLOSED)),
        "pixelfed": ("pixelfed", Platform(options=fediverse, answer=one_by_one, entry=_toot, closed=_MASTODON_CLOSED)),
        "reddit": (
            "reddit",
            Platform(
                options={"search": "crews"},
                answer=reddit,
                entry=lambda name: entry(f"t3_{name}", f"https://www.reddit.com/r/x/comments/{name}/x/"),
                closed=(
                    ({"removed_by_category": "deleted"}, closed("t3_51", visibility=Visibility.PRIVATE)),
                    ({"title": "[deleted by user]"}, closed("t3_51", visibility=Visibility.PRIVATE)),
                    ({"over_18": True}, closed("t3_51", visibility=Visibility.PRIVATE)),
                ),
                authorised=True,
            ),
        ),
        "telegram": (
            "telegram",
            Platform(
                options={"channel": "crews"},
                answer=telegram,
                entry=lambda name: entry(name, f"https://t.me/crews/{name}"),
                closed=(({"taken": True}, closed("51", found=False)),),
            ),
        ),
        "misskey": (
            "misskey",
            Platform(options={"server": "misskey.example", "tag": "crews"}, answer=misskey, entry=_toot, closed=_MISSKEY_CLOSED),
        ),
        "peertube": (
            "peertube",
            Platform(
                options={"server": "tube.example", "tag": "crews"},
                answer=peertube,
                entry=lambda name: entry(name, f"https://tube.example/videos/watch/{name}", Kind.VIDEO),
                closed=(
                    ({"privacy": {"id": 2}}, closed("51", visibility=Visibility.UNLISTED)),
                    ({"privacy": {"id": 3}}, closed("51", visibility=Visibility.PRIVATE)),
                    ({"blacklisted": True}, closed("51", visibility=Visibility.PRIVATE)),
                ),
            ),
        ),
        "nostr": (
            "nostr",
            Relayed(
                options={"tag": "crews", "relays": "one.example two.example"},
                answer=lambda rows, path, asked: (404, b""),
                entry=lambda name: entry(_note(name)["id"], f"https://njump.me/e/{_note(name)['id']}"),
                closed=_NOSTR_CLOSED,
            ),
        ),
        "scuttlebutt": (
            "scuttlebutt",
            Peer(
                options={"tag": "crews"},
                answer=lambda rows, path, asked: (404, b""),
                entry=_message,
                closed=(({"agreed": False}, closed(_message("51").native_id, visibility=Visibility.PRIVATE)),),
            ),
        ),
        "bluesky": (
            "bluesky",
            Platform(
                options={"tag": "crews"},
                answer=bluesky,
                entry=lambda name: entry(_uri(name), f"https://bsky.app/profile/did:plc:{name}/post/3k"),
                closed=bsky,
            ),
        ),
        "discord": (
            "discord",
            Platform(
                options={"channels": "1100000000000000001"},
                answer=discord,
                entry=lambda name: entry(name, f"https://discord.com/channels/900000000000000001/1100000000000000001/{name}"),
                closed=(({"reactions": [{"emoji": {"name": "🚫"}}]}, closed("51", Restriction.NO_BOT)),),
                authorised=True,
            ),
        ),
        "x": (
            "x",
            Platform(
                options={"tag": "crews"},
                answer=embedded,
                entry=lambda name: entry(name, f"https://x.com/ada/status/{name}"),
                closed=(({"status": 404}, closed("51", found=False)),),
            ),
        ),
        "discourse": (
            "discourse",
            Platform(
                options={"site": "forum.example.org", "search": "crews"},
                answer=discourse,
                entry=lambda name: entry(f"post:{name}", f"https://forum.example.org/t/slug/{name[0]}/9", Kind.COMMENT),
                closed=(
                    ({"hidden": True}, closed("post:51", visibility=Visibility.PRIVATE)),
                    ({"user_deleted": True}, closed("post:51", visibility=Visibility.PRIVATE)),
                    ({"visible": False}, closed("post:51", visibility=Visibility.UNLISTED)),
                    ({"archetype": "private_message"}, closed("post:51", visibility=Visibility.PRIVATE)),
                ),
            ),
        ),
        "loomio": (
            "loomio",
            Platform(
                options={"group": "crews"},
                answer=loomio,
                entry=lambda name: entry(f"d/abcdefgh/{name}", f"https://www.loomio.com/d/abcdefgh/x/{name}", Kind.COMMENT),
                closed=(),
            ),
        ),
        "webmention": (
            "webmention",
            Platform(
                options={"target": "https://topic.example/discussing/"},
                answer=webmention,
                entry=lambda name: entry(name, f"https://ada.example/{name}", Kind.ARTICLE),
                closed=(({"wm-private": True}, closed("51", visibility=Visibility.PRIVATE)),),
            ),
        ),
        "youtube": (
            "youtube",
            Platform(
                options={"channel": "UC6hicteAM1PrzfeWN5VT5dg"},
                answer=oembed,
                entry=_video,
                closed=(
                    ({"status": 403}, closed("yt:video:bbbbbbbbbbb", found=False)),
                    ({"status": 401}, closed("yt:video:bbbbbbbbbbb")),
                ),
                transient=frozenset({404, 500}),
            ),
        ),
        "youtube, with a key": (
            "youtube",
            Platform(
                options={"channel": "UC6hicteAM1PrzfeWN5VT5dg"},
                answer=youtube,
                entry=_video,
                closed=(
                    ({"privacy": "unlisted"}, closed("yt:video:bbbbbbbbbbb", visibility=Visibility.UNLISTED)),
                    ({"privacy": "private"}, closed("yt:video:bbbbbbbbbbb", visibility=Visibility.PRIVATE)),
                ),
                authorised=True,
            ),
        ),
    }


# Three names of entries that each platform understands; the second is the one that something becomes of.
NAMES = {"bluesky": ("a", "b", "c"), "youtube": ("a" * 11, "b" * 11, "c" * 11), "youtube, with a key": ("a" * 11, "b" * 11, "c" * 11)}
each = pytest.mark.parametrize("name", list(_made()))


def names_of(name: str) -> tuple[str, ...]:
    return NAMES.get(name, ("41", "51", "61"))


def made(name: str) -> tuple[Collector, Platform]:
    """A platform on which three entries stand, and its collector."""
    platform, here = _made()[name]
    here.rows = {one: {} for one in names_of(name)}
    return build(platforms()[platform], here.options), here


def looked(collector: Collector, here: Platform, names: Sequence[str]) -> list[Standing]:
    assert isinstance(collector, Rechecks)
    return list(collector.recheck(here, [here.entry(name) for name in names]))


@each
def test_what_is_there_for_everybody_is_said_to_be(name: str) -> None:
    collector, here = made(name)
    expected = {closed(here.entry(one).native_id) for one in names_of(name)}
    found = looked(collector, here, names_of(name))
    assert set(found) == expected
    assert len(found) == len(expected)


@each
def test_what_is_gone_is_said_to_be_and_nothing_else(name: str) -> None:
    collector, here = made(name)
    first, second, third = names_of(name)
    del here.rows[second]
    standings = {one.native_id: one.found for one in looked(collector, here, (first, second, third))}
    assert standings == {here.entry(one).native_id: one != second for one in (first, second, third)}


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, (_, here) in _made().items() for number in range(len(here.closed))])
def test_what_was_closed_is_said_to_be(name: str, number: int) -> None:
    collector, here = made(name)
    change, expected = here.closed[number]
    second = names_of(name)[1]
    here.rows[second] = change
    assert expected in looked(collector, here, names_of(name))


def broken(status: int, body: bytes = b"") -> Callable[[Answer], Answer]:
    return lambda answer: (status, body)


def timed_out(answer: Answer) -> Answer:
    raise Unavailable("no answer within 20 s")


FAULTS = {
    "500": broken(500),
    "502 with markup": broken(502, b"<html>Bad Gateway</html>"),
    "429": broken(429),
    "markup for a reply": broken(200, b"<html><title>Just a moment...</title></html>"),
    "empty": broken(200),
    "null": broken(200, b"null"),
    "an empty object": broken(200, b"{}"),
    "another object": broken(200, b'{"error": "The server is busy"}'),
    "cut": lambda answer: (answer[0], (answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode())[:20]),
    "no answer": timed_out,
}
# An empty feed is how Loomio shows visitors what became private; oEmbed tells by its status alone.
_SAID_BY = {("loomio", "empty")}


@each
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_never_makes_an_entry_look_gone_or_closed(name: str, fault: str) -> None:
    if (name, fault) in _SAID_BY:
        pytest.skip("is what this platform says of something private")
    collector, here = made(name)
    here.meddle = FAULTS[fault]
    said: list[Standing] = []
    try:
        assert isinstance(collector, Rechecks)
        for standing in collector.recheck(here, [here.entry(one) for one in names_of(name)]):
            said.append(standing)
    except SourceError:
        pass
    assert [one for one in said if one != closed(one.native_id)] == []


@each
def test_only_hosts_that_are_declared_are_asked(name: str) -> None:
    collector, here = made(name)
    looked(collector, here, names_of(name))
    assert {urlsplit(url).netloc for url in here.asked} <= collector.hosts


@each
def test_many_are_asked_for_in_parts(name: str) -> None:
    collector, here = made(name)
    if name.startswith("youtube"):
        names = [f"{number:011}" for number in range(60)]
    elif name == "bluesky":
        names = [f"a{number}" for number in range(60)]
    else:
        names = [str(number) for number in range(4100, 4160)]
    here.rows = {one: {} for one in names}
    found = looked(collector, here, names)
    assert sorted(one.native_id for one in found) == sorted(here.entry(one).native_id for one in names)
    assert all(one.found for one in found)
    # Characters of an address that every server takes.
    assert max(map(len, here.asked)) < 4000


def test_every_collector_that_can_be_asked_is_tried_here() -> None:
    assert {name for name, collector in platforms().items() if hasattr(collector, "recheck")} == {name for name, _ in _made().values()}
