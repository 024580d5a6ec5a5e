"""Programs of this machine: told, heard, and ended with everything they started; nothing of ours leaks into them or out of them."""

from __future__ import annotations

import os
import stat
import textwrap
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import Unavailable, Unreadable
from aggregator.fetch import Reply
from aggregator.fetch.client import Client
from aggregator.fetch.pace import Stopped
from aggregator.fetch.recording import Recorder, Replay
from tests.fetch.conftest import AT_ONCE, Open


@pytest.fixture
def script(tmp_path: Path) -> str:
    """A program's path; what it does is written by `written`."""
    return str(tmp_path / "ssb-server")


def written(path: str, text: str) -> str:
    Path(path).write_text("#!/bin/sh\n" + textwrap.dedent(text), encoding="utf-8")
    Path(path).chmod(stat.S_IRWXU)
    return path


def run(client: Client, program: str, *arguments: str, say: object = None) -> Reply:
    return client.bound(host="", pace=AT_ONCE).run(program, *arguments, say=say)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Who has ended and is not yet waited for by init lives no more.
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z" if Path("/proc").exists() else True


def gone(pid: int) -> bool:
    end = time.monotonic() + 5
    while lives(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not lives(pid)


# -- told and heard


def test_a_program_is_told_json_and_its_arguments_as_they_are(client: Client, script: str) -> None:
    written(script, 'cat\nprintf "%s|" "$@"')
    reply = run(client, script, "query.read", ".", "a b; echo $HOME", "*", "'", say={"query": ["ü"]})
    assert reply.body == b'{"query": ["\\u00fc"]}\nquery.read|.|a b; echo $HOME|*|\'|'
    assert (reply.status, reply.media_type) == (200, "text/plain")
    assert str(Path(script).parent) not in reply.url, "where it lies is nobody's business"


def test_who_is_told_nothing_reads_nothing(client: Client, script: str) -> None:
    assert run(client, written(script, "cat; echo end")).body == b"end\n"


def test_a_program_is_found_by_its_name(client: Client, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written(script, "echo found")
    monkeypatch.setenv("PATH", f"{Path(script).parent}:{os.environ['PATH']}")
    assert run(client, "ssb-server").body == b"found\n"


def test_much_is_told_and_heard_at_once(client: Client, script: str) -> None:
    """Neither waits for the other: more than a pipe holds goes both ways, and complaints besides."""
    words = "word " * 200_000
    reply = run(client, written(script, "head -c 300000 /dev/zero | tr '\\0' x >&2\ncat"), say=words)
    assert reply.body == f'"{words}"\n'.encode()


def test_who_does_not_want_to_know_is_heard_all_the_same(client: Client, script: str) -> None:
    assert run(client, written(script, "exec 0<&-\necho heard"), say="x" * 500_000).body == b"heard\n"


def test_who_prints_nothing_and_ends_well_has_said_nothing(client: Client, script: str) -> None:
    assert run(client, written(script, "exit 0"), say={}).body == b""


# -- what goes wrong


def test_a_program_that_is_not_there_says_what_to_do(client: Client) -> None:
    with pytest.raises(Unavailable, match=r"running 'no-such-program': it is not on this machine; install it, or put its folder into PATH"):
        run(client, "no-such-program", "query.read")
    with pytest.raises(Unavailable, match="it is not on this machine"):
        run(client, "/no/such/program")


@pytest.mark.parametrize("relative", [".", "", "bin"])
def test_no_program_of_the_folder_we_were_started_in_is_run(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: str
) -> None:
    (tmp_path / relative).mkdir(exist_ok=True)
    written(str(tmp_path / relative / "ssb-server"), "echo run")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join((relative, "/usr/bin")))
    with pytest.raises(Unavailable, match="it is not on this machine"):
        run(client, "ssb-server")
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path / relative), "/bin")))
    assert run(client, "ssb-server").body == b"run\n"


def test_a_program_that_may_not_run_says_what_to_do(client: Client, script: str) -> None:
    Path(script).write_text("no program", encoding="utf-8")
    with pytest.raises(Unavailable, match="it is not on this machine"):
        run(client, script)
    Path(script).chmod(stat.S_IRWXU)
    with pytest.raises(Unavailable, match=r"it cannot be started \(Exec format error\); try it by hand"):
        run(client, script)
    with pytest.raises(Unavailable, match="an argument cannot be passed on"):
        run(client, "cat", "a\0b")


