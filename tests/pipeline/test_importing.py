"""The community's own page, read into chosen stories and written back."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Chosen, ChosenLink, Kind
from aggregator.pipeline.importing import CommunityPage, SeeAlso, read_markdown, title_of, who_of, write_item
from aggregator.pipeline.markdown_links import Inline, inlines, plain
from aggregator.text.repair import repair_text
from aggregator.text.urls import Canonical, canonical

SEED = Path(__file__).parents[2] / ".." / "shared" / "seeds" / "discussing.md"

PAGE = """# Discussing

Come and talk at [the group](https://talk.example.org).

This page lists what others say:

* 🔈[Interview with Ana Example & Ben](http://show.example.org/ana) about crews.
* 📄Cem Example writes [Microattunement](https://blog.example.org/a-b): a pattern language.
* 🔈Ana interviewed Ben about the role of [his gardening past](https://show.example.org/2/) in his work
* 🎥Some people discussed this proposal in a meeting: [Video](https://youtu.be/_ShH3x1hgY0) \\| [Rough transcript](notes.md)
* 🦜See also: \\#crews on [Example](https://example.org/search?q=%23crews){space}

More to come.
""".replace("{space}", " ")


def items(page: CommunityPage) -> tuple[Chosen | SeeAlso, ...]:
    return (*page.chosen, *page.see_also)


def read(text: str) -> CommunityPage:
    return read_markdown(text, origin="discussing.md", canonical=canonical)


def test_an_entry_becomes_a_chosen_story() -> None:
    assert read(PAGE).chosen[1] == Chosen(
        position=1,
        kind=Kind.ARTICLE,
        title="Microattunement",
        who="Cem Example",
        note="Cem Example writes [Microattunement](https://blog.example.org/a-b): a pattern language.",
        links=(ChosenLink(key="https://blog.example.org/a-b", href="https://blog.example.org/a-b", label="Microattunement"),),
        origin="discussing.md",
    )


def test_kinds_follow_the_icons_and_positions_the_page() -> None:
    chosen = read(PAGE).chosen
    assert [one.kind for one in chosen] == [Kind.EPISODE, Kind.ARTICLE, Kind.EPISODE, Kind.VIDEO]
    assert [one.position for one in chosen] == [0, 1, 2, 3]


def test_all_links_of_an_entry_are_kept_in_order_and_relative_ones_stay_relative() -> None:
    links = read(PAGE).chosen[3].links
    assert [(link.label, link.key) for link in links] == [
        ("Video", "https://youtube.com/watch?v=_ShH3x1hgY0"),
        ("Rough transcript", "notes.md"),
    ]
    assert links[1].href == "notes.md"


def test_see_also_is_no_story() -> None:
    page = read(PAGE)
    assert [one.links[0].label for one in page.see_also] == ["Example"]
    assert all("search" not in link.key for one in page.chosen for link in one.links)


def test_the_text_around_the_list_is_kept() -> None:
    page = read(PAGE)
    assert page.before.startswith("# Discussing\n\nCome and talk")
    assert page.after == "\nMore to come.\n"
    assert page.intro == "Come and talk at [the group](https://talk.example.org).\n\nThis page lists what others say:"


def test_the_list_is_written_back_byte_for_byte() -> None:
    page = read(PAGE)
    written = [write_item(item) for item in items(page)]
    assert written == [line for line in PAGE.splitlines() if line.startswith("* ")]


def test_reading_twice_gives_the_same_stories() -> None:
    page = read(PAGE)
    again = read("\n".join(write_item(item) for item in items(page)))
    assert (again.chosen, again.see_also) == (page.chosen, page.see_also)
    assert read(PAGE) == page


@pytest.mark.parametrize(
    ("note", "title"),
    [
        ("[Interview with Ana & Ben](a) about crews", "Interview with Ana & Ben"),
        ("Ana interviewed Ben about the role of [his past](a) in crews.", "Ana interviewed Ben about the role of his past in crews"),
        ("Some discussed this in a long meeting: [Video](a) \\| [Transcript](b)", "Some discussed this in a long meeting"),
        ("There are threads on each of the posts on Medium: [1](a) [2](b)", "There are threads on each of the posts on Medium"),
        ("In this episode [How \\#crews can change the world](a)", "How #crews can change the world"),
        ("Ana asks [some questions](a): power, status. \\(Part of a podcast.\\)", "Ana asks some questions"),
        ("[here](a)", "here"),
        ("[](a)", "[](a)"),
    ],
)
def test_a_title_reads_well_on_its_own(note: str, title: str) -> None:
    assert title_of(note) == title


@pytest.mark.parametrize(
    ("note", "who"),
    [
        ("Ana van Example [wrote](a) a response", "Ana van Example"),
        ("Ana interviews Ben & Cem about crews", "Ana, Ben & Cem"),
        ("[Interview with Ana Example & Ben](a) about crews", "Ana Example & Ben"),
        ("Discussion with Nati and john about pods", "Nati and john"),
        ("A small group of people discussed this", None),
        ("There are comments on each post", None),
        ("Discussion at the summer retreat", None),
    ],
)
def test_who_is_taken_only_where_the_words_say_so(note: str, who: str | None) -> None:
    assert who_of(note) == who


def test_without_an_icon_the_address_decides_the_kind() -> None:
    text = "- [Talk](https://youtu.be/_ShH3x1hgY0)\n- [Crews](https://www.loomio.com/d/OUV8X7Hv/x)\n- [Essay](https://example.org/e)\n"
    assert [one.kind for one in read(text).chosen] == [Kind.VIDEO, Kind.THREAD, Kind.ARTICLE]


def test_a_page_in_the_wrong_encoding_is_repaired() -> None:
    assert read("* ðŸŽ¥[Crews](https://example.org/a)").chosen[0].kind is Kind.VIDEO


def test_an_entry_over_several_lines_is_one() -> None:
    chosen = read("* 📄[Crews](https://example.org/a): how\n  to start\n* 📄[More](https://example.org/b)\n").chosen
    assert [one.note for one in chosen] == ["[Crews](https://example.org/a): how to start", "[More](https://example.org/b)"]


def test_what_is_left_out_is_remarked_on() -> None:
    page = read("* 📄no link\n* 📄[mail](mailto:x)\n* 📄[](<>) [a](https://example.org/a)\n  * 📄[b](https://example.org/b)\n")
    assert [one.links[0].label for one in page.chosen] == ["a", "b"]
    assert [remark.split(":")[0] for remark in page.remarks] == ["line 1", "line 2", "line 2", "line 3", "line 4"]


def test_bullets_in_a_code_block_are_no_entries() -> None:
    assert read("```\n* [a](https://example.org/a)\n```\n").chosen == ()


@pytest.mark.parametrize("text", ["", "\x00\x01\x02", "* [", "* [a](", "* [a](b", "[a](b)", "*", "* * *", "%PDF-1.4 \x00"])
def test_a_page_without_a_list_gives_no_stories(text: str) -> None:
    assert read(text).chosen == ()


@given(
    st.text()
    | st.lists(st.sampled_from(["* ", "📄", "[", "](", ")", "a", "\\", "<", ">", "\n", "  ", "https://a.example/", "`", "!", " "])).map(
        "".join
    )
)
def test_any_page_is_read_and_written_to_a_fixed_point(text: str) -> None:
    chosen = read(text).chosen
    again = read("\n".join(map(write_item, chosen))).chosen
    assert [(one.note, one.kind, one.links, one.title) for one in again] == [(one.note, one.kind, one.links, one.title) for one in chosen]


def test_links_with_brackets_titles_and_escapes_are_read() -> None:
    assert [
        piece for piece in inlines('a [b \\[c\\] *d*](<e f> "t") [g](h_(i)) <https://j.example> https://k.example/l_(m).') if piece.href
    ] == [
        Inline("b [c] d", "e f"),
        Inline("g", "h_(i)"),
        Inline("https://j.example", "https://j.example"),
        Inline("https://k.example/l_(m)", "https://k.example/l_(m)"),
    ]


def test_plain_words_are_without_marks() -> None:
    assert plain("**How** \\#crews [can `x`](a) \\| _go_ &amp; snake_case") == "How #crews can x | go & snake_case"


@pytest.mark.samples
def test_the_communitys_page_is_read_whole_and_written_back() -> None:
    if not SEED.is_file():
        pytest.skip("the community's page is not beside this checkout")
    text = SEED.read_text(encoding="utf-8")
    page = read(text)
    assert page.remarks == ()
    assert len(page.chosen) == 13
    assert sum(len(one.links) for one in page.chosen) == 18
    assert [link.label for link in page.see_also[0].links] == ["Twitter", "Scuttlebutt"]
    bullets = [line for line in repair_text(text).splitlines() if line.startswith("* ")]
    assert [write_item(item) for item in items(page)] == bullets


def told(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.title, tuple(link.href for link in one.links)) for one in read(text).chosen]


A, B = "https://a.example.org/c", "https://b.example.org/x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"- [Crews]({A}) by Ana\n+ [Two]({B})\n", [("Crews", (A,)), ("Two", (B,))]),
        (f"1. [Crews]({A})\n10) [Two]({B})\n", [("Crews", (A,)), ("Two", (B,))]),
        (f"• [Crews]({A})\n", [("Crews", (A,))]),
        (f"- [ ] [Crews]({A})\n- [x] [Two]({B})\n", [("Crews", (A,)), ("Two", (B,))]),
        (f'- [Crews]({A} "A title") and <{B}>\n', [("Crews", (A, B))]),
        (f"- Ana on crews {A}.\n", [("Ana on crews", (A,))]),
        (f'- <a href="{A}">Crews</a> by Ana\n', [("Crews", (A,))]),
        (f"- [Crews][1] by Ana\n- [Two][]\n\n[1]: {A} 'T'\n[two]: <{B}>\n", [("Crews", (A,)), ("Two", (B,))]),
        (f"- [Crews]({A})\n\n  See [Two]({B}), too.\n", [("Crews", (A, B))]),
        (f"<!--\n- [Old]({B})\n-->\n- [Crews]({A}) <!-- [x]({B}) -->\n", [("Crews", (A,))]),
        (f"---\nlinks:\n  - {B}\n---\n- [Crews]({A})\n", [("Crews", (A,))]),
        (f"* * *\n- - -\n* [Crews]({A})\n", [("Crews", (A,))]),
        (f"```\n- [Old]({B})\n```\n- [Crews]({A})\n", [("Crews", (A,))]),
        (f"\ufeff* [Crews]({A})\r\n* [Two]({B})\r\n", [("Crews", (A,)), ("Two", (B,))]),
    ],
)
def test_lists_in_other_styles_are_read(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert told(text) == expected
    assert read(text).remarks == ()


def test_a_nested_entry_is_read_with_a_remark() -> None:
    page = read(f"- Talks\n  - [Crews]({A})\n")
    assert [one.title for one in page.chosen] == ["Crews"]
    assert any("nested" in remark for remark in page.remarks)


def test_rows_of_a_table_are_remarked_on() -> None:
    page = read(f"| What |\n|---|\n| [Crews]({A}) |\n")
    assert page.chosen == ()
    assert page.remarks == ("line 3: a row of a table is left out; write it as * [words](address)",)


_MARKDOWN = st.sampled_from(
    [
        *("* ", "- ", "1. ", "2) ", "• ", "  - ", "\n", "\n\n", "\r\n", "  ", "\t", "- [x] ", "📄", "🔈 "),
        *("🗨\ufe0f", "🦜", "\ufe0f", "See also: "),
        *(f"[Crews]({A})", f"<{B}>", f"{A}.", f'[Two](<{B}> "t")', "[ref][1]", "[1]", f"[1]: {A}\n"),
        *(f'<a href="{A}">Dee</a>', "[]()", "[x]("),
        *("Ana writes ", "crews", ": ", " | ", "\\", "*", "_", "`", "```\n", "<!-- ", " -->", "---\n", "# T\n", "| ", "&amp;"),
        "https://www.loomio.com/d/abc/crews/1 ",
    ]
)  # fmt: skip


@given(st.lists(_MARKDOWN, max_size=25).map("".join))
def test_what_was_written_is_read_as_the_same(text: str) -> None:
    once = read(text)
    again = read("\n".join(map(write_item, once.chosen)))
    assert again.chosen == once.chosen
    assert again.see_also == ()


@pytest.mark.parametrize("text", ["<!--" * 100_000, "[a" * 100_000, "- " * 100_000, "[" * 50_000 + "]" * 50_000, "<a href='x'>" * 10_000])
def test_a_hostile_list_is_read_in_bounded_time(text: str) -> None:
    began = time.perf_counter()
    read(f"* {text}\n[1]: {A}\n")
    assert time.perf_counter() - began < 20


def test_of_a_page_without_end_the_first_links_are_read_and_the_rest_is_remarked_on() -> None:
    asked: list[str] = []

    def counted(address: str) -> Canonical:
        asked.append(address)
        return canonical(address)

    page = read_markdown("# Links\n\n" + f"* [a]({A})\n" * 6_000 + "\nThe end.\n", origin="x.md", canonical=counted)
    assert (len(page.chosen), len(asked)) == (5_000, 5_000)
    assert page.remarks == ("line 5003: from here on nothing is read, the page is too long; make several pages of it",)
    assert (page.before, page.after) == ("# Links\n", "\nThe end.\n")


@pytest.mark.parametrize("text", [f"* [a]({A}) " * 1_000, "* " + "[a] " * 100 + f"\n\n[a]: {A}/{'b' * 500}\n"])
def test_an_entry_that_is_no_entry_is_left_out_with_a_remark(text: str) -> None:
    page = read(text + f"\n* [b]({B})\n")
    assert [one.links[0].href for one in page.chosen] == [B]
    assert page.remarks == ("line 1: the entry is longer than 10000 characters and is left out; make several of it",)


def test_an_address_too_long_to_be_one_defines_nothing() -> None:
    assert read(f"* [a]\n\n[a]: {A}/{'b' * 2_000}\n").chosen == ()
