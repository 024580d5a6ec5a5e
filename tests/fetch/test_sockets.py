"""Conversations over WebSockets: what is heard is whole, and nothing a server does keeps us or fills us."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from aggregator.errors import Gone, RateLimited, SourceError, Unauthorized, Unavailable, Unreadable
from aggregator.fetch.client import Client
from aggregator.fetch.pace import Stopped
from aggregator.fetch.recording import Recorder, Replay
from tests.fetch.conftest import AT_ONCE, Open, Time
from tests.support.certificates import certificate

END = '["EOSE", "a"]'
Talk = Callable[[ServerConnection], None]
Serve = Callable[..., str]


@pytest.fixture
def talking() -> Iterator[Serve]:
    """Starts servers that talk as they are told to; gives their address."""
    running: list[tuple[Server, threading.Thread]] = []

    def start(talk: Talk, **settings: Any) -> str:
        def quietly(line: ServerConnection) -> None:
            with contextlib.suppress(ConnectionClosed, OSError):
                talk(line)

        server = serve(quietly, "127.0.0.1", 0, close_timeout=0.1, **settings)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        running.append((server, thread))
        scheme = "wss" if "ssl" in settings else "ws"
        return f"{scheme}://127.0.0.1:{server.socket.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()


@pytest.fixture
def raw() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Starts a server that does with one connection as it is told."""
    with contextlib.ExitStack() as open_ones:

        def start(talk: Callable[[socket.socket], None]) -> str:
            listening = open_ones.enter_context(socket.create_server(("127.0.0.1", 0)))

            def run() -> None:
                with contextlib.suppress(OSError), listening.accept()[0] as line:
                    talk(line)

            thread = threading.Thread(target=run)
            thread.start()
            open_ones.callback(thread.join)
            open_ones.callback(lambda: listening.shutdown(socket.SHUT_RDWR))
            return f"ws://127.0.0.1:{listening.getsockname()[1]}"

        yield start


def asked(client: Client, url: str, *, say: Sequence[object] = (["REQ", "a"],), until: Sequence[Sequence[str]] = (("EOSE", "a"),)) -> bytes:
    return client.bound(host="", pace=AT_ONCE).converse(url, say=list(say), until=[list(one) for one in until]).body


def failed(client: Client, url: str, kind: type[SourceError]) -> SourceError:
    with pytest.raises(kind) as caught:
        asked(client, url)
    assert type(caught.value) is kind
    assert str(caught.value).startswith("asking ws")
    assert len(str(caught.value)) < 300
    return caught.value


def saying(*messages: str | bytes) -> Talk:
    """Waits for what is said first, says its own, and stays until the other side goes."""

    def talk(line: ServerConnection) -> None:
        line.recv(timeout=5)
        for message in messages:
            line.send(message)
        line.recv(timeout=10)

    return talk


# -- what is heard


def test_what_is_said_arrives_and_what_is_heard_is_a_value_a_line(client: Client, talking: Serve) -> None:
    said: list[Any] = []

    def talk(line: ServerConnection) -> None:
        assert line.request is not None
        said.extend([line.request.path, line.request.headers["User-Agent"], json.loads(line.recv()), json.loads(line.recv())])
        line.send('{\n "words": "one\\ntwo ü"\r\n}')
        line.send(END)
        line.recv(timeout=10)

    url = talking(talk)
    body = asked(client, f"{url}/inbox?x=1", say=[["REQ", "a", {"kinds": [1]}], ["REQ", "ü"]])
    assert said == ["/inbox?x=1", "aggregator/1.2 (+https://example.org/about)", ["REQ", "a", {"kinds": [1]}], ["REQ", "ü"]]
    assert [json.loads(line) for line in body.splitlines()] == [{"words": "one\ntwo ü"}, ["EOSE", "a"]]


def test_the_reply_says_what_it_is_and_keeps_the_date_of_the_handshake(client: Client, talking: Serve) -> None:
    reply = client.bound(host="", pace=AT_ONCE).converse(talking(saying(END)), say=[["REQ"]], until=[["EOSE"]])
    assert (reply.status, reply.media_type) == (200, "application/x-ndjson")
    assert "date" in reply.headers
    assert not {name for name in reply.headers if name.startswith("sec-websocket-")}


