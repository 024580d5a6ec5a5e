"""The errors; each class says what happens next.

    AggregatorError
     ├─ ConfigError          the operator must change something
     │   ├─ UnknownPlatform     no collector has that name, or no platform has that address
     │   ├─ BadOption           an option is missing, unknown or not allowed
     │   └─ MissingSecret       an environment variable is not set
     ├─ SourceError          one source failed; the others go on            .action
     │   ├─ Unavailable         time-out, refused, 5xx, bad TLS             retry   back off, doubled, capped, with jitter
     │   ├─ RateLimited         429, 503 with Retry-After                   wait    until the server's date, capped at a month
     │   │   └─ Walled             a bot wall                               wait    a day; a person has to look
     │   ├─ Unreadable          a reply the specification does not allow    retry   slowly
     │   ├─ Unauthorized        401, 403                                    pause   tell the operator once
     │   └─ Gone                410, or 404 again and again                 stop    keep the history
     ├─ StoreError           the database cannot be used
     ├─ DeliveryError        no mail can be handed over at all; what is due stays due
     └─ MailboxError         the mailbox cannot be read now; what was not handled is there at the next run

Anything else is a bug: its job fails with a traceback, the others go on.
Messages are lower-case fragments without a final period that compose with colons; they never hold a secret, an address of a person or a
body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class AggregatorError(Exception):
    """Everything the program raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a configuration file."""

    # Path of the file as the operator named it.
    file: str
    # From 1; None: the file as a whole.
    line: int | None
    # Dotted path of the key ("sources[3].tag"); "" for the file as a whole.
    key: str
    # A whole sentence: what was found, what is allowed, the nearest known name, what to do.
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(AggregatorError):
    """The operator must change something; carries every problem found, not the first alone."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = () if isinstance(problems, str) else tuple(problems)
        super().__init__(problems if isinstance(problems, str) else "\n".join(map(str, self.problems)))


class UnknownPlatform(ConfigError):
    """No collector has that name, or no platform has that address."""


class BadOption(ConfigError):
    """An option of a collector is missing, unknown or not allowed."""


class MissingSecret(ConfigError):
    """An environment variable that the platform needs is not set."""

    def __init__(self, variable: str, how: str, *, server: str = "") -> None:
        """`server`: the one for which nothing is there, where the variable says something for each."""
        self.variable = variable
        self.how = how
        super().__init__(f"{variable} is not set{f' for {server}' if server else ''}: {how}")


class Action(StrEnum):
    """What the scheduler does with a source after an error."""

    RETRY = "retry"
    WAIT = "wait"
    SLOW = "slow"
    PAUSE = "pause"
    STOP = "stop"


class SourceError(AggregatorError):
    """One source failed; the others go on."""

    action: ClassVar[Action]

    def __init__(self, message: str, *, status: int | None = None, retry_at: datetime | None = None) -> None:
        # HTTP status; None: there was no reply.
        self.status = status
        # The server's own word on when to come back, UTC; None: it did not say.
        self.retry_at = retry_at
        super().__init__(message)


class Unavailable(SourceError):
    """Time-out, refused, 5xx, bad TLS: try again later."""

    action = Action.RETRY


class RateLimited(SourceError):
    """429, or 503 with Retry-After: wait until the server's date."""

    action = Action.WAIT


class Walled(RateLimited):
    """A bot wall: asked again after a day, and no wish for rest that passes by itself."""


class Unreadable(SourceError):
    """A reply that the platform's specification does not allow: try again, slowly."""

    action = Action.SLOW


class Unauthorized(SourceError):
    """401 or 403: the operator must act."""

    action = Action.PAUSE


class Gone(SourceError):
    """410 stops the source; 404 does after it was seen again and again (`status` tells them apart)."""

    action = Action.STOP


class StoreError(AggregatorError):
    """The database cannot be used."""


class DeliveryError(AggregatorError):
    """No mail can be handed over: the server cannot be reached, or refuses us and not a recipient. What is due stays due."""


class MailboxError(AggregatorError):
    """The mailbox cannot be read now, or breaks off; what was not handled is there at the next run."""
