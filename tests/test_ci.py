"""What a new machine does: no install that fails or hangs keeps the tests from being run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Everything that installs something; `mkdir`, `cat` and their like are the system's own.
INSTALLERS = ("apt-get", "debconf-set-selections", "npm", "python3", "sudo")


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout of scripts alone, and before all other tools such as fail to install anything; `make` says what it is asked for."""
    if shutil.which("bash") is None or shutil.which("timeout") is None:
        pytest.skip("bash and timeout are not there: the scripts of CI cannot be tried")
    (tmp_path / "bin").mkdir()
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    for name in INSTALLERS:
        tool(tmp_path / "bin", name, "exit 100")
    # Nobody here is root, so that nothing of this machine can be changed.
    tool(tmp_path / "bin", "id", "echo 1000")
    tool(tmp_path / "bin", "make", 'echo "made: $*"')
    return tmp_path


def does(machine: Path, script: str, **environ: str) -> str:
    """What a script prints that ends well."""
    environment = {
        **os.environ,
        "PATH": f"{machine / 'bin'}:{os.environ['PATH']}",
        "AGGREGATOR_SERVERS": str(machine / "servers"),
        **environ,
    }
    done = subprocess.run([script], cwd=machine, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def made(said: str) -> list[str]:
    return [line.removeprefix("made: ") for line in said.splitlines() if line.startswith("made: ")]


def test_what_cannot_be_installed_is_said_and_everything_else_goes_on(machine: Path) -> None:
    said = does(machine, ".ci/run")
    assert made(said) == [".venv/dev.stamp", "test", "check"]
    assert "Not all packages of the system could be installed; what needs them is skipped." in said
    for server in ("bluesky", "nostr", "scuttlebutt"):
        assert f"{server} could not be installed, and what needs it is skipped; " in said
    for server in ("bluesky", "nostr-relay", "ssb-server"):
        assert any(line.split(maxsplit=1) == [server, "is not there; the tests that need it are skipped"] for line in said.splitlines())


def test_an_install_that_hangs_is_not_waited_for(machine: Path) -> None:
    tool(machine / "bin", "npm", "exec sleep 600")
    said = does(machine, ".ci/run", AGGREGATOR_SERVERS_SECONDS="2", AGGREGATOR_SERVERS_PATIENCE="0")
    assert made(said) == [".venv/dev.stamp", "test", "test TESTS=tests/servers", "check"]
    assert "Not all servers could be installed in time:" in said
    assert any(line.startswith("ssb-server ") for line in said.splitlines())


def test_tests_that_fail_fail_the_run(machine: Path) -> None:
    tool(machine / "bin", "make", '[ "$1" != test ]')
    with pytest.raises(AssertionError):
        does(machine, ".ci/run")
