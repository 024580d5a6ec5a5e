"""A real server of Scuttlebutt, ssb-server 16 with ssb-backlinks and ssb-viewer, which `.ci/servers` installs, on loopback.

    with SsbServer(tmp_path, [{"by": "ada", "content": {"type": "post", "text": "Crews"}}]) as server:
        server.ids                           # of the messages, in their order
        server.program                       # what asks it

It has a random network key of its own, so that no peer elsewhere would speak with it, and finds nobody by itself.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.support.installed import FOLDER, free_ports, listens, stop, wait_for

_MODULES = FOLDER / "scuttlebutt" / "node_modules"
needs_ssb = pytest.mark.skipif(
    not (_MODULES / "ssb-server").exists() or shutil.which("node") is None,
    reason="ssb-server is not there (or no node): make test-servers installs it",
)

# Writes messages into the log before the server opens it: each by the feed of its name; "{ada}" is a feed, "{0}" an earlier message.
_SEED = """
const [folder, path, shs] = process.argv.slice(1)
const from = require('module').createRequire(folder + '/package.json')
const keys = from('ssb-keys')
const caps = {shs}
const stack = from('secret-stack')({caps: {shs: Buffer.from(shs, 'base64')}}).use(from('ssb-db'))
const server = stack({path, caps, keys: keys.loadOrCreateSync(path + '/secret'), connections: {incoming: {}, outgoing: {}}})
const wanted = JSON.parse(require('fs').readFileSync(0, 'utf8')), feeds = {}, ids = []
const meant = (text) => text.replace(/\\{(\\w+)\\}/g, (whole, name) => feeds[name] ? feeds[name].id : ids[name] || whole)
function next() {
  const one = wanted[ids.length]
  if (!one) return server.close(() => { console.log(JSON.stringify(ids)); process.exit(0) })
  feeds[one.by] = feeds[one.by] || server.createFeed(keys.generate('ed25519', Buffer.from(one.by.padEnd(32, '.').slice(0, 32))))
  feeds[one.by].add(JSON.parse(meant(JSON.stringify(one.content))), (error, message) => {
    if (error) throw error
    ids.push(message.key)
    next()
  })
}
next()
"""


class SsbServer:
    """A server that has received some messages; use it as a context manager. HOME leads programs to it."""

    def __init__(self, folder: Path, messages: Sequence[Mapping[str, Any]], *, plugins: Sequence[str] = ("ssb-backlinks",)) -> None:
        self.home = folder
        self._path, self._messages = folder / ".ssb", messages
        self.port, websocket, self.viewer_port = free_ports(3)
        self._path.mkdir(parents=True)
        (self._path / "node_modules").symlink_to(_MODULES)
        self._key = base64.b64encode(secrets.token_bytes(32)).decode()
        here = {"scope": "device", "host": "127.0.0.1", "transform": "shs"}
        config = {
            "caps": {"shs": self._key},
            "host": "127.0.0.1",
            "port": self.port,
            "local": False,
            "connections": {
                "incoming": {"net": [{**here, "port": self.port}], "ws": [{**here, "port": websocket}]},
                "outgoing": {"net": [{"transform": "shs"}]},
            },
            "plugins": dict.fromkeys(plugins, True),
            "viewer": {"host": "127.0.0.1", "port": self.viewer_port},
            "logging": {"level": "error"},
        }
        (self._path / "config").write_text(json.dumps(config), encoding="utf-8")

    @property
    def program(self) -> str:
        return str(_MODULES / ".bin" / "ssb-server")

    @property
    def viewer(self) -> str:
        return f"http://127.0.0.1:{self.viewer_port}"

    def __enter__(self) -> SsbServer:
        environment = {**os.environ, "HOME": str(self.home)}
        seed = ["node", "-e", _SEED, str(_MODULES.parent), str(self._path), self._key]
        told = json.dumps(self._messages).encode()
        seeded = subprocess.run(seed, input=told, env=environment, capture_output=True, check=False, timeout=30)
        assert seeded.returncode == 0, seeded.stderr.decode()
        self.ids: list[str] = json.loads(seeded.stdout)
        log = self.home / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [self.program, "start"],
                cwd=self.home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            # The program finds the server by this file, which is written last.
            wait_for(lambda: (self._path / "manifest.json").exists() and listens(self.port), self._process, log)
        except BaseException:
            stop(self._process)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        stop(self._process)
