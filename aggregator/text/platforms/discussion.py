"""Threads and what stands in them: Loomio, Reddit, Hacker News, Lobsters, Stack Exchange, GitHub, GitLab, Google Groups."""

from __future__ import annotations

import re
from typing import Final

from aggregator.text.address import Address, values
from aggregator.text.platforms import everything, page

_KEY = re.compile(r"[A-Za-z0-9]{6,10}\Z")
_LOOMIO_OWN: Final = frozenset(
    """
    d g p u m api dashboard inbox explore profile help join invitations login_tokens users rails assets client email_actions discussions
    groups polls comments threads contact tasks start_group try demo about pricing blog privacy terms robots.txt sitemap.xml manifest.json
    motions announcements notifications settings s
    """.split()
)
_LOOMIO_SITES: Final = frozenset(("www", "help", "app", "blog", "docs", "status", "api", "staging", "sandbox", "love", "cdn", "hire"))
_FEED = re.compile(r"\.(?:xml|json)\Z")


def loomio(a: Address, host: str, s: list[str]) -> str | None:
    """Host, type and key of a discussion, poll or group; the number of a comment where one is named. Keys keep their case."""
    name = ""
    for domain in (".loomio.org", ".loomio.com"):
        if host.endswith(domain):
            name, host = host.removesuffix(domain), "loomio.com"
    if host == "loomio.org":
        host = "loomio.com"
    if name in _LOOMIO_SITES:
        return None
    s = [_FEED.sub("", segment) for segment in s]
    if not s:
        return f"https://{host}{a.port}/{name.lower()}" if name else None
    site = f"https://{host}{a.port}"
    if len(s) > 1 and s[0] in ("d", "p", "g") and _KEY.match(s[1]):
        return _loomio_thing(site, s)
    if s[0] == "u" and len(s) == 2:
        return f"{site}/u/{s[1].lower()}"
    return f"{site}/{s[0].lower()}" if len(s) == 1 and not name and host == "loomio.com" and s[0] not in _LOOMIO_OWN else None


def _loomio_thing(site: str, s: list[str]) -> str:
    thing = f"{site}/{s[0]}/{s[1]}"
    rest = s[2:]
    if rest[:1] == ["comment"] and len(rest) == 2 and rest[1].isdigit():
        return f"{thing}/comment/{rest[1]}"
    if s[0] == "g":
        return f"{thing}/{'/'.join(rest)}" if rest[:1] == ["tags"] else thing
    return f"{thing}/-/{rest[1]}" if len(rest) > 1 and rest[1].isdigit() else thing


_REDDIT_ID = re.compile(r"[0-9a-z]{1,10}\Z", re.IGNORECASE)
_REDDIT_FORM = re.compile(r"\.(?:rss|json|compact|xml)\Z")


def reddit(a: Address, host: str, s: list[str]) -> str | None:
    """The number of a post, and of a comment where one is named; sub-reddits and people without regard to case."""
    if host in ("v.redd.it", "i.redd.it", "preview.redd.it", "external-preview.redd.it", "oauth.reddit.com", "out.reddit.com"):
        return None
    s = [_REDDIT_FORM.sub("", segment) for segment in s if segment not in (".rss", ".json", ".compact")]
    if host == "redd.it":
        return f"https://reddit.com/comments/{s[0].lower()}" if len(s) == 1 and _REDDIT_ID.match(s[0]) else None
    for index, segment in enumerate(s[:-1]):
        if segment in ("comments", "gallery", "tb", "video") and index in (0, 2) and _REDDIT_ID.match(s[index + 1]):
            return _reddit_post(s[index + 1].lower(), s[index + 2 :])
    if len(s) > 1 and s[0] in ("r", "u", "user"):
        place = [s[0].replace("user", "u"), s[1].lower(), *s[2:]]
        return page("reddit.com", "/" + "/".join(place), everything(a))
    return None


def _reddit_post(post: str, rest: list[str]) -> str:
    comment = rest[1].lower() if len(rest) > 1 and _REDDIT_ID.match(rest[1]) else ""
    return f"https://reddit.com/comments/{post}/_/{comment}" if comment else f"https://reddit.com/comments/{post}"


_HN_ITEM = re.compile(r"(?:\A|/)(?:api/v1/items|v0/item|item|items|story|comments|s)/(\d+)(?:\.json|/[^/]*)?\Z")


def hacker_news(a: Address, host: str, s: list[str]) -> str | None:
    """The number of an item, on the site, in its interfaces and on readers of it."""
    number = values(a.query).get("id", "") if s[-1:] == ["item"] else ""
    if not number.isdigit() and host != "news.ycombinator.com":
        match = _HN_ITEM.search("/".join(s)) or _HN_ITEM.search((a.fragment or "").lstrip("!/"))
        number = match[1] if match is not None else number
    number = re.sub(r"\D.*", "", number)
    return f"https://news.ycombinator.com/item?id={int(number)}" if number else None


def lobsters(a: Address, host: str, s: list[str]) -> str | None:
    """The short id of a story, or of the comment a fragment names."""
    if len(s) < 2 or s[0] not in ("s", "c", "comments"):
        return None
    comment = re.match(r"c_(\w+)\Z", a.fragment or "")
    if comment is not None and s[0] == "s":
        return f"https://{host}/c/{comment[1]}"
    return f"https://{host}/{s[0][0]}/{s[1].removesuffix('.json')}"


_ANSWER = re.compile(r"(?:answer-)?(\d+)\Z")
_COMMENT = re.compile(r"comment-?(\d+)(?:_\d+)?\Z")


