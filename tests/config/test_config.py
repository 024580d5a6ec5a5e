"""sources.yaml: what is understood, and what is said about what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
import yaml

from aggregator.config import load, schema
from aggregator.errors import ConfigError, Problem
from aggregator.model import Kind, Takes, Trust
from aggregator.settings import Settings

ROOT = Path(__file__).parents[2]

LEAST = """\
site:
  title: Discussing crews
topics:
  crews:
    any_of: [crews]
sources:
  - https://anchor.fm/microsolidarity
"""


def given(folder: Path, text: str, **environ: str) -> Settings:
    file = folder / "sources.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, environ=environ)


def wrong(folder: Path, text: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigError) as caught:
        given(folder, text)
    return [(problem.line, problem.key, problem.message) for problem in caught.value.problems]


def test_a_source_may_be_nothing_but_its_address(tmp_path: Path) -> None:
    source = given(tmp_path, LEAST).sources[0]
    assert (source.platform, source.topics, source.takes, source.trust) == ("podcast", ("crews",), Takes.MENTIONS, Trust.PUBLISH)
    assert source.label


def test_what_anybody_can_send_waits_for_review_until_the_steward_says_otherwise(tmp_path: Path) -> None:
    news = "{platform: newsletter, server: imap.example.org, page: 'https://lists.example.org/crews'%s}"
    mentions = "{platform: webmention, target: 'https://topic.example/'%s}"
    for line in (news, mentions):
        said = [
            given(tmp_path, LEAST.replace("https://anchor.fm/microsolidarity", line % more)).sources[0].trust
            for more in ("", ", trust: publish")
        ]
        assert said == [Trust.HOLD, Trust.PUBLISH]


def test_an_address_may_come_with_more_to_say(tmp_path: Path) -> None:
    text = LEAST.replace(
        "- https://anchor.fm/microsolidarity", "- address: https://anchor.fm/microsolidarity\n    takes: everything\n    every: 30m"
    )
    source = given(tmp_path, text).sources[0]
    assert (source.takes, source.every) == (Takes.EVERYTHING, timedelta(minutes=30))


def test_a_budget_is_in_dollars_a_month(tmp_path: Path) -> None:
    text = LEAST.replace("- https://anchor.fm/microsolidarity", "- address: https://x.com/hashtag/crews\n    budget: 7.50")
    assert given(tmp_path, text).sources[0].budget == 7_500_000


@pytest.mark.parametrize(
    ("written", "means"),
    [("30m", timedelta(minutes=30)), ("6h", timedelta(hours=6)), ("1d 12h", timedelta(hours=36)), ("2w", timedelta(days=14))],
)
def test_durations_are_written_with_their_unit(tmp_path: Path, written: str, means: timedelta) -> None:
    text = LEAST.replace("- https://anchor.fm/microsolidarity", f"- address: https://anchor.fm/microsolidarity\n    every: {written}")
    assert given(tmp_path, text).sources[0].every == means


def test_all_errors_are_said_at_once_each_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    text = """\
site:
  titel: Discussing crews
topics:
  crews:
    any_of: []
sources:
  - platform: mediun
    tag: crews
  - platform: medium
    tga: crews
  - address: anchor.fm/x
  - address: https://anchor.fm/x
    every: sometimes
