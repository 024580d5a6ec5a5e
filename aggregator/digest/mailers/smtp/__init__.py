"""Hands mails over to a mail server (RFC 5321). The only folder that imports smtplib, and of it only the single steps: `sendmail` does not
tell in which of them a connection broke, and that is what decides whether a copy may be sent again.

    the connection breaks, or the server says 4xx …               the mail is
      before DATA, at DATA, or while the body is sent               LATER: nobody has it without the final dot (§4.1.1.4)
      after the final dot, before the answer to it                  UNCERTAIN
    the server says 5xx
      at the greeting, at TLS, at the login, at MAIL                DeliveryError: it refuses us
      at RCPT                                                       REFUSED; hard when the address is bad, see answers.py
      at DATA, or after the final dot                               REFUSED, soft: it is what the mail says
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from aggregator.digest.encoding import ascii_domain
from aggregator.digest.mailers import Fate, Line, Mail, Reply, answers
from aggregator.digest.mailers.smtp.connecting import connected, failure
from aggregator.digest.mailers.smtp.speaking import Answer, commands, dotted, one_by_one, pipelined, text_of
from aggregator.settings import Secret, Smtp

# What RFC 5321 §4.1.2 lets stand in a path, and no more: no space, bracket or control character outside of a quoted local part.
_PATH = re.compile(r"""(?:"[^"\\\x00-\x1f\x7f]+"|[^\s<>()\[\]\\,;:@"\x00-\x1f\x7f]+)@[^\s<>()\[\]\\,;:@"\x00-\x1f\x7f]+""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that a server may take, at most.

    RFC 5321 §4.5.3.2 asks for more before the body (5 minutes a command): giving up there costs nothing but a later attempt. It asks for
    10 minutes after the final dot, and gets them: giving up there leaves a copy uncertain.
    """

    connect: float = 60
    command: float = 120
    body: float = 180
    end: float = 600
    quit: float = 5


class SmtpMailer:
    """A `Mailer` on a mail server."""

    def __init__(self, server: Smtp, *, password: Secret | None = None, patience: Patience = Patience()) -> None:  # frozen
        self.server = server
        self.password = password
        self.patience = patience
        # Reads the system's authorities, or those SSL_CERT_FILE names; checks names.
        self.tls = ssl.create_default_context() if server.security != "none" else None

    @property
    def width(self) -> int:
        return self.server.connections

    @property
    def per_second(self) -> float:
        return self.server.per_second

    @contextmanager
    def line(self) -> Iterator[Line]:
        """A line; nothing is connected before its first mail."""
        line = _SmtpLine(self)
        try:
            yield line
        finally:
            line.close()


class _SmtpLine:
    """One connection at a time."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer = mailer
        self._smtp: smtplib.SMTP | None = None
        # Mails on this connection.
        self._carried = 0
        # MAIL was said, and the transaction has not ended.
        self._begun = False

    def hand_over(self, mail: Mail, begin: Callable[[], None]) -> Reply:
        """As `Line.hand_over`."""
        if not mail.address.isascii():
            mail = replace(mail, address=ascii_domain(mail.address))
        if not _PATH.fullmatch(mail.address):
            return Reply(fate=Fate.REFUSED, text="this cannot be an address", hard=True)
        try:
            answer = self._opened(mail)
            if answer is None:
                return Reply(fate=Fate.LATER, text="the connection was lost before the mail was sent")
            if answer.code != 354:
                return self._declined(answer, mail)
            begin()
            return self._sent(mail)
        except BaseException:
            # Within a transaction nothing can be said any more; in the body even QUIT would be part of the mail.
            self._drop()
            raise

    def close(self) -> None:
        """Take leave, if there is a connection to take leave of."""
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None:
            with contextlib.suppress(OSError):
                smtp.sock.settimeout(self._mailer.patience.quit)
                smtp.quit()
        self._drop()

    def _drop(self) -> None:
        smtp, self._smtp, self._begun, self._carried = self._smtp, None, False, 0
        if smtp is not None:
            with contextlib.suppress(OSError):
                smtp.close()

    # -- MAIL, RCPT, DATA

    def _opened(self, mail: Mail) -> Answer | None:
        """What came of opening a transaction; None: the connection was lost.

        A connection that was kept may have ended meanwhile, or be full: that is no answer to this mail, and a new one is asked at once.
        """
        if self._smtp is not None and self._carried >= self._mailer.server.per_connection:
            self.close()
        kept = self._smtp is not None
        answer = self._asked(mail)
        if kept and (answer is None or answers.tired(answer.code, answer.text)):
            self._drop()
            answer = self._asked(mail)
        if answer is None:
            self._drop()
        return answer

    def _asked(self, mail: Mail) -> Answer | None:
        if self._smtp is None:
            self._smtp = connected(self._mailer.server, self._mailer.password, self._mailer.tls, seconds=self._mailer.patience.connect)
        smtp = self._smtp
        if not mail.address.isascii() and not smtp.has_extn("smtputf8"):
            return Answer(verb="RCPT", code=553, text="5.6.7 the server takes no address with letters outside of ASCII")
        try:
            self._time(self._mailer.patience.command)
            if self._begun and smtp.docmd("RSET")[0] != 250:
                return None
            self._begun = True
            self._carried += 1
            ask = pipelined if smtp.has_extn("pipelining") else one_by_one
            return ask(smtp, commands(smtp, mail))
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException):
            return None

    def _declined(self, answer: Answer, mail: Mail) -> Reply:
        """What an answer before the body means.

        Raises:
            DeliveryError: it is about us.
        """
        text = answers.cleaned(answer.code, answer.text, mail.address)
        if not 400 <= answer.code < 600:
            self._drop()
            return Reply(fate=Fate.LATER, text=f"not an answer to {answer.verb}: {text}")
        if answer.code < 500:
            if answers.tired(answer.code, answer.text):
                self._drop()
            return Reply(fate=Fate.LATER, text=text)
        if answer.verb == "MAIL" and answer.code == 552:
            raise failure(self._mailer.server, f"the mail is too large for it: {text}", "Set a smaller digest.most")
        if answer.verb == "MAIL":
            raise failure(self._mailer.server, f"it refuses the sender: {text}", "Ask who runs it which senders your account may use")
        if answers.ours(answer.code):
            raise failure(self._mailer.server, f"it wants a login: {text}", "Set digest.smtp.user and AGGREGATOR_SMTP_PASSWORD")
        if answer.verb == "RCPT" and answers.relay(answer.code, answer.text):
            return Reply(fate=Fate.LATER, text=text)
        return Reply(fate=Fate.REFUSED, text=text, hard=answer.verb == "RCPT" and answers.hard(answer.code, answer.text))

    # -- the body

    def _sent(self, mail: Mail) -> Reply:
        """Send the body, and hear what becomes of it. The final dot goes apart, so that what broke before it is known to have."""
        smtp = self._smtp
        assert smtp is not None
        try:
            self._time(self._mailer.patience.body)
            smtp.send(dotted(mail.content))
        except smtplib.SMTPServerDisconnected:
            self._drop()
            return Reply(fate=Fate.LATER, text="the connection was lost while the mail was sent")
        try:
            self._time(self._mailer.patience.end)
            smtp.send(b".\r\n")
            code, said = smtp.getreply()
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException):
            self._drop()
            return Reply(fate=Fate.UNCERTAIN, text="the connection was lost after the whole mail was sent")
        self._begun = False
        return self._judged(code, text_of(said), mail)

    def _judged(self, code: int, said: str, mail: Mail) -> Reply:
        text = answers.cleaned(code, said, mail.address)
        if 200 <= code < 300:
            return Reply(fate=Fate.ACCEPTED, text=text)
        if not 400 <= code < 600:
            self._drop()
            return Reply(fate=Fate.UNCERTAIN, text=f"not an answer to the whole mail: {text}")
        if answers.tired(code, said):
            self._drop()
        return Reply(fate=Fate.LATER if code < 500 else Fate.REFUSED, text=text)

    def _time(self, seconds: float) -> None:
        if self._smtp is not None and self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)
