"""One identity per thing: the parts that a corpus of pairs cannot show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text import bech32
from aggregator.text.platform_ids import platform_of, web_form
from aggregator.text.platforms.audio import episode_code
from aggregator.text.podcast_prefixes import measured
from aggregator.text.urls import canonical

EVENT = bytes(range(32))


EPISODES = [(14264283, "eehqgr"), (58581931, "e1oq9fb"), (108418615, "e38b63n"), (116357755, "e3ftf5r"), (41166565, "e186q95")]


@pytest.mark.parametrize(("play", "code"), EPISODES)
def test_an_episode_code_follows_from_the_number_in_the_enclosure(play: int, code: str) -> None:
    assert episode_code(play) == code


@given(st.binary(max_size=200))
def test_bech32_reads_what_it_writes(payload: bytes) -> None:
    assert bech32.decode(bech32.encode("nevent", payload)) == ("nevent", payload)


@given(st.text(alphabet="qpzry9x8gf2tvdw0s3jn54khce6mua7l1nevt", max_size=80))
def test_a_string_with_a_wrong_checksum_names_nothing(text: str) -> None:
    decoded = bech32.decode(f"nevent1{text}")
    assert decoded is None or bech32.encode(*decoded) == f"nevent1{text}"


def test_every_encoding_of_a_nostr_event_is_one_event() -> None:
    note = bech32.encode("note", EVENT)
    hinted = bech32.encode("nevent", bech32.packed(((0, EVENT), (1, b"wss://relay.example"), (2, bytes(32)), (3, b"\0\0\0\1"))))
    forms = (
        note,
        f"nostr:{note}",
        f"nostr:{hinted}",
        f"https://njump.me/{hinted}",
        f"https://primal.net/e/{note}",
        f"https://snort.social/e/{EVENT.hex()}",
    )
    assert {canonical(form).key for form in forms} == {f"https://njump.me/e/{EVENT.hex()}"}


def test_a_nostr_article_is_known_by_its_address_whatever_relays_are_hinted() -> None:
    fields = ((0, b"crews"), (2, bytes(32)), (3, (30023).to_bytes(4, "big")))
    plain = bech32.encode("naddr", bech32.packed(fields))
    hinted = bech32.encode("naddr", bech32.packed(((1, b"wss://relay.example"), *fields)))
    assert canonical(f"https://habla.news/a/{hinted}").key == canonical(f"nostr:{plain}").key == f"https://njump.me/{plain}"


def test_a_person_and_an_event_with_equal_bytes_are_two_things() -> None:
    assert canonical(bech32.encode("npub", EVENT)).key != canonical(bech32.encode("note", EVENT)).key


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("at://ada.example/app.bsky.feed.generator/crews", "https://bsky.app/profile/ada.example/feed/crews"),
        ("at://ada.example", "https://bsky.app/profile/ada.example"),
        ("spotify:show:0abcdefghijklmnopqrstu", "https://open.spotify.com/show/0abcdefghijklmnopqrstu"),
        ("matrix:r/crews:server.example", "https://matrix.to/#/#crews:server.example"),
        ("tg://resolve?domain=chan&post=1&comment=9", "https://t.me/chan/1?comment=9"),
        ("10.1000/ABC", "https://doi.org/10.1000/abc"),
        ("arXiv:2101.00001v3", "https://arxiv.org/abs/2101.00001"),
        ("at://ada.example/org.example.record/1", None),
        ("ssb:message/bendybutt-v1/abc", None),
        ("mailto:ada@example.org", None),
    ],
)
def test_a_name_in_another_scheme_has_its_page_where_there_is_one(text: str, page: str | None) -> None:
    assert web_form(text) == page


def test_a_prefix_without_a_target_is_an_address_of_its_own() -> None:
    assert measured("op3.dev/e/") is None
    assert measured("chtbl.com/track/ABC") is None
    assert measured("example.org/a.mp3") is None


def test_a_domain_answers_for_its_sub_domains() -> None:
    found = platform_of("ada.medium.com")
    assert found is not None
    assert found[0] == "Medium"
    assert platform_of("medium.com.example") is None
    assert platform_of("notmedium.com") is None


def test_words_of_eleven_letters_are_no_videos() -> None:
    assert "watch" not in canonical("https://www.youtube.com/embed/videoseries").key
    assert "watch" not in canonical("https://www.youtube.com/embed/live_stream?channel=UCx").key


@pytest.mark.parametrize("identifier", ["e0", "e-1", "x-f186q95", "x-e18w"])
def test_a_slug_that_ends_in_no_code_is_no_episode(identifier: str) -> None:
    assert not canonical(f"https://example.org/episodes/{identifier}").key.startswith("https://anchor.fm/")


def test_a_play_number_of_nought_is_no_episode() -> None:
    assert "/episodes/" not in canonical("https://anchor.fm/s/8d364524/podcast/play/0/https%3A%2F%2Fa.example%2Fe.mp3").key


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("https://www.patreon.com/c/ada/posts/some-title-123456", "https://www.patreon.com/posts/123456"),
        ("https://www.patreon.com/cw/ada/posts/123456", "https://www.patreon.com/creation?hid=123456"),
        ("https://ada.gitbook.io/crews/essays/one.md", "https://ada.gitbook.io/crews/essays/one"),
        ("https://ada.gitbook.io/crews/essays/one?q=care", "https://ada.gitbook.io/crews/essays/one/"),
        (
            "https://docs.google.com/document/d/abc_DEF-1/mobilebasic",
            "https://docs.google.com/a/example.org/document/d/abc_DEF-1/export?format=txt",
        ),
    ],
)
def test_documents_and_posts_have_one_identity_in_every_form(left: str, right: str) -> None:
    assert canonical(left).key == canonical(right).key


def test_what_lives_in_another_space_of_ids_stays_apart() -> None:
    assert canonical("https://docs.google.com/document/d/e/abc/pub").key != canonical("https://docs.google.com/document/d/abc/edit").key
    assert canonical("https://ada.gitbook.io/crews/one").key != canonical("https://ada.gitbook.io/crews/two").key
