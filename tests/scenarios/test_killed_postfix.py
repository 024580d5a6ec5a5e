"""A send through a real Postfix that is killed again and again; then its log says what became of the uncertain copies, and in the end
everybody has one mail in their box."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.clock import now
from aggregator.text import cron
from tests.support.crews import CONFIGURATION, feed, has_run, replies, runs_with
from tests.support.postfix import Postfix, needs_postfix
from tests.support.sender import Sender
from tests.support.steward import Steward

READERS = 40
NEW = [(f"https://blog.example/{number}", f"More on crews, {number}", f"Writer {number}") for number in range(4, 8)]


@needs_postfix
@pytest.mark.servers
def test_the_log_of_a_real_server_settles_what_kills_left_uncertain(tmp_path: Path) -> None:
    steward = has_run(Steward(folder=tmp_path))
    assert runs_with(steward, *replies(notes=feed("Ana's notes", NEW))).code == 0
    at = cron.following("0 8 * * mon", now(), ZoneInfo("UTC")) + timedelta(minutes=5)
    names = [f"reader{number}" for number in range(READERS)]
    with Postfix(boxes=names) as server, Sender() as sender:
        smtp = f"{{host: 127.0.0.1, port: {server.port}, security: none, connections: 2, per_second: 100}}"
        steward.configures(
            CONFIGURATION + f"digest:\n  from: Crew news <digest@example.org>\n  least: 2\n  through: smtp\n  smtp: {smtp}\n"
            "  mailbox: {address: crews@example.org, host: mail.example.org}\n"
        )
        (tmp_path / "readers.csv").write_text("address,consent\n" + "".join(f"{name}@example.org,2026-01-01\n" for name in names))
        assert steward.runs("subscribers", "import", "readers.csv", "--source", "the old list").code == 0
        shutil.rmtree(tmp_path / "output")
        luck = random.Random(2026)
        for number in (5, 9, 6, 14, 7):
            sender.runs(tmp_path, at, kill="after line", number=number)
        for _ in range(6):
            pid = sender.begins(tmp_path, at)
            time.sleep(luck.uniform(0.1, 0.5))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            sender.ends()
        assert not sender.runs(tmp_path, at).killed
        uncertain = steward.runs("digest", "resolve", "--json").json()["uncertain"]
        assert uncertain
        log = tmp_path / "mail.log"
        log.write_text(server.log(), encoding="utf-8")
        steward.runs("digest", "resolve", "--log", "mail.log")
        steward.runs("digest", "resolve", "--again")
        assert steward.runs("digest", "resume").code == 0
        assert steward.runs("digest", "status").code == 0
        assert {name: len(server.delivered(name, 1)) for name in names} == dict.fromkeys(names, 1)
