"""From nothing to a connection that takes mail: greeting, TLS, login. What fails here is about no recipient: `DeliveryError`."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import socket
import ssl
from base64 import b64encode

from aggregator.digest.mailers import answers
from aggregator.errors import DeliveryError
from aggregator.settings import Secret, Smtp


def connected(server: Smtp, password: Secret | None, tls: ssl.SSLContext | None, *, seconds: float) -> smtplib.SMTP:
    """A connection, encrypted and logged in as configured.

    Args:
        tls: needed unless `security` is "none".
        seconds: that each step may take.

    Raises:
        DeliveryError: a whole sentence, that ends with what to do.
    """
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _dialled(server, tls, seconds)
        _secured(smtp, server, tls)
        if server.user:
            _logged_in(smtp, server, password)
    except BaseException as error:
        if smtp is not None:
            with contextlib.suppress(OSError):
                smtp.close()
        if isinstance(error, UnicodeError):
            raise failure(server, "that is no name of a host", "Set digest.smtp.host right") from None
        if isinstance(error, OSError):
            raise _explained(server, error) from _harmless(error)
        raise
    return smtp


def failure(server: Smtp, found: str, todo: str) -> DeliveryError:
    """The error to raise: what the server did, and what the operator can do."""
    return DeliveryError(f"using the mail server {server.host}:{server.port}: {found}. {todo}, and send again.")


def _dialled(server: Smtp, tls: ssl.SSLContext | None, seconds: float) -> smtplib.SMTP:
    """Connected and greeted. It names itself by its address (RFC 5321 §4.1.3): a name would be looked up, and be wrong behind a router."""
    if server.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, "localhost", timeout=seconds, context=tls)
    else:
        smtp = smtplib.SMTP(server.host, server.port, "localhost", timeout=seconds)
    assert smtp.sock is not None
    # The final dot goes apart, and must not wait for the other side to acknowledge the rest.
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    own = _address(smtp.sock.getsockname())
    smtp.local_hostname = f"[{own}]" if own.version == 4 else f"[IPv6:{own}]"
    return smtp


def _secured(smtp: smtplib.SMTP, server: Smtp, tls: ssl.SSLContext | None) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.security != "starttls":
        return
    if not smtp.has_extn("starttls"):
        raise failure(server, "it offers no STARTTLS, and a mail must not go in the clear", 'Try port 465 with security: "tls"')
    smtp.starttls(context=tls)
    smtp.ehlo_or_helo_if_needed()


def _logged_in(smtp: smtplib.SMTP, server: Smtp, password: Secret | None) -> None:
    if server.security == "none" and not _is_here(smtp):
        raise failure(server, "a password must not go in the clear", 'Set digest.smtp.security to "starttls" or "tls"')
    if password is None:
        raise failure(server, "there is a user and no password", "Set AGGREGATOR_SMTP_PASSWORD in the environment")
    if not smtp.has_extn("auth"):
        raise failure(server, "it takes no login", "Leave digest.smtp.user out, or use the port for submission (587 or 465)")
    text = password.reveal()
    if server.user.isascii() and text.isascii():
        smtp.login(server.user, text)
        return
    # smtplib writes ASCII alone; RFC 4616 §2 says UTF-8.
    code, said = smtp.docmd("AUTH", "PLAIN " + b64encode(f"\0{server.user}\0{text}".encode()).decode())
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _is_here(smtp: smtplib.SMTP) -> bool:
    """Whether the server is on this machine."""
    return smtp.sock is not None and _address(smtp.sock.getpeername()).is_loopback


def _address(name: tuple[object, ...]) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(str(name[0]).partition("%")[0])


def _explained(server: Smtp, error: OSError) -> DeliveryError:
    """What smtplib and the system raise, as a sentence."""
    match error:
        case ssl.SSLCertVerificationError():
            found = f"its certificate is not good: {error.verify_message}"
            return failure(server, found, "Set digest.smtp.host to the name in its certificate, or have the certificate renewed")
        case ssl.SSLError():
            found = f"TLS failed: {error.reason or 'the connection was cut'}"
            return failure(server, found, 'Use security: "tls" with port 465, and "starttls" with 587 and 25')
        case smtplib.SMTPAuthenticationError():
            return failure(server, f"it refuses the login: {_said(error)}", "Set digest.smtp.user and AGGREGATOR_SMTP_PASSWORD right")
        case smtplib.SMTPResponseException():
            return failure(server, f"it answered {_said(error)}", "Wait, or ask who runs it")
        case smtplib.SMTPServerDisconnected() if "timed out" not in str(error):
            return failure(server, "it cut the connection off before any mail", "Look whether digest.smtp.port and security go together")
        case smtplib.SMTPException() if not isinstance(error, smtplib.SMTPServerDisconnected):
            return failure(server, "it knows no way to log in that we know", "Ask who runs it about AUTH PLAIN")
    late = isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected)
    said = "it did not answer in time" if late else str(error.strerror or error)
    return failure(server, said, "Look whether digest.smtp.host and port are right, and whether it runs")


def _said(error: smtplib.SMTPResponseException) -> str:
    raw = error.smtp_error
    return answers.cleaned(error.smtp_code, raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw))


def _harmless(error: OSError) -> OSError | None:
    """The cause to show in a traceback; None for a server's own words, in which an address may stand."""
    return None if isinstance(error, smtplib.SMTPException) else error
