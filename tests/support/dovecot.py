"""A real IMAP server, Dovecot from Debian's packages, started for a test on loopback with a configuration of its own.

    with Dovecot() as server:
        server.deliver("digest@example.org", raw)
        ...
        assert server.mails("digest@example.org", "aggregator done") == [...]

Every user exists and has the password `PASSWORD`; a mailbox is made when it is first used. Run by root, Dovecot keeps mail as `nobody`: it
does not read mail as root. Its folder is therefore not pytest's, which only root may enter; it is removed at the end.
"""

from __future__ import annotations

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

import pytest

from tests.support.certificates import Certificate

PASSWORD = 'pä"ss\\word'
_PATIENCE = 15.0


def _found(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")


needs_dovecot = pytest.mark.skipif(
    _found("dovecot") is None, reason="Dovecot is not there: install it (on Debian and Ubuntu: apt install dovecot-imapd)"
)

_CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  prefix = {prefix}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
{more}
"""
# Of the things a server can do, those that the program uses, for a server that cannot do some.
_CAPABLE = "IMAP4rev1 SASL-IR NAMESPACE UIDPLUS MOVE"


# All its processes end when its standard input does, so also when the test is killed; at once: asked politely it takes a second.
_WITH_US = 'exec 3<&0; (read _ <&3; kill -9 -$$) & exec "$@" 3<&-'


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A mail in a folder."""

    raw: bytes
    flags: frozenset[str]


class Dovecot:
    """Started at the beginning of the block, stopped at its end."""

    def __init__(
        self,
        *,
        lacks: Sequence[str] = (),
        prefix: str = "",
        certificate: Certificate | None = None,
    ) -> None:
        """
        Args:
            lacks: capabilities that it does not tell of after logging in: "MOVE", "UIDPLUS", "NAMESPACE".
            prefix: what names of folders begin with, as "INBOX.".
            certificate: for TLS and STARTTLS; without one it has neither.
        """
        self.port, self.tls_port = _free_ports(2)
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self._more = self._tls(certificate)
        if lacks:
            self._more += f"protocol imap {{\n  imap_capability = {' '.join(set(_CAPABLE.split()) - set(lacks))}\n}}\n"
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Dovecot:
        root = os.geteuid() == 0
        owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        (self.folder / "mail").mkdir()
        self.folder.chmod(0o755)
        os.chown(self.folder / "mail", owner.pw_uid, owner.pw_gid)
        if not root:
            # All its processes are the user's own then.
            group = grp.getgrgid(owner.pw_gid).gr_name
            self._more += (
                f"default_internal_user = {owner.pw_name}\ndefault_internal_group = {group}\ndefault_login_user = {owner.pw_name}\n"
            )
        text = _CONFIGURATION.format(
            folder=self.folder,
            password=PASSWORD,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            prefix=self._prefix,
            port=self.port,
            tls_port=self.tls_port if "ssl_cert" in self._more else 0,
            more=self._more,
        )
        (self.folder / "dovecot.conf").write_text(text, encoding="utf-8")
        dovecot = _found("dovecot")
        assert dovecot
        command = ["sh", "-c", _WITH_US, "sh", dovecot, "-F", "-c", str(self.folder / "dovecot.conf")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        self._wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process
        self._process.communicate(timeout=_PATIENCE)
        shutil.rmtree(self.folder)

    def deliver(self, user: str, *mails: bytes, at: datetime | None = None, folder: str = "INBOX", flags: str = "") -> None:
        """Put mails into a folder, as if they had arrived now or then."""
        with self.client(user) as client:
            for raw in mails:
                when = imaplib.Time2Internaldate(at) if at else ""
                status, why = client.append(f'"{self._prefix if folder != "INBOX" else ""}{folder}"', flags, when, raw)
                assert status == "OK", why

    def fills(self, user: str, mails: Sequence[bytes], *, at: datetime) -> None:
        """Put very many mails into the INBOX at once, as files, as if they had arrived then."""
        inbox = self.folder / "mail" / user / "cur"
        owner = inbox.stat()
        for number, raw in enumerate(mails):
            path = inbox / f"{int(at.timestamp())}.{number}.test:2,"
            path.write_bytes(raw)
            os.utime(path, (at.timestamp(), at.timestamp()))
            os.chown(path, owner.st_uid, owner.st_gid)

    def mails(self, user: str, folder: str = "INBOX") -> list[Kept]:
        """Whatever is in a folder, oldest first; nothing is marked by it. A folder that is not there is empty."""
        with self.client(user) as client:
            status, _ = client.select(f'"{self._prefix if folder != "INBOX" else ""}{folder}"', readonly=True)
            if status != "OK":
                return []
            _, found = client.fetch("1:*", "(FLAGS BODY.PEEK[])") if client.untagged_responses["EXISTS"] != [b"0"] else ("OK", [])
            return [
                Kept(raw=line[1], flags=frozenset(flag.decode() for flag in imaplib.ParseFlags(line[0])))
                for line in found
                if isinstance(line, tuple)
            ]

    @contextlib.contextmanager
    def client(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A connection of that user's own."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=_PATIENCE) as client:
            client.authenticate("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
            yield client

    def renumber(self, user: str) -> None:
        """Let it number the mail of a user anew, as after a restored backup."""
        folder = self.folder / "mail" / user
        for path in folder.glob("dovecot.index*"):
            path.unlink()
        numbered = folder / "dovecot-uidlist"
        # Format 3: "3 V<validity> N<next number> G<id>", then a line for each message (doc.dovecot.org, Maildir, read 2026-11-22).
        validity = int(numbered.read_text().split()[1].removeprefix("V"))
        numbered.write_text(f"3 V{validity + 1} N1\n")

    def log(self) -> str:
        """What it said so far; it says things a little later than it does them."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def says(self, *words: str) -> None:
        """Wait until a line of its log has all these words."""
        end = time.monotonic() + _PATIENCE
        while not any(all(word in line for word in words) for line in self.log().splitlines()):
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)

    def _tls(self, certificate: Certificate | None) -> str:
        if certificate is None:
            return "ssl = no\n"
        return f"ssl = yes\nssl_cert = <{certificate.cert}\nssl_key = <{certificate.key}\n"

    def _wait(self) -> None:
        """Until it greets; a listening socket is there before the server behind it is."""
        end = time.monotonic() + _PATIENCE
        while True:
            assert self._process
            assert self._process.poll() is None, self.log()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE) as connection:
                if connection.recv(4) == b"* OK":
                    return
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
