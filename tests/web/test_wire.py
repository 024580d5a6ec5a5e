"""What the server bears from clients that do not behave, over raw sockets."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
import requests

from aggregator.model import SubscriberState
from aggregator.web import serving
from tests.support.reception import Reception, reception


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose patience ends at once."""
    monkeypatch.setattr(serving, "PATIENCE_SECONDS", 0.3)


def dialled(desk: Reception) -> socket.socket:
    port = int(desk.url.split(":")[2].partition("/")[0])
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def heard(connection: socket.socket) -> bytes:
    """All that is said until the other side hangs up."""
    said = b""
    try:
        while piece := connection.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return said


def post(path: str, *headers: str) -> bytes:
    return "\r\n".join(
        [f"POST /digest/{path} HTTP/1.1", "Host: x", "Content-Type: application/x-www-form-urlencoded", *headers, "", ""]
    ).encode()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "begun",
    [
        b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\nX-", post("subscribe", "Content-Length: 100") + b"address=",
        post("leave/x", "Transfer-Encoding: chunked") + b"5\r\nab",
    ],
    ids=["nothing", "half a line", "half a head", "half a body", "half a chunk"],
)  # fmt: skip
def test_who_stops_in_the_middle_is_cut_off(desk: Reception, begun: bytes) -> None:
    with dialled(desk) as connection:
        connection.sendall(begun)
        assert heard(connection) == b""
    assert desk.asks("GET", "health").status_code == 200


@pytest.mark.usefixtures("hasty")
def test_who_sends_byte_by_byte_is_cut_off(desk: Reception) -> None:
    ended = threading.Event()
    with dialled(desk) as connection:

        def drips() -> None:
            connection.sendall(post("subscribe", "Content-Length: 4000"))
            try:
                while not ended.wait(0.02):
                    connection.sendall(b"x")
            except OSError:
                pass

        thread = threading.Thread(target=drips)
        thread.start()
        assert heard(connection) == b""
        ended.set()
        thread.join()


def test_a_flood_of_chunks_ends_the_connection(desk: Reception) -> None:
    ada = desk.person("ada@example.org")
    with dialled(desk) as connection:
        connection.sendall(post(desk.path("leave", ada), "Transfer-Encoding: chunked"))
        try:
            for _ in range(100_000):
                connection.sendall(b"400\r\n" + b"x" * 0x400 + b"\r\n")
            pytest.fail("a hundred megabytes were taken")
        except OSError:
            pass
    found = desk.private.subscribers.one(ada.id)
    assert found is not None
    assert found.state is SubscriberState.ACTIVE


def test_a_body_that_says_it_is_huge_is_answered_at_once(desk: Reception) -> None:
    with dialled(desk) as connection:
        connection.sendall(post("subscribe", "Content-Length: 99999999"))
        said = heard(connection)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"x-frame-options: DENY" in said.lower().replace(b"deny", b"DENY")


def test_the_page_is_not_asked_to_go_on_with_a_body_that_is_too_long(desk: Reception) -> None:
    with dialled(desk) as connection:
        connection.sendall(post("subscribe", "Content-Length: 99999999", "Expect: 100-continue"))
        assert heard(connection).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad header\r\n\r\n",
        post("leave/x", "Content-Length: 5", "Content-Length: 6"),
        post("leave/x", "Content-Length: 5", "Transfer-Encoding: chunked") + b"zz\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000,
    ],
    ids=["TLS", "no host", "two hosts", "no colon", "two lengths", "a chunk of no length", "a head too long"],
)
def test_what_is_not_http_is_refused_with_the_strict_headers(window: Reception, said: bytes) -> None:
    with dialled(window) as connection:
        connection.sendall(said)
        answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Content-Security-Policy: default-src 'none'" in answer
    assert window.asks("GET", "health").status_code == 200


def test_a_second_request_in_one_breath_is_answered_as_well(window: Reception) -> None:
    one = b"GET /digest/health HTTP/1.1\r\nHost: x\r\n\r\n"
    with dialled(window) as connection:
        connection.sendall(one + one.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        assert heard(connection).count(b'{"status":"ok"}') == 2


def test_no_request_hides_in_the_body_of_another(window: Reception) -> None:
    hidden = b"0\r\n\r\nGET /digest/health HTTP/1.1\r\nHost: x\r\n\r\n"
    with dialled(window) as connection:
        connection.sendall(post("subscribe", f"Content-Length: {len(hidden)}", "Transfer-Encoding: chunked") + hidden)
        said = heard(connection)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1") == 1


def test_web_sockets_are_not_spoken(window: Reception) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x" * 22 + "=="}
    assert window.asks("GET", "", headers=headers).status_code == 200


def test_more_connections_than_can_be_held_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 3)
    with reception(tmp_path) as desk:
        held = [dialled(desk) for _ in range(3)]
        for connection in held:
            connection.sendall(b"GET /digest/health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(10) == b"HTTP/1.1 2"
        with dialled(desk) as late:
            assert heard(late) == b""
        for connection in held:
            connection.close()
        assert comes_in(desk)


def comes_in(desk: Reception) -> bool:
    """Whether somebody is let in, once the server has noticed who has gone."""
    for _ in range(1000):
        try:
            return desk.asks("GET", "health").status_code == 200
        except requests.ConnectionError:
            continue
    return False