def test_a_server_without_a_clock_is_given_the_date(client: Client, talking: Serve, time: Time) -> None:
    def without(line: ServerConnection, request: Request, response: Response) -> None:
        del response.headers["Date"]

    reply = client.bound(host="", pace=AT_ONCE).converse(talking(saying(END), process_response=without), say=[["REQ"]], until=[["EOSE"]])
    assert reply.headers["date"] == format_datetime(time.now, usegmt=True)


@pytest.mark.parametrize("until", [[["EOSE", "a"]], [["NOTICE"], ["EOSE"]], [["CLOSED", "a"], ["EOSE", "a", 7]]])
def test_an_end_is_the_beginning_of_a_value(client: Client, talking: Serve, until: list[list[str]]) -> None:
    """What merely resembles it is not: another name, a longer word, an object."""
    others = ['["EOSE2", "a"]', '["EVENT", "EOSE", "a"]', '{"0": "EOSE"}', '"EOSE"', "null"]
    heard = asked(client, talking(saying(*others, '["EOSE", "a", 7]', '"never heard"')), until=until)
    assert len(heard.splitlines()) == 6


def test_pieces_of_a_message_are_one_and_pings_are_answered(client: Client, talking: Serve) -> None:
    answered: list[bool] = []

    def talk(line: ServerConnection) -> None:
        line.recv()
        answered.append(line.ping().wait(5))
        line.send(iter(['["EVENT"', ', "ü', '"]']))
        line.send(END)
        line.recv(timeout=10)

    assert asked(client, talking(talk)).splitlines()[0] == '["EVENT", "ü"]'.encode()
    assert answered == [True]


def test_compressed_messages_are_read(client: Client, talking: Serve) -> None:
    words = json.dumps(["EVENT", "word " * 20_000])
    assert asked(client, talking(saying(words, END), compression="deflate")).splitlines()[0] == words.encode()


def test_who_says_no_farewell_is_not_waited_for_long(client: Client, talking: Serve) -> None:
    done = threading.Event()

    def talk(line: ServerConnection) -> None:
        line.recv()
        line.send(END)
        line.socket.settimeout(None)
        done.wait(10)

    # What is read no more is not answered either.
    began, url = monotonic(), talking(talk, max_queue=1)
    try:
        assert asked(client, url)
    finally:
        done.set()
    assert monotonic() - began < 3


# -- what goes wrong


def test_an_end_that_never_comes_is_not_waited_for_longer_than_allowed(open_client: Open, talking: Serve) -> None:
    def talk(line: ServerConnection) -> None:
        while True:
            line.send('["EVENT"]')
            sleep(0.02)

    client = open_client(total_timeout=timedelta(seconds=0.6))
    began = monotonic()
    assert "no whole answer within 0.6 s" in str(failed(client, talking(talk), Unavailable))
    assert monotonic() - began < 2


def test_silence_is_an_error(open_client: Open, talking: Serve) -> None:
    client = open_client(read_timeout=timedelta(seconds=0.3))
    assert "no answer within 0.3 s" in str(failed(client, talking(saying('["EVENT"]')), Unavailable))


@pytest.mark.parametrize("code", [1000, 1008, 1013, 4000])
def test_a_conversation_that_is_closed_early_is_an_error(client: Client, talking: Serve, code: int) -> None:
    def talk(line: ServerConnection) -> None:
        line.send('["EVENT"]')
        line.close(code, "a reason that is nobody's")

    error = failed(client, talking(talk), Unavailable)
    assert f"the conversation was ended early (code {code})" in str(error)
    assert "nobody" not in str(error)


def test_a_connection_that_breaks_is_an_error(client: Client, talking: Serve) -> None:
    def talk(line: ServerConnection) -> None:
        line.send('["EVENT"]')
        line.socket.shutdown(socket.SHUT_RDWR)

    assert "ended early" in str(failed(client, talking(talk), Unavailable))


