"""Handing over to a mail server that fails at each moment of the conversation: what it means for the mail, and for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.digest.mailers import Fate, Line, Reply
from aggregator.digest.mailers.smtp import Patience, SmtpMailer
from aggregator.errors import DeliveryError
from aggregator.settings import Secret, Smtp
from tests.digest.mailers.handing import Began, mail
from tests.support.certificates import Certificate, certificate
from tests.support.smtp import Failure, SmtpServer

SHORT = Patience(connect=5, command=0.4, body=5, end=0.4, quit=1)
# More than the buffers of both ends hold, so that it cannot be sent whole to somebody who does not read.
LARGE = b"x" * 70 + b"\r\n"
LATER, REFUSED, UNCERTAIN, ACCEPTED = Fate.LATER, Fate.REFUSED, Fate.UNCERTAIN, Fate.ACCEPTED


def mailer(server: SmtpServer, *, patience: Patience = Patience(), password: str = "", **fields: object) -> SmtpMailer:  # noqa: B008  # frozen
    given: dict[str, object] = {"host": "127.0.0.1", "port": server.port, "security": "none"}
    settings = Smtp(**(given | fields))  # type: ignore[arg-type]  # the fields of Smtp, as a test names them
    return SmtpMailer(settings, password=Secret(password) if password else None, patience=patience)


@contextmanager
def line_to(server: SmtpServer, *, patience: Patience = Patience(), **fields: object) -> Iterator[Line]:  # noqa: B008  # frozen
    with mailer(server, patience=patience, **fields).line() as line:  # type: ignore[arg-type]  # the fields of Smtp
        yield line


@pytest.fixture(params=[False, True], ids=["one by one", "pipelined"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with SmtpServer(pipelining=request.param) as running:
        yield running


# -- every moment


@pytest.mark.parametrize(
    ("failure", "fate", "began", "copies"),
    [
        (Failure(at="MAIL", reply="451 4.3.0 Busy"), LATER, 0, 0),
        (Failure(at="RCPT", reply="450 4.2.0 Greylisted"), LATER, 0, 0),
        (Failure(at="DATA", reply="451 4.3.0 Busy"), LATER, 0, 0),
        (Failure(at="DOT", reply="451 4.3.0 Busy"), LATER, 1, 0),
        (Failure(at="MAIL", reply="421 4.3.2 Shutting down", hang_up=True), LATER, 0, 0),
        (Failure(at="RCPT", reply="421 4.3.2 Shutting down", hang_up=True), LATER, 0, 0),
        (Failure(at="DATA", reply="421 4.3.2 Shutting down", hang_up=True), LATER, 0, 0),
        (Failure(at="DOT", reply="421 4.3.2 Shutting down", hang_up=True), LATER, 1, 0),
        (Failure(at="RCPT", reply="550 5.1.1 No such user"), REFUSED, 0, 0),
        (Failure(at="RCPT", reply="550 5.1.1 No such user", hang_up=True), REFUSED, 0, 0),
        (Failure(at="DATA", reply="554 5.7.1 Policy"), REFUSED, 0, 0),
        (Failure(at="DOT", reply="554 5.6.0 Content"), REFUSED, 1, 0),
        (Failure(at="RCPT", reply="554 5.7.1 Relay access denied"), LATER, 0, 0),
        (Failure(at="MAIL"), LATER, 0, 0),
        (Failure(at="RCPT"), LATER, 0, 0),
        (Failure(at="DATA"), LATER, 0, 0),
        (Failure(at="DOT"), UNCERTAIN, 1, 0),
        (Failure(at="STORED"), UNCERTAIN, 1, 1),
        (Failure(at="RCPT", reply="garbage"), LATER, 0, 0),
        (Failure(at="DATA", reply="250 yes"), LATER, 0, 0),
        (Failure(at="DOT", reply="garbage"), UNCERTAIN, 1, 0),
        (Failure(at="STORED", reply="354 what"), UNCERTAIN, 1, 1),
    ],
    ids=lambda value: f"{value.at} {(value.reply or 'cut')[:3]}" if isinstance(value, Failure) else None,
)
def test_a_failure_means_what_it_means_and_the_next_mail_goes_out(
    server: SmtpServer, failure: Failure, fate: Fate, began: int, copies: int
) -> None:
    server.fail(failure)
    with line_to(server) as line:
        reply = line.hand_over(mail(number=1), counted := Began())
        assert (reply.fate, counted.count, len(server.copies)) == (fate, began, copies)
        assert reply.hard is (failure.reply == "550 5.1.1 No such user")
        assert line.hand_over(mail(number=2), Began()).fate is ACCEPTED
    assert [copy.message_id for copy in server.copies][copies:] == [mail(number=2).message_id]


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_is_silent_before_the_body_leaves_the_mail_due(server: SmtpServer, at: str) -> None:
    server.fail(Failure(at=at, reply=None, delay=3))
    with line_to(server, patience=SHORT) as line:
        assert line.hand_over(mail(), began := Began()).fate is LATER
    assert (began.count, server.copies) == (0, ())


@pytest.mark.parametrize(("at", "copies"), [("DOT", 0), ("STORED", 1)])
def test_a_server_that_is_silent_after_the_whole_mail_leaves_it_uncertain(server: SmtpServer, at: str, copies: int) -> None:
    server.fail(Failure(at=at, reply=None, delay=3))
    with line_to(server, patience=SHORT) as line:
        assert line.hand_over(mail(), Began()).fate is UNCERTAIN
        assert len(server.copies) == copies


def test_a_connection_cut_within_the_body_leaves_the_mail_due(server: SmtpServer) -> None:
    server.fail(Failure(at="BODY"))
    with line_to(server) as line:
        reply = line.hand_over(mail(body=LARGE * 400_000), began := Began())
    assert (reply.fate, began.count, server.copies) == (LATER, 1, ())


def test_a_slow_server_is_waited_for(server: SmtpServer) -> None:
    server.fail(*(Failure(at=at, reply=None, delay=0.05) for at in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT", "STORED")))
    with line_to(server) as line:
        assert line.hand_over(mail(), Began()).fate is ACCEPTED


# -- the line


def test_a_line_carries_many_mails_on_one_connection_and_takes_leave(server: SmtpServer) -> None:
    with line_to(server) as line:
        for number in range(5):
            line.hand_over(mail(number=number), Began())
    assert server.connections == 1
    assert server.verbs[-1] == "QUIT"
    assert server.verbs.count("RSET") == 0


def test_after_so_many_messages_there_is_a_new_connection(server: SmtpServer) -> None:
    with line_to(server, per_connection=2) as line:
        for number in range(5):
            line.hand_over(mail(number=number), Began())
    assert [copy.connection for copy in server.copies] == [1, 1, 2, 2, 3]
    assert server.verbs.count("QUIT") == 3


@pytest.mark.parametrize(
    "failure",
    [
        Failure(at="MAIL", after=1),
        Failure(at="MAIL", after=1, reply="421 4.4.2 Idle for too long", hang_up=True),
        Failure(at="MAIL", after=1, reply="452 4.5.3 Too many messages on this connection"),
        Failure(at="RCPT", after=1, reply="452 4.5.3 Too many recipients", times=1),
    ],
    ids=["cut", "421", "too many messages", "too many recipients"],
)
def test_the_end_of_a_kept_connection_says_nothing_of_the_next_mail(server: SmtpServer, failure: Failure) -> None:
    server.fail(failure)
    with line_to(server) as line:
        assert [line.hand_over(mail(number=number), Began()).fate for number in (1, 2)] == [ACCEPTED, ACCEPTED]
    assert [copy.connection for copy in server.copies] == [1, 2]


def test_a_server_that_was_restarted_meanwhile_is_connected_to_again(server: SmtpServer) -> None:
    with line_to(server) as line:
        line.hand_over(mail(number=1), Began())
        server.drop()
        assert line.hand_over(mail(number=2), Began()).fate is ACCEPTED


def test_a_server_that_would_take_a_body_for_nobody_gets_an_empty_one() -> None:
    refusal = Failure(at="RCPT", reply="550 5.1.1 No such user")
    with SmtpServer([refusal], pipelining=True, lenient=True) as server, line_to(server, patience=SHORT) as line:
        assert line.hand_over(mail(number=1), began := Began()).fate is REFUSED
        assert line.hand_over(mail(number=2), Began()).fate is ACCEPTED
        assert [copy.message_id for copy in server.copies] == [mail(number=2).message_id]
        assert (server.connections, began.count) == (1, 0)


def test_greylisting_is_by_recipient_and_the_second_attempt_arrives(server: SmtpServer) -> None:
    server.fail(Failure(at="RCPT", reply="450 4.2.0 Greylisted", each_recipient=True))
    addresses = ("ada@example.org", "bo@example.org")
    with line_to(server) as line:
        rounds = [[line.hand_over(mail(address), Began()).fate for address in addresses] for _ in range(2)]
    assert rounds == [[LATER, LATER], [ACCEPTED, ACCEPTED]]
    assert [copy.recipient for copy in server.copies] == [*addresses]


def test_a_bad_address_never_stops_the_others(server: SmtpServer) -> None:
    server.fail(Failure(at="RCPT", reply="550 5.1.1 No such user", recipient="bo@example.org", times=0))
    odd = ("", "@", "no at sign", "a@b@example.org", "a@b>\r\nRCPT TO:<eve@x.org", "<x@example.org>", "x@[127.0.0.1", "nul\0@example.org")
    with line_to(server) as line:
        replies = [line.hand_over(mail(address), Began()) for address in (*odd, "bo@example.org", "ada@example.org")]
    assert {(reply.fate, reply.hard) for reply in replies[:-1]} == {(REFUSED, True)}
    assert replies[-1].fate is ACCEPTED
    assert [copy.recipient for copy in server.copies] == ["ada@example.org"]


def test_an_address_outside_of_ascii_needs_a_server_that_takes_it() -> None:
    address = "zoë@example.org"
    with SmtpServer() as plain, line_to(plain) as line:
        reply = line.hand_over(mail(address), began := Began())
        assert (reply.fate, reply.hard, began.count) == (REFUSED, False, 0)
        assert line.hand_over(mail(), Began()).fate is ACCEPTED
    with SmtpServer(smtputf8=True) as able, line_to(able) as line:
        assert line.hand_over(mail(address), Began()).fate is ACCEPTED
        assert line.hand_over(mail("ada@bücher.example"), Began()).fate is ACCEPTED
    assert [copy.recipient for copy in able.copies] == [address, "ada@xn--bcher-kva.example"]


# -- what is about us


@pytest.mark.parametrize(
    "failure",
    [
        Failure(at="CONNECT", reply="421 4.3.2 Too many connections from ops@example.net", hang_up=True),
        Failure(at="CONNECT", reply="554 5.7.1 You are listed", hang_up=True),
        Failure(at="CONNECT"),
        Failure(at="EHLO"),
        Failure(at="MAIL", reply="550 5.7.1 <digest@example.org>: Sender rejected"),
        Failure(at="RCPT", reply="530 5.7.0 Authentication required"),
    ],
    ids=lambda failure: f"{failure.at} {failure.reply[:3]}",
)
def test_a_server_that_refuses_us_is_the_fault_of_no_recipient(server: SmtpServer, failure: Failure) -> None:
    server.fail(failure)
    with line_to(server) as line:
        with pytest.raises(DeliveryError, match=r"^using the mail server 127\.0\.0\.1:\d+: .*, and send again\.$") as raised:
            line.hand_over(mail(), began := Began())
        assert (began.count, server.copies) == (0, ())
        assert "@" not in str(raised.value)
        assert raised.value.__cause__ is None or "@" not in str(raised.value.__cause__)
        assert line.hand_over(mail(), Began()).fate is ACCEPTED, "the next attempt begins anew"


def test_a_mail_that_is_too_large_for_the_server_is_said_to_be(server: SmtpServer) -> None:
    server.fail(Failure(at="MAIL", reply="552 5.3.4 Message size exceeds fixed limit"))
    with line_to(server) as line, pytest.raises(DeliveryError, match="the mail is too large for it"):
        line.hand_over(mail(), Began())


def test_a_server_that_is_not_there_is_named_with_what_to_do() -> None:
    with SmtpServer() as gone:
        away = mailer(gone)
    with (
        away.line() as line,
        pytest.raises(DeliveryError, match=r"Connection refused\. Look whether digest\.smtp\.host and port are right"),
    ):
        line.hand_over(mail(), Began())


def test_a_server_that_does_not_greet_is_given_up(server: SmtpServer) -> None:
    server.fail(Failure(at="CONNECT", reply=None, delay=3))
    with line_to(server, patience=Patience(connect=0.3)) as line, pytest.raises(DeliveryError, match="it did not answer in time"):
        line.hand_over(mail(), Began())


# -- TLS and passwords


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(own: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    monkeypatch.setenv("SSL_CERT_FILE", str(own.authority))
    return own


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_and_password_go_over_tls(trusted: Certificate, security: str) -> None:
    with SmtpServer(security=security, tls=trusted.context(), users={"ada": "grün"}) as server:
        with line_to(server, security=security, user="ada", password="grün") as line:
            assert line.hand_over(mail(), Began()).fate is ACCEPTED
        assert [copy.secure for copy in server.copies] == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(own: Certificate, security: str) -> None:
    with SmtpServer(security=security, tls=own.context()) as server, line_to(server, security=security) as line:
        with pytest.raises(DeliveryError, match=r"its certificate is not good: .* Set digest\.smtp\.host to the name in"):
            line.hand_over(mail(), Began())
        assert "MAIL" not in server.verbs


def test_a_certificate_for_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = certificate(tmp_path, name="DNS:other.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.authority))
    with (
        SmtpServer(security="starttls", tls=other.context()) as server,
        line_to(server, security="starttls") as line,
        pytest.raises(DeliveryError, match="its certificate is not good: IP address mismatch"),
    ):
        line.hand_over(mail(), Began())


def test_a_port_that_speaks_no_tls_is_said_to_need_another_setting(server: SmtpServer) -> None:
    with line_to(server, security="tls") as line, pytest.raises(DeliveryError, match=r'TLS failed: .*"starttls" with 587 and 25'):
        line.hand_over(mail(), Began())


@pytest.mark.parametrize(
    ("failures", "said"),
    [((), "it offers no STARTTLS"), ((Failure(at="STARTTLS", reply="454 4.7.0 TLS not available"),), "it answered 454 4.7.0")],
)
def test_starttls_is_never_gone_without(trusted: Certificate, failures: tuple[Failure, ...], said: str) -> None:
    with SmtpServer(failures, security="offered", tls=trusted.context() if failures else None) as server:
        with line_to(server, security="starttls", user="ada", password="pass") as line, pytest.raises(DeliveryError, match=said):
            line.hand_over(mail(), Began())
        assert not {"AUTH", "MAIL"} & set(server.verbs)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_wrong_password_says_what_to_set_and_shows_none(trusted: Certificate, security: str) -> None:
    with SmtpServer(security=security, tls=trusted.context(), users={"ada": "right"}) as server:
        for wrong in ("wrong-secret", "wröng-secret"):
            with line_to(server, security=security, user="ada", password=wrong) as line:
                with pytest.raises(DeliveryError, match=r"it refuses the login: 535 .*Set digest\.smtp\.user and") as raised:
                    line.hand_over(mail(), Began())
                assert wrong not in repr(raised.value)
                assert raised.value.__cause__ is None


def test_a_user_without_a_password_is_told(server: SmtpServer) -> None:
    with line_to(server, user="ada") as line, pytest.raises(DeliveryError, match="Set AGGREGATOR_SMTP_PASSWORD"):
        line.hand_over(mail(), Began())


def test_a_password_goes_in_the_clear_to_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from aggregator.digest.mailers.smtp import connecting

    with SmtpServer(users={"ada": "pass"}) as server:
        with line_to(server, user="ada", password="pass") as line:
            assert line.hand_over(mail(), Began()).fate is ACCEPTED
        monkeypatch.setattr(connecting, "_is_here", lambda smtp: False)
        with line_to(server, user="ada", password="pass") as line, pytest.raises(DeliveryError, match="must not go in the clear"):
            line.hand_over(mail(), Began())
        assert server.verbs.count("AUTH") == 1


def test_what_is_broken_off_before_the_final_dot_has_not_arrived(server: SmtpServer) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with line_to(server) as line, pytest.raises(KeyboardInterrupt):
        line.hand_over(mail(), stop)
    assert server.copies == ()
    assert "QUIT" not in server.verbs, "it would have been part of the mail"


def test_a_reply_shows_the_words_of_the_server_without_the_address(server: SmtpServer) -> None:
    server.fail(Failure(at="RCPT", reply="550 5.1.1 <ada@example.org>: Recipient address rejected: ada unknown"))
    with line_to(server) as line:
        reply = line.hand_over(mail(), Began())
    assert reply == Reply(fate=REFUSED, text="550 5.1.1 <…>: Recipient address rejected: … unknown", hard=True)
