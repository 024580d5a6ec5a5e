"""The key of every platform, shown to servers that repeat all they were told in every place of an answer: it is written and said nowhere.

The addresses of the platforms are led to one server on loopback, behind everything that the program does with a question.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import pytest

from tests.scenarios.test_canaries import everything, forms, found
from tests.support.exchanges import Case, Exchange, cases
from tests.support.server import Asked, Script, Server
from tests.support.steward import Said, Steward

# By variable; letters that every spelling changes, where a platform's keys have any.
KEYS = {
    "BLUESKY_APP_PASSWORD": "ada.example.org:sky-c4nary-01",
    "DISCORD_BOT_TOKEN": "dis.c4nary_02.bot-token",
    "GITHUB_TOKEN": "github_pat_c4nary_03",
    "GOTOSOCIAL_TOKENS": "gts.example:gts-c4nary-04 other.example:gts-c4nary-05",
    "INSTAGRAM_ACCESS_TOKEN": "IGQ/c4nary+06=/a",
    "LISTENNOTES_KEY": "listen-c4nary-07",
    "LOOMIO_API_KEY": "loom-c4nary-08",
    "NEWSLETTER_IMAP": "imap.example.org:other.c4nary-26@example.org:else-c4nary-27\n"
    "127.0.0.1:{port}:reader.c4nary-09@example.org:mail-c4nary-10:with-c4nary-11",
    "PIXELFED_TOKENS": "other.example:pix-c4nary-12\npix.example:pix-c4nary-13",
    "PLEROMA_TOKENS": "pleroma.example:ple-c4nary-14",
    "PODCASTINDEX_KEY": "PODC4NARY15:pod$c4nary^16#half",
    "REDDIT_CLIENT": "red-c4nary-17:red/c4nary+18",
    "STACKEXCHANGE_KEY": "stack((c4nary*19",
    "THREADS_ACCESS_TOKEN": "THQVJ/c4nary+20==",
    "TUMBLR_API_KEY": "tumbl-c4nary-21",
    "WEBMENTION_TOKEN": "web/mention+c4nary-22",
    "X_BEARER_TOKEN": "AAAA%2Fc4nary%2B23",
    "YOUTUBE_API_KEY": "AIza/c4nary-24",
}
GRANTED = "granted-c4nary-25"
# Every text that alone would be too much.
CANARIES = (
    *KEYS.values(),
    GRANTED,
    *(word for key in KEYS.values() for word in re.split(r"[:\s]", key) if "c4nary" in word.lower()),
)
# What keeps time between questions is not what this is about, and every address leads to loopback.
LED = """
import os
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from aggregator.fetch import client, network

def led(self, question, real=network.Network._prepared):
    prepared = real(self, question)
    parts = urlsplit(prepared.url)
    query = "?" + parts.query if parts.query else ""
    prepared.url = "http://127.0.0.1:" + os.environ["ECHO_PORT"] + "/" + parts.scheme + "/" + parts.netloc + parts.path + query
    return prepared

def at_once(self, question, *, lane, pace, real=client.Client.ask, **more):
    return real(self, question, lane=lane, pace=replace(pace, gap=timedelta(0), rest=None), **more)

