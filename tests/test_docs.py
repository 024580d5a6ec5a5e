"""The documentation is true: generated pages are fresh, every command and setting is described, the README's words work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator import docs
from aggregator.cli import _parser
from aggregator.collectors import platforms
from aggregator.recorded import SHAPES, recorded_shapes, written

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(docs.pages()))
def test_the_generated_pages_are_fresh(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == docs.pages()[name], "run `make docs`"


def test_the_shapes_of_replies_are_those_of_the_recordings() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in SHAPES.glob("*.json")}
    assert kept == {f"{name}.json": written(shape) for name, shape in recorded_shapes().items()}, "run `make docs`"


@pytest.mark.parametrize("name", list(platforms()))
def test_every_platform_is_described(name: str) -> None:
    assert f"\n## {name}\n" in (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(platforms()))
def test_the_table_says_of_each_platform_what_it_costs_and_cannot_do(name: str) -> None:
    manifest = platforms()[name].manifest
    (row,) = [line for line in docs.sources_page().splitlines() if line.startswith(f"| [{manifest.title}](#{name}) |")]
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert len(cells) == 7
    assert [manifest.finds in cells[1], manifest.reach in cells[4], manifest.delay in cells[5]] == [True, True, True]
    assert (cells[2] == "none") == (manifest.auth is None)
    assert (cells[3] == "none") == (manifest.price is None)
    assert all(limit in cells[6] for limit in manifest.limits)


def commands() -> list[str]:
    help_text = _parser().format_help()
    return sorted(set(re.findall(r"^    ([a-z]+)(?: |$)", help_text, re.MULTILINE)))


def test_every_command_is_in_the_readme() -> None:
    assert len(commands()) == 37
    assert [name for name in commands() if f"`aggregator {name}" not in README and f"aggregator {name}" not in README] == []


def test_every_file_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_in_the_readme_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [name for name in re.findall(r"make ([a-z]+)", README) if f"\n{name}:" not in makefile] == []
