"""What is asked by WebSocket: some values are said, and what is heard is kept until the end that is waited for comes."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from urllib.request import getproxies_environment

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from aggregator.errors import Unavailable, Unreadable
from aggregator.fetch import faults, guard
from aggregator.fetch.conversation import Conversation, Ended, Place, place_of
from aggregator.fetch.exchange import Answer, Question, checked
from aggregator.fetch.network import client_name, trusted
from aggregator.fetch.pace import Stopped
from aggregator.fetch.status import shown
from aggregator.fetch.tunnel import Proxy, ProxyError, dig, proxy_for
from aggregator.settings import Fetch

_AT_ONCE = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


class Sockets:
    """Answers by WebSocket, a connection for each question, with every cap; follows no redirect."""

    paced = True

    def __init__(self, *, settings: Fetch, version: str, stopped: Callable[[], bool]) -> None:
        self._settings, self._stopped = settings, stopped
        self._name = client_name(settings, version)
        self._watch = guard.Watch(period=min(1.0, settings.total_timeout.total_seconds() / 4))
        self._gate = guard.Gate(allowed=guard.networks(settings.allow_networks), watch=self._watch)
        # The operator's own proxy may stand anywhere.
        self._open_gate = guard.Gate(allowed=(), watch=self._watch, guarded=False)
        self._proxies = getproxies_environment()

    def send(self, question: Question) -> Answer:
        """What was heard, a JSON value a line; or the refusal of the handshake, with its status."""
        allowed = self._settings.total_timeout.total_seconds() if question.seconds is None else question.seconds
        with self._watch.over(time.monotonic() + allowed) as under_way:
            try:
                with self._connected(question, under_way) as sock:
                    answer = self._conversation(question, sock)
            except (OSError, AttributeError, Ended) as error:
                if isinstance(error, AttributeError) and not under_way.broken:
                    raise  # only a connection broken off in the middle may look like this to ssl
                raise self._named(question, error, expired=under_way.expired) from error
            if under_way.broken:
                raise self._named(question, TimeoutError(), expired=under_way.expired)
            return answer

    def stop(self) -> None:
        self._watch.break_all()

    def close(self) -> None:
        self._watch.end()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        authorities = Path(trusted() or DEFAULT_CA_BUNDLE_PATH)
        if authorities.is_dir():
            return ssl.create_default_context(capath=authorities)
        return ssl.create_default_context(cafile=authorities)

    @contextlib.contextmanager
    def _connected(self, question: Question, under_way: guard.Exchange) -> Iterator[socket.socket]:
        place = place_of(question.sent_to)
        proxy = proxy_for(question.sent_to, place, self._proxies)
        with self._begun(place, proxy) as sock:
            under_way.sock = sock
            sock.settimeout(self._settings.read_timeout.total_seconds())
            if proxy is not None:
                dig(sock, place, proxy, name=self._name)
            if not place.secure:
                yield sock
                return
            with self._tls.wrap_socket(sock, server_hostname=place.host, do_handshake_on_connect=False) as secured:
                under_way.sock = secured
                secured.do_handshake()
                yield secured

    def _begun(self, place: Place, proxy: Proxy | None) -> socket.socket:
        """A connection to the place, or to the proxy that leads there."""
        patience = self._settings.connect_timeout.total_seconds()
        try:
            if proxy is None:
                return self._gate.connect(place.host, place.port, patience, _AT_ONCE)
            address = guard.literal(place.host)
            if address is not None:
                guard.check(place.host, address, self._gate.allowed)
            return self._open_gate.connect(proxy.host, proxy.port, patience, _AT_ONCE)
        except faults.PrivateAddress:
            raise
        except TimeoutError as error:
            raise Ended(Unavailable, f"{'the proxy failed: ' if proxy else ''}no connection within {patience:g} s") from error
        except OSError as error:
            if proxy is None:
                raise
            raise ProxyError("connecting to the proxy") from error

    def _conversation(self, question: Question, sock: socket.socket) -> Answer:
        wanted = json.loads(question.body or b"{}")
        conversation = Conversation(sock, question.sent_to, most_bytes=self._settings.max_body_bytes)
        opened = conversation.open(self._name)
        if opened.status != 101:
            return opened
        for value in wanted["say"]:
            conversation.say(value)
        body = self._heard(conversation.messages(), wanted["until"])
        conversation.end()
        return Answer(status=200, headers={**opened.headers, "content-type": "application/x-ndjson"}, body=body)

    def _heard(self, messages: Iterator[bytes], ends: Sequence[Sequence[str]]) -> bytes:
        """The messages as lines, the one that is an end included."""
        body = bytearray()
        for message in messages:
            try:
                # White space between the parts of a value may be a line break.
                line = message.decode().replace("\r", " ").replace("\n", " ")
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Ended(Unreadable, "expected JSON, and heard something else") from error
            body += line.encode() + b"\n"
            if len(body) > self._settings.max_body_bytes:
                raise Ended(Unreadable, f"more than {self._settings.max_body_bytes} bytes were said")
            if isinstance(value, list) and any(value[: len(end)] == list(end) for end in ends):
                break
        return bytes(body)

    def _named(self, question: Question, error: Exception, *, expired: bool) -> Exception:
        subject = f"asking {shown(question.url)}"
        if self._stopped():
            return Stopped("the run is ending")
        if expired:
            return Unavailable(f"{subject}: no whole answer within {self._settings.total_timeout.total_seconds():g} s")
        if isinstance(error, Ended):
            return error.kind(f"{subject}: {error}", status=error.status)
        host = checked(question.url, method=question.method).hostname or ""
        return Unavailable(f"{subject}: {faults.reason(error, host=host, settings=self._settings)}")
