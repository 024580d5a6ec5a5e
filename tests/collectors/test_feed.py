"""Reading feeds: what a body becomes, and how an address leads to its feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.collectors._discovery import declared_feeds, guessed_feeds, linked_feeds
from aggregator.collectors._feeds import is_page, looks_whole, read_feed
from aggregator.collectors._parts import Feed as Read
from aggregator.collectors._parts import title_text
from aggregator.collectors.base import pack
from aggregator.collectors.feed import Feed
from aggregator.errors import Gone, Unavailable, Unreadable
from aggregator.fetch import Reply
from aggregator.model import Author, Enclosure, Kind, Page
from tests.support.exchanges import Exchange, RecordedHttp

SITE = "https://site.example.org/"
ITEM = "<item><title>One</title><link>https://site.example.org/1</link><guid>1</guid></item>"


def rss(items: str = ITEM, channel: str = "") -> bytes:
    spaces = 'xmlns:itunes="http://www.itunes.com/DTDs/PodCast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss"'
    spaces += ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"'
    spaces += ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"'
    return f'<rss version="2.0" {spaces}><channel><title>Site</title><link>{SITE}</link>{channel}{items}</channel></rss>'.encode()


def atom(entry: str) -> bytes:
    one = f'<entry><id>1</id><link href="/1"/>{entry}</entry>'
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Site</title>{one}</feed>'.encode()


def read(body: bytes, content_type: str = "") -> Read:
    return read_feed(body, url=f"{SITE}feed", content_type=content_type, doing="reading")


# -- one field at a time


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Plain", "Plain"),
        ("Tea &amp;amp; biscuits", "Tea & biscuits"),
        ("Tea &amp;#038; biscuits", "Tea & biscuits"),
        ("Thrice &amp;amp;amp;amp;", "Thrice &amp;"),
        ("&lt;b&gt;Bold&lt;/b&gt; words", "Bold words"),
        ("The &lt;main&gt; element", "The <main> element"),
        ("1 &lt; 2 &gt; 0", "1 < 2 > 0"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Safe", "Safe"),
        ("<![CDATA[ spaced \n out ]]>", "spaced out"),
        ("", None),
    ],
)
def test_a_title_becomes_plain_text(written: str, title: str | None) -> None:
    assert read(rss(f"<item><title>{written}</title><link>/1</link></item>")).entries[0].title == title


def test_the_tags_of_a_title_in_html_go_and_its_escaped_signs_stay() -> None:
    assert read(atom('<title type="html">&lt;i&gt;On&lt;/i&gt; &amp;lt;main&amp;gt;</title>')).entries[0].title == "On <main>"


def test_a_description_without_markup_is_text_and_not_html() -> None:
    plain, marked = read(
        rss(
            "<item><link>/1</link><description>a, b and c</description></item>"
            "<item><link>/2</link><description>&lt;p&gt;a&lt;/p&gt;</description></item>"
        )
    ).entries
    assert (plain.text, plain.html) == ("a, b and c", None)
    assert (marked.text, marked.html) == (None, "<p>a</p>")


def test_a_summary_that_says_something_else_is_kept_beside_the_content() -> None:
    body = "<description>only here: microsolidarity</description><content:encoded>&lt;p&gt;long&lt;/p&gt;</content:encoded>"
    entry = read(rss(f"<item><link>/1</link>{body}</item>")).entries[0]
    assert (entry.text, entry.html) == ("only here: microsolidarity", "<p>long</p>")


def test_the_address_behind_a_counting_redirect_is_the_permalink() -> None:
    entry = read(
        rss("<item><link>https://count.example/x</link><feedburner:origLink>https://site.example.org/1</feedburner:origLink></item>")
    ).entries[0]
    assert (entry.url, entry.aliases) == ("https://site.example.org/1", ("https://count.example/x",))


@pytest.mark.parametrize(
    ("links", "url"),
    [
        ('<link rel="self" href="/self"/><link rel="alternate" type="text/html" href="/page"/>', "https://site.example.org/page"),
        (
            '<link rel="alternate" type="application/json" href="/x.json"/><link rel="alternate" type="text/html" href="/x"/>',
            "https://site.example.org/x",
        ),
        ('<link rel="edit" href="/edit"/><link href="/plain"/>', "https://site.example.org/plain"),
    ],
)
def test_the_permalink_of_atom_is_the_alternate_page(links: str, url: str) -> None:
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id>{links}</entry></feed>'.encode()
    assert read(body).entries[0].url == url


def test_an_address_is_joined_to_the_nearest_base() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://other.example.org/a/">
        <entry xml:base="b/"><id>1</id><link href="c"/></entry></feed>"""
    assert read(body).entries[0].url == "https://other.example.org/a/b/c"


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +0000", "tomorrow", "32/13/2026"])
def test_a_date_that_cannot_be_true_is_left_out_and_said(date: str) -> None:
    feed = read(rss(f"<item><link>/1</link><pubDate>{date}</pubDate></item>"))
    assert feed.entries[0].published is None
    assert "1 entry with a date that cannot be read" in feed.remarks


