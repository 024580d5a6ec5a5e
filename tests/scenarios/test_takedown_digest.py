"""Somebody whose story was mailed asks to be taken off: nothing of it is left in what the digest keeps, and no backup brings it back."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import os
import quopri
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from aggregator.app import App, build
from aggregator.clock import now
from aggregator.commands.takedown import told
from aggregator.config import load
from aggregator.digest.mailers import Fate, Reply
from aggregator.model import DeliveryState, EditionState, Issued
from aggregator.pipeline.takedown import subject_named
from aggregator.run.digesting import send_due
from aggregator.run.once import run_once
from aggregator.run.outbox import open_outbox
from aggregator.run.outcomes import Sent
from aggregator.run.resolving import cancel
from aggregator.run.taking_down import Receipt, carried_out, planned
from aggregator.text import cron
from tests.support.crews import CONFIGURATION, feed, has_run, replies, runs_with
from tests.support.steward import Steward

DIGEST = """\
digest:
  from: Crew news <digest@example.org>
  least: 1
  mailbox: {address: crews@example.org, host: mail.example.org}
"""
TITLE, ADDRESS, AUTHOR = "Unmistakable confession of a crew, née Pod", "https://blog.example/unforgettable-confession", "Ximena Quuxibsen"
SAID = "at more length, since crews are worth it"
NEEDLES = (TITLE, ADDRESS, ADDRESS.removeprefix("https://"), AUTHOR, "Unmistakable confession", "Quuxibsen")
NEWS = [(f"https://blog.example/{number}", f"More on crews, {number}", f"Writer {number}") for number in range(4, 7)]
LATER = [(f"https://blog.example/{number}", f"Still more on crews, {number}", f"Writer {number}") for number in range(11, 14)]
READERS, FIRST_BATCH = 25, 20
# The first Monday morning after the stories were found, whenever this is run.
MORNING = cron.following("0 8 * * mon", now(), ZoneInfo("UTC")) + timedelta(minutes=5)
ASKED = MORNING + timedelta(hours=1)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven stories, of which one will be taken down, and twenty-five readers; a preview was looked at, and nothing was sent."""
    steward = has_run(Steward(folder=tmp_path_factory.mktemp("found")))
    steward.configures(CONFIGURATION + DIGEST)
    assert runs_with(steward, *replies(notes=feed("Ana's notes", [*NEWS, (ADDRESS, TITLE, AUTHOR)]))).code == 0
    rows = "".join(f"reader{number}@example.org,2026-01-01\n" for number in range(READERS))
    (steward.folder / "readers.csv").write_text("address,consent\n" + rows, encoding="utf-8")
    assert steward.runs("subscribers", "import", "readers.csv", "--source", "the old list").code == 0
    assert steward.runs("digest", "preview", "--replay", "replies.har").code == 0
    return steward.folder


