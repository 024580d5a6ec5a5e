"""An API that is told things, and not only asked: JSON in, JSON out, with one secret. Through the one client, so that guard, time-outs
and recordings hold; nothing is sent twice."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.errors import SourceError
from aggregator.fetch import Pace, Params
from aggregator.fetch.auth import secret_texts
from aggregator.fetch.bound import with_params
from aggregator.fetch.exchange import Question, host_of
from aggregator.settings import Secret

if TYPE_CHECKING:
    from aggregator.fetch.client import Client

# An API that we were given a key for is asked a handful of things in a row.
_PACE = Pace(gap=timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A reply, good or bad."""

    status: int
    # The body as JSON; None: it is none.
    value: Any = None
    # What the status means; None: the reply is good.
    error: SourceError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One service, as one account of it."""

    client: Client
    # With a final slash.
    base: str
    secret: Secret
    # Of the Authorization header, with "{}" where the secret goes: "Token {}".
    form: str = "Bearer {}"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """True when the service itself answers, and not a recording."""
        return self.client.live

    def ask(self, method: str, path: str, *, json: object = None, params: Params | None = None) -> Said:
        """Ask once, and follow redirects of a GET. A bad reply is given back and not raised.

        Raises:
            SourceError: no reply came, or not the whole of it; without a status the service may have done what was asked.
        """
        body = None if json is None else jsonlib.dumps(json, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        kind = {"Content-Type": "application/json"} if body is not None else {}
        question = Question(
            url=with_params(self.base + path, params),
            method=method,
            headers={"Accept": "application/json", **kind, **self.headers},
            secret_headers={"Authorization": self.form.format(self.secret.reveal())},
            body=body,
        )
        arrival = self.client.ask(question, lane=host_of(question.url), pace=_PACE)
        return Said(status=arrival.answer.status, value=_value(self._clean(arrival.answer.body)), error=arrival.error)

    def _clean(self, body: bytes) -> bytes:
        """Without the secret, should the service repeat it."""
        for text in secret_texts(self.secret):
            body = body.replace(text.encode(), b"...")
        return body


def _value(body: bytes) -> Any:
    try:
        return jsonlib.loads(body)
    except (ValueError, RecursionError):
        return None
