"""A real relay of Nostr, nostr-relay, which `.ci/servers` installs, on loopback with a database of its own.

with NostrRelay(tmp_path) as relay:
    relay.publish(note, other)
    ...                                  # ask relay.address
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support.installed import FOLDER, free_ports, listens, stop, wait_for

_PROGRAM = FOLDER / "nostr" / "venv" / "bin" / "nostr-relay"
needs_nostr_relay = pytest.mark.skipif(not _PROGRAM.exists(), reason="nostr-relay is not there: make test-servers installs it")

_CONFIGURATION = """\
DEBUG: false
relay_name: test relay
storage:
  sqlalchemy.url: sqlite+aiosqlite:///{folder}/nostr.sqlite3
  num_concurrent_reqs: 10
  num_concurrent_adds: 1
  validators:
    - nostr_relay.validators.is_signed
gunicorn:
  bind: 127.0.0.1:{port}
  workers: 1
  loglevel: warning
  reload: false
authentication:
  enabled: {closed}
  valid_urls:
    - ws://127.0.0.1:{port}
  actions:
    save: a
    query: w
message_timeout: 1800
subscription_limit: 32
max_limit: {most}
"""


class NostrRelay:
    """A relay; use it as a context manager."""

    def __init__(self, folder: Path, *, most: int = 6000, limits: str = "", closed: bool = False) -> None:
        """Args:
        most: events that one question is answered with.
        limits: how often somebody may ask ("2/minute"); "": as often as they like.
        closed: only who logs in may ask.
        """
        self.port = free_ports(1)[0]
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        text = _CONFIGURATION.format(folder=folder, port=self.port, most=most, closed=str(closed).lower())
        if limits:
            text += f"rate_limits:\n  ip:\n    REQ: {limits}\n"
        (folder / "relay.yaml").write_text(text, encoding="utf-8")

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def __enter__(self) -> NostrRelay:
        log = self._folder / "log"
        with log.open("wb") as output:
            command = [str(_PROGRAM), "-c", str(self._folder / "relay.yaml"), "serve"]
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            wait_for(lambda: listens(self.port), self._process, log)
        except BaseException:
            stop(self._process)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        stop(self._process)

    def publish(self, *events: dict[str, Any]) -> None:
        """Hand events to the relay, which must take each of them."""
        with connect(self.address, close_timeout=1) as line:
            for event in events:
                line.send(json.dumps(["EVENT", event]))
                while (answer := json.loads(line.recv(timeout=10)))[0] != "OK":
                    continue
                assert answer[1:3] == [event["id"], True], answer
