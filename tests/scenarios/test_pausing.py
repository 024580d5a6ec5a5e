"""A source that a refusal, or the steward, has stopped is read again when the steward says so."""

from __future__ import annotations

import pytest

from tests.support.exchanges import Exchange
from tests.support.har import write_har
from tests.support.steward import Steward

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Notes</title>
<item><guid>1</guid><title>On crews</title><link>https://blog.example/1</link></item></channel></rss>"""
CONFIGURATION = """\
site: {title: Discussing crews}
topics: {crews: {any_of: [crews]}}
sources:
  - {platform: feed, url: 'https://blog.example/feed', id: notes}
"""


@pytest.fixture
def gone(steward: Steward) -> Steward:
    steward.configures(CONFIGURATION)
    write_har(steward.folder / "gone.har", [Exchange(url="https://blog.example/feed", status=410)])
    there = Exchange(url="https://blog.example/feed", headers={"Content-Type": "application/rss+xml"}, body=FEED)
    write_har(steward.folder / "there.har", [there])
    return steward


def how(steward: Steward) -> str:
    [state] = steward.runs("status", "--json").json()
    return str(state["how"])


def test_a_source_that_was_stopped_is_read_again_once_it_is_resumed(gone: Steward) -> None:
    gone.runs("run", "--replay", "gone.har")
    assert how(gone).startswith("paused: ")
    assert "`aggregator source resume notes` goes on" in gone.runs("status").out
    gone.runs("poll", "--replay", "there.har")
    assert how(gone).startswith("paused: ")
    assert gone.runs("source", "resume", "notes").code == 0
    assert "1 new" in gone.runs("run", "--replay", "there.har").err
    assert how(gone) == "well"


def test_the_steward_may_pause_a_source(gone: Steward) -> None:
    said = gone.runs("source", "pause", "notes")
    assert (said.code, said.err) == (0, "notes is paused; `aggregator source resume notes` ends that.\n")
    gone.runs("run", "--replay", "there.har")
    assert how(gone) == "paused: by the operator"


def test_a_source_that_is_not_there_is_said_with_the_nearest_and_nothing_is_changed(gone: Steward) -> None:
    said = gone.runs("source", "pause", "notes", "nots")
    assert (said.code, "Did you mean 'notes'?" in said.err) == (3, True)
    assert how(gone) == "not read yet"
