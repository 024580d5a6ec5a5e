"""What is remembered of people: subscribers, the ledger of mails, the keys that sign their links. `opening.open_private` gives the one
implementation, on `private.db` (mode 0600), apart from everything public.

Every method is one transaction, on the disk when it returns (`synchronous=FULL`): a claim that a power cut could take back would be sent
twice. Can be called from any thread. Times come in as arguments and go out aware, in UTC. Raises `StoreError` when the database cannot
be used; no message names an address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from aggregator.model import Bounce, Delivery, DeliveryState, Edition, EditionState, Issued, Rendered, Subscriber, SubscriberState


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A copy that is ours to hand over, and to whom."""

    delivery: Delivery
    # "" when the recipient is a list at a service that sends. Not in its `repr`, so in no log and no message.
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that signs links. The newest signs; the others are good until they are retired."""

    # From 1.
    number: int
    # Not in its `repr`, so in no log and no message.
    secret: bytes = field(repr=False)
    made_at: datetime
    # None: good still.
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of subscribers that were brought from elsewhere."""

    added: int
    # There already, in any state.
    known: int
    # They left, bounced, complained or were erased.
    suppressed: int


class Subscribers(Protocol):
    """Who asked for mail."""

    def find(self, address: str) -> Subscriber | None:
        """By address; what `folded` makes the same is the same."""

    def one(self, id: str) -> Subscriber | None:
        """By id."""

    def add(self, subscriber: Subscriber, *, instead_of: str | None = None) -> bool:
        """Write a new one; a row of the same address with the id `instead_of` goes. False when the address is there still: nothing is
        written."""

    def take(self, subscribers: Sequence[Subscriber]) -> Taken:
        """Write those that are neither known nor suppressed, in ONE transaction."""

    def change(self, subscriber: Subscriber, *, was: SubscriberState) -> bool:
        """Replace the row with its id. False, and nothing written, when it is gone or is not in the state `was` any more. Whoever becomes
        active is not suppressed any more, and whoever leaves is from then on, in the same transaction."""

    def all(self, states: Collection[SubscriberState] = tuple(SubscriberState)) -> tuple[Subscriber, ...]:
        """Those in these states, by the time they asked, then by id."""

    def counts(self) -> Mapping[SubscriberState, int]:
        """How many are in each state; each state is there."""

    def receiving(self, topic: str, rhythm: str) -> tuple[str, ...]:
        """Ids of those who are active and want this topic (or every one) in this rhythm, sorted."""

    def unmailed(self, limit: int) -> tuple[Subscriber, ...]:
        """Pending ones whose confirmation mail was not claimed yet, oldest first."""

    def claim_letter(self, id: str, at: datetime) -> bool:
        """Claim the confirmation mail of a pending one: True for one caller alone, once."""

    def release_letter(self, id: str) -> None:
        """Give the claim back: the mail was surely not handed over."""

    def suppress(self, address: str, bounce: Bounce, at: datetime) -> bool:
        """Never write there again: the row, if there is one, becomes suppressed; the address's hash is kept. False: it was known."""

    def suppressed(self, address: str) -> bool:
        """Whether it left, bounced, complained or was erased, also when the address itself is not kept any more. Coming back by double
        opt-in lifts it (`change`), an import does not."""

    def erase(self, address: str, at: datetime) -> bool:
        """Forget an address at once: row and pending letter; its salted hash stays, so that no import brings it back. False: not known."""

    def expire(self, *, pending_before: datetime, left_before: datetime) -> tuple[int, int]:
        """Delete pending ones that asked before; erase those that left or were suppressed before (their hashes stay). How many of each."""

    def too_many(self, counted: Sequence[tuple[str, str, int]], *, at: datetime, since: datetime) -> bool:
        """Count one request and say whether it is over a limit: of each (kind, name, limit), such as ("network", "192.0.2.0/24", 5),
        more than `limit` since then. One that is over is not counted, so that asking on and on costs no write and locks nobody out for
        longer. Names are kept hashed, and forgotten when older than `since`."""


