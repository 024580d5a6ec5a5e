"""Links that are pasted: every kind of address that the community's page has, also where its page tells programs nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aggregator.app import App, build
from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.model import Kind
from aggregator.run.adding import add_link

DOCUMENT = "1pFPbxmzf41zsHS0pMExvPqz9Pi6SMFXeFHJ8_Eb96EI"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Nothing answers: what is asked is not in the recording."""
    folder = tmp_path_factory.mktemp("pasted")
    (folder / "sources.yaml").write_text("site: {title: A}\ntopics: {crews: {any_of: [crews]}}\nsources: []\n", encoding="utf-8")
    (folder / "nothing.har").write_text('{"log": {"entries": []}}', encoding="utf-8")
    with build(load(folder / "sources.yaml", environ={}), replay=folder / "nothing.har") as built:
        yield built


@pytest.mark.parametrize(
    ("address", "key", "kind"),
    [
        ("https://twitter.com/ada/status/1234567890123456789?s=20", "https://x.com/i/status/1234567890123456789", Kind.POST),
        (f"https://docs.google.com/document/d/{DOCUMENT}/edit?ts=1", f"https://drive.google.com/open?id={DOCUMENT}", Kind.ARTICLE),
        ("https://www.patreon.com/posts/some-title-123456", "https://patreon.com/posts/123456", Kind.ARTICLE),
        ("https://crews.gitbook.io/handbook/crews", "https://crews.gitbook.io/handbook/crews", Kind.ARTICLE),
        ("https://news.ycombinator.com/item?id=123", "https://news.ycombinator.com/item?id=123", Kind.THREAD),
        ("https://old.reddit.com/r/x/comments/abc123/title/", "https://reddit.com/comments/abc123", Kind.THREAD),
        ("https://lobste.rs/s/abcdef/title", "https://lobste.rs/s/abcdef", Kind.THREAD),
        ("https://t.me/s/crews/12", "https://t.me/crews/12", Kind.POST),
        ("https://youtu.be/dQw4w9WgXcQ?si=x", "https://youtube.com/watch?v=dQw4w9WgXcQ", Kind.VIDEO),
        ("https://www.threads.net/@ada/post/Cabc123", "https://threads.com/t/Cabc123", Kind.POST),
        ("https://www.loomio.com/d/AbCdEfGh/crews", "https://loomio.com/d/AbCdEfGh", Kind.THREAD),
        ("https://discord.com/channels/1/2/3", "https://discord.com/channels/1/2/3", Kind.ARTICLE),
        ("https://github.com/o/r/issues/7#issue-1", "https://github.com/o/r/issues/7", Kind.THREAD),
    ],
)
def test_an_address_becomes_a_story_under_its_own_name(app: App, address: str, key: str, kind: Kind) -> None:
    added = add_link(app, address, title=None, who=None, kind=None)
    assert (added.new, added.key) == (True, key)
    assert added.story is not None
    story = app.store.story(added.story)
    assert story is not None
    assert story.mentions[0].entry.kind is kind
    assert not add_link(app, key, title=None, who=None, kind=None).new


@pytest.mark.parametrize(
    "address",
    ["https://example.org/notes?token=geheim42", "https://example.org/private/geheim42-0123456789abcdef/notes"],
)
def test_an_address_that_holds_a_secret_is_added_only_by_who_says_so(app: App, address: str) -> None:
    with pytest.raises(ConfigError, match=r"holds a secret .* add --yes") as refused:
        add_link(app, address, title=None, who=None, kind=None)
    assert "geheim42" not in str(refused.value)
    assert add_link(app, address, title=None, who=None, kind=None, agreed=True).new


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://localhost/x", "ftp://example.org/", "crews"])
def test_what_nobody_can_open_is_not_put_on_the_page(app: App, address: str) -> None:
    with pytest.raises(ConfigError, match="not a web address that others can open"):
        add_link(app, address, title=None, who=None, kind=None)
