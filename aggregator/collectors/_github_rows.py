"""Results of GitHub's search as entries."""

from __future__ import annotations

import re
from typing import Any

from aggregator.collectors._json import Odd, instant, member, needed, number, tag_names, text, web_address
from aggregator.collectors._markdown import addresses
from aggregator.model import Author, Entry, Kind

_REPOSITORY = re.compile(r"https://github\.com/([^/\s]+/[^/\s]+)/")


def thread(row: dict[str, Any]) -> Entry | None:
    """An issue or a pull request; None when a program opened it."""
    who = member(row.get("user"))
    if _is_bot(who):
        return None
    body = text(row.get("body"))
    url = _address(row)
    found = _REPOSITORY.match(url)
    return Entry(
        native_id=f"issue:{_number(row)}",
        url=url,
        kind=Kind.THREAD,
        title=needed(row, "title"),
        text=body,
        author=_author(who),
        published=instant(row.get("created_at")),
        updated=instant(row.get("updated_at")),
        links=addresses(body or ""),
        site=found[1] if found else None,
    )


def repository(row: dict[str, Any]) -> Entry | None:
    """A repository; None when it is not for everybody, or a program's."""
    who = member(row.get("owner"))
    if row.get("private") is True or row.get("visibility") not in (None, "public") or _is_bot(who):
        return None
    topics = row.get("topics")
    home = web_address(row.get("homepage"))
    return Entry(
        native_id=f"repository:{_number(row)}",
        url=_address(row),
        kind=Kind.ARTICLE,
        title=needed(row, "full_name"),
        text=text(row.get("description")),
        author=_author(who),
        published=instant(row.get("created_at")),
        updated=instant(row.get("updated_at")),
        tags=tag_names(topics) if isinstance(topics, list) else (),
        links=(home,) if home else (),
        site="GitHub",
    )


def _is_bot(who: dict[str, Any]) -> bool:
    return who.get("type") == "Bot" or (text(who.get("login")) or "").endswith("[bot]")


def _author(who: dict[str, Any]) -> Author | None:
    """None for an account that was deleted, which has no name."""
    login = text(who.get("login"))
    return Author(name=login, handle=login, url=web_address(who.get("html_url"))) if login else None


def _number(row: dict[str, Any]) -> int:
    found = number(row.get("id"))
    if found is None:
        raise Odd("no id")
    return found


def _address(row: dict[str, Any]) -> str:
    url = web_address(row.get("html_url"))
    if url is None:
        raise Odd("no html_url")
    return url
