"""A small community's site: its settings, its sources, and stories of every kind, as a steward's machine would hold them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from aggregator.model import Author, Kind, Link, Story, Topic
from aggregator.publish.dates import when
from aggregator.publish.sources import SourceView
from aggregator.settings import Markdown, SeeAlso, Settings, Site
from tests.support.stories import chosen_by_hand, found, joined, key_of, mentioned, posted, published_entry

TEMPLATES = Path(__file__).parents[2] / "templates"
INTRO = "Articles, talks and conversations about microsolidarity from around the web, for everybody who practises it or wonders what it is."


def site_of(**fields: object) -> Site:
    """A community's site, served somewhere."""
    given: dict[str, object] = {
        "title": "Discussing #microsolidarity",
        "intro": INTRO,
        "url": "https://example.org/discussing/",
        "home": SeeAlso(title="forum.example.org", url="https://forum.example.org"),
        "see_also": (SeeAlso(title="#microsolidarity on Search", url="https://search.example.com/?q=%23microsolidarity"),),
    }
    return Site(**(given | fields))  # type: ignore[arg-type]  # the fields of Site, as a test names them


def settings_in(folder: Path, *, site: Site | None = None, into: Path | None = None, templates: Path = TEMPLATES) -> Settings:
    """Settings whose output is in `folder`."""
    return Settings(
        file=folder / "sources.yaml",
        site=site or site_of(),
        topics=(Topic(id="microsolidarity", title="microsolidarity", any_of=("microsolidarity",)),),
        sources=(),
        markdown=Markdown(into=into),
        output=folder / "output",
        state=folder / "state",
        templates=templates,
    )


def source_view(id: str = "feed-1", **fields: object) -> SourceView:
    """A source that was read."""
    given: dict[str, object] = {
        "id": id,
        "label": "A lone blog",
        "platform": "feed",
        "platform_title": "Feed",
        "place": "A lone blog",
        "address": "https://blog.example.org/",
        "feed": "https://blog.example.org/feed.xml",
    }
    return SourceView(**(given | fields))  # type: ignore[arg-type]  # the fields of SourceView, as a test names them


def on_mastodon(id: str = "masto", **fields: object) -> SourceView:
    """A hashtag timeline that was read."""
    given: dict[str, object] = {
        "label": "Mastodon, #microsolidarity on social.example",
        "platform": "mastodon",
        "platform_title": "Mastodon",
        "place": "Mastodon",
        "address": "https://social.example/tags/microsolidarity",
        "feed": "https://social.example/tags/microsolidarity.rss",
    }
    return source_view(id, **(given | fields))


def failed_since(day: int = 17, reason: str = "the server did not answer within 60 seconds.") -> SourceView:
    """A source that could not be read since a day of November 2026."""
    return source_view(
        "loomio",
        label="Loomio, Microsolidarity",
        platform="loomio",
        platform_title="Loomio",
        place="Loomio",
        address="https://forum.example.org/",
        feed=None,
        failing_since=when(datetime(2026, 11, day, 8, tzinfo=UTC), UTC),
        reason=reason,
        last_read=when(datetime(2026, 11, day - 1, 8, tzinfo=UTC), UTC),
    )


def some_sources() -> Sequence[SourceView]:
    """Read, failing and waiting for a key."""
    waits = "Not read until BLUESKY_APP_PASSWORD is set. Make an app password in the settings of your account."
    bluesky = source_view(
        "bsky", label="Bluesky, #microsolidarity", platform="bluesky", platform_title="Bluesky", place="Bluesky", feed=None, waits_for=waits
    )
    return (source_view(), on_mastodon(), failed_since(), bluesky)


def some_stories() -> tuple[Story, ...]:
    """Chosen and found, of every kind and in three languages, over three years."""
    return (*_chosen(), *_talked_about(), *_alone())


def _at(month: int, day: int, hour: int = 10, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, 20, 7, tzinfo=UTC)


