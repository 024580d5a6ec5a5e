"""Entries written by an enemy, through the whole program into the mail of every reader, and the web copy of its edition."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from aggregator.app import build
from aggregator.clock import now
from aggregator.config import load
from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.digest.lint_report import ACCEPTABLE
from aggregator.digest.tokens import Purpose, Tokens
from aggregator.run.digesting import send_due
from aggregator.text import cron
from tests.scenarios.test_injected import HIT, LINKS, PIECES
from tests.support.exchanges import Exchange
from tests.support.har import write_har
from tests.support.steward import Steward

READERS = tuple(f"reader{number}@example.net" for number in range(12))
# What would end a header, call up an encoded word, or be sent every reader's own token.
OF_MAIL = (
    "\r\nBcc: eve@evil.example\r\n\r\n<script>",
    "=?utf-8?q?=0D=0ABcc:_eve=40evil.example?=",
    "--=_0f0f",
    "\u2028.\u2028",
    LEAVE_MARK,
    f"{LEAVE_MARK[:20]}\u200b{LEAVE_MARK[20:]}",
    f"{LEAVE_MARK[:20]}\u202e{LEAVE_MARK[20:]}",
    f"{LEAVE_MARK[:20]}{LEAVE_MARK}{LEAVE_MARK[20:]}",
    f"&#108;{LEAVE_MARK[1:]}",
    CHANGE_MARK,
)
LINKS_OF_MAIL = (
    f"https://evil.example/?a={LEAVE_MARK}",
    f"https://evil.example/{CHANGE_MARK}#{LEAVE_MARK}",
    f"https://evil.example/%6C{LEAVE_MARK[1:]}",
    f"https://{LEAVE_MARK}.evil.example/",
    f"https://evil.example/{LEAVE_MARK[:20]}\n{LEAVE_MARK[20:]}",
    f"mailto:eve@evil.example?body={LEAVE_MARK}",
)
_MOST = 100


class Read(HTMLParser):
    """What a mail program finds: elements, and addresses that it would follow or load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.hrefs: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.hrefs += [value or "" for name, value in attrs if name == "href"]


@pytest.fixture(scope="module")
def steward(tmp_path_factory: pytest.TempPathFactory) -> Steward:
    """Everything an enemy wrote was found last week, and twelve readers have had it."""
    steward = Steward(folder=tmp_path_factory.mktemp("injected-mail"))
    found = [
        {
            "id": f"t{n}",
            "url": f"https://example.org/{n}",
            "title": f"crews {n} {piece}",
            "content_text": piece,
            "authors": [{"name": piece}],
        }
        for n, piece in enumerate((*PIECES, *OF_MAIL))
    ] + [
        {"id": f"u{n}", "url": url, "external_url": url, "title": f"crews by address {n}"} for n, url in enumerate((*LINKS_OF_MAIL, *LINKS))
    ]
    for name, items in (("first", []), ("then", found)):
        document = {"version": "https://jsonfeed.org/version/1.1", "title": PIECES[1], "items": items}
        write_har(steward.folder / f"{name}.har", [Exchange(url="https://a.example/feed", body=json.dumps(document).encode())])
    steward.configures(
        "site: {title: Discussing crews, url: 'https://page.example/'}\n"
        "topics: {crews: {any_of: [crews]}}\nsources:\n  - {platform: feed, url: 'https://a.example/feed'}\n"
        f"digest:\n  from: Crew news <digest@example.org>\n  most: {_MOST}\n  serve: {{url: 'https://digest.example.org/'}}\n"
        "  rhythms: {weekly: '0 8 * * mon', monthly: '0 8 1 * *'}\n"
        "  mailbox: {address: box@example.org, host: mail.example.org}\n"
    )
    for name in ("first", "then"):
        assert steward.runs("poll", "--replay", f"{name}.har").code in (0, 4)
    (steward.folder / "readers.csv").write_text("address,consent\n" + "".join(f"{one},2026-01-01\n" for one in READERS), encoding="utf-8")
    assert steward.runs("subscribers", "import", "readers.csv", "--source", "the old list").code == 0
    sends(steward)
    return steward


def sends(steward: Steward) -> None:
    before, monday = Path.cwd(), cron.following("0 8 * * mon", now(), ZoneInfo("UTC"))
    os.chdir(steward.folder)
    try:
        with build(load(Path("sources.yaml")), clock=lambda: monday) as app:
            sent = send_due(app, agree=lambda question: True, ask=lambda question: True, accept=tuple(ACCEPTABLE), online=False)
    finally:
        os.chdir(before)
    assert [one.what for one in sent.editions] == ["sent", "nothing due"], sent


def mails(steward: Steward) -> list[EmailMessage]:
    found = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in steward.folder.glob("state/mail/*.eml")]
    assert len(found) == len(READERS)
    assert all(isinstance(one, EmailMessage) for one in found)
    return found


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def tokens(steward: Steward) -> dict[str, set[str]]:
    """The tokens of each reader, by address."""
    before = Path.cwd()
    os.chdir(steward.folder)
    try:
        with build(load(Path("sources.yaml"))) as app:
            signed, everybody = Tokens(app.private.keys.signing()), app.private.subscribers.all()
    finally:
        os.chdir(before)
    return {one.address: {signed.sign(purpose, one.id) for purpose in Purpose} for one in everybody}


def test_much_of_what_was_written_is_told(steward: Steward) -> None:
    assert part(mails(steward)[0], "html").count("crews") > len(PIECES)


def test_no_entry_adds_a_header_field_or_a_part(steward: Steward) -> None:
    for mail in mails(steward):
        assert (mail["Bcc"], mail.defects) == (None, [])
        assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
        assert [one["From"] for one in mail.walk() if one["From"]] == ["Crew news <digest@example.org>"]


def test_a_mail_holds_nothing_that_acts_or_asks(steward: Steward) -> None:
    read = Read(part(mails(steward)[0], "html"))
    assert read.elements <= set("html head meta title style body table tbody tr td div p h1 h2 h3 a span bdi ul li br".split())
    assert not {name for name in read.attributes if name.startswith("on") or name in ("src", "srcset", "background", "data", "action")}
    assert {urlsplit(href).scheme for href in read.hrefs} == {"https", "mailto"}


def test_each_mail_holds_its_own_readers_tokens_alone_and_only_in_our_own_doors(steward: Steward) -> None:
    every = tokens(steward)
    known = {token for own in every.values() for token in own}
    for mail in mails(steward):
        whole = "\n".join([*(str(value) for value in mail.values()), part(mail, "html"), part(mail, "plain")])
        there = set(re.findall("[a-z2-7]{45}", whole)) & known
        assert there
        assert there <= every[str(mail["To"])]
        with_token = [href for href in Read(part(mail, "html")).hrefs if any(token in href for token in known)]
        assert {urlsplit(href).netloc for href in with_token} == {"digest.example.org"}
        assert len(with_token) == 2


def test_no_token_and_no_reader_stands_on_the_page(steward: Steward) -> None:
    assert steward.runs("build").code == 0
    said = {path: path.read_text(encoding="utf-8", errors="replace") for path in (steward.folder / "output").rglob("*") if path.is_file()}
    assert any("digest/" in str(path) for path in said)
    hidden = {*READERS, *(token for own in tokens(steward).values() for token in own)}
    assert [path for path, text in said.items() if any(one in text for one in hidden)] == []
    copies = [text for path, text in said.items() if path.parent.name == "digest" and path.suffix == ".html"]
    assert all(f"<script>{HIT}" not in re.sub(r'"[^"]*"', "", text) for text in copies)
