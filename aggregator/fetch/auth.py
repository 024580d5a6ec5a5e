"""The secrets: which header carries one, and the tokens that are given for one, kept across runs.

Sources: com.atproto.server.createSession and refreshSession (bluesky-social/atproto, lexicons/com/atproto/server, read 2026-11-22): an
access token lives for hours, a refresh token for weeks and for one use. RFC 6749 §4.4: a program shows its id and secret, and gets a token
that is asked for anew when it is over.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from aggregator.errors import SourceError, Unauthorized, Unreadable
from aggregator.fetch import Auth, AuthScheme
from aggregator.fetch.status import shown
from aggregator.settings import Secret

Ask = Callable[[str, bytes, "str | None", "str | None"], bytes]
"""POST a body to a URL, with its media type and an Authorization header where there are any; gives the body of a good reply, raises
`SourceError` otherwise."""
# A token is asked for anew so long before it is over: it must outlive the question it is for.
_MARGIN = timedelta(minutes=2)
OF_SERVERS = frozenset({AuthScheme.SERVERS, AuthScheme.LOGIN})
"""Whose variable says for each server what is shown to it, and to no other."""
# Whose secret is a pair of which neither half is anybody's business. The handle of an account is public, and so is the name of a server.
_PAIRS = frozenset({AuthScheme.SIGNED, AuthScheme.CLIENT, AuthScheme.LOGIN})
# "server:user:password", or with a port, which is one where two parts follow it. A user name holds no colon.
_OF_SERVER = re.compile(r"(?P<server>(?:\[[0-9a-fA-F:.]+\]|[^:@\s]+)(?::\d{1,5}(?=:[^:]+:.))?):(?P<login>[^:]+:.+)")
# Letters; what is shorter stands in any text.
_SHORTEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a service gave us for a secret."""

    access: str
    # "": there is none, the secret itself brings the next token.
    refresh: str = ""
    # When the access token is over; None: not said.
    until: datetime | None = None

    def over(self, now: datetime) -> bool:
        return self.until is not None and self.until - _MARGIN <= now


def secret_texts(secret: Secret, scheme: AuthScheme | None = None) -> tuple[str, ...]:
    """Every text that must not appear anywhere: the secret, each of several tokens, what stands behind a colon ("handle:app-password"), and
    of a pair what stands before it, too: half of a key, or the name of a mailbox."""
    whole = secret.reveal()
    # A password may hold spaces, and what stands before one in it may be a word like any other.
    logins = [login for _, login in _logins(whole)] if scheme is AuthScheme.LOGIN else []
    words = (whole, *(whole.split() if scheme is AuthScheme.SERVERS else logins))
    before = [pair.partition(":")[0] for pair in logins or [whole]] if scheme in _PAIRS else []
    found = [*before, *(text for word in words for text in (word, word.partition(":")[2], word.rpartition(":")[2]))]
    return tuple(text for text in dict.fromkeys(found) if len(text) >= _SHORTEST)


def own_secret(auth: Auth | None, secret: Secret | None, host: str) -> Secret | None:
    """What of a secret is for this host: its own token or login where each server has one, else all of it; None when there is none."""
    if auth is None or secret is None or auth.scheme not in OF_SERVERS:
        return secret
    if auth.scheme is AuthScheme.LOGIN:
        return next((Secret(login) for server, login in _logins(secret.reveal()) if server == host.lower()), None)
    pairs = (word.rpartition(":") for word in secret.reveal().split())
    return next((Secret(token) for server, _, token in pairs if server.lower() == host and token), None)


def _logins(lines: str) -> Iterator[tuple[str, str]]:
    """Server, in small letters and without a port that goes without saying, and "user:password" of each line."""
    for found in filter(None, (_OF_SERVER.fullmatch(line.strip()) for line in lines.splitlines())):
        yield found["server"].lower().removesuffix(":993").removesuffix(":143"), found["login"]


def headers_for(auth: Auth, secret: Secret, now: datetime) -> Mapping[str, str]:
    """The headers that carry a secret, for the schemes that need no session; none where it travels otherwise."""
    if auth.scheme in (AuthScheme.BEARER, AuthScheme.SERVERS):
        return {"Authorization": f"Bearer {secret.reveal()}"}
    if auth.scheme is AuthScheme.HEADER:
        return {auth.name: auth.before + secret.reveal()}
    if auth.scheme is AuthScheme.SIGNED:
        return _signed(secret, now)
    # A door that signs in takes it from here; it is no header there.
    return {"login": secret.reveal()} if auth.scheme is AuthScheme.LOGIN else {}


def _signed(secret: Secret, now: datetime) -> Mapping[str, str]:
    key, _, rest = secret.reveal().partition(":")
    date = str(int(now.timestamp()))
    signature = hashlib.sha1((key + rest + date).encode(), usedforsecurity=False).hexdigest()
    return {"X-Auth-Date": date, "X-Auth-Key": key, "Authorization": signature}


