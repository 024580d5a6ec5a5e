"""Tokens of programs (OAuth 2 client credentials): asked for once, kept while they last, renewed when they are refused, never recorded."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import RateLimited, Unauthorized, Unavailable, Unreadable
from aggregator.fetch import Auth, AuthScheme, Pace
from aggregator.fetch.auth import Sessions
from aggregator.fetch.bound import BoundHttp
from aggregator.fetch.client import Client
from aggregator.fetch.recording import Recorder, Replay
from aggregator.settings import Secret
from tests.fetch.conftest import AT_ONCE, Open, Time
from tests.support.server import Asked, Script, Server

TOKEN, SEARCH = "/api/v1/access_token", "/search"
SECRET = Secret("client-id:client-word")


class Service:
    """Gives tokens to a program that shows its id and secret, and takes those that were not let expire."""

    def __init__(self, server: Server) -> None:
        self.given = 0
        self.good: set[str] = set()
        self.asked: list[Asked] = []
        server.answer(TOKEN, self.token)
        server.answer(SEARCH, self.search)

    def token(self, asked: Asked) -> Script:
        self.asked.append(asked)
        if asked.headers.get("authorization") != "Basic " + base64.b64encode(b"client-id:client-word").decode():
            return Script(status=401, body=b'{"error":"invalid_client"}')
        self.given += 1
        self.good = {f"token-{self.given}"}
        said = {"access_token": f"token-{self.given}", "token_type": "bearer", "expires_in": 3600, "scope": "*"}
        return Script(body=json.dumps(said).encode())

    def search(self, asked: Asked) -> Script:
        known = asked.headers.get("authorization", "").removeprefix("Bearer ") in self.good
        return Script(body=b'{"hits":[]}') if known else Script(status=401, body=b'{"message":"Unauthorized","error":401}')


@pytest.fixture
def service(server: Server) -> Service:
    return Service(server)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions.json"


def bound(client: Client, server: Server, secret: Secret = SECRET, transient: frozenset[int] = frozenset()) -> BoundHttp:
    auth = Auth(scheme=AuthScheme.CLIENT, name=server.url(TOKEN), variable="SOME_CLIENT", how="ask for one", without="")
    return client.bound(host=server.host, pace=AT_ONCE, auth=auth, secret=secret, transient=transient)


def test_a_program_shows_its_id_and_secret_in_a_form(open_client: Open, server: Server, service: Service) -> None:
    bound(open_client(), server).get(server.url(SEARCH), auth=True)
    (asked,) = service.asked
    assert (asked.method, asked.body) == ("POST", b"grant_type=client_credentials")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"


def test_one_token_serves_many_questions_and_runs(open_client: Open, server: Server, service: Service, file: Path) -> None:
    for _ in range(2):
        http = bound(open_client(sessions=Sessions(file)), server)
        for _ in range(2):
            assert http.get(server.url(SEARCH), auth=True).body == b'{"hits":[]}'
    assert (server.count(TOKEN), server.count(SEARCH)) == (1, 4)


def test_a_token_that_is_over_is_not_shown_any_more(open_client: Open, server: Server, service: Service, file: Path, time: Time) -> None:
    http = bound(open_client(sessions=Sessions(file)), server)
    http.get(server.url(SEARCH), auth=True)
    time.now += timedelta(hours=1)
    http.get(server.url(SEARCH), auth=True)
    assert (server.count(TOKEN), server.count(SEARCH)) == (2, 2)


def test_a_token_that_is_refused_is_renewed_once(open_client: Open, server: Server, service: Service) -> None:
    http = bound(open_client(), server)
    http.get(server.url(SEARCH), auth=True)
    service.good.clear()
    assert http.get(server.url(SEARCH), auth=True).status == 200
    assert (server.count(TOKEN), server.count(SEARCH)) == (2, 3)


def test_a_question_that_stays_refused_is_asked_twice_and_no_more(open_client: Open, server: Server, service: Service) -> None:
    server.on(SEARCH, Script(status=401))
    with pytest.raises(Unauthorized):
        bound(open_client(), server).get(server.url(SEARCH), auth=True)
    assert server.count(SEARCH) == 2


def test_an_id_that_is_not_taken_is_said_without_the_secret(open_client: Open, server: Server, service: Service, file: Path) -> None:
    client = open_client(sessions=Sessions(file))
    with pytest.raises(Unauthorized, match="does not take the id and secret") as caught:
        bound(client, server, Secret("client-id:another-word")).get(server.url(SEARCH), auth=True)
    assert "another-word" not in f"{caught.value}{caught.value.__cause__}"
    assert not file.exists()
    assert server.count(SEARCH) == 0


@pytest.mark.parametrize("secret", ["client-word", ":client-word", "client-id:"])
def test_a_secret_in_another_form_is_said_to_be_so(open_client: Open, server: Server, service: Service, secret: str) -> None:
    with pytest.raises(Unauthorized, match="'id:secret'"):
        bound(open_client(), server, Secret(secret)).get(server.url(SEARCH), auth=True)
    assert server.connections == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"access_token":1}', b'{"access_token":"a\\r\\nX: y"}', b'{"error":"unsupported"}'])
def test_a_reply_without_a_token_is_unreadable(open_client: Open, server: Server, body: bytes) -> None:
    server.on(TOKEN, Script(body=body))
    with pytest.raises(Unreadable):
        bound(open_client(), server).get(server.url(SEARCH), auth=True)


@pytest.mark.parametrize("lasts", ["null", '"soon"', "-1", "true", "1e999"])
def test_a_token_of_unknown_length_serves_until_it_is_refused(open_client: Open, server: Server, service: Service, lasts: str) -> None:
    service.good = {"token-x"}
    server.on(TOKEN, Script(body=f'{{"access_token":"token-x","expires_in":{lasts}}}'.encode()))
    http = bound(open_client(), server)
    for _ in range(2):
        assert http.get(server.url(SEARCH), auth=True).status == 200
    assert server.count(TOKEN) == 1


def test_a_service_that_is_down_or_busy_is_not_a_refusal(open_client: Open, server: Server) -> None:
    server.on(TOKEN, Script(status=502), Script(status=403))
    http = bound(open_client(), server, transient=frozenset({403}))
    with pytest.raises(Unavailable):
        http.get(server.url(SEARCH), auth=True)
    with pytest.raises(RateLimited):
        http.get(server.url(SEARCH), auth=True)


@pytest.mark.parametrize("until", ["soon", "2026-11-22T12:00:00", 7])
def test_a_broken_file_costs_one_more_token(open_client: Open, server: Server, service: Service, file: Path, until: object) -> None:
    file.parent.mkdir()
    file.write_text(json.dumps({"sessions": {"a": {"access": "x", "until": until}}}))
    assert bound(open_client(sessions=Sessions(file)), server).get(server.url(SEARCH), auth=True).status == 200
    assert server.count(TOKEN) == 1


def test_the_file_holds_the_token_and_neither_id_nor_secret(open_client: Open, server: Server, service: Service, file: Path) -> None:
    bound(open_client(sessions=Sessions(file)), server).get(server.url(SEARCH), auth=True)
    kept = json.loads(file.read_text())["sessions"]
    assert list(kept.values()) == [{"access": "token-1", "until": "2026-11-22T13:00:00+00:00"}]
    assert not {"client-id", "client-word"} & set(file.read_text().replace('"', " ").replace(":", " ").split())
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_recording_holds_no_token_and_can_be_replayed(open_client: Open, server: Server, service: Service, tmp_path: Path) -> None:
    har = tmp_path / "run.har"
    client = open_client(recorder=Recorder(har, version="1.2", secrets=[SECRET]))
    asked = bound(client, server).get(server.url(SEARCH), auth=True)
    client.close()
    written = har.read_text()
    assert "token-1" not in written
    assert "client-word" not in written
    assert base64.b64encode(b"client-id:client-word").decode() not in written
    replayed = bound(open_client(replay=Replay(har, secrets=[SECRET])), server).get(server.url(SEARCH), auth=True)
    assert replayed.body == asked.body


# -- rests


def test_a_refusal_rests_the_host_for_as_long_as_its_pace_says(open_client: Open, server: Server, time: Time) -> None:
    server.on("/feed", Script(status=429, headers={"X-Ratelimit-Reset": "30"}))
    client = open_client()
    pace = Pace(gap=timedelta(0), rest=timedelta(hours=1))
    http = client.bound(host=server.host, pace=pace)
    with pytest.raises(RateLimited) as caught:
        http.get(server.url("/feed"))
    assert caught.value.retry_at == time.now + timedelta(hours=1)
    assert client.rests() == {server.host: time.now + timedelta(hours=1)}


def test_a_longer_rest_that_the_host_asked_for_stands(open_client: Open, server: Server, time: Time) -> None:
    server.on("/feed", Script(status=429, headers={"Retry-After": "7200"}))
    http = open_client().bound(host=server.host, pace=Pace(gap=timedelta(0), rest=timedelta(hours=1)))
    with pytest.raises(RateLimited) as caught:
        http.get(server.url("/feed"))
    assert caught.value.retry_at == time.now + timedelta(hours=2)


def test_a_403_that_means_later_rests_the_host(open_client: Open, server: Server) -> None:
    server.on("/feed", Script(status=403, body=b"<title>whoa there, pardner!</title>"))
    client = open_client()
    with pytest.raises(RateLimited):
        client.bound(host=server.host, pace=AT_ONCE, transient=frozenset({403})).get(server.url("/feed"))
    with pytest.raises(RateLimited, match="wants rest"):
        client.bound(host=server.host, pace=AT_ONCE).get(server.url("/other"))
    assert server.count("/other") == 0


def test_a_good_reply_that_asks_for_seconds_of_rest_makes_the_next_question_wait(open_client: Open, server: Server, time: Time) -> None:
    server.on("/a", Script(body=b'{"items":[],"has_more":true,"backoff":10,"quota_max":300,"quota_remaining":299}'))
    server.on("/b", Script(body=b'{"items":[],"has_more":false,"quota_max":300,"quota_remaining":298}'))
    http = open_client().bound(host=server.host, pace=AT_ONCE)
    http.get(server.url("/a"))
    http.get(server.url("/b"))
    http.get(server.url("/b"))
    assert time.waits == [10.0]


def test_a_good_reply_that_asks_for_long_rest_ends_the_walk(open_client: Open, server: Server, time: Time) -> None:
    server.on("/a", Script(body=b'{"items":[],"has_more":true,"backoff":900,"quota_max":300,"quota_remaining":299}'))
    http = open_client().bound(host=server.host, pace=AT_ONCE)
    assert http.get(server.url("/a")).status == 200
    with pytest.raises(RateLimited) as caught:
        http.get(server.url("/a"))
    assert caught.value.retry_at == time.now + timedelta(minutes=15)


def test_a_quota_that_is_used_up_rests_until_the_next_day(open_client: Open, server: Server, time: Time) -> None:
    server.on("/a", Script(body=b'{"items":[],"has_more":true,"quota_max":300,"quota_remaining":0}'))
    client = open_client()
    client.bound(host=server.host, pace=AT_ONCE).get(server.url("/a"))
    assert client.rests() == {server.host: time.now.replace(hour=0) + timedelta(days=1)}


@pytest.mark.parametrize("left", ["0", "0.0"])
def test_an_allowance_that_is_used_up_is_waited_for(open_client: Open, server: Server, time: Time, left: str) -> None:
    server.on("/a", Script(body=b"{}", headers={"X-Ratelimit-Remaining": left, "X-Ratelimit-Reset": "45"}))
    http = open_client().bound(host=server.host, pace=AT_ONCE)
    http.get(server.url("/a"))
    http.get(server.url("/a"))
    assert time.waits == [45.0]


def test_an_allowance_that_is_left_asks_for_no_rest(open_client: Open, server: Server, time: Time) -> None:
    server.on(
        "/a",
        Script(
            body=b'{"text":"\\"backoff\\":10,\\"quota_remaining\\":0"}', headers={"X-Ratelimit-Remaining": "9", "X-Ratelimit-Reset": "45"}
        ),
    )
    http = open_client().bound(host=server.host, pace=AT_ONCE)
    http.get(server.url("/a"))
    http.get(server.url("/a"))
    assert time.waits == []


THROTTLED = (
    b'{"error_id":502,"error_message":"too many requests from this IP, more requests available in 600 seconds",'
    b'"error_name":"throttle_violation"}'
)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error":"rate_limit_error"}'),
        (400, THROTTLED),
        (502, THROTTLED),
        (403, b'{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'),
    ],
)
def test_what_asks_for_rest_in_its_body_alone_is_understood(
    open_client: Open, server: Server, time: Time, status: int, body: bytes
) -> None:
    server.on("/a", Script(status=status, body=body))
    with pytest.raises(RateLimited) as caught:
        open_client().bound(host=server.host, pace=AT_ONCE).get(server.url("/a"))
    assert caught.value.retry_at == (time.now + timedelta(minutes=10) if b"600" in body else None)
