"""AT Protocol sessions: one log-in, refresh tokens used once and kept before use, nobody else can read them."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aggregator.errors import RateLimited, Unauthorized, Unavailable, Unreadable
from aggregator.fetch import Auth, AuthScheme
from aggregator.fetch.auth import Sessions
from aggregator.fetch.bound import BoundHttp
from tests.fetch.conftest import AT_ONCE, Open
from tests.support.server import Asked, Script, Server

CREATE, REFRESH, SEARCH = (f"/xrpc/{name}" for name in ("com.atproto.server.createSession", "com.atproto.server.refreshSession", "search"))
EXPIRED = b'{"error":"ExpiredToken","message":"Token has expired"}'


class Service:
    """An AT Protocol service: access tokens can be let expire, refresh tokens work once."""

    def __init__(self, server: Server) -> None:
        self.number = 0
        self.good: set[str] = set()
        self.unused: set[str] = set()
        self.password = "app-pass-word"
        self.lock = threading.Lock()
        server.answer(CREATE, self.create)
        server.answer(REFRESH, self.refresh)
        server.answer(SEARCH, self.search)

    def expire(self) -> None:
        self.good.clear()

    def create(self, asked: Asked) -> Script:
        good = json.loads(asked.body) == {"identifier": "ada.example", "password": self.password}
        return self.fresh() if good else Script(status=401, body=b'{"error":"AuthenticationRequired"}')

    def refresh(self, asked: Asked) -> Script:
        with self.lock:
            token = asked.headers["authorization"].removeprefix("Bearer ")
            if token not in self.unused:
                return Script(status=400, body=EXPIRED)
            self.unused.discard(token)
        return self.fresh()

    def fresh(self) -> Script:
        with self.lock:
            self.number += 1
            self.good.add(f"access-{self.number}")
            self.unused.add(f"refresh-{self.number}")
            return Script(body=json.dumps({"accessJwt": f"access-{self.number}", "refreshJwt": f"refresh-{self.number}"}).encode())

    def search(self, asked: Asked) -> Script:
        good = asked.headers.get("authorization", "").removeprefix("Bearer ") in self.good
        return Script(body=b'{"posts":[]}') if good else Script(status=400, body=EXPIRED)


@pytest.fixture
def service(server: Server) -> Service:
    return Service(server)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions.json"


def bound(open_client: Open, server: Server, file: Path | None, secret: str = "ada.example:app-pass-word") -> BoundHttp:
    from aggregator.settings import Secret

    auth = Auth(scheme=AuthScheme.ATPROTO, name=server.url(""), variable="BLUESKY", how="make an app password", without="")
    return open_client(sessions=Sessions(file)).bound(host=server.host, pace=AT_ONCE, auth=auth, secret=Secret(secret))


def test_one_log_in_serves_many_requests_and_runs(open_client: Open, server: Server, service: Service, file: Path) -> None:
    for _ in range(2):
        http = bound(open_client, server, file)
        for _ in range(2):
            assert http.get(server.url(SEARCH), auth=True).body == b'{"posts":[]}'
    assert (server.count(CREATE), server.count(REFRESH), server.count(SEARCH)) == (1, 0, 4)


def test_an_expired_token_is_refreshed_once_and_the_question_asked_again(
    open_client: Open, server: Server, service: Service, file: Path
) -> None:
    http = bound(open_client, server, file)
    http.get(server.url(SEARCH), auth=True)
    service.expire()
    assert http.get(server.url(SEARCH), auth=True).status == 200
    assert (server.count(CREATE), server.count(REFRESH)) == (1, 1)
    kept = json.loads(file.read_text())["sessions"]
    assert list(kept.values()) == [{"access": "access-2", "refresh": "refresh-2"}]


def test_a_refused_refresh_logs_in_again_once(open_client: Open, server: Server, service: Service, file: Path) -> None:
    http = bound(open_client, server, file)
    http.get(server.url(SEARCH), auth=True)
    service.expire()
    service.unused.clear()
    assert http.get(server.url(SEARCH), auth=True).status == 200
    assert (server.count(CREATE), server.count(REFRESH)) == (2, 1)


def test_a_refused_log_in_pauses_the_source_and_names_no_secret(open_client: Open, server: Server, service: Service, file: Path) -> None:
    service.password = "another"
    with pytest.raises(Unauthorized, match="does not take the app password") as caught:
        bound(open_client, server, file).get(server.url(SEARCH), auth=True)
    assert "app-pass-word" not in str(caught.value)
    assert not file.exists()
    assert (server.count(CREATE), server.count(SEARCH)) == (1, 0)


def test_a_question_that_stays_refused_is_asked_twice_and_no_more(open_client: Open, server: Server, service: Service, file: Path) -> None:
    server.on(SEARCH, Script(status=401))
    with pytest.raises(Unauthorized):
        bound(open_client, server, file).get(server.url(SEARCH), auth=True)
    assert server.count(SEARCH) == 2


def test_a_service_that_is_down_is_not_a_refusal(open_client: Open, server: Server, file: Path) -> None:
    server.on(CREATE, Script(status=502), Script(status=429))
    http = bound(open_client, server, file)
    with pytest.raises(Unavailable):
        http.get(server.url(SEARCH), auth=True)
    with pytest.raises(RateLimited):
        http.get(server.url(SEARCH), auth=True)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"accessJwt":1,"refreshJwt":"x"}', b'{"accessJwt":"a\\r\\nX: y","refreshJwt":"x"}'])
def test_a_reply_that_is_no_session_is_unreadable(open_client: Open, server: Server, file: Path, body: bytes) -> None:
    server.on(CREATE, Script(body=body))
    with pytest.raises(Unreadable):
        bound(open_client, server, file).get(server.url(SEARCH), auth=True)


@pytest.mark.parametrize("secret", ["app-pass-word", ":app-pass-word", "ada.example:"])
def test_a_secret_in_another_form_is_said_to_be_so(open_client: Open, server: Server, file: Path, secret: str) -> None:
    with pytest.raises(Unauthorized, match="'handle:app-password'"):
        bound(open_client, server, file, secret).get(server.url(SEARCH), auth=True)
    assert server.connections == 0


def test_the_file_is_ours_alone_and_was_never_anyone_elses(
    open_client: Open, server: Server, service: Service, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    modes: list[int] = []
    real = os.open

    def opened(path: str, flags: int, mode: int = 0o777) -> int:
        modes.append(mode)
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", opened)
    bound(open_client, server, file).get(server.url(SEARCH), auth=True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(modes) == {0o600}
    assert [path.name for path in file.parent.iterdir()] == ["sessions.json"]
    assert "ada.example" not in file.read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sessions":{"a":1}}'])
def test_a_broken_file_costs_one_log_in(open_client: Open, server: Server, service: Service, file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    assert bound(open_client, server, file).get(server.url(SEARCH), auth=True).status == 200
    assert server.count(CREATE) == 1


def test_two_threads_refresh_once(open_client: Open, server: Server, service: Service, file: Path) -> None:
    from aggregator.settings import Secret

    auth = Auth(scheme=AuthScheme.ATPROTO, name=server.url(""), variable="BLUESKY", how="make one", without="")
    client = open_client(sessions=Sessions(file), sleep=lambda seconds: None)
    https = [client.bound(host=server.host, pace=AT_ONCE, auth=auth, secret=Secret("ada.example:app-pass-word")) for _ in range(4)]
    https[0].get(server.url(SEARCH), auth=True)
    service.expire()
    with ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(lambda http: http.get(server.url(SEARCH), auth=True), https))
    assert [reply.status for reply in replies] == [200] * 4
    assert (server.count(CREATE), server.count(REFRESH)) == (1, 1)
