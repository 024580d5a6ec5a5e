"""Looking before watching: source test, source discover, init --topic and source check, on recorded replies."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from aggregator.config import load
from tests.support.exchanges import FIXTURES, Exchange, cases
from tests.support.har import write_har
from tests.support.steward import Steward

CONFIGURATION = "site: {title: Crews}\ntopics: {crews: {any_of: [crews]}}\nsources: []\n"
RSS = {"Content-Type": "application/rss+xml"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
BLOG = b'<html><head><title>Ana</title><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body></body></html>'
FORUM = b'<html><head><meta name="generator" content="Discourse 3.5.0 - https://github.com/discourse/discourse"></head></html>'
OPEN = Exchange(url="https://blog.example/robots.txt", status=404)
NO_FEED = [
    Exchange(url=f"https://blog.example/{path}{end}", status=404)
    for path in ("feed", "feed.xml", "rss", "rss.xml", "atom.xml", "feed.json", "index.xml")
    for end in ("", "/")
]


def feed(*titles: str, host: str = "blog.example") -> bytes:
    items = "".join(
        f"<item><guid>https://{host}/{number}</guid><link>https://{host}/{number}</link><title>{title}</title>"
        f"<dc:creator>Ana</dc:creator><pubDate>Sat, 31 Oct 2026 10:00:00 GMT</pubDate><description>Words.</description></item>"
        for number, title in enumerate(titles)
    )
    head = '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Notes</title>'
    return f"{head}{items}</channel></rss>".encode()


def topics(*numbers: int) -> bytes:
    rows = [{"id": one, "title": f"Crews {one}", "slug": "x", "created_at": "2026-10-31T10:00:00Z", "tags": ["crews"]} for one in numbers]
    return json.dumps({"users": [], "topic_list": {"topics": rows}}).encode()


@pytest.fixture
def ready(steward: Steward) -> Steward:
    steward.configures(CONFIGURATION)
    return steward


def recorded(steward: Steward, *exchanges: Exchange) -> None:
    write_har(steward.folder / "r.har", [OPEN, *exchanges])


def lines(out: str) -> list[str]:
    return [line.strip() for line in out.splitlines()]


# -- discover


def test_the_feed_that_a_page_declares_is_proposed_with_what_is_in_it(ready: Steward) -> None:
    page = Exchange(url="https://blog.example/", headers=HTML, body=BLOG)
    recorded(ready, page, Exchange(url="https://blog.example/feed.xml", headers=RSS, body=feed("On crews", "On bread")))
    said = ready.runs("source", "discover", "blog.example", "--replay", "r.har")
    assert said.code == 0, said.err
    assert lines(said.out)[0] == "- https://blog.example/feed.xml  # blog.example: 2 entries, 1 about the topic"
    assert not (ready.folder / "state").exists()


def test_lines_can_be_pasted(ready: Steward) -> None:
    page = Exchange(url="https://blog.example/", headers=HTML, body=BLOG)
    recorded(ready, page, Exchange(url="https://blog.example/feed.xml", headers=RSS, body=feed("On crews")))
    said = ready.runs("source", "discover", "https://blog.example/", "--replay", "r.har")
    ready.configures(CONFIGURATION.replace(" []", "") + said.out)
    assert ready.runs("check").code == 0
    assert [source.options["url"] for source in load(ready.folder / "sources.yaml").sources] == ["https://blog.example/feed.xml"]


def test_a_forum_on_a_domain_of_its_own_is_asked_for_the_words_of_the_topics(ready: Steward) -> None:
    recorded(
        ready,
        Exchange(url="https://commons.example/robots.txt", status=404),
        Exchange(url="https://commons.example/", headers=HTML, body=FORUM),
        Exchange(url="https://commons.example/tag/crews.json", headers={"Content-Type": "application/json"}, body=topics(1, 2)),
    )
    said = ready.runs("source", "discover", "https://commons.example/", "--replay", "r.har", "--json").json()
    (forum,) = [one for one in said if one["options"] == {"site": "commons.example", "tag": "crews"}]
    assert (forum["platform"], forum["entries"], forum["matching"], forum["problem"]) == ("discourse", 2, 2, None)
    assert yaml.safe_load(forum["line"]) == "https://commons.example/tag/crews/l/latest"


def test_for_a_word_the_platforms_are_tried_that_need_no_key(ready: Steward) -> None:
    recorded(ready, Exchange(url="https://medium.com/feed/tag/crews", headers=RSS, body=feed("On bread", "On crews", host="medium.com")))
    said = ready.runs("source", "discover", "#crews", "--replay", "r.har")
    assert said.code == 0
    good = [line for line in lines(said.out) if not line.startswith("#")]
    assert good == ["- https://medium.com/tag/crews  # Medium, tag crews: 2 entries, 2 about the topic"]
    assert any(line.startswith("# - https://mastodon.social/tags/crews") and "not in the recording" in line for line in lines(said.out))


def test_who_has_no_configuration_yet_can_look_as_well(steward: Steward) -> None:
    recorded(steward, Exchange(url="https://medium.com/feed/tag/crews", headers=RSS, body=feed("On crews", host="medium.com")))
    said = steward.runs("source", "discover", "crews", "--replay", "r.har")
    assert said.code == 0, said.err
    assert list(steward.folder.iterdir()) == [steward.folder / "r.har"]


def test_a_page_that_leads_to_nothing_is_said_to(ready: Steward) -> None:
    recorded(ready, Exchange(url="https://blog.example/about", headers=HTML, body=b"<html><body>me</body></html>"))
    said = ready.runs("source", "discover", "https://blog.example/about", "--replay", "r.har")
    assert said.code == 4
    assert all(line.startswith("#") for line in lines(said.out))


def test_for_a_page_without_a_feed_a_line_with_selectors_is_told_that_can_be_pasted(ready: Steward) -> None:
    body = b'<html><body><article><h2><a href="/writing/1">On crews</a></h2></article></body></html>'
    recorded(ready, Exchange(url="https://blog.example/writing", headers=HTML, body=body))
    said = ready.runs("source", "discover", "https://blog.example/writing", "--replay", "r.har")
    assert said.code == 4
    (line,) = re.findall(r"- \{platform: webpage.*\}", said.err)
    ready.configures(CONFIGURATION.replace("[]", f"\n  {line}"))
    shown = ready.runs("source", "test", "page", "--replay", "r.har")
    assert shown.code == 0, shown.err
    assert "1 entry, 1 counts (*)." in shown.out


def test_where_a_feed_is_found_or_no_page_was_read_no_selectors_are_told(ready: Steward) -> None:
    page = Exchange(url="https://blog.example/", headers=HTML, body=BLOG)
    recorded(ready, page, Exchange(url="https://blog.example/feed.xml", headers=RSS, body=feed("On crews")))
    assert "webpage" not in ready.runs("source", "discover", "blog.example", "--replay", "r.har").err
    recorded(ready)
    assert "below sources: with what finds" not in ready.runs("source", "discover", "blog.example", "--replay", "r.har").err


def test_a_video_leads_to_the_channel_that_made_it(ready: Steward) -> None:
    channel = "UC0123456789abcdefghijkl"
    page = f'<html>{{"externalId":"{channel}"}}</html>'.encode()
    recorded(
        ready,
        Exchange(url="https://www.youtube.com/robots.txt", status=404),
        Exchange(url="https://www.youtube.com/watch?v=1_3OxvUkPPo", headers=HTML, body=page),
        Exchange(
            url=f"https://www.youtube.com/feeds/videos.xml?channel_id={channel}",
            headers={"Content-Type": "text/xml"},
            body=(FIXTURES / "youtube" / "channel" / "feed.xml").read_bytes(),
        ),
    )
    said = ready.runs("source", "discover", "https://www.youtube.com/watch?v=1_3OxvUkPPo", "--replay", "r.har")
    assert said.code == 0
    assert f"https://www.youtube.com/channel/{channel}" in said.out
    assert "A video is put on the page with `aggregator add`" in said.err


@pytest.mark.parametrize("what", ["", "#", "%%%"])
def test_what_is_neither_an_address_nor_a_word_is_refused(ready: Steward, what: str) -> None:
    said = ready.runs("source", "discover", what)
    assert said.code == 3
    assert "aggregator source discover" in said.err


def test_the_address_of_an_app_is_looked_at_as_the_page_that_browsers_open(ready: Steward) -> None:
    """It is no word to be looked for on every platform."""
    recorded(ready)
    for what, page in (
        ("tg://resolve?domain=crewnews", "https://t.me/s/crewnews"),
        ("ssb:message/classic/5GsyAWXuyR5jRPoQNA1bMggwTWytKdDVrtGEZtHZ2A4=", "names no channel on Scuttlebutt"),
    ):
        said = ready.runs("source", "discover", what, "--replay", "r.har")
        assert page in said.out + said.err
        assert "mastodon" not in said.out


def test_what_could_not_be_tried_is_not_said_to_hold_nothing(ready: Steward) -> None:
    recorded(ready)
    said = ready.runs("source", "discover", "https://www.tumblr.com/tagged/crews", "--replay", "r.har")
    assert "TUMBLR_API_KEY is not set" in said.out
    assert "Nothing of this could be tried" in said.err
    assert "about your topics" not in said.err


# -- init


def test_init_proposes_what_shows_something_about_the_topic(steward: Steward) -> None:
    recorded(steward, Exchange(url="https://medium.com/feed/tag/crews", headers=RSS, body=feed("On crews", host="medium.com")))
    said = steward.runs("init", "--topic", "#crews", "--replay", "r.har")
    assert said.code == 0, said.err
    assert [source.platform for source in load(steward.folder / "sources.yaml").sources] == ["medium"]
    text = (steward.folder / "sources.yaml").read_text(encoding="utf-8")
    assert "  - https://medium.com/tag/crews  # Medium, tag crews: 1 entry, 1 about the topic\n" in text
    assert "  # - https://mastodon.social/tags/crews  # " in text
    assert "1 of " in said.err
    assert {path.name for path in steward.folder.iterdir()} == {"r.har", "sources.yaml", "sources.schema.json"}


def test_init_without_a_network_says_so_and_proposes_untried(steward: Steward) -> None:
    recorded(steward)
    said = steward.runs("init", "--topic", "crews", "--replay", "r.har")
    assert said.code == 0
    assert "untried" in said.err
    assert [source.platform for source in load(steward.folder / "sources.yaml").sources] == ["medium", "mastodon", "bluesky"]


def test_init_offline_tries_nothing(steward: Steward) -> None:
    said = steward.runs("init", "--topic", "crews", "--offline")
    assert said.code == 0
    assert "Looking" not in said.err
    assert len(load(steward.folder / "sources.yaml").sources) == 3


# -- source test


def test_an_entry_is_shown_as_a_person_reads_it(ready: Steward) -> None:
    recorded(ready, Exchange(url="https://blog.example/feed.xml", headers=RSS, body=feed("On crews", "On bread")))
    said = ready.runs("source", "test", "https://blog.example/feed.xml", "--replay", "r.har")
    assert lines(said.out)[:5] == [
        "* On crews",
        "article · Ana · 2026-10-31 10:00 UTC",
        "https://blog.example/0",
        "title: 'crews' in 'On crews'",
        "On bread",
    ]
    assert "2 entries, 1 counts (*)." in said.out
    assert "at least 1 s between two requests" in said.out
    assert "Cost: none." in said.out


@pytest.mark.parametrize(
    "command", [("source", "test"), ("source", "pause"), ("poll",), ("backfill",), ("approve", "--source")], ids=" ".join
)
def test_whoever_names_no_source_is_told_a_dozen_and_how_to_see_them_all(ready: Steward, command: tuple[str, ...]) -> None:
    feeds = ", ".join(f"{{address: 'https://{number}.example/feed.xml', id: place-{number}}}" for number in range(14))
    ready.configures(CONFIGURATION.replace("[]", f"[{feeds}]"))
    said = ready.runs(*command, "zzz")
    assert said.code == 3
    assert said.err.endswith(", place-10, place-11 and 2 more; `aggregator source list` names them all.\n")
    assert said.err.count("zzz") == said.err.count("Known are") == 1


def test_a_post_without_a_title_is_shown_by_its_words_and_not_by_its_markup(ready: Steward) -> None:
    body = (
        feed("x")
        .replace(b"<title>x</title>", b"")
        .replace(b">Words.<", b">&lt;p&gt;Our &lt;i&gt;crews&lt;/i&gt; &amp;amp; bread&lt;/p&gt;<")
    )
    recorded(ready, Exchange(url="https://blog.example/feed.xml", headers=RSS, body=body))
    said = ready.runs("source", "test", "https://blog.example/feed.xml", "--replay", "r.har")
    assert said.out.splitlines()[0] == "* Our crews & bread"
    assert "1 entry, 1 counts (*)." in said.out


def test_a_page_that_leads_to_no_feed_is_an_error_and_not_nothing_found(ready: Steward) -> None:
    recorded(
        ready, Exchange(url="https://blog.example/", headers=HTML, body=b"<html><title>Ana</title><body>Words.</body></html>"), *NO_FEED
    )
    said = ready.runs("source", "test", "https://blog.example/", "--replay", "r.har")
    assert said.code == 4
    assert "titled 'Ana' that leads to none; write the address of the feed itself" in said.err
    assert said.out == ""


def test_what_would_not_be_shown_is_said_with_why(ready: Steward) -> None:
    ready.configures(CONFIGURATION.replace("[]", "[{address: 'https://blog.example/feed.xml', since: 2026-11-01}]"))
    recorded(ready, Exchange(url="https://blog.example/feed.xml", headers=RSS, body=feed("On crews")))
    (source,) = load(ready.folder / "sources.yaml").sources
    said = ready.runs("source", "test", source.id, "--replay", "r.har")
    assert "It would be left out: it was published before 2026-11-01." in said.out


def test_of_a_page_without_a_feed_all_that_its_selectors_found_is_shown(ready: Steward) -> None:
    (case,) = [case for case in cases("webpage") if case.name == "ordinary"]
    ready.configures(CONFIGURATION.replace("[]", json.dumps([{"platform": "webpage", "id": "page", **case.options}])))
    write_har(ready.folder / "r.har", [Exchange(url="https://crews.example.org/robots.txt", status=404), *case.exchanges])
    said = ready.runs("source", "test", "page", "--replay", "r.har")
    assert said.code == 0, said.err
    whole = " ".join(said.out.split())
    for page in case.expected():
        for entry in page["entries"]:
            assert entry["title"] in whole
            assert entry["url"] in whole
        assert all(f"remark: {remark}" in whole for remark in page["remarks"])
    assert "article · 2026-11-01 00:00 UTC" in whole


def test_a_test_of_a_source_that_is_watched_changes_no_file(ready: Steward) -> None:
    ready.configures(CONFIGURATION.replace("[]", "[{address: 'https://blog.example/feed.xml', id: blog}]"))
    recorded(ready, Exchange(url="https://blog.example/feed.xml", headers=RSS, body=feed("On bread")))
    assert ready.runs("run", "--replay", "r.har").code == 0
    recorded(ready, Exchange(url="https://blog.example/feed.xml", headers=RSS, body=feed("On crews", "On crews again")))
    before = files(ready)
    assert "state/aggregator.db" in before
    said = ready.runs("source", "test", "blog", "--replay", "r.har")
    assert "2 entries, 2 count (*)." in said.out
    assert files(ready) == before


def files(steward: Steward) -> dict[str, bytes]:
    """What each file holds, but for SQLite's own note of who reads (https://www.sqlite.org/walformat.html, §2.1)."""
    found = [path for path in steward.folder.rglob("*") if path.is_file() and path.suffix != ".db-shm"]
    return {str(path.relative_to(steward.folder)): body for path in found if (body := path.read_bytes()) or path.suffix != ".db-wal"}


