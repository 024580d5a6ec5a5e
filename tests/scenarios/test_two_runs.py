"""Several commands at once, a run that was killed, and a machine that does not play along."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.test_lock import FEED, configure, started, until
from tests.support.server import Script, Server
from tests.support.steward import Steward

PAGE = "* 📄[A page on crews](https://example.org/chosen), Ada\n"


@pytest.fixture
def slow(steward: Steward) -> Iterator[subprocess.Popen[str]]:
    """A run that waits for its server while other commands come."""
    with Server() as server:
        server.on("/feed", Script(body=FEED, delay=8))
        configure(steward, server)
        process = started(steward, "run")
        until(lambda: server.count("/feed"))
        yield process
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("run",), 0),
        (("poll",), 0),
        (("build",), 0),
        (("status",), 0),
        (("source", "list"), 0),
        (("import", "page.md"), 1),
        (("add", "https://example.org/added"), 1),
        (("why", "https://example.org/1"), 0),
    ],
)
def test_a_command_during_a_run_says_so_or_only_reads(
    slow: subprocess.Popen[str], steward: Steward, words: tuple[str, ...], code: int
) -> None:
    (steward.folder / "page.md").write_text(PAGE)
    said = steward.runs(*words)
    assert said.code == code, said.err
    assert "Traceback" not in said.err
    assert code == 0 or "another run is under way" in said.err
    assert slow.poll() is None


def test_a_killed_run_leaves_no_lock(slow: subprocess.Popen[str], steward: Steward) -> None:
    slow.send_signal(signal.SIGKILL)
    slow.wait(timeout=10)
    (steward.folder / "page.md").write_text(PAGE)
    assert steward.runs("import", "page.md").code == 0
    assert steward.runs("build").code == 0
    assert "A page on crews" in steward.page()


@pytest.fixture
def page(steward: Steward) -> Iterator[Server]:
    with Server() as server:
        server.on("/feed", Script(body=FEED))
        configure(steward, server)
        yield server


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_whose_streams_are_closed_does_its_work(page: Server, steward: Steward, closed: str) -> None:
    command = f"exec {sys.executable} -m aggregator run {closed}"
    assert subprocess.run(["/bin/sh", "-c", command], cwd=steward.folder, env=steward.environ(), check=False, timeout=60).returncode == 0
    assert "crews" in steward.page()
    assert steward.runs("status").code == 0


@pytest.mark.parametrize(
    "changes", [{"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_a_terminal_without_our_signs_ends_no_run(page: Server, steward: Steward, changes: dict[str, str]) -> None:
    for words in (("run",), ("status",), ("check",), ("source", "test", page.url("/feed"))):
        said = steward.runs(*words, environ=changes)
        assert said.code == 0, said.err


def test_a_run_needs_no_home(page: Server, steward: Steward) -> None:
    assert steward.runs("run", environ={"HOME": ""}).code == 0


def test_names_of_folders_may_hold_anything(page: Server, steward: Steward) -> None:
    place = "a b/größe 📄/'q' [x]?&#%"
    assert steward.runs("run", "--state", place, "--record", f"{place}/x y.har").code == 0
    assert (steward.folder / place / "aggregator.db").exists()
    assert (steward.folder / place / "x y.har").exists()
    assert steward.runs("status", "--state", place).code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_output_that_cannot_be_written_is_no_bug(page: Server, steward: Steward) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aggregator", "status"],
            cwd=steward.folder,
            env=steward.environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode != 0
    assert "No space left" in done.stderr
    assert "bug" not in done.stderr


def test_a_disk_that_is_full_is_named_and_the_next_run_is_whole(page: Server, steward: Steward) -> None:
    steward.runs("run")
    before = (steward.folder / "state" / "aggregator.db").read_bytes()
    many = b"".join(
        b"<item><guid>%d</guid><title>crews %d</title><link>https://example.org/%d</link></item>" % (n, n, n) for n in range(2, 2000)
    )
    page.on("/feed", Script(body=FEED.replace(b"<item>", many + b"<item>", 1)))
    blocks = len(before) // 512 + 100
    command = f"ulimit -f {blocks}; exec {sys.executable} -m aggregator poll"
    full = subprocess.run(
        ["/bin/bash", "-c", command] if shutil.which("bash") else ["/bin/sh", "-c", command],
        cwd=steward.folder,
        env=steward.environ(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert full.returncode in (1, 4), full.stderr
    assert "Traceback" not in full.stderr
    assert "disk" in full.stderr
    assert steward.runs("poll").code == 0
    steward.runs("build")
    assert len(steward.stories()) == 1999


def test_a_recording_that_finds_no_room_loses_no_entry(page: Server, steward: Steward) -> None:
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", made(steward)], check=False).returncode:
        pytest.skip("only root can make a small disk")
    try:
        page.on("/feed", Script(body=FEED + b"<!--" + b"x" * 20_000 + b"-->"))
        said = steward.runs("run", "--record", "small/x.har")
    finally:
        subprocess.run(["umount", str(steward.folder / "small")], check=True)
    assert said.code == 0, said.err
    assert "is not whole" in said.err
    assert "crews" in steward.page()


def made(steward: Steward) -> str:
    folder = steward.folder / "small"
    folder.mkdir()
    return str(folder)
