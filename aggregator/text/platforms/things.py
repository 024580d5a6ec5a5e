"""Documents, books, films, wares and meetings: Google's documents, Notion, Trello, Amazon, Goodreads, IMDb, Meetup, Eventbrite."""

from __future__ import annotations

import re

from aggregator.text.address import Address, values
from aggregator.text.platforms import keeping, page

_DOCUMENT = re.compile(r"/(document|presentation|spreadsheets|forms|drawings|file|folders|script)/(?:.*/)?d/(e/)?([\w-]+)", re.ASCII)
_FOLDER = re.compile(r"/(?:folders|folderview)/([\w-]+)", re.ASCII)


def google_documents(a: Address, host: str, s: list[str]) -> str | None:
    """A file by its id, which all kinds share; what was published to the web lives in another space of ids."""
    path = "/" + "/".join(s)
    match = _DOCUMENT.search(path)
    if match is not None:
        if match[2]:
            return f"https://docs.google.com/{match[1]}/d/e/{match[3]}"
        return f"https://drive.google.com/open?id={match[3]}"
    folder = _FOLDER.search(path)
    if folder is not None:
        return f"https://drive.google.com/open?id={folder[1]}"
    identifier = values(a.query).get("id", "")
    if s[-1:] in (["open"], ["uc"], ["folderview"], ["leaf"]) and re.match(r"[\w-]+\Z", identifier, re.ASCII):
        return f"https://drive.google.com/open?id={identifier}"
    return None


_NOTION = re.compile(r"(?:.*-)?([0-9a-f]{32})\Z")


def notion(a: Address, host: str, s: list[str]) -> str | None:
    """A page by the thirty-two digits that end its path; `p` opens another page over it."""
    said = values(a.query)
    last = said.get("p") or (s[-1].replace("-", "")[-32:] if s and re.match(r"[0-9a-f-]{36}\Z", s[-1]) else s[-1] if s else "")
    match = _NOTION.match(last)
    return f"https://notion.so/{match[1]}" if match is not None else None


def trello(a: Address, host: str, s: list[str]) -> str | None:
    """Boards and cards by their short code."""
    if len(s) > 1 and s[0] in ("b", "c") and re.match(r"[0-9A-Za-z]{8}\Z", s[1]):
        comment = f"#{a.fragment}" if re.match(r"comment-[0-9a-f]+\Z", a.fragment or "") else ""
        return f"https://trello.com/{s[0]}/{s[1]}{comment}"
    return None


def internet_archive(a: Address, host: str, s: list[str]) -> str | None:
    """An item by its name, seen, embedded or as a list of its files; one file of it stands apart."""
    if len(s) == 2 and s[0] in ("details", "embed", "download", "stream"):
        return f"https://archive.org/details/{s[1]}"
    return None


_ASIN = re.compile(
    r"/(?:dp(?:/product)?|gp/(?:product(?:/glance)?|aw/d|offer-listing)|exec/obidos/(?:ASIN|tg/detail/-)|o/ASIN|d|-/dp)"
    r"/([0-9A-Z]{10})(?:/|\Z)",
    re.IGNORECASE,
)
_SHOP = re.compile(r"(?:[\w-]+\.)?(amazon\.(?:com?\.)?[a-z]{2,3})\Z")


def amazon(a: Address, host: str, s: list[str]) -> str | None:
    """A ware by its number within one country's shop."""
    shop = _SHOP.match(host)
    match = _ASIN.search("/" + "/".join(s) + "/")
    return f"https://{shop[1]}/dp/{match[1].upper()}" if shop is not None and match is not None and "product-reviews" not in s else None


def goodreads(a: Address, host: str, s: list[str]) -> str | None:
    """Books and authors by the number before their name."""
    if len(s) == 3 and s[1] == "show" and s[0] in ("book", "author", "review", "list", "series", "quotes"):
        match = re.match(r"(\d+)(?:[.-].*)?\Z", s[2])
        return f"https://goodreads.com/{s[0]}/show/{match[1]}" if match is not None else None
    return None


def imdb(a: Address, host: str, s: list[str]) -> str | None:
    """Films and people by number, whatever the language."""
    rest = s[1:] if s and re.match(r"[a-z]{2}(?:-[a-z]{2})?\Z", s[0]) else s
    if len(rest) == 2 and rest[0] in ("title", "name") and re.match(r"(?:tt|nm)\d+\Z", rest[1]):
        return f"https://imdb.com/{rest[0]}/{rest[1]}"
    return None


_LOCALE = re.compile(r"[a-z]{2}-[A-Z]{2}\Z|[a-z]{2}\Z")


def meetup(a: Address, host: str, s: list[str]) -> str | None:
    """A meeting by group, without regard to case, and number; the language before it is the reader's."""
    rest = s[1:] if len(s) > 1 and _LOCALE.match(s[0]) else s
    if len(rest) > 2 and rest[1] == "events" and re.match(r"[0-9a-z]+\Z", rest[2]) and rest[2] not in ("past", "calendar", "upcoming"):
        tail = "" if len(rest) == 3 or rest[3] in ("attendees", "photos") else "/" + "/".join(rest[3:])
        return f"https://meetup.com/{rest[0].lower()}/events/{rest[2]}{tail}"
    return f"https://meetup.com/{rest[0].lower()}" if len(rest) == 1 and rest[0] not in ("find", "topics", "login") else None


def eventbrite(a: Address, host: str, s: list[str]) -> str | None:
    """A meeting, a series or a host by the number that ends its name, in whatever country's site."""
    if len(s) > 1 and s[0] in ("e", "event", "o", "cc", "tickets-external", "x"):
        match = re.search(r"(?:\A|-)(\d{6,})\Z", s[1])
        kind = "e" if s[0] in ("event", "tickets-external", "x") else s[0]
        return f"https://eventbrite.com/{kind}/{match[1]}" if match is not None else None
    return None


def play_store(a: Address, host: str, s: list[str]) -> str | None:
    """An application by its name; language and country are the reader's."""
    if host == "play.google.com" and s[-1:] == ["details"] and "id" in values(a.query):
        return page(host, "/" + "/".join(s), keeping(a, "id"))
    return None
