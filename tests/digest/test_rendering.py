import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK, Doors, doors
from aggregator.digest.rendering import LARGEST_BYTES, fitting, render, spelled, wrapped
from aggregator.model import Edition, Group, Item, Rendered
from aggregator.publish.render import Templates
from aggregator.publish.story_lines import story_line
from aggregator.settings import Digest, Mailbox, Serve, Settings
from tests.support.editions import digest_of, edition, full_edition, item, odd_edition, some_items
from tests.support.site import TEMPLATES, settings_in, site_of

SERVE = Serve(url="https://mail.example.org/")
MAILBOX = Mailbox(address="digest@example.org", host="imap.example.org")
NO_DOORS = digest_of()
BY_WEB = digest_of(serve=SERVE, postal="Example Commons, 12 Example Street, Brussels", reply_to="Crew <people@example.org>")
BY_MAIL = digest_of(mailbox=MAILBOX)
BOTH = digest_of(serve=SERVE, mailbox=MAILBOX)
EDITIONS = {
    "full": full_edition(),
    "short": edition((item(),)),
    "odd": odd_edition(),
    "nothing new": edition((), talked=(item(voices="1 new voice"),), coverage="Loomio could not be read on Monday."),
}


@cache
def filled() -> Templates:
    return Templates([TEMPLATES])


def settings_of(digest: Digest = BY_WEB, *, url: str = "https://example.org/discussing/") -> Settings:
    return replace(settings_in(Path("nowhere"), site=site_of(url=url)), digest=digest)


def rendered(of: Edition, digest: Digest = BY_WEB, *, url: str = "https://example.org/discussing/", given: Doors | None = None) -> Rendered:
    return render(of, settings_of(digest, url=url), given or doors(digest), filled())