def test_of_what_a_program_complains_about_the_first_line_is_told_and_no_more(client: Client, script: str) -> None:
    written(script, "echo out\nprintf '\\n  Error: no\\033[31m server\\n    at secret/place.js:1\\n' >&2\nexit 3")
    with pytest.raises(Unavailable) as caught:
        run(client, script)
    assert str(caught.value) == "running 'ssb-server': it ended with status 3 (Error: no?[31m server); run it by hand to see the rest"


def test_a_long_complaint_is_cut(client: Client, script: str) -> None:
    with pytest.raises(Unavailable) as caught:
        run(client, written(script, "head -c 100000 /dev/zero | tr '\\0' x >&2\nexit 1"))
    assert len(str(caught.value)) < 400


def test_a_program_that_was_killed_says_so(client: Client, script: str) -> None:
    with pytest.raises(Unavailable, match=r"it was ended by signal 9; run it by hand"):
        run(client, written(script, "kill -9 $$"))


def test_more_than_is_allowed_is_not_kept(open_client: Open, script: str) -> None:
    with pytest.raises(Unreadable, match="it said more than 100000 bytes"):
        run(open_client(max_body_bytes=100_000), written(script, "while :; do echo words words words; done"))


# -- ending


@pytest.mark.parametrize(
    "how",
    [
        "sleep 30 & echo $! > {pid}; wait",
        "sleep 30 & echo $! > {pid}; exec >&- 2>&-; wait",
        "trap '' TERM; sleep 30 & echo $! > {pid}; wait",
    ],
)
def test_a_program_that_does_not_end_is_ended_with_all_it_started(open_client: Open, script: str, tmp_path: Path, how: str) -> None:
    client, began = open_client(total_timeout=timedelta(seconds=0.4)), time.monotonic()
    with pytest.raises(Unavailable, match=r"it did not end within 0\.4 s; run it by hand to see what it waits for"):
        run(client, written(script, how.format(pid=tmp_path / "pid")))
    assert time.monotonic() - began < 3
    assert gone(int((tmp_path / "pid").read_text(encoding="ascii")))


def test_what_a_program_leaves_running_does_not_keep_us_and_is_ended(client: Client, script: str, tmp_path: Path) -> None:
    began = time.monotonic()
    assert run(client, written(script, f"sleep 30 & echo $! > {tmp_path}/pid; echo done")).body == b"done\n"
    assert time.monotonic() - began < 2
    assert gone(int((tmp_path / "pid").read_text(encoding="ascii")))


def test_stopping_ends_what_runs(open_client: Open, script: str, tmp_path: Path) -> None:
    client = open_client(total_timeout=timedelta(seconds=20))
    os.mkfifo(tmp_path / "begun")

    def stop() -> None:
        (tmp_path / "begun").read_bytes()
        client.stop()

    stopping = threading.Thread(target=stop)
    stopping.start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        run(client, written(script, f"echo > {tmp_path}/begun\nsleep 30"))
    stopping.join()
    assert time.monotonic() - began < 3
    with pytest.raises(Stopped):
        run(client, script)


# -- what is ours


def test_no_variable_of_ours_reaches_a_program_but_what_it_needs(client: Client, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AGGREGATOR_SMTP_PASSWORD": "hidden",
        "X_BEARER_TOKEN": "hidden",
        "HARMLESS": "hidden",
        "ssb_appname": "ssb-two",
    }.items():
        monkeypatch.setenv(name, value)
    names = {line.partition("=")[0] for line in run(client, written(script, "/usr/bin/env")).body.decode().splitlines()}
    assert names <= {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "ssb_appname",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    }
    assert {"PATH", "HOME", "ssb_appname"} <= names


def test_a_program_works_in_no_folder_of_ours_and_holds_no_file_of_ours(client: Client, script: str, tmp_path: Path) -> None:
    with (tmp_path / "open").open("wb") as ours:
        os.set_inheritable(ours.fileno(), True)
        said = run(client, written(script, "pwd; ls -l /proc/$$/fd 2>/dev/null")).body.decode()
    assert said.splitlines()[0] == "/"
    assert str(tmp_path / "open") not in said


def test_an_answer_is_recorded_and_replayed_by_what_was_said(open_client: Open, script: str, tmp_path: Path) -> None:
    file = tmp_path / "recording.har"
    recording = open_client(recorder=Recorder(file, version="1", secrets=()))
    written(script, "cat")
    assert [run(recording, script, ".", say=say).body for say in ("one", "two")] == [b'"one"\n', b'"two"\n']
    recording.close()
    Path(script).unlink()
    replayed = open_client(replay=Replay(file))
    assert [run(replayed, script, ".", say=say).body for say in ("two", "one")] == [b'"two"\n', b'"one"\n']
