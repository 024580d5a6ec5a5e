"""`aggregator serve` as a process: what it says, what it does, how it ends."""

from __future__ import annotations

import argparse
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from aggregator import clock
from aggregator.commands import serve
from aggregator.config import load
from aggregator.digest.membership import Membership
from aggregator.digest.tokens import Purpose
from aggregator.errors import ConfigError
from aggregator.model import SubscriberState
from aggregator.store.private.opening import open_private
from aggregator.web.serving import listen, place_of
from aggregator.web.stamps import Stamps
from tests.support.reception import FORM, until
from tests.support.steward import Steward

SOURCES = """\
site:
  title: Discussing
  url: https://example.org/discussing/
topics:
  crews: {title: Crews, any_of: [crews]}
sources:
  - address: https://blog.example.org/feed.xml
digest:
  from: digest@example.org
"""
SERVED = (
    SOURCES
    + """\
  serve:
    url: https://example.org/digest/
"""
)


@pytest.fixture
def steward(tmp_path: Path) -> Steward:
    made = Steward(folder=tmp_path)
    made.configures(SERVED)
    return made


@dataclass(frozen=True, kw_only=True)
class Running:
    """The command, and where it listens."""

    process: subprocess.Popen[str]
    place: str
    said: str

    def asks(self, method: str, path: str, **given: object) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, f"http://{self.place}/{path}", timeout=20, **given)  # type: ignore[arg-type]  # as a test names them

    def ends(self, number: int = signal.SIGTERM) -> tuple[int, float, str]:
        """Exit code, seconds that it took, and what was said meanwhile."""
        began = time.monotonic()
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - began, said


@contextmanager
def running(steward: Steward, *words: str) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", "aggregator", "serve", "--listen", "127.0.0.1:0", *words],
        cwd=steward.folder, env=steward.environ(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, encoding="utf-8",
    )  # fmt: skip
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        if said.startswith("Mails are written into"):
            said = process.stderr.readline()
        place = re.match(r"Listening at (127\.0\.0\.1:\d+);", said)
        assert place is not None, said + process.stderr.read()
        yield Running(process=process, place=place[1], said=said)
    finally:
        process.kill()
        process.wait(timeout=20)
        process.stderr.close()


def test_it_says_where_it_listens_and_where_readers_come(steward: Steward) -> None:
    with running(steward) as server:
        assert server.said == (f"Listening at {server.place}; readers come to https://example.org/digest/. Stop with Ctrl-C or SIGTERM.\n")
        assert server.asks("GET", "health").json() == {"status": "ok"}
        assert server.ends()[::2] == (0, "Stopped.\n")


def test_ctrl_c_is_an_end_like_any_other(steward: Steward) -> None:
    with running(steward) as server:
        assert server.ends(signal.SIGINT)[::2] == (0, "Stopped.\n")


def test_somebody_subscribes_confirms_and_leaves(steward: Steward) -> None:
    """With mails written as files, and another process working on the same database."""
    settings = load(steward.folder / "sources.yaml")
    with running(steward) as server, closing(open_private(settings.state / "private.db")) as private:
        shown = Stamps(private.keys.signing()).stamp(clock.now() - timedelta(seconds=10))
        form = urlencode({"address": "ada@example.org", "shown": shown})
        assert server.asks("POST", "subscribe", data=form, headers={"Content-Type": FORM}).status_code == 200
        until(lambda: list((settings.state / "mail").glob("*.eml")))
        (mail,) = (settings.state / "mail").glob("*.eml")
        link = re.search(r"https://example\.org/(digest/confirm/[a-z2-7]{45})", mail.read_text())
        assert link is not None
        assert "You are subscribed" in server.asks("POST", link[1]).text
        (ada,) = private.subscribers.all()
        assert (ada.address, ada.state) == ("ada@example.org", SubscriberState.ACTIVE)
        token = Membership(private, settings, clock.now).tokens.sign(Purpose.LEAVE, ada.id)
        assert server.asks("POST", f"leave/{token}", data="List-Unsubscribe=One-Click").status_code == 200
        assert [one.state for one in private.subscribers.all()] == [SubscriberState.LEFT]
        code, _, said = server.ends()
        assert (code, said) == (0, "Stopped.\n")


