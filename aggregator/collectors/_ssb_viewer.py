"""Reading a channel through a web viewer of Scuttlebutt (ssb-viewer 1.0.0): a page names the messages, each has a thread as JSON.

What a viewer does not tell is whether an author agreed to be shown on the web, unless it adds it to the thread; so an entry carries the
objection until the steward says that all have agreed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from aggregator.collectors._json import a_list, an_object, member, read_each, text
from aggregator.collectors._ssb_message import MESSAGE, Person, entry_of, is_post_under, parts_of
from aggregator.collectors.base import Cursor, pack, unpack
from aggregator.errors import Gone, SourceError, Unavailable, Unreadable
from aggregator.fetch import Http
from aggregator.model import Entry, GapReason, Missed, Page, Restriction

AT_ONCE = 10
"""Messages whose threads one page of ours holds."""
MOST_KNOWN = 300
"""The most that the viewer shows of a channel."""
DOING = "reading the viewer's channel"
# The time of a message links to it; every other link in the page may lead elsewhere.
_MESSAGE_LINK = re.compile(r"<time[^>]*\bssb-timestamp\b[^>]*>\s*<a[^>]*\bhref=\"[^\"]*?/?(%25[^\"?#]+)\"")


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """A channel, as one viewer shows it."""

    base: str
    channel: str

    def poll(self, http: Http, cursor: Cursor, *, whole: bool = False) -> Iterator[Page]:
        """Messages that were not seen before, in parts.

        Args:
            whole: everything the viewer shows, and not the newest ten alone.
        """
        said = unpack(cursor)
        known, left = (tuple(one for one in listed(said.get(name)) if isinstance(one, str)) for name in ("known", "left"))
        ids = self._ids(http, whole=whole or not known)
        if ids is None and not left:
            return
        shown, missed = self._further(http, ids or (), {*known, *left}) if known and not whole else (ids or (), None)
        # What was left when reading was cut stays to be read: the page may show it no more, or say that it is as it was.
        fresh = [id for id in dict.fromkeys((*shown, *left)) if id not in known]
        for start in range(0, len(fresh), AT_ONCE):
            part, rest = fresh[start : start + AT_ONCE], fresh[start + AT_ONCE :]
            entries, remarks = self._read(http, part)
            known = (*part, *known)[:MOST_KNOWN]
            place = pack(known=known, left=rest) if rest else pack(known=known)
            yield Page(entries=entries, cursor=place, remarks=remarks, missed=None if rest else missed)
        if not fresh and not whole:
            yield Page(entries=(), cursor=cursor)

    def _further(self, http: Http, ids: Sequence[str], known: Set[str]) -> tuple[Sequence[str], Missed | None]:
        """The newest ids, or, where none of them is known, all that the viewer shows; and what went by when none of these is, either."""
        if not ids or not known.isdisjoint(ids):
            return ids, None
        shown = self._ids(http, whole=True) or ids
        return shown, Missed(reason=GapReason.TURNED_OVER) if known.isdisjoint(shown) else None

    def _ids(self, http: Http, *, whole: bool) -> list[str] | None:
        """Ids of messages, newest first; None when the page is the same as before."""
        url = f"{self.base}/channel/{quote(self.channel, safe='')}"
        reply = http.get(f"{url}?showAll" if whole else url, accept="text/html")
        if reply.unchanged:
            return None
        markup = reply.body.decode("utf-8", "replace")
        if ("<article" not in markup and "ssb-viewer" not in markup) or not markup.rstrip().endswith("</html>"):
            raise Unreadable(f"{DOING}: expected the page of a channel, got {reply.media_type or 'no content type'!r}")
        found = [unquote(html.unescape(one)) for one in _MESSAGE_LINK.findall(markup)]
        if "<article" in markup and not found:
            raise Unreadable(f"{DOING}: expected messages with their times, found none in the page's markup")
        return [one for one in dict.fromkeys(found) if MESSAGE.fullmatch(one)]

    def _read(self, http: Http, ids: Sequence[str]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        rows: list[Any] = []
        failed: list[SourceError] = []
        for id in ids:
            try:
                rows += [self._message(http, id)]
            except (Gone, Unavailable) as error:
                # An unknown id is a 500 (ssb-viewer 1.0.0); it costs itself, unless all are.
                if not isinstance(error, Gone) and error.status != 500:
                    raise
                failed.append(error)
        if failed and not rows:
            raise failed[0]
        entries, remarks = read_each(rows, self._entry, noun="message")
        return entries, (*remarks, *(f"a message was not read: {error}" for error in failed))

    def _message(self, http: Http, id: str) -> Any:
        """One message out of the JSON of its thread."""
        reply = http.get(f"{self.base}/{quote(id, safe='')}.json", accept="application/json")
        if reply.unchanged:
            return {}
        for row in a_list(reply.json(DOING), DOING):
            if an_object(row, DOING).get("key") == id:
                return row
        raise Unreadable(f"{DOING}: expected a thread with the message that was asked for")

    def _entry(self, row: dict[str, Any]) -> Entry | None:
        if not row:
            return None
        _, _, content = parts_of(row)
        author = member(row.get("author"))
        agreed = author.get("publicWebHosting")
        if not is_post_under(content, self.channel) or agreed is False:
            return None
        name = (text(author.get("name")) or "").removeprefix("@") or None
        entry = entry_of(row, Person(name=name), viewer=self.base)
        return entry if agreed is True else replace(entry, restrictions=(Restriction.NOT_DISCOVERABLE,))


def listed(value: Any) -> list[Any]:
    """A list, or an empty one for anything else."""
    return value if isinstance(value, list) else []
