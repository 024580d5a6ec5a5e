"""What a forum that runs Discourse lists: topics with a tag, posts that a search finds, the newest topics of a category."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote

from aggregator.collectors import _options
from aggregator.collectors._discourse_rows import Forum, entry_of_post, entry_of_topic, without_boilerplate
from aggregator.collectors._feeds import ACCEPT, feed_of
from aggregator.collectors._json import a_list, an_object, instant, members, number, read_each
from aggregator.collectors._sweep import Listing
from aggregator.collectors.base import pack
from aggregator.errors import Unavailable, Unreadable
from aggregator.fetch import Http
from aggregator.model import Kind, Page

READING_TAG, SEARCHING = "reading topics with a tag", "searching a forum"
SEARCH_PAGES = 10
"""A search gives no page after this one (app/controllers/search_controller.rb: 400)."""


def topics_with(tag: str, at: str, *, http: Http, forum: Forum) -> Listing | None:
    """One page of the topics with the tag, by latest activity. `at` is a page number; pinned topics stand first, out of order."""
    doing = READING_TAG
    number_at = int(at) if re.fullmatch(r"[0-9]{1,9}", at) else 0
    params = {"page": str(number_at)} if number_at else {}
    reply = http.get(f"{forum.base}/tag/{quote(tag)}.json", params=params, accept="application/json")
    if reply.unchanged:
        return None
    found = an_object(reply.json(doing), doing)
    listed = an_object(found.get("topic_list"), doing)
    rows = a_list(listed.get("topics"), doing)
    users = {number(user.get("id")): user for user in members(found.get("users"))}
    entries, remarks = read_each(rows, lambda row: entry_of_topic(row, forum, users=users, tag=tag), noun="topic")
    loose = [row for row in members(rows) if not (row.get("pinned") is True or row.get("pinned_globally") is True)]
    times = tuple(time for row in loose if (time := instant(row.get("bumped_at")) or instant(row.get("created_at"))))
    return Listing(entries=entries, remarks=remarks, times=times, after=_next_page(listed.get("more_topics_url"), number_at, doing))


def posts_found(search: str, at: str, *, http: Http, forum: Forum, began: dict[int, str]) -> Listing | None:
    """One page of a search, newest post first.

    Args:
        at: the page number.
        began: by number, with which post the pages of this poll began; those of an earlier poll may have moved by whole pages since.
    """
    doing = SEARCHING
    page = at.partition(" ")[0]
    number_at = int(page) if re.fullmatch(r"[0-9]{1,9}", page) else 1
    words = search if "order:" in search else f"{search} order:latest"
    params = {"q": words, "page": str(number_at)}
    reply = http.get(f"{forum.base}/search.json", params=params, accept="application/json")
    if reply.unchanged:
        return None
    found = an_object(reply.json(doing), doing)
    summary = an_object(found.get("grouped_search_result"), doing)
    if summary.get("error"):
        raise Unavailable(f"{doing}: {forum.site} is overloaded and gave no results")
    rows = a_list(found.get("posts", [] if not summary.get("post_ids") else None), doing)
    topics = {number(topic.get("id")): topic for topic in members(found.get("topics"))}
    entries, remarks = read_each(rows, lambda row: entry_of_post(row, forum, topics.get(number(row.get("topic_id")))), noun="post")
    first = str(next((number(row.get("id")) for row in members(rows)), ""))
    if first and first == began.get(number_at - 1):
        raise Unreadable(f"{doing}: page {number_at} is the page before it again")
    began[number_at] = first
    more = summary.get("more_full_page_results") is True and bool(rows)
    after = str(number_at + 1) if more and number_at < SEARCH_PAGES else ""
    times = tuple(time for row in members(rows) if (time := instant(row.get("created_at"))))
    return Listing(entries=entries, remarks=remarks, times=times, after=after, withheld=more)


def newest_in(category: str, *, http: Http, forum: Forum) -> Page:
    """The newest topics of the category with the text of their first posts, as RSS."""
    reply = http.get(f"{forum.base}/c/{quote(category)}.rss", accept=ACCEPT)
    feed = feed_of(reply, "reading the feed of a category")
    if feed is None:
        return Page(entries=(), cursor=pack(read=True))
    entries = tuple(
        replace(
            entry,
            kind=Kind.THREAD,
            # The category comes as a tag; it is not one.
            tags=(),
            html=without_boilerplate(entry.html, entry.url) if entry.html else None,
            site=forum.site,
        )
        for entry in feed.entries
    )
    return Page(entries=entries, cursor=pack(read=True), remarks=feed.remarks)


def _next_page(more: Any, page: int, doing: str) -> str:
    """The number of the next page, from the address the forum gives for it; "" at the end."""
    if more is None:
        return ""
    found = parse_qs(_options.split(f"https://forum.invalid{more}").query).get("page", [""])[0] if isinstance(more, str) else ""
    if not re.fullmatch(r"[0-9]{1,9}", found) or int(found) <= page:
        raise Unreadable(f"{doing}: expected the address of page {page + 1}, got another")
    return found
