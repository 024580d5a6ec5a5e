"""An edition as a mail: the standard library reads back exactly what was written, and nobody's tokens but the recipient's own."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.digest.encoding import one_line
from aggregator.digest.mailers import Mail
from aggregator.digest.mime import Blank, blank, message_id
from aggregator.digest.tokens import Purpose, Tokens
from aggregator.model import Rendered
from aggregator.settings import Digest, Mailbox, Serve, Settings, Site
from aggregator.store.private import SigningKey
from tests.support.editions import digest_of, edition

FROZEN_AT = datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC)
HASH = "0f" * 32
TOKENS = Tokens([SigningKey(number=1, secret=b"k" * 32, made_at=FROZEN_AT)])
ADA, BO = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
SERVE = Serve(url="https://digest.example.org/")
MAILBOX = Mailbox(address="news@example.org", host="imap.example.org")
RENDERED = Rendered(html=f'<p lang="en">Leave: <a href="https://x/{LEAVE_MARK}">here</a></p>', text=f"Leave: https://x/{LEAVE_MARK}\n")


def configured(digest: Digest, *, url: str = "https://news.example.org/") -> Settings:
    return Settings(file=Path("sources.yaml"), site=Site(title="Discussing", url=url), topics=(), sources=(), digest=digest)


def blank_of(
    rendered: Rendered = RENDERED, *, url: str = "https://news.example.org/", digest: Digest | None = None, **fields: object
) -> Blank:
    digest = digest or digest_of(serve=SERVE, mailbox=MAILBOX)
    return blank(edition(**fields), rendered, configured(digest, url=url), hash=HASH, at=FROZEN_AT)  # type: ignore[arg-type]  # of Edition


def mail_of(made: Blank, *, recipient: str = ADA, address: str = "ada@example.org") -> Mail:
    return made.mail(recipient, address, f"{recipient}@example.org", TOKENS)


def read(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def with_tokens(text: str, recipient: str) -> str:
    leave, change = (TOKENS.sign(purpose, recipient) for purpose in (Purpose.LEAVE, Purpose.CHANGE))
    return text.replace(LEAVE_MARK, leave).replace(CHANGE_MARK, change)


def header(made: Blank, name: str) -> str:
    return str(read(mail_of(made))[name])


# -- the whole mail

PIECES = some.one_of(
    some.text(max_size=200),
    some.sampled_from(
        [
            *(LEAVE_MARK, CHANGE_MARK, LEAVE_MARK[:-1], "leavetoken", "x" * 200, "é" * 90, "--=_" + HASH[:40]),
            *(".", "..", "\n.\n", "From me\n", "=", "=\n", " ", "\t", " \n", "\n\n", "\r", "\r\n", "a\u2028b", "\x00", "&amp;", "𝛑"),
        ]
    ),
)
TEXTS = some.lists(PIECES, max_size=12).map("".join)


@settings(deadline=None)
@given(html=TEXTS, text=TEXTS)
@example(html=LEAVE_MARK * 3, text="leavetoken" * 5 + LEAVE_MARK + "\n." + CHANGE_MARK + " ")
@example(html="x" * 72 + LEAVE_MARK, text=" " * 200)
def test_a_reader_sees_exactly_what_was_rendered_with_their_own_tokens(html: str, text: str) -> None:
    mail = mail_of(blank_of(Rendered(html=html, text=text)))
    message = read(mail)
    for kind, expected in (("plain", text), ("html", html)):
        assert body(message, kind).replace("\r\n", "\n") == with_tokens(expected, ADA).replace("\r\n", "\n")
    lines = mail.content.split(b"\r\n")
    assert max(map(len, lines[lines.index(b"") :])) <= 76
    assert not any(line.endswith((b" ", b"\t")) or b"\r" in line or b"\n" in line for line in lines)
    assert not any(line.startswith((b".", b"From ")) for line in lines[lines.index(b"") :])
    assert mail.content.isascii()
    assert mail.content.endswith(b"--\r\n")


@settings(deadline=None)
@given(html=TEXTS, text=TEXTS)
def test_no_mail_holds_a_token_of_somebody_else_or_a_mark(html: str, text: str) -> None:
    made = blank_of(Rendered(html=html + LEAVE_MARK + CHANGE_MARK, text=text))
    mail = mail_of(made, recipient=BO)
    everything = mail.content.replace(b"=\r\n", b"") + mail.sender.encode()
    for purpose in Purpose:
        assert TOKENS.sign(purpose, ADA).encode() not in everything
    assert TOKENS.sign(Purpose.LEAVE, BO).encode() in everything
    assert LEAVE_MARK.encode() not in everything
    assert CHANGE_MARK.encode() not in everything
    assert len(mail.content) == len(mail_of(made).content)


def test_the_same_edition_gives_the_same_bytes() -> None:
    assert mail_of(blank_of()) == mail_of(blank_of())


def test_text_comes_before_html_so_that_a_mail_program_shows_the_html() -> None:
    message = read(mail_of(blank_of()))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in message.iter_parts()} == {"utf-8"}


# -- its header


def test_the_header_is_complete_and_in_order() -> None:
    message = read(mail_of(blank_of()))
    leave = TOKENS.sign(Purpose.LEAVE, ADA)
    assert dict(message.items()) == {
        "To": "ada@example.org",
        "Message-ID": f"<{ADA}@example.org>",
        "From": "Discussing <digest@example.org>",
        "Reply-To": "Discussing <digest@example.org>",
        "Subject": "Discussing #microsolidarity: 5 new stories",
        "Date": "Mon, 23 Nov 2026 08:00:05 +0000",
        "List-Id": '"Discussing #microsolidarity" <microsolidarity.example.org>'.replace('"', ""),
        "List-Unsubscribe": f"<https://digest.example.org/leave/{leave}>, <mailto:news+{leave}@example.org?subject=leave>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": "<https://news.example.org/digest/>",
        "List-Subscribe": "<https://digest.example.org/>",
        "List-Post": "NO",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": "2026-W47:microsolidarity:weekly:example-org",
        "Content-Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="=_{HASH[:40]}"',
    }


def test_without_a_server_one_leaves_by_mail_and_no_one_click_is_promised() -> None:
    made = blank_of(digest=digest_of(mailbox=MAILBOX))
    assert header(made, "List-Unsubscribe") == f"<mailto:news+{TOKENS.sign(Purpose.LEAVE, ADA)}@example.org?subject=leave>"
    assert header(made, "List-Subscribe") == "<mailto:news@example.org?subject=subscribe>"
    assert "List-Unsubscribe-Post" not in read(mail_of(made))


def test_one_click_is_not_promised_without_https() -> None:
    made = blank_of(digest=digest_of(serve=Serve(url="http://127.0.0.1:8025/")))
    assert "http://127.0.0.1:8025/leave/" in header(made, "List-Unsubscribe")
    assert "List-Unsubscribe-Post" not in read(mail_of(made))


def test_with_neither_door_nor_site_there_is_no_empty_field() -> None:
    made = read(mail_of(blank_of(digest=digest_of(), url="")))
    assert [name for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Archive") if name in made] == []
    assert all(str(value) for value in made.values())


def test_the_date_is_the_same_instant_in_every_zone() -> None:
    at = FROZEN_AT.astimezone(timezone(timedelta(hours=2)))
    made = blank(edition(), RENDERED, configured(digest_of(serve=SERVE)), hash=HASH, at=at)
    assert b"\r\nDate: Mon, 23 Nov 2026 08:00:05 +0000\r\n" in mail_of(made).content


def test_bounces_come_back_to_an_address_that_names_the_recipient_by_a_token() -> None:
    sender = mail_of(blank_of()).sender
    token = sender.removeprefix("news+").removesuffix("@example.org")
    assert TOKENS.read(token, Purpose.RETURN) == ADA


def test_without_a_mailbox_bounces_come_back_to_the_sender() -> None:
    assert mail_of(blank_of(digest=digest_of(serve=SERVE))).sender == "digest@example.org"


_TRICKS = some.sampled_from(["\r\nBcc: eve@example.org", "\n\n", "=?utf-8?q?x?=", " "])
WILD = some.one_of(some.text(max_size=300), some.lists(_TRICKS).map("".join))


@settings(deadline=None)
@given(subject=WILD, name=WILD, title=WILD, language=WILD)
@example(subject="a\r\nBcc: eve@example.org", name="x\r\n\r\nbody", title='"><\r\n', language="\r\nX: y")
@example(subject="word " * 60, name='Zoë, \\ of "Crews" (x) <y>', title="x" * 900, language="en")
def test_no_text_adds_a_header_field_or_ends_the_header(subject: str, name: str, title: str, language: str) -> None:
    quoted = one_line(name.replace("\\", "").replace('"', ""))
    digest = digest_of(sender=f'"{quoted}" <digest@example.org>', serve=SERVE)
    made = blank_of(digest=digest, subject=subject, title=title, language=language)
    plain, mail = mail_of(blank_of(digest=digest_of(serve=SERVE), language="")), mail_of(made)
    message = read(mail)
    assert [name for name, _ in message.items() if name != "Content-Language"] == [name for name, _ in read(plain).items()]
    assert message["Subject"] == one_line(subject)
    assert message["From"].addresses[0].addr_spec == "digest@example.org"
    # The standard library reads a space between two encoded words of a name, against RFC 2047 §6.2.
    assert "".join(message["From"].addresses[0].display_name.split()) == "".join(quoted.split())
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in mail.content.split(b"\r\n"))
    assert mail.content.isascii()


@settings(deadline=None)
@given(address=some.text(max_size=80))
def test_no_address_adds_a_header_field(address: str) -> None:
    mail = mail_of(blank_of(), address=address + "\r\nBcc: eve@example.org\r\n\r\n@example.org")
    assert list(email.message_from_bytes(mail.content).keys()) == list(read(mail_of(blank_of())).keys())
    assert "\n" not in mail.address
    assert "\r" not in mail.address


def test_a_domain_outside_of_ascii_is_written_so_that_every_server_takes_it() -> None:
    mail = mail_of(blank_of(), address="Ada@Bücher.example")
    assert mail.address == "Ada@xn--bcher-kva.example"
    assert mail.content.startswith(b"To: Ada@xn--bcher-kva.example\r\n")


# -- Message-ID


@settings(deadline=None)
@given(edition=some.text(), recipient=some.text(), salt=some.binary(min_size=1, max_size=64))
def test_a_message_id_is_valid_and_the_same_for_ever(edition: str, recipient: str, salt: bytes) -> None:
    made = message_id(edition, recipient, salt=salt, sender="Crew <digest@example.org>")
    local, _, domain = made.partition("@")
    assert (len(local), local.isalnum(), local.islower(), domain) == (32, True, True, "example.org")
    assert made == message_id(edition, recipient, salt=salt, sender="digest@example.org")


@pytest.mark.parametrize(("name", "recipient", "salt"), [("e2", "r1", b"s1"), ("e1", "r2", b"s1"), ("e1", "r1", b"s2")])
def test_edition_recipient_and_installation_each_change_the_message_id(name: str, recipient: str, salt: bytes) -> None:
    assert message_id(name, recipient, salt=salt, sender="a@example.org") != message_id("e1", "r1", salt=b"s1", sender="a@example.org")
