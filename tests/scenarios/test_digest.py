"""Sending the digest: what is due, what keeps it back, what the steward is told and how the command ends."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.app import App, build
from aggregator.clock import now
from aggregator.config import load
from aggregator.digest.lint_report import Report, error, warning
from aggregator.model import DeliveryState, EditionState, Issued, Period
from aggregator.run.composing import composed
from aggregator.run.digesting import resume, send_due
from aggregator.run.outcomes import Outcome, Sent
from aggregator.run.trial import try_out
from aggregator.text import cron
from tests.support.crews import CONFIGURATION, feed, has_run, replies, runs_with
from tests.support.listmonk import FakeListmonk
from tests.support.server import Script, Server
from tests.support.smtp import Failure, SmtpServer
from tests.support.steward import Steward
from tests.support.terminal import at_terminal

NEW = [(f"https://blog.example/{number}", f"More on crews, {number}", f"Writer {number}") for number in range(4, 8)]
# The first Monday morning after the stories were found, whenever this is run.
MONDAY = cron.following("0 8 * * mon", now(), ZoneInfo("UTC"))
MORNING = MONDAY + timedelta(minutes=5)
READERS = 12


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with seven stories, and twelve readers; nothing was sent yet."""
    steward = has_run(Steward(folder=tmp_path_factory.mktemp("prepared")))
    configure(steward)
    assert runs_with(steward, *replies(notes=feed("Ana's notes", NEW))).code == 0
    rows = "".join(f"reader{number}@example.org,2026-01-01\n" for number in range(READERS))
    (steward.folder / "readers.csv").write_text("address,consent\n" + rows, encoding="utf-8")
    assert steward.runs("subscribers", "import", "readers.csv", "--source", "the old list").code == 0
    return steward.folder


@pytest.fixture
def steward(prepared: Path, tmp_path: Path) -> Steward:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return Steward(folder=tmp_path)


def configure(steward: Steward, *, least: int = 2, more: str = "", rhythm: str = "0 8 * * mon") -> None:
    digest = f"digest:\n  from: Crew news <digest@example.org>\n  least: {least}\n  rhythms: {{weekly: '{rhythm}'}}\n"
    mailbox = "  mailbox: {address: crews@example.org, host: mail.example.org}\n"
    steward.configures(CONFIGURATION + digest + mailbox + more)


@contextmanager
def opened(steward: Steward, at: datetime = MORNING, *, dry_run: bool = False) -> Iterator[App]:
    before = Path.cwd()
    os.chdir(steward.folder)
    try:
        with build(load(Path("sources.yaml")), clock=lambda: at, dry_run=dry_run) as app:
            yield app
    finally:
        os.chdir(before)


def sends(
    steward: Steward,
    at: datetime = MORNING,
    *,
    agree: Callable[[str], bool | None] = lambda question: True,
    dry_run: bool = False,
    late: bool = False,
    accept: tuple[str, ...] = (),
) -> Sent:
    with opened(steward, at, dry_run=dry_run) as app:
        return send_due(app, agree=agree, ask=lambda question: None, late=late, accept=accept, online=False)


def only(sent: Sent) -> Outcome:
    (one,) = sent.editions
    return one


def issued(steward: Steward) -> tuple[Issued, ...]:
    with opened(steward) as app:
        return app.private.ledger.issued()


def mails(steward: Steward) -> list[Path]:
    return sorted((steward.folder / "state" / "mail").glob("*.eml"))


def files(steward: Steward) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(steward.folder.rglob("*")) if path.is_file()}


# -- sent


def test_on_monday_each_reader_has_one_mail_and_the_page_has_the_web_copy(steward: Steward) -> None:
    sent = sends(steward)
    one = only(sent)
    assert (one.what, sent.exit_code) == ("sent", 0)
    assert one.said[-1] == f"{one.edition.rpartition('/')[2]}: {READERS} copies handed over."
    assert len(mails(steward)) == READERS
    whom = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default)["To"] for path in mails(steward)]
    assert sorted(whom) == sorted(f"reader{number}@example.org" for number in range(READERS))
    (edition,) = issued(steward)
    assert edition.state is EditionState.SENT
    assert (steward.folder / "output" / edition.edition.path).exists()


