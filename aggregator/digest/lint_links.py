"""The linter's rules about links: what a mail may hold at all, and what servers said of those that were looked at. Pure.

Links of one host of which the same was said are one finding. So are all of them when no host is found, since then it is us.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import TypeAlias
from urllib.parse import urlsplit

from aggregator.digest.links import links_of, targets
from aggregator.digest.lint_report import Draft, Finding, LinkState, LinkStatus, error, warning
from aggregator.fetch.status import shown
from aggregator.settings import Settings
from aggregator.text.urls import host_of

# Links that one finding names; the rest is counted.
_NAMED = 4


class _Whose(Enum):
    """Whom a link leads to."""

    # The page that this program writes.
    SITE = "site"
    # `aggregator serve`.
    SERVER = "server"
    OTHERS = "others"


# Whose links they are, what became of them, the host, and its reason.
_Said: TypeAlias = tuple[_Whose, LinkState, str, str]


def link_rules(draft: Draft) -> Iterator[Finding]:
    """What is wrong with its links."""
    for url in dict.fromkeys(targets(draft.rendered.html)):
        if not _followed(url):
            yield error("link-scheme", f"{shown(url)!r} is no link that a mail may hold. Write http, https or mailto, and a whole address.")
    asked = {url: draft.links[url] for url in links_of(draft.rendered) if url in draft.links}
    if ours := _ours(asked):
        yield ours
        return
    for (whose, state, _, reason), urls in _alike(asked, draft.settings).items():
        yield _answered(whose, state, urls, reason)


def _followed(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (parts.scheme in ("http", "https") and bool(parts.hostname)) or (parts.scheme == "mailto" and "@" in parts.path)


def _ours(asked: Mapping[str, LinkStatus]) -> Finding | None:
    """What is wrong with this machine's network, when it reached nobody; else None."""
    hosts = {host_of(url) for url in asked}
    if len(hosts) < 2:
        return None
    if all(one.state is LinkState.DEAD and one.status is None for one in asked.values()):
        return error(
            "dead-link",
            f"None of the {len(hosts)} hosts that its links lead to is found from here. Look whether this machine's DNS works; if it does, "
            "hide the stories.",
        )
    if all(one.state is LinkState.UNKNOWN and one.status is None for one in asked.values()):
        return warning(
            "dead-link",
            f"None of its {len(asked)} links could be looked at. Look whether this machine has a network.",
        )
    return None


def _alike(asked: Mapping[str, LinkStatus], settings: Settings) -> Mapping[_Said, Sequence[str]]:
    """Links that did not answer well, by whose they are and what was said of them."""
    groups: dict[_Said, list[str]] = {}
    for url, status in asked.items():
        if status.state in (LinkState.DEAD, LinkState.UNKNOWN):
            groups.setdefault((_whose(url, settings), status.state, host_of(url), status.reason), []).append(url)
    return groups


def _whose(url: str, settings: Settings) -> _Whose:
    if settings.digest and settings.digest.serve and url.startswith(settings.digest.serve.url):
        return _Whose.SERVER
    return _Whose.SITE if settings.site.url and url.startswith(settings.site.url) else _Whose.OTHERS


def _answered(whose: _Whose, state: LinkState, urls: Sequence[str], reason: str) -> Finding:
    one, dead = len(urls) == 1, state is LinkState.DEAD
    if whose is _Whose.SERVER:
        say = error if dead else warning
        return say("dead-link", f"{_named(urls)}, where readers subscribe and leave, does not answer ({reason}). Start `aggregator serve`.")
    if not dead:
        return warning("dead-link", f"{_named(urls)} could not be looked at ({reason}). Open {'it' if one else 'them'} yourself.")
    if whose is _Whose.SITE:
        what = f"{_named(urls)} is" if one else f"{len(urls)} pages of your site, as {shown(urls[0])}, are"
        return warning("dead-link", f"{what} not there yet ({reason}). Put the output where readers see it before they do.")
    what = "leads nowhere" if one else "lead nowhere"
    todo = "Hide the story, or lead it elsewhere." if one else "Hide the stories, or lead them elsewhere."
    return error("dead-link", f"{_named(urls)} {what} ({reason}). {todo}")


def _named(urls: Sequence[str]) -> str:
    """ "https://a.example/1, https://a.example/2 and 12 more"."""
    named, more = [shown(url) for url in urls[:_NAMED]], len(urls) - _NAMED
    if more > 0:
        return f"{', '.join(named)} and {more} more"
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
