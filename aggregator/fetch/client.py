"""The one HTTP client. Every request of the program goes through `Client`, and through no one else's hands: pace, caps, guard, redirects,
secrets, recordings.

requests' adapter is sent prepared requests directly: its Session would add environment, cookies, hooks and redirects of its own, which cost
more than the request and which we must do ourselves anyway.
"""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.request import getproxies_environment

import requests
import urllib3
from requests.structures import CaseInsensitiveDict
from requests.utils import should_bypass_proxies

from aggregator.clock import Clock
from aggregator.errors import RateLimited, SourceError, Unavailable, Unreadable
from aggregator.fetch import Auth, Pace, Reply, faults, guard
from aggregator.fetch import body as bodies
from aggregator.fetch.auth import Sessions
from aggregator.fetch.bound import BoundHttp, Terms, with_params
from aggregator.fetch.exchange import Answer, Question, Transport, checked, host_of, redirect_of
from aggregator.fetch.pace import Stopped, Turns, lane_of
from aggregator.fetch.recording import Recorder, Replay
from aggregator.fetch.robots import Robots
from aggregator.fetch.status import error_for, shown
from aggregator.model import Validators
from aggregator.settings import Fetch, Secret

PAGE_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain"})
PAGE_ACCEPT = "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5"

REST_WITHOUT_DATE = timedelta(minutes=10)
"""How long a host is left alone that says "too often" and not until when."""

