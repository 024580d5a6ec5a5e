"""Where `.ci/servers` installs the servers that no package manager of the system has."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(os.environ.get("AGGREGATOR_SERVERS") or Path.home() / ".cache" / "aggregator-servers")
_PATIENCE = 30.0


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, each another one."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(good: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until something is so, as long as the server that is to bring it about lives."""
    end = time.monotonic() + _PATIENCE
    while not good():
        assert process.poll() is None, f"the server has ended: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
        assert time.monotonic() < end, f"the server is not ready: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
        time.sleep(0.02)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server that was started in a session of its own, and all it started: nothing of it is wanted any more."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
