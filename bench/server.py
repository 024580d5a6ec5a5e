"""Serves the feeds on loopback: all of them on 127.0.0.1 as /feed/N, and feed N also on the address 127.0.X.Y, as a host of its own.

Runs as a process of its own: `python -m bench.server COUNT LATE_SECONDS` prints its port, then serves until its standard input is closed. A
line "2" on standard input begins the second phase.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from functools import partial

from bench.feeds import etag, feed


def address(number: int) -> str:
    """The loopback address of a feed."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


class Server:
    """Answers GET with the feed of the address it was asked at."""

    def __init__(self, count: int, late: float) -> None:
        self._late = late
        self._phase = 1
        self._bodies = {phase: [feed(number, phase=phase) for number in range(count)] for phase in (1, 2)}

    async def serve(self) -> None:
        one = await asyncio.start_server(partial(self._answer, None), "127.0.0.1", 0, backlog=64)
        port = one.sockets[0].getsockname()[1]
        for number in range(len(self._bodies[1])):
            await asyncio.start_server(partial(self._answer, number), address(number), port, backlog=8)
        print(port, flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            self._phase = int(line)
            print("ok", flush=True)

    async def _answer(self, host: int | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                number = host if host is not None else int(head.partition(b"/feed/")[2].partition(b" ")[0])
                if self._late:
                    await asyncio.sleep(self._late)
                tag = etag(number, phase=self._phase)
                if f"If-None-Match: {tag}".lower().encode() in head.lower():
                    writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n".encode())
                    continue
                body = self._bodies[self._phase][number]
                fields = f"ETag: {tag}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}"
                writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def main() -> None:
    """Serve."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    asyncio.run(Server(int(sys.argv[1]), float(sys.argv[2])).serve())


if __name__ == "__main__":
    main()
