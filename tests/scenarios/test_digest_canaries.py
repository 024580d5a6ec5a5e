"""People, passwords and keys planted in a whole life of the digest, and looked for in everything that is written or said but for the three
places where they belong: private.db, the mails themselves, and what `subscribers export` prints."""

from __future__ import annotations

import base64
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from quopri import encodestring
from urllib.parse import quote, quote_plus, urlencode

import pytest
import requests

from aggregator.clock import now
from aggregator.digest.tokens import Purpose, Tokens
from aggregator.model import SubscriberState
from aggregator.store.private.opening import open_private
from aggregator.web.stamps import Stamps
from tests.support.buttondown import FakeButtondown
from tests.support.crews import NOTES, feed
from tests.support.dns import Dns
from tests.support.listmonk import FakeListmonk
from tests.support.reception import FORM, until
from tests.support.server import Script, Server
from tests.support.smtp import Failure, SmtpServer
from tests.support.steward import Said, Steward

ASKED, REFUSED, LATER, LOST, GOOD = (
    f"canary.{name}@{domain}"
    for name, domain in (
        ("asked-0101", "readers.example"),
        ("refused-0102", "example.com"),
        ("later-0103", "example.net"),
        ("lost-0104", "example.org"),
        ("Good+0105", "mixed.example"),
    )
)
PEOPLE = (ASKED, REFUSED, LATER, LOST, GOOD)
# What is before the "@" says as much.
NAMES = tuple(person.partition("@")[0] for person in PEOPLE)
PASSWORDS = {
    "AGGREGATOR_SMTP_PASSWORD": "canary/smtp+word=0201",
    "AGGREGATOR_IMAP_PASSWORD": "canary imap wörd 0202",
    "LISTMONK_TOKEN": "canary-listmonk-0203",
    "BUTTONDOWN_API_KEY": "canary-buttondown-0204",
}
WEDNESDAY, MONDAY = datetime(2026, 11, 18, 12, tzinfo=UTC), datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
NEWS = [(f"https://blog.example/{number}", f"More on crews, {number}", f"Writer {number}") for number in range(4, 8)]
# Run before the program: the time is the test's, and handing over may be broken in the middle.
PLANTED = """\
import os
from datetime import datetime
from aggregator import clock

if os.environ.get("CANARY_NOW"):
    clock.now = lambda: datetime.fromisoformat(os.environ["CANARY_NOW"])
if os.environ.get("CANARY_BREAKS"):
    from aggregator.digest.mailers import smtp

    def broken(self, mail, begin):
        begin()
        password = os.environ["AGGREGATOR_SMTP_PASSWORD"]
        raise RuntimeError(f"broken with {mail!r} to {mail.address}, {mail.content!r}, {self._mailer!r} and {password}")

    for one in vars(smtp).values():
        if isinstance(one, type) and "hand_over" in vars(one):
            one.hand_over = broken
"""


def forms(secret: str) -> Iterator[bytes]:
    """A text in every form in which it could be written down."""
    for text in {secret, secret.lower(), secret.upper(), secret.swapcase()}:
        raw = text.encode()
        yield from (raw, quote(text).encode(), quote(text, safe="").encode(), quote_plus(text).encode(), raw.hex().encode())
        yield encodestring(raw, quotetabs=True).rstrip(b"=\n")
        yield raw.replace(b"@", b"=40")
        yield from in_base64(raw)
    yield secret[::-1].encode()


def in_base64(raw: bytes) -> Iterator[bytes]:
    """In the middle of base64 the same bytes have three spellings; the letters shared with their neighbours are left off."""
    for shift in range(3):
        for coded in (base64.b64encode(b"\0" * shift + raw), base64.urlsafe_b64encode(b"\0" * shift + raw)):
            yield coded[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]


