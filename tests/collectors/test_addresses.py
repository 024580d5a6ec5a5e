"""What a steward may paste: which platform an address is read by, and what is said about one that cannot be watched."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.collectors import platforms, recognise
from aggregator.collectors.base import build
from aggregator.errors import UnknownPlatform

CHANNEL = "UC6hicteAM1PrzfeWN5VT5dg"
PLAYLIST = "PLOjcWjpjOqzbV9T3tSR6O7z_eic-Puqaa"

UNDERSTOOD: list[tuple[str, str, Mapping[str, str]]] = [
    ("HTTPS://MEDIUM.COM/@Ana", "medium", {"user": "ana"}),
    ("https://medium.com/@ana?source=rss-x------2", "medium", {"user": "ana"}),
    ("https://medium.com/@ana/about", "medium", {"user": "ana"}),
    ("https://ana.medium.com/about", "medium", {"domain": "ana.medium.com"}),
    ("https://medium.com/five-chairs/latest", "medium", {"publication": "five-chairs"}),
    ("https://medium.com/five-chairs/archive/", "medium", {"publication": "five-chairs"}),
    ("https://medium.com/tag/crews/archive/2020", "medium", {"tag": "crews"}),
    ("https://medium.com/tag/crews/recommended/stories", "medium", {"tag": "crews"}),
    (f"https://music.youtube.com/channel/{CHANNEL}", "youtube", {"channel": CHANNEL}),
    (f"https://music.youtube.com/playlist?list={PLAYLIST}&si=x", "youtube", {"playlist": PLAYLIST}),
    (f"https://www.youtube.com/embed/videoseries?list={PLAYLIST}", "youtube", {"playlist": PLAYLIST}),
    (f"https://www.youtube.com/xml/feeds/videos.xml?channel_id={CHANNEL}", "youtube", {"channel": CHANNEL}),
    ("https://www.loomio.com/FiveChairs?utm_source=x", "loomio", {"group": "fivechairs"}),
    ("http://www.anchor.fm/fivechairs/?utm_source=x#top", "podcast", {"url": "https://anchor.fm/fivechairs"}),
    ("https://creators.spotify.com/pod/show/fivechairs/", "podcast", {"url": "https://creators.spotify.com/pod/show/fivechairs"}),
    ("https://social.example/deck/tags/crews", "mastodon", {"server": "social.example", "tag": "crews"}),
    ("https://social.example/web/timelines/tag/crews", "mastodon", {"server": "social.example", "tag": "crews"}),
    ("https://social.example/api/v1/timelines/tag/crews", "mastodon", {"server": "social.example", "tag": "crews"}),
    ("https://social.example/tags/crews.rss", "mastodon", {"server": "social.example", "tag": "crews"}),
    ("https://forum.example.org/tags/crews", "discourse", {"site": "forum.example.org", "tag": "crews"}),
    ("https://forum.example.org/tag/crews/12?ascending=true", "discourse", {"site": "forum.example.org", "tag": "crews"}),
    ("https://medium.com/feed/topic/self", "feed", {"url": "https://medium.com/feed/topic/self"}),
    ("https://help.loomio.com/en/", "feed", {"url": "https://help.loomio.com/en/"}),
    ("https://blog.example.org/login-less-web", "feed", {"url": "https://blog.example.org/login-less-web"}),
    ("https://blog.example/notes/search/small+groups/feed/rss2/", "wordpress", {"site": "blog.example/notes", "search": "small groups"}),
    ("https://fyyd.de/search?search=microsolidarity", "fyyd", {"search": "microsolidarity"}),
    ("https://social.example/@ana", "feed", {"url": "https://social.example/@ana"}),
    ("https://social.example/@ana/2024", "feed", {"url": "https://social.example/@ana/2024"}),
]


@pytest.mark.parametrize(("address", "platform", "options"), UNDERSTOOD)
def test_an_address_as_it_is_pasted_is_understood(address: str, platform: str, options: Mapping[str, str]) -> None:
    assert recognise(address) == (platform, options)


NOTHING_TO_WATCH = [
    ("https://medium.com/p/ffe35c65d70", "aggregator add"),
    ("https://ana.medium.com/how-we-crew-ffe35c65d70", "aggregator add"),
    ("https://medium.com/m/signin", "on Medium"),
    ("https://medium.com/search?q=crews", "on Medium"),
    ("https://link.medium.com/abc", "on Medium"),
    ("https://www.youtube.com/watch?v=1_3OxvUkPPo", "aggregator add"),
    ("https://youtu.be/1_3OxvUkPPo?si=x", "aggregator add"),
    ("https://m.youtube.com/shorts/1_3OxvUkPPo", "aggregator add"),
    ("https://www.youtube.com/playlist?list=WL", "public"),
    ("https://www.loomio.com/dashboard", "Loomio"),
    ("https://www.loomio.com/join/group/secret", "Loomio"),
    ("https://www.loomio.com/p/AbCd1234/a-poll", "Loomio"),
    ("https://anchor.fm/fivechairs/episodes/x-e186q95", "https://anchor.fm/fivechairs"),
    ("https://creators.spotify.com/pod/dashboard", "names no show"),
    ("https://open.spotify.com/show/0abcdefghijklmnopqrstu", "the show's own feed"),
    ("https://podcasts.apple.com/gb/podcast/a/id1500000000", "the show's own feed"),
    ("https://social.example/@ana/117648005660672001", "aggregator add"),
    ("https://social.example/users/ana/statuses/117648005660672001", "aggregator add"),
    ("https://bsky.app/profile/ana.example/post/3n2qaqx76g227", "aggregator add"),
    ("https://bsky.app/profile/ana.example/lists/x", "on Bluesky"),
    ("https://forum.example.org/login", "log in"),
    ("https://t.me/c/1234567890/56", "Telegram"),
    ("https://github.com/ada/crews/discussions/7", "aggregator add"),
    ("https://social.example/auth/sign_in", "log in"),
    ("https://x.com/ana/status/2123706672739254273", "aggregator add"),
    ("https://www.tumblr.com/ana/765000000000000001/crews", "https://www.tumblr.com/tagged/TAG"),
    ("https://www.listennotes.com/podcasts/a-show-p1/", "the feed of the show"),
    ("https://sepiasearch.org/", "https://sepiasearch.org/search?search=crews"),
    ("https://www.facebook.com/groups/crews", "see_also"),
    ("https://docs.google.com/document/d/12Ded5lXwlHjH1ILULHg5ZZek0iu9kOPhLXPKHefq-Ss/edit", "aggregator add"),
    ("https://www.patreon.com/crews", "aggregator add"),
]


@pytest.mark.parametrize(("address", "said"), NOTHING_TO_WATCH)
def test_an_address_that_cannot_be_watched_is_answered_with_what_can(address: str, said: str) -> None:
    with pytest.raises(UnknownPlatform) as caught:
        recognise(address)
    assert said in str(caught.value)
    assert "write" in str(caught.value)


@pytest.mark.parametrize("address", ["https://www.loomio.com/join/group/secret", "https://ana:secret@example.org/feed"])
def test_an_address_that_is_a_secret_is_not_repeated(address: str) -> None:
    with pytest.raises(UnknownPlatform) as caught:
        recognise(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", [address for address, platform, _ in UNDERSTOOD if platform == "feed"])
def test_a_plain_page_is_declined_by_nobody(address: str) -> None:
    assert [name for name, collector in platforms().items() if collector.declined(address)] == []


@given(st.one_of(st.text(max_size=60), st.text(max_size=40).map(lambda rest: f"https://{rest}")))
@example("https://[::1")
def test_any_text_is_understood_or_refused(address: str) -> None:
    try:
        platform, options = recognise(address)
    except UnknownPlatform:
        return
    assert build(platforms()[platform], options)