def _chosen() -> tuple[Story, ...]:
    talk, art, video = (
        "https://talks.example.org/pods",
        "https://essays.example.org/attunement",
        "https://www.youtube.com/watch?v=abcdefghijk",
    )
    liked = posted("Still the best thing on belonging I have read this year.", author=Author(name="Mei", handle="mei@social.example"))
    return (
        chosen_by_hand(
            "Discussion about pods",
            talk,
            note=f"[Discussion about pods]({talk}), sharing what they learned about how to run a good crew.",
        ),
        chosen_by_hand(
            "Attunement",
            art,
            position=1,
            kind=Kind.ARTICLE,
            who="T. Example",
            note=f"T. Example writes [Attunement]({art}): a pattern language for the *art of belonging*.",
            mentions=(mentioned(liked, source="masto", about=art, at=_at(11, 2)),),
        ),
        chosen_by_hand(
            "Practical methods",
            "enspiral-summer-retreat-2019.md",
            position=2,
            note="A talk about [practical methods for new crews](enspiral-summer-retreat-2019.md)",
        ),
        chosen_by_hand(
            "Video",
            video,
            position=3,
            kind=Kind.VIDEO,
            note=f"A small group discussed the proposal: [Video]({video}) \\| [Rough transcript](https://docs.example.org/d/1)",
        ),
    )


def _talked_about() -> tuple[Story, ...]:
    url = "https://medium.com/enspiral-tales/crews-that-last-5f1c9d2e7a10"
    article = published_entry(url, title="Crews that last", author=Author(name="Nadia"), published=_at(11, 19), site="Enspiral Tales")
    jonas = posted("A generous account of what keeps a pod alive.", "https://social.example/@jonas/1", handle="jonas@social.example")
    kathrin = posted("Die Frage nach dem Geld ist ehrlich.", "https://ruhr.example/@k/3", handle="k@ruhr.example", language="de")
    described = Link(key=key_of(url), href=url, description="What we learned from four small crews, and why we closed the fifth.")
    story = joined(
        mentioned(article, at=_at(11, 19, 12)),
        mentioned(jonas, source="masto", about=url, at=_at(11, 19, 14)),
        mentioned(kathrin, source="masto", about=url, at=_at(11, 20, 15)),
        link=described,
    )
    clinic = posted(
        "We tried the Case Clinic with eleven neighbours who had never met. Two hours later nobody wanted to leave.",
        "https://social.example/@amara/77",
        author=Author(name="Amara", handle="amara@social.example"),
        published=_at(11, 3),
    )
    asked = posted("Which questions did you use?", "https://social.example/@bo/78", kind=Kind.COMMENT)
    answers = (mentioned(clinic, source="masto", at=_at(11, 3, 11)), mentioned(asked, source="masto", about=clinic.url, at=_at(11, 3, 13)))
    return story, joined(*answers)


def _alone() -> tuple[Story, ...]:
    circle = published_entry("https://pod.example.org/e/1", title="Money in the middle", kind=Kind.EPISODE, published=_at(11, 9))
    elsewhere = Link(key="https://open.example.com/episode/1", href="https://open.example.com/episode/1", site="Open Podcasts")
    asked, klein, arabic = _at(10, 28), _at(10, 20), _at(10, 12)
    return (
        joined(mentioned(circle, at=_at(11, 9, 12)), others=(elsewhere,)),
        found("https://forum.example.net/t/9", title="Who is in?", kind=Kind.THREAD, site="Forum", published=asked, at=asked),
        found("https://blog.example.de/klein", title="Kleine Gruppen, große Wirkung", language="de", published=klein, at=klein),
        found(
            "https://blog.example.org/ar",
            title="التضامن الصغير: كيف نبني مجموعات تدوم",
            text="ماذا يحدث؟",
            language="ar",
            published=arabic,
            at=arabic,
        ),
        found("https://old.example.org/1", title="An older essay", published=_at(3, 4, year=2025), quiet=True),
        found("https://old.example.org/2", title="A much older essay", published=_at(6, 4, year=2024), quiet=True),
    )
