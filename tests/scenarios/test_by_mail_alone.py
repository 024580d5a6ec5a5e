"""No server of ours is reachable: readers subscribe, confirm and leave by mail, and bounces are heard of."""

from __future__ import annotations

import email
import email.policy
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from aggregator.app import build
from aggregator.config import load
from aggregator.digest.mailbox.imap import DONE
from aggregator.digest.membership import Membership
from aggregator.run.digesting import send_due
from aggregator.settings import Settings
from aggregator.store.lock import FileLock, held
from aggregator.text.cron import following
from tests.support import crews
from tests.support.correspondence import ADDRESS, mail
from tests.support.dovecot import PASSWORD, Dovecot, needs_dovecot
from tests.support.steward import Said, Steward

pytestmark = [pytest.mark.servers, needs_dovecot]

CONFIGURATION = """\
digest:
  from: Crew news <digest@example.org>
  postal: Crews, 1 Example Street
  least: 1
  mailbox: {{address: digest@example.org, host: 127.0.0.1, port: {port}, security: none}}
"""
NEWS = [(f"https://blog.example/{number}", f"More on crews, {number}", f"Writer {number}") for number in range(4, 8)]
FORGED = "a" * 45


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after two polls, the second of which found four stories; copied for each test."""
    steward = crews.has_run(Steward(folder=tmp_path_factory.mktemp("prepared")))
    found = crews.runs_with(steward, *crews.replies(notes=crews.feed("Ana's notes", NEWS)))
    assert found.code == 0, found.err
    return steward.folder


@pytest.fixture
def steward(prepared: Path, tmp_path: Path, server: Dovecot) -> Steward:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    steward = Steward(folder=tmp_path)
    steward.configures(crews.CONFIGURATION + CONFIGURATION.format(port=server.port))
    return steward


def reads(steward: Steward, *words: str) -> Said:
    return steward.runs("mailbox", *words, environ={"AGGREGATOR_IMAP_PASSWORD": PASSWORD})


def posted(steward: Steward) -> list[EmailMessage]:
    """Every mail that was handed over, and its file away: nothing is read twice."""
    mails = []
    for path in sorted((steward.folder / "state" / "mail").glob("*.eml")):
        mails.append(email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
        path.unlink()
    assert all(isinstance(one, EmailMessage) for one in mails)
    return mails


def settings_of(steward: Steward, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(steward.folder)
    return load(steward.folder / "sources.yaml")


def sends(steward: Steward, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edition of the next Monday, when it has come."""
    monday = following("0 8 * * mon", datetime.now(UTC), ZoneInfo("UTC")) + timedelta(minutes=5)
    with build(settings_of(steward, monkeypatch), clock=lambda: monday) as app:
        send_due(app, agree=lambda *_: True, ask=lambda *_: False, online=False)


def readers(steward: Steward) -> dict[str, str]:
    """The state of everybody, by address."""
    listed = steward.runs("subscribers", "list", "--addresses", "--json")
    assert listed.code == 0, listed.err
    return {one["address"]: one["state"] for one in listed.json()["subscribers"]}


