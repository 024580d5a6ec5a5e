"""The links of an edition, and whether they lead anywhere."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from datetime import timedelta
from html.parser import HTMLParser
from typing import Protocol

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.digest.lint_report import LinkState, LinkStatus
from aggregator.errors import AggregatorError, Gone, RateLimited, SourceError, Unauthorized, Unreadable
from aggregator.fetch import Reply
from aggregator.fetch.faults import chain
from aggregator.model import Rendered
from aggregator.pipeline.enrich import worth_reading

PATIENCE = timedelta(seconds=60)
"""How long all links together are waited for; what has not answered by then is not known."""
WIDTH = 12
"""Links that are looked at at the same time."""


class Pages(Protocol):
    """Who asks for pages; `fetch.client.Client` is it."""

    def page(self, url: str) -> Reply:
        """A linked page, or why not, as a `SourceError`."""


class _Targets(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "area"):
            self.found += [(value or "").strip() for name, value in attrs if name == "href"]


def targets(html: str) -> tuple[str, ...]:
    """Where the links of markup lead, as they are written, in order."""
    reader = _Targets()
    reader.feed(html)
    reader.close()
    return tuple(reader.found)


def links_of(rendered: Rendered) -> tuple[str, ...]:
    """Addresses of pages that an edition links to, each once, in order; without those that are each reader's own.

    They are those of the HTML: the plain text has the same, and beside them what titles mention.
    """
    return tuple(dict.fromkeys(one for one in targets(rendered.html) if one.startswith(("http://", "https://")) and not is_own(one)))


def is_own(url: str) -> bool:
    """True for an address that holds a reader's own token."""
    return LEAVE_MARK in url or CHANGE_MARK in url


def check_links(
    pages: Pages, urls: Iterable[str], *, intranet: bool = False, patience: timedelta = PATIENCE, width: int = WIDTH
) -> Mapping[str, LinkStatus]:
    """What the servers say of each address, asked once; never longer than `patience`, and nothing is raised.

    Media files and platforms that show programs nothing but a wall are not asked, and left out.

    Args:
        intranet: the operator has opened private networks (fetch.allow_networks).
    """
    wanted = tuple(url for url in dict.fromkeys(urls) if worth_reading(url, intranet=intranet))
    if not wanted:
        return {}
    pool = ThreadPoolExecutor(max_workers=min(width, len(wanted)), thread_name_prefix="links")
    asked = {url: pool.submit(_status, pages, url) for url in wanted}
    wait_for(asked.values(), timeout=patience.total_seconds())
    # What is under way ends by the client's own time-outs; what waits is not begun.
    pool.shutdown(wait=False, cancel_futures=True)
    return {url: _settled(future, patience) for url, future in asked.items()}


def _settled(future: Future[LinkStatus], patience: timedelta) -> LinkStatus:
    if future.done() and not future.cancelled():
        return future.result()
    return LinkStatus(state=LinkState.UNKNOWN, reason=f"no answer within {patience.total_seconds():g} s")


def _status(pages: Pages, url: str) -> LinkStatus:
    try:
        return LinkStatus(state=LinkState.GOOD, status=pages.page(url).status)
    except SourceError as error:
        return LinkStatus(state=_state(error), status=error.status, reason=str(error).rpartition(": ")[2])
    except AggregatorError as error:
        return LinkStatus(state=LinkState.UNKNOWN, reason=str(error))


def _state(error: SourceError) -> LinkState:
    match error:
        case Gone():
            return LinkState.DEAD
        case Unreadable(status=status) if status is not None and 200 <= status < 300:
            # A film, a sound, a page too large: it is there, and was not read.
            return LinkState.GOOD
        case Unauthorized() | RateLimited() | Unreadable():
            return LinkState.CLOSED
        case _:
            return LinkState.DEAD if _nowhere(error) else LinkState.UNKNOWN


def _nowhere(error: SourceError) -> bool:
    """True when there is no host of that name. EAI_AGAIN is what a machine without a network gets."""
    kinds = [one for one in chain(error) if isinstance(one, (socket.gaierror, UnicodeError))]
    return any(not isinstance(one, socket.gaierror) or one.errno in _NO_SUCH_HOST for one in kinds)


_NO_SUCH_HOST = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
