"""The server for subscribing and leaving, on loopback in a thread, with a clock that a test sets and a mailer that keeps its mails."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from aggregator.digest.mailers import Fate, Line, Mail, Reply
from aggregator.digest.membership import Membership
from aggregator.digest.tokens import Purpose
from aggregator.model import Subscriber, SubscriberState, Topic
from aggregator.settings import Digest, Serve, Settings
from aggregator.store.private.opening import SqlPrivateStore, open_private
from aggregator.web.opening import opened
from aggregator.web.serving import listen, place_of
from tests.support.site import settings_in

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"
TOPICS = (
    Topic(id="crews", title="Crews & <care>", any_of=("crews",)),
    Topic(id="microsolidarity", title="microsolidarity", any_of=("microsolidarity",)),
)
RHYTHMS = {"weekly": "0 8 * * mon", "monthly": "0 8 1 * *"}


class Watch:
    """A clock that goes when it is told to."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def goes(self, **time: float) -> None:
        self.now += timedelta(**time)


class Pigeon:
    """A mailer that keeps what it was given, and says so."""

    width = 1
    per_second = 0.0

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self._came = threading.Condition()
        self.before: Callable[[], None] = lambda: None

    @contextmanager
    def line(self) -> Iterator[Line]:
        yield self

    def hand_over(self, mail: Mail, begin: Callable[[], None]) -> Reply:
        self.before()
        begin()
        with self._came:
            self.mails.append(mail)
            self._came.notify_all()
        return Reply(fate=Fate.ACCEPTED, text="250 OK")

    def waits_for(self, count: int) -> list[Mail]:
        """The mails, once there are so many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.mails) >= count, timeout=20), f"{len(self.mails)} of {count} mails came"
            return list(self.mails)


@dataclass(frozen=True, kw_only=True)
class Reception:
    """A server that runs, and whoever comes to it."""

    url: str
    settings: Settings
    private: SqlPrivateStore
    watch: Watch = field(default_factory=Watch)
    pigeon: Pigeon = field(default_factory=Pigeon)
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def membership(self) -> Membership:
        return Membership(self.private, self.settings, self.watch)

    def asks(self, method: str, path: str, **given: Any) -> requests.Response:
        """Any request; `path` begins behind the base."""
        return self.session.request(method, self.url + path, timeout=20, allow_redirects=False, **given)

    def sends(self, path: str, fields: Mapping[str, Any] | None = None, **given: Any) -> requests.Response:
        """A form, as a browser does."""
        headers = {"Content-Type": FORM, **given.pop("headers", {})}
        return self.asks("POST", path, data=urlencode(fields or {}, doseq=True), headers=headers, **given)

    def stamp(self) -> str:
        """Of a form that is shown now."""
        return value_of(self.asks("GET", "").text, "shown")

    def form(self, address: str, **fields: Any) -> dict[str, Any]:
        """A subscribe form that a person filled in, ten seconds after it was shown."""
        stamp = self.stamp()
        self.watch.goes(seconds=10)
        return {"address": address, "rhythm": "weekly", "topic": ["crews", "microsolidarity"], "homepage": "", "shown": stamp, **fields}

    def subscribes(self, address: str, **fields: Any) -> requests.Response:
        """Somebody fills the form in and sends it."""
        return self.sends("subscribe", self.form(address, **fields))

    def person(self, address: str, state: SubscriberState = SubscriberState.ACTIVE) -> Subscriber:
        """Somebody who is in this state already."""
        membership = self.membership
        membership.ask(address, source="form", rhythm="weekly")
        found = self.private.subscribers.find(address)
        assert found is not None
        if state is SubscriberState.ACTIVE:
            membership.confirm(membership.tokens.sign(Purpose.CONFIRM, found.id))
        if state is SubscriberState.LEFT:
            membership.leave(membership.tokens.sign(Purpose.LEAVE, found.id))
        found = self.private.subscribers.one(found.id)
        assert found is not None
        assert found.state is state
        return found

    def path(self, what: str, person: Subscriber) -> str:
        """The address behind one of the person's links: "confirm", "leave" or "change"."""
        return f"{what}/{self.membership.tokens.sign(Purpose[what.upper()], person.id)}"


def until(holds: Callable[[], object]) -> None:
    """Wait for what another thread or process does."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        threading.Event().wait(0.005)


def value_of(page: str, name: str) -> str:
    """What a field of the page holds."""
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found is not None, f"no field {name!r} with a value"
    return unescape(found[1])


def serving_settings(folder: Path, url: str, **digest: Any) -> Settings:
    """Settings with a digest in two rhythms about two topics, and a server at `url`."""
    given: dict[str, Any] = {"sender": "Crew news <digest@example.org>", "rhythms": RHYTHMS, "serve": Serve(url=url)} | digest
    return replace(settings_in(folder), topics=TOPICS, digest=Digest(**given))


@contextmanager
def reception(
    folder: Path,
    *,
    base: str = "digest/",
    proxies: tuple[str, ...] = (),
    pigeon: Pigeon | None = None,
    began: datetime = NOON,
    held_seconds: float = 0.0,
    open_to_strangers: bool = False,
    **digest: Any,
) -> Iterator[Reception]:
    """A server below `base`, until the end of the block; wishes are looked up at once.

    Args:
        open_to_strangers: webmentions and suggested links are taken.
    """
    listening = listen("127.0.0.1:0")
    url = f"http://{place_of(listening)}/{base}"
    serve = Serve(url=url, proxies=proxies, webmentions=open_to_strangers, suggestions=open_to_strangers)
    settings = serving_settings(folder, url, **({"serve": serve} | digest))
    watch, pigeon = Watch(began), pigeon or Pigeon()
    private = open_private(folder / "state" / "private.db", clock=watch)
    with requests.Session() as session:
        session.trust_env = False
        with opened(settings, private, mailer=pigeon, clock=watch, listening=listening, held_seconds=held_seconds) as serving:
            thread = threading.Thread(target=serving.serve_until_ended)
            thread.start()
            try:
                yield Reception(url=url, settings=settings, private=private, watch=watch, pigeon=pigeon, session=session)
            finally:
                session.close()
                serving.end()
                thread.join(timeout=20)
    private.close()
    assert not thread.is_alive()
