"""Servers that are broken or mean: every reply ends, soon, in a reply or in one of our errors."""

from __future__ import annotations

import gzip
import time as stopwatch
import tracemalloc
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.errors import SourceError, Unavailable, Unreadable
from aggregator.fetch import Reply
from aggregator.fetch.bound import BoundHttp
from tests.fetch.conftest import AT_ONCE, Open
from tests.support.server import Script, Server, zeros_gzip

MIB = 1 << 20


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Two gigabytes of zeros, packed twice."""
    return gzip.compress(zeros_gzip(2048 * MIB), mtime=0)


def test_a_bomb_is_stopped_while_it_is_small(http: BoundHttp, server: Server, bomb: bytes) -> None:
    assert len(bomb) < 100_000
    server.on("/a", Script(body=bomb, headers={"Content-Encoding": "gzip, gzip"}))
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match="larger than 15728640 bytes"):
            http.get(server.url("/a"))
        assert tracemalloc.get_traced_memory()[1] < 24 * MIB
    finally:
        tracemalloc.stop()


def test_the_cap_counts_what_comes_out(open_client: Open, server: Server) -> None:
    http = open_client(max_body_bytes=1000).bound(host="", pace=AT_ONCE)
    for path, script in (("/gzip", Script.gzip(b"x" * 1001)), ("/br", Script.brotli(b"x" * 1001)), ("/plain", Script(body=b"x" * 1001))):
        server.on(path, script)
        with pytest.raises(Unreadable, match="larger than 1000 bytes"):
            http.get(server.url(path))
    server.on("/fits", Script.gzip(b"x" * 1000))
    assert len(http.get(server.url("/fits")).body) == 1000


def test_a_body_without_an_end_is_stopped(open_client: Open, server: Server) -> None:
    http = open_client(max_body_bytes=100_000).bound(host="", pace=AT_ONCE)
    server.on("/a", Script(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000))
    with pytest.raises(Unreadable, match="larger than"):
        http.get(server.url("/a"))


DRIPS = {
    "headers": Script(raw=b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 99, drip=0.02),
    "body": Script(body=b"x" * 999, drip=0.02),
    "body without a length": Script(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 999, drip=0.02),
    "chunks": Script(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 99, drip=0.02),
    "size of a chunk": Script(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 999, drip=0.02),
    "body of an error": Script(status=404, body=b"x" * 999, drip=0.02),
}


@pytest.mark.parametrize("script", DRIPS.values(), ids=list(DRIPS))
def test_a_server_that_drips_is_given_up(open_client: Open, server: Server, script: Script) -> None:
    http = open_client(total_timeout=timedelta(seconds=0.4)).bound(host="", pace=AT_ONCE)
    server.on("/a", script)
    began = stopwatch.monotonic()
    with pytest.raises(Unavailable, match=r"no whole answer within 0\.4 s"):
        http.get(server.url("/a"))
    assert stopwatch.monotonic() - began < 2


def test_all_redirects_together_have_one_time(open_client: Open, server: Server) -> None:
    http = open_client(total_timeout=timedelta(seconds=0.5)).bound(host="", pace=AT_ONCE)
    for hop in range(4):
        server.on(f"/{hop}", Script(status=302, headers={"Location": f"/{hop + 1}"}, delay=0.2))
    server.on("/4", Script())
    with pytest.raises(Unavailable, match=r"no whole answer within 0\.5 s"):
        http.get(server.url("/0"))
    assert server.count("/4") == 0


@pytest.mark.parametrize("port", [22, 25, 993, 6667])
def test_no_other_service_is_spoken_to(http: BoundHttp, server: Server, port: int) -> None:
    server.on("/there", Script.redirect(f"http://127.0.0.1:{port}/"))
    for url in (f"http://127.0.0.1:{port}/", server.url("/there")):
        with pytest.raises(Unreadable, match=f"what listens at port {port} is no web server"):
            http.get(url)


def test_a_server_that_says_nothing_is_given_up(open_client: Open, server: Server) -> None:
    http = open_client(read_timeout=timedelta(seconds=0.2)).bound(host="", pace=AT_ONCE)
    server.on("/a", Script(delay=1.0))
    with pytest.raises(Unavailable, match=r"no answer within 0\.2 s"):
        http.get(server.url("/a"))


BROKEN = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "binary": bytes(range(256)),
    "no status text": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "no status": b"HTTP/1.1\r\n\r\n",
    "status in words": b"HTTP/1.1 OK fine\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "status 099": b"HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/0.9": b"<html>hello</html>",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "long status line": b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    "header without colon": b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\nok",
    "header bytes": b"HTTP/1.1 200 OK\r\nX\xff\x00: \xfe\x01\r\nETag: \xff\r\nContent-Length: 2\r\n\r\nok",
    "many interim replies": b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "switching protocols": b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nok",
    "length in words": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "huge length": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nok",
    "bad chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
    "negative chunk size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
    "chunk without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokXX5\r\n",
    "unknown transfer coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\nContent-Length: 2\r\n\r\nok",
    "empty coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: , ,\r\nContent-Length: 2\r\n\r\nok",
    "odd coding": b"HTTP/1.1 200 OK\r\nContent-Encoding: \xff\x00\r\nContent-Length: 2\r\n\r\nok",
    "location of bytes": b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "location of brackets": b"HTTP/1.1 302 Found\r\nLocation: http://[::\r\nContent-Length: 0\r\n\r\n",
    "location with no host": b"HTTP/1.1 302 Found\r\nLocation: http://?x\r\nContent-Length: 0\r\n\r\n",
    "location with a bad port": b"HTTP/1.1 302 Found\r\nLocation: http://a:99999/\r\nContent-Length: 0\r\n\r\n",
    "location of an odd name": b"HTTP/1.1 302 Found\r\nLocation: http://a..b\xff/\r\nContent-Length: 0\r\n\r\n",
    "location of a long label": b"HTTP/1.1 302 Found\r\nLocation: http://" + b"a" * 300 + b"/\r\nContent-Length: 0\r\n\r\n",
    "location with a star": b"HTTP/1.1 302 Found\r\nLocation: http://*./\r\nContent-Length: 0\r\n\r\n",
    "redirect to nowhere": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "no date": b"HTTP/1.1 200 OK\r\nExpires: Fri, 99 Feb 99999 99:99:99 GMT\r\n\r\nok",
    "long age": b"HTTP/1.1 200 OK\r\nAge: -1\r\nCache-Control: max-age=" + b"9" * 5000 + b"\r\n\r\nok",
    "rest without sense": b"HTTP/1.1 429 No\r\nRetry-After: " + b"9" * 5000 + b"\r\nX-RateLimit-Reset: 99999-99-99\r\n\r\n",
}


def ask(http: BoundHttp, server: Server) -> Reply | SourceError:
    try:
        return http.get(server.url("/a"))
    except SourceError as error:
        return error


@pytest.mark.parametrize("raw", BROKEN.values(), ids=list(BROKEN))
def test_broken_replies_end_in_a_reply_or_in_an_error_of_ours(http: BoundHttp, server: Server, raw: bytes) -> None:
    server.on("/a", Script(raw=raw))
    outcome = ask(http, server)
    if isinstance(outcome, SourceError):
        assert str(outcome).startswith("asking http://")
        assert str(outcome).isprintable()
    else:
        assert outcome.body in (b"ok", b"")


LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK", b"HTTP/1.1 304 No", b"HTTP/1.0 302 x", b"Content-Length: 3", b"Content-Length: x", b"Location: //x",
                b"Content-Encoding: gzip", b"Content-Encoding: br", b"Content-Encoding: deflate", b"Transfer-Encoding: chunked",
                b"Content-Type: text/html", b"3", b"abc", b"0", b"", b" folded", b"ETag: \xff", b"Connection: keep-alive",
            ]
        ),
    ),
    max_size=12,
)  # fmt: skip


@given(LINES)
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_from_a_server_raise_anything_but_our_errors(http: BoundHttp, server: Server, lines: list[bytes]) -> None:
    server.on("/a", Script(raw=b"\r\n".join(lines)))
    assert ask(http, server)