def test_a_reader_subscribes_confirms_reads_and_leaves_by_mail_alone(
    steward: Steward, server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(ADDRESS, mail(subject="subscribe"), mail("When is the next one?", subject="A question"))
    said = reads(steward)
    assert (said.code, said.out, said.err) == (0, "1 asked, 1 left for you to read, 1 letter mailed\n", "")
    (letter,) = posted(steward)
    assert letter["To"] == "cleo@example.com"
    assert readers(steward) == {"cleo@example.com": "pending"}

    server.deliver(
        ADDRESS, mail("Yes, please.", to=letter["Reply-To"], subject=f"Re: {letter['Subject']}", return_path="<cleo@example.com>")
    )
    assert reads(steward).out == "1 confirmed\n"
    sends(steward, monkeypatch)
    (copy,) = posted(steward)
    assert copy["To"] == "cleo@example.com"
    assert "More on crews, 4" in copy.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one

    leaving = urlsplit(copy["List-Unsubscribe"].strip().strip("<>"))
    (subject,) = parse_qs(leaving.query)["subject"]
    server.deliver(ADDRESS, mail(to=leaving.path, subject=subject, **{"from": "whoever@example.net"}))
    assert reads(steward).out == "1 left\n"
    assert readers(steward) == {"cleo@example.com": "left"}
    assert posted(steward) == []
    assert reads(steward).out == "nothing new\n"
    assert [b"A question" in kept.raw for kept in server.mails(ADDRESS)] == [True]
    assert len(server.mails(ADDRESS, DONE)) == 3


def test_a_copy_that_comes_back_ends_the_digest_for_its_reader(steward: Steward, server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    server.deliver(ADDRESS, mail(subject="subscribe"))
    reads(steward)
    (letter,) = posted(steward)
    server.deliver(ADDRESS, mail(to=letter["Reply-To"], subject=f"Re: {letter['Subject']}"))
    reads(steward)
    sends(steward, monkeypatch)
    (copy,) = posted(steward)
    fields = "Final-Recipient: rfc822; cleo@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    report = (
        f"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n{fields}\r\n"
        f"--x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {copy['Message-ID']}\r\n\r\n--x--"
    )
    kind = "multipart/report; report-type=delivery-status; boundary=x"
    server.deliver(ADDRESS, mail(report, content_type=kind, return_path="<>", **{"from": "MAILER-DAEMON@mx.example.com"}))
    assert reads(steward).out == "1 came back (1 hard)\n"
    assert readers(steward) == {"cleo@example.com": "suppressed"}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(steward: Steward, server: Dovecot) -> None:
    server.deliver(ADDRESS, mail(subject="subscribe"))
    assert reads(steward, "--dry-run").out == "1 asked\n"
    assert len(server.mails(ADDRESS)) == 1
    assert readers(steward) == {}
    assert posted(steward) == []
    assert reads(steward).out == "1 asked, 1 letter mailed\n"


def test_the_counts_are_printed_as_json_too(steward: Steward, server: Dovecot) -> None:
    server.deliver(ADDRESS, mail(subject="subscribe"), mail(to=f"digest+{FORGED}@example.org"))
    told = reads(steward, "--json").json()
    assert {name: count for name, count in told.items() if count} == {"asked": 1, "untouched": 1, "letters": 1}


def test_letters_go_out_although_the_mailbox_cannot_be_read(steward: Steward, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(steward, monkeypatch)
    with build(settings) as app:
        Membership(app.private, settings, app.clock).ask("dan@example.net", source="form")
    wrong = steward.runs("mailbox", environ={"AGGREGATOR_IMAP_PASSWORD": "wrong word"})
    assert wrong.code == 3
    assert "AGGREGATOR_IMAP_PASSWORD" in wrong.err
    assert "wrong word" not in wrong.err
    assert [letter["To"] for letter in posted(steward)] == ["dan@example.net"]


def test_no_address_and_no_token_is_said_or_written_anywhere_but_where_it_belongs(steward: Steward, server: Dovecot) -> None:
    server.deliver(ADDRESS, mail("cleo-body", subject="subscribe", **{"from": "Cleo Canary <cleo.canary@example.com>"}))
    first = reads(steward, "-vv")
    (letter,) = posted(steward)
    token = str(letter["Reply-To"]).partition("+")[2].partition("@")[0]
    server.deliver(
        ADDRESS, mail("cleo-body", to=letter["Reply-To"], subject=f"Re: {letter['Subject']}", **{"from": "cleo.canary@example.com"})
    )
    said = [first, reads(steward, "-vv"), reads(steward, "-vv", "--json")]
    assert readers(steward) == {"cleo.canary@example.com": "active"}
    public = [path for path in steward.folder.rglob("*") if path.is_file() and not path.name.startswith("private.db")]
    written = b"".join(path.read_bytes() for path in public).lower()
    for planted in ("canary", "cleo-body", token):
        assert all(planted not in (one.out + one.err).lower() for one in said)
        assert planted.encode() not in written


def test_who_comes_second_does_nothing(steward: Steward, server: Dovecot) -> None:
    server.deliver(ADDRESS, mail(subject="subscribe"))
    with held(FileLock(steward.folder / "state" / "mailbox.lock")) as ours:
        assert ours
        said = reads(steward)
    assert (said.code, said.out) == (0, "")
    assert "Another" in said.err
    assert reads(steward).out == "1 asked, 1 letter mailed\n"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("  mailbox:", "  # mailbox:"), "has no digest.mailbox"),
        (("host: 127.0.0.1, port: {port}", "host: 127.0.0.1, port: 9"), "Connection refused; the next run goes on"),
    ],
)
def test_what_is_wrong_with_the_mailbox_is_told_in_a_sentence(
    steward: Steward, server: Dovecot, change: tuple[str, str], told: str
) -> None:
    steward.configures(crews.CONFIGURATION + CONFIGURATION.replace(*change).format(port=server.port))
    said = reads(steward)
    assert said.code in (1, 3)
    assert told in said.err
    assert "Traceback" not in said.err
