"""What a message wants, told from where it was sent to, its subject and its structure."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.digest.mailbox.reading import Ask, Ignored, Returned, Signed, classified
from tests.support.correspondence import ADDRESS, DIGEST, FIXTURES, mail

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklm"
SIGNED_ADDRESS = f"digest+{TOKEN}@example.org"
ASK = Ask(address="cleo@example.com")
FIELDS = (
    ["To", "From", "Subject", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted", "Delivered-To", "Return-Path", "Message-ID"],
    [
        ADDRESS,
        SIGNED_ADDRESS,
        "subscribe",
        f"leave {TOKEN}",
        "multipart/report; report-type=delivery-status; boundary=x",
        "=?x?b?!!!?=",
        "<>",
    ],
)


@pytest.mark.parametrize(
    "raw",
    [
        mail(subject="subscribe"),
        mail(subject="Subscribe."),
        mail(subject='  "SUBSCRIBE"  '),
        mail(subject="Re: subscribe"),
        mail(subject="=?utf-8?q?subscribe?="),
        mail("\r\n  subscribe  \r\n\r\n-- \r\nCleo"),
        mail("hello", to="digest+subscribe@example.org"),
        mail(to="Crew news <DIGEST+Subscribe@EXAMPLE.org>"),
        mail(subject="subscribe", to="somebody@example.net", delivered_to=ADDRESS),
        mail(subject="subscribe", message_id=""),
        mail(subject="subscribe", auto_submitted="no"),
        mail("c3Vic2NyaWJlCg==", content_type="text/plain; charset=utf-8", content_transfer_encoding="base64"),
        mail("=73ubscribe", content_type="text/plain; charset=nonsense", content_transfer_encoding="quoted-printable"),
        mail("--x\r\nContent-Type: text/plain\r\n\r\nsubscribe\r\n", content_type="multipart/alternative; boundary=x"),
    ],
)
def test_somebody_asks(raw: bytes) -> None:
    assert classified(raw, DIGEST) == ASK


@pytest.mark.parametrize(
    "raw",
    [
        mail(subject="how do I subscribe?"),
        mail(subject="unsubscribe"),
        mail("I would like to\r\nsubscribe"),
        mail("> subscribe"),
        mail(subject="subscribe", to="digest@example.com"),
        mail(subject="subscribe", to="mydigest@example.org"),
        mail(subject="subscribe", to="digest@example.org.example.net"),
        mail(subject="subscribe", to="digest+news@example.org"),
        mail(subject="subscribe", to="", cc="somebody@example.net"),
        mail(
            "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: subscribe\r\n\r\nsubscribe\r\n", content_type="multipart/mixed; boundary=x"
        ),
    ],
)
def test_what_asks_for_nothing_is_for_a_person(raw: bytes) -> None:
    assert classified(raw, DIGEST) == Ignored(reason="it asks for nothing that we do")


@pytest.mark.parametrize(
    "sender", ["", "Cleo", "cleo@example.com, dan@example.com", "cleo@localhost", "<>", "a b@example.com", "(" * 500, '"', ","]
)
def test_who_does_not_say_who_they_are_does_not_ask(sender: str) -> None:
    assert classified(mail(subject="subscribe", **{"from": sender}), DIGEST) == Ignored(reason="it does not say who asks")


@pytest.mark.parametrize("sender", [ADDRESS, "Crew news <Digest@example.org>", SIGNED_ADDRESS])
def test_what_comes_from_ourselves_starts_no_loop(sender: str) -> None:
    assert classified(mail(subject="subscribe", **{"from": sender}), DIGEST) == Ignored(reason="it comes from ourselves")


@pytest.mark.parametrize(
    "fields",
    [
        {"auto_submitted": "auto-replied"},
        {"auto_submitted": "auto-generated; owner-email=cleo@example.com"},
        {"precedence": "Bulk"},
        {"precedence": "auto_reply"},
        {"list_id": "<crews.example.net>"},
        {"x_autoreply": "yes"},
        {"x_autorespond": "1"},
        {"return_path": "<>"},
        {"from": "MAILER-DAEMON@example.com"},
        {"from": "No reply <no-reply@example.com>"},
        {"content_type": "multipart/report; boundary=x; report-type=disposition-notification"},
    ],
)
def test_a_machine_does_not_ask(fields: dict[str, str]) -> None:
    assert classified(mail("subscribe", subject="subscribe", **fields), DIGEST) == Ignored(reason="no person wrote it")


@pytest.mark.parametrize(
    "fields",
    [
        {"to": SIGNED_ADDRESS},
        {"to": f"Crew news <{SIGNED_ADDRESS.upper()}>"},
        {"to": "undisclosed-recipients:;", "delivered_to": SIGNED_ADDRESS},
        {"to": "", "x_original_to": SIGNED_ADDRESS},
        {"to": "", "envelope_to": SIGNED_ADDRESS},
        {"to": f"somebody@example.net,\r\n {SIGNED_ADDRESS}"},
        {"subject": f"leave {TOKEN}"},
        {"subject": f"Unsubscribe: {TOKEN.upper()}"},
        {"subject": f"AW: Re: [news] leave {TOKEN}"},
        {"subject": f"Re[2]: confirm\r\n {TOKEN}"},
    ],
)
def test_a_token_counts_where_a_message_was_sent_to_and_in_its_subject(fields: dict[str, str]) -> None:
    read = classified(mail(**fields), DIGEST)
    assert isinstance(read, Signed)
    assert read.tokens == (TOKEN,)


@pytest.mark.parametrize(
    "raw",
    [
        mail(f"leave {TOKEN}\r\n> To: {SIGNED_ADDRESS}"),
        mail(subject=f"Fwd: leave {TOKEN}"),
        mail(subject=f"WG: Re: leave {TOKEN}"),
        mail(subject=f"TR : leave {TOKEN}"),
        mail(subject=f"[crews] Fwd: leave {TOKEN}"),
        mail(subject=f"Encaminhada: leave {TOKEN}"),
        mail(subject=f"leave {TOKEN} (fwd)"),
        mail(subject=TOKEN),
        mail(subject=f"leave {TOKEN}a"),
        mail(subject=f"leave {TOKEN}", to="somebody@example.net"),
        mail(cc=SIGNED_ADDRESS),
        mail(reply_to=SIGNED_ADDRESS, return_path=f"<{SIGNED_ADDRESS}>", references=f"<{SIGNED_ADDRESS}>"),
        mail(resent_to=SIGNED_ADDRESS, list_unsubscribe=f"<mailto:{SIGNED_ADDRESS}>"),
        mail(to=f"digest+{TOKEN}@example.com"),
        mail(to=f"digest+{TOKEN[:-1]}@example.org"),
        mail(to=f"digest+x{TOKEN}@example.org"),
    ],
)
def test_a_token_anywhere_else_does_not_count(raw: bytes) -> None:
    assert isinstance(classified(raw, DIGEST), Ignored)


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Please confirm: Crew news",
        "Re: Out of office",
        "Auto: away",
        "Abwesenheitsnotiz: Bitte bestätigen",
        "Réponse automatique : Please confirm",
        "=?utf-8?q?R=C3=A9ponse_automatique?= : Please confirm",
        "Respuesta automática: Please confirm",
        "Automatisch antwoord: Please confirm",
        "Автоответ: Please confirm",
        "自动回复: Please confirm",
    ],
)
def test_an_answering_machine_without_a_mark_is_known_by_its_subject(subject: str) -> None:
    assert classified(mail(to=SIGNED_ADDRESS, subject=subject), DIGEST) == Signed(tokens=(TOKEN,), answered=True, automatic=True)


@pytest.mark.parametrize("subject", ["Re: Please confirm: Crew news", "Autonomous crews", "automobiles", "re: autumn", "Vacationers"])
def test_a_persons_subject_is_no_answering_machines(subject: str) -> None:
    read = classified(mail(to=SIGNED_ADDRESS, subject=subject), DIGEST)
    assert isinstance(read, Signed)
    assert not read.answered


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Please confirm: Crew news",
        "RE : Please confirm: Crew news 2026",
        "回复：Please confirm: Crew news",
        "AW: [EXTERNAL] Please confirm: Crew news (Bristol)",
        "***SPAM*** Re: {Spam?} Please confirm: Crew news",
        "[Suspected Spam] SV: RE: Please confirm: Crew news",
        "=?utf-8?q?RE=3A_Please_confirm=3A_Crew?= news",
        f"confirm {TOKEN}",
    ],
)
def test_an_answer_is_known_by_the_subject_of_the_letter(subject: str) -> None:
    assert classified(mail(to=SIGNED_ADDRESS, subject=subject), DIGEST) == Signed(tokens=(TOKEN,), to_letter=True)


@pytest.mark.parametrize(
    "fields",
    [
        # Away, at programs that say it in words of their own.
        {"subject": "I have left the company", "x_auto_response_suppress": "All"},
        {"subject": "Ada Lovelace is out of the office.", "x_mailer": "Lotus Domino"},
        # Help desks.
        {"subject": "[Crews] Re: Please confirm: Crew news", "x_mailer": "Zendesk Mailer"},
        {"subject": "Ticket Received - Please confirm: Crew news"},
        {"subject": "[crews #123] AutoReply: Please confirm: Crew news", "rt_ticket": "crews #123"},
        {"subject": "[Ticket#2026112210000012] Re: Please confirm: Crew news", "x_otrs_loop": "crews.example"},
        {"subject": "Re: Please confirm: Crew news [#123456]"},
        {"subject": "Thank you for contacting us"},
        {"subject": "We received your request: Please confirm: Crew news"},
        # Guards of mailboxes, who ask the sender to prove something.
        {"subject": "Your message to ada@example.com is being held", "from": "notification@mimecast.example"},
        {"subject": "Re: Please confirm: Crew news (verification)", "from": "ada@guarded.example"},
        {"subject": "Please confirm: Crew news (Action Required)"},
        {"subject": "VIRUS IN YOUR MAIL", "from": "amavis@mx.example"},
        # Lists.
        {"subject": "confirm 0123456789abcdef", "from": "crews-confirm+0123@lists.example"},
        {"subject": "Your message to Crews awaits moderator approval"},
        # Receipts (some are none of RFC 8098), and answers to an invitation.
        {"subject": "Read: Please confirm: Crew news"},
        {"subject": "Gelesen: Please confirm: Crew news", "content_type": "application/ms-tnef; name=winmail.dat"},
        {"subject": "Declined: Please confirm: Crew news", "content_type": "text/calendar; method=REPLY"},
        # Somebody passes the letter on.
        {"subject": "Fwd: Please confirm: Crew news"},
        {"subject": ""},
    ],
    ids=lambda fields: fields["subject"],
)
def test_no_machine_without_a_mark_writes_what_an_answer_has(fields: dict[str, str]) -> None:
    read = classified(mail(to=SIGNED_ADDRESS, **fields), DIGEST)
    assert isinstance(read, Signed)
    assert not read.to_letter or read.automatic


def test_what_a_mail_program_sends_by_itself_is_no_answer() -> None:
    read = classified(mail(to=SIGNED_ADDRESS, auto_submitted="auto-generated"), DIGEST)
    assert read == Signed(tokens=(TOKEN,), answered=False, automatic=True)


def test_a_status_that_is_said_in_full_outranks_the_diagnostic() -> None:
    raw = (FIXTURES / "postfix-mailbox-full.eml").read_bytes().replace(b"552 5.2.2 no room", b"550 5.1.1 no room")
    read = classified(raw.replace(b"{return}", TOKEN.encode()), DIGEST)
    assert isinstance(read, Returned)
    assert [failed.bounce.value for failed in read.failed] == ["soft"]


@pytest.mark.parametrize("cut", [300, 900, 1500])
def test_a_bounce_of_which_only_the_first_part_is_read_does_not_raise(cut: int) -> None:
    classified((FIXTURES / "postfix-unknown-user.eml").read_bytes()[:cut], DIGEST)


_N = 128 * 1024


@pytest.mark.parametrize(
    "raw",
    [
        b'Content-Type: multipart/mixed; boundary=x;"' + b";" * _N + b"\n\nx",
        b"Content-Type: multipart/mixed; " + b';a="b"' * (_N // 6) + b"\n\nx",
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * (_N // 5),
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n" + b"a: b\n\n" * (_N // 6),
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n" + b"\n" * _N,
        b"Content-Type: message/rfc822\n\n" * (_N // 30),
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(2000)),
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(100)),
        b"To: digest@example.org\nSubject: " + b"=?a?q?b?= " * (_N // 10) + b"\n\n",
        b"To: digest@example.org\nSubject: " + b"re:" * (_N // 3) + b"\n\n",
        b"To: digest@example.org\nSubject: " + b"confirm " * (_N // 8) + b"\n\n",
        b"To: digest+subscribe@example.org\nFrom: " + b"(" * _N + b"\n\n",
        b"To: " + b"digest@example.org," * (_N // 19) + b"\nSubject: subscribe\n\n",
        b"To: " + b"digest+" * (_N // 7) + b"\n\n",
        b"To: a\n" * (_N // 6) + b"\n",
        b"To: digest@example.org\nSubject: subscribe\nFrom: " + b"bounces." * (_N // 8) + b"\n\n",
        b"a:b\n" + b" \n" * (_N // 2),
        b"\0" * _N,
        b"\xff" * _N,
        b"",
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_what_is_made_to_be_slow_is_read_in_a_moment(raw: bytes) -> None:
    start = time.process_time()
    classified(raw, DIGEST)
    assert time.process_time() - start < 0.8


_field = st.tuples(st.sampled_from(FIELDS[0]), st.one_of(st.sampled_from(FIELDS[1]), st.text(max_size=60)))
_part = st.sampled_from(
    [
        "--x",
        "--x--",
        "",
        "Content-Type: message/delivery-status",
        "Content-Type: message/global-delivery-status",
        "Content-Type: message/feedback-report",
        "Content-Type: message/rfc822",
        "Content-Type: text/rfc822-headers; charset=utf-16",
        "Content-Type: text/plain; charset*=unicode_escape''x",
        "Content-Type: multipart/mixed; boundary=x",
        "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: x-uuencode",
        "Action: failed",
        "Status: 5.1.1",
        "Final-Recipient: rfc822;ada@example.org",
        "Feedback-Type: abuse",
        "Message-ID: <a@b>",
        "subscribe",
        "\ud800",
    ]
)


@given(st.lists(_field, max_size=8), st.lists(st.one_of(_part, st.text(max_size=40)), max_size=20))
@example([("Content-Type", "text/plain; charset=utf-8; charset=x"), ("To", "a\rb")], ["=73"])
def test_whatever_is_sent_nothing_is_raised(fields: list[tuple[str, str]], lines: list[str]) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    raw = f"{head}\r\n{chr(10).join(lines)}".encode("utf-8", "surrogatepass")
    classified(raw, DIGEST)


@given(st.binary(max_size=300))
def test_whatever_bytes_are_sent_nothing_is_raised(raw: bytes) -> None:
    classified(raw, DIGEST)