def test_the_week_is_sent_once(steward: Steward) -> None:
    sends(steward)
    again = sends(steward, MORNING + timedelta(hours=1))
    assert only(again) == Outcome(topic="crews", rhythm="weekly")
    assert len(mails(steward)) == READERS


def test_the_next_week_tells_nothing_again(steward: Steward) -> None:
    sends(steward)
    runs_later = MORNING + timedelta(weeks=1)
    with opened(steward, runs_later) as app:
        app.store.register(app.settings.sources, runs_later)
    one = only(sends(steward, runs_later))
    assert one.what == "skipped"
    assert one.said[0].startswith("No story is new since")


def test_the_mail_says_the_same_as_the_frozen_edition(steward: Steward) -> None:
    sends(steward)
    (edition,) = issued(steward)
    mail = email.message_from_bytes(mails(steward)[0].read_bytes(), policy=email.policy.default)
    assert mail["Subject"] == edition.edition.subject
    plain = mail.get_body(("plain",))
    assert plain is not None
    for story in edition.edition.items:
        assert story.title in plain.get_content()


def test_before_monday_nothing_is_due(steward: Steward) -> None:
    one = only(sends(steward, MONDAY - timedelta(minutes=1), late=False))
    assert one.what == "nothing due"
    assert mails(steward) == []


# -- agreeing


def test_the_question_says_what_is_sent_to_how_many(steward: Steward) -> None:
    asked: list[str] = []
    one = only(sends(steward, agree=lambda question: asked.append(question)))
    name = one.edition.rpartition("/")[2]
    assert asked == [f"Send {name} with 4 stories to 12 subscribers?"]
    assert (one.what, one.exit_code) == ("declined", 2)
    assert "add --yes, also in cron" in one.said[-1]
    assert issued(steward) == ()


def test_who_says_no_sends_nothing(steward: Steward) -> None:
    one = only(sends(steward, agree=lambda question: False))
    assert (one.what, one.said[-1], one.exit_code) == ("declined", "Nothing was sent.", 2)
    assert mails(steward) == []


def test_without_a_terminal_the_command_says_what_to_do(steward: Steward) -> None:
    configure(steward, rhythm="0 * * * *")
    said = steward.runs("digest", "send", "--replay", "replies.har")
    assert said.code == 2
    assert "add --yes" in said.err
    assert not mails(steward)


def test_the_command_sends_and_says_it_on_standard_error(steward: Steward) -> None:
    configure(steward, rhythm="0 * * * *")
    said = steward.runs("digest", "send", "--yes", "--replay", "replies.har")
    assert said.code == 0, said.err
    assert said.out == ""
    assert "12 copies handed over." in said.err
    assert "@" not in said.err
    told = steward.runs("digest", "status", "--json").json()
    assert [(one["state"], one["copies"]["handed over"]) for one in told["editions"]] == [("sent", 12)]


# -- dry run and trial


def test_a_dry_run_says_what_would_be_sent_and_writes_nothing(steward: Steward) -> None:
    before = files(steward)
    one = only(sends(steward, dry_run=True))
    assert one.what == "would send"
    assert one.said[-1].startswith("Would send ")
    assert {name: content for name, content in files(steward).items() if not name.endswith((".lock", "-shm", "-wal"))} == {
        name: content for name, content in before.items() if not name.endswith((".lock", "-shm", "-wal"))
    }


def test_a_trial_goes_to_one_address_and_is_accounted_for_nowhere(steward: Steward) -> None:
    with opened(steward) as app:
        (trial,) = try_out(app, "me@example.org", online=False)
        assert app.private.ledger.issued() == ()
        assert app.private.subscribers.find("me@example.org") is None
    assert trial.reply is not None
    (path,) = mails(steward)
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "me@example.org"
    assert mail["Subject"].startswith("[Trial] ")
    assert only(sends(steward)).what == "sent"