network.Network._prepared = led
client.Client.ask = at_once
"""
MODES = ("ordinary", "odd", "leading", "refusing")


def chosen() -> Iterator[Case]:
    """One case of each platform that takes a key and is asked by HTTP."""
    preferred = ("ordinary", "key", "search", "episodes", "domain", "with-token", "private")
    by_name = {(case.platform, case.name): case for case in cases() if case.authorised and not case.cursor and not case.backfill}
    for platform in sorted({platform for platform, _ in by_name} - {"newsletter"}):
        yield next(by_name[platform, name] for name in preferred if (platform, name) in by_name)


def said_in(asked: Asked) -> str:
    """All that came with a question, and what stands in it under another spelling."""
    words = [
        unquote_plus(asked.path),
        *(f"{name}: {value}" for name, value in asked.headers.items()),
        asked.body.decode("utf-8", "replace"),
    ]
    for value in asked.headers.values():
        if value.startswith("Basic "):
            words.append(unquote_plus(base64.b64decode(value[6:]).decode()))
    return "\n".join((asked.path, *words))


@dataclass
class Echo:
    """Answers in one way after another."""

    exchanges: tuple[Exchange, ...]
    mode: str = "ordinary"
    heard: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Script:
        said = said_in(asked)
        self.heard.append(said)
        one_line = " ".join(said.encode("ascii", "replace").decode().split())[:1500]
        told = json.dumps({"error": {"message": said, "type": one_line}, "message": said, "errors": [{"detail": said}]}).encode()
        headers = {"Content-Type": "application/json", "X-Asked": one_line, "ETag": f'"{one_line[:900]}"', "Last-Modified": one_line[-900:]}
        if asked.path.endswith("/access_token") and self.mode != "refusing":
            return Script(headers=headers, body=json.dumps({"access_token": GRANTED, "expires_in": 3600, "scope": said}).encode())
        if "createSession" in asked.path:
            return Script(headers=headers, body=json.dumps({"accessJwt": GRANTED, "refreshJwt": GRANTED + "-2", "handle": said}).encode())
        if self.mode == "failing":
            return Script(status=500, headers=headers, body=told)
        if self.mode == "refusing":
            return Script(status=401, headers=headers, body=told)
        if self.mode == "odd":
            return Script(headers=headers, body=told)
        _, scheme, rest = asked.path.split("/", 2)
        if self.mode == "leading" and "again=1" not in asked.path and asked.method == "GET":
            return Script(status=301, headers={**headers, "Location": f"{scheme}://{rest}{'&' if '?' in rest else '?'}again=1"})
        return self._ordinary(f"{scheme}://{rest}", headers) or Script(status=404, headers=headers, body=told)

    def _ordinary(self, url: str, headers: Mapping[str, str]) -> Script | None:
        """What the platform would say: the fixture with the most in common with what was asked."""
        parts = urlsplit(url)
        pairs = set(parse_qsl(parts.query, keep_blank_values=True))
        near = [one for one in self.exchanges if one.url.partition("?")[0] == f"{parts.scheme}://{parts.netloc}{parts.path}"]
        fitting = [(len(known), one) for one in near if (known := set(parse_qsl(urlsplit(one.url).query, keep_blank_values=True))) <= pairs]
        if not fitting:
            return None
        best = max(fitting, key=lambda pair: pair[0])[1]
        return Script(status=best.status, headers={**headers, **best.headers}, body=best.body)


class _Mailbox(socketserver.StreamRequestHandler):
    """A mail server that says what it was told, in plain and decoded, and refuses it."""

    def handle(self) -> None:
        self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        while line := self.rfile.readline().strip():
            name, _, rest = line.partition(b" ")
            if rest.upper().startswith(b"LOGIN"):
                self.server.heard.append(rest)  # type: ignore[attr-defined]  # of the server below
                self.wfile.write(name + b" NO " + rest + b" is wrong\r\n")
            elif rest.upper().startswith(b"CAPABILITY"):
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n" + name + b" OK done\r\n")
            else:
                self.wfile.write(b"* BYE\r\n" + name + b" OK done\r\n")
                return


@contextmanager
def mailbox() -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mailbox) as server:
        server.daemon_threads = True
        server.heard = []  # type: ignore[attr-defined]  # what was said to it
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=5)


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What became of it."""

    steward: Steward
    said: dict[str, Said]
    echo: Echo
    logins: list[bytes]
    platforms: frozenset[str]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Every platform asked with its key, by a server of each manner."""
    steward, planted = Steward(folder=tmp_path_factory.mktemp("keys")), tmp_path_factory.mktemp("planted")
    (planted / "sitecustomize.py").write_text(LED)
    each = tuple(chosen())
    echo = Echo(tuple(exchange for case in each for exchange in case.exchanges))
    with Server() as server, mailbox() as mail:
        server.otherwise(echo)
        box = {"platform": "newsletter", "server": f"imap://127.0.0.1:{mail.server_address[1]}", "page": "https://lists.example.org/crews"}
        sources = [*({"platform": case.platform, **case.options, "id": case.platform} for case in each), {**box, "id": "newsletter"}]
        steward.configures(
            "site: {title: Keys}\ntopics: {crews: {any_of: [microsolidarity]}}\nfetch: {allow_networks: [127.0.0.0/8]}\nsources:\n"
            + "".join(f"  - {json.dumps(one)}\n" for one in sources)
        )
        path = os.pathsep.join((str(planted), steward.environ()["PYTHONPATH"]))
        keys = {**KEYS, "NEWSLETTER_IMAP": KEYS["NEWSLETTER_IMAP"].format(port=mail.server_address[1])}
        environ = {**keys, "PYTHONPATH": path, "ECHO_PORT": str(server.port)}
        said: dict[str, Said] = {}
        for echo.mode in MODES:
            said[echo.mode] = steward.runs("poll", "-vv", "--record", f"{echo.mode}.har", environ=environ)
            said[f"{echo.mode}: status"] = steward.runs("status", "--json", environ=keys)
        echo.mode = "failing"
        said["test"] = steward.runs("source", "test", "tumblr", "-vv", environ=environ)
        said["build"] = steward.runs("build", "-vv", environ=keys)
        platforms = frozenset(one["platform"] for one in sources)
        yield Lived(steward=steward, said=said, echo=echo, logins=mail.heard, platforms=platforms)  # type: ignore[attr-defined]  # as above


def test_every_key_reaches_its_server(lived: Lived) -> None:
    heard = "\n".join(lived.echo.heard) + b"\n".join(lived.logins).decode()
    # The second half of a signed key and a token for another server travel never; no site of Stack Exchange wants a key.
    absent = {
        "other.c4nary-26@example.org",
        "else-c4nary-27",
        "pod$c4nary^16#half",
        "gts-c4nary-05",
        "pix-c4nary-12",
        "stack((c4nary*19",
        "github_pat_c4nary_03",
    }
    parts = {word for key in (*KEYS.values(), GRANTED) for word in re.split(r"[:\s]", key) if "c4nary" in word.lower()}
    assert {part for part in parts if part not in heard} <= absent
    assert "c4nary-26" not in heard
    assert "c4nary-27" not in heard
    assert len(lived.platforms) >= 14


def test_the_servers_were_read_and_refused_as_they_answered(lived: Lived) -> None:
    def failing(mode: str) -> set[str]:
        return {one["source"] for one in lived.said[f"{mode}: status"].json() if one["failures"] or one["paused"]}

    assert failing("ordinary") <= {"newsletter", "bluesky", "github"}, lived.said["ordinary"].err
    assert failing("refusing") >= lived.platforms - {"newsletter"}


def test_no_key_is_written_or_said_anywhere(lived: Lived) -> None:
    kept = ("state/sessions.json",)
    places = {place: content for place, content in everything(lived.steward, lived.said).items() if place not in kept}
    assert found(CANARIES, places) == []


def test_a_token_that_was_granted_is_kept_for_its_owner_alone(lived: Lived) -> None:
    kept = lived.steward.folder / "state" / "sessions.json"
    assert GRANTED in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o077 == 0


def test_what_is_looked_for_would_be_found(lived: Lived) -> None:
    plain = {"a": "\n".join(lived.echo.heard).encode(), "b": b"\n".join(lived.logins)}
    assert {secret for secret, _ in found(CANARIES, plain)} >= {KEYS["TUMBLR_API_KEY"], KEYS["X_BEARER_TOKEN"], GRANTED, "PODC4NARY15"}
    assert urlencode({"a": "IGQ/c4nary+06=/a"})[2:].encode() in set(forms("IGQ/c4nary+06=/a"))
    with pytest.raises(binascii.Error):
        base64.b64decode("c4nary", validate=True)
