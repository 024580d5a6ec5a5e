"""What can be read on Reddit, by its names and by its addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote

from aggregator.collectors import _options

_HOSTS = re.compile(r"(?:(?:www|old|new|np|m|sh|i)\.)?reddit\.com")
_SORT = r"(?:/(?:new|hot|top|rising|best))?(?:/?\.rss)?/?"


def subreddits(value: str) -> str:
    """Names of subreddits, sorted, with a plus between."""
    names = [one.strip().strip("/").removeprefix("r/") for one in re.split(r"[+,]", value)]
    wrong = [one for one in names if not re.fullmatch(r"[A-Za-z0-9_]{2,24}", one)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not a subreddit; write names without r/, several with a plus: 'cohousing+intentionalcommunity'")
    return "+".join(sorted(dict.fromkeys(one.lower() for one in names)))


def user(value: str) -> str:
    """The name of a person, without "u/"."""
    name = re.sub(r"\A/?u(?:ser)?/", "", value.strip())
    if not re.fullmatch(r"[A-Za-z0-9_-]{3,24}", name):
        raise ValueError(f"{value!r} is not a name on Reddit; write what stands after /user/ in the profile's address")
    return name


def what(value: str) -> str:
    """The word "comments"."""
    if value.strip().lower() != "comments":
        raise ValueError(f"{value!r} is not what can be read; write 'comments', or leave it out for posts")
    return "comments"


_CHECKS: Mapping[str, Callable[[str], str]] = {"subreddit": subreddits, "domain": _options.domain, "user": user, "what": what}
# Forms of paths; "search" stands where there are words to search for.
_FORMS = (
    r"(?:/r/(?P<subreddit>[^/]+))?/(?P<search>search)(?:/?\.rss)?/?",
    rf"/r/(?P<subreddit>[^/]+?)(?:/(?P<what>comments)(?:/?\.rss)?/?|{_SORT})",
    rf"/domain/(?P<domain>[^/]+?){_SORT}",
    r"/u(?:ser)?/(?P<user>[^/]+?)(?:/(?:submitted|comments|overview))?(?:/?\.rss)?/?",
)


def is_reddit(address: str) -> bool:
    """True for an address on one of Reddit's sites."""
    name = _options.split(address).hostname or ""
    return name == "redd.it" or _HOSTS.fullmatch(name) is not None


def recognised(address: str) -> Mapping[str, str] | None:
    """The options for a search, a subreddit (also several, also its comments or feed), a site's posts or a person's page; None for any
    other address."""
    parts = _options.split(address)
    if not _HOSTS.fullmatch(parts.hostname or ""):
        return None
    words = parse_qs(parts.query).get("q", [""])[0].strip()
    found = next(filter(None, (re.fullmatch(form, unquote(parts.path)) for form in _FORMS)), None)
    named = {name: value for name, value in found.groupdict().items() if value} if found else {}
    if not named or ("search" in named and not words):
        return None
    try:
        return {name: words if name == "search" else _CHECKS[name](value) for name, value in named.items()}
    except ValueError:
        return None
