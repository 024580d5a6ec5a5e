"""The people who get the digest, as a steward looks after them on the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.scenarios.test_commands import files
from tests.support.steward import Said, Steward
from tests.support.terminal import at_terminal

CONFIGURATION = """\
site: {title: Discussing crews, url: 'https://crews.example/'}
topics: {crews: {any_of: [crews]}, care: {any_of: [care]}}
sources: []
digest:
  from: Crew news <digest@example.org>
  rhythms: {weekly: '0 8 * * mon', monthly: '0 8 1 * *'}
"""
LIST = """\
address,consent,topics,rhythm,name
ada@example.org,2025-03-01,crews,,Ada
Bo@Example.org,2025-03-02,,monthly,Bo
"""


@pytest.fixture
def steward(tmp_path: Path) -> Steward:
    made = Steward(folder=tmp_path)
    made.configures(CONFIGURATION)
    return made


def imports(steward: Steward, text: str = LIST, *words: str) -> Said:
    (steward.folder / "people.csv").write_text(text, encoding="utf-8")
    return steward.runs("subscribers", "import", "people.csv", "--source", "gathering of 2025", *words)


def exported(steward: Steward) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(steward.runs("subscribers", "export").out)))


def test_a_list_is_imported_counted_and_exported(steward: Steward) -> None:
    said = imports(steward)
    assert (said.code, said.out) == (0, "Imported 2 subscribers.\n")
    assert said.err == "Not taken, as nothing needs it: name.\n"
    counts = steward.runs("subscribers", "list", "--json").json()
    assert counts == {
        "states": {"pending": 0, "active": 2, "left": 0, "suppressed": 0},
        "rhythms": {"weekly": 1, "monthly": 1},
        "topics": {"crews": 2, "care": 1},
    }
    assert exported(steward) == [
        {
            "address": "ada@example.org",
            "consent": "2025-03-01T00:00:00+00:00",
            "topics": "crews",
            "rhythm": "weekly",
            "source": "gathering of 2025",
            "asked": "2025-03-01T00:00:00+00:00",
        },
        {
            "address": "Bo@Example.org",
            "consent": "2025-03-02T00:00:00+00:00",
            "topics": "",
            "rhythm": "monthly",
            "source": "gathering of 2025",
            "asked": "2025-03-02T00:00:00+00:00",
        },
    ]


def test_addresses_are_shown_to_who_asks_for_them_alone(steward: Steward) -> None:
    imports(steward)
    plain = steward.runs("subscribers", "list")
    assert "example.org" not in plain.out + plain.err
    assert [line.split() for line in plain.out.splitlines()[:3]] == [["STATE", "SUBSCRIBERS"], ["pending", "0"], ["active", "2"]]
    lines = steward.runs("subscribers", "list", "--addresses").out.splitlines()
    assert [line.split()[:4] for line in lines[-2:]] == [
        ["ada@example.org", "active", "weekly", "crews"],
        ["Bo@Example.org", "active", "monthly", "all"],
    ]
    people = steward.runs("subscribers", "list", "--addresses", "--json").json()["subscribers"]
    assert [(one["address"], one["source"]) for one in people] == [
        ("ada@example.org", "gathering of 2025"),
        ("Bo@Example.org", "gathering of 2025"),
    ]


def test_an_import_twice_changes_nothing_the_second_time(steward: Steward) -> None:
    imports(steward)
    before = steward.runs("subscribers", "list", "--addresses", "--json").json()
    said = imports(steward, LIST.replace("monthly", "weekly"))
    assert said.out == "Imported 0 subscribers.\n2 subscribers known already: left as they are.\n"
    assert steward.runs("subscribers", "list", "--addresses", "--json").json() == before


def test_a_dry_run_says_what_would_happen_and_writes_nothing(steward: Steward) -> None:
    imports(steward)
    before = files(steward.folder / "state")
    said = imports(steward, LIST + "cy@example.org,2025-03-03,,,\n", "--dry-run")
    assert said.out == "Would import 1 subscriber.\n2 subscribers known already: left as they are.\n"
    assert steward.runs("subscribers", "erase", "ada@example.org", "--dry-run").out == "Would erase it.\n"
    assert steward.runs("subscribers", "rotate", "--dry-run").code == 0
    assert files(steward.folder / "state") == before


def test_with_one_wrong_line_nothing_is_imported_and_every_wrong_line_is_told(steward: Steward) -> None:
    said = imports(steward, LIST + "cy at example,2025-03-03,,,\ndee@example.org,,cats,,\n")
    assert said.code == 3
    assert said.out == ""
    assert said.err.splitlines() == [
        "Nothing was imported. 3 things are to be put right in the file first:",
        "people.csv:4: address: Write one mail address, such as ada@example.org.",
        "people.csv:5: consent: There is no date of consent, and without one nobody is taken. Write the day on which they agreed, as in "
        "2026-11-22.",
        "people.csv:5: topics: There is no such topic. Choose among: crews, care.",
    ]
    assert steward.runs("subscribers", "list", "--json").json()["states"]["active"] == 0


def test_an_import_says_where_the_consent_comes_from(steward: Steward) -> None:
    (steward.folder / "people.csv").write_text(LIST, encoding="utf-8")
    assert steward.runs("subscribers", "import", "people.csv").code == 2
    blank = steward.runs("subscribers", "import", "people.csv", "--source", " ")
    assert blank.code == 3
    assert "--source" in blank.err
    missing = steward.runs("subscribers", "import", "nothing.csv", "--source", "x")
    assert missing.code == 3
    assert "nothing.csv cannot be read (No such file or directory); name the CSV file." in missing.err


def test_what_a_person_may_know_of_themselves_is_one_json(steward: Steward) -> None:
    imports(steward)
    known = steward.runs("subscribers", "export", " BO@example.ORG").json()
    assert known["subscriber"]["address"] == "Bo@Example.org"
    assert (known["subscriber"]["state"], known["subscriber"]["source"]) == ("active", "gathering of 2025")
    assert (known["deliveries"], known["suppressed"]) == ([], False)
    assert steward.runs("subscribers", "export", "cy@example.org").json() == {"subscriber": None, "deliveries": [], "suppressed": False}


def test_erasing_asks_on_a_terminal(steward: Steward) -> None:
    imports(steward)
    with at_terminal(steward, "subscribers", "erase", "ada@example.org") as terminal:
        terminal.sees("Erase this subscriber? [y/N] ")
        terminal.presses("\n")
        terminal.sees("Nothing was erased.")
        assert terminal.ends() == 2
    with at_terminal(steward, "subscribers", "erase", "ada@example.org") as terminal:
        terminal.sees("Erase this subscriber? [y/N] ")
        terminal.presses("y\n")
        terminal.sees("Erased.")
        assert terminal.ends() == 0
    assert [one["address"] for one in exported(steward)] == ["Bo@Example.org"]


def test_erasing_elsewhere_needs_to_be_said_and_stays(steward: Steward) -> None:
    imports(steward)
    asked = steward.runs("subscribers", "erase", "ada@example.org")
    assert asked.code == 2
    assert "add --yes" in asked.err
    done = steward.runs("subscribers", "erase", "ADA@example.org", "--yes")
    assert (done.code, done.out) == (0, "Erased. A salted hash is kept, so that no import brings it back.\n")
    assert "delete them in state/mail" in done.err
    again = steward.runs("subscribers", "erase", "ada@example.org", "--yes")
    assert again.code == 0
    assert "no subscriber has this address. Its salted hash is kept" in again.err
    assert imports(steward).out.splitlines() == [
        "Imported 0 subscribers.",
        "1 subscriber known already: left as they are.",
        "1 subscriber left, bounced, complained or erased: left out. They can subscribe again by themselves.",
    ]
    assert steward.runs("subscribers", "export", "ada@example.org").json()["suppressed"] is True


def test_no_byte_of_an_erased_address_is_left_in_the_folder(steward: Steward) -> None:
    imports(steward)
    (steward.folder / "people.csv").unlink()
    assert steward.runs("subscribers", "erase", "ada@example.org", "--yes").code == 0
    for path, content in files(steward.folder).items():
        assert b"ada@" not in content.lower(), path.name


def test_only_the_steward_can_read_the_file_of_addresses(steward: Steward) -> None:
    imports(steward)
    assert {one.name: one.stat().st_mode & 0o777 for one in (steward.folder / "state").glob("private.db*")} == {"private.db": 0o600}


def test_a_new_key_signs_and_retiring_says_what_it_costs(steward: Steward) -> None:
    first = steward.runs("subscribers", "rotate")
    assert first.out.startswith("From now on links are signed with key 1.\nOlder links work on.")
    second = steward.runs("subscribers", "rotate", "--retire")
    assert second.out.startswith("From now on links are signed with key 2.\nOlder links do not work any more")


def test_a_rhythm_or_topic_that_is_gone_is_told_while_somebody_has_it(steward: Steward) -> None:
    imports(steward)
    steward.configures(CONFIGURATION.replace("crews: {any_of: [crews]}, ", "").replace(", monthly: '0 8 1 * *'", ""))
    said = steward.runs("subscribers", "list")
    assert said.err.splitlines() == [
        "There is no rhythm 'monthly' any more, and 1 subscriber with it. Put it into digest.rhythms again.",
        "There is no topic 'crews' any more, and 1 subscriber with it. Put it into topics again.",
    ]


@pytest.mark.parametrize("words", [("list",), ("export",), ("erase", "ada@example.org"), ("rotate",), ("import", "x.csv", "--source", "x")])
def test_without_a_digest_each_command_says_what_to_add(steward: Steward, words: tuple[str, ...]) -> None:
    steward.configures(CONFIGURATION.partition("digest:")[0])
    said = steward.runs("subscribers", *words)
    assert said.code == 3
    assert "sources.yaml has no digest" in said.err
    assert "digest: {from: digest@example.org}" in said.err
    assert not (steward.folder / "state" / "private.db").exists()


def test_no_address_is_in_the_public_database_or_in_what_is_said(steward: Steward) -> None:
    said = [imports(steward), steward.runs("-v", "subscribers", "list"), steward.runs("subscribers", "rotate", "-v")]
    said.append(imports(steward, LIST.replace("2025-03-02", "soon")))
    said.append(steward.runs("subscribers", "erase", "ada@example.org", "--yes", "-vv"))
    words = "".join(one.out + one.err for one in said).lower()
    assert "ada@" not in words.replace("such as ada@example.org", "")
    assert "bo@" not in words
    public = (steward.folder / "state" / "aggregator.db").read_bytes().lower()
    assert b"ada@" not in public
    assert b"bo@" not in public


def test_the_export_is_json_where_that_is_wanted(steward: Steward) -> None:
    imports(steward)
    said = steward.runs("subscribers", "export", "--json")
    assert [one["address"] for one in json.loads(said.out)] == ["ada@example.org", "Bo@Example.org"]
    assert steward.runs("subscribers", "import", "people.csv", "--source", "again", "--json").json() == {
        "added": 0,
        "known": 2,
        "suppressed": 0,
        "again": 0,
        "unused": ["name"],
        "dry_run": False,
    }
