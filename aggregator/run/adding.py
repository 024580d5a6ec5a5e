"""A link put on the page by hand: the same mention, identity and story as anything that was found."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aggregator.app import App
from aggregator.errors import ConfigError, SourceError
from aggregator.fetch import Learned
from aggregator.model import Author, Entry, Field, Kind, Link, Mention, Page, Source, Takes
from aggregator.pipeline.embedding import embed_of
from aggregator.pipeline.enrich import enriched, not_enriched, page_to_read, worth_reading
from aggregator.pipeline.poll import landing_of
from aggregator.run.embeds import read_embed
from aggregator.text.page_address import kind_at
from aggregator.text.secret_address import is_secret, masked
from aggregator.text.urls import canonical, host_of, is_public_web

# The source of links that were added by hand; it is not polled and not listed.
BY_HAND = "by-hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a link."""

    key: str
    story: str | None
    # False: it was known already, and nothing changed.
    new: bool
    # One line for people.
    message: str


def add_link(app: App, url: str, *, title: str | None, who: str | None, kind: Kind | None, agreed: bool = False) -> Added:
    """Add `url` as a story, with what its page says of itself where that can be read.

    Args:
        agreed: what looks like a secret in the address is none, or everybody may have it.

    Raises:
        ConfigError: it is not a public web address, it holds a secret, or it was taken down.
    """
    found = canonical(url)
    if not is_public_web(found.href):
        raise ConfigError(f"{url!r} is not a web address that others can open; write it in full, with https://")
    if is_secret(found.href) and not agreed:
        raise ConfigError(
            f"{masked(found.href, '…')} holds a secret where the … stands, and the page would show it to everybody. Add the address "
            "without it; if it is no secret, add --yes."
        )
    refusals = app.refusals()
    if refusals.covers_key(found.key):
        raise _refused(url)
    known = app.store.story_of(found.key)
    if known is not None:
        return Added(key=found.key, story=known, new=False, message=_known(known, found.key))
    link, problem = _read(app, Link(key=found.key, href=found.href))
    if refusals.covers_link(link):
        raise _refused(url)
    entry = Entry(
        native_id=found.key,
        url=found.href,
        kind=kind or link.kind or kind_at(url) or Kind.ARTICLE,
        title=title or link.title or _by_address(found.href),
        text=link.description,
        author=Author(name=who or link.author) if who or link.author else None,
        published=link.published,
        language=link.language,
        site=link.site,
    )
    topics = tuple(topic.id for topic in app.settings.topics)
    source = Source(id=BY_HAND, platform=BY_HAND, options={}, topics=topics, takes=Takes.EVERYTHING, label="added by hand")
    app.store.register((*app.settings.sources, source), app.clock())
    page = Page(entries=(entry,), cursor="")
    landing = landing_of(page, source, Learned(), matcher=app.matcher(), at=app.clock(), quiet=False, refusals=refusals)
    if not landing.mentions:
        raise _refused(url)
    app.store.land(replace(landing, mentions=tuple(_by_hand(mention) for mention in landing.mentions)))
    said = f"Added {entry.title!r} as {entry.kind}."
    more = "" if title or not problem else f' Give it a title: aggregator retitle {masked(found.href, "…")} "TITLE".'
    return Added(key=found.key, story=app.store.story_of(found.key), new=True, message=f"{said} {problem}{more}".strip())


def _known(story: str, key: str) -> str:
    return f"It is known already: story {story} ({key}). `aggregator retitle`, `note` and `kind` change how it is shown."


def _by_address(href: str) -> str:
    """What a story is called of which nothing more is known: no two are called the same."""
    return host_of(href) if is_secret(href) else href.partition("://")[2].rstrip("/")


def _refused(url: str) -> ConfigError:
    return ConfigError(f"{url!r} was taken down on request, by itself, with its site or with its author, and is not put back; leave it out")


def _by_hand(mention: Mention) -> Mention:
    """The same, with the steward as the reason why it counts."""
    said = [replace(match, rule="added by hand") if match.field is Field.SOURCE else match for match in mention.matches]
    return replace(mention, matches=tuple(said))


def _read(app: App, link: Link) -> tuple[Link, str]:
    if embed_of(link.key):
        found, problem = read_embed(app.client, link, app.clock())
        if not problem and found.status == 404:
            raise ConfigError(f"X shows nobody the post {link.href!r}: it was deleted, or its author's posts are protected; leave it out")
        return found, f"Its author could not be asked for ({problem})." if problem else ""
    if not worth_reading(link.key, intranet=bool(app.settings.fetch.allow_networks)):
        return link, "Its page is not one that programs may read."
    try:
        return enriched(link, app.client.page(page_to_read(link.href)), app.clock()), ""
    except SourceError as error:
        return not_enriched(link, error, app.clock()), f"Its page could not be read ({error})."
