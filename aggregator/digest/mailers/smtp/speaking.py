"""What is said on a connection that is there: MAIL, RCPT and DATA, one by one or at once, and the body as it is sent."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass

from aggregator.digest.mailers import Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer that ended the opening of a transaction: 354, or the first that was no yes."""

    # What it answers.
    verb: str
    code: int
    text: str


def commands(smtp: smtplib.SMTP, mail: Mail) -> tuple[tuple[str, str], ...]:
    """MAIL, RCPT and DATA as they are sent; by hand, since smtplib reads an address before it writes it, and may write another."""
    options = f" SIZE={len(mail.content)}" if smtp.has_extn("size") else ""
    if not mail.address.isascii():
        # RFC 6531 §3.4.
        smtp.command_encoding = "utf-8"
        options += " SMTPUTF8 BODY=8BITMIME"
    return ("MAIL", f"MAIL FROM:<{mail.sender}>{options}\r\n"), ("RCPT", f"RCPT TO:<{mail.address}>\r\n"), ("DATA", "DATA\r\n")


def one_by_one(smtp: smtplib.SMTP, said: tuple[tuple[str, str], ...]) -> Answer:
    """Each after the answer to the one before; ends at the first that is no yes."""
    for verb, command in said:
        smtp.send(command)
        answer = _answer(verb, smtp)
        if not 200 <= answer.code < 300:
            break
    return answer


def pipelined(smtp: smtplib.SMTP, said: tuple[tuple[str, str], ...]) -> Answer:
    """All three at once (RFC 2920 §3.1): one wait instead of three."""
    smtp.send("".join(command for _, command in said))
    first: Answer | None = None
    try:
        for verb, _ in said:
            answer = _answer(verb, smtp)
            first = first or (None if 200 <= answer.code < 300 else answer)
        if answer.code == 354 and first is not answer:
            # RFC 2920 §3.1: the way out is a mail of nothing to nobody.
            smtp.send(b".\r\n")
            smtp.getreply()
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException):
        if first is None or first.code == 354:
            raise
        smtp.close()
    return first or answer


def _answer(verb: str, smtp: smtplib.SMTP) -> Answer:
    code, said = smtp.getreply()
    return Answer(verb=verb, code=code, text=text_of(said))


def text_of(said: bytes) -> str:
    """A server's words, whatever they are encoded in."""
    return said.decode("utf-8", "replace")


def dotted(content: bytes) -> bytes:
    """The content as it is sent after 354 (RFC 5321 §4.5.2): a dot at the beginning of a line doubled, and the last line ended."""
    if b"\r\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    if content.startswith(b"."):
        content = b"." + content
    return content if content.endswith(b"\r\n") else content + b"\r\n"
