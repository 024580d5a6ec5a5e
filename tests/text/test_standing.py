"""In which thread, page or video a comment stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.standing import stands_in
from aggregator.text.urls import canonical


@pytest.mark.parametrize(
    ("comment", "thread"),
    [
        ("https://www.reddit.com/r/x/comments/1p2abcd/crews/kx12345/?context=3", "https://redd.it/1p2abcd"),
        ("https://www.youtube.com/watch?v=aDWuHsyznf4&lc=Ugx1", "https://youtu.be/aDWuHsyznf4"),
        ("https://www.loomio.com/d/AbCdEf12/what-is-a-crew/3", "https://www.loomio.org/d/AbCdEf12/another-title"),
        ("https://forum.example/t/what-is-a-crew/123/4", "https://forum.example/t/123"),
        ("https://lobste.rs/s/abc123/crews#c_xyz789", "https://lobste.rs/s/abc123"),
        ("https://stackoverflow.com/questions/111/slug/222#222", "https://stackoverflow.com/q/111"),
        ("https://stackoverflow.com/questions/111/slug#comment5_111", "https://stackoverflow.com/questions/111"),
        ("https://github.com/O/r/issues/7#issuecomment-99", "https://github.com/o/r/issues/7"),
        ("https://gitlab.com/o/r/-/issues/7#note_12", "https://gitlab.com/o/r/issues/7"),
        ("https://ada.substack.com/p/crews/comment/123", "https://open.substack.com/pub/ada/p/crews"),
        ("https://t.me/s/crewnews/123?comment=9", "https://t.me/CrewNews/123"),
        ("https://lemmy.example/post/12/34", "https://lemmy.example/post/12"),
        ("https://instagram.com/p/DAbCdEf/c/17", "https://www.instagram.com/reel/DAbCdEf/"),
        ("https://groups.google.com/g/crews/c/AbC/m/DeF", "https://groups.google.com/g/crews/c/AbC"),
    ],
)
def test_a_comment_stands_in_what_its_address_names(comment: str, thread: str) -> None:
    assert stands_in(comment) == canonical(thread).key


@pytest.mark.parametrize(
    "url",
    [
        "https://redd.it/1p2abcd",
        "https://youtu.be/aDWuHsyznf4",
        "https://forum.example/t/what-is-a-crew/123",
        "https://forum.example/t/what-is-a-crew/123/1",
        "https://lobste.rs/s/abc123/crews",
        "https://github.com/o/r/issues/7",
        "https://social.example/@ada/117648005660672001",
        "https://example.org/a/t/b",
        "https://zine.example/post/2022/12",
        "https://news.ycombinator.com/item?id=45990001",
        "urn:mention:1",
        "",
    ],
)
def test_what_is_no_comment_or_does_not_say_stands_in_nothing(url: str) -> None:
    assert stands_in(url) is None


@given(st.text(max_size=60))
def test_nothing_stands_in_itself(text: str) -> None:
    assert stands_in(text) != canonical(text).key
