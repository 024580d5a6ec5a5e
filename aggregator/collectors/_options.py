"""Checks of options that several platforms share.

Each gives the cleaned value or raises ValueError with a sentence that says what is allowed.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from aggregator.errors import BadOption
from aggregator.text.secret_address import masked

_HOST = re.compile(r"(?=.{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::[0-9]{1,5})?")

_NOTHING = SplitResult("", "", "", "", "")


def server(value: str) -> str:
    """A server as a lower-case host name, with its port where it has one and its scheme where that is http.

    Names in other scripts are given in their ASCII form (RFC 5891), as they travel.
    """
    scheme, mark, rest = value.strip().rpartition("://")
    host = _ascii(rest.partition("/")[0].rpartition("@")[2].rstrip(".").lower())
    if (mark and scheme.lower() not in ("http", "https")) or not _HOST.fullmatch(host):
        raise ValueError(f"{masked(value, '…')!r} is not a server; write a host name like 'social.example'")
    return f"http://{host}" if scheme.lower() == "http" else host


def split(address: str) -> SplitResult:
    """The parts of an address; all empty for one that has none."""
    try:
        parts = urlsplit(address)
        return parts if parts.hostname else _NOTHING
    except ValueError:
        return _NOTHING


def host_of(address: str) -> str:
    """The host of an address in lower case, with its port where it has one."""
    return urlsplit(address).netloc.rpartition("@")[2].lower()


def web_address(value: str) -> str:
    """An option that wants an http or https address, cleaned.

    Raises:
        ValueError: it is none, or it carries a password.
    """
    clean = value.strip()
    try:
        parts = urlsplit(clean)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", clean)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"{masked(value, '…')!r} is not an address; write it in full, beginning with https://")
    if "@" in parts.netloc:
        raise ValueError("an address with a user name or password in it is a secret; leave them out")
    if (parts.hostname or "").endswith("patreon.com") and "auth" in parse_qs(parts.query):
        raise ValueError("a private Patreon feed is a secret of one listener and is not read; use the show's public feed")
    return clean


def base(server: str) -> str:
    """The beginning of every address on a checked server, without a final slash."""
    return server if "://" in server else f"https://{server}"


def host(server: str) -> str:
    """The host of a checked server, with its port where it has one."""
    return server.rpartition("://")[2]


def domain(value: str) -> str:
    """A site as lists of links name it: its host, without a scheme and without "www."."""
    return host(server(value)).removeprefix("www.")


def hashtag(value: str) -> str:
    """A hashtag without its "#"."""
    tag = value.strip().removeprefix("#").removeprefix("＃")
    if not tag or re.search(r"[\s#/?&,.]", tag):
        raise ValueError(f"{value!r} is not a hashtag; write one word without the #, like 'microsolidarity'")
    return tag


def exactly_one(collector: Any, *names: str) -> str:
    """The name of the one option among `names` that is set.

    Raises:
        BadOption: none is, or more than one.
    """
    known = {field.name for field in fields(collector)}
    given = [name for name in names if name in known and getattr(collector, name)]
    if len(given) == 1:
        return given[0]
    wanted = ", ".join(map(repr, names))
    found = " and ".join(map(repr, given)) if given else "none of them"
    raise BadOption(f"one of the options {wanted} is wanted, and only one; found {found}")


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return host
