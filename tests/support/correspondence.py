"""A digest that readers write to: private.db with two of them, copies that they were sent, and what arrives in the mailbox.

with correspondence(folder) as post:
    post.sends(3)                                        # three editions to Ada and Bo
    assert post.arrives(post.read("qmail")) is Outcome.CAME_BACK
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.digest.mailbox.acting import Acting, Outcome
from aggregator.digest.mailbox.reading import classified
from aggregator.digest.membership import Membership
from aggregator.digest.mime import message_id
from aggregator.digest.tokens import Purpose
from aggregator.model import DeliveryState, Period, Subscriber, SubscriberState
from aggregator.settings import Digest, Mailbox, Settings
from aggregator.store.private.opening import SqlPrivateStore, open_private
from tests.support.editions import WEEK, edition
from tests.support.offices import RENDERED
from tests.support.site import settings_in

FIXTURES = Path(__file__).parents[1] / "fixtures" / "mailbox"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESS = "digest@example.org"
DIGEST = Digest(sender=f"Crew news <{ADDRESS}>", mailbox=Mailbox(address=ADDRESS, host="127.0.0.1", security="none"))
ADA, BO = "adaadaadaadaada2", "bobobobobobobobo"


@dataclass(kw_only=True)
class Correspondence:
    """Everything about mail that comes in."""

    private: SqlPrivateStore
    settings: Settings
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    @property
    def membership(self) -> Membership:
        return Membership(self.private, self.settings, self.now)

    def reader(self, id: str) -> Subscriber | None:
        return self.private.subscribers.one(id)

    def state(self, id: str) -> SubscriberState | None:
        found = self.reader(id)
        return found.state if found else None

    def subscribes(self, id: str, address: str, state: SubscriberState = SubscriberState.ACTIVE) -> None:
        asked = self.at - timedelta(days=1)
        confirmed = asked if state is not SubscriberState.PENDING else None
        left = asked if state in (SubscriberState.LEFT, SubscriberState.SUPPRESSED) else None
        one = Subscriber(
            id=id, address=address, state=state, rhythm="weekly", source="mail", asked_at=asked, confirmed_at=confirmed, left_at=left
        )
        assert self.private.subscribers.add(one)

    def sends(self, count: int = 1) -> None:
        """So many weekly editions more, each handed over to everybody who is active."""
        for number in range(len(self.private.ledger.issued()), len(self.private.ledger.issued()) + count):
            start = WEEK.since + timedelta(weeks=number)
            period = Period(name=f"2026-W{47 + number}", since=start, until=start + timedelta(weeks=1))
            one = edition(period=period)
            ids = {id: self.message_id(id, number) for id in self.private.subscribers.receiving(one.topic, one.rhythm)}
            ledger = self.private.ledger
            assert ledger.freeze(one, RENDERED, hash="h", report="", message_ids=ids, told=(), at=self.at)
            claimed = ledger.claim(one.id, 100, self.at)
            ledger.settle([replace(copy.delivery, state=DeliveryState.HANDED_OVER) for copy in claimed])

    def message_id(self, id: str, number: int = 0) -> str:
        """Of the copy of the n-th edition."""
        return message_id(f"microsolidarity/weekly/2026-W{47 + number}", id, salt=self.private.keys.salt(), sender=DIGEST.sender)

    def token(self, purpose: Purpose, id: str = ADA) -> str:
        return self.membership.tokens.sign(purpose, id)

    def read(self, name: str, *, id: str = ADA, number: int = 0) -> bytes:
        """A fixture, with the tokens of a reader and the Message-ID of the n-th copy where its marks are."""
        text = (FIXTURES / f"{name}.eml").read_bytes()
        for purpose in (Purpose.RETURN, Purpose.LEAVE, Purpose.CONFIRM):
            text = text.replace(f"{{{purpose.name.lower()}}}".encode(), self.token(purpose, id).encode())
        return text.replace(b"{message-id}", self.message_id(id, number).encode())

    def arrives(self, raw: bytes) -> Outcome:
        """What comes of one message."""
        membership = self.membership
        return Acting(self.private, membership, membership.tokens, self.now).do(classified(raw, DIGEST))


@contextmanager
def correspondence(folder: Path) -> Iterator[Correspondence]:
    """With Ada and Bo, who get the digest."""
    with closing(open_private(folder / "private.db")) as private:
        post = Correspondence(private=private, settings=replace(settings_in(folder), digest=DIGEST))
        post.subscribes(ADA, "ada@example.org")
        post.subscribes(BO, "bo@example.net")
        yield post


def mail(body: str = "", **fields: str) -> bytes:
    """A message from Cleo to the digest, unless fields say otherwise: `reply_to="…"`; "" leaves a field out."""
    given = {"from": "Cleo <cleo@example.com>", "to": ADDRESS, "subject": "", "message_id": "<1@example.com>"} | fields
    head = "".join(f"{name.strip('_').replace('_', '-').title()}: {value}\r\n" for name, value in given.items() if value)
    return f"{head}\r\n{body}\r\n".encode()
