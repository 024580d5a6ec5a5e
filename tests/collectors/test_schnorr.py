"""Signatures are judged as BIP-340 says, by its own test vectors (bip-0340/test-vectors.csv of bitcoin/bips, read 2026-11-22)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.collectors._schnorr import N, verified
from tests.support.nostr import Key

with (Path(__file__).parent.parent / "corpus" / "bip340.csv").open(encoding="utf-8", newline="") as file:
    VECTORS = list(csv.DictReader(file))


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{one['index']} {one['comment']}".strip() for one in VECTORS])
def test_a_signature_is_judged_as_its_vector_says(vector: dict[str, str]) -> None:
    message, key, signature = (bytes.fromhex(vector[name]) for name in ("message", "public key", "signature"))
    assert verified(message, key, signature) is (vector["verification result"] == "TRUE")


@settings(max_examples=20, deadline=None)
@given(secret=st.integers(1, N - 1), message=st.binary(min_size=32, max_size=32), place=st.integers(0, 511))
def test_a_signature_holds_for_its_message_and_for_no_other_bit(secret: int, message: bytes, place: int) -> None:
    key = Key(secret)
    signature = key.signed(message)
    assert verified(message, key.public, signature)
    flipped = (int.from_bytes(signature, "big") ^ 1 << place).to_bytes(64, "big")
    assert not verified(message, key.public, flipped)
    assert not verified(message[::-1] + b"\0", key.public, signature)


@pytest.mark.parametrize("short", [b"", b"\1" * 31, b"\1" * 33])
def test_a_key_or_signature_of_another_length_is_none(short: bytes) -> None:
    key = Key(3)
    signature = key.signed(b"\0" * 32)
    assert not verified(b"\0" * 32, short, signature)
    assert not verified(b"\0" * 32, key.public, signature + short[:1] if short else b"")
