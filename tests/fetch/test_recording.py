"""A recording holds every exchange and no secret, and gives the same replies again without a socket."""

from __future__ import annotations

import base64
import json
import socket
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ConfigError, Gone, SourceError, Unavailable, Unreadable
from aggregator.fetch import Auth, AuthScheme, Reply
from aggregator.fetch.auth import Sessions
from aggregator.fetch.bound import BoundHttp
from aggregator.fetch.client import Client
from aggregator.fetch.recording import REDACTED, Recorder, Redactor, Replay
from aggregator.settings import Secret
from tests.fetch.conftest import AT_ONCE, Open
from tests.support.server import Script, Server

SECRET = 'p@ss/"wörd"+1234'
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
AUTH = Auth(scheme=AuthScheme.HEADER, name="X-Key", variable="KEY", how="ask", without="")
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


@pytest.fixture
def har(tmp_path: Path) -> Path:
    return tmp_path / "run.har"


def recording(open_client: Open, har: Path, *secrets: str) -> Client:
    return open_client(recorder=Recorder(har, version="1.2", secrets=[Secret(one) for one in secrets]))


def bound(client: Client, secret: str | None = None) -> BoundHttp:
    return client.bound(host="", pace=AT_ONCE, auth=AUTH, secret=Secret(secret) if secret else None)


def ask(http: BoundHttp, server: Server, *paths: str) -> list[Reply | SourceError]:
    replies: list[Reply | SourceError] = []
    for path in paths:
        try:
            replies.append(http.get(server.url(path)))
        except SourceError as error:
            replies.append(error)
    return replies


def plain(replies: list[Reply | SourceError]) -> list[object]:
    wire = {"content-encoding", "content-length", "transfer-encoding"}
    return [
        (type(one), str(one), one.status)
        if isinstance(one, SourceError)
        else (one.asked, one.url, one.status, {name: value for name, value in one.headers.items() if name not in wire}, one.body)
        for one in replies
    ]


