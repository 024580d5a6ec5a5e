"""Adding a platform is adding its file and its fixtures, and edits no other file: a toy is dropped into a copy of the program, which then
finds, describes, tries, polls and checks it, and holds it to the whole contract."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from aggregator.collectors import platforms
from tests.support.exchanges import Exchange
from tests.support.har import write_har

ROOT = Path(__file__).parents[2]
# What `python -m aggregator.docs` writes; the toy's shape is its own file.
GENERATED = {"docs/sources.md", "docs/sources.schema.json"}

TOY = '''"""A platform of one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from aggregator.collectors._json import a_list, an_object, instant, needed, read_each
from aggregator.collectors._sweep import Listing, sweep
from aggregator.collectors.base import Collector, Cursor, Delivers, Manifest, Method, Option
from aggregator.fetch import Http
from aggregator.model import Entry, Kind, Page

DOING = "reading toys"


@dataclass(frozen=True, kw_only=True)
class Toy(Collector):
    """What a toy says. It reads the newest page of all that it said, and there is no older one; a toy keeps nothing for very long."""

    manifest: ClassVar[Manifest] = Manifest(
        name="toy", title="Toy", homepage="https://toy.example", spec="https://toy.example/manual, read 2026-11-22", method=Method.API,
        kinds=(Kind.POST,), finds="what toys say", reach="the newest page", delay="at once", delivers=Delivers.TITLE,
        limits=("Toys cannot be searched.",),
    )
    name: Annotated[str, Option("name of the toy", example="bear")]

    @property
    def host(self) -> str:
        return "toy.example"

    @property
    def label(self) -> str:
        return f"Toy {self.name}"

    @property
    def address(self) -> str:
        return f"https://toy.example/{self.name}"

    @classmethod
    def recognise(cls, address: str) -> Mapping[str, str] | None:
        return {"name": address.rpartition("/")[2]} if address.startswith("https://toy.example/") else None

    @classmethod
    def proposals(cls, word: str) -> Sequence[Mapping[str, str]]:
        return ({"name": word},)

    def poll(self, http: Http, cursor: Cursor) -> Iterator[Page]:
        yield from sweep(cursor, lambda at: self._listing(http), head=1, doing=DOING)

    def _listing(self, http: Http) -> Listing | None:
        reply = http.get(f"{self.address}.json", accept="application/json")
        if reply.unchanged:
            return None
        rows = a_list(an_object(reply.json(DOING), DOING).get("said"), DOING)
        entries, remarks = read_each(rows, _entry, noun="word")
        return Listing(entries=entries, remarks=remarks, times=tuple(entry.published for entry in entries if entry.published))


def _entry(row: dict[str, Any]) -> Entry:
    id = needed(row, "id")
    return Entry(
        native_id=id, url=f"https://toy.example/said/{id.encode().hex()}", kind=Kind.POST, title=needed(row, "title"),
        published=instant(row.get("at")),
    )
