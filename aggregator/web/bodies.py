"""The body of a request: read up to a limit, and taken apart as a form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TypeAlias
from urllib.parse import parse_qs

from starlette.requests import Request

# The longest form has an address of 254 characters, each at most nine signs long (%F0%9F%98%80 are four bytes), and ids of topics.
MOST_BYTES = 8192
# The fields of a form, and a hundred topics.
MOST_FIELDS = 108
FORM = "application/x-www-form-urlencoded"

# By name; every value in its order.
Fields: TypeAlias = Mapping[str, tuple[str, ...]]


class TooLong(Exception):
    """The body is longer than any form of ours."""


async def body_of(pieces: AsyncIterator[bytes], *, declared: str | None) -> bytes:
    """The whole body.

    Args:
        pieces: as they arrive.
        declared: the Content-Length; None where there is none.

    Raises:
        TooLong: it is over `MOST_BYTES`, or says that it will be; the rest was not read.
    """
    if declared is not None and declared.isdecimal() and (len(declared) > len(str(MOST_BYTES)) or int(declared) > MOST_BYTES):
        raise TooLong
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > MOST_BYTES:
            raise TooLong
    return bytes(body)


def fields_of(body: bytes, content_type: str) -> Fields | None:
    """The fields of a form (URL Standard §5.1); None when it is no such form, or has more fields than any of ours.

    What is no UTF-8 becomes U+FFFD: an address with that sign in it is refused like any other that is none.
    """
    if content_type.partition(";")[0].strip().lower() != FORM:
        return None
    try:
        parsed = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return {name: tuple(values) for name, values in parsed.items()}


async def form_of(request: Request) -> Fields | None:
    """The fields of the form in a request; None when there is no such form.

    Raises:
        TooLong: as `body_of`.
    """
    body = await body_of(request.stream(), declared=request.headers.get("content-length"))
    return fields_of(body, request.headers.get("content-type", ""))


def one(fields: Fields, name: str) -> str:
    """The first value of a field; "" where there is none."""
    return fields.get(name, ("",))[0]
