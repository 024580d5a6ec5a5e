"""In which thread, page or video a comment stands, where its own address says so. Nothing is asked, nothing guessed."""

from __future__ import annotations

import re
from typing import Final

from aggregator.text.platform_ids import platform_of
from aggregator.text.urls import canonical, host_of

# By platform: from the canonical URL of a comment to that of what it stands in; "…" is filled from the match.
_BY_KEY: Final[dict[str, tuple[tuple[re.Pattern[str], str], ...]]] = {
    "Reddit": ((re.compile(r"(https://reddit\.com/comments/\w+)/_/\w+\Z"), r"\1"),),
    "YouTube": ((re.compile(r"(https://youtube\.com/watch\?v=[\w-]{11})&lc=.+\Z"), r"\1"),),
    "Loomio": ((re.compile(r"(https://[^/]+/d/\w+)/(?:comment|-)/\d+\Z"), r"\1"),),
    "Substack": ((re.compile(r"(https://[^/]+/p/[^/]+)/comment/\d+\Z"), r"\1"),),
    "Instagram": ((re.compile(r"(https://instagram\.com/p/[\w-]+)/c/\d+\Z"), r"\1"),),
    "GitHub": (
        (re.compile(r"(https://github\.com/.+)#(?:issuecomment|discussion_r|discussioncomment|pullrequestreview|r)-?\d+\Z"), r"\1"),
    ),
    "GitLab": ((re.compile(r"(https://.+)#note_\d+\Z"), r"\1"),),
    "Forgejo": ((re.compile(r"(https://.+)#issuecomment-\d+\Z"), r"\1"),),
    "Telegram": ((re.compile(r"(https://t\.me/\w+/\d+)\?comment=\d+\Z"), r"\1"),),
    "Google Groups": ((re.compile(r"(https://groups\.google\.com/g/[^/]+/c/[^/]+)/m/.+\Z"), r"\1"),),
    "LinkedIn": ((re.compile(r"(https://linkedin\.com/.+)\?commentUrn=.+\Z"), r"\1"),),
    "Facebook": ((re.compile(r"(https://facebook\.com/(?:groups/[^/]+/posts/\d+|[^?]+))\?comment_id=.+\Z"), r"\1"),),
}
# Servers of open networks, known by the shape of the key alone.
_BY_SHAPE: Final = (
    (re.compile(r"(https://[^/]+(?:/[^/]+){0,2}/t/\d+)/\d+\Z"), r"\1"),
    (re.compile(r"(https://[^/]+/videos/watch/[0-9a-f-]{36});threadId=\d+\Z"), r"\1"),
)
# By what the address said before it was reduced: the key of the comment no longer names the thread.
_BY_ADDRESS: Final = (
    (re.compile(r"https?://(?:www\.)?lobste\.rs/s/(\w+)(?:/[^#]*)?#c_\w+"), r"https://lobste.rs/s/\1"),
    (re.compile(r"(https?://[\w.-]+)/questions/(\d+)/[^/?#]+/(\d+)(?:[?#].*)?\Z"), r"\1/q/\2"),
    (re.compile(r"(https?://[\w.-]+)/(?:questions|q)/(\d+)\b.*#(?:comment\d+_\d+|answer-\d+|\d+)\Z"), r"\1/q/\2"),
    # Not a blog's month.
    (re.compile(r"(https?://[\w.-]+)/post/(?!(?:19|20)\d\d/\d\d?/?\Z)(\d+)/(\d+)/?\Z"), r"\1/post/\2"),
)


def stands_in(url: str) -> str | None:
    """The canonical URL of what a comment's address says it belongs to; None where it is none, or does not say."""
    return thread_of(url, canonical(url).key)


def thread_of(url: str, key: str) -> str | None:
    """As `stands_in`, where the canonical URL of the comment is known."""
    known = platform_of(host_of(key).removeprefix("www."))
    for form, place in _BY_KEY.get(known[0], ()) if known else _BY_SHAPE:
        if form.match(key):
            return form.sub(place, key)
    for form, place in _BY_ADDRESS:
        found = form.match(url)
        if found is not None:
            return canonical(found.expand(place)).key
    return None