def stack_exchange(a: Address, host: str, s: list[str]) -> str | None:
    """Question, answer or comment by number, on one site of the network."""
    host = host.replace(".m.", ".").removeprefix("m.")
    comment = _COMMENT.match(a.fragment or "")
    if len(s) == 3 and s[:2] == ["posts", "comments"] and s[2].isdigit():
        return f"https://{host}/posts/comments/{s[2]}"
    if len(s) < 2 or s[0] not in ("questions", "q", "a") or not s[1].isdigit():
        return None
    if comment is not None:
        return f"https://{host}/posts/comments/{comment[1]}"
    answer = _ANSWER.match(a.fragment or "")
    if s[0] == "a":
        return f"https://{host}/a/{s[1]}"
    if s[0] == "questions" and len(s) > 3 and s[3].isdigit():
        return f"https://{host}/a/{s[3]}"
    return f"https://{host}/a/{answer[1]}" if answer is not None and answer[1] != s[1] else f"https://{host}/q/{s[1]}"


# Fragments that name something said in a thread, not a place on its page.
_GITHUB_SAID = re.compile(r"(?:issuecomment-|discussion_r|discussioncomment-|pullrequestreview-|commitcomment-|r|gistcomment-)\d+\Z")


def github(a: Address, host: str, s: list[str]) -> str | None:
    """Owner and repository without regard to case; an issue and a pull request share their numbers; a comment stands apart."""
    if host == "api.github.com":
        s = ["" if part == "pulls" else part for part in s[1:]] if s[:1] == ["repos"] and len(s) > 2 else []
        s = [part or "pull" for part in s]
    elif host == "gist.github.com":
        return _gist(a, s)
    elif host != "github.com":
        return None
    if len(s) < 2:
        return f"https://github.com/{s[0].lower()}" if len(s) == 1 and a.query is None else None
    home = f"https://github.com/{s[0].lower()}/{s[1].lower().removesuffix('.git')}"
    fragment = a.fragment or ""
    said = f"#{fragment}" if _GITHUB_SAID.match(fragment) else ""
    if (
        len(s) > 3
        and s[2] in ("issues", "pull")
        and s[3].isdigit()
        and (len(s) == 4 or (s[4] in ("files", "commits", "checks", "changes") and len(s) == 5))
    ):
        return f"{home}/issues/{s[3]}{said}"
    if len(s) > 3 and s[2] == "discussions" and s[3].isdigit():
        return f"{home}/discussions/{s[3]}{said}"
    if len(s) > 3 and s[2] == "commit" and len(s) == 4:
        return f"{home}/commit/{s[3]}{said}"
    if len(s) == 2:
        shown = values(a.query).get("tab", "")
        return page(home.removeprefix("https://"), "", everything(a) if not shown.startswith("readme") else "")
    return page("github.com", "/" + "/".join([s[0].lower(), s[1].lower(), *s[2:]]), everything(a))


def _gist(a: Address, s: list[str]) -> str | None:
    said = f"#{a.fragment}" if _GITHUB_SAID.match(a.fragment or "") else ""
    for segment in s[:2]:
        if re.match(r"[0-9a-f]{7,40}\Z", segment) and (
            segment is s[-1] or s[-1] in ("revisions", "stargazers", "forks") or segment is s[1]
        ):
            return f"https://gist.github.com/{segment}{said}"
    return f"https://gist.github.com/{s[0].lower()}" if len(s) == 1 else None


def gitlab(a: Address, host: str, s: list[str]) -> str | None:
    """Issues and merge requests by project and number, with and without the mark `-`; a note stands apart."""
    parts = [part for part in s if part != "-"]
    for index, part in enumerate(parts[:-1]):
        if part in ("issues", "merge_requests", "work_items") and index > 1 and parts[index + 1].isdigit():
            project = "/".join(parts[:index]).lower()
            note = f"#{a.fragment}" if re.match(r"note_\d+\Z", a.fragment or "") else ""
            kind = "issues" if part == "work_items" else part
            return f"https://{host}/{project}/-/{kind}/{parts[index + 1]}{note}"
    return None


def codeberg(a: Address, host: str, s: list[str]) -> str | None:
    """Issues and pull requests of Forgejo share their numbers; owners and repositories have no case."""
    if len(s) > 3 and s[2] in ("issues", "pulls") and s[3].isdigit() and len(s) == 4:
        said = f"#{a.fragment}" if re.match(r"issuecomment-\d+\Z", a.fragment or "") else ""
        return f"https://{host}/{s[0].lower()}/{s[1].lower()}/issues/{s[3]}{said}"
    return f"https://{host}/{s[0].lower()}/{s[1].lower().removesuffix('.git')}" if len(s) == 2 else None


_GROUPS_ROUTE = re.compile(r"!(?:topic|msg)/([^/]+)/([^/]+)(?:/([^/]+))?\Z")


def google_groups(a: Address, host: str, s: list[str]) -> str | None:
    """Group and topic, with the message where one is named, in the old route and in the new path."""
    match = _GROUPS_ROUTE.match(a.fragment or "")
    if match is not None:
        group, topic, message = match[1], match[2], match[3]
    elif len(s) > 3 and s[-4:][0] == "g" and s[-2] == "c":
        group, topic, message = s[-3], s[-1], None
    elif len(s) > 5 and s[-6] == "g" and s[-4] == "c" and s[-2] == "m":
        group, topic, message = s[-5], s[-3], s[-1]
    elif len(s) > 3 and s[:1] == ["d"] and s[1] in ("topic", "msg"):
        group, topic, message = s[2], s[3], s[4] if len(s) > 4 else None
    else:
        return None
    return f"https://groups.google.com/g/{group.lower()}/c/{topic}" + (f"/m/{message}" if message else "")
