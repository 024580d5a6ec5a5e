"""Recordings: every exchange as a HAR 1.2 file (the format browsers export), and answers from such a file.

Secrets, session tokens and cookies never reach the file. Source: HAR 1.2 specification (w3c/web-performance, specs/HAR, read 2026-11-22);
names of our own begin with "_", as it asks.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

from aggregator.errors import ConfigError, SourceError, Unavailable, Unreadable
from aggregator.fetch.auth import secret_texts
from aggregator.fetch.exchange import Answer, Question
from aggregator.fetch.status import shown
from aggregator.settings import Secret
from aggregator.text.secret_address import masked

log = logging.getLogger("aggregator.fetch")

REDACTED = "REDACTED"

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2", "www-authenticate"})
_ADDRESS_HEADERS = frozenset({"location", "content-location", "link", "referer"})
# Of decoded bodies only: they are written decoded, and lengths and codings of the wire would be lies.
_WIRE_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*")
_CREDENTIAL_MEMBER = re.compile(
    rb'("(?:password|identifier|accessJwt|refreshJwt|access_token|refresh_token|email)"\s*:\s*")(?:[^"\\]|\\.)*(")'
)
_CREDENTIAL_MARKS = (b'"accessJwt"', b'"identifier"', b'"access_token"')
_TAIL = b"\n]}}\n"


class Redactor:
    """Takes every trace of the secrets out of bytes and texts: plain, percent-encoded, JSON-escaped and base64 forms, and all JWTs."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._lock = threading.Lock()
        self._texts: frozenset[str] = frozenset()
        self._forms: tuple[bytes, ...] = ()
        self.learn(text for secret in secrets for text in secret_texts(secret))

    def learn(self, texts: Iterable[str]) -> None:
        """From here on these are secrets, too; may be called from any thread."""
        with self._lock:
            known = self._texts.union(texts)
            if known != self._texts:
                found = {form.encode("utf-8", "surrogatepass") for text in known for form in _forms(text)}
                self._texts, self._forms = known, tuple(sorted(found, key=len, reverse=True))

    def clean(self, content: bytes) -> bytes:
        for form in self._forms:
            content = content.replace(form, REDACTED.encode())
        content = _JWT.sub(REDACTED.encode(), content)
        if not any(mark in content for mark in _CREDENTIAL_MARKS):
            return content
        return _CREDENTIAL_MEMBER.sub(rb"\1" + REDACTED.encode() + rb"\2", content)

    def holds(self, text: str) -> bool:
        """Whether a secret stands in a text."""
        return self.text(text) != text

    def text(self, text: str) -> str:
        return self.clean(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def url(self, url: str) -> str:
        return self.text(masked(url, REDACTED))


def _forms(text: str) -> Iterator[str]:
    yield from (
        text,
        quote(text),
        quote(text, safe=""),
        quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
    )
    raw = text.encode()
    for shift in range(3):
        # In the middle of base64 the same bytes have three spellings; the letters shared with their neighbours are left off.
        for coded in (base64.b64encode(b"\0" * shift + raw), base64.urlsafe_b64encode(b"\0" * shift + raw)):
            inner = coded.decode()[(shift * 8 + 5) // 6 : ((shift + len(raw)) * 8) // 6]
            if len(inner) >= 6:
                yield inner


class Recorder:
    """Writes exchanges to a HAR file, one after another.

    Until `close` the recording is beside its final place under the name FILE.part, and whole after every exchange, so that a crash loses
    nothing; `close` moves it into place.
    """

    def __init__(self, path: Path, *, version: str, secrets: Iterable[Secret] | Redactor) -> None:
        """
        Args:
            secrets: or what knows them, and may learn more of them.

        Raises:
            ConfigError: the file cannot be written.
        """
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._redactor = secrets if isinstance(secrets, Redactor) else Redactor(secrets)
        self._lock = threading.Lock()
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._part.unlink(missing_ok=True)
            # Nobody else's file: one that was there may be readable to others, or lead elsewhere.
            self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            head = {"version": "1.2", "creator": {"name": "aggregator", "version": version}}
            opening = json.dumps({"log": head})[:-2].encode() + b', "entries": ['
            _write_at(self._file, opening + _TAIL, 0)
        except OSError as error:
            raise ConfigError(
                f"The recording {str(path)!r} cannot be written ({error.strerror}); name a file in a folder of yours."
            ) from error
        self._end = len(opening)
        self._empty = True

    def answered(self, question: Question, answer: Answer, *, started_at: datetime, took: timedelta) -> None:
        """Add an exchange that brought a reply. Mail is private even where a list sent it (whom it names is its reader), and stays out."""
        if question.method == "MESSAGES":
            answer = replace(answer, headers={**answer.headers, "more": "no"}, body=b"")
        content = _content(answer.headers.get("content-type", ""), self._redactor.clean(answer.body))
        headers = self._headers((name, value) for name, value in answer.headers.items() if name not in _WIRE_HEADERS)
        location = self._redactor.url(answer.headers.get("location", ""))
        response = _response(answer.status, self._redactor.text(answer.reason), headers, content, location)
        self._add(question, response, started_at=started_at, took=took)

    def failed(self, question: Question, error: SourceError, *, started_at: datetime, took: timedelta) -> None:
        """Add an exchange that brought none."""
        reason = str(error).removeprefix(f"asking {shown(question.url)}: ")
        failure = {"_error": self._redactor.text(reason), "_kind": type(error).__name__, "_status": error.status}
        response = _response(0, "", [], _content("", b""), "") | failure
        self._add(question, response, started_at=started_at, took=took)

    def close(self) -> None:
        """Move the recording into place; what ends later is left out."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                os.fsync(self._file)
                os.close(self._file)
                self._part.replace(self._path)
            except OSError as error:
                self._lost(error)

    def _add(self, question: Question, response: Mapping[str, Any], *, started_at: datetime, took: timedelta) -> None:
        entry = {
            "startedDateTime": started_at.isoformat(timespec="milliseconds"),
            "time": _milliseconds(took),
            "request": self._request(question),
            "response": response,
            "cache": {},
            "timings": {"send": 0, "wait": _milliseconds(took), "receive": 0},
        }
        line = json.dumps(entry, ensure_ascii=True).encode()
        with self._lock:
            if self._closed:
                return
            separator = b"\n" if self._empty else b",\n"
            try:
                _write_at(self._file, separator + line + _TAIL, self._end)
            except OSError as error:
                self._closed = True
                os.close(self._file)
                self._lost(error)
                return
            self._end += len(separator) + len(line)
            self._empty = False

    def _lost(self, error: OSError) -> None:
        """What is read is worth more than its recording, so that the run goes on without."""
        log.error("the recording %s is not whole (%s): make room for it, and record again", self._path, error.strerror)

    def _request(self, question: Question) -> Mapping[str, Any]:
        url = self._redactor.url(question.url)
        secret = [(name, REDACTED) for name in question.secret_headers]
        request: dict[str, Any] = {
            "method": question.method,
            "url": url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": self._headers(question.headers.items()) + [{"name": name, "value": value} for name, value in secret],
            "queryString": [{"name": name, "value": value} for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)],
            "headersSize": -1,
            "bodySize": len(question.body or b""),
        }
        if question.body is not None:
            text = self._redactor.clean(question.body).decode("utf-8", "replace")
            request["postData"] = {"mimeType": question.headers.get("Content-Type", "application/json"), "text": text}
        return request

    def _headers(self, headers: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
        kept = [(name, value) for name, value in headers if name.lower() not in _SECRET_HEADERS]
        return [{"name": name, "value": self._clean_header(name.lower(), value)} for name, value in kept]

    def _clean_header(self, name: str, value: str) -> str:
        return self._redactor.url(value) if name in _ADDRESS_HEADERS else self._redactor.text(value)


class Replay:
    """Answers from a HAR file and opens no socket."""

    paced = False

    def __init__(self, path: Path, *, secrets: Iterable[Secret] | Redactor = ()) -> None:
        """
        Raises:
            ConfigError: the file is not there or not a HAR file.
        """
        self._redactor = secrets if isinstance(secrets, Redactor) else Redactor(secrets)
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str, bytes], list[Mapping[str, Any]]] = {}
        for entry in _entries(path):
            request = entry["request"]
            body = str(request.get("postData", {}).get("text", "")).encode("utf-8", "surrogatepass")
            self._waiting.setdefault(self._key(request["method"], request["url"], body), []).append(entry["response"])

    def send(self, question: Question) -> Answer:
        """The recorded answer; a question asked more often than recorded gets the last one again.

        Raises:
            Unavailable: it is not in the recording, or is there as a failure.
        """
        key = self._key(question.method, question.url, question.body or b"")
        with self._lock:
            waiting = self._waiting.get(key)
            if not waiting:
                raise Unavailable(f"asking {shown(question.url)}: not in the recording")
            response = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if "_error" in response:
            kind = Unreadable if response.get("_kind") == "Unreadable" else Unavailable
            raise kind(f"asking {shown(question.url)}: {response['_error']}", status=response.get("_status"))
        answer = _answer(response)
        if not answer.status:
            # Browsers write 0 for what they blocked or broke off.
            raise Unavailable(f"asking {shown(question.url)}: recorded without an answer")
        return answer

    def stop(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing is open."""

    def _key(self, method: str, url: str, body: bytes) -> tuple[str, str, bytes]:
        parts = urlsplit(self._redactor.url(url))
        pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
        settled = urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", urlencode(pairs), ""))
        return method, settled, self._redactor.clean(body)


def _entries(path: Path) -> list[Mapping[str, Any]]:
    try:
        entries: list[Mapping[str, Any]] = json.loads(path.read_bytes())["log"]["entries"]
        for entry in entries:
            urlsplit(entry["request"]["url"])
            _ = entry["request"]["method"], _answer(entry["response"])
    except OSError as error:
        raise ConfigError(f"The recording {str(path)!r} cannot be read ({error.strerror}); name a HAR file that exists.") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{str(path)!r} is not a HAR 1.2 file; record one with --record, or export one from a browser.") from error
    return entries


def _answer(response: Mapping[str, Any]) -> Answer:
    content = response.get("content", {})
    text = content.get("text", "")
    try:
        body = base64.b64decode(text, validate=True) if content.get("encoding") == "base64" else text.encode("utf-8", "surrogatepass")
    except binascii.Error as error:
        raise ValueError("content is not base64") from error
    headers: dict[str, str] = {}
    for header in response.get("headers", ()):
        headers.setdefault(str(header["name"]).lower(), str(header["value"]))
    return Answer(status=int(response["status"]), reason=str(response.get("statusText", "")), headers=headers, body=body)


def _content(media_type: str, body: bytes) -> Mapping[str, Any]:
    content: dict[str, Any] = {"size": len(body), "mimeType": media_type or "x-unknown"}
    try:
        return content | {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return content | {"text": base64.b64encode(body).decode(), "encoding": "base64"}


def _response(status: int, reason: str, headers: list[dict[str, str]], content: Mapping[str, Any], location: str) -> dict[str, Any]:
    return {
        "status": status,
        "statusText": reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "content": content,
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": -1,
    }


def _milliseconds(took: timedelta) -> float:
    return round(took.total_seconds() * 1000, 3)


def _write_at(file: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
