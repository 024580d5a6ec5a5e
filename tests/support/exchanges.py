"""Recorded exchanges on disk, and an `Http` that answers from them.

A case is a folder `tests/fixtures/PLATFORM/CASE/` with `case.json` and the bodies as the platform sends them:

    {"about": "a sentence that names the behaviour", "options": {"tag": "microsolidarity"}, "authorised": false,
     "exchanges": [{"url": "https://…", "method": "GET", "status": 200, "headers": {"Content-Type": "…"}, "body": "tag.xml"}]}

What is asked in another way than by HTTP has the method and address that a recording has: `CONVERSE wss://relay.example/` with `sent`
{"say": …, "until": …}, `RUN program://ssb-server/query.read/.` with `sent` what the program is told on its standard input, and `MESSAGES
imaps://mail.example/INBOX` with `sent` {"after": …, "most": …}. An exchange with `sent` answers that question alone, also with POST.

And `expected.json`: the pages that must come out of a first poll, as `plain()` writes them. Exchanges are answered by method and URL
(order of parameters does not matter); one that is asked more often than it is listed is answered by its last listing. What the platform
answers to the poll after it belongs to the case too. A case may also have

    "cursor": "…"                       the poll begins here and not at the beginning
    "backfill": true, "since": "…"      the pages are of `backfill`, down to an ISO 8601 time or to the end
    "fails": "Unauthorized"             after the pages in expected.json, this error is raised

`python -m tests.support.exchanges PLATFORM/CASE …` writes the expected.json of cases from what comes out now: read it before you keep it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from aggregator.errors import MissingSecret, SourceError, Unavailable
from aggregator.fetch import Params, Reply

FIXTURES = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One question and its answer."""

    url: str
    method: str = "GET"
    # What is sent, as JSON; None: whatever is.
    sent: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, repr=False)
class Case:
    """One fixture folder."""

    platform: str
    name: str
    options: Mapping[str, str]
    authorised: bool
    exchanges: tuple[Exchange, ...]
    folder: Path
    cursor: str = ""
    backfill: bool = False
    since: datetime | None = None
    # Name of the error that ends the poll; "": none does.
    fails: str = ""

    def __repr__(self) -> str:
        return f"{self.platform}/{self.name}"

    def expected(self) -> Any:
        return json.loads((self.folder / "expected.json").read_text(encoding="utf-8"))


def cases(platform: str | None = None) -> Iterator[Case]:
    """Every fixture case, of one platform or of all, in the order of their names."""
    for path in sorted(FIXTURES.glob(f"{platform or '*'}/*/case.json")):
        raw = json.loads(path.read_text(encoding="utf-8"))
        exchanges = tuple(
            Exchange(
                url=one["url"],
                method=one.get("method", "GET"),
                sent=one.get("sent"),
                status=one.get("status", 200),
                headers=one.get("headers", {}),
                body=(path.parent / one["body"]).read_bytes() if "body" in one else b"",
            )
            for one in raw["exchanges"]
        )
        yield Case(
            platform=path.parent.parent.name,
            name=path.parent.name,
            options=raw["options"],
            authorised=raw.get("authorised", False),
            exchanges=exchanges,
            folder=path.parent,
            cursor=raw.get("cursor", ""),
            backfill=raw.get("backfill", False),
            since=datetime.fromisoformat(raw["since"]) if "since" in raw else None,
            fails=raw.get("fails", ""),
        )


def settled(url: str, params: Params | None = None) -> str:
    """A URL with its parameters sorted, so that two spellings of one question are equal."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    for name, value in (params or {}).items():
        pairs += [(name, value)] if isinstance(value, str) else [(name, one) for one in value]
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(sorted(pairs)), ""))


class HttpAlone:
    """For an `Http` of a test that has no door but HTTP's; its pages it gives as anything else."""

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        raise AssertionError(f"{url}: not by HTTP either")

    def page(self, url: str, *, fresh: bool = False) -> Reply:
        return self.get(url)

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        raise AssertionError(f"{url}: not by HTTP")

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        raise AssertionError(f"{program}: not by HTTP")

    def messages(self, url: str, *, after: int, most: int) -> Reply:
        raise AssertionError(f"{url}: not by HTTP")


