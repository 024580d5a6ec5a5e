"""What a server says of its own hashtag timelines: who may see them, and which part of them.

Source: API documentation, entities/Instance, `configuration.timelines_access` (since 4.5; mastodon/documentation pull request 1745, read
2026-07-30). To whom one part is not shown, the whole question is refused with 401, unless it asks for the other part alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from aggregator.collectors import _options
from aggregator.collectors._json import an_object, member
from aggregator.errors import Gone, Unauthorized, Unreadable
from aggregator.fetch import Http

DOING = "reading hashtag timeline"
ASKING = "reading what the server says of its timelines"


class Scope(Enum):
    """The part of a timeline that is asked for; its value stands in cursors."""

    EVERYTHING = ""
    LOCAL = "local"
    REMOTE = "remote"

    @property
    def params(self) -> Mapping[str, str]:
        """What is added to a question."""
        return {self.value: "true"} if self.value else {}

    def remarks(self, host: str) -> tuple[str, ...]:
        """What is not seen, for people."""
        if self is Scope.EVERYTHING:
            return ()
        others = "other servers" if self is Scope.LOCAL else "its own members"
        return (f"{host} shows visitors no posts of {others}",)


def scope_of(value: Any) -> Scope:
    """The scope that a cursor names; everything where it names none."""
    return Scope(value) if value in {scope.value for scope in Scope} else Scope.EVERYTHING


def scope_read(http: Http, server: str, *, unchanged: Scope = Scope.EVERYTHING) -> Scope:
    """What visitors are shown, as the server says; everything where it says nothing of it (it is older, or other software).

    Args:
        unchanged: what was read before, for an answer that is the same as then.

    Raises:
        Unauthorized: nothing is shown to visitors; the message says to whom it is, and what to do.
    """
    host = _options.host(server)
    try:
        reply = http.get(f"{_options.base(server)}/api/v2/instance", accept="application/json")
    except Gone as error:
        if error.status == 404:
            return Scope.EVERYTHING
        raise
    except Unauthorized as error:
        raise _closed(host, "shows visitors nothing at all", error.status) from error
    if not reply.body and reply.unchanged:
        return unchanged
    said = an_object(reply.json(ASKING), ASKING)
    if not said.keys() & {"domain", "version", "configuration", "title"}:
        raise Unreadable(f"{ASKING}: expected a server's description of itself, got another object")
    feeds = member(member(member(said.get("configuration")).get("timelines_access")).get("hashtag_feeds"))
    local, remote = feeds.get("local", "public"), feeds.get("remote", "public")
    if local == "public":
        return Scope.EVERYTHING if remote == "public" else Scope.LOCAL
    if remote == "public":
        return Scope.REMOTE
    some = "authenticated" in (local, remote)
    raise _closed(host, "shows hashtag timelines to its members only" if some else "shows hashtag timelines to nobody", None)


def _closed(host: str, words: str, status: int | None) -> Unauthorized:
    return Unauthorized(f"{DOING}: {host} {words}; choose another server that this hashtag reaches", status=status)
