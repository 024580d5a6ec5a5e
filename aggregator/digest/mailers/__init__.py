"""Who hands mails over: one small protocol, and what can become of a mail that was handed to it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail, ready to go."""

    # Id of the subscriber. For logs: the address is in none.
    recipient: str
    # Where it goes (RFC 5321's RCPT TO). Not in its `repr`, and what names it neither: so in no log and no message.
    address: str = field(repr=False)
    # Where it comes back to (MAIL FROM).
    sender: str
    # Without angle brackets.
    message_id: str
    # Header and body, lines ended by CRLF, none longer than 998 bytes.
    content: bytes = field(repr=False)


class Fate(StrEnum):
    """What became of a mail."""

    ACCEPTED = "accepted"
    # Surely not handed over, for a reason that passes.
    LATER = "later"
    # Surely not handed over, and asking again would not help.
    REFUSED = "refused"
    # The end of the conversation was not seen: it may have been accepted.
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a mailer says of one mail."""

    fate: Fate
    # One line for people, without any address; the server's words where it spoke.
    text: str
    # Of a refusal: the address itself is bad, for good.
    hard: bool = False


class Line(Protocol):
    """One way to the server, for one thread. It connects by itself, and again when the connection was lost."""

    def hand_over(self, mail: Mail, begin: Callable[[], None]) -> Reply:
        """Hand one mail over.

        Args:
            begin: called once, right before the first step after which the mail may arrive although we never hear of it. What ends
                before that call is surely not handed over.

        Raises:
            DeliveryError: no mail can be handed over at all (not reachable, TLS, login, sender refused); this one was not.
        """


class Mailer(Protocol):
    """A way to hand mails over."""

    @property
    def width(self) -> int:
        """Lines at once."""

    @property
    def per_second(self) -> float:
        """Mails in a second over all lines; 0: no limit."""

    def line(self) -> AbstractContextManager[Line]:
        """Open a line; closed politely at the end of the block."""