fetsh: {}
"""
    problems = wrong(tmp_path, text)
    assert [(line, key) for line, key, _ in problems] == [
        (2, "site.titel"),
        (2, "site.title"),
        (5, "topics.crews.any_of"),
        (7, "sources[0].platform"),
        (10, "sources[1].tga"),
        (11, "sources[2].address"),
        (13, "sources[3].every"),
        (14, "fetsh"),
    ]
    said = {key: message for _, key, message in problems}
    assert "Did you mean 'title'?" in said["site.titel"]
    assert "Did you mean 'medium'?" in said["sources[0].platform"]
    assert "Did you mean 'tag'?" in said["sources[1].tga"]
    assert "https://" in said["sources[2].address"]
    assert "30m" in said["sources[3].every"]
    assert "'sometimes'" in said["sources[3].every"]
    assert "Did you mean 'fetch'?" in said["fetsh"]


def test_a_problem_prints_file_line_and_key() -> None:
    assert str(Problem(file="sources.yaml", line=3, key="site.title", message="is missing.")) == "sources.yaml:3: site.title: is missing."


def test_the_same_source_twice_is_an_error_that_names_the_other_line(tmp_path: Path) -> None:
    [(line, key, message)] = wrong(tmp_path, LEAST + "  - https://anchor.fm/microsolidarity/\n")
    assert (line, key) == (8, "sources[1]")
    assert "line 7" in message


def test_an_unknown_topic_names_the_nearest(tmp_path: Path) -> None:
    [(line, _, message)] = wrong(tmp_path, LEAST + "  - address: https://anchor.fm/other\n    topics: [crew]\n")
    assert line == 8
    assert "'crews'" in message


def test_a_key_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    [(line, key, _)] = wrong(tmp_path, LEAST.replace("  title: Discussing crews\n", "  title: a\n  title: b\n"))
    assert (line, key) == (3, "site.title")


def test_yaml_words_for_truth_stay_words_where_a_word_is_wanted(tmp_path: Path) -> None:
    settings = given(tmp_path, LEAST.replace("any_of: [crews]", "any_of: [no, on, 12:30, 1e3]"))
    assert settings.topics[0].any_of == ("no", "on", "12:30", "1e3")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: [",
        "- a\n- b\n",
        "just words",
        "\tsite: x\n",
        "site: {title: x\n",
        "%YAML 9\n---\n",
        "site: !!python/object x\n",
        "a: &a [*a]\n",
    ],
)
def test_what_is_not_a_configuration_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    assert wrong(tmp_path, text)


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="aggregator init"):
        load(tmp_path / "none.yaml", environ={})


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_bytes("site: {title: Größe}".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path / "sources.yaml", environ={})


def test_secrets_come_from_the_environment_and_never_show_themselves(tmp_path: Path) -> None:
    settings = given(tmp_path, LEAST, YOUTUBE_API_KEY="very-secret")
    assert "very-secret" not in repr(settings)
    assert settings.secrets["YOUTUBE_API_KEY"].reveal() == "very-secret"


def test_paths_stand_beside_the_file(tmp_path: Path) -> None:
    settings = given(tmp_path, LEAST + "output: site\n")
    assert (settings.output, settings.state) == (tmp_path / "site", tmp_path / "state")


def test_chosen_links_keep_their_order_their_links_and_their_day(tmp_path: Path) -> None:
    text = LEAST + (
        "chosen:\n"
        "  - {url: 'https://youtu.be/_ShH3x1hgY0', kind: video, title: 'A [talk]', who: Ana, note: about crews., published: 2019-02-03,\n"
        "     also: [{url: 'https://example.org/t', label: Transcript}]}\n"
        "  - {url: 'https://example.org/b', kind: article, title: B}\n"
    )
    first, second = given(tmp_path, text).chosen
    assert (first.position, first.kind, first.title, first.who) == (0, Kind.VIDEO, "A [talk]", "Ana")
    assert first.published == datetime(2019, 2, 3, tzinfo=UTC)
    assert [link.label for link in first.links] == ["A [talk]", "Transcript"]
    assert first.note == "[A \\[talk\\]](https://youtu.be/_ShH3x1hgY0), Ana: about crews. \\| [Transcript](https://example.org/t)"
    assert second.position == 1


def test_the_shipped_configuration_is_right_and_fits_the_schema() -> None:
    settings = load(ROOT / "sources.yaml", environ={})
    assert len(settings.chosen) == 13
    assert sum(len(one.links) for one in settings.chosen) == 18
    platforms = [source.platform for source in settings.sources]
    assert {name: platforms.count(name) for name in sorted(set(platforms))} == {
        "applepodcasts": 1,
        "bluesky": 1,
        "discourse": 2,
        "feed": 2,
        "fyyd": 1,
        "github": 1,
        "hackernews": 2,
        "lemmy": 1,
        "lobsters": 1,
        "loomio": 1,
        "mastodon": 3,
        "medium": 4,
        "nostr": 1,
        "podcast": 3,
        "reddit": 1,
        "scuttlebutt": 1,
        "site": 1,
        "substack": 1,
        "telegram": 1,
        "x": 1,
        "youtube": 2,
    }
    plain = yaml.load((ROOT / "sources.yaml").read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    jsonschema.validate(plain, schema())


def test_the_schema_refuses_what_the_program_refuses(tmp_path: Path) -> None:
    plain = {"site": {"titel": "x"}, "topics": {"a": {"any_of": ["a"]}}, "sources": []}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, schema())
    jsonschema.Draft7Validator.check_schema(json.loads(json.dumps(schema())))


@pytest.mark.parametrize("rule", ["#", "-", "\\u00ad", "\\u3164"])
def test_a_rule_with_nothing_to_look_for_is_told_with_its_line(tmp_path: Path, rule: str) -> None:
    ((line, key, message),) = wrong(tmp_path, LEAST.replace("[crews]", f'[crews, "{rule}"]'))
    assert (line, key) == (5, "topics.crews.any_of[1]")
    assert "has no letter, figure or sign to look for" in message


def test_a_sign_may_be_a_rule(tmp_path: Path) -> None:
    assert given(tmp_path, LEAST.replace("[crews]", "[🌱, c++]")).topics[0].any_of == ("🌱", "c++")


OPTIONS = [
    ("every: 0m", "sources[0].every", "longer than nothing"),
    ("every: 30", "sources[0].every", "with their units"),
    ("every: 1s", "sources[0].every", "The least is 1m."),
    ("budget: $5", "sources[0].budget", "dollars such as 5 or 7.50"),
    ("budget: 5", "sources[0].budget", "costs nothing. Remove the key."),
    ("since: 2999-01-01", "sources[0].since", "Write a day that has passed."),
    ("since: 2020-02-31", "sources[0].since", "Write a day of the calendar"),
    ("since: 01/02/2020", "sources[0].since", "Write a day of the calendar"),
    ("id: a b", "sources[0].id", "Use letters"),
    ("id: a/../b", "sources[0].id", "Use letters"),
    ("label: ''", "sources[0].label", "Write it, or remove the key."),
    ("label:", "sources[0].label", "Write it, or remove the key."),
    ("enabled: maybe", "sources[0].enabled", "expected true or false"),
    ("takes: everthing", "sources[0].takes", "Did you mean 'everything'?"),
    ("topics: []", "sources[0].topics", "at least 1"),
    ("url: https://example.org/feed", "sources[0].url", "An address comes without options"),
]


@pytest.mark.parametrize(("written", "at", "said"), OPTIONS)
def test_what_is_wrong_with_a_source_is_told_at_its_line(tmp_path: Path, written: str, at: str, said: str) -> None:
    text = LEAST.replace("- https://anchor.fm/microsolidarity", f"- address: https://anchor.fm/microsolidarity\n    {written}")
    [(line, key, message)] = wrong(tmp_path, text)
    assert (line, key) == (8, at)
    assert said in message


KEYS = [
    ("site:\n  timezone: Mars/Olympus\n", "site.timezone", "time-zone database"),
    ("site:\n  timezone: Europe/Brusels\n", "site.timezone", "Did you mean 'Europe/Brussels'?"),
    ("site:\n  stories: lots\n", "site.stories", "from 10 to 2000, found 'lots'."),
    ("site:\n  url: 'http://[x'\n", "site.url", "https://"),
    ("fetch:\n  allow_networks: [10.0.0.1/8]\n", "fetch.allow_networks[0]", "Did you mean '10.0.0.0/8'?"),
    ("fetch:\n  allow_networks: [300.0.0.0/8]\n", "fetch.allow_networks[0]", "number of bits"),
    ("fetch:\n  allow_networks: ['::/0']\n", "fetch.allow_networks[0]", "Name the network itself."),
    ("fetch:\n  contact: mailto:me\n", "fetch.contact", "mailto:steward@example.org"),
]


@pytest.mark.parametrize(("written", "at", "said"), KEYS)
def test_a_form_that_does_not_fit_is_told_with_what_fits(tmp_path: Path, written: str, at: str, said: str) -> None:
    head, _, below = written.partition("\n")
    text = LEAST.replace("site:\n", f"site:\n{below}") if head == "site:" else LEAST + written
    [(line, key, message)] = wrong(tmp_path, text)
    assert (line, key) == (2 if head == "site:" else 9, at)
    assert said in message


@pytest.mark.parametrize("name", ["YOUTUBE_API_KEY", "password", "app_password", "apikey", "access_token"])
def test_a_secret_is_sent_to_the_environment_and_not_repeated(tmp_path: Path, name: str) -> None:
    for text in (f"{LEAST}{name}: abcd-efgh\n", f"{LEAST}  - platform: youtube\n    search: crews\n    {name}: abcd-efgh\n"):
        [(_, key, message)] = wrong(tmp_path, text)
        assert key.endswith(name)
        assert "a secret must not stand in it" in message
        assert "abcd" not in message


def test_an_address_and_a_platform_are_one_too_many(tmp_path: Path) -> None:
    [(line, key, message)] = wrong(tmp_path, LEAST + "  - address: https://anchor.fm/other\n    platform: podcast\n")
    assert (line, key) == (8, "sources[1]")
    assert "Remove one" in message


def test_a_topic_twice_for_one_source_is_one(tmp_path: Path) -> None:
    text = LEAST.replace("- https://anchor.fm/microsolidarity", "- address: https://anchor.fm/microsolidarity\n    topics: [crews, crews]")
    assert given(tmp_path, text).sources[0].topics == ("crews",)


@pytest.mark.parametrize(("written", "at"), [("output: site\nstate: site/state\n", 9), ("output: .\n", 8), ("state: output\n", 8)])
def test_the_database_is_never_published_with_the_page(tmp_path: Path, written: str, at: int) -> None:
    [(line, _, message)] = wrong(tmp_path, LEAST + written)
    assert line == at
    assert "Name another folder." in message


def test_a_sign_that_yaml_does_not_know_is_told_with_its_line(tmp_path: Path) -> None:
    [(line, _, message)] = wrong(tmp_path, LEAST.replace("crews]", "crews\x01]"))
    assert (line, "U+0001" in message) == (5, True)


@pytest.mark.parametrize(
    "source",
    [
        {"platform": "medium", "playlist": "PLx"},
        {"platform": "podcast"},
        {"platform": "medium", "address": "https://medium.com/tag/crews"},
        {"every": "1h"},
        {"address": "https://medium.com/tag/crews", "tag": "crews"},
    ],
)
def test_an_editor_refuses_the_options_of_another_platform(source: dict[str, str]) -> None:
    plain = {"site": {"title": "x"}, "topics": {"a": {"any_of": ["a"]}}, "sources": [source]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain, schema())


def test_an_address_that_cannot_be_watched_is_told_with_what_can(tmp_path: Path) -> None:
    [(line, key, message)] = wrong(tmp_path, LEAST + "  - https://youtu.be/_ShH3x1hgY0\n")
    assert (line, key) == (8, "sources[1]")
    assert "aggregator add" in message


def test_a_site_alone_is_a_source_whose_platform_is_found_out_later(tmp_path: Path) -> None:
    source = given(tmp_path, LEAST + "  - site: https://blog.example\n    search: crews\n    every: 12h\n").sources[1]
    assert (source.platform, dict(source.options)) == ("site", {"site": "https://blog.example", "search": "crews"})
    assert (source.id, source.label) == ("site-crews-blog.example", "blog.example, search crews")


def test_a_platform_that_is_named_keeps_its_own_option_called_site(tmp_path: Path) -> None:
    source = given(tmp_path, LEAST + "  - platform: discourse\n    site: forum.example.org\n    tag: crews\n").sources[1]
    assert (source.platform, dict(source.options)) == ("discourse", {"site": "forum.example.org", "tag": "crews"})


@pytest.mark.parametrize(
    ("written", "at", "said"),
    [
        ("category: organising/7", "sources[1].category", "unknown key 'category'"),
        ("search: crews\n    tag: crews", "sources[1]", "at most one of the options"),
    ],
)
def test_what_does_not_go_with_a_site_is_told(tmp_path: Path, written: str, at: str, said: str) -> None:
    [(_, key, message)] = wrong(tmp_path, LEAST + f"  - site: https://blog.example\n    {written}\n")
    assert key == at
    assert said.lower() in message.lower()


def test_editors_know_a_site_without_a_platform() -> None:
    one = yaml.safe_load(LEAST + "  - site: https://blog.example\n    tag: crews\n")
    jsonschema.validate(one, schema())


def test_a_public_key_of_a_site_may_stand_in_the_file(tmp_path: Path) -> None:
    text = LEAST + "  - platform: ghost\n    site: crews.example\n    key: 0123456789abcdef0123456789\n"
    assert given(tmp_path, text).sources[1].options["key"] == "0123456789abcdef0123456789"
