"""A steward's folder whose days are counted: sources on loopback, a real store, a run a day, and what readers then see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from aggregator.app import App, build
from aggregator.config import load
from aggregator.model import SourceState
from aggregator.run.once import Ran, run_once
from tests.support.server import Script, Server

BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)
SITE = "https://page.example/discussing/"


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry as a feed writes it."""

    title: str
    # None: the element is left out.
    link: str | None
    guid: str | None = None
    text: str = ""
    date: datetime | None = None
    language: str = ""

    def xml(self) -> str:
        parts = [f"<title>{escape(self.title)}</title>", f"<description>{escape(self.text)}</description>"]
        parts += [f"<link>{escape(self.link)}</link>"] if self.link is not None else []
        parts += [f"<guid isPermaLink='false'>{escape(self.guid)}</guid>"] if self.guid is not None else []
        parts += [f"<pubDate>{format_datetime(self.date)}</pubDate>"] if self.date is not None else []
        return f"<item>{''.join(parts)}</item>"


def rss(items: Iterable[Item], *, title: str = "A blog", home: str = "https://blog.example/") -> bytes:
    inner = "".join(item.xml() for item in items)
    return f"<rss version='2.0'><channel><title>{escape(title)}</title><link>{home}</link>{inner}</channel></rss>".encode()


@dataclass(kw_only=True)
class Days:
    """The folder, the server of the sources and the day it is."""

    folder: Path
    server: Server
    # Paths of feeds by the id of the source.
    feeds: dict[str, str] = field(default_factory=lambda: {"blog": "/feed"})
    any_of: str = "crews"
    extra: str = ""
    today: datetime = BEGAN

    def serves(self, body: bytes | Script, path: str = "/feed") -> None:
        self.server.on(path, body if isinstance(body, Script) else Script(body=body))

    def run(self, *, days: float = 1) -> Ran:
        """A run, some days after the last one."""
        self.today += timedelta(days=days)
        with self.app() as app:
            return run_once(app, force=True)

    def app(self) -> Any:
        sources = "".join(f"  - {{platform: feed, id: {id}, url: '{self.server.url(path)}'}}\n" for id, path in self.feeds.items())
        (self.folder / "sources.yaml").write_text(
            f"site: {{title: A, url: '{SITE}'}}\ntopics: {{topic: {{any_of: [{self.any_of}]}}}}\n"
            f"fetch: {{allow_networks: [127.0.0.0/8]}}\n{self.extra}sources:\n{sources}",
            encoding="utf-8",
        )
        return build(load(self.folder / "sources.yaml", environ={}), clock=lambda: self.today)

    def state(self, source: str = "blog") -> SourceState:
        app: App
        with self.app() as app:
            return app.store.state(source)

    def stories(self) -> list[dict[str, Any]]:
        return list(json.loads((self.folder / "output" / "stories.json").read_text(encoding="utf-8"))["stories"])

    def titles(self) -> list[str]:
        """In the order in which readers meet them."""
        return [story["title"] for story in self.stories()]

    def seen(self) -> list[tuple[str, str, str | None]]:
        """Id, title and date of every story, in order: what must not change when nothing has happened."""
        return [(story["id"], story["title"], story["published"]) for story in self.stories()]

    def news(self) -> list[tuple[str, str]]:
        """Ids and times of what the page's own feed lists."""
        listed: Sequence[dict[str, str]] = json.loads((self.folder / "output" / "feed.json").read_text(encoding="utf-8"))["items"]
        return [(item["id"], item["date_modified"]) for item in listed]
