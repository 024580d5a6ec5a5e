"""The account that `page` gives, and the form in which `aggregator read` writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Kind
from aggregator.text.page_phrases import Wall

NOINDEX = "noindex"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAccount:
    """What a page says of itself; None and () where it does not say, or not credibly."""

    # Without the site's name.
    title: str | None = None
    # In the order the page has them.
    authors: tuple[str, ...] = ()
    # The site's name; its host where the page has no name for it.
    site: str | None = None
    # With the offset the page wrote; midnight UTC when only the day is known.
    published: datetime | None = None
    published_day_only: bool = False
    # Primary language subtag (BCP 47).
    language: str | None = None
    kind: Kind | None = None
    # Another address of the same site that the page declares to be its own.
    canonical: str | None = None
    # An address of another site that the page declares to be its own, which nobody has confirmed.
    claims: str | None = None
    # At most 500 characters.
    description: str | None = None
    image: str | None = None
    # "consent wall", "bot wall", "log-in page", "soft 404": then nothing else is said; "noindex".
    notes: tuple[str, ...] = ()

    @property
    def author(self) -> str | None:
        """The authors on one line."""
        return ", ".join(self.authors) or None

    @property
    def wall(self) -> bool:
        """True when something else stood where the page should be."""
        return any(note in set(Wall) for note in self.notes)


def account_line(account: PageAccount) -> dict[str, str | None]:
    """An account as JSON values, see `read_line`."""
    published = account.published
    return {
        "title": account.title,
        "author": account.author,
        "site": account.site,
        "published": None if published is None else _written(published, account.published_day_only),
        "language": account.language,
        "kind": account.kind.value if account.kind else None,
        "canonical": account.canonical,
        "description": account.description,
        "image": account.image,
    }


def _written(published: datetime, day_only: bool) -> str:
    return published.date().isoformat() if day_only else published.isoformat().replace("+00:00", "Z")
