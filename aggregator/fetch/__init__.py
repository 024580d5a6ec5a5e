"""Asking servers. This page holds what the rest of the program sees of it: `Http`, `Reply`, `Auth`, `Pace`.

client.py is the one client · bound.py the client as one source sees it · api.py an API that is told things · exchange.py a question and
its answer · doors.py which door a question goes through: network.py HTTP, sockets.py WebSockets (conversation.py one of them, tunnel.py
their way through a proxy), programs.py a program on this machine, folders.py a mailbox · guard.py refuses private addresses at connect
time · body.py decodes what comes · faults.py says why nothing came · pace.py says when a host may be asked again · robots.py what pages
may be read · status.py turns a bad reply into an error · allowance.py what bodies say of limits · auth.py holds the secrets · recording.py
writes and replays HAR files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from aggregator.errors import Unreadable
from aggregator.model import Validators

Params = Mapping[str, str | Sequence[str]]


class AuthScheme(StrEnum):
    """How a secret travels."""

    # Authorization: Bearer SECRET
    BEARER = "bearer"
    # A header of the platform's own; `Auth.name` is its name, `Auth.before` what stands in it before the secret.
    HEADER = "header"
    # A parameter of the query; `Auth.name` is its name.
    QUERY = "query"
    # "key:secret": X-Auth-Date, X-Auth-Key, and in Authorization the SHA-1 of key, secret and date (Podcast Index API, "Authentication").
    SIGNED = "signed"
    # OAuth 2 client credentials (RFC 6749 §4.4), "id:secret": `Auth.name` is the address that gives a token.
    CLIENT = "client"
    # "server:token", several apart by white space: the bearer token of each server (`Auth.name` is "Authorization"), sent to no other.
    SERVERS = "servers"
    # "server:user:password", one on each line: user and password of the mailbox at each server, shown to no other.
    LOGIN = "login"
    # AT Protocol: an app password makes a session (com.atproto.server.createSession), whose refresh token is kept across runs.
    ATPROTO = "atproto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """What a platform wants to see before it answers."""

    scheme: AuthScheme
    # Environment variable that holds the secret. For ATPROTO "handle:app-password", for SIGNED and CLIENT two parts with a colon.
    variable: str
    # One sentence: where to get it.
    how: str
    # One sentence: what is read without it. "" when nothing can be.
    without: str
    # Header for HEADER, parameter for QUERY, base URL of the service for ATPROTO, address of the tokens for CLIENT, else "".
    name: str = ""
    # HEADER only ("Bot "); "" when nothing stands before the secret.
    before: str = ""
    # How the platform wants a program to name itself, with {version} and {contact} to be filled in; "": as everywhere.
    agent: str = ""

    @property
    def optional(self) -> bool:
        """True when the platform can be read, in part, without the secret."""
        return bool(self.without)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient a host is."""

    # Least time between two requests.
    gap: timedelta = timedelta(seconds=1)
    # Requests a day; None: no limit is known.
    daily: int | None = None
    # Least time it is left alone once it refused, whatever it says itself; None: as long as it says.
    rest: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A good reply: 200 to 299, or 304. Everything else is raised as a `SourceError`."""

    # As it was asked, with its parameters, without secrets.
    asked: str
    # Where it came from after redirects.
    url: str
    status: int
    # Names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    # Decompressed; b"" for 304.
    body: bytes = b""
    # The same as at the last poll: 304, or the same bytes.
    unchanged: bool = False
    # No spelling of a topic's words occurs in the body, and the source takes mentions only. A collector that sees the reply to be
    # well formed need not parse it.
    silent: bool = False

    @property
    def media_type(self) -> str:
        """Lower case, without parameters; "" when the server gave none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self, doing: str) -> Any:
        """The body as JSON.

        Raises:
            Unreadable: it is not JSON; the message begins with `doing` ("reading hashtag timeline").
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            kind = self.media_type or "no content type"
            raise Unreadable(f"{doing}: expected JSON, got {kind!r}", status=self.status) from error


class Http(Protocol):
    """The client as one source sees it: bound to its pace, its validators, its secret and its topics.

    Every call waits for the host's turn, asks, follows redirects and either gives a good reply or raises. There is no retry.
    """

    @property
    def authorised(self) -> bool:
        """True when the secret of the platform's manifest is set."""

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        """Ask for `url`, conditionally where it was read before.

        Args:
            params: added to the query, in order; a sequence repeats its key.
            accept: the Accept header; None asks for anything.
            auth: send the secret of the platform's manifest.

        Raises:
            SourceError: the class says what happens next.
            MissingSecret: `auth` is wanted and the secret is not set.
        """

    def page(self, url: str, *, fresh: bool = False) -> Reply:
        """Ask for a web page as `get` does, but only where robots.txt allows it: feeds and APIs are meant for programs, pages are not.

        Args:
            fresh: the page is wanted also when it is as it was before.

        Raises:
            Unauthorized: robots.txt asks that it is not read, or the server refuses.
            SourceError: as everywhere; also while robots.txt cannot be read for now (RFC 9309 §2.3.1.4).
        """

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        """Send `json` to `url`; never conditional, never repeated."""

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        """Open a WebSocket (ws, wss), say JSON values, a message each, and listen.

        Args:
            until: beginnings of the JSON arrays of which one must come before the conversation is over (`[["EOSE", "a"], ["NOTICE"]]`).

        Returns:
            What was heard, in order, the last one included: a JSON value a line. The header `date` says when,
            by the server's clock or else by ours.

        Raises:
            SourceError: the connection failed, or was closed or silent before the end came.
        """

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        """Run a program on this machine, without a shell, with `say` as JSON on its standard input; gives its standard output.

        Raises:
            Unavailable: it is not there, took too long, or ended with an error; the message holds the first line of what it said.
        """

    def messages(self, url: str, *, after: int, most: int) -> Reply:
        """Messages of a mailbox's folder (imap, imaps; `imaps://HOST/FOLDER`), with the secret of the manifest; nothing is marked or moved.

        Args:
            after: only those with a greater number; 0: from the beginning.
            most: the lowest numbers first, so many.

        Returns:
            A JSON object a line, by number ascending: `{"uid": 7, "raw": "base64 of the message"}`; the header `uidvalidity` says in which
            numbering, `more` is "yes" when there are further ones.

        Raises:
            SourceError: the mailbox cannot be read.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What replies taught besides their entries; stored together with them or not at all."""

    # By URL asked.
    validators: Mapping[str, Validators] = field(default_factory=dict)
    # Permanent redirects, from the URL asked to where it went.
    moved: Mapping[str, str] = field(default_factory=dict)
    # The listing that was asked for first shows nothing any more of what it showed at the last poll.
    turned_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A server's wish for the next poll."""

    # Before when it does not want to be asked again (max-age, Expires), capped at a month; None: it did not say.
    fresh_until: datetime | None = None


class SourceHttp(Http, Protocol):
    """An `Http` as the engine sees it: it also tells what was learned on the way."""

    def take(self) -> Learned:
        """Everything learned since the last call."""

    @property
    def hint(self) -> Hint:
        """The servers' wish, over all replies so far."""
