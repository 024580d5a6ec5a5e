"""A mailbox's folder as a source asks for it: at a real Dovecot, and at servers that drip, swell or are not to be reached."""

from __future__ import annotations

import base64
import itertools
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.clock import now
from aggregator.errors import SourceError, Unauthorized, Unavailable
from aggregator.fetch import Auth, AuthScheme, Pace
from aggregator.fetch.auth import Sessions
from aggregator.fetch.client import Client
from aggregator.fetch.exchange import Answer, Question
from aggregator.fetch.folders import MOST_BYTES, Folders
from aggregator.fetch.recording import Recorder, Replay
from aggregator.settings import Fetch, Secret
from tests.support.certificates import certificate
from tests.support.dovecot import PASSWORD, Dovecot, needs_dovecot

LOOPBACK = Fetch(allow_networks=("127.0.0.0/8",))
_numbers = itertools.count()


def letter(number: int, *fields: str, body: str = "What is new.") -> bytes:
    """A mail that says what it is in its header."""
    head = ("From: Crews <news@example.org>", f"Subject: number {number}", f"Message-ID: <{number}@example.org>", *fields)
    return ("\r\n".join((*head, "", body, ""))).encode()


def bulk(number: int, *fields: str, body: str = "What is new.") -> bytes:
    return letter(number, "List-Id: Crews <crews.example.org>", *fields, body=body)


def asked(url: str, *, after: int = 0, most: int = 50, user: str, word: str = PASSWORD, settings: Fetch = LOOPBACK) -> Answer:
    folders = Folders(settings=settings, stopped=lambda: False)
    try:
        body = json.dumps({"after": after, "most": most}).encode()
        return folders.send(Question(url=url, method="MESSAGES", secret_headers={"login": f"{user}:{word}"}, body=body))
    finally:
        folders.close()


def rows(answer: Answer) -> list[tuple[int, bytes]]:
    found: list[dict[str, Any]] = [json.loads(line) for line in answer.body.splitlines()]
    return [(one["uid"], base64.b64decode(one["raw"])) for one in found]


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with Dovecot() as running:
        yield running


@pytest.fixture
def user() -> str:
    return f"lists{next(_numbers)}@example.org"


