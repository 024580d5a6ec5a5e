"""Looking at the links of an edition: over real HTTP, each once, and never for longer than there is patience."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import pytest

from aggregator.digest.doors import CHANGE_MARK, LEAVE_MARK
from aggregator.digest.links import check_links, links_of, targets
from aggregator.digest.lint import LinkState
from aggregator.fetch.auth import Sessions
from aggregator.fetch.client import Client
from aggregator.model import Rendered
from aggregator.settings import Fetch
from tests.support.server import Script, Server

NOW = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
HTML = {"Content-Type": "text/html"}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        running.on("/good", Script(headers=HTML, body=b"<p>Good"))
        yield running


@pytest.fixture
def client() -> Iterator[Client]:
    settings = Fetch(allow_networks=("127.0.0.0/8",), read_timeout=timedelta(seconds=0.5), total_timeout=timedelta(seconds=1))
    made = Client(settings=settings, version="1.2", clock=lambda: NOW, sessions=Sessions(None), sleep=lambda seconds: None)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (Script(headers=HTML, body=b"<p>Good"), LinkState.GOOD),
        (Script.redirect("/good"), LinkState.GOOD),
        (Script(headers={"Content-Type": "video/mp4"}, body=b"film"), LinkState.GOOD),
        (Script(status=404), LinkState.DEAD),
        (Script(status=410), LinkState.DEAD),
        (Script.redirect("/nothing"), LinkState.DEAD),
        (Script(status=401), LinkState.CLOSED),
        (Script(status=403), LinkState.CLOSED),
        (Script(status=429), LinkState.CLOSED),
        (Script(status=406), LinkState.CLOSED),
        (Script(status=500), LinkState.UNKNOWN),
        (Script(raw=b""), LinkState.UNKNOWN),
        (Script(delay=0.8), LinkState.UNKNOWN),
    ],
)
def test_what_a_server_says_of_a_link(server: Server, client: Client, script: Script, state: LinkState) -> None:
    server.on("/page", script)
    url = server.url("/page")
    assert check_links(client, [url], intranet=True)[url].state is state


def test_what_robots_may_not_read_is_closed(server: Server, client: Client) -> None:
    server.on("/robots.txt", Script(body=b"User-agent: *\nDisallow: /good\n"))
    assert check_links(client, [server.url("/good")], intranet=True)[server.url("/good")].state is LinkState.CLOSED
    assert server.count("/good") == 0


@pytest.mark.parametrize(
    ("errno", "state"), [(socket.EAI_NONAME, LinkState.DEAD), (socket.EAI_AGAIN, LinkState.UNKNOWN)], ids=["no such host", "no network"]
)
def test_a_host_that_does_not_exist_is_dead(client: Client, monkeypatch: pytest.MonkeyPatch, errno: int, state: LinkState) -> None:
    def unresolved(*args: object, **kwargs: object) -> NoReturn:
        raise socket.gaierror(errno, "as the system says")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    url = "https://nothing.example/page"
    assert check_links(client, [url], intranet=True)[url].state is state


def test_a_name_that_no_host_can_have_is_dead(client: Client) -> None:
    url = f"https://{'x' * 64}.example/"
    assert check_links(client, [url], intranet=True)[url].state is LinkState.DEAD


def test_nobody_listening_is_not_called_dead(client: Client) -> None:
    with Server() as gone:
        url = gone.url("/page")
    assert check_links(client, [url], intranet=True)[url].state is LinkState.UNKNOWN


def test_each_link_is_asked_once(server: Server, client: Client) -> None:
    check_links(client, [server.url("/good")] * 3, intranet=True)
    assert server.count("/good") == 1


def test_a_private_address_is_not_asked(server: Server, client: Client) -> None:
    assert check_links(client, [server.url("/good")]) == {}
    assert server.asked == []


def test_media_files_and_walls_are_left_out(client: Client) -> None:
    assert check_links(client, ["https://x.example/film.mp4", "https://medium.com/p/abc"]) == {}


def test_there_is_an_end_to_patience(server: Server) -> None:
    """What is under way is not waited for, and what waits is not begun."""
    for number in range(3):
        server.on(f"/slow{number}", Script(headers=HTML, delay=2))
    urls = [server.url(f"/slow{number}") for number in range(3)]
    settings = Fetch(allow_networks=("127.0.0.0/8",))
    client = Client(settings=settings, version="1.2", clock=lambda: NOW, sessions=Sessions(None), sleep=lambda seconds: None)
    began = time.monotonic()
    found = check_links(client, urls, intranet=True, patience=timedelta(seconds=0.3), width=1)
    assert time.monotonic() - began < 1.5
    assert {(one.state, one.reason) for one in found.values()} == {(LinkState.UNKNOWN, "no answer within 0.3 s")}
    client.stop()
    client.close()
    assert server.count("/slow2") == 0


def test_a_run_that_ends_leaves_links_unknown(server: Server, client: Client) -> None:
    client.stop()
    assert check_links(client, [server.url("/good")], intranet=True)[server.url("/good")].state is LinkState.UNKNOWN


def test_links_are_those_of_the_edition_and_of_no_single_reader() -> None:
    html = f'<a href="https://a.example/">A</a><a href="https://x.example/leave/{LEAVE_MARK}">x</a><a href="mailto:a@b.example">b</a>'
    html += (
        f'<a href="https://x.example/change/{CHANGE_MARK}">y</a><a href="https://a.example/">again</a><a href="https://b.example/(c)">c</a>'
    )
    text = "A title that mentions https://d.example/ <https://a.example/>\n"
    assert links_of(Rendered(html=html, text=text)) == ("https://a.example/", "https://b.example/(c)")


def test_links_are_read_as_they_are_written() -> None:
    assert targets('<A HREF=" https://a.example/?b=1&amp;c=2 ">x</A><a>y</a><area href="#z">') == ("https://a.example/?b=1&c=2", "#z")
