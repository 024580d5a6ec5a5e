"""Starts one command and says what it took. A process of its own, and a small one: a new process begins with the memory of the one it was
forked from, and its peak would be the bench's own.

`python launch.py OUT COMMAND…` sends the command's output to the file OUT and prints seconds of wall clock, seconds of CPU, peak
resident size in the system's unit, exit code, as a JSON list.
"""

import json
import os
import sys
import time


def main() -> None:
    """Run, wait, print."""
    out, command = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), sys.argv[2:]
    began = time.perf_counter()
    outputs = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=outputs)
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - began
    print(json.dumps([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]))


if __name__ == "__main__":
    main()
