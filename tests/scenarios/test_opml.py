"""What a feed reader exports becomes sources, and not a byte of the steward's file is lost."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from aggregator.text.opml import MOST, subscriptions
from tests.support.steward import Steward

CONFIGURATION = """\
# Ours.
site: {title: Crews}
topics: {crews: {any_of: [crews]}}
sources:   # where we look
  - https://blog.example.org/feed.xml   # Ana's

  # by hand
  - address: https://other.example.org/rss
    label: "Other"
# the end
fetch: {contact: https://example.org/}
"""
OPML = """\
<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="People">
 <outline type="rss" text="Ana" xmlUrl="https://blog.example.org/feed.xml"/>
 <outline type="rss" text="Bo: &quot;crews&quot; # and
 more" xmlUrl="https://bo.example.org/feed" htmlUrl="https://bo.example.org/"/>
 <outline type="rss" text="Bo again" xmlUrl="https://bo.example.org/feed"/>
</outline>
<outline type="rss" text="Tag" xmlUrl="https://medium.com/feed/tag/crews"/>
<outline type="rss" text="A video" xmlUrl="https://www.youtube.com/watch?v=dQw4w9WgXcQ"/>
<outline type="rss" text="Mine alone" xmlUrl="https://feeds.example.org/x?token=geheimgeheim"/>
<outline type="rss" text="At home" xmlUrl="http://192.168.0.2/feed"/>
<outline text="Nothing"/>
</body></opml>
"""


def imports(steward: Steward, text: str = CONFIGURATION, *words: str) -> str:
    (steward.folder / "sources.yaml").write_bytes(text.encode())
    (steward.folder / "reader.opml").write_text(OPML, encoding="utf-8")
    said = steward.runs("import", "reader.opml", *words)
    assert said.code == 0, said.err
    return said.out + said.err


def written(steward: Steward) -> str:
    return (steward.folder / "sources.yaml").read_bytes().decode()


ADDED = """\
  - address: https://bo.example.org/feed
    label: "Bo: \\"crews\\" # and more"
  - address: https://medium.com/feed/tag/crews
    label: Tag
"""


def test_what_is_new_is_written_behind_the_last_and_everything_else_stays(steward: Steward) -> None:
    said = imports(steward)
    assert written(steward) == CONFIGURATION.replace('    label: "Other"\n', f'    label: "Other"\n{ADDED}')
    assert "Added 2 sources to sources.yaml. 1 is watched already." in said
    assert steward.runs("check").code == 0


def test_a_list_without_a_feed_is_a_mistake_and_not_nothing_added(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    (steward.folder / "reader.opml").write_text('<opml version="2.0"><body><outline text="Nothing"/></body></opml>', encoding="utf-8")
    said = steward.runs("import", "reader.opml")
    assert (said.code, said.err) == (3, "reader.opml names no feed. Export the subscriptions from the feed reader once more.\n")


def test_what_cannot_be_watched_is_said_without_its_secret(steward: Steward) -> None:
    said = imports(steward)
    for words in ("www.youtube.com/watch?v=dQw4w9WgXcQ", "its address is a secret", "no address that others can open"):
        assert words in said
    assert "geheim" not in said + written(steward)


def test_a_second_import_adds_nothing(steward: Steward) -> None:
    imports(steward)
    before = written(steward)
    said = steward.runs("import", "reader.opml")
    assert "Added 0 sources" in said.err
    assert written(steward) == before


def test_a_dry_run_prints_the_lines_and_writes_nothing(steward: Steward) -> None:
    said = imports(steward, CONFIGURATION, "--dry-run")
    assert ADDED in said
    assert written(steward) == CONFIGURATION


def test_json_says_the_same(steward: Steward) -> None:
    imports(steward, CONFIGURATION, "--dry-run")
    told = steward.runs("import", "reader.opml", "--dry-run", "--json").json()
    assert [one["address"] for one in told["added"]] == ["https://bo.example.org/feed", "https://medium.com/feed/tag/crews"]
    assert (told["known"], len(told["left_out"])) == (1, 3)


@pytest.mark.parametrize("sources", ["sources: []   # none yet\n", "sources:\n", "sources: [ ]\n"])
def test_an_empty_list_gets_its_first_items(steward: Steward, sources: str) -> None:
    text = f"site: {{title: Crews}}\ntopics: {{crews: {{any_of: [crews]}}}}\n{sources}fetch: {{width: 3}}\n"
    imports(steward, text)
    assert written(steward).endswith("fetch: {width: 3}\n")
    assert "  - address: https://bo.example.org/feed\n" in written(steward)
    assert steward.runs("check").code == 0


def test_line_ends_and_the_right_to_read_stay(steward: Steward) -> None:
    text = "\ufeff" + CONFIGURATION.replace("\n", "\r\n")
    (steward.folder / "sources.yaml").write_bytes(text.encode())
    (steward.folder / "sources.yaml").chmod(0o640)
    (steward.folder / "reader.opml").write_text(OPML, encoding="utf-8")
    assert steward.runs("import", "reader.opml").code == 0
    assert written(steward).replace("\r\n", "").count("\n") == 0
    assert stat.S_IMODE((steward.folder / "sources.yaml").stat().st_mode) == 0o640


def test_a_layout_that_cannot_be_changed_is_left_and_the_lines_are_told(steward: Steward) -> None:
    text = "{site: {title: Crews}, topics: {crews: {any_of: [crews]}}, sources: ['https://blog.example.org/feed.xml']}\n"
    (steward.folder / "sources.yaml").write_text(text, encoding="utf-8")
    (steward.folder / "reader.opml").write_text(OPML, encoding="utf-8")
    said = steward.runs("import", "reader.opml")
    assert said.code == 3
    assert "- address: https://bo.example.org/feed" in said.err
    assert written(steward) == text


def test_what_is_no_opml_is_said(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    (steward.folder / "reader.opml").write_text("<opml><body", encoding="utf-8")
    said = steward.runs("import", "reader.opml")
    assert (said.code, "it is no XML in line 1" in said.err) == (3, True)
    assert steward.runs("import", "nothing.opml").code == 3


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><opml><outline xmlUrl="https://e.example/&b;"/></opml>"""


@pytest.mark.parametrize("document", ["", "x", "<rss/>", "<opml>", BOMB, "<?xml version='1.0' encoding='x-no'?><opml/>"])
def test_what_is_no_list_of_feeds_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r"it is no|it declares"):
        subscriptions(document.encode())


def test_a_file_of_any_depth_and_length_is_read_up_to_a_bound() -> None:
    rows = "".join(f'<outline xmlUrl="https://e.example/{number}">' for number in range(MOST + 5))
    found = subscriptions(f"<opml>{rows}{'</outline>' * (MOST + 5)}</opml>".encode())
    assert len(found) == MOST
    assert subscriptions('<OPML><Outline TEXT="A" XMLURL="https://e.example/"/></OPML>'.encode("utf-16"))[0].title == "A"


def test_a_list_is_known_by_its_words(tmp_path: Path) -> None:
    from aggregator.commands.opml import is_opml

    (tmp_path / "list.xml").write_text(OPML, encoding="utf-8")
    (tmp_path / "page.md").write_text("* [words](https://example.org)", encoding="utf-8")
    assert [is_opml(tmp_path / name) for name in ("list.xml", "page.md", "nothing", "nothing.opml")] == [True, False, False, True]
