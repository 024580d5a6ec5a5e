"""One message as it came, taken apart so far as is safe: nothing here raises, whatever is sent. Pure.

The header fields are read as text and not by `email.policy.default`, whose parsers of addresses and dates raise on some malformed ones
(cpython issues 148518 and 151857, read 2026-11-22).
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator

# `email.policy` gives it too, and loads the parsers of structured fields with it, which nothing here uses.
from email._policybase import Compat32
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser, Parser
from email.utils import getaddresses
from typing import Any

# Each level of nesting costs the parser a frame of the stack, and says what it holds; a real mail says so some thirty times at most.
_MOST_TYPES = 200
_TYPE = re.compile(rb"content-type", re.IGNORECASE)
# Each empty line of a status report, and each boundary, becomes a part of its own: a second of work for 128 kB of line ends. Lines of mail
# have some forty characters.
_MOST_LINES = 20_000
# RFC 5322 §2.1.1 allows 998 characters in a line; nobody needs more to say who they are.
_LONGEST = 998
_LONGEST_DECODED = 8 * _LONGEST
_MOST_COMMENTS = 10
_CHARSET = re.compile(
    r"utf-8|(?:us-)?ascii|iso-8859-(?:[1-9]|1[013-6])|windows-(?:125[0-8]|874)|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(?:jp|kr)|shift_jis"
    r"|iso-2022-(?:jp|kr)",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")


class _Plain(Compat32):
    """Gives header fields as text, in UTF-8 where they are not in ASCII (RFC 6532)."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class _Bounded(Message):
    """A message, or a part of one, whose parameters are not looked for in a field of unreasonable length: it would take a minute."""

    def get_param(self, param: str, failobj: Any = None, header: str = "content-type", unquote: bool = True) -> Any:
        return failobj if len(str(self.get(header, ""))) > _LONGEST else super().get_param(param, failobj, header, unquote)


_PLAIN = _Plain()


def header(text: str) -> Message:
    """A message from its header alone."""
    return Parser(_class=_Bounded, policy=_PLAIN).parsestr(text, headersonly=True)


def parsed(raw: bytes) -> Message:
    """The message with its parts; of one that is nested or chopped beyond reason, the header alone."""
    unreasonable = raw.count(b"\n") > _MOST_LINES or len(_TYPE.findall(raw)) > _MOST_TYPES
    return BytesParser(_class=_Bounded, policy=_PLAIN).parsebytes(raw, headersonly=unreasonable)


def field(message: Message, name: str) -> str:
    """The first header field of that name on one line, decoded (RFC 2047); "" when there is none."""
    return next(fields(message, name), "")


def fields(message: Message, *names: str) -> Iterator[str]:
    """Every header field of these names, likewise."""
    for name in names:
        for value in message.get_all(name, ()):
            yield " ".join(_decoded(value).split())


def address(message: Message, name: str) -> str:
    """The one address in a header field; "" when there is none, or more than one."""
    values = list(fields(message, name))
    if len(values) != 1 or len(values[0]) > _LONGEST or values[0].count("(") > _MOST_COMMENTS:
        return ""
    found = getaddresses(values)
    return found[0][1] if len(found) == 1 and "@" in found[0][1] else ""


def message_ids(message: Message, *names: str) -> tuple[str, ...]:
    """The message ids in header fields of these names, without their brackets."""
    return tuple(found for value in fields(message, *names) for found in _MESSAGE_ID.findall(value))


def children(message: Message) -> tuple[Message, ...]:
    """The parts right below."""
    payload = message.get_payload()
    return tuple(part for part in payload if isinstance(part, Message)) if isinstance(payload, list) else ()


def text(message: Message) -> str:
    """The first plain text in a message, without its attachments; "" when there is none."""
    for part in message.walk():
        if part.get_content_maintype() == "message":
            return ""
        if part.get_content_type() == "text/plain":
            return content(part)
    return ""


def markup(message: Message) -> str:
    """The first HTML in a message, without its attachments; "" when there is none."""
    for part in message.walk():
        if part.get_content_maintype() == "message":
            return ""
        if part.get_content_type() == "text/html":
            return content(part)
    return ""


def content(part: Message) -> str:
    """The text of one part, decoded as well as can be."""
    payload = part.get_payload()
    if not isinstance(payload, str):
        return ""
    raw = _unwrapped(payload.encode("utf-8", "surrogateescape"), field(part, "Content-Transfer-Encoding").lower())
    return _read(raw, part.get_param("charset"), otherwise="utf-8")


def _unwrapped(raw: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding == "base64":
        try:
            return base64.b64decode(raw)
        except binascii.Error:
            return raw
    return raw


def _decoded(text: str) -> str:
    if "=?" not in text or len(text) > _LONGEST_DECODED:
        return text
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(piece if isinstance(piece, str) else _read(piece, charset, otherwise="latin-1") for piece, charset in pieces)


def _read(raw: bytes, charset: object, *, otherwise: str) -> str:
    """Text in a charset that mail is written in; Python knows others, which warn, raise, or give what is no text."""
    known = isinstance(charset, str) and _CHARSET.fullmatch(charset)
    return raw.decode(str(charset) if known else otherwise, "replace")