@pytest.mark.parametrize(
    ("message", "words"),
    [("no JSON", "expected JSON"), ("", "expected JSON"), ("[" * 200_000, "expected JSON"), (b"\0\1", "expected text, and bytes came")],
)
def test_what_is_no_json_is_an_error(client: Client, talking: Serve, message: str | bytes, words: str) -> None:
    assert words in str(failed(client, talking(saying(message, END)), Unreadable))


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_a_message_larger_than_allowed_is_not_kept(open_client: Open, talking: Serve, compression: str | None) -> None:
    """Compressed it is a bomb of a few kilobytes."""
    client = open_client(max_body_bytes=100_000)
    assert "larger than 100000 bytes" in str(failed(client, talking(saying('"' + "a" * 3_000_000), compression=compression), Unreadable))


def test_messages_that_are_too_much_together_are_not_kept(open_client: Open, talking: Serve) -> None:
    client = open_client(max_body_bytes=20_000)
    assert "more than 20000 bytes" in str(failed(client, talking(saying(*[json.dumps("a" * 999)] * 30)), Unreadable))


def test_bytes_that_are_no_frames_are_an_error(client: Client, raw: Callable[..., str]) -> None:
    from websockets.http11 import Request as Asked
    from websockets.server import ServerProtocol

    def talk(line: socket.socket) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(line.recv(65536))
        (request,) = protocol.events_received()
        assert isinstance(request, Asked)
        protocol.send_response(protocol.accept(request))
        for piece in protocol.data_to_send():
            line.sendall(piece)
        line.sendall(b"\xff\xff\xff\xff")
        line.recv(65536)

    assert "not valid WebSocket" in str(failed(client, raw(talk), Unreadable))


# -- the handshake


def refusing(status: int, **headers: str) -> dict[str, Any]:
    def refuse(line: ServerConnection, request: Request) -> Response:
        return Response(status, "No", Headers({name.replace("_", "-"): value for name, value in headers.items()}), b"a page")

    return {"process_request": refuse}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Unauthorized), (403, Unauthorized), (404, Gone), (410, Gone), (429, RateLimited), (500, Unavailable), (503, Unavailable),
     (400, Unreadable), (200, Unreadable), (304, Unreadable)],
)  # fmt: skip
def test_a_refusal_means_what_its_status_says(client: Client, talking: Serve, status: int, kind: type[SourceError]) -> None:
    assert failed(client, talking(saying(), **refusing(status)), kind).status == status


def test_a_refusal_says_until_when(client: Client, talking: Serve) -> None:
    url = talking(saying(), **refusing(503, Retry_After="Sun, 22 Nov 2026 12:30:00 GMT"))
    assert failed(client, url, RateLimited).retry_at == datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def test_a_redirect_is_not_followed(client: Client, talking: Serve) -> None:
    elsewhere: list[str] = []
    target = talking(lambda line: elsewhere.append("asked"))
    error = failed(client, talking(saying(), **refusing(302, Location=target.replace("ws:", "http:"))), Unreadable)
    assert "redirected elsewhere" in str(error)
    assert elsewhere == []


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Unavailable, "not valid HTTP"),
        (b"", Unavailable, "closed without an answer"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n", Unreadable,
         "none was opened"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000, Unavailable, "not valid HTTP"),
    ],
)  # fmt: skip
def test_what_is_no_handshake_is_an_error(
    client: Client, raw: Callable[..., str], reply: bytes, kind: type[SourceError], words: str
) -> None:
    def talk(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(reply)

    assert words in str(failed(client, raw(talk), kind))


def test_a_handshake_in_drops_is_not_waited_for_longer_than_allowed(open_client: Open, raw: Callable[..., str]) -> None:
    def talk(line: socket.socket) -> None:
        line.recv(65536)
        for byte in b"HTTP/1.1 101 Switching Protocols\r\n" * 20:
            line.sendall(bytes([byte]))
            sleep(0.05)

    client = open_client(total_timeout=timedelta(seconds=0.5))
    assert "no whole answer within 0.5 s" in str(failed(client, raw(talk), Unavailable))


def test_nobody_who_listens_is_an_error(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "connection refused" in str(failed(client, f"ws://127.0.0.1:{port}", Unavailable))


# -- where it leads


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_not_connected_to(open_client: Open, talking: Serve, host: str) -> None:
    reached: list[str] = []
    url = talking(lambda line: reached.append("reached"))
    client = open_client(allow_networks=())
    assert "a loopback address" in str(failed(client, url.replace("127.0.0.1", host), Unavailable))
    assert reached == []


@pytest.mark.parametrize("url", ["https://example.org", "ws://ada:secret@example.org", "ws://", "ftp://example.org", "ws://[bad"])
def test_what_is_no_address_of_a_websocket_is_not_asked(client: Client, url: str) -> None:
    with pytest.raises(Unreadable) as caught:
        asked(client, url)
    assert "secret" not in str(caught.value)


def test_a_certificate_is_checked(open_client: Open, talking: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.cert, own.key)
    url = talking(saying(END), ssl=context)
    assert "its certificate is not valid" in str(failed(open_client(), url, Unavailable))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own.authority))
    assert asked(open_client(), url).splitlines() == [END.encode()]


