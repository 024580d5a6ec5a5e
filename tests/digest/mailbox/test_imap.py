"""A folder at a real IMAP server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from aggregator.digest.mailbox.imap import DONE, FIRST_BYTES, opened
from aggregator.errors import ConfigError, MailboxError
from aggregator.settings import Secret
from tests.digest.mailbox.conftest import Account, account_at
from tests.support.certificates import certificate
from tests.support.correspondence import mail
from tests.support.dovecot import PASSWORD, Dovecot, needs_dovecot

pytestmark = [pytest.mark.servers, needs_dovecot]

SECRET = Secret(PASSWORD)
ONE, TWO, THREE = (mail(str(number), subject=f"number {number}") for number in (1, 2, 3))


def test_new_mail_is_what_is_above_a_number(account: Account) -> None:
    account.gets(ONE, TWO)
    with opened(account.mailbox, SECRET) as folder:
        assert folder.newer(0) == (1, 2)
        assert folder.newer(1) == (2,)
        assert folder.newer(2) == ()
        assert [message.raw for message in folder.fetch((1, 2, 3))] == [ONE, TWO]


def test_an_empty_folder_has_no_new_mail(account: Account) -> None:
    with opened(account.mailbox, SECRET) as folder:
        assert folder.newer(0) == ()
        assert list(folder.fetch(())) == []


def test_mail_that_is_marked_as_deleted_is_not_new(account: Account) -> None:
    account.server.deliver(account.user, ONE, flags=r"(\Deleted)")
    account.gets(TWO)
    with opened(account.mailbox, SECRET) as folder:
        assert folder.newer(0) == (2,)


def test_old_mail_is_left_out_where_that_is_wanted(account: Account) -> None:
    account.server.deliver(account.user, ONE, at=datetime(2026, 10, 1, 12, tzinfo=UTC))
    account.server.deliver(account.user, TWO, at=datetime(2026, 11, 1, 12, tzinfo=UTC))
    with opened(account.mailbox, SECRET) as folder:
        assert folder.newer(0, since=date(2026, 10, 20)) == (2,)
        assert folder.newer(0) == (1, 2)


def test_reading_leaves_mail_unread_and_reads_the_beginning_alone(account: Account) -> None:
    large = mail("x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 100_000)
    account.gets(large)
    with opened(account.mailbox, SECRET) as folder:
        (message,) = folder.fetch(folder.newer(0))
    assert message.raw == large[:FIRST_BYTES]
    assert [kept.flags - {r"\Recent"} for kept in account.mails()] == [frozenset()]


def test_what_a_message_holds_is_not_taken_for_the_servers_words(account: Account) -> None:
    odd = [
        b"Subject: a\r\n\r\n)\r\n* 7 FETCH (UID 99 BODY[]<0> {3}\r\nabc)\r\nA1 OK done\r\n",
        b"no header\r\n",
        b"\r\n",
        b"Subject: \xff\xfe\r\n\r\n\x80\r\n",
    ]
    account.gets(*odd)
    with opened(account.mailbox, SECRET) as folder:
        assert [(message.uid, message.raw) for message in folder.fetch(folder.newer(0))] == list(enumerate(odd, 1))


def test_many_messages_are_read_some_at_a_time(account: Account) -> None:
    raws = [mail(str(number)) for number in range(45)]
    account.gets(*raws)
    with opened(account.mailbox, SECRET) as folder:
        assert [message.raw for message in folder.fetch(folder.newer(0))] == raws


@pytest.mark.parametrize(
    ("lacks", "prefix"), [((), ""), ((), "INBOX."), (("MOVE",), ""), (("NAMESPACE",), "")], ids=["", "prefix", "no move", "no namespace"]
)
def test_handled_mail_is_put_aside(lacks: tuple[str, ...], prefix: str) -> None:
    with Dovecot(lacks=lacks, prefix=prefix) as server:
        account = account_at(server)
        account.gets(ONE, TWO, THREE)
        server.deliver(account.user, b"another's wish\r\n", flags=r"(\Deleted)")
        with opened(account.mailbox, SECRET) as folder:
            assert folder.put_aside((1, 3)) == ""
            assert folder.newer(0) == (2,)
            assert folder.put_aside((1, 2, 3)) == ""
        assert account.raws(DONE) == [ONE, THREE, TWO]
        # Who marked it has not cleaned up yet.
        assert account.raws() == [b"another's wish\r\n"]


def test_where_no_single_message_can_be_removed_it_is_marked_as_deleted() -> None:
    with Dovecot(lacks=("MOVE", "UIDPLUS")) as server:
        account = account_at(server)
        account.gets(ONE, TWO)
        with opened(account.mailbox, SECRET) as folder:
            assert folder.put_aside((1,)) == ""
            assert folder.newer(0) == (2,)
        assert account.raws(DONE) == [ONE]
        assert [r"\Deleted" in kept.flags for kept in account.mails()] == [True, False]


def test_mail_that_cannot_be_put_aside_stays_and_the_reason_is_told(account: Account) -> None:
    account.gets(ONE)
    (account.server.folder / "mail" / account.user / f".{DONE}").write_text("in the way of the folder")
    with opened(account.mailbox, SECRET) as folder:
        assert folder.put_aside((1,)) != ""
        assert folder.newer(0) == (1,)
    assert account.raws() == [ONE]


def test_handled_mail_is_deleted_when_it_is_old(account: Account) -> None:
    account.server.deliver(account.user, ONE, at=datetime(2026, 10, 1, 12, tzinfo=UTC))
    account.server.deliver(account.user, TWO, at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    with opened(account.mailbox, SECRET) as folder:
        folder.put_aside((1, 2))
        assert folder.forget(date(2026, 10, 25)) == 1
    assert account.raws(DONE) == [TWO]


def test_a_mailbox_without_handled_mail_has_nothing_to_delete(account: Account) -> None:
    with opened(account.mailbox, SECRET) as folder:
        assert folder.forget(date(2026, 10, 25)) == 0


def test_a_folder_with_a_name_of_any_signs_is_opened(account: Account) -> None:
    name = 'Rund & "brief" größer'
    with account.server.client(account.user) as client:
        client.create(r'"Rund &- \"brief\" gr&APYA3w-er"')
        client.append(r'"Rund &- \"brief\" gr&APYA3w-er"', "", "", ONE)
    with opened(replace(account.mailbox, folder=name), SECRET) as folder:
        assert folder.newer(0) == (1,)


def test_a_wrong_password_is_told_with_the_variable(account: Account) -> None:
    with pytest.raises(ConfigError, match="AGGREGATOR_IMAP_PASSWORD") as error, opened(account.mailbox, Secret("wrong word")):
        pass
    assert "wrong word" not in str(error.value)
    assert "@" not in str(error.value)


def test_a_missing_password_is_told_with_the_variable(account: Account) -> None:
    with pytest.raises(ConfigError, match="AGGREGATOR_IMAP_PASSWORD is not set"), opened(account.mailbox, None):
        pass


def test_a_folder_that_is_not_there_is_told_with_its_key(account: Account) -> None:
    with pytest.raises(ConfigError, match=r"'News'.*digest\.mailbox\.folder"), opened(replace(account.mailbox, folder="News"), SECRET):
        pass


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    made = certificate(tmp_path_factory.mktemp("authority"))
    with Dovecot(certificate=made) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(made.authority))
        yield server


class TestPrivacy:
    """Of the connection."""

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_a_server_with_a_good_certificate_is_read(self, trusted: Dovecot, security: str) -> None:
        account = account_at(trusted)
        account.gets(ONE)
        port = trusted.tls_port if security == "tls" else trusted.port
        with opened(replace(account.mailbox, security=security, port=port), SECRET) as folder:
            assert folder.newer(0) == (1,)
        trusted.says("Login", account.user, "TLS")

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_a_certificate_of_another_name_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str) -> None:
        made = certificate(tmp_path, name="DNS:imap.example.org")
        monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
        with Dovecot(certificate=made) as server:
            port = server.tls_port if security == "tls" else server.port
            mailbox = replace(account_at(server).mailbox, security=security, port=port)
            with (
                pytest.raises(ConfigError, match=r"certificate that is not good .*mismatch.*digest\.mailbox\.host"),
                opened(mailbox, SECRET),
            ):
                pass
            assert "Login: user" not in server.log()

    def test_a_certificate_of_an_unknown_authority_is_refused(self, tmp_path: Path) -> None:
        with Dovecot(certificate=certificate(tmp_path)) as server:
            mailbox = replace(account_at(server).mailbox, security="tls", port=server.tls_port)
            with pytest.raises(ConfigError, match="certificate that is not good"), opened(mailbox, SECRET):
                pass

    def test_no_password_goes_to_a_server_without_starttls(self, account: Account) -> None:
        with pytest.raises(ConfigError, match="offers no STARTTLS"), opened(replace(account.mailbox, security="starttls"), SECRET):
            pass

    def test_tls_at_a_port_without_it_is_told(self, account: Account) -> None:
        with (
            pytest.raises(MailboxError, match=r"digest\.mailbox\.security and port"),
            opened(replace(account.mailbox, security="tls"), SECRET),
        ):
            pass
