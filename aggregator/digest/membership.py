"""Asking for the digest, confirming, leaving, changing, and what is done when mail comes back: decided here alone, for the forms and for
mail.

Nobody gets an edition who has not confirmed (double opt-in), and nobody is told whether an address is known. What is left of somebody who
is gone is a salted hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.clock import Clock
from aggregator.digest.limits import WINDOW, counted
from aggregator.digest.mailable import mailable, ours
from aggregator.digest.tokens import Purpose, Tokens, new_id
from aggregator.errors import ConfigError
from aggregator.model import Bounce, Delivery, DeliveryState, Subscriber, SubscriberState
from aggregator.settings import Digest, Settings
from aggregator.store.private import PrivateStore

# How long somebody who asked can confirm.
PATIENCE = timedelta(days=7)
# How long the address is kept of somebody who left: time to see what went wrong when somebody says that they did not.
MEMORY = timedelta(days=28)
# So many soft bounces in a row are taken as a hard one.
SOFT_BOUNCES = 3
# Copies that are looked at: an older one may bounce when newer ones are on their way.
_RECENT = 8
_SENT = (DeliveryState.HANDED_OVER, DeliveryState.REFUSED, DeliveryState.UNCERTAIN)


def configured(settings: Settings) -> Digest:
    """The digest's settings.

    Raises:
        ConfigError: there is no digest.
    """
    if settings.digest is None:
        raise ConfigError(
            f"{settings.file} has no digest, so that nobody can subscribe to it. Add one, at the least its sender: "
            "digest: {from: digest@example.org}"
        )
    return settings.digest


class Membership:
    """Who gets the digest, and how that changes."""

    def __init__(self, private: PrivateStore, settings: Settings, clock: Clock) -> None:
        """Raises `ConfigError` when there is no digest."""
        self._private = private
        self._subscribers = private.subscribers
        self._digest = configured(settings)
        self._topics = tuple(topic.id for topic in settings.topics)
        self._clock = clock

    @property
    def tokens(self) -> Tokens:
        """Made from the keys as they are now: one that was retired while the program runs is good no more. Ask once for many mails."""
        return Tokens(self._private.keys.signing())

    def ask(self, address: str, *, source: str, rhythm: str = "", topics: Iterable[str] = ()) -> None:
        """Write down that an address wants the digest; the confirmation mail is owed to it then (`letters.mail_letters`).

        Nothing tells whether the address was known. Who asked within a week and has not confirmed gets no second mail, whatever became of
        the first: a stranger who asks on and on must not reach somebody again who called that mail spam. Who gets the digest already gets
        none. Who left, bounced or complained may come back, under a new id.

        Args:
            source: where the request came from: "form" or "mail".
            rhythm: "": the first that is configured.
            topics: empty: every topic.

        Raises:
            ValueError: this is no address, no rhythm or no topic; a sentence for who asked.
        """
        asked = Subscriber(
            id=new_id(),
            address=self._foreign(mailable(address)),
            state=SubscriberState.PENDING,
            rhythm=self._rhythm(rhythm),
            topics=self._wanted(topics),
            source=source,
            asked_at=self._clock(),
        )
        known = self._subscribers.find(asked.address)
        if known is None:
            self._subscribers.add(asked)
        elif known.state is not SubscriberState.ACTIVE and not self._was_written_to(known):
            self._subscribers.add(asked, instead_of=known.id)

    def view(self, token: str, purpose: Purpose) -> Subscriber | None:
        """Who may do, with this token, what it is for; None when it is not good (any more)."""
        id = self.tokens.read(token, purpose)
        found = self._subscribers.one(id) if id is not None else None
        if found is None or purpose in (Purpose.LEAVE, Purpose.RETURN) or found.state is SubscriberState.ACTIVE:
            return found
        return found if purpose is Purpose.CONFIRM and self._may_confirm(found) else None

    def confirm(self, token: str) -> Subscriber | None:
        """From now on they get the digest; the same again when they do already. None: the token is not good, or its week is over."""
        found = self.view(token, Purpose.CONFIRM)
        if found is None or found.state is SubscriberState.ACTIVE:
            return found
        active = replace(found, state=SubscriberState.ACTIVE, confirmed_at=self._clock())
        # When somebody was faster, what they did stands.
        return active if self._subscribers.change(active, was=found.state) else self.view(token, Purpose.CONFIRM)

    def leave(self, token: str) -> bool:
        """They get nothing from now on; the same again when they left already. False: the token is not good."""
        while (found := self.view(token, Purpose.LEAVE)) is not None:
            if found.state in (SubscriberState.LEFT, SubscriberState.SUPPRESSED):
                return True
            if self._subscribers.change(replace(found, state=SubscriberState.LEFT, left_at=self._clock()), was=found.state):
                return True
        return False

    def change(self, token: str, *, rhythm: str, topics: Iterable[str]) -> bool:
        """They get the digest in another rhythm and about other topics. False: the token is not good.

        Raises:
            ValueError: no such rhythm or topic; a sentence for who asked.
        """
        rhythm, wanted = self._rhythm(rhythm), self._wanted(topics)
        found = self.view(token, Purpose.CHANGE)
        return found is not None and self._subscribers.change(replace(found, rhythm=rhythm, topics=wanted), was=found.state)

    def came_back(self, recipient: str, bounce: Bounce, *, message_id: str | None = None) -> None:
        """Mail to somebody came back, or they called it spam: hard and complaint suppress at once, soft after three editions in a row.

        Args:
            recipient: whom the mail's own return address names: anybody may send what looks like a bounce.
            message_id: of the copy; None when the bounce does not say: then it is the newest. One of another recipient is not believed.
        """
        found = self._subscribers.one(recipient)
        if found is None:
            return
        copies = [copy for copy in self._private.ledger.recent(recipient, _RECENT) if copy.state in _SENT]
        at = next((number for number, copy in enumerate(copies) if message_id in (None, copy.message_id)), None)
        if at is not None:
            self._private.ledger.bounced(copies[at].message_id, bounce)
            copies[at] = replace(copies[at], bounce=bounce)
        if bounce is not Bounce.SOFT or (at is not None and _softly(copies, at) >= SOFT_BOUNCES):
            self._subscribers.suppress(found.address, bounce, self._clock())

    def admit(self, *, network: str, address: str, now: datetime) -> bool:
        """Count one request; False when there were too many from this network, or to this address or domain. See `limits`."""
        return not self._subscribers.too_many(counted(network=network, address=address), at=now, since=now - WINDOW)

    def tidy(self) -> tuple[int, int]:
        """Forget who did not confirm in a week, and the addresses of those who left four weeks ago. How many of each."""
        now = self._clock()
        self._subscribers.too_many((), at=now, since=now - WINDOW)
        return self._subscribers.expire(pending_before=now - PATIENCE, left_before=now - MEMORY)

    def _may_confirm(self, found: Subscriber) -> bool:
        return found.state is SubscriberState.PENDING and self._clock() - found.asked_at <= PATIENCE

    def _was_written_to(self, found: Subscriber) -> bool:
        """Whether a letter went there lately and was not answered, came back or was called spam, or is still to go."""
        waits = found.state in (SubscriberState.PENDING, SubscriberState.SUPPRESSED) and found.confirmed_at is None
        return waits and self._clock() - found.asked_at <= PATIENCE

    def _foreign(self, address: str) -> str:
        if ours(address, self._digest):
            raise ValueError("Write your own address: this one is the digest's.")
        return address

    def _rhythm(self, name: str) -> str:
        rhythms = tuple(self._digest.rhythms)
        if name and name not in rhythms:
            raise ValueError(f"Choose one of: {', '.join(rhythms)}.")
        return name or rhythms[0]

    def _wanted(self, topics: Iterable[str]) -> tuple[str, ...]:
        wanted = tuple(sorted(set(topics)))
        if not set(wanted) <= set(self._topics):
            raise ValueError(f"Choose among the topics: {', '.join(self._topics)}.")
        return wanted


def _softly(copies: Sequence[Delivery], at: int) -> int:
    """How many copies in a row bounced softly, counted both ways from one of them."""
    first = last = at
    while first > 0 and copies[first - 1].bounce is Bounce.SOFT:
        first -= 1
    while last + 1 < len(copies) and copies[last + 1].bounce is Bounce.SOFT:
        last += 1
    return last - first + 1