# -- source check


def tagged(steward: Steward, change: str = "") -> None:
    """A source of a Discourse tag, whose answer lacks a field."""
    forum = "{platform: discourse, site: commons.example, tag: crews, id: forum}"
    steward.configures(CONFIGURATION.replace("[]", f"[{forum}]"))
    body = (FIXTURES / "discourse" / "tag" / "tag.json").read_text(encoding="utf-8")
    answer = json.loads(body)
    for row in answer["topic_list"]["topics"]:
        row.pop(change, None)
    answer["topic_list"].pop("more_topics_url", None)
    url = "https://commons.example/tag/crews.json"
    write_har(steward.folder / "r.har", [Exchange(url=url, headers={"Content-Type": "application/json"}, body=json.dumps(answer).encode())])


def test_answers_as_they_were_recorded_raise_no_alarm(steward: Steward) -> None:
    tagged(steward)
    said = steward.runs("source", "check", "--replay", "r.har")
    assert (said.code, said.out) == (0, "Discourse answers as before.\n")
    assert "last checked" in steward.runs("status").out
    assert steward.runs("source", "check", "-q", "--replay", "r.har").out == ""


def test_a_field_that_went_is_named_and_remembered(steward: Steward) -> None:
    tagged(steward, "created_at")
    said = steward.runs("source", "check", "--replay", "r.har")
    assert said.code == 4
    assert "Discourse: the field topic_list.topics[].created_at went from its answers to GET /tag/{}.json" in said.out
    assert "topic_list.topics[].created_at" in steward.runs("status").out
    assert steward.runs("source", "check", "--replay", "r.har", "--json").json()["gone"] == {
        "discourse": {"GET /tag/{}.json": ["topic_list.topics[].created_at"]}
    }


