"""Certificates for servers on loopback, signed by a certificate authority of our own that nobody else trusts."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A server's certificate; whoever has `authority` in SSL_CERT_FILE trusts it."""

    authority: Path
    cert: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What the server speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


def certificate(folder: Path, *, name: str = "IP:127.0.0.1,DNS:localhost", days: int = 2) -> Certificate:
    """A certificate for `name` (a subjectAltName), signed by a new authority; the test is skipped where openssl is missing."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; without it no certificate can be made here")
    made = Certificate(authority=folder / "authority.pem", cert=folder / "cert.pem", key=folder / "key.pem")
    authority_key, request, extensions = folder / "authority.key", folder / "request.pem", folder / "extensions"
    extensions.write_text(f"subjectAltName={name}\n", encoding="ascii")
    _openssl("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=Test authority", "-keyout", authority_key, "-out", made.authority)
    _openssl("req", *_KEY, "-subj", "/CN=Test server", "-keyout", made.key, "-out", request)
    signed = ("-CA", made.authority, "-CAkey", authority_key, "-CAcreateserial", "-days", str(days), "-extfile", extensions)
    _openssl("x509", "-req", "-in", request, *signed, "-out", made.cert)
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
