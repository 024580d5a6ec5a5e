"""What a mailbox gives, and what a message says of itself in its header; parts of `newsletter`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from aggregator.collectors._json import number
from aggregator.errors import Unreadable
from aggregator.fetch import Reply
from aggregator.text.mail import field, fields

DOING = "reading the mailbox"
_HOST = re.compile(r"(?:imaps?://)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?")
_LIST_ID = re.compile(r"<([^<>\s]+)>")
_OWN_PAGE = re.compile(r"<https?://[^<>]+/(?:p|archive|issues|posts)/[^<>/]+/?>", re.IGNORECASE)


def mail_server(value: str) -> str:
    server = value.strip().rstrip("/").lower()
    if not _HOST.fullmatch(server):
        raise ValueError(f"{value!r} is not a mail server; write a host name like 'imap.example.org', without user and folder")
    return server


def list_id(value: str) -> str:
    found = _LIST_ID.search(value)
    return (found[1] if found else value).strip().lower()


def web_page(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(f"{value!r} is not a web address; write it in full, with https://")
    return value.strip()


def archive_address(value: str) -> str:
    if value.count("{id}") != 1:
        raise ValueError(f"{value!r} does not say where the Message-ID stands; write {{id}} there, like 'https://lists.example.org/{{id}}'")
    return web_page(value)


def rows_of(reply: Reply, after: int) -> list[dict[str, Any]]:
    """What the mailbox gave, with each message as bytes; in the order of their numbers."""
    found: list[dict[str, Any]] = []
    for line in reply.body.splitlines():
        try:
            row = json.loads(line)
            uid, raw = number(row["uid"]), base64.b64decode(row["raw"], validate=True)
        except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
            raise Unreadable(f"{DOING}: expected messages with numbers, got something else") from error
        if uid is None or uid <= after:
            raise Unreadable(f"{DOING}: expected messages after number {after}")
        found.append({"uid": uid, "message": raw})
    return found


def is_bulk(message: Message) -> bool:
    told = field(message, "List-Id") or field(message, "List-Unsubscribe")
    return bool(told) or field(message, "Precedence").lower() in ("bulk", "list")


def own_addresses(message: Message) -> tuple[str, ...]:
    """Header fields that may hold the message's own address: of a list's, those that name one page of it."""
    return (*fields(message, "Archived-At"), *(value for value in fields(message, "List-Post", "List-Archive") if _OWN_PAGE.search(value)))


def asks_not_to_be_kept(message: Message) -> bool:
    """`X-No-Archive: yes`, as writers ask archives of lists since Usenet; and `Archive: no` (RFC 5536 §3.2.2)."""
    return field(message, "X-No-Archive").lower() == "yes" or field(message, "Archive").lower().startswith("no")
