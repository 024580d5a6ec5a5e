"""What the operator decided, as values. `config.py` makes them from sources.yaml and the environment; nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from aggregator.model import Chosen, Source, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeAlso:
    """A search or place that the program does not read but a reader may."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The published site."""

    title: str
    # One or two sentences, plain text: what this is and for whom.
    intro: str = ""
    # Where output/ is served, with a final slash; "": not known, so feeds carry no absolute address of the site.
    url: str = ""
    # BCP 47; the language of the templates' own words is English.
    language: str = "en"
    # Name in the time-zone database; days and months on the page are this zone's.
    timezone: str = "UTC"
    see_also: tuple[SeeAlso, ...] = ()
    # The community's own place to join, shown in the intro; None: there is none.
    home: SeeAlso | None = None
    # Stories on index.html; older ones are on a page a year.
    stories: int = 150
    # Stories of one person, and from one site, in one day; the rest is folded behind a count.
    per_person: int = 3
    per_site: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """How the network is used."""

    # A page or mailto: that tells a server's operator who we are.
    contact: str = ""
    # Networks in CIDR form that may be connected to although they are private.
    allow_networks: tuple[str, ...] = ()
    # Hosts asked at the same time.
    width: int = 32
    connect_timeout: timedelta = timedelta(seconds=10)
    read_timeout: timedelta = timedelta(seconds=20)
    total_timeout: timedelta = timedelta(seconds=60)
    # Of the decompressed body.
    max_body_bytes: int = 15 * 1024 * 1024
    max_redirects: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Markdown:
    """Where the page in GitBook form goes."""

    # None: output/discussing.md. Otherwise an existing file, in which only what stands between the two markers is replaced.
    into: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The server that takes our mail. Its password is the environment's AGGREGATOR_SMTP_PASSWORD."""

    host: str
    port: int = 587
    # "starttls" and "tls" fail where the server cannot or its certificate is not good; "none" sends in the clear.
    security: str = "starttls"
    # "": the server asks for no password.
    user: str = ""
    # Connections at once.
    connections: int = 2
    # Messages in a second, over all connections.
    per_second: float = 10.0
    # Messages on one connection before a new one is made.
    per_connection: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Listmonk:
    """A listmonk that sends for us. Its API token is the environment's LISTMONK_TOKEN."""

    url: str
    # Name of the API user.
    user: str
    # Numbers of the lists that get the edition.
    lists: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Buttondown:
    """A Buttondown newsletter that sends for us. Its API key is the environment's BUTTONDOWN_API_KEY."""

    url: str = "https://api.buttondown.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serve:
    """The small server for subscribing, confirming and leaving."""

    # Where readers reach it, with a final slash. Links are made from this alone, never from what a request says.
    url: str
    # Where it listens: host and port.
    listen: str = "127.0.0.1:8025"
    # Networks in CIDR form of proxies whose X-Forwarded-For is believed.
    proxies: tuple[str, ...] = ()
    # True: webmentions of the site's pages and of the topics' are received, verified by the next run, and held for review.
    webmentions: bool = False
    # True: there is a page to suggest a link; what is suggested is held for review.
    suggestions: bool = False

    @property
    def webmention(self) -> str:
        """Where webmentions are sent to; "": nowhere."""
        return f"{self.url}webmention" if self.webmentions else ""

    @property
    def suggest(self) -> str:
        """Where readers suggest a link; "": nowhere."""
        return f"{self.url}suggest" if self.suggestions else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """The mailbox that is read for requests and bounces, over IMAP. Its password is the environment's AGGREGATOR_IMAP_PASSWORD."""

    # Where readers write to; mail to address+anything must reach it, too.
    address: str
    host: str
    port: int = 993
    # "tls", "starttls" or "none".
    security: str = "tls"
    # "": the address.
    user: str = ""
    folder: str = "INBOX"


SERVICES: Final = ("listmonk", "buttondown")
"""Who makes the mails of an edition itself, and has subscribers of its own: values of `Digest.through`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The weekly mail."""

    # Mailbox that it comes from, with or without a name: "Crew news <digest@example.org>".
    sender: str
    # "": answers go to the sender.
    reply_to: str = ""
    # "": the site's title.
    title: str = ""
    # Who sends it and from where, in the foot of each mail, as some countries ask of bulk mail.
    postal: str = ""
    # When an edition is due, cron expressions by name; a subscriber has one of them, the first unless they choose.
    rhythms: Mapping[str, str] = field(default_factory=lambda: {"weekly": "0 8 * * mon"})
    # "": the site's.
    timezone: str = ""
    # How late an edition is sent without asking.
    grace: timedelta = timedelta(days=1)
    # A period with fewer new stories is quiet.
    least: int = 5
    # More new stories are told by their titles alone.
    most: int = 15
    # What becomes of a quiet period: "skip", "short" (sent all the same), "wait" (sent as soon as enough is new).
    quiet: str = "skip"
    # Who hands it over: "smtp", "folder", or one of `SERVICES`.
    through: str = "folder"
    smtp: Smtp | None = None
    # Where .eml files are written.
    folder: Path = Path("state/mail")
    listmonk: Listmonk | None = None
    buttondown: Buttondown | None = None
    serve: Serve | None = None
    mailbox: Mailbox | None = None
    # Name of the DKIM key in the DNS; "": not known, so it cannot be looked up.
    dkim_selector: str = ""
    # Host and port of the DNS server that is asked; "": the system's.
    resolver: str = ""

    @property
    def by_service(self) -> bool:
        """Whether a service makes the mails, and sends them to subscribers of its own."""
        return self.through in SERVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the operator decided."""

    # The file it was read from.
    file: Path
    site: Site
    topics: tuple[Topic, ...]
    sources: tuple[Source, ...]
    chosen: tuple[Chosen, ...] = ()
    fetch: Fetch = Fetch()
    markdown: Markdown = Markdown()
    # None: there is no digest.
    digest: Digest | None = None
    state: Path = Path("state")
    output: Path = Path("output")
    templates: Path = Path("templates")
    # What the steward decided; it need not be there.
    curation: Path = Path("curation.yaml")
    # Secrets that are set, by variable name. Their text is never printed: `Secret` masks itself.
    secrets: Mapping[str, Secret] = field(default_factory=dict)


class Secret:
    """A text that never shows itself: `repr`, `str` and formatting give a mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)
