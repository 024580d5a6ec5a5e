"""What readers see of sources, over the platforms that are really there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.collectors import platforms
from aggregator.errors import MissingSecret
from aggregator.model import Source, SourceState
from aggregator.publish.dates import when
from aggregator.publish.sources import SourceView, source_views
from aggregator.settings import Secret, Settings
from tests.support.site import settings_in

FAILED = SourceState(
    source="tag",
    failures=3,
    failing_since=datetime(2026, 11, 17, 8, tzinfo=UTC),
    last_ok_at=datetime(2026, 11, 16, 8, tzinfo=UTC),
    last_error="reading hashtag timeline: the server answered 503",
)
TAG = Source(id="tag", platform="mastodon", options={"server": "social.example", "tag": "microsolidarity"}, topics=("microsolidarity",))
FEED = Source(
    id="blog", platform="feed", options={"url": "https://blog.example.org/feed.xml"}, topics=("microsolidarity",), label="A lone blog"
)


def with_sources(folder: Path, *sources: Source) -> Settings:
    return replace(settings_in(folder), sources=sources)


def view(folder: Path, source: Source, state: SourceState | None = None, secrets: Mapping[str, Secret] | None = None) -> SourceView:
    [only] = source_views(replace(with_sources(folder, source), secrets=secrets or {}), {source.id: state} if state else {})
    return only


def test_a_source_that_is_read_shows_nothing_that_a_poll_changes(tmp_path: Path) -> None:
    read = SourceState(source="tag", last_ok_at=datetime(2026, 11, 21, 8, tzinfo=UTC), next_poll_at=datetime(2026, 11, 21, 9, tzinfo=UTC))
    assert view(tmp_path, TAG, read) == view(tmp_path, TAG)
    assert not view(tmp_path, TAG, read).failing


def test_a_source_that_fails_says_since_when_and_why(tmp_path: Path) -> None:
    failed = view(tmp_path, TAG, FAILED)
    assert failed.failing_since == when(datetime(2026, 11, 17, 8, tzinfo=UTC), UTC)
    assert failed.reason == "reading hashtag timeline: the server answered 503."
    assert failed.last_read == when(datetime(2026, 11, 16, 8, tzinfo=UTC), UTC)
    assert view(tmp_path, TAG, replace(FAILED, failures=4)) == failed


def test_readers_are_spared_the_address_that_was_asked(tmp_path: Path) -> None:
    asked = replace(FAILED, last_error="asking https://social.example/api/v1/timelines/tag/x?limit=40: no such host 'social.example'")
    assert view(tmp_path, TAG, asked).reason == "no such host 'social.example'."


def test_a_lone_feed_is_a_place_by_its_own_name_and_a_platform_by_the_platforms(tmp_path: Path) -> None:
    assert (view(tmp_path, FEED).place, view(tmp_path, TAG).place) == ("A lone blog", "Mastodon")


def test_a_source_that_is_switched_off_is_not_shown(tmp_path: Path) -> None:
    assert source_views(with_sources(tmp_path, replace(TAG, enabled=False)), {}) == ()


SEARCHES = [
    Source(id="x", platform="youtube", options={"search": "microsolidarity"}, topics=("microsolidarity",)),
    Source(id="x", platform="bluesky", options={"tag": "microsolidarity"}, topics=("microsolidarity",)),
]


@pytest.mark.parametrize("source", SEARCHES, ids=lambda source: source.platform)
def test_a_source_that_asked_for_a_key_in_vain_says_which_and_where_to_get_it(source: Source, tmp_path: Path) -> None:
    auth = platforms()[source.platform].manifest.auth
    assert auth is not None
    asked = replace(FAILED, last_error=str(MissingSecret(auth.variable, auth.how)))
    waiting = view(tmp_path, source, asked)
    assert waiting.waits_for == f"Not read until {auth.variable} is set."
    # What could not be asked for want of a key has not failed.
    assert not waiting.failing
    assert view(tmp_path, source).waits_for == ""
    assert view(tmp_path, source, asked, secrets={auth.variable: Secret("x")}).waits_for == ""