class RecordedHttp:
    """Answers from exchanges, by the same rules as the real client; keeps what was asked in `asked`, and in `given` what answered it,
    with the body that the real client would have sent.

    Args:
        meddle: gives another answer in place of one, or raises; gets the number of the request, from 0, and the recorded answer.
        unchanged: every answer is the same as at the last poll.
    """

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        *,
        authorised: bool = False,
        transient: frozenset[int] = frozenset(),
        variable: str = "KEY",
        meddle: Callable[[int, Exchange], Exchange] | None = None,
        unchanged: bool = False,
    ) -> None:
        self._waiting: dict[tuple[str, str, str], list[Exchange]] = {}
        for exchange in exchanges:
            self._waiting.setdefault((exchange.method, settled(exchange.url), _told(exchange.sent)), []).append(exchange)
        self.authorised = authorised
        self.asked: list[str] = []
        self.given: list[Exchange] = []
        self._transient = transient
        self._variable = variable
        self._meddle = meddle
        self._unchanged = unchanged

    def get(self, url: str, *, params: Params | None = None, accept: str | None = None, auth: bool = False) -> Reply:
        return self._answer("GET", settled(url, params), auth)

    def page(self, url: str, *, fresh: bool = False) -> Reply:
        reply = self.get(url)
        return replace(reply, unchanged=False) if fresh and reply.body else reply

    def post(self, url: str, *, json: object, accept: str | None = None, auth: bool = False) -> Reply:
        return self._answer("POST", settled(url), auth, json)

    def converse(self, url: str, *, say: Sequence[object], until: Sequence[Sequence[str]]) -> Reply:
        return self._answer("CONVERSE", settled(url), False, {"say": say, "until": until})

    def run(self, program: str, *arguments: str, say: object = None) -> Reply:
        path = "/".join(quote(one, safe="") for one in arguments)
        whole = {"program": program, "arguments": list(arguments), "say": say}
        return self._answer("RUN", f"program://{program.rpartition('/')[2]}/{path}", False, say, whole)

    def messages(self, url: str, *, after: int, most: int) -> Reply:
        return self._answer("MESSAGES", settled(url), True, {"after": after, "most": most})

    def _answer(self, method: str, url: str, auth: bool, sent: object = None, whole: object = None) -> Reply:
        from aggregator.fetch.status import error_for

        if auth and not self.authorised:
            raise MissingSecret(self._variable, "set it")
        self.asked.append(url)
        assert len(self.asked) < 1000, "asked without end"
        waiting = self._waiting.get((method, url, _told(sent))) or self._waiting.get((method, url, _told(None)))
        if not waiting:
            raise Unavailable(f"{url}: not in the recording")
        exchange = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        self.given.append(replace(exchange, sent=sent if whole is None else whole))
        if self._meddle is not None:
            exchange = self._meddle(len(self.asked) - 1, exchange)
        headers = {name.lower(): value for name, value in exchange.headers.items()}
        error: SourceError | None = error_for(url, exchange.status, headers, transient=self._transient, now=None, body=exchange.body)
        if error is not None:
            raise error
        same = self._unchanged or exchange.status == 304
        return Reply(asked=url, url=url, status=exchange.status, headers=headers, body=exchange.body, unchanged=same)


def _told(sent: object) -> str:
    """What was sent, in one spelling."""
    return json.dumps(sent, sort_keys=True)


def plain(value: Any) -> Any:
    """A value as JSON: dataclasses as objects without their empty fields, times as ISO 8601, durations as seconds."""
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((one.name, plain(getattr(value, one.name))) for one in fields(value))
        return {name: item for name, item in pairs if item not in (None, [], {}, "")}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def replayed(case: Case, http: RecordedHttp) -> Iterator[Any]:
    """The pages of a case, asked through `http`."""
    from aggregator.collectors import platforms
    from aggregator.collectors.base import Backfills, build

    collector = build(platforms()[case.platform], case.options)
    if not case.backfill:
        return collector.poll(http, case.cursor)
    assert isinstance(collector, Backfills)
    return collector.backfill(http, case.since, case.cursor)


def _write_expected(names: Iterable[str]) -> None:
    known = {str(case): case for case in cases()}
    for name in names:
        case = known[name]
        pages: list[Any] = []
        try:
            pages.extend(plain(page) for page in replayed(case, RecordedHttp(case.exchanges, authorised=case.authorised)))
        except SourceError as error:
            print(f"{name}: {type(error).__name__}: {error}")
        text = json.dumps(pages, indent=1, ensure_ascii=False) + "\n"
        (case.folder / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    import sys

    _write_expected(sys.argv[1:])