_ERROR_BYTES = 64 * 1024
# A header that a server sends twice is joined, but of these the first counts: two values joined are none.
_SINGLE = frozenset({"content-type", "location", "etag", "last-modified", "retry-after", "content-length", "expires", "age"})
_UNKEPT = frozenset({"set-cookie", "set-cookie2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a question ended after its redirects."""

    answer: Answer
    url: str
    # Where permanent redirects alone led; None: there were none.
    moved_to: str | None = None
    # None: the reply is good.
    error: SourceError | None = None


class Client:
    """Asks servers. Every method may be called from any thread; one request at a time is under way per host."""

    def __init__(
        self,
        *,
        settings: Fetch,
        version: str,
        clock: Clock,
        sessions: Sessions,
        sleep: Callable[[float], object] | None = None,
        rests: Mapping[str, datetime] | None = None,
        moved: Mapping[str, str] | None = None,
        spent: Mapping[str, int] | None = None,
        recorder: Recorder | None = None,
        replay: Replay | None = None,
    ) -> None:
        """
        Args:
            sleep: None waits so that `stop` ends it.
            rests, moved, spent: what earlier runs learned; `spent` is today's.
            recorder: gets every exchange; the client closes it.
            replay: answers instead of the network.
        """
        self._settings = settings
        self._clock = clock
        self._sessions = sessions
        self._recorder = recorder
        self._stop = threading.Event()
        self._transport: Transport = replay or Network(settings=settings, version=version, stopped=self._stop.is_set)
        sleep = sleep if self._transport.paced else _no_wait
        self._turns = Turns(
            clock=clock, sleep=sleep or self._stop.wait, stopped=self._stop.is_set, rests=rests or {}, spent=spent or {}
        )  # fmt: skip
        self._moved = dict(moved or {})
        self._learned_moved: dict[str, str] = {}
        self._robots = Robots(self._robots_txt)
        self.now = clock

    @property
    def live(self) -> bool:
        """True when a network answers, and not a recording."""
        return self._transport.paced

    def bound(
        self,
        *,
        host: str,
        pace: Pace,
        auth: Auth | None = None,
        secret: Secret | None = None,
        transient: frozenset[int] = frozenset(),
        validators: Mapping[str, Validators] | None = None,
        look: Callable[[bytes], bool] | None = None,
    ) -> BoundHttp:
        """The client for one poll of one source."""
        terms = Terms(host=host, pace=pace, auth=auth, secret=secret, transient=transient, validators=validators or {}, look=look)
        return BoundHttp(self, terms)

    def page(self, url: str, *, accept: str = PAGE_ACCEPT) -> Reply:
        """A linked page, as robots.txt allows; nothing but markup and plain text is read.

        Raises:
            Unauthorized: robots.txt asks that it is not read, or the server refuses.
            Unreadable: it is of another type; the message names it, and its body was not read.
            SourceError: as everywhere.
        """
        asked = with_params(url, None)
        question = Question(url=asked, headers={"Accept": accept}, types=PAGE_TYPES)
        arrival = self.ask(question, lane="", pace=Pace(), admit=self._robots.admit)
        if arrival.error is not None:
            raise arrival.error
        answer = arrival.answer
        return Reply(asked=asked, url=arrival.url, status=answer.status, headers=answer.headers, body=answer.body)

    def ask(
        self,
        question: Question,
        *,
        lane: str,
        pace: Pace,
        transient: frozenset[int] = frozenset(),
        admit: Callable[[str], Pace] | None = None,
    ) -> Arrival:
        """Ask, and follow redirects. A bad reply is in `Arrival.error` and not raised; no reply at all is raised.

        Args:
            admit: asked before each hop; gives its pace or raises.
        """
        moved_to: str | None = None
        lasting = True
        for _ in range(self._settings.max_redirects + 1):
            checked(question.url)
            hop_pace = admit(question.url) if admit is not None else pace
            hop_lane = lane_of(host_of(question.url), lane)
            answer = self._exchange(question, hop_lane, hop_pace)
            target = redirect_of(question, answer)
            if target is None:
                error = error_for(question.url, answer.status, answer.headers, transient=transient, now=self._clock(), body=answer.body)
                if isinstance(error, RateLimited):
                    self._turns.rest(hop_lane, error.retry_at or self._clock() + REST_WITHOUT_DATE)
                return Arrival(answer=answer, url=question.url, moved_to=moved_to, error=error)
            lasting = lasting and answer.status in (301, 308) and not (question.url.startswith("https:") and target.startswith("http:"))
            moved_to = target if lasting else moved_to
            question = question.redirected(target)
        raise Unreadable(f"asking {shown(question.url)}: more than {self._settings.max_redirects} redirects")

    def session(self, service: str, secret: Secret, terms: Terms, *, stale: str | None = None) -> str:
        """An access token of an AT Protocol service; another one than `stale`."""
        if not self.live:
            return "recorded"

        def ask(url: str, body: bytes | None, token: str | None) -> bytes:
            kind = {"Content-Type": "application/json"} if body is not None else {}
            bearer = {"Authorization": f"Bearer {token}"} if token is not None else {}
            question = Question(
                url=url, method="POST", headers={"Accept": "application/json", **kind}, secret_headers=bearer, body=body or b""
            )
            arrival = self.ask(question, lane=terms.host, pace=terms.pace)
            if arrival.error is not None:
                raise arrival.error
            return arrival.answer.body

        if stale is None:
            return self._sessions.access(service, secret, ask)
        return self._sessions.renew(service, secret, ask, stale=stale)

    def moved_to(self, url: str) -> str | None:
        """Where a permanent redirect led before; None: nowhere."""
        return self._moved.get(url)

    def learn_moved(self, asked: str, target: str) -> None:
        """Remember a permanent redirect."""
        self._moved[asked] = self._learned_moved[asked] = target

    def rests(self) -> Mapping[str, datetime]:
        """Until when hosts want rest, as far as they said so since the start."""
        return self._turns.learned()

    def moved(self) -> Mapping[str, str]:
        """Permanent redirects seen since the start."""
        return dict(self._learned_moved)

    def spent(self) -> Mapping[str, int]:
        """Requests of the present UTC day, for hosts with a daily budget."""
        return self._turns.spent()

    def stop(self) -> None:
        """End every wait and break off what is under way; whoever asks now gets `Stopped`."""
        self._stop.set()
        self._transport.stop()

    def close(self) -> None:
        self._transport.close()
        if self._recorder is not None:
            self._recorder.close()

    def _exchange(self, question: Question, lane: str, pace: Pace) -> Answer:
        with self._turns.turn(lane, pace):
            started_at, began = self._clock(), time.monotonic()
            try:
                answer = self._transport.send(question)
            except SourceError as error:
                if self._recorder is not None:
                    reason = str(error).removeprefix(f"asking {shown(question.url)}: ")
                    self._recorder.failed(question, reason, started_at=started_at, took=timedelta(seconds=time.monotonic() - began))
                raise
            if self._recorder is not None:
                self._recorder.answered(question, answer, started_at=started_at, took=timedelta(seconds=time.monotonic() - began))
            return answer

    def _robots_txt(self, url: str) -> bytes:
        arrival = self.ask(Question(url=url, headers={"Accept": "text/plain, */*;q=0.1"}), lane="", pace=Pace())
        if arrival.error is not None:
            raise arrival.error
        return arrival.answer.body


class Network:
    """Answers over the network, with every cap; follows no redirect and keeps no cookie."""

    paced = True

    def __init__(self, *, settings: Fetch, version: str, stopped: Callable[[], bool]) -> None:
        self._settings = settings
        self._stopped = stopped
        contact = f" (+{settings.contact})" if settings.contact else ""
        self._always = {"User-Agent": f"aggregator/{version}{contact}", "Accept-Encoding": bodies.ACCEPTED}
        self._allowed = guard.networks(settings.allow_networks)
        self._watch = guard.Watch(period=min(1.0, settings.total_timeout.total_seconds() / 4))
        gate = guard.Gate(allowed=self._allowed, watch=self._watch)
        self._adapter = guard.GuardedAdapter(gate=gate, hosts=max(64, 2 * settings.width), connections=4)
        self._proxies = getproxies_environment()
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        self._timeout = settings.connect_timeout.total_seconds(), settings.read_timeout.total_seconds()

    def send(self, question: Question) -> Answer:
        prepared = self._prepared(question)
        answer = self._attempt(question, prepared, retry=question.method == "GET")
        return answer if answer is not None else self._last_attempt(question, prepared)

    def stop(self) -> None:
        self._watch.break_all()

    def close(self) -> None:
        self._watch.end()
        self._adapter.close()

    def _last_attempt(self, question: Question, prepared: requests.PreparedRequest) -> Answer:
        answer = self._attempt(question, prepared, retry=False)
        assert answer is not None, "only an attempt that may be repeated gives None"
        return answer

    def _attempt(self, question: Question, prepared: requests.PreparedRequest, *, retry: bool) -> Answer | None:
        """The answer, or None when a connection kept open turned out to be dead and `retry` is on.

        Some servers close a kept connection without saying so (snac2 2.96, Node's default of 5 s): asking a second time on a new one is
        then no second request.
        """
        with self._watch.over(time.monotonic() + self._settings.total_timeout.total_seconds()) as under_way:
            try:
                proxies = self._proxies_for(question.url)
                response = self._adapter.send(prepared, stream=True, timeout=self._timeout, verify=self._verify, proxies=proxies)
            except _FAULTS as error:
                if retry and under_way.reused and not under_way.expired and faults.was_dropped(error) and not self._stopped():
                    return None
                raise self._named(question, error, expired=under_way.expired) from error
            try:
                return self._read(question, response)
            except _FAULTS as error:
                raise self._named(question, error, expired=under_way.expired) from error
            finally:
                _let_go(response)

    def _prepared(self, question: Question) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.method = question.method
        try:
            prepared.prepare_url(question.url, None)
        except (requests.RequestException, ValueError) as error:
            raise Unreadable(f"asking {shown(question.url)}: this is not an address that can be asked") from error
        length = {"Content-Length": str(len(question.body))} if question.body is not None else {}
        prepared.headers = CaseInsensitiveDict({**self._always, **question.headers, **question.secret_headers, **length})
        prepared.body = question.body
        return prepared

    def _proxies_for(self, url: str) -> dict[str, str]:
        if not self._proxies or should_bypass_proxies(url, self._proxies.get("no")):
            return {}
        host = checked(url).hostname or ""
        address = guard.literal(host)
        if address is not None:
            guard.check(host, address, self._allowed)
        return self._proxies

    def _read(self, question: Question, response: requests.Response) -> Answer:
        raw: urllib3.HTTPResponse = response.raw
        headers = _headers(raw)
        if raw.status in (204, 304):
            raw.drain_conn()
            return Answer(status=raw.status, reason=raw.reason or "", headers=headers)
        good = 200 <= raw.status < 300
        if good and question.types:
            self._want(question, headers)
        limit = self._settings.max_body_bytes if good else _ERROR_BYTES
        return Answer(status=raw.status, reason=raw.reason or "", headers=headers, body=self._body(question, raw, headers, limit, good))

    def _want(self, question: Question, headers: Mapping[str, str]) -> None:
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in question.types:
            raise Unreadable(f"asking {shown(question.url)}: expected a page, got {media_type[:80]!r}", status=200)

    def _body(self, question: Question, raw: urllib3.HTTPResponse, headers: Mapping[str, str], limit: int, good: bool) -> bytes:
        pieces: list[bytes] = []
        try:
            pieces.extend(bodies.decoded(self._pieces(raw), headers.get("content-encoding", ""), limit=limit))
        except (bodies.TooLarge, bodies.Undecodable, bodies.Truncated) as error:
            # Of an error the status says enough.
            if good:
                raise self._undecoded(question, error, raw.status) from error
        return b"".join(pieces)

    def _pieces(self, raw: urllib3.HTTPResponse) -> Iterator[bytes]:
        while piece := raw.read1(bodies.STEP, decode_content=False):
            yield piece

    def _undecoded(self, question: Question, error: Exception, status: int) -> SourceError:
        subject = f"asking {shown(question.url)}"
        if isinstance(error, bodies.TooLarge):
            return Unreadable(f"{subject}: the body is larger than {self._settings.max_body_bytes} bytes", status=status)
        if isinstance(error, bodies.Truncated):
            return Unavailable(f"{subject}: the reply was cut off", status=status)
        return Unreadable(f"{subject}: the body cannot be decoded: {error}", status=status)

    def _named(self, question: Question, error: Exception, *, expired: bool) -> Exception:
        if self._stopped():
            return Stopped("the run is ending")
        if expired:
            return Unavailable(f"asking {shown(question.url)}: no whole answer within {self._settings.total_timeout.total_seconds():g} s")
        host = checked(question.url).hostname or ""
        return Unavailable(f"asking {shown(question.url)}: {faults.reason(error, host=host, settings=self._settings)}")


# ValueError: http.client and urllib3 let it through for impossible numbers and names. AttributeError: urllib3 reads from a connection that
# `Watch` has just broken off.
_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, http.client.HTTPException, ValueError, AttributeError)


def _headers(raw: urllib3.HTTPResponse) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in raw.headers.iteritems():
        name, value = name.lower(), value.strip()
        if name in _UNKEPT or (name in found and name in _SINGLE):
            continue
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _let_go(response: requests.Response) -> None:
    """Give the connection back when the body was read to its end, and close it otherwise."""
    raw: urllib3.HTTPResponse = response.raw
    if raw._original_response is None or raw._original_response.isclosed():
        raw.release_conn()
    else:
        raw.close()


def _no_wait(seconds: float) -> None:
    """A recording has no patience to spend."""