def test_an_entry_that_says_only_when_it_was_updated_was_published_then() -> None:
    entry = read(atom("<updated>2026-11-01T09:00:00+01:00</updated>")).entries[0]
    assert entry.published == entry.updated == datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "spent"), [("00:42:10", 2530), ("42:10", 2530), ("2530", 2530), ("0", None), ("soon", None), ("1:2:3:4", None)]
)
def test_a_duration_comes_in_three_forms(written: str, spent: int | None) -> None:
    item = f'<item><link>/1</link><enclosure url="/a.mp3" type="audio/mpeg" length="7"/><itunes:duration>{written}</itunes:duration></item>'
    wanted = timedelta(seconds=spent) if spent else None
    assert read(rss(item)).entries[0].enclosures == (
        Enclosure(url="https://site.example.org/a.mp3", media_type="audio/mpeg", length_bytes=7, duration=wanted),
    )


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ('<enclosure url="/a" type="audio/mpeg"/>', Kind.EPISODE),
        ('<enclosure url="/a.mp4" type=""/>', Kind.VIDEO),
        ('<media:content url="/a" medium="video"/>', Kind.VIDEO),
        ('<enclosure url="/a.jpg" type="image/jpeg"/>', Kind.ARTICLE),
        ('<podcast:transcript url="/a.vtt" type="text/vtt"/>', Kind.ARTICLE),
    ],
)
def test_what_comes_with_an_entry_says_what_it_is(media: str, kind: Kind) -> None:
    entry = read(rss(f"<item><link>/1</link>{media}</item>")).entries[0]
    assert (entry.kind, len(entry.enclosures)) == (kind, 1)


def test_the_words_beside_an_image_are_its_alternative() -> None:
    image = '<media:content url="/a.png" type="image/png"><media:description>a cat</media:description></media:content>'
    entry = read(rss(f"<item><link>/1</link>{image}</item>")).entries[0]
    assert (entry.alternatives, entry.text) == (("a cat",), None)


@pytest.mark.parametrize(
    ("written", "name"),
    [("ana@example.org (Ana Example)", "Ana Example"), ("Ana &lt;ana@example.org&gt;", "Ana"), ("Ana", "Ana"), ("ana@example.org", None)],
)
def test_the_address_of_a_person_never_comes_along(written: str, name: str | None) -> None:
    author = read(rss(f"<item><link>/1</link><author>{written}</author></item>")).entries[0].author
    assert (author.name if author else None) == name


# -- ids


def test_an_entry_without_an_id_goes_by_its_link_and_else_by_its_title_and_date() -> None:
    sound = '<item><title>{}</title><enclosure url="/{}.mp3" type="audio/mpeg"/></item>'
    body = rss("<item><link>/1</link></item>" + sound.format("A", 1) + sound.format("B", 2))
    linked, first, second = (entry.native_id for entry in read(body).entries)
    assert linked == "https://site.example.org/1"
    assert first != second
    assert [entry.native_id for entry in read(body).entries] == [linked, first, second]