def test_a_replay_gives_the_same_replies_and_opens_no_socket(
    open_client: Open, server: Server, har: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("/text", Script.gzip("héllo".encode()))
    server.on("/latin", Script(body=b"h\xe9llo", headers={"Content-Type": "text/html; charset=latin-1"}))
    server.on("/png", Script(body=PNG, headers={"Content-Type": "image/png"}))
    server.on("/moved", Script.redirect("/text", status=301))
    server.on("/gone", Script(status=410))
    server.on("/cut", Script(body=b"x" * 99, cut_after=9))
    server.on("/odd", Script(body=b"x", headers={"Content-Encoding": "zstd"}))
    paths = ("/text", "/latin", "/png", "/moved", "/gone", "/cut", "/odd")
    client = recording(open_client, har)
    seen = ask(bound(client), server, *paths)
    client.close()

    def no_socket(*args: object, **kwargs: object) -> None:
        raise AssertionError("a replay opened a socket")

    monkeypatch.setattr(socket, "socket", no_socket)
    again = ask(bound(open_client(replay=Replay(har))), server, *paths)
    assert plain(again) == plain(seen)
    assert [type(one) for one in again] == [Reply, Reply, Reply, Reply, Gone, Unavailable, Unreadable]


def test_a_question_that_was_not_recorded_is_unavailable(open_client: Open, server: Server, har: Path) -> None:
    recording(open_client, har).close()
    with pytest.raises(Unavailable, match="not in the recording"):
        bound(open_client(replay=Replay(har))).get(server.url("/a"))
    assert server.connections == 0


def test_a_question_asked_again_gets_its_answers_in_order_and_then_the_last(open_client: Open, server: Server, har: Path) -> None:
    server.on("/a", Script(body=b"1"), Script(body=b"2"))
    client = recording(open_client, har)
    ask(bound(client), server, "/a?x=1&y=2", "/a?y=2&x=1")
    client.close()
    replayed = bound(open_client(replay=Replay(har)))
    assert [replayed.get(server.url("/a?y=2&x=1")).body for _ in range(3)] == [b"1", b"2", b"2"]


def test_posts_are_told_apart_by_their_bodies(open_client: Open, server: Server, har: Path) -> None:
    server.answer("/q", lambda asked: Script(body=asked.body))
    client = recording(open_client, har)
    for number in range(2):
        bound(client).post(server.url("/q"), json={"page": number})
    client.close()
    replayed = bound(open_client(replay=Replay(har)))
    assert replayed.post(server.url("/q"), json={"page": 1}).body == b'{"page":1}'
    assert replayed.post(server.url("/q"), json={"page": 0}).body == b'{"page":0}'


def traces(secret: str) -> set[bytes]:
    raw = secret.encode()
    forms = {raw, quote(secret).encode(), quote(secret, safe="").encode(), quote_plus(secret).encode(), json.dumps(secret)[1:-1].encode()}
    for before in ("", "x", "xy"):
        coded = base64.b64encode(before.encode() + raw + b"xyz")
        forms.add(coded[4:-8])
    return forms


def test_no_trace_of_a_secret_is_in_a_recording(open_client: Open, server: Server, har: Path) -> None:
    echoed = {"key": SECRET, "jwt": JWT, "basic": base64.b64encode(f"user:{SECRET}".encode()).decode(), "address": f"/?k={quote(SECRET)}"}
    headers = {"Set-Cookie": "id=cookie-value", "X-Echo": quote(SECRET), "Location": f"/b?access_token=named-{quote(SECRET, safe='')}"}
    server.on("/a", Script(status=302, headers=headers, body=json.dumps(echoed, ensure_ascii=False).encode()))
    server.on("/b", Script(body=json.dumps(echoed).encode() + PNG + SECRET.encode()))
    client = recording(open_client, har, SECRET)
    bound(client, SECRET).get(server.url("/a"), params={"api_key": "other-key-value", "q": SECRET}, auth=True)
    bound(client, SECRET).post(server.url("/b"), json=echoed, auth=True)
    client.close()
    content = har.read_bytes()
    decoded = [base64.b64decode(text) for text in encoded_contents(content)]
    assert decoded
    for written in (content, *decoded):
        assert [trace for trace in traces(SECRET) if trace in written] == []
        for other in (b"cookie-value", b"other-key-value", b"named-", JWT.encode()):
            assert other not in written
    assert REDACTED.encode() in content
    replayed = bound(open_client(replay=Replay(har, secrets=[Secret(SECRET)])), SECRET)
    reply = replayed.get(server.url("/a"), params={"api_key": "other-key-value", "q": SECRET}, auth=True)
    assert reply.status == 200


def encoded_contents(content: bytes) -> list[str]:
    entries = json.loads(content)["log"]["entries"]
    return [one["response"]["content"]["text"] for one in entries if one["response"]["content"].get("encoding") == "base64"]


def test_a_log_in_is_recorded_without_password_and_tokens_and_is_not_needed_to_replay(open_client: Open, server: Server, har: Path) -> None:
    auth = Auth(scheme=AuthScheme.ATPROTO, name=server.url(""), variable="BLUESKY", how="make one", without="")
    secret = Secret("ada.example:app-pass-word")
    session = {"accessJwt": "opaque-access", "refreshJwt": JWT, "email": "ada@example.org", "handle": "ada.example"}
    server.on("/xrpc/com.atproto.server.createSession", Script(body=json.dumps(session).encode()))
    server.on("/xrpc/search", Script(body=b"{}"))
    client = recording(open_client, har, secret.reveal())
    client.bound(host="", pace=AT_ONCE, auth=auth, secret=secret).get(server.url("/xrpc/search"), auth=True)
    client.close()
    written = har.read_text()
    for hidden in ("app-pass-word", "opaque-access", JWT, "ada@example.org"):
        assert hidden not in written
    replaying = open_client(replay=Replay(har, secrets=[secret]), sessions=Sessions(None))
    assert replaying.bound(host="", pace=AT_ONCE, auth=auth, secret=secret).get(server.url("/xrpc/search"), auth=True).body == b"{}"


def test_page_tokens_are_not_secrets(open_client: Open, server: Server, har: Path) -> None:
    server.answer("/a", lambda asked: Script(body=asked.path.encode()))
    client = recording(open_client, har)
    ask(bound(client), server, "/a?pageToken=one", "/a?pageToken=two", "/a?page_token=three&keyword=crews")
    client.close()
    replayed = bound(open_client(replay=Replay(har)))
    assert replayed.get(server.url("/a?pageToken=two")).body == b"/a?pageToken=two"
    assert "keyword=crews" in har.read_text()


def test_a_recording_is_a_har_file(open_client: Open, server: Server, har: Path) -> None:
    server.on("/a", Script(body=b"x", headers={"Content-Type": "text/plain"}))
    client = recording(open_client, har)
    ask(bound(client), server, "/a?q=1")
    bound(client).post(server.url("/a"), json={})
    client.close()
    log = json.loads(har.read_text())["log"]
    assert (log["version"], log["creator"]) == ("1.2", {"name": "aggregator", "version": "1.2"})
    for entry in log["entries"]:
        assert datetime.fromisoformat(entry["startedDateTime"]).utcoffset() is not None
        assert entry["time"] == sum(entry["timings"].values()) >= 0
        request, response = entry["request"], entry["response"]
        shared = {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
        assert set(request) >= shared | {"method", "url", "queryString"}
        assert set(response) >= shared | {"status", "statusText", "content", "redirectURL"}
        assert response["content"] == {"size": 1, "mimeType": "text/plain", "text": "x"}
    assert log["entries"][0]["request"]["queryString"] == [{"name": "q", "value": "1"}]
    assert log["entries"][1]["request"]["postData"] == {"mimeType": "application/json", "text": "{}"}


def test_a_crash_loses_nothing_and_an_old_recording_stays_until_the_end(open_client: Open, server: Server, har: Path) -> None:
    har.write_text("old")
    server.on("/a", Script(body=b"x"))
    client = recording(open_client, har)
    part = har.with_name("run.har.part")
    for number in range(3):
        assert len(json.loads(part.read_bytes())["log"]["entries"]) == number
        ask(bound(client), server, "/a")
    assert har.read_text() == "old"
    client.close()
    assert not part.exists()
    assert len(json.loads(har.read_bytes())["log"]["entries"]) == 3


def test_a_recording_is_made_only_where_one_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        Recorder(tmp_path / "file" / "run.har", version="1", secrets=[])


@pytest.mark.parametrize(
    "content", [None, "", "{}", "[]", '{"log":{"entries":[{}]}}', '{"log":{"entries":[{"request":{"url":"http://["}}]}}']
)
def test_what_is_no_recording_is_a_configuration_error(har: Path, content: str | None) -> None:
    if content is not None:
        har.write_text(content)
    with pytest.raises(ConfigError, match=r"HAR"):
        Replay(har)


@given(
    st.text(min_size=8, max_size=40).filter(lambda text: not text.isspace()), st.binary(max_size=20), st.binary(max_size=20)
)  # fmt: skip
def test_no_form_of_any_secret_survives(secret: str, before: bytes, after: bytes) -> None:
    if secret in REDACTED:
        return
    try:
        raw = secret.encode()
    except UnicodeEncodeError:
        return
    cleaner = Redactor([Secret(secret)])
    for form in (raw, quote(secret).encode(), quote_plus(secret).encode(), json.dumps(secret)[1:-1].encode()):
        assert form not in cleaner.clean(b"\x00" + form + b"\x00").replace(REDACTED.encode(), b"")
    coded = base64.b64encode(before + raw + after)
    assert cleaner.clean(coded) != coded
