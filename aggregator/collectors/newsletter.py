"""Newsletters and mailing lists, by a folder of a mailbox that gets them: RFC 5322, 2369, 2919 and 5064, over IMAP (RFC 3501)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, urlsplit

from aggregator.collectors._authors import person
from aggregator.collectors._bulk_mail import Anchor, anchors, by_id, public_links, public_text, web_copy, written_links
from aggregator.collectors._json import Odd, number, read_each
from aggregator.collectors._mail_rows import (
    DOING,
    archive_address,
    asks_not_to_be_kept,
    is_bulk,
    list_id,
    mail_server,
    own_addresses,
    rows_of,
    web_page,
)
from aggregator.collectors._parts import storable
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option, pack, unpack
from aggregator.errors import Unreadable
from aggregator.fetch import Auth, AuthScheme, Http, Pace
from aggregator.model import Author, Entry, Kind, Page, Restriction, Trust
from aggregator.text.dates import parse_date
from aggregator.text.html import visible
from aggregator.text.mail import field, markup, message_ids, parsed, text
from aggregator.text.urls import canonical

AT_ONCE = 50
_LONGEST = 100_000


@dataclass(frozen=True, kw_only=True)
class Newsletter(Collector):
    """Reads newsletters and public mailing lists out of a folder of a mailbox that is subscribed to them.

    Let a rule of the mail server put them into a folder of their own. The folder is only looked at: nothing is marked, moved or deleted.
    Only what a list or a bulk mail program sent is taken, never a private letter. A message is shown by its address on the web, which most
    of them name; one that has none is left out, unless `archive` says where messages of the list are found by their Message-ID. Mail
    addresses, links to leave, and links that count who reads are taken out. Subscribe with an address that nobody else knows and whose name
    is nobody's: what a sender writes to its reader by name cannot be told from the rest, and whoever knows the address can send a mail that
    looks like the list's. So everything waits for `aggregator review`, until you write `trust: publish`.
    """

    manifest: ClassVar[Manifest] = Manifest(
        name="newsletter",
        title="Newsletters and mailing lists",
        homepage="https://www.rfc-editor.org/rfc/rfc2919",
        spec="https://www.rfc-editor.org/rfc/rfc3501 and rfc5064, read 2026-11-22",
        method=Method.API,
        kinds=(Kind.ARTICLE, Kind.POST, Kind.COMMENT),
        auth=Auth(
            scheme=AuthScheme.LOGIN,
            variable="NEWSLETTER_IMAP",
            how="For each mail server write a line `imap.example.org:user:password`, with server and port as in `server:`; no other "
            "server is shown it. Where the provider wants that, take a password made for programs.",
            without="",
        ),
        every=timedelta(hours=1),
        pace=Pace(gap=timedelta(seconds=1)),
        finds="messages of newsletters and lists that a mailbox is subscribed to",
        reach="all messages that are in the folder",
        delay="within the hour after the mail came",
        delivers=Delivers.COMPLETE,
        limits=(
            "A message without an address on the web is left out, since readers could not open it.",
            "What is older than the subscription is not in the mailbox.",
            "A reader's name inside of a text is not recognised.",
            "Who sent a message is not proved, so what is found waits for review unless the source says `trust: publish`.",
        ),
        opaque=True,
        trust=Trust.HOLD,
    )

    server: Annotated[str, Option("mail server, with its port where that is not 993", example="imap.example.org", check=mail_server)]
    page: Annotated[str, Option("where readers find the newsletter or list", example="https://lists.example.org/crews", check=web_page)]
    folder: Annotated[str, Option("folder of the mailbox; INBOX if left out", example="Lists/Crews")] = ""
    list: Annotated[str, Option("only messages with this List-Id", example="crews.lists.example.org", check=list_id)] = ""
    archive: Annotated[
        str, Option("address of a message, with {id} for its Message-ID", example="https://lists.example.org/m/{id}", check=archive_address)
    ] = ""

    @property
    def host(self) -> str:
        scheme, _, name = self.server.rpartition("://")
        return name.removesuffix(":143" if scheme == "imap" else ":993")

    @property
    def label(self) -> str:
        return self.list or urlsplit(self.page).hostname or self.page

    @property
    def address(self) -> str:
        return self.page

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        position = unpack(cursor)
        after, validity = number(position.get("after")) or 0, position.get("validity")
        scheme = self.server.partition("://")[0] if "://" in self.server else "imaps"
        url = f"{scheme}://{self.host}/{quote(self.folder or 'INBOX', safe='')}"
        while True:
            reply = http.messages(url, after=after, most=AT_ONCE)
            if reply.unchanged or reply.status == 304:
                return
            said = reply.headers.get("uidvalidity", "")
            if not said.isdigit():
                raise Unreadable(f"{DOING}: expected a number for UIDVALIDITY, got {said[:40]!r}")
            rows = rows_of(reply, after)
            if after and said != validity:
                # The server numbers the folder anew (RFC 3501 §2.3.1.1): what is known is known by its Message-ID.
                after, validity = 0, said
                continue
            after, validity = max([after, *(row["uid"] for row in rows)]), said
            entries, remarks = read_each(rows, self._entry, noun="message")
            yield Page(entries=entries, cursor=pack(after=after, validity=validity), remarks=remarks)
            if reply.headers.get("more") != "yes":
                return
            if not rows:
                raise Unreadable(f"{DOING}: expected more messages, got none")

    def _entry(self, row: dict[str, Any]) -> Entry | None:
        """A message as an entry; None for a private letter and for one of another list."""
        message = parsed(row["message"])
        name = field(message, "List-Id")
        if not is_bulk(message) or (self.list and list_id(name) != self.list):
            return None
        native_id = next(iter(message_ids(message, "Message-ID")), "")
        if not native_id:
            raise Odd("no Message-ID")
        subject = public_text(field(message, "Subject"))
        html, plain = markup(message)[:_LONGEST], text(message)[:_LONGEST]
        links: Sequence[Anchor] = anchors(html) if html else tuple((one, one) for one in written_links(plain))
        url = web_copy(own_addresses(message), links, subject=subject) or (by_id(self.archive, native_id) if self.archive else None)
        if url is None:
            raise Odd("it has no address on the web; `archive` can say where messages are found by their Message-ID")
        author, written = person(field(message, "From")), parse_date(field(message, "Date"))
        answers = next(iter(message_ids(message, "In-Reply-To")), None)
        discussed = "mailto:" in field(message, "List-Post").lower()
        return Entry(
            native_id=storable(native_id),
            url=url,
            kind=Kind.ARTICLE if not discussed else Kind.COMMENT if answers else Kind.POST,
            title=storable(subject) or None,
            text=storable(public_text(visible(html).text if html else plain.replace("\r\n", "\n").strip())) or None,
            author=Author(name=storable(author)) if author else None,
            published=written[0] if written else None,
            language=field(message, "Content-Language").partition(",")[0].strip() or None,
            links=tuple(one for one in public_links(address for _, address in links) if canonical(one).key != canonical(url).key),
            in_reply_to=answers,
            site=storable(public_text(name.partition("<")[0].strip(' "') or list_id(name))) or None,
            restrictions=(Restriction.NOINDEX,) if asks_not_to_be_kept(message) else (),
        )
