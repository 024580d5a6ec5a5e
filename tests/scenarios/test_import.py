"""The community's hand-kept page becomes chosen stories, and `build` gives the list back."""

from __future__ import annotations

import pytest

from tests.support.steward import ROOT, Steward

SEED = ROOT.parent / "shared" / "seeds" / "discussing.md"
CONFIGURATION = "site: {title: Discussing}\ntopics: {microsolidarity: {any_of: [microsolidarity]}}\nsources: []\n"
PAGE = """\
# Discussing

* ðŸ”ˆ[Interview with Ana](http://example.org/ana) about crews
* ðŸŽ¥Two people met: [Video](https://youtu.be/_ShH3x1hgY0) \\| [Transcript](https://example.org/t)
* ðŸ“„Ben [wrote a response](https://example.org/ben.html), \\#crews
"""


def bullets(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("* ")]


def test_a_page_that_went_through_a_wrong_decoding_comes_back_whole_and_in_order(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    (steward.folder / "page.md").write_text(PAGE, encoding="utf-8")
    assert steward.runs("import", "page.md").code == 0
    assert steward.runs("build").code == 0
    repaired = PAGE.replace("ðŸ”ˆ", "🔈").replace("ðŸŽ¥", "🎥").replace("ðŸ“„", "📄")
    assert bullets(steward.page("discussing.md"))[:3] == bullets(repaired)


def test_importing_twice_changes_nothing(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    (steward.folder / "page.md").write_text(PAGE, encoding="utf-8")
    steward.runs("import", "page.md")
    steward.runs("build")
    before = steward.output()
    again = steward.runs("import", "page.md")
    assert "Nothing has changed" in again.err
    assert steward.runs("build").err.startswith("No news")
    assert steward.output() == before


def test_a_file_without_links_is_said_to_be_one(steward: Steward) -> None:
    steward.configures(CONFIGURATION)
    (steward.folder / "page.md").write_text("nothing here\n", encoding="utf-8")
    said = steward.runs("import", "page.md")
    assert said.code == 3
    assert "no list of links" in said.err


@pytest.mark.samples
def test_the_community_s_own_page_gives_13_stories_with_all_their_links(steward: Steward) -> None:
    if not SEED.exists():
        pytest.skip("the community's page does not lie beside the checkout")
    steward.configures(CONFIGURATION)
    assert steward.runs("import", SEED).code == 0
    assert steward.runs("build").code == 0
    stories = [story for story in steward.stories() if story["chosen"]]
    assert len(stories) == 13
    assert sum(1 + len(story["links"]) for story in stories) == 18
    written = bullets(steward.page("discussing.md"))[:13]
    wanted = [line.strip() for line in bullets(SEED.read_text(encoding="utf-8"))[:13]]
    assert [line.split("[", 1)[1] for line in written] == [line.split("[", 1)[1] for line in wanted]
