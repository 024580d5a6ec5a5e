"""The forms that a text of sources.yaml must have where not every text will do: addresses, names, days, networks, rules.

Each is a `Text` of `shape`; its check gives the value or raises ValueError with a sentence that says what to do.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from aggregator.clock import now
from aggregator.shape import Text, date
from aggregator.text.words import checked_rule


def web_address(text: str) -> str:
    """The text, when it is an absolute http or https address without a password."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("Write it in full, with https://.")
    if "@" in parts.netloc:
        raise ValueError("A user name or a password in it is a secret; leave them out.")
    return text


def _contact(text: str) -> str:
    if text.startswith("mailto:"):
        if not re.fullmatch(r"mailto:[^\s@]+@[^\s@]+", text):
            raise ValueError("Write it like mailto:steward@example.org.")
        return text
    return web_address(text)


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("Write an address, a slash and the number of bits that stay the same.") from None
    if not network.prefixlen:
        raise ValueError("It would open every address. Name the network itself.")
    if "/" in text and ipaddress.ip_interface(text).ip != network.network_address:
        raise ValueError(f"Did you mean {str(network)!r}?")
    return str(network)


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        close = difflib.get_close_matches(text, available_timezones(), n=1)
        raise ValueError(f"Did you mean {close[0]!r}?" if close else "Write a name of the time-zone database.") from error
    return text


def _past_day(text: str) -> datetime:
    day = date().make(text)
    # Where the sun rises first it is tomorrow already.
    if day > now() + timedelta(days=1):
        raise ValueError("It lies in the future, so nothing would be taken. Write a day that has passed.")
    return cast(datetime, day)


def _name(text: str) -> str:
    if not re.fullmatch(r"[\w.@:+-]+", text):
        raise ValueError("Use letters, figures and - _ . @ : + alone.")
    return text


def _language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise ValueError
    return text


ADDRESS = Text(expects="a web address", make=web_address, more={"type": "string", "format": "uri"})
CONTACT = Text(expects="a web address or mailto:", make=_contact, more={"type": "string", "format": "uri"})
LANGUAGE = Text(expects="a language tag such as en or pt-BR", make=_language, more={"type": "string"})
WORD = Text(expects="a word, a phrase or a #hashtag", make=checked_rule)
NETWORK = Text(expects="a network such as 192.168.1.0/24", make=_network, more={"type": "string"})
NAME = Text(expects="a name without spaces", make=_name, more={"type": "string", "pattern": r"^[\w.@:+-]+$"})
PAST_DAY = Text(expects="a date such as 2018-01-31", make=_past_day, more={"type": "string", "format": "date"})
ZONE = Text(expects="a time zone such as Europe/Brussels", make=_zone, more={"type": "string"})
