"""Mail servers from Debian's package `postfix`, on loopback: a whole Postfix that delivers into a folder, and `smtp-sink`, which fails as
its options say. Each is started for a test and stopped after it; tests skip where they are absent.

    with Postfix(boxes=["ada"]) as server:
        ...                                  # send to 127.0.0.1, server.port
        server.delivered("ada", 1)           # waits for it
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import pytest

from tests.support.certificates import Certificate

_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_PATIENCE = 10.0
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.test
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
default_transport = error:nothing leaves this machine
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/etc/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_peername_lookup = no
smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/etc/access, permit
"""
_TLS = "smtpd_tls_security_level = encrypt\nsmtpd_tls_chain_files = {key}, {cert}\n"
_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
"""


def _found(name: str) -> str | None:
    return shutil.which(name, path=_PLACES)


needs_postfix = pytest.mark.skipif(
    _found("postfix") is None or os.geteuid() != 0,
    reason="Postfix is not there, or this is not root, for whom alone it starts: make test-servers installs it",
)
needs_sink = pytest.mark.skipif(_found("smtp-sink") is None, reason="smtp-sink (of Postfix) is not there: make test-servers installs it")


class Postfix:
    """A mail server of its own in a folder of its own; use it as a context manager."""

    def __init__(
        self, *, boxes: Iterable[str] = (), access: Mapping[str, str] | None = None, certificate: Certificate | None = None, extra: str = ""
    ) -> None:
        """Args:
        boxes: local parts of those who can be written to at example.org.
        access: what is said to a recipient instead (access(5)): {"full@example.org": "452 4.2.2 Mailbox full"}.
        certificate: for STARTTLS, which is demanded then.
        extra: more lines for main.cf.
        """
        self.port = free_port()
        # Not pytest's: Postfix's own users must be able to enter it.
        self._folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self._boxes, self._access, self._certificate, self._extra = tuple(boxes), access or {}, certificate, extra

    def __enter__(self) -> Postfix:
        folder = self._folder
        folder.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (folder / name).mkdir(mode=0o755)
        nobody = pwd.getpwnam("nobody")
        shutil.chown(folder / "data", "postfix")
        shutil.chown(folder / "mail", "nobody")
        more = _TLS.format(key=self._certificate.key, cert=self._certificate.cert) if self._certificate else ""
        main = _MAIN.format(folder=folder, uid=nobody.pw_uid, gid=nobody.pw_gid)
        self._write("main.cf", main + more + self._extra)
        self._write("master.cf", _SERVICES.format(port=self.port))
        self._write("boxes", "".join(f"{name}@example.org {name}/\n" for name in self._boxes))
        self._write("access", "".join(f"{address} {said}\n" for address, said in self._access.items()))
        self._postfix("start")
        _wait(lambda: _listens(self.port), "Postfix does not listen")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._postfix("stop")
        shutil.rmtree(self._folder)

    def delivered(self, box: str, count: int) -> list[bytes]:
        """The mails in somebody's box, when there are so many."""
        found: list[Path] = []

        def enough() -> bool:
            found[:] = (self._folder / "mail" / box / "new").glob("*")
            return len(found) >= count

        _wait(enough, f"fewer than {count} mails were delivered")
        return [path.read_bytes() for path in found]

    def log(self) -> str:
        """What it wrote into its log."""
        return (self._folder / "log").read_text(encoding="utf-8")

    def _write(self, name: str, text: str) -> None:
        (self._folder / "etc" / name).write_text(text, encoding="utf-8")

    def _postfix(self, command: str) -> None:
        program = _found("postfix")
        assert program
        subprocess.run([program, "-c", self._folder / "etc", command], check=True, capture_output=True, env=os.environ | {"PATH": _PLACES})


class Sink:
    """`smtp-sink`: takes mails and forgets them, or fails as its options say (smtp-sink(1)); use it as a context manager."""

    def __init__(self, *options: str, dump: Path | None = None) -> None:
        """`dump`: a folder, in which each mail that was taken becomes a file."""
        self.port = free_port()
        self._dump = dump
        # Started by root it wants to be told as whom to go on; the folder is root's as well.
        own = ("-u", "root") if os.geteuid() == 0 else ()
        self._options: Sequence[str] = (*own, *options, *(("-d", f"{dump}/mail.") if dump else ()))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sink:
        program = _found("smtp-sink")
        assert program
        command = [program, *self._options, f"127.0.0.1:{self.port}", "100"]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _wait(lambda: _listens(self.port) or self._ended(), "smtp-sink does not listen")
        assert not self._ended(), "smtp-sink did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process
        self._process.kill()
        self._process.wait(_PATIENCE)

    def _ended(self) -> bool:
        assert self._process
        return self._process.poll() is not None

    def taken(self) -> list[bytes]:
        """What it read of each mail, under what it writes above it; also of those that it did not take."""
        assert self._dump
        return [path.read_bytes() for path in sorted(self._dump.glob("mail.*"))]


def free_port() -> int:
    """A port on which nobody listens now, for a server that cannot choose one."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def _wait(done: Callable[[], bool], otherwise: str) -> None:
    """Ask again and again: these servers tell nobody when they are ready."""
    until = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < until, otherwise
        time.sleep(0.02)