def test_authorities_that_cannot_be_read_are_an_error_of_this_question(
    open_client: Open, talking: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "no such file"))
    assert "the connection failed" in str(failed(open_client(), talking(saying(END), ssl=own.context()), Unavailable))


def test_tls_with_a_server_that_speaks_none_is_an_error(client: Client, talking: Serve) -> None:
    url = talking(saying(END)).replace("ws:", "wss:")
    assert "asking wss" in str(failed(client, url, Unavailable))


# -- through the operator's proxy


class Proxy:
    """A proxy on loopback that leads every name to one server, or answers as it is told."""

    def __init__(self, *, to: str = "", reply: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self.heard = b""
        self._to, self._reply = to, reply
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._run)]
        self._threads[0].start()
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"

    def _run(self) -> None:
        with contextlib.suppress(OSError), self._listening.accept()[0] as line:
            while b"\r\n\r\n" not in self.heard:
                self.heard += line.recv(1)
            line.sendall(self._reply)
            if not self._to:
                line.recv(65536)
                return
            with socket.create_connection(("127.0.0.1", int(self._to.rpartition(":")[2]))) as there:
                back = threading.Thread(target=self._hand_on, args=(there, line))
                back.start()
                self._hand_on(line, there)
                back.join()

    @staticmethod
    def _hand_on(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listening.close()


@pytest.fixture
def proxied(open_client: Open, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Proxy]]:
    """Starts proxies; the environment is clear of others."""
    with contextlib.ExitStack() as running:

        def start(**wanted: Any) -> Proxy:
            proxy = Proxy(**wanted)
            running.callback(proxy.close)
            return proxy

        yield start


def test_wss_goes_where_https_goes_and_the_proxy_looks_the_name_up(
    open_client: Open, talking: Serve, proxied: Callable[..., Proxy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate is that of the name; the proxy may be private, and what stands behind it is its operator's business."""
    own = certificate(tmp_path, name="DNS:relay.example.org")
    proxy = proxied(to=talking(saying(END), ssl=own.context()))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own.authority))
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:s%2Fcret@{proxy.address}")
    assert asked(open_client(allow_networks=()), "wss://relay.example.org/inbox").splitlines() == [END.encode()]
    first, *others = proxy.heard.decode().split("\r\n")
    assert first == "CONNECT relay.example.org:443 HTTP/1.1"
    assert "User-Agent: aggregator/1.2 (+https://example.org/about)" in others
    assert "Proxy-Authorization: Basic YWRhOnMvY3JldA==" in others