class Sessions:
    """Tokens by service and account, in a file only we can read. Two threads never log in or refresh at once."""

    def __init__(self, path: Path | None) -> None:
        """`path`: None keeps them for this run alone."""
        self._path = path
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] | None = None

    def access(self, service: str, secret: Secret, ask: Ask) -> str:
        """An access token, from an earlier session or by logging in.

        Raises:
            Unauthorized: the service does not take the app password, or the secret is not "handle:app-password".
            SourceError: the service could not be asked.
        """
        with self._lock:
            session = self._load().get(_key(service, secret))
            return (session or self._log_in(service, secret, ask)).access

    def renew(self, service: str, secret: Secret, ask: Ask, *, stale: str) -> str:
        """An access token other than `stale`, by the refresh token or, when that is refused, by logging in once more."""
        with self._lock:
            session = self._load().get(_key(service, secret))
            if session is not None and session.access != stale:
                return session.access  # another thread was faster
            if session is not None:
                try:
                    reply = ask(f"{service.rstrip('/')}/xrpc/com.atproto.server.refreshSession", b"", None, f"Bearer {session.refresh}")
                except SourceError as error:
                    if error.status not in (400, 401, 403):
                        raise
                else:
                    return self._keep(service, secret, _session(reply, "refreshing the session")).access
            return self._log_in(service, secret, ask).access

    def granted(self, address: str, secret: Secret, ask: Ask, *, now: datetime, stale: str | None = None) -> str:
        """A program's token from `address` for "id:secret" (RFC 6749 §4.4), an earlier one while it lasts; another one than `stale`.

        Raises:
            Unauthorized: the id and secret are not taken, or the secret is not "id:secret".
            SourceError: the service could not be asked.
        """
        with self._lock:
            session = self._load().get(_key(address, secret))
            if session is not None and session.access != stale and not session.over(now):
                return session.access
            known, _, word = secret.reveal().partition(":")
            if not known or not word:
                raise Unauthorized("asking for a token: the secret is not of the form 'id:secret'")
            basic = base64.b64encode(f"{quote_plus(known)}:{quote_plus(word)}".encode()).decode()
            try:
                reply = ask(address, b"grant_type=client_credentials", "application/x-www-form-urlencoded", f"Basic {basic}")
            except (Unauthorized, Unreadable) as error:
                if error.status not in (400, 401, 403):
                    raise
                raise Unauthorized(f"asking for a token: {shown(address)} does not take the id and secret", status=error.status) from error
            return self._keep(address, secret, _grant(reply, now)).access

    def _log_in(self, service: str, secret: Secret, ask: Ask) -> Session:
        handle, _, password = secret.reveal().rpartition(":")
        if not handle or not password:
            raise Unauthorized("signing in: the secret is not of the form 'handle:app-password'")
        body = json.dumps({"identifier": handle, "password": password}).encode()
        try:
            reply = ask(f"{service.rstrip('/')}/xrpc/com.atproto.server.createSession", body, "application/json", None)
        except SourceError as error:
            if error.status not in (400, 401, 403) or not isinstance(error, (Unauthorized, Unreadable)):
                raise
            raise Unauthorized(f"signing in: {service} does not take the app password", status=error.status) from error
        return self._keep(service, secret, _session(reply, "signing in"))

    def _keep(self, service: str, secret: Secret, session: Session) -> Session:
        """Write a session down before it is used: the refresh token it came from is dead already."""
        self._load()[_key(service, secret)] = session
        if self._path is not None:
            rows = {key: _row(one) for key, one in sorted(self._load().items())}
            _write_private(self._path, json.dumps({"version": 1, "sessions": rows}, indent=1).encode())
        return session

    def _load(self) -> dict[str, Session]:
        if self._sessions is None:
            self._sessions = _read(self._path) if self._path is not None else {}
        return self._sessions


def _key(service: str, secret: Secret) -> str:
    account = secret.reveal().rpartition(":")[0].lower()
    return f"{service.rstrip('/')} {hashlib.sha256(account.encode()).hexdigest()[:16]}"


def _session(body: bytes, doing: str) -> Session:
    try:
        reply: Any = json.loads(body)
        access, refresh = reply["accessJwt"], reply["refreshJwt"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable(f"{doing}: expected a session") from error
    if not (isinstance(access, str) and isinstance(refresh, str) and _sendable(access) and _sendable(refresh)):
        raise Unreadable(f"{doing}: expected two tokens")
    return Session(access=access, refresh=refresh)


def _grant(body: bytes, now: datetime) -> Session:
    """A token as RFC 6749 §5.1 has it. What says neither a token nor when it is over in a way that can be read is none."""
    try:
        reply: Any = json.loads(body)
        access, lasts = reply["access_token"], reply.get("expires_in")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unreadable("asking for a token: expected one") from error
    if not (isinstance(access, str) and _sendable(access)):
        raise Unreadable("asking for a token: expected one that can be sent")
    whole = isinstance(lasts, int) and not isinstance(lasts, bool) and 0 < lasts < 10**9
    return Session(access=access, until=now + timedelta(seconds=lasts) if whole else None)


def _row(session: Session) -> Mapping[str, str]:
    """A session as it is written down, without what it does not have."""
    until = {"until": session.until.isoformat()} if session.until is not None else {}
    return {"access": session.access, **({"refresh": session.refresh} if session.refresh else {}), **until}


def _session_of(row: Any) -> Session:
    until = datetime.fromisoformat(row["until"]) if "until" in row else None
    if until is not None and until.tzinfo is None:
        raise ValueError("a time without a zone")
    return Session(access=str(row["access"]), refresh=str(row.get("refresh", "")), until=until)


def _sendable(token: str) -> bool:
    return 0 < len(token) < 8192 and token.isascii() and token.isprintable() and " " not in token


def _read(path: Path) -> dict[str, Session]:
    """The sessions of a file; none when it is not there or not ours: then we log in again, which is always possible."""
    try:
        rows: Any = json.loads(path.read_bytes())["sessions"]
        return {str(key): _session_of(row) for key, row in rows.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _write_private(path: Path, content: bytes) -> None:
    """Replace a file by one that was never readable to anyone else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
