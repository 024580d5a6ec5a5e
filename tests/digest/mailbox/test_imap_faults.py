"""An IMAP server that breaks off, falls silent, refuses or says something odd."""

from __future__ import annotations

import socket
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.digest.mailbox.imap import opened
from aggregator.errors import ConfigError, MailboxError
from aggregator.settings import Mailbox, Secret
from tests.support.correspondence import ADDRESS

SECRET_WORD = Secret("secret")


class Scripted:
    """A server that greets, answers each command as it is told to ("TAG" stands for the command's own), and then falls silent or closes."""

    def __init__(self, greeting: bytes, *answers: bytes, close: bool) -> None:
        self._greeting, self._answers, self._close = greeting, answers, close
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        # Commands without their tags.
        self.heard: list[bytes] = []
        port = self._listening.getsockname()[1]
        self.mailbox = Mailbox(address=ADDRESS, host="127.0.0.1", port=port, security="none")

    def __enter__(self) -> Scripted:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with closing(connection), connection.makefile("rb") as lines, suppress(OSError):
            connection.sendall(self._greeting)
            for answer in self._answers:
                tag, _, command = lines.readline().partition(b" ")
                self.heard.append(command)
                connection.sendall(answer.replace(b"TAG", tag))
            if not self._close:
                self._end.wait()


HELLO = b"* OK [CAPABILITY IMAP4rev1] hello\r\n"
CAPABLE = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"


@pytest.mark.parametrize(
    ("greeting", "answers"),
    [
        (b"", ()),
        (b"* OK hel", ()),
        (b"* OK hello\r\n", ()),
        (b"* BYE not now\r\n", ()),
        (b"HTTP/1.1 400 no\r\n", ()),
        (HELLO, (CAPABLE,)),
        (HELLO, (CAPABLE, b"TAG OK done\r\n", CAPABLE)),
        (HELLO, (CAPABLE, b"TAG OK done\r\n", CAPABLE, b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1]\r\nTAG OK done\r\n")),
        (HELLO, (CAPABLE, b"TAG OK done\r\n", CAPABLE, b"* OK [UIDVALIDITY 1]\r\nTAG OK done\r\n", b"TAG NO ada@example.org is gone\r\n")),
    ],
)
@pytest.mark.parametrize("close", [True, False])
def test_a_server_that_breaks_off_or_falls_silent_is_told_in_a_sentence(greeting: bytes, answers: tuple[bytes, ...], close: bool) -> None:
    with (
        Scripted(greeting, *answers, close=close) as server,
        pytest.raises(MailboxError, match=r"the mailbox at 127\.0") as error,
        opened(server.mailbox, SECRET_WORD, patience=timedelta(milliseconds=200)) as folder,
    ):
        folder.newer(0)
    assert "ada" not in str(error.value)


def test_a_server_that_numbers_no_mail_is_refused() -> None:
    server = Scripted(HELLO, CAPABLE, b"TAG OK done\r\n", CAPABLE, b"TAG OK done\r\n", close=True)
    with server, pytest.raises(MailboxError, match="does not number"), opened(server.mailbox, SECRET_WORD):
        pass


def test_a_server_that_knows_only_login_is_logged_in_at() -> None:
    answers = (CAPABLE, b"TAG OK done\r\n", CAPABLE, b"* OK [UIDVALIDITY 1]\r\nTAG OK done\r\n", b"* SEARCH 7\r\nTAG OK done\r\n")
    with Scripted(HELLO, *answers, close=True) as server:
        with opened(replace(server.mailbox, user='Crew "news"'), Secret('se"cr\\et')) as folder:
            assert folder.newer(6) == (7,)
        assert server.heard[1] == b'LOGIN "Crew \\"news\\"" "se\\"cr\\\\et"\r\n'


def test_a_server_that_takes_no_password_in_the_clear_is_told_with_the_key() -> None:
    greeting = b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hello\r\n"
    with Scripted(greeting, CAPABLE.replace(b"rev1", b"rev1 LOGINDISABLED"), close=True) as server:
        with pytest.raises(ConfigError, match="security: tls"), opened(server.mailbox, SECRET_WORD):
            pass
        assert len(server.heard) == 1


def test_a_login_that_passes_by_itself_is_tried_again() -> None:
    server = Scripted(HELLO, CAPABLE, b"TAG NO [UNAVAILABLE] the database sleeps\r\n", close=True)
    with server, pytest.raises(MailboxError, match="the next run tries again"), opened(server.mailbox, SECRET_WORD):
        pass


def test_a_server_that_is_not_there_is_told_in_a_sentence() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        mailbox = Mailbox(address=ADDRESS, host="127.0.0.1", port=gone.getsockname()[1], security="none")
    with pytest.raises(MailboxError, match="refused; the next run goes on"), opened(mailbox, SECRET_WORD):
        pass
