"""Asking relays: one conversation each, and what became of it.

Source: NIP-01 (REQ, EOSE, CLOSED, NOTICE), NIP-42 (AUTH), read 2026-07-30. Over its limit nostr-relay 1.14 says NOTICE and never EOSE,
and without a log-in where one is wanted AUTH and NOTICE, so that a notice ends a conversation too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from aggregator.collectors._json import Odd
from aggregator.collectors._nostr_event import Event, event_of
from aggregator.errors import RateLimited, SourceError, Unauthorized, Unavailable, Unreadable
from aggregator.fetch import Http, Reply

Filter = Mapping[str, Any]
"""NIP-01: what an event must be; of several filters one is enough."""

_PREFIX = re.compile(r"\W*([a-z-]+)")
# What a word at the beginning of a refusal means (NIP-01, "OK and CLOSED"; NIP-42).
_REFUSALS: Mapping[str, tuple[type[SourceError], str]] = {
    "rate-limited": (RateLimited, "asked too often"),
    "auth-required": (Unauthorized, "it answers only who has logged in"),
    "restricted": (Unauthorized, "it answers its members only"),
    "blocked": (Unauthorized, "it does not answer us"),
    "mute": (Unauthorized, "it does not answer us"),
    "pow": (Unauthorized, "it wants work to be done first"),
    "error": (Unavailable, "it could not answer"),
}


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a relay said to one question."""

    # In its order; each is what its id says, but nobody has looked at its signature.
    events: tuple[Event, ...] = ()
    # How many came, those that cannot be used among them.
    count: int = 0
    # The oldest time among them, in seconds since 1970; None: none came.
    oldest: int | None = None
    remarks: tuple[str, ...] = ()
    # What the relay's clock showed, in seconds since 1970; None: it did not say.
    at: int | None = None


def ask(http: Http, relay: str, filters: Sequence[Filter], doing: str) -> Heard:
    """What a relay keeps that one of the filters asks for.

    Raises:
        SourceError: it did not come to the end of what it keeps.
    """
    # Named after the question, so that the answer to another one is none.
    name = hashlib.sha256(json.dumps([relay, *filters], sort_keys=True).encode()).hexdigest()[:16]
    reply = http.converse(relay, say=[["REQ", name, *filters]], until=[["EOSE", name], ["CLOSED", name], ["NOTICE"]])
    if reply.unchanged:
        return Heard(at=_clock(reply))
    messages = [_message(line, doing) for line in reply.body.split(b"\n") if line.strip()]
    last = messages[-1] if messages else [None]
    if last[:2] != ["EOSE", name]:
        raise _refusal(last, name, doing, relay)
    rows = [one[2] for one in messages if one[:2] == ["EVENT", name] and len(one) > 2]
    events: dict[str, Event] = {}
    reasons: dict[str, int] = {}
    for row in rows:
        try:
            event = event_of(row)
        except Odd as odd:
            reasons[str(odd)] = reasons.get(str(odd), 0) + 1
        else:
            events.setdefault(event.id, event)
    remarks = tuple(f"{short(relay)}: {count} note{'s' if count > 1 else ''} left out: {reason}" for reason, count in reasons.items())
    times = [event.at for event in events.values()]
    until = filters[0].get("until")
    if until is not None and times and min(times) > until:
        raise Unreadable(f"{doing}: {short(relay)}: the newest notes came once more in place of older ones")
    return Heard(events=tuple(events.values()), count=len(rows), oldest=min(times, default=None), remarks=remarks, at=_clock(reply))


def ask_all(
    http: Http, relays: Sequence[str], filters: Sequence[Filter], doing: str, *, enough: int
) -> tuple[dict[str, Heard], dict[str, SourceError]]:
    """What each relay said, and why some said nothing.

    Raises:
        SourceError: fewer than `enough` answered; what the first of the others said.
    """
    heard: dict[str, Heard] = {}
    failed: dict[str, SourceError] = {}
    for relay in relays:
        try:
            heard[relay] = ask(http, relay, filters, doing)
        except SourceError as error:
            failed[relay] = error
    if len(heard) < enough and failed:
        raise next(iter(failed.values()))
    return heard, failed


def by_relay(heard: Mapping[str, Heard], good: Callable[[Event], bool]) -> dict[str, Heard]:
    """The same without the events that are not good; each is looked at once, however many relays show it."""
    judged: dict[str, bool] = {}
    for one in heard.values():
        for event in one.events:
            if event.id not in judged:
                judged[event.id] = good(event)
    return {relay: replace(one, events=tuple(event for event in one.events if judged[event.id])) for relay, one in heard.items()}


def short(relay: str) -> str:
    """A relay as people name it."""
    return relay.removeprefix("wss://").removesuffix("/")


def _message(line: bytes, doing: str) -> list[Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{doing}: expected JSON, and heard something else") from error
    if not isinstance(said, list) or not said:
        raise Unreadable(f"{doing}: expected a list, got {type(said).__name__!r}")
    return said


def _refusal(last: Sequence[Any], name: str, doing: str, relay: str) -> SourceError:
    words = last[2] if last[:2] == ["CLOSED", name] and len(last) > 2 else last[1] if last[0] == "NOTICE" and len(last) > 1 else None
    if not isinstance(words, str):
        return Unreadable(f"{doing}: {short(relay)}: expected the end of what is kept, and it did not come")
    prefix = _PREFIX.match(words.lower())
    kind, meaning = _REFUSALS.get(prefix[1] if prefix else "", (Unreadable, "it does not answer this question"))
    return kind(f"{doing}: {short(relay)}: {meaning}")


def _clock(reply: Reply) -> int | None:
    """The Date of the handshake (RFC 9110 §6.6.1)."""
    try:
        said: datetime = parsedate_to_datetime(reply.headers.get("date", ""))
        return int(said.timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
