"""The addresses behind which a subscriber confirms, leaves and changes: on the web, by mail, or both. Pure.

They are made from the configuration alone, never from what a request says.
"""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.digest.tokens import LENGTH
from aggregator.settings import Digest

# Stand in a frozen edition where each recipient's own tokens will; as long as tokens, and no token: their key has no number that we give.
LEAVE_MARK = "leavetoken" * 4 + "leave"
CHANGE_MARK = "changetoke" * 4 + "chang"
assert len(LEAVE_MARK) == len(CHANGE_MARK) == LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Addresses of one subscriber; "" where there is no such way."""

    # For a person: a page with one button, or else a mailto.
    leave: str = ""
    # For a mail program (RFC 8058): a POST there leaves at once.
    one_click: str = ""
    # A mailto that leaves.
    leave_by_mail: str = ""
    # A page on which frequency and topics are changed.
    change: str = ""
    # For everybody: a page or a mailto to subscribe.
    subscribe: str = ""


def doors(digest: Digest, *, leave: str = LEAVE_MARK, change: str = CHANGE_MARK) -> Doors:
    """The doors of one recipient, or, with the marks, of the frozen edition."""
    page = page_of(digest, "leave", leave)
    by_mail = f"mailto:{plus(digest.mailbox.address, leave)}?subject=leave" if digest.mailbox else ""
    return Doors(
        leave=page or by_mail,
        one_click=page,
        leave_by_mail=by_mail,
        change=page_of(digest, "change", change),
        subscribe=subscribe(digest),
    )


def subscribe(digest: Digest) -> str:
    """Where one subscribes; "" when nobody can."""
    if digest.serve:
        return digest.serve.url
    return f"mailto:{digest.mailbox.address}?subject=subscribe" if digest.mailbox else ""


def page_of(digest: Digest, what: str, token: str) -> str:
    """A page of `aggregator serve`: "confirm", "leave" or "change"; "" when there is no server."""
    return f"{digest.serve.url}{what}/{token}" if digest.serve else ""


def plus(address: str, sign: str) -> str:
    """The address with a sign behind its local part (RFC 5233 §1)."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{sign}@{domain}"
