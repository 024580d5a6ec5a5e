"""What was written into the form for a link, and what is wrong with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.text.urls import canonical, is_public_web
from aggregator.web.bodies import Fields, one
from aggregator.web.signup import TRAP, Problem, hurry
from aggregator.web.stamps import Stamps

# Characters; of the words as many as a form of ours may hold, and a steward likes to read.
LONGEST_URL, LONGEST_TITLE, LONGEST_NOTE = 2000, 200, 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """A form as it was sent."""

    url: str
    title: str = ""
    note: str = ""
    problems: tuple[Problem, ...] = ()
    # The stamp to send with the form when it is shown again; "": a new one.
    stamp: str = ""
    # A program filled it in.
    trapped: bool = False

    def with_problem(self, problem: Problem) -> Suggested:
        """One more problem, the first to be told."""
        return replace(self, problems=(problem, *self.problems))


def suggested_of(fields: Fields, stamps: Stamps, now: datetime, *, intranet: bool = False) -> Suggested:
    """The form, with all its problems.

    Args:
        intranet: an address of a private network is one, too.
    """
    url, title, note = (_clean(one(fields, name)) for name in ("url", "title", "note"))
    problems = [Problem(field="url", text=wrong)] if (wrong := _wrong(url, intranet=intranet)) else []
    for name, text, most in (("title", title, LONGEST_TITLE), ("note", note, LONGEST_NOTE)):
        if len(text) > most:
            problems.append(Problem(field=name, text=f"Say it in {most} characters; these are {len(text)}."))
    stamp, too_soon = hurry(one(fields, "shown"), stamps, now)
    return Suggested(
        url=url[:LONGEST_URL],
        title=title[: 2 * LONGEST_TITLE],
        note=note[: 2 * LONGEST_NOTE],
        problems=tuple(problems) or too_soon,
        stamp=stamp,
        trapped=bool(one(fields, TRAP)),
    )


def _wrong(url: str, *, intranet: bool) -> str:
    """What is wrong with an address, from itself alone."""
    if not url:
        return "Write the address of the page."
    if len(url) > LONGEST_URL:
        return "This address is too long. Copy it once more, from the page's own address line."
    found = canonical(url).href
    if "@" in url.partition("://")[2].partition("/")[0] or not found.startswith(("http://", "https://")):
        return "This is no web address. Copy it whole, with https:// in front."
    return "" if intranet or is_public_web(found) else "Nobody else can open this address. Write one that everybody can."


def _clean(text: str) -> str:
    """On one line, without signs that nobody sees."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
