"""Every post of one topic of a forum that runs Discourse.

A topic names the ids of all its posts, so its new posts are asked for by id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from aggregator.collectors._discourse_rows import Forum, entry_of_post
from aggregator.collectors._json import a_list, an_object, member, members, number, read_each
from aggregator.collectors.base import Cursor, pack, unpack
from aggregator.errors import Unreadable
from aggregator.fetch import Http
from aggregator.model import Page

READING_TOPIC = "reading a topic"
CHUNK = 20
"""Posts of a topic that are asked for at once, as many as its first page holds."""


def posts_of(topic: str, cursor: Cursor, *, http: Http, forum: Forum) -> Iterator[Page]:
    """Every post of the topic.

    What its first page does not hold is asked for by id; the ids still to be asked for are in the cursor.
    """
    position = unpack(cursor)
    last, waiting = number(position.get("last")), _numbers(position.get("waiting"))
    if not waiting:
        reply = http.get(f"{forum.base}/t/{topic}.json", accept="application/json")
        if reply.unchanged:
            yield Page(entries=(), cursor=cursor)
            return
        about = an_object(reply.json(READING_TOPIC), READING_TOPIC)
        stream = an_object(about.get("post_stream"), READING_TOPIC)
        rows, listed = a_list(stream.get("posts"), READING_TOPIC), a_list(stream.get("stream"), READING_TOPIC)
        ids = _numbers(listed)
        if not rows or not ids:
            raise Unreadable(f"{READING_TOPIC}: expected posts, got none")
        # The first posts come with every poll, so that an edit of them is seen.
        shown = {number(row.get("id")) for row in members(rows)}
        waiting, last = [id for id in _after(ids, last) if id not in shown], ids[-1]
        page = _page(forum, rows, about, last=last, waiting=waiting)
        odd = (f"{len(listed) - len(ids)} of {len(listed)} ids of posts are no numbers",) if len(ids) < len(listed) else ()
        yield replace(page, remarks=page.remarks + odd)
    while waiting:
        chunk, waiting = waiting[:CHUNK], waiting[CHUNK:]
        yield _chunk(topic, chunk, http=http, forum=forum, last=last, waiting=waiting)


def _chunk(topic: str, chunk: Sequence[int], *, http: Http, forum: Forum, last: int | None, waiting: Sequence[int]) -> Page:
    """The posts with the ids of `chunk`; a remark when some of them did not come."""
    url = f"{forum.base}/t/{topic}/posts.json"
    reply = http.get(url, params={"post_ids[]": [str(id) for id in chunk]}, accept="application/json")
    if reply.unchanged:
        return _page(forum, [], {}, last=last, waiting=waiting)
    stream = an_object(an_object(reply.json(READING_TOPIC), READING_TOPIC).get("post_stream"), READING_TOPIC)
    rows = a_list(stream.get("posts"), READING_TOPIC)
    came = {number(member(row).get("id")) for row in rows}
    if rows and not came & set(chunk):
        raise Unreadable(f"{READING_TOPIC}: asked for {len(chunk)} posts by id, got {len(rows)} others")
    page = _page(forum, rows, {"id": int(topic)}, last=last, waiting=waiting)
    missing = len(set(chunk) - came)
    doubt = (f"{missing} of {len(chunk)} posts asked for by id did not come",) if missing else ()
    return replace(page, remarks=page.remarks + doubt)


def _page(forum: Forum, rows: Sequence[Any], topic: dict[str, Any], *, last: int | None, waiting: Sequence[int]) -> Page:
    entries, remarks = read_each(rows, lambda row: entry_of_post(row, forum, topic), noun="post")
    rest = {"waiting": list(waiting)} if waiting else {}
    return Page(entries=entries, cursor=pack(last=last, **rest), remarks=remarks)


def _numbers(value: Any) -> list[int]:
    return [one for row in value if (one := number(row)) is not None] if isinstance(value, list) else []


def _after(ids: list[int], last: int | None) -> list[int]:
    """The posts after the last one that was there; where that was deleted or moved away, those with a greater id."""
    if last is None:
        return ids
    return ids[ids.index(last) + 1 :] if last in ids else [id for id in ids if id > last]
