"""Bodies decoded while they stream, so that caps hold for what comes out and not for what goes in.

Sources: RFC 9110 §8.4, RFC 1950 to 1952 (zlib, deflate, gzip), RFC 7932 (Brotli).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it brings no types

STEP = 64 * 1024
"""Bytes that one step may put out: memory stays small in front of a bomb."""

MOST_CODINGS = 4
"""More layers than this have no honest use."""

ACCEPTED = "gzip, deflate, br"


class TooLarge(Exception):
    """More came out than is allowed."""


class Undecodable(Exception):
    """The bytes are not what the header says."""


class Truncated(Exception):
    """The compressed stream ends before its end."""


class _Coding(Protocol):
    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What `piece` decodes to, in pieces of at most about `STEP` bytes."""

    def end(self) -> None:
        """Raises `Truncated` when more was to come."""


def decoded(pieces: Iterable[bytes], encoding: str, *, limit: int) -> Iterator[bytes]:
    """Decode a body by its Content-Encoding; lazily.

    Raises:
        TooLarge: more than `limit` bytes, after any layer.
        Undecodable: an unknown coding, or bytes that are not in it.
        Truncated: the last bytes are missing.
    """
    layers = [_coding(name) for name in reversed(_codings(encoding))]
    stream: Iterable[bytes] = _limited(pieces, limit)
    for layer in layers:
        stream = _through(layer, stream, limit)
    return _limited(stream, limit)


def _codings(encoding: str) -> list[str]:
    names = [name.strip().lower() for name in encoding.split(",")]
    wanted = [name for name in names if name not in ("", "identity")]
    if len(wanted) > MOST_CODINGS:
        raise Undecodable(f"{len(wanted)} layers of encoding")
    return wanted


def _coding(name: str) -> _Coding:
    if name in ("gzip", "x-gzip"):
        return _Gzip()
    if name == "deflate":
        return _Deflate()
    if name == "br":
        return _Brotli()
    raise Undecodable(f"encoded as {name[:40]!r}, which was not asked for")


def _through(layer: _Coding, stream: Iterable[bytes], limit: int) -> Iterator[bytes]:
    yield from _limited((piece for raw in stream for piece in layer.feed(raw)), limit)
    layer.end()


def _limited(stream: Iterable[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in stream:
        size += len(piece)
        if size > limit:
            raise TooLarge(f"more than {limit} bytes")
        yield piece


class _Deflate:
    """The zlib form, or the raw form that some servers send under the same name."""

    def __init__(self) -> None:
        self._begun = b""
        self._stream: zlib._Decompress | None = None

    def feed(self, piece: bytes) -> Iterator[bytes]:
        if self._stream is None:
            self._begun += piece
            if len(self._begun) < 2:
                return
            piece, self._begun = self._begun, b""
            zlib_header = piece[0] & 0x0F == 8 and int.from_bytes(piece[:2], "big") % 31 == 0
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
        # What follows the end of the stream is nobody's; it is let go.
        if not self._stream.eof:
            yield from _inflate(self._stream, piece)

    def end(self) -> None:
        if self._begun or (self._stream is not None and not self._stream.eof):
            raise Truncated("the deflate stream has no end")


class _Gzip:
    """One member after another; what follows the last and is no member is let go, as gzip(1) does."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        # True: nothing of the present member has come.
        self._fresh = True
        self._members = 0
        self._finished = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        while piece and not self._finished:
            if self._fresh and self._members and not piece.startswith(b"\x1f"):
                self._finished = True
                return
            self._fresh = False
            yield from _inflate(self._stream, piece)
            if not self._stream.eof:
                return
            piece = self._stream.unused_data
            self._stream, self._fresh = zlib.decompressobj(16 + zlib.MAX_WBITS), True
            self._members += 1

    def end(self) -> None:
        if not self._fresh:
            raise Truncated("the gzip stream has no end")


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._fed = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        self._fed = self._fed or bool(piece)
        try:
            while not self._stream.is_finished():
                out: bytes = self._stream.process(piece, output_buffer_limit=STEP)
                piece = b""
                if out:
                    yield out
                elif self._stream.can_accept_more_data():
                    # That alone does not say that nothing is left to come out (brotli 1.2.1).
                    return
        except brotli.error as error:
            raise Undecodable("not valid Brotli") from error

    def end(self) -> None:
        if self._fed and not self._stream.is_finished():
            raise Truncated("the Brotli stream has no end")


def _inflate(stream: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    try:
        while True:
            out = stream.decompress(piece, STEP)
            if out:
                yield out
            piece = stream.unconsumed_tail
            # A full step can leave output behind inside the stream when no input is left.
            if stream.eof or (not piece and len(out) < STEP):
                return
    except zlib.error as error:
        raise Undecodable("not validly compressed") from error