def test_a_request_in_hand_is_finished_before_the_end(steward: Steward) -> None:
    with running(steward) as server:
        host, _, port = server.place.partition(":")
        body = b"List-Unsubscribe=One-Click"
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(b"POST /leave/x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(body))
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
            server.process.send_signal(signal.SIGTERM)
            until(lambda: not open_for_all(host, int(port)))
            connection.sendall(body)
            assert connection.recv(100).startswith(b"HTTP/1.1 404 ")
        server.process.communicate(timeout=20)
        assert server.process.returncode == 0


def open_for_all(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=20).close()
    except OSError:
        return False
    return True


def test_it_ends_within_ten_seconds_whoever_holds_the_database_or_a_connection(steward: Steward) -> None:
    settings = load(steward.folder / "sources.yaml")
    with running(steward) as server, closing(open_private(settings.state / "private.db")) as private:
        membership = Membership(private, settings, clock.now)
        membership.ask("ada@example.org", source="form")
        (ada,) = private.subscribers.all()
        token = membership.tokens.sign(Purpose.LEAVE, ada.id)
        host, _, port = server.place.partition(":")
        with closing(sqlite3.connect(settings.state / "private.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waits, hangs = (socket.create_connection((host, int(port)), timeout=20) for _ in range(2))
            with waits, hangs:
                waits.sendall(f"POST /leave/{token} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
                hangs.sendall(b"POST /leave/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
                assert server.asks("GET", "health").status_code == 200
                code, seconds, _ = server.ends()
        assert code == 0
        assert seconds < 10
        assert [one.state for one in private.subscribers.all()] == [SubscriberState.PENDING]


def test_a_port_that_is_taken_is_a_sentence(steward: Steward) -> None:
    with running(steward) as server:
        said = steward.runs("serve", "--listen", server.place)
    assert (said.code, said.err) == (
        3,
        f"Another program listens at {server.place} already. Stop it, or choose another port with --listen or in digest.serve.listen.\n",
    )


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("192.0.2.1:8025", "This machine has no address for 192.0.2.1:8025."),
        ("nowhere.invalid:8025", "This machine has no address for nowhere.invalid:8025."),
        ("127.0.0.1:99999", "Nobody can listen at 127.0.0.1:99999."),
        ("8025", "Nobody can listen at 8025."),
        ("127.0.0.1:http!", "Nobody can listen at 127.0.0.1:http!."),
    ],
)
def test_a_place_where_nobody_can_listen_is_a_sentence(place: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        listen(place)
    assert str(caught.value).startswith(words)


def test_it_listens_at_an_address_of_six_parts_as_well() -> None:
    try:
        listening = listen("[::1]:0")
    except ConfigError:
        pytest.skip("this machine has no IPv6")
    with closing(listening):
        assert re.fullmatch(r"\[::1\]:\d+", place_of(listening))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SOURCES, "does not say where readers reach the server. Add its address to the digest: serve: {url:"),
        (SOURCES.partition("digest:")[0], "has no digest, and the server's settings stand there"),
        (SERVED + "  through: buttondown\n  buttondown: {}\n", "hands editions over to buttondown"),
    ],
)
def test_a_configuration_without_a_server_is_a_sentence(steward: Steward, text: str, words: str) -> None:
    steward.configures(text)
    said = steward.runs("serve")
    assert said.code == 3
    assert words in said.err


def test_what_is_missing_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == "uvicorn" else object())
    with pytest.raises(ConfigError) as caught:
        serve.serve(argparse.Namespace())
    assert str(caught.value) == (
        "The server needs Starlette and uvicorn. Install them: pip install 'aggregator[serve]', or in a checkout: make serve"
    )


def test_a_dry_run_writes_no_file(steward: Steward) -> None:
    with running(steward, "--dry-run") as server:
        assert server.asks("GET", "").status_code == 200
        assert server.ends()[0] == 0
    assert sorted(path.name for path in steward.folder.rglob("*")) == ["sources.yaml"]


def test_the_log_of_the_process_names_nobody(steward: Steward) -> None:
    with running(steward, "-v") as server:
        server.asks("GET", "leave/secrettoken?address=ada@example.org", headers={"X-Forwarded-For": "198.51.100.7"})
        _, _, said = server.ends()
    assert re.search(r" INFO aggregator\.web: GET /leave/\{token\}: 404 in \d+ ms\n", said)
    for secret in ("secrettoken", "ada", "127.0.0.1", "198.51.100.7", "uvicorn"):
        assert secret not in said
