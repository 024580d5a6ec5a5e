"""What a token lets its holder do: one thing for one subscriber, as long as its key is good."""

from __future__ import annotations

import base64
import hmac
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK, plus
from aggregator.digest.tokens import LENGTH, Purpose, Tokens, new_id
from aggregator.digest_forms import LONGEST_LOCAL
from aggregator.store.private import SigningKey

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def key(number: int, secret: bytes = b"") -> SigningKey:
    return SigningKey(number=number, secret=secret or bytes([number % 256]) * 32, made_at=NOW)


TOKENS = Tokens([key(1)])
# Signed by the first version of the program.
PINNED = "aiaacacegikmoqsuwy246mjvu5rmf2ckgin7qsz7kgdde"

ids = st.text(ALPHABET, min_size=16, max_size=16)
purposes = st.sampled_from(Purpose)


@given(ids, purposes)
def test_a_token_is_read_for_its_purpose_and_for_no_other(id: str, purpose: Purpose) -> None:
    token = TOKENS.sign(purpose, id)
    assert {other: TOKENS.read(token, other) for other in Purpose} == {other: id if other is purpose else None for other in Purpose}


@given(ids, purposes)
def test_a_token_fits_a_link_and_a_mail_address(id: str, purpose: Purpose) -> None:
    token = TOKENS.sign(purpose, id)
    assert re.fullmatch(rf"[a-z2-7]{{{LENGTH}}}", token)
    # RFC 5321 §4.5.3.1.1.
    assert len(plus("d" * LONGEST_LOCAL + "@example.org", token).partition("@")[0]) == 64


@given(ids, purposes)
def test_a_token_survives_a_server_that_writes_capitals(id: str, purpose: Purpose) -> None:
    token = TOKENS.sign(purpose, id)
    assert TOKENS.read(token.upper(), purpose) == id
    assert TOKENS.read(token.title(), purpose) == id


@given(ids, purposes, st.integers(0, 28 * 8 - 1))
def test_a_token_with_one_bit_turned_is_none(id: str, purpose: Purpose, bit: int) -> None:
    raw = bytearray(base64.b32decode(TOKENS.sign(purpose, id).upper() + "==="))
    raw[bit // 8] ^= 1 << bit % 8
    forged = base64.b32encode(raw).decode().rstrip("=").lower()
    assert [TOKENS.read(forged, other) for other in Purpose] == [None] * len(Purpose)


@given(ids, purposes, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_a_token_with_another_character_is_none_also_where_it_means_the_same_bytes(
    id: str, purpose: Purpose, place: int, character: str
) -> None:
    token = TOKENS.sign(purpose, id)
    forged = token[:place] + character + token[place + 1 :]
    assert TOKENS.read(forged, purpose) == (id if forged == token else None)


@given(ids, purposes)
def test_a_token_is_written_in_one_way_alone(id: str, purpose: Purpose) -> None:
    """Its last character has a bit to spare: another one there gives the same bytes."""
    token = TOKENS.sign(purpose, id)
    twin = token[:-1] + ALPHABET[ALPHABET.index(token[-1]) ^ 1]
    assert base64.b32decode(twin.upper() + "===") == base64.b32decode(token.upper() + "===")
    assert TOKENS.read(twin, purpose) is None


@given(st.text(max_size=60) | st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH))
@example("")
@example("=" * LENGTH)
@example("a" * LENGTH)
@example("\u0131" * LENGTH)
@example(LEAVE_MARK)
@example(CHANGE_MARK)
def test_what_nobody_signed_is_no_token(text: str) -> None:
    assert [TOKENS.read(text, purpose) for purpose in Purpose] == [None] * len(Purpose)


@given(ids, ids, purposes)
def test_a_token_of_one_subscriber_is_not_another_ones(one: str, other: str, purpose: Purpose) -> None:
    cut = TOKENS.sign(purpose, one)[:20]
    mixed = cut + TOKENS.sign(purpose, other)[20:]
    assert TOKENS.read(mixed, purpose) == (one if one == other else None)


@given(ids, purposes)
def test_a_token_of_another_installation_is_none(id: str, purpose: Purpose) -> None:
    theirs = Tokens([key(1, b"another secret" * 3)])
    assert TOKENS.read(theirs.sign(purpose, id), purpose) is None


def test_a_key_is_known_by_its_number_and_two_with_one_secret_are_two() -> None:
    token = Tokens([key(2, b"same" * 8)]).sign(Purpose.LEAVE, "a" * 16)
    assert Tokens([key(3, b"same" * 8)]).read(token, Purpose.LEAVE) is None


def test_the_newest_key_signs_and_the_older_ones_are_read() -> None:
    old = TOKENS.sign(Purpose.LEAVE, "a" * 16)
    both = Tokens([key(2), key(1)])
    new = both.sign(Purpose.LEAVE, "a" * 16)
    assert new == Tokens([key(2)]).sign(Purpose.LEAVE, "a" * 16) != old
    assert both.read(old, Purpose.LEAVE) == both.read(new, Purpose.LEAVE) == "a" * 16


def test_a_token_of_a_retired_key_is_none() -> None:
    assert Tokens([key(2)]).read(TOKENS.sign(Purpose.LEAVE, "a" * 16), Purpose.LEAVE) is None


def test_keys_are_told_apart_up_to_the_last_number_that_fits() -> None:
    last = Tokens([key(65535), key(255), key(1)])
    token = last.sign(Purpose.RETURN, "a" * 16)
    assert last.read(token, Purpose.RETURN) == "a" * 16


def test_a_token_is_always_the_same() -> None:
    assert Tokens([key(1)]).sign(Purpose.CHANGE, "a" * 16) == TOKENS.sign(Purpose.CHANGE, "a" * 16)
    # Pinned: links in mails that were sent must work after an update of the program.
    assert TOKENS.sign(Purpose.LEAVE, "abcdefghijklmnop") == PINNED
    assert TOKENS.read(PINNED, Purpose.LEAVE) == "abcdefghijklmnop"


def test_a_token_holds_the_id_and_nothing_of_the_address() -> None:
    """It is made from purpose, key and id alone: `sign` is given nothing else."""
    raw = base64.b32decode(TOKENS.sign(Purpose.CONFIRM, "abcdefghijklmnop").upper() + "===")
    assert raw[:13] == bytes([Purpose.CONFIRM, 0, 1]) + base64.b32decode(b"ABCDEFGHIJKLMNOP")
    assert len(raw) == 28


def test_signatures_are_compared_in_constant_time_also_for_keys_that_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return genuine(one, other)

    genuine = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    good = TOKENS.sign(Purpose.LEAVE, "a" * 16)
    for token in (good, good[:-5] + "aaaaa", Tokens([key(9)]).sign(Purpose.LEAVE, "a" * 16), TOKENS.sign(Purpose.CHANGE, "a" * 16)):
        TOKENS.read(token, Purpose.LEAVE)
    assert compared == [(15, 15)] * 4


def test_ids_are_random_and_can_be_signed() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"[a-z2-7]{16}", id) and TOKENS.read(TOKENS.sign(Purpose.LEAVE, id), Purpose.LEAVE) == id for id in made)
