"""Alert feeds whose addresses stand in the environment: they are read, and their addresses stand nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios.test_canaries import everything, found, rss
from tests.support.server import Asked, Script, Server
from tests.support.steward import Said, Steward

PATHS = {
    "OPEN": "/a1pha-c4nary-0001/feed",
    "DEAD": "/brav0-c4nary-0002/feed",
    "MOVED": "/ch4rlie-c4nary-0003/feed?x=d3lta-c4nary-0004",
    "GOOGLE": "/alerts/feeds/ech0-c4nary-0005/f0xtrot-c4nary-0006",
}
CANARIES = tuple(part for path in PATHS.values() for part in path.replace("?x=", "/").split("/") if "c4nary" in part)
TALK = (("status",), ("status", "--json"), ("source", "list"), ("source", "list", "--json"), ("check",), ("check", "--json"))

Lived = tuple[Steward, dict[str, Said], Server]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    steward = Steward(folder=tmp_path_factory.mktemp("alerts"))
    with Server() as server:

        def feed(asked: Asked) -> Script:
            # A feed that names its own address, as a whole and in parts.
            address = server.url(asked.path).replace("&", "&amp;")
            parts = " ".join(asked.path.split("/"))
            body = rss(address, "alert").replace(b"</title>", f" {parts}</title>".encode(), 1)
            return Script(headers={"Content-Type": "application/rss+xml", "ETag": '"1"'}, body=body)

        for name in ("OPEN", "GOOGLE"):
            server.answer(PATHS[name], feed)
        server.answer("/there", feed)
        server.answer(PATHS["DEAD"], lambda asked: Script(status=500, body=server.url(asked.path).encode()))
        server.answer(
            PATHS["MOVED"].partition("?")[0], lambda asked: Script.redirect(server.url(f"{PATHS['OPEN']}?{asked.path}"), status=301)
        )
        steward.configures(
            "site: {title: Alerts}\ntopics: {crews: {any_of: [crews]}}\nfetch: {allow_networks: [127.0.0.0/8]}\nsources:\n"
            + "".join(f"  - {{platform: alerts, id: {name.lower()}, address_from: ALERT_{name}}}\n" for name in (*PATHS, "UNSET"))
        )
        keys = {f"ALERT_{name}": server.url(path) for name, path in PATHS.items()}
        said = {"run": steward.runs("run", "-vv", "--record", "run.har", environ=keys)}
        said["poll"] = steward.runs("poll", "-vv", "--record", "poll.har", environ=keys)
        said |= {" ".join(words): steward.runs(*words, environ=keys) for words in TALK}
        said["test"] = steward.runs("source", "test", "dead", "-vv", environ=keys)
        yield steward, said, server


def test_alerts_are_read_from_the_addresses_in_the_environment(lived: Lived) -> None:
    steward, said, server = lived
    states = {state["source"]: state for state in steward.runs("status", "--json").json()}
    assert {name for name, state in states.items() if state["failures"]} == {"dead"}, said["run"].err
    assert {asked.path for asked in server.asked} >= {PATHS["OPEN"], PATHS["GOOGLE"], PATHS["DEAD"]}
    assert "alert on crews" in {story["title"] for story in steward.stories()}


def test_the_address_of_an_alert_is_written_and_said_nowhere(lived: Lived) -> None:
    assert len(CANARIES) == 6
    assert found(CANARIES, everything(*lived[:2])) == []


def test_an_alert_without_its_variable_says_what_to_set_and_the_others_are_read(lived: Lived) -> None:
    assert "ALERT_UNSET is not set" in lived[1]["run"].err
    said = lived[0].runs("check", environ={"ALERT_OPEN": "https://alerts.example.org/feed"}).out
    assert "Alerts and bridges: ALERT_UNSET is not set. Set it to the address of the feed of unset." in said.splitlines()
    assert "ALERT_OPEN is not set" not in said


def test_a_variable_that_holds_no_address_is_a_mistake_that_does_not_repeat_it(lived: Lived) -> None:
    said = lived[0].runs("check", environ={"ALERT_OPEN": "ftp://g0lf-c4nary-0007"})
    assert said.code == 3
    assert "ALERT_OPEN holds no address. Set it to one in full" in said.err
    assert "g0lf" not in said.err + said.out


def test_an_address_that_is_a_secret_and_stands_in_the_file_is_said(steward: Steward) -> None:
    source = "{platform: alerts, url: 'https://www.google.com/alerts/feeds/01234567890123456789/987', id: ours}"
    steward.configures(f"site: {{title: Crews}}\ntopics: {{crews: {{any_of: [crews]}}}}\nsources: [{source}]\n")
    said = steward.runs("check")
    assert said.code == 0
    assert "ours: its address is a secret, which whoever reads sources.yaml has too. Put it into the environment" in said.out
    assert "0123456789" not in said.out
