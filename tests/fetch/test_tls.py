"""The same over TLS: certificates are checked, connections kept, drips broken off, secrets never sent in the clear after a redirect."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import Unavailable
from aggregator.fetch import Auth, AuthScheme
from aggregator.settings import Secret
from tests.fetch.conftest import AT_ONCE, Open
from tests.support.server import Script, Server

TOKEN = Auth(scheme=AuthScheme.BEARER, variable="SOME_TOKEN", how="ask for one", without="")


def certificate(folder: Path, *, name: str, days: int) -> Path:
    """A self-signed certificate and its key in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; without it no certificate can be made here")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days)]
    names = ["-subj", "/CN=test", "-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


def serving(file: Path) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return Server(tls=context)


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), name="IP:127.0.0.1", days=2)


@pytest.fixture
def secure(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose certificate the environment says to trust."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    with serving(trusted) as running:
        yield running


def test_a_trusted_server_is_read_over_one_kept_connection(open_client: Open, secure: Server) -> None:
    secure.on("/a", Script.gzip(b"word " * 50_000))
    http = open_client().bound(host="", pace=AT_ONCE)
    for _ in range(3):
        assert http.get(secure.url("/a")).body == b"word " * 50_000
    assert secure.connections == 1


def test_a_dropped_connection_is_asked_again_over_tls_too(open_client: Open, secure: Server) -> None:
    secure.on("/a", Script(body=b"1"), Script(raw=b""), Script(body=b"2"))
    http = open_client().bound(host="", pace=AT_ONCE)
    assert [http.get(secure.url("/a")).body for _ in range(2)] == [b"1", b"2"]
    assert secure.connections == 2


def test_a_fresh_connection_that_is_dropped_is_not_asked_again(open_client: Open, secure: Server) -> None:
    secure.on("/a", Script(raw=b""))
    with pytest.raises(Unavailable):
        open_client().bound(host="", pace=AT_ONCE).get(secure.url("/a"))
    assert secure.count("/a") == 1


@pytest.mark.parametrize("raw", [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 99, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 999])
def test_a_drip_is_broken_off(open_client: Open, secure: Server, raw: bytes) -> None:
    secure.on("/a", Script(raw=raw, drip=0.02))
    with pytest.raises(Unavailable, match=r"no whole answer within 0\.5 s"):
        open_client(total_timeout=timedelta(seconds=0.5)).bound(host="", pace=AT_ONCE).get(secure.url("/a"))


def test_a_redirect_into_the_clear_loses_the_secret(open_client: Open, secure: Server, server: Server) -> None:
    secure.on("/a", Script.redirect(server.url("/b"), status=301))
    server.on("/b", Script())
    http = open_client().bound(host="", pace=AT_ONCE, auth=TOKEN, secret=Secret("s3cret"))
    assert http.get(secure.url("/a"), auth=True).status == 200
    assert "authorization" not in server.last("/b").headers
    assert http.get(secure.url("/a")).status == 200
    assert http.take().moved == {}


def test_a_certificate_nobody_vouches_for_is_named(open_client: Open, trusted: Path) -> None:
    with serving(trusted) as server, pytest.raises(Unavailable, match=r"its certificate is not valid: self[- ]signed certificate"):
        open_client().bound(host="", pace=AT_ONCE).get(server.url("/a"))


def test_a_certificate_for_another_name_is_named(open_client: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path, name="DNS:other.example", days=2)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    with serving(file) as server, pytest.raises(Unavailable, match="its certificate is not valid: IP address mismatch"):
        open_client().bound(host="", pace=AT_ONCE).get(server.url("/a"))


def test_a_server_that_does_not_speak_tls_is_named(open_client: Open, server: Server) -> None:
    with pytest.raises(Unavailable, match="a secure connection could not be made"):
        open_client().bound(host="", pace=AT_ONCE).get(server.url("/a").replace("http:", "https:"))
