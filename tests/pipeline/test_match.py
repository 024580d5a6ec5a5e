"""The matcher's own promises; what is a mention is judged by the corpus."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Author, Entry, Field, Kind, Match, Near, Preview, Topic, Weight
from aggregator.pipeline.match import Matcher, answer, excerpt, match_line, topic_of
from aggregator.pipeline.needs import Needle, Needs
from aggregator.text.words import fold, unswollen

CREW = Topic(id="crew", title="Crews", any_of=("crew", "#crew"))
MICRO = Topic(id="micro", title="Microsolidarity", any_of=("microsolidarity",))


def entry(
    *, title: str | None = None, text: str | None = None, html: str | None = None, tags: tuple[str, ...] = (), links: tuple[str, ...] = (),
    alternatives: tuple[str, ...] = (), author: Author | None = None, previews: tuple[Preview, ...] = (),
) -> Entry:  # fmt: skip
    return Entry(
        native_id="1", url="https://example.org/1", kind=Kind.POST, title=title, text=text, html=html, tags=tags, links=links,
        alternatives=alternatives, author=author, previews=previews,
    )  # fmt: skip


def test_every_field_is_seen_and_told_apart() -> None:
    whole = entry(
        title="Our crew",
        text="a crew meets",
        tags=("Crew",),
        links=("https://example.org/crew",),
        alternatives=("The crew at sea",),
        author=Author(name="Crew of Five", handle="five"),
    )
    assert Matcher([CREW]).match(whole) == (
        Match(topic="crew", field=Field.TITLE, rule="crew", excerpt="Our crew"),
        Match(topic="crew", field=Field.TEXT, rule="crew", excerpt="a crew meets"),
        Match(topic="crew", field=Field.TAG, rule="crew", excerpt="#Crew"),
        Match(topic="crew", field=Field.TAG, rule="#crew", excerpt="#Crew"),
        Match(topic="crew", field=Field.LINK, rule="crew", excerpt="https://example.org/crew"),
        Match(topic="crew", field=Field.IMAGE, rule="crew", excerpt="The crew at sea"),
        Match(topic="crew", field=Field.AUTHOR, rule="crew", excerpt="Crew of Five"),
    )


@pytest.mark.parametrize("title", ["The Crew", "The Crew: Trailer", "Trailer – the crew!", "the crew (Teaser)"])
def test_an_episode_that_is_called_as_its_show_mentions_nothing_by_that(title: str) -> None:
    show = replace(entry(title=title), kind=Kind.EPISODE, site="The Crew")
    assert Matcher([CREW]).match(show) == ()
    assert [match.field for match in Matcher([CREW]).match(replace(show, text="what a crew is"))] == [Field.TEXT]


def test_an_episode_that_says_more_than_the_name_of_its_show_is_one_about_it() -> None:
    episode = replace(entry(title="The Crew: how we began"), kind=Kind.EPISODE, site="The Crew")
    assert [match.field for match in Matcher([CREW]).match(episode)] == [Field.TITLE]
    assert Matcher([CREW]).match(replace(episode, title="The Crew", kind=Kind.ARTICLE)), "an article on a blog of that name"


def test_topics_are_asked_in_their_order() -> None:
    matches = Matcher([MICRO, CREW]).match(entry(text="crew and microsolidarity"))
    assert [match.topic for match in matches] == ["micro", "crew"]


def test_a_rule_is_told_once_a_field() -> None:
    assert len(Matcher([MICRO]).match(entry(text="microsolidarity, microsolidarity", html="<p>microsolidarity"))) == 1


def test_a_card_of_a_linked_page_counts_as_its_link() -> None:
    card = Preview(url="https://example.org/x", title="On microsolidarity")
    assert [match.field for match in Matcher([MICRO]).match(entry(text="read", previews=(card,)))] == [Field.LINK]


def test_a_handle_is_found_in_the_author() -> None:
    rule = Topic(id="t", title="t", any_of=("@ada",))
    assert Matcher([rule]).match(entry(author=Author(name="A. L.", handle="ada@social.example")))
    assert not Matcher([rule]).match(entry(author=Author(name="Ada", handle="adele")))


def test_fields_can_be_asked_alone() -> None:
    matcher = Matcher([CREW])
    assert [one.field for one in matcher.match_fields(title="crew", tags=["crew"])] == [Field.TITLE, Field.TAG, Field.TAG]
    assert matcher.match_fields(text="screw") == ()


@pytest.mark.parametrize("rule", ["", "  ", "#", "\u00ad", "-", "\u200b\u200b", "@"])
def test_a_rule_of_nothing_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"topic 't', none_of: .* has no letter"):
        Matcher([Topic(id="t", title="t", any_of=("x",), none_of=(rule,))])


def test_no_topics_match_nothing() -> None:
    assert Matcher([]).match(entry(text="anything")) == ()


def test_configured_text_is_never_a_regular_expression() -> None:
    assert not Matcher([topic_of(["micro.*"])]).match(entry(text="microsolidarity"))
    assert Matcher([topic_of(["(a|b)*"])]).match(entry(text="what is (a|b)* for"))


@pytest.mark.parametrize(
    "whole",
    [
        entry(text="lorem ipsum " * 20_000 + "microsolidarity"),
        entry(html="<p>lorem</p>" * 5_000 + "<p>microsolidarity</p>" + "<p>x</p>" * 5_000),
        entry(html="<div>" * 3_000 + "microsolidarity" + "</div>" * 3_000),
    ],
)
def test_a_long_text_is_read_to_its_end(whole: Entry) -> None:
    assert Matcher([MICRO]).match(whole)


@pytest.mark.parametrize("letter", ["ﷺ", "㌖", "e" + "\u0301\u0316" * 500])
def test_a_text_that_grows_when_folded_stays_small_and_is_read_to_its_end(letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    long = (letter * 100_000)[:100_000] + " microsolidarity"
    lengths: list[int] = []

    def counted(text: str) -> str:
        lengths.append(len(fold(text)))
        return fold(text)

    monkeypatch.setattr("aggregator.pipeline.seen.fold", counted)
    (found,) = Matcher([MICRO]).match(entry(text=long))
    assert found.excerpt.endswith("microsolidarity")
    # Ten thousand of eighteen characters each, and the others of one.
    assert max(lengths) < 300_000


def test_marks_on_a_letter_beyond_thirty_are_left_away() -> None:
    assert unswollen("e" + "\u0301\u0316" * 1_000 + "x") == "e" + "\u0301\u0316" * 15 + "x"


def test_an_ordinary_text_in_any_script_is_folded_whole() -> None:
    text = "صلى الله عليه وسلم ﷺ — 🙂🙂🙂 Größe ㌖ naïve e\u0301 " * 1_000
    assert unswollen(text) == text


@pytest.mark.parametrize("scrap", ["micro", "micro-", "microsolidarit-", "microsolidarityx"])
def test_a_long_text_of_parts_of_the_word_is_no_mention(scrap: str) -> None:
    assert not Matcher([MICRO]).match(entry(text=scrap * 20_000, html=f"<p>{scrap * 20_000}"))


def test_an_excerpt_is_short_and_cut_between_words() -> None:
    text = (
        "The quick brown fox jumps over the lazy dog. " * 5
        + "Here is microsolidarity at last. "
        + "And then some more words follow it. " * 5
    )
    found = Matcher([MICRO]).match(entry(text=text))[0].excerpt
    assert len(found) <= 120
    assert "Here is microsolidarity at last." in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert set(found.strip("…").replace(".", "").split()) <= set(text.replace(".", "").split())


def test_an_excerpt_shows_the_words_as_written() -> None:
    assert Matcher([MICRO]).match(entry(text="Ｍicro\u00adsolidarity ist schön"))[0].excerpt == "Ｍicro\u00adsolidarity ist schön"


@given(st.text(max_size=400), st.integers(0, 400), st.integers(0, 400))
def test_an_excerpt_keeps_its_limit(text: str, start: int, end: int) -> None:
    assert len(excerpt(text, *sorted((min(start, len(text)), min(end, len(text)))))) <= 120


RULES = ("microsolidarity", "#a", "c++", "a b", "é", "微", "@a", "a.example/b", "연", "ı", "🌱")
MATCHERS = [
    *(Matcher([topic_of([rule], ["ad"]), Topic(id="s", title="s", any_of=(rule,), spaced=True)]) for rule in RULES),
    *(Matcher([Topic(id="n", title="n", any_of=("zz",), near=(Near(left=rule, right="b"),), spaced=True)]) for rule in RULES),
    Matcher([Topic(id="w", title="w", any_of=("zz",), people=tuple(Weight(name=name, worth=0.5) for name in ("a b", "é", "微", "I")))]),
    Matcher([
        Topic(
            id="p", title="p", any_of=("zz",), sites=(Weight(name="a.example", worth=1.0), Weight(name="xn--9ca", worth=1.0)),
            about=("https://a.example/b", "https://é.example", "https://youtube.com/watch?v=_ab-é"),
        )
    ]),
]  # fmt: skip
SCRAPS = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.sampled_from("a b é # @ + . / _ ' \" & ; < > <b> </b> <!-- --> &amp; &# % %61 微 연 ı I 🌱 a.example".split(" ")),
    ),
    max_size=12,
).map("".join)


@given(SCRAPS, SCRAPS, st.lists(SCRAPS, max_size=3), st.sampled_from(MATCHERS))
def test_matching_never_raises_and_the_glance_loses_nothing(text: str, html: str, more: list[str], matcher: Matcher) -> None:
    whole = entry(
        title=text, text=text[::-1], html=html, tags=tuple(more), links=tuple(more), alternatives=tuple(more), author=Author(name=text)
    )
    unglanced = Matcher(())
    unglanced._topics, unglanced._dotless = matcher._topics, matcher._dotless
    unglanced._needs, unglanced._first = (Needs(alone=(Needle(""),)),), ("",)
    assert matcher.match(whole) == unglanced.match(whole)


TAGS = st.sampled_from(
    ["", "", "<b>", "</b>", "<i class='x'>", "</i>", "<!-- x -->", "\u00ad", "&shy;", "\u200b", "&#8203;", "<wbr>", "<script>x</script>"]
)


@given(st.lists(TAGS, min_size=14, max_size=14))
def test_markup_inside_a_word_does_not_matter(joins: list[str]) -> None:
    word = "".join(letter + join for letter, join in zip("microsolidarity", [*joins, ""], strict=True))
    assert Matcher([MICRO]).match(entry(html=f"<p>on {word} now</p>"))


SENTENCES = st.lists(st.sampled_from(["microsolidarity", "crew", "Straße", "solidarité", "微团结", "the", "x-y"]), max_size=6).map(" ".join)
LANGUAGES = [topic_of([word]) for word in ("microsolidarity", "straße", "solidarité", "微团结")]


def widened(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


@given(SENTENCES)
def test_case_width_and_composition_do_not_matter(text: str) -> None:
    matcher = Matcher(LANGUAGES)
    found = [match.rule for match in matcher.match(entry(text=text))]
    for other in (text.upper(), text.title(), widened(text), unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text)):
        assert [match.rule for match in matcher.match(entry(text=other))] == found


def test_a_line_is_answered_as_the_command_promises() -> None:
    assert match_line({"title": "My crew", "unknown": 1, "published": None}, [topic_of(["crew"])]) == {
        "matched": True,
        "matches": [{"topic": "topic", "field": "title", "rule": "crew", "excerpt": "My crew"}],
    }
    assert answer({}, Matcher([CREW])) == {"matched": False, "matches": []}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ([], "A line must be one JSON object"),
        ("x", "A line must be one JSON object"),
        ({"title": 1}, "'title' must be a text, not int"),
        ({"tags": {"a": 1}}, "'tags' must be a list of texts, not dict"),
        ({"links": [1]}, "'links' must be a list of texts, but holds int"),
    ],
)
def test_a_line_of_another_shape_is_refused_in_a_sentence(line: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        match_line(line, [CREW])


def test_lines_may_hold_objects_for_links_images_and_authors() -> None:
    line = {
        "links": [{"url": "https://example.org/crew"}],
        "images": [{"alt": "crew", "url": "x"}],
        "author": {"name": "Crew"},
        "tags": "crew",
    }
    assert [match["field"] for match in match_line(line, [topic_of(["crew"])])["matches"]] == ["tag", "link", "image", "author"]


def test_a_comment_is_no_mention_by_the_title_of_what_it_answers() -> None:
    thread = Preview(url="https://forum.example.org/t/microsolidarity/7", title="Microsolidarity", description="On microsolidarity")
    comment = replace(entry(text="Agreed.", previews=(thread,)), in_reply_to=thread.url)
    assert Matcher([MICRO]).match(comment) == ()
    assert Matcher([MICRO]).match(replace(comment, in_reply_to=None)) != ()
