"""An address in its parts, and the plain normal form of each part (RFC 3986 §6.2).

Here lives what is true of every http address. What only one platform knows is in `platforms/`; what a marketing tool appends is in
`tracking.py`; broken spelling is in `repair_url.py`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

import idna

_SPLIT = re.compile(r"(https?)://([^/?#\\]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?\Z", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\Z")
_PORT = re.compile(r":(\d*)\Z")

# Characters that mean the same written plainly or percent-encoded: the unreserved ones (RFC 3986 §2.3) and those delimiters that no server
# gives a second meaning in a path or a value. "/ ? # [ ] & = + ; %" are not among them.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!'()*,:@$")
_UNTIDY_PATH = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/]", re.DOTALL)
_UNTIDY_QUERY = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?]", re.DOTALL)
_FOLDER_PAGES = ("/index.html", "/index.htm", "/index.php")
_DOT_SEGMENT = re.compile(r"/\.\.?(?:/|\Z)")


class Address(NamedTuple):
    """An http(s) address in parts; `query` and `fragment` are None where their mark is missing."""

    scheme: str
    # As written, with user and port.
    authority: str
    # Lower case, ASCII, without final dot, user and port; IPv6 in brackets.
    host: str
    # ":8080"; "" for a default port.
    port: str
    path: str
    query: str | None
    fragment: str | None

    def text(self) -> str:
        """The address written out; the user's name and password are left away, they are nobody's business."""
        authority = self.authority.rpartition("@")[2]
        query = "" if self.query is None else f"?{self.query}"
        fragment = "" if self.fragment is None else f"#{self.fragment}"
        return f"{self.scheme}://{authority}{self.path}{query}{fragment}"


def parse(text: str) -> Address | None:
    """The parts of an http(s) address; None for anything else and for a host that cannot be one."""
    match = _SPLIT.match(text)
    if match is None:
        return None
    scheme, authority, path, query, fragment = match.groups()
    place = place_of(authority)
    if place is None:
        return None
    return Address(scheme.lower(), authority, place[0], place[1], path, query, fragment)


@lru_cache(maxsize=8192)
def place_of(authority: str) -> tuple[str, str] | None:
    """Host and port of an authority in normal form; ports 80 and 443 are "" because the scheme is no part of an identity either."""
    rest = authority.rpartition("@")[2]
    match = _PORT.search(rest) if not rest.endswith("]") else None
    port = ""
    if match is not None:
        rest = rest[: match.start()]
        number = int(match[1] or 80) if match[1].isascii() and len(match[1]) < 7 else 65536
        if number > 65535:
            return None
        port = "" if number in (80, 443) else f":{number}"
    host = host_form(rest)
    return None if host is None else (host, port)


def host_form(host: str) -> str | None:
    """A host in lower-case ASCII: internationalised names as A-labels (RFC 5891), IPv6 compressed (RFC 5952); None: it cannot be one."""
    if host.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]" if host.endswith("]") and "%" not in host else None
        except ValueError:
            return None
    if "%" in host:
        host = unquote(host)
    host = host.lower()
    if not host.isascii():
        host = _ascii_host(host)
    host = host.rstrip(".")
    return host if _HOST.match(host) and ".." not in host else None


def _ascii_host(host: str) -> str:
    try:
        return idna.encode(host, uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""


def _tidy(match: re.Match[str]) -> str:
    code = match[1]
    if code is not None:
        character = chr(int(code, 16))
        return character if character in _PLAIN else f"%{code.upper()}"
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))


def tidy_path(path: str) -> str:
    """A path without needless percent-encoding, dot segments and doubled slashes; "" is the root."""
    path = _UNTIDY_PATH.sub(_tidy, path)
    if "/." in path and _DOT_SEGMENT.search(path):
        path = _without_dots(path)
    while "//" in path:
        path = path.replace("//", "/")
    return path


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def without_folder_page(path: str) -> str:
    """A path without `index.html`, `index.htm`, `index.php` and slashes at its end."""
    path = path.rstrip("/")
    while path.endswith(_FOLDER_PAGES):
        path = path.rpartition("/")[0].rstrip("/")
    return path


def tidy_text(text: str) -> str:
    """A query or a fragment without needless percent-encoding."""
    return _UNTIDY_QUERY.sub(_tidy, text)


def pieces(query: str) -> list[str]:
    """The parameters of a query as they are written ("name=value"), in their order, without empty ones."""
    return [piece for piece in query.split("&") if piece]


def sorted_query(parameters: Iterable[str]) -> str:
    """Parameters in the order of their names; those of one name keep their order. A space is "+" (application/x-www-form-urlencoded)."""
    tidied = [tidy_text(piece).replace("%20", "+") for piece in parameters]
    if len(tidied) > 1:
        tidied.sort(key=lambda piece: piece.partition("=")[0])
    return "&".join(tidied)


def values(query: str | None) -> dict[str, str]:
    """The first value of each parameter, decoded; names as written."""
    found: dict[str, str] = {}
    for piece in pieces(query or ""):
        name, _, value = piece.partition("=")
        if name not in found:
            found[name] = unquote(value.replace("+", " ")) if "%" in value or "+" in value else value
    return found


def route(fragment: str | None) -> str:
    """The part of a fragment that names a page inside a page (`#/a`, `#!a`), tidied; "" where there is none."""
    if not fragment or fragment[0] not in "/!" or not fragment.strip("/!"):
        return ""
    return tidy_text(fragment)
