"""`aggregator init`: whatever the topic is, the file that it writes is right and means that topic."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from aggregator.cli import main
from aggregator.config import load

TOPICS = [
    "#crews",
    "crew of five",
    "a: b",
    "#a #b",
    "ends:",
    "crews # note",
    '"quoted"',
    "a\\b",
    "{x}",
    "- x",
    "*x",
    "no",
    "null",
    "123",
    "微連帯",
]


@pytest.mark.parametrize("topic", TOPICS)
def test_the_file_of_any_topic_is_right(tmp_path: Path, topic: str) -> None:
    file = tmp_path / "sources.yaml"
    assert main(["init", "-q", "--config", str(file), "--topic", topic]) == 0
    settings = load(file, environ={})
    assert settings.topics[0].any_of == (topic,)
    assert settings.site.title == f"Discussing {topic.lstrip('#')}"
    assert [source.platform for source in settings.sources] == ["medium", "mastodon", "bluesky"]


def test_what_it_writes_fits_the_schema_that_it_writes_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    main(["init", "-q", "--config", str(file), "--topic", "crews"])
    schema = json.loads((tmp_path / "sources.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader), schema)


@pytest.mark.parametrize("topic", ["", " ", "%", "_", "'"])
def test_a_topic_without_a_letter_is_refused_with_what_to_do(tmp_path: Path, topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sources.yaml"
    assert main(["init", "--config", str(file), "--topic", topic]) == 3
    assert capsys.readouterr().err
    assert not file.exists()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("mine", encoding="utf-8")
    assert main(["init", "--config", str(file), "--topic", "crews"]) == 3
    assert file.read_text(encoding="utf-8") == "mine"
    assert main(["init", "-q", "--force", "--config", str(file), "--topic", "crews"]) == 0
    assert "crews" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("written", ["soon", "15", "0m", "-5m", "400d", ""])
def test_schedule_says_how_a_duration_is_written(tmp_path: Path, written: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", "--config", str(tmp_path / "none.yaml"), f"--every={written}"]) == 3
    said = capsys.readouterr().err
    assert repr(written) in said
    assert said.rstrip().endswith(
        ("Write numbers with their units: s, m, h, d or w.", "It must be longer than nothing and at most a year.")
    )
