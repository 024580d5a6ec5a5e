"""What is done about a message: the one place where mail changes who gets the digest. Every action may be done twice without harm.

A copy's Message-ID and its return address were made with keys that nobody else has, so that a bounce or a complaint that names one was
written by somebody who had the copy; whatever else is claimed changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from aggregator.clock import Clock
from aggregator.digest.mailbox.reading import Ask, Complaint, Ignored, Read, Returned, Signed
from aggregator.digest.membership import Membership
from aggregator.digest.tokens import Purpose, Tokens
from aggregator.model import Bounce, SubscriberState
from aggregator.store.private import PrivateStore
from aggregator.store.private.addresses import folded

# Copies of one recipient that a bounce may be about: half a year of weekly mail.
_RECENT = 26


class Outcome(StrEnum):
    """What became of a message."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    LEFT = "left"
    CAME_BACK_HARD = "came back for good"
    CAME_BACK = "came back"
    COMPLAINED = "complained"
    # Ours, and there was nothing to do: a machine answered, a copy is late, it was done before.
    NOTHING = "nothing to do"
    # Not ours: a person should look.
    UNTOUCHED = "for a person"


@dataclass(frozen=True, slots=True)
class Acting:
    """Carries out what messages want."""

    private: PrivateStore
    membership: Membership
    tokens: Tokens
    clock: Clock

    def do(self, read: Read) -> Outcome:
        """Act on one message."""
        match read:
            case Ask():
                return self._ask(read)
            case Signed():
                return self._signed(read)
            case Returned():
                return self._returned(read)
            case Complaint():
                return self._complaint(read)
            case Ignored():
                return Outcome.UNTOUCHED

    def _ask(self, ask: Ask) -> Outcome:
        known = self.private.subscribers.find(ask.address)
        if known is not None and known.state in (SubscriberState.ACTIVE, SubscriberState.PENDING):
            # Nothing is owed to them; counting would shut out who asks thrice in a hurry.
            return Outcome.NOTHING
        if not self.membership.admit(network="", address=ask.address, now=self.clock()):
            return Outcome.NOTHING
        self.membership.ask(ask.address, source="mail")
        return Outcome.ASKED

    def _signed(self, signed: Signed) -> Outcome:
        """A good token is all the authority that is asked for: whom the mail says it is from can be forged, and forwarding changes it."""
        if not any(self.tokens.read(token, purpose) for token in signed.tokens for purpose in Purpose):
            return Outcome.UNTOUCHED
        if signed.answered:
            return Outcome.NOTHING
        if any(self.membership.leave(token) for token in signed.tokens):
            return Outcome.LEFT
        if signed.to_letter and not signed.automatic and any(self.membership.confirm(token) is not None for token in signed.tokens):
            return Outcome.CONFIRMED
        # A person who writes to the return address, or answers too late or in words of their own, is not left without an answer.
        return Outcome.NOTHING if signed.automatic else Outcome.UNTOUCHED

    def _returned(self, returned: Returned) -> Outcome:
        about = dict(self._about(returned.tokens, returned.message_ids, (Purpose.RETURN,)))
        worst = None
        for recipient, message_id in about.items():
            bounce = self._bounce(returned, recipient)
            if bounce is not None:
                self.membership.came_back(recipient, bounce, message_id=message_id)
                worst = bounce if worst is not Bounce.HARD else worst
        if worst is not None:
            return Outcome.CAME_BACK_HARD if worst is Bounce.HARD else Outcome.CAME_BACK
        return Outcome.NOTHING if about else Outcome.UNTOUCHED

    def _complaint(self, complaint: Complaint) -> Outcome:
        about = dict(self._about(complaint.tokens, complaint.message_ids, (Purpose.RETURN, Purpose.LEAVE)))
        if not about:
            return Outcome.UNTOUCHED
        if not complaint.unwanted:
            return Outcome.NOTHING
        for recipient, message_id in about.items():
            self.membership.came_back(recipient, Bounce.COMPLAINT, message_id=message_id)
        return Outcome.COMPLAINED

    def _bounce(self, returned: Returned, recipient: str) -> Bounce | None:
        """The worst that is said of a recipient; None when nothing has failed.

        Hard only when it is said of the very address that we wrote to: behind an alias stand many people, and one of them who is gone must
        not take the digest from the others.
        """
        address = self.private.ledger.addresses((recipient,)).get(recipient, "")
        kinds = {failed.bounce if _names(failed.addresses, address) else Bounce.SOFT for failed in returned.failed}
        return Bounce.HARD if Bounce.HARD in kinds else next(iter(kinds), None)

    def _about(
        self, tokens: Iterable[str], message_ids: tuple[str, ...], purposes: tuple[Purpose, ...]
    ) -> Iterator[tuple[str, str | None]]:
        """Whom a report proves to be about, each with the copy that it names; None: it names none of theirs, as when a gateway gave it
        another Message-ID.

        A token wins over Message-IDs, which belong to another recipient only in a forgery.
        """
        named = [id for token in tokens for purpose in purposes if (id := self.tokens.read(token, purpose)) is not None]
        for recipient in dict.fromkeys(named):
            copies = {copy.message_id for copy in self.private.ledger.recent(recipient, _RECENT)}
            yield recipient, next((id for id in message_ids if id in copies), None)
        if not named:
            for message_id in message_ids:
                if (copy := self.private.ledger.copy(message_id)) is not None:
                    yield copy.recipient, message_id


def _names(addresses: Iterable[str], address: str) -> bool:
    return any(folded(one) == folded(address) for one in addresses if address)
