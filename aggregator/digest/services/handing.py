"""How an edition is handed over to any service: look whether it is there, write a draft, begin, and have the draft sent.

A draft harms nobody, so that all before `begin` may be cut short and done again. The draft carries the edition's id, by which it is found;
having one draft sent twice is refused by the services, so that no edition goes out twice even when two of us tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aggregator.digest.mailers import Fate, Reply
from aggregator.errors import AggregatorError, DeliveryError, RateLimited, SourceError
from aggregator.fetch.api import Api, Said
from aggregator.model import Edition, Rendered
from aggregator.publish.words import clean

_LONGEST = 200
# A server in front of the service speaks: what stands behind it may go on working.
_IN_FRONT = frozenset({408, 502, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a service has under an edition's id."""

    # The service's own id.
    id: str
    # True: it was told to send it, whatever became of that.
    sent: bool


class Refused(AggregatorError):
    """A service answered, and not with what was asked for."""

    def __init__(self, message: str, *, status: int) -> None:
        self.status = status
        super().__init__(message)


class Desk(Protocol):
    """One service's API, in the four things that are done there. Each raises `Refused`, or `SourceError` when no reply came."""

    name: str
    # Of the environment, and what the key must be allowed to do.
    variable: str
    rights: str
    # The address of its API, as it is configured: a key of sources.yaml.
    place: str

    @property
    def live(self) -> bool:
        """False: a recording answers."""

    def find(self, edition: str) -> Found | None:
        """What is there under the edition's id; None when nothing is."""

    def draft(self, edition: Edition, rendered: Rendered, there: Found | None) -> str:
        """Write a draft, or write the one that is there anew; its id."""

    def start(self, id: str) -> None:
        """Have a draft sent."""


def hand_over(desk: Desk, edition: Edition, rendered: Rendered, begin: Callable[[], None]) -> Reply:
    """As `Service.hand_over`."""
    if not desk.live:
        raise DeliveryError(f"handing over to {desk.name}: a recording answers, and sends nothing; leave out --replay")
    try:
        there = desk.find(edition.id)
        if there is not None and there.sent:
            return Reply(fate=Fate.ACCEPTED, text=f"{desk.name} had it already")
        draft = desk.draft(edition, rendered, there)
    except (Refused, SourceError) as error:
        return _not_begun(desk, error)
    begin()
    try:
        desk.start(draft)
    except AggregatorError as error:
        return _begun(desk, edition.id, error)
    return Reply(fate=Fate.ACCEPTED, text=f"{desk.name} sends it")


def seek(desk: Desk, edition: str) -> bool | None:
    """As `Service.seek`."""
    try:
        there = desk.find(edition) if desk.live else None
    except AggregatorError:
        return None
    return (there is not None and there.sent) if desk.live else None


def asked(api: Api, method: str, path: str, **given: Any) -> Any:
    """The value of a good reply.

    Raises:
        Refused: the reply is bad, or is no JSON; the message holds what the service says of it.
        SourceError: no reply came.
    """
    said = api.ask(method, path, **given)
    if said.error is not None:
        raise Refused(reason(said), status=said.status)
    if not isinstance(said.value, dict):
        raise Refused("its reply is none of such a service", status=said.status)
    return said.value


def reason(said: Said) -> str:
    """What a service says of a bad reply, in one line; without addresses of people."""
    value = said.value if isinstance(said.value, dict) else {}
    words = value.get("message") or value.get("detail") or ""
    if isinstance(words, list):
        words = "; ".join(str(one.get("msg", "")) for one in words if isinstance(one, dict))
    text = clean(re.sub(r"[{}]", "", str(words)), _LONGEST)
    return f"{text} (status {said.status})" if text else f"status {said.status}"


def _not_begun(desk: Desk, error: Refused | SourceError) -> Reply:
    """What came before the edition could go out: it surely has not."""
    if isinstance(error, RateLimited) or error.status in (408, 425, 429) or (error.status or 0) >= 500:
        return Reply(fate=Fate.LATER, text=f"{desk.name}: {error}")
    raise DeliveryError(f"handing over to {desk.name}: {error}; {_advice(desk, error.status)}") from error


def _begun(desk: Desk, edition: str, error: AggregatorError) -> Reply:
    """What came when it was told to send: the service knows best whether it does."""
    text = f"{desk.name}: {error}"
    if seek(desk, edition):
        return Reply(fate=Fate.ACCEPTED, text=f"{desk.name} sends it, although: {error}")
    status = getattr(error, "status", None)
    if isinstance(error, RateLimited):
        # Without a status: it wanted rest before, and was not asked.
        return Reply(fate=Fate.LATER, text=text)
    if status is None or status < 300 or status in _IN_FRONT:
        return Reply(fate=Fate.UNCERTAIN, text=text)
    # The draft was taken, so that what is refused now is for the account's sake: once that is put right, it goes out after all.
    return Reply(fate=Fate.LATER, text=f"{text}; {_advice(desk, status)}")


def _advice(desk: Desk, status: int | None) -> str:
    if status in (401, 403):
        return f"set {desk.variable} to a key that may {desk.rights}"
    if status is None or status < 400 or status in (404, 405):
        return f"look whether {desk.place} is right, and whether it can be reached from here"
    if status >= 500 or status in (408, 425, 429):
        return "it will be tried again"
    return f"look at it in {desk.name}, and put right what it says"
