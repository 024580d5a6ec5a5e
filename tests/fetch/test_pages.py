"""Linked pages: only markup is read, and robots.txt is honoured."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from aggregator.errors import Gone, RateLimited, SourceError, Unauthorized, Unavailable, Unreadable
from aggregator.fetch import Pace
from aggregator.fetch.bound import BoundHttp
from aggregator.fetch.client import Client
from aggregator.model import Validators
from tests.fetch.conftest import Open, Time
from tests.support.server import Script, Server

PAGE = Script(body=b"<title>Crews</title>", headers={"Content-Type": "text/html; charset=utf-8"})


@pytest.mark.parametrize("media_type", ["text/html", "application/xhtml+xml", "TEXT/HTML; charset=x", "text/plain", None])
def test_markup_and_plain_text_are_read(client: Client, server: Server, media_type: str | None) -> None:
    server.on("/a", Script(body=b"words", headers={"Content-Type": media_type} if media_type else {}))
    reply = client.page(server.url("/a#there"))
    assert (reply.asked, reply.body) == (server.url("/a"), b"words")


@pytest.mark.parametrize("media_type", ["audio/mpeg", "application/pdf", "image/png", "application/octet-stream", "video/mp4"])
def test_an_enclosure_is_never_downloaded(client: Client, server: Server, media_type: str) -> None:
    server.on("/a", Script(raw=f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: 99999999\r\n\r\n".encode()))
    with pytest.raises(Unreadable, match=f"expected a page, got '{media_type}'"):
        client.page(server.url("/a"))


def test_a_page_shows_no_secret_and_no_cookie(client: Client, server: Server) -> None:
    server.on("/a", Script(body=b"", headers={"Set-Cookie": "a=b", "Content-Type": "text/html"}))
    client.page(server.url("/a"))
    client.page(server.url("/a"))
    assert {"cookie", "authorization", "if-none-match"}.isdisjoint(server.last("/a").headers)


def test_what_robots_txt_forbids_is_not_asked(client: Client, server: Server) -> None:
    server.on("/robots.txt", Script(body=b"User-agent: *\nDisallow: /private/\n"))
    server.on("/a", PAGE)
    with pytest.raises(Unauthorized, match=r"robots\.txt asks"):
        client.page(server.url("/private/x"))
    assert client.page(server.url("/a")).status == 200
    assert (server.count("/private/x"), server.count("/robots.txt")) == (0, 1)


def test_rules_for_us_by_name_win(client: Client, server: Server) -> None:
    server.on("/robots.txt", Script(body=b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n\nUser-agent: Aggregator\nDisallow: /x\n"))
    server.on("/a", PAGE)
    assert client.page(server.url("/a")).status == 200
    with pytest.raises(Unauthorized):
        client.page(server.url("/x"))


def test_a_redirect_into_what_is_forbidden_is_not_followed(client: Client, server: Server) -> None:
    with Server() as other:
        other.on("/robots.txt", Script(body=b"User-agent: *\nDisallow: /"))
        server.on("/a", Script.redirect(other.url("/b")))
        with pytest.raises(Unauthorized):
            client.page(server.url("/a"))
        assert (other.count("/b"), other.count("/robots.txt")) == (0, 1)


@pytest.mark.parametrize("status", [404, 403, 401, 410, 400])
def test_without_a_robots_txt_everything_may_be_read(client: Client, server: Server, status: int) -> None:
    server.on("/robots.txt", Script(status=status))
    server.on("/a", PAGE)
    assert client.page(server.url("/a")).status == 200


@pytest.mark.parametrize(
    ("script", "kind"),
    [(Script(status=500), Unavailable), (Script(raw=b""), Unavailable), (Script(status=429), RateLimited)],
)
def test_while_robots_txt_cannot_be_read_nothing_is(client: Client, server: Server, script: Script, kind: type[SourceError]) -> None:
    server.on("/robots.txt", script)
    server.on("/a", PAGE)
    for _ in range(2):
        with pytest.raises(kind, match=r"robots\.txt"):
            client.page(server.url("/a"))
    assert (server.count("/a"), server.count("/robots.txt")) == (0, 1)


def test_a_crawl_delay_is_kept_up_to_ten_seconds(client: Client, server: Server, time: Time) -> None:
    server.on("/robots.txt", Script(body=b"User-agent: *\nCrawl-delay: 3600\n"))
    server.on("/a", PAGE)
    client.page(server.url("/a"))
    client.page(server.url("/a"))
    assert time.waits == [10.0, 10.0]


def test_many_threads_ask_robots_txt_once(open_client: Open, server: Server) -> None:
    server.on("/robots.txt", Script(body=b"", delay=0.05))
    server.on("/a", PAGE)
    client = open_client(sleep=lambda seconds: None)
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: client.page(server.url("/a")), range(5)))
    assert server.count("/robots.txt") == 1


def test_a_page_that_is_gone_says_so(client: Client, server: Server) -> None:
    with pytest.raises(Gone) as caught:
        client.page(server.url("/a"))
    assert caught.value.status == 404


def test_a_source_reads_a_page_only_where_robots_txt_allows_it(http: BoundHttp, server: Server) -> None:
    server.on("/robots.txt", Script(body=b"User-agent: *\nDisallow: /private/\n"))
    server.on("/a", Script(headers={"ETag": '"1"'}, body=b"<p>here"))
    with pytest.raises(Unauthorized, match=r"robots\.txt asks"):
        http.page(server.url("/private/x"))
    assert http.page(server.url("/a")).body == b"<p>here"
    assert (server.count("/private/x"), server.count("/robots.txt")) == (0, 1)
    assert http.take().validators[server.url("/a")].etag == '"1"'


def test_a_feed_is_meant_for_readers_whatever_robots_txt_says(http: BoundHttp, server: Server) -> None:
    server.on("/robots.txt", Script(body=b"User-agent: *\nDisallow: /\n"))
    server.on("/feed", Script(body=b"<rss/>"))
    assert http.get(server.url("/feed")).body == b"<rss/>"
    assert server.count("/robots.txt") == 0


def test_a_page_may_be_wanted_although_it_is_as_it_was(client: Client, server: Server) -> None:
    server.on("/a", Script(headers={"ETag": '"1"'}, body=b"<p>here"))
    known = {server.url("/a"): Validators(etag='"1"', body_digest=hashlib.sha256(b"<p>here").hexdigest())}
    http = client.bound(host="a.example", pace=Pace(), validators=known)
    assert http.page(server.url("/a")).unchanged
    assert server.last("/a").headers["if-none-match"] == '"1"'
    assert not http.page(server.url("/a"), fresh=True).unchanged
    assert "if-none-match" not in server.last("/a").headers
