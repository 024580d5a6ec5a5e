from dataclasses import replace

import pytest

from aggregator.model import Curation, Kind, Story
from aggregator.pipeline.importing import read_markdown, write_item
from aggregator.publish.markdown import BEGIN, END, document, escaped, linked
from aggregator.publish.views import Updated, arrange, page_view
from aggregator.text.urls import canonical
from tests.support.site import site_of, some_sources
from tests.support.stories import chosen_by_hand, found


def written(*stories: Story) -> list[str]:
    shown = arrange(stories, site=site_of(), sources=some_sources())
    page = page_view(shown, site=site_of(), sources=some_sources(), updated=Updated(iso="", day=""))
    return document(page, shown).splitlines()


def test_the_page_has_the_form_of_the_communitys_own() -> None:
    note = "Jamie interviewed Rich about [his past](https://pod.example.org/4) in community building"
    assert written(chosen_by_hand("his past", "https://pod.example.org/4", note=note), found()) == [
        "# Discussing \\#microsolidarity",
        "",
        site_of().intro,
        "",
        "To join the conversation, go to [forum.example.org](https://forum.example.org).",
        "",
        f"* 🔈{note}",
        "",
        "## November 2026",
        "",
        "* 📄[A quiet practice](https://blog.example.org/post) — Ada Example, A lone blog",
        "",
        "* 🦜See also: [\\#microsolidarity on Search](https://search.example.com/?q=%23microsolidarity)",
    ]


@pytest.mark.parametrize(
    ("kind", "icon"),
    [(Kind.EPISODE, "🔈"), (Kind.ARTICLE, "📄"), (Kind.VIDEO, "🎥"), (Kind.THREAD, "💬"), (Kind.POST, "🗨️"), (Kind.COMMENT, "🗨️")],
)
def test_every_kind_has_its_icon(kind: Kind, icon: str) -> None:
    assert f"* {icon}[A talk about pods](https://talks.example.org/pods)" in written(chosen_by_hand(kind=kind))


def test_a_note_without_a_link_gets_the_title_before_it() -> None:
    assert "* 🔈[Pods](https://x.example/) — About crews." in written(chosen_by_hand("Pods", "https://x.example/", note="About crews."))
    assert "* 🔈[Pods](https://x.example/)" in written(chosen_by_hand("Pods", "https://x.example/", note=""))


def test_what_is_pinned_says_who_made_it_where_no_note_says_more() -> None:
    pinned, noted = (replace(found(), curation=Curation(pinned=0, note=note)) for note in (None, "About bread."))
    assert "* 📄[A quiet practice](https://blog.example.org/post) — Ada Example, A lone blog" in written(pinned)
    assert "* 📄[A quiet practice](https://blog.example.org/post) — About bread." in written(noted)


def test_an_address_that_is_relative_to_their_own_page_stays_relative() -> None:
    note = "On [methods](methods.md)"
    assert f"* 🔈{note}" in written(chosen_by_hand("methods", "methods.md", note=note))


def test_a_title_cannot_be_a_mark() -> None:
    title = "a [b](c) #d | `e` *f* _g_ <h> \\ {% i %} ~j~ $k &amp; R&D"
    assert escaped(title) == ("a \\[b\\](c) \\#d \\| \\`e\\` \\*f\\* \\_g\\_ \\<h\\> \\\\ \\{% i %\\} \\~j\\~ \\$k \\&amp; R\\&D")


def test_an_address_cannot_end_its_link() -> None:
    assert linked("x", "https://example.org/a)(b<>|{%") == "[x](https://example.org/a%29%28b%3C%3E%7C%7B%)"
    assert linked("a]", None) == "a\\]"


def test_nothing_from_outside_can_be_one_of_the_two_marks() -> None:
    page = "\n".join(
        written(
            found(title="<!-- aggregator:end -->", text="<!-- aggregator:begin -->", site="<!-- aggregator:end -->"),
            chosen_by_hand(note="<!-- aggregator:end -->"),
        )
    )
    assert BEGIN not in page
    assert END not in page


def test_a_title_of_several_lines_is_one_line() -> None:
    assert sum("one two" in line for line in written(found(title="one\n\n* two"), found("https://x.example/", title="one\r\ntwo"))) == 1
    assert not any(line.startswith("* two") for line in written(found(title="one\n\n* two")))


def test_what_is_written_can_be_imported_again() -> None:
    notes = ("[A *talk*](https://a.example/)  by \\#us \\| them", "Somebody wrote [a thing](b.md)", "On [x](https://c.example/a_(b))")
    kinds = (Kind.EPISODE, Kind.VIDEO, Kind.THREAD)
    stories = [chosen_by_hand("x", f"https://a.example/{n}", note=notes[n], position=n, kind=kinds[n]) for n in range(3)]
    page = read_markdown("\n".join(written(*stories)), origin="discussing.md", canonical=canonical)
    assert [(one.note, one.kind) for one in page.chosen] == [(one.chosen.note, one.chosen.kind) for one in stories if one.chosen]
    assert [write_item(one.chosen) for one in stories if one.chosen] == [line for line in written(*stories) if line.startswith("* ")][:3]
    assert len(page.see_also) == 1
