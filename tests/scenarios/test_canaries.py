"""Secrets planted in the environment, in addresses and in replies, and looked for in everything the program writes or says."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from quopri import encodestring
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.support.exchanges import cases
from tests.support.har import write_har
from tests.support.server import Asked, Script, Server
from tests.support.steward import Said, Steward

KEYS = {
    "YOUTUBE_API_KEY": "AIzaCanary/of+the=tube-0001",
    "LOOMIO_API_KEY": "canary-of-the-loom-0002",
    "BLUESKY_APP_PASSWORD": "canary.example.org:sky-canary-0003",
}
TOKENS = ("feed-token-0004", "dead-token-0005", "moved-token-0006", "private-path-canary-0007", "pass-word-0008", "page-token-0009")
MAIL = "canary.person-0010@example.org"
HIDDEN = ("canary-0011-followers", "canary-0012-unlisted", "canary-0013-nobot", "canary-0014-hidden", "canary-0015-direct")
JSON = {"Content-Type": "application/json; charset=utf-8"}


def rss(self_address: str, name: str) -> bytes:
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>A</title>'
        f'<atom:link rel="self" href="{self_address}"/><managingEditor>{MAIL}</managingEditor><item><guid>{name}</guid>'
        f"<title>{name} on crews</title><link>https://example.org/{name}</link><author>{MAIL} (Ada)</author><dc:creator>{MAIL}</dc:creator>"
        "</item></channel></rss>"
    ).encode()


def statuses() -> bytes:
    """A hashtag timeline as a leaky server would send it."""
    account = {"acct": "ada", "url": "https://social.example/@ada", "display_name": "Ada", "note": "<p>Hello</p>", "bot": False}
    rows: list[dict[str, Any]] = []
    posts = [("open", "public", ""), (HIDDEN[0], "private", ""), (HIDDEN[1], "unlisted", "")]
    posts += [(HIDDEN[4], "direct", ""), (HIDDEN[2], "public", "#nobot")]
    for number, (name, visibility, note) in enumerate(posts):
        rows.append(
            {
                "id": str(1000 + number),
                "uri": f"https://social.example/users/ada/statuses/{name}",
                "url": f"https://social.example/@ada/{name}",
                "created_at": "2026-11-20T09:08:02.000Z",
                "content": f"<p>crews {name}</p>",
                "visibility": visibility,
                "account": {**account, "note": f"<p>{note}</p>", "acct": f"ada{number}"},
                "tags": [{"name": "crews"}],
                "media_attachments": [],
            }
        )
    return json.dumps(rows).encode()


def topics() -> bytes:
    """A tag of a forum with one hidden topic."""
    at = "2026-11-20T09:08:02.000Z"
    same = {"created_at": at, "bumped_at": at, "last_posted_at": at, "posts_count": 1, "posters": [], "tags": ["crews"]}
    whole = [
        {"id": 1, "title": "crews open", "slug": "open", "visible": True, **same},
        {"id": 2, "title": f"crews {HIDDEN[3]}", "slug": HIDDEN[3], "visible": False, **same},
    ]
    return json.dumps({"users": [], "topic_list": {"topics": whole}}).encode()


def forms(secret: str) -> Iterator[bytes]:
    """A text in every form in which it could be written down."""
    raw = secret.encode()
    yield from (raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), json.dumps(secret)[1:-1].encode())
    yield encodestring(raw).rstrip(b"=\n").replace(b"=3D", b"=3D")
    yield raw.hex().encode()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        yield coded[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]


def found(secrets: tuple[str, ...], places: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(secret, place) for secret in secrets for place, content in places.items() if any(form in content for form in forms(secret))]


def everything(steward: Steward, said: dict[str, Said]) -> dict[str, bytes]:
    """All that was written or said, by its place; not what the steward wrote."""
    files = (path for path in steward.folder.rglob("*") if path.is_file() and path.name not in ("sources.yaml", "given.har"))
    places = {str(path.relative_to(steward.folder)): path.read_bytes() for path in files}
    return places | {f"{name}: {pipe}": text.encode() for name, one in said.items() for pipe, text in (("out", one.out), ("err", one.err))}


TALK = {
    "status": ("status",),
    "status in JSON": ("status", "--json"),
    "list": ("source", "list"),
    "list in JSON": ("source", "list", "--json"),
    "check": ("check",),
    "check in JSON": ("check", "--json"),
    "test": ("source", "test", "dead", "-vv"),
    "test of an open feed": ("source", "test", "feed", "--json"),
    "why": ("why", "https://example.org/feed"),
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Steward, dict[str, Said], Server]]:
    """A life on loopback, against servers that repeat what they were told."""
    steward = Steward(folder=tmp_path_factory.mktemp("canaries"))
    with Server() as server:

        def feed(asked: Asked) -> Script:
            address = server.url(asked.path).replace("&", "&amp;")
            return Script(headers={"Content-Type": "application/rss+xml", "ETag": '"1"', "X-Asked": asked.path}, body=rss(address, "feed"))

        def repeating(asked: Asked) -> Script:
            return Script(status=500, headers={"X-Asked": asked.path}, body=f"failed: {server.url(asked.path)}".encode())

        server.answer("/feed", feed)
        server.answer("/dead", repeating)
        server.answer("/moved", lambda asked: Script.redirect(server.url(asked.path.replace("/moved", "/feed")), status=301))
        server.answer(f"/private/{TOKENS[3]}/rss", feed)
        server.answer("/leave", lambda asked: Script.redirect(f"http://ada:{TOKENS[4]}@{server.host}/feed"))
        server.on("/api/v1/timelines/tag/crews", Script(headers=JSON, body=statuses()), Script(headers=JSON, body=b"[]"))
        server.on("/tag/crews.json", Script(headers=JSON, body=topics()))
        steward.configures(
            "site: {title: Canaries}\ntopics: {crews: {any_of: [crews]}}\nfetch: {allow_networks: [127.0.0.0/8]}\nsources:\n"
            f"  - {{platform: feed, id: feed, url: '{server.url(f'/feed?token={TOKENS[0]}')}'}}\n"
            f"  - {{platform: feed, id: dead, url: '{server.url(f'/dead?key={TOKENS[1]}')}'}}\n"
            f"  - {{platform: podcast, url: '{server.url(f'/moved?a=b&access_token={TOKENS[2]}')}'}}\n"
            f"  - {server.url(f'/private/{TOKENS[3]}/rss')}\n"
            f"  - {{platform: feed, id: leave, url: '{server.url(f'/leave?sid={TOKENS[5]}')}'}}\n"
            f"  - {{platform: mastodon, server: '{server.url('').rstrip('/')}', tag: crews}}\n"
            f"  - {{platform: discourse, site: '{server.url('').rstrip('/')}', tag: crews}}\n"
        )
        said = {"run": steward.runs("run", "-vv", "--record", "run.har", environ=KEYS)}
        said["poll"] = steward.runs("poll", "-vv", "--record", "poll.har", environ=KEYS)
        said["build"] = steward.runs("build", "-vv", environ=KEYS)
        said |= {name: steward.runs(*words, environ=KEYS) for name, words in TALK.items()}
        yield steward, said, server


Lived = tuple[Steward, dict[str, Said], Server]


def test_the_sources_with_secret_addresses_are_read(lived: Lived) -> None:
    steward, said, server = lived
    states = {state["source"]: state for state in steward.runs("status", "--json").json()}
    failing = {name for name, state in states.items() if state["failures"]}
    assert failing == {"dead", "leave"}, said["run"].err
    assert any(TOKENS[0] in asked.path for asked in server.asked)
    assert {"feed on crews", "crews open"} <= {story["title"] for story in steward.stories()}
    assert any("/@ada/open" in voice["url"] for story in steward.stories() for voice in story["voices"])


def test_a_secret_feed_is_asked_conditionally(lived: Lived) -> None:
    asked = [one for one in lived[2].asked if one.path == f"/feed?token={TOKENS[0]}"]
    assert "if-none-match" not in asked[0].headers
    assert asked[1].headers["if-none-match"] == '"1"'


def test_no_secret_is_written_or_said_anywhere(lived: Lived) -> None:
    assert found((*TOKENS, *KEYS.values(), "sky-canary-0003"), everything(*lived[:2])) == []


def test_no_address_of_a_person_is_kept(lived: Lived) -> None:
    places = {place: content for place, content in everything(*lived[:2]).items() if not place.endswith(".har")}
    assert found((MAIL,), places) == []


def test_nothing_that_is_not_for_everybody_is_kept(lived: Lived) -> None:
    places = {place: content for place, content in everything(*lived[:2]).items() if not place.endswith(".har")}
    assert found(HIDDEN, places) == []


def test_a_secret_address_is_offered_to_no_reader(lived: Lived) -> None:
    steward = lived[0]
    assert "xmlUrl" in steward.page("opml.xml")
    for name in ("opml.xml", "sources.html"):
        assert f"{lived[2].url('/feed')}" not in steward.page(name)
        assert "/private/" not in steward.page(name)


def test_what_may_hold_more_than_is_published_is_for_its_owner_alone(lived: Lived) -> None:
    for name in ("run.har", "poll.har"):
        assert stat.S_IMODE((lived[0].folder / name).stat().st_mode) == 0o600
    for path in lived[0].folder.rglob("*"):
        assert not path.stat().st_mode & stat.S_IWOTH, path


@pytest.mark.parametrize(
    "line",
    [
        "  - https://ada:canary-0099@example.org/feed",
        "  - {platform: feed, url: 'https://ada:canary-0099@example.org/feed'}",
        "  - {platform: feed, url: 'ftp://ada:canary-0099@example.org/feed'}",
        "  - {address: 'https://ada:canary-0099@example.org/feed'}",
        "  - {address: 'ftp://ada:canary-0099@example.org/feed'}",
        "  - {platform: feed, url: 'https://example.org/feed?token=canary-0099', tag: x}",
        "  - {platform: mastodon, server: 'https://ada:canary-0099@', tag: x}",
        "  []\nchosen: [{url: 'https://ada:canary-0099@example.org/', kind: article, title: A}]",
        "  []\nfetch: {contact: 'https://ada:canary-0099@example.org/'}",
    ],
)
def test_a_password_in_the_configuration_is_refused_and_not_repeated(steward: Steward, line: str) -> None:
    steward.configures(f"site: {{title: A}}\ntopics: {{crews: {{any_of: [crews]}}}}\nsources:\n{line}\n")
    said = steward.runs("check")
    assert said.code == 3
    assert "canary-0099" not in said.out + said.err


def test_recordings_of_every_platform_hold_no_key(steward: Steward) -> None:
    chosen = [case for case in cases() if case.authorised and not case.cursor and not case.backfill]
    sources = [{"platform": case.platform, **case.options, "id": f"{case.platform}-{case.name}"} for case in chosen]
    lines = "".join(f"  - {json.dumps(one)}\n" for one in sources)
    steward.configures(f"site: {{title: A}}\ntopics: {{crews: {{any_of: [microsolidarity]}}}}\nsources:\n{lines}")
    write_har(steward.folder / "given.har", [exchange for case in chosen for exchange in case.exchanges])
    said = {"run": steward.runs("run", "-vv", "--replay", "given.har", "--record", "run.har", environ=KEYS)}
    assert said["run"].code in (0, 4), said["run"].err
    assert {case.platform for case in chosen} >= {"youtube", "loomio", "bluesky"}
    assert found((*KEYS.values(), "sky-canary-0003"), everything(steward, said)) == []


def test_a_bug_shows_no_secret_in_its_traceback(steward: Steward, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nfrom aggregator.fetch import bound\n"
        "def broken(self, *a, **k): raise RuntimeError('broken with ' + repr(self._terms) + os.environ['YOUTUBE_API_KEY'])\n"
        "bound.BoundHttp.get = broken\n"
    )
    steward.configures(
        "site: {title: A}\ntopics: {crews: {any_of: [crews]}}\nsources:\n"
        "  - {platform: youtube, search: crews, id: tube}\n  - {platform: feed, id: feed, url: 'https://example.org/feed?token=feed-token-0004'}\n"
    )
    path = os.pathsep.join((str(tmp_path), steward.environ()["PYTHONPATH"]))
    said = {"run": steward.runs("run", "-vv", environ={**KEYS, "PYTHONPATH": path})}
    assert said["run"].code == 1
    assert "RuntimeError" in said["run"].err
    (tmp_path / "sitecustomize.py").unlink()
    assert found((KEYS["YOUTUBE_API_KEY"], TOKENS[0]), everything(steward, said)) == []
