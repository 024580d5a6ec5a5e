"""curation.yaml is read whole, with every error and its line, and written as it is read."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from aggregator import curation
from aggregator.curation import CurationFile
from aggregator.errors import AggregatorError, ConfigError
from aggregator.model import Decision, DecisionKind
from tests.curation.decisions import any_decisions, decision

EXAMPLE = """\
# ours
decisions:
  - hide: https://example.org/spam
    reason: an advertisement
    by: ada
    at: 2026-11-22T10:00:00Z
  - retitle: https://www.example.org/a/?utm_source=x
    title: "Crews: how they last"
  - {note: yezukynsz4, text: "Worth *reading*."}
  - kind: https://example.org/a
    as: video
  - lead: example.org/b
  - pin: https://site.example/discussing/story/yezukynsz4.html
  - split: https://example.org/a
    from: https://example.org/b
  - merge: [https://example.org/a, https://example.org/b]
  - approve: https://example.org/a
  - approve: {source: my-feed}
  - block: {author: "@ada@social.example"}
  - block: {domain: https://WWW.Spam.example/about}
    until: 2027-01-01
  - order: [https://example.org/b, https://example.org/a]
"""


def messages(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        curation.parse(text)
    return str(caught.value).splitlines()


def test_everything_that_can_be_decided_is_read() -> None:
    a, b = "https://example.org/a", "https://example.org/b"
    found = curation.parse(EXAMPLE, site="https://site.example/discussing/")
    assert found == (
        decision(DecisionKind.HIDE, "https://example.org/spam", reason="an advertisement"),
        Decision(kind=DecisionKind.RETITLE, subject=a, value="Crews: how they last"),
        Decision(kind=DecisionKind.NOTE, subject="yezukynsz4", value="Worth *reading*."),
        Decision(kind=DecisionKind.KIND, subject=a, value="video"),
        Decision(kind=DecisionKind.LEAD, subject=b),
        Decision(kind=DecisionKind.PIN, subject="yezukynsz4"),
        Decision(kind=DecisionKind.SPLIT, subject=a, others=(b,)),
        Decision(kind=DecisionKind.MERGE, subject=a, others=(b,)),
        Decision(kind=DecisionKind.APPROVE, subject=a),
        Decision(kind=DecisionKind.APPROVE, subject="source:my-feed"),
        Decision(kind=DecisionKind.BLOCK, subject="author:@ada@social.example"),
        Decision(kind=DecisionKind.BLOCK, subject="domain:spam.example", until=datetime(2027, 1, 1, 23, 59, 59, tzinfo=UTC)),
        Decision(kind=DecisionKind.ORDER, subject="", others=(b, a)),
    )


@settings(deadline=None)
@given(any_decisions)
def test_what_is_written_is_read_as_the_same(decisions: tuple[Decision, ...]) -> None:
    assert curation.parse(curation.text_of(decisions)) == decisions


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "decisions:\n", "decisions: []\n", "\ufeff", "\ufeff# ours\r\ndecisions:\r\n"])
def test_a_file_that_says_nothing_is_right(text: str) -> None:
    assert curation.parse(text) == ()


def test_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    assert curation.parse("\ufeff" + EXAMPLE.replace("\n", "\r\n")) == curation.parse(EXAMPLE)


def test_a_story_page_of_another_site_is_an_address() -> None:
    (found,) = curation.parse("decisions: [{hide: 'https://news.example/story/yezukynsz4'}]", site="https://site.example/")
    assert found.subject == "https://news.example/story/yezukynsz4"


def test_an_instant_without_a_zone_is_in_utc_and_one_with_a_zone_is_turned() -> None:
    text = "decisions:\n- {hide: https://a.example/, at: 2026-11-22 10:00}\n- {hide: https://b.example/, at: '2026-11-22T12:00:00+02:00'}"
    assert [one.at for one in curation.parse(text)] == [datetime(2026, 11, 22, 10, tzinfo=UTC)] * 2


def test_every_error_is_found_at_once_with_its_line_its_key_and_what_to_do() -> None:
    text = """\
decisions:
  - hid: https://example.org/
  - hide: spam
    colour: red
  - pin: https://example.org/
    hide: https://example.org/
  - {}
  - https://example.org/
  - retitle: https://example.org/
  - merge: [https://example.org/]
  - merge: [https://example.org/a, http://www.example.org/a/]
  - block: spam.example
  - block: {domian: spam.example}
  - block: {domain: spam}
  - hide: https://example.org/
    hide: https://example.org/b
  - kind: https://example.org/
    as: viedo
    at: yesterday
  - hide:
"""
    said = messages(text)
    wanted = [
        "2: decisions[0].hid: unknown key 'hid'. Did you mean 'hide'?",
        "3: decisions[1].hide: expected a web address or the id of a story, found 'spam'.",
        "4: decisions[1].colour: unknown key 'colour'.",
        "5: decisions[2]: says 'pin' and 'hide' at once.",
        "7: decisions[3]: does not say what was decided.",
        "8: decisions[4]: expected a decision such as",
        "9: decisions[5].title: is missing.",
        "10: decisions[6].merge: expected at least 2 in the list, found 1.",
        "11: decisions[7].merge: names one address twice.",
        "12: decisions[8].block: expected one of {author: …} or {domain: …} or {source: …}",
        "13: decisions[9].block.domian: unknown key 'domian'. Did you mean 'domain'?",
        "14: decisions[10].block.domain: expected the name of a site, found 'spam'.",
        "16: decisions[11].hide: stands here a second time.",
        "18: decisions[12].as: expected one of article, episode, video, thread, post, comment, found 'viedo'. Did you mean 'video'?",
        "19: decisions[12].at: expected an instant such as 2026-11-22T10:00:00Z, found 'yesterday'.",
        "20: decisions[13].hide: expected a web address or the id of a story, found nothing.",
    ]
    assert len(said) == len(wanted)
    for line, begun in zip(said, wanted, strict=True):
        assert line.startswith(f"curation.yaml:{begun}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("decisions:\n\t- hide: https://a.example/\n", "curation.yaml:2: is not YAML"),
        ("decisions:\n  - hide: 'https://a.example/\n", "is not YAML"),
        ("decisions: hide\n", "curation.yaml:1: decisions: expected a list, found 'hide'."),
        ("- hide: https://a.example/\n", "curation.yaml:1: expected a mapping with decisions, found a list."),
        ("# ours\norder: [https://a.example/]\n", "curation.yaml:2: order: stands beside the list. Write it under `decisions:`"),
        ("desicions: []\n", "curation.yaml:1: desicions: unknown key 'desicions'. Did you mean 'decisions'?"),
        ("decisions:\n  - hide: \x07\n", "curation.yaml:2: is not YAML: the character U+0007 is not allowed."),
    ],
)
def test_what_is_no_list_of_decisions_is_said(text: str, says: str) -> None:
    assert says in "\n".join(messages(text))


def test_the_schema_describes_what_the_reader_takes() -> None:
    schema = curation.schema()
    verbs = {one["required"][0] for one in schema["properties"]["decisions"]["items"]["anyOf"]}
    assert verbs == {kind.value for kind in DecisionKind}


def test_a_file_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert CurationFile(path=tmp_path / "curation.yaml").text() is None


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "curation.yaml"
    path.write_bytes("# été\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"curation\.yaml: is not UTF-8 text"):
        CurationFile(path=path).text()


def test_writing_replaces_what_a_link_points_to_and_keeps_its_rights(tmp_path: Path) -> None:
    real, link = tmp_path / "kept" / "ours.yaml", tmp_path / "curation.yaml"
    real.parent.mkdir()
    real.write_text("decisions: []\n", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    CurationFile(path=link).write("# ours\r\n")
    assert link.is_symlink()
    assert real.read_bytes() == b"# ours\r\n"
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in real.parent.iterdir()) == ["ours.yaml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(AggregatorError, match="let this user write"):
        CurationFile(path=tmp_path / "curation.yaml").write("")
