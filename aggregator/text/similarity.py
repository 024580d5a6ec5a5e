"""How alike two texts are, without keeping the texts: sketches of 128 permutations, and the postings by which alike ones are found.

The only module that knows rensa. A sketch is the same on every machine and in every process; `versions.SKETCHES` grows when it is not.
Source: Broder, "On the resemblance and containment of documents", 1997; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", §3.4.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from hashlib import blake2b
from operator import eq
from struct import Struct
from sys import byteorder
from typing import Final

from aggregator.text.words import fold

PERMUTATIONS: Final = 128
BANDS: Final = 32
_SEED: Final = 20261122
_RUN: Final = 3

_ADDRESS = re.compile(r"(?:[a-z][a-z\d+.-]{1,20}:/{1,2}|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|fm|io|cc)/\S*", re.IGNORECASE)
_PERSON = re.compile(r"(?<![\w/])@[\w.-]+(?:@[\w.-]+)?")
_LAST_TAGS = re.compile(r"(?:\s*[#＃][^\W\d]\w*(?:\s*https?://\S+)?)+\s*\Z")
# A letter of a script that is written without spaces is a word; so is a run of other letters, with the marks on them.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_]+(?:'[^\W_]+)*")
_LONGEST: Final = 40_000


# A band is four numbers of the sketch, which are read as two.
_HALVES: Final = Struct(f"<{PERMUTATIONS // 2}Q")
_OVER: Final = 1 << 64
_MASK: Final = _OVER - 1


def words_of(text: str) -> list[str]:
    """The words that texts are compared by: folded, without addresses, names of accounts and the hashtags at the end."""
    text = text[:_LONGEST]
    if "#" in text:
        text = _LAST_TAGS.sub("", text) or text
    if "@" in text:
        text = _PERSON.sub(" ", text)
    if "/" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    return _WORD.findall(fold(text))


def sketch(words: Sequence[str]) -> bytes:
    """What is kept of a text: 128 numbers of four bytes, little-endian, over its runs of three words (over the words of a shorter one)."""
    from rensa import RMinHash  # type: ignore[import-untyped]  # it is written in Rust and brings no types

    if not words:
        return b""
    made = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    made.update(runs(words))
    return _written(made.digest())


def runs(words: Sequence[str]) -> list[str]:
    """Each three words that stand together, once."""
    if len(words) < _RUN:
        return [" ".join(words)]
    return list({" ".join(words[place : place + _RUN]): None for place in range(len(words) - _RUN + 1)})


def likeness(left: bytes, right: bytes) -> float:
    """The estimated share of the runs of both texts that both have (Jaccard), 0 to 1; 0 where one is too short to have a sketch."""
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    same: int = sum(map(eq, memoryview(left).cast("I"), memoryview(right).cast("I")))
    return same / PERMUTATIONS


def bands(sketched: bytes) -> tuple[int, ...]:
    """Numbers of 64 bits, signed, of which texts that are 0.55 alike share one in 95 of 100 cases, and those that are 0.2 alike in 5."""
    if not sketched:
        return ()
    halves = _HALVES.unpack(sketched)
    mixed = (
        (one * 0x9E3779B97F4A7C15 + other * 0xC2B2AE3D27D4EB4F + number * 0x165667B19E3779F9) & _MASK
        for number, (one, other) in enumerate(zip(halves[::2], halves[1::2], strict=True))
    )
    return tuple([number - _OVER if number >> 63 else number for number in mixed])


def posting(what: bytes, number: int, content: bytes) -> int:
    """A number of 64 bits, signed, for one thing to be found by.

    Args:
        what: of which sort it is, so that two sorts do not meet.
        number: which of its sort, below 256.
    """
    return int.from_bytes(blake2b(content, digest_size=8, key=b"%c%b" % (number, what)).digest(), "little", signed=True)


def _written(digest: Sequence[int]) -> bytes:
    numbers = array("I", digest)
    if byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
