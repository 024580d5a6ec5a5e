"""The client on a real server: good replies, conditional requests, redirects, pace, caps and what is learned."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.errors import Gone, MissingSecret, RateLimited, Unavailable, Unreadable
from aggregator.fetch import Auth, AuthScheme, Hint, Learned, Pace
from aggregator.fetch.auth import Sessions
from aggregator.fetch.bound import BoundHttp, fresh_until
from aggregator.fetch.client import Client
from aggregator.fetch.pace import Stopped
from aggregator.model import Validators
from aggregator.settings import Secret
from tests.fetch.conftest import AT_ONCE, Open, Time
from tests.support.server import Asked, Script, Server

KEY = Auth(scheme=AuthScheme.HEADER, name="X-Key", variable="SOME_KEY", how="ask for one", without="nothing is lost")
TOKEN = Auth(scheme=AuthScheme.BEARER, variable="SOME_TOKEN", how="ask for one", without="")


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


# -- asking


def test_a_good_reply_is_given_with_its_headers_in_lower_case(http: BoundHttp, server: Server) -> None:
    server.on("/feed", Script(body=b"<rss/>", headers={"Content-Type": "Application/RSS+xml; charset=utf-8", "X-Odd": "1"}))
    reply = http.get(server.url("/feed"))
    assert (reply.status, reply.body, reply.media_type, reply.headers["x-odd"]) == (200, b"<rss/>", "application/rss+xml", "1")
    assert reply.asked == reply.url == server.url("/feed")
    assert not reply.unchanged
    assert not reply.silent


def test_we_say_who_we_are_and_what_we_take(http: BoundHttp, server: Server) -> None:
    server.on("/feed", Script())
    http.get(server.url("/feed"), accept="application/json")
    headers = server.last("/feed").headers
    assert headers["user-agent"] == "aggregator/1.2 (+https://example.org/about)"
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "gzip, deflate, br"
    assert "cookie" not in headers


def test_parameters_are_added_in_order_and_repeated_keys_repeat(http: BoundHttp, server: Server) -> None:
    server.on("/search", Script())
    reply = http.get(server.url("/search?a=1#top"), params={"tag": ["x", "y z"], "q": "ö&="})
    assert server.last("/search").path == "/search?a=1&tag=x&tag=y+z&q=%C3%B6%26%3D"
    assert reply.asked == server.url("/search?a=1&tag=x&tag=y+z&q=%C3%B6%26%3D")


def test_a_post_sends_json_once(http: BoundHttp, server: Server) -> None:
    server.on("/graph", Script(body=b'{"ok":true}'))
    reply = http.post(server.url("/graph"), json={"query": "ö"})
    assert reply.json("reading graph") == {"ok": True}
    asked = server.last("/graph")
    assert (asked.method, asked.body) == ("POST", '{"query":"ö"}'.encode())
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "script",
    [
        Script.gzip(b"word " * 5000),
        Script.gzip(b"word " * 5000, layers=2),
        Script.brotli(b"word " * 5000),
        Script.deflate(b"word " * 5000),
        Script.deflate(b"word " * 5000, raw=True),
        Script(body=b"word " * 5000, chunked=True),
        Script(body=b"word " * 5000, headers={"Content-Encoding": "identity"}),
    ],
    ids=["gzip", "gzip twice", "br", "deflate", "raw deflate", "chunked", "identity"],
)
def test_every_coding_is_undone_and_the_connection_kept(http: BoundHttp, server: Server, script: Script) -> None:
    server.on("/a", script)
    assert http.get(server.url("/a")).body == http.get(server.url("/a")).body == b"word " * 5000
    assert server.connections == 1


def test_ten_redirects_error_pages_and_304s_share_one_connection(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script.redirect("/b"))
    server.on("/b", Script(status=204), Script(body=b"x" * 100_000), Script(status=404, body=b"gone" * 1000))
    http.get(server.url("/a"))
    http.get(server.url("/a"))
    with pytest.raises(Gone):
        http.get(server.url("/a"))
    assert server.connections == 1


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "file:///etc/passwd", "http://", "//x/", "", "http://a:b@127.0.0.1/", "http://[::1", "http://x:99999/"]
)
def test_only_plain_http_addresses_are_asked(http: BoundHttp, url: str) -> None:
    with pytest.raises(Unreadable):
        http.get(url)


def test_a_source_that_is_not_there_is_unavailable_in_plain_words(http: BoundHttp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match=r"asking http://127.0.0.1:\d+/\?api_key=…: connection refused$"):
        http.get(f"http://127.0.0.1:{port}/?api_key=hidden")


def test_a_name_that_does_not_exist_is_named(http: BoundHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*args: object, **kwargs: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Unavailable, match=r"no such host 'nowhere\.example'$"):
        http.get("http://nowhere.example/")


# -- conditional requests


def test_validators_are_sent_byte_for_byte_and_a_304_is_unchanged(client: Client, server: Server) -> None:
    known = Validators(etag='W/"a b"', last_modified="Sat, 01 Jan 2000 00:00:00 +0000", body_digest="d")
    http = client.bound(host="", pace=AT_ONCE, validators={server.url("/feed"): known}, look=lambda body: False)
    server.on("/feed", Script(status=304))
    reply = http.get(server.url("/feed"))
    assert (reply.status, reply.body, reply.unchanged, reply.silent) == (304, b"", True, False)
    headers = server.last("/feed").headers
    assert headers["if-none-match"] == 'W/"a b"'
    assert headers["if-modified-since"] == "Sat, 01 Jan 2000 00:00:00 +0000"
    assert http.take() == Learned()


def test_what_a_reply_teaches_is_taken_once(http: BoundHttp, server: Server) -> None:
    server.on("/feed", Script(body=b"new", headers={"ETag": '"2"', "Last-Modified": "yesterday"}))
    http.get(server.url("/feed"), params={"page": "1"})
    fresh = Validators(etag='"2"', last_modified="yesterday", body_digest=digest(b"new"))
    assert http.take() == Learned(validators={server.url("/feed?page=1"): fresh})
    assert http.take() == Learned()


def test_the_same_bytes_are_unchanged_where_the_server_gives_no_validators(client: Client, server: Server) -> None:
    server.on("/feed", Script(body=b"same"))
    known = {server.url("/feed"): Validators(body_digest=digest(b"same"))}
    http = client.bound(host="", pace=AT_ONCE, validators=known)
    reply = http.get(server.url("/feed"))
    assert reply.unchanged
    assert reply.body == b"same"
    assert "if-none-match" not in server.last("/feed").headers
    assert http.take() == Learned()


def test_a_304_to_an_unconditional_question_is_unreadable(http: BoundHttp, server: Server) -> None:
    server.on("/feed", Script(status=304))
    with pytest.raises(Unreadable, match="unconditional"):
        http.get(server.url("/feed"))


def test_a_body_without_a_spelling_of_the_words_is_silent(client: Client, server: Server) -> None:
    server.on("/feed", Script(body=b"nothing"), Script(body=b"crews"))
    http = client.bound(host="", pace=AT_ONCE, look=lambda body: b"crews" in body)
    assert http.get(server.url("/feed")).silent
    assert not http.get(server.url("/feed")).silent


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"cache-control": "public, max-age=600"}, timedelta(minutes=10)),
        ({"cache-control": "max-age=600", "age": "500"}, timedelta(seconds=100)),
        ({"cache-control": "max-age=600", "expires": "Sun, 22 Nov 2026 20:00:00 GMT"}, timedelta(minutes=10)),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "max-age=999999999999"}, timedelta(days=31)),
        ({"cache-control": "max-age=0"}, None),
        ({"expires": "Sun, 22 Nov 2026 13:00:00 GMT"}, timedelta(hours=1)),
        ({"expires": "Thu, 31 Dec 9999 23:59:59 GMT"}, timedelta(days=31)),
        ({"expires": "0"}, None),
        ({"expires": "Sun, 22 Nov 2026 11:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_the_servers_wish_for_the_next_poll_is_read_and_capped(headers: dict[str, str], wait: timedelta | None) -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    assert fresh_until(headers, now) == (None if wait is None else now + wait)


def test_the_latest_wish_of_a_poll_counts(http: BoundHttp, server: Server, time: Time) -> None:
    assert http.hint == Hint(fresh_until=None)
    server.on("/feed", Script(headers={"Cache-Control": "max-age=600"}), Script(headers={"Cache-Control": "max-age=60"}), Script())
    for _ in range(3):
        http.get(server.url("/feed"))
    assert http.hint == Hint(fresh_until=time.now + timedelta(minutes=10))


# -- redirects


def test_redirects_are_followed_to_their_end(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script.redirect("b?x=1#there"))
    server.on("/b", Script(body=b"end"))
    reply = http.get(server.url("/a"))
    assert (reply.asked, reply.url, reply.body) == (server.url("/a"), server.url("/b?x=1"), b"end")
    assert http.take().moved == {}


def test_five_redirects_are_followed_and_not_a_sixth(http: BoundHttp, server: Server) -> None:
    for hop in range(6):
        server.on(f"/{hop}", Script.redirect(f"/{hop + 1}"))
    server.on("/6", Script())
    assert http.get(server.url("/1")).url == server.url("/6")
    with pytest.raises(Unreadable, match="more than 5 redirects"):
        http.get(server.url("/0"))


def test_a_circle_of_redirects_ends(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script.redirect("/a"))
    with pytest.raises(Unreadable, match="more than 5 redirects"):
        http.get(server.url("/a"))
    assert server.count("/a") == 6


@pytest.mark.parametrize("target", ["ftp://example.org/", "javascript:alert(1)", "http://[", "http://u:p@127.0.0.1/", "http://x:bad/"])
def test_a_redirect_to_what_is_not_asked_is_unreadable(http: BoundHttp, server: Server, target: str) -> None:
    server.on("/a", Script.redirect(target))
    with pytest.raises(Unreadable, match="redirected"):
        http.get(server.url("/a"))


def test_a_redirect_in_utf8_is_followed(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script(raw="HTTP/1.1 302 Found\r\nLocation: /straße x\r\nContent-Length: 0\r\n\r\n".encode()))
    server.on("/stra%C3%9Fe%20x", Script(body=b"end"))
    assert http.get(server.url("/a")).body == b"end"


def test_a_permanent_redirect_is_remembered_and_asked_directly(client: Client, server: Server) -> None:
    server.on("/old", Script.redirect("/older", status=308))
    server.on("/older", Script.redirect("/new", status=301))
    server.on("/new", Script.redirect("/today", status=302))
    server.on("/today", Script(body=b"here"))
    http = client.bound(host="", pace=AT_ONCE)
    http.get(server.url("/old"))
    assert http.take().moved == {server.url("/old"): server.url("/new")}
    assert client.moved() == {server.url("/old"): server.url("/new")}
    reply = client.bound(host="", pace=AT_ONCE).get(server.url("/old"))
    assert (reply.asked, reply.url) == (server.url("/old"), server.url("/today"))
    assert server.count("/old") == 1


def test_a_temporary_redirect_before_a_permanent_one_is_not_remembered(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script.redirect("/b", status=307))
    server.on("/b", Script.redirect("/c", status=301))
    server.on("/c", Script())
    http.get(server.url("/a"))
    assert http.take().moved == {}


def test_where_a_remembered_redirect_leads_nowhere_the_old_address_is_asked(open_client: Open, server: Server) -> None:
    server.on("/old", Script(body=b"back again"))
    client = open_client(moved={server.url("/old"): server.url("/gone")})
    assert client.bound(host="", pace=AT_ONCE).get(server.url("/old")).body == b"back again"


def test_a_post_is_not_redirected(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script.redirect("/b", status=307))
    with pytest.raises(Unreadable, match="a POST was redirected"):
        http.post(server.url("/a"), json={})
    assert server.count("/b") == 0


# -- secrets


@pytest.mark.parametrize(("auth", "header", "value"), [(KEY, "x-key", "s3cret"), (TOKEN, "authorization", "Bearer s3cret")])
def test_a_secret_travels_as_its_scheme_says_and_only_when_asked_for(
    client: Client, server: Server, auth: Auth, header: str, value: str
) -> None:
    http = client.bound(host="", pace=AT_ONCE, auth=auth, secret=Secret("s3cret"))
    server.on("/a", Script())
    http.get(server.url("/a"), auth=True)
    assert server.last("/a").headers[header] == value
    http.get(server.url("/a"))
    assert header not in server.last("/a").headers
    assert http.authorised


def test_a_platform_hears_our_name_in_its_own_form_and_others_do_not(client: Client, server: Server) -> None:
    http = client.bound(host="", pace=AT_ONCE, auth=replace(KEY, agent="SomeBot ({contact}, {version})"), secret=Secret("s3cret"))
    server.on("/a", Script())
    http.get(server.url("/a"), auth=True)
    assert re.fullmatch(r"SomeBot \(.+, .+\)", server.last("/a").headers["user-agent"])
    http.get(server.url("/a"))
    assert server.last("/a").headers["user-agent"].startswith("aggregator/")


def test_without_its_secret_a_source_says_which_variable_is_missing(client: Client, server: Server) -> None:
    http = client.bound(host="", pace=AT_ONCE, auth=KEY)
    assert not http.authorised
    with pytest.raises(MissingSecret, match="SOME_KEY is not set: ask for one"):
        http.get(server.url("/a"), auth=True)
    assert server.connections == 0


def test_a_redirect_to_another_server_loses_the_secret(client: Client, server: Server) -> None:
    with Server() as other:
        other.on("/a", Script())
        server.on("/a", Script.redirect("/b"))
        server.on("/b", Script.redirect(other.url("/a")))
        http = client.bound(host="", pace=AT_ONCE, auth=TOKEN, secret=Secret("s3cret"))
        http.get(server.url("/a"), auth=True)
        assert "authorization" in server.last("/b").headers
        assert "authorization" not in other.last("/a").headers


def test_a_remembered_redirect_is_not_used_for_a_secret(open_client: Open, server: Server) -> None:
    with Server() as other:
        client = open_client(moved={server.url("/a"): other.url("/a")})
        server.on("/a", Script())
        client.bound(host="", pace=AT_ONCE, auth=TOKEN, secret=Secret("s3cret")).get(server.url("/a"), auth=True)
        assert other.connections == 0


def test_a_secret_in_an_address_is_in_no_message(client: Client, server: Server) -> None:
    http = client.bound(host="", pace=AT_ONCE, auth=TOKEN, secret=Secret("s3cret"))
    with pytest.raises(Gone) as caught:
        http.get(server.url("/x/s3cret/y"))
    assert "s3cret" not in str(caught.value)
    server.on("/cut/s3cret", Script(body=b"x" * 9, cut_after=1))
    with pytest.raises(Unavailable) as broken:
        http.get(server.url("/cut/s3cret"))
    assert "s3cret" not in str(broken.value)


# -- pace


def test_the_gap_between_two_requests_of_a_host_is_kept(client: Client, server: Server, time: Time) -> None:
    server.on("/a", Script())
    http = client.bound(host=server.host, pace=Pace(gap=timedelta(seconds=3)))
    http.get(server.url("/a"))
    time.now += timedelta(seconds=1)
    http.get(server.url("/a"))
    time.now += timedelta(seconds=9)
    http.get(server.url("/a"))
    assert time.waits == [2.0]


def test_one_request_at_a_time_is_under_way_per_host(open_client: Open, server: Server) -> None:
    client = open_client(sleep=lambda seconds: None)
    server.on("/a", Script(delay=0.02))
    https = [client.bound(host=server.host, pace=AT_ONCE) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda http: http.get(server.url("/a")), https))
    assert server.count("/a") == 6
    assert server.most_at_once == 1


@pytest.mark.parametrize(
    ("value", "wait"),
    [("120", timedelta(minutes=2)), ("Sun, 22 Nov 2026 13:00:00 GMT", timedelta(hours=1)), ("99999999999", timedelta(days=31))],
)
def test_a_host_that_wants_rest_is_not_asked_again(client: Client, server: Server, time: Time, value: str, wait: timedelta) -> None:
    server.on("/a", Script(status=429, headers={"Retry-After": value}))
    with pytest.raises(RateLimited) as first:
        client.bound(host=server.host, pace=AT_ONCE).get(server.url("/a"))
    assert first.value.retry_at == time.now + wait
    assert client.rests() == {server.host: time.now + wait}
    with pytest.raises(RateLimited) as second:
        client.bound(host=server.host, pace=AT_ONCE).get(server.url("/b"))
    assert second.value.retry_at == time.now + wait
    assert len(server.asked) == 1


def test_a_host_that_said_too_often_without_a_date_rests_ten_minutes(client: Client, server: Server, time: Time) -> None:
    server.on("/a", Script(status=429), Script())
    http = client.bound(host=server.host, pace=AT_ONCE)
    with pytest.raises(RateLimited):
        http.get(server.url("/a"))
    with pytest.raises(RateLimited):
        http.get(server.url("/a"))
    time.now += timedelta(minutes=10)
    assert http.get(server.url("/a")).status == 200


def test_a_rest_from_an_earlier_run_is_kept_until_it_is_over(open_client: Open, server: Server, time: Time) -> None:
    server.on("/a", Script())
    client = open_client(rests={server.host: time.now + timedelta(minutes=1)})
    http = client.bound(host=server.host, pace=AT_ONCE)
    with pytest.raises(RateLimited, match="it wants rest until 2026-11-22 12:01 UTC"):
        http.get(server.url("/a"))
    time.now += timedelta(minutes=1)
    assert http.get(server.url("/a")).status == 200
    assert client.rests() == {}


def test_a_daily_budget_ends_at_midnight(open_client: Open, server: Server, time: Time) -> None:
    server.on("/a", Script())
    client = open_client(spent={server.host: 1})
    http = client.bound(host=server.host, pace=Pace(gap=timedelta(0), daily=2))
    http.get(server.url("/a"))
    assert client.spent() == {server.host: 2}
    with pytest.raises(RateLimited, match="the 2 requests of the day") as caught:
        http.get(server.url("/a"))
    assert caught.value.retry_at == datetime(2026, 11, 23, tzinfo=UTC)
    time.now += timedelta(hours=12)
    assert http.get(server.url("/a")).status == 200


def test_stop_ends_a_wait_at_once(open_client: Open, server: Server) -> None:
    server.on("/a", Script())
    client = open_client(sleep=None)
    http = client.bound(host=server.host, pace=Pace(gap=timedelta(hours=1)))
    http.get(server.url("/a"))
    threading.Timer(0.05, client.stop).start()
    with pytest.raises(Stopped):
        http.get(server.url("/a"))
    assert server.count("/a") == 1


def test_stop_breaks_off_a_request_under_way(client: Client, http: BoundHttp, server: Server) -> None:
    def slow(asked: Asked) -> Script:
        threading.Timer(0.05, client.stop).start()
        return Script(delay=1.5)

    server.answer("/a", slow)
    began = datetime.now(UTC)
    with pytest.raises(Stopped):
        http.get(server.url("/a"))
    assert datetime.now(UTC) - began < timedelta(seconds=1)


# -- what goes wrong on the way


def test_a_kept_connection_that_was_dropped_is_asked_again_on_a_new_one(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script(body=b"1"), Script(raw=b""), Script(body=b"2"))
    assert http.get(server.url("/a")).body == b"1"
    assert http.get(server.url("/a")).body == b"2"
    assert server.count("/a") == 3
    assert server.connections == 2


def test_a_new_connection_that_is_dropped_is_not_asked_again(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script(raw=b""), Script(body=b"2"))
    with pytest.raises(Unavailable, match="closed without an answer"):
        http.get(server.url("/a"))
    assert server.count("/a") == 1


def test_a_post_is_never_repeated(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script(body=b"1"), Script(raw=b""), Script(body=b"2"))
    http.post(server.url("/a"), json={})
    with pytest.raises(Unavailable):
        http.post(server.url("/a"), json={})
    assert server.count("/a") == 2


@pytest.mark.parametrize("chunked", [True, False])
def test_a_cut_body_is_no_reply(http: BoundHttp, server: Server, chunked: bool) -> None:
    server.on("/a", Script(body=b"word " * 1000, cut_after=2500, chunked=False))
    if chunked:
        server.on("/a", Script(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"))
    with pytest.raises(Unavailable, match="cut off"):
        http.get(server.url("/a"))
    assert http.take() == Learned()


@pytest.mark.parametrize("script", [Script.gzip(b"word " * 9999), Script.brotli(b"word " * 9999), Script.deflate(b"word " * 9999)])
def test_a_compressed_body_that_ends_early_is_cut(http: BoundHttp, server: Server, script: Script) -> None:
    server.on("/a", Script(body=script.body[:-9], headers=script.headers))
    with pytest.raises(Unavailable, match="cut off"):
        http.get(server.url("/a"))


@pytest.mark.parametrize("coding", ["zstd", "gzip", "br", "deflate", "gzip, gzip, gzip, gzip, gzip", "aes128gcm"])
def test_a_body_that_is_not_what_its_header_says_is_unreadable(http: BoundHttp, server: Server, coding: str) -> None:
    server.on("/a", Script(body=b"not packed at all, I am afraid", headers={"Content-Encoding": coding}))
    with pytest.raises((Unreadable, Unavailable), match=r"cannot be decoded|cut off"):
        http.get(server.url("/a"))


def test_the_status_counts_where_the_body_of_an_error_is_broken(http: BoundHttp, server: Server) -> None:
    server.on("/a", Script(status=410, body=b"x" * 5000, headers={"Content-Encoding": "br"}, cut_after=100))
    with pytest.raises(Gone):
        http.get(server.url("/a"))


def test_a_platforms_transient_statuses_are_unavailable(client: Client, server: Server) -> None:
    with pytest.raises(Unavailable):
        client.bound(host="", pace=AT_ONCE, transient=frozenset({404})).get(server.url("/nothing"))


def test_sessions_are_not_needed_for_plain_sources(open_client: Open, server: Server) -> None:
    server.on("/a", Script())
    assert open_client(sessions=Sessions(None)).bound(host="", pace=AT_ONCE).get(server.url("/a")).status == 200
