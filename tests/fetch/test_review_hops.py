"""Every way in which a reply, a page or a name could lead the client inside, over real sockets: nothing inside is ever asked."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.collectors.base import Collector
from aggregator.collectors.feed import Feed
from aggregator.collectors.podcast import Podcast
from aggregator.errors import SourceError
from aggregator.fetch.client import Client
from aggregator.model import Link
from aggregator.pipeline.enrich import enriched
from tests.fetch.conftest import AT_ONCE, Open
from tests.support.server import Script, Server

OPEN = ("127.0.0.1/32",)
SECRET = b"<rss version='2.0'><channel><title>inside</title><item><guid>1</guid><title>inside</title><link>https://example.org/i</link></item></channel></rss>"


@pytest.fixture
def inside() -> Iterator[Server]:
    """A server on another loopback address, whose network is not open."""
    with Server(host="127.0.0.2") as running:
        for path in ("/", "/feed", "/robots.txt", "/next"):
            running.on(path, Script(body=SECRET, headers={"Content-Type": "text/html"}))
        yield running


@pytest.fixture
def client(open_client: Open) -> Client:
    return open_client(allow_networks=OPEN)


def spellings(port: int) -> list[str]:
    hosts = (
        "127.0.0.2 127.2 127.0.2 0x7f.0.0.2 0x7f000002 2130706434 0177.0.0.2 017700000002 127.0.0.2. %31%32%37.0.0.2 "
        "0 0.0.0.0 [::1] [::] [::ffff:127.0.0.2] [::ffff:7f00:2] [64:ff9b::7f00:2] [64:ff9b::127.0.0.2] [64:ff9b:1::7f00:2] "
        "[2002:7f00:2::] "
        "[fe80::1%25lo] [fe80::1%lo] [::127.0.0.2] 169.254.169.254 100.64.0.1 10.0.0.1 224.0.0.1 255.255.255.255 [ff02::1] [fd00::1] "
        "①②⑦.⓪.⓪.② 127。0。0。2 "
    ).split()
    return [f"http://{host}:{port}/feed" for host in hosts]


def test_no_spelling_of_an_address_is_asked(client: Client, server: Server, inside: Server) -> None:
    http = client.bound(host="", pace=AT_ONCE)
    for number, url in enumerate(spellings(inside.port)):
        with pytest.raises(SourceError):
            http.get(url)
        server.on(f"/to/{number}", Script(status=302, headers={"Location": url.encode().decode("latin-1")}))
        with pytest.raises(SourceError):
            http.get(server.url(f"/to/{number}"))
        with pytest.raises(SourceError):
            client.page(server.url(f"/to/{number}"))
    assert inside.asked == []


@pytest.mark.parametrize("name", ["localhost", "localhost.", "LOCALHOST", "a.localhost"])
def test_this_machine_is_not_asked_by_name(open_client: Open, server: Server, name: str) -> None:
    with pytest.raises(SourceError):
        open_client(allow_networks=()).bound(host="", pace=AT_ONCE).get(f"http://{name}:{server.port}/feed")
    assert server.asked == []


@pytest.mark.parametrize(
    "target",
    [
        "//ada@{inside}/",
        "http://{open}@{inside}/",
        "http://{inside}#@{open}/",
        "http://{inside}\\@{open}/",
        "\t//{inside}/",
        "http:{inside}/",
    ],
)
def test_no_reading_of_a_location_is_followed_inside(client: Client, server: Server, inside: Server, target: str) -> None:
    server.on("/to", Script.redirect(target.format(inside=inside.host, open=server.host)))
    with pytest.raises(SourceError):
        client.bound(host="", pace=AT_ONCE).get(server.url("/to"))
    assert inside.asked == []


def test_a_redirect_that_was_once_good_is_checked_again(client: Client, server: Server, inside: Server) -> None:
    client.learn_moved(server.url("/feed"), inside.url("/feed"))
    with pytest.raises(SourceError):
        client.bound(host="", pace=AT_ONCE).get(server.url("/feed"))
    assert inside.asked == []


Names = Callable[..., Any]


def resolving(*answers: Sequence[str]) -> Names:
    """A name server that gives the next answer at each question, and the last for ever."""
    waiting, real = list(answers), socket.getaddrinfo

    def ask(host: str, port: int, *args: Any, **more: Any) -> Any:
        if not str(host).endswith(".example"):
            return real(host, port, *args, **more)
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [one for address in found for one in real(address, port, type=socket.SOCK_STREAM)]

    return ask


@pytest.mark.parametrize("found", [["127.0.0.2"], ["127.0.0.1", "127.0.0.2"], ["::1"], ["::ffff:127.0.0.2"]])
def test_no_name_that_leads_inside_is_asked(client: Client, inside: Server, monkeypatch: pytest.MonkeyPatch, found: list[str]) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(found))
    with pytest.raises(SourceError, match="loopback"):
        client.bound(host="", pace=AT_ONCE).get(f"http://name.example:{inside.port}/feed")
    assert inside.asked == []


def test_a_name_that_changes_its_mind_leads_nowhere(
    client: Client, server: Server, inside: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["127.0.0.1"], ["127.0.0.2"]))
    server.on("/feed", Script(body=b"outside", hang_up=True))
    http = client.bound(host="", pace=AT_ONCE)
    assert http.get(f"http://name.example:{server.port}/feed").body == b"outside"
    with pytest.raises(SourceError):
        http.get(f"http://name.example:{inside.port}/feed")
    assert inside.asked == []


def polled(client: Client, collector: Collector) -> list[SourceError]:
    try:
        list(collector.poll(client.bound(host=collector.host, pace=AT_ONCE), ""))
    except SourceError as error:
        return [error]
    return []


def test_a_page_cannot_name_a_feed_inside(client: Client, server: Server, inside: Server) -> None:
    page = f'<html><head><link rel="alternate" type="application/rss+xml" href="{inside.url("/feed")}"></head><body></body></html>'
    server.on(
        "/",
        Script(
            body=page.encode(),
            headers={"Content-Type": "text/html", "Link": f'<{inside.url("/feed")}>; rel="alternate"; type="application/rss+xml"'},
        ),
    )
    for collector in (Feed(url=server.url("/")), Podcast(url=server.url("/"))):
        assert polled(client, collector)
    assert inside.asked == []


def test_a_show_cannot_move_inside(client: Client, server: Server, inside: Server) -> None:
    body = SECRET.replace(
        b"<title>",
        f"<itunes:new-feed-url xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>{inside.url('/feed')}</itunes:new-feed-url><title>".encode(),
        1,
    )
    server.on("/feed", Script(body=body, headers={"Content-Type": "application/rss+xml"}))
    polled(client, Podcast(url=server.url("/feed")))
    assert server.count("/feed")
    assert inside.asked == []


def test_a_next_page_cannot_be_inside(client: Client, server: Server, inside: Server) -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "A",
        "items": [{"id": "1", "url": "https://example.org/1", "title": "A"}],
    }
    server.on(
        "/feed",
        Script(body=json.dumps(document | {"next_url": inside.url("/next"), "hubs": [{"type": "x", "url": inside.url("/")}]}).encode()),
    )
    polled(client, Feed(url=server.url("/feed")))
    assert server.count("/feed")
    assert inside.asked == []


def test_robots_txt_cannot_lead_inside(client: Client, server: Server, inside: Server) -> None:
    server.on("/robots.txt", Script.redirect(inside.url("/robots.txt")))
    server.on("/page", Script(body=b"<title>A</title>", headers={"Content-Type": "text/html"}))
    try:
        client.page(server.url("/page"))
    except SourceError:
        assert not server.count("/page")
    assert inside.asked == []


def test_a_linked_page_asks_for_nothing_that_it_names(client: Client, server: Server, inside: Server) -> None:
    named = f"<link rel=canonical href='{inside.url('/')}'><meta property=og:image content='{inside.url('/next')}'>"
    page = f"<html><head><title>A</title>{named}<meta http-equiv=refresh content='0;url={inside.url('/')}'></head></html>"
    server.on("/page", Script(body=page.encode(), headers={"Content-Type": "text/html"}))
    now = datetime(2026, 11, 22, tzinfo=UTC)
    link = Link(key=server.url("/page"), href=server.url("/page"))
    enriched(link, client.page(link.href), now)
    assert inside.asked == []


def test_what_is_asked_through_a_proxy_is_checked_as_far_as_it_is_an_address(
    open_client: Open, inside: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        client = open_client(allow_networks=OPEN)
        http = client.bound(host="", pace=AT_ONCE)
        for url in spellings(inside.port):
            with pytest.raises(SourceError):
                http.get(url)
        assert [asked.path for asked in proxy.asked] == []
    assert inside.asked == []
    assert os.environ["http_proxy"]