@dataclass(kw_only=True)
class Life:
    """A steward's folder, what was said in it, and what readers got."""

    steward: Steward
    planted: Path
    said: dict[str, Said] = field(default_factory=dict)
    # Of links in mails.
    tokens: set[str] = field(default_factory=set)
    # Of mails that were handed over.
    message_ids: set[str] = field(default_factory=set)
    received: set[str] = field(default_factory=set)

    def runs(self, name: str, *words: str | Path, at: datetime = MONDAY, environ: Mapping[str, str] | None = None) -> Said:
        said = self.steward.runs(*words, environ=self.environ(at, environ))
        self.said[name] = said
        return said

    def environ(self, at: datetime | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
        path = os.pathsep.join((str(self.planted), self.steward.environ()["PYTHONPATH"]))
        when = {"CANARY_NOW": at.isoformat()} if at else {}
        return {**PASSWORDS, **when, **(more or {}), "PYTHONPATH": path}

    def places(self) -> dict[str, bytes]:
        """All that was written or said, by its place; without private.db, the mails, and what the steward wrote."""
        folder = self.steward.folder
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != "sources.yaml"]
        kept = [path for path in files if not path.name.startswith("private.db") and "mail" not in path.relative_to(folder).parts]
        written = {str(path.relative_to(folder)): path.read_bytes() for path in kept}
        heard = {f"{name}: {pipe}": text.encode() for name, one in self.said.items() for pipe, text in (("out", one.out), ("err", one.err))}
        return written | heard

    def found(self, *secrets: str) -> list[tuple[str, str]]:
        wanted = [(secret, tuple(forms(secret))) for secret in secrets]
        return [
            (secret, place) for place, text in self.places().items() for secret, spelled in wanted if any(one in text for one in spelled)
        ]


def configuration(server: Server, resolver: str, through: str, digest: str) -> str:
    return (
        "site: {title: Canaries, url: 'https://example.org/discussing/'}\ntopics: {crews: {any_of: [crews]}}\n"
        "fetch: {allow_networks: [127.0.0.0/8]}\n"
        f"sources:\n  - {{platform: feed, url: '{server.url('/feed')}', id: notes}}\n"
        f"digest:\n  from: Crews <digest@example.org>\n  least: 1\n  resolver: '{resolver}'\n  through: {through}\n{digest}"
    )


def founded(folder: Path, server: Server, resolver: str, through: str, digest: str) -> Life:
    """A steward whose page has stories."""
    planted = folder.parent / f"{folder.name}-planted"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text(PLANTED)
    life = Life(steward=Steward(folder=folder), planted=planted)
    server.on("/feed", Script(headers={"Content-Type": "application/rss+xml"}, body=NOTES))
    life.steward.configures(configuration(server, resolver, through, digest))
    assert life.runs("run", "run", "-vv", "--record", "run.har", at=WEDNESDAY).code == 0, life.said["run"].err
    server.on("/feed", Script(headers={"Content-Type": "application/rss+xml"}, body=feed("Ana's notes", NEWS)))
    assert life.runs("news", "poll", "-vv", at=WEDNESDAY + timedelta(hours=1)).code == 0, life.said["news"].err
    return life


