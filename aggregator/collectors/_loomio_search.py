"""What a member's key finds on Loomio, as far as visitors can read it.

What a key finds may be private, so a result counts only when its discussion stands in a feed that is shown to visitors.
passed is kept in the cursor, because a feed that answers 304 cannot be looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from aggregator.collectors._feeds import ACCEPT, read_feed
from aggregator.collectors._json import a_list, an_object, instant, members, read_each, text, texts
from aggregator.collectors._loomio_address import KEY, THREAD
from aggregator.collectors._loomio_rows import entry_of_result, listed
from aggregator.collectors.base import Cursor, pack, unpack
from aggregator.errors import Gone, Unauthorized, Unreadable
from aggregator.fetch import Http
from aggregator.model import Page

READING, SEARCHING = "reading the feed of Loomio", "searching Loomio"


def found_by_member(words: str, cursor: Cursor, *, http: Http, host: str) -> Page:
    """What the key's owner finds, newest first, as far as visitors can read it."""
    position = unpack(cursor)
    floor, public = instant(position.get("floor")), set(texts(listed(position.get("public"))))
    params = {"query": words, "order": "authored_at_desc"}
    reply = http.get(f"https://{host}/api/b2/search", params=params, accept="application/json", auth=True)
    if reply.unchanged:
        return Page(entries=(), cursor=cursor)
    rows = a_list(an_object(reply.json(SEARCHING), SEARCHING).get("search_results"), SEARCHING)
    wanted = {key: text(row.get("group_key")) for row in members(rows) if (key := text(row.get("discussion_key")))}
    public |= _shown(http, host, {key: group for key, group in wanted.items() if key not in public})
    entries, remarks = read_each(rows, lambda row: entry_of_result(row, public, host=host), noun="result")
    times = [time for row in members(rows) if (time := instant(row.get("authored_at")))]
    if floor and times and min(times) > floor:
        remarks += ("more was found than a search shows; narrower words find it all",)
    newest = max([*times, *filter(None, [floor])], default=None)
    cursor = pack(public=sorted(public & set(wanted)), **({"floor": newest.isoformat()} if newest else {}))
    return Page(entries=entries, cursor=cursor, remarks=remarks)


def _shown(http: Http, host: str, wanted: Mapping[str, str | None]) -> set[str]:
    """The discussions among `wanted` (key to the key of their group) that stand in a feed for visitors: their group's, or their own."""
    shown: set[str] = set()
    for group in sorted({group for group in wanted.values() if group and KEY.fullmatch(group)}):
        shown |= _keys(http, host, f"g/{group}")
    for key in sorted(wanted.keys() - shown):
        if KEY.fullmatch(key):
            shown |= _keys(http, host, f"d/{key}") & {key}
    return shown & wanted.keys()


def _keys(http: Http, host: str, path: str) -> set[str]:
    """Keys of the discussions in a feed that is asked for as a visitor; none where visitors are turned away."""
    try:
        reply = http.get(f"https://{host}/{path}.xml", accept=ACCEPT)
        if reply.unchanged:
            return set()
        feed = read_feed(reply.body, url=reply.url, content_type=reply.headers.get("content-type", ""), doing=READING)
    except (Unauthorized, Gone, Unreadable):
        return set()
    found = [THREAD.fullmatch(urlsplit(entry.url).path) for entry in feed.entries]
    return {one["key"] for one in found if one}
