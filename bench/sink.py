"""A mail server that takes everything and keeps nothing: Postfix's smtp-sink where it is installed, else a small one of our own.

`python -m bench.sink` serves until it is stopped, and prints its port.
"""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def sinking() -> Iterator[tuple[str, int]]:
    """A sink for the length of the block: its name and its port."""
    found = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        own = ["-u", "root"] if os.geteuid() == 0 else []
        process = subprocess.Popen([found, *own, f"127.0.0.1:{port}", "100"])
    else:
        process = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE)
        assert process.stdout
        port = int(process.stdout.readline())
    try:
        _wait(port)
        yield "smtp-sink" if found else "our own sink", port
    finally:
        process.kill()
        process.wait()


def _wait(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """One connection; pipelined commands are answered as they come."""
        self.wfile.write(b"220 sink\r\n")
        for line in self.rfile:
            verb = line[:4].upper().strip()
            if verb == b"EHLO":
                self.wfile.write(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                for body in self.rfile:
                    if body == b".\r\n":
                        break
                self.wfile.write(b"250 taken\r\n")
            else:
                self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


class _Sink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


if __name__ == "__main__":
    with _Sink(("127.0.0.1", 0), _Session) as sink:
        print(sink.server_address[1], flush=True)
        sink.serve_forever()
