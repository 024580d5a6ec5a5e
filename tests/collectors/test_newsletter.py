"""Newsletters and mailing lists: what is made for one reader stays out, whatever the sender did."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.clock import now
from aggregator.collectors._bulk_mail import public_link, public_text, web_copy
from aggregator.collectors.base import build
from aggregator.collectors.newsletter import AT_ONCE, Newsletter
from aggregator.errors import BadOption, Unreadable
from aggregator.fetch import Auth, Pace, Reply
from aggregator.fetch.auth import Sessions
from aggregator.fetch.client import Client
from aggregator.model import Entry, Page
from aggregator.settings import Fetch, Secret
from tests.support.dovecot import PASSWORD, Dovecot, needs_dovecot
from tests.support.exchanges import HttpAlone

NEWS = Newsletter(server="imap.example.org", page="https://crews.example.org/news")
HEADER = ("From: Crews <news@example.org>", "Subject: news", "Message-ID: <1@example.org>", "List-Id: <n.example.org>")


def mail(*fields: str, body: str = "#microsolidarity", html: bool = False) -> bytes:
    kind = "html" if html else "plain"
    return "\r\n".join((*HEADER, f"Content-Type: text/{kind}; charset=utf-8", *fields, "", body)).encode("utf-8", "surrogatepass")


class Mailbox(HttpAlone):
    """Gives messages as the door does."""

    authorised = True

    def __init__(self, *raws: bytes, validity: str = "7") -> None:
        self.raws, self.validity = raws, validity
        self.asked: list[int] = []

    def messages(self, url: str, *, after: int, most: int) -> Reply:
        self.asked.append(after)
        wanted = [(uid, raw) for uid, raw in enumerate(self.raws, 1) if uid > after]
        lines = [json.dumps({"uid": uid, "raw": base64.b64encode(raw).decode()}) + "\n" for uid, raw in wanted[:most]]
        headers = {"uidvalidity": self.validity, "more": "yes" if len(wanted) > most else "no"}
        return Reply(asked=url, url=url, status=200, headers=headers, body="".join(lines).encode())

    def get(self, *_: object, **__: object) -> Reply:
        raise AssertionError("not by HTTP")

    post = page = get


def polled(mailbox: Mailbox, cursor: str = "", news: Newsletter = NEWS) -> list[Page]:
    return list(news.poll(mailbox, cursor))


def entry(raw: bytes, news: Newsletter = NEWS) -> Entry:
    (page,) = polled(Mailbox(raw), news=news)
    (found,) = page.entries
    return found


COPY = "Archived-At: <https://lists.example.org/n/7>"


def test_a_folder_without_messages_gives_a_page_without_entries() -> None:
    (page,) = polled(Mailbox())
    assert (page.entries, page.remarks) == ((), ())


def test_a_folder_that_is_numbered_anew_is_read_from_the_beginning() -> None:
    (before,) = polled(Mailbox(mail(COPY)))
    box = Mailbox(mail(COPY), mail(COPY).replace(b"<1@", b"<2@"), validity="8")
    (after,) = polled(box, before.cursor)
    assert box.asked == [1, 0]
    assert [one.native_id for one in after.entries] == ["1@example.org", "2@example.org"]


def test_a_large_folder_is_read_some_messages_at_a_time() -> None:
    raws = [
        mail(f"Archived-At: <https://lists.example.org/n/{number}>").replace(b"<1@", f"<{number}@".encode())
        for number in range(AT_ONCE + 3)
    ]
    pages = polled(Mailbox(*raws))
    assert [len(page.entries) for page in pages] == [AT_ONCE, 3]


def test_more_that_never_comes_is_an_error() -> None:
    class Promising(Mailbox):
        def messages(self, url: str, *, after: int, most: int) -> Reply:
            return Reply(asked=url, url=url, status=200, headers={"uidvalidity": "7", "more": "yes"})

    with pytest.raises(Unreadable, match="expected more messages"):
        polled(Promising())


@pytest.mark.parametrize(
    "fields",
    [("List-Unsubscribe: <mailto:leave@example.org>",), ("Precedence: bulk",), ("Precedence: list",)],
)
def test_bulk_mail_without_a_list_id_is_taken(fields: Sequence[str]) -> None:
    raw = mail(COPY, *fields).replace(b"List-Id: <n.example.org>\r\n", b"")
    assert entry(raw).native_id == "1@example.org"


def test_a_private_letter_is_nobodys_business_even_where_it_names_a_page() -> None:
    (page,) = polled(Mailbox(mail(COPY).replace(b"List-Id: <n.example.org>\r\n", b"")))
    assert (page.entries, page.remarks) == ((), ())


@pytest.mark.parametrize(
    ("words", "href", "shown"),
    [
        ("View this email in your browser", "https://mailchi.mp/1a2b/crews?e=fedcba", "https://mailchi.mp/1a2b/crews"),
        ("View in browser", "https://us1.campaign-archive.com/?e=9&u=1a2b&id=3c", "https://us1.campaign-archive.com/?u=1a2b&id=3c"),
        ("READ IN APP", "https://open.substack.com/pub/crews/p/winter?token=eyJ1&r=1ab", "https://open.substack.com/pub/crews/p/winter"),
        ("View online", "https://buttondown.com/crews/archive/winter/?token=abc", "https://buttondown.com/crews/archive/winter/"),
        ("Read online", "https://crews.beehiiv.com/p/winter?_bhlid=1", "https://crews.beehiiv.com/p/winter?_bhlid=1"),
        ("Im Browser ansehen", "https://crews.example.org/brief/7", "https://crews.example.org/brief/7"),
        ("Voir en ligne", "https://crews.example.org/lettre/7", "https://crews.example.org/lettre/7"),
        ("News", "https://crews.example.org/7?utm_source=mail", "https://crews.example.org/7"),
    ],
)
def test_the_copy_on_the_web_is_found_by_words_or_by_the_subject(words: str, href: str, shown: str) -> None:
    assert entry(mail(body=f'<a href="{href}"><b>{words}</b></a>', html=True)).url == shown


@pytest.mark.parametrize(
    "href",
    [
        "https://view.example.net/w/AbC123dEf456GhI789jKl0",
        "https://click.example.net/f/a/1",
        "https://crews.us1.list-manage.com/track/click?u=1&id=2&e=3",
        "https://example.org/0f8fad5b-d9cb-469f-a165-70867728950e",
        "http://127.0.0.1/7",
        "javascript:alert(1)",
    ],
)
def test_a_copy_that_is_made_for_one_reader_is_none(href: str) -> None:
    (page,) = polled(Mailbox(mail(body=f'<a href="{href}">View in browser</a>', html=True)))
    assert page.entries == ()
    assert "no address on the web" in page.remarks[0]


@pytest.mark.parametrize(
    "href",
    [
        "https://example.org/unsubscribe?id=1",
        "https://example.org/newsletter/opt-out",
        "https://example.org/email-preferences/",
        "https://u123.ct.sendgrid.net/ls/click?upn=abc",
        "https://link.mail.beehiiv.com/ss/c/abc/def/h1/x",
        "https://email.mg.example.org/c/eJxabc",
        "https://substack.com/redirect/0f8fad5b-d9cb-469f-a165-70867728950e?j=1",
        "https://crews.example.org/profil/abmelden",
    ],
)
def test_a_link_for_one_reader_is_not_kept(href: str) -> None:
    found = entry(mail(COPY, body=f'<p>#microsolidarity <a href="{href}">x</a> <a href="https://blog.example.org/">y</a></p>', html=True))
    assert found.links == ("https://blog.example.org/",)
    assert public_text(f"see {href}.") == "see …"


def test_what_names_the_reader_leaves_a_link() -> None:
    assert public_link("https://example.org/a?x=1&email=ada%40example.org&to=ada@example.org") == "https://example.org/a?x=1"


def test_no_mail_address_and_no_markup_is_kept() -> None:
    found = entry(mail(COPY, body='<p>Ask <a href="mailto:ada@example.org">ada@example.org</a></p><script>x</script>', html=True))
    assert (found.text, found.html, found.links) == ("Ask …", None, ())
    assert found.author is not None
    assert "@" not in (found.author.name or "")


def test_a_message_without_a_copy_is_shown_by_its_id_where_an_archive_knows_it() -> None:
    news = build(Newsletter, {"server": "imap.example.org", "page": "https://l.example.org", "archive": "https://l.example.org/m/{id}"})
    assert isinstance(news, Newsletter)
    assert entry(mail().replace(b"<1@", b"<a/b?@"), news).url == "https://l.example.org/m/a%2Fb%3F@example.org"


def test_the_header_says_it_before_any_link() -> None:
    links = [("View in browser", "https://example.org/2")]
    assert web_copy(["<https://example.org/1>"], links, subject="x") == "https://example.org/1"
    assert web_copy(["<mailto:list@example.org>"], links, subject="x") == "https://example.org/2"


@pytest.mark.parametrize(
    "options",
    [
        {"server": "imap.example.org/INBOX"},
        {"server": "ada@imap.example.org"},
        {"archive": "https://example.org/"},
        {"page": "example.org"},
        {"page": "https://ada:word@example.org/"},
    ],
)
def test_a_wrong_option_is_told(options: dict[str, str]) -> None:
    with pytest.raises(BadOption):
        build(Newsletter, {"server": "imap.example.org", "page": "https://example.org", **options})


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: text/html\r\n"]))
def test_whatever_a_message_holds_the_others_are_read(junk: bytes, kind: bytes) -> None:
    good = mail(COPY).replace(b"<1@", b"<good@")
    odd = b"List-Id: <n.example.org>\r\nMessage-ID: <odd@example.org>\r\n" + kind + junk
    (page,) = polled(Mailbox(odd, good))
    assert "good@example.org" in [one.native_id for one in page.entries]


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with Dovecot() as running:
        yield running


@pytest.mark.servers
@needs_dovecot
def test_a_folder_at_a_real_server_is_read(server: Dovecot) -> None:
    user = "lists@example.org"
    with server.client(user) as client:
        client.create('"Crews"')
    letter = b"From: Ada <ada@example.org>\r\nSubject: between us\r\nMessage-ID: <p@example.org>\r\n\r\n#microsolidarity https://example.org/\r\n"
    server.deliver(user, letter, mail(COPY, "To: ada@example.org"), folder="Crews")
    news = Newsletter(server=f"imap://127.0.0.1:{server.port}", page="https://l.example.org", folder="Crews")
    auth: Auth | None = Newsletter.manifest.auth
    client_ = Client(settings=Fetch(allow_networks=("127.0.0.0/8",)), version="1", clock=now, sessions=Sessions(None))
    try:
        http = client_.bound(host=news.host, pace=Pace(), auth=auth, secret=Secret(f"{user}:{PASSWORD}"))
        (first,) = news.poll(http, "")
        (second,) = news.poll(http, first.cursor)
    finally:
        client_.close()
    assert [(one.native_id, one.url) for one in first.entries] == [("1@example.org", "https://lists.example.org/n/7")]
    assert second.entries == ()
    assert all(not kept.flags - {r"\Recent"} for kept in server.mails(user, "Crews"))


@pytest.mark.parametrize("words", ["a" * 400_000, "a." * 200_000, "a@" * 200_000, "a@b" * 150_000])
def test_a_long_word_costs_a_moment(words: str) -> None:
    began = time.perf_counter()
    assert entry(mail(COPY, body=words)).native_id == "1@example.org"
    assert time.perf_counter() - began < 5
