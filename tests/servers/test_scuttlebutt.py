"""Scuttlebutt read from a server that others wrote (ssb-server 16 with ssb-backlinks and ssb-viewer from Node's package index)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.collectors.scuttlebutt import Scuttlebutt
from aggregator.errors import Unavailable
from aggregator.model import Entry, Page, Restriction, Visibility
from tests.servers.conftest import Bind
from tests.support.ssb import SsbServer, needs_ssb

pytestmark = [pytest.mark.servers, needs_ssb]


def post(by: str, text: str, **more: Any) -> dict[str, Any]:
    return {"by": by, "content": {"type": "post", "text": text, **more}}


def about(by: str, **said: Any) -> dict[str, Any]:
    return {"by": by, "content": {"type": "about", "about": f"{{{by}}}", **said}}


TAGGED = [{"link": "#MicroSolidarity"}]
MESSAGES = [
    post("ada", "No feed is known before it speaks"),
    about("ada", name="Ada", publicWebHosting=True),
    post("bo", "Nor is this one"),
    about("bo", name="Bo"),
    about("bo", publicWebHosting=True),
    about("bo", publicWebHosting=False),
    # 6: in the channel; 7: an answer to it; 8: with the hashtag alone; 9: in the channel under an old spelling.
    post("ada", "Crews: [notes](https://garden.example.org/crews)", channel="microsolidarity"),
    post("ada", "More of it", channel="microsolidarity", root="{6}", branch="{6}"),
    post("ada", "With #MicroSolidarity in the text", mentions=TAGGED),
    post("ada", "Long ago", channel="MicroSolidarity"),
    post("bo", "Not for the web", channel="microsolidarity", mentions=TAGGED),
    {"by": "ada", "content": {"type": "vote", "channel": "microsolidarity", "vote": {"link": "{6}", "value": 1, "expression": "Dig"}}},
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SsbServer]:
    with SsbServer(tmp_path_factory.mktemp("ssb") / "home", MESSAGES, plugins=("ssb-backlinks", "ssb-viewer")) as running:
        yield running


@pytest.fixture(autouse=True)
def home(server: SsbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs find the server by HOME, and are found by PATH."""
    monkeypatch.setenv("HOME", str(server.home))
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(server.program).parent), os.environ["PATH"])))


def entries(pages: list[Page]) -> dict[str, Entry]:
    return {entry.native_id: entry for page in pages for entry in page.entries}


def test_a_hashtag_is_found_by_who_agreed_to_be_shown(bind: Bind, server: SsbServer) -> None:
    collector = Scuttlebutt(tag="microsolidarity")
    http = bind(collector)
    pages = list(collector.poll(http, ""))
    found = entries(pages)
    # The plug-in counts a channel as a hashtag, and folds case.
    assert set(found) == {server.ids[number] for number in (6, 7, 8, 9)}
    assert {entry.author.name for entry in found.values() if entry.author} == {"Ada"}
    assert pages[0].remarks == ("1 post left out: the author has not chosen to be shown on the web",)
    assert found[server.ids[6]].links == ("https://garden.example.org/crews",)
    again = list(collector.poll(http, pages[-1].cursor))
    assert set(entries(again)) <= set(found)
    assert again[-1].cursor == pages[-1].cursor


def test_a_channel_is_found_under_its_spellings_and_an_answer_names_its_thread(bind: Bind, server: SsbServer) -> None:
    collector = Scuttlebutt(channel="MicroSolidarity")
    found = entries(list(collector.poll(bind(collector), "")))
    assert set(found) == {server.ids[number] for number in (6, 7, 9)}
    assert found[server.ids[7]].in_reply_to == found[server.ids[6]].url


def test_looking_back_ends_where_it_was_told_to(bind: Bind, server: SsbServer) -> None:
    collector = Scuttlebutt(channel="microsolidarity")
    http = bind(collector)
    assert len(entries(list(collector.backfill(http, None, "")))) == 2
    pages = list(collector.backfill(http, datetime.now(UTC) + timedelta(days=1), ""))
    assert list(collector.backfill(http, None, pages[-1].cursor)) == []


def test_a_choice_is_looked_at_again(bind: Bind, server: SsbServer) -> None:
    collector = Scuttlebutt(channel="microsolidarity")
    http = bind(collector)
    (ada,) = {entry.author for entry in entries(list(collector.poll(http, ""))).values()}
    seen = [Entry(native_id=server.ids[6], url="https://example.org/6", kind=collector.manifest.kinds[0], author=ada)]
    assert [(one.found, one.visibility) for one in collector.recheck(http, seen)] == [(True, Visibility.PUBLIC)]


def test_through_the_viewer_the_same_channel_is_read_and_nothing_of_it_shown_unasked(bind: Bind, server: SsbServer) -> None:
    collector = Scuttlebutt(channel="microsolidarity", through="viewer", viewer=server.viewer)
    http = bind(collector)
    pages = list(collector.poll(http, ""))
    found = entries(pages)
    assert set(found) == {server.ids[number] for number in (6, 7, 10)}
    assert {entry.restrictions for entry in found.values()} == {(Restriction.NOT_DISCOVERABLE,)}
    assert not any("127.0.0.1" in entry.url for entry in found.values())
    again = list(collector.poll(http, pages[-1].cursor))
    assert entries(again) == {}


def test_a_server_that_is_down_says_so_in_one_line(bind: Bind, server: SsbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / ".ssb").mkdir(parents=True)
    for name in ("config", "secret", "manifest.json"):
        text = (server.home / ".ssb" / name).read_text(encoding="utf-8")
        (home / ".ssb" / name).write_text(text.replace(str(server.port), "9"), encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    collector = Scuttlebutt(channel="microsolidarity")
    with pytest.raises(Unavailable) as caught:
        list(collector.poll(bind(collector), ""))
    assert "Could not connect to ssb-server" in str(caught.value)
    assert "\n" not in str(caught.value)