def subscribes_by_form(life: Life, smtp: SmtpServer) -> None:
    """Somebody asks at the server, and confirms with the link of the letter."""
    process = subprocess.Popen(
        [sys.executable, "-m", "aggregator", "serve", "--listen", "127.0.0.1:0", "-vv"],
        cwd=life.steward.folder,
        env={**life.steward.environ(), **life.environ(None)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stderr is not None
        lines: list[str] = []
        while not (listening := re.search(r"Listening at (127\.0\.0\.1:\d+);", lines[-1] if lines else "")):
            lines.append(process.stderr.readline())
            assert lines[-1], lines
        place = f"http://{listening[1]}"
        with closing(open_private(life.steward.folder / "state" / "private.db")) as private, requests.Session() as session:
            session.trust_env = False
            shown = Stamps(private.keys.signing()).stamp(now() - timedelta(seconds=10))
            headers = {"Content-Type": FORM}
            for address in (ASKED, ASKED, "not an address " + ASKED):
                session.post(f"{place}/subscribe", data=urlencode({"address": address, "shown": shown}), headers=headers, timeout=20)
            until(lambda: smtp.copies)
            (letter,) = smtp.copies
            token = re.search(r"/confirm/([a-z2-7]{45})", letter.content.replace("=\r\n", "").replace("=\n", ""))
            assert token is not None
            life.tokens.add(token[1])
            session.get(f"{place}/confirm/{token[1]}", timeout=20)
            session.post(f"{place}/confirm/{token[1]}", timeout=20)
            session.get(f"{place}/nothing/{quote(ASKED)}?address={quote(ASKED)}", timeout=20)
            counts = private.subscribers.counts()
            assert counts[SubscriberState.ACTIVE] == len(PEOPLE)
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        life.said["serve"] = Said(code=process.returncode, out=out, err="".join(lines) + err)


FAILURES = (
    Failure(at="RCPT", reply=f"550 5.1.1 <{REFUSED}>: {NAMES[1]} is no user here", times=0, recipient=REFUSED),
    Failure(at="RCPT", reply=f"451 4.7.1 <{LATER}>: come back later, {LATER}", times=1, recipient=LATER),
    Failure(at="STORED", times=1, recipient=LOST),
)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Import, subscribing by form, a send with every failure, a bug in the middle of the next, and all that can be asked about them."""
    folder = tmp_path_factory.mktemp("digest-canaries")
    with Server() as server, Dns() as dns, SmtpServer(FAILURES, users={"canary-user": PASSWORDS["AGGREGATOR_SMTP_PASSWORD"]}) as smtp:
        life = founded(
            folder,
            server,
            dns.server,
            "smtp",
            f"  smtp: {{host: 127.0.0.1, port: {smtp.port}, security: none, user: canary-user, connections: 1}}\n"
            "  serve: {url: 'https://news.example.org/'}\n"
            "  mailbox: {address: digest@example.org, host: 127.0.0.1, port: 1, security: none}\n",
        )
        rows = "".join(f"{person},2026-01-01\n" for person in PEOPLE[1:])
        people = life.planted / "people.csv"
        for name, more in (("wrong import", f"no-address-{NAMES[1]},2026-01-01\n{REFUSED},soon\n"), ("import", "")):
            people.write_text(f"address,consent\n{rows}{more}")
            life.runs(name, "subscribers", "import", people, "--source", "Fair", "-vv", at=WEDNESDAY)
        subscribes_by_form(life, smtp)
        life.runs("preview", "digest", "preview", "-vv")
        life.runs("doctor", "doctor", "mail", "-vv")
        life.runs("dry", "digest", "send", "--yes", "--late", "--dry-run", "-vv")
        accepted = ("--accept", "dkim", "--accept", "spf", "--accept", "dmarc", "--accept", "dead-link")
        life.runs("send", "digest", "send", "--yes", "--late", *accepted, "-vv", "--record", "send.har")
        life.runs("bug", "digest", "resume", "-vv", at=MONDAY + timedelta(hours=2), environ={"CANARY_BREAKS": "1"})
        life.runs("after", "digest", "resume", "-vv", at=MONDAY + timedelta(hours=4))
        for name, *words in (
            ("status", "digest", "status", "-vv"),
            ("status in JSON", "digest", "status", "--json"),
            ("resolve", "digest", "resolve", "-vv"),
            ("resolve in JSON", "digest", "resolve", "--json"),
            ("list", "subscribers", "list", "-vv"),
            ("list in JSON", "subscribers", "list", "--json"),
            ("mailbox", "mailbox", "-vv"),
            ("check", "check"),
            ("build", "build", "-vv"),
            ("poll", "poll", "-vv", "--record", "poll.har"),
        ):
            life.runs(name, *words, at=MONDAY + timedelta(hours=5))
        for copy in smtp.copies:
            life.message_ids.add(copy.message_id)
            life.received.add(copy.recipient)
        with closing(open_private(folder / "state" / "private.db")) as private:
            tokens = Tokens(private.keys.signing())
            life.tokens |= {tokens.sign(purpose, one.id) for purpose in Purpose for one in private.subscribers.all()}
        yield life


def test_the_life_was_one(life: Life) -> None:
    """The failures happened, the bug was one, and the canaries are where they belong."""
    assert life.received == {ASKED, GOOD, LOST}, {name: one.err for name, one in life.said.items()}
    assert life.said["send"].code == 7, life.said["send"].err
    assert (life.said["bug"].code, "RuntimeError: broken with" in life.said["bug"].err) == (1, True), life.said["bug"].err
    assert len(life.tokens) > 5
    raw = b"".join(path.read_bytes() for path in life.steward.folder.glob("state/private.db*"))
    assert all(person.encode() in raw for person in PEOPLE)
    exported = life.steward.runs("subscribers", "export", environ=life.environ(MONDAY))
    assert ASKED in exported.out


def test_no_reader_is_named_anywhere(life: Life) -> None:
    assert life.found(*PEOPLE, *NAMES) == []


def test_no_password_is_written_or_said_anywhere(life: Life) -> None:
    assert life.found(*PASSWORDS.values()) == []


def test_no_link_of_a_reader_is_written_or_said_anywhere(life: Life) -> None:
    """Who holds one can leave in the reader's name."""
    assert life.found(*life.tokens) == []


def test_a_message_id_is_told_to_the_steward_who_looks_for_it_alone(life: Life) -> None:
    """Of copies whose fate is uncertain, to be found in the log of a mail server. It belongs to no public file: it cannot be guessed."""
    assert {place for _, place in life.found(*life.message_ids)} == {"resolve: out", "resolve in JSON: out"}


def test_no_key_leaves_its_database(life: Life) -> None:
    with closing(open_private(life.steward.folder / "state" / "private.db")) as private:
        secrets = [key.secret for key in private.keys.signing()] + [private.keys.salt()]
    places = life.places()
    spelled = [(raw, raw.hex().encode(), raw.hex().upper().encode(), repr(raw)[2:-1].encode(), *in_base64(raw)) for raw in secrets]
    assert [place for place, text in places.items() for some in spelled if any(one in text for one in some)] == []


def test_what_is_private_is_for_its_owner_alone(life: Life) -> None:
    state = life.steward.folder / "state"
    for path in (*state.glob("private.db*"), *state.glob("outbox.jsonl*"), *life.steward.folder.glob("*.har")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def fake_of(name: str, server: Server) -> FakeListmonk | FakeButtondown:
    if name == "listmonk":
        return FakeListmonk(server, keys=f"canary-user:{PASSWORDS['LISTMONK_TOKEN']}")
    return FakeButtondown(server, key=PASSWORDS["BUTTONDOWN_API_KEY"])


SERVICES: Mapping[str, str] = {
    "listmonk": "  listmonk: {{url: '{url}', user: canary-user, lists: [1]}}\n",
    "buttondown": "  buttondown: {{url: '{url}'}}\n",
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_told_its_key_and_nobody_else(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "steward"
    folder.mkdir()
    with Server() as pages, Server() as server, Dns() as dns:
        fake = fake_of(name, server)
        life = founded(folder, pages, dns.server, name, SERVICES[name].format(url=server.url("/")))
        accepted = ("--accept", "dkim", "--accept", "spf", "--accept", "dmarc", "--accept", "dead-link")
        words = ("digest", "send", "--yes", "--late", *accepted, "-vv", "--record")
        wrong = {"LISTMONK_TOKEN": "wrong-canary-0301", "BUTTONDOWN_API_KEY": "wrong-canary-0301"}
        refused = life.runs("refused", *words, "refused.har", environ=wrong)
        life.runs("send", *words, "send.har", at=MONDAY + timedelta(hours=5))
        life.runs("status", "digest", "status", "--json", at=MONDAY + timedelta(hours=6))
    assert refused.code != 0
    assert len(fake.sent) == 1, (refused.err, life.said["send"].err)
    assert b"REDACTED" in life.places()["send.har"]
    assert life.found(*PASSWORDS.values(), "wrong-canary-0301") == []
