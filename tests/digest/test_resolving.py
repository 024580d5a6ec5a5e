"""Mails looked up in a mail server's log."""

from __future__ import annotations

import pytest

from aggregator.digest.resolving import Trace, traced

ONE, TWO = "one@example.org", "two@example.org"
CLEANUP = "Nov 23 08:00:01 mail postfix/cleanup[71]: 4F1A2B: message-id=<one@example.org>"
QUEUED = "Nov 23 08:00:01 mail postfix/qmgr[70]: 4F1A2B: from=<crews@example.org>, size=4096, nrcpt=1 (queue active)"
SENT = "Nov 23 08:00:02 mail postfix/smtp[72]: 4F1A2B: to=<ada@example.net>, relay=mx.example.net[192.0.2.1]:25, status=sent (250 ok)"
DEFERRED = "Nov 23 08:00:02 mail postfix/smtp[72]: 4F1A2B: to=<ada@example.net>, relay=none, dsn=4.4.1, status=deferred (time-out)"
BOUNCED = "Nov 23 08:00:02 mail postfix/smtp[72]: 4F1A2B: to=<ada@example.net>, relay=none, dsn=5.1.1, status=bounced (no such user)"
REMOVED = "Nov 23 08:00:02 mail postfix/qmgr[70]: 4F1A2B: removed"


@pytest.mark.parametrize(
    ("lines", "trace"),
    [
        ([CLEANUP, QUEUED, SENT, REMOVED], Trace.SENT),
        ([CLEANUP, QUEUED], Trace.TAKEN),
        ([CLEANUP, QUEUED, DEFERRED], Trace.TAKEN),
        ([CLEANUP, QUEUED, DEFERRED, SENT], Trace.SENT),
        ([CLEANUP, QUEUED, BOUNCED, REMOVED], Trace.BOUNCED),
        ([CLEANUP], Trace.SEEN),
    ],
)
def test_how_far_a_mail_has_come(lines: list[str], trace: Trace) -> None:
    assert traced(lines, [ONE, TWO]) == {ONE: trace}


def test_a_mail_that_the_log_does_not_name_is_left_out() -> None:
    assert traced([CLEANUP, QUEUED, SENT], [TWO]) == {}
    assert traced([], [ONE]) == {}


def test_a_queue_id_that_is_used_again_is_another_mail() -> None:
    again = CLEANUP.replace(ONE, "other@example.org")
    assert traced([CLEANUP, QUEUED, again, SENT], [ONE]) == {ONE: Trace.TAKEN}


def test_queue_ids_may_be_long_and_time_stamps_new() -> None:
    lines = [line.replace("4F1A2B", "3WbDRh1Vqzz4wXc") for line in (CLEANUP, QUEUED, SENT)]
    assert traced([line.replace("Nov 23 08:00:01", "2026-11-23T08:00:01.12+00:00") for line in lines], [ONE]) == {ONE: Trace.SENT}


def test_a_status_of_a_mail_that_was_not_asked_for_changes_nothing() -> None:
    other = SENT.replace("4F1A2B", "99C0DE")
    assert traced([CLEANUP, other], [ONE]) == {ONE: Trace.SEEN}
