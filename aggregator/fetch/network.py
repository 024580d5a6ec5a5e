"""One request over the network, with every cap: what the client sends its questions through when no recording answers.

requests' adapter is sent prepared requests directly: its Session would add environment, cookies, hooks and redirects of its own, which cost
more than the request and which we must do ourselves anyway.
"""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.request import getproxies_environment

import requests
import urllib3
from requests.structures import CaseInsensitiveDict
from requests.utils import should_bypass_proxies

from aggregator.errors import SourceError, Unavailable, Unreadable
from aggregator.fetch import body as bodies
from aggregator.fetch import faults, guard
from aggregator.fetch.exchange import Answer, Question, checked
from aggregator.fetch.pace import Stopped
from aggregator.fetch.status import shown
from aggregator.settings import Fetch

_ERROR_BYTES = 64 * 1024
# A header that a server sends twice is joined, but of these the first counts: two values joined are none.
_SINGLE = frozenset({"content-type", "location", "etag", "last-modified", "retry-after", "content-length", "expires", "age"})
_UNKEPT = frozenset({"set-cookie", "set-cookie2"})


def client_name(settings: Fetch, version: str) -> str:
    """Who we are, with the address where an operator can say something about it."""
    return f"aggregator/{version}" + (f" (+{settings.contact})" if settings.contact else "")


def trusted() -> str | None:
    """File or folder of the authorities that the environment says to trust; None: those that come with the library."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")


class Network:
    """Answers over the network, with every cap; follows no redirect and keeps no cookie."""

    paced = True

    def __init__(self, *, settings: Fetch, version: str, stopped: Callable[[], bool]) -> None:
        self._settings = settings
        self._stopped = stopped
        self._always = {"User-Agent": client_name(settings, version), "Accept-Encoding": bodies.ACCEPTED}
        self._allowed = guard.networks(settings.allow_networks)
        self._watch = guard.Watch(period=min(1.0, settings.total_timeout.total_seconds() / 4))
        gate = guard.Gate(allowed=self._allowed, watch=self._watch)
        self._adapter = guard.GuardedAdapter(gate=gate, hosts=max(64, 2 * settings.width), connections=4)
        self._proxies = getproxies_environment()
        self._verify = trusted() or True
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
        allowed = self._settings.total_timeout.total_seconds() if question.seconds is None else question.seconds
        with self._watch.over(time.monotonic() + allowed) as under_way:
            response: requests.Response | None = None
            try:
                # As it will be asked: preparing decodes "%31" in a host.
                proxies = self._proxies_for(str(prepared.url))
                response = self._adapter.send(prepared, stream=True, timeout=self._timeout, verify=self._verify, proxies=proxies)
                answer = self._read(question, response)
            except (*_FAULTS, AttributeError) as error:
                if isinstance(error, AttributeError) and not under_way.broken:
                    raise  # only a connection broken off in the middle may look like this to urllib3
                if response is None and retry and self._was_stale(under_way, error):
                    return None
                raise self._named(question, error, expired=under_way.expired) from error
            finally:
                if response is not None:
                    _let_go(response)
            if under_way.broken:
                raise self._named(question, TimeoutError(), expired=under_way.expired)
            return answer

    def _was_stale(self, under_way: guard.Exchange, error: Exception) -> bool:
        return under_way.reused and not under_way.broken and faults.was_dropped(error) and not self._stopped()

    def _prepared(self, question: Question) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.method = question.method
        try:
            prepared.prepare_url(question.sent_to, None)
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
        except _FAULTS:
            if good:
                raise
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


# ValueError: http.client and urllib3 let it through for impossible numbers and names.
_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, http.client.HTTPException, ValueError)


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
    if not raw.isclosed():
        raw.close()
    raw.release_conn()
