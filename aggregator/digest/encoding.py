"""Text as mail carries it: header fields and bodies in ASCII, in short lines. Pure.

No text, wherever it comes from, can end a header field early: control characters are gone before anything is written.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import quote

from aggregator.text.address import host_form

# A line of a header or of a quoted-printable body (RFC 2045 §6.7, RFC 2047 §2, RFC 5322 §2.1.1).
LINE = 76
# Of a body's line before the "=" of a soft break, and before a dot or "From " at its beginning grows by two characters.
_CHUNK = LINE - 3
# Bytes in one encoded word: 12 characters of frame and 4 for each 3 bytes, behind the longest name of a field of free text ("Reply-To: ").
_WORD = 39
# A quoted string cannot be folded.
_QUOTED = 60
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
# Written as it is. A word that looks encoded, or is too long to be folded, is encoded.
_PLAIN = re.compile(r"(?!.*=\?)[\x21-\x7e]{1,57}(?: [\x21-\x7e]{1,57})*")
# RFC 5322 §3.2.3, and the space between atoms.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_QUOTED_PRINTABLE = tuple(bytes([code]) if 32 <= code < 127 and code != 61 else b"=%02X" % code for code in range(256))
_BLANK = {b" ": b"=20", b"\t": b"=09"}


def one_line(text: str) -> str:
    """The text without control characters, line ends and runs of spaces."""
    return _CONTROL.sub(" ", text).strip(" ")


def unstructured(name: str, text: str) -> str:
    """A header field of free text (RFC 5322 §3.6.5), folded, with its end of line."""
    return _folded(name, _words(one_line(text)))


def mailbox(name: str, written: str) -> str:
    """A header field of one mailbox as `Digest.sender` writes it (RFC 5322 §3.4), folded, with its end of line."""
    phrase, address = parsed(written)
    return _folded(name, (*_phrase(phrase), f"<{address}>") if phrase else (address,))


def listed(name: str, phrase: str, identifier: str) -> str:
    """A header field of a phrase and an identifier in angle brackets, folded, with its end of line."""
    return _folded(name, (*_phrase(one_line(phrase)), f"<{identifier}>"))


def parsed(written: str) -> tuple[str, str]:
    """Name and address of a mailbox; the name is "" when there is none."""
    phrase, address = parseaddr(one_line(written))
    return phrase, address


def domain(written: str) -> str:
    """The domain of a mailbox."""
    return parsed(written)[1].rpartition("@")[2]


def ascii_domain(address: str) -> str:
    """The address in one line, its domain in ASCII (RFC 5890 §2.3.2.1) where it has such a form: every server takes that one."""
    local, at, host = one_line(address).rpartition("@")
    return local + at + (host if host.isascii() else host_form(host) or host)


def uri(text: str) -> str:
    """An address as it can stand between angle brackets (RFC 2369 §2, RFC 3986 §2): everything else percent-encoded."""
    return quote(text, safe="%/:?#[]@!$&'()*+;=~-._")


def quoted_printable(text: str, *, marks: re.Pattern[str]) -> bytes:
    """A body in UTF-8 as quoted-printable (RFC 2045 §6.7), its lines ended by CRLF but for the last.

    What `marks` finds stands on a line of its own between two soft breaks, as it is: something of the same length can be put in its
    place. It must be ASCII, without "=" and line ends. A dot, and "From ", at the beginning of a line are encoded (RFC 2049 §3).
    """
    return b"\r\n".join(_line(line, marks) for line in text.replace("\r\n", "\n").split("\n"))


def _line(line: str, marks: re.Pattern[str]) -> bytes:
    chunks: list[bytes] = []
    at = 0
    for mark in marks.finditer(line):
        chunks += (*_chunks(line[at : mark.start()]), mark[0].encode())
        at = mark.end()
    chunks += _chunks(line[at:])
    if chunks and (blank := _BLANK.get(chunks[-1][-1:])):
        chunks[-1] = chunks[-1][:-1] + blank
    return b"=\r\n".join(chunks)


def _chunks(text: str) -> Iterator[bytes]:
    """The text encoded, in pieces that fit a line with what may still be added."""
    chunk = b""
    for byte in text.encode("utf-8", "replace"):
        token = _QUOTED_PRINTABLE[byte]
        if len(chunk) + len(token) > _CHUNK:
            yield _guarded(chunk)
            chunk = b""
        chunk += token
    if chunk:
        yield _guarded(chunk)


def _guarded(chunk: bytes) -> bytes:
    return b"=%02X" % chunk[0] + chunk[1:] if chunk.startswith((b".", b"From ")) else chunk


def _words(text: str) -> tuple[str, ...]:
    """What may be parted by a fold: the words of plain text, or encoded words."""
    return tuple(text.split(" ")) if _PLAIN.fullmatch(text) else tuple(_encoded_words(text))


def _phrase(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    if _PLAIN.fullmatch(text) and _ATOMS.fullmatch(text):
        return tuple(text.split(" "))
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return (quoted,) if _PLAIN.fullmatch(text) and len(quoted) <= _QUOTED else tuple(_encoded_words(text))


def _encoded_words(text: str) -> Iterator[str]:
    """RFC 2047 §2 and §5: no character is split between two words."""
    word = b""
    for character in text:
        raw = character.encode("utf-8", "replace")
        if len(word) + len(raw) > _WORD:
            yield _encoded_word(word)
            word = b""
        word += raw
    if word:
        yield _encoded_word(word)


def _encoded_word(raw: bytes) -> str:
    return f"=?utf-8?b?{b64encode(raw).decode()}?="


def _folded(name: str, words: tuple[str, ...]) -> str:
    """RFC 5322 §2.2.3: broken at spaces only."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"