def test_the_links_of_a_trial_are_nobodys(steward: Steward) -> None:
    from aggregator.digest.membership import Membership

    with opened(steward) as app:
        try_out(app, "me@example.org", online=False)
        mail = email.message_from_bytes(mails(steward)[0].read_bytes(), policy=email.policy.default)
        token = str(mail["List-Unsubscribe"]).partition("+")[2].partition("@")[0]
        assert len(token) == 45
        assert not Membership(app.private, app.settings, app.clock).leave(token)


@pytest.mark.parametrize("address", ["me", "me@example.org\r\nBcc: you@example.org", ""])
def test_a_trial_wants_an_address(steward: Steward, address: str) -> None:
    said = steward.runs("digest", "send", f"--to={address}", "--replay", "replies.har")
    assert said.code in (2, 3)
    assert not mails(steward)


# -- held back


def test_what_the_linter_finds_keeps_it_back_with_its_report(steward: Steward) -> None:
    (steward.folder / "templates").mkdir()
    shutil.copy(template("digest.txt"), steward.folder / "templates" / "digest.txt")
    with (steward.folder / "templates" / "digest.txt").open("a") as file:
        file.write("\nDear [[NAME]], TODO\n")
    sent = sends(steward)
    one = only(sent)
    assert (one.what, sent.exit_code) == ("held back", 6)
    assert "is held back; nothing was sent" in one.said[0]
    (held,) = issued(steward)
    assert held.state is EditionState.HELD
    assert "texts-differ" in held.report
    assert mails(steward) == []
    accepted = sends(steward, accept=("texts-differ", "placeholder"))
    assert only(accepted).what == "sent", only(accepted).said


def template(name: str) -> Path:
    from aggregator.publish.templates import folders

    return next(folder / name for folder in folders(Path("none")) if (folder / name).exists())


@pytest.mark.parametrize("rule", ["script", "nonsense"])
def test_only_rules_that_may_be_broken_are_accepted(steward: Steward, rule: str) -> None:
    said = steward.runs("digest", "send", "--yes", "--accept", rule, "--replay", "replies.har")
    assert said.code == 3
    assert rule in said.err


# -- late, and clocks


def test_within_the_grace_it_is_sent_and_after_it_the_steward_is_asked(steward: Steward) -> None:
    sends(steward)
    found_later(steward, MORNING + timedelta(days=2))
    week = MONDAY + timedelta(weeks=1)
    kept = sends(steward, week + timedelta(days=1, minutes=1))
    assert (only(kept).what, kept.exit_code) == ("held back", 6)
    assert "digest send --late" in only(kept).said[0]
    assert len(mails(steward)) == READERS
    assert only(sends(steward, week + timedelta(days=1, minutes=1), late=True)).what == "sent"
    assert len(mails(steward)) == 2 * READERS


def test_within_the_grace_a_missed_cron_is_made_up_for(steward: Steward) -> None:
    assert only(sends(steward, MONDAY + timedelta(hours=23))).what == "sent"


def test_the_first_edition_of_a_new_digest_waits_for_its_day(steward: Steward) -> None:
    one = only(sends(steward, MONDAY + timedelta(days=3)))
    assert (one.what, one.exit_code) == ("nothing due", 0)
    assert "the first weekly edition is due" in one.said[0]


def test_a_clock_that_was_set_back_sends_nothing_and_says_so(steward: Steward) -> None:
    sends(steward)
    one = only(sends(steward, MONDAY - timedelta(days=20)))
    assert (one.what, one.exit_code) == ("nothing due", 0)
    assert "Set the clock if it is wrong" in one.said[0]


def test_a_clock_that_runs_far_ahead_keeps_it_back(steward: Steward) -> None:
    sends(steward)
    ahead = MONDAY + timedelta(weeks=52, minutes=5)
    sent = sends(steward, ahead)
    assert (only(sent).what, sent.exit_code) == ("held back", 6)
    assert "no source was read since" in only(sent).said[0]


