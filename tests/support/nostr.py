"""Notes of Nostr, signed by people of a test; and relays that say what they are told to say.

ada = Key(3)
note = ada.note("Crews #microsolidarity", tags=[["t", "microsolidarity"]], at=1_795_166_102)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aggregator.collectors._schnorr import G, N, P, challenge, combined
from aggregator.errors import Unavailable
from aggregator.fetch import Params, Reply
from tests.support.exchanges import HttpAlone

Event = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """Somebody who signs. The nonce is made from key and message alone, so that the same note always has the same signature."""

    secret: int

    @property
    def public(self) -> bytes:
        return _affine(self.secret)[0].to_bytes(32, "big")

    @property
    def hex(self) -> str:
        return self.public.hex()

    def signed(self, message: bytes) -> bytes:
        return _signed(self.secret, message)

    def event(self, kind: int, content: str = "", *, tags: Sequence[Sequence[str]] = (), at: int) -> Event:
        """An event of NIP-01."""
        listed = [list(tag) for tag in tags]
        parts = [0, self.hex, at, kind, listed, content]
        id = hashlib.sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).digest()
        fields = {"pubkey": self.hex, "created_at": at, "kind": kind, "tags": listed, "content": content}
        return {"id": id.hex(), **fields, "sig": self.signed(id).hex()}

    def note(self, content: str, *, tags: Sequence[Sequence[str]] = (("t", "microsolidarity"),), at: int) -> Event:
        return self.event(1, content, tags=tags, at=at)


@lru_cache(maxsize=4096)
def _affine(factor: int) -> tuple[int, int]:
    point = combined(factor, G, 0, G)
    assert point is not None
    x, y, z = point
    inverse = pow(z, -1, P)
    return x * inverse**2 % P, y * inverse**3 % P


@lru_cache(maxsize=4096)
def _signed(secret: int, message: bytes) -> bytes:
    """BIP-340, "Default Signing", with a nonce of our own making."""
    x, y = _affine(secret)
    d = secret if y % 2 == 0 else N - secret
    k = int.from_bytes(hashlib.sha256(d.to_bytes(32, "big") + message).digest(), "big") % N or 1
    r, ry = _affine(k)
    k = k if ry % 2 == 0 else N - k
    start = r.to_bytes(32, "big")
    s = (k + challenge(start, x.to_bytes(32, "big"), message) * d) % N
    return start + s.to_bytes(32, "big")


@dataclass
class Relay:
    """What a relay answers by NIP-01, from the events it keeps."""

    events: list[Event] = field(default_factory=list)
    # Of one filter, whatever it asks for.
    most: int = 500
    # Said instead of everything, as JSON values.
    instead: Sequence[object] | None = None

    def heard(self, say: Sequence[Any]) -> bytes:
        """What is said to one REQ, a JSON value a line."""
        ((_, name, *filters),) = say
        found = {event["id"]: event for one in filters for event in self._kept(one)}
        said = [["EVENT", name, event] for event in found.values()] if self.instead is None else [*self.instead]
        ends = [["EOSE", name]] if self.instead is None else []
        return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in (*said, *ends))

    def _kept(self, asked: Event) -> list[Event]:
        newest_first = sorted(self.events, key=lambda event: (-event["created_at"], event["id"]))
        return [event for event in newest_first if _matches(event, asked)][: min(asked.get("limit", self.most), self.most)]


def _matches(event: Event, asked: Event) -> bool:
    if event["kind"] not in asked.get("kinds", (event["kind"],)):
        return False
    if not asked.get("since", 0) <= event["created_at"] <= asked.get("until", event["created_at"]):
        return False
    if event["id"] not in asked.get("ids", (event["id"],)) or event["pubkey"] not in asked.get("authors", (event["pubkey"],)):
        return False
    return all(
        any(tag[0] == name[1:] and tag[1] in values for tag in event["tags"] if len(tag) > 1)
        for name, values in asked.items()
        if name.startswith("#")
    )


@dataclass
class RelayHttp(HttpAlone):
    """An `Http` that knows relays by their addresses; one that is not known cannot be reached."""

    relays: Mapping[str, Relay]
    authorised: bool = False
    # What relays' clocks show; "": nothing.
    date: str = ""
    asked: list[tuple[str, Any]] = field(default_factory=list)
    # Number of the question that fails, from 1; None: none does.
    fails_at: int | None = None

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError(f"{url}: relays are not asked by HTTP")

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError("nothing is written to a relay")

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        self.asked.append((url, {"say": list(say), "until": [list(one) for one in until]}))
        if url not in self.relays or len(self.asked) == self.fails_at:
            raise Unavailable(f"asking {url}: connection refused")
        headers = {"content-type": "application/x-ndjson"} | ({"date": self.date} if self.date else {})
        return Reply(asked=url, url=url, status=200, headers=headers, body=self.relays[url].heard(say))
