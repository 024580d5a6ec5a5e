"""Two runs at once, and a run that is asked to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.server import Script, Server
from tests.support.steward import Steward

FEED = b"<rss version='2.0'><channel><title>A</title><item><guid>1</guid><title>crews</title><link>https://example.org/1</link></item></channel></rss>"


def configure(steward: Steward, server: Server) -> None:
    steward.configures(
        "site: {title: A}\ntopics: {crews: {any_of: [crews]}}\nfetch: {allow_networks: [127.0.0.0/8]}\n"
        f"sources:\n  - {{platform: feed, url: '{server.url('/feed')}'}}\n"
    )


def started(steward: Steward, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aggregator", *words], cwd=steward.folder, env=steward.environ(), stderr=subprocess.PIPE, text=True
    )


def until(happened: object, *, seconds: float = 20) -> None:
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_the_second_of_two_runs_says_so_and_ends_with_0(steward: Steward) -> None:
    with Server() as server:
        server.on("/feed", Script(body=FEED, delay=3))
        configure(steward, server)
        first = started(steward, "run")
        until(lambda: server.count("/feed"))
        second = steward.runs("run")
        assert second.code == 0
        assert "Another run" in second.err
        first.communicate(timeout=30)
        assert first.returncode == 0


@pytest.mark.parametrize("command", [("run",), ("schedule", "--every", "1h")])
def test_a_run_that_is_asked_to_stop_ends_within_ten_seconds_and_keeps_what_it_has(steward: Steward, command: tuple[str, ...]) -> None:
    with Server() as server:
        server.on("/feed", Script(body=FEED, delay=60))
        configure(steward, server)
        process = started(steward, *command)
        until(lambda: server.count("/feed"))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
        assert time.monotonic() - began < 10
        assert process.returncode == 0, said
        assert "Traceback" not in said
    [state] = steward.runs("status", "--json").json()
    assert (state["failures"], state["next_poll_at"]) == (0, None)


def test_schedule_keeps_the_page(steward: Steward) -> None:
    with Server() as server:
        server.on("/feed", Script(body=FEED))
        configure(steward, server)
        process = started(steward, "schedule", "--every", "1h")
        until(Path(steward.folder / "output" / "index.html").exists)
        process.send_signal(signal.SIGTERM)
        assert "Stopped." in process.communicate(timeout=30)[1]
        assert process.returncode == 0
    assert "crews" in steward.page()