@pytest.mark.parametrize("variable", ["ws_proxy", "http_proxy", "all_proxy"])
def test_ws_goes_where_http_goes(
    open_client: Open, talking: Serve, proxied: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    proxy = proxied(to=talking(saying(END)))
    monkeypatch.setenv(variable, proxy.address)
    assert asked(open_client(), "ws://relay.example.org:8080/").splitlines() == [END.encode()]
    assert proxy.heard.startswith(b"CONNECT relay.example.org:8080 HTTP/1.1\r\n")
    assert b"Proxy-Authorization" not in proxy.heard


def test_a_host_that_no_proxy_names_is_asked_directly(open_client: Open, talking: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert asked(open_client(), talking(saying(END))).splitlines() == [END.encode()]


def test_a_proxy_is_not_asked_to_lead_inside(
    open_client: Open, talking: Serve, proxied: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = proxied(to=talking(saying(END)))
    monkeypatch.setenv("http_proxy", proxy.address)
    for host in ("127.0.0.1", "0x7f.1", "localhost", "169.254.169.254", "[::1]"):
        assert "allow_networks" in str(failed(open_client(allow_networks=()), f"ws://{host}:8080", Unavailable))
    assert proxy.heard == b""


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "the proxy refuses to connect us (status 403)"),
        (b"HTTP/1.1 407 Who\r\nContent-Length: 3\r\n\r\nwho", "the proxy wants to know who asks (status 407)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the proxy failed: the reply is not valid HTTP"),
        (b"", "the proxy failed: no answer within 2 s"),
    ],
)
def test_a_proxy_that_does_not_lead_there_is_named(
    open_client: Open, proxied: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch, reply: bytes, words: str
) -> None:
    monkeypatch.setenv("https_proxy", f"http://ada:s3cret@{proxied(reply=reply).address}")
    error = failed(open_client(), "wss://relay.example.org", Unavailable)
    assert words in str(error)
    assert "s3cret" not in str(error)


def test_a_proxy_that_is_not_there_is_named(open_client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert "the proxy failed: connection refused" in str(failed(open_client(), "wss://relay.example.org", Unavailable))


@pytest.mark.parametrize("proxy", ["socks5h://ada:s3cret@127.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1:port", "http://[bad"])
def test_a_proxy_that_cannot_be_used_is_said_and_not_gone_around(
    open_client: Open, talking: Serve, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    reached: list[str] = []
    monkeypatch.setenv("all_proxy", proxy)
    error = failed(open_client(), talking(lambda line: reached.append("reached")), Unavailable)
    assert "set ws_proxy to one that begins with http://" in str(error)
    assert "s3cret" not in str(error)
    assert reached == []


def test_a_proxy_that_answers_in_drops_is_not_waited_for_longer_than_allowed(
    open_client: Open, raw: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def talk(line: socket.socket) -> None:
        line.recv(65536)
        for byte in b"HTTP/1.1 200 Connection established" * 20:
            line.sendall(bytes([byte]))
            sleep(0.05)

    monkeypatch.setenv("https_proxy", raw(talk).replace("ws:", "http:"))
    client = open_client(total_timeout=timedelta(seconds=0.5))
    assert "no whole answer within 0.5 s" in str(failed(client, "wss://relay.example.org", Unavailable))


# -- ending, and recordings


@pytest.mark.parametrize("secure", [False, True])
def test_stopping_breaks_off_what_is_under_way(
    open_client: Open, talking: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secure: bool
) -> None:
    begun = threading.Event()

    def talk(line: ServerConnection) -> None:
        line.recv()
        begun.set()
        line.recv(timeout=10)

    settings: dict[str, Any] = {}
    if secure:
        own = certificate(tmp_path)
        settings["ssl"] = own.context()
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own.authority))
    client, url = open_client(read_timeout=timedelta(seconds=20), total_timeout=timedelta(seconds=20)), talking(talk, **settings)

    def stop() -> None:
        begun.wait(5)
        client.stop()

    stopping = threading.Thread(target=stop)
    stopping.start()
    began = monotonic()
    with pytest.raises(Stopped):
        asked(client, url)
    stopping.join()
    assert monotonic() - began < 3


def test_a_conversation_is_recorded_and_replayed_by_what_was_said(open_client: Open, talking: Serve, tmp_path: Path) -> None:
    def talk(line: ServerConnection) -> None:
        line.send(json.dumps(["HEARD", json.loads(line.recv())]))
        line.send(END)
        line.recv(timeout=10)

    url, file = talking(talk), tmp_path / "recording.har"
    recording = open_client(recorder=Recorder(file, version="1", secrets=()))
    live = [asked(recording, url, say=[words]) for words in ("one", "two")]
    recording.close()
    replayed = open_client(replay=Replay(file))
    assert [asked(replayed, url, say=[words]) for words in ("two", "one")] == live[::-1]