class Seen(HTMLParser):
    """What a reader of the HTML meets: its words, with each link's address behind them as plain text spells it, and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.hrefs: list[str] = []
        self._shown = False
        self._link: tuple[str, list[str]] | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._shown = self._shown or tag == "body"
        if tag == "a":
            self._link = (dict(attrs)["href"] or "", [])
            self.hrefs.append(self._link[0])
        elif tag not in ("bdi", "span"):
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            href, words = self._link
            self.words.append("" if "".join(words) == href.removeprefix("mailto:") else f" {spelled(href)}")
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._shown:
            self.words.append(data)
            if self._link:
                self._link[1].append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]


def words_of_html(html: str) -> list[str]:
    return "".join(Seen(html).words).split()


def words_of_text(text: str) -> list[str]:
    return [word for line in text.splitlines() if not re.fullmatch(r"=+|-+", line) for word in line.split()]


# -- the same in both


@pytest.mark.parametrize("url", ["https://example.org/discussing/", ""], ids=["site", "no site"])
@pytest.mark.parametrize("digest", [NO_DOORS, BY_WEB, BY_MAIL, BOTH], ids=["no doors", "web", "mail", "both"])
@pytest.mark.parametrize("name", EDITIONS)
def test_html_and_text_say_the_same_words_in_the_same_order(name: str, digest: Digest, url: str) -> None:
    mail = rendered(EDITIONS[name], digest, url=url)
    assert words_of_html(mail.html) == words_of_text(mail.text)
    assert len(words_of_text(mail.text)) > 20


STRANGE = st.text(max_size=40) | st.sampled_from(
    [LEAVE_MARK, "<b>&amp;</b>", "]]>", "</style>", "{{ 7 * 7 }}", "a\nb", "\u202e", "---", "==="]
)
ITEMS = st.builds(
    item,
    STRANGE,
    st.none() | STRANGE.map(lambda text: f"https://x.example/{text}"),
    story=st.just("aaaaaaaaaa"),
    group=st.sampled_from(sorted(Group, key=list(Group).index)),
    who=STRANGE,
    where=STRANGE,
    sentence=STRANGE,
    voices=STRANGE,
    talk=STRANGE,
)


@examples(max_examples=150, deadline=None)
@given(st.lists(ITEMS, max_size=4), st.lists(ITEMS, max_size=2), STRANGE)
def test_no_text_makes_them_differ_or_breaks_the_html(new: list[Item], also: list[Item], coverage: str) -> None:
    mail = rendered(edition(new, also=tuple(also), talked=tuple(also), coverage=coverage))
    # A word of dashes alone would be taken for the line under a heading.
    html, text = ([word for word in words if word.strip("-=")] for words in (words_of_html(mail.html), words_of_text(mail.text)))
    assert html == text
    assert {tag for tag, _ in Seen(mail.html).elements} <= set(TAGS)


TAGS = "html head meta title style body table tbody tr td div h1 h2 h3 p ul li a span bdi br".split()


# -- the HTML


@pytest.mark.parametrize("name", EDITIONS)
def test_the_html_has_nothing_that_runs_loads_or_watches(name: str) -> None:
    html = rendered(EDITIONS[name]).html
    seen = Seen(html)
    assert {tag for tag, _ in seen.elements} <= set(TAGS)
    attributes = {key for _, attrs in seen.elements for key in attrs}
    assert attributes <= set(
        "lang dir href style class role aria-label width align border cellpadding cellspacing charset name content data-css-inline".split()
    )
    assert all(href.startswith(("https://", "http://", "mailto:")) for href in seen.hrefs)
    styles = " ".join([*(attrs.get("style", "") for _, attrs in seen.elements), *re.findall(r"<style[^>]*>(.*?)</style>", html, re.S)])
    assert "url(" not in styles
    assert "@import" not in styles


def test_headings_follow_one_another_without_a_gap() -> None:
    levels = [int(tag[1]) for tag, _ in Seen(rendered(full_edition()).html).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_sections_stand_in_their_order() -> None:
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", rendered(full_edition()).html)
    assert headings == ["Recordings", "Articles", "Discussions", "Posts", "Also new", "Still being talked about", "To begin with"]


def test_tables_are_for_layout_and_say_so() -> None:
    assert {attrs["role"] for attrs in Seen(rendered(full_edition()).html).all("table")} == {"presentation"}


def test_the_language_is_told_of_the_mail_and_of_what_is_in_another() -> None:
    german = item("Kleine Gruppen", language="de", sentence="A note of ours.", sentence_language="")
    arabic = item("التضامن", language="ar", sentence="ماذا يحدث؟", sentence_language="ar")
    seen = Seen(rendered(edition((german, arabic), language="en-GB")).html)
    assert seen.all("html")[0]["lang"] == "en-GB"
    # Mail programs on the web throw the outermost elements away.
    assert {attrs["lang"] for attrs in seen.all("div")} == {"en-GB"}
    assert [attrs.get("lang") for attrs in seen.all("a") if attrs.get("dir") == "auto"] == ["de", "ar"]
    assert [attrs.get("lang") for attrs in seen.all("p") if attrs.get("dir") == "auto"] == [None, "ar"]


def test_styles_stand_on_the_elements_and_the_dark_scheme_in_the_head() -> None:
    html = rendered(full_edition()).html
    seen = Seen(html)
    assert all(attrs.get("style") for tag, attrs in seen.elements if tag in ("h1", "h2", "h3", "p", "a", "td", "body", "ul", "li"))
    kept = re.findall(r"<style[^>]*>(.*?)</style>", html, re.S)
    assert len(kept) == 1
    assert "prefers-color-scheme:dark" in kept[0]
    assert "max-width:480px" in kept[0]
    assert "#171614" not in html.replace(kept[0], "")
    schemes = {attrs["name"]: attrs["content"] for attrs in seen.all("meta") if "name" in attrs}
    assert schemes["color-scheme"] == schemes["supported-color-schemes"] == "light dark"


def test_the_site_s_own_style_sheet_is_not_in_the_mail() -> None:
    assert "--paper" not in rendered(full_edition()).html


def test_the_title_names_the_digest_and_its_days() -> None:
    assert "<title>Discussing #microsolidarity, 16 to 22 November 2026</title>" in rendered(edition()).html


def test_what_comes_first_is_what_is_new() -> None:
    """Mail programs show the beginning of a mail beside its subject."""
    assert rendered(full_edition()).text.splitlines()[0] == "Money in the middle, How a crew ends well and 40 more"
    assert rendered(edition((item("One"), item("Two")))).text.splitlines()[0] == "One and Two"
    assert rendered(edition((item("One"),))).text.splitlines()[0] == "One"
    assert rendered(EDITIONS["nothing new"]).text.splitlines()[0] == "Discussing #microsolidarity"


@pytest.mark.parametrize(
    "href", ["https://x.example/?a=1&b=2&copy=3", "https://x.example/%3Cb%3E?q=%22'", "https://x.example/ä?ß=ø", "http://x.example"]
)
def test_an_address_is_the_same_after_the_styles_are_inlined(href: str) -> None:
    mail = rendered(edition((item(href=href),)))
    assert href in Seen(mail.html).hrefs
    assert f"<{href}>" in mail.text


def test_signs_of_markup_are_text() -> None:
    title = "&lt;b&gt; <i>1 & 2</i> \"3\" '4' &nbsp; {{ 5 }}"
    mail = rendered(edition((item(title),)))
    assert title in mail.text
    assert title in "".join(Seen(mail.html).words)


def test_the_title_leads_to_the_thing_itself_and_the_voices_to_its_page() -> None:
    one = item()
    mail = rendered(edition((one,)))
    assert Seen(mail.html).hrefs[:2] == [one.href, f"https://example.org/discussing/{one.page}"]
    assert Seen(rendered(edition((one,)), NO_DOORS, url="").html).hrefs == [one.href, "mailto:digest@example.org"]


def test_a_list_of_the_links_alone_names_each_story() -> None:
    """As screen readers list them: `aria-label` begins with the words that are seen (WCAG 2.2, 2.5.3)."""
    items = [
        item("Essay on crews", "https://a.example/1", voices="", talk=""),
        item('A "quoted" one', "https://a.example/2", voices="2 voices"),
    ]
    html = rendered(edition(items)).html
    labels = re.findall(r'aria-label="([^"]*)"[^>]*>([^<]*)</a>', html)
    assert labels == [("On the page: Essay on crews", "On the page"), ("2 voices: A &quot;quoted&quot; one", "2 voices")]


def test_what_the_heading_says_is_not_said_of_each_story() -> None:
    text = rendered(edition((item("A", group=Group.RECORDINGS, kind_text="Video"), item("B")))).text
    assert "Video · Nadia · Enspiral Tales" in text
    assert "\nNadia · Enspiral Tales" in text
    assert "Article ·" not in text


@pytest.mark.parametrize(("new", "said"), [(0, "nothing new"), (1, "1 new story"), (2, "2 new stories")])
def test_how_many_are_new_is_counted_in_words(new: int, said: str) -> None:
    assert f"16 to 22 November 2026 · {said}\n" in rendered(edition(some_items(new))).text


def test_what_is_only_counted_leads_to_the_page() -> None:
    assert "\n7 more on the page <https://example.org/discussing/>\n" in rendered(full_edition()).text
    assert "\n7 more\n" in rendered(full_edition(), url="").text


# -- doors


def foot(text: str) -> str:
    return text[text.index("You get this mail") :]


def test_the_foot_has_every_door_of_the_web() -> None:
    assert foot(rendered(edition()).text) == (
        "You get this mail because you asked for Discussing #microsolidarity\n(weekly).\n\n"
        f"Leave (unsubscribe)\n<https://mail.example.org/leave/{LEAVE_MARK}>\n"
        f"Change how often it comes\n<https://mail.example.org/change/{CHANGE_MARK}>\n"
        "Read it on the web <https://example.org/discussing/digest/2026-W47.html>\n"
        "All editions <https://example.org/discussing/digest/>\n"
        "Passed on to you? Get your own <https://mail.example.org/>\n\n"
        "Answers to this mail reach people@example.org.\n\n"
        "Example Commons, 12 Example Street, Brussels\n"
    )


def test_a_door_by_mail_is_a_link_and_is_spelled_out_in_plain_text() -> None:
    mail = rendered(edition(), BY_MAIL, url="")
    assert f"mailto:digest+{LEAVE_MARK}@example.org?subject=leave" in Seen(mail.html).hrefs
    spoken = " ".join(foot(mail.text).split())
    assert f'Leave (unsubscribe) by mail to digest+{LEAVE_MARK}@example.org with the subject "leave"' in spoken
    assert 'Get your own by mail to digest@example.org with the subject "subscribe"' in spoken


def test_where_there_is_no_door_nothing_leads_to_one() -> None:
    mail = rendered(edition(), NO_DOORS, url="")
    assert foot(mail.text) == (
        "You get this mail because you asked for Discussing #microsolidarity\n(weekly).\n\nAnswers to this mail reach digest@example.org.\n"
    )
    assert "<ul" not in mail.html[mail.html.index("You get this mail") :]


@pytest.mark.parametrize("name", EDITIONS)
def test_marks_stand_in_the_doors_and_nowhere_else(name: str) -> None:
    mail = rendered(EDITIONS[name], BOTH)
    for part in (mail.html, mail.text):
        assert (part.count(LEAVE_MARK), part.count(CHANGE_MARK)) == (1, 1)
    assert [href for href in Seen(mail.html).hrefs if LEAVE_MARK in href] == [f"https://mail.example.org/leave/{LEAVE_MARK}"]


@pytest.mark.parametrize(
    "hidden",
    [
        LEAVE_MARK,
        f"{LEAVE_MARK[:20]}\u202e{LEAVE_MARK[20:]}",
        f"{LEAVE_MARK[:20]}{LEAVE_MARK}{LEAVE_MARK[20:]}",
        f"{LEAVE_MARK[:20]}\x00{LEAVE_MARK[20:]}",
        f"{CHANGE_MARK}{LEAVE_MARK}",
    ],
)
def test_a_stranger_s_mark_is_nobody_s_token(hidden: str) -> None:
    fields = dict.fromkeys(("who", "where", "sentence", "voices", "talk", "kind_text"), hidden)
    evil = item(hidden, f"https://evil.example/{hidden}", story="aaaaaaaaaa", **fields)
    mail = rendered(edition((evil,), also=(evil,), talked=(evil,), pinned=(evil,), coverage=hidden), NO_DOORS)
    assert LEAVE_MARK not in mail.html + mail.text
    assert CHANGE_MARK not in mail.html + mail.text


# -- strangers


def test_a_script_for_an_address_is_no_link() -> None:
    for href in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "https:evil",
        " https://x.example/",
    ):
        mail = rendered(edition((item(href=href, story="aaaaaaaaaa", voices="", talk=""),)), NO_DOORS, url="")
        assert Seen(mail.html).hrefs == ["mailto:digest@example.org"]
        assert href not in mail.text


def test_what_the_site_says_of_an_edition_has_no_such_link_either() -> None:
    assert story_line(item(href="javascript:alert(1)"), "", "../").href is None


def test_a_title_is_one_line_and_not_longer_than_a_title() -> None:
    heading = re.search(r"<h3[^>]*><a[^>]*>([^<]*)", rendered(edition((item("Five thousand characters. " * 200),))).html)
    assert heading is not None
    assert 250 < len(heading[1]) <= 300
    assert heading[1].endswith("…")
    text = rendered(edition((item("A\r\nBcc: all@example.org\n\nB"),))).text
    assert "\nA Bcc: all@example.org B <https://blog.example.org/crews>\n" in text


def test_direction_marks_are_gone_and_directions_stay_inside_their_element() -> None:
    mail = rendered(edition((item("\u202eevil\u2067", who="\u202dx"),)))
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(mail.html + mail.text)
    assert "<bdi>x</bdi>" in mail.html


# -- plain text


@pytest.mark.parametrize("name", EDITIONS)
def test_lines_of_plain_text_are_short_but_for_one_long_word(name: str) -> None:
    for line in rendered(EDITIONS[name], BOTH).text.splitlines():
        assert len(line) <= 72 or " " not in line


@given(st.lists(st.sampled_from(["word", "a-b", "", "\n", "<https://x.example/" + "path-" * 30 + ">", "x" * 80]), max_size=60))
def test_wrapping_cuts_no_word_and_loses_none(words: list[str]) -> None:
    text = " ".join(words)
    assert wrapped(text).split() == text.split()
    assert "\n\n\n\n" not in wrapped(text)
    assert wrapped(text).endswith("\n")


def test_a_line_under_a_heading_is_no_longer_than_a_heading() -> None:
    lines = rendered(full_edition(title="A long title " * 5)).text.splitlines()
    under = [line for line in lines if re.fullmatch("=+|-+", line)]
    assert len(under) == 8
    assert max(map(len, under)) <= 40


# -- size


def big(count: int, more: int = 0) -> Edition:
    return edition(
        [item(f"{at} {'title ' * 40}", f"https://x.example/{at}", sentence="words " * 90) for at in range(15)],
        more=more,
        also=tuple(item(f"also {at} {'title ' * 40}", f"https://x.example/also/{at}") for at in range(count)),
    )


def html_bytes(of: Edition) -> int:
    return len(rendered(of).html.encode())


def test_a_full_edition_is_small_enough() -> None:
    full = full_edition()
    assert html_bytes(full) < LARGEST_BYTES / 3
    assert fitting(full, rendered) is full


def test_what_would_be_too_much_is_counted_from_the_end() -> None:
    large = big(300, more=2)
    assert html_bytes(large) > LARGEST_BYTES * 1.5
    fit = fitting(large, rendered)
    assert fit.new == large.new
    assert fit.items == large.items
    assert fit.also == large.also[: len(fit.also)]
    assert html_bytes(fit) < LARGEST_BYTES <= html_bytes(replace(fit, also=large.also[: len(fit.also) + 1], more=fit.more - 1))


def test_stories_in_full_are_counted_when_the_titles_alone_are_not_enough() -> None:
    large = edition([item("世" * 250, f"https://x.example/{at}/{'long' * 400}", sentence="界" * 500) for at in range(60)], more=1)
    fit = fitting(large, rendered)
    assert 1 < len(fit.items) < 60
    assert fit.items == large.items[: len(fit.items)]
    assert (fit.new, fit.also) == (large.new, ())
    assert html_bytes(fit) < LARGEST_BYTES


def test_one_story_is_always_told() -> None:
    hopeless = edition([item(str(at), f"https://x.example/{'a' * LARGEST_BYTES}", story=f"aaaaaaaaa{at}") for at in range(3)])
    assert len(fitting(hopeless, rendered).items) == 1
    empty = edition(())
    assert fitting(empty, rendered) is empty


# -- how


def test_the_same_edition_gives_the_same_bytes() -> None:
    assert rendered(odd_edition(), BOTH) == rendered(odd_edition(), BOTH)


def test_the_operator_s_own_template_is_taken(tmp_path: Path) -> None:
    (tmp_path / "digest.txt").write_text("{{ mail.title }}, in our own words\n", encoding="utf-8")
    mail = render(edition(), settings_of(), doors(BY_WEB), Templates([tmp_path, TEMPLATES]))
    assert mail.text == "Discussing #microsolidarity, in our own words\n"
    assert "<h1" in mail.html


def test_nothing_slow_is_loaded_before_something_is_rendered() -> None:
    code = "import sys, aggregator.digest.rendering; print(sorted({'css_inline', 'jinja2', 'sqlalchemy'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
