"""The client as one source sees it: bound to its pace, its validators, its secret and its topics. Holds what one poll learns."""

from __future__ import annotations

import hashlib
import json as jsonlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urldefrag, urlencode

from aggregator.errors import Gone, MissingSecret, SourceError, Unreadable
from aggregator.fetch import Auth, AuthScheme, Hint, Learned, Pace, Params, Reply
from aggregator.fetch.auth import OF_SERVERS, headers_for
from aggregator.fetch.exchange import PAGE_ACCEPT, Answer, Question
from aggregator.fetch.status import LONGEST, http_date, shown
from aggregator.model import Validators
from aggregator.settings import Secret
from aggregator.text.secret_address import is_secret, name_of

if TYPE_CHECKING:
    from aggregator.fetch.client import Arrival, Client

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_LONGEST_VALIDATOR = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms one source asks."""

    # Its lane.
    host: str
    pace: Pace
    auth: Auth | None = None
    # None: not set.
    secret: Secret | None = None
    # Statuses that mean "later" on this platform.
    transient: frozenset[int] = frozenset()
    # By URL asked.
    validators: Mapping[str, Validators] = field(default_factory=dict)
    # False: no spelling of a topic's words is in the body. None: every body is wanted.
    look: Callable[[bytes], bool] | None = None
    # Given a body and what it gave for the one before: what the listing shows, and whether it shows nothing of what it showed then. None:
    # replies are no listings.
    compare: Callable[[bytes, str], tuple[str, bool]] | None = None
    # True: "it has not changed" is no answer, not even of a recording: who reads back would take it for the end.
    anew: bool = False


class BoundHttp:
    """`Http` for one source and one poll; used by one thread."""

    def __init__(self, client: Client, terms: Terms) -> None:
        self._client = client
        self._terms = terms
        self._validators: dict[str, Validators] = {}
        self._moved: dict[str, str] = {}
        self._fresh_until: datetime | None = None
        self._replies = 0
        self._turned_over = False

    @property
    def authorised(self) -> bool:
        return self._terms.auth is not None and self._terms.secret is not None

    @property
    def hint(self) -> Hint:
        """The latest wish of all replies so far."""
        return Hint(fresh_until=self._fresh_until)

    def take(self) -> Learned:
        """What was learned since the last take."""
        learned = Learned(validators=self._validators, moved=self._moved, turned_over=self._turned_over)
        self._validators, self._moved, self._turned_over = {}, {}, False
        return learned

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        asked = with_params(url, params)
        known = self._terms.validators.get(name_of(asked)) or Validators()
        headers = {"Accept": accept or "*/*", **_conditions(known)}
        arrival = self._follow(Question(url=asked, headers=headers), auth=auth)
        return self._reply(asked, arrival, known, headers, auth=auth)

    def page(self, url: str, *, fresh: bool = False) -> Reply:
        asked = with_params(url, None)
        known = (None if fresh else self._terms.validators.get(name_of(asked))) or Validators()
        headers = {"Accept": PAGE_ACCEPT, **_conditions(known)}
        arrival = self._raised(self._ask(Question(url=asked, headers=headers), page=True))
        return self._reply(asked, arrival, known, headers, auth=False)

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        headers = {"Accept": accept or "*/*", "Content-Type": "application/json"}
        body = jsonlib.dumps(json, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        arrival = self._arrive(Question(url=url, method="POST", headers=headers, body=body), auth=auth)
        answer = arrival.answer
        return Reply(asked=url, url=arrival.url, status=answer.status, headers=answer.headers, body=answer.body)

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        reply = self._other("CONVERSE", url, {"say": list(say), "until": [list(one) for one in until]})
        # Whoever has a clock puts the date into a message that has none (RFC 9110 §6.6.1): what is heard is dated by whoever wrote it.
        return replace(reply, headers={"date": format_datetime(self._client.now(), usegmt=True), **reply.headers})

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        # The name alone stands in the address, as a host; where the program lies is nobody's business.
        path = "/".join(quote(one, safe="") for one in arguments)
        name = quote(program.rpartition("/")[2].lower(), safe="")
        return self._other("RUN", f"program://{name}/{path}", {"program": program, "arguments": list(arguments), "say": say})

    def messages(self, url: str, *, after: int, most: int) -> Reply:
        return self._other("MESSAGES", url, {"after": after, "most": most}, auth=True)

    def _other(self, method: str, url: str, wanted: object, *, auth: bool = False) -> Reply:
        """What is asked in another way than by HTTP: no redirects, no validators."""
        body = jsonlib.dumps(wanted, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        answer = self._arrive(Question(url=url, method=method, body=body), auth=auth).answer
        look = self._terms.look
        silent = look is not None and not look(answer.body)
        return Reply(asked=url, url=url, status=answer.status, headers=answer.headers, body=answer.body, silent=silent)

    def _follow(self, question: Question, *, auth: bool) -> Arrival:
        """Ask where a permanent redirect once led; where nothing is left there but a page, or nothing at all, ask the old address again."""
        # A secret is only ever sent where the manifest says.
        target = None if auth else self._client.moved_to(question.url)
        if target is None:
            return self._arrive(question, auth=auth)
        try:
            arrival = self._arrive(question.redirected(target), auth=auth)
        except Gone:
            return self._arrive(question, auth=auth)
        return self._arrive(question, auth=auth) if _is_stray(question.headers, arrival.answer) else arrival

    def _arrive(self, question: Question, *, auth: bool) -> Arrival:
        if not auth:
            return self._raised(self._ask(question))
        scheme, secret = self._credentials()
        if scheme.scheme not in (AuthScheme.ATPROTO, AuthScheme.CLIENT):
            params = {scheme.name: secret.reveal()} if scheme.scheme is AuthScheme.QUERY else {}
            headers = headers_for(scheme, secret, self._client.now())
            if scheme.agent:
                question = replace(question, headers={**question.headers, "User-Agent": self._client.named(scheme.agent)})
            return self._raised(self._ask(replace(question, secret_headers=headers, secret_params=params)))
        token = self._client.session(scheme, secret, self._terms)
        arrival = self._ask(_with_secret(question, {"Authorization": f"Bearer {token}"}))
        if _session_over(arrival.answer):
            token = self._client.session(scheme, secret, self._terms, stale=token)
            arrival = self._ask(_with_secret(question, {"Authorization": f"Bearer {token}"}))
        return self._raised(arrival)

    def _ask(self, question: Question, *, page: bool = False) -> Arrival:
        terms = self._terms
        admit = self._client.admitting(terms.pace) if page else None
        try:
            return self._client.ask(question, lane=terms.host, pace=terms.pace, transient=terms.transient, admit=admit)
        except SourceError as error:
            raise self._redacted(error) from error.__cause__

    def _credentials(self) -> tuple[Auth, Secret]:
        auth, secret = self._terms.auth, self._terms.secret
        if auth is None:
            raise TypeError("a source without a manifest's auth asks with auth=True")
        if secret is None:
            raise MissingSecret(auth.variable, auth.how, server=self._terms.host if auth.scheme in OF_SERVERS else "")
        return auth, secret

    def _raised(self, arrival: Arrival) -> Arrival:
        if arrival.error is not None:
            raise self._redacted(arrival.error)
        return arrival

    def _redacted(self, error: SourceError) -> SourceError:
        message = self._client.redactor.text(str(error))
        return error if message == str(error) else type(error)(message, status=error.status, retry_at=error.retry_at)

    def _reply(self, asked: str, arrival: Arrival, known: Validators, headers: Mapping[str, str], *, auth: bool) -> Reply:
        answer = arrival.answer
        conditional = known.etag is not None or known.last_modified is not None
        if answer.status == 304 and not conditional and (self._client.live or self._terms.anew):
            raise Unreadable(f"asking {shown(asked)}: answered 304 to an unconditional question", status=304)
        digest = hashlib.sha256(answer.body).hexdigest() if answer.status == 200 else known.body_digest
        unchanged = answer.status == 304 or (answer.status == 200 and digest == known.body_digest)
        turned = self._learn(asked, arrival, known, digest)
        stray = _is_stray(headers, answer)
        if arrival.moved_to is not None and not auth and not stray and not self._holds_secret(asked, arrival.moved_to):
            self._moved[asked] = arrival.moved_to
            self._client.learn_moved(asked, arrival.moved_to)
        look = self._terms.look
        return Reply(
            asked=asked,
            url=arrival.url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            unchanged=unchanged,
            # What came between is missed: when, is told by the entries.
            silent=look is not None and answer.status == 200 and not unchanged and not turned and not look(answer.body),
        )

    def _learn(self, asked: str, arrival: Arrival, known: Validators, digest: str | None) -> bool:
        """True when the reply is a listing that has turned over."""
        headers, listed, turned = arrival.answer.headers, known.listed, False
        if self._terms.compare is not None and arrival.answer.status == 200 and (digest != known.body_digest or listed is None):
            listed, turned = self._terms.compare(arrival.answer.body, known.listed or "")
        self._turned_over |= turned and not self._replies
        self._replies += 1
        fresh = Validators(
            etag=self._kept(headers.get("etag")) or (known.etag if arrival.answer.status == 304 else None),
            last_modified=self._kept(headers.get("last-modified")) or (known.last_modified if arrival.answer.status == 304 else None),
            body_digest=digest,
            listed=listed,
        )
        if arrival.answer.status in (200, 304) and fresh != known:
            self._validators[name_of(asked)] = fresh
        until = fresh_until(headers, self._client.now())
        if until is not None and (self._fresh_until is None or until > self._fresh_until):
            self._fresh_until = until
        return turned

    def _holds_secret(self, *urls: str) -> bool:
        return any(is_secret(url) or self._client.redactor.holds(url) for url in urls)

    def _kept(self, value: str | None) -> str | None:
        """A validator as it is written down: one that repeats a secret is not."""
        fit = value and len(value) <= _LONGEST_VALIDATOR and value.isprintable() and not self._client.redactor.holds(value)
        return value if fit else None


def with_params(url: str, params: Params | None) -> str:
    """A URL with parameters added to its query, in order, without a fragment."""
    bare = urldefrag(url)[0]
    pairs: list[tuple[str, str]] = []
    for name, value in (params or {}).items():
        pairs += [(name, value)] if isinstance(value, str) else [(name, one) for one in value]
    return f"{bare}{'&' if '?' in bare else '?'}{urlencode(pairs)}" if pairs else bare


def fresh_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when a reply says it stays as it is (RFC 9111 §4.2.1), at most `LONGEST` from now; None when it does not say."""
    control = headers.get("cache-control", "")
    if re.search(r"(?i)\bno-(cache|store)\b", control):
        return None
    said = _MAX_AGE.search(control)
    if said is not None:
        age = headers.get("age", "").strip()
        seconds = int(said[1]) - (int(age) if re.fullmatch(r"\d{1,12}", age) else 0)
        return now + min(timedelta(seconds=min(seconds, 10**9)), LONGEST) if seconds > 0 else None
    expires = http_date(headers["expires"]) if "expires" in headers else None
    return min(expires, now + LONGEST) if expires is not None and expires > now else None


def _is_stray(headers: Mapping[str, str], answer: Answer) -> bool:
    """True for a web page that nobody asked for: a wall, a log-in, the new owner of a domain. No redirect to one is believed for ever."""
    accept = headers.get("Accept", "")
    return accept != "*/*" and "html" not in accept and "html" in answer.headers.get("content-type", "").lower()


def _conditions(known: Validators) -> dict[str, str]:
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value is not None}


def _with_secret(question: Question, headers: Mapping[str, str]) -> Question:
    return replace(question, secret_headers=headers)


def _session_over(answer: Answer) -> bool:
    return answer.status == 401 or (answer.status == 400 and b"ExpiredToken" in answer.body)
