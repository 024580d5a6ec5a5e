"""The one HTTP client. Every request of the program goes through `Client`, and through no one else's hands: pace, caps, guard, redirects,
secrets, recordings.

bound.py is the client as one source sees it · network.py sends one request · exchange.py the values in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.clock import Clock
from aggregator.errors import RateLimited, SourceError, Unreadable
from aggregator.fetch import Auth, AuthScheme, Pace, Reply
from aggregator.fetch.auth import Sessions, secret_texts
from aggregator.fetch.bound import BoundHttp, Terms, with_params
from aggregator.fetch.doors import Doors
from aggregator.fetch.exchange import PAGE_ACCEPT, Answer, Question, Transport, checked, host_of, redirect_of
from aggregator.fetch.network import client_name
from aggregator.fetch.pace import Turns, lane_of
from aggregator.fetch.recording import Recorder, Redactor, Replay
from aggregator.fetch.robots import Robots
from aggregator.fetch.status import error_for, rest_at, shown
from aggregator.model import Validators
from aggregator.settings import Fetch, Secret

PAGE_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain"})

REST_WITHOUT_DATE = timedelta(minutes=10)
"""How long a host is left alone that says "too often" and not until when."""


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
        redactor: Redactor | None = None,
    ) -> None:
        """
        Args:
            sleep: None waits so that `stop` ends it.
            rests, moved, spent: what earlier runs learned; `spent` is today's.
            recorder: gets every exchange; the client closes it.
            replay: answers instead of the network.
            redactor: learns which secrets are used, and takes them out of what is said; None: one of its own.
        """
        self._settings = settings
        self._name = client_name(settings, version)
        self._version = version
        self._clock = clock
        self._sessions = sessions
        self._recorder = recorder
        self.redactor = redactor or Redactor(())
        self._stop = threading.Event()
        self._transport: Transport = replay or Doors(settings=settings, version=version, stopped=self._stop.is_set)
        sleep = sleep if self._transport.paced else _no_wait
        self._turns = Turns(
            clock=clock, sleep=sleep or self._stop.wait, stopped=self._stop.is_set, rests=rests or {}, spent=spent or {}
        )  # fmt: skip
        self._moved = dict(moved or {})
        self._learned_moved: dict[str, str] = {}
        self._robots = Robots(self._robots_txt)

    def now(self) -> datetime:
        """The present instant."""
        return self._clock()

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
        compare: Callable[[bytes, str], tuple[str, bool]] | None = None,
        anew: bool = False,
    ) -> BoundHttp:
        """The client for one poll of one source."""
        if secret is not None:
            self.redactor.learn(secret_texts(secret, auth.scheme if auth is not None else None))
        terms = Terms(
            host=host,
            pace=pace,
            auth=auth,
            secret=secret,
            transient=transient,
            validators=validators or {},
            look=look,
            compare=compare,
            anew=anew,
        )
        return BoundHttp(self, terms)

    def page(
        self, url: str, *, accept: str = PAGE_ACCEPT, types: frozenset[str] = PAGE_TYPES, seconds: float | None = None, purpose: str = ""
    ) -> Reply:
        """A linked page, as robots.txt allows; nothing but markup and plain text is read.

        Args:
            types: media types whose body is wanted instead.
            seconds: for the whole, redirects included; None: as the settings say.
            purpose: one word behind our name, where a protocol wants it.

        Raises:
            Unauthorized: robots.txt asks that it is not read, or the server refuses.
            Unreadable: it is of another type; the message names it, and its body was not read.
            SourceError: as everywhere.
        """
        asked = with_params(url, None)
        named = {"User-Agent": f"{self._name} {purpose}"} if purpose else {}
        question = Question(url=asked, headers={"Accept": accept, **named}, types=types, seconds=seconds)
        arrival = self.ask(question, lane="", pace=Pace(), admit=self._robots.admit)
        if arrival.error is not None:
            raise arrival.error
        answer = arrival.answer
        return Reply(asked=asked, url=arrival.url, status=answer.status, headers=answer.headers, body=answer.body)

    def named(self, form: str) -> str:
        """Our name in a platform's own form, with {version} and {contact}."""
        return form.format(version=self._version, contact=self._settings.contact or "no contact")

    def admitting(self, pace: Pace) -> Callable[[str], Pace]:
        """What each host's robots.txt allows, asked before each hop; never at a quicker pace than `pace`."""

        def admit(url: str) -> Pace:
            wished = self._robots.admit(url)
            return wished if wished.gap > pace.gap else pace

        return admit

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
        left = self._settings.total_timeout.total_seconds() if question.seconds is None else question.seconds
        for _ in range(self._settings.max_redirects + 1):
            checked(question.url, method=question.method)
            hop_pace = admit(question.url) if admit is not None else pace
            hop_lane = lane_of(host_of(question.url, method=question.method), lane)
            answer, took = self._exchange(replace(question, seconds=left), hop_lane, hop_pace)
            left = max(0.0, left - took.total_seconds())
            target = redirect_of(question, answer)
            if target is None:
                error = error_for(question.url, answer.status, answer.headers, transient=transient, now=self._clock(), body=answer.body)
                error = self._heed(hop_lane, hop_pace, answer, error)
                return Arrival(answer=answer, url=question.url, moved_to=moved_to, error=error)
            lasting = lasting and answer.status in (301, 308) and not (question.url.startswith("https:") and target.startswith("http:"))
            moved_to = target if lasting else moved_to
            question = question.redirected(target)
        raise Unreadable(f"asking {shown(question.url)}: more than {self._settings.max_redirects} redirects")

    def session(self, auth: Auth, secret: Secret, terms: Terms, *, stale: str | None = None) -> str:
        """An access token, for an account (ATPROTO) or for a program (CLIENT); another one than `stale`."""
        if not self.live:
            return "recorded"

        def ask(url: str, body: bytes, media_type: str | None, authorization: str | None) -> bytes:
            kind = {"Content-Type": media_type} if media_type is not None else {}
            shown_to = {"Authorization": authorization} if authorization is not None else {}
            headers = {"Accept": "application/json", **kind}
            question = Question(url=url, method="POST", headers=headers, secret_headers=shown_to, body=body)
            arrival = self.ask(question, lane=terms.host, pace=terms.pace, transient=terms.transient)
            if arrival.error is not None:
                raise arrival.error
            return arrival.answer.body

        if auth.scheme is AuthScheme.CLIENT:
            token = self._sessions.granted(auth.name, secret, ask, now=self._clock(), stale=stale)
        elif stale is None:
            token = self._sessions.access(auth.name, secret, ask)
        else:
            token = self._sessions.renew(auth.name, secret, ask, stale=stale)
        # A server may repeat it as it may repeat any secret.
        self.redactor.learn((token,))
        return token

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

    def relearn(self, *, rests: Mapping[str, datetime], spent: Mapping[str, int]) -> None:
        """Heed what another process was told since: until when hosts want rest, and what was spent of the day."""
        self._turns.relearn(rests, spent)

    def stop(self) -> None:
        """End every wait and break off what is under way; whoever asks now gets `Stopped`."""
        self._stop.set()
        self._transport.stop()

    def close(self) -> None:
        self._transport.close()
        if self._recorder is not None:
            self._recorder.close()

    def _exchange(self, question: Question, lane: str, pace: Pace) -> tuple[Answer, timedelta]:
        """The answer to one hop and how long it took, without the wait for its turn."""
        with self._turns.turn(lane, pace):
            started_at, began = self._clock(), time.monotonic()
            try:
                answer = self._transport.send(question)
            except SourceError as error:
                if self._recorder is not None:
                    self._recorder.failed(question, error, started_at=started_at, took=timedelta(seconds=time.monotonic() - began))
                raise
            took = timedelta(seconds=time.monotonic() - began)
            if self._recorder is not None:
                self._recorder.answered(question, answer, started_at=started_at, took=took)
            return answer, took

    def _heed(self, lane: str, pace: Pace, answer: Answer, error: SourceError | None) -> SourceError | None:
        """Leave a host alone as it wishes; the error with the time until when, where that is longer than it said."""
        now = self._clock()
        if isinstance(error, RateLimited):
            least = now + pace.rest if pace.rest is not None else None
            if least is not None and (error.retry_at is None or error.retry_at < least):
                error = RateLimited(str(error), status=error.status, retry_at=least)
            self._turns.rest(lane, error.retry_at or now + REST_WITHOUT_DATE)
        elif error is None and (until := rest_at(answer.headers, answer.body, now)):
            self._turns.spare(lane, until)
        return error

    def _robots_txt(self, url: str) -> bytes:
        arrival = self.ask(Question(url=url, headers={"Accept": "text/plain, */*;q=0.1"}), lane="", pace=Pace())
        if arrival.error is not None:
            raise arrival.error
        return arrival.answer.body


def _no_wait(seconds: float) -> None:
    """A recording has no patience to spend."""