'''
SAID = {
    "said": [
        {"id": "2", "title": "Crews are small", "at": "2026-11-20T10:00:00Z"},
        {"id": "1", "title": "Bread is good", "at": "2026-11-19T10:00:00Z"},
    ]
}
JSON = {"Content-Type": "application/json"}
CASE = {
    "about": "The newest page.",
    "options": {"name": "bear"},
    "exchanges": [{"url": "https://toy.example/bear.json", "headers": JSON, "body": "bear.json"}],
}
PROPOSED = """
import json
from aggregator.collectors import platforms
from aggregator.run.discovering import for_word
(toy,) = [source for source, _ in for_word("#Crews", ()).sources if source.platform == "toy"]
print(json.dumps([list(platforms()), toy.options]))
"""
CONFIGURATION = """\
site: {title: Crews}
topics: {crews: {any_of: [crews]}}
sources:
  - {address: "https://toy.example/bear", id: bear}
"""


class Copy:
    """A copy of the program in a folder, with the toy in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        without = shutil.ignore_patterns("__pycache__")
        for name in ("aggregator", "templates", "docs", "tests/contracts", "tests/support"):
            shutil.copytree(ROOT / name, folder / name, ignore=without)
        for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
            shutil.copy(ROOT / name, folder / name)
        fixtures = folder / "tests" / "fixtures"
        fixtures.mkdir()
        self.before = self._files()
        (folder / "aggregator" / "collectors" / "toy.py").write_text(TOY, encoding="utf-8")
        case = fixtures / "toy" / "ordinary"
        case.mkdir(parents=True)
        (case / "bear.json").write_text(json.dumps(SAID), encoding="utf-8")
        (case / "case.json").write_text(json.dumps(CASE), encoding="utf-8")
        (folder / "sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
        replies = [Exchange(url="https://toy.example/robots.txt", status=404)]
        replies.append(Exchange(url="https://toy.example/bear.json", headers=JSON, body=json.dumps(SAID).encode()))
        write_har(folder / "r.har", replies)
        self.does("-m", "tests.support.exchanges", "toy/ordinary")
        # Shapes are written of all platforms; the suite is then run over the toy alone.
        others = [fixtures / name for name in platforms()]
        for link in others:
            link.symlink_to(ROOT / "tests" / "fixtures" / link.name)
        self.does("-m", "aggregator.docs")
        for link in others:
            link.unlink()

    def _files(self) -> dict[str, str]:
        code = [*self.folder.glob("aggregator/**/*"), *self.folder.glob("templates/**/*"), *self.folder.glob("docs/*")]
        files = [path for path in code if path.is_file() and "__pycache__" not in path.parts]
        return {str(path.relative_to(self.folder)): sha256(path.read_bytes()).hexdigest() for path in files}

    def changed(self) -> set[str]:
        """Files of the program that are new or not as they were."""
        return {name for name, sum in self._files().items() if self.before.get(name) != sum} | (self.before.keys() - self._files().keys())

    def does(self, *words: str) -> str:
        """What Python prints in the copy."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def says(self, *words: str) -> str:
        return self.does("-m", "aggregator", *words)

    def json(self, *words: str) -> Any:
        return json.loads(self.says(*words, "--json", "-q"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("copy"))


def test_adding_a_platform_edits_no_other_file(copy: Copy) -> None:
    assert copy.changed() == {"aggregator/collectors/toy.py", "aggregator/collectors/shapes/toy.json", *GENERATED}


def test_it_is_found_beside_the_others_and_proposed_for_a_word(copy: Copy) -> None:
    found = copy.does("-c", PROPOSED)
    assert json.loads(found) == [sorted([*platforms(), "toy"]), {"name": "crews"}]


def test_it_passes_the_contract_suite_unchanged(copy: Copy) -> None:
    suite = [str(path.relative_to(copy.folder)) for path in sorted(copy.folder.glob("tests/contracts/test_collector*.py"))]
    said = copy.does("-m", "pytest", "-v", "-p", "no:cacheprovider", "-p", "no:randomly", "-k", "toy", *suite)
    passed = re.search(r"(\d+) passed", said)
    assert passed
    assert int(passed[1]) > 40


def test_it_stands_in_the_catalogue_and_in_the_schema(copy: Copy) -> None:
    catalogue = (copy.folder / "docs" / "sources.md").read_text(encoding="utf-8")
    row = "| [Toy](#toy) | what toys say | none | none | the newest page | at once; asked every 1h | Toys cannot be searched. |"
    assert row in catalogue
    assert "\n## toy\n" in catalogue
    assert "| `name` (required) | name of the toy | `bear` |" in catalogue
    schema = (copy.folder / "docs" / "sources.schema.json").read_text(encoding="utf-8")
    assert '"toy"' in schema


def test_every_command_knows_it(copy: Copy) -> None:
    assert "Toy bear" in copy.says("check")
    (listed,) = copy.json("source", "list")
    assert (listed["id"], listed["platform"]) == ("bear", "toy")
    tried = copy.says("source", "test", "bear", "--replay", "r.har")
    assert "* Crews are small" in tried
    assert "2 entries, 1 counts (*)." in tried
    assert "- https://toy.example/bear" in copy.says("source", "discover", "https://toy.example/bear", "--replay", "r.har")
    assert "Toy answers as before." in copy.says("source", "check", "--replay", "r.har")


def test_what_it_finds_comes_onto_the_page(copy: Copy) -> None:
    copy.says("run", "--replay", "r.har")
    stories = json.loads((copy.folder / "output" / "stories.json").read_text(encoding="utf-8"))["stories"]
    assert [(story["title"], [voice["platform"] for voice in story["voices"]]) for story in stories] == [("Crews are small", ["toy"])]
    assert "Toy bear" in (copy.folder / "output" / "sources.html").read_text(encoding="utf-8")
