"""What a person names, and in which forms it is known again."""

from __future__ import annotations

import pytest

from aggregator.model import Author, Chosen, ChosenLink, Decision, DecisionKind, Entry, Kind, Link
from aggregator.pipeline.takedown import NOTHING, Refusals, Scope, Subject, subject_named

SALT = b"salt"


def refusing(*subjects: str) -> Refusals:
    return Refusals(salt=SALT, hashes=frozenset(subject_named(one).hashed(SALT) for one in subjects))


def entry(url: str = "https://blog.example/a", **rest: object) -> Entry:
    return Entry(native_id="1", url=url, kind=Kind.ARTICLE, **rest)  # type: ignore[arg-type]  # fields of Entry


@pytest.mark.parametrize(
    ("text", "scope", "value"),
    [
        ("https://www.Blog.example/a/?utm_source=x", Scope.URL, "https://blog.example/a"),
        ("blog.example", Scope.DOMAIN, "blog.example"),
        ("www.Blog.Example", Scope.DOMAIN, "blog.example"),
        ("domain:blog.example", Scope.DOMAIN, "blog.example"),
        ("@Ada@Social.example", Scope.AUTHOR, "ada@social.example"),
        ("ada@social.example", Scope.AUTHOR, "ada@social.example"),
        ("author:ada.bsky.social", Scope.AUTHOR, "ada.bsky.social"),
        ("https://social.example/@ada", Scope.AUTHOR, "https://social.example/@ada"),
        ("Ada  Lovelace", Scope.AUTHOR, "ada lovelace"),
    ],
)
def test_a_text_names_an_address_a_person_or_a_site(text: str, scope: Scope, value: str) -> None:
    assert subject_named(text) == Subject(scope=scope, value=value)


@pytest.mark.parametrize("text", ["", "@", "blog.example/a", "ftp://blog.example/a", "domain:", "author:"])
def test_what_names_nothing_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="Write"):
        subject_named(text)


def test_who_has_the_hashes_and_not_the_salt_knows_nothing() -> None:
    subject = subject_named("blog.example")
    assert subject.hashed(b"one") != subject.hashed(b"two")
    assert "blog" not in subject.hashed(SALT)


def test_nothing_is_refused_where_nothing_was_taken_down() -> None:
    same = entry(html="<a href='https://blog.example/a'>a</a>")
    assert not NOTHING.covers(same)
    assert NOTHING.without(same) is same


@pytest.mark.parametrize(
    ("taken", "url", "covered"),
    [
        ("https://blog.example/a", "http://www.blog.example/a/?utm_medium=x", True),
        ("https://blog.example/a", "https://blog.example/b", False),
        ("blog.example", "https://deep.blog.example/x", True),
        ("blog.example", "https://notblog.example/x", False),
        ("deep.blog.example", "https://blog.example/x", False),
        ("https://social.example/@ada", "https://social.example/@ada/12", True),
        ("https://social.example/@ada", "https://social.example/@adam/12", False),
    ],
)
def test_an_entry_is_known_by_its_address(taken: str, url: str, covered: bool) -> None:
    assert refusing(taken).covers(entry(url)) is covered


@pytest.mark.parametrize(
    ("taken", "author", "covered"),
    [
        ("@ada@social.example", Author(handle="Ada@social.example"), True),
        ("@ada@social.example", Author(handle="ada"), False),
        ("@ada@social.example", Author(name="ada@elsewhere.example"), False),
        ("https://social.example/@ada", Author(url="https://social.example/@ada/"), True),
        ("Ada Lovelace", Author(name="ada  LOVELACE"), True),
        ("social.example", Author(handle="ada@social.example"), True),
        # People who write elsewhere name a profile there.
        ("social.example", Author(name="Ada", url="https://social.example/@ada"), False),
    ],
)
def test_a_person_is_known_by_handle_profile_or_name(taken: str, author: Author, covered: bool) -> None:
    assert refusing(taken).covers(entry(author=author)) is covered


def test_an_entry_that_stays_loses_the_address_wherever_it_stands() -> None:
    gone = "https://gone.example/x?utm_source=y&amp;z=1"
    before = entry(
        text=f"see {gone}, and https://kept.example/",
        html=f'<p><a href="{gone}">this</a> {gone}.</p>',
        links=(gone, "https://kept.example/"),
    )
    after = refusing("gone.example").without(before)
    assert "gone" not in f"{after.text} {after.html} {after.links}"
    assert after.links == ("https://kept.example/",)
    assert after.text == "see  and https://kept.example/"


def test_a_page_that_leads_to_it_is_it() -> None:
    short = Link(key="https://short.example/1", href="https://short.example/1")
    refusals = refusing("https://blog.example/a")
    assert not refusals.covers_link(short)
    assert refusals.covers_link(Link(key=short.key, href=short.href, landed="https://blog.example/a"))
    assert refusals.covers_link(Link(key=short.key, href=short.href, canonical="https://blog.example/a"))


def test_a_chosen_link_goes_and_another_loses_the_name() -> None:
    def chosen(key: str, who: str) -> Chosen:
        links = (ChosenLink(key=key, href=key, label="Talk"),)
        return Chosen(position=0, kind=Kind.VIDEO, title="Talk", who=who, note=f"[Talk]({key}), {who}: a talk", links=links)

    kept, nameless = refusing("https://blog.example/a", "Ada Lovelace").allowed(
        [chosen("https://blog.example/a", "Bo"), chosen("https://talks.example/1", "Bo"), chosen("https://talks.example/2", "Ada Lovelace")]
    )
    assert kept == chosen("https://talks.example/1", "Bo")
    assert (nameless.who, nameless.note) == (None, "[Talk](https://talks.example/2): a talk")


@pytest.mark.parametrize(
    ("decision", "covered"),
    [
        (Decision(kind=DecisionKind.HIDE, subject="https://blog.example/a"), True),
        (Decision(kind=DecisionKind.MERGE, subject="https://b.example/", others=("https://blog.example/a",)), True),
        (Decision(kind=DecisionKind.BLOCK, subject="author:@ada@social.example"), True),
        (Decision(kind=DecisionKind.BLOCK, subject="domain:gone.example"), True),
        (Decision(kind=DecisionKind.NOTE, subject="https://b.example/", value="as [there](https://gone.example/1)"), True),
        (Decision(kind=DecisionKind.HIDE, subject="https://b.example/"), False),
        (Decision(kind=DecisionKind.BLOCK, subject="source:feed"), False),
    ],
)
def test_a_decision_is_known_by_what_it_is_about(decision: Decision, covered: bool) -> None:
    refusals = refusing("https://blog.example/a", "@ada@social.example", "gone.example")
    assert refusals.covers_decision(decision) is covered


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("see (https://gone.example/x).", True),
        ("gone.example asked", True),
        ("by @ada@social.example", True),
        ("asked by Ada Lovelace, in a mail", True),
        ("asked by Ada, in a mail", False),
        ("begone.example", False),
    ],
)
def test_a_line_names_it(line: str, named: bool) -> None:
    assert refusing("gone.example", "@ada@social.example", "Ada Lovelace").named_in(line) is named
