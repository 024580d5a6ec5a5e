"""The part of sources.yaml that is about the digest: its tables, and `Settings.digest` made from what they read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from aggregator.forms import ADDRESS, NETWORK, ZONE
from aggregator.settings import SERVICES, Buttondown, Digest, Listmonk, Mailbox, Serve, Smtp
from aggregator.shape import Key, Many, Named, Node, Report, Table, Text, choice, duration, number, path, yes_or_no

# From the environment, by what they are for.
SECRETS: Mapping[str, str] = {
    "AGGREGATOR_SMTP_PASSWORD": "the mail server",
    "AGGREGATOR_IMAP_PASSWORD": "the mailbox",
    "LISTMONK_TOKEN": "listmonk",
    "BUTTONDOWN_API_KEY": "Buttondown",
}
# A local part has 64 characters at most (RFC 5321 §4.5.3.1.1); "+" and a token need 46.
LONGEST_LOCAL = 18
_WAYS = ("smtp", "folder", *SERVICES)


def mailbox_address(text: str) -> str:
    """A mailbox as mail writes it, with or without a name (RFC 5322 §3.4), in ASCII but for the name.

    Raises:
        ValueError: a sentence that says what to write.
    """
    address = _address(text)
    if not address or not address.isascii() or "." not in address.partition("@")[2]:
        raise ValueError('Write it like digest@example.org, or "Crew news <digest@example.org>".')
    return text


def _address(text: str) -> str:
    """The address in a mailbox; "" when it is none, or more than one."""
    # Slow to load, and most configurations have no mailbox in them.
    from email.headerregistry import HeaderRegistry

    header: Any = HeaderRegistry()("From", text.replace("\r", " ").replace("\n", " "))
    found = header.addresses
    return str(found[0].addr_spec) if len(found) == 1 and not header.defects and found[0].username and found[0].domain else ""


def _cron(text: str) -> str:
    # As slow to load.
    from aggregator.text.cron import checked

    return checked(text)


def _bare(text: str) -> str:
    if _address(mailbox_address(text)) != text:
        raise ValueError("Write the address alone, without a name.")
    return text


def _own(text: str) -> str:
    if len(_bare(text).partition("@")[0]) > LONGEST_LOCAL:
        raise ValueError(f"Take one with at most {LONGEST_LOCAL} characters before the @, since 46 more are put behind them.")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"\w([\w.-]*\w)?|[0-9A-Fa-f:.]+", text) or re.fullmatch(r"[^:]+:\d+", text):
        raise ValueError("Write the name alone, as in mail.example.org; its port goes into 'port'.")
    return text


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("Write host and port, as in 127.0.0.1:8025.")
    return text


def _base(text: str) -> str:
    if not text.startswith("https://") and not re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])[:/]", text + "/"):
        raise ValueError("Write it with https://: what leads there signs people on and off.")
    if "?" in text or "#" in text:
        raise ValueError("Leave out what stands behind the path.")
    return text if text.endswith("/") else text + "/"


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 10_000:
        raise ValueError("Write a number of messages a second, as in 10.")
    return value


def _text(expects: str, make: Callable[[str], Any]) -> Text:
    return Text(expects=expects, make=make)


_MAILBOX = _text("a mailbox", mailbox_address)
_OWN = _text("a mail address", _own)
_HOST = _text("the name of a server", _host)
_PORT = number(1, 65535)

SMTP = Table(
    keys={
        "host": Key(shape=_HOST, help="The server that takes your mail.", required=True),
        "port": Key(shape=_PORT, help="Its port (587)."),
        "security": Key(shape=choice(("starttls", "tls", "none")), help="How the connection is kept private (starttls)."),
        "user": Key(shape=Text(), help="The user name; its password is AGGREGATOR_SMTP_PASSWORD."),
        "connections": Key(shape=number(1, 20), help="Connections at once (2)."),
        "per_second": Key(shape=_text("a number", _rate), help="Messages in a second (10)."),
        "per_connection": Key(shape=number(1, 10_000), help="Messages on one connection (100)."),
    }
)
LISTMONK = Table(
    keys={
        "url": Key(shape=ADDRESS, help="Where listmonk is.", required=True),
        "user": Key(shape=Text(), help="The API user; its token is LISTMONK_TOKEN.", required=True),
        "lists": Key(shape=Many(of=number(1, 1_000_000), least=1), help="Numbers of the lists that get it.", required=True),
    }
)
BUTTONDOWN = Table(keys={"url": Key(shape=ADDRESS, help="Where its API is, if not at Buttondown's own address.")})
SERVE = Table(
    keys={
        "url": Key(shape=_text("an address", _base), help="Where readers reach `aggregator serve`.", required=True),
        "listen": Key(shape=_text("host and port", _listen), help="Where it listens (127.0.0.1:8025)."),
        "proxies": Key(shape=Many(of=NETWORK), help="Networks of proxies in front of it, whose X-Forwarded-For is believed."),
        "webmentions": Key(shape=yes_or_no(), help="true: others may say by Webmention that they link to the site; held for review."),
        "suggestions": Key(shape=yes_or_no(), help="true: readers may suggest a link; held for review."),
    }
)
MAILBOX = Table(
    keys={
        "address": Key(shape=_OWN, help="Where readers write to; mail to address+anything must reach it, too.", required=True),
        "host": Key(shape=_HOST, help="The IMAP server.", required=True),
        "port": Key(shape=_PORT, help="Its port (993)."),
        "security": Key(shape=choice(("tls", "starttls", "none")), help="How the connection is kept private (tls)."),
        "user": Key(shape=Text(), help="The user name, if not the address; its password is AGGREGATOR_IMAP_PASSWORD."),
        "folder": Key(shape=Text(), help="The folder that is read (INBOX)."),
    }
)

DIGEST = Table(
    keys={
        "from": Key(shape=_MAILBOX, help="The mailbox that the digest comes from, with or without a name.", required=True),
        "reply_to": Key(shape=_MAILBOX, help="Where answers go, if not there."),
        "title": Key(shape=Text(), help="What the digest is called; the site's title if left out."),
        "postal": Key(shape=Text(), help="Who sends it and from which postal address, for the foot of each mail."),
        "rhythms": Key(
            shape=Named(of=_text("a cron expression", _cron), least=1),
            help='When an edition is due, by name (weekly: "0 8 * * mon"); a subscriber has the first unless they choose.',
        ),
        "timezone": Key(shape=ZONE, help="The zone of those times; the site's if left out."),
        "grace": Key(shape=duration(timedelta(minutes=1)), help="How late it is sent without asking (1d)."),
        "least": Key(shape=number(1, 100), help="A week with fewer new stories is quiet (5)."),
        "most": Key(shape=number(1, 100), help="More new stories are told by their titles alone (15)."),
        "quiet": Key(shape=choice(("skip", "short", "wait")), help="A quiet week is skipped, sent short, or waited out (skip)."),
        "through": Key(shape=choice(_WAYS), help="Who hands it over (folder: nobody, the mails are written as files)."),
        "smtp": Key(shape=SMTP, help="Your mail server."),
        "folder": Key(shape=path(), help="Where .eml files are written (state/mail)."),
        "listmonk": Key(shape=LISTMONK, help="A listmonk that sends for you."),
        "buttondown": Key(shape=BUTTONDOWN, help="A Buttondown newsletter that sends for you."),
        "serve": Key(shape=SERVE, help="The small server for subscribing and leaving."),
        "mailbox": Key(shape=MAILBOX, help="The mailbox for subscribing and leaving by mail, and for bounces."),
        "dkim_selector": Key(shape=Text(), help="Name of your DKIM key, so that `doctor mail` can look it up."),
        "resolver": Key(shape=_text("host and port", _listen), help="The DNS server to ask, if not the system's."),
    }
)


def secrets_wanted(digest: Digest) -> tuple[str, ...]:
    """The variables of the environment without which the digest as configured cannot work."""
    wanted = {
        # Confirmations go by the mail server also where a service sends the editions.
        "AGGREGATOR_SMTP_PASSWORD": digest.smtp is not None and bool(digest.smtp.user) and digest.through != "folder",
        "AGGREGATOR_IMAP_PASSWORD": digest.mailbox is not None,
        "LISTMONK_TOKEN": digest.through == "listmonk",
        "BUTTONDOWN_API_KEY": digest.through == "buttondown",
    }
    return tuple(name for name, is_wanted in wanted.items() if is_wanted)


def digest_of(values: Mapping[str, Any] | None, *, beside: Path, state: Path) -> Digest | None:
    """The digest's settings from what `DIGEST` read; None when nothing was."""
    if values is None:
        return None
    plain = {name: value for name, value in values.items() if name not in ("from", "smtp", "listmonk", "buttondown", "serve", "mailbox")}
    made = Digest(sender=values["from"], **{**plain, "folder": beside / plain["folder"] if "folder" in plain else state / "mail"})
    return replace(
        made,
        smtp=Smtp(**values["smtp"]) if "smtp" in values else None,
        listmonk=Listmonk(**values["listmonk"]) if "listmonk" in values else None,
        buttondown=Buttondown(**values["buttondown"]) if "buttondown" in values else None,
        serve=Serve(**values["serve"]) if "serve" in values else None,
        mailbox=Mailbox(**values["mailbox"]) if "mailbox" in values else None,
    )


def remark(digest: Digest, node: Node, report: Report, *, site_url: str, topics: Iterable[str] = ()) -> None:
    """Report what does not go together."""
    if digest.through in ("smtp", "listmonk") and getattr(digest, digest.through) is None:
        report.add(node, f"digest.{digest.through}", f"'through' says {digest.through}, and there is no '{digest.through}'. Add it.")
    for name in digest.rhythms:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,30}", name):
            report.add(node, f"digest.rhythms.{name}", "is part of addresses. Call it by small letters, figures and - alone.")
    for topic in topics:
        if not re.fullmatch(r"[\w-]{1,60}", topic):
            report.add(
                node, f"topics.{topic}", "is part of the digest's addresses. Call it by letters, figures, - and _ alone; add a 'title'."
            )
    if digest.least > digest.most:
        report.add(node, "digest.least", f"{digest.least} is more than 'most' ({digest.most}). Write a smaller number.")
    if digest.through == "smtp" and digest.serve is None and digest.mailbox is None:
        report.add(node, "digest", "has neither 'serve' nor 'mailbox', so that nobody could leave. Add one of them.")
    if digest.through == "smtp" and not site_url:
        report.add(node, "digest", "needs the address of the page: each mail leads there. Write it in site.url.")