def found_later(steward: Steward, at: datetime) -> None:
    """Two more stories, found at that time."""
    more = [(f"https://blog.example/{number}", f"Still more on crews, {number}", f"Writer {number}") for number in (11, 12, 13)]
    assert runs_with(steward, *replies(notes=feed("Ana's notes", more))).code == 0
    with closing(sqlite3.connect(steward.folder / "state" / "aggregator.db")) as store, store:
        store.execute("UPDATE source SET last_ok_at = ?", (at.isoformat(timespec="microseconds"),))


# -- quiet


def test_a_quiet_week_is_skipped_once_and_its_stories_stand_in_the_next(steward: Steward) -> None:
    configure(steward, least=9)
    one = only(sends(steward))
    assert (one.what, one.exit_code) == ("skipped", 0)
    assert "Only 4 stories are new" in one.said[0]
    assert only(sends(steward, MORNING + timedelta(hours=1))) == Outcome(topic="crews", rhythm="weekly")
    configure(steward, least=2)
    week = MORNING + timedelta(weeks=1)
    found_later(steward, week - timedelta(days=1))
    assert only(sends(steward, week)).what == "sent"
    assert [one.edition.new for one in issued(steward) if one.state is EditionState.SENT] == [7]


def test_a_quiet_week_that_waits_is_sent_when_enough_is_new_and_is_not_late(steward: Steward) -> None:
    configure(steward, least=6, more="  quiet: wait\n")
    assert only(sends(steward)).what == "waiting"
    found_later(steward, MORNING + timedelta(days=2))
    assert only(sends(steward, MORNING + timedelta(days=3))).what == "sent"


def test_a_quiet_week_can_be_sent_short(steward: Steward) -> None:
    configure(steward, least=9, more="  quiet: short\n")
    one = only(sends(steward))
    assert one.what == "sent"
    assert "a short edition is sent" in one.said[0]


# -- nobody, and somebody more


def test_an_edition_for_nobody_is_made_for_the_page(steward: Steward) -> None:
    with opened(steward) as app:
        for number in range(READERS):
            app.private.subscribers.erase(f"reader{number}@example.org", MORNING)
    one = only(sends(steward))
    assert one.what == "sent"
    assert mails(steward) == []
    (edition,) = issued(steward)
    assert (edition.recipients, edition.state) == (0, EditionState.SENT)
    assert (steward.folder / "output" / edition.edition.path).exists()


