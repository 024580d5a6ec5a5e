"""Which posts are one person's."""

from __future__ import annotations

import pytest

from aggregator.model import Author
from aggregator.publish.people import is_by, people
from tests.support.stories import mentioned, posted

MASTODON, OTHER_SERVER = "https://social.example/@ada/1", "https://other.example/@ada/2"
BLUESKY, MEDIUM = "https://bsky.app/profile/ada.example/post/3k", "https://medium.com/p/5f1c9d2e7a10"


def same(*posts: tuple[str, Author | None]) -> bool:
    """Whether two posts are taken for one person's."""
    mentions = [mentioned(posted(f"Words {n}", url, author=author)) for n, (url, author) in enumerate(posts)]
    return len(set(people(mentions))) == 1


def by(name: str | None = None, handle: str | None = None, url: str | None = None) -> Author:
    return Author(name=name, handle=handle, url=url)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        # One account, seen on two servers and spelled in two ways.
        ((MASTODON, by("Ada", "ada@social.example")), (OTHER_SERVER, by("Ada L.", "@Ada@social.example"))),
        # The profile that both name.
        ((MASTODON, by("Ada", "ada@social.example")), (MEDIUM, by("A. L.", "al", "https://social.example/@ada"))),
        ((BLUESKY, by("Ada", "ada.bsky.social")), (MEDIUM, by("A.", url="https://bsky.app/profile/ada.bsky.social"))),
        # The site of one's own.
        ((BLUESKY, by("Ada", "ada.example")), ("https://ada.example/post", by("A. Lovelace", url="https://ada.example/"))),
        ((MEDIUM, by("A.", url="https://ada.example")), (OTHER_SERVER, by("B.", url="http://www.ada.example/"))),
        # Bridges.
        ((BLUESKY, by("Ada", "ada.bsky.social")), (MASTODON, by("Ada", "ada.bsky.social@bsky.brid.gy"))),
        ((MASTODON, by("Ada", "ada@social.example")), (BLUESKY, by("Ada", "ada.social.example.ap.brid.gy"))),
        (("https://ada.example/x", by("Ada", url="https://ada.example/")), (MASTODON, by("Ada", "ada.example@web.brid.gy"))),
        (("https://ada.example/x", by("Ada", url="https://ada.example/")), (BLUESKY, by("Ada", "ada.example.web.brid.gy"))),
        # Name and handle together, on two platforms.
        ((MASTODON, by("Ada Lovelace", "adalovelace@social.example")), (MEDIUM, by("Ada Lovelace", "AdaLovelace"))),
        ((MASTODON, by("Ada Lovelace", "adalovelace@social.example")), (BLUESKY, by("ada lovelace", "adalovelace.bsky.social"))),
        # The same name on one host, where there are no accounts.
        (("https://blog.example/a", by("Ada")), ("https://blog.example/b", by("ada"))),
    ],
)
def test_these_are_one_person(left: tuple[str, Author], right: tuple[str, Author]) -> None:
    assert same(left, right)
    assert same(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        # Equal handles on two servers mean nothing, with or without the name.
        ((MASTODON, by("Ada", "ada@social.example")), (OTHER_SERVER, by("Ada", "ada@other.example"))),
        ((MASTODON, by("Ada Lovelace", "adalovelace@social.example")), (OTHER_SERVER, by("Ada Lovelace", "adalovelace@other.example"))),
        # X forbids to say which of its people are whom elsewhere.
        (("https://x.com/adalovelace/status/21", by("Ada Lovelace", "adalovelace")), (MEDIUM, by("Ada Lovelace", "AdaLovelace"))),
        # A first name and a short handle are found at every other corner.
        ((MASTODON, by("Bo", "bo@social.example")), (BLUESKY, by("Bo", "bo.bsky.social"))),
        ((MASTODON, by("Bo Li", "boli@social.example")), (BLUESKY, by("Bo Li", "boli.bsky.social"))),
        # A name alone, or a handle alone.
        ((MASTODON, by("Ada Lovelace", "ada@social.example")), (MEDIUM, by("Ada Lovelace", "countess"))),
        ((MASTODON, by("Ada Lovelace", "adalovelace@social.example")), (MEDIUM, by("Another Name", "adalovelace"))),
        (("https://blog.example/a", by("Ada")), ("https://other.example/b", by("Ada"))),
        # The front page of a platform is nobody's.
        ((MEDIUM, by("Ada", url="https://medium.com/")), ("https://medium.com/p/1f1c9d2e7a10", by("Bo", url="https://medium.com"))),
        ((MASTODON, None), (OTHER_SERVER, None)),
    ],
)
def test_these_are_two_people(left: tuple[str, Author | None], right: tuple[str, Author | None]) -> None:
    assert not same(left, right)


def test_a_third_account_does_not_make_one_of_two_servers() -> None:
    name, url = "Ada Lovelace", "https://bsky.app/profile/adalovelace.bsky.social/post/3k"
    posts = [
        (MASTODON, by(name, "adalovelace@social.example")),
        (OTHER_SERVER, by(name, "adalovelace@other.example")),
        (url, by(name, "adalovelace.bsky.social")),
    ]
    mentions = [mentioned(posted("Words", place, author=author)) for place, author in posts]
    assert people(mentions) == (0, 1, 2)


def test_who_is_not_named_is_nobody_else() -> None:
    assert not same((MASTODON, None), (MASTODON.replace("1", "3"), by()))


def test_who_made_a_thing_is_known_by_account_or_full_name() -> None:
    talk = mentioned(posted("Mine", MASTODON, author=by("Ada Lovelace", "ada@social.example")))
    assert is_by(talk, by("Ada Lovelace"), "Ada Lovelace", "https://blog.example/a")
    assert is_by(talk, by("A.", url="https://social.example/@ada"), "A.", "https://blog.example/a")
    assert not is_by(talk, by("Ada"), "Ada", "https://blog.example/a")
    assert not is_by(talk, None, "", "")


def test_who_has_an_account_on_x_made_a_thing_only_where_the_thing_names_that_account() -> None:
    said = mentioned(posted("Mine", "https://x.com/adalovelace/status/21", author=by("Ada Lovelace", "adalovelace")))
    assert not is_by(said, by("Ada Lovelace"), "Ada Lovelace", MEDIUM)
    assert is_by(said, by("A. L.", "adalovelace"), "A. L.", "https://x.com/adalovelace/status/20")
