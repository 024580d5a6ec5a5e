"""Mails handed over to servers that nobody here wrote: Postfix, and its sink that fails as it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.digest.mailers import Fate, Reply
from aggregator.digest.mailers.smtp import Patience, SmtpMailer
from aggregator.errors import DeliveryError
from aggregator.settings import Smtp
from tests.digest.mailers.handing import Began, mail
from tests.support.certificates import certificate
from tests.support.postfix import Postfix, Sink, needs_postfix, needs_sink

pytestmark = pytest.mark.servers


def smtp(port: int, *, security: str = "none") -> SmtpMailer:
    patience = Patience(connect=5, command=5, body=5, end=5)
    return SmtpMailer(Smtp(host="127.0.0.1", port=port, security=security), patience=patience)


@needs_postfix
def test_postfix_delivers_exactly_what_was_handed_over_and_says_why_it_does_not() -> None:
    access = {"spammed@example.org": "554 5.7.1 Blocked by policy", "busy@example.org": "450 4.2.0 Greylisted, come back"}
    body = b"Line.\r\n.\r\n..two\r\n" + b"x" * 990 + b"\r\n"
    with Postfix(boxes=["ada", "bo"], access=access) as server, smtp(server.port).line() as line:
        replies = [
            line.hand_over(mail(f"{name}@example.org", body=body), Began()) for name in ("ada", "nobody", "busy", "spammed", "bo", "ada")
        ]
        assert [(reply.fate, reply.hard) for reply in replies] == [
            (Fate.ACCEPTED, False),
            (Fate.REFUSED, True),
            (Fate.LATER, False),
            (Fate.REFUSED, False),
            (Fate.ACCEPTED, False),
            (Fate.ACCEPTED, False),
        ]
        assert replies[1].text == "550 5.1.1 <…>: Recipient address rejected: User unknown in virtual mailbox table"
        for received in (*server.delivered("ada", 2), *server.delivered("bo", 1)):
            assert received.partition(b"\n\n")[2] == body.replace(b"\r\n", b"\n")
        assert server.log().count("]: connect from") == 2, "the look whether it listens, and one connection for all"


@needs_postfix
def test_postfix_that_passes_nothing_on_for_us_leaves_the_mail_due() -> None:
    with Postfix() as server, smtp(server.port).line() as line:
        reply = line.hand_over(mail("ada@example.net"), began := Began())
    assert reply == Reply(fate=Fate.LATER, text="454 4.7.1 <…>: Relay access denied")
    assert began.count == 0


@needs_postfix
def test_postfix_over_starttls_is_trusted_by_its_certificate_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = certificate(tmp_path)
    with Postfix(boxes=["ada"], certificate=own) as server:
        with smtp(server.port, security="starttls").line() as line, pytest.raises(DeliveryError, match="its certificate is not good"):
            line.hand_over(mail(), Began())
        monkeypatch.setenv("SSL_CERT_FILE", str(own.authority))
        with smtp(server.port, security="starttls").line() as line:
            assert line.hand_over(mail(), Began()).fate is Fate.ACCEPTED
        with smtp(server.port).line() as line, pytest.raises(DeliveryError, match="Must issue a STARTTLS command first"):
            line.hand_over(mail(), Began())


@needs_postfix
def test_a_full_postfix_asks_for_another_connection_and_gets_it() -> None:
    strict = "smtpd_hard_error_limit = 2\nsmtpd_error_sleep_time = 0\n"
    with Postfix(boxes=["ada"], extra=strict) as server, smtp(server.port).line() as line:
        replies = [line.hand_over(mail(f"{name}@example.org"), Began()) for name in ("no1", "no2", "no3", "ada", "no4")]
        assert [reply.fate for reply in replies] == [Fate.REFUSED, Fate.REFUSED, Fate.REFUSED, Fate.ACCEPTED, Fate.REFUSED]
        assert len(server.delivered("ada", 1)) == 1


@needs_sink
@pytest.mark.parametrize(
    ("options", "fate", "began"),
    [
        ((), Fate.ACCEPTED, 1),
        (("-p",), Fate.ACCEPTED, 1),
        (("-r", "mail"), Fate.LATER, 0),
        (("-r", "rcpt"), Fate.LATER, 0),
        (("-r", "data"), Fate.LATER, 0),
        (("-r", "."), Fate.LATER, 1),
        (("-f", "rcpt"), Fate.REFUSED, 0),
        (("-f", "data"), Fate.REFUSED, 0),
        (("-f", "."), Fate.REFUSED, 1),
        (("-q", "mail"), Fate.LATER, 0),
        (("-q", "rcpt"), Fate.LATER, 0),
        (("-q", "data"), Fate.LATER, 0),
        (("-q", "."), Fate.UNCERTAIN, 1),
    ],
    ids=lambda value: " ".join(value) or "well" if isinstance(value, tuple) else None,
)
def test_each_failure_of_the_sink_is_told_apart(options: tuple[str, ...], fate: Fate, began: int, tmp_path: Path) -> None:
    with Sink(*options, dump=tmp_path) as server, smtp(server.port).line() as line:
        counted = Began()
        reply = line.hand_over(mail(), counted)
        # It keeps what it reads, whatever it answers.
        read = b"Hello." in b"".join(server.taken())
    assert (reply.fate, reply.hard, counted.count) == (fate, False, began)
    assert read == bool(began), "nothing of a mail leaves before it is said to begin"


@needs_sink
@pytest.mark.parametrize("options", [("-f", "connect"), ("-f", "mail"), ("-q", "connect"), ("-q", "ehlo"), ("-r", "connect")], ids=" ".join)
def test_a_sink_that_refuses_us_is_the_fault_of_no_recipient(options: tuple[str, ...]) -> None:
    with (
        Sink(*options) as server,
        smtp(server.port).line() as line,
        pytest.raises(DeliveryError, match=f"using the mail server 127.0.0.1:{server.port}: "),
    ):
        line.hand_over(mail(), Began())