def test_readers_whose_rhythm_is_no_more_are_told_of_when_an_edition_goes_out(steward: Steward) -> None:
    file = steward.folder / "sources.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("{weekly: ", "{often: "), encoding="utf-8")
    (said,) = sends(steward).remarks
    assert said == "No edition reaches 12 subscribers who chose the rhythm 'weekly': put it into digest.rhythms again, or tell them."
    assert sends(steward).remarks == ()


def test_letters_that_are_owed_are_mailed(steward: Steward) -> None:
    from aggregator.digest.membership import Membership

    with opened(steward, MONDAY - timedelta(hours=1)) as app:
        Membership(app.private, app.settings, app.clock).ask("new@example.org", source="form")
    sent = sends(steward, MONDAY - timedelta(minutes=30))
    assert (sent.letters, len(mails(steward))) == (1, 1)


# -- a server that cannot be reached, and one that refuses


@pytest.fixture
def server(steward: Steward) -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        smtp = f"{{host: 127.0.0.1, port: {running.port}, security: none, per_second: 1000}}"
        configure(steward, more=f"  through: smtp\n  smtp: {smtp}\n")
        yield running


def test_a_server_that_lets_nobody_in_is_said_and_tried_again(steward: Steward, server: SmtpServer) -> None:
    server.fail(Failure(at="MAIL", reply="530 5.7.0 Log in first", times=0))
    sent = sends(steward)
    assert sent.exit_code == 1
    assert "no mail can be handed over" in " ".join(only(sent).said)
    server.heal()
    again = only_sending(sends(steward, MORNING + timedelta(hours=1)))
    assert again.what == "sent"
    assert len(server.copies) == READERS


def test_when_most_are_refused_it_stops_until_the_steward_goes_on(steward: Steward, server: SmtpServer) -> None:
    server.fail(Failure(at="DOT", reply="554 5.7.1 Looks like spam", times=0))
    sent = sends(steward)
    assert (only(sent).what, sent.exit_code) == ("held back", 6)
    assert "most copies were refused" in only(sent).said[-1]
    later = sends(steward, MORNING + timedelta(hours=1))
    assert (only_sending(later).what, later.exit_code) == ("held back", 6)
    server.heal()
    with opened(steward, MORNING + timedelta(hours=2)) as app:
        assert resume(app).editions[0].what == "sent"
    assert len(server.copies) == READERS
    with opened(steward) as app:
        assert len(app.private.subscribers.receiving("crews", "weekly")) == READERS


def only_sending(sent: Sent) -> Outcome:
    return next(one for one in sent.editions if one.edition)


def test_what_is_put_off_is_said_with_its_time(steward: Steward, server: SmtpServer) -> None:
    server.fail(Failure(at="RCPT", reply="450 4.2.0 Greylisted", recipient="reader3@example.org"))
    one = only(sends(steward))
    assert one.what == "sending"
    assert "1 copy will be tried again from" in one.said[-1]
    assert steward.runs("digest", "status").code == 0
    later = only_sending(sends(steward, MORNING + timedelta(minutes=7)))
    assert later.what == "sent"


def test_what_was_cut_short_long_ago_is_not_gone_on_with_by_itself(steward: Steward, server: SmtpServer) -> None:
    server.fail(Failure(at="RCPT", reply="450 4.2.0 Greylisted", recipient="reader3@example.org"))
    sends(steward)
    kept = only_sending(sends(steward, MORNING + timedelta(days=5)))
    assert (kept.what, kept.exit_code) == ("held back", 6)
    assert "too long ago to go on by itself" in kept.said[0]
    with opened(steward, MORNING + timedelta(days=5)) as app:
        assert resume(app).editions[0].what == "sent"


def test_what_was_begun_is_gone_on_with_when_its_rhythm_is_no_more(steward: Steward, server: SmtpServer) -> None:
    server.fail(Failure(at="RCPT", reply="450 4.2.0 Greylisted", recipient="reader3@example.org"))
    assert only(sends(steward)).what == "sending"
    file = steward.folder / "sources.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("{weekly: ", "{fortnightly: "), encoding="utf-8")
    sent = sends(steward, MORNING + timedelta(hours=1))
    assert (sent.editions[0].what, len(server.copies)) == ("sent", READERS)


def test_a_send_that_is_cancelled_reaches_nobody_else(steward: Steward, server: SmtpServer) -> None:
    server.fail(Failure(at="RCPT", reply="450 4.2.0 Greylisted", recipient="reader3@example.org"))
    name = only(sends(steward)).edition.rpartition("/")[2]
    assert steward.runs("digest", "cancel", name).code == 2
    said = steward.runs("digest", "cancel", name, "--yes")
    assert said.code == 0
    assert "11 copies were handed over, 1 would not be" in said.out
    server.heal()
    assert all(one.what == "nothing due" for one in sends(steward, MORNING + timedelta(hours=1)).editions)
    assert len(server.copies) == READERS - 1
    (edition,) = issued(steward)
    assert edition.state is EditionState.CANCELLED
    assert steward.runs("digest", "cancel", name, "--yes").code == 3


# -- uncertain copies


def test_uncertain_copies_are_found_in_the_log_of_the_mail_server(steward: Steward, server: SmtpServer) -> None:
    server.fail(Failure(at="STORED", times=1, after=2), Failure(at="DOT", times=1, after=5))
    sends(steward)
    listed = steward.runs("digest", "resolve", "--json")
    assert listed.code == 7
    rows = listed.json()["uncertain"]
    assert len(rows) == 2
    names = {row["message_id"] for row in rows}
    (arrived,) = names & {copy.message_id for copy in server.copies}
    log = steward.folder / "mail.log"
    log.write_text(
        f"Nov 23 08:00:01 mail postfix/cleanup[71]: 4F1A2B: message-id=<{arrived}>\n"
        "Nov 23 08:00:01 mail postfix/qmgr[70]: 4F1A2B: from=<crews@example.org>, size=4096, nrcpt=1 (queue active)\n"
        "Nov 23 08:00:02 mail postfix/smtp[72]: 4F1A2B: to=<x@example.net>, relay=mx.example.net[192.0.2.1]:25, status=sent (250 ok)\n"
    )
    looked = steward.runs("digest", "resolve", "--log", "mail.log")
    assert looked.code == 7
    assert "1 arrived by the log." in looked.out
    (absent,) = names - {arrived}
    assert f"the log does not name <{absent}>" in looked.out
    assert "1 copy due again" in steward.runs("digest", "resolve", "--again").out
    assert steward.runs("digest", "resolve", "--arrived").out == "No copy is uncertain.\n"
    with opened(steward, MORNING + timedelta(hours=1)) as app:
        assert resume(app).editions[0].what == "sent"
    assert len(server.copies) == len({copy.message_id for copy in server.copies}) == READERS


def test_a_log_that_is_not_there_is_said(steward: Steward) -> None:
    said = steward.runs("digest", "resolve", "--log", "none.log")
    assert said.code == 3
    assert "cannot be read" in said.err


# -- stopping, and two at once


def test_a_process_that_is_asked_to_stop_ends_after_the_mail_in_hand(steward: Steward, server: SmtpServer) -> None:
    configure(steward, rhythm="0 * * * *", more=more_smtp(server, per_second=4))
    process = subprocess.Popen(
        [sys.executable, "-m", "aggregator", "digest", "send", "--yes", "--replay", "replies.har"],
        cwd=steward.folder,
        env=steward.environ(),
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: len(server.copies) >= 2)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Stopped before all was sent" in said
    assert 2 <= len(server.copies) < READERS
    configure(steward, rhythm="0 * * * *", more=more_smtp(server, per_second=1000))
    assert steward.runs("digest", "resume").code == 0
    assert sorted(copy.recipient for copy in server.copies) == sorted(f"reader{number}@example.org" for number in range(READERS))


def more_smtp(server: SmtpServer, *, per_second: int) -> str:
    return f"  through: smtp\n  smtp: {{host: 127.0.0.1, port: {server.port}, security: none, per_second: {per_second}}}\n"


def until(happened: Callable[[], bool], *, seconds: float = 30) -> None:
    import time

    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_the_second_of_two_sends_says_so_and_ends_with_0(steward: Steward) -> None:
    configure(steward, rhythm="0 * * * *")
    with opened(steward) as app, app.private.exclusive() as held:
        assert held
        said = steward.runs("digest", "send", "--yes", "--replay", "replies.har")
        assert (said.code, said.out) == (0, "")
        assert "Another process is sending; nothing was done." in said.err
        assert steward.runs("digest", "resolve").code == 1
    assert not mails(steward)


def test_without_a_digest_the_commands_say_what_to_write(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    for words in (("send", "--yes"), ("resume",), ("status",), ("resolve",)):
        said = steward.runs("digest", *words)
        assert said.code == 3, (words, said.err)
        assert "digest: {from:" in said.err


def test_status_as_json_holds_what_a_program_needs(steward: Steward) -> None:
    sends(steward)
    told = json.loads(steward.runs("digest", "status", "--json").out)
    (one,) = told["editions"]
    assert set(one) == {"id", "period", "state", "at", "stories", "recipients", "copies", "again_at", "stopped", "report"}
    assert set(one["copies"]) == {state.value for state in DeliveryState}
    assert [(due["topic"], due["rhythm"]) for due in told["next"]] == [("crews", "weekly")]


def test_status_says_what_is_due_now_in_the_digests_own_zone(steward: Steward) -> None:
    configure(steward, rhythm="0 * * * *", more="  timezone: Asia/Tokyo\n")
    said = steward.runs("digest", "status")
    assert re.search(r"^crews/weekly/\S+ is due since \S+ \S+ JST: .*`aggregator digest send` sends it\.$", said.out, re.M), said.out
    (due,) = json.loads(steward.runs("digest", "status", "--json").out)["next"]
    assert (bool(due["now"]), bool(due["since"]), due["late"]) == (True, True, False)


def test_status_names_no_edition_of_the_time_before_there_was_a_digest(steward: Steward) -> None:
    two_days_ago = now() - timedelta(days=2)
    configure(steward, rhythm=f"{two_days_ago.minute} {two_days_ago.hour} * * {two_days_ago:%a}".lower())
    said = steward.runs("digest", "status")
    assert "is due since" not in said.out
    assert "The next weekly edition of crews is due on" in said.out


def test_status_names_what_keeps_an_edition_back_and_not_what_does_not(steward: Steward) -> None:
    report = Report(findings=(error("spf", "There is no SPF record."), warning("dkim", "Nobody knows.")))
    with opened(steward) as app:
        (topic,) = app.settings.topics
        draft = composed(app, topic, "weekly", Period(name="2026-W01", since=MONDAY - timedelta(days=7), until=MONDAY))
        app.private.ledger.hold(draft.edition, report.to_json(), MORNING)
    said = steward.runs("digest", "status")
    assert "error spf: There is no SPF record." in said.out
    assert "Nobody knows." not in said.out


def test_before_any_source_was_read_no_week_is_skipped(tmp_path: Path) -> None:
    new = Steward(folder=tmp_path)
    configure(new)
    one = only(sends(new))
    assert (one.what, one.exit_code) == ("waiting", 0)
    assert "aggregator run" in one.said[0]
    assert not issued(new)


def test_an_edition_that_is_not_there_is_said_whole(steward: Steward) -> None:
    assert "There is no such edition: '2026-W01'. None was made yet." in steward.runs("digest", "cancel", "2026-W01").err
    sends(steward)
    assert "Did you mean '20" in steward.runs("digest", "cancel", f"{MORNING.year}-W99").err


def test_a_trial_into_a_folder_says_that_nobody_sends_it(steward: Steward) -> None:
    said = steward.runs("digest", "send", "--to", "me@example.org", "--replay", "replies.har")
    assert said.code == 0
    assert "as a trial into state/mail, and nobody sends it" in said.err
    assert "me@example.org" not in said.err + said.out


def test_of_several_editions_each_is_named(steward: Steward) -> None:
    configure(steward, rhythm="0 * * * *")
    text = (steward.folder / "sources.yaml").read_text(encoding="utf-8")
    steward.configures(text.replace("any_of: [crews]}", "any_of: [crews]}, care: {any_of: [x]}"))
    said = steward.runs("digest", "send", "--dry-run", "--replay", "replies.har").err
    assert re.search(r"^crews/weekly/\S+:$", said, re.M), said
    assert re.search(r"^care/weekly/\S+:$", said, re.M), said


def test_an_edition_that_nobody_asked_for_says_so(steward: Steward) -> None:
    with closing(sqlite3.connect(steward.folder / "state" / "private.db")) as database, database:
        database.execute("DELETE FROM subscriber")
    questions: list[str] = []

    def agree(question: str) -> bool:
        questions.append(question)
        return True

    one = only(sends(steward, agree=agree))
    assert questions[0].endswith(" to nobody yet?")
    assert "nobody gets it yet" in one.said[-1]


def test_what_speaks_against_it_is_said_before_the_question_and_ctrl_c_is_no(steward: Steward) -> None:
    configure(steward, rhythm="0 * * * *", least=15, more="  quiet: short\n")
    with at_terminal(steward, "digest", "send", "--replay", "replies.har") as screen:
        assert "a short edition is sent" in screen.sees("[y/N] ")
        screen.signals(signal.SIGINT)
        rest = screen.sees("Nothing was sent.")
    assert "a short edition" not in rest
    assert mails(steward) == []


# -- through a service that sends


@pytest.fixture
def listmonk(steward: Steward, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeListmonk]:
    monkeypatch.setenv("LISTMONK_TOKEN", "listmonk-token-1")
    with Server() as running:
        service = f"  through: listmonk\n  listmonk: {{url: '{running.url('/')}', user: aggregator, lists: [1, 2]}}\n"
        configure(steward, more=service + "fetch: {allow_networks: [127.0.0.0/8]}\n")
        yield FakeListmonk(running)


def test_a_service_is_handed_the_edition_once_and_has_one_row(steward: Steward, listmonk: FakeListmonk) -> None:
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return True

    one = only(sends(steward, agree=agree))
    assert one.what == "sent", one.said
    assert asked[0].endswith("with 4 stories to listmonk?")
    sends(steward, MORNING + timedelta(hours=1))
    assert len(listmonk.sent) == 1
    with opened(steward) as app:
        (row,) = app.private.ledger.deliveries(one.edition)
    assert (row.recipient, row.state) == ("listmonk", DeliveryState.HANDED_OVER)


def test_a_service_that_was_not_heard_is_asked_before_anything_is_handed_over_again(steward: Steward, listmonk: FakeListmonk) -> None:
    listmonk.after = lambda asked: Script(raw=b"", hang_up=True) if asked.path.endswith("/status") else None
    listmonk.before = lambda asked: Script(status=503) if listmonk.sent else None
    sent = sends(steward)
    assert (only(sent).what, sent.exit_code) == ("sending", 7)
    still = sends(steward, MORNING + timedelta(minutes=30))
    assert still.exit_code == 7
    listmonk.before = listmonk.after = lambda asked: None
    found = sends(steward, MORNING + timedelta(hours=1))
    assert found.exit_code == 0
    assert any("listmonk says that it has" in remark for remark in found.remarks)
    assert len(listmonk.sent) == 1
    assert issued(steward)[0].state is EditionState.SENT


def test_a_service_that_cannot_be_reached_has_nothing_and_is_tried_again(steward: Steward, listmonk: FakeListmonk) -> None:
    listmonk.before = lambda asked: Script(status=403)
    sent = sends(steward)
    assert sent.exit_code == 1
    assert "no mail can be handed over" in " ".join(only(sent).said)
    listmonk.before = lambda asked: None
    assert only_sending(sends(steward, MORNING + timedelta(hours=1))).what == "sent"
    assert len(listmonk.sent) == 1


# -- at a terminal


@pytest.mark.parametrize(("key", "what", "count"), [("y\r", "12 copies handed over.", READERS), ("\r", "Nothing was sent.", 0)])
def test_at_a_terminal_the_steward_is_asked(steward: Steward, key: str, what: str, count: int) -> None:
    configure(steward, rhythm="0 * * * *")
    with at_terminal(steward, "digest", "send", "--replay", "replies.har") as screen:
        screen.sees("with 4 stories to 12 subscribers? [y/N] ")
        screen.presses(key)
        screen.sees(what)
        assert screen.ends() == (0 if count else 2)
    assert len(mails(steward)) == count


def test_the_command_says_as_json_what_it_did(steward: Steward) -> None:
    configure(steward, rhythm="0 * * * *")
    told = steward.runs("digest", "send", "--yes", "--json", "--replay", "replies.har").json()
    assert (told["exit_code"], told["uncertain"], told["locked"]) == (0, 0, False)
    (one,) = told["editions"]
    assert (one["what"], one["delivered"]["handed_over"], one["delivered"]["ended"]) == ("sent", 12, True)


def test_what_is_sent_is_not_gone_on_with(steward: Steward) -> None:
    name = only(sends(steward)).edition.rpartition("/")[2]
    said = steward.runs("digest", "resume", name)
    assert (said.code, said.err) == (0, f"{name} is sent: there is nothing to go on with.\n")
    unknown = steward.runs("digest", "resume", "2026-W99")
    assert unknown.code == 3
    assert name in unknown.err


def test_a_dry_run_of_resuming_says_what_is_due_and_sends_nothing(steward: Steward, server: SmtpServer) -> None:
    server.fail(Failure(at="MAIL", reply="530 5.7.0 Log in first", times=0))
    sends(steward)
    said = steward.runs("digest", "resume", "--dry-run")
    assert said.code == 0
    assert "12 copies due" in said.err
    assert server.copies == ()
