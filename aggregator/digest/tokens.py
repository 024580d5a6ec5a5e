"""Tokens: what a link carries so that whoever holds it may do one thing for one subscriber, and nothing else. Pure.

A token is 28 bytes: purpose (1), number of the key (2), the subscriber's id (10), and a MAC of these, HMAC-SHA256 (RFC 2104) cut to 120
bits. It holds no address. It is written in lower-case base32 (RFC 4648 §6) without padding, 45 characters that a mail server may turn into
capitals and a person may read aloud.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from enum import IntEnum

from aggregator.store.private import SigningKey

LENGTH = 45
_ID_BYTES, _MAC_BYTES = 10, 15


class Purpose(IntEnum):
    """What a token lets its holder do."""

    CONFIRM = 1
    LEAVE = 2
    # See and change frequency and topics.
    CHANGE = 3
    # Say that mail to the subscriber came back: the address that bounces go to.
    RETURN = 4


class Tokens:
    """Signs with the newest key, and reads what any good key has signed."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        """`keys`: newest first, as `Keys.signing` gives them."""
        self._newest = keys[0]
        self._secrets = {key.number: key.secret for key in keys}

    def sign(self, purpose: Purpose, subscriber: str) -> str:
        """The token for one purpose and one subscriber."""
        head = bytes([purpose]) + self._newest.number.to_bytes(2, "big") + base64.b32decode(subscriber.upper())
        return _written(head + _mac(self._newest.secret, head))

    def read(self, token: str, purpose: Purpose) -> str | None:
        """The subscriber's id; None for a token of another purpose, of a key that is retired or not ours, or that is none at all."""
        raw = _bytes(token)
        if raw is None:
            return None
        head, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        secret = self._secrets.get(int.from_bytes(head[1:3], "big"))
        good = hmac.compare_digest(_mac(secret or bytes(32), head), mac)
        return _written(head[3:]) if good and secret is not None and head[0] == purpose else None


def new_id() -> str:
    """An id for a subscriber: sixteen characters, random."""
    return _written(secrets.token_bytes(_ID_BYTES))


def _mac(secret: bytes, head: bytes) -> bytes:
    return hmac.digest(secret, head, hashlib.sha256)[:_MAC_BYTES]


def _written(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _bytes(token: str) -> bytes | None:
    """The 28 bytes of a token; None when it is not one, or is not written as `sign` writes it but for capitals."""
    if len(token) != LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b32decode(token.upper() + "===")
    except binascii.Error:
        return None
    return raw if _written(raw) == token.lower() else None