class Ledger(Protocol):
    """Editions and their deliveries. A `mark` says up to which line the journal of outgoing mail is known here (`digest.journal`)."""

    def issued(self, limit: int | None = None) -> tuple[Issued, ...]:
        """Editions of every state, the newest period first; `rendered` left out."""

    def frozen(self) -> tuple[tuple[str, str], ...]:
        """Ids and hashes of the editions that are sending, sent or cancelled, by id; none of them is ever another."""

    def sending(self) -> tuple[Issued, ...]:
        """Editions that are being sent, the oldest period first; `rendered` left out."""

    def one(self, edition: str) -> Issued | None:
        """One edition by its id, whole."""

    def last(self, topic: str, rhythm: str) -> Issued | None:
        """The last edition of a topic and rhythm that is sending, sent or cancelled, by its period; `rendered` left out."""

    def told(self, topic: str, rhythm: str) -> frozenset[str]:
        """Names (ids and keys) of stories that earlier editions of a topic and rhythm have accounted for."""

    def hold(self, edition: Edition, report: str, at: datetime) -> None:
        """Write that an edition is held back, and why; one that was held or skipped before is replaced."""

    def skip(self, edition: Edition, at: datetime, *, mark: str = "") -> None:
        """Write that a quiet period is skipped."""

    def freeze(
        self,
        edition: Edition,
        rendered: Rendered,
        *,
        hash: str,
        report: str,
        message_ids: Mapping[str, str],
        told: Iterable[str],
        at: datetime,
        mark: str = "",
    ) -> bool:
        """Write an edition and a due row for every recipient, in ONE transaction. False, and nothing written, when it is frozen already.

        Args:
            message_ids: by recipient.
            told: names of all stories that the edition accounts for.
        """

    def claim(self, edition: str, limit: int, at: datetime, *, mark: str = "") -> tuple[Claimed, ...]:
        """Claim up to so many rows that are due and whose time has come, and count the attempt, of an edition that is being sent; none:
        there is nothing to claim. Rows of recipients who are not active any more become refused with the reply "left before it was handed
        over", and are not given."""

    def settle(self, deliveries: Sequence[Delivery], *, mark: str = "") -> None:
        """Write what became of claimed rows, in ONE transaction; a row that is settled for good (handed over, refused) is never changed
        back: it is left as it is."""

    def deliveries(self, edition: str, states: Collection[DeliveryState] = tuple(DeliveryState)) -> tuple[Delivery, ...]:
        """Rows of an edition in these states, by recipient."""

    def addresses(self, recipients: Collection[str]) -> Mapping[str, str]:
        """Addresses by recipient, of those that are known still."""

    def counts(self, edition: str) -> Mapping[DeliveryState, int]:
        """How many rows are in each state; each state is there."""

    def due_at(self, edition: str) -> datetime | None:
        """When the next due row's time comes; None: no row is due."""

    def end(self, edition: str, state: EditionState, at: datetime, *, mark: str = "") -> None:
        """Write that an edition is sent or cancelled, and let go of what was rendered; rows that are due become refused."""

    def take_over(self, issued: Issued, deliveries: Sequence[Delivery], told: Iterable[str], *, mark: str = "") -> None:
        """Write what the journal knows of an edition and this database, being older, does not: the edition itself unless it was ended
        here, rows that are not there, what became of those that are not settled, and names."""

    def mark(self) -> str:
        """The last `mark` that was written; "": none was. Each method that takes one remembers it in its own transaction."""

    def remark(self, mark: str) -> None:
        """Write a mark alone."""

    def bounced(self, message_id: str, bounce: Bounce) -> Delivery | None:
        """Note that a copy came back; the row it is about, or None when no copy has this Message-ID."""

    def copy(self, message_id: str) -> Delivery | None:
        """The copy that has this Message-ID."""

    def recent(self, recipient: str, limit: int) -> tuple[Delivery, ...]:
        """The last copies to a recipient, newest edition first."""


class Keys(Protocol):
    """The secrets of this installation, made when first asked for."""

    def signing(self) -> tuple[SigningKey, ...]:
        """All that are good, newest first; one is made when there is none."""

    def rotate(self, at: datetime, *, retire_before: datetime | None = None) -> SigningKey:
        """Make a new key that signs from now on; older ones stay good unless made before `retire_before`."""

    def salt(self) -> bytes:
        """What addresses are hashed with; the same for ever."""


class Forgetting(Protocol):
    """Takes out what was taken down. Called by the process that holds the lock of sending."""

    def names(self) -> frozenset[str]:
        """Every name of a story that was told, of all topics and rhythms."""

    def replies(self) -> frozenset[str]:
        """What servers said of copies that they did not take, each once."""

    def forget(self, editions: Iterable[Issued], *, names: Iterable[str], replies: Iterable[str]) -> None:
        """Write editions anew as they are given, but none that is being sent; and delete names and replies: in ONE transaction."""

    def wipe(self) -> bool:
        """Leave no byte of what was deleted in the database's files, and remove the copies that migrations kept; False when bytes are
        left, because another process reads the file or a server keeps the rows."""


class SubmissionKind(StrEnum):
    """Which way something came."""

    WEBMENTION = "webmention"
    SUGGESTION = "suggestion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a stranger sent, and nobody has looked at yet. Who it was is not known."""

    kind: SubmissionKind
    # Of a webmention the page that links, of a suggestion the link: as it was sent.
    source: str
    # Of a webmention the page of ours that is linked to, as it was sent; "" of a suggestion.
    target: str = ""
    # Of a suggestion, in the sender's words.
    title: str = ""
    note: str = ""
    at: datetime
    # How often its page was asked for in vain.
    tries: int = 0


class Submissions(Protocol):
    """What strangers sent, until it is looked at."""

    def put(self, one: Submission, *, most: int) -> bool:
        """Take it in; the same once more is the same. False, and nothing written, when so many wait already."""

    def due(self, now: datetime, limit: int) -> tuple[Submission, ...]:
        """What is to be looked at now, oldest first."""

    def later(self, one: Submission, due_at: datetime) -> None:
        """It was asked for in vain: look again then."""

    def done(self, one: Submission) -> None:
        """Forget it. What was sent again since stays."""


class PrivateStore(Protocol):
    """Everything in private.db."""

    @property
    def subscribers(self) -> Subscribers: ...

    @property
    def ledger(self) -> Ledger: ...

    @property
    def keys(self) -> Keys: ...

    @property
    def forgetting(self) -> Forgetting: ...

    @property
    def submissions(self) -> Submissions: ...

    def note(self, name: str) -> str | None:
        """A text remembered under a name."""

    def remember(self, name: str, text: str) -> None:
        """Remember a text under a name."""

    def exclusive(self) -> AbstractContextManager[bool]:
        """Hold the lock of sending: True inside when this process has it, False when another does. Freed when the process dies."""

    def close(self) -> None:
        """Let go of the database."""
