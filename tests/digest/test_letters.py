"""The confirmation mail: what it says, what it must not say, and that nobody gets two."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from aggregator.digest.letters import Mailed, letter, mail_letters
from aggregator.digest.mailers import Fate, Mail, Reply
from aggregator.digest.mailers.folder import FolderMailer
from aggregator.digest.mailers.smtp import SmtpMailer
from aggregator.digest.membership import Membership
from aggregator.digest.tokens import Purpose, Tokens
from aggregator.errors import ConfigError, DeliveryError
from aggregator.model import Bounce, Subscriber, SubscriberState, Topic
from aggregator.settings import Digest, Mailbox, Serve, Settings, Site, Smtp
from aggregator.store.private import PrivateStore, SigningKey
from aggregator.store.private.opening import open_private
from tests.support.sinks import LATER, REFUSED, UNCERTAIN, UNKNOWN, Died, Sink
from tests.support.smtp import Failure, SmtpServer

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
ADA, BO, CY = "ada@example.org", "bo@example.org", "cy@example.org"
DIGEST = Digest(
    sender="Crew news <digest@example.org>",
    postal="Crews e.V., Example Street 1, Exampleton",
    serve=Serve(url="https://digest.example.org/"),
    mailbox=Mailbox(address="box@example.org", host="imap.example.org"),
)
SETTINGS = Settings(
    file=Path("sources.yaml"),
    site=Site(title="Discussing crews", url="https://crews.example.org/", timezone="Europe/Berlin"),
    topics=(Topic(id="care", title="Care work", any_of=("care",)), Topic(id="crews", title="Crews", any_of=("crews",))),
    sources=(),
    digest=DIGEST,
)
TOKENS = Tokens([SigningKey(number=1, secret=b"k" * 32, made_at=NOW)])
ASKED = Subscriber(
    id="abcdefghijklmnop", address=ADA, state=SubscriberState.PENDING, rhythm="weekly", source="form", asked_at=NOW - timedelta(hours=1)
)
LINK = f"https://digest.example.org/confirm/{TOKENS.sign(Purpose.CONFIRM, ASKED.id)}"


def with_digest(**changes: object) -> Settings:
    return replace(SETTINGS, digest=replace(DIGEST, **changes))  # type: ignore[arg-type]  # fields of Digest


def read(settings: Settings = SETTINGS, one: Subscriber = ASKED) -> EmailMessage:
    message = message_from_bytes(letter(one, settings, TOKENS, salt=b"salt", at=NOW).content, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def body(settings: Settings = SETTINGS, one: Subscriber = ASKED) -> str:
    """Its words, with the ends of lines as spaces."""
    return " ".join(str(read(settings, one).get_content()).split())


# -- what it says


def test_it_says_who_asks_what_and_that_nothing_happens_without_an_answer() -> None:
    said = body()
    assert (
        "On 22 November 2026 somebody asked on the page that Discussing crews be mailed to this address (weekly). We hope that it was you."
        in said
    )
    assert f"If you want it, open this page and press the button on it: {LINK} " in said
    assert "If you do not, do nothing: no other mail comes, and the address is forgotten after 7 days." in said
    assert said.endswith("-- Discussing crews https://crews.example.org/ Crews e.V., Example Street 1, Exampleton")


def test_the_day_is_that_of_the_digests_zone() -> None:
    assert "On 23 November 2026 " in body(one=replace(ASKED, asked_at=NOW))
    assert "On 22 November 2026 " in body(with_digest(timezone="America/Lima"), replace(ASKED, asked_at=NOW))


def test_it_names_rhythm_and_topics_and_where_they_were_asked_for() -> None:
    one = replace(ASKED, rhythm="monthly", topics=("care", "crews"), source="mail")
    said = body(with_digest(title="Crew news"), one)
    assert "somebody asked by mail that Crew news be mailed to this address (monthly, about Care work and Crews)" in said


def test_with_a_server_and_a_mailbox_it_can_be_confirmed_both_ways() -> None:
    assert "Or answer this mail and leave the subject as it is; nothing need be written in the answer." in body()
    assert read()["Reply-To"] == f"box+{TOKENS.sign(Purpose.CONFIRM, ASKED.id)}@example.org"


def test_with_a_mailbox_alone_it_is_answered_and_holds_no_link() -> None:
    settings = with_digest(serve=None)
    assert "If you want it, answer this mail and leave the subject as it is; nothing need be written in the answer." in body(settings)
    assert "digest.example.org" not in body(settings)
    assert read(settings)["Reply-To"] == f"box+{TOKENS.sign(Purpose.CONFIRM, ASKED.id)}@example.org"


@pytest.mark.parametrize(("reply_to", "expected"), [("", "Crew news <digest@example.org>"), ("desk@example.org", "desk@example.org")])
def test_with_a_server_alone_answers_go_to_people(reply_to: str, expected: str) -> None:
    settings = with_digest(mailbox=None, reply_to=reply_to)
    assert read(settings)["Reply-To"] == expected
    assert "answer this mail" not in body(settings)


def test_the_link_stands_whole_on_a_line_of_its_own() -> None:
    assert f"\r\n{LINK}\r\n".encode() in letter(ASKED, SETTINGS, TOKENS, salt=b"", at=NOW).content


@pytest.mark.parametrize(
    "url", ["https://digest.example.org/a=62/", "https://b\u00fccher.example/", f"https://digest.example.org/{'long/' * 40}"]
)
def test_a_link_that_mail_cannot_carry_as_it_is_arrives_all_the_same(url: str) -> None:
    assert f"{url}confirm/" in body(with_digest(serve=Serve(url=url)))


# -- how it is made


def test_its_headers_are_these_and_no_others() -> None:
    message = read()
    assert dict(message.items()) == {
        "To": ADA,
        "Message-ID": message["Message-ID"],
        "From": "Crew news <digest@example.org>",
        "Reply-To": message["Reply-To"],
        "Subject": "Please confirm: Discussing crews",
        "Date": "Sun, 22 Nov 2026 23:30:00 +0000",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Content-Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
    }
    assert not message.is_multipart()
    assert message.defects == []


def test_every_line_is_short_and_in_ascii_whatever_the_configuration_says() -> None:
    settings = replace(
        SETTINGS,
        site=replace(SETTINGS.site, title="Über \U0001f9f6 " + "sehr lange Wörter " * 60),
        digest=replace(DIGEST, sender="Größe <digest@example.org>", postal="Straße\r\nBcc: eve@example.org " + "x" * 2000),
    )
    raw = letter(ASKED, settings, TOKENS, salt=b"", at=NOW).content
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 90
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    message = read(settings)
    assert message["Bcc"] is None
    assert message["From"] == "Größe <digest@example.org>"
    assert "Straße Bcc: eve@example.org" in body(settings)


def test_its_message_id_is_the_same_at_every_attempt_and_cannot_be_guessed() -> None:
    first = letter(ASKED, SETTINGS, TOKENS, salt=b"salt", at=NOW)
    again = letter(replace(ASKED, mailed_at=NOW), SETTINGS, TOKENS, salt=b"salt", at=NOW + timedelta(hours=1))
    assert first.message_id == again.message_id == read()["Message-ID"].strip("<>")
    assert first.message_id.endswith("@example.org")
    assert letter(ASKED, SETTINGS, TOKENS, salt=b"other", at=NOW).message_id != first.message_id
    assert letter(replace(ASKED, id="b" * 16), SETTINGS, TOKENS, salt=b"salt", at=NOW).message_id != first.message_id


def test_it_comes_back_to_the_mailbox_where_there_is_one() -> None:
    mail = letter(ASKED, SETTINGS, TOKENS, salt=b"", at=NOW)
    assert (mail.recipient, mail.address) == (ASKED.id, ADA)
    assert mail.sender == f"box+{TOKENS.sign(Purpose.RETURN, ASKED.id)}@example.org"
    assert letter(ASKED, with_digest(mailbox=None), TOKENS, salt=b"", at=NOW).sender == "digest@example.org"


def test_the_only_token_in_it_confirms() -> None:
    raw = letter(ASKED, SETTINGS, TOKENS, salt=b"", at=NOW).content.decode()
    for purpose in (Purpose.LEAVE, Purpose.CHANGE, Purpose.RETURN):
        assert TOKENS.sign(purpose, ASKED.id) not in raw
    assert raw.count(TOKENS.sign(Purpose.CONFIRM, ASKED.id)) == 2


def test_neither_address_nor_token_stands_in_what_is_printed_of_a_mail() -> None:
    shown = repr(letter(ASKED, SETTINGS, TOKENS, salt=b"", at=NOW))
    assert ADA not in shown
    assert TOKENS.sign(Purpose.CONFIRM, ASKED.id) not in shown


# -- how it is handed over


@pytest.fixture
def private() -> Iterator[PrivateStore]:
    with closing(open_private(":memory:", clock=lambda: NOW)) as opened:
        yield opened


def asks(private: PrivateStore, *addresses: str) -> None:
    for number, address in enumerate(addresses):
        Membership(private, SETTINGS, lambda number=number: NOW + timedelta(seconds=number)).ask(address, source="form")  # type: ignore[misc]  # bound at once


def mailed(private: PrivateStore, sink: Sink, settings: Settings = SETTINGS) -> Mailed:
    return mail_letters(private, settings, sink, lambda: NOW)


def answering(**answers: Reply) -> Callable[[Mail], Reply]:
    """What is answered to mail to so-and-so @example.org; what is not said is accepted."""
    return lambda mail: answers.get(mail.address.partition("@")[0], Reply(fate=Fate.ACCEPTED, text="250 OK"))


def states(private: PrivateStore) -> dict[str, tuple[SubscriberState, bool]]:
    """State, and whether a letter is owed no more, by address."""
    return {one.address: (one.state, one.mailed_at is not None) for one in private.subscribers.all()}


def test_everybody_who_asked_gets_one_letter_oldest_first(private: PrivateStore) -> None:
    asks(private, BO, ADA)
    sink = Sink()
    assert mailed(private, sink) == Mailed(count=2)
    assert [mail.address for mail in sink.mails] == [BO, ADA]
    assert mailed(private, sink) == Mailed()
    assert len(sink.mails) == 2


def test_more_than_are_looked_up_at_once_are_all_mailed(private: PrivateStore) -> None:
    asks(private, *(f"reader{number}@example.org" for number in range(250)))
    sink = Sink(answer=answering(reader7=LATER, reader203=LATER))
    assert mailed(private, sink) == Mailed(count=248, failed=2)
    assert len({mail.address for mail in sink.mails}) == len(sink.mails) == 248


def test_when_there_is_nothing_to_mail_no_server_is_asked(private: PrivateStore) -> None:
    class Unreachable(Sink):
        def line(self) -> object:  # type: ignore[override]  # it never comes to that
            raise AssertionError("a line was opened")

    assert mailed(private, Unreachable()) == Mailed()


def test_a_letter_that_was_not_taken_now_is_mailed_the_next_time_with_the_same_message_id(private: PrivateStore) -> None:
    asks(private, ADA, BO)
    offered: list[str] = []

    def answer(mail: Mail) -> Reply:
        offered.append(mail.message_id)
        return LATER if mail.address == ADA and len(offered) < 3 else Reply(fate=Fate.ACCEPTED, text="250 OK")

    assert mailed(private, Sink(answer=answer)) == Mailed(count=1, failed=1)
    assert states(private) == {ADA: (SubscriberState.PENDING, False), BO: (SubscriberState.PENDING, True)}
    assert mailed(private, Sink(answer=answer)) == Mailed(count=1)
    assert offered[0] == offered[2]


def test_an_address_that_does_not_exist_is_suppressed(private: PrivateStore) -> None:
    asks(private, ADA, BO)
    assert mailed(private, Sink(answer=answering(ada=UNKNOWN))) == Mailed(count=1, failed=1)
    assert private.subscribers.suppressed(ADA)
    assert private.subscribers.all((SubscriberState.SUPPRESSED,))[0].bounce is Bounce.HARD


@pytest.mark.parametrize("reply", [REFUSED, UNCERTAIN])
def test_a_letter_that_was_refused_or_whose_end_nobody_saw_is_not_mailed_again(private: PrivateStore, reply: Reply) -> None:
    asks(private, ADA)
    assert mailed(private, Sink(answer=answering(ada=reply))) == Mailed(failed=1)
    assert states(private) == {ADA: (SubscriberState.PENDING, True)}
    assert mailed(private, Sink()) == Mailed()


def test_when_no_mail_can_be_handed_over_all_letters_are_owed_still(private: PrivateStore) -> None:
    asks(private, ADA, BO)

    def answer(_mail: Mail) -> Reply:
        raise DeliveryError("the mail server cannot be reached")

    with pytest.raises(DeliveryError):
        mailed(private, Sink(answer=answer))
    assert mailed(private, Sink()) == Mailed(count=2)


def test_after_being_killed_nobody_gets_a_second_letter(private: PrivateStore) -> None:
    asks(private, ADA, BO)
    accepted: list[str] = []

    def heard(mail: Mail) -> None:
        accepted.append(mail.address)
        raise Died

    with pytest.raises(Died):
        mailed(private, Sink(heard=heard))
    assert mailed(private, Sink(heard=lambda mail: accepted.append(mail.address))) == Mailed(count=1)
    assert accepted == [ADA, BO]


def test_a_letter_that_waited_for_longer_than_it_would_be_good_is_not_mailed(private: PrivateStore) -> None:
    asks(private, ADA)
    sink = Sink()
    assert mail_letters(private, SETTINGS, sink, lambda: NOW + timedelta(days=8)) == Mailed()
    assert mailed(private, sink) == Mailed(count=1)


def test_two_that_mail_at_once_mail_everybody_once(private: PrivateStore) -> None:
    asks(private, *(f"reader{number}@example.org" for number in range(60)))
    sink, start = Sink(), threading.Barrier(2)

    def run() -> None:
        start.wait(timeout=30)
        mailed(private, sink)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(mail.address for mail in sink.mails) == sorted(f"reader{number}@example.org" for number in range(60))


def test_letters_keep_to_the_pace_that_is_configured(private: PrivateStore) -> None:
    asks(private, ADA, BO, CY)
    began = time.monotonic()
    assert mailed(private, Sink(per_second=20.0)) == Mailed(count=3)
    assert time.monotonic() - began >= 2 / 20


def test_nothing_is_mailed_that_nobody_could_answer(private: PrivateStore) -> None:
    asks(private, ADA)
    assert mailed(private, Sink(), with_digest(serve=None, mailbox=None)) == Mailed()
    assert states(private) == {ADA: (SubscriberState.PENDING, False)}


def test_without_a_digest_the_operator_is_told_what_to_add(private: PrivateStore) -> None:
    with pytest.raises(ConfigError, match="Add one"):
        mailed(private, Sink(), replace(SETTINGS, digest=None))


def test_the_link_of_the_letter_confirms(private: PrivateStore) -> None:
    asks(private, ADA)
    sink = Sink()
    mailed(private, sink)
    [mail] = sink.mails
    link = next(line for line in mail.content.decode().splitlines() if line.startswith("https://digest.example.org/confirm/"))
    confirmed = Membership(private, SETTINGS, lambda: NOW).confirm(link.rpartition("/")[2])
    assert confirmed is not None
    assert confirmed.address == ADA


# -- with real mailers


def test_a_mail_server_gets_it_as_it_is(private: PrivateStore) -> None:
    asks(private, ADA, BO, CY)
    with SmtpServer(
        [Failure(at="RCPT", reply="550 5.1.1 no such user", recipient=BO), Failure(at="RCPT", reply="450 4.2.0 Greylisted")]
    ) as server:
        mailer = SmtpMailer(Smtp(host="127.0.0.1", port=server.port, security="none"))
        assert mail_letters(private, SETTINGS, mailer, lambda: NOW) == Mailed(count=1, failed=2)
        assert mail_letters(private, SETTINGS, mailer, lambda: NOW) == Mailed(count=1)
        assert sorted(copy.recipient for copy in server.copies) == [ADA, CY]
        [token] = {named_by(private, copy.sender) for copy in server.copies if copy.recipient == ADA}
    assert token == private.subscribers.find(ADA)
    assert private.subscribers.suppressed(BO)


def named_by(private: PrivateStore, sender: str) -> Subscriber | None:
    """Whom a return address names."""
    local = sender.partition("@")[0]
    id = Tokens(private.keys.signing()).read(local.partition("+")[2], Purpose.RETURN)
    return private.subscribers.one(id) if id else None


def test_without_any_server_it_is_a_file_that_nobody_else_can_read(private: PrivateStore, tmp_path: Path) -> None:
    asks(private, ADA)
    assert mail_letters(private, SETTINGS, FolderMailer(tmp_path / "mail"), lambda: NOW) == Mailed(count=1)
    [file] = (tmp_path / "mail").iterdir()
    message = message_from_bytes(file.read_bytes(), policy=policy.SMTP)
    assert message["To"] == ADA
    assert file.stat().st_mode & 0o777 == 0o600
