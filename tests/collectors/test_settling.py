"""Each entry of a feed gets an id and an address of its own, whatever the feed gives; errors written down as entries are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.collectors._error_entries import complaint, may_complain
from aggregator.collectors._feeds import feed_of, read_feed
from aggregator.errors import Unreadable
from aggregator.fetch import Reply
from aggregator.model import Entry, Kind
from aggregator.text.marks import marked, parted
from aggregator.text.urls import canonical

SITE = "https://show.example.org/"


def rss(*items: str, home: str = SITE) -> bytes:
    return f"<rss version='2.0'><channel><title>A show</title><link>{home}</link>{''.join(items)}</channel></rss>".encode()


def item(number: int, link: str = SITE, *, guid: str | None = None, title: str = "", text: str = "") -> str:
    named = f"<guid isPermaLink='false'>{guid or number}</guid>" if guid != "" else ""
    return f"<item><title>{title or f'Episode {number}'}</title><link>{link}</link>{named}<description>{text}</description></item>"


def read(*items: str, home: str = SITE, url: str = f"{SITE}feed") -> tuple[Entry, ...]:
    return read_feed(rss(*items, home=home), url=url, content_type="", doing="reading").entries


def keys(entries: tuple[Entry, ...]) -> list[str]:
    return [canonical(entry.url).key for entry in entries]


# -- one address for several


@pytest.mark.parametrize("link", [SITE, "http://www.show.example.org", "https://show.example.org/#top", "/"])
def test_entries_that_link_to_the_home_page_are_known_by_their_ids(link: str) -> None:
    entries = read(item(1, link), item(2, link))
    assert len(set(keys(entries))) == 2
    assert {canonical(entry.url).href.rstrip("/#top") for entry in entries} <= {"https://show.example.org", "http://www.show.example.org"}


def test_it_makes_no_difference_whether_they_come_together_or_one_by_one() -> None:
    together = keys(read(item(1), item(2), item(3)))
    assert [keys(read(item(number)))[0] for number in (1, 2, 3)] == together


def test_an_id_that_is_an_address_of_the_site_serves_as_the_address() -> None:
    assert [entry.url for entry in read(item(1, guid=f"{SITE}?p=1"), item(2, guid="http://www.show.example.org/?p=2"))] == [
        f"{SITE}?p=1",
        "http://www.show.example.org/?p=2",
    ]


def test_entries_of_a_site_that_share_any_link_are_told_apart() -> None:
    shared = f"{SITE}episodes"
    entries = read(item(1, shared), item(2, shared), item(3, f"{SITE}3"))
    assert keys(entries)[2] == f"{SITE}3"
    assert len(set(keys(entries))) == 3


def test_a_list_of_links_may_name_a_foreign_page_twice() -> None:
    entries = read(item(1, "https://other.example/a"), item(2, "https://other.example/a"), item(3, "https://other.example/"))
    assert keys(entries) == ["https://other.example/a", "https://other.example/a", "https://other.example/"]


def test_a_feed_whose_every_entry_links_to_one_foreign_page_is_mistaken() -> None:
    assert len(set(keys(read(*(item(n, "https://other.example/a") for n in range(4)))))) == 4


def test_the_same_entry_written_down_twice_keeps_its_address() -> None:
    assert set(keys(read(item(1, f"{SITE}a", title="One"), item(2, f"{SITE}a", title="One")))) == {f"{SITE}a"}


def test_entries_without_ids_that_link_to_the_home_page_are_known_by_title_and_date() -> None:
    texts = ("crews are small groups who meet", "a winter gathering far from the city")
    entries = read(*(item(n, guid="", text=text) for n, text in enumerate(texts)))
    assert len({entry.native_id for entry in entries}) == 2
    assert len(set(keys(entries))) == 2


def test_one_id_for_two_texts_at_one_address_is_two_entries() -> None:
    entries = read(
        item(1, guid="x", text="crews are small groups who meet every week"), item(2, guid="x", text="a winter gathering far off")
    )
    assert [entry.title for entry in entries] == ["Episode 1", "Episode 2"]
    assert len({entry.native_id for entry in entries}) == 2


def test_a_fragment_that_a_reader_may_want_is_kept_for_following() -> None:
    first, second = read(item(1, f"{SITE}log#one"), item(2, f"{SITE}log#two"))
    assert canonical(first.url).href == f"{SITE}log#one"
    assert canonical(first.url).key != canonical(second.url).key


@given(st.sampled_from([SITE, "https://anchor.fm/ashow", "https://youtube.com/@ashow", "https://a.example/x?b=1"]), st.text(max_size=40))
def test_a_marked_address_is_its_own_key_and_leads_where_it_led(url: str, id: str) -> None:
    mark = marked(url, id)
    key, href = canonical(mark)
    assert canonical(key).key == key
    assert href == canonical(url).href
    assert parted(mark)[0] == url
    assert marked(mark, id) == mark


# -- errors as entries


@pytest.mark.parametrize(
    ("title", "link", "text"),
    [
        ("Bridge returned error 404! (20345)", "https://bridge.example/?action=display&amp;bridge=X", "Query string: q=crews" * 40),
        ("Bridge returned error 0! (19000)", "https://bridge.example/?action=display", "x"),
        ("RSSHub error: route not found", "https://hub.example/", "crews"),
        ("“Crews weekly” inbox created", "https://kill-the-newsletter.com/feeds/a", "Sign up with a@kill-the-newsletter.com"),
        ("This feed has moved", "https://new.example/feed.xml", "Please subscribe to the new address."),
        ("Crews Blog RSS Feed Has Moved", "https://new.example/feed.xml", ""),
        ("This RSS feed is no longer available.", SITE, "crews"),
        ("Just a moment...", SITE, "Checking your browser"),
        ("404 Not Found", SITE, "nginx"),
    ],
)
def test_an_error_written_down_as_an_entry_is_none(title: str, link: str, text: str) -> None:
    entries = read_feed(
        rss(item(1, link, title=title, text=text), item(2, f"{SITE}2")), url=f"{SITE}feed", content_type="", doing="reading"
    )
    assert [entry.native_id for entry in entries.entries] == ["2"]
    assert entries.remarks[0].startswith("1 entry is an error and left out: ")


def test_a_service_that_speaks_of_an_account_is_not_the_site_it_reads() -> None:
    notice = item(1, "https://fetchrss.com/prices", title="Your account has expired", text="Renew to go on reading crews")
    with pytest.raises(Unreadable, match="nothing but an error: 'Your account has expired'"):
        read(notice, url="https://fetchrss.com/rss/0123.xml")
    assert len(read(item(1, f"{SITE}1", title="My account has expired"), url="https://fetchrss.com/rss/0123.xml")) == 1


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Bridge returned error 404! (20345): what it means for crews", "x"),
        ("Error", "crews"),
        ("Not found: a year without a home", "crews " * 60),
        ("404 Not Found", "A song about crews. " * 40),
        ("How we moved our feed of crews to another house", "crews"),
        ("The bird feed has moved me", "crews " * 300),
        ("Feedback is no longer optional", "crews"),
        ("Consent", "What crews say of consent"),
    ],
)
def test_an_article_about_such_things_is_one(title: str, text: str) -> None:
    entry = Entry(native_id="1", url=f"{SITE}1", kind=Kind.ARTICLE, title=title, text=text)
    assert complaint(entry, feed=f"{SITE}feed") is None


def test_a_feed_of_nothing_but_an_error_could_not_be_read() -> None:
    with pytest.raises(Unreadable, match=r"reading: expected entries, got nothing but an error: 'Bridge returned error 503! \(20345\)'"):
        read(item(1, title="Bridge returned error 503! (20345)"))


def test_an_error_is_seen_where_no_word_of_the_topic_stands() -> None:
    body = rss(item(1, title="Bridge returned error 503! (20345)"))
    assert may_complain(body)
    with pytest.raises(Unreadable):
        feed_of(Reply(asked=SITE, url=SITE, status=200, body=body, silent=True), "reading")
    assert feed_of(Reply(asked=SITE, url=SITE, status=200, body=rss(item(1)), silent=True), "reading") is None
