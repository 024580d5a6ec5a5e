"""Schnorr signatures over secp256k1, verified. Nothing here is secret, so nothing needs to be constant in time.

Source: BIP-340 ("Verification"), read 2026-11-22; its test vectors are in tests/collectors/test_schnorr.py. Points are in Jacobian
coordinates (x/z², y/z³), None is the point at infinity; s·G − e·P is found by one chain of doublings for both (Shamir's trick).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    1,
)
Point = tuple[int, int, int] | None


@lru_cache(maxsize=8192)
def verified(message: bytes, key: bytes, signature: bytes) -> bool:
    """Whether the holder of the x-only `key` (32 bytes) signed `message` with `signature` (64 bytes)."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    point = lifted(int.from_bytes(key, "big"))
    if len(key) != 32 or len(signature) != 64 or point is None or r >= P or s >= N:
        return False
    e = challenge(signature[:32], key, message)
    sum_ = combined(s, G, N - e, point)
    if sum_ is None:
        return False
    x, y, z = sum_
    inverse = pow(z, -1, P)
    return y * inverse**3 % P % 2 == 0 and x * inverse**2 % P == r


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    """The hash that binds nonce, key and message to each other."""
    tag = hashlib.sha256(b"BIP0340/challenge").digest()
    return int.from_bytes(hashlib.sha256(tag + tag + r + key + message).digest(), "big") % N


def lifted(x: int) -> Point:
    """The point with an even y at `x`; None when there is none."""
    if x >= P:
        return None
    square = (pow(x, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    return None if y * y % P != square else (x, y if y % 2 == 0 else P - y, 1)


def combined(a: int, one: Point, b: int, other: Point) -> Point:
    """a·one + b·other."""
    choices = (None, one, other, _added(one, other))
    result: Point = None
    for bit in range(255, -1, -1):
        result = _doubled(result)
        chosen = choices[(a >> bit & 1) | (b >> bit & 1) << 1]
        if chosen is not None:
            result = _added(result, chosen)
    return result


def _doubled(point: Point) -> Point:
    if point is None:
        return None
    x, y, z = point
    yy = y * y % P
    s = 4 * x * yy % P
    m = 3 * x * x % P
    new = (m * m - 2 * s) % P
    return new, (m * (s - new) - 8 * yy * yy) % P, 2 * y * z % P


def _added(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    x1, y1, z1 = one
    x2, y2, z2 = other
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * zz2 % P, x2 * zz1 % P
    s1, s2 = y1 * zz2 * z2 % P, y2 * zz1 * z1 % P
    if u1 == u2:
        return _doubled(one) if s1 == s2 else None
    h, r = (u2 - u1) % P, (s2 - s1) % P
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x = (r * r - hhh - 2 * v) % P
    return x, (r * (v - x) - s1 * hhh) % P, h * z1 * z2 % P
