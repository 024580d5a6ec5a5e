import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.notes import Emphasis, Run, marked_lead, plain, runs

HREF = "https://example.org/a"


def test_a_note_is_read_as_text_and_links() -> None:
    assert runs(f"Hugi [started a discussion]({HREF}) here") == (
        Run(text="Hugi "),
        Run(text="started a discussion", href=HREF),
        Run(text=" here"),
    )


def test_escapes_are_undone_in_text_labels_and_addresses() -> None:
    assert runs(r"\#tag \| [a \[b\]](https://example.org/a\_b)") == (Run(text="#tag | "), Run(text="a [b]", href="https://example.org/a_b"))


def test_an_address_may_hold_one_pair_of_brackets() -> None:
    assert runs("[x](https://example.org/a_(b))") == (Run(text="x", href="https://example.org/a_(b)"),)


def test_emphasis_is_kept_and_may_hold_a_link() -> None:
    assert runs(f"**so** *[much]({HREF})*") == (
        Run(text="so", emphasis=Emphasis.STRONG),
        Run(text=" "),
        Run(text="much", href=HREF, emphasis=Emphasis.EMPHASIS),
    )


@pytest.mark.parametrize("text", ["2 * 3 * 4", "snake_case_name", "a [b] c", "[x] (y)", "<b>bold</b>", "`code`", "*", "[", "a ** b"])
def test_what_is_no_mark_is_text(text: str) -> None:
    assert plain(text) == text
    assert all(not run.href and not run.emphasis for run in runs(text))


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "data:text/html,x", "enspiral-summer-retreat-2019.md", "//example.org", "http://[", "#x"]
)
def test_an_address_that_leads_nowhere_is_shown_as_its_label(href: str) -> None:
    assert runs(f"[label]({href})") == (Run(text="label"),)


def test_a_relative_address_is_followed_from_a_known_page() -> None:
    assert runs("[label](retreat.md)", base="https://example.org/book/page") == (
        Run(text="label", href="https://example.org/book/retreat.md"),
    )


def test_a_base_makes_no_script_of_an_address() -> None:
    assert runs("[label](javascript:alert(1))", base="https://example.org/book/") == (Run(text="label"),)


def test_the_lead_is_the_link_that_the_story_is_shown_by() -> None:
    note = runs(f"[one](https://example.org/1) [two]({HREF})")
    assert [run.lead for run in marked_lead(note, HREF)] == [False, False, True]
    assert [run.lead for run in marked_lead(note, None)] == [True, False, False]


@given(st.text(alphabet="*_[]()<>\\`#ab. \nhttps:/", max_size=200))
def test_no_note_is_too_odd_to_be_read(note: str) -> None:
    assert all(run.text is not None and (run.href is None or run.href.startswith("http")) for run in runs(note))
