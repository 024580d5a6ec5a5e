"""A process that dies at a commit: what was committed is there, what was not is not, and the run lock is free."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.store.engine import open_store
from tests.support.killing import Moment, killed_after, killed_at_commit, undisturbed
from tests.support.mentions import landing, mention

ROOT = Path(__file__).parents[2]
PAGES = 3

# What a run does with the store: the lock, then a landing a page from where the last one stopped, then how it went, then a page that was
# read, then what is due compared, two addresses at a time.
RUN = """
import sys
from aggregator.model import Evidence, EvidenceKind, Kind, Link, Sketched, SourceState, Work
from aggregator.store.engine import open_store
from tests.support.mentions import NOW, landing, mention

FIRST = "https://social.example.org/1"


def compared(key):
    # The page, and every post but the first, is like the first one.
    bond = Evidence(kind=EvidenceKind.SIMILAR_TEXT, left=FIRST, right=key)
    work = Work(key=key, kind=Kind.POST, place="social")
    return Sketched(work=work, postings=(len(key), ord(key[-1])), probes=()), [bond] * (key != FIRST)


store = open_store(sys.argv[1])
with store.exclusive() as held:
    if not held:
        sys.exit(9)
    for page in range(int(store.state("feed-a").cursor or 0) + 1, int(sys.argv[2]) + 1):
        post = f"https://social.example.org/{page}"
        store.land(landing(mention(f"{page}a", subject="https://page.example.org/a", aliases=(post,)), mention(f"{page}b", subject=post),
                           cursor=str(page)))
    store.settle(SourceState(source="feed-a"), None)
    if store.link("https://page.example.org/a").enriched_at is None:
        store.enrich(Link(key="https://page.example.org/a", href="https://page.example.org/a", landed="https://page.example.org/b",
                          enriched_at=NOW))
    while due := store.works.due(2):
        made = [compared(material.key) for material in due if material.mentions]
        store.works.put([one for one, _ in made], [bond for _, bonds in made for bond in bonds],
                        gone=[material.key for material in due if not material.mentions])
    if sys.argv[3:] == ["wait"]:
        print("ready", flush=True)
        sys.stdin.read()
"""


def command(database: Path, *words: str) -> list[str]:
    return [sys.executable, "-c", RUN, str(database), str(PAGES), *words]


def rows(database: Path) -> list[object]:
    """Stories with all that is told of them, but for the ids that they had; works, and what is due."""
    with closing(open_store(database)) as store:
        stories = [replace(story, former=()) for story in store.stories()]
        keys = [f"https://social.example.org/{page}" for page in range(1, PAGES + 1)]
        works = store.works
        return [stories, works.known(keys), works.found_by(map(ord, "123"), most=9), works.bonds(keys), works.due(9)]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.parametrize("moment", list(Moment))
def test_the_next_run_ends_as_an_undisturbed_one_wherever_the_first_was_killed(tmp_path: Path, moment: Moment) -> None:
    whole = undisturbed(command(tmp_path / "whole.db"), folder=tmp_path / "preload")
    assert (whole.code, whole.errors) == (0, "")
    wanted = rows(tmp_path / "whole.db")
    assert whole.commits >= PAGES + 5
    assert len(rows(tmp_path / "whole.db")[3]) == PAGES  # type: ignore[arg-type]  # bonds
    for number in range(1, whole.commits + 1):
        database = tmp_path / f"{number}.db"
        ended = killed_at_commit(command(database), number, moment, folder=tmp_path / "preload")
        assert (ended.killed, ended.commits) == (True, number - (moment is Moment.BEFORE))
        again = undisturbed(command(database), folder=tmp_path / "preload")
        assert (again.code, again.errors) == (0, "")
        assert rows(database) == wanted


def test_a_page_that_was_committed_survives_with_its_cursor_and_the_next_one_leaves_nothing(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    with closing(open_store(database)) as store:
        store.land(landing(mention("0"), cursor="0"))
    killed_at_commit(command(database), 3, Moment.BEFORE, folder=tmp_path / "preload")
    with closing(open_store(database)) as store:
        cursor = int(store.state("feed-a").cursor)
        found = {one.entry.native_id for story in store.stories() for one in story.mentions}
    assert 0 < cursor < PAGES
    assert found == {"0", *(f"{page}{side}" for page in range(1, cursor + 1) for side in "ab")}


def test_another_process_does_not_get_the_lock_until_the_holder_is_killed(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    holder = subprocess.Popen(command(database, "wait"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None
    assert holder.stdout is not None
    with closing(open_store(database)) as store, holder.stdin, holder.stdout:
        assert holder.stdout.readline() == "ready\n"
        with store.exclusive() as held:
            assert not held
        assert subprocess.run(command(database), check=False, timeout=60).returncode == 9
        holder.kill()
        holder.wait()
        with store.exclusive() as held:
            assert held


def test_a_process_that_ends_in_time_is_not_killed(tmp_path: Path) -> None:
    assert not killed_after([sys.executable, "-c", ""], 60)
    assert killed_after([sys.executable, "-c", "import time; time.sleep(60)"], 0.05)


def test_processes_that_open_a_fresh_database_together_all_can(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    script = "import sys; from aggregator.store.engine import open_store; open_store(sys.argv[1]).close()"
    opening = [subprocess.Popen([sys.executable, "-c", script, str(database)], stderr=subprocess.PIPE) for _ in range(4)]
    said = [process.communicate(timeout=60)[1] for process in opening]
    assert ([process.returncode for process in opening], said) == ([0] * 4, [b""] * 4)
