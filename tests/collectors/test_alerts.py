"""Alerts and bridges: what the contract suite cannot know."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aggregator.collectors import recognise
from aggregator.collectors.alerts import Alerts
from aggregator.collectors.base import build
from aggregator.config import load
from aggregator.errors import BadOption, ConfigError, UnknownPlatform
from tests.support.exchanges import Exchange, RecordedHttp

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples" / "google"
GOOGLE = "https://www.google.com/alerts/feeds/01234567890123456789/987"
YAML = "site: {{title: Crews}}\ntopics: {{crews: {{any_of: [crews]}}}}\nsources:\n  - {{platform: alerts, {}}}\n"


def configured(tmp_path: Path, options: str, **environ: str) -> Path:
    file = tmp_path / "sources.yaml"
    file.write_text(YAML.format(options), encoding="utf-8")
    load(file, environ=environ)
    return file


def test_neither_the_address_nor_the_account_is_shown() -> None:
    alert = Alerts(url=GOOGLE)
    assert alert.feed is None
    assert alert.address == "https://www.google.com/alerts"
    assert "0123" not in alert.address + alert.label


def test_the_feed_of_a_public_bridge_may_be_shown() -> None:
    assert Alerts(url="https://bridge.example/?bridge=X&format=Atom").feed is not None
    assert Alerts(url="https://bridge.example/?bridge=X&token=secret").feed is None


def test_exactly_one_of_an_address_and_a_variable_is_wanted() -> None:
    for options in ({}, {"url": GOOGLE, "address_from": "GOOGLE_ALERT_1"}):
        with pytest.raises(BadOption, match="'address_from', 'url'"):
            build(Alerts, options)
    with pytest.raises(BadOption, match="in capitals, like 'GOOGLE_ALERT_1'"):
        build(Alerts, {"address_from": GOOGLE})


def test_the_pasted_address_of_a_google_alert_is_sent_to_the_environment() -> None:
    with pytest.raises(UnknownPlatform, match="put it into the environment, and write ") as caught:
        recognise(GOOGLE)
    assert "0123" not in str(caught.value)
    assert recognise("https://www.google.com/search/crews")[0] == "feed"


def test_a_source_keeps_its_id_whether_or_not_its_variable_is_set(tmp_path: Path) -> None:
    file = configured(tmp_path, "address_from: GOOGLE_ALERT_1")
    (unset,) = load(file, environ={}).sources
    (known,) = load(file, environ={"GOOGLE_ALERT_1": GOOGLE}).sources
    assert unset.id == known.id == "alerts-GOOGLE_ALERT_1"
    assert (unset.options, known.options) == ({"address_from": "GOOGLE_ALERT_1"}, {"url": GOOGLE})
    assert unset.label == known.label


def test_a_variable_that_holds_no_address_is_said_without_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="GOOGLE_ALERT_1 holds no address") as caught:
        configured(tmp_path, "address_from: GOOGLE_ALERT_1", GOOGLE_ALERT_1="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.samples
def test_every_link_of_a_recorded_alert_is_that_of_the_page_itself() -> None:
    sample = SAMPLES / "google-alerts.atom"
    if not sample.exists():
        pytest.skip("the recorded replies beside the checkout are not there")
    http = RecordedHttp([Exchange(url=GOOGLE, body=sample.read_bytes())])
    (page,) = Alerts(url=GOOGLE).poll(http, "")
    assert len(page.entries) == 20
    hosts = {urlsplit(address).hostname for entry in page.entries for address in (entry.url, *entry.aliases)}
    assert not [host for host in hosts if "google" in str(host)]
    assert not [entry for entry in page.entries if "<b>" in (entry.title or "")]