@pytest.mark.servers
@needs_dovecot
class TestAtDovecot:
    """A real server."""

    def url(self, server: Dovecot, folder: str = "INBOX") -> str:
        return f"imap://127.0.0.1:{server.port}/{folder}"

    def test_messages_come_by_number_so_many_at_a_time(self, server: Dovecot, user: str) -> None:
        server.deliver(user, *(bulk(number) for number in range(1, 6)))
        first = asked(self.url(server), user=user, most=3)
        rest = asked(self.url(server), user=user, most=3, after=3)
        none = asked(self.url(server), user=user, most=3, after=5)
        assert [uid for uid, _ in rows(first)] == [1, 2, 3]
        assert [uid for uid, _ in rows(rest)] == [4, 5]
        assert rows(none) == []
        assert [one.headers["more"] for one in (first, rest, none)] == ["yes", "no", "no"]
        assert first.headers["uidvalidity"].isdigit()

    def test_nothing_is_marked_as_read(self, server: Dovecot, user: str) -> None:
        server.deliver(user, bulk(1), bulk(2))
        asked(self.url(server), user=user)
        assert [kept.flags - {r"\Recent"} for kept in server.mails(user)] == [frozenset(), frozenset()]

    def test_a_private_letter_does_not_leave_the_mailbox(self, server: Dovecot, user: str) -> None:
        server.deliver(user, letter(1, "To: ada@example.org", body="between us"), bulk(2), letter(3, "Precedence: bulk"))
        found = dict(rows(asked(self.url(server), user=user)))
        assert found[1] == b""
        assert b"What is new." in found[2]
        assert b"What is new." in found[3]

    def test_neither_the_recipient_nor_the_way_leaves_the_mailbox(self, server: Dovecot, user: str) -> None:
        told = (
            "To: ada@example.org",
            "Delivered-To: ada@example.org",
            "Received: from a by b for <ada@example.org>",
            "X-Rcpt: ada@example.org",
        )
        server.deliver(user, bulk(1, *told))
        ((_, raw),) = rows(asked(self.url(server), user=user))
        assert b"ada@" not in raw
        assert b"Subject: number 1" in raw

    def test_of_a_long_message_the_beginning_is_read(self, server: Dovecot, user: str) -> None:
        server.deliver(user, bulk(1, body=("y" * 70 + "\r\n") * 9_000))
        ((_, raw),) = rows(asked(self.url(server), user=user))
        assert MOST_BYTES < len(raw) < MOST_BYTES + 1_000

    def test_a_reply_is_never_longer_than_a_body_may_be(self, server: Dovecot, user: str) -> None:
        server.deliver(user, *(bulk(number, body="y" * 4_000) for number in range(1, 5)))
        small = Fetch(allow_networks=("127.0.0.0/8",), max_body_bytes=12_000)
        answer = asked(self.url(server), user=user, settings=small)
        assert [uid for uid, _ in rows(answer)] == [1, 2]
        assert answer.headers["more"] == "yes"

    def test_a_folder_with_a_name_of_any_signs_is_read(self, server: Dovecot, user: str) -> None:
        with server.client(user) as client:
            client.create('"B&APw-cher"')
        server.deliver(user, bulk(1), folder="B&APw-cher")
        assert [uid for uid, _ in rows(asked(self.url(server, "B%C3%BCcher"), user=user))] == [1]

    def test_a_folder_that_is_not_there_wants_the_operator(self, server: Dovecot, user: str) -> None:
        with pytest.raises(Unauthorized, match="write its name as the server spells it"):
            asked(self.url(server, "News"), user=user)

    def test_no_password_goes_in_the_clear_to_a_name(self, server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
        found = socket.getaddrinfo("127.0.0.1", server.port, type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with pytest.raises(Unauthorized, match="STARTTLS"):
            asked(f"imap://mail.example.org:{server.port}/INBOX", user=user)

    def test_a_wrong_password_wants_the_operator_and_is_not_told(self, server: Dovecot, user: str) -> None:
        folders = Folders(settings=LOOPBACK, stopped=lambda: False)
        question = Question(
            url=self.url(server), method="MESSAGES", secret_headers={"login": f"{user}:letmein"}, body=b'{"after":0,"most":1}'
        )
        with closing(folders), pytest.raises(Unauthorized, match="refuses the user and password") as caught:
            folders.send(question)
        assert "letmein" not in str(caught.value)
        assert user not in str(caught.value)

    def test_a_renumbered_folder_says_so(self, server: Dovecot, user: str) -> None:
        server.deliver(user, bulk(1))
        before = asked(self.url(server), user=user).headers["uidvalidity"]
        server.renumber(user)
        assert asked(self.url(server), user=user).headers["uidvalidity"] != before

    def test_a_private_network_is_not_asked_unless_it_is_opened(self, server: Dovecot, user: str) -> None:
        with pytest.raises(Unavailable, match="a loopback address"):
            asked(self.url(server), user=user, settings=Fetch())

    def test_a_certificate_is_looked_at(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str) -> None:
        made = certificate(tmp_path)
        with Dovecot(certificate=made) as private:
            private.deliver(user, bulk(1))
            url = f"imaps://127.0.0.1:{private.tls_port}/INBOX"
            with pytest.raises(Unavailable, match="its certificate is not valid"):
                asked(url, user=user)
            monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
            assert [uid for uid, _ in rows(asked(url, user=user))] == [1]


class Odd:
    """A server that says what it was told to, whatever it hears, and then a byte now and then."""

    def __init__(self, greeting: bytes, answers: Sequence[bytes]) -> None:
        self._greeting, self._answers = greeting, answers
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> str:
        self._thread.start()
        return f"imap://127.0.0.1:{self._listening.getsockname()[1]}/INBOX"

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with closing(connection), connection.makefile("rb") as lines, suppress(OSError):
            connection.sendall(self._greeting)
            for answer in self._answers:
                tag = lines.readline().partition(b" ")[0]
                connection.sendall(answer.replace(b"TAG", tag))
            while not self._ended.wait(0.05):
                connection.sendall(b"x")


HELLO = b"* OK [CAPABILITY IMAP4rev1] hello\r\n"
CAPABLE = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"
OPEN = (
    CAPABLE,
    b"TAG OK in\r\n",
    CAPABLE,
    b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\nTAG OK done\r\n",
    b"* SEARCH 1\r\nTAG OK done\r\n",
)


def test_a_server_that_drips_is_broken_off() -> None:
    hasty = Fetch(allow_networks=("127.0.0.0/8",), total_timeout=timedelta(seconds=0.4), read_timeout=timedelta(seconds=5))
    with Odd(HELLO, ()) as url, pytest.raises(Unavailable, match=r"no whole answer within 0\.4 s"):
        asked(url, user="ada", word="x", settings=hasty)


@pytest.mark.parametrize(
    "swollen",
    [b"* 1 FETCH (UID 1 BODY[HEADER] {2000000000}\r\nSubject: x", b"* OK " + b"y" * 900_000 + b"\r\n* OK " + b"y" * 900_000 + b"\r\n"],
)
def test_a_server_that_swells_is_left(swollen: bytes) -> None:
    small = Fetch(allow_networks=("127.0.0.0/8",), max_body_bytes=500_000, total_timeout=timedelta(seconds=10))
    with Odd(HELLO, (*OPEN, swollen)) as url, pytest.raises(Unavailable, match="more came than was asked for"):
        asked(url, user="ada", word="x", settings=small)


def test_a_program_that_ends_does_not_wait_for_the_mailbox() -> None:
    stopping = threading.Event()
    folders = Folders(settings=LOOPBACK, stopped=stopping.is_set)
    raised: list[BaseException] = []
    with Odd(HELLO, (OPEN[0],)) as url:
        question = Question(url=url, method="MESSAGES", secret_headers={"login": "ada:x"}, body=b'{"after":0,"most":1}')

        def ask() -> None:
            try:
                folders.send(question)
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        stopping.set()
        while thread.is_alive():
            folders.stop()
            thread.join(0.05)
        folders.close()
    assert [type(one).__name__ for one in raised] == ["Stopped"]


def test_an_address_without_a_mailbox_is_not_asked() -> None:
    with pytest.raises(SourceError, match="expected an imap or imaps address"):
        asked("https://mail.example/INBOX", user="ada")


@pytest.mark.servers
@needs_dovecot
def test_a_recording_holds_no_mail(server: Dovecot, user: str, tmp_path: Path) -> None:
    server.deliver(user, bulk(1, body="for your eyes"))
    secret = Secret(f"{user}:{PASSWORD}")
    recorder = Recorder(tmp_path / "run.har", version="1", secrets=[secret])
    url = f"imap://127.0.0.1:{server.port}/INBOX"
    client = Client(settings=LOOPBACK, version="1", clock=now, sessions=Sessions(None), recorder=recorder)
    auth = Auth(scheme=AuthScheme.LOGIN, variable="NEWSLETTER_IMAP", how="", without="")
    reply = client.bound(host="127.0.0.1", pace=Pace(), auth=auth, secret=secret).messages(url, after=0, most=5)
    client.close()
    written = (tmp_path / "run.har").read_text()
    assert reply.body
    assert json.loads(written)["log"]["entries"][0]["response"]["content"]["size"] == 0
    assert PASSWORD not in written
    assert user not in written
    again = Replay(tmp_path / "run.har").send(Question(url=url, method="MESSAGES", body=b'{"after":0,"most":5}'))
    assert (again.body, again.headers["more"]) == (b"", "no")
