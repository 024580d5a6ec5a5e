"""A real Bluesky network on loopback: npm's @atproto/dev-env (PLC directory, PDS, AppView), with PostgreSQL and Redis of its own.

    with Network() as network:
        network.person("ada")
        uri = network.post("ada", "Of #crews")
        network.settle()

`.ci/servers` installs the npm part into `$AGGREGATOR_SERVERS/bluesky`. The search that ships with it is a LIKE over the texts of posts,
newest first; sessions, paging, hydration and labels are those of the real servers.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

_HERE = Path(__file__).parent
_HOME = Path(os.environ.get("AGGREGATOR_SERVERS") or Path.home() / ".cache" / "aggregator-servers") / "bluesky"
_PATIENCE = 60.0
# All its processes end when its standard input does, so also when the test is killed.
_WITH_US = 'exec 3<&0; (read _ <&3; kill -9 -$$) & exec "$@" 3<&-'


def _missing() -> str:
    """What is not there; "" when everything is."""
    if not (_HOME / "installed").exists() or not (_HOME / "node_modules" / "@atproto" / "dev-env").is_dir():
        return "the Bluesky network is not there: .ci/servers installs it"
    if shutil.which("redis-server") is None or _postgres() is None:
        return "PostgreSQL or Redis is not there: on Debian and Ubuntu, apt install postgresql redis-server"
    return ""


def _postgres() -> Path | None:
    """The folder of PostgreSQL's programs, of the newest version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


needs_network = pytest.mark.skipif(bool(_missing()), reason=_missing() or "it is there")


class Network:
    """Started at the beginning of the block, stopped at its end."""

    def __init__(self) -> None:
        self.pds = ""
        self.app_view = ""
        self._folder = Path(tempfile.mkdtemp(prefix="atproto-"))
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Network:
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        database, store = _free_ports(2)
        self._folder.chmod(0o755)
        self._start_postgres(database)
        self._run("redis-server", "--port", str(store), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder))
        _answering(store)
        _answering(database)
        environment = {
            **os.environ,
            "ATPROTO_HOME": str(_HOME),
            "DB_POSTGRES_URL": f"postgresql://postgres@127.0.0.1:{database}/postgres",
            "REDIS_HOST": f"127.0.0.1:{store}",
            "LOG_ENABLED": "false",
            "NODE_ENV": "test",
        }
        self._node = self._run(str(_HOME / "bin" / "node"), str(_HERE / "atproto_network.mjs"), environment=environment, talks=True)
        where = self._heard()
        self.pds, self.app_view = where["pds"], where["appView"]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in reversed(self._processes):
            if process.stdin:
                process.stdin.close()
            process.wait(_PATIENCE)
            if process.stdout:
                process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def person(self, name: str) -> str:
        """An account `name.test` with the password `name-pass`; gives its DID."""
        return str(self._told(order="person", name=name)["did"])

    def post(self, name: str, text: str, *, at: str | None = None) -> str:
        """A post; gives its address. `at` is when its author says that it was written."""
        return str(self._told(order="post", name=name, text=text, at=at)["uri"])

    def remove(self, name: str, uri: str) -> None:
        """The post is deleted by its author."""
        self._told(order="remove", name=name, uri=uri)

    def settle(self) -> None:
        """Everything that was written has come to the AppView."""
        self._told(order="settle")

    def _told(self, **order: Any) -> dict[str, Any]:
        assert self._node.stdin
        self._node.stdin.write(json.dumps(order).encode() + b"\n")
        self._node.stdin.flush()
        return self._heard()

    def _heard(self) -> dict[str, Any]:
        assert self._node.stdout
        line = self._node.stdout.readline()
        assert line, (self._folder / "log").read_text(encoding="utf-8", errors="replace")[-3000:]
        answer: dict[str, Any] = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer

    def _start_postgres(self, port: int) -> None:
        programs, place = _postgres(), self._folder / "database"
        assert programs
        place.mkdir()
        # It refuses root.
        as_owner: Sequence[str] = ()
        if os.geteuid() == 0:
            shutil.chown(place, "postgres", "postgres")
            as_owner = ("runuser", "-u", "postgres", "--")
        made = subprocess.run(
            [*as_owner, str(programs / "initdb"), "-A", "trust", "-U", "postgres", "--no-sync", "-D", str(place)],
            capture_output=True,
            check=False,
            cwd="/",
        )
        assert made.returncode == 0, made.stderr
        quick = (
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={place}",
        )
        options = [word for one in quick for word in ("-c", one)]
        self._run(*as_owner, str(programs / "postgres"), "-D", str(place), "-p", str(port), *options)

    def _run(self, *command: str, environment: dict[str, str] | None = None, talks: bool = False) -> subprocess.Popen[bytes]:
        log = (self._folder / "log").open("ab")
        # One that is talked to ends with its standard input by itself.
        words = list(command) if talks else ["sh", "-c", _WITH_US, "sh", *command]
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if talks else log,
            stderr=log,
            env=environment,
            start_new_session=True,
            cwd="/",
        )
        log.close()
        self._processes.append(process)
        return process


def _free_ports(count: int) -> Iterator[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return iter(ports)


def _answering(port: int) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, f"nobody listens at port {port}"
            time.sleep(0.05)
        else:
            return
