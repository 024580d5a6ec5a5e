"""Bodies come out as they went in, whatever the coding and however they were cut into pieces."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import brotli  # type: ignore[import-untyped]  # it brings no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch.body import STEP, TooLarge, Truncated, Undecodable, decoded


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    " Deflate ": raw_deflate,
    "br": brotli.compress,
    "identity": bytes,
    "": bytes,
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
    "br,identity, gzip": lambda body: gzip.compress(brotli.compress(body)),
}


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("encoding", list(PACKERS))
@given(part=st.binary(max_size=100), times=st.sampled_from([1, 2, 5000]), size=st.integers(1, 5000))
def test_every_coding_is_undone_however_it_arrives(encoding: str, part: bytes, times: int, size: int) -> None:
    body = part * times
    packed = PACKERS[encoding](body)
    assert b"".join(decoded(pieces(packed, max(size, len(packed) // 50)), encoding, limit=10**6)) == body


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
@given(body=st.binary(min_size=1, max_size=300), lost=st.integers(1, 8))
def test_a_stream_without_its_end_is_truncated_or_undecodable(encoding: str, body: bytes, lost: int) -> None:
    packed = PACKERS[encoding](body)
    left = packed[: max(1, len(packed) - lost)]
    with pytest.raises((Truncated, Undecodable)):
        list(decoded([left], encoding, limit=1000))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, deflate"])
@given(content=st.binary(max_size=300))
def test_no_bytes_break_a_decoder(encoding: str, content: bytes) -> None:
    try:
        out = b"".join(decoded([content], encoding, limit=1000))
    except (Truncated, Undecodable, TooLarge):
        return
    assert len(out) <= 1000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_step_puts_out_little(encoding: str) -> None:
    packed = PACKERS[encoding](bytes(50 * STEP))
    sizes = [len(piece) for piece in decoded([packed], encoding, limit=100 * STEP)]
    assert sum(sizes) == 50 * STEP
    assert max(sizes) <= 2 * STEP


@pytest.mark.parametrize("size", [STEP - 1, STEP, STEP + 1, 2 * STEP, 3 * STEP + 7])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", " Deflate ", "br"])
def test_a_body_that_fills_its_last_step_is_whole(encoding: str, size: int) -> None:
    packed = PACKERS[encoding](bytes(size))
    assert len(b"".join(decoded([packed], encoding, limit=10**6))) == size


def test_packed_bytes_without_end_that_hold_nothing_are_stopped() -> None:
    nothing = gzip.compress(b"", mtime=0) * 10
    with pytest.raises(TooLarge):
        list(decoded((nothing for _ in range(10**9)), "gzip", limit=100_000))


def test_a_layer_inside_is_capped_too() -> None:
    nothing = gzip.compress(b"", mtime=0) * 100_000
    with pytest.raises(TooLarge):
        list(decoded([gzip.compress(nothing)], "gzip, gzip", limit=100_000))


def test_gzip_members_follow_each_other_and_rubbish_after_them_is_let_go() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0rubbish"
    for size in (1, 7, 1000):
        assert b"".join(decoded(pieces(packed, size), "gzip", limit=100)) == b"one two"


@pytest.mark.parametrize("encoding", ["zstd", "gzip, zstd", "gzip,gzip,gzip,gzip,gzip"])
def test_what_was_not_asked_for_is_undecodable(encoding: str) -> None:
    with pytest.raises(Undecodable):
        decoded([b"x"], encoding, limit=10)