def test_a_source_that_cannot_be_read_is_no_drift_and_not_silent(steward: Steward) -> None:
    tagged(steward)
    write_har(steward.folder / "r.har", [])
    said = steward.runs("source", "check", "--replay", "r.har")
    assert said.code == 4
    assert "forum was not compared" in said.out
    assert "Nothing could be compared." in said.out
    assert "nothing could be compared then" in steward.runs("status").out


def test_a_failure_behind_an_empty_first_page_is_seen(ready: Steward) -> None:
    """A site that leads to no feed gives an empty page before it fails."""
    ready.configures(CONFIGURATION.replace("[]", "[{platform: site, site: blog.example, id: ana}]"))
    recorded(
        ready, Exchange(url="https://blog.example/", headers=HTML, body=b"<html><title>Ana</title><body>Words.</body></html>"), *NO_FEED
    )
    said = ready.runs("source", "check", "--replay", "r.har")
    assert said.code == 4
    assert "ana was not compared: finding out what a site is: expected a platform or a feed" in said.out


def without_network(steward: Steward) -> None:
    """Six sources of which none answers."""
    feeds = ", ".join(f"'https://{number}.example/feed.xml'" for number in range(6))
    steward.configures(CONFIGURATION.replace("[]", f"[{feeds}]"))
    write_har(steward.folder / "r.har", [])


def test_without_network_a_check_says_so_once(steward: Steward) -> None:
    without_network(steward)
    said = steward.runs("source", "check", "--replay", "r.har")
    assert (said.code, said.out) == (4, "Nobody could be reached: look at the network of this machine, then run it again.\n")


def test_without_network_a_run_says_so_after_naming_each_source(steward: Steward) -> None:
    without_network(steward)
    said = steward.runs("run", "--replay", "r.har")
    assert said.code == 4
    assert said.err.count("Could not read") == 6
    assert said.err.count("Nobody could be reached: look at the network of this machine") == 1


def test_a_check_keeps_nothing_that_it_read(steward: Steward) -> None:
    tagged(steward)
    steward.runs("source", "check", "--replay", "r.har")
    assert [one["last_ok_at"] for one in steward.runs("status", "--json").json()] == [None]
    assert not (Path(steward.folder) / "output").exists()