def test_of_two_versions_of_an_entry_the_last_stands() -> None:
    item = "<item><title>{}</title><link>/1</link><guid>1</guid></item>"
    feed = read(rss(item.format("Old") + item.format("New")))
    assert [entry.title for entry in feed.entries] == ["New"]
    assert feed.remarks == ("1 entry with an id seen before: the last one stands",)


def test_different_entries_with_one_id_go_by_their_links() -> None:
    item = "<item><title>{0}</title><link>/{0}</link><guid>https://site.example.org/</guid></item>"
    feed = read(rss(item.format("a") + item.format("b")))
    assert [(entry.native_id, entry.aliases) for entry in feed.entries] == [
        ("https://site.example.org/a", ()),
        ("https://site.example.org/b", ()),
    ]
    assert feed.remarks == ("2 different entries share an id: told apart by their addresses",)


def test_an_entry_with_nothing_to_follow_is_left_out_and_said() -> None:
    feed = read(rss(ITEM + "<item><title>Trap</title><link>javascript:alert(1)</link></item>"))
    assert [entry.title for entry in feed.entries] == ["One"]
    assert feed.remarks == ("1 entry without an address: left out",)


# -- documents


def test_what_a_feed_says_of_itself() -> None:
    channel = (
        '<atom:link rel="self" href="/feed"/><atom:link rel="hub" href="https://hub.example.org/"/>'
        '<atom:link rel="next" href="/feed?page=2"/>'
        "<generator>Ghost 6.19</generator><ttl>60</ttl><language>en-GB</language>"
        "<itunes:new-feed-url>https://new.example.org/feed</itunes:new-feed-url>"
    )
    assert replace(read(rss("", channel)), entries=()) == Read(
        title="Site",
        home=SITE,
        itself="https://site.example.org/feed",
        hubs=("https://hub.example.org/",),
        generator="Ghost 6.19",
        ttl=timedelta(hours=1),
        moved_to="https://new.example.org/feed",
        next="https://site.example.org/feed?page=2",
        language="en-GB",
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "an empty reply"),
        (b" \n", "an empty reply"),
        (b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>", "an HTML page titled 'Just a moment...'"),
        (b"<html><body>Sorry</body></html>", "an HTML page without a title"),
        (b"<?xml version='1.0'?><opml/>", "XML whose root is 'opml'"),
        (b"Too many requests", "text that is neither XML nor JSON"),
        (b'{"error": "no"}', "JSON that is no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id"', "JSON that is cut off or broken"),
        (b"<rss version='2.0'><channel><title>Cut", "XML that is cut off or broken"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, found: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert str(caught.value) == f"reading: expected a feed, got {found}"


def test_a_feed_without_entries_is_a_feed() -> None:
    assert read(rss("")).entries == ()


@pytest.mark.parametrize(
    "break_",
    [
        lambda body: body.replace(b"One", b"One &nbsp;"),
        lambda body: body.replace(b"One", b"One & only"),
        lambda body: body.replace(b"One", b"One \x10"),
        lambda body: body.replace(b"</item></channel></rss>", b""),
        lambda body: body.replace(b"</guid>", b"</guid></b>"),
    ],
)
def test_what_is_not_well_formed_is_read_all_the_same_and_said(break_: Any) -> None:
    feed = read(break_(rss()))
    assert [entry.url for entry in feed.entries] == ["https://site.example.org/1"]
    assert len(feed.remarks) == 1


def test_blanks_before_the_declaration_do_no_harm() -> None:
    feed = read(b'\n \xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>' + rss())
    assert (len(feed.entries), feed.remarks) == (1, ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1251", "koi8-r"])
def test_the_encoding_of_the_header_is_followed(encoding: str) -> None:
    body = rss().decode().replace("One", "Взаимопомощь").encode(encoding)
    assert read(body, f"text/xml; charset={encoding}").entries[0].title == "Взаимопомощь"


def test_entities_of_the_documents_own_are_never_known() -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    body = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}<!ENTITY own SYSTEM "file:///etc/passwd">]>'.encode() + rss().replace(
        b"One", b"&l9;&own;"
    )
    feed = read(body)
    assert feed.entries[0].title == "&l9;&own;"
    assert "declares entities of its own: read without them" in feed.remarks


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_any_bytes_are_a_feed_or_unreadable(noise: bytes) -> None:
    whole = rss()
    for body in (noise, whole[:150] + noise, whole[: len(whole) // 2] + noise + whole[len(whole) // 2 :]):
        try:
            read(body)
        except Unreadable:
            continue


@given(st.text(max_size=60), st.booleans())
def test_any_title_is_one_line_of_text(text: str, markup: bool) -> None:
    title = title_text(text, markup)
    assert title is None or (title == " ".join(title.split()) and title)


# -- the look at bytes


def test_a_whole_feed_looks_whole_and_a_cut_one_does_not() -> None:
    whole = [rss(), atom(""), b'{"version": "https:\\/\\/jsonfeed.org\\/version\\/1.1", "items": []}\n', rss() + b"\n<!-- cached -->\n"]
    assert all(map(looks_whole, whole))
    assert not any(looks_whole(body.rstrip()[:-20]) for body in whole)
    assert not looks_whole(b"<!DOCTYPE html><html></html>")


def test_a_page_is_told_from_a_feed_whatever_the_content_type_says() -> None:
    assert is_page(b"<!-- hello --><!DOCTYPE html>\n<html lang=en>")
    assert not is_page(rss(), "text/html")
    assert not is_page(b"")


# -- from a page to its feed


def page(head: str = "", body: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>Site</title>{head}</head><body>{body}</body></html>"


RSS_LINK = '<link rel="alternate" type="application/rss+xml" title="{}" href="{}">'


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (RSS_LINK.format("All", "/all"), ["https://site.example.org/all"]),
        (RSS_LINK.format("Comments", "/c") + RSS_LINK.format("All", "all"), ["https://site.example.org/deep/all"]),
        (RSS_LINK.format("Comments", "/c"), ["https://site.example.org/c"]),
        ('<base href="https://cdn.example.org/x/">' + RSS_LINK.format("All", "all"), ["https://cdn.example.org/x/all"]),
        ("<link REL='feed alternate' TYPE='application/feed+json; charset=utf-8' HREF=/feed.json>", ["https://site.example.org/feed.json"]),
        ('<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">', []),
        ('<link rel="alternate" hreflang="de" href="/de">', []),
        ('<link rel="stylesheet" type="text/xml" href="/a.xsl">', []),
        ("<!-- " + RSS_LINK.format("Old", "/old") + " -->", []),
        (RSS_LINK.format("Trap", "javascript:alert(1)"), []),
    ],
)
def test_a_page_declares_its_feeds(head: str, found: Sequence[str]) -> None:
    assert list(declared_feeds(page(head), f"{SITE}deep/page")) == found


def test_the_link_header_comes_before_the_page() -> None:
    header = '</wp-json/>; rel="https://api.w.org/", </first>; rel="alternate"; type="application/atom+xml"'
    assert declared_feeds(page(RSS_LINK.format("All", "/second")), SITE, header) == (f"{SITE}first", f"{SITE}second")


def test_links_that_look_like_feeds_are_taken_on_the_same_host_only() -> None:
    body = '<a href="/blog/index.xml">Feed</a> <a href="https://elsewhere.example.org/feed">Theirs</a> <a href="/feedback">Write</a>'
    assert linked_feeds(page(body=body), SITE) == (f"{SITE}blog/index.xml",)


def test_at_most_six_addresses_are_guessed() -> None:
    assert len(guessed_feeds(SITE)) == len(guessed_feeds(f"{SITE}blog/")) == 6
    assert f"{SITE}blog/feed/" in guessed_feeds(f"{SITE}blog/")


# -- the collector


def http(*pairs: tuple[str, bytes | int], **settings_: Any) -> RecordedHttp:
    answers = [Exchange(url=url, body=answer) if isinstance(answer, bytes) else Exchange(url=url, status=answer) for url, answer in pairs]
    return RecordedHttp(answers, **settings_)


def poll(client: RecordedHttp, cursor: str = "", url: str = SITE) -> list[Page]:
    return list(Feed(url=url).poll(client, cursor))


def test_a_guessed_feed_is_remembered() -> None:
    guesses: list[tuple[str, bytes | int]] = [(f"{SITE}feed/", 404), (f"{SITE}rss.xml", page().encode()), (f"{SITE}feed.xml", rss())]
    client = http((SITE, page().encode()), *guesses)
    [found] = poll(client)
    assert found.cursor == pack(feed=f"{SITE}feed.xml")
    assert len(found.entries) == 1
    before = len(client.asked)
    poll(client, found.cursor)
    assert client.asked[before:] == [f"{SITE}feed.xml"]


def test_a_site_without_a_feed_is_searched_once() -> None:
    client = http((SITE, page().encode()))
    pages: list[Page] = []
    with pytest.raises(Unreadable, match="an HTML page titled 'Site' that leads to none"):
        pages.extend(Feed(url=SITE).poll(client, ""))
    assert len(client.asked) == 7
    with pytest.raises(Unreadable):
        poll(client, pack(searched=True))
    assert len(client.asked) == 8


def test_a_wall_where_the_feed_was_is_no_site_to_search() -> None:
    client = http((f"{SITE}feed", page().encode()))
    with pytest.raises(Unreadable, match="an HTML page titled 'Site'"):
        poll(client, pack(feed=f"{SITE}feed"), f"{SITE}feed")
    assert client.asked == [f"{SITE}feed"]


def test_a_feed_that_moved_is_found_again_from_its_page() -> None:
    client = http((f"{SITE}old", 404), (SITE, page(RSS_LINK.format("All", "/new")).encode()), (f"{SITE}new", rss()))
    [found] = poll(client, pack(feed=f"{SITE}old"))
    assert (found.cursor, len(found.entries)) == (pack(feed=f"{SITE}new"), 1)


def test_a_declared_feed_that_is_away_is_not_replaced() -> None:
    client = http(
        (SITE, page(RSS_LINK.format("All", "/all") + RSS_LINK.format("Comments", "/c")).encode()), (f"{SITE}all", 404), (f"{SITE}c", rss())
    )
    with pytest.raises(Gone):
        poll(client)
    client = http(
        (SITE, page(RSS_LINK.format("All", "/all") + RSS_LINK.format("Too", "/too")).encode()), (f"{SITE}all", 503), (f"{SITE}too", rss())
    )
    with pytest.raises(Unavailable):
        poll(client)


class Silent(RecordedHttp):
    """Answers as the client does when no spelling of a topic occurs in the body."""

    def get(self, *given_: Any, **named: Any) -> Reply:
        return replace(super().get(*given_, **named), silent=True)


def test_a_silent_feed_is_not_parsed_when_it_is_whole_and_is_read_when_it_is_not() -> None:
    [quiet] = Feed(url=SITE).poll(Silent([Exchange(url=SITE, body=rss())]), "")
    assert (quiet.entries, quiet.remarks) == ((), ())
    [cut] = Feed(url=SITE).poll(Silent([Exchange(url=SITE, body=rss()[:-20])]), "")
    assert cut.remarks == ("cut off: read as far as it goes",)
    with pytest.raises(Unreadable):
        list(Feed(url=SITE).poll(Silent([Exchange(url=SITE, body=b"Not today")]), ""))


def test_nothing_changed_is_a_page_without_entries_and_the_same_cursor() -> None:
    cursor = pack(feed=SITE)
    assert poll(http((SITE, 304)), cursor) == [Page(entries=(), cursor=cursor)]


@pytest.mark.parametrize(
    "address",
    [
        "ftp://site.example.org/feed",
        "site.example.org",
        "https://",
        "https://ana:secret@site.example.org/feed",
        "https://site.example.org/a b",
    ],
)
def test_an_address_that_cannot_be_read_is_refused(address: str) -> None:
    assert Feed.recognise(address) is None


def test_a_secret_address_is_shown_to_nobody() -> None:
    secret = Feed(url="https://www.google.com/alerts/feeds/01234567890/123")
    assert secret.feed is None
    assert "0123" not in secret.address + secret.label
    assert Feed.recognise("https://www.patreon.com/rss/show?auth=abc") is None


def test_a_page_quoted_in_a_broken_feed_does_no_harm() -> None:
    quoted = "<item><title>Two & three</title><link>/2</link><description><![CDATA[<!DOCTYPE html>]]></description></item>"
    assert [entry.title for entry in read(rss(quoted + ITEM)).entries] == ["Two & three", "One"]


@pytest.mark.parametrize("markup", ["<![bogus[", "<![if IE]>", "<!x>", "<!-", "&#x110000;", "&#99999999999;", "<? x"])
def test_broken_markup_of_any_kind_costs_no_entry_and_changes_no_id(markup: str) -> None:
    feed = read(rss(ITEM + f"<item><title>Two</title><link>/2</link><description>{markup} & more</description></item>"))
    assert [(entry.native_id, entry.url) for entry in feed.entries[:1]] == [("1", "https://site.example.org/1")]
    assert feed.remarks


def test_a_feed_that_is_broken_for_a_day_keeps_its_ids_and_addresses() -> None:
    item = "<item><title>{0}</title><link>/{0}</link><guid>{0}</guid></item>"
    whole = rss(item.format("a") + item.format("b"))
    sound, broken = read(whole), read(whole.replace(b"Site", b"Site & more"))
    assert [(one.native_id, one.url) for one in broken.entries] == [(one.native_id, one.url) for one in sound.entries]


# -- posts in a feed


TOOT = "https://social.example.org/@ada/113456789012345678"


def test_an_entry_at_the_address_of_a_post_is_a_post() -> None:
    items = f"<item><title>Ada: look at this</title><link>{TOOT}</link><guid>1</guid></item>"
    film = '<enclosure url="https://social.example.org/film.mp4" type="video/mp4" length="1"/>'
    items += f"<item><link>{TOOT}0</link><guid>2</guid><description>Look.</description>{film}</item>"
    assert [entry.kind for entry in polled(items).entries] == [Kind.POST, Kind.POST]


@pytest.mark.parametrize(
    ("url", "creator", "author"),
    [
        (TOOT, "", Author(handle="ada@social.example.org")),
        (TOOT, "Ada Long", Author(name="Ada Long", handle="ada@social.example.org")),
        ("https://social.example.org/@bo@other.example.org/113456789012345678", "", Author(handle="bo@other.example.org")),
        ("https://social.example.org/users/Ada/statuses/113456789012345678", "", Author(handle="ada@social.example.org")),
        ("https://bsky.app/profile/ada.example.org/post/3abc", "", Author(handle="ada.example.org")),
        ("https://bsky.app/profile/did:plc:abc/post/3abc", "", None),
    ],
)
def test_who_posted_is_known_by_the_address(url: str, creator: str, author: Author | None) -> None:
    names = f"<itunes:author>{creator}</itunes:author>" if creator else ""
    [entry] = polled(f"<item><link>{url}</link><guid>1</guid><description>Look.</description>{names}</item>").entries
    assert entry.author == author


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        ("<description>We met and it was good.</description>", Kind.POST),
        ("<title>How we met</title><description>We met and it was good.</description>", Kind.ARTICLE),
        (f"<description>{'We met and it was good. ' * 30}</description>", Kind.ARTICLE),
        ("", Kind.ARTICLE),
        ('<description>We met.</description><enclosure url="https://site.example.org/1.mp3" type="audio/mpeg" length="1"/>', Kind.EPISODE),
    ],
)
def test_an_entry_of_a_few_words_without_a_title_is_a_post(inner: str, kind: Kind) -> None:
    (entry,) = polled(f"<item><link>{SITE}1</link><guid>1</guid>{inner}</item>").entries
    assert entry.kind is kind


def polled(items: str) -> Page:
    [page] = poll(http((f"{SITE}feed", rss(items))), url=f"{SITE}feed")
    return page
