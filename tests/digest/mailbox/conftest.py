"""One Dovecot for all tests of a mailbox, and a mailbox of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from aggregator.settings import Mailbox
from tests.support.correspondence import ADDRESS
from tests.support.dovecot import Dovecot, Kept

_numbers = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Account:
    """A mailbox at a server."""

    server: Dovecot
    user: str
    folder: str = "INBOX"

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(address=ADDRESS, host="127.0.0.1", port=self.server.port, security="none", user=self.user, folder=self.folder)

    def gets(self, *raws: bytes, folder: str = "INBOX") -> None:
        self.server.deliver(self.user, *raws, folder=folder)

    def mails(self, folder: str = "INBOX") -> list[Kept]:
        return self.server.mails(self.user, folder)

    def raws(self, folder: str = "INBOX") -> list[bytes]:
        return [mail.raw for mail in self.mails(folder)]


@pytest.fixture(scope="session")
def server() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def account(server: Dovecot) -> Account:
    return account_at(server)


def account_at(server: Dovecot) -> Account:
    return Account(server=server, user=f"reader{next(_numbers)}@example.org")