@pytest.fixture(scope="module")
def sent_once(found: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sent")
    shutil.copytree(found, folder, dirs_exist_ok=True)
    assert sends(Steward(folder=folder)).editions[0].what == "sent"
    return folder


@pytest.fixture
def unsent(found: Path, tmp_path: Path) -> Steward:
    shutil.copytree(found, tmp_path, dirs_exist_ok=True)
    return Steward(folder=tmp_path)


@pytest.fixture
def sent(sent_once: Path, tmp_path: Path) -> Steward:
    shutil.copytree(sent_once, tmp_path, dirs_exist_ok=True)
    return Steward(folder=tmp_path)


@contextmanager
def opened(steward: Steward, at: datetime = MORNING, *, dry_run: bool = False) -> Iterator[App]:
    before = Path.cwd()
    os.chdir(steward.folder)
    try:
        with build(load(Path("sources.yaml"), environ={}), clock=lambda: at, dry_run=dry_run) as app:
            yield app
    finally:
        os.chdir(before)


def sends(steward: Steward, at: datetime = MORNING, *, cut_short: bool = False) -> Sent:
    """What is due; cut short after the first batch."""
    with opened(steward, at) as app:
        tell = (lambda count: app.stop.set()) if cut_short else (lambda count: None)
        return send_due(app, agree=lambda question: True, ask=lambda question: None, online=False, tell=tell)


def takes_down(steward: Steward, subject: str = ADDRESS, at: datetime = ASKED, *, dry_run: bool = False) -> Receipt:
    with opened(steward, at, dry_run=dry_run) as app, app.store.exclusive() as held:
        assert held
        return carried_out(app, planned(app, subject_named(subject)), reason="asked by mail", dry_run=dry_run)


def stops(steward: Steward, at: datetime = ASKED) -> None:
    """The steward cancels the edition that is being sent."""
    with opened(steward, at) as app, open_outbox(app) as outbox:
        assert outbox is not None
        [sending] = app.private.ledger.sending()
        cancel(outbox, sending)


def issued(steward: Steward) -> tuple[Issued, ...]:
    with opened(steward) as app:
        return app.private.ledger.issued()


def mails(steward: Steward) -> list[Path]:
    return sorted((steward.folder / "state" / "mail").glob("*.eml"))


def journal(steward: Steward) -> Path:
    return steward.folder / "state" / "outbox.jsonl"


def copy_of_week(steward: Steward) -> str:
    [copy] = [content for name, content in steward.output().items() if name.startswith("digest/2") and name.endswith(".html")]
    return copy.decode()


# -- looking for it


def forms(needle: str) -> Iterator[bytes]:
    """A text in every way in which it might be written down."""
    plain = needle.encode()
    yield from (plain, escape(needle).encode(), quote(needle).encode(), quote(needle, safe="").encode(), json.dumps(needle)[1:-1].encode())
    yield quopri.encodestring(plain)
    for shift in range(3):
        # What stands before it moves it to one of three places; the ends depend on the neighbours.
        yield base64.b64encode(b"\0" * shift + plain)[4:-4]


def readings(path: Path) -> Iterator[bytes]:
    """A file as it is, and what is packed inside of it."""
    content = path.read_bytes()
    yield content
    yield content.replace(b"=\r\n", b"").replace(b"=\n", b"")
    if ".eml" in path.name:
        parts = email.message_from_bytes(content, policy=email.policy.default).walk()
        yield from (part.get_payload(decode=True) or b"" for part in parts if part.get_content_maintype() == "text")  # type: ignore[misc]  # bytes
    if path.name.startswith("outbox.jsonl"):
        packed = (json.loads(line).get("rendered") for line in content.splitlines() if line.strip())
        yield from ("".join(json.loads(zlib.decompress(base64.b64decode(one)))).encode() for one in packed if one)


def holding(steward: Steward, *needles: str) -> set[str]:
    """Files of the state and of the page that hold one of the texts, in whatever form."""
    wanted = {form for needle in needles or NEEDLES for form in forms(needle)}
    files = [path for name in ("state", "output") for path in (steward.folder / name).rglob("*") if path.is_file()]
    return {str(path.relative_to(steward.folder)) for path in files if any(form in text for text in readings(path) for form in wanted)}


def files(steward: Steward) -> Mapping[str, bytes]:
    found = [path for path in sorted(steward.folder.rglob("*")) if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
    return {str(path.relative_to(steward.folder)): path.read_bytes() for path in found}


def test_before_it_is_taken_down_it_stands_everywhere(sent: Steward) -> None:
    named = holding(sent)
    assert {"state/aggregator.db", "state/private.db", "state/outbox.jsonl", "output/index.html"} <= named
    assert {str(path.relative_to(sent.folder)) for path in mails(sent)} <= named
    assert len([name for name in named if name.startswith("state/preview/")]) == 3


# -- nothing is left


@pytest.mark.parametrize("subject", [ADDRESS, AUTHOR])
def test_no_byte_of_it_is_left_in_the_state_or_on_the_page(sent: Steward, subject: str) -> None:
    shutil.copy(sent.folder / "state" / "private.db", sent.folder / "state" / "private.db.version-1")
    shutil.copy(journal(sent), f"{journal(sent)}.20261101T080000")
    takes_down(sent, subject)
    assert holding(sent) == set()
    assert not (sent.folder / "state" / "private.db.version-1").exists()


def test_the_archive_counts_what_is_gone_and_keeps_the_rest(sent: Steward) -> None:
    assert "removed since" not in copy_of_week(sent)
    takes_down(sent)
    assert "1 story was removed since." in copy_of_week(sent)
    assert "4 new stories" in copy_of_week(sent)
    assert all(f">More on crews, {number}</a>" in copy_of_week(sent) for number in range(4, 7))
    with opened(sent, ASKED + timedelta(minutes=1)) as app:
        assert run_once(app, build=True).exit_code in (0, 4)
    assert "1 story was removed since." in copy_of_week(sent)


def test_the_receipt_says_what_was_removed_and_what_is_out_of_reach(sent: Steward) -> None:
    receipt = takes_down(sent)
    mail = receipt.mail
    [week] = issued(sent)
    name = week.edition.period.name
    assert (mail.editions, mail.stories, mail.mails, mail.mails_kept, mail.lines) == ((week.edition.id,), 1, READERS, 0, 1)
    assert (len(mail.previews), mail.sending, dict(mail.handed_over), mail.wiped) == (3, (), {name: READERS}, True)
    lines = list(told(receipt, dry_run=False))
    assert any(line.startswith("Removed from the digest: 1 story in its editions, ") and "25 mails in the folder" in line for line in lines)
    assert f"  {READERS} mails of {name}, which were handed over" in lines


def test_the_command_tells_the_same_as_json(sent: Steward) -> None:
    said = sent.runs("takedown", ADDRESS, "--reason", "asked by mail", "--yes", "--json")
    assert said.code == 0, said.err
    assert said.json()["mail"]["stories"] == 1
    # The edition was sent at a time that has not come: its mails may be the only ones that its readers get.
    assert said.json()["mail"]["mails_kept"] == READERS


def test_what_stays_of_an_edition_is_as_it_was(sent: Steward) -> None:
    [before] = issued(sent)
    takes_down(sent)
    [after] = issued(sent)
    assert (after.state, after.at, after.hash, after.recipients) == (before.state, before.at, before.hash, before.recipients)
    assert after.edition.new == before.edition.new
    stay = [one for one in before.edition.items if one.href != ADDRESS]
    assert [one for one in after.edition.items if one.title] == stay
    assert [one.story for one in after.edition.items] == [one.story for one in before.edition.items]


def test_a_mail_of_another_edition_stays_in_the_folder(sent: Steward) -> None:
    assert runs_with(sent, *replies(notes=feed("Ana's notes", LATER))).code == 0
    assert sends(sent, MORNING + timedelta(weeks=1)).editions[0].what == "sent"
    assert len(mails(sent)) == 2 * READERS
    assert takes_down(sent, at=MORNING + timedelta(weeks=1, hours=1)).mail.mails == READERS
    assert len(mails(sent)) == READERS
    assert holding(sent) == set()


def test_an_edition_that_was_held_back_and_one_that_was_skipped_lose_it_too(unsent: Steward) -> None:
    unsent.configures(CONFIGURATION + DIGEST.replace("least: 1", "least: 9"))
    assert sends(unsent).editions[0].what == "skipped"
    with opened(unsent) as app:
        [skipped] = app.private.ledger.issued()
        report = json.dumps([["dead-link", "error", f"{ADDRESS} leads nowhere."], ["spf", "warning", "There is no SPF."]])
        app.private.ledger.hold(replace(skipped.edition, id="crews/monthly/2026-11", rhythm="monthly"), report, MORNING)
    assert {"state/private.db", "state/outbox.jsonl"} <= holding(unsent)
    assert takes_down(unsent).mail.stories == 2
    assert holding(unsent) == set()
    held = next(one for one in issued(unsent) if one.state is EditionState.HELD)
    assert json.loads(held.report) == [["spf", "warning", "There is no SPF."]]


def test_what_is_held_back_says_no_word_of_a_story_that_lost_a_part(unsent: Steward) -> None:
    assert unsent.runs("merge", "https://blog.example/4", ADDRESS).code == 0
    assert unsent.runs("retitle", "https://blog.example/4", "A confession, in the steward's words").code == 0
    unsent.configures(CONFIGURATION + DIGEST.replace("least: 1", "least: 9"))
    sends(unsent)
    with opened(unsent) as app:
        [skipped] = app.private.ledger.issued()
        app.private.ledger.hold(replace(skipped.edition, id="crews/monthly/2026-11", rhythm="monthly"), "", MORNING)
    takes_down(unsent)
    told_of = [[one.title for one in (*week.edition.items, *week.edition.also)] for week in issued(unsent)]
    assert [titles.count("") for titles in told_of] == [1, 1]


def test_what_a_server_said_of_it_is_not_kept(sent: Steward) -> None:
    with opened(sent) as app:
        [week] = app.private.ledger.issued()
        row = app.private.ledger.deliveries(week.edition.id)[0]
    with opened(sent) as app, open_outbox(app) as outbox:
        assert outbox is not None
        # As a server that reads what it is given would answer.
        late = replace(row, recipient="another", message_id="another@example.org", state=DeliveryState.REFUSED)
        app.private.ledger.take_over(week, [replace(late, reply=f"550 it names {ADDRESS}")], ())
        outbox.journal.batch(week.edition.id, ["another"], MORNING)
        outbox.journal.outcome("another", Reply(fate=Fate.REFUSED, text=f"550 it names {ADDRESS}"))
        outbox.journal.resolved(week.edition.id, {"another": DeliveryState.REFUSED}, MORNING)
        app.private.ledger.remark(str(outbox.journal.last()))
    takes_down(sent)
    assert holding(sent) == set()


def test_a_story_that_stays_is_told_as_the_page_tells_it_now(unsent: Steward) -> None:
    assert unsent.runs("merge", ADDRESS, "https://blog.example/4").code == 0
    assert unsent.runs("retitle", ADDRESS, TITLE).code == 0
    sends(unsent)
    assert f">{TITLE}</a>" in copy_of_week(unsent)
    assert ">More on crews, 4</a>" not in copy_of_week(unsent)
    takes_down(unsent)
    assert holding(unsent) == set()
    assert ">More on crews, 4</a>" in copy_of_week(unsent)
    assert "removed since" not in copy_of_week(unsent)
    # It was told, and is not new again.
    assert sends(unsent, MORNING + timedelta(weeks=1)).editions[0].what == "skipped"


def test_a_takedown_that_was_cut_short_is_finished_by_whoever_sends_next(sent: Steward) -> None:
    with opened(sent, ASKED) as app:
        plan = planned(app, subject_named(ADDRESS))
        hashes = plan.hashes(app.store.takedowns.salt())
        app.store.takedowns.erase(plan.entries, keys=plan.keys, hashes=hashes, reason="asked", at=ASKED, rewritten=plan.rewritten)
    sent_next = sends(sent, ASKED + timedelta(minutes=1))
    assert "What was taken down was taken out of 1 edition of the digest, too." in sent_next.remarks
    left = {one.partition("/")[2].partition("/")[0] for one in holding(sent) if one.startswith("state")}
    assert left <= {"aggregator.db"}


# -- what may not change


def test_the_journal_keeps_every_line_at_its_place(sent: Steward) -> None:
    before = journal(sent).read_bytes().splitlines(keepends=True)
    with opened(sent) as app:
        mark = app.private.ledger.mark()
    takes_down(sent)
    after = journal(sent).read_bytes().splitlines(keepends=True)
    assert [len(line) for line in after] == [len(line) for line in before]
    assert [json.loads(line).get("n") for line in after] == [json.loads(line).get("n") for line in before]
    assert len([1 for one, other in zip(before, after, strict=True) if one != other]) == 1
    assert journal(sent).stat().st_mode & 0o777 == 0o600
    with opened(sent) as app:
        assert app.private.ledger.mark() == mark
    assert sends(sent, ASKED).remarks == ()


def test_an_edition_that_is_being_sent_goes_out_as_it_was_frozen_and_loses_it_when_it_has_ended(unsent: Steward) -> None:
    sends(unsent, cut_short=True)
    assert len(mails(unsent)) == FIRST_BATCH
    mail = takes_down(unsent).mail
    [week] = issued(unsent)
    name = week.edition.period.name
    assert (mail.sending, mail.editions, mail.mails, mail.mails_kept) == ((name,), (), 0, FIRST_BATCH)
    left = holding(unsent)
    assert {one.partition("/")[2].partition("/")[0] for one in left} <= {"private.db", "private.db-wal", "outbox.jsonl", "mail"}
    assert "1 story was removed since." in copy_of_week(unsent)
    assert sends(unsent, ASKED).editions[0].what == "sent"
    assert len(mails(unsent)) == READERS
    texts = {email.message_from_bytes(path.read_bytes(), policy=email.policy.default)["Date"] for path in mails(unsent)}
    assert len(texts) == 1
    assert holding(unsent) == {str(path.relative_to(unsent.folder)) for path in mails(unsent)}


def test_the_receipt_says_how_to_stop_what_is_being_sent(unsent: Steward) -> None:
    sends(unsent, cut_short=True)
    receipt = takes_down(unsent)
    [name] = receipt.mail.sending
    lines = [line for line in told(receipt, dry_run=False) if line.startswith(name)]
    assert len(lines) == 1
    assert f"`aggregator digest cancel {name}` stops it" in lines[0]


def test_an_edition_that_is_stopped_loses_it_at_once_with_its_mails(unsent: Steward) -> None:
    sends(unsent, cut_short=True)
    takes_down(unsent)
    stops(unsent)
    assert holding(unsent) == set()
    assert mails(unsent) == []
    [week] = issued(unsent)
    assert week.state is EditionState.CANCELLED


def test_a_dry_run_says_what_would_go_and_changes_nothing(sent: Steward) -> None:
    before = files(sent)
    receipt = takes_down(sent, dry_run=True)
    assert (receipt.mail.stories, receipt.mail.mails, len(receipt.mail.previews), receipt.mail.lines) == (1, READERS, 3, 1)
    assert any(line.startswith("Would remove from the digest: ") for line in told(receipt, dry_run=True))
    assert files(sent) == before


def test_where_nobody_has_a_digest_nothing_is_made(tmp_path: Path) -> None:
    steward = has_run(Steward(folder=tmp_path))
    assert steward.runs("takedown", "https://blog.example/1", "--reason", "asked by mail", "--yes").code == 0
    assert steward.runs("build").code == 0
    names = {path.name for path in (tmp_path / "state").iterdir()}
    assert not any(name.startswith(("private", "outbox", "digest", "departed", "mail", "preview")) for name in names)


# -- others who are at it


def test_while_another_process_sends_it_waits_and_the_next_run_does_it(sent: Steward) -> None:
    code = (
        "import sys; from aggregator.store.lock import FileLock; from pathlib import Path; "
        "assert FileLock(Path('state/digest.lock')).take(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=sent.folder, env=sent.environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        receipt = takes_down(sent)
        assert receipt.mail.locked
        assert any("Another process is sending the digest" in line for line in told(receipt, dry_run=False))
        left = {name.partition("/")[2].partition("/")[0] for name in holding(sent)}
        assert left <= {"private.db", "outbox.jsonl", "mail"}
        assert left
        assert other.stdin is not None
        other.stdin.close()
        other.wait(timeout=30)
    with opened(sent, ASKED) as app:
        assert any("What was taken down" in line for line in run_once(app, build=False).remarks)
    assert holding(sent) == set()
    with opened(sent, ASKED) as app:
        assert run_once(app, build=False).remarks == ()


# -- backups


def back_up(steward: Steward, name: str) -> Path:
    """The state as it is, with all that is in the log of the database."""
    with opened(steward) as app, app.private.exclusive():
        pass
    kept = steward.folder / f"backup-{name}"
    shutil.copytree(steward.folder / "state", kept)
    return kept


def put_back(steward: Steward, backup: Path, *names: str) -> None:
    for path in (steward.folder / "state").glob("private.db*"):
        path.unlink()
    for name in names:
        shutil.copy(backup / name, steward.folder / "state" / name)


@pytest.mark.parametrize("of", ["before it was sent", "while it was sent", "after it was sent"])
@pytest.mark.parametrize("with_journal", [False, True], ids=["private.db alone", "with its journal"])
def test_an_older_private_db_brings_nothing_back_and_sends_nothing_twice(unsent: Steward, of: str, *, with_journal: bool) -> None:
    backups = {"before it was sent": back_up(unsent, "before")}
    sends(unsent, cut_short=True)
    backups["while it was sent"] = back_up(unsent, "while")
    assert sends(unsent, MORNING + timedelta(minutes=1)).editions[0].what == "sent"
    backups["after it was sent"] = back_up(unsent, "after")
    takes_down(unsent)
    assert holding(unsent) == set()
    put_back(unsent, backups[of], "private.db", *(("outbox.jsonl",) if with_journal and of != "before it was sent" else ()))
    before = mails(unsent)
    sends(unsent, ASKED + timedelta(hours=1))
    [week] = issued(unsent)
    if with_journal and of == "while it was sent":
        # Both say that it is being sent: what was handed over since is known to nobody, and what is sent is what was frozen.
        assert len(mails(unsent)) == READERS - FIRST_BATCH
        assert {one.partition("/")[2].partition("/")[0] for one in holding(unsent)} == {"mail"}
    else:
        assert mails(unsent) == before == []
        assert holding(unsent) == set()
    assert week.state is EditionState.SENT


def test_an_older_private_db_brings_no_word_back_of_a_story_that_stays(unsent: Steward) -> None:
    # The title is the steward's, and the address is that of the other: only what the edition was about tells that it is meant.
    assert unsent.runs("merge", "https://blog.example/4", ADDRESS).code == 0
    assert unsent.runs("retitle", "https://blog.example/4", "A confession, in the steward's words").code == 0
    sends(unsent)
    backup = back_up(unsent, "sent")
    takes_down(unsent)
    assert holding(unsent, *NEEDLES) == set()
    put_back(unsent, backup, "private.db", "outbox.jsonl")
    assert holding(unsent)
    sends(unsent, ASKED + timedelta(hours=1))
    assert holding(unsent) == set()
    [week] = issued(unsent)
    assert [one.title for one in (*week.edition.items, *week.edition.also)].count("") == 1


def test_a_journal_that_is_lost_is_made_anew_without_it(sent: Steward) -> None:
    takes_down(sent)
    journal(sent).unlink()
    assert any("made anew" in line for line in sends(sent, ASKED).remarks)
    assert holding(sent) == set()
    assert issued(sent)[0].edition.id in journal(sent).read_text(encoding="utf-8")


def test_an_older_journal_alone_is_put_aside_without_it(sent: Steward) -> None:
    kept = back_up(sent, "kept")
    assert runs_with(sent, *replies(notes=feed("Ana's notes", LATER))).code == 0
    assert sends(sent, MORNING + timedelta(weeks=1)).editions[0].what == "sent"
    takes_down(sent, at=MORNING + timedelta(weeks=1, hours=1))
    shutil.copy(kept / "outbox.jsonl", journal(sent))
    assert any("put aside" in line for line in sends(sent, MORNING + timedelta(weeks=1, hours=2)).remarks)
    assert holding(sent) == set()
    assert len(list(journal(sent).parent.glob("outbox.jsonl.*"))) == 1


def test_comparing_writes_nothing_when_all_is_known(sent: Steward) -> None:
    takes_down(sent)
    sends(sent, ASKED)
    before = {name: content for name, content in files(sent).items() if name.startswith("state/private.db")}
    stamp = journal(sent).stat().st_mtime_ns
    sends(sent, ASKED)
    assert {name: content for name, content in files(sent).items() if name.startswith("state/private.db")} == before
    assert journal(sent).stat().st_mtime_ns == stamp
