"""Bech32 (BIP 173) and the typed fields that Nostr puts inside it (NIP-19)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _checksum(values: Iterable[int]) -> int:
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            state ^= generator if top >> bit & 1 else 0
    return state


def _expanded(prefix: str) -> list[int]:
    return [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]


def _regrouped(values: Iterable[int], width: int, into: int, *, padded: bool) -> list[int] | None:
    held = bits = 0
    groups: list[int] = []
    for value in values:
        held = held << width | value
        bits += width
        while bits >= into:
            bits -= into
            groups.append(held >> bits & (1 << into) - 1)
        held &= (1 << bits) - 1
    if padded and bits:
        groups.append(held << into - bits & (1 << into) - 1)
    return groups if padded or (bits < width and held == 0) else None


def decode(text: str) -> tuple[str, bytes] | None:
    """Prefix and bytes of a lower-case bech32 string of any length; None where the checksum is wrong."""
    prefix, mark, rest = text.rpartition("1")
    if not mark or not prefix or len(rest) < 6 or any(letter not in _LETTERS for letter in rest):
        return None
    values = [_LETTERS.index(letter) for letter in rest]
    if _checksum(_expanded(prefix) + values) != 1:
        return None
    groups = _regrouped(values[:-6], 5, 8, padded=False)
    return None if groups is None else (prefix, bytes(groups))


def encode(prefix: str, payload: bytes) -> str:
    """The bech32 string of some bytes."""
    values = _regrouped(payload, 8, 5, padded=True) or []
    state = _checksum(_expanded(prefix) + values + [0] * 6) ^ 1
    values += [state >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{prefix}1{''.join(_LETTERS[value] for value in values)}"


def fields(payload: bytes) -> dict[int, bytes]:
    """The first value of each type in a type-length-value list; what is cut off is left out."""
    found: dict[int, bytes] = {}
    place = 0
    while place + 2 <= len(payload):
        kind, length = payload[place], payload[place + 1]
        value = payload[place + 2 : place + 2 + length]
        if len(value) == length:
            found.setdefault(kind, value)
        place += 2 + length
    return found


def packed(values: Iterable[tuple[int, bytes]]) -> bytes:
    """A type-length-value list; a value longer than 255 bytes is cut."""
    return b"".join(bytes((kind, len(value[:255]))) + value[:255] for kind, value in values)
